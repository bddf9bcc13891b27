//! The probes, and the document itself.

use super::scene::Scene;
use crate::support::{Database, on_both_databases};

on_both_databases!(get_healthz, get_readyz, get_api_openapi_json, get_api_docs);

async fn get_healthz(database: Database) {
    let scene = Scene::new(database).await;
    let told = scene.front_end.at("").get("/healthz").await.expect(200);
    assert_eq!(told["status"], "ok");
    scene.answers("get_healthz");
}

async fn get_readyz(database: Database) {
    let scene = Scene::new(database).await;
    let told = scene.front_end.at("").get("/readyz").await.expect(200);
    assert_eq!((&told["status"], &told["database"], &told["schema"]), (&"ok".into(), &"ok".into(), &"ok".into()));
    scene.answers("get_readyz");
}

async fn get_api_openapi_json(database: Database) {
    let scene = Scene::new(database).await;
    let answer = scene.front_end.at("").get("/api/openapi.json").await;
    assert_eq!(answer.expect(200)["openapi"], "3.1.0");
    let again = scene.front_end.with("if-none-match", answer.headers["etag"].to_str().expect("a tag")).at("");
    again.get("/api/openapi.json").await.expect(304);
    scene.answers("get_api_openapi_json");
}

async fn get_api_docs(database: Database) {
    let scene = Scene::new(database).await;
    let answer = scene.front_end.at("").get("/api/docs").await;
    assert_eq!(answer.status, 200);
    assert!(answer.headers["content-type"].to_str().expect("a type").starts_with("text/html"));
    scene.answers("get_api_docs");
}

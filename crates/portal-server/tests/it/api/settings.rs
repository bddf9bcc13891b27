//! Settings.

use serde_json::json;

use super::scene::Scene;
use crate::support::{Database, on_both_databases};

on_both_databases!(get_settings, put_settings);

async fn get_settings(database: Database) {
    let scene = Scene::new(database).await;
    let told = scene.reads.get("/settings").await.expect(200);
    assert_eq!((&told["shared_login"], &told["activation_link_hours"]), (&json!("join"), &json!(168)));
    scene.answers("get_settings");
}

async fn put_settings(database: Database) {
    let scene = Scene::new(database).await;
    let told = scene.host.put("/settings", json!({ "password_min_length": 20 })).await.expect(200);
    assert_eq!((&told["outcome"], &told["password_min_length"]), (&json!("changed"), &json!(20)));
    let token = scene.invited("c-1", "ada@smith.example").await;
    let short = scene.front_end.post(&format!("/links/{token}"), json!({ "password": "nine copper ketl" })).await;
    assert_eq!(short.expect_problem(422, "password_refused")["fault"], "too_short");
    scene.answers("put_settings");
}

//! Whoever runs the service.

use serde_json::json;

use super::scene::Scene;
use crate::support::{Database, on_both_databases};

on_both_databases!(
    get_operator_practices,
    get_operator_practices_by_slug,
    put_operator_practices_by_slug,
    post_operator_practices_by_slug_suspend,
    post_operator_practices_by_slug_resume,
    get_operator_practices_by_slug_api_keys,
    post_operator_practices_by_slug_api_keys,
    delete_operator_practices_by_slug_api_keys_by_id,
    post_operator_delivery_reports,
);

async fn get_operator_practices(database: Database) {
    let scene = Scene::new(database).await;
    scene.operator.put("/operator/practices/jones", json!({ "name": "Jones" })).await.expect(201);
    let first = scene.operator.get("/operator/practices?limit=1").await.expect(200);
    assert_eq!(first["items"][0]["slug"], "jones");
    let cursor = first["next_cursor"].as_str().expect("more");
    let rest = scene.operator.get(&format!("/operator/practices?cursor={cursor}")).await.expect(200);
    assert_eq!((&rest["items"][0]["slug"], &rest["next_cursor"]), (&json!("smith"), &json!(null)));
    scene.answers("get_operator_practices");
}

async fn get_operator_practices_by_slug(database: Database) {
    let scene = Scene::new(database).await;
    let told = scene.operator.get("/operator/practices/smith").await.expect(200);
    assert_eq!((&told["name"], &told["suspended_at"]), (&json!("Smith & Sons"), &json!(null)));
    scene.answers("get_operator_practices_by_slug");
}

async fn put_operator_practices_by_slug(database: Database) {
    let scene = Scene::new(database).await;
    let told = scene.operator.put("/operator/practices/smith", json!({ "name": "Smith" })).await.expect(200);
    assert_eq!((&told["name"], &told["outcome"]), (&json!("Smith"), &json!("changed")));
    scene.answers("put_operator_practices_by_slug");
}

async fn post_operator_practices_by_slug_suspend(database: Database) {
    let scene = Scene::new(database).await;
    let told = scene.operator.call("/operator/practices/smith/suspend").await.expect(200);
    assert!(told["suspended_at"].is_string(), "{told}");
    scene.front_end.get("/session").await.expect_problem(403, "practice_suspended");
    scene.answers("post_operator_practices_by_slug_suspend");
}

async fn post_operator_practices_by_slug_resume(database: Database) {
    let scene = Scene::new(database).await;
    scene.operator.call("/operator/practices/smith/suspend").await.expect(200);
    let told = scene.operator.call("/operator/practices/smith/resume").await.expect(200);
    assert_eq!((&told["suspended_at"], &told["outcome"]), (&json!(null), &json!("changed")));
    scene.front_end.get("/session").await.expect_problem(401, "unauthorized");
    scene.answers("post_operator_practices_by_slug_resume");
}

async fn get_operator_practices_by_slug_api_keys(database: Database) {
    let scene = Scene::new(database).await;
    let answer = scene.operator.get("/operator/practices/smith/api-keys").await;
    let told = answer.expect(200);
    assert_eq!(told["items"].as_array().expect("a list").len(), 4);
    assert!(told["items"].as_array().expect("a list").iter().all(|key| key["key"].is_null()), "never again");
    scene.answers("get_operator_practices_by_slug_api_keys");
}

async fn post_operator_practices_by_slug_api_keys(database: Database) {
    let scene = Scene::new(database).await;
    let order = json!({ "name": "sync", "scopes": ["read"] });
    let made = scene.operator.post("/operator/practices/smith/api-keys", order).await.expect(201);
    let key = made["key"].as_str().expect("a key");
    scene.reads.with("authorization", format!("Bearer {key}")).get("/contacts").await.expect(200);
    scene.answers("post_operator_practices_by_slug_api_keys");
}

async fn delete_operator_practices_by_slug_api_keys_by_id(database: Database) {
    let scene = Scene::new(database).await;
    let list = scene.operator.get("/operator/practices/smith/api-keys").await.expect(200);
    let read = list["items"].as_array().expect("a list").iter().find(|key| key["name"] == "read").expect("the key");
    let path = format!("/operator/practices/smith/api-keys/{}", read["id"].as_str().expect("an id"));
    scene.operator.delete(&path).await.expect(204);
    scene.reads.get("/contacts").await.expect_problem(401, "unauthorized");
    scene.answers("delete_operator_practices_by_slug_api_keys_by_id");
}

async fn post_operator_delivery_reports(database: Database) {
    let scene = Scene::new(database).await;
    scene.invited("c-1", "ada@smith.example").await;
    let mail = scene.sink.mail(0).await;
    let report = async |body| scene.operator.post("/operator/delivery-reports", body).await;
    let (id, to) = (mail.message_id(), mail.to().to_owned());
    for foreign in [
        json!({ "event": "bounced", "return_path": "b+smith.a.b@portal.example" }),
        json!({ "event": "bounced", "message_id": id }),
        json!({ "event": "complained", "message_id": id, "recipient": "bob@smith.example" }),
    ] {
        assert_eq!(report(foreign.clone()).await.expect(200)["outcome"], "ignored", "{foreign}");
    }
    report(json!({ "event": "bounced" })).await.expect_problem(400, "invalid_request");
    report(json!({ "event": "opened", "message_id": id })).await.expect_problem(400, "invalid_request");
    let body =
        json!({ "event": "bounced", "message_id": id, "recipient": to, "reason": "mailbox_full", "words": "full" });
    assert_eq!(report(body).await.expect(200)["outcome"], "taken");
    let told = scene.reads.get("/contacts/c-1/portal/messages").await.expect(200);
    let message = &told["items"][0];
    assert_eq!((&message["state"], &message["attempts"][1]["state"]), (&json!("bounced"), &json!("bounced")));
    assert_eq!(
        (&message["attempts"][1]["reason"], &message["attempts"][1]["reply"]),
        (&json!("mailbox_full"), &json!("full"))
    );
    let again = json!({ "event": "bounced", "return_path": mail.sender, "words": "550 5.1.1 no such user" });
    assert_eq!(report(again).await.expect(200)["outcome"], "taken", "it is known");
    let portal = scene.reads.get("/contacts/c-1/portal").await.expect(200);
    assert_eq!(portal["status"], "invitation_undelivered");
    scene.answers("post_operator_delivery_reports");
}

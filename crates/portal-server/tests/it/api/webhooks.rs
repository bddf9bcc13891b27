//! Webhooks; their delivery has scenarios of its own.

use serde_json::json;

use super::scene::Scene;
use crate::support::{Database, on_both_databases};

on_both_databases!(
    get_webhooks,
    get_webhooks_by_ref,
    put_webhooks_by_ref,
    delete_webhooks_by_ref,
    post_webhooks_by_ref_test,
    post_webhooks_by_ref_recover,
    get_webhooks_by_ref_deliveries,
);

impl Scene {
    /// A webhook that nobody listens at.
    pub(super) async fn webhook(&self, reference: &str) -> serde_json::Value {
        let body = json!({ "url": "http://127.0.0.1:9/hook" });
        self.host.put(&format!("/webhooks/{reference}"), body).await.expect(201)
    }
}

async fn get_webhooks(database: Database) {
    let scene = Scene::new(database).await;
    scene.webhook("crm").await;
    let told = scene.reads.get("/webhooks").await.expect(200);
    assert_eq!(told["items"][0]["ref"], "crm");
    scene.answers("get_webhooks");
}

async fn get_webhooks_by_ref(database: Database) {
    let scene = Scene::new(database).await;
    let made = scene.webhook("crm").await;
    let told = scene.reads.get("/webhooks/crm").await.expect(200);
    assert_eq!((&told["url"], &told["enabled"]), (&made["url"], &json!(true)));
    assert!(told["secret"].is_null(), "shown once");
    scene.answers("get_webhooks_by_ref");
}

async fn put_webhooks_by_ref(database: Database) {
    let scene = Scene::new(database).await;
    let made = scene.webhook("crm").await;
    let told = scene.host.put("/webhooks/crm", json!({ "rotate_secret": true })).await.expect(200);
    assert!(told["secret"].is_string() && told["secret"] != made["secret"]);
    scene.answers("put_webhooks_by_ref");
}

async fn delete_webhooks_by_ref(database: Database) {
    let scene = Scene::new(database).await;
    scene.webhook("crm").await;
    scene.host.delete("/webhooks/crm").await.expect(204);
    scene.reads.get("/webhooks/crm").await.expect_problem(404, "not_found");
    scene.answers("delete_webhooks_by_ref");
}

async fn post_webhooks_by_ref_test(database: Database) {
    let scene = Scene::new(database).await;
    // Nobody listens, and what is about no contact waits for what came before it: so only this is wanted.
    let body = json!({ "url": "http://127.0.0.1:9/hook", "events": ["webhook.test"] });
    scene.host.put("/webhooks/crm", body).await.expect(201);
    let told = scene.host.call("/webhooks/crm/test").await.expect(202);
    scene.reads.until("/webhooks/crm/deliveries", |page| page["items"][0]["event"]["id"] == told["event"]).await;
    scene.answers("post_webhooks_by_ref_test");
}

async fn post_webhooks_by_ref_recover(database: Database) {
    let scene = Scene::new(database).await;
    let made = scene.webhook("crm").await;
    let told = scene.host.post("/webhooks/crm/recover", json!({ "since": "2026-01-01T00:00:00Z" })).await.expect(202);
    assert_eq!((&told["ref"], &told["cursor"]), (&json!("crm"), &json!(0)), "it began at {}", made["cursor"]);
    scene.answers("post_webhooks_by_ref_recover");
}

async fn get_webhooks_by_ref_deliveries(database: Database) {
    let scene = Scene::new(database).await;
    scene.webhook("crm").await;
    scene.contact("c-1", "ada@smith.example").await;
    let told = scene.reads.until("/webhooks/crm/deliveries", |page| page["items"][0].is_object()).await;
    assert_eq!((&told["items"][0]["received"], &told["items"][0]["status"]), (&json!(false), &json!(null)));
    scene.answers("get_webhooks_by_ref_deliveries");
}

//! Activation of many.

use serde_json::json;

use super::scene::Scene;
use crate::support::{Database, on_both_databases};

on_both_databases!(
    post_activations,
    get_activations_by_id,
    post_activations_by_id_pause,
    post_activations_by_id_resume,
    post_activations_by_id_cancel,
);

impl Scene {
    /// A job that begins in years.
    async fn ordered(&self) -> String {
        self.contact("c-1", "ada@smith.example").await;
        let order = json!({ "action": "activate", "start_at": "2046-01-01T00:00:00Z" });
        let told = self.host.post("/activations", order).await.expect(202);
        format!("/activations/{}", told["id"].as_str().expect("an id"))
    }
}

async fn post_activations(database: Database) {
    let scene = Scene::new(database).await;
    scene.contact("c-1", "ada@smith.example").await;
    let counted = scene.host.post("/activations?preview=true", json!({ "action": "activate" })).await.expect(200);
    assert_eq!(counted["preview"], json!({ "changed": 1 }));
    let told = scene.host.post("/activations", json!({ "action": "activate" })).await.expect(202);
    let path = format!("/activations/{}", told["id"].as_str().expect("an id"));
    scene.reads.until(&path, |told| told["state"] == "done").await;
    assert_eq!(scene.sink.mail(0).await.to(), "ada@smith.example");
    scene.answers("post_activations");
}

async fn get_activations_by_id(database: Database) {
    let scene = Scene::new(database).await;
    let told = scene.reads.get(&scene.ordered().await).await.expect(200);
    assert_eq!((&told["state"], &told["total"], &told["done"]), (&json!("running"), &json!(1), &json!(0)));
    scene.answers("get_activations_by_id");
}

async fn post_activations_by_id_pause(database: Database) {
    let scene = Scene::new(database).await;
    let told = scene.host.call(&format!("{}/pause", scene.ordered().await)).await.expect(200);
    assert_eq!((&told["outcome"], &told["state"]), (&json!("changed"), &json!("paused")));
    scene.answers("post_activations_by_id_pause");
}

async fn post_activations_by_id_resume(database: Database) {
    let scene = Scene::new(database).await;
    let job = scene.ordered().await;
    scene.host.call(&format!("{job}/pause")).await.expect(200);
    let told = scene.host.call(&format!("{job}/resume")).await.expect(200);
    assert_eq!((&told["outcome"], &told["state"]), (&json!("changed"), &json!("running")));
    scene.answers("post_activations_by_id_resume");
}

async fn post_activations_by_id_cancel(database: Database) {
    let scene = Scene::new(database).await;
    let job = scene.ordered().await;
    let told = scene.host.call(&format!("{job}/cancel")).await.expect(200);
    assert_eq!((&told["outcome"], &told["state"]), (&json!("changed"), &json!("cancelled")));
    assert_eq!(scene.host.call(&format!("{job}/resume")).await.expect(200)["outcome"], "unchanged");
    scene.answers("post_activations_by_id_cancel");
}

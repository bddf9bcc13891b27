//! Clients.

use serde_json::json;

use super::scene::Scene;
use crate::support::{Database, on_both_databases};

on_both_databases!(
    get_clients,
    get_clients_by_ref,
    put_clients_by_ref,
    delete_clients_by_ref,
    post_clients_by_ref_suspend,
    post_clients_by_ref_resume,
);

impl Scene {
    /// A client, and a contact who signs in for it.
    async fn profile(&self) {
        self.host.put("/clients/acme", json!({ "name": "Acme" })).await.expect(201);
        self.settled("c-1", "ada@smith.example").await;
        self.host.put("/contacts/c-1", json!({ "clients": ["acme"] })).await.expect(200);
    }

    async fn profiles(&self) -> usize {
        let session = self.signed_in("ada@smith.example").await.get("/session").await.expect(200);
        session["profiles"].as_array().expect("profiles").len()
    }
}

async fn get_clients(database: Database) {
    let scene = Scene::new(database).await;
    for reference in ["a", "b", "c"] {
        scene.host.put(&format!("/clients/{reference}"), json!({ "name": "Acme" })).await.expect(201);
    }
    let first = scene.reads.get("/clients?limit=2").await.expect(200);
    assert_eq!(first["items"].as_array().expect("a list").len(), 2);
    let cursor = first["next_cursor"].as_str().expect("more");
    let rest = scene.reads.get(&format!("/clients?limit=2&cursor={cursor}")).await.expect(200);
    assert_eq!(rest["items"], json!([{ "ref": "c", "name": "Acme", "suspended": false }]));
    scene.answers("get_clients");
}

async fn get_clients_by_ref(database: Database) {
    let scene = Scene::new(database).await;
    scene.host.put("/clients/acme", json!({ "name": "Acme" })).await.expect(201);
    let told = scene.reads.get("/clients/acme").await.expect(200);
    assert_eq!(told, json!({ "ref": "acme", "name": "Acme", "suspended": false }));
    scene.answers("get_clients_by_ref");
}

async fn put_clients_by_ref(database: Database) {
    let scene = Scene::new(database).await;
    let made = scene.host.put("/clients/acme", json!({ "name": "Acme" })).await.expect(201);
    assert_eq!(made["outcome"], "changed");
    let again = scene.host.put("/clients/acme", json!({ "name": "Acme" })).await.expect(200);
    assert_eq!(again["outcome"], "unchanged");
    scene.answers("put_clients_by_ref");
}

async fn delete_clients_by_ref(database: Database) {
    let scene = Scene::new(database).await;
    scene.profile().await;
    assert_eq!(scene.profiles().await, 1);
    scene.host.delete("/clients/acme").await.expect(204);
    scene.reads.get("/clients/acme").await.expect_problem(404, "not_found");
    assert_eq!(scene.profiles().await, 0, "the profile is gone, the contact signs in");
    scene.answers("delete_clients_by_ref");
}

async fn post_clients_by_ref_suspend(database: Database) {
    let scene = Scene::new(database).await;
    scene.profile().await;
    let told = scene.host.call("/clients/acme/suspend").await.expect(200);
    assert_eq!((&told["suspended"], &told["outcome"]), (&json!(true), &json!("changed")));
    assert_eq!(scene.profiles().await, 0, "A5");
    scene.answers("post_clients_by_ref_suspend");
}

async fn post_clients_by_ref_resume(database: Database) {
    let scene = Scene::new(database).await;
    scene.profile().await;
    scene.host.call("/clients/acme/suspend").await.expect(200);
    let told = scene.host.call("/clients/acme/resume").await.expect(200);
    assert_eq!((&told["suspended"], &told["outcome"]), (&json!(false), &json!("changed")));
    assert_eq!(scene.profiles().await, 1, "A5");
    scene.answers("post_clients_by_ref_resume");
}

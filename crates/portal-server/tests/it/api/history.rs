//! What became of a contact's mail, its sessions, and the journal.

use serde_json::json;

use super::scene::Scene;
use crate::support::{Database, on_both_databases};

on_both_databases!(
    get_contacts_by_ref_portal_messages,
    get_contacts_by_ref_portal_diagnosis,
    post_diagnosis,
    get_contacts_by_ref_portal_events,
    get_contacts_by_ref_portal_sessions,
    delete_contacts_by_ref_portal_sessions,
    delete_sessions,
    get_events,
);

async fn get_contacts_by_ref_portal_messages(database: Database) {
    let scene = Scene::new(database).await;
    scene.invited("c-1", "ada@smith.example").await;
    let path = "/contacts/c-1/portal/messages";
    let told = scene.reads.until(path, |told| told["items"][0]["state"] == "accepted").await;
    assert_eq!(
        (&told["items"][0]["kind"], &told["items"][0]["to"]),
        (&json!("activation"), &json!("ada@smith.example"))
    );
    scene.answers("get_contacts_by_ref_portal_messages");
}

async fn get_contacts_by_ref_portal_diagnosis(database: Database) {
    let scene = Scene::new(database).await;
    scene.contact("c-1", "ada@smith.example").await;
    let path = "/contacts/c-1/portal/diagnosis";
    let told = scene.reads.get(path).await.expect(200);
    assert_eq!(told["findings"][0]["code"], json!("not_activated"));
    assert_eq!(told["findings"][0]["remedy"]["command"], json!("activate"));
    scene.invited("c-2", "bob@smith.example").await;
    let path = "/contacts/c-2/portal/diagnosis";
    let first = |told: &serde_json::Value| told["findings"][0]["code"].clone();
    let told = scene.reads.until(path, |told| first(told) == "mail_accepted_unused").await;
    assert_eq!(told["findings"][1]["code"], json!("password_not_set"));
    scene.reads.get("/contacts/nobody/portal/diagnosis").await.expect_problem(404, "not_found");
    scene.answers("get_contacts_by_ref_portal_diagnosis");
}

async fn post_diagnosis(database: Database) {
    let scene = Scene::new(database).await;
    scene.contact("c-1", "ada@smith.example").await;
    let ask = async |address: &str| scene.reads.post("/diagnosis", json!({ "address": address })).await;
    let told = ask(" ADA@smith.example").await.expect(200);
    assert_eq!((&told["contact"]["ref"], &told["findings"][0]["code"]), (&json!("c-1"), &json!("not_activated")));
    let told = ask("adda@smith.example").await.expect(200);
    assert_eq!((&told["contact"], &told["others"][0]["ref"]), (&json!(null), &json!("c-1")));
    assert_eq!(told["findings"][0]["code"], json!("near_miss_address"));
    let told = ask("nobody@elsewhere.example").await.expect(200);
    assert_eq!(told["findings"][0]["code"], json!("unknown_address"));
    ask(&"a".repeat(1001)).await.expect_problem(400, "invalid_request");
    scene.answers("post_diagnosis");
}

async fn get_contacts_by_ref_portal_events(database: Database) {
    let scene = Scene::new(database).await;
    scene.contact("c-1", "ada@smith.example").await;
    scene.contact("c-2", "bob@smith.example").await;
    let path = "/contacts/c-1/portal/events";
    let told = scene.reads.until(path, |told| told["items"][0].is_object()).await;
    assert_eq!((&told["items"][0]["kind"], &told["items"][0]["contact"]), (&json!("contact.created"), &json!("c-1")));
    assert_eq!(told["items"].as_array().expect("a list").len(), 1);
    scene.answers("get_contacts_by_ref_portal_events");
}

async fn get_contacts_by_ref_portal_sessions(database: Database) {
    let scene = Scene::new(database).await;
    scene.settled("c-1", "ada@smith.example").await;
    scene.signed_in("ada@smith.example").await;
    let told = scene.reads.get("/contacts/c-1/portal/sessions").await.expect(200);
    assert!(told["items"][0]["id"].is_string(), "{told}");
    scene.answers("get_contacts_by_ref_portal_sessions");
}

async fn delete_contacts_by_ref_portal_sessions(database: Database) {
    let scene = Scene::new(database).await;
    scene.settled("c-1", "ada@smith.example").await;
    let browser = scene.signed_in("ada@smith.example").await;
    let told = scene.host.delete("/contacts/c-1/portal/sessions").await.expect(200);
    assert_eq!(told["sessions_ended"], 1);
    browser.get("/session").await.expect_problem(401, "unauthorized");
    scene.answers("delete_contacts_by_ref_portal_sessions");
}

async fn delete_sessions(database: Database) {
    let scene = Scene::new(database).await;
    for (reference, email) in [("c-1", "ada@smith.example"), ("c-2", "bob@smith.example")] {
        scene.settled(reference, email).await;
    }
    let browsers = [scene.signed_in("ada@smith.example").await, scene.signed_in("bob@smith.example").await];
    assert_eq!(scene.host.delete("/sessions").await.expect(200)["sessions_ended"], 2);
    for browser in browsers {
        browser.get("/session").await.expect_problem(401, "unauthorized");
    }
    scene.answers("delete_sessions");
}

async fn get_events(database: Database) {
    let scene = Scene::new(database).await;
    scene.contact("c-1", "ada@smith.example").await;
    scene.bed.seal().await;
    let told = scene.reads.get("/events?limit=200").await.expect(200);
    let events = told["items"].as_array().expect("a list");
    let numbers: Vec<_> = events.iter().map(|event| event["number"].as_u64().expect("a number")).collect();
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>(), "J1: in order and without gaps");
    assert_eq!(events.last().expect("events")["kind"], "contact.created");
    scene.answers("get_events");
}

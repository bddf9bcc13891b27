//! Contacts, and what they are called by.

use serde_json::json;

use super::scene::{PASSWORD, Scene};
use crate::support::{Database, on_both_databases};

on_both_databases!(
    get_contacts,
    post_contacts_search,
    get_contacts_by_ref,
    put_contacts_by_ref,
    delete_contacts_by_ref,
    put_contacts_by_ref_emails,
    put_contacts_by_ref_credential,
    get_contacts_by_ref_export,
    post_contacts_by_ref_erase,
);

/// bcrypt of `nine copper kettles`.
pub(super) const HASH: &str = "$2b$05$h1HpFU/POKLUpxdhT2DkGuqypHPBg.WCeASwRNaHD/GYoh3YKwniO";

async fn get_contacts(database: Database) {
    let scene = Scene::new(database).await;
    scene.contact("c-1", "ada@smith.example").await;
    scene.contact("c-2", "bob@smith.example").await;
    scene.invited("c-3", "cyd@smith.example").await;
    let refs = async |query: &str| {
        let told = scene.reads.get(&format!("/contacts{query}")).await.expect(200);
        let items = told["items"].as_array().expect("a list").clone();
        items.iter().map(|it| it["ref"].as_str().expect("a reference").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(refs("").await, ["c-1", "c-2", "c-3"]);
    assert_eq!(refs("?q=bob").await, ["c-2"]);
    assert_eq!(refs("?status=invited").await, ["c-3"]);
    scene.answers("get_contacts");
}

async fn post_contacts_search(database: Database) {
    let scene = Scene::new(database).await;
    scene.contact("c-1", "ada@smith.example").await;
    let told = scene.reads.post("/contacts/search", json!({ "email": " ADA@smith.example" })).await.expect(200);
    assert_eq!(told["items"][0]["ref"], "c-1");
    scene.answers("post_contacts_search");
}

async fn get_contacts_by_ref(database: Database) {
    let scene = Scene::new(database).await;
    scene.contact("c-1", "ada@smith.example\u{a0}").await;
    let told = scene.reads.get("/contacts/c-1").await.expect(200);
    assert_eq!(
        (&told["login_email"], &told["portal"]["status"]),
        (&json!("ada@smith.example"), &json!("not_activated"))
    );
    let email = &told["emails"][0];
    assert_eq!((&email["address"], email["trimmed"].is_string()), (&json!("ada@smith.example"), true));
    scene.answers("get_contacts_by_ref");
}

async fn put_contacts_by_ref(database: Database) {
    let scene = Scene::new(database).await;
    let body = json!({ "name": "Ada", "emails": ["ada@smith.example"], "clients": [] });
    let made = scene.host.put("/contacts/c-1", body.clone()).await.expect(201);
    assert_eq!((&made["outcome"], &made["preview"]), (&json!("changed"), &json!(false)));
    let again = scene.host.put("/contacts/c-1", body).await.expect(200);
    assert_eq!(again["outcome"], "unchanged");
    scene.answers("put_contacts_by_ref");
}

async fn delete_contacts_by_ref(database: Database) {
    let scene = Scene::new(database).await;
    scene.settled("c-1", "ada@smith.example").await;
    let browser = scene.signed_in("ada@smith.example").await;
    let told = scene.host.delete("/contacts/c-1").await.expect(200);
    assert_eq!((&told["outcome"], &told["effects"]["messages"]), (&json!("changed"), &json!([])));
    browser.get("/session").await.expect_problem(401, "unauthorized");
    scene.reads.get("/contacts/c-1").await.expect_problem(404, "not_found");
    scene.answers("delete_contacts_by_ref");
}

async fn put_contacts_by_ref_emails(database: Database) {
    let scene = Scene::new(database).await;
    scene.settled("c-1", "ada@smith.example").await;
    let body = json!({ "emails": ["ada@new.example", "ada@smith.example"] });
    let told = scene.host.put("/contacts/c-1/emails", body).await.expect(200);
    let effects = &told["effects"];
    assert_eq!(
        (&effects["login_before"], &effects["login_after"]),
        (&json!("ada@smith.example"), &json!("ada@new.example"))
    );
    scene.answers("put_contacts_by_ref_emails");
}

async fn put_contacts_by_ref_credential(database: Database) {
    let scene = Scene::new(database).await;
    scene.invited("c-1", "ada@smith.example").await;
    let told = scene.moves.put("/contacts/c-1/credential", json!({ "hash": HASH })).await.expect(200);
    assert_eq!((&told["outcome"], &told["effects"]["password"]), (&json!("changed"), &json!("kept")));
    let body = json!({ "email": "ada@smith.example", "password": PASSWORD });
    scene.front_end.post("/session", body).await.expect(204);
    scene.answers("put_contacts_by_ref_credential");
}

async fn get_contacts_by_ref_export(database: Database) {
    let scene = Scene::new(database).await;
    scene.settled("c-1", "ada@smith.example").await;
    scene.settled("c-2", "bob@smith.example").await;
    scene.bed.seal().await;
    let told = scene.reads.get("/contacts/c-1/export").await.expect(200);
    assert_eq!((&told["contact"]["ref"], &told["login"]["shared"]), (&json!("c-1"), &json!(false)));
    assert!(!told.to_string().contains("bob"), "{told}");
    scene.answers("get_contacts_by_ref_export");
}

async fn post_contacts_by_ref_erase(database: Database) {
    let scene = Scene::new(database).await;
    scene.settled("c-1", "ada@smith.example").await;
    let browser = scene.signed_in("ada@smith.example").await;
    scene.host.call("/contacts/c-1/erase").await.expect(200);
    browser.get("/session").await.expect_problem(401, "unauthorized");
    scene.host.call("/contacts/c-1/erase").await.expect_problem(404, "not_found");
    scene.bed.seal().await;
    let events = scene.reads.get("/events?limit=200").await.expect(200);
    assert!(!events.to_string().contains("ada@smith"), "{events}");
    scene.answers("post_contacts_by_ref_erase");
}

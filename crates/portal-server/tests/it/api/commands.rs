//! The portal commands.

use serde_json::json;

use super::scene::Scene;
use crate::support::{Database, on_both_databases};

on_both_databases!(
    get_contacts_by_ref_portal,
    post_contacts_by_ref_portal_activate,
    post_contacts_by_ref_portal_resend,
    post_contacts_by_ref_portal_lift_suppression,
    post_contacts_by_ref_portal_deactivate,
    post_contacts_by_ref_portal_reactivate,
);

async fn get_contacts_by_ref_portal(database: Database) {
    let scene = Scene::new(database).await;
    scene.settled("c-1", "ada@smith.example").await;
    let told = scene.reads.get("/contacts/c-1/portal").await.expect(200);
    assert_eq!((&told["access"], &told["password_set"]), (&json!("granted"), &json!(true)));
    scene.answers("get_contacts_by_ref_portal");
}

async fn post_contacts_by_ref_portal_activate(database: Database) {
    let scene = Scene::new(database).await;
    scene.contact("c-1", "ada@smith.example").await;
    let preview = scene.host.call("/contacts/c-1/portal/activate?preview=true").await.expect(200);
    assert_eq!((&preview["preview"], &preview["outcome"]), (&json!(true), &json!("changed")));
    assert_eq!(scene.reads.get("/contacts/c-1/portal").await.expect(200)["access"], "not_activated");
    let told = scene.host.order("c-1", "activate").await.expect(200);
    assert_eq!(told["effects"], preview["effects"]);
    assert_eq!(told["effects"]["messages"], json!([{ "kind": "activation", "to": "ada@smith.example" }]));
    assert_eq!(scene.host.order("c-1", "activate").await.expect(200)["outcome"], "unchanged");
    scene.answers("post_contacts_by_ref_portal_activate");
}

async fn post_contacts_by_ref_portal_resend(database: Database) {
    let scene = Scene::new(database).await;
    let first = scene.invited("c-1", "ada@smith.example").await;
    assert_eq!(scene.host.order("c-1", "resend").await.expect(200)["outcome"], "changed");
    assert_ne!(scene.sink.mail(1).await.token(), first);
    scene.answers("post_contacts_by_ref_portal_resend");
}

async fn post_contacts_by_ref_portal_lift_suppression(database: Database) {
    let scene = Scene::new(database).await;
    scene.invited("c-1", "ada@smith.example").await;
    scene.came_back(0).await;
    let told = scene.reads.get("/contacts/c-1/portal/diagnosis").await.expect(200);
    let codes: Vec<_> = told["findings"].as_array().unwrap().iter().map(|finding| &finding["code"]).collect();
    assert_eq!(codes, ["mail_bounced", "address_suppressed", "password_not_set", "no_profile"]);
    assert_eq!(told["findings"][0]["remedy"]["command"], "lift_and_resend");
    let lifted = scene.host.order("c-1", "lift-suppression").await.expect(200);
    assert_eq!((&lifted["outcome"], &lifted["portal"]["status"]), (&json!("changed"), &json!("invited")));
    assert!(scene.sink.mail(1).await.has_link());
    scene.answers("post_contacts_by_ref_portal_lift_suppression");
}

async fn post_contacts_by_ref_portal_deactivate(database: Database) {
    let scene = Scene::new(database).await;
    scene.settled("c-1", "ada@smith.example").await;
    let browser = scene.signed_in("ada@smith.example").await;
    let told = scene.host.order("c-1", "deactivate").await.expect(200);
    assert_eq!((&told["portal"]["status"], &told["effects"]["messages"]), (&json!("deactivated"), &json!([])));
    browser.get("/session").await.expect_problem(401, "unauthorized");
    scene.answers("post_contacts_by_ref_portal_deactivate");
}

async fn post_contacts_by_ref_portal_reactivate(database: Database) {
    let scene = Scene::new(database).await;
    scene.invited("c-1", "ada@smith.example").await;
    scene.host.order("c-1", "deactivate").await.expect(200);
    let told = scene.host.order("c-1", "reactivate").await.expect(200);
    assert_eq!((&told["outcome"], &told["portal"]["access"]), (&json!("changed"), &json!("granted")));
    assert_eq!(told["effects"]["messages"].as_array().expect("messages").len(), 1, "A2");
    scene.answers("post_contacts_by_ref_portal_reactivate");
}

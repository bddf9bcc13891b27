//! The portal's own API.

use serde_json::json;

use super::scene::{Asker, PASSWORD, Scene};
use crate::support::{Database, on_both_databases};

on_both_databases!(
    portal_post_session,
    portal_get_session,
    portal_delete_session,
    portal_put_session_profile,
    portal_get_sessions,
    portal_delete_sessions,
    portal_delete_sessions_by_id,
    portal_put_password,
    portal_post_password_resets,
    portal_get_links_by_token,
    portal_post_links_by_token,
    portal_post_links_by_token_renew,
);

pub(super) const EMAIL: &str = "ada@smith.example";

/// A contact with a password, in one browser.
async fn one(database: Database) -> (Scene, Asker) {
    let scene = Scene::new(database).await;
    scene.settled("c-1", EMAIL).await;
    let browser = scene.signed_in(EMAIL).await;
    (scene, browser)
}

async fn portal_post_session(database: Database) {
    let (scene, browser) = one(database).await;
    browser.get("/session").await.expect(200);
    scene.answers("portal_post_session");
}

async fn portal_get_session(database: Database) {
    let (scene, browser) = one(database).await;
    let told = browser.get("/session").await.expect(200);
    assert_eq!((&told["login_email"], &told["profiles"]), (&json!(EMAIL), &json!([])));
    scene.answers("portal_get_session");
}

async fn portal_delete_session(database: Database) {
    let (scene, browser) = one(database).await;
    browser.delete("/session").await.expect(204);
    browser.get("/session").await.expect_problem(401, "unauthorized");
    scene.answers("portal_delete_session");
}

async fn portal_put_session_profile(database: Database) {
    let (scene, browser) = one(database).await;
    for client in ["acme", "bolt"] {
        scene.host.put(&format!("/clients/{client}"), json!({ "name": client })).await.expect(201);
    }
    scene.host.put("/contacts/c-1", json!({ "clients": ["acme", "bolt"] })).await.expect(200);
    let profile = browser.get("/session").await.expect(200)["profiles"][1]["id"].clone();
    browser.put("/session/profile", json!({ "profile": profile })).await.expect(204);
    assert_eq!(browser.get("/session").await.expect(200)["profile"], profile);
    scene.answers("portal_put_session_profile");
}

async fn portal_get_sessions(database: Database) {
    let (scene, browser) = one(database).await;
    scene.signed_in(EMAIL).await;
    let told = browser.get("/sessions").await.expect(200);
    let current = told["items"].as_array().expect("a list").iter().filter(|session| session["current"] == true);
    assert_eq!((told["items"].as_array().expect("a list").len(), current.count()), (2, 1));
    scene.answers("portal_get_sessions");
}

async fn portal_delete_sessions(database: Database) {
    let (scene, browser) = one(database).await;
    let other = scene.signed_in(EMAIL).await;
    browser.delete("/sessions").await.expect(204);
    browser.get("/session").await.expect(200);
    other.get("/session").await.expect_problem(401, "unauthorized");
    scene.answers("portal_delete_sessions");
}

async fn portal_delete_sessions_by_id(database: Database) {
    let (scene, browser) = one(database).await;
    let other = scene.signed_in(EMAIL).await;
    let told = browser.get("/sessions").await.expect(200);
    let foreign = told["items"].as_array().expect("a list").iter().find(|session| session["current"] == false);
    let id = foreign.expect("the other")["id"].as_str().expect("an id").to_owned();
    browser.delete(&format!("/sessions/{id}")).await.expect(204);
    other.get("/session").await.expect_problem(401, "unauthorized");
    scene.answers("portal_delete_sessions_by_id");
}

async fn portal_put_password(database: Database) {
    let (scene, browser) = one(database).await;
    let other = scene.signed_in(EMAIL).await;
    let body = json!({ "current_password": PASSWORD, "new_password": "seven loud tin drums" });
    browser.put("/password", body).await.expect(204);
    other.get("/session").await.expect_problem(401, "unauthorized");
    scene.answers("portal_put_password");
}

async fn portal_post_password_resets(database: Database) {
    let (scene, _) = one(database).await;
    scene.front_end.post("/password-resets", json!({ "email": "nobody@smith.example" })).await.expect(202);
    scene.front_end.post("/password-resets", json!({ "email": EMAIL })).await.expect(202);
    assert!(scene.sink.mail(1).await.has_link());
    scene.answers("portal_post_password_resets");
}

async fn portal_get_links_by_token(database: Database) {
    let scene = Scene::new(database).await;
    let token = scene.invited("c-1", EMAIL).await;
    let told = scene.front_end.get(&format!("/links/{token}")).await.expect(200);
    assert_eq!((&told["state"], &told["purpose"]), (&json!("usable"), &json!("activation")));
    scene.answers("portal_get_links_by_token");
}

async fn portal_post_links_by_token(database: Database) {
    let scene = Scene::new(database).await;
    let token = scene.invited("c-1", EMAIL).await;
    scene.front_end.post(&format!("/links/{token}"), json!({ "password": PASSWORD })).await.expect(204);
    assert_eq!(scene.front_end.get(&format!("/links/{token}")).await.expect(200)["state"], "used");
    scene.signed_in(EMAIL).await;
    scene.answers("portal_post_links_by_token");
}

async fn portal_post_links_by_token_renew(database: Database) {
    let scene = Scene::new(database).await;
    let token = scene.invited("c-1", EMAIL).await;
    scene.front_end.call(&format!("/links/{token}/renew")).await.expect(202);
    assert_ne!(scene.sink.mail(1).await.token(), token);
    scene.answers("portal_post_links_by_token_renew");
}

//! Staff.

use serde_json::json;

use super::scene::{PASSWORD, Scene};
use crate::support::{Database, on_both_databases};

on_both_databases!(
    get_practice_users,
    get_practice_users_by_ref,
    put_practice_users_by_ref,
    delete_practice_users_by_ref,
    post_practice_users_by_ref_invite,
);

impl Scene {
    pub(super) async fn user(&self, reference: &str, email: &str, role: &str) {
        let body = json!({ "name": "Uma", "email": email, "role": role });
        self.host.put(&format!("/practice-users/{reference}"), body).await.expect(201);
    }
}

async fn get_practice_users(database: Database) {
    let scene = Scene::new(database).await;
    for reference in ["u-1", "u-2", "u-3"] {
        scene.user(reference, &format!("{reference}@smith.example"), "staff").await;
    }
    let first = scene.reads.get("/practice-users?limit=2").await.expect(200);
    assert_eq!(first["items"].as_array().expect("a list").len(), 2);
    let cursor = first["next_cursor"].as_str().expect("more");
    let rest = scene.reads.get(&format!("/practice-users?limit=2&cursor={cursor}")).await.expect(200);
    let last = json!([{ "ref": "u-3", "name": "Uma", "email": "u-3@smith.example", "role": "staff" }]);
    assert_eq!((&rest["items"], &rest["next_cursor"]), (&last, &json!(null)));
    scene.answers("get_practice_users");
}

async fn get_practice_users_by_ref(database: Database) {
    let scene = Scene::new(database).await;
    scene.user("u-1", "Uma@Smith.example", "admin").await;
    let told = scene.reads.get("/practice-users/u-1").await.expect(200);
    assert_eq!(told, json!({ "ref": "u-1", "name": "Uma", "email": "Uma@Smith.example", "role": "admin" }));
    scene.answers("get_practice_users_by_ref");
}

async fn put_practice_users_by_ref(database: Database) {
    let scene = Scene::new(database).await;
    let body = json!({ "name": "Uma", "email": "uma@smith.example", "role": "staff" });
    let made = scene.host.put("/practice-users/u-1", body.clone()).await.expect(201);
    assert_eq!(made["outcome"], "changed");
    let again = scene.host.put("/practice-users/u-1", body).await.expect(200);
    assert_eq!(again["outcome"], "unchanged");
    scene.answers("put_practice_users_by_ref");
}

async fn delete_practice_users_by_ref(database: Database) {
    let scene = Scene::new(database).await;
    scene.user("u-1", "uma@smith.example", "staff").await;
    scene.host.delete("/practice-users/u-1").await.expect(204);
    scene.reads.get("/practice-users/u-1").await.expect_problem(404, "not_found");
    // A7: the key is free again.
    scene.invited("c-1", "uma@smith.example").await;
    scene.answers("delete_practice_users_by_ref");
}

async fn post_practice_users_by_ref_invite(database: Database) {
    let scene = Scene::new(database).await;
    scene.user("u-1", "uma@smith.example", "staff").await;
    let told = scene.host.call("/practice-users/u-1/invite").await.expect(200);
    let mail = json!({ "kind": "staff_invitation", "to": "uma@smith.example" });
    assert_eq!(told, json!({ "outcome": "changed", "messages": [mail] }));
    let mail = scene.sink.mail(0).await;
    assert_eq!(mail.to(), "uma@smith.example");
    assert!(mail.body().contains("/workspace/smith/link/"), "{}", mail.body());
    let link = format!("/workspace/smith/link/{}", mail.token());
    let browser = scene.service.client().browser();
    let form = |form: String| Some(form.into_bytes());
    browser.send("POST", &link, form(format!("password={}", PASSWORD.replace(' ', "+")))).await.expect(200);
    let sign_in = form(format!("email=uma%40smith.example&password={}", PASSWORD.replace(' ', "+")));
    let entered = browser.send("POST", "/workspace/smith/sign-in", sign_in).await;
    entered.expect(303);
    let inside = browser.with("cookie", entered.cookie()).get("/workspace/smith/me").await;
    assert!(inside.status == 200 && String::from_utf8_lossy(&inside.body).contains("uma@smith.example"));
    scene.answers("post_practice_users_by_ref_invite");
}

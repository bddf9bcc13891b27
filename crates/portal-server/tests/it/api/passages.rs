//! From the host into the portal, and back.

use serde_json::json;

use super::scene::{PASSWORD, Scene};
use crate::support::{Database, on_both_databases};

on_both_databases!(post_handoffs, post_sign_ins);

async fn post_handoffs(database: Database) {
    let scene = Scene::new(database).await;
    scene.settled("c-1", "ada@smith.example").await;
    let told = scene.signs.post("/handoffs", json!({ "contact": "c-1" })).await.expect(200);
    let url = told["url"].as_str().expect("an address");
    let place = url.find("/portal/smith/handoff/").unwrap_or_else(|| panic!("{url}"));
    let pressed = scene.service.client().browser().send("POST", &url[place..], Some(Vec::new())).await;
    assert_eq!(pressed.status, 303);
    scene.front_end.with("cookie", pressed.cookie()).get("/session").await.expect(200);
    scene.answers("post_handoffs");
}

impl Scene {
    /// The code that a browser brings back to the host after signing in.
    pub(super) async fn code(&self, email: &str) -> String {
        let app = json!([{ "name": "app", "address": "http://127.0.0.1:9/back" }]);
        self.host.put("/settings", json!({ "return_addresses": app })).await.expect(200);
        let (email, password) = (email.replace('@', "%40"), PASSWORD.replace(' ', "+"));
        let form = format!("email={email}&password={password}&return=app&state=s");
        let browser = self.service.client().browser();
        let back = browser.send("POST", "/portal/smith/sign-in", Some(form.into_bytes())).await;
        let place = back.headers["location"].to_str().expect("a place").to_owned();
        let code = place.split("code=").nth(1).and_then(|rest| rest.split('&').next());
        code.unwrap_or_else(|| panic!("{place}")).to_owned()
    }
}

async fn post_sign_ins(database: Database) {
    let scene = Scene::new(database).await;
    scene.host.put("/clients/acme", json!({ "name": "Acme" })).await.expect(201);
    scene.settled("c-1", "ada@smith.example").await;
    scene.host.put("/contacts/c-1", json!({ "clients": ["acme"] })).await.expect(200);
    let body = json!({ "code": scene.code("ada@smith.example").await });
    let told = scene.signs.post("/sign-ins", body.clone()).await.expect(200);
    assert_eq!((&told["contact"], &told["client"]), (&json!("c-1"), &json!("acme")));
    scene.signs.post("/sign-ins", body).await.expect_problem(404, "not_found");
    scene.answers("post_sign_ins");
}

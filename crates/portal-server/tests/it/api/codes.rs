//! Every code that says something of what was asked for, from each operation that the document lets refuse with it.

use serde_json::{Value, json};

use super::{
    contacts::HASH,
    front_end::EMAIL,
    scene::{Operation, PASSWORD, Scene},
};
use crate::support::{Answer, Database, on_both_databases};

on_both_databases!(
    email_is_a_portal_login,
    email_taken,
    invalid_email,
    invalid_hash,
    last_admin,
    link_dead,
    link_expired,
    link_used,
    login_email_required,
    login_email_taken,
    no_email,
    not_activated,
    password_already_set,
    password_refused,
    portal_deactivated,
    practice_suspended,
    practice_user_email,
    precondition_failed,
    sign_in_failed,
    too_many_emails,
    too_many_requests,
    too_many_webhooks,
    unknown_client,
    webhook_disabled,
);

const COMMANDS: [&str; 5] = ["activate", "resend", "lift-suppression", "deactivate", "reactivate"];
const STAFF: &str = "uma@smith.example";

impl Scene {
    /// A new first address by both doors.
    async fn both_doors(&self, reference: &str, emails: &[&str]) -> [Answer; 2] {
        let body = json!({ "emails": emails });
        [
            self.host.put(&format!("/contacts/{reference}"), body.clone()).await,
            self.host.put(&format!("/contacts/{reference}/emails"), body).await,
        ]
    }

    async fn redeemed(&self, token: &str, password: &str) -> Answer {
        self.front_end.post(&format!("/links/{token}"), json!({ "password": password })).await
    }

    async fn credential(&self, reference: &str, hash: &str) -> Answer {
        self.moves.put(&format!("/contacts/{reference}/credential"), json!({ "hash": hash })).await
    }

    /// A contact whose access was taken away.
    async fn deactivated(&self, reference: &str, email: &str) {
        self.invited(reference, email).await;
        self.host.order(reference, "deactivate").await.expect(200);
    }
}

async fn email_is_a_portal_login(database: Database) {
    let scene = Scene::new(database).await;
    scene.invited("c-1", EMAIL).await;
    let body = json!({ "name": "Uma", "email": EMAIL, "role": "staff" });
    let told = scene.host.put("/practice-users/u-1", body).await.expect_problem(409, "email_is_a_portal_login");
    assert_eq!(told["contacts"][0]["ref"], "c-1");
    scene.refuse("email_is_a_portal_login");
}

async fn email_taken(database: Database) {
    let scene = Scene::new(database).await;
    scene.user("u-1", STAFF, "admin").await;
    let body = json!({ "name": "Ulf", "email": "UMA@smith.example", "role": "staff" });
    let told = scene.host.put("/practice-users/u-2", body).await.expect_problem(409, "email_taken");
    assert_eq!(told["user"]["ref"], "u-1");
    scene.refuse("email_taken");
}

async fn invalid_email(database: Database) {
    let scene = Scene::new(database).await;
    scene.contact("c-1", EMAIL).await;
    for answer in scene.both_doors("c-1", &[EMAIL, "bob@smith"]).await {
        let told = answer.expect_problem(422, "invalid_email");
        assert_eq!((&told["field"], &told["fault"]), (&json!("emails[1]"), &json!("domain_without_dot")));
    }
    scene.host.post("/contacts/search", json!({ "email": "bob" })).await.expect_problem(422, "invalid_email");
    let body = json!({ "name": "Uma", "email": "uma, ulf", "role": "staff" });
    scene.host.put("/practice-users/u-1", body).await.expect_problem(422, "invalid_email");
    scene.refuse("invalid_email");
}

async fn invalid_hash(database: Database) {
    let scene = Scene::new(database).await;
    scene.invited("c-1", EMAIL).await;
    let told = scene.credential("c-1", "5f4dcc3b5aa765d61d8327deb882cf99").await.expect_problem(422, "invalid_hash");
    assert_eq!((&told["field"], &told["fault"]), (&json!("hash"), &json!("unknown_scheme")));
    scene.refuse("invalid_hash");
}

async fn last_admin(database: Database) {
    let scene = Scene::new(database).await;
    scene.user("u-1", STAFF, "admin").await;
    scene.host.delete("/practice-users/u-1").await.expect_problem(409, "last_admin");
    let body = json!({ "name": "Uma", "email": STAFF, "role": "staff" });
    scene.host.put("/practice-users/u-1", body).await.expect_problem(409, "last_admin");
    scene.refuse("last_admin");
}

async fn link_dead(database: Database) {
    let scene = Scene::new(database).await;
    let token = scene.invited("c-1", EMAIL).await;
    scene.host.order("c-1", "deactivate").await.expect(200);
    scene.redeemed(&token, PASSWORD).await.expect_problem(410, "link_dead");
    scene.refuse("link_dead");
}

async fn link_expired(database: Database) {
    let scene = Scene::new(database).await;
    let token = scene.invited("c-1", EMAIL).await;
    let (sqlite, postgres) =
        ("UPDATE portal_link SET expires_at = created_at + 1", "UPDATE portal.link SET expires_at = created_at + 1");
    scene.bed.tamper(sqlite, postgres).await;
    scene.redeemed(&token, PASSWORD).await.expect_problem(410, "link_expired");
    scene.refuse("link_expired");
}

async fn link_used(database: Database) {
    let scene = Scene::new(database).await;
    let token = scene.invited("c-1", EMAIL).await;
    scene.redeemed(&token, PASSWORD).await.expect(204);
    scene.redeemed(&token, PASSWORD).await.expect_problem(410, "link_used");
    scene.refuse("link_used");
}

async fn login_email_required(database: Database) {
    let scene = Scene::new(database).await;
    scene.invited("c-1", EMAIL).await;
    for answer in scene.both_doors("c-1", &[]).await {
        answer.expect_problem(409, "login_email_required");
    }
    scene.refuse("login_email_required");
}

async fn login_email_taken(database: Database) {
    let scene = Scene::new(database).await;
    scene.invited("c-1", EMAIL).await;
    scene.contact("c-2", EMAIL).await;
    scene.host.order("c-2", "activate").await.expect(200);
    let told = scene.credential("c-2", HASH).await.expect_problem(409, "login_email_taken");
    assert_eq!(told["contacts"][0]["ref"], "c-1");
    scene.host.put("/settings", json!({ "shared_login": "refuse" })).await.expect(200);
    scene.invited("c-3", "cyd@smith.example").await;
    for answer in scene.both_doors("c-3", &[EMAIL]).await {
        answer.expect_problem(409, "login_email_taken");
    }
    scene.contact("c-4", EMAIL).await;
    scene.host.order("c-4", "activate").await.expect_problem(409, "login_email_taken");
    scene.deactivated("c-5", "eve@smith.example").await;
    scene.host.put("/contacts/c-5", json!({ "emails": [EMAIL] })).await.expect(200);
    scene.host.order("c-5", "reactivate").await.expect_problem(409, "login_email_taken");
    scene.refuse("login_email_taken");
}

async fn no_email(database: Database) {
    let scene = Scene::new(database).await;
    scene.host.put("/contacts/c-1", json!({ "name": "Ada", "emails": [], "clients": [] })).await.expect(201);
    scene.host.order("c-1", "activate").await.expect_problem(409, "no_email");
    scene.deactivated("c-2", EMAIL).await;
    scene.host.put("/contacts/c-2", json!({ "emails": [] })).await.expect(200);
    scene.host.order("c-2", "reactivate").await.expect_problem(409, "no_email");
    scene.refuse("no_email");
}

async fn not_activated(database: Database) {
    let scene = Scene::new(database).await;
    scene.contact("c-1", EMAIL).await;
    for command in ["resend", "lift-suppression", "deactivate", "reactivate"] {
        scene.host.order("c-1", command).await.expect_problem(409, "not_activated");
    }
    scene.credential("c-1", HASH).await.expect_problem(409, "not_activated");
    scene.signs.post("/handoffs", json!({ "contact": "c-1" })).await.expect_problem(409, "not_activated");
    scene.refuse("not_activated");
}

async fn password_already_set(database: Database) {
    let scene = Scene::new(database).await;
    scene.settled("c-1", EMAIL).await;
    scene.credential("c-1", HASH).await.expect_problem(409, "password_already_set");
    scene.refuse("password_already_set");
}

async fn password_refused(database: Database) {
    let scene = Scene::new(database).await;
    let token = scene.invited("c-1", EMAIL).await;
    let told = scene.redeemed(&token, "short").await.expect_problem(422, "password_refused");
    assert_eq!(told["fault"], "too_short");
    scene.redeemed(&token, PASSWORD).await.expect(204);
    let body = json!({ "current_password": "some other words here", "new_password": "seven loud tin drums" });
    let told = scene.signed_in(EMAIL).await.put("/password", body).await.expect_problem(422, "password_refused");
    assert_eq!(told["fault"], "current_password");
    scene.refuse("password_refused");
}

async fn portal_deactivated(database: Database) {
    let scene = Scene::new(database).await;
    scene.deactivated("c-1", EMAIL).await;
    for command in ["resend", "lift-suppression"] {
        scene.host.order("c-1", command).await.expect_problem(409, "portal_deactivated");
    }
    scene.credential("c-1", HASH).await.expect_problem(409, "portal_deactivated");
    scene.signs.post("/handoffs", json!({ "contact": "c-1" })).await.expect_problem(409, "portal_deactivated");
    scene.refuse("portal_deactivated");
}

async fn practice_suspended(database: Database) {
    let scene = Scene::new(database).await;
    scene.host.put("/settings", json!({ "contact_line": "Call 555 0100." })).await.expect(200);
    scene.operator.call("/operator/practices/smith/suspend").await.expect(200);
    for operation in Operation::all() {
        if operation.path.contains("{practice}") {
            let path = operation.path.replace("{practice}", "smith").replace("{token}", "x").replace("{id}", "x");
            let body = operation.takes_body().then(|| b"{}".to_vec());
            let answer = scene.front_end.at("").send(&operation.method, &path, body).await;
            answer.expect_problem(403, "practice_suspended");
        }
    }
    scene.refuse("practice_suspended");
}

async fn practice_user_email(database: Database) {
    let scene = Scene::new(database).await;
    scene.user("u-1", STAFF, "admin").await;
    scene.contact("c-1", STAFF).await;
    let told = scene.host.order("c-1", "activate").await.expect_problem(409, "practice_user_email");
    assert_eq!(told["user"], json!({ "ref": "u-1", "name": "Uma" }));
    scene.invited("c-2", EMAIL).await;
    for answer in scene.both_doors("c-2", &[STAFF]).await {
        answer.expect_problem(409, "practice_user_email");
    }
    scene.host.order("c-2", "deactivate").await.expect(200);
    scene.host.put("/contacts/c-2", json!({ "emails": [STAFF] })).await.expect(200);
    scene.host.order("c-2", "reactivate").await.expect_problem(409, "practice_user_email");
    scene.refuse("practice_user_email");
}

async fn precondition_failed(database: Database) {
    let scene = Scene::new(database).await;
    scene.invited("c-1", EMAIL).await;
    let tag = "\"of another day\"";
    let (host, moves) = (scene.host.with("if-match", tag), scene.moves.with("if-match", tag));
    let mut answers = vec![
        host.put("/contacts/c-1", json!({ "name": "Ada" })).await,
        host.put("/contacts/c-1/emails", json!({ "emails": [] })).await,
        moves.put("/contacts/c-1/credential", json!({ "hash": HASH })).await,
        host.delete("/contacts/c-1/portal/sessions").await,
        host.call("/contacts/c-1/erase").await,
        host.delete("/contacts/c-1").await,
    ];
    for command in COMMANDS {
        answers.push(host.order("c-1", command).await);
    }
    for answer in answers {
        answer.expect_problem(412, "precondition_failed");
    }
    scene.refuse("precondition_failed");
}

async fn sign_in_failed(database: Database) {
    let scene = Scene::new(database).await;
    scene.settled("c-1", EMAIL).await;
    let told = async |email: &str, password: &str| -> Value {
        let body = json!({ "email": email, "password": password });
        scene.front_end.post("/session", body).await.expect_problem(401, "sign_in_failed")
    };
    assert_eq!(told(EMAIL, "some other words here").await, told("nobody@smith.example", PASSWORD).await, "S6");
    scene.refuse("sign_in_failed");
}

async fn too_many_emails(database: Database) {
    let scene = Scene::new(database).await;
    scene.contact("c-1", EMAIL).await;
    let emails: Vec<_> = (0..21).map(|place| format!("ada.{place}@smith.example")).collect();
    let emails: Vec<_> = emails.iter().map(String::as_str).collect();
    for answer in scene.both_doors("c-1", &emails).await {
        answer.expect_problem(422, "too_many_emails");
    }
    scene.refuse("too_many_emails");
}

async fn too_many_requests(database: Database) {
    let scene = Scene::with(database, 1).await;
    let token = scene.invited("c-1", EMAIL).await;
    let reset = async || scene.front_end.post("/password-resets", json!({ "email": EMAIL })).await;
    reset().await.expect(202);
    let sign_in = json!({ "email": EMAIL, "password": PASSWORD });
    for answer in [
        reset().await,
        scene.front_end.post("/session", sign_in).await,
        scene.front_end.call(&format!("/links/{token}/renew")).await,
    ] {
        answer.expect_problem(429, "too_many_requests");
        assert!(answer.headers["retry-after"].to_str().expect("seconds").parse::<u32>().expect("a number") > 0);
    }
    scene.refuse("too_many_requests");
}

async fn too_many_webhooks(database: Database) {
    let scene = Scene::new(database).await;
    for place in 0..10 {
        scene.webhook(&format!("w-{place}")).await;
    }
    let body = json!({ "url": "http://127.0.0.1:9/hook" });
    scene.host.put("/webhooks/w-10", body).await.expect_problem(422, "too_many_webhooks");
    scene.refuse("too_many_webhooks");
}

async fn unknown_client(database: Database) {
    let scene = Scene::new(database).await;
    scene.contact("c-1", EMAIL).await;
    let told =
        scene.host.put("/contacts/c-1", json!({ "clients": ["nobody"] })).await.expect_problem(422, "unknown_client");
    assert_eq!(told["field"], "clients[0]");
    scene.reads.get("/contacts?client=nobody").await.expect_problem(422, "unknown_client");
    let order = json!({ "action": "activate", "clients": ["nobody"] });
    scene.host.post("/activations", order).await.expect_problem(422, "unknown_client");
    scene.refuse("unknown_client");
}

async fn webhook_disabled(database: Database) {
    let scene = Scene::new(database).await;
    scene.webhook("crm").await;
    scene.host.put("/webhooks/crm", json!({ "enabled": false })).await.expect(200);
    scene.host.call("/webhooks/crm/test").await.expect_problem(409, "webhook_disabled");
    scene.refuse("webhook_disabled");
}

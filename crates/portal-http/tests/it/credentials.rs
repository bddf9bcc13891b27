//! Moving in: hashes of another system, and that nobody is shown them.

use axum::http::Method;
use portal_domain::{event::Caller, practice::Scope, usecase::CallContext};
use portal_testkit::build;
use serde_json::{Value, json};

use crate::kit::{Answer, Ask, Kit, PASSWORD};

const ADDRESS: &str = "ada@smith.example";
const PATH: &str = "/contacts/ada/credential";
/// Made by Django 5.2; of which password, the hasher in memory is told.
const HASH: &str = "pbkdf2_sha256$20000$seasalt1$SRIG9WQxW2IPHVs6mD1H8DfWar6OppDVJtAmAcgfSFk=";
/// From the tests of jBCrypt.
const ANOTHER: &str = "$2a$08$aTsUwsyowQuzRrDqFflhgekJ8d9/7Z3GV3UcgvzQW3J5zMyrTvlz.";
/// What is in none of the answers.
const NEEDLES: [&str; 2] = ["SRIG9WQxW2IPHVs6mD1H8DfWar6OppDVJtAmAcgfSFk", "ekJ8d9/7Z3GV3UcgvzQW3J5zMyrTvlz"];

/// A practice that moves in, with Ada activated.
struct Moving {
    kit: Kit,
    key: String,
}

impl Moving {
    async fn new() -> Self {
        let kit = Kit::new().await;
        kit.hasher.teach(HASH, PASSWORD);
        kit.invite("ada", ADDRESS).await;
        let key = kit.key_for(Scope::Credentials).await;
        Self { kit, key }
    }

    fn ask(&self, path: &str, body: &Value) -> Ask {
        Ask::new(Method::PUT, &format!("/api/v1{path}")).key(&self.key).json(body)
    }

    async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(self.ask(path, &body)).await
    }

    async fn import(&self, hash: &str) -> Answer {
        self.put(PATH, json!({ "hash": hash })).await
    }

    /// Sends it, and looks whether the answer speaks of a hash.
    async fn send(&self, ask: Ask) -> Answer {
        let answer = self.kit.send(ask).await;
        for needle in NEEDLES {
            assert!(!answer.text.contains(needle) && !format!("{:?}", answer.headers).contains(needle), "S10");
        }
        answer
    }

    async fn signs_in(&self) -> u16 {
        let body = json!({"email": ADDRESS, "password": PASSWORD});
        self.kit.front(Method::POST, "/session", body).await.status.as_u16()
    }
}

#[tokio::test]
async fn p1_who_moves_in_signs_in_with_the_old_password() {
    let moving = Moving::new().await;
    assert_eq!(moving.signs_in().await, 401);
    let answer = moving.import(HASH).await.is(200).json();
    assert_eq!((&answer["outcome"], &answer["preview"]), (&json!("changed"), &json!(false)));
    assert_eq!((&answer["portal"]["status"], &answer["portal"]["password_set"]), (&json!("active"), &json!(true)));
    assert_eq!((&answer["effects"]["password"], &answer["effects"]["messages"]), (&json!("kept"), &json!([])));
    assert_eq!(moving.import(HASH).await.is(200).json()["outcome"], "unchanged");
    let hashed = moving.kit.hasher.hashed();
    assert_eq!(moving.signs_in().await, 204);
    assert_eq!(moving.kit.hasher.hashed(), hashed + 1, "hashed anew, once");
    assert_eq!(moving.import(HASH).await.is(200).json()["outcome"], "unchanged");
    assert_eq!(moving.signs_in().await, 204);
    assert_eq!(moving.kit.hasher.hashed(), hashed + 1);
    moving.import(ANOTHER).await.problem(409, "password_already_set");
}

/// W3: the scope `credentials` opens this route and no other, and no other scope opens it.
#[tokio::test]
async fn w3_only_the_scope_credentials_opens_it() {
    let moving = Moving::new().await;
    let body = json!({ "hash": HASH });
    for scope in [Scope::Read, Scope::Write, Scope::SignIn] {
        let key = moving.kit.key_for(scope).await;
        for path in [PATH, "/contacts/nobody/credential"] {
            moving.send(moving.ask(path, &body).without("authorization").key(&key)).await.problem(403, "forbidden");
        }
    }
    moving.send(moving.ask(PATH, &body).without("authorization")).await.problem(401, "unauthorized");
    for (method, path, scope) in portal_http::route_table().into_iter().filter(|(_, _, scope)| *scope != "credentials")
    {
        let method: Method = method.parse().expect("a method");
        let answer = moving.kit.send(Ask::new(method, &path.replace("{ref}", "ada")).key(&moving.key)).await;
        assert_eq!(answer.problem(403, "forbidden")["detail"], format!("the API key needs the scope `{scope}`"));
    }
    moving.import(HASH).await.is(200);
}

#[tokio::test]
async fn checks_answer_in_their_order() {
    let moving = Moving::new().await;
    let large = vec![b' '; 65 * 1024];
    let nobody = "/contacts/nobody/credential";
    // 404 before all that is wrong with what was sent.
    for body in [json!({ "hash": "nonsense" }), json!({}), json!({ "hash": HASH })] {
        moving.put(nobody, body).await.problem(404, "not_found");
    }
    moving.send(moving.ask(nobody, &Value::Null).body(&large)).await.problem(404, "not_found");
    moving.send(moving.ask(PATH, &Value::Null).body(&large)).await.problem(413, "body_too_large");
    for (body, field) in [
        (json!({}), "hash"),
        (json!({ "hash": null }), "hash"),
        (json!({ "hash": [HASH] }), "hash"),
        (json!({ "hash": format!("{HASH}\0") }), "hash"),
        (json!({ "hash": HASH, "salt": "x" }), "salt"),
    ] {
        assert_eq!(moving.put(PATH, body).await.problem(400, "invalid_request")["field"], field);
    }
    moving.put(&format!("{PATH}?join=true"), json!({ "hash": HASH })).await.problem(400, "invalid_request");
    let twice = format!(r#"{{"hash": "{HASH}", "hash": "{HASH}"}}"#);
    moving.send(moving.ask(PATH, &Value::Null).body(twice.as_bytes())).await.problem(400, "invalid_request");
    for (hash, fault) in [
        ("", "unknown_scheme"),
        (&HASH[1..], "unknown_scheme"),
        (&HASH[..HASH.len() - 1], "malformed"),
        (&ANOTHER.replace("$08$", "$15$"), "cost_out_of_bounds"),
        (&HASH.replace("20000", "999"), "cost_out_of_bounds"),
    ] {
        let problem = moving.import(hash).await.problem(422, "invalid_hash");
        assert_eq!((&problem["field"], &problem["fault"]), (&json!("hash"), &json!(fault)));
    }
    moving.kit.host(Method::POST, "/contacts/ada/portal/deactivate", Value::Null).await.is(200);
    moving.import("nonsense").await.problem(422, "invalid_hash");
    moving.import(HASH).await.problem(409, "portal_deactivated");
    moving.kit.host(Method::PUT, "/contacts/bob", json!({"name": "Bob"})).await.is(201);
    moving.put("/contacts/bob/credential", json!({ "hash": HASH })).await.problem(409, "not_activated");
}

#[tokio::test]
async fn those_who_share_the_address_are_named() {
    let moving = Moving::new().await;
    moving.kit.invite("bob", ADDRESS).await;
    let problem = moving.import(HASH).await.problem(409, "login_email_taken");
    assert_eq!(problem["contacts"], json!([{"ref": "bob", "name": "Person bob"}]));
    assert_eq!(moving.signs_in().await, 401);
}

#[tokio::test]
async fn a_preview_and_a_state_that_is_gone_change_nothing() {
    let moving = Moving::new().await;
    let before = moving.kit.stored();
    let would = moving.put(&format!("{PATH}?preview=true"), json!({ "hash": HASH })).await.is(200).json();
    assert_eq!((&would["preview"], &would["portal"]["status"]), (&json!(true), &json!("active")));
    let body = json!({ "hash": HASH });
    moving.send(moving.ask(PATH, &body).with("if-match", "\"99\"")).await.problem(412, "precondition_failed");
    assert_eq!(moving.kit.stored(), before);
    let did = moving.import(HASH).await.is(200).json();
    assert_eq!((&did["portal"], &did["effects"]), (&would["portal"], &would["effects"]));
}

#[tokio::test]
async fn s10_nothing_that_is_told_or_kept_in_the_journal_holds_the_hash() {
    let moving = Moving::new().await;
    let body = json!({ "hash": HASH });
    moving.send(moving.ask(PATH, &body).with("idempotency-key", "k")).await.is(200);
    moving.send(moving.ask(PATH, &body).with("idempotency-key", "k")).await.is(200);
    moving.kit.seal().await;
    let shown = async |path: &str| moving.send(Ask::get(&format!("/api/v1{path}")).key(&moving.kit.key)).await.is(200);
    let events = shown("/contacts/ada/portal/events").await.json();
    let imported = events["items"].as_array().and_then(|events| events.last()).expect("an event");
    assert_eq!(
        (&imported["kind"], &imported["facts"]["scheme"]),
        (&json!("contact.credential_imported"), &json!("django_pbkdf2"))
    );
    for path in
        ["/events?limit=200", "/contacts/ada", "/contacts/ada/portal", "/contacts/ada/portal/messages", "/contacts"]
    {
        shown(path).await;
    }
    let stored = moving.kit.stored();
    assert!(NEEDLES.iter().all(|needle| !stored.contains(needle)), "nothing prints it");
    let (call, ada) = (CallContext::new(moving.kit.practice.id, Caller::Program), build::reference("ada"));
    let refused = moving.kit.portal.import_credential(&call, &ada, &format!("{HASH}!")).await.expect_err("malformed");
    assert!(!format!("{refused} {refused:?}").contains(NEEDLES[0]));
}

/// In words, status and headers; what its own scheme takes in time is told in the decisions.
#[tokio::test]
async fn p2_a_wrong_password_answers_alike_for_an_imported_login() {
    let moving = Moving::new().await;
    moving.import(HASH).await.is(200);
    let wrong = async |email: &str| {
        moving.kit.front(Method::POST, "/session", json!({"email": email, "password": "not the old one"})).await
    };
    let (imported, unknown) = (wrong(ADDRESS).await, wrong("nobody@smith.example").await);
    assert_eq!(imported, unknown);
    imported.problem(401, "sign_in_failed");
}

/// S9: of another practice it answers like an unknown one.
#[tokio::test]
async fn s9_a_contact_of_another_practice_is_unknown() {
    let moving = Moving::new().await;
    let jones = moving.kit.foreign_key_for(Scope::Credentials).await;
    let ask = |path: &str| moving.ask(path, &json!({ "hash": HASH })).without("authorization").key(&jones);
    let (foreign, unknown) = (moving.send(ask(PATH)).await, moving.send(ask("/contacts/nobody/credential")).await);
    assert_eq!(foreign, unknown);
    foreign.problem(404, "not_found");
    assert_eq!(moving.signs_in().await, 401);
}

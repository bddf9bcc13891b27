//! The end of one contact with all that is known of it (J3).

use axum::http::Method;
use portal_domain::usecase::Purged;
use serde_json::{Value, json};

use crate::kit::{Answer, Ask, Kit, PASSWORD};

const PUT: Method = Method::PUT;
const POST: Method = Method::POST;
const DELETE: Method = Method::DELETE;

impl Kit {
    async fn erase(&self, path: &str) -> Answer {
        self.host(POST, path, Value::Null).await
    }

    async fn journal(&self) -> Answer {
        self.seal().await;
        self.get("/events?limit=200").await.is(200)
    }

    async fn under(&self, key: &str, method: Method, path: &str, body: Value) -> Answer {
        let ask = Ask::new(method, &format!("/api/v1{path}")).key(&self.key).with("idempotency-key", key);
        self.send(if body.is_null() { ask } else { ask.json(&body) }).await
    }
}

#[tokio::test]
async fn j3_erasure_answers_a_receipt_and_the_journal_tells_no_names() {
    let kit = Kit::new().await;
    kit.settle("ada", "ada@smith.example").await;
    kit.sign_in("ada@smith.example").await;
    kit.host(POST, "/contacts/ada/portal/resend", Value::Null).await.is(200);
    let would = kit.erase("/contacts/ada/erase?preview=true").await.is(200).json();
    assert_eq!((&would["preview"], &would["receipt"]), (&json!(true), &Value::Null));
    kit.get("/contacts/ada").await.is(200);

    let did = kit.erase("/contacts/ada/erase").await.is(200).json();
    assert_eq!(
        (&did["outcome"], &did["preview"], &did["erased"]),
        (&json!("changed"), &json!(false), &would["erased"])
    );
    let erased = &did["erased"];
    assert_eq!((&erased["contacts"], &erased["sessions_ended"]), (&json!(1), &json!(1)));
    assert_eq!(
        (&erased["messages"], &erased["messages_cancelled"], &erased["links"]),
        (&json!(2), &json!(2), &json!(2))
    );
    for (method, path) in
        [(POST, "/contacts/ada/erase"), (POST, "/contacts/ada/erase?preview=true"), (DELETE, "/contacts/ada")]
    {
        kit.host(method, path, Value::Null).await.problem(404, "not_found");
    }
    assert!(kit.tokens().await.is_empty(), "its mail never leaves");
    let told = kit.journal().await;
    assert!(!told.text.contains("ada@smith.example") && !told.text.contains("Person ada"), "{}", told.text);
    let events = told.json()["items"].as_array().expect("events").clone();
    let receipt = events.iter().find(|event| event["id"] == did["receipt"]).expect("the receipt");
    assert_eq!((&receipt["kind"], &receipt["caller"]), (&json!("contact.erased"), &did["ordered_by"]));
    assert_eq!((&receipt["at"], &receipt["contact"]), (&did["at"], &Value::Null));
    assert_eq!(receipt["facts"]["events"], erased["events"].to_string());
    let of_ada =
        events.iter().filter(|event| event["kind"] == "contact.activated" || event["kind"] == "session.opened");
    assert!(of_ada.inspect(|event| assert_eq!(event["personal"], Value::Null)).count() > 1);
    let report = portal_testkit::conformance::verify(&*kit.store, kit.practice.id).await;
    assert!(report.is_valid() && report.erased > 3, "{report:?}");
}

#[tokio::test]
async fn j3_who_shares_the_login_goes_on() {
    let kit = Kit::new().await;
    kit.settle("ada", "ada@smith.example").await;
    kit.invite("bob", "ada@smith.example").await;
    let named = kit.under("k", PUT, "/contacts/bob", json!({"name": "Bob"})).await.is(200);
    assert_eq!(named.json()["portal"]["shared_with"][0]["ref"], "ada");
    let cookie = kit.sign_in("ada@smith.example").await;
    kit.erase("/contacts/ada/erase").await.is(200);
    kit.send(Ask::get("/portal/smith/api/session").cookie(&cookie)).await.is(200);
    let body = json!({"email": "ada@smith.example", "password": PASSWORD});
    kit.front(POST, "/session", body).await.is(204);
    let again = kit.under("k", PUT, "/contacts/bob", json!({"name": "Bob"})).await.is(200);
    assert_eq!(again.json()["portal"]["shared_with"], json!([]), "an answer does without who is erased");
    assert_eq!(again.json()["outcome"], named.json()["outcome"]);
}

#[tokio::test]
async fn j3_a_repeated_call_brings_nobody_back() {
    let kit = Kit::new().await;
    let body = json!({"name": "Ada", "emails": ["ada@smith.example"]});
    kit.under("put", PUT, "/contacts/ada", body.clone()).await.is(201);
    let done = kit.under("erase", POST, "/contacts/ada/erase", Value::Null).await.is(200);
    let again = kit.under("erase", POST, "/contacts/ada/erase", Value::Null).await.is(200);
    assert_eq!(done.text, again.text);
    kit.under("put", PUT, "/contacts/ada", body.clone()).await.problem(404, "not_found");
    kit.get("/contacts/ada").await.problem(404, "not_found");
    kit.under("put", PUT, "/contacts/ada", json!({"name": "Eve"})).await.problem(422, "idempotency_key_reused");
    // Meant anew, it is another contact.
    kit.under("anew", PUT, "/contacts/ada", body).await.is(201);
}

#[tokio::test]
async fn j3_what_a_deletion_left_is_erased_by_its_reference() {
    let kit = Kit::new().await;
    kit.settle("ada", "ada@smith.example").await;
    kit.host(DELETE, "/contacts/ada", Value::Null).await.is(200);
    assert!(kit.journal().await.text.contains("ada@smith.example"), "the journal stays (A7)");
    kit.settle("ada", "eve@smith.example").await;
    let erased = kit.erase("/contacts/ada/erase").await.is(200).json();
    assert_eq!(erased["erased"]["contacts"], 2);
    let told = kit.journal().await.text;
    assert!(!told.contains("ada@smith.example") && !told.contains("eve@smith.example"), "{told}");
    kit.settle("bob", "bob@smith.example").await;
    kit.host(DELETE, "/contacts/bob", Value::Null).await.is(200);
    kit.erase("/contacts/bob/erase").await.is(200);
    assert!(!kit.journal().await.text.contains("bob@smith.example"));
    kit.erase("/contacts/bob/erase").await.problem(404, "not_found");
}

#[tokio::test]
async fn j3_an_import_brings_back_nobody_who_was_erased_before_it_ran() {
    let kit = Kit::new().await;
    kit.host(PUT, "/contacts/ada", json!({"name": "Ada", "emails": ["ada@smith.example"]})).await.is(201);
    let file = kit.file("", b"ref,name,emails\nada,Ada,ada@new.example\nbob,Bob,bob@smith.example\n");
    let import = kit.send(file).await.is(202).json();
    assert_eq!(kit.erase("/contacts/ada/erase").await.is(200).json()["erased"]["rows"], 1);
    kit.work().await;
    kit.get("/contacts/ada").await.problem(404, "not_found");
    kit.get("/contacts/bob").await.is(200);
    let path = format!("/imports/{}", import["id"].as_str().expect("an id"));
    let done = kit.get(&path).await.is(200).json();
    assert_eq!((&done["state"], &done["created"], &done["refused"]), (&json!("done"), &json!(1), &json!(1)));
    let rows = kit.get(&format!("{path}/rows")).await.is(200);
    assert!(!rows.text.contains("ada"), "{}", rows.text);
}

#[tokio::test]
async fn j3_what_deletion_left_and_evidence_is_over_after_three_years() {
    let kit = Kit::new().await;
    kit.settle("ada", "ada@smith.example").await;
    kit.settle("eve", "eve@smith.example").await;
    kit.clock.advance(std::time::Duration::from_secs(24 * 3600));
    kit.host(DELETE, "/contacts/ada", Value::Null).await.is(200);
    kit.clock.advance(std::time::Duration::from_secs(1095 * 24 * 3600 + 3600));
    assert!(kit.portal.purge(&|| false).await.expect("it purges").removed > 0, "events of the first day");
    let left = kit.journal().await.text;
    assert!(left.contains("contact.deleted") && left.contains("ada@smith.example"), "the deletion is not as old");
    kit.clock.advance(std::time::Duration::from_secs(3 * 24 * 3600));
    assert!(kit.portal.purge(&|| false).await.expect("it purges").removed > 0);
    assert_eq!(kit.portal.purge(&|| false).await, Ok(Purged::default()));
    let left = kit.journal().await;
    assert!(!left.text.contains("ada@smith.example") && !left.text.contains("eve@smith.example"));
    assert!(left.text.contains("\"kind\":\"contact.erased\""), "{}", left.text);
    assert_eq!(kit.get("/contacts/eve").await.is(200).json()["emails"][0]["address"], "eve@smith.example");
}

/// Ada and Bob share a login, with a session and tries of hers. Answers her link, which works.
async fn shared(kit: &Kit) -> String {
    kit.settle("ada", "home@smith.example").await;
    kit.invite("bob", "home@smith.example").await;
    kit.tokens().await;
    kit.sign_in("home@smith.example").await;
    kit.front(POST, "/session", json!({"email": "home@smith.example", "password": "not that one"})).await.is(401);
    kit.host(POST, "/contacts/ada/portal/resend", Value::Null).await.is(200);
    kit.tokens().await.pop().expect("a link")
}

#[tokio::test]
async fn j3_what_was_of_one_of_two_is_never_told_of_the_other() {
    let (delete, erase) = ((DELETE, "/contacts/ada"), (POST, "/contacts/ada/erase"));
    for commands in [vec![erase.clone()], vec![delete.clone(), erase], vec![delete]] {
        let kit = Kit::new().await;
        let token = shared(&kit).await;
        for (method, path) in commands {
            kit.host(method, path, Value::Null).await.is(200);
        }
        let told = kit.get("/contacts/bob/export").await.is(200).json();
        assert_eq!((&told["sessions"], &told["sessions_left_out"]), (&json!([]), &json!(1)), "{told}");
        assert_eq!(told["tries"], json!([]), "{told}");
        // Her link goes on for those who stay (A3).
        kit.front(POST, &format!("/links/{token}"), json!({"password": "another long pass phrase"})).await.is(204);
    }
}

/// Somebody tries at an address, and fails; then time goes by.
async fn tries(kit: &Kit, address: &str) {
    kit.front(POST, "/session", json!({"email": address, "password": "not that one"})).await.is(401);
    kit.clock.advance(std::time::Duration::from_secs(3600));
}

/// When the address is the contact's, one more tries, which is all that is told.
async fn only_the_next_try_is_told(kit: &Kit, contact: &str, address: &str) {
    kit.clock.advance(std::time::Duration::from_secs(3600));
    let path = format!("/contacts/{contact}/export");
    let before = kit.get(&path).await.is(200).json();
    assert_eq!(before["tries"], json!([]), "{before}");
    tries(kit, address).await;
    let told = kit.get(&path).await.is(200).json();
    assert_eq!(told["tries"].as_array().map(Vec::len), Some(1), "{told}");
    assert_eq!(told["tries"][0]["at"], before["taken_at"], "{told}");
}

#[tokio::test]
async fn j3_tries_from_before_a_move_are_not_told() {
    let kit = Kit::new().await;
    kit.settle("ada", "ada@smith.example").await;
    kit.settle("bob", "bob@smith.example").await;
    let lists = async |contact: &str, body: Value| {
        kit.host(PUT, &format!("/contacts/{contact}/emails"), body).await.is(200);
    };
    lists("ada", json!({"emails": ["ada@smith.example", "home@smith.example"]})).await;
    tries(&kit, "home@smith.example").await;
    lists("ada", json!({"emails": ["ada@smith.example"]})).await;
    tries(&kit, "home@smith.example").await;
    lists("bob", json!({"emails": ["home@smith.example"]})).await;
    only_the_next_try_is_told(&kit, "bob", "home@smith.example").await;
}

#[tokio::test]
async fn j3_tries_from_before_a_wrong_address_was_corrected_are_not_told() {
    let kit = Kit::new().await;
    kit.settle("ada", "typo@smith.example").await;
    tries(&kit, "ada@smith.example").await;
    let body = json!({"emails": ["ada@smith.example"], "wrong_address": true});
    kit.host(PUT, "/contacts/ada/emails", body).await.is(200);
    only_the_next_try_is_told(&kit, "ada", "ada@smith.example").await;
}

#[tokio::test]
async fn j3_tries_of_who_was_deleted_are_not_those_of_the_next_at_the_address() {
    let kit = Kit::new().await;
    kit.settle("ada", "ada@smith.example").await;
    tries(&kit, "ada@smith.example").await;
    kit.host(DELETE, "/contacts/ada", Value::Null).await.is(200);
    tries(&kit, "ada@smith.example").await;
    kit.host(PUT, "/contacts/eve", json!({"name": "Eve", "emails": ["ada@smith.example"]})).await.is(201);
    let told = kit.get("/contacts/eve/export").await.is(200).json();
    assert_eq!(told["tries"], json!([]), "who has no access has no tries: {told}");
    kit.host(POST, "/contacts/eve/portal/activate", Value::Null).await.is(200);
    only_the_next_try_is_told(&kit, "eve", "ada@smith.example").await;
}

#[tokio::test]
async fn j3_tries_of_who_was_staff_are_not_those_of_a_contact_at_the_address() {
    let kit = Kit::new().await;
    for (name, address) in [("ann", "ann@smith.example"), ("ben", "ben@smith.example")] {
        let user = json!({"name": name, "email": address, "role": "admin"});
        kit.host(PUT, &format!("/practice-users/{name}"), user).await.is(201);
    }
    tries(&kit, "ann@smith.example").await;
    kit.host(DELETE, "/practice-users/ann", Value::Null).await.is(204);
    kit.invite("eve", "ann@smith.example").await;
    only_the_next_try_is_told(&kit, "eve", "ann@smith.example").await;
}

#[tokio::test]
async fn j3_what_is_left_of_who_was_deleted_is_erased_and_not_exported() {
    let kit = Kit::new().await;
    kit.settle("ada", "ada@smith.example").await;
    kit.host(DELETE, "/contacts/ada", Value::Null).await.is(200);
    kit.get("/contacts/ada/export").await.problem(404, "not_found");
    kit.erase("/contacts/ada/erase").await.is(200);
}

#[tokio::test]
async fn j3_the_journal_keeps_neither_language_nor_how_an_address_was_typed() {
    let kit = Kit::new().await;
    let body = json!({"name": "Ada", "emails": ["ada@smith.example\u{a0}"], "locale": "rm-CH"});
    kit.host(PUT, "/contacts/ada", body).await.is(201);
    let before = kit.journal().await.text;
    assert!(before.contains("rm-CH") && before.contains("no-break space"), "{before}");
    kit.erase("/contacts/ada/erase").await.is(200);
    let after = kit.journal().await.text;
    assert!(!after.contains("rm-CH") && !after.contains("no-break space"), "{after}");
}

#[tokio::test]
async fn j3_reports_about_others_lose_the_names_of_before_too() {
    let kit = Kit::new().await;
    kit.host(PUT, "/settings", json!({"shared_login": "refuse"})).await.is(200);
    kit.settle("ada", "ada@smith.example").await;
    let import = kit
        .send(kit.file("?activate=true", b"ref,name,emails,activate\nbob,Bob,ada@smith.example,yes\n"))
        .await
        .is(202)
        .json();
    kit.work().await;
    let path = format!("/imports/{}/rows", import["id"].as_str().expect("an id"));
    let before = kit.get(&path).await.is(200).text;
    assert!(before.contains("Person ada"), "the row is refused, and says why: {before}");
    kit.host(PUT, "/contacts/ada", json!({"name": "Somebody Else"})).await.is(200);
    kit.erase("/contacts/ada/erase").await.is(200);
    let left = kit.get(&path).await.is(200).text;
    assert!(!left.contains("Person ada") && left.contains("bob"), "{left}");
}

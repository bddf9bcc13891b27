//! The host API's happy paths and refusals.

use std::{sync::atomic::Ordering, time::Duration};

use axum::http::Method;
use serde_json::{Value, json};

use crate::kit::{Ask, Kit, PASSWORD};

const PUT: Method = Method::PUT;
const POST: Method = Method::POST;
const DELETE: Method = Method::DELETE;

#[tokio::test]
async fn practice_users_are_put_read_listed_and_deleted() {
    let kit = Kit::new().await;
    let ann = json!({"name": "Ann", "email": "Ann@practice.example ", "role": "admin"});
    let put = kit.host(PUT, "/practice-users/u-1", ann.clone()).await.is(201).json();
    let expected = json!({"ref": "u-1", "name": "Ann", "email": "Ann@practice.example", "role": "admin"});
    assert_eq!(kit.get("/practice-users/u-1").await.is(200).json(), expected);
    assert_eq!(put["outcome"], "changed");
    assert_eq!(kit.host(PUT, "/practice-users/u-1", ann).await.is(200).json()["outcome"], "unchanged");
    let bob = json!({"name": "Bob", "email": "ann@practice.example", "role": "staff"});
    let taken = kit.host(PUT, "/practice-users/u-2", bob).await.problem(409, "email_taken");
    assert_eq!(taken["user"], json!({"ref": "u-1", "name": "Ann"}));
    let bad = json!({"name": "Bob", "email": "bob", "role": "staff"});
    let bad = kit.host(PUT, "/practice-users/u-2", bad).await.problem(422, "invalid_email");
    assert_eq!((&bad["field"], &bad["fault"]), (&json!("email"), &json!("missing_at")));
    kit.host(DELETE, "/practice-users/u-1", Value::Null).await.problem(409, "last_admin");
    let bob = json!({"name": "Bob", "email": "bob@practice.example", "role": "admin"});
    kit.host(PUT, "/practice-users/u-2", bob).await.is(201);
    let list = kit.get("/practice-users").await.is(200).json();
    assert_eq!((list["items"].as_array().map(Vec::len), &list["next_cursor"]), (Some(2), &Value::Null));
    assert_eq!(kit.host(DELETE, "/practice-users/u-1", Value::Null).await.is(204).text, "");
    kit.get("/practice-users/u-1").await.problem(404, "not_found");
    kit.host(DELETE, "/practice-users/u-1", Value::Null).await.problem(404, "not_found");
}

#[tokio::test]
async fn clients_are_put_suspended_resumed_and_deleted() {
    let kit = Kit::new().await;
    let put = kit.host(PUT, "/clients/a%2Fb", json!({"name": "A & B"})).await.is(201).json();
    assert_eq!(put, json!({"ref": "a/b", "name": "A & B", "suspended": false, "outcome": "changed"}));
    assert_eq!(kit.host(PUT, "/clients/a%2Fb", json!({"name": "A & B"})).await.is(200).json()["outcome"], "unchanged");
    let suspended = kit.host(POST, "/clients/a%2Fb/suspend", Value::Null).await.is(200).json();
    assert_eq!((&suspended["suspended"], &suspended["outcome"]), (&json!(true), &json!("changed")));
    let again = kit.host(POST, "/clients/a%2Fb/suspend", json!({})).await.is(200).json();
    assert_eq!(again["outcome"], "unchanged");
    assert_eq!(kit.host(POST, "/clients/a%2Fb/resume", Value::Null).await.is(200).json()["suspended"], false);
    assert_eq!(kit.get("/clients/a%2Fb").await.is(200).json()["name"], "A & B");
    kit.host(DELETE, "/clients/a%2Fb", Value::Null).await.is(204);
    for method in [Method::GET, DELETE] {
        kit.host(method, "/clients/a%2Fb", Value::Null).await.problem(404, "not_found");
    }
    kit.host(POST, "/clients/a%2Fb/suspend", json!({"x": 1})).await.problem(404, "not_found");
}

#[tokio::test]
async fn a_contact_answers_as_the_contract_shows_it() {
    let kit = Kit::new().await;
    kit.host(PUT, "/clients/acme", json!({"name": "Acme"})).await.is(201);
    let body =
        json!({"name": "Ada Smith", "clients": ["acme"], "emails": ["ada@smith.example", "ada@old.example\u{a0}"]});
    let put = kit.host(PUT, "/contacts/c-17", body.clone()).await.is(201).json();
    let mut got = kit.get("/contacts/c-17").await.is(200).json();
    assert_eq!(
        got,
        json!({
            "ref": "c-17", "name": "Ada Smith", "locale": null, "clients": ["acme"],
            "emails": [
                {"address": "ada@smith.example", "login": true, "trimmed": null, "warnings": []},
                {"address": "ada@old.example", "login": false,
                 "trimmed": "a trailing no-break space was removed", "warnings": []},
            ],
            "login_email": "ada@smith.example",
            "portal": {
                "access": "not_activated", "status": "not_activated", "refusal": null, "activated_at": null,
                "last_sign_in_at": null, "password_set": false, "locked_until": null, "shared_with": [],
                "invitation": null,
            },
            "refused_update": null,
        })
    );
    got["outcome"] = json!("changed");
    got["preview"] = json!(false);
    got["effects"] = json!({
        "login_before": null, "login_after": null, "shared_with": [], "password": "none", "links_ended": 0,
        "sessions_ended": 0, "messages": [],
    });
    assert_eq!(put, got);
    assert_eq!(kit.host(PUT, "/contacts/c-17", body).await.is(200).json()["outcome"], "unchanged");
    let renamed = kit.host(PUT, "/contacts/c-17", json!({"name": "Ada", "locale": "de"})).await.is(200).json();
    assert_eq!(renamed["emails"].as_array().map(Vec::len), Some(2), "what is left out stays");
    assert_eq!(renamed["locale"], "de");
    let plain = kit.host(PUT, "/contacts/c-17", json!({"locale": null})).await.is(200).json();
    assert_eq!(plain["locale"], Value::Null);
}

#[tokio::test]
async fn a_command_answers_outcome_portal_and_effects() {
    let kit = Kit::new().await;
    kit.host(PUT, "/contacts/c", json!({"name": "Ada", "emails": ["ada@smith.example"]})).await.is(201);
    let activated = kit.host(POST, "/contacts/c/portal/activate", Value::Null).await.is(200).json();
    assert_eq!((&activated["outcome"], &activated["preview"]), (&json!("changed"), &json!(false)));
    assert_eq!(activated["portal"]["status"], "invited");
    assert_eq!(activated["portal"]["invitation"]["state"], "queued");
    assert_eq!(activated["portal"]["activated_at"], "2026-03-02T12:00:00.000001Z");
    assert_eq!(
        activated["effects"],
        json!({
            "login_before": null, "login_after": "ada@smith.example", "shared_with": [], "password": "none",
            "links_ended": 0, "sessions_ended": 0,
            "messages": [{"kind": "activation", "to": "ada@smith.example"}],
        })
    );
    assert_eq!(kit.get("/contacts/c/portal").await.is(200).json(), activated["portal"]);
    for (command, outcome) in [("activate", "unchanged"), ("resend", "changed"), ("deactivate", "changed")] {
        let path = format!("/contacts/c/portal/{command}");
        assert_eq!(kit.host(POST, &path, json!({})).await.is(200).json()["outcome"], outcome, "{command}");
    }
    kit.host(POST, "/contacts/c/portal/resend", Value::Null).await.problem(409, "portal_deactivated");
    assert_eq!(kit.host(POST, "/contacts/c/portal/reactivate", Value::Null).await.is(200).json()["outcome"], "changed");
    assert!(kit.woken.load(Ordering::SeqCst) > 0);
}

#[tokio::test]
async fn m7_a_preview_answers_as_the_deed_and_writes_nothing() {
    let kit = Kit::new().await;
    kit.settle("a", "ada@smith.example").await;
    kit.sign_in("ada@smith.example").await;
    let moved = json!({"emails": ["ada@new.example"]});
    for (method, path, body) in [
        (PUT, "/contacts/a/emails", moved.clone()),
        (PUT, "/contacts/a", moved),
        (POST, "/contacts/a/portal/resend", Value::Null),
        (POST, "/contacts/a/portal/deactivate", Value::Null),
        (POST, "/contacts/a/portal/reactivate", Value::Null),
        (DELETE, "/contacts/a", Value::Null),
    ] {
        let before = kit.stored();
        let preview = kit.host(method.clone(), &format!("{path}?preview=true"), body.clone()).await.is(200).json();
        assert_eq!(kit.stored(), before, "{path}");
        let mut deed = kit.host(method, path, body).await.is(200).json();
        deed["preview"] = json!(true);
        assert_eq!(preview["effects"], deed["effects"], "{path}");
        assert_eq!(preview["outcome"], deed["outcome"], "{path}");
        assert_eq!(preview["portal"]["status"], deed["portal"]["status"], "{path}");
    }
    kit.get("/contacts/a").await.problem(404, "not_found");
    let created = kit.host(PUT, "/contacts/n?preview=true", json!({"name": "New"})).await.is(201).json();
    assert_eq!((&created["preview"], &created["name"]), (&json!(true), &json!("New")));
    kit.get("/contacts/n").await.problem(404, "not_found");
    kit.host(PUT, "/clients/n?preview=true", json!({"name": "New"})).await.problem(400, "invalid_request");
}

#[tokio::test]
async fn refusals_of_the_rules_have_their_status_and_name_what_is_at_fault() {
    let kit = Kit::new().await;
    kit.settle("a", "ada@smith.example").await;
    kit.host(PUT, "/settings", json!({"shared_login": "refuse"})).await.is(200);
    kit.host(PUT, "/practice-users/u", json!({"name": "Uma", "email": "uma@p.example", "role": "staff"})).await.is(201);
    let put = async |name: &str, body: Value| kit.host(PUT, &format!("/contacts/{name}"), body).await;
    let unknown = put("b", json!({"clients": ["acme", "nobody"]})).await.problem(422, "unknown_client");
    assert_eq!(unknown["field"], "clients[1]");
    let unusable = put("b", json!({"clients": ["a b"]})).await.problem(422, "unknown_client");
    assert_eq!(unusable["field"], "clients[0]");
    let bad = put("b", json!({"emails": ["", "x@y.example", "ada"]})).await.problem(422, "invalid_email");
    assert_eq!((&bad["field"], &bad["fault"]), (&json!("emails[2]"), &json!("missing_at")));
    let many: Vec<_> = (0..21).map(|n| format!("a{n}@smith.example")).collect();
    assert_eq!(put("b", json!({"emails": many})).await.problem(422, "too_many_emails")["field"], "emails");
    put("b", json!({"emails": ["ada@smith.example"]})).await.is(201);
    let activate = "/contacts/b/portal/activate";
    let taken = kit.host(POST, activate, Value::Null).await.problem(409, "login_email_taken");
    assert_eq!(taken["contacts"], json!([{"ref": "a", "name": "Person a"}]));
    assert_eq!(kit.get("/contacts/b/portal").await.json()["refusal"], "login_email_taken");
    put("b", json!({"emails": ["uma@p.example"]})).await.is(200);
    let staff = kit.host(POST, activate, Value::Null).await.problem(409, "practice_user_email");
    assert_eq!(staff["user"]["ref"], "u");
    put("b", json!({"emails": []})).await.is(200);
    kit.host(POST, activate, Value::Null).await.problem(409, "no_email");
    kit.host(POST, "/contacts/b/portal/reactivate", Value::Null).await.problem(409, "not_activated");
    kit.host(PUT, "/contacts/a/emails", json!({"emails": []})).await.problem(409, "login_email_required");
    let clash = json!({"name": "X", "email": "ada@smith.example", "role": "staff"});
    kit.host(PUT, "/practice-users/x", clash).await.problem(409, "email_is_a_portal_login");
}

#[tokio::test]
async fn messages_events_and_sessions_are_listed_and_sessions_ended() {
    let kit = Kit::new().await;
    kit.settle("a", "ada@smith.example").await;
    let messages = kit.get("/contacts/a/portal/messages").await.is(200).json();
    assert_eq!(messages["items"][0]["kind"], "activation");
    assert_eq!(messages["items"][0]["to"], "ada@smith.example");
    assert_eq!(messages["items"][0]["state"], "sending");
    let unsealed = kit.get("/contacts/a/portal/events").await.is(200).json();
    assert_eq!(unsealed, json!({"items": [], "next_cursor": null}));
    kit.seal().await;
    let first = kit.get("/contacts/a/portal/events?limit=1").await.is(200).json();
    assert_eq!(first["items"][0]["kind"], "contact.created");
    let cursor = first["next_cursor"].as_str().expect("a cursor");
    let rest = kit.get(&format!("/contacts/a/portal/events?cursor={cursor}")).await.is(200).json();
    assert_eq!(rest["items"][0]["kind"], "contact.activated");
    assert_eq!(rest["next_cursor"], Value::Null);
    let cookies = [kit.sign_in("ada@smith.example").await, kit.sign_in("ada@smith.example").await];
    let sessions = kit.get("/contacts/a/portal/sessions").await.is(200).json();
    assert_eq!(sessions["items"].as_array().map(Vec::len), Some(2));
    let ended = kit.host(DELETE, "/contacts/a/portal/sessions", Value::Null).await.is(200).json();
    assert_eq!(ended, json!({"sessions_ended": 2}));
    for cookie in cookies {
        let ask = Ask::get("/portal/smith/api/session").cookie(&cookie);
        kit.send(ask).await.problem(401, "unauthorized");
    }
}

#[tokio::test]
async fn all_sessions_of_a_practice_end_together_and_no_other_practice_s() {
    let kit = Kit::new().await;
    for (name, address) in [("a", "ada@smith.example"), ("b", "bob@smith.example")] {
        kit.settle(name, address).await;
        kit.sign_in(address).await;
    }
    let foreign = kit.send(Ask::new(DELETE, "/api/v1/sessions").key(&kit.foreign)).await.is(200).json();
    assert_eq!(foreign["sessions_ended"], 0);
    // Of no contact is this tag the present one: it would be said of a contact, and this is about all.
    let all = Ask::new(DELETE, "/api/v1/sessions").key(&kit.key).with("if-match", "\"another\"");
    assert_eq!(kit.send(all).await.is(200).json()["sessions_ended"], 2);
    let before = kit.stored();
    assert_eq!(kit.host(DELETE, "/sessions", Value::Null).await.is(200).json()["sessions_ended"], 0);
    assert_eq!(kit.stored(), before, "nothing is done twice, so that a call that was cut short gets on");
    let again = json!({"email": "ada@smith.example", "password": PASSWORD});
    kit.front(POST, "/session", again).await.is(204);
}

#[tokio::test]
async fn ending_all_sessions_asks_only_about_who_is_signed_in() {
    let kit = Kit::new().await;
    kit.settle("m", "ada@smith.example").await;
    let end = async || {
        let before = kit.store.asked();
        let ended = kit.host(DELETE, "/sessions", Value::Null).await.is(200).json();
        (ended["sessions_ended"].as_u64(), kit.store.asked() - before)
    };
    kit.sign_in("ada@smith.example").await;
    let one = end().await;
    assert_eq!(one.0, Some(1));
    for number in 0..200 {
        kit.host(PUT, &format!("/contacts/c-{number}"), json!({"name": "Bob"})).await.is(201);
    }
    kit.sign_in("ada@smith.example").await;
    assert_eq!(end().await, one);
    // More than are listed at once.
    for number in 0..51 {
        let address = format!("s-{number}@smith.example");
        kit.settle(&format!("s-{number}"), &address).await;
        kit.clock.advance(Duration::from_secs(5));
        kit.sign_in(&address).await;
    }
    assert_eq!(end().await.0, Some(51));
    assert_eq!(end().await.0, Some(0));
}

#[tokio::test]
async fn lists_are_cut_into_pages_in_order() {
    let kit = Kit::new().await;
    for name in ["c", "a", "e", "b", "d"] {
        kit.host(PUT, &format!("/clients/{name}"), json!({"name": name})).await.is(201);
        kit.host(PUT, &format!("/contacts/{name}"), json!({"name": name})).await.is(201);
    }
    for path in ["/clients", "/contacts"] {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = kit.get(&format!("{path}?limit=2{cursor}")).await.is(200).json();
            let items = page["items"].as_array().expect("items");
            seen.extend(items.iter().map(|item| item["ref"].as_str().expect("a reference").to_owned()));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(seen, ["a", "b", "c", "d", "e"], "{path}");
    }
}

#[tokio::test]
async fn contacts_are_searched_by_any_of_their_addresses() {
    let kit = Kit::new().await;
    for (name, emails) in [
        ("b", json!(["Home@Smith.example", "b@smith.example"])),
        ("a", json!(["a@smith.example", "home@smith.example"])),
        ("search", json!(["s@smith.example"])),
    ] {
        kit.host(PUT, &format!("/contacts/{name}"), json!({"name": name, "emails": emails})).await.is(201);
    }
    let refs = |page: &Value| {
        let items = page["items"].as_array().expect("items").iter();
        items.map(|item| item["ref"].as_str().expect("a reference").to_owned()).collect::<Vec<_>>()
    };
    let search = async |query: &str, email: &str| {
        kit.host(POST, &format!("/contacts/search{query}"), json!({"email": email})).await
    };
    let found = search("", " HOME@smith.example\u{a0}").await.is(200).json();
    assert_eq!((refs(&found), &found["next_cursor"]), (vec!["a".to_owned(), "b".to_owned()], &Value::Null));
    assert_eq!(found["items"][1]["login_email"], "Home@Smith.example");
    let first = search("?limit=1", "home@smith.example").await.is(200).json();
    let cursor = first["next_cursor"].as_str().expect("there is more");
    let second = search(&format!("?limit=1&cursor={cursor}"), "home@smith.example").await.is(200).json();
    assert_eq!((refs(&first), refs(&second)), (vec!["a".to_owned()], vec!["b".to_owned()]));
    assert!(refs(&search("", "nobody@smith.example").await.is(200).json()).is_empty());
    assert_eq!(search("", "home").await.problem(422, "invalid_email")["field"], "email");
    kit.host(POST, "/contacts/search", json!({})).await.problem(400, "invalid_request");
    assert_eq!(search("?cursor=", "home").await.problem(400, "invalid_request")["field"], "cursor");
    // To look takes no more than the right to read, and nobody without a key learns anything.
    let look = || Ask::new(POST, "/api/v1/contacts/search").json(&json!({"email": "home@smith.example"}));
    kit.send(look().key(&kit.reads)).await.is(200);
    kit.send(look()).await.problem(401, "unauthorized");
    // A contact of that name is reached like any other, and no other name has the method.
    assert_eq!(kit.get("/contacts/search").await.is(200).json()["login_email"], "s@smith.example");
    let other = kit.host(POST, "/contacts/a", json!({"email": "home@smith.example"})).await;
    assert_eq!(other.header("allow"), Some("GET,HEAD,PUT,DELETE"));
    other.problem(405, "method_not_allowed");
    let other = kit.host(Method::OPTIONS, "/contacts/a", Value::Null).await;
    assert_eq!(other.header("allow"), Some("GET,HEAD,PUT,DELETE"));
    other.problem(405, "method_not_allowed");
    let search = kit.host(Method::OPTIONS, "/contacts/search", Value::Null).await;
    assert!(search.header("allow").is_some_and(|allow| allow.contains("POST") && allow.contains("PUT")));
    search.problem(405, "method_not_allowed");
}

#[tokio::test]
async fn settings_change_where_they_are_given_and_stay_where_not() {
    let kit = Kit::new().await;
    let before = kit.get("/settings").await.is(200).json();
    assert_eq!((&before["shared_login"], &before["reminder_days"]), (&json!("join"), &json!([2])));
    let change = json!({"session_idle_minutes": 5, "mail_reply_to": "office@p.example", "contact_line": "Call 0123"});
    let after = kit.host(PUT, "/settings", change.clone()).await.is(200).json();
    assert_eq!((&after["session_idle_minutes"], &after["outcome"]), (&json!(5), &json!("changed")));
    assert_eq!(after["session_absolute_hours"], before["session_absolute_hours"]);
    assert_eq!(kit.host(PUT, "/settings", change).await.is(200).json()["outcome"], "unchanged");
    let cleared = kit.host(PUT, "/settings", json!({"mail_reply_to": null})).await.is(200).json();
    assert_eq!(cleared["mail_reply_to"], Value::Null);
    let back = kit.get("/settings").await.is(200).json();
    assert_eq!(kit.host(PUT, "/settings", back).await.is(200).json()["outcome"], "unchanged");
    for (body, field) in [
        (json!({"activation_link_hours": 721}), "activation_link_hours"),
        (json!({"password_min_length": 7}), "password_min_length"),
        (json!({"reminder_days": [31]}), "reminder_days"),
        (json!({"shared_login": "maybe"}), "shared_login"),
        (json!({"locale": null}), "locale"),
        (json!({"locale": "-en"}), "locale"),
        (json!({"locale": "12"}), "locale"),
        (json!({"locale": "de--AT"}), "locale"),
        (json!({"colour": "red"}), "colour"),
    ] {
        assert_eq!(kit.host(PUT, "/settings", body).await.problem(400, "invalid_request")["field"], field);
    }
}

#[tokio::test]
async fn keys_and_scopes_come_before_everything_else() {
    let kit = Kit::new().await;
    let broken = |ask: Ask| ask.with("content-type", "application/json").body(b"{");
    let put = || broken(Ask::new(PUT, "/api/v1/contacts/c"));
    let answer = kit.send(put()).await;
    assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
    answer.problem(401, "unauthorized");
    kit.send(put().key("pk_wrong")).await.problem(401, "unauthorized");
    kit.send(put().with("authorization", "Basic abc")).await.problem(401, "unauthorized");
    kit.send(put().key(&kit.reads)).await.problem(403, "forbidden");
    kit.send(put().key(&kit.key)).await.problem(400, "invalid_request");
    kit.send(Ask::get("/api/v1/settings").key(&kit.reads)).await.is(200);
    kit.send(Ask::get("/api/v1/settings").with("authorization", &format!("bearer {}", kit.key))).await.is(200);
}

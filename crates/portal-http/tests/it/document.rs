//! The document of the API: complete, the same as the table of routes and docs/API.md, and the one that is checked in.

use axum::http::Method;
use portal_domain::{
    id::Ref,
    port::{Page, PortalViews},
};
use sha2::{Digest, Sha256};

use crate::contract::{DOCUMENT, fits, query_of};
use crate::kit::{Ask, Kit};
use serde_json::{Value, json};

/// What would break a caller: the same judge as that of `cargo xtask openapi`.
#[path = "../../../../xtask/src/openapi/breaking.rs"]
mod breaking;

const COMMITTED: &str = include_str!("../../../../docs/openapi.json");

#[test]
fn the_document_is_the_one_that_is_checked_in() {
    let committed: Value = serde_json::from_str(COMMITTED).expect("JSON");
    let broken: Vec<_> =
        breaking::changes(&committed, &DOCUMENT).into_iter().map(|it| format!("breaking: {it}")).collect();
    let same = format!("{:#}\n", *DOCUMENT) == COMMITTED;
    assert!(same, "docs/openapi.json is stale: run `cargo xtask openapi`\n{}", broken.join("\n"));
}

#[test]
fn what_breaks_a_caller_is_named() {
    let broken = |change: fn(&mut Value)| {
        let mut after = DOCUMENT.clone();
        change(&mut after);
        breaking::changes(&DOCUMENT, &after)
    };
    let none: [&str; 0] = [];
    assert_eq!(broken(|_| {}), none);
    assert_eq!(
        broken(|it| {
            it["paths"]["/api/v1/things"] = json!({ "get": {} });
            it["components"]["schemas"]["Client"]["properties"]["more"] = json!({ "type": "string" });
            it["components"]["schemas"]["ClientInput"]["properties"]["more"] = json!({ "type": "string" });
        }),
        none
    );
    type Change = fn(&mut Value);
    let cases: [(Change, &str); 11] = [
        (
            |it| drop(it["paths"]["/api/v1/clients"].as_object_mut().unwrap().remove("get")),
            "GET /api/v1/clients: it is gone",
        ),
        (
            |it| drop(it["components"]["schemas"]["Client"]["properties"].as_object_mut().unwrap().remove("suspended")),
            "GET /api/v1/clients, 200, field `items`[], field `suspended`: it is gone",
        ),
        (
            |it| it["components"]["schemas"]["ClientInput"]["required"] = json!(["name", "ref"]),
            "PUT /api/v1/clients/{ref}, body, field `ref`: it has to be there now",
        ),
        (
            |it| it["components"]["schemas"]["Effects"]["properties"]["password"]["enum"] = json!(["kept"]),
            "the word \"ended\" is gone",
        ),
        (
            |it| it["paths"]["/api/v1/clients"]["get"]["parameters"] = json!([]),
            "GET /api/v1/clients, parameter `cursor`: it is gone",
        ),
        (
            |it| it["paths"]["/api/v1/clients"]["get"]["parameters"][0]["required"] = true.into(),
            "GET /api/v1/clients, parameter `limit`: it has to be there now",
        ),
        (
            |it| it["components"]["schemas"]["Client"]["properties"]["name"]["type"] = json!(["string", "null"]),
            "field `name`: its type was \"string\", and is [\"string\",\"null\"]",
        ),
        (
            |it| it["paths"]["/api/v1/clients"]["get"]["security"] = json!([{ "api_key": ["write"] }]),
            "GET /api/v1/clients: it is opened by something else",
        ),
        (
            |it| {
                let responses = &mut it["paths"]["/api/v1/practice-users/{ref}"]["delete"]["responses"];
                let refusal = responses["409"].take();
                responses["410"] = refusal;
            },
            "DELETE /api/v1/practice-users/{ref}: `last_admin` had the status 409, and has 410",
        ),
        (
            |it| {
                drop(
                    it["components"]["schemas"]["Effects"]["properties"]["password"]
                        .as_object_mut()
                        .unwrap()
                        .remove("enum"),
                )
            },
            "field `password`: any text is answered now",
        ),
        (
            |it| {
                it["components"]["schemas"]["SettingsInput"]["properties"]["password_min_length"]["maximum"] = 32.into()
            },
            "field `password_min_length`: `maximum` was 64, and is 32",
        ),
    ];
    for (change, named) in cases {
        let broken = broken(change);
        assert!(broken.iter().any(|it| it.contains(named)), "{named}: {broken:#?}");
    }
}

#[tokio::test]
async fn the_document_and_its_page_are_served_to_anybody_and_load_nothing_from_elsewhere() {
    let kit = Kit::new().await;
    let document = kit.send(Ask::get("/api/openapi.json")).await.is(200);
    assert_eq!(document.json(), *DOCUMENT);
    assert_eq!(document.json()["openapi"], "3.1.0");
    let tag = document.header("etag").expect("a tag").to_owned();
    kit.send(Ask::get("/api/openapi.json").with("if-none-match", &tag)).await.is(304);
    let page = kit.send(Ask::get("/api/docs")).await.is(200);
    let policy = page.header("content-security-policy").expect("a policy");
    assert!(!policy.contains("unsafe") && !policy.contains('*') && !policy.contains("http"), "{policy}");
    assert!(
        !page.text.contains("<style") && !page.text.contains("onload") && !page.text.contains("://"),
        "{}",
        page.text
    );
    let mut loaded = 0;
    for address in page.text.split('"').filter(|word| word.starts_with("/api/")) {
        let part = kit.send(Ask::get(address)).await.is(200);
        let tag = part.header("etag").expect("a tag").to_owned();
        kit.send(Ask::get(address).with("if-none-match", &tag)).await.is(304);
        loaded += 1;
    }
    assert_eq!(loaded, 4, "{}", page.text);
    kit.send(Ask::new(Method::POST, "/api/docs")).await.problem(405, "method_not_allowed");
    kit.send(Ask::get("/api/docs").with("host", "elsewhere.example")).await.problem(421, "misdirected_request");
}

/// The bounds that the document has for a number are those that the rules keep.
#[tokio::test]
async fn put_settings_takes_every_number_that_the_document_allows_and_no_other() {
    let kit = Kit::new().await;
    let mut tried = 0;
    for (name, schema) in DOCUMENT["components"]["schemas"]["SettingsInput"]["properties"].as_object().expect("fields")
    {
        let (Some(least), Some(most)) = (schema["minimum"].as_u64(), schema["maximum"].as_u64()) else { continue };
        for taken in [least, most] {
            kit.host(Method::PUT, "/settings", json!({ name: taken })).await.is(200);
        }
        for refused in [least.wrapping_sub(1), most + 1] {
            kit.host(Method::PUT, "/settings", json!({ name: refused })).await.problem(400, "invalid_request");
        }
        tried += 1;
    }
    assert_eq!(tried, 6);
}

/// What is pushed is what the document has.
#[tokio::test]
async fn a_pushed_event_is_what_the_document_has() {
    let kit = Kit::new().await;
    kit.settle("c-1", "ada@smith.example").await;
    kit.seal().await;
    let contact = Ref::parse("c-1");
    let events = kit.store.events(kit.practice.id, None, &Page { after: None, limit: 200 }).await.expect("events");
    assert!(events.len() > 3);
    for event in events {
        let pushed = serde_json::from_slice(&portal_http::event_payload(&event, contact.as_ref())).expect("JSON");
        fits("what is pushed", &json!({ "$ref": "#/components/schemas/WebhookPayload" }), &pushed);
    }
}

/// The parameters of an import are read by hand: each that is declared is known.
#[tokio::test]
async fn post_imports_knows_every_parameter_that_the_document_has() {
    let kit = Kit::new().await;
    let mut asked = 0;
    for parameter in query_of(&DOCUMENT["paths"]["/api/v1/imports"]["post"]) {
        let name = parameter["name"].as_str().expect("a name");
        let value = match name {
            "map" => "ref:ref&map=name:name",
            "identify" => "name",
            _ => "true",
        };
        let answer = kit.send(kit.file(&format!("?{name}={value}"), b"ref,name\nc-1,Ada\n")).await;
        let unknown = answer.text.contains("there is no parameter");
        assert!(!unknown && (answer.status == 202 || name == "identify"), "{name}: {}", answer.text);
        asked += 1;
    }
    assert_eq!(asked, 6);
}

/// What we have taken over is what was published.
#[test]
fn the_files_of_the_page_are_those_that_were_published() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/swagger-ui");
    let sums = std::fs::read_to_string(format!("{folder}/SHA256SUMS")).expect("sums");
    for line in sums.lines() {
        let (sum, name) = line.split_once("  ").expect("a sum and a name");
        let content = std::fs::read(format!("{folder}/{name}")).expect(name);
        let own: String = Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(own, sum, "{name}");
    }
    assert_eq!(sums.lines().count(), 5);
}

#[test]
fn nothing_is_left_unsaid() {
    let text = DOCUMENT.to_string();
    for mark in ["x-untold", "x-unread", "_again", "nobody said"] {
        assert!(
            !text.contains(mark),
            "the document has `{mark}`: {}",
            &text[text.find(mark).unwrap().saturating_sub(300)..][..400]
        );
    }
}

#[test]
#[should_panic(expected = "Additional properties")]
fn a_field_that_is_not_declared_is_noticed() {
    fits(
        "a client",
        &json!({ "$ref": "#/components/schemas/Client" }),
        &json!({ "ref": "a", "name": "A", "suspended": false, "x": 1 }),
    );
}

#[test]
#[should_panic(expected = "required property")]
fn a_field_that_is_missing_is_noticed() {
    fits("a client", &json!({ "$ref": "#/components/schemas/Client" }), &json!({ "ref": "a", "name": Value::Null }));
}

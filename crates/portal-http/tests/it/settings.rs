//! Settings that clients see: colour, logo, other sites; and where they may be sent back to.

use axum::http::Method;
use serde_json::{Value, json};

use crate::kit::{Answer, Ask, Kit};

const PNG: &str = "data:image/png;base64,iVBORw0KGgo=";

async fn put(kit: &Kit, body: Value) -> Answer {
    kit.host(Method::PUT, "/settings", body).await
}

fn place(name: &str) -> Value {
    json!({"name": name, "address": "https://files.smith.example/a?b=c#d", "sentence": "Where papers are."})
}

fn back(name: &str, address: &str) -> Value {
    json!({"name": name, "address": address})
}

fn backs(count: usize) -> Vec<Value> {
    (0..count).map(|number| back(&format!("app-{number}"), "https://app.smith.example/")).collect()
}

#[tokio::test]
async fn look_and_addresses_are_given_stay_and_are_taken_back() {
    let kit = Kit::new().await;
    let names = ["accent", "logo", "places", "return_addresses"];
    let before = kit.get("/settings").await.is(200).json();
    assert_eq!(names.map(|name| before[name].clone()), [Value::Null, Value::Null, json!([]), json!([])]);
    let bare = json!({"name": "Bare", "address": "http://localhost:3000"});
    let given = json!({
        "accent": "#1A5276",
        "logo": PNG,
        "places": [place("Files"), bare],
        "return_addresses": [back("app", "https://app.smith.example/back?a=%2F"), back("here", "http://127.0.0.1:3000/")],
    });
    let after = put(&kit, given.clone()).await.is(200).json();
    assert_eq!(after["outcome"], "changed");
    assert_eq!(after["places"][1], json!({"name": "Bare", "address": "http://localhost:3000", "sentence": ""}));
    for name in ["accent", "logo", "return_addresses"] {
        assert_eq!(after[name], given[name]);
    }
    assert_eq!(put(&kit, given).await.is(200).json()["outcome"], "unchanged");
    let other = put(&kit, json!({"session_idle_minutes": 5})).await.is(200).json();
    for name in names {
        assert_eq!(other[name], after[name], "what is left out stays");
    }
    let cleared = json!({"accent": null, "logo": null, "places": [], "return_addresses": []});
    let cleared = put(&kit, cleared).await.is(200).json();
    assert_eq!(names.map(|name| cleared[name].clone()), names.map(|name| before[name].clone()));
}

#[tokio::test]
async fn what_is_out_of_bounds_is_named_and_changes_nothing() {
    let kit = Kit::new().await;
    put(&kit, json!({"accent": "#1a5276", "places": [place("Files")]})).await.is(200);
    let before = kit.stored();
    let with = |member: &str, value: Value| {
        let mut place = place("Files");
        place[member] = value;
        json!({"places": [self::place("First"), place]})
    };
    for (body, field) in [
        (json!({"accent": "#777777"}), "accent"),
        (json!({"accent": "navy"}), "accent"),
        (json!({"accent": 7}), "accent"),
        (json!({"logo": "https://cdn.example/logo.png"}), "logo"),
        (json!({"logo": "data:image/svg+xml;base64,PHN2Zz4="}), "logo"),
        (json!({"logo": "data:image/jpeg;base64,iVBORw0KGgo="}), "logo"),
        (json!({"logo": format!("{PNG}{}", "A".repeat(40_000))}), "logo"),
        (json!({"places": null}), "places"),
        (json!({"places": {"0": place("Files")}}), "places"),
        (json!({"places": ["https://files.smith.example/"]}), "places[0]"),
        (json!({"places": vec![place("Files"); 9]}), "places"),
        (json!({"places": [{"name": "Files"}]}), "places[0].address"),
        (with("url", json!("x")), "places[1].url"),
        (with("name", json!("")), "places[1].name"),
        (with("name", json!(" \u{a0}\u{200b}")), "places[1].name"),
        (with("name", json!("x".repeat(81))), "places[1].name"),
        (with("name", json!("a\nb")), "places[1].name"),
        (with("name", json!("a\u{0}b")), "places[1].name"),
        (with("name", json!(7)), "places[1].name"),
        (with("address", json!("javascript:alert(1)")), "places[1].address"),
        (with("address", json!("http://files.smith.example/")), "places[1].address"),
        (with("address", json!("https://ada@files.smith.example/")), "places[1].address"),
        (with("sentence", json!("x".repeat(201))), "places[1].sentence"),
        (with("sentence", json!("a\u{1b}[2Jb")), "places[1].sentence"),
        (with("sentence", Value::Null), "places[1].sentence"),
        (json!({"return_addresses": null}), "return_addresses"),
        (json!({"return_addresses": backs(11)}), "return_addresses"),
        (json!({"return_addresses": ["https://app.smith.example/"]}), "return_addresses[0]"),
        (json!({"return_addresses": [{"name": "app"}]}), "return_addresses[0].address"),
        (json!({"return_addresses": [back("app", "https://app.smith.example/"), 7]}), "return_addresses[1]"),
        (json!({"return_addresses": [back("app", "/back")]}), "return_addresses[0].address"),
        (json!({"return_addresses": [back("app", "javascript:alert(1)")]}), "return_addresses[0].address"),
        (json!({"return_addresses": [back("app", "https://app.smith.example/#x")]}), "return_addresses[0].address"),
        (json!({"return_addresses": [back("app", "https://app.smith.example#")]}), "return_addresses[0].address"),
        (json!({"return_addresses": [back("App", "https://app.smith.example/")]}), "return_addresses[0].name"),
        (json!({"return_addresses": [back("", "https://app.smith.example/")]}), "return_addresses[0].name"),
        (
            json!({"return_addresses": [back("aa", "https://a.example/"), back("aa", "https://b.example/")]}),
            "return_addresses[1].name",
        ),
    ] {
        let answer = put(&kit, body.clone()).await.problem(400, "invalid_request");
        assert_eq!(answer["field"], field, "{body}");
    }
    assert_eq!(kit.stored(), before);
    let most = json!({
        "places": vec![place(&"ü".repeat(80)); 8],
        "return_addresses": backs(10),
    });
    put(&kit, most).await.is(200);
    let twice = format!(r#"{{"places": [{{"name": "A", "name": "B", "address": "{}"}}]}}"#, "https://a.example/");
    let ask = Ask::new(Method::PUT, "/api/v1/settings").key(&kit.key).body(twice.as_bytes());
    assert_eq!(kit.send(ask).await.problem(400, "invalid_request")["field"], "places[0].name");
}

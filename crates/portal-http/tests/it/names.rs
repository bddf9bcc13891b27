//! S11: names can't speak.

use axum::http::Method;
use serde_json::json;

use crate::kit::{Ask, Kit, PASSWORD};

const NAUGHTY: [&str; 12] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "</title></head><body>",
    "&lt;b&gt;&amp;",
    "{{ 7 * 7 }} {% include x %}",
    "\r\nSet-Cookie: a=b",
    "\u{202e}gnp.exe",
    "\u{1b}[31mred",
    "-->]]><!--",
    "javascript:alert(1)",
    "𝕏 Ünï 日本語 \u{200d}",
];

/// Whether a name is refused at the door: it would speak in mails and terminals.
fn is_refused(name: &str) -> bool {
    name.chars().any(char::is_control)
}

/// The tags of a page with their attributes' names, in order.
fn structure(page: &str) -> Vec<String> {
    let tags = page.split('<').skip(1).map(|part| part.split('>').next().unwrap_or_default());
    tags.map(|tag| {
        let mut shape = String::new();
        for (index, part) in tag.split('"').enumerate() {
            if index % 2 == 0 {
                shape.push_str(part);
            }
        }
        shape
    })
    .collect()
}

async fn home(name: &str) -> String {
    let kit = Kit::new().await;
    kit.settle("a", "ada@smith.example").await;
    kit.host(Method::PUT, "/clients/acme", json!({"name": name})).await.is(200);
    kit.host(Method::PUT, "/clients/two", json!({"name": name})).await.is(201);
    kit.host(Method::PUT, "/contacts/a", json!({"name": name, "clients": ["acme", "two"]})).await.is(200);
    let line: String = name.chars().filter(|c| !c.is_control()).collect();
    kit.host(Method::PUT, "/settings", json!({"contact_line": line})).await.is(200);
    let cookie = kit.sign_in("ada@smith.example").await;
    kit.send(Ask::get("/portal/smith/").cookie(&cookie)).await.is(200).text
}

#[tokio::test]
async fn s11_names_leave_the_structure_of_a_page_as_it_is() {
    let plain = structure(&home("X").await);
    assert!(plain.len() > 20);
    for name in NAUGHTY.into_iter().filter(|name| !is_refused(name)) {
        assert_eq!(structure(&home(name).await), plain, "{name}");
    }
}

#[tokio::test]
async fn s11_names_that_could_speak_or_say_nothing_are_refused() {
    let kit = Kit::new().await;
    for name in NAUGHTY.into_iter().filter(|name| is_refused(name)).chain(["", " ", "\u{200b}\u{a0}"]) {
        for path in ["/clients/x", "/contacts/x"] {
            let problem = kit.host(Method::PUT, path, json!({"name": name})).await.problem(400, "invalid_request");
            assert_eq!(problem["field"], "name", "{name:?}");
        }
        let user = json!({"name": name, "email": "uma@p.example", "role": "staff"});
        kit.host(Method::PUT, "/practice-users/x", user).await.problem(400, "invalid_request");
    }
}

#[tokio::test]
async fn s11_what_is_typed_into_a_form_leaves_the_structure_as_it_is() {
    let kit = Kit::new().await;
    let mut shapes = Vec::new();
    for typed in ["X"].into_iter().chain(NAUGHTY) {
        let sign_in = Ask::form("/portal/smith/sign-in", &[("email", typed), ("password", PASSWORD)]);
        let reset = Ask::form("/portal/smith/forgot", &[("email", typed)]);
        let (sign_in, reset) = (kit.send(sign_in).await.is(401), kit.send(reset).await.is(200));
        assert!(sign_in.headers.get("set-cookie").is_none());
        shapes.push((structure(&sign_in.text), structure(&reset.text)));
    }
    assert!(shapes.iter().all(|shape| *shape == shapes[0]));
    let nul = Ask::form("/portal/smith/forgot", &[("email", "a\0b")]);
    kit.send(nul).await.is(400);
}

#[tokio::test]
async fn s11_refusals_name_people_as_data() {
    let kit = Kit::new().await;
    for name in NAUGHTY.into_iter().filter(|name| !is_refused(name)) {
        let user = json!({"name": name, "email": "uma@p.example", "role": "staff"});
        kit.host(Method::PUT, "/practice-users/u", user).await;
        let other = json!({"name": "B", "email": "uma@p.example", "role": "staff"});
        let problem = kit.host(Method::PUT, "/practice-users/v", other).await.problem(409, "email_taken");
        assert_eq!(problem["user"]["name"], name);
    }
}

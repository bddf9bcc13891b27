//! S11: names can't speak.

use axum::http::Method;
use portal_domain::{event::Caller, usecase::CallContext};
use serde_json::{Value, json};

use crate::{
    desk::{Desk, walk},
    kit::{Answer, Ask, Kit, PASSWORD},
};

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

/// A page: what was asked, its status and its structure.
type Seen = (String, u16, Vec<String>);

fn seen(what: &str, answer: &Answer) -> Seen {
    let html = answer.header("content-type").is_some_and(|kind| kind.starts_with("text/html"));
    let structure = if html { structure(&answer.text) } else { Vec::new() };
    (what.to_owned(), answer.status.as_u16(), structure)
}

/// A practice in which everything has the same name, as its staff see it, page by page.
async fn workspace(name: &str) -> Vec<Seen> {
    let desk = furnished(name).await;
    let mut all = Vec::new();
    for (_, path, _) in walk().into_iter().filter(|(method, ..)| *method == "GET") {
        all.push(seen(&path, &desk.kit.send(Ask::get(&path).cookie(&desk.admin)).await));
    }
    let look = async |path: &str| desk.kit.send(Ask::get(&format!("/workspace/smith{path}")).cookie(&desk.admin)).await;
    for path in ["/contacts?q=e", "/contacts/bob", "/contacts/bob/access/reactivate", "/clients/two", "/no-such-page"] {
        all.push(seen(path, &look(path).await));
    }
    for (path, field, value) in [
        ("/contacts/ada/emails/preview", "top", "home@smith.example"),
        ("/contacts/ada/emails/preview", "remove", "ada@smith.example"),
        ("/contacts/ada/emails/preview", "add", "boss@staff.example"),
        ("/contacts/ada/emails/preview", "add", "bob@smith.example"),
        ("/contacts/ada/emails/preview", "add", name),
        ("/contacts/ada/details", "name", ""),
        ("/new-contact", "emails", name),
        ("/new-contact", "clients", name),
        ("/clients", "name", ""),
        ("/clients/acme", "name", ""),
    ] {
        all.push(seen(&format!("{path} {field}"), &desk.post_as_admin(path, &[(field, value)]).await));
    }
    all
}

async fn furnished(name: &str) -> Desk {
    let desk = Desk::new().await;
    let put = async |path: &str, body: Value| drop(desk.kit.host(Method::PUT, path, body).await);
    let context = CallContext::new(desk.kit.practice.id, Caller::Program);
    desk.kit.portal.put_practice(&context, &desk.kit.practice.slug, name).await.expect("it is renamed");
    for (user, role) in [("boss", "admin"), ("sam", "staff")] {
        let email = format!("{user}@staff.example");
        put(&format!("/practice-users/{user}"), json!({"name": name, "email": email, "role": role})).await;
    }
    desk.kit.settle("ada", "ada@smith.example").await;
    for contact in ["bob", "cleo"] {
        desk.kit.invite(contact, &format!("{contact}@smith.example")).await;
    }
    desk.kit.host(Method::POST, "/contacts/bob/portal/deactivate", Value::Null).await.is(200);
    for client in ["acme", "two"] {
        put(&format!("/clients/{client}"), json!({"name": name})).await;
    }
    let emails = json!(["ada@smith.example", "home@smith.example"]);
    put("/contacts/ada", json!({"name": name, "emails": emails, "clients": ["acme", "two"]})).await;
    for contact in ["bob", "cleo"] {
        put(&format!("/contacts/{contact}"), json!({"name": name})).await;
    }
    put("/settings", json!({"contact_line": name, "invitation_note": name})).await;
    desk.kit.sign_in("ada@smith.example").await;
    desk.kit.seal().await;
    desk
}

#[tokio::test]
async fn s11_names_leave_the_structure_of_the_workspace_as_it_is() {
    let plain = workspace("X").await;
    let shown = plain.iter().filter(|(_, status, _)| *status == 200).count();
    assert!(shown >= 20, "{:?}", plain.iter().map(|(page, status, _)| (page, status)).collect::<Vec<_>>());
    for name in NAUGHTY.into_iter().filter(|name| !is_refused(name)) {
        for (page, expected) in workspace(name).await.iter().zip(&plain) {
            assert_eq!(page, expected, "{name}");
        }
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

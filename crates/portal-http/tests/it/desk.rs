//! The pages on which staff work: who gets there, what they find, and whom a page is for.

use std::collections::BTreeSet;

use axum::http::Method;
use portal_domain::{event::Caller, id::Ref, usecase::CallContext};
use serde_json::{Value, json};

use crate::kit::{Answer, Ask, Kit};

/// Staff of both roles, signed in to the workspace of `smith`.
pub(crate) struct Desk {
    pub(crate) kit: Kit,
    pub(crate) admin: String,
    pub(crate) staff: String,
}

impl Desk {
    pub(crate) async fn new() -> Self {
        let kit = Kit::new().await;
        for (who, role) in [("boss", "admin"), ("sam", "staff")] {
            let body = json!({"name": format!("The {who}"), "email": format!("{who}@staff.example"), "role": role});
            kit.host(Method::PUT, &format!("/practice-users/{who}"), body).await.is(201);
        }
        Self::again(kit).await
    }

    /// The same two, signed in anew.
    pub(crate) async fn again(kit: Kit) -> Self {
        let (admin, staff) = (session(&kit, "boss").await, session(&kit, "sam").await);
        Self { kit, admin, staff }
    }

    /// A page, as staff see it.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.kit.send(Ask::get(&format!("/workspace/smith{path}")).cookie(&self.staff)).await
    }

    /// A form that staff send.
    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.kit.send(Ask::form(&format!("/workspace/smith{path}"), fields).cookie(&self.staff)).await
    }

    pub(crate) async fn post_as_admin(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.kit.send(Ask::form(&format!("/workspace/smith{path}"), fields).cookie(&self.admin)).await
    }

    /// A contact with one client.
    pub(crate) async fn contact(&self, contact: &str, name: &str, emails: &[&str]) {
        self.kit.host(Method::PUT, "/clients/acme", json!({"name": "Acme Ltd"})).await;
        let body = json!({"name": name, "emails": emails, "clients": ["acme"]});
        self.kit.host(Method::PUT, &format!("/contacts/{contact}"), body).await.is(201);
    }

    /// A contact as the host sees it.
    pub(crate) async fn seen(&self, contact: &str) -> Value {
        self.kit.get(&format!("/contacts/{contact}")).await.is(200).json()
    }
}

/// The cookie of somebody whom a program has signed in.
async fn session(kit: &Kit, who: &str) -> String {
    let context = CallContext::new(kit.practice.id, Caller::Program);
    let who = Ref::parse(who).expect("a reference");
    let opened = kit.portal.open_workspace_session(&context, &who, None, None).await.expect("a session");
    format!("__Host-workspace-smith={}", opened.token.reveal())
}

/// What a page's form carries unseen.
pub(crate) fn hidden(page: &Answer, name: &str) -> String {
    let start = format!("<input type=\"hidden\" name=\"{name}\" value=\"");
    let rest = page.text.split_once(&start).unwrap_or_else(|| panic!("no `{name}` in {}", page.text)).1;
    rest.split_once('"').expect("an end").0.to_owned()
}

/// The text of a page, without marks.
pub(crate) fn words(page: &Answer) -> String {
    let parts = page.text.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text));
    parts.collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The paths of the table that are for staff, with things of the practice in place of their names.
pub(crate) fn walk() -> Vec<(&'static str, String, &'static str)> {
    let real = |path: &str| {
        let client = path.contains("/clients/");
        let path = path.replace("/settings/{group}", "/settings/look").replace("/mails/{name}", "/mails/activation");
        let path = path.replace("/users/{ref}", "/users/sam");
        path.replace("{practice}", "smith")
            .replace("{ref}", if client { "acme" } else { "ada" })
            .replace("{command}", "activate")
            .replace("{id}", "00000000-0000-7000-8000-000000000000")
    };
    let table = portal_http::workspace_table().into_iter().filter(|(.., who)| *who != "anybody");
    table.map(|(method, path, role)| (method, real(&path), role)).collect()
}

fn ask(method: &str, path: &str) -> Ask {
    if method == "GET" { Ask::get(path) } else { Ask::form(path, &[]) }
}

#[tokio::test]
async fn w1_whoever_is_not_signed_in_is_led_to_the_sign_in() {
    let desk = Desk::new().await;
    desk.kit.settle("eve", "eve@mail.example").await;
    let client = desk.kit.sign_in("eve@mail.example").await;
    let as_staff = client.replace("portal", "workspace");
    let before = desk.kit.stored();
    for (method, path, _) in walk() {
        for cookie in ["", &client, &as_staff] {
            let away = desk.kit.send(ask(method, &path).cookie(cookie)).await.is(303);
            assert_eq!(away.header("location"), Some("/workspace/smith/sign-in"), "{method} {path}");
            assert!(away.header("set-cookie").is_none());
        }
        let elsewhere = path.replace("smith", "jones");
        let away = desk.kit.send(ask(method, &elsewhere).cookie(&desk.admin)).await.is(303);
        assert_eq!(away.header("location"), Some("/workspace/jones/sign-in"), "{method} {path}");
    }
    assert_eq!(desk.kit.stored(), before);
}

#[tokio::test]
async fn w3_what_is_an_admins_is_refused_to_staff_and_not_shown_to_them() {
    let desk = Desk::new().await;
    desk.contact("ada", "Ada", &["ada@mail.example"]).await;
    let mut admins = BTreeSet::new();
    for (method, path, role) in walk() {
        let answer = desk.kit.send(ask(method, &path).cookie(&desk.staff)).await;
        assert_eq!(answer.status == 403, role == "admin", "{method} {path}");
        if role == "admin" {
            assert!(
                words(&answer).contains("only an admin of the practice may do this")
                    || words(&answer).contains("Only an admin")
            );
            admins.insert(path.clone());
        }
        assert_ne!(desk.kit.send(ask(method, &path).cookie(&desk.admin)).await.status, 403, "{method} {path}");
    }
    assert!(admins.contains("/workspace/smith/clients/acme/suspend"));
    let staff = desk.get("/clients/acme").await.is(200);
    assert!(!staff.text.contains("/suspend"));
    let admin = desk.kit.send(Ask::get("/workspace/smith/clients/acme").cookie(&desk.admin)).await.is(200);
    assert!(admin.text.contains("/suspend"));
}

#[tokio::test]
async fn looking_changes_nothing_and_no_other_site_can_post() {
    let desk = Desk::new().await;
    desk.contact("ada", "Ada", &["ada@mail.example"]).await;
    let before = desk.kit.stored();
    for (method, path, _) in walk() {
        if method == "GET" {
            desk.kit.send(Ask::get(&path).cookie(&desk.admin)).await;
            continue;
        }
        let form = || Ask::form(&path, &[]).cookie(&desk.admin);
        desk.kit.send(form().without("sec-fetch-site")).await.is(403);
        desk.kit.send(form().without("sec-fetch-site").with("sec-fetch-site", "cross-site")).await.is(403);
        desk.kit.send(form().without("origin").with("origin", "https://evil.example")).await.is(403);
    }
    assert_eq!(desk.kit.stored(), before);
}

#[tokio::test]
async fn every_page_says_whose_workspace_it_is_and_who_is_signed_in() {
    let desk = Desk::new().await;
    desk.contact("ada", "Ada", &["ada@mail.example"]).await;
    for path in [
        "/",
        "/contacts",
        "/new-contact",
        "/contacts/ada",
        "/clients",
        "/clients/acme",
        "/contacts/ada/access/activate",
        "/me",
        "/password",
    ] {
        let page = desk.get(path).await.is(200);
        let text = words(&page);
        assert!(text.contains("Workspace smith &#38; Partners") && text.contains("The sam staff"), "{path}: {text}");
        assert!(text.contains("Roll-out Contacts Clients"), "{path}");
        let ways = ["", "me"].map(|way| format!("href=\"/workspace/smith/{way}\""));
        assert!(ways.iter().all(|way| page.text.contains(way)), "{path}");
        let inline = page.text.replace("<script src=\"/assets/lists-", "");
        assert_eq!(inline.contains("<script"), path == "/password", "{path}");
        assert!(page.text.len() < 60_000, "{path}");
        assert_eq!(page.header("cache-control"), Some("no-store"), "{path}");
    }
    let short = desk.get("").await.is(303);
    assert_eq!(short.header("location"), Some("/workspace/smith/"));
    let lost = desk.get("/contacts/nobody").await.is(404);
    assert!(words(&lost).contains("This is not here") && words(&lost).contains("The sam staff"));
    desk.get("/contacts/ada/access/nonsense").await.is(404);
    let other = desk.post("/sessions/nonsense", &[]).await.is(404);
    assert!(words(&other).contains("This is not here") && words(&other).contains("The sam staff"));
}

#[tokio::test]
async fn signing_out_ends_the_session_and_takes_the_cookie() {
    let desk = Desk::new().await;
    let out = desk.post("/sign-out", &[]).await.is(303);
    assert!(
        out.header("set-cookie").is_some_and(|line| line.starts_with("__Host-workspace-smith=; Path=/; Max-Age=0"))
    );
    desk.get("/").await.is(303);
    desk.kit.send(Ask::get("/workspace/smith/").cookie(&desk.admin)).await.is(200);
}

#[tokio::test]
async fn contacts_are_found_by_name_address_status_and_client() {
    let desk = Desk::new().await;
    assert!(words(&desk.get("/contacts").await).contains("There is no contact yet."));
    desk.contact("ada", "Ada Lovelace", &["ada@mail.example"]).await;
    desk.contact("bob", "Bob Hope", &[]).await;
    desk.kit.host(Method::POST, "/contacts/ada/portal/activate", Value::Null).await.is(200);
    let all = words(&desk.get("/contacts").await.is(200));
    assert!(all.contains("Ada Lovelace ada@mail.example Invited No password was set yet."), "{all}");
    assert!(all.contains("Bob Hope no address Not activated There is no email address."), "{all}");
    for (query, ada, bob) in [
        ("q=lovel", true, false),
        ("q=MAIL.example", true, false),
        ("status=not_activated", false, true),
        ("status=nonsense", true, true),
        ("client=acme", true, true),
        ("q=hope&status=invited", false, false),
    ] {
        let page = desk.get(&format!("/contacts?{query}")).await.is(200);
        assert_eq!(page.text.contains("Ada Lovelace"), ada, "{query}");
        assert_eq!(page.text.contains("Bob Hope"), bob, "{query}");
        assert!(ada || bob || words(&page).contains("Nobody is like that."), "{query}");
    }
    desk.get("/contacts?client=nobody").await.is(404);
}

#[tokio::test]
async fn e3_a_whole_address_finds_whoever_has_it_in_whatever_spelling() {
    let desk = Desk::new().await;
    desk.contact("ada", "Ada", &["ada@mail.example", "ada@müller.example"]).await;
    desk.contact("bob", "Bob", &["bob@müller.example"]).await;
    let page = desk.get("/contacts?q=ADA%40xn--mller-kva.example").await.is(200);
    assert!(page.text.contains("ada@mail.example") && !page.text.contains("Bob"));
    // What is a whole address to nobody may be a part of one.
    assert!(desk.get("/contacts?q=da%40mail.example").await.is(200).text.contains("ada@mail.example"));
}

#[tokio::test]
async fn a_long_list_has_pages_that_keep_what_was_asked() {
    let desk = Desk::new().await;
    for number in 0..60 {
        desk.contact(&format!("c{number:02}"), &format!("Same Person{number:02}"), &[]).await;
    }
    desk.contact("other", "Other", &[]).await;
    let first = desk.get("/contacts?q=same&status=not_activated").await.is(200);
    assert!(first.text.contains("Person49") && !first.text.contains("Person50"));
    let before = first.text.split_once(">Next page<").expect("a next page").0;
    let next = before.rsplit_once("href=\"").expect("where it is").1.trim_end_matches('"').replace("&#38;", "&");
    let path = next.strip_prefix("/workspace/smith").expect("a path");
    assert!(path.contains("q=same") && path.contains("status=not_activated"), "{path}");
    let second = desk.get(path).await.is(200);
    assert!(second.text.contains("Person50") && second.text.contains("Person59"));
    assert!(!second.text.contains("Person49") && !second.text.contains("Other") && !second.text.contains("Next page"));
}

#[tokio::test]
async fn clients_are_added_renamed_suspended_and_resumed() {
    let desk = Desk::new().await;
    assert!(words(&desk.get("/clients").await).contains("There is no client here."));
    let made = hidden(&desk.get("/clients").await, "made");
    let place = format!("/clients/{made}");
    for _ in 0..2 {
        let done = desk.post("/clients", &[("made", &made), ("name", "Acme Ltd")]).await.is(303);
        assert_eq!(done.header("location"), Some(&*format!("/workspace/smith{place}")));
    }
    assert!(
        words(&desk.post("/clients", &[("made", "x"), ("name", " ")]).await.is(422)).contains("The name is missing.")
    );
    desk.post(&place, &[("name", "Acme & Sons")]).await.is(303);
    assert!(words(&desk.post(&place, &[("name", "")]).await.is(422)).contains("The name is missing."));
    desk.post_as_admin(&format!("{place}/suspend"), &[]).await.is(303);
    let seen = || async { desk.kit.get(&format!("/clients/{made}")).await.json() };
    assert_eq!(seen().await, json!({"ref": made, "name": "Acme & Sons", "suspended": true}));
    assert!(words(&desk.get("/clients").await).contains("Acme &#38; Sons suspended"));
    desk.post_as_admin(&format!("{place}/resume"), &[]).await.is(303);
    assert_eq!(seen().await["suspended"], false);
}

#[tokio::test]
async fn the_first_page_counts_who_can_get_in() {
    let desk = Desk::new().await;
    assert!(words(&desk.get("/").await).contains("There is no contact yet."));
    desk.kit.settle("eve", "eve@mail.example").await;
    desk.kit.invite("ida", "ida@mail.example").await;
    desk.contact("bob", "Bob", &["sam@staff.example"]).await;
    let page = desk.get("/").await.is(200);
    let text = words(&page);
    assert!(text.contains("1 of 3 contacts can get in."), "{text}");
    assert!(text.contains("1 Can get in 1 Invited 1 Can’t be activated"), "{text}");
    assert!(page.text.contains("href=\"/workspace/smith/contacts?status=conflict\""));
    assert!(words(&desk.get("/contacts?status=conflict").await).contains("Bob sam@staff.example"));
}

#[tokio::test]
async fn whatever_is_typed_stays_text() {
    let desk = Desk::new().await;
    let shape = |page: &Answer| {
        let tags = page.text.split('<').skip(1).map(|tag| tag.split(['>', ' ']).next().unwrap_or_default().to_owned());
        tags.collect::<Vec<_>>()
    };
    let pages = ["/contacts/x", "/contacts", "/clients/acme", "/clients", "/contacts/x/access/activate", "/"];
    let mut plain = Vec::new();
    for name in ["X", "\"><script>alert(1)</script>", "{{7*7}}", "\u{202e}abc", "' onload=x", "&lt;b&gt;"] {
        desk.kit.host(Method::PUT, "/clients/acme", json!({"name": name})).await;
        let body = json!({"name": name, "emails": ["x@mail.example"], "clients": ["acme"]});
        desk.kit.host(Method::PUT, "/contacts/x", body).await;
        let mut shapes = Vec::new();
        for path in pages {
            shapes.push(shape(&desk.get(path).await.is(200)));
        }
        if plain.is_empty() {
            plain.clone_from(&shapes);
        }
        assert_eq!(shapes, plain, "{name}");
    }
}

//! The pages, as a browser without scripts goes through them.

use std::time::{Duration, SystemTime};

use axum::http::Method;
use serde_json::{Value, json};

use crate::kit::{Ask, Kit, OTHER_PASSWORD, PASSWORD};

/// The pages that are walked by a real browser.
const WALKED: &str = include_str!("../../../../xtask/e2e/pages.txt");

#[test]
fn the_browser_tests_know_every_page() {
    let portal = portal_http::portal_table().into_iter().map(|(method, path)| format!("{method} {path}\n"));
    let workspace = portal_http::workspace_table().into_iter().map(|(method, path, _)| format!("{method} {path}\n"));
    let mut rows: Vec<_> = portal.chain(workspace).collect();
    rows.sort_unstable();
    let list = rows.concat();
    assert!(list == WALKED, "xtask/e2e/pages.txt is stale, it has to be:\n{list}");
}

#[tokio::test]
async fn a_client_goes_from_the_mail_to_the_portal_and_out_again() {
    let kit = Kit::new().await;
    kit.host(Method::PUT, "/settings", json!({"contact_line": "Call 0123 456"})).await.is(200);
    kit.invite("a", "Ada@smith.example").await;
    let token = kit.tokens().await.pop().expect("a link");
    let path = format!("/portal/smith/link/{token}");
    let page = kit.send(Ask::get(&path)).await.is(200).text;
    assert!(page.contains(&format!(r#"<form method="post" action="{path}">"#)));
    assert!(page.contains(r#"autocomplete="new-password""#) && page.contains(r#"autocomplete="username""#));
    assert!(page.contains(r#"value="Ada@smith.example""#) && page.contains("At least 12 characters"));
    assert!(page.contains("Call 0123 456"));
    let set = kit.send(Ask::form(&path, &[("password", PASSWORD), ("repeated", PASSWORD)])).await.is(200);
    assert!(set.text.contains("<h1>Sign in</h1>") && set.text.contains(r#"value="Ada@smith.example""#));
    assert!(set.text.contains(r#"action="/portal/smith/sign-in""#));
    let form = Ask::form("/portal/smith/sign-in", &[("email", "ada@smith.example"), ("password", PASSWORD)]);
    let signed_in = kit.send(form).await.is(303);
    assert_eq!(signed_in.header("location"), Some("/portal/smith/"));
    let cookie = signed_in.cookie();
    let home = kit.send(Ask::get("/portal/smith/").cookie(&cookie)).await.is(200).text;
    assert!(home.contains("Ada@smith.example") && home.contains("Acme Ltd") && home.contains("Person a"));
    let out = kit.send(Ask::form("/portal/smith/sign-out", &[]).cookie(&cookie)).await.is(303);
    assert_eq!(out.header("location"), Some("/portal/smith/sign-in"));
    assert_eq!(out.cookie(), "__Host-portal-smith=");
    kit.send(Ask::get("/portal/smith/").cookie(&cookie)).await.is(303);
    assert_eq!(kit.send(Ask::get("/portal/smith")).await.is(303).header("location"), Some("/portal/smith/"));
    kit.send(Ask::form("/portal/smith/sign-out", &[]).cookie(&cookie)).await.is(303);
}

#[tokio::test]
async fn a_fault_is_told_at_the_field_it_is_in() {
    let kit = Kit::new().await;
    kit.invite("a", "ada@smith.example").await;
    let path = format!("/portal/smith/link/{}", kit.tokens().await.pop().expect("a link"));
    let before = kit.stored_but_openings();
    let short = kit.send(Ask::form(&path, &[("password", "short"), ("repeated", "short")])).await.is(422).text;
    assert!(short.contains(r##"<a href="#password">The password is too short"##));
    assert!(short.contains(r#"name="password" type="password" autocomplete="new-password" required aria-describedby="hint rules password-fault" aria-invalid="true""#));
    assert!(!short.contains("short\""), "what was typed is not sent back");
    let twice = [("password", PASSWORD), ("repeated", OTHER_PASSWORD)];
    let twice = kit.send(Ask::form(&path, &twice)).await.is(422).text;
    assert!(twice.contains(r##"<a href="#repeated">The two passwords are not the same"##));
    kit.send(Ask::form(&path, &[])).await.is(400);
    assert_eq!(kit.stored_but_openings(), before);
}

#[tokio::test]
async fn a5_a_login_chooses_among_its_profiles_and_is_told_where_there_is_none() {
    let kit = Kit::new().await;
    kit.settle("a", "ada@smith.example").await;
    kit.host(Method::PUT, "/clients/two", json!({"name": "Two Ltd"})).await.is(201);
    kit.host(Method::PUT, "/contacts/a", json!({"clients": ["acme", "two"]})).await.is(200);
    let cookie = kit.sign_in("ada@smith.example").await;
    let home = kit.send(Ask::get("/portal/smith/").cookie(&cookie)).await.is(200).text;
    assert!(home.contains("What do you want to look at?") && !home.contains("aria-current"));
    let id = home.split(r#"name="profile" value=""#).nth(2).and_then(|part| part.split('"').next()).expect("a profile");
    kit.send(Ask::form("/portal/smith/profile", &[("profile", id)]).cookie(&cookie)).await.is(303);
    let chosen = kit.send(Ask::get("/portal/smith/").cookie(&cookie)).await.text;
    assert!(chosen.contains(&format!(r#"value="{id}" aria-current="true""#)));
    kit.send(Ask::form("/portal/smith/profile", &[("profile", "x")]).cookie(&cookie)).await.is(404);
    let nobody = kit.send(Ask::form("/portal/smith/profile", &[("profile", id)])).await.is(303);
    assert_eq!(nobody.header("location"), Some("/portal/smith/sign-in"));
    for client in ["acme", "two"] {
        kit.host(Method::POST, &format!("/clients/{client}/suspend"), Value::Null).await.is(200);
    }
    let none = kit.send(Ask::get("/portal/smith/").cookie(&cookie)).await.is(200).text;
    assert!(none.contains("There is nothing here for you at the moment"));
}

#[tokio::test]
async fn a_failed_sign_in_offers_the_way_on_and_keeps_what_was_typed() {
    let kit = Kit::new().await;
    let form = Ask::form("/portal/smith/sign-in", &[("email", "who@ever.example"), ("password", "secret words")]);
    let page = kit.send(form).await.is(401).text;
    assert!(page.contains(r#"role="alert""#) && page.contains(r##"<a href="#email">"##));
    assert!(page.contains(r#"value="who@ever.example""#) && !page.contains("secret words"));
    assert!(page.contains("/portal/smith/forgot") && page.contains("Please ask"));
    assert!(page.contains("These are the usual causes") && page.contains("Still no luck? Please ask"));
    // The address is kept, in a form and never in an address.
    let kept = r#"<input type="hidden" name="email" value="who@ever.example">"#;
    assert!(page.contains(kept) && !page.contains("?email"));
    let asked = kit.send(Ask::form("/portal/smith/forgot", &[("email", "who@ever.example")])).await.is(200).text;
    for part in ["who@ever.example", "What happens next", "If no mail comes", "usual causes", "Still no luck?"] {
        assert!(asked.contains(part), "{part}");
    }
    kit.host(Method::PUT, "/settings", json!({"contact_line": "Call <b>"})).await.is(200);
    let empty = Ask::form("/portal/smith/sign-in", &[("email", ""), ("password", "x")]);
    let empty = kit.send(empty).await.is(401).text;
    assert!(empty.contains(r#"<a href="/portal/smith/forgot">Ask for a link"#));
    assert!(empty.contains("Still no luck? <bdi>Call &#60;b&#62;</bdi>"));
}

#[tokio::test]
async fn errors_are_pages_for_people() {
    let kit = Kit::new().await;
    for path in ["/portal/nobody/sign-in", "/portal/smith/nothing", "/portal/smith/link/unknown", "/portal/"] {
        let page = kit.send(Ask::get(path)).await.is(404);
        assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"), "{path}");
        assert!(page.text.contains("<h1>This page does not exist</h1>"));
    }
    let wrong =
        kit.send(Ask::new(Method::DELETE, "/portal/smith/sign-in").with("sec-fetch-site", "none")).await.is(405);
    assert!(wrong.header("allow").is_some());
    let json = Ask::form("/portal/smith/forgot", &[]).without("content-type").with("content-type", "application/json");
    kit.send(json).await.is(400);
}

#[tokio::test]
async fn the_demo_shows_captured_mail_and_nobody_else_does() {
    let kit = Kit::at("http://127.0.0.1:8080").await;
    kit.send(Ask::get("/demo/mail")).await.problem(404, "not_found");
    let folder = std::env::temp_dir().join(format!("portal-http-mail-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let mail = |subject: &str| {
        format!(
            "To: ada@smith.example\r\nSubject: {subject}\r\nDate: Mon, 2 Mar 2026 12:00:00 +0000\r\n\
             Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\
             Content-Transfer-Encoding: quoted-printable\r\n\r\nHello=21 http://127.0.0.1:8080/portal/smith/link/abc\r\n\
             --b\r\nContent-Type: text/html\r\n\r\n<p>html</p>\r\n--b--\r\n"
        )
    };
    for (name, subject, age) in [("2.eml", "Older", 60), ("1.eml", "Newer", 0)] {
        let path = folder.join(name);
        std::fs::write(&path, mail(subject)).expect("written");
        let file = std::fs::File::options().append(true).open(&path).expect("a file");
        file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000 - age)).expect("a time");
    }
    std::fs::write(folder.join("notes.txt"), "no mail").expect("written");
    let shown = folder.clone();
    let kit = Kit::with("http://127.0.0.1:8080", |app| app.config.demo_mail = Some(shown)).await;
    let page = kit.send(Ask::get("/demo/mail")).await.is(200).text;
    assert!(page.find("Newer").expect("one") < page.find("Older").expect("the other"));
    assert_eq!(page.matches("<article>").count(), 2);
    assert!(page.contains(r#"Hello! <a href="http://127.0.0.1:8080/portal/smith/link/abc">"#));
    assert!(!page.contains("<p>html</p>"));
    std::fs::remove_dir_all(&folder).expect("removed");
}

#[tokio::test]
async fn the_script_is_an_asset_that_forms_with_a_password_name() {
    let kit = Kit::new().await;
    kit.invite("a", "ada@smith.example").await;
    let link = format!("/portal/smith/link/{}", kit.tokens().await.pop().expect("a link"));
    let source =
        |page: &str| page.split(r#"<script src=""#).nth(1).and_then(|part| part.split('"').next().map(str::to_owned));
    let page = kit.send(Ask::get(&link)).await.is(200);
    let path = source(&page.text).expect("a script");
    let script = kit.send(Ask::get(&path)).await.is(200);
    assert_eq!(script.header("content-type"), Some("text/javascript; charset=utf-8"));
    assert_eq!(script.header("cache-control"), Some("public, max-age=31536000, immutable"));
    let tag = script.header("etag").expect("a tag").to_owned();
    kit.send(Ask::get(&path).with("if-none-match", &tag)).await.is(304);
    assert_eq!(source(&kit.send(Ask::get("/portal/smith/sign-in")).await.text).as_deref(), Some(&*path));
    assert_eq!(source(&kit.send(Ask::get("/portal/smith/forgot")).await.text), None);
    // What it makes of the page stands there without it too.
    assert!(page.text.contains("smith &#38; Partners") && page.text.contains("<bdi>ada@smith.example</bdi>"));
    for part in ["At least 12 characters", "Twice the same", r#"data-least="12""#, r#"data-show="Show password""#] {
        assert!(page.text.contains(part), "{part}");
    }
}

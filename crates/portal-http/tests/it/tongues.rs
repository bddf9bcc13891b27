//! The language of the pages: the contact's, else the browser's, else the practice's.

use axum::http::Method;
use serde_json::json;

use crate::kit::{Ask, Kit, OTHER_PASSWORD, PASSWORD};

const GERMAN: &str = "de-AT,de;q=0.9,en;q=0.5";

fn german(ask: Ask) -> Ask {
    ask.with("accept-language", GERMAN)
}

fn is_in(page: &str, tongue: &str) -> bool {
    page.contains(&format!(r#"<html lang="{tongue}">"#))
}

#[tokio::test]
async fn whoever_is_not_known_reads_the_language_of_the_browser() {
    let kit = Kit::new().await;
    for (path, words) in [
        ("/portal/smith/sign-in", "<h1>Anmelden</h1>"),
        ("/portal/smith/forgot", "<h1>Ein neues Passwort festlegen</h1>"),
        ("/", "<h1>Ihr Portal finden</h1>"),
        ("/portal/smith/nothing", "<h1>Diese Seite gibt es nicht</h1>"),
        ("/portal/smith/sign-in?return=none", "<h1>Wir kennen den Weg zurück nicht</h1>"),
    ] {
        let page = kit.send(german(Ask::get(path))).await.text;
        assert!(is_in(&page, "de") && page.contains(words), "{path}: {page}");
        assert!(is_in(&kit.send(Ask::get(path)).await.text, "en"), "{path}");
        assert!(is_in(&kit.send(Ask::get(path).with("accept-language", "fr")).await.text, "en"), "{path}");
    }
    let wrong = [("email", "a@b.example"), ("password", "wrong")];
    let failed = kit.send(german(Ask::form("/portal/smith/sign-in", &wrong))).await.is(401).text;
    assert!(failed.contains(r##"Die <a href="#email">E-Mail-Adresse</a> oder das <a href="#password">Passwort</a>"##));
    assert!(failed.contains("Bitte wenden Sie sich wie gewohnt an <bdi>smith &#38; Partners</bdi>."));
    let elsewhere = kit.send(german(Ask::get("/portal/smith/").with("host", "old.example"))).await.is(421).text;
    assert!(elsewhere.contains("Weiter zu portal.example"));
    kit.host(Method::PUT, "/settings", json!({"locale": "de-CH"})).await.is(200);
    assert!(
        is_in(&kit.send(Ask::get("/portal/smith/sign-in")).await.text, "de"),
        "the practice's, where none is asked for"
    );
    assert!(is_in(&kit.send(Ask::get("/portal/smith/sign-in").with("accept-language", "en")).await.text, "en"));
}

#[tokio::test]
async fn a_contact_reads_its_own_language_whatever_the_browser_asks_for() {
    let kit = Kit::new().await;
    kit.invite("a", "ada@smith.example").await;
    kit.host(Method::PUT, "/contacts/a", json!({"locale": "de"})).await.is(200);
    let link = format!("/portal/smith/link/{}", kit.tokens().await.pop().expect("a link"));
    let english = |ask: Ask| ask.with("accept-language", "en");
    let page = kit.send(english(Ask::get(&link))).await.is(200).text;
    assert!(is_in(&page, "de") && page.contains("Mindestens 12 Zeichen"), "{page}");
    let short = kit.send(english(Ask::form(&link, &[("password", "kurz"), ("repeated", "kurz")]))).await.is(422).text;
    assert!(short.contains(r##"<a href="#password">Das Passwort ist zu kurz: Nehmen Sie mindestens 12 Zeichen"##));
    let set = kit.send(english(Ask::form(&link, &[("password", PASSWORD), ("repeated", PASSWORD)]))).await.is(200).text;
    assert!(is_in(&set, "de") && set.contains("Ihr Passwort ist festgelegt."));
    let cookie = kit.sign_in("ada@smith.example").await;
    let home = kit.send(english(Ask::get("/portal/smith/").cookie(&cookie))).await.is(200).text;
    assert!(is_in(&home, "de") && home.contains("für <bdi>Person a</bdi>"), "{home}");
    assert!(home.contains("<strong>Ein Browser</strong> (dieser hier)") && home.contains(">gerade eben</time>"));
    let fields = [("current", "falsch"), ("password", OTHER_PASSWORD), ("repeated", OTHER_PASSWORD)];
    let wrong = kit.send(english(Ask::form("/portal/smith/password", &fields).cookie(&cookie))).await.is(422).text;
    assert!(wrong.contains(r##"<a href="#current">Das bisherige Passwort stimmt nicht."##));
    // A language that nobody wrote is like none.
    kit.host(Method::PUT, "/contacts/a", json!({"locale": "fr"})).await.is(200);
    assert!(is_in(&kit.send(english(Ask::get("/portal/smith/").cookie(&cookie))).await.text, "en"));
}

#[tokio::test]
async fn p2_a_closed_link_speaks_the_browsers_language_whatever_became_of_its_contact() {
    let kit = Kit::new().await;
    kit.invite("a", "ada@smith.example").await;
    kit.host(Method::PUT, "/contacts/a", json!({"locale": "de"})).await.is(200);
    let link = format!("/portal/smith/link/{}", kit.tokens().await.pop().expect("a link"));
    let set = [("password", PASSWORD), ("repeated", PASSWORD)];
    kit.send(Ask::form(&link, &set)).await.is(200);
    let mut pages = Vec::new();
    for deed in ["", "/contacts/a/portal/deactivate"] {
        if !deed.is_empty() {
            kit.host(Method::POST, deed, json!({})).await.is(200);
        }
        let seen = kit.send(Ask::get(&link).with("accept-language", "en")).await.is(200);
        let tried = kit.send(Ask::form(&link, &set).with("accept-language", "en")).await.is(410);
        assert!(is_in(&seen.text, "en") && is_in(&tried.text, "en"), "{}", seen.text);
        pages.push((seen, tried));
    }
    assert_eq!(pages[0], pages[1]);
    assert!(is_in(&kit.send(german(Ask::get(&link))).await.text, "de"));
}

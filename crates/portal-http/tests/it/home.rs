//! The page after signing in: who one is, what one looks at, where one is signed in, and one's password.

use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};

use crate::kit::{Answer, Ask, Kit, OTHER_PASSWORD, PASSWORD};

const HOME: &str = "/portal/smith/";
const FIREFOX: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0";

/// Ada, with two clients.
async fn kit() -> Kit {
    let kit = Kit::new().await;
    kit.settle("a", "ada@smith.example").await;
    kit.host(Method::PUT, "/clients/two", json!({"name": "Two Ltd"})).await.is(201);
    kit.host(Method::PUT, "/contacts/a", json!({"clients": ["acme", "two"]})).await.is(200);
    kit
}

/// Signs Ada in by the form, from an address and in a browser.
async fn sign_in(kit: &Kit, more: &[(&str, &str)]) -> Answer {
    let fields = [&[("email", "ada@smith.example"), ("password", PASSWORD)], more].concat();
    let form = Ask::form("/portal/smith/sign-in", &fields).from("203.0.113.7").with("user-agent", FIREFOX);
    kit.send(form).await.is(303)
}

async fn home(kit: &Kit, cookie: &str) -> String {
    kit.send(Ask::get(HOME).cookie(cookie)).await.is(200).text
}

async fn profile_ids(kit: &Kit, cookie: &str) -> Vec<String> {
    let session = kit.send(Ask::get("/portal/smith/api/session").cookie(cookie)).await.is(200).json();
    let profiles = session["profiles"].as_array().expect("profiles");
    profiles.iter().map(|profile| profile["id"].as_str().expect("an id").to_owned()).collect()
}

#[tokio::test]
async fn a_link_carries_a_profile_and_a_button_switches_to_it() {
    let kit = kit().await;
    let cookie = kit.sign_in("ada@smith.example").await;
    let ids = profile_ids(&kit, &cookie).await;
    kit.send(Ask::form("/portal/smith/profile", &[("profile", &ids[0])]).cookie(&cookie)).await.is(303);
    let linked = |id: &str| Ask::get(&format!("{HOME}?profile={id}")).cookie(&cookie);
    let before = kit.stored();
    let page = kit.send(linked(&ids[1])).await.is(200).text;
    assert!(page.contains("The link you followed is about <strong><bdi>Two Ltd</bdi></strong>"));
    assert!(page.contains(&format!(r#"name="profile" value="{}">Switch and continue"#, ids[1])));
    assert_eq!(kit.stored(), before, "looking changes nothing");
    assert!(!kit.send(linked(&ids[0])).await.is(200).text.contains("The link you followed"));
    kit.send(Ask::form("/portal/smith/profile", &[("profile", &ids[1])]).cookie(&cookie)).await.is(303);
    assert!(!kit.send(linked(&ids[1])).await.is(200).text.contains("The link you followed"));
}

#[tokio::test]
async fn s9_a_profile_of_others_is_answered_like_one_that_is_none() {
    let kit = kit().await;
    let (ada, body) = (kit.sign_in("ada@smith.example").await, json!({"name": "Secret Ltd"}));
    kit.host(Method::PUT, "/clients/secret", body).await.is(201);
    kit.settle("b", "bob@smith.example").await;
    kit.host(Method::PUT, "/contacts/b", json!({"clients": ["secret"]})).await.is(200);
    let bob = kit.sign_in("bob@smith.example").await;
    let foreign = profile_ids(&kit, &bob).await.remove(0);
    let mut pages = Vec::new();
    for id in [&*foreign, &"A".repeat(43), "", "nonsense", "%00%22%3E"] {
        let page = kit.send(Ask::get(&format!("{HOME}?profile={id}")).cookie(&ada)).await.is(200);
        assert!(page.text.contains("something that you can’t look at") && !page.text.contains("Secret"), "{id}");
        pages.push(page);
    }
    assert!(pages.iter().all(|page| *page == pages[0]));
}

#[tokio::test]
async fn a_profile_is_kept_in_mind_until_one_is_signed_in() {
    let kit = kit().await;
    let cookie = kit.sign_in("ada@smith.example").await;
    let id = profile_ids(&kit, &cookie).await.remove(1);
    let away = kit.send(Ask::get(&format!("{HOME}?profile={id}"))).await.is(303);
    let place = format!("/portal/smith/sign-in?profile={id}");
    assert_eq!(away.header("location"), Some(&*place));
    let hidden = format!(r#"<input type="hidden" name="profile" value="{id}">"#);
    assert!(kit.send(Ask::get(&place)).await.is(200).text.contains(&hidden));
    let other = kit.send(Ask::get(&place).cookie(&cookie)).await.is(200).text;
    assert!(other.contains(&format!(r#"<a href="/portal/smith/?profile={id}">Go on as"#)));
    let wrong = [("email", "ada@smith.example"), ("password", "wrong"), ("profile", &*id)];
    let wrong = kit.send(Ask::form("/portal/smith/sign-in", &wrong)).await.is(401);
    assert!(wrong.text.contains(&hidden));
    let signed_in = sign_in(&kit, &[("profile", &id)]).await;
    assert_eq!(signed_in.header("location"), Some(&*format!("{HOME}?profile={id}")));
    let nonsense = kit.send(Ask::get(&format!("{HOME}?profile=https://evil.example"))).await.is(303);
    assert_eq!(nonsense.header("location"), Some("/portal/smith/sign-in"));
}

#[tokio::test]
async fn places_of_the_practice_are_shown_with_their_hosts() {
    let kit = kit().await;
    let cookie = kit.sign_in("ada@smith.example").await;
    assert!(!home(&kit, &cookie).await.contains("Where to from here"));
    let places = json!([
        {"name": "Papers <1>", "address": "https://papers.smith.example/in?a=b&c", "sentence": "Your papers & ours"},
        {"name": "Help", "address": "https://help.example", "sentence": ""},
    ]);
    kit.host(Method::PUT, "/settings", json!({"places": places})).await.is(200);
    let page = home(&kit, &cookie).await;
    assert!(page.contains("<bdi>Papers &#60;1&#62;</bdi>") && page.contains("Your papers &#38; ours"));
    assert!(page.contains(r#"<a href="https://papers.smith.example/in?a=b&#38;c">"#));
    assert!(page.contains(">papers.smith.example<") && page.contains(">help.example<"));
}

#[tokio::test]
async fn p3_one_sees_where_one_is_signed_in_and_signs_out_there() {
    let kit = kit().await;
    let mine = sign_in(&kit, &[]).await.cookie();
    assert!(!home(&kit, &mine).await.contains("Sign out everywhere else"));
    kit.clock.advance(Duration::from_secs(120));
    let (second, third) = (kit.sign_in("ada@smith.example").await, kit.sign_in("ada@smith.example").await);
    kit.clock.advance(Duration::from_secs(60));
    let page = home(&kit, &mine).await;
    assert!(page.contains("<strong>Firefox on Windows</strong> (this one)"), "{page}");
    assert!(page.contains(">3 minutes ago</time> from 203.0.113.7"), "{page}");
    assert_eq!(page.matches("<strong>A browser</strong>").count(), 2);
    assert_eq!(page.matches("last used 1 minute ago").count(), 2);
    let ids: Vec<_> =
        page.split(r#"name="session" value=""#).skip(1).filter_map(|part| part.split('"').next()).collect();
    assert_eq!(ids.len(), 2, "all but this one can be ended by themselves");
    let end = |fields: &[(&str, &str)]| Ask::form("/portal/smith/sessions", fields).cookie(&mine);
    let done = kit.send(end(&[("session", ids[0])])).await.is(303);
    assert_eq!(done.header("location"), Some("/portal/smith/#sessions"));
    for gone in [ids[0], "nonsense"] {
        kit.send(end(&[("session", gone)])).await.is(303);
    }
    assert_eq!(home(&kit, &mine).await.matches("Sign out there").count(), 1);
    kit.send(end(&[])).await.is(303);
    for cookie in [second, third] {
        kit.send(Ask::get(HOME).cookie(&cookie)).await.is(303);
    }
    assert!(!home(&kit, &mine).await.contains("Sign out there"));
    let nobody = kit.send(Ask::form("/portal/smith/sessions", &[])).await.is(303);
    assert_eq!(nobody.header("location"), Some("/portal/smith/sign-in"));
}

#[tokio::test]
async fn s9_nobody_ends_the_session_of_another() {
    let kit = kit().await;
    kit.settle("b", "bob@smith.example").await;
    let (ada, bob) = (kit.sign_in("ada@smith.example").await, kit.sign_in("bob@smith.example").await);
    let of_bob = kit.send(Ask::get("/portal/smith/api/sessions").cookie(&bob)).await.is(200).json();
    let id = of_bob["items"][0]["id"].as_str().expect("an id");
    kit.send(Ask::form("/portal/smith/sessions", &[("session", id)]).cookie(&ada)).await.is(303);
    kit.send(Ask::get(HOME).cookie(&bob)).await.is(200);
}

#[tokio::test]
async fn p3_a_password_is_changed_on_a_page() {
    let kit = kit().await;
    let (mine, other) = (kit.sign_in("ada@smith.example").await, kit.sign_in("ada@smith.example").await);
    let page = kit.send(Ask::get("/portal/smith/password").cookie(&mine)).await.is(200).text;
    assert!(page.contains(r#"autocomplete="current-password""#) && page.contains(r#"value="ada@smith.example""#));
    assert_eq!(page.matches(r#"autocomplete="new-password""#).count(), 2);
    let change = |current: &str, new: &str, again: &str| {
        let fields = [("current", current), ("password", new), ("repeated", again)];
        Ask::form("/portal/smith/password", &fields).cookie(&mine)
    };
    for (ask, field, text) in [
        (change("wrong", OTHER_PASSWORD, OTHER_PASSWORD), "current", "The current password is not right."),
        (change(PASSWORD, "short", "short"), "password", "The password is too short"),
        (change(PASSWORD, OTHER_PASSWORD, PASSWORD), "repeated", "The two passwords are not the same"),
    ] {
        let page = kit.send(ask).await.is(422).text;
        assert!(page.contains(&format!(r##"<a href="#{field}">{text}"##)), "{field}");
        assert!(page.contains(&format!(r#"id="{field}-fault">{text}"#)), "{field}");
        assert!(!page.contains(OTHER_PASSWORD) && !page.contains(PASSWORD), "what was typed is not sent back");
    }
    let changed = kit.send(change(PASSWORD, OTHER_PASSWORD, OTHER_PASSWORD)).await.is(200);
    assert!(changed.text.contains("Everywhere else you were signed out"));
    let fresh = changed.cookie();
    home(&kit, &fresh).await;
    for cookie in [&mine, &other] {
        kit.send(Ask::get(HOME).cookie(cookie)).await.is(303);
        kit.send(Ask::get("/portal/smith/password").cookie(cookie)).await.is(303);
    }
    let lost = kit.send(change(OTHER_PASSWORD, PASSWORD, PASSWORD)).await.is(303);
    assert_eq!(lost.header("location"), Some("/portal/smith/sign-in"));
    let again = json!({"email": "ada@smith.example", "password": OTHER_PASSWORD});
    kit.front(Method::POST, "/session", again).await.is(204);
}

#[tokio::test]
async fn g1_in_a_session_too_wrong_passwords_are_counted() {
    let kit = kit().await;
    let cookie = kit.sign_in("ada@smith.example").await;
    let change = |current: &str| {
        let fields = [("current", current), ("password", OTHER_PASSWORD), ("repeated", OTHER_PASSWORD)];
        Ask::form("/portal/smith/password", &fields).cookie(&cookie)
    };
    for _ in 0..11 {
        kit.send(change("wrong but long enough")).await.is(422);
    }
    kit.send(change(PASSWORD)).await.is(422);
    kit.clock.advance(Duration::from_secs(61));
    kit.send(change(PASSWORD)).await.is(200);
}

#[tokio::test]
async fn forms_of_other_sites_change_nothing_here() {
    let kit = kit().await;
    let cookie = kit.sign_in("ada@smith.example").await;
    let before = kit.stored();
    let fields = [("current", PASSWORD), ("password", OTHER_PASSWORD), ("repeated", OTHER_PASSWORD)];
    for path in ["/portal/smith/password", "/portal/smith/sessions", "/portal/smith/profile"] {
        let form = Ask::form(path, &fields).without("sec-fetch-site").with("sec-fetch-site", "cross-site");
        kit.send(form.cookie(&cookie)).await.is(403);
    }
    assert_eq!(kit.stored(), before);
    kit.host(Method::POST, "/contacts/a/portal/deactivate", Value::Null).await.is(200);
    kit.send(Ask::form("/portal/smith/password", &fields).cookie(&cookie)).await.is(303);
}

//! Links: looking changes nothing, the link alone decides, and it works once.

use std::time::Duration;

use axum::http::Method;
use portal_domain::{
    event::Caller,
    port::{Clock, Evidence},
    usecase::CallContext,
};
use portal_testkit::build;
use serde_json::{Value, json};

use crate::kit::{Ask, Kit, OTHER_PASSWORD, PASSWORD};

fn page(token: &str) -> String {
    format!("/portal/smith/link/{token}")
}

#[tokio::test]
async fn a_link_sets_a_password_once() {
    let kit = Kit::new().await;
    kit.invite("a", "ada@smith.example").await;
    let token = kit.tokens().await.pop().expect("a link");
    let path = format!("/links/{token}");
    let view = kit.front(Method::GET, &path, Value::Null).await.is(200).json();
    assert_eq!(
        view,
        json!({"state": "usable", "purpose": "activation", "practice": "smith & Partners",
               "sent_at": "2026-03-02T12:00:00.000001Z"})
    );
    for (password, fault) in [("short", "too_short"), ("Person smith 1", "personal"), ("qwertyuiop12", "common")] {
        let refused = kit.front(Method::POST, &path, json!({"password": password})).await;
        assert_eq!(refused.problem(422, "password_refused")["fault"], fault);
    }
    let long = "four quiet paper boats ".repeat(12);
    let refused = kit.front(Method::POST, &path, json!({"password": long})).await;
    assert_eq!(refused.problem(422, "password_refused")["fault"], "too_long");
    kit.front(Method::POST, &path, json!({"password": PASSWORD})).await.is(204);
    kit.front(Method::POST, &path, json!({"password": OTHER_PASSWORD})).await.problem(410, "link_used");
    assert_eq!(kit.front(Method::GET, &path, Value::Null).await.json()["state"], "used");
    kit.sign_in("ada@smith.example").await;
}

#[tokio::test]
async fn l3_expired_and_dead_links_say_so() {
    let kit = Kit::new().await;
    kit.invite("a", "ada@smith.example").await;
    let old = kit.tokens().await.pop().expect("a link");
    kit.clock.advance(Duration::from_secs(169 * 3600));
    kit.host(Method::POST, "/contacts/a/portal/resend", Value::Null).await.is(200);
    let fresh = kit.tokens().await.pop().expect("a link");
    kit.host(Method::POST, "/contacts/a/portal/deactivate", Value::Null).await.is(200);
    let body = json!({"password": PASSWORD});
    for (token, code, words) in [(&old, "link_expired", "has expired"), (&fresh, "link_dead", "no longer works")] {
        kit.front(Method::POST, &format!("/links/{token}"), body.clone()).await.problem(410, code);
        let looked = kit.send(Ask::get(&page(token))).await.is(200);
        assert!(looked.text.contains(&format!("<h1>This link {words}</h1>")), "{}", looked.text);
        assert!(looked.text.contains(&format!(r#"action="/portal/smith/link/{token}/renew""#)));
        let posted = kit.send(Ask::form(&page(token), &[("password", PASSWORD)])).await.is(410);
        assert!(posted.text.contains(words));
    }
}

#[tokio::test]
async fn l4_a_renewal_answers_the_same_whatever_becomes_of_it() {
    let kit = Kit::new().await;
    kit.invite("a", "ada@smith.example").await;
    let token = kit.tokens().await.pop().expect("a link");
    kit.front(Method::POST, &format!("/links/{token}"), json!({"password": PASSWORD})).await.is(204);
    let renew = format!("{}/renew", page(&token));
    let live = kit.send(Ask::form(&renew, &[])).await.is(200);
    assert_eq!(kit.tokens().await.len(), 1, "a new link is sent");
    kit.host(Method::POST, "/contacts/a/portal/deactivate", Value::Null).await.is(200);
    let gone = kit.send(Ask::form(&renew, &[])).await.is(200);
    assert_eq!(live, gone);
    assert_eq!(kit.tokens().await.len(), 0, "nothing is sent");
    kit.front(Method::POST, &format!("/links/{token}/renew"), Value::Null).await.is(202);
    kit.front(Method::POST, "/links/unknown/renew", Value::Null).await.problem(404, "not_found");
}

#[tokio::test]
async fn l2_looking_twenty_times_changes_nothing_and_sets_no_cookie() {
    let kit = Kit::new().await;
    kit.settle("b", "bob@smith.example").await;
    let cookie = kit.sign_in("bob@smith.example").await;
    kit.invite("a", "ada@smith.example").await;
    let token = kit.tokens().await.pop().expect("a link");
    let before = kit.stored_but_openings();
    for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
        for path in [page(&token), format!("/portal/smith/api/links/{token}"), format!("{}/renew", page(&token))] {
            for _ in 0..20 {
                for ask in [Ask::new(method.clone(), &path), Ask::new(method.clone(), &path).cookie(&cookie)] {
                    let answer = kit.send(ask).await;
                    assert!(answer.headers.get("set-cookie").is_none(), "{method} {path}");
                }
            }
        }
    }
    assert_eq!(kit.stored_but_openings(), before);
    kit.front(Method::POST, &format!("/links/{token}"), json!({"password": PASSWORD})).await.is(204);
}

#[tokio::test]
async fn l2_no_get_of_any_page_sets_a_cookie() {
    let kit = Kit::new().await;
    kit.settle("a", "ada@smith.example").await;
    let cookie = kit.sign_in("ada@smith.example").await;
    for held in [cookie.as_str(), "__Host-portal-smith=stale", "x=y"] {
        for path in
            ["", "/", "/sign-in", "/forgot", "/sign-out", "/profile", "/link/x", "/api/session", "/api/sessions"]
        {
            for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
                let answer = kit.send(Ask::new(method, &format!("/portal/smith{path}")).cookie(held)).await;
                assert!(answer.headers.get("set-cookie").is_none(), "{path}");
            }
        }
    }
}

#[tokio::test]
async fn l5_other_sessions_in_the_browser_are_neither_used_nor_changed_nor_ended() {
    let kit = Kit::new().await;
    kit.settle("b", "bob@smith.example").await;
    let bob = kit.sign_in("bob@smith.example").await;
    kit.invite("a", "ada@smith.example").await;
    let token = kit.tokens().await.pop().expect("a link");
    // Long enough for a use of the session to be noted.
    kit.clock.advance(Duration::from_secs(120));
    let both = format!("__Host-workspace-smith=staff; {bob}");
    let of_bob = |kit: &Kit| {
        let text = kit.stored();
        let at = text.find("sessions: {").expect("sessions");
        text[at..].split("api_keys").next().unwrap_or_default().to_owned()
    };
    let before = of_bob(&kit);
    let looked = kit.send(Ask::get(&page(&token)).cookie(&both)).await.is(200);
    assert!(looked.headers.get("set-cookie").is_none());
    assert!(!looked.text.contains("bob@smith.example"), "the page is about the link alone");
    assert_eq!(looked, kit.send(Ask::get(&page(&token))).await, "the same as without any cookie");
    let refused = kit.send(Ask::form(&page(&token), &[("password", "short")]).cookie(&both)).await.is(422);
    let set = kit.send(Ask::form(&page(&token), &[("password", PASSWORD)]).cookie(&both)).await.is(200);
    for answer in [&refused, &set] {
        assert!(answer.headers.get("set-cookie").is_none());
    }
    assert_eq!(of_bob(&kit), before, "the session is byte for byte what it was");
    assert!(set.text.contains(r#"value="ada@smith.example""#), "the address is filled in");
    assert!(set.text.contains("<bdi>bob@smith.example</bdi></strong> is signed in"), "it says whose session");
    assert!(set.text.contains("Switch and sign in"), "and offers to switch");
    kit.send(Ask::get("/portal/smith/api/session").cookie(&bob)).await.is(200);
    let switched = Ask::form("/portal/smith/sign-in", &[("email", "ada@smith.example"), ("password", PASSWORD)]);
    let ada = kit.send(switched.cookie(&bob)).await.is(303).cookie();
    kit.send(Ask::get("/portal/smith/api/session").cookie(&bob)).await.problem(401, "unauthorized");
    let session = kit.send(Ask::get("/portal/smith/api/session").cookie(&ada)).await.is(200).json();
    assert_eq!(session["login_email"], "ada@smith.example");
}

#[tokio::test]
async fn l5_a_set_password_ends_that_login_s_sessions_and_starts_none() {
    let kit = Kit::new().await;
    kit.settle("a", "ada@smith.example").await;
    let mine = kit.sign_in("ada@smith.example").await;
    kit.front(Method::POST, "/password-resets", json!({"email": "ada@smith.example"})).await.is(202);
    let token = kit.tokens().await.pop().expect("a link");
    let ask = Ask::form(&page(&token), &[("password", OTHER_PASSWORD), ("repeated", OTHER_PASSWORD)]).cookie(&mine);
    let set = kit.send(ask).await.is(200);
    assert!(set.headers.get("set-cookie").is_none());
    assert!(set.text.contains("Your password is set"));
    assert!(!set.text.contains("is signed in at the moment"), "that session ended");
    kit.send(Ask::get("/portal/smith/api/session").cookie(&mine)).await.problem(401, "unauthorized");
}

#[tokio::test]
async fn l3_a_token_is_known_under_its_own_practice_only() {
    let kit = Kit::new().await;
    kit.invite("a", "ada@smith.example").await;
    let token = kit.tokens().await.pop().expect("a link");
    let unknown = kit.send(Ask::get("/portal/jones/api/links/unknown")).await.is(404);
    assert_eq!(kit.send(Ask::get(&format!("/portal/jones/api/links/{token}"))).await, unknown);
    assert!(kit.send(Ask::get(&format!("/portal/jones/link/{token}"))).await.is(404).text.contains("<h1>"));
}

#[tokio::test]
async fn d5_a_password_that_is_refused_is_an_opening_by_a_person() {
    let kit = Kit::new().await;
    kit.invite("a", "ada@smith.example").await;
    let token = kit.tokens().await.pop().expect("a link");
    kit.send(Ask::get(&page(&token))).await.is(200);
    let last = async || {
        let call = CallContext::new(kit.practice.id, Caller::Program);
        let contact = kit.portal.contact(&call, &build::reference("a")).await.expect("a contact").1.contact.unwrap();
        let links = Evidence::newest_links(&*kit.store, kit.practice.id, contact.id, 1).await.expect("links");
        links[0].opened.expect("it was opened").last
    };
    let minute = Duration::from_secs(60);
    for fields in [&[("password", "short")][..], &[("password", PASSWORD), ("repeated", OTHER_PASSWORD)]] {
        kit.clock.advance(minute);
        let now = kit.clock.now();
        kit.send(Ask::form(&page(&token), fields)).await.is(422);
        assert!(last().await >= now, "by the page");
    }
    kit.clock.advance(minute);
    let (now, path) = (kit.clock.now(), format!("/links/{token}"));
    kit.front(Method::POST, &path, json!({"password": "qwertyuiop12"})).await.problem(422, "password_refused");
    assert!(last().await >= now, "by the API");
}

//! Section G over HTTP: how one is told to wait, and the cookie by which a browser is known (G1, G2).

use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};

use crate::kit::{Answer, Ask, Kit, OTHER_PASSWORD, PASSWORD};

const ADDRESS: &str = "ada@smith.example";
const WRONG: &str = "wrong but long enough";
const ORIGIN: &str = "192.0.2.7";
const KNOWN: &str = "__Host-portal-smith_known";

/// An app that lets each origin try so often in a minute.
async fn with_limit(tries: u32) -> Kit {
    let kit = Kit::with("https://portal.example", |app| app.portal.tries_per_minute = tries).await;
    kit.settle("a", ADDRESS).await;
    kit
}

fn post(path: &str, body: Value) -> Ask {
    Ask::new(Method::POST, &format!("/portal/smith/api{path}")).json(&body).from(ORIGIN)
}

fn form(path: &str, fields: &[(&str, &str)]) -> Ask {
    Ask::form(&format!("/portal/smith{path}"), fields).from(ORIGIN)
}

fn credentials(password: &str) -> Value {
    json!({"email": ADDRESS, "password": password})
}

/// All ways of trying: by the API and by pages.
fn ways(token: &str) -> [Ask; 6] {
    [
        post("/session", credentials(WRONG)),
        form("/sign-in", &[("email", ADDRESS), ("password", WRONG)]),
        post("/password-resets", json!({"email": ADDRESS})),
        form("/forgot", &[("email", ADDRESS)]),
        post(&format!("/links/{token}/renew"), Value::Null),
        form(&format!("/link/{token}/renew"), &[]),
    ]
}

/// A token of a link that was used.
async fn used_link(kit: &Kit) -> String {
    kit.front(Method::POST, "/password-resets", json!({"email": ADDRESS})).await.is(202);
    let token = kit.tokens().await.pop().expect("a link");
    kit.front(Method::POST, &format!("/links/{token}"), json!({"password": PASSWORD})).await.is(204);
    token
}

#[track_caller]
fn seconds(answer: &Answer) -> u64 {
    answer.header("retry-after").and_then(|text| text.parse().ok()).expect("seconds to wait")
}

#[tokio::test]
async fn g2_sign_in_reset_and_renewal_are_counted_together_and_refused_alike() {
    let kit = with_limit(6).await;
    let token = used_link(&kit).await;
    for (ask, status) in ways(&token).into_iter().zip([401, 401, 202, 200, 202, 200]) {
        kit.send(ask).await.is(status);
    }
    let before = kit.stored();
    for (number, ask) in ways(&token).into_iter().enumerate() {
        let answer = kit.send(ask).await;
        let wait = seconds(&answer);
        assert!((1..=66).contains(&wait), "{wait}");
        assert!(answer.header("set-cookie").is_none());
        let words = format!("wait {wait} seconds");
        if number % 2 == 0 {
            let problem = answer.problem(429, "too_many_requests");
            assert!(problem["detail"].as_str().expect("text").contains(&words), "{problem}");
        } else {
            let page = answer.is(429);
            assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
            // The sign-in page keeps the address; the others say it on a page of their own.
            let heading = if number == 1 { "<h2>Please wait a moment</h2>" } else { "<h1>Too many requests</h1>" };
            assert!(page.text.contains(heading) && page.text.contains(&words), "{}", page.text);
            assert_eq!(page.text.contains(&format!("value=\"{ADDRESS}\"")), number == 1);
            assert!(page.text.starts_with("<!DOCTYPE html>") && page.text.contains("/assets/"), "{}", page.text);
        }
    }
    assert_eq!(kit.stored(), before, "what is refused is neither noted nor kept nor counted");
    // Nor does the right password get through, and the answer is the same for everybody.
    let right = kit.send(post("/session", credentials(PASSWORD))).await;
    let nobody = json!({"email": "nobody@smith.example", "password": WRONG});
    assert_eq!(right, kit.send(post("/session", nobody)).await);
    // Others are let through, and the same origin once the wait is over.
    kit.send(post("/session", credentials(PASSWORD)).from("192.0.2.8")).await.is(204);
    kit.clock.advance(Duration::from_secs(seconds(&right)));
    kit.send(post("/session", credentials(PASSWORD))).await.is(204);
}

#[tokio::test]
async fn g2_looking_and_what_needs_a_session_or_a_key_is_never_refused() {
    let kit = with_limit(2).await;
    let token = used_link(&kit).await;
    let cookie = kit.sign_in(ADDRESS).await;
    for _ in 0..2 {
        kit.send(post("/session", credentials(WRONG))).await.is(401);
    }
    kit.send(post("/session", credentials(WRONG))).await.problem(429, "too_many_requests");
    for path in ["/sign-in", "/forgot", &format!("/link/{token}"), &format!("/api/links/{token}")] {
        kit.send(Ask::get(&format!("/portal/smith{path}")).from(ORIGIN)).await.is(200);
    }
    kit.send(Ask::get("/portal/smith/api/session").cookie(&cookie).from(ORIGIN)).await.is(200);
    kit.send(Ask::get("/api/v1/contacts/a").key(&kit.key).from(ORIGIN)).await.is(200);
    let change = json!({"current_password": PASSWORD, "new_password": OTHER_PASSWORD});
    let ask = Ask::new(Method::PUT, "/portal/smith/api/password").cookie(&cookie).marked().json(&change);
    kit.send(ask.from(ORIGIN)).await.is(204);
}

/// The lines that set cookies, each with its name.
fn set(answer: &Answer) -> Vec<(String, String)> {
    let lines = answer.headers.get_all("set-cookie").iter().map(|line| line.to_str().expect("text").to_owned());
    lines.map(|line| (line.split('=').next().unwrap_or_default().to_owned(), line)).collect()
}

/// Name and value of the cookie by which the browser is known from now on.
#[track_caller]
fn known(answer: &Answer) -> String {
    let lines = set(answer);
    let (_, line) = lines.iter().find(|(name, _)| name.ends_with("_known")).expect("the browser is known");
    line.split(';').next().unwrap_or_default().to_owned()
}

/// The counter of strangers is made full.
async fn pause(kit: &Kit) {
    for _ in 0..11 {
        kit.front(Method::POST, "/session", credentials(WRONG)).await.problem(401, "sign_in_failed");
    }
    kit.front(Method::POST, "/session", credentials(PASSWORD)).await.problem(401, "sign_in_failed");
}

async fn sign_in_with(kit: &Kit, cookie: &str, password: &str) -> Answer {
    let ask = Ask::new(Method::POST, "/portal/smith/api/session").cookie(cookie).json(&credentials(password));
    kit.send(ask.marked()).await
}

#[tokio::test]
async fn g1_the_cookie_of_a_known_browser_is_set_where_a_password_was_proved_and_nowhere_else() {
    for (base, name, secure) in
        [("https://portal.example", KNOWN, "; Secure"), ("http://127.0.0.1:8080", "portal-smith_known", "")]
    {
        let kit = Kit::at(base).await;
        kit.settle("a", ADDRESS).await;
        let session = name.strip_suffix("_known").expect("a suffix");
        let page = Ask::form("/portal/smith/sign-in", &[("email", ADDRESS), ("password", PASSWORD)]);
        let by_page = kit.send(page).await.is(303);
        let by_api = kit.front(Method::POST, "/session", credentials(PASSWORD)).await.is(204);
        let cookies = by_api.cookie();
        let change = json!({"current_password": PASSWORD, "new_password": OTHER_PASSWORD});
        let put = Ask::new(Method::PUT, "/portal/smith/api/password").cookie(&cookies).marked().json(&change);
        let changed = kit.send(put).await.is(204);
        for answer in [&by_page, &by_api, &changed] {
            let lines = set(answer);
            assert_eq!(lines.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), [session, name]);
            let (pair, rest) = lines[1].1.split_once(';').expect("attributes");
            assert_eq!(rest, format!(" Path=/; Max-Age=34560000; HttpOnly; SameSite=Lax{secure}"));
            assert!(pair.len() > name.len() + 60, "{pair}");
        }
        // Signing out takes the session and nothing else; what fails sets nothing.
        let own = changed.cookie();
        let out = Ask::new(Method::DELETE, "/portal/smith/api/session").cookie(&own).marked().json(&json!({}));
        let out = kit.send(out).await.is(204);
        assert_eq!(set(&out).iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), [session]);
        let failed = Ask::form("/portal/smith/sign-in", &[("email", ADDRESS), ("password", WRONG)]);
        assert!(set(&kit.send(failed.cookie(&known(&changed))).await.is(401)).is_empty());
        assert!(set(&sign_in_with(&kit, &known(&changed), WRONG).await.is(401)).is_empty());
    }
}

#[tokio::test]
async fn g1_signing_out_by_the_page_leaves_the_browser_known() {
    let kit = Kit::new().await;
    kit.settle("a", ADDRESS).await;
    let signed_in = kit.front(Method::POST, "/session", credentials(PASSWORD)).await.is(204);
    let both = format!("{}; {}", signed_in.cookie(), known(&signed_in));
    let out = kit.send(Ask::form("/portal/smith/sign-out", &[]).cookie(&both)).await.is(303);
    assert_eq!(set(&out).len(), 1);
    assert!(set(&out)[0].1.starts_with("__Host-portal-smith=;"));
    pause(&kit).await;
    let again = sign_in_with(&kit, &known(&signed_in), PASSWORD).await.is(204);
    // The page lets it in too, and it stays the same browser.
    let page = Ask::form("/portal/smith/sign-in", &[("email", ADDRESS), ("password", PASSWORD)]);
    let page = kit.send(page.cookie(&known(&again))).await.is(303);
    assert_eq!(known(&page), known(&signed_in));
    // With another password the browser is a stranger, unless it changed the password itself.
    let change = json!({"current_password": PASSWORD, "new_password": OTHER_PASSWORD});
    let both = format!("{}; {}", page.cookie(), known(&page));
    let put = Ask::new(Method::PUT, "/portal/smith/api/password").cookie(&both).marked().json(&change);
    let changed = kit.send(put).await.is(204);
    sign_in_with(&kit, &known(&page), OTHER_PASSWORD).await.problem(401, "sign_in_failed");
    sign_in_with(&kit, &known(&changed), OTHER_PASSWORD).await.is(204);
}

#[tokio::test]
async fn g1_another_practice_s_cookie_and_the_workspace_s_are_nothing() {
    let kit = &Kit::new().await;
    kit.settle("a", ADDRESS).await;
    let value = known(&kit.front(Method::POST, "/session", credentials(PASSWORD)).await);
    let value = value.split_once('=').expect("a pair").1;
    // The same person, address and password in another practice.
    let jones = |method, path: &str, body| {
        let ask = Ask::new(method, path).key(&kit.foreign).json(&body);
        async move { kit.send(ask).await }
    };
    jones(Method::PUT, "/api/v1/contacts/a", json!({"name": "A", "emails": [ADDRESS], "clients": []})).await.is(201);
    jones(Method::POST, "/api/v1/contacts/a/portal/activate", Value::Null).await.is(200);
    let token = kit.tokens().await.pop().expect("a link");
    let set_password = Ask::new(Method::POST, &format!("/portal/jones/api/links/{token}"));
    kit.send(set_password.json(&json!({"password": PASSWORD}))).await.is(204);
    let sign_in = |cookie: &str, password: &str| {
        let ask = Ask::new(Method::POST, "/portal/jones/api/session").json(&credentials(password)).marked();
        let ask = if cookie.is_empty() { ask } else { ask.cookie(cookie) };
        async move { kit.send(ask).await }
    };
    let of_jones = known(&sign_in("", PASSWORD).await.is(204));
    for _ in 0..11 {
        sign_in("", WRONG).await.is(401);
    }
    for name in [KNOWN, "__Host-portal-jones_known", "__Host-workspace-jones_known", "portal-jones_known"] {
        sign_in(&format!("{name}={value}"), PASSWORD).await.problem(401, "sign_in_failed");
    }
    let (_, own) = of_jones.split_once('=').expect("a pair");
    for name in ["__Host-workspace-jones_known", "__Host-portal-jones", KNOWN] {
        sign_in(&format!("{name}={own}"), PASSWORD).await.problem(401, "sign_in_failed");
    }
    let right = sign_in(&of_jones, PASSWORD).await.is(204);
    assert!(set(&right).iter().all(|(name, _)| name.starts_with("__Host-portal-jones")));
}

#[tokio::test]
async fn p4_the_workspace_neither_reads_nor_sets_the_cookie_of_a_known_browser() {
    let kit = Kit::new().await;
    kit.settle("a", ADDRESS).await;
    let known = known(&kit.front(Method::POST, "/session", credentials(PASSWORD)).await);
    let value = known.split_once('=').expect("a pair").1;
    let bare = kit.send(Ask::get("/workspace/smith/api/session")).await;
    for cookie in
        [known.clone(), format!("__Host-workspace-smith={value}"), format!("__Host-workspace-smith_known={value}")]
    {
        let answer = kit.send(Ask::get("/workspace/smith/api/session").cookie(&cookie)).await;
        assert_eq!(answer, bare);
        assert!(set(&answer).is_empty());
    }
    // Nor does it open the portal.
    for name in [KNOWN, "__Host-portal-smith"] {
        let ask = Ask::get("/portal/smith/api/session").cookie(&format!("{name}={value}"));
        kit.send(ask).await.problem(401, "unauthorized");
    }
}

#[tokio::test]
async fn g1_a_browser_that_changes_one_password_again_and_again_stays_known_to_the_others() {
    let kit = Kit::new().await;
    kit.settle("a", ADDRESS).await;
    kit.settle("b", "bob@smith.example").await;
    let bob = json!({"email": "bob@smith.example", "password": PASSWORD});
    let mut of_bob = known(&kit.front(Method::POST, "/session", bob.clone()).await);
    let mut answer = sign_in_with(&kit, &of_bob, PASSWORD).await.is(204);
    for (current, new) in [(PASSWORD, OTHER_PASSWORD), (OTHER_PASSWORD, PASSWORD)].into_iter().cycle().take(6) {
        let change = json!({"current_password": current, "new_password": new});
        let both = format!("{}; {}", answer.cookie(), known(&answer));
        let put = Ask::new(Method::PUT, "/portal/smith/api/password").cookie(&both).marked().json(&change);
        answer = kit.send(put).await.is(204);
        of_bob = known(&answer);
        assert_eq!(of_bob.split('.').count(), 2, "one part for each of them");
    }
    for _ in 0..11 {
        kit.front(Method::POST, "/session", json!({"email": "bob@smith.example", "password": WRONG})).await.is(401);
    }
    kit.front(Method::POST, "/session", bob.clone()).await.is(401);
    let ask = Ask::new(Method::POST, "/portal/smith/api/session").cookie(&of_bob).marked().json(&bob);
    kit.send(ask).await.is(204);
}

/// Cookies that are none of ours: too long, too short, of wrong signs, cut, doubled, or made up.
fn malformed(own: &str) -> Vec<String> {
    let (start, end) = own.split_at(20);
    vec![
        String::new(),
        ".".to_owned(),
        ".....".to_owned(),
        "x".to_owned(),
        "A".repeat(64),
        vec!["A".repeat(64); 5].join("."),
        vec!["A".repeat(64); 2000].join("."),
        "A".repeat(200_000),
        "=".repeat(64),
        " ".repeat(64),
        "é".repeat(32),
        format!("\"{}\"", "A".repeat(62)),
        format!("<script>{}", "A".repeat(56)),
        own[..63].to_owned(),
        format!("{own}A"),
        format!("{start}.{end}"),
        format!("{end}{start}"),
        own.to_lowercase(),
        format!("{}{own}", ".".repeat(5)),
    ]
}

#[tokio::test]
async fn g1_a_giant_or_malformed_cookie_changes_nothing() {
    let kit = Kit::new().await;
    kit.settle("a", ADDRESS).await;
    let first = known(&kit.front(Method::POST, "/session", credentials(PASSWORD)).await);
    let own = first.split_once('=').expect("a pair").1;
    let bare = kit.front(Method::POST, "/session", credentials(WRONG)).await;
    let made_up = ["A".repeat(64), own.to_owned()];
    for value in malformed(own) {
        let cookie = format!("{KNOWN}={value}");
        assert_eq!(sign_in_with(&kit, &cookie, WRONG).await, bare, "{value:.80}");
        // Who signs in gets a cookie of our making, whatever stood in the one before.
        let after = known(&sign_in_with(&kit, &cookie, PASSWORD).await.is(204));
        let parts: Vec<_> = after.split_once('=').expect("a pair").1.split('.').collect();
        assert!(parts.len() <= 5 && parts[0] != made_up[0], "{after:.80}");
        for part in parts {
            let ours = part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
            assert!(part.len() == 64 && ours, "{value:.80} came back: {after:.400}");
        }
        kit.clock.advance(Duration::from_secs(24 * 3600));
    }
    pause(&kit).await;
    for value in malformed(own) {
        let refused = sign_in_with(&kit, &format!("{KNOWN}={value}"), PASSWORD).await;
        assert_eq!(refused, bare, "{value:.80}");
    }
    sign_in_with(&kit, &first, PASSWORD).await.is(204);
}

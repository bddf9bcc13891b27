//! Staff's own way into the workspace (W1, W2), and that nobody learns who is staff (P2).

use std::time::Duration;

use axum::http::Method;
use portal_http::workspace_table;
use serde_json::{Value, json};

use crate::{
    alike::{all_alike, untyped, without_length},
    kit::{Answer, Ask, Kit, OTHER_PASSWORD, PASSWORD},
};

const SIGN_IN: &str = "/workspace/smith/sign-in";

/// `boss`, an admin who stays one, and `uma` of this role.
pub(crate) async fn staffed(role: &str) -> Kit {
    let kit = Kit::new().await;
    put(&kit, "boss", "boss@staff.example", "admin").await.is(201);
    put(&kit, "uma", "uma@staff.example", role).await.is(201);
    kit
}

async fn put(kit: &Kit, who: &str, email: &str, role: &str) -> Answer {
    let body = json!({"name": format!("The {who}"), "email": email, "role": role});
    kit.host(Method::PUT, &format!("/practice-users/{who}"), body).await
}

async fn invite(kit: &Kit, who: &str) -> String {
    kit.host(Method::POST, &format!("/practice-users/{who}/invite"), Value::Null).await.is(200);
    kit.tokens().await.pop().expect("a link")
}

/// A practice user with a password.
pub(crate) async fn settle(kit: &Kit, who: &str) {
    let token = invite(kit, who).await;
    kit.send(set(&token, PASSWORD)).await.is(200);
}

fn link(token: &str) -> String {
    format!("/workspace/smith/link/{token}")
}

fn set(token: &str, password: &str) -> Ask {
    Ask::form(&link(token), &[("password", password), ("repeated", password)])
}

fn form(address: &str, password: &str) -> Ask {
    Ask::form(SIGN_IN, &[("email", address), ("password", password)])
}

/// The pairs of both cookies: the session, and that the browser is known.
pub(crate) fn pairs(answer: &Answer) -> (String, String) {
    let lines = answer.headers.get_all("set-cookie").into_iter();
    let pair =
        |line: &axum::http::HeaderValue| line.to_str().expect("text").split(';').next().unwrap_or_default().to_owned();
    let pairs: Vec<_> = lines.map(pair).collect();
    let [session, known] = pairs.as_slice() else { panic!("two cookies: {pairs:?}") };
    (session.clone(), known.clone())
}

pub(crate) async fn enter(kit: &Kit, who: &str) -> String {
    let answer = kit.send(form(&format!("{who}@staff.example"), PASSWORD)).await.is(303);
    pairs(&answer).0
}

async fn home(kit: &Kit, cookie: &str) -> Answer {
    kit.send(Ask::get("/workspace/smith/me").cookie(cookie)).await
}

#[tokio::test]
async fn w1_staff_go_from_the_invitation_to_the_workspace_and_out_again() {
    let kit = staffed("staff").await;
    assert!(kit.tokens().await.is_empty(), "a plain upsert sends nothing");
    let invited = kit.host(Method::POST, "/practice-users/uma/invite", Value::Null).await.is(200).json();
    let mail = json!({"kind": "staff_invitation", "to": "uma@staff.example"});
    assert_eq!(invited, json!({"outcome": "changed", "messages": [mail]}));
    let token = kit.tokens().await.pop().expect("a link");
    let page = kit.send(Ask::get(&link(&token))).await.is(200).text;
    assert!(
        page.contains("Workspace of <bdi>smith &#38; Partners</bdi>") && page.contains("uma@staff.example"),
        "{page}"
    );
    assert!(page.contains(r#"autocomplete="new-password""#) && page.contains("At least 12 characters"));
    let short = kit.send(set(&token, "short")).await.is(422).text;
    assert!(short.contains(r##"<a href="#password">The password is too short"##));
    let personal = kit.send(set(&token, "The Uma 2026 uma staff")).await.is(422).text;
    assert!(personal.contains("made of a name"), "P1 knows the person's name: {personal}");
    let done = kit.send(set(&token, PASSWORD)).await.is(200);
    assert!(done.header("set-cookie").is_none() && done.text.contains(r#"value="uma@staff.example""#));
    let answer = kit.send(form(" UMA@staff.example", PASSWORD)).await.is(303);
    assert_eq!(answer.header("location"), Some("/workspace/smith/"));
    let (session, known) = pairs(&answer);
    assert!(session.starts_with("__Host-workspace-smith=") && known.starts_with("__Host-workspace-smith_known="));
    let inside = home(&kit, &session).await.is(200).text;
    assert!(inside.contains("The uma") && inside.contains("<strong>Staff</strong>") && inside.contains("this browser"));
    let api = kit.send(Ask::get("/workspace/smith/api/session").cookie(&session)).await.is(200).json();
    assert_eq!(api["user"]["ref"], "uma");
    let short = || Ask::get("/workspace/smith");
    assert_eq!(kit.send(short().cookie(&session)).await.is(303).header("location"), Some("/workspace/smith/"));
    let out = kit.send(Ask::form("/workspace/smith/sign-out", &[]).cookie(&session)).await.is(303);
    assert_eq!((out.header("location"), out.cookie().as_str()), (Some(SIGN_IN), "__Host-workspace-smith="));
    assert_eq!(home(&kit, &session).await.is(303).header("location"), Some(SIGN_IN));
    assert_eq!(kit.send(short()).await.is(303).header("location"), Some(SIGN_IN));
}

#[tokio::test]
async fn p1_rules_of_a_password_are_told_while_staff_type_it_too() {
    let kit = staffed("staff").await;
    let token = invite(&kit, "uma").await;
    kit.host(Method::PUT, "/settings", json!({"password_min_length": 16})).await.is(200);
    let judge = |page: &Answer, button: usize| {
        for part in ["<li data-rule=\"length\">At least 16 characters", "data-rule=\"same\">Twice the same"] {
            assert!(page.text.contains(part), "{part}: {}", page.text);
        }
        for part in ["data-least=\"16\"", "data-shown-with=\"password\"", "aria-describedby=\"hint rules"] {
            assert!(page.text.contains(part), "{part}: {}", page.text);
        }
        assert_eq!(page.text.matches("data-show=\"Show password\"").count(), button);
        assert_eq!(page.text.matches("<script src=\"/assets/portal-").count(), 1);
    };
    judge(&kit.send(Ask::get(&link(&token))).await.is(200), 1);
    let short = kit.send(set(&token, "short")).await.is(422);
    judge(&short, 1);
    assert!(short.text.contains("id=\"fault\"") && short.text.contains("aria-describedby=\"hint rules fault\""));
    kit.send(set(&token, PASSWORD)).await.is(200);
    let cookie = enter(&kit, "uma").await;
    judge(&kit.send(Ask::get("/workspace/smith/password").cookie(&cookie)).await.is(200), 2);
    let wrong = [("current", "something else entirely"), ("password", OTHER_PASSWORD), ("repeated", OTHER_PASSWORD)];
    let wrong = kit.send(Ask::form("/workspace/smith/password", &wrong).cookie(&cookie)).await.is(422);
    assert!(wrong.text.contains("required aria-describedby=\"fault\" aria-invalid=\"true\" data-show="));
    let sign_in = kit.send(Ask::get(SIGN_IN)).await.is(200);
    assert!(
        sign_in.text.contains("data-show=\"Show password\"") && sign_in.text.contains("<script src=\"/assets/portal-")
    );
}

#[tokio::test]
async fn w1_links_of_the_two_areas_are_nothing_in_the_other() {
    let kit = staffed("staff").await;
    let staffs = invite(&kit, "uma").await;
    kit.invite("ada", "ada@smith.example").await;
    let clients = kit.tokens().await.pop().expect("a link");
    let before = kit.stored();
    kit.front(Method::GET, &format!("/links/{staffs}"), Value::Null).await.problem(404, "not_found");
    kit.front(Method::POST, &format!("/links/{staffs}"), json!({"password": PASSWORD})).await.problem(404, "not_found");
    kit.front(Method::POST, &format!("/links/{staffs}/renew"), Value::Null).await.problem(404, "not_found");
    for (area, token) in [("portal", &staffs), ("workspace", &clients)] {
        let path = format!("/{area}/smith/link/{token}");
        kit.send(Ask::get(&path)).await.is(404);
        kit.send(Ask::form(&path, &[("password", PASSWORD)])).await.is(404);
        kit.send(Ask::form(&format!("{path}/renew"), &[])).await.is(404);
    }
    kit.send(Ask::get(&format!("/workspace/jones/link/{staffs}"))).await.is(404);
    for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
        kit.send(Ask::new(method, &link(&staffs))).await;
    }
    assert_eq!(kit.stored(), before, "looking changes nothing");
    kit.send(set(&staffs, PASSWORD)).await.is(200);
}

#[tokio::test]
async fn w1_a_used_dead_or_expired_link_says_so_and_sends_a_new_one() {
    let kit = staffed("staff").await;
    let (first, second) = (invite(&kit, "uma").await, invite(&kit, "uma").await);
    kit.send(set(&first, PASSWORD)).await.is(200);
    let used = kit.send(Ask::get(&link(&first))).await.is(200).text;
    let dead = kit.send(Ask::get(&link(&second))).await.is(200).text;
    assert!(used.contains("was used already") && dead.contains("no longer works"));
    for token in [&first, &second] {
        let gone = kit.send(set(token, OTHER_PASSWORD)).await.is(410).text;
        assert!(gone.contains(&format!(r#"action="{}/renew""#, link(token))));
    }
    let third = invite(&kit, "uma").await;
    kit.clock.advance(Duration::from_secs(7 * 24 * 3600));
    let expired = kit.send(Ask::get(&link(&third))).await.is(200).text;
    assert!(expired.contains("has expired"));
    // What was never handed over comes again.
    kit.tokens().await;
    kit.send(Ask::form(&format!("{}/renew", link(&third)), &[])).await.is(200);
    let fresh = kit.tokens().await.pop().expect("a new link");
    kit.send(set(&fresh, OTHER_PASSWORD)).await.is(200);
    kit.send(form("uma@staff.example", OTHER_PASSWORD)).await.is(303);
    kit.send(form("uma@staff.example", PASSWORD)).await.is(401);
}

#[tokio::test]
async fn w1_at_most_five_invitations_work_at_once() {
    let kit = staffed("staff").await;
    let mut tokens = Vec::new();
    for _ in 0..6 {
        kit.clock.advance(Duration::from_secs(1));
        tokens.push(invite(&kit, "uma").await);
    }
    assert!(kit.send(Ask::get(&link(&tokens[0]))).await.is(200).text.contains("no longer works"));
    kit.send(Ask::form("/workspace/smith/forgot", &[("email", "uma@staff.example")])).await.is(200);
    assert_eq!(kit.tokens().await.len(), 1);
    for token in &tokens[1..] {
        assert!(kit.send(Ask::get(&link(token))).await.is(200).text.contains("Set password"));
    }
}

/// Staff with a password and without, removed and moved ones, clients, and what is nobody's or no address.
const ADDRESSES: [&str; 8] = [
    "uma@staff.example",
    "bare@staff.example",
    "gone@staff.example",
    "was@staff.example",
    "now@staff.example",
    "ada@smith.example",
    "nobody@staff.example",
    "not an address",
];

async fn people() -> Kit {
    let kit = staffed("staff").await;
    for who in ["bare", "gone", "was"] {
        put(&kit, who, &format!("{who}@staff.example"), "staff").await.is(201);
    }
    for who in ["uma", "gone", "was"] {
        settle(&kit, who).await;
    }
    kit.host(Method::DELETE, "/practice-users/gone", Value::Null).await.is(204);
    put(&kit, "was", "now@staff.example", "staff").await.is(200);
    kit.settle("ada", "ada@smith.example").await;
    kit.tokens().await;
    kit
}

#[tokio::test]
async fn p2_a_failed_sign_in_of_staff_answers_alike_for_every_reason() {
    let kit = people().await;
    let mut answers = Vec::new();
    for address in ADDRESSES {
        let answer = kit.send(form(address, "wrong but long enough")).await;
        answers.push(without_length(untyped(answer, address)));
    }
    for address in &ADDRESSES[1..] {
        answers.push(without_length(untyped(kit.send(form(address, PASSWORD)).await, address)));
    }
    all_alike(&answers);
    assert_eq!(answers[0].status, 401);
    assert!(answers[0].text.contains(r#"action="/workspace/smith/forgot""#), "a way out, with the address kept");
    assert!(answers[0].text.contains(r#"type="hidden" name="email" value="{typed}""#));
    assert!(answers[0].header("set-cookie").is_none());
    let at_portal = ["uma@staff.example", "nobody@smith.example"];
    let mut clients = Vec::new();
    for address in at_portal {
        let ask = Ask::form("/portal/smith/sign-in", &[("email", address), ("password", PASSWORD)]);
        clients.push(without_length(untyped(kit.send(ask).await, address)));
    }
    all_alike(&clients);
}

#[tokio::test]
async fn p2_every_failed_sign_in_of_staff_asks_the_hasher_once() {
    let kit = people().await;
    for address in ADDRESSES {
        let before = kit.hasher.verified();
        kit.send(form(address, "wrong but long enough")).await.is(401);
        assert_eq!(kit.hasher.verified(), before + 1, "{address}");
    }
}

#[tokio::test]
async fn p2_a_reset_of_staff_answers_alike_for_everybody() {
    let kit = people().await;
    let mut answers = Vec::new();
    for address in ADDRESSES {
        let ask = Ask::form("/workspace/smith/forgot", &[("email", address)]);
        answers.push(without_length(untyped(kit.send(ask).await, address)));
    }
    all_alike(&answers);
    assert_eq!(kit.tokens().await.len(), 1, "W1: to whoever has a password; nobody was invited at another address");
    let ask = Ask::form("/portal/smith/forgot", &[("email", "uma@staff.example")]);
    kit.send(ask).await.is(200);
    assert!(kit.tokens().await.is_empty(), "the portal knows no staff");
}

/// Many hosts sign staff in themselves: being listed is no way to a password.
#[tokio::test]
async fn w1_who_was_not_invited_at_the_address_of_today_gets_no_reset() {
    let kit = staffed("staff").await;
    let sent = async |address: &str| {
        kit.send(Ask::form("/workspace/smith/forgot", &[("email", address)])).await.is(200);
        kit.tokens().await.len()
    };
    assert_eq!(sent("uma@staff.example").await, 0, "listed");
    invite(&kit, "uma").await;
    assert_eq!(sent("uma@staff.example").await, 1, "invited");
    kit.clock.advance(Duration::from_secs(8 * 24 * 3600));
    kit.tokens().await;
    assert_eq!(sent("uma@staff.example").await, 1, "invited once, though the link is over");
    put(&kit, "uma", "other@staff.example", "staff").await.is(200);
    assert_eq!(sent("other@staff.example").await, 0, "not at this address");
    invite(&kit, "uma").await;
    assert_eq!(sent("other@staff.example").await, 1);
}

#[tokio::test]
async fn g3_mail_that_anybody_asks_for_is_limited_at_the_key() {
    let kit = staffed("staff").await;
    let token = invite(&kit, "uma").await;
    for _ in 0..3 {
        kit.send(Ask::form("/workspace/smith/forgot", &[("email", "uma@staff.example")])).await.is(200);
        kit.send(Ask::form(&format!("{}/renew", link(&token)), &[])).await.is(200);
    }
    assert_eq!(kit.tokens().await.len(), 3);
}

#[tokio::test]
async fn g1_guesses_at_one_area_bar_nobody_at_the_other_and_not_the_known_browser() {
    let kit = staffed("staff").await;
    settle(&kit, "uma").await;
    let (_, known) = pairs(&kit.send(form("uma@staff.example", PASSWORD)).await.is(303));
    for _ in 0..12 {
        let body = json!({"email": "uma@staff.example", "password": "wrong but long enough"});
        kit.front(Method::POST, "/session", body).await.is(401);
    }
    kit.send(form("uma@staff.example", PASSWORD)).await.is(303);
    for _ in 0..12 {
        kit.send(form("uma@staff.example", "wrong but long enough")).await.is(401);
    }
    kit.send(form("uma@staff.example", PASSWORD)).await.is(401);
    kit.send(form("uma@staff.example", PASSWORD).cookie(&known)).await.is(303);
    kit.send(Ask::form("/workspace/smith/forgot", &[("email", "uma@staff.example")])).await.is(200);
    let token = kit.tokens().await.pop().expect("a way through a reset");
    kit.send(set(&token, OTHER_PASSWORD)).await.is(200);
    kit.send(form("uma@staff.example", OTHER_PASSWORD)).await.is(303);
}

#[tokio::test]
async fn g2_tries_of_one_origin_count_at_both_areas_together() {
    let kit = Kit::with("https://portal.example", |app| app.portal.tries_per_minute = 4).await;
    let from = |ask: Ask| ask.from("192.0.2.9");
    for _ in 0..2 {
        kit.send(from(form("x@staff.example", "wrong but long enough"))).await.is(401);
        let portal = [("email", "x@smith.example"), ("password", "wrong but long enough")];
        kit.send(from(Ask::form("/portal/smith/sign-in", &portal))).await.is(401);
    }
    let wait = kit.send(from(form("kept@staff.example", "wrong but long enough"))).await.is(429);
    assert!(wait.header("retry-after").is_some() && wait.text.contains(r#"value="kept@staff.example""#));
    kit.send(from(Ask::form("/workspace/smith/forgot", &[("email", "x@staff.example")]))).await.is(429);
}

#[tokio::test]
async fn w2_demoting_moving_and_removing_end_sessions_and_links_at_once() {
    for deed in ["demote", "move", "remove"] {
        let kit = staffed("admin").await;
        settle(&kit, "uma").await;
        let (cookie, token) = (enter(&kit, "uma").await, invite(&kit, "uma").await);
        match deed {
            "demote" => put(&kit, "uma", "uma@staff.example", "staff").await.is(200),
            "move" => put(&kit, "uma", "other@staff.example", "admin").await.is(200),
            _ => kit.host(Method::DELETE, "/practice-users/uma", Value::Null).await.is(204),
        };
        home(&kit, &cookie).await.is(303);
        assert!(kit.send(Ask::get(&link(&token))).await.is(200).text.contains("no longer works"), "{deed}");
        kit.send(set(&token, OTHER_PASSWORD)).await.is(410);
        let again = kit.send(form("uma@staff.example", PASSWORD)).await;
        let moved = kit.send(form("other@staff.example", PASSWORD)).await.is(401);
        assert!(moved.header("set-cookie").is_none());
        again.is(if deed == "demote" { 303 } else { 401 });
        kit.send(Ask::form(&format!("{}/renew", link(&token)), &[])).await.is(200);
        let renewed = kit.tokens().await;
        assert_eq!(renewed.len(), usize::from(deed != "remove"), "{deed}: to the address of today, if there is one");
    }
}

#[tokio::test]
async fn w2_another_spelling_of_the_address_ends_nothing() {
    let kit = staffed("staff").await;
    settle(&kit, "uma").await;
    let (cookie, token) = (enter(&kit, "uma").await, invite(&kit, "uma").await);
    put(&kit, "uma", "Uma@Staff.example", "staff").await.is(200);
    assert!(home(&kit, &cookie).await.is(200).text.contains("Uma@Staff.example"));
    kit.send(set(&token, OTHER_PASSWORD)).await.is(200);
}

#[tokio::test]
async fn p3_a_changed_password_ends_all_other_sessions_and_links() {
    let kit = staffed("staff").await;
    settle(&kit, "uma").await;
    let (here, there) = (enter(&kit, "uma").await, enter(&kit, "uma").await);
    let token = invite(&kit, "uma").await;
    kit.tokens().await;
    let change = |current: &str, new: &str| {
        let fields = [("current", current), ("password", new), ("repeated", new)];
        Ask::form("/workspace/smith/password", &fields).cookie(&here)
    };
    let wrong = kit.send(change("not it at all", OTHER_PASSWORD)).await.is(422).text;
    assert!(wrong.contains(r##"<a href="#current">The current password is not right"##));
    let short = kit.send(change(PASSWORD, "short")).await.is(422).text;
    assert!(short.contains(r##"<a href="#password">"##));
    home(&kit, &there).await.is(200);
    let changed = kit.send(change(PASSWORD, OTHER_PASSWORD)).await.is(200);
    let (fresh, _) = pairs(&changed);
    for ended in [&here, &there] {
        home(&kit, ended).await.is(303);
    }
    home(&kit, &fresh).await.is(200);
    assert!(kit.send(Ask::get(&link(&token))).await.is(200).text.contains("no longer works"));
    kit.send(form("uma@staff.example", OTHER_PASSWORD)).await.is(303);
    kit.send(form("uma@staff.example", PASSWORD)).await.is(401);
}

#[tokio::test]
async fn p3_one_s_own_sessions_are_listed_and_ended() {
    let kit = staffed("staff").await;
    settle(&kit, "uma").await;
    settle(&kit, "boss").await;
    let own = enter(&kit, "uma").await;
    let (second, third, other) = (enter(&kit, "uma").await, enter(&kit, "uma").await, enter(&kit, "boss").await);
    let page = home(&kit, &own).await.is(200).text;
    let ids: Vec<_> = page.split(r#"action="/workspace/smith/sessions/"#).skip(1).collect();
    let ids: Vec<_> = ids.iter().map(|part| part.split('"').next().unwrap_or_default()).collect();
    assert_eq!(ids.len(), 2, "{page}");
    let end = |id: &str, cookie: &str| Ask::form(&format!("/workspace/smith/sessions/{id}"), &[]).cookie(cookie);
    kit.send(end(ids[0], &other)).await.is(404);
    kit.send(end("nothing", &own)).await.is(404);
    kit.send(end(ids[0], &own)).await.is(303);
    let mut open = 0;
    for cookie in [&second, &third] {
        open += usize::from(home(&kit, cookie).await.status == 200);
    }
    assert_eq!(open, 1);
    kit.send(Ask::form("/workspace/smith/sessions", &[]).cookie(&own)).await.is(303);
    for cookie in [&second, &third] {
        home(&kit, cookie).await.is(303);
    }
    home(&kit, &own).await.is(200);
    home(&kit, &other).await.is(200);
}

#[tokio::test]
async fn w3_every_page_for_staff_leads_others_to_the_sign_in() {
    let kit = staffed("staff").await;
    settle(&kit, "uma").await;
    kit.settle("ada", "ada@smith.example").await;
    let client = kit.sign_in("ada@smith.example").await;
    let strayed = client.replace("portal-smith", "workspace-smith");
    let mut walked = 0;
    for (method, path, who) in workspace_table() {
        let path = path.replace("{practice}", "smith").replace("{id}", "x").replace("{token}", "x");
        let path = path.replace("{ref}", "ada").replace("{command}", "activate");
        let ask = || match method {
            "GET" => Ask::get(&path),
            _ => Ask::form(&path, &[]),
        };
        let before = kit.stored();
        for cookie in ["", &client, &strayed] {
            let answer = kit.send(ask().cookie(cookie)).await;
            if who != "anybody" {
                assert_eq!(
                    (answer.status.as_u16(), answer.header("location")),
                    (303, Some(SIGN_IN)),
                    "{method} {path}"
                );
                walked += 1;
            } else {
                assert!(answer.header("location") != Some(SIGN_IN) || path.ends_with("sign-out"), "{method} {path}");
            }
        }
        if method == "POST" {
            let foreign = ask().without("sec-fetch-site").with("sec-fetch-site", "cross-site");
            kit.send(foreign.without("origin").with("origin", "https://evil.example")).await.is(403);
        }
        if path != "/workspace/smith/forgot" {
            assert_eq!(kit.stored(), before, "{method} {path}");
        }
    }
    assert!(walked > 90, "{walked}");
}

#[tokio::test]
async fn s10_no_answer_of_the_host_holds_a_link_of_staff() {
    let kit = staffed("staff").await;
    let token = invite(&kit, "uma").await;
    kit.seal().await;
    for path in ["/practice-users", "/practice-users/uma", "/events"] {
        assert!(!kit.get(path).await.is(200).text.contains(&token));
    }
    assert!(!kit.stored().contains(&token) && !kit.stored().contains(PASSWORD));
}

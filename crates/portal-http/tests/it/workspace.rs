//! The workspace's door for programs that sign their staff in themselves, and the wall between the two areas (P4).

use std::{collections::BTreeMap, time::Duration};

use axum::http::{HeaderMap, HeaderValue, Method, header};
use portal_domain::{
    event::Caller,
    id::{Ref, Slug},
    practice::Practice,
    session::WorkspaceToken,
    usecase::CallContext,
};
use portal_http::{BaseUrl, workspace_cookie};
use serde_json::{Value, json};

use crate::kit::{Answer, Ask, Kit, PASSWORD};

const SMITH: &str = "__Host-workspace-smith";

async fn practice(kit: &Kit, slug: &str) -> Practice {
    let slug = Slug::parse(slug).expect("a slug");
    kit.portal.practice_by_slug(&slug).await.expect("the store answers").expect("the practice is there")
}

/// The users `uma`, an admin, and `boss`, who stays one, in both practices.
async fn staffed() -> Kit {
    let kit = Kit::new().await;
    for key in [&kit.key, &kit.foreign] {
        for who in ["boss", "uma"] {
            user(&kit, key, who, "admin").await.is(201);
        }
    }
    kit
}

async fn user(kit: &Kit, key: &str, who: &str, role: &str) -> Answer {
    let body = json!({"name": format!("The {who}"), "email": format!("{who}@staff.example"), "role": role});
    kit.send(Ask::new(Method::PUT, &format!("/api/v1/practice-users/{who}")).key(key).json(&body)).await
}

/// What an embedding program does once it has authenticated a practice user: the `Set-Cookie` line it answers with.
async fn enter(kit: &Kit, slug: &str, who: &str, browser: &str) -> HeaderValue {
    let practice = practice(kit, slug).await;
    let base = BaseUrl::parse("https://portal.example").expect("a base address");
    let mut headers = HeaderMap::new();
    headers.insert(header::COOKIE, HeaderValue::from_str(browser).expect("a header"));
    let presented = workspace_cookie::presented(&base, &practice.slug, &headers);
    let context = CallContext::new(practice.id, Caller::Program);
    let who = Ref::parse(who).expect("a reference");
    let opened = kit.portal.open_workspace_session(&context, &who, None, presented.as_ref()).await;
    workspace_cookie::given(&base, &practice.slug, &opened.expect("a session").token)
}

/// The pair of a new session.
async fn session(kit: &Kit, slug: &str, who: &str) -> String {
    pair(&enter(kit, slug, who, "").await)
}

fn pair(line: &HeaderValue) -> String {
    let line = line.to_str().expect("text");
    line.split(';').next().unwrap_or_default().to_owned()
}

async fn look(kit: &Kit, slug: &str, cookies: &str) -> Answer {
    kit.send(Ask::get(&format!("/workspace/{slug}/api/session")).cookie(cookies)).await
}

fn leave(slug: &str, cookies: &str) -> Ask {
    Ask::new(Method::DELETE, &format!("/workspace/{slug}/api/session")).cookie(cookies).marked()
}

#[tokio::test]
async fn w1_a_program_signs_its_staff_in_and_they_look_and_leave() {
    let kit = staffed().await;
    kit.send(Ask::get("/workspace/smith/api/session")).await.problem(401, "unauthorized");
    let line = enter(&kit, "smith", "uma", "").await;
    let (cookie, rest) = line.to_str().expect("text").split_once(';').expect("attributes");
    assert!(cookie.starts_with(&format!("{SMITH}=")) && rest == " Path=/; HttpOnly; SameSite=Lax; Secure", "{line:?}");
    let seen = look(&kit, "smith", cookie).await.is(200);
    assert!(seen.header("set-cookie").is_none());
    let expected = json!({
        "user": {"ref": "uma", "name": "The uma", "role": "admin"},
        "signed_in_at": "2026-03-02T12:00:00.000001Z",
        "expires_at": "2026-03-03T00:00:00.000001Z",
    });
    assert_eq!(seen.json(), expected);
    let out = kit.send(leave("smith", cookie)).await.is(204);
    assert_eq!(
        out.header("set-cookie"),
        Some("__Host-workspace-smith=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure")
    );
    look(&kit, "smith", cookie).await.problem(401, "unauthorized");
    kit.send(leave("smith", cookie)).await.problem(401, "unauthorized");
}

#[tokio::test]
async fn p3_a_workspace_session_ends_when_idle_and_a_used_one_goes_on() {
    let kit = staffed().await;
    let (used, idle) = (session(&kit, "smith", "uma").await, session(&kit, "smith", "uma").await);
    for _ in 0..4 {
        kit.clock.advance(Duration::from_secs(20 * 60));
        look(&kit, "smith", &used).await.is(200);
    }
    look(&kit, "smith", &idle).await.problem(401, "unauthorized");
    kit.clock.advance(Duration::from_secs(31 * 60));
    look(&kit, "smith", &used).await.problem(401, "unauthorized");
}

#[tokio::test]
async fn p3_entering_again_ends_what_the_browser_had() {
    let kit = staffed().await;
    let first = session(&kit, "smith", "uma").await;
    let browser = format!("other=x; {first}");
    let second = pair(&enter(&kit, "smith", "boss", &browser).await);
    look(&kit, "smith", &first).await.problem(401, "unauthorized");
    assert_eq!(look(&kit, "smith", &second).await.is(200).json()["user"]["ref"], "boss");
}

#[tokio::test]
async fn w2_demoting_and_removing_end_sessions_at_the_next_request() {
    let kit = staffed().await;
    let (uma, boss) = (session(&kit, "smith", "uma").await, session(&kit, "smith", "boss").await);
    let elsewhere = session(&kit, "jones", "uma").await;
    user(&kit, &kit.key, "uma", "staff").await.is(200);
    look(&kit, "smith", &uma).await.problem(401, "unauthorized");
    kit.send(leave("smith", &uma)).await.problem(401, "unauthorized");
    let uma = session(&kit, "smith", "uma").await;
    assert_eq!(look(&kit, "smith", &uma).await.is(200).json()["user"]["role"], "staff");
    kit.host(Method::DELETE, "/practice-users/uma", Value::Null).await.is(204);
    look(&kit, "smith", &uma).await.problem(401, "unauthorized");
    look(&kit, "smith", &boss).await.is(200);
    look(&kit, "jones", &elsewhere).await.is(200);
}

#[tokio::test]
async fn with_a_workspace_cookie_only_marked_calls_change_anything() {
    let kit = staffed().await;
    let cookie = session(&kit, "smith", "uma").await;
    let before = kit.stored();
    let delete = || Ask::new(Method::DELETE, "/workspace/smith/api/session").cookie(&cookie);
    kit.send(delete()).await.problem(403, "forbidden");
    kit.send(delete().with("x-portal", "yes")).await.problem(403, "forbidden");
    kit.send(delete().marked().with("content-type", "text/plain")).await.problem(403, "forbidden");
    kit.send(delete().marked().with("origin", "https://evil.example")).await.problem(403, "forbidden");
    kit.send(delete().marked().with("sec-fetch-site", "cross-site")).await.problem(403, "forbidden");
    kit.send(delete().marked().json(&json!({"x": 1}))).await.problem(400, "invalid_request");
    kit.send(delete().marked().json(&json!({"x": "y".repeat(17_000)}))).await.problem(413, "body_too_large");
    assert_eq!(kit.stored(), before);
    kit.send(Ask::new(Method::POST, "/workspace/smith/api/session")).await.problem(405, "method_not_allowed");
    kit.send(Ask::get("/workspace/nobody/api/session").cookie(&cookie)).await.problem(404, "not_found");
    let right = delete().marked().with("origin", "{base}").with("sec-fetch-site", "same-origin");
    kit.send(right).await.is(204);
}

#[tokio::test]
async fn p4_a_workspace_cookie_opens_its_own_workspace_only() {
    let kit = staffed().await;
    kit.settle("a", "ada@smith.example").await;
    let staff = session(&kit, "smith", "uma").await;
    let client = kit.sign_in("ada@smith.example").await;
    let value = |cookie: &str| cookie.split_once('=').expect("a pair").1.to_owned();
    let (staff, client) = (value(&staff), value(&client));
    for (path, name, value) in [
        ("/workspace/jones/api/session", "__Host-workspace-jones", &staff),
        ("/workspace/jones/api/session", SMITH, &staff),
        ("/workspace/smith/api/session", "workspace-smith", &staff),
        ("/workspace/smith/api/session", "__Host-portal-smith", &staff),
        ("/portal/smith/api/session", SMITH, &staff),
        ("/portal/smith/api/session", "__Host-portal-smith", &staff),
        ("/workspace/smith/api/session", SMITH, &client),
        ("/workspace/smith/api/session", "__Host-portal-smith", &client),
    ] {
        kit.send(Ask::get(path).cookie(&format!("{name}={value}"))).await.problem(401, "unauthorized");
    }
    let http = BaseUrl::parse("http://127.0.0.1:8080").expect("a base address");
    let (practice, token) = (Slug::parse("smith").expect("a slug"), WorkspaceToken::parse(&staff).expect("a token"));
    let line = workspace_cookie::given(&http, &practice, &token);
    assert_eq!(line, format!("workspace-smith={staff}; Path=/; HttpOnly; SameSite=Lax"));
    let line = workspace_cookie::taken(&http, &practice);
    assert_eq!(line, "workspace-smith=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
}

/// A browser's cookies, by name.
#[derive(Clone, Default)]
struct Jar(BTreeMap<String, String>);

impl Jar {
    fn take(&mut self, line: &str) {
        let (name, value) = line.split(';').next().and_then(|pair| pair.split_once('=')).expect("a pair");
        match line.contains("Max-Age=0") {
            true => self.0.remove(name),
            false => self.0.insert(name.to_owned(), value.to_owned()),
        };
    }

    fn text(&self) -> String {
        self.0.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    /// Everything but the cookie of one area of one practice.
    fn without(&self, name: &str) -> Self {
        let mut jar = self.clone();
        jar.0.remove(name);
        jar
    }
}

/// What a browser can do at one door, of four: each area of each practice.
#[derive(Clone, Copy, Debug)]
enum Deed {
    In(&'static str, &'static str),
    Out(&'static str, &'static str),
}

impl Deed {
    fn cookie(self) -> String {
        let (Self::In(area, practice) | Self::Out(area, practice)) = self;
        format!("__Host-{area}-{practice}")
    }

    /// Does it in this browser, and answers the cookie lines that came back.
    async fn carry_out(self, kit: &Kit, jar: &Jar) -> Vec<String> {
        let cookies = jar.text();
        let answer = match self {
            Self::In("workspace", practice) => {
                let line = enter(kit, practice, "uma", &cookies).await;
                return vec![line.to_str().expect("text").to_owned()];
            }
            Self::In(_, practice) => {
                let body = json!({"email": "ada@client.example", "password": PASSWORD});
                let ask = Ask::new(Method::POST, &format!("/portal/{practice}/api/session"));
                kit.send(ask.cookie(&cookies).marked().json(&body)).await
            }
            Self::Out(area, practice) => {
                let ask = Ask::new(Method::DELETE, &format!("/{area}/{practice}/api/session"));
                kit.send(ask.cookie(&cookies).marked()).await
            }
        };
        let lines = answer.headers.get_all("set-cookie").into_iter();
        lines.map(|line| line.to_str().expect("text").to_owned()).collect()
    }
}

const DOORS: [(&str, &str); 4] =
    [("portal", "smith"), ("portal", "jones"), ("workspace", "smith"), ("workspace", "jones")];

/// What each door says to this browser.
async fn seen(kit: &Kit, jar: &Jar) -> Vec<(String, Answer)> {
    let mut all = Vec::new();
    for (area, practice) in DOORS {
        let path = format!("/{area}/{practice}/api/session");
        let answer = kit.send(Ask::get(&path).cookie(&jar.text())).await;
        assert!(answer.header("set-cookie").is_none(), "looking sets nothing: {path}");
        all.push((Deed::In(area, practice).cookie(), answer));
    }
    all
}

/// One browser with all four cookies, in every order of signing in and of signing out: each deed leaves every other cookie and
/// every other session as it is, byte for byte.
#[tokio::test]
async fn p4_signing_in_to_or_out_of_one_leaves_all_others_in_every_order() {
    let kit = staffed().await;
    for key in [&kit.key.clone(), &kit.foreign.clone()] {
        contact(&kit, key).await;
    }
    for order in orders() {
        let mut jar = Jar::default();
        let doors = order.map(|index| DOORS[index]);
        let deeds = doors.iter().map(|(area, practice)| Deed::In(area, practice));
        let again = doors.iter().rev().map(|(area, practice)| Deed::In(area, practice));
        let out = doors.iter().map(|(area, practice)| Deed::Out(area, practice));
        for deed in deeds.chain(again).chain(out) {
            let before = (jar.clone(), seen(&kit, &jar).await);
            let lines = deed.carry_out(&kit, &jar).await;
            lines.iter().for_each(|line| jar.take(line));
            let (mine, now) = (deed.cookie(), seen(&kit, &jar).await);
            // Who signs in to the portal is known there from then on (G1), by a cookie that opens nothing.
            let known = format!("{mine}_known");
            let own = |line: &String| line.starts_with(&format!("{mine}=")) || line.starts_with(&format!("{known}="));
            assert!(!lines.is_empty() && lines.iter().all(own), "{deed:?}: {lines:?}");
            assert_eq!(before.0.without(&mine).without(&known).0, jar.without(&mine).without(&known).0, "{deed:?}");
            for ((name, old), (_, new)) in before.1.iter().zip(&now) {
                let expected = matches!(deed, Deed::In(..));
                match *name == mine {
                    true => assert_eq!(new.status.is_success(), expected, "{deed:?}"),
                    false => assert_eq!(old, new, "{deed:?} changed {name}"),
                }
            }
        }
        assert!(jar.0.keys().all(|name| name.ends_with("_known")), "{:?}", jar.0);
    }
}

/// Every order of four doors.
fn orders() -> Vec<[usize; 4]> {
    let digits = |number: usize| [number / 64 % 4, number / 16 % 4, number / 4 % 4, number % 4];
    let all_there = |order: &[usize; 4]| (0..4).all(|index| order.contains(&index));
    let orders: Vec<_> = (0..256).map(digits).filter(all_there).collect();
    assert_eq!(orders.len(), 24);
    orders
}

/// A contact with a password in the practice of a key.
async fn contact(kit: &Kit, key: &str) {
    let body = json!({"name": "Ada", "emails": ["ada@client.example"]});
    kit.send(Ask::new(Method::PUT, "/api/v1/contacts/ada").key(key).json(&body)).await.is(201);
    kit.send(Ask::new(Method::POST, "/api/v1/contacts/ada/portal/activate").key(key)).await.is(200);
    let token = kit.tokens().await.pop().expect("a link");
    let practice = if key == kit.key { "smith" } else { "jones" };
    let redeem = Ask::new(Method::POST, &format!("/portal/{practice}/api/links/{token}"));
    kit.send(redeem.json(&json!({"password": PASSWORD}))).await.is(204);
}

/// S8: with or without the other area's cookie, every route answers the same and leaves that area's session as it is.
#[tokio::test]
async fn p4_no_route_of_one_area_reads_or_sets_the_other_s_cookie() {
    let routes: [(Method, &str, Value); 14] = [
        (Method::GET, "/portal/smith/", Value::Null),
        (Method::GET, "/portal/smith/sign-in", Value::Null),
        (Method::GET, "/portal/smith/forgot", Value::Null),
        (Method::GET, "/portal/smith/link/{token}", Value::Null),
        (Method::GET, "/portal/smith/api/session", Value::Null),
        (Method::GET, "/portal/smith/api/sessions", Value::Null),
        (Method::GET, "/portal/smith/api/links/{token}", Value::Null),
        (Method::POST, "/portal/smith/api/password-resets", json!({"email": "ada@client.example"})),
        (Method::POST, "/portal/smith/api/links/{token}/renew", Value::Null),
        (Method::POST, "/portal/smith/api/links/{token}", json!({"password": PASSWORD})),
        (Method::POST, "/portal/smith/api/session", json!({"email": "ada@client.example", "password": "wrong"})),
        (Method::PUT, "/portal/smith/api/session/profile", json!({"profile": "x"})),
        (Method::PUT, "/portal/smith/api/password", json!({"current_password": "x", "new_password": "y"})),
        (Method::DELETE, "/portal/smith/api/session", Value::Null),
    ];
    let kit = staffed().await;
    kit.invite("a", "ada@client.example").await;
    let token = kit.tokens().await.pop().expect("a link");
    let staff = session(&kit, "smith", "uma").await;
    let before = look(&kit, "smith", &staff).await.is(200);
    for (method, path, body) in routes {
        let path = path.replace("{token}", &token);
        let ask = |marked: bool| {
            let ask = Ask::new(method.clone(), &path).with("origin", "{base}").json(&body);
            if marked { ask.marked() } else { ask }
        };
        let uses_link = method == Method::POST && path.ends_with(&token);
        for marked in [false, true] {
            let with = kit.send(ask(marked).cookie(&staff)).await;
            let sets = with.headers.get_all("set-cookie").into_iter();
            assert!(sets.filter_map(|line| line.to_str().ok()).all(|line| !line.contains("workspace")), "{path}");
            assert!(uses_link || kit.send(ask(marked)).await == with, "{method} {path} reads the cookie");
        }
        assert_eq!(look(&kit, "smith", &staff).await, before, "{method} {path}");
    }
    let client = kit.sign_in("ada@client.example").await;
    let before = kit.send(Ask::get("/portal/smith/api/session").cookie(&client)).await.is(200);
    for method in [Method::GET, Method::DELETE, Method::POST] {
        let ask = |marked: bool| {
            let ask = Ask::new(method.clone(), "/workspace/smith/api/session");
            if marked { ask.marked() } else { ask }
        };
        for marked in [false, true] {
            let with = kit.send(ask(marked).cookie(&client)).await;
            assert!(with.header("set-cookie").is_none());
            assert_eq!(with, kit.send(ask(marked)).await, "{method}");
        }
    }
    let both = format!("{client}; {staff}");
    let out = kit.send(leave("smith", &both)).await.is(204);
    assert!(out.header("set-cookie").is_some_and(|line| line.starts_with(SMITH)));
    assert_eq!(kit.send(Ask::get("/portal/smith/api/session").cookie(&both)).await, before);
}

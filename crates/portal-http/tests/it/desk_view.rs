//! V1, S8: staff see the portal as a contact sees it, in a look of its own.

use axum::http::Method;
use portal_domain::{port::PortalStore, session::WorkspaceToken};
use serde_json::json;

use crate::{
    desk::{Desk, hidden, words},
    kit::{Answer, Ask},
};

const VIEW: &str = "/contacts/ada/view";
const SEEN: &str = "/portal/smith/view";

impl Desk {
    /// `ada` with a password, two clients, and a practice that shows a place.
    async fn watched() -> Self {
        let desk = Self::new().await;
        desk.kit.settle("ada", "ada@mail.example").await;
        desk.kit.host(Method::PUT, "/clients/two", json!({"name": "Two Ltd"})).await.is(201);
        desk.kit.host(Method::PUT, "/contacts/ada", json!({"clients": ["acme", "two"]})).await.is(200);
        let places = json!([{"name": "Upload", "address": "https://files.example/", "sentence": "Send us papers."}]);
        desk.kit.host(Method::PUT, "/settings", json!({"places": places})).await.is(200);
        desk
    }

    /// Opens a look as the admin, and answers its cookie.
    async fn looks(&self, client: &str) -> String {
        let call = hidden(&self.get_as_admin(VIEW).await.is(200), "call");
        let fields = [("call", &*call), ("client", client), ("reason", "rang us")];
        let opened = self.post_as_admin(VIEW, &fields).await.is(303);
        assert_eq!(opened.header("location"), Some(SEEN));
        opened.cookie()
    }

    async fn see(&self, cookies: &str) -> Answer {
        self.kit.send(Ask::get(SEEN).cookie(cookies)).await
    }
}

#[tokio::test]
async fn v1_staff_see_one_profile_with_a_banner_and_nothing_to_change() {
    let desk = Desk::watched().await;
    assert!(desk.get_as_admin("/contacts/ada").await.text.contains("href=\"/workspace/smith/contacts/ada/view\""));
    let look = desk.looks("two").await;
    assert!(look.starts_with("__Host-view-smith="));
    let before = desk.kit.stored();
    let page = desk.see(&look).await.is(200);
    assert_eq!(desk.kit.stored(), before, "looking changes nothing");
    let text = words(&page);
    for said in [
        "The boss, you are looking at the portal of Person ada.",
        "It ends by itself within 30 minutes.",
        "You are signed in as ada@mail.example.",
        "Two Ltd",
        "Upload",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    assert!(!text.contains("Acme Ltd"), "one profile, not the others");
    let deeds: Vec<_> = page.text.split("action=\"").skip(1).map(|rest| rest.split('"').next().unwrap_or("")).collect();
    assert_eq!(deeds, ["/portal/smith/view/end"]);
    assert!(page.header("set-cookie").is_none());
    desk.kit.clock.advance(std::time::Duration::from_secs(1795));
    assert!(words(&desk.see(&look).await.is(200)).contains("It ends by itself within a minute."));
    desk.kit.clock.advance(std::time::Duration::from_secs(10));
    let over = desk.see(&look).await.is(401);
    assert!(words(&over).contains("This look at the portal is over"));
    assert!(over.text.contains("href=\"/workspace/smith/\"") && !over.text.contains("ada"));
}

#[tokio::test]
async fn v1_a_look_signs_in_nowhere_and_no_session_looks() {
    let desk = Desk::watched().await;
    let look = desk.looks("acme").await;
    let value = look.split_once('=').expect("a pair").1;
    for name in ["__Host-portal-smith", "__Host-workspace-smith"] {
        let cookie = format!("{name}={value}");
        for path in ["/portal/smith/", "/portal/smith/password", "/workspace/smith/", "/workspace/smith/me"] {
            desk.kit.send(Ask::get(path).cookie(&cookie)).await.is(303);
        }
    }
    let client = desk.kit.sign_in("ada@mail.example").await;
    for cookie in [&client, &desk.admin] {
        let value = cookie.split_once('=').expect("a pair").1;
        desk.see(&format!("__Host-view-smith={value}")).await.is(401);
        desk.see(cookie).await.is(401);
    }
    for (path, fields) in [
        ("/portal/smith/password", &[("current", "x"), ("password", "seven loud copper kettles")][..]),
        ("/portal/smith/sessions", &[]),
        ("/portal/smith/profile", &[("profile", "x")]),
    ] {
        let before = desk.kit.stored();
        let away = desk.kit.send(Ask::form(path, fields).cookie(&look)).await.is(303);
        assert_eq!(away.header("location"), Some("/portal/smith/sign-in"), "{path}");
        assert_eq!(desk.kit.stored(), before, "{path}");
    }
    let foreign = desk.kit.send(Ask::get("/portal/jones/view").cookie(&look.replace("smith", "jones"))).await;
    foreign.is(401);
}

#[tokio::test]
async fn v1_s8_a_look_leaves_both_sessions_of_the_browser_byte_for_byte() {
    let desk = Desk::watched().await;
    let client = desk.kit.sign_in("ada@mail.example").await;
    let staff = WorkspaceToken::parse(desk.admin.split_once('=').expect("a pair").1).expect("a token");
    let row = async || {
        let facts = desk.kit.store.workspace_session(desk.kit.practice.id, &staff.hash()).await.expect("answered");
        let sessions = desk.kit.get("/contacts/ada/portal/sessions").await.is(200).text;
        (facts, sessions)
    };
    let before = row().await;
    let call = hidden(&desk.get_as_admin(VIEW).await.is(200), "call");
    let both = format!("{}; {client}", desk.admin);
    let fields = [("call", &*call), ("client", "acme"), ("reason", "rang us")];
    let opened = desk.kit.send(Ask::form("/workspace/smith/contacts/ada/view", &fields).cookie(&both)).await.is(303);
    let lines: Vec<_> = opened.headers.get_all("set-cookie").iter().collect();
    assert_eq!(lines.len(), 1, "the look's cookie and no other");
    let all = format!("{both}; {}", opened.cookie());
    desk.see(&all).await.is(200);
    desk.kit.send(Ask::get("/portal/smith/").cookie(&all)).await.is(200);
    let left = desk.kit.send(Ask::form("/portal/smith/view/end", &[]).cookie(&all)).await.is(303);
    assert_eq!(left.header("location"), Some("/workspace/smith/contacts/ada"));
    let taken: Vec<_> = left.headers.get_all("set-cookie").iter().map(|line| line.to_str().expect("text")).collect();
    assert!(taken.len() == 1 && taken[0].starts_with("__Host-view-smith=; Path=/; Max-Age=0"), "{taken:?}");
    assert_eq!(row().await, before);
    assert!(words(&desk.see(&all).await.is(401)).contains("over"), "the back button shows nothing private");
    desk.kit.send(Ask::get("/portal/smith/").cookie(&both)).await.is(200);
    desk.kit.send(Ask::get("/workspace/smith/").cookie(&both)).await.is(200);
}

#[tokio::test]
async fn v1_w3_an_admin_says_who_of_the_staff_may_look() {
    let desk = Desk::watched().await;
    assert!(!desk.get("/contacts/ada").await.text.contains("/view\""));
    let form = desk.get(VIEW).await.is(200);
    assert!(words(&form).contains("You are not allowed to do this yet.") && !form.text.contains("name=\"reason\""));
    let fields = [("call", "one"), ("client", "acme"), ("reason", "just so")];
    desk.post(VIEW, &fields).await.is(404);
    desk.get("/viewers").await.is(403);
    desk.post("/viewers/sam/allow", &[]).await.is(403);
    let list = words(&desk.get_as_admin("/viewers").await.is(200));
    assert!(list.contains("The boss admin always may The sam Allow"), "{list}");
    for _ in 0..2 {
        desk.post_as_admin("/viewers/sam/allow", &[]).await.is(303);
    }
    assert!(words(&desk.get_as_admin("/viewers").await).contains("The sam may Forbid"));
    let look = desk.post(VIEW, &fields).await.is(303).cookie();
    desk.see(&look).await.is(200);
    desk.post_as_admin("/viewers/sam/forbid", &[]).await.is(303);
    desk.see(&look).await.is(401);
    desk.post_as_admin("/viewers/sam/perhaps", &[]).await.is(404);
    desk.post_as_admin("/viewers/nobody/allow", &[]).await.is(404);
}

#[tokio::test]
async fn v1_a_look_needs_a_reason_and_a_client_and_pressed_twice_it_is_one() {
    let desk = Desk::watched().await;
    let missing = desk.post_as_admin(VIEW, &[("call", "one"), ("client", "two"), ("reason", " ")]).await.is(422);
    assert!(words(&missing).contains("Please say why you look.") && missing.text.contains("href=\"#reason\""));
    assert!(missing.text.contains("value=\"two\" required checked"), "what was chosen stays");
    let missing = desk.post_as_admin(VIEW, &[("call", "one"), ("reason", "rang <us>")]).await.is(422);
    assert!(words(&missing).contains("Please choose what to look at.") && missing.text.contains("rang &#60;us&#62;"));
    let fields = [("call", "one"), ("client", "two"), ("reason", "rang <us>")];
    let first = desk.post_as_admin(VIEW, &fields).await.is(303).cookie();
    assert_eq!(desk.post_as_admin(VIEW, &fields).await.is(303).cookie(), first);
    desk.kit.seal().await;
    let history = words(&desk.get("/contacts/ada/history").await.is(200));
    assert_eq!(history.matches("looked at the portal as this contact sees it").count(), 1, "{history}");
    assert!(history.contains("Why: rang &#60;us&#62;") && history.contains("The boss"), "{history}");
}

#[tokio::test]
async fn v1_where_there_is_nothing_to_see_the_page_says_so() {
    let desk = Desk::watched().await;
    desk.contact("bob", "Bob", &["bob@mail.example"]).await;
    let text = words(&desk.get_as_admin("/contacts/bob/view").await.is(200));
    assert!(text.contains("Bob has no access to the portal at the moment."), "{text}");
    let fields = [("call", "one"), ("client", "acme"), ("reason", "rang us")];
    let refused = desk.post_as_admin("/contacts/bob/view", &fields).await.is(422);
    assert!(words(&refused).contains("Access was never given."));
    for client in ["acme", "two"] {
        desk.post_as_admin(&format!("/clients/{client}/suspend"), &[]).await.is(303);
    }
    let text = words(&desk.get_as_admin(VIEW).await.is(200));
    assert!(text.contains("No client is open to Person ada"), "{text}");
    desk.post_as_admin(VIEW, &fields).await.is(404);
    desk.get_as_admin("/contacts/nobody/view").await.is(404);
}

#[tokio::test]
async fn s11_whatever_is_typed_stays_text_in_a_look() {
    let desk = Desk::watched().await;
    let tags = |page: &Answer| {
        page.text.split('<').skip(1).map(|tag| tag.split(['>', ' ']).next().unwrap_or("").len()).collect::<Vec<_>>()
    };
    let mut plain = None;
    for name in ["X", "\"><script>alert(1)</script>", "{{7*7}}", "\u{202e}abc", "' onload=x", "{ $user }"] {
        desk.kit.host(Method::PUT, "/clients/two", json!({"name": name})).await.is(200);
        desk.kit.host(Method::PUT, "/contacts/ada", json!({"name": name})).await.is(200);
        desk.kit
            .host(
                Method::PUT,
                "/practice-users/boss",
                json!({"name": name, "email": "boss@staff.example", "role": "admin"}),
            )
            .await
            .is(200);
        let page = desk.see(&desk.looks("two").await).await.is(200);
        let shapes =
            [tags(&desk.get_as_admin(VIEW).await.is(200)), tags(&desk.get_as_admin("/viewers").await), tags(&page)];
        assert_eq!(*plain.get_or_insert_with(|| shapes.clone()), shapes, "{name}");
    }
}

#[tokio::test]
async fn j3_an_erasure_leaves_no_reason_of_a_look() {
    let desk = Desk::watched().await;
    desk.looks("two").await;
    assert!(desk.kit.stored().contains("rang us"));
    desk.kit.host(Method::POST, "/contacts/ada/erase", serde_json::Value::Null).await.is(200);
    desk.kit.seal().await;
    assert!(!desk.kit.stored().contains("rang us"));
}

#[tokio::test]
async fn w3_who_is_no_admin_any_more_is_allowed_to_look_anew() {
    let desk = Desk::watched().await;
    desk.post_as_admin("/viewers/sam/allow", &[]).await.is(303);
    for role in ["admin", "staff"] {
        let body = json!({"name": "The sam", "email": "sam@staff.example", "role": role});
        desk.kit.host(Method::PUT, "/practice-users/sam", body).await.is(200);
    }
    desk.kit.seal().await;
    let told = desk.kit.get("/events?limit=200").await.is(200).text;
    assert!(told.contains("\"view_as\":\"ended\""), "{told}");
    let desk = Desk::again(desk.kit).await;
    assert!(words(&desk.get(VIEW).await.is(200)).contains("You are not allowed to do this yet."));
    assert!(words(&desk.get_as_admin("/viewers").await).contains("The sam Allow"));
}

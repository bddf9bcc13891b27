//! What staff see and do beyond one change: history, browsers, name and clients, and many contacts at once.

use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};

use crate::{
    desk::{Desk, hidden, words},
    kit::{Answer, Ask, PASSWORD},
};

impl Desk {
    /// A page, as an admin sees it.
    pub(crate) async fn get_as_admin(&self, path: &str) -> Answer {
        self.kit.send(Ask::get(&format!("/workspace/smith{path}")).cookie(&self.admin)).await
    }
}

#[tokio::test]
async fn d5_the_history_tells_in_words_what_happened_and_who_did_it() {
    let desk = Desk::new().await;
    let later = || desk.kit.clock.advance(Duration::from_secs(60));
    desk.kit.invite("ada", "ada@mail.example").await;
    later();
    let token = desk.kit.tokens().await.pop().expect("a link");
    desk.kit.front(Method::POST, &format!("/links/{token}"), json!({"password": PASSWORD})).await.is(204);
    later();
    desk.kit.sign_in("ada@mail.example").await;
    later();
    let page = desk.get("/contacts/ada/access/deactivate").await.is(200);
    let fields = [("shown", &*hidden(&page, "shown")), ("call", &*hidden(&page, "call"))];
    desk.post("/contacts/ada/access/deactivate", &fields).await.is(303);
    desk.kit.seal().await;
    let text = words(&desk.get("/contacts/ada/history").await.is(200));
    let mut from = 0;
    for told in [
        "Access was taken away. By The sam.",
        "Signed in.",
        "A password was set by link.",
        "Mail was written to ada@mail.example: the invitation.",
        "Access was given. By your own program.",
        "The contact was added. By your own program.",
    ] {
        let place = text[from..].find(told).unwrap_or_else(|| panic!("{told} after {from}: {text}"));
        from += place + told.len();
    }
    desk.get("/contacts/nobody/history").await.is(404);
}

#[tokio::test]
async fn p3_staff_see_the_browsers_of_a_contact_and_sign_them_out() {
    let desk = Desk::new().await;
    desk.kit.settle("ada", "ada@mail.example").await;
    let browser = desk.kit.sign_in("ada@mail.example").await;
    let text = words(&desk.get("/contacts/ada").await.is(200));
    assert!(text.contains("Since 2 March 2026, 12:00 UTC"), "{text}");
    for _ in 0..2 {
        desk.post("/contacts/ada/sessions", &[]).await.is(303);
    }
    let seen = desk.kit.send(Ask::get("/portal/smith/").cookie(&browser)).await.is(303);
    assert_eq!(seen.header("location"), Some("/portal/smith/sign-in"));
    assert!(words(&desk.get("/contacts/ada").await).contains("In no browser."));
    desk.kit.sign_in("ada@mail.example").await;
}

#[tokio::test]
async fn p3_staff_sign_one_browser_out_and_leave_the_other() {
    let desk = Desk::new().await;
    desk.kit.settle("ada", "ada@mail.example").await;
    let first = desk.kit.sign_in("ada@mail.example").await;
    let ids = |page: &Answer| {
        let rests = page.text.split("/contacts/ada/sessions/").skip(1);
        rests.map(|rest| rest.split('"').next().expect("an id").to_owned()).collect::<Vec<_>>()
    };
    let [own] = <[String; 1]>::try_from(ids(&desk.get("/contacts/ada").await)).expect("one session");
    let other = desk.kit.sign_in("ada@mail.example").await;
    for id in [&*own, &*own, "nonsense"] {
        desk.post(&format!("/contacts/ada/sessions/{id}"), &[]).await.is(303);
    }
    desk.kit.send(Ask::get("/portal/smith/").cookie(&first)).await.is(303);
    desk.kit.send(Ask::get("/portal/smith/").cookie(&other)).await.is(200);
    assert_eq!(ids(&desk.get("/contacts/ada").await).len(), 1);
    desk.kit.seal().await;
    assert!(words(&desk.get("/contacts/ada/history").await).contains("One browser was signed out. By The sam."));
}

#[tokio::test]
async fn name_and_clients_are_changed_as_they_were_shown() {
    let desk = Desk::new().await;
    desk.contact("ada", "Ada", &["ada@mail.example"]).await;
    desk.kit.host(Method::PUT, "/clients/bor", json!({"name": "Borealis"})).await.is(201);
    let path = "/contacts/ada/details";
    let page = desk.get(path).await.is(200);
    assert!(page.text.contains("name=\"kept\" value=\"acme\" checked"));
    let tag = hidden(&page, "tag");
    let save = |tag: String, kept: &'static str, added: &'static str, name: &'static str| {
        let desk = &desk;
        async move { desk.post(path, &[("tag", &tag), ("name", name), ("kept", kept), ("added", added)]).await }
    };
    save(tag.clone(), "acme", "bor", "Ada Byron").await.is(303);
    let seen = desk.seen("ada").await;
    assert_eq!((&seen["name"], &seen["clients"]), (&json!("Ada Byron"), &json!(["acme", "bor"])));
    let late = save(tag, "acme", "", "Ada King").await.is(422);
    assert!(
        words(&late).contains("was changed meanwhile") && late.text.contains("value=\"Ada King\""),
        "{}",
        words(&late)
    );
    save(hidden(&late, "tag"), "bor", "", "Ada King").await.is(303);
    assert_eq!(desk.seen("ada").await["clients"], json!(["bor"]));
    let tag = hidden(&desk.get(path).await, "tag");
    let unknown = save(tag.clone(), "bor", "zeta", "Ada King").await.is(422);
    assert!(words(&unknown).contains("There is no client zeta.") && unknown.text.contains("\nzeta</textarea>"));
    assert!(words(&save(tag, "bor", "", " ").await.is(422)).contains("The name is missing."));
}

#[tokio::test]
async fn what_a_colleague_changed_meanwhile_is_not_undone() {
    let desk = Desk::new().await;
    desk.contact("ada", "Ada", &["ada@mail.example"]).await;
    for (client, name) in [("bor", "Borealis"), ("cor", "Corona"), ("del", "Delta")] {
        desk.kit.host(Method::PUT, &format!("/clients/{client}"), json!({"name": name})).await.is(201);
    }
    let put = async |body| drop(desk.kit.host(Method::PUT, "/contacts/ada", body).await.is(200));
    put(json!({"clients": ["acme", "bor", "cor"]})).await;
    let path = "/contacts/ada/details";
    let page = desk.get(path).await.is(200);
    let (tag, was) = (hidden(&page, "tag"), hidden(&page, "was"));
    // The colleague takes `cor` away, adds `del` and renames; `bor` is taken away here.
    put(json!({"name": "Ada King", "clients": ["acme", "bor", "del"]})).await;
    let shown = ["acme", "bor", "cor"].map(|client| ("shown", client));
    let typed = [("tag", &*tag), ("was", &was), ("name", "Ada"), ("kept", "acme"), ("kept", "cor"), ("added", "")];
    let late = desk.post(path, &[&shown[..], &typed].concat()).await.is(422);
    assert!(late.text.contains("required value=\"Ada King\""));
    for (client, ticked) in [("acme", true), ("bor", false), ("del", true)] {
        assert_eq!(late.text.contains(&format!("name=\"kept\" value=\"{client}\" checked")), ticked, "{client}");
        assert!(late.text.contains(&format!("name=\"shown\" value=\"{client}\"")));
    }
    assert!(!late.text.contains("value=\"cor\""));
    let unknown = desk.post(path, &[("tag", &*hidden(&late, "tag")), ("name", "Ada"), ("added", "zeta")]).await.is(422);
    assert!(unknown.text.contains("href=\"#added\"") && unknown.text.contains("id=\"added\""));
}

#[tokio::test]
async fn w3_an_admin_activates_all_at_once_and_sees_first_what_it_means() {
    let desk = Desk::new().await;
    desk.contact("ada", "Ada", &["ada@mail.example"]).await;
    desk.contact("bob", "Bob", &["bob@mail.example"]).await;
    desk.contact("cleo", "Cleo", &["sam@staff.example"]).await;
    desk.contact("dan", "Dan", &[]).await;
    assert!(!desk.get("/").await.text.contains("/bulk/"));
    assert!(desk.get_as_admin("/").await.text.contains("href=\"/workspace/smith/bulk/activate\""));
    let before = desk.kit.stored();
    let page = desk.get_as_admin("/bulk/activate").await.is(200);
    assert_eq!(desk.kit.stored(), before);
    let text = words(&page);
    assert!(text.contains("2 get a mail"), "{text}");
    assert!(text.contains("1 can’t be activated: the first address is that of one of your own staff"), "{text}");
    assert!(text.contains("1 can’t be activated: there is no email address"), "{text}");
    let call = hidden(&page, "call");
    let place = desk.post_as_admin("/bulk/activate", &[("call", &call)]).await.is(303);
    let twice = desk.post_as_admin("/bulk/activate", &[("call", &call)]).await.is(303);
    let place = place.header("location").expect("a place").to_owned();
    assert_eq!(twice.header("location"), Some(&*place));
    let job = place.strip_prefix("/workspace/smith").expect("a job");
    assert!(words(&desk.get_as_admin(job).await.is(200)).contains("0 of 4 contacts are done. Under way"));
    desk.post_as_admin(&format!("{job}/pause"), &[]).await.is(303);
    desk.kit.work().await;
    let paused = desk.get_as_admin(job).await.is(200);
    assert!(words(&paused).contains("0 of 4 contacts are done. Paused") && paused.text.contains("/resume\""));
    desk.post_as_admin(&format!("{job}/resume"), &[]).await.is(303);
    desk.kit.work().await;
    let done = desk.get_as_admin(job).await.is(200);
    assert!(words(&done).contains("4 of 4 contacts are done. Finished") && !done.text.contains("/cancel"));
    assert_eq!(desk.seen("ada").await["portal"]["status"], "invited");
    desk.post_as_admin(&format!("{job}/cancel"), &[]).await.is(303);
    desk.get_as_admin("/jobs/nonsense").await.is(404);
}

#[tokio::test]
async fn new_invitations_go_to_those_who_need_one() {
    let desk = Desk::new().await;
    desk.contact("ada", "Ada", &["ada@mail.example"]).await;
    desk.kit.host(Method::POST, "/contacts/ada/portal/activate", Value::Null).await.is(200);
    let nobody = desk.get_as_admin("/bulk/resend").await.is(200);
    assert!(words(&nobody).contains("There is nobody for whom this is to be done."));
    desk.kit.clock.advance(Duration::from_secs(8 * 24 * 3600));
    let Desk { kit, .. } = desk;
    let desk = Desk::again(kit).await;
    assert!(words(&desk.get_as_admin("/bulk/resend").await.is(200)).contains("1 gets a mail"));
    desk.get_as_admin("/bulk/nonsense").await.is(404);
}

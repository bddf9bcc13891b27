//! How a contact goes: deleted by staff, erased by an admin, each shown first (A7, J3, M7).

use axum::http::Method;
use serde_json::{Value, json};

use crate::{
    desk::{Desk, hidden, words},
    kit::{Answer, Ask},
};

const DELETE: &str = "/contacts/ada/delete";
const ERASE: &str = "/contacts/ada/erase";

impl Desk {
    /// What the form of a page sends, and what is sent besides.
    fn filled(page: &Answer, more: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
        let carried = ["shown", "call"].map(|name| (name, hidden(page, name)));
        carried.into_iter().chain(more.iter().map(|(name, value)| (*name, (*value).to_owned()))).collect()
    }

    async fn send_as_admin(&self, path: &str, fields: &[(&str, String)]) -> Answer {
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.post_as_admin(path, &fields).await
    }

    async fn send(&self, path: &str, fields: &[(&str, String)]) -> Answer {
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.post(path, &fields).await
    }
}

#[tokio::test]
async fn a7_a_deletion_is_shown_and_done_once() {
    let desk = Desk::new().await;
    desk.kit.settle("ada", "ada@mail.example").await;
    let cookie = desk.kit.sign_in("ada@mail.example").await;
    assert!(desk.get("/contacts/ada").await.text.contains("href=\"/workspace/smith/contacts/ada/delete\""));
    let before = desk.kit.stored();
    let page = desk.get(DELETE).await.is(200);
    assert_eq!(desk.kit.stored(), before);
    let text = words(&page);
    for said in
        ["Delete Person ada?", "loses access", "1 browser is signed out.", "No mail goes out.", "can’t be undone"]
    {
        assert!(text.contains(said), "{said}: {text}");
    }
    assert!(!page.text.contains("/erase"), "what is an admin's is not shown");
    let fields = Desk::filled(&page, &[]);
    let done = desk.send(DELETE, &fields).await.is(200);
    assert!(words(&done).contains("The contact was deleted.") && !done.text.contains("Person ada"));
    let after = desk.kit.stored();
    assert!(words(&desk.send(DELETE, &fields).await.is(200)).contains("The contact was deleted."));
    assert_eq!(desk.kit.stored(), after, "pressed twice, it is done once");
    desk.get("/contacts/ada").await.is(404);
    desk.get(DELETE).await.is(404);
    desk.kit.send(Ask::get("/portal/smith/").cookie(&cookie)).await.is(303);
}

#[tokio::test]
async fn a7_what_changed_meanwhile_is_shown_again_and_not_deleted() {
    let desk = Desk::new().await;
    desk.kit.settle("ada", "ada@mail.example").await;
    let stale = Desk::filled(&desk.get(DELETE).await.is(200), &[]);
    desk.kit.sign_in("ada@mail.example").await;
    let again = desk.send(DELETE, &stale).await.is(409);
    assert!(words(&again).contains("It has changed meanwhile") && words(&again).contains("1 browser is signed out."));
    desk.kit.host(Method::PUT, "/contacts/ada", json!({"name": "Other"})).await.is(200);
    let again = desk.send(DELETE, &Desk::filled(&again, &[])).await.is(409);
    assert!(words(&again).contains("Delete Other?"));
    desk.seen("ada").await;
    desk.send(DELETE, &Desk::filled(&again, &[])).await.is(200);
}

#[tokio::test]
async fn a7_whoever_stays_behind_the_login_is_named_and_a_contact_without_access_has_nothing_to_lose() {
    let desk = Desk::new().await;
    desk.kit.settle("ada", "one@mail.example").await;
    desk.kit.invite("bob", "one@mail.example").await;
    let text = words(&desk.get(DELETE).await.is(200));
    assert!(text.contains("Person bob still signs in with one@mail.example, and nothing changes there."), "{text}");
    desk.contact("cleo", "Cleo", &["cleo@mail.example"]).await;
    let text = words(&desk.get("/contacts/cleo/delete").await.is(200));
    assert!(text.contains("Cleo never had access to the portal."), "{text}");
}

#[tokio::test]
async fn j3_an_erasure_is_an_admins_needs_a_tick_and_shows_its_receipt() {
    let desk = Desk::new().await;
    desk.kit.settle("ada", "ada@mail.example").await;
    desk.get(ERASE).await.is(403);
    assert!(desk.get_as_admin(DELETE).await.is(200).text.contains("href=\"/workspace/smith/contacts/ada/erase\""));
    let before = desk.kit.stored();
    let page = desk.get_as_admin(ERASE).await.is(200);
    assert_eq!(desk.kit.stored(), before);
    assert!(words(&page).contains("Erase Person ada for good?") && words(&page).contains("Nobody can bring it back."));
    let unticked = desk.send_as_admin(ERASE, &Desk::filled(&page, &[])).await.is(422);
    assert!(words(&unticked).contains("Please confirm that everything is to be erased."));
    assert_eq!(desk.kit.stored(), before);
    let fields = Desk::filled(&unticked, &[("sure", "yes")]);
    desk.send(ERASE, &fields).await.is(403);
    let done = desk.send_as_admin(ERASE, &fields).await.is(200);
    let receipt = number(&done);
    assert!(!done.text.contains("ada"), "the receipt names nobody");
    desk.kit.seal().await;
    let events = desk.kit.get("/events?limit=200").await.is(200).json();
    let erased = events["items"].as_array().expect("events").iter().find(|event| event["kind"] == "contact.erased");
    assert_eq!(erased.expect("the receipt")["id"], Value::from(receipt.clone()));
    assert_eq!(number(&desk.send_as_admin(ERASE, &fields).await.is(200)), receipt, "pressed twice, it is one receipt");
    desk.get_as_admin(ERASE).await.is(404);
    assert!(!desk.kit.stored().contains("ada@mail.example"));
}

/// The number of the receipt that a page shows.
fn number(page: &Answer) -> String {
    let rest = page.text.split_once("<code>").expect("a number").1;
    rest.split_once("</code>").expect("an end").0.to_owned()
}

#[tokio::test]
async fn j3_what_a_deletion_left_is_erased_from_the_page_that_follows_it() {
    let desk = Desk::new().await;
    desk.kit.settle("ada", "ada@mail.example").await;
    let page = desk.get_as_admin(DELETE).await.is(200);
    let gone = desk.send_as_admin(DELETE, &Desk::filled(&page, &[])).await.is(200);
    assert!(gone.text.contains("href=\"/workspace/smith/contacts/ada/erase\""));
    let page = desk.get_as_admin(ERASE).await.is(200);
    assert!(words(&page).contains("Erase what is left of ada?"));
    desk.send_as_admin(ERASE, &Desk::filled(&page, &[("sure", "yes")])).await.is(200);
    assert!(!desk.kit.stored().contains("ada@mail.example"));
}

#[tokio::test]
async fn whatever_is_typed_stays_text_where_a_contact_goes() {
    let desk = Desk::new().await;
    let tags = |page: &Answer| page.text.matches('<').count();
    let mut plain = None;
    for name in ["X", "\"><script>alert(1)</script>", "{{7*7}}", "' onload=x", "&lt;b&gt;"] {
        let body = json!({"name": name, "emails": ["x@mail.example"]});
        desk.kit.host(Method::PUT, "/contacts/x", body).await;
        let pages =
            (desk.get("/contacts/x/delete").await.is(200), desk.get_as_admin("/contacts/x/erase").await.is(200));
        // How much there is in the journal grows with each name.
        let shapes = (tags(&pages.0), tags(&pages.1));
        assert_eq!(*plain.get_or_insert(shapes), shapes, "{name}");
    }
}

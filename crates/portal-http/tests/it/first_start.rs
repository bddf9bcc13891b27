//! The first start: a page that the code of the program opens, once, and only where there is no practice.

use std::sync::Arc;

use portal_domain::{
    event::Caller,
    id::Slug,
    port::PortalViews,
    set_up::SetUpCode,
    usecase::{CallContext, Portal},
};
use portal_http::{App, FirstStart};
use portal_testkit::memory::MemoryStore;

use crate::{
    desk::words,
    kit::{Answer, Ask, Kit, PASSWORD},
};

/// An app over a store with nothing in it.
struct Untouched {
    kit: Kit,
    portal: Portal,
    store: Arc<MemoryStore>,
    code: String,
}

impl Untouched {
    async fn new() -> Self {
        Self::guarded(true).await
    }

    async fn guarded(guarded: bool) -> Self {
        let store = Arc::new(MemoryStore::new());
        let code = SetUpCode::from_entropy(*b"twenty bytes of code");
        let (shown, mut portal) = (code.reveal(), None);
        let kit = Kit::with("https://portal.example", |app: &mut App| {
            let own = &mut app.portal;
            own.store = store.clone();
            own.operators = store.clone();
            own.enquiries = store.clone();
            own.journal = store.clone();
            own.viewings = store.clone();
            own.evidence = store.clone();
            own.returns = store.clone();
            app.views = store.clone();
            app.exports = store.clone();
            app.config.first_start = guarded.then(|| FirstStart::new(code));
            portal = Some(app.portal.clone());
        });
        Self { kit: kit.await, portal: portal.expect("the app is adjusted"), store, code: shown }
    }

    fn fields<'a>(&'a self, change: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        let mut fields = vec![
            ("code", self.code.as_str()),
            ("practice", "Smith & Sons"),
            ("slug", "smith"),
            ("name", "Elaine Gallagher"),
            ("email", "elaine@practice.example"),
        ];
        for (name, value) in change {
            fields.iter_mut().filter(|(own, _)| own == name).for_each(|field| field.1 = value);
        }
        fields
    }

    async fn send(&self, change: &[(&str, &str)]) -> Answer {
        self.kit.send(Ask::form("/setup", &self.fields(change)).from("192.0.2.7")).await
    }

    async fn found(&self, slug: &str) {
        let nowhere = CallContext::new(Portal::nowhere(), Caller::Program);
        let slug = Slug::parse(slug).expect("a slug");
        self.portal.create_practice(&nowhere, &slug, "Founded elsewhere").await.expect("a practice");
    }

    async fn practices(&self) -> usize {
        let page = portal_domain::port::Page { after: None, limit: 10 };
        PortalViews::practices(&*self.store, &page).await.expect("practices").len()
    }
}

#[tokio::test]
async fn the_code_sets_up_the_practice_and_leads_to_the_first_password() {
    let at = Untouched::new().await;
    let front = at.kit.send(Ask::get("/")).await.is(404);
    assert!(front.text.contains("href=\"/setup\""));
    let page = at.kit.send(Ask::get("/setup")).await.is(200);
    assert!(words(&page).contains("Set up the first practice") && !page.text.contains(&at.code));
    let lower = at.code.to_lowercase().replace('-', " ");
    let done = at.send(&[("code", &lower)]).await.is(303);
    let link = done.header("location").expect("a way on").to_owned();
    assert!(link.starts_with("/workspace/smith/link/") && done.header("set-cookie").is_none(), "L6: {link}");
    let set = at.kit.send(Ask::get(&link)).await.is(200);
    assert!(words(&set).contains("elaine@practice.example"));
    at.kit.send(Ask::form(&link, &[("password", PASSWORD)])).await.is(200);
    let fields = [("email", "elaine@practice.example"), ("password", PASSWORD)];
    let inside = at.kit.send(Ask::form("/workspace/smith/sign-in", &fields)).await.is(303);
    let home = at.kit.send(Ask::get("/workspace/smith/clients").cookie(&inside.cookie())).await.is(200);
    assert!(words(&home).contains("Workspace Smith &#38; Sons") && words(&home).contains("Elaine Gallagher admin"));
    for closed in [at.kit.send(Ask::get("/setup")).await, at.send(&[("slug", "other")]).await] {
        closed.is(404);
    }
    assert_eq!(at.practices().await, 1);
    assert!(!format!("{:?}", at.store).contains(&at.code), "S10: the code is nowhere at rest");
}

#[tokio::test]
async fn a_button_pressed_twice_leads_to_the_same_place_for_a_minute() {
    let at = Untouched::new().await;
    let (one, two) = tokio::join!(at.send(&[]), at.send(&[]));
    let place = one.is(303).header("location").expect("a way on").to_owned();
    assert_eq!(two.is(303).header("location"), Some(&*place));
    assert_eq!(at.practices().await, 1);
    at.send(&[("code", "00000-00000-00000-00000")]).await.is(404);
    at.kit.clock.advance(std::time::Duration::from_secs(61));
    at.send(&[]).await.is(404);
}

#[tokio::test]
async fn whoever_has_no_code_or_types_it_wrong_sets_up_nothing() {
    let at = Untouched::new().await;
    for wrong in ["", "00000-00000-00000-00000", &at.code[..22]] {
        let page = at.send(&[("code", wrong), ("practice", "<b>Smith")]).await.is(422);
        let text = words(&page);
        assert!(text.contains("This is not the code that the program shows."), "{text}");
        assert!(page.text.contains("href=\"#code\"") && page.text.contains("value=\"&#60;b&#62;Smith\""));
    }
    for _ in 0..7 {
        at.send(&[("code", "wrong")]).await.is(422);
    }
    let held = at.send(&[("code", "wrong")]).await.is(429);
    assert!(words(&held).contains("Too many tries from here") && held.header("retry-after").is_some());
    let other = Ask::form("/setup", &at.fields(&[("code", "wrong")])).from("192.0.2.8");
    at.kit.send(other).await.is(422);
    assert_eq!(at.practices().await, 0);
    // Whoever has the code waits for nobody who guesses.
    at.send(&[]).await.is(303);
}

#[tokio::test]
async fn what_is_typed_is_judged_and_kept() {
    let at = Untouched::new().await;
    for (field, value, why) in [
        ("slug", "Smith & Sons", "The short name has 2 to 40 of the characters"),
        ("slug", "s", "The short name has 2 to 40 of the characters"),
        ("email", "elaine@localhost", "This address is not usable"),
        ("name", "", "Please say who you are"),
        ("practice", "\u{200b}", "Please say how the practice is called"),
    ] {
        let page = at.send(&[(field, value)]).await.is(422);
        assert!(words(&page).contains(why), "{field}: {}", words(&page));
        assert!(page.text.contains(&format!("href=\"#{field}\"")) && page.text.contains("aria-invalid=\"true\""));
        assert!(page.text.contains("value=\"Elaine Gallagher\"") || field == "name");
    }
    assert_eq!(at.practices().await, 0);
}

#[tokio::test]
async fn where_there_is_a_practice_the_page_is_not_there_and_never_comes_back() {
    let at = Untouched::new().await;
    at.kit.send(Ask::get("/setup")).await.is(200);
    at.found("first").await;
    at.kit.send(Ask::get("/setup")).await.is(404);
    at.send(&[]).await.is(404);
    assert_eq!(at.practices().await, 1);
    let without = Untouched::guarded(false).await;
    without.kit.send(Ask::get("/setup")).await.is(404);
    without.send(&[]).await.is(404);
    assert!(!without.kit.send(Ask::get("/")).await.is(404).text.contains("/setup"));
}

#[tokio::test]
async fn no_other_site_can_send_the_form() {
    let at = Untouched::new().await;
    let form = || Ask::form("/setup", &at.fields(&[]));
    at.kit.send(form().without("sec-fetch-site").with("sec-fetch-site", "cross-site")).await.is(403);
    at.kit.send(form().without("origin").with("origin", "https://evil.example")).await.is(403);
    assert_eq!(at.practices().await, 0);
}

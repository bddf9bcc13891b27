//! V1: staff try the portal as a client, by one click.

use axum::http::Method;
use serde_json::Value;

use crate::{
    desk::{Desk, hidden, words},
    kit::{Ask, PASSWORD},
};

#[tokio::test]
async fn v1_a_trial_is_one_click_from_the_first_page() {
    let desk = Desk::new().await;
    desk.kit.settle("ada", "ada@mail.example").await;
    assert!(desk.get("/").await.text.contains("href=\"/workspace/smith/trial\""));
    let page = desk.get("/trial").await.is(200);
    assert!(page.text.contains("value=\"sam+trial@staff.example\""));
    assert!(words(&page).contains("It can’t be sam@staff.example: an address of staff signs in to the workspace"));
    let made = hidden(&page, "made");
    let fields = [("made", &*made), ("email", "sam+trial@staff.example")];
    let place = format!("/workspace/smith/contacts/{made}");
    for _ in 0..2 {
        assert_eq!(desk.post("/trial", &fields).await.is(303).header("location"), Some(&*place));
    }
    let tokens = desk.kit.tokens().await;
    assert_eq!(tokens.len(), 1, "pressed twice, it is one invitation");
    let contact = words(&desk.get(&format!("/contacts/{made}")).await.is(200));
    assert!(contact.contains("Trial of The sam") && contact.contains("A trial client."), "{contact}");
    let first = words(&desk.get("/").await.is(200));
    assert!(
        first.contains("1 of 1 contacts can get in.") && first.contains("One trial client is not counted."),
        "{first}"
    );
    assert!(words(&desk.get("/contacts").await).contains("Trial of The sam trial"));
    // The whole way in, with the session of the workspace beside it.
    let link = format!("/portal/smith/link/{}", tokens[0]);
    desk.kit.send(Ask::form(&link, &[("password", PASSWORD)]).cookie(&desk.staff)).await.is(200);
    let fields = [("email", "sam+trial@staff.example"), ("password", PASSWORD)];
    let inside = desk.kit.send(Ask::form("/portal/smith/sign-in", &fields).cookie(&desk.staff)).await.is(303);
    let both = format!("{}; {}", desk.staff, inside.cookie());
    assert!(words(&desk.kit.send(Ask::get("/portal/smith/").cookie(&both)).await.is(200)).contains("Trial client"));
    desk.kit.send(Ask::get("/workspace/smith/").cookie(&both)).await.is(200);
}

#[tokio::test]
async fn v1_c1_what_can_not_be_a_trial_says_why_and_is_kept() {
    let desk = Desk::new().await;
    desk.kit.settle("ada", "ada@mail.example").await;
    let before = desk.kit.host(Method::GET, "/contacts", Value::Null).await.is(200).text;
    for (email, why) in [
        ("sam@staff.example", "An address signs in either here or in the portal, never in both: take another."),
        ("ada@mail.example", "Nobody’s real sign-in is tried with: take another."),
        ("two words@staff.example", "two words@staff.example is not usable"),
        ("<b>@x", "is not usable"),
    ] {
        let page = desk.post("/trial", &[("made", "made-once"), ("email", email)]).await.is(422);
        assert!(words(&page).contains(why), "{email}: {}", words(&page));
        assert!(page.text.contains("href=\"#email\"") && page.text.contains("aria-invalid=\"true\""));
        assert!(!page.text.contains("<b>@x") && hidden(&page, "made") == "made-once");
    }
    assert_eq!(desk.kit.host(Method::GET, "/contacts", Value::Null).await.is(200).text, before);
    desk.post("/trial", &[("made", ".."), ("email", "sam+trial@staff.example")]).await.is(400);
}

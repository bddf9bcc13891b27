//! The first page beyond its counts: what is said before the first mail, and what happened in the last days.

use std::time::Duration;

use axum::http::Method;
use serde_json::json;

use crate::{
    desk::{Desk, hidden, words},
    kit::Ask,
};

#[tokio::test]
async fn e5_before_the_first_mail_it_says_who_will_get_in_who_wont_and_what_mends_it() {
    let desk = Desk::new().await;
    desk.contact("ada", "Ada", &["ada@mail.example"]).await;
    desk.contact("bob", "Bob", &["bob@gmial.com"]).await;
    desk.contact("cy", "Cy", &[]).await;
    desk.contact("di", "Di", &["sam@staff.example", "di@mail.example"]).await;
    desk.contact("ed", "Ed", &["ada@mail.example"]).await;
    desk.kit.host(Method::PUT, "/contacts/flo", json!({"name": "Flo", "emails": ["info@mail.example"]})).await.is(201);
    let page = desk.get("/").await.is(200);
    let text = words(&page);
    for told in [
        "Were all invited now, 3 would get in, and 3 would not.",
        "1 have no email address Cy Add an address",
        "1 have the address of one of your own staff on top Di sam@staff.example Put di@mail.example on top …",
        "1 have an address with what looks like a slip Bob bob@gmial.com Correct it to bob@gmail.com …",
        "1 would get in and see nothing: no client is open to them Flo info@mail.example Give a client …",
        "1 would share one sign-in with somebody else of the same address Ed ada@mail.example Look at it",
        "1 have the address of a desk, which several people may read Flo",
    ] {
        assert!(text.contains(told), "{told}: {text}");
    }
    assert!(page.text.contains("href=\"/workspace/smith/contacts/cy#add\""));
    assert!(page.text.contains("href=\"/workspace/smith/contacts/flo/details\""));
    // The buttons lead to what they would do.
    let fields = [("add", "bob@gmail.com"), ("place", "instead bob@gmial.com")];
    let field = |(name, value): &(&str, &str)| format!("name=\"{name}\" value=\"{value}\"");
    assert!(fields.iter().all(|own| page.text.contains(&field(own))));
    let preview = desk.post("/contacts/bob/emails/preview", &fields).await.is(200);
    assert!(words(&preview).contains("bob@gmail.com") && !words(&preview).contains("bob@gmial.com first"));
    desk.post("/contacts/di/emails/preview", &[("top", "di@mail.example")]).await.is(200);
    // After the first invitation it is about those who are under way.
    desk.kit.host(Method::POST, "/contacts/ada/portal/activate", json!({})).await.is(200);
    assert!(!words(&desk.get("/").await.is(200)).contains("Were all invited now"));
}

#[tokio::test]
async fn many_of_a_kind_are_counted_and_a_few_are_named() {
    let desk = Desk::new().await;
    for number in 0..7 {
        desk.contact(&format!("c{number}"), &format!("Person{number}"), &[]).await;
    }
    let text = words(&desk.get("/").await.is(200));
    assert!(text.contains("0 would get in, and 7 would not.") && text.contains("7 have no email address"), "{text}");
    assert!(text.contains("Person4 Add an address and 2 more") && !text.contains("Person5"), "{text}");
}

#[tokio::test]
async fn what_happened_lately_is_drawn_and_told_in_a_table() {
    let desk = Desk::new().await;
    desk.contact("bob", "Bob", &["bob@mail.example"]).await;
    assert!(!words(&desk.get("/").await).contains("The last 30 days"));
    desk.kit.settle("ada", "ada@mail.example").await;
    desk.kit.sign_in("ada@mail.example").await;
    desk.kit.clock.advance(Duration::from_secs(24 * 3600));
    desk.kit.sign_in("ada@mail.example").await;
    desk.kit.sign_in("ada@mail.example").await;
    desk.kit.seal().await;
    let Desk { kit, .. } = desk;
    let desk = Desk::again(kit).await;
    let page = desk.get("/").await.is(200);
    let text = words(&page);
    for told in [
        "1 First passwords set most on 2 March: 1",
        "3 Sign-ins most on 3 March: 2",
        "From 2 February to 3 March",
        "3 March002",
        "2 March011",
    ] {
        assert!(text.contains(told), "{told}: {text}");
    }
    assert!(page.text.contains("<rect x=\"291\" y=\"0\" width=\"8\" height=\"48\">"), "{}", page.text);
    assert!(!page.text.contains("style=") && !page.text.contains("<script"));
    let theirs = desk.kit.send(Ask::get("/workspace/jones/").cookie(&desk.staff)).await.is(303);
    assert_eq!(theirs.header("location"), Some("/workspace/jones/sign-in"));
}

#[tokio::test]
async fn e5_what_is_odd_about_an_address_is_shown_and_confirmed_where_a_person_types_it() {
    let desk = Desk::new().await;
    let made = hidden(&desk.get("/new-contact").await, "made");
    let typed = |emails: &'static str, odd: &'static str| {
        [("made", made.clone()), ("name", "Bob".to_owned()), ("emails", emails.to_owned()), ("odd", odd.to_owned())]
    };
    let add = async |emails, odd| {
        let fields = typed(emails, odd);
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        desk.post("/new-contact", &fields).await
    };
    let asked = add("bob@mail.example\nbob@gmial.com", "").await.is(422);
    let text = words(&asked);
    assert!(
        text.contains("bob@gmial.com: Is bob@gmail.com meant? Correct it; or, if it is right so, press Add again.")
    );
    assert_eq!(hidden(&asked, "odd"), "bob@mail.example\nbob@gmial.com");
    // Another one is another question.
    add("info@mail.example", "bob@mail.example\nbob@gmial.com").await.is(422);
    add("bob@gmial.com", "bob@gmial.com").await.is(303);
    let text = words(&desk.get(&format!("/contacts/{made}")).await.is(200));
    assert!(text.contains("bob@gmial.com signs in with thisIs bob@gmail.com meant?"), "{text}");
    let preview = desk.post(&format!("/contacts/{made}/emails/preview"), &[("add", "info@mail.example")]).await.is(200);
    assert!(words(&preview).contains("This is the address of a desk"));
    let seen = desk.seen(&made).await;
    assert_eq!(seen["emails"][0]["warnings"], json!(["likely_typo"]));
}

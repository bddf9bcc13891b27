//! Who tries another address of theirs is answered like anybody, and gets a hint by mail (M8).

use std::time::Duration;

use axum::http::Method;
use portal_domain::port::{Clock, LeaseTerms, Outbox};
use serde_json::json;

use crate::kit::{Answer, Ask, Kit};

const HOME: &str = "ada@smith.example";
const SECOND: &str = "ada@second.example";
const OLD: &str = "ada@old.example";
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Ada signs in at home, has a second address, and had an old one.
async fn moved() -> Kit {
    let kit = Kit::new().await;
    kit.settle("a", OLD).await;
    kit.host(Method::PUT, "/contacts/a/emails", json!({"emails": [HOME, SECOND]})).await.is(200);
    mails(&kit).await;
    kit
}

/// What waits to be mailed, once what was asked is decided: which kind, to whom.
async fn mails(kit: &Kit) -> Vec<(&'static str, String)> {
    kit.decide().await;
    let now = kit.clock.now();
    let terms = LeaseTerms::new(now, now.after(2 * DAY), 100);
    let leased = Outbox::lease(&*kit.store, &terms).await.expect("messages");
    let letters = leased.iter().map(|leased| &leased.letter.as_ref().expect("a letter").message);
    letters.map(|message| (message.kind().code(), message.to.as_str().to_owned())).collect()
}

/// Tries an address in each of the ways there are.
async fn tried(kit: &Kit, address: &str) -> [Answer; 4] {
    let password = "wrong but long enough";
    [
        kit.front(Method::POST, "/password-resets", json!({"email": address})).await,
        kit.send(Ask::form("/portal/smith/forgot", &[("email", address)])).await,
        kit.front(Method::POST, "/session", json!({"email": address, "password": password})).await,
        kit.send(Ask::form("/portal/smith/sign-in", &[("email", address), ("password", password)])).await,
    ]
}

#[tokio::test]
async fn m8_p2_the_answer_is_the_same_and_the_hint_goes_to_the_current_address() {
    let unknown = tried(&moved().await, "ada@nobody.example").await;
    for address in [OLD, SECOND] {
        for (way, unlike) in unknown.iter().enumerate() {
            let kit = moved().await;
            let answer = tried(&kit, address).await.into_iter().nth(way).expect("four ways");
            let same = |answer: &Answer, address: &str| answer.text.replace(address, "…");
            assert_eq!(answer.status, unlike.status, "{way}");
            assert_eq!(same(&answer, address), same(unlike, "ada@nobody.example"), "{way}");
            let names = |answer: &Answer| answer.headers.keys().map(ToString::to_string).collect::<Vec<_>>();
            assert_eq!(names(&answer), names(unlike));
            assert_eq!(mails(&kit).await, [("hint", HOME.to_owned())], "of four tries one hint");
        }
    }
}

#[tokio::test]
async fn m8_the_second_try_of_a_day_sends_none_and_the_history_tells_of_the_first() {
    let kit = moved().await;
    kit.front(Method::POST, "/password-resets", json!({"email": OLD})).await.is(202);
    assert_eq!(mails(&kit).await, [("hint", HOME.to_owned())]);
    tried(&kit, SECOND).await;
    assert!(mails(&kit).await.is_empty());
    let history = kit.get("/contacts/a/portal/messages").await.is(200).json();
    let hints: Vec<_> = history["items"].as_array().expect("a list").iter().filter(|it| it["kind"] == "hint").collect();
    assert_eq!((hints.len(), &hints[0]["to"]), (1, &json!(HOME)));
    kit.seal().await;
    let events = kit.get("/contacts/a/portal/events").await.is(200).json();
    let told = events["items"].as_array().expect("a list").iter().filter(|it| it["kind"] == "login.hinted").count();
    assert_eq!(told, 1);
    kit.clock.advance(DAY);
    tried(&kit, OLD).await;
    let hints = mails(&kit).await.into_iter().filter(|(kind, _)| *kind == "hint").count();
    assert_eq!(hints, 1, "another day");
}

#[tokio::test]
async fn m8_who_signs_in_or_is_unknown_causes_no_hint() {
    let kit = moved().await;
    kit.sign_in(HOME).await;
    for address in ["ada@nobody.example", "", "none"] {
        tried(&kit, address).await;
    }
    assert!(mails(&kit).await.is_empty());
}

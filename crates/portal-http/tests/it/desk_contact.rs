//! Changes of one contact: shown first, and then just that is done (M7).

use std::collections::BTreeSet;

use axum::http::Method;
use serde_json::{Value, json};

use crate::{
    desk::{Desk, hidden, words},
    kit::Answer,
};

const SAVE: &str = "/contacts/ada/emails";
const PREVIEW: &str = "/contacts/ada/emails/preview";

impl Desk {
    /// The addresses of `ada`.
    async fn addresses(&self) -> Vec<String> {
        let seen = self.seen("ada").await;
        let emails = seen["emails"].as_array().expect("addresses").iter();
        emails.map(|email| email["address"].as_str().expect("text").to_owned()).collect()
    }

    async fn status(&self) -> String {
        self.seen("ada").await["portal"]["status"].as_str().expect("a status").to_owned()
    }

    /// How many messages of a kind were written about `ada`.
    async fn mails(&self, kind: &str) -> usize {
        let messages = self.kit.get("/contacts/ada/portal/messages").await.is(200).json();
        messages["items"].as_array().expect("messages").iter().filter(|message| message["kind"] == kind).count()
    }

    /// Looks at a change, and saves it with these answers.
    async fn change(&self, wish: &[(&str, &str)], answers: &[(&str, &str)]) -> Answer {
        let shown = hidden(&self.post(PREVIEW, wish).await.is(200), "shown");
        self.post(SAVE, &[wish, answers, &[("shown", &shown)]].concat()).await
    }
}

/// `ada` with a password at the first of two addresses.
async fn settled() -> Desk {
    let desk = Desk::new().await;
    desk.kit.settle("ada", "ada@mail.example").await;
    let emails = json!({"emails": ["ada@mail.example", "ada@home.example"]});
    desk.kit.host(Method::PUT, "/contacts/ada/emails", emails).await.is(200);
    desk
}

#[tokio::test]
async fn m7_a_change_below_the_first_address_is_shown_and_saved() {
    let desk = settled().await;
    let before = desk.kit.stored();
    let page = desk.post(PREVIEW, &[("add", "third@mail.example"), ("place", "last")]).await.is(200);
    assert_eq!(desk.kit.stored(), before);
    let text = words(&page);
    assert!(text.contains("Person ada signs in with ada@mail.example, as before."), "{text}");
    assert!(text.contains("The password stays as it is. No mail goes out."), "{text}");
    assert!(!text.contains("Which is it?"));
    let done = desk.change(&[("add", "third@mail.example"), ("place", "last")], &[]).await.is(303);
    assert_eq!(done.header("location"), Some("/workspace/smith/contacts/ada"));
    assert_eq!(desk.addresses().await, ["ada@mail.example", "ada@home.example", "third@mail.example"]);
    desk.change(&[("remove", "ada@home.example")], &[]).await.is(303);
    desk.change(&[("add", "fourth@mail.example"), ("place", "instead third@mail.example")], &[]).await.is(303);
    assert_eq!(desk.addresses().await, ["ada@mail.example", "fourth@mail.example"]);
}

#[tokio::test]
async fn m1_addresses_are_put_in_another_order_below_the_first() {
    let desk = settled().await;
    desk.change(&[("add", "third@mail.example")], &[]).await.is(303);
    let up = "third@mail.example before ada@home.example";
    let page = desk.get("/contacts/ada").await.is(200);
    assert_eq!(
        page.text.matches("name=\"move\"").count(),
        1,
        "what is first or second has nowhere to go but to the top"
    );
    assert!(page.text.contains(&format!("name=\"move\" value=\"{up}\"")));
    let text = words(&desk.post(PREVIEW, &[("move", up)]).await.is(200));
    assert!(text.contains("Move third@mail.example to another place?"), "{text}");
    assert!(text.contains("Person ada signs in with ada@mail.example, as before."), "{text}");
    desk.change(&[("move", up)], &[]).await.is(303);
    assert_eq!(desk.addresses().await, ["ada@mail.example", "third@mail.example", "ada@home.example"]);
    let again = desk.post(PREVIEW, &[("move", up)]).await.is(200);
    assert!(words(&again).contains("it is so already"));
    // Pulled below another, the first one is the sign-in address no longer, and it is asked which it is (M9).
    let down = [("move", "ada@mail.example after ada@home.example")];
    assert!(words(&desk.post(PREVIEW, &down).await.is(200)).contains("Which is it?"));
    desk.change(&down, &[("wrong_address", "no")]).await.is(303);
    assert_eq!(desk.addresses().await, ["third@mail.example", "ada@home.example", "ada@mail.example"]);
    let before = desk.kit.stored();
    let odd = desk.post(PREVIEW, &[("move", "ada@home.example")]).await.is(400);
    assert!(words(&odd).contains("before or after"), "{}", words(&odd));
    assert_eq!(desk.kit.stored(), before);
}

#[tokio::test]
async fn m9_a_move_asks_which_it_is_and_does_what_was_answered() {
    for (answer, status, told) in [("no", "active", 1), ("yes", "invited", 0)] {
        let desk = settled().await;
        let wish = [("top", "ada@home.example")];
        let text = words(&desk.post(PREVIEW, &wish).await.is(200));
        assert!(text.contains("A new address: ada@mail.example is or was one of Person ada too."), "{text}");
        assert!(text.contains("A mistake: ada@mail.example was never an address of Person ada."), "{text}");
        assert!(text.contains("The present password ends"), "{text}");
        let unsaid = desk.change(&wish, &[]).await.is(422);
        assert!(words(&unsaid).contains("Please say which of the two it is."));
        assert_eq!(desk.addresses().await[0], "ada@mail.example");
        desk.change(&wish, &[("wrong_address", answer)]).await.is(303);
        assert_eq!(desk.addresses().await, ["ada@home.example", "ada@mail.example"]);
        assert_eq!(desk.status().await, status);
        assert_eq!(desk.mails("login_moved_old").await, told);
    }
}

#[tokio::test]
async fn what_changed_meanwhile_is_shown_again_and_not_saved() {
    let desk = settled().await;
    let wish = [("add", "third@mail.example"), ("place", "last")];
    let shown = hidden(&desk.post(PREVIEW, &wish).await.is(200), "shown");
    desk.kit.host(Method::PUT, "/contacts/ada/emails", json!({"emails": ["ada@mail.example"]})).await.is(200);
    let save = |shown: String| {
        let desk = &desk;
        async move { desk.post(SAVE, &[&wish[..], &[("shown", &shown)]].concat()).await }
    };
    let again = save(shown.clone()).await.is(409);
    assert!(words(&again).contains("It has changed meanwhile"));
    assert_eq!(desk.addresses().await, ["ada@mail.example"]);
    save(hidden(&again, "shown")).await.is(303);
    let twice = save(hidden(&again, "shown")).await.is(409);
    assert!(words(&twice).contains("it is so already"));
    assert_eq!(desk.addresses().await, ["ada@mail.example", "third@mail.example"]);
}

#[tokio::test]
async fn what_a_change_would_do_by_now_is_shown_again_too() {
    let desk = settled().await;
    let wish = [("top", "ada@home.example")];
    let shown = hidden(&desk.post(PREVIEW, &wish).await.is(200), "shown");
    // A session that the move would end.
    desk.kit.sign_in("ada@mail.example").await;
    let save = [&wish[..], &[("shown", &shown), ("wrong_address", "no")]].concat();
    let again = desk.post(SAVE, &save).await.is(409);
    assert!(words(&again).contains("1 browser is signed out."));
    assert_eq!(desk.addresses().await[0], "ada@mail.example");
}

#[tokio::test]
async fn c3_joining_is_confirmed_by_a_tick_with_both_names() {
    let desk = settled().await;
    desk.kit.settle("bob", "bob@mail.example").await;
    let wish = [("add", "bob@mail.example"), ("place", "first")];
    let page = desk.post(PREVIEW, &wish).await.is(200);
    let text = words(&page);
    assert!(text.contains("Yes: Person ada and Person bob share one sign-in."), "{text}");
    assert!(text.contains("Person ada signs in with the password of Person bob from now on."), "{text}");
    let unticked = desk.change(&wish, &[("wrong_address", "no")]).await.is(422);
    assert!(words(&unticked).contains("Please confirm that they share one sign-in."));
    assert_eq!(desk.addresses().await[0], "ada@mail.example");
    desk.change(&wish, &[("wrong_address", "no"), ("join", "yes")]).await.is(303);
    assert_eq!(desk.seen("ada").await["portal"]["shared_with"], json!([{"ref": "bob", "name": "Person bob"}]));
    assert!(words(&desk.get("/contacts/ada").await).contains("Shares the sign-in with Person bob"));
    let split = words(&desk.post(PREVIEW, &[("top", "ada@home.example")]).await.is(200));
    assert!(split.contains("Person bob still signs in with bob@mail.example"), "{split}");
}

#[tokio::test]
async fn what_is_refused_says_what_to_do_and_keeps_what_was_typed() {
    let desk = settled().await;
    let before = desk.addresses().await;
    let add = |address| [("add", address), ("place", "first")];
    for (wish, why) in [
        (&add("sam@staff.example")[..], "The first address is that of The sam, who is one of your own staff."),
        (&add("two words@mail.example")[..], "two words@mail.example is not usable"),
    ] {
        let page = desk.post(PREVIEW, wish).await.is(409);
        assert!(words(&page).contains(why), "{}", words(&page));
        assert!(
            page.text.contains(&format!("value=\"{}\"", wish[0].1))
                && page.text.contains("name=\"place\" value=\"first\"")
        );
        assert!(!page.text.contains("action=\"/workspace/smith/contacts/ada/emails\""));
        desk.post(SAVE, &[wish, &[("shown", "x")]].concat()).await.is(409);
    }
    desk.change(&[("remove", "ada@home.example")], &[]).await.is(303);
    let last = desk.post(PREVIEW, &[("remove", "ada@mail.example")]).await.is(409);
    assert!(words(&last).contains("would be left without an address"));
    assert_eq!(desk.addresses().await, before[..1]);
    assert_eq!(desk.status().await, "active");
}

#[tokio::test]
async fn access_is_given_taken_and_given_back_as_it_was_shown() {
    let desk = Desk::new().await;
    desk.contact("ada", "Ada", &["ada@mail.example"]).await;
    for (command, sentence, status) in [
        ("activate", "Ada gets access, and signs in with ada@mail.example.", "invited"),
        ("deactivate", "Ada loses access, and can no longer sign in with ada@mail.example.", "deactivated"),
        ("reactivate", "A mail goes to ada@mail.example: the invitation", "invited"),
    ] {
        let path = format!("/contacts/ada/access/{command}");
        assert!(
            desk.get("/contacts/ada").await.text.contains(&format!("href=\"/workspace/smith{path}\"")),
            "{command}"
        );
        let page = desk.get(&path).await.is(200);
        assert!(words(&page).contains(sentence), "{}", words(&page));
        let (shown, call) = (hidden(&page, "shown"), hidden(&page, "call"));
        desk.post(&path, &[("shown", "other"), ("call", &call)]).await.is(409);
        assert_ne!(desk.status().await, status);
        desk.post(&path, &[("shown", &shown), ("call", &call)]).await.is(303);
        assert_eq!(desk.status().await, status);
    }
    desk.kit.host(Method::PUT, "/contacts/ada", json!({"emails": []})).await;
    let refused = desk.get("/contacts/ada/access/deactivate").await.is(200);
    assert!(words(&refused).contains("Ada loses access"));
}

#[tokio::test]
async fn a2_whether_a_password_comes_back_is_told_before_access_is_taken_away() {
    let desk = settled().await;
    let foreseen = async || words(&desk.get("/contacts/ada/access/deactivate").await.is(200));
    let kept = "The password is kept, in case access is given back at the same address.";
    let lost = "If access is given back, Person ada sets a new password";
    assert!(foreseen().await.contains(kept));
    desk.change(&[("top", "ada@home.example")], &[("wrong_address", "no")]).await.is(303);
    // It was set by a link that was mailed to the other address.
    assert!(foreseen().await.contains(lost));
    desk.kit.host(Method::POST, "/contacts/ada/portal/deactivate", Value::Null).await.is(200);
    let changed = async |wish| words(&desk.post(PREVIEW, wish).await.is(200));
    assert!(changed(&[("top", "ada@mail.example")]).await.contains(kept));
    assert!(changed(&[("remove", "ada@mail.example")]).await.contains(lost));
}

#[tokio::test]
async fn m6_a_password_that_is_shared_is_said_to_stay_with_the_others() {
    let desk = settled().await;
    desk.kit.settle("bob", "bob@mail.example").await;
    let wish = [("add", "bob@mail.example"), ("place", "first")];
    desk.change(&wish, &[("wrong_address", "no"), ("join", "yes")]).await.is(303);
    let stays = "The present password stays with Person bob: Person ada ";
    let gone = words(&desk.get("/contacts/ada/access/deactivate").await.is(200));
    assert!(gone.contains(&format!("{stays}has none any more.")) && !gone.contains("The password ends."), "{gone}");
    let split = words(&desk.post(PREVIEW, &[("top", "ada@home.example")]).await.is(200));
    assert!(split.contains(&format!("{stays}sets a new one by the link in the mail.")), "{split}");
}

#[tokio::test]
async fn l4_a_button_that_is_pressed_twice_sends_one_mail() {
    let desk = Desk::new().await;
    desk.contact("ada", "Ada", &["ada@mail.example"]).await;
    desk.kit.host(Method::POST, "/contacts/ada/portal/activate", Value::Null).await.is(200);
    let path = "/contacts/ada/access/resend";
    let press = |page: &Answer| {
        let (shown, call) = (hidden(page, "shown"), hidden(page, "call"));
        let desk = &desk;
        async move { desk.post(path, &[("shown", &shown), ("call", &call)]).await.is(303) }
    };
    let page = desk.get(path).await.is(200);
    assert!(words(&page).contains("Ada signs in with ada@mail.example, as before."));
    press(&page).await;
    press(&page).await;
    assert_eq!(desk.mails("activation").await, 2);
    press(&desk.get(path).await).await;
    assert_eq!(desk.mails("activation").await, 3);
}

#[tokio::test]
async fn activation_is_refused_in_words_and_joining_by_it_is_confirmed() {
    let desk = Desk::new().await;
    desk.contact("ada", "Ada", &["sam@staff.example"]).await;
    let page = desk.get("/contacts/ada/access/activate").await.is(409);
    assert!(words(&page).contains("one of your own staff") && !page.text.contains("name=\"shown\""));
    desk.kit.settle("bob", "bob@mail.example").await;
    desk.kit.host(Method::PUT, "/contacts/ada/emails", json!({"emails": ["bob@mail.example"]})).await.is(200);
    let page = desk.get("/contacts/ada/access/activate").await.is(200);
    let (shown, call) = (hidden(&page, "shown"), hidden(&page, "call"));
    let fields = [("shown", &*shown), ("call", &*call)];
    desk.post("/contacts/ada/access/activate", &fields).await.is(422);
    assert_eq!(desk.status().await, "not_activated");
    desk.post("/contacts/ada/access/activate", &[&fields[..], &[("join", "yes")]].concat()).await.is(303);
    assert_eq!(desk.status().await, "active");
}

#[tokio::test]
async fn a_contact_shows_its_status_and_addresses_in_order() {
    let desk = settled().await;
    let page = desk.get("/contacts/ada").await.is(200);
    let text = words(&page);
    assert!(text.contains("Can get in"), "{text}");
    assert!(text.contains("ada@mail.example signs in with this"), "{text}");
    assert!(text.contains("Acme Ltd"), "{text}");
    let tops = page.text.matches("name=\"top\"").count();
    let removes: BTreeSet<_> = page.text.matches("name=\"remove\"").collect();
    assert_eq!((tops, removes.len()), (1, 1));
    desk.kit.host(Method::PUT, "/clients/acme", json!({"name": "<i>Acme</i>"})).await.is(200);
    assert!(desk.get("/contacts/ada").await.text.contains("<bdi>&#60;i&#62;Acme&#60;/i&#62;</bdi>"));
}

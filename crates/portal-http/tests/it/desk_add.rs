//! Contacts and clients that staff add: once each, and nothing that is there is touched.

use axum::http::Method;
use serde_json::json;

use crate::desk::{Desk, hidden, words};

#[tokio::test]
async fn a_contact_is_added_once_however_often_the_button_is_pressed() {
    let desk = Desk::new().await;
    desk.kit.host(Method::PUT, "/clients/acme", json!({"name": "Acme Ltd"})).await.is(201);
    let made = hidden(&desk.get("/new-contact").await.is(200), "made");
    let fields = [
        ("made", made.as_str()),
        ("name", " Ada Lovelace "),
        ("emails", "ada@mail.example\r\n\r\nada@home.example"),
        ("clients", "acme"),
        ("ref", ""),
    ];
    for _ in 0..2 {
        let done = desk.post("/new-contact", &fields).await.is(303);
        assert_eq!(done.header("location"), Some(&*format!("/workspace/smith/contacts/{made}?added")));
    }
    let seen = desk.seen(&made).await;
    assert_eq!(seen["name"], "Ada Lovelace");
    assert_eq!(seen["clients"], json!(["acme"]));
    assert_eq!(seen["emails"].as_array().map(Vec::len), Some(2));
    assert_eq!(seen["portal"]["status"], "not_activated");
    assert!(words(&desk.get(&format!("/contacts/{made}?added")).await).contains("Added. No mail has gone out yet."));
}

#[tokio::test]
async fn what_was_typed_for_a_new_contact_is_kept_where_it_is_refused() {
    let desk = Desk::new().await;
    desk.contact("taken", "Taken", &[]).await;
    let before = desk.kit.get("/contacts").await.json();
    let fields = |name, emails, clients, reference| {
        [("made", "m"), ("name", name), ("emails", emails), ("clients", clients), ("ref", reference)]
    };
    for (fields, at, why) in [
        (fields("", "a@b.example", "", ""), "name", "The name is missing."),
        (fields("Typed", "a@b.example\nnonsense", "", ""), "emails", "Address 2 is not usable"),
        (fields("Typed", "a@b.example", "zeta", ""), "clients", "There is no client zeta."),
        (fields("Typed", "a@b.example", "", "taken"), "ref", "There is a contact of this reference already."),
        (fields("Typed", "a@b.example", "", "two words"), "ref", "This can’t be a reference."),
    ] {
        let page = desk.post("/new-contact", &fields).await.is(422);
        assert!(words(&page).contains(why), "{}", words(&page));
        assert!(page.text.contains(&format!("href=\"#{at}\"")) && page.text.contains("aria-invalid=\"true\""), "{at}");
        for (name, value) in fields {
            let kept = page.text.contains(&format!("value=\"{value}\""))
                || page.text.contains(&format!("\n{value}</textarea>"));
            assert!(kept, "{name}: {value}");
        }
    }
    assert_eq!(desk.kit.get("/contacts").await.json(), before);
}

#[tokio::test]
async fn a_form_that_comes_back_adds_another_contact_or_says_that_it_added_one() {
    let desk = Desk::new().await;
    let made = hidden(&desk.get("/new-contact").await.is(200), "made");
    let send = async |made: &str, name: &str, emails: &str| {
        let fields = [("made", made), ("name", name), ("emails", emails), ("clients", ""), ("ref", "")];
        desk.post("/new-contact", &fields).await
    };
    send(&made, "Ada", "ada@mail.example").await.is(303);
    let ada = desk.seen(&made).await;
    for (name, emails) in [("Bob", "ada@mail.example"), ("Ada", "bob@mail.example"), ("Bob", "nonsense")] {
        let again = send(&made, name, emails).await.is(422);
        assert!(words(&again).contains("This form was sent before, and added Ada."), "{}", words(&again));
        assert!(again.text.contains(&format!("value=\"{name}\"")) && again.text.contains(&format!("\n{emails}</")));
        assert_ne!(hidden(&again, "made"), made);
    }
    let again = send(&made, "Bob", "bob@mail.example").await.is(422);
    let fresh = hidden(&again, "made");
    send(&fresh, "Bob", "bob@mail.example").await.is(303);
    assert_eq!(desk.seen(&fresh).await["name"], "Bob");
    assert_eq!(desk.seen(&made).await, ada);
}

#[tokio::test]
async fn of_two_who_add_under_one_reference_one_is_told() {
    let desk = Desk::new().await;
    let send = async |name: &str| {
        let fields = [("made", "m"), ("name", name), ("emails", ""), ("clients", ""), ("ref", "k-1")];
        desk.post("/new-contact", &fields).await
    };
    let (one, other) = tokio::join!(send("Ada"), send("Bob"));
    let (added, name, refused) = if one.status == 303 { (one, "Ada", other) } else { (other, "Bob", one) };
    added.is(303);
    assert!(words(&refused.is(422)).contains("There is a contact of this reference already."));
    assert_eq!(desk.seen("k-1").await["name"], name);
    send(name).await.is(303);
}

#[tokio::test]
async fn e1_what_is_removed_from_a_typed_address_is_remembered_through_every_change() {
    let desk = Desk::new().await;
    let emails = "ada@mail.example\u{a0}\r\n \r\nhome@mail.example";
    let fields = [("made", "m"), ("name", "Ada"), ("emails", emails), ("clients", ""), ("ref", "ada")];
    for _ in 0..2 {
        desk.post("/new-contact", &fields).await.is(303);
    }
    let note = "a trailing no-break space was removed";
    assert_eq!(desk.seen("ada").await["emails"][0]["trimmed"], note);
    let wish = [("top", "home@mail.example")];
    let shown = hidden(&desk.post("/contacts/ada/emails/preview", &wish).await.is(200), "shown");
    desk.post("/contacts/ada/emails", &[&wish[..], &[("shown", &shown)]].concat()).await.is(303);
    let emails = desk.seen("ada").await["emails"].clone();
    assert_eq!((&emails[0]["address"], &emails[1]["trimmed"]), (&json!("home@mail.example"), &json!(note)));
}

#[tokio::test]
async fn adding_a_client_never_renames_one() {
    let desk = Desk::new().await;
    let made = hidden(&desk.get("/clients").await, "made");
    let send = async |made: &str, name: &str| desk.post("/clients", &[("made", made), ("name", name)]).await;
    let name = async |made: &str| desk.kit.get(&format!("/clients/{made}")).await.is(200).json()["name"].clone();
    send(&made, "Acme").await.is(303);
    let again = send(&made, "Borealis").await.is(422);
    assert!(words(&again).contains("This form was sent before, and added Acme."));
    assert_eq!(name(&made).await, "Acme");
    let fresh = hidden(&again, "made");
    assert!(fresh != made && again.text.contains("value=\"Borealis\""));
    send(&fresh, "Borealis").await.is(303);
    assert_eq!((name(&made).await, name(&fresh).await), (json!("Acme"), json!("Borealis")));
    desk.post(&format!("/clients/{made}"), &[("name", "Acme & Sons")]).await.is(303);
    // Pressed again after it was renamed by somebody.
    send(&made, "Acme").await.is(422);
    assert_eq!(name(&made).await, "Acme & Sons");
}

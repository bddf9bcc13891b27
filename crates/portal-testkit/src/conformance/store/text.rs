use portal_domain::{
    contact::Contact, message::MessageBody, practice::Client, session::PortalSession, time::Timestamp,
};

use crate::{
    build::{self, Plan, later},
    conformance::{Harness, scene::Scene},
    strategies::NAUGHTY,
};

/// Text comes back byte for byte, whatever it holds: nothing is trimmed, folded or normalised.
pub async fn text_comes_back_byte_for_byte(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    for (number, name) in NAUGHTY.iter().enumerate() {
        let (contact, client) = (format!("c{number}"), format!("k{number}"));
        let contact = Contact { name: (*name).to_owned(), ..build::contact(&contact, &[]) };
        let client = Client { name: (*name).to_owned(), ..build::client(&client) };
        let mut event = build::event(&format!("e{number}"));
        event.facts.insert((*name).to_owned(), "fact".to_owned());
        event.personal.insert("name".to_owned(), (*name).to_owned());
        event.origin = Some((*name).to_owned());
        scene.write(Plan::new().put_contact(&contact).put_client(&client).tell(event.clone())).await;
        assert_eq!(scene.contact(contact.reference.as_str()).await.contact, Some(contact));
        let recorded = scene.events().await.pop().expect("an event");
        assert_eq!((recorded.facts, recorded.origin), (event.facts, event.origin));
        assert_eq!(recorded.personal, Some(event.personal));
    }
    let names: Vec<_> = scene.clients().await.into_iter().map(|client| client.name).collect();
    assert!(NAUGHTY.iter().all(|name| names.iter().any(|known| known == name)));
}

/// Addresses come back as they were typed, with what was removed from them.
pub async fn addresses_come_back_as_typed(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let typed = [
        "Ada.Smith+Tax@Smith.Example",
        " spaced@smith.example\u{a0}",
        "Zoë@Bücher.example",
        "u\u{308}nal@smith.example",
        "ünal2@xn--bcher-kva.example",
        "o'neil@smith.example",
        "!#$%&'*+-/=?^_`{|}~@smith.example",
        "用户@例え.example",
        "δοκιμή@παράδειγμα.example",
    ];
    let contact = build::contact("ada", &typed);
    scene.write(Plan::new().put_contact(&contact)).await;
    let back = scene.contact("ada").await.contact.expect("there");
    for (ours, theirs) in contact.emails.iter().zip(&back.emails) {
        assert_eq!((ours.as_str(), ours.removed()), (theirs.as_str(), theirs.removed()));
    }
    assert_eq!(back, contact);
    for (number, address) in typed.iter().enumerate() {
        let user = build::user(&format!("u{number}"), address);
        scene.write(Plan::new().put_user(&user)).await;
        assert_eq!(scene.user(user.reference.as_str(), None).await.user, Some(user));
    }
}

/// Times come back to the microsecond, those before 1970 and those far ahead too.
pub async fn microseconds_come_back(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let (ada, login) = scene.live("ada", "ada@smith.example").await;
    let far = 4_102_444_800_999_999;
    for (number, micros) in [0, 1, -1, 999, 1_001, later(1).as_micros(), far].into_iter().enumerate() {
        let at = Timestamp::from_micros(micros);
        let (contact, other) = (format!("c{number}"), format!("n{number}"));
        let contact = Contact { created_at: at, activated_at: Some(at), ..build::contact(&contact, &[]) };
        let mut link = build::link(&other, &login, &ada);
        (link.created_at, link.expires_at) = (at, Timestamp::from_micros(far - 500));
        let session = PortalSession { created_at: at, last_seen_at: at, ..build::session(&other, &login) };
        let mut event = build::event(&other);
        event.at = at;
        let mut message = build::message(&other, &ada, &login, None);
        message.created_at = at;
        let plan = Plan::new().put_contact(&contact).tell(event).mail(message.clone());
        let plan = plan.then(portal_domain::change::Change::OpenLink(link.clone()));
        scene.write(plan.then(portal_domain::change::Change::OpenSession(session.clone()))).await;
        assert_eq!(scene.contact(contact.reference.as_str()).await.contact, Some(contact));
        assert_eq!(scene.link(&other).await.expect("there").link, link);
        assert_eq!(scene.session(&other).await.expect("there").session, session);
        assert_eq!(scene.events().await.pop().expect("an event").at, at);
        assert_eq!(scene.messages("ada").await.pop().expect("a message").message, message);
    }
}

/// Every kind of message comes back with all it says.
pub async fn every_message_comes_back_whole(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let (ada, login) = scene.live("ada", "Ada@smith.example").await;
    let by = "Jo “the boss” Øre".to_owned();
    let masked = "a…a@s…h.example".to_owned();
    let bodies = [
        MessageBody::Activation,
        MessageBody::AccessAdded,
        MessageBody::Reset,
        MessageBody::LoginMovedNew { changed_by: by.clone() },
        MessageBody::LoginMovedOld { new_address: masked.clone(), changed_by: by.clone(), split: false },
        MessageBody::LoginMovedOld { new_address: masked.clone(), changed_by: by, split: true },
        MessageBody::PasswordChanged,
        MessageBody::PortalAddress,
        MessageBody::Test,
        MessageBody::PasswordSetAfterMove { new_address: masked },
    ];
    let mut expected = Vec::new();
    for (number, body) in bodies.into_iter().enumerate() {
        let mut message = build::message(&format!("m{number}"), &ada, &login, None);
        message.body = body;
        message.clients = NAUGHTY.iter().take(number).map(|name| (*name).to_owned()).collect();
        message.name = NAUGHTY[number].to_owned();
        scene.write(Plan::new().mail(message.clone())).await;
        expected.push(message);
    }
    let back: Vec<_> = scene.messages("ada").await.into_iter().map(|delivery| delivery.message).collect();
    assert_eq!(back, expected);
}

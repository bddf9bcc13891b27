//! Messages and enquiries in the hands of workers.

use portal_domain::{
    change::{Change, Decision},
    message::{Attempt, Carried, DeliveryState, Message, MessageBody, MessageKind},
    port::{
        Commit, ENQUIRY_WAITS, Enquiries, Enquiry, EnquiryKind, LeaseTerms, Leased, Outbox, Page, PortalViews,
        Settlement, Waiting,
    },
    time::Timestamp,
};

use sqlx::{AssertSqlSafe, ConnectOptions, sqlite::SqliteConnectOptions};

use crate::kit::{House, NOW, at, event, fresh, link, message};

async fn queue(house: &House, bodies: &[MessageBody]) -> Vec<Message> {
    let (person, login) = house.granted("c-1", "ada@smith.example").await;
    let carried = link(&login, &person);
    let messages: Vec<_> = bodies.iter().map(|body| message(&login, &person, &carried, body.clone())).collect();
    let decision =
        Decision { changes: vec![Change::OpenLink(carried)], messages: messages.clone(), ..Decision::default() };
    assert_eq!(house.decide(decision).await, Commit::Committed);
    messages
}

fn message_of(leased: &Leased) -> &Message {
    &leased.letter.as_ref().unwrap().message
}

fn settlement(contact: &portal_domain::contact::Contact, state: DeliveryState, next: Option<Timestamp>) -> Settlement {
    let attempt = Attempt { at: at(1), state, reply: "250 2.0.0 ok".into(), reason: None, sent_as: None };
    Settlement { attempt, next_attempt_at: next, suppress: None, event: event(contact, "message.sent") }
}

#[tokio::test]
async fn awaited_mail_goes_first_and_to_one_worker() {
    let house = House::new().await;
    let queued = queue(&house, &[MessageBody::Activation, MessageBody::Reset, MessageBody::PasswordChanged]).await;
    assert!(Outbox::lease(&house.store, &LeaseTerms::new(at(-1), at(60), 9)).await.unwrap().is_empty());
    let two = Outbox::lease(&house.store, &LeaseTerms::new(NOW, at(60), 2)).await.unwrap();
    assert_eq!(two.iter().map(message_of).collect::<Vec<_>>(), [&queued[1], &queued[0]]);
    let first = two[0].letter.as_ref().unwrap();
    assert_eq!(first.link.as_ref().map(Carried::id), queued[1].link);
    assert_eq!(first.practice.id, house.practice);
    let rest = Outbox::lease(&house.store, &LeaseTerms::new(at(59), at(99), 9)).await.unwrap();
    assert_eq!(rest.iter().map(message_of).collect::<Vec<_>>(), [&queued[2]]);
    let waiting = house.store.waiting(house.practice).await.unwrap();
    assert!(waiting.contains(&Waiting { kind: MessageKind::Reset, count: 1 }));
    assert_eq!(house.store.oldest_due(at(59)).await.unwrap(), None);
    assert_eq!(house.store.oldest_due(at(60)).await.unwrap(), Some(NOW));
}

#[tokio::test]
async fn only_the_lease_that_holds_settles() {
    let house = House::new().await;
    let queued = queue(&house, &[MessageBody::Activation]).await;
    let person = house.facts("c-1").await.contact.unwrap();
    let lost = Outbox::lease(&house.store, &LeaseTerms::new(NOW, at(10), 1)).await.unwrap().remove(0);
    let mine = Outbox::lease(&house.store, &LeaseTerms::new(at(10), at(20), 1)).await.unwrap().remove(0);
    let accepted = settlement(&person, DeliveryState::Accepted, None);
    assert!(!Outbox::settle(&house.store, &lost.lease, &accepted).await.unwrap());
    let deferred = settlement(&person, DeliveryState::Deferred, Some(at(30)));
    assert!(Outbox::settle(&house.store, &mine.lease, &deferred).await.unwrap());
    assert!(!Outbox::settle(&house.store, &mine.lease, &accepted).await.unwrap());
    assert!(Outbox::lease(&house.store, &LeaseTerms::new(at(29), at(40), 1)).await.unwrap().is_empty());
    let again = Outbox::lease(&house.store, &LeaseTerms::new(at(30), at(40), 1)).await.unwrap().remove(0);
    assert_eq!(again.attempts, 1);
    assert!(Outbox::settle(&house.store, &again.lease, &accepted).await.unwrap());
    assert!(Outbox::lease(&house.store, &LeaseTerms::new(at(9999), at(99_999), 1)).await.unwrap().is_empty());

    let page = Page { after: None, limit: 10 };
    let (delivery, _) = house.store.messages(house.practice, person.id, &page).await.unwrap().remove(0);
    assert_eq!(delivery.message, queued[0]);
    assert_eq!(delivery.state, DeliveryState::Accepted);
    let states: Vec<_> = delivery.attempts.iter().map(|attempt| attempt.state).collect();
    assert_eq!(states, [DeliveryState::Deferred, DeliveryState::Accepted]);
    house.seal().await;
    assert_eq!(house.store.events(house.practice, Some(person.id), &page).await.unwrap().len(), 2);
    let invitation = house.facts("c-1").await.login.unwrap().invitation.unwrap();
    assert_eq!((invitation.state, invitation.accepted_at), (DeliveryState::Accepted, Some(at(1))));
}

#[tokio::test]
async fn an_enquiry_is_lent_until_its_lease_runs_out() {
    let house = House::new().await;
    let ask = |kind, seconds| Enquiry { id: fresh(), practice: house.practice, kind, origin: None, at: at(seconds) };
    let typed = EnquiryKind::Reset { address: " K\u{212A}@x\0".into() };
    let (first, second) = (ask(typed, 0), ask(EnquiryKind::Renew { link: fresh() }, 1));
    house.store.put(&second).await.unwrap();
    house.store.put(&first).await.unwrap();
    assert_eq!(Enquiries::lease(&house.store, at(1), at(10), 1).await.unwrap(), std::slice::from_ref(&first));
    assert_eq!(Enquiries::lease(&house.store, at(1), at(10), 5).await.unwrap(), std::slice::from_ref(&second));
    assert!(Enquiries::lease(&house.store, at(9), at(20), 5).await.unwrap().is_empty());
    Enquiries::settle(&house.store, house.practice, second.id).await.unwrap();
    Enquiries::settle(&house.store, house.practice, second.id).await.unwrap();
    assert_eq!(Enquiries::lease(&house.store, at(10), at(20), 5).await.unwrap(), [first]);
}

/// Texts that are none, ids that are none, and a kind that nobody knows.
#[tokio::test]
async fn j3_a_damaged_enquiry_keeps_no_other_and_is_given_up_after_an_hour() {
    let house = House::new().await;
    let reset = || EnquiryKind::Reset { address: "ada@smith.example".into() };
    let ask = |kind| Enquiry { id: fresh(), practice: house.practice, kind, origin: Some("::1".into()), at: NOW };
    let renew = ask(EnquiryKind::Renew { link: fresh() });
    let damages = [
        ("address = CAST(x'ff' AS TEXT)", ask(reset())),
        ("origin = CAST(x'ff' AS TEXT)", ask(reset())),
        ("kind = 'else'", ask(reset())),
        ("link_id = x'00'", renew),
        ("enquiry_id = x'00'", ask(reset())),
        ("practice_id = x'00'", ask(reset())),
    ];
    let whole = ask(reset());
    house.store.put(&whole).await.unwrap();
    let options = SqliteConnectOptions::new().filename(house.path()).foreign_keys(false);
    let mut raw = options.pragma("ignore_check_constraints", "ON").connect().await.unwrap();
    for (damage, enquiry) in &damages {
        house.store.put(enquiry).await.unwrap();
        let spoil = AssertSqlSafe(format!("UPDATE portal_enquiry SET {damage} WHERE enquiry_id = ?1"));
        sqlx::query(spoil).bind(enquiry.id.to_bytes().as_slice()).execute(&mut raw).await.unwrap();
    }
    let hour = i64::try_from(ENQUIRY_WAITS.as_secs()).unwrap();
    for (now, kept) in [(0, 7), (hour - 1, 7), (hour, 1)] {
        let leased = Enquiries::lease(&house.store, at(now), at(now + 1), 9).await.unwrap();
        assert_eq!(leased, std::slice::from_ref(&whole), "after {now} seconds");
        let count = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM portal_enquiry").fetch_one(&mut raw);
        assert_eq!(count.await.unwrap(), kept, "after {now} seconds");
    }
}

#[tokio::test]
async fn d1_a_damaged_message_is_given_with_the_reason_and_keeps_no_other() {
    let house = House::new().await;
    let queued = queue(&house, &[MessageBody::Activation, MessageBody::PasswordChanged]).await;
    let person = house.facts("c-1").await.contact.unwrap();
    let mut connection = SqliteConnectOptions::new().filename(house.path()).connect().await.unwrap();
    let spoil = sqlx::query("UPDATE portal_message SET body = '{' WHERE message_id = ?1");
    spoil.bind(queued[0].id.to_bytes().as_slice()).execute(&mut connection).await.unwrap();
    let leased = Outbox::lease(&house.store, &LeaseTerms::new(NOW, at(60), 9)).await.unwrap();
    assert_eq!(leased.iter().map(|one| one.lease.message).collect::<Vec<_>>(), [queued[0].id, queued[1].id]);
    assert!(leased[0].letter.is_err() && leased[1].letter.is_ok());
    // It is reported like any other.
    let failed = settlement(&person, DeliveryState::Failed, None);
    assert!(Outbox::settle(&house.store, &leased[0].lease, &failed).await.unwrap());
    assert!(Outbox::lease(&house.store, &LeaseTerms::new(at(59), at(99), 9)).await.unwrap().is_empty());
}

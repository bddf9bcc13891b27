//! Leases of messages and enquiries.

use std::collections::BTreeSet;

use portal_domain::{
    change::{Change, Decision},
    id::MessageId,
    link::Link,
    message::{Attempt, Carried, DeliveryState, MessageBody},
    port::{ENQUIRY_WAITS, Enquiries, Enquiry, EnquiryKind, LeaseTerms, Leased, Outbox, Page, PortalViews, Settlement},
    time::Timestamp,
};
use portal_postgres::PostgresStore;

use crate::{
    given::{self, PRACTICE, at, begin, changes, committed, id},
    kit::with_database,
};

/// A practice with one activated contact, its link, and these messages.
async fn queue(store: &PostgresStore, kinds: &[(u64, MessageBody)]) -> Link {
    let (contact, login, made) = given::activated(1, None);
    let link = given::link(2, &login, &contact);
    begin(store, made).await;
    let messages = kinds.iter().map(|(number, body)| given::message(*number, &link, body.clone())).collect();
    committed(store, Decision { messages, ..changes([Change::OpenLink(link.clone())]) }).await;
    link
}

fn settlement(number: u64, state: DeliveryState, next: Option<Timestamp>) -> Settlement {
    Settlement {
        attempt: Attempt { at: at(25), state, reply: "250 2.0.0\0 ok".to_owned(), reason: None, sent_as: None },
        next_attempt_at: next,
        suppress: None,
        event: given::event(number, None),
    }
}

fn ids(leased: &[Leased]) -> Vec<MessageId> {
    leased.iter().map(|it| it.lease.message).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn awaited_mail_leaves_first_then_the_oldest() {
    with_database(async |database| {
        let store = database.store().await;
        let kinds = [
            (9, MessageBody::Activation),
            (8, MessageBody::Activation),
            (7, MessageBody::Reset),
            (6, MessageBody::Reset),
        ];
        let link = queue(&store, &kinds).await;
        assert_eq!(Outbox::lease(&store, &LeaseTerms::new(at(9), at(30), 10)).await.unwrap(), []);
        let leased = Outbox::lease(&store, &LeaseTerms::new(at(20), at(30), 3)).await.unwrap();
        assert_eq!(ids(&leased), [id(7), id(6), id(9)]);
        let first = leased[0].letter.as_ref().unwrap();
        assert_eq!((first.link.clone(), leased[0].attempts), (Some(Carried::Portal(link.clone())), 0));
        assert_eq!(first.practice, given::practice());
        assert_eq!(ids(&Outbox::lease(&store, &LeaseTerms::new(at(29), at(40), 10)).await.unwrap()), [id(8)]);
        // Leases that ran out.
        assert_eq!(
            ids(&Outbox::lease(&store, &LeaseTerms::new(at(30), at(50), 10)).await.unwrap()),
            [id(7), id(6), id(9)]
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_is_settled_once_and_only_while_it_lasts() {
    with_database(async |database| {
        let store = database.store().await;
        let link = queue(&store, &[(9, MessageBody::Activation)]).await;
        let old = Outbox::lease(&store, &LeaseTerms::new(at(20), at(30), 1)).await.unwrap().remove(0);
        let new = Outbox::lease(&store, &LeaseTerms::new(at(31), at(41), 1)).await.unwrap().remove(0);
        let later = settlement(51, DeliveryState::Deferred, Some(at(60)));
        assert_eq!(Outbox::settle(&store, &old.lease, &later).await, Ok(false));
        assert_eq!(Outbox::settle(&store, &new.lease, &later).await, Ok(true));
        assert_eq!(Outbox::settle(&store, &new.lease, &settlement(52, DeliveryState::Failed, None)).await, Ok(false));
        assert_eq!(Outbox::lease(&store, &LeaseTerms::new(at(59), at(70), 1)).await.unwrap(), []);
        let last = Outbox::lease(&store, &LeaseTerms::new(at(60), at(70), 1)).await.unwrap().remove(0);
        assert_eq!(last.attempts, 1);
        let done = settlement(53, DeliveryState::Accepted, None);
        assert_eq!(Outbox::settle(&store, &last.lease, &done).await, Ok(true));
        assert_eq!(Outbox::lease(&store, &LeaseTerms::new(at(900), at(990), 1)).await.unwrap(), []);

        let page = Page { after: None, limit: 9 };
        let (delivery, _) = store.messages(PRACTICE, link.contact, &page).await.unwrap().remove(0);
        assert_eq!(delivery.state, DeliveryState::Accepted);
        assert_eq!(
            delivery.attempts.iter().map(|it| it.state).collect::<Vec<_>>(),
            [DeliveryState::Deferred, DeliveryState::Accepted]
        );
        portal_testkit::conformance::seal(&store, PRACTICE).await;
        let told: Vec<_> = store.events(PRACTICE, None, &page).await.unwrap().iter().map(|event| event.id).collect();
        assert_eq!(told, [id(51), id(53)]);
        assert_eq!(store.waiting(PRACTICE).await, Ok(Vec::new()));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_on_two_instances_never_share_a_message() {
    with_database(async |database| {
        let stores = [database.store().await, database.store().await];
        let many: Vec<_> = (100..400).map(|number| (number, MessageBody::Activation)).collect();
        queue(&stores[0], &many).await;
        let workers: Vec<_> = (0..8)
            .map(|worker| {
                let store = stores[worker % 2].clone();
                tokio::spawn(async move {
                    let mut mine = Vec::new();
                    loop {
                        let leased = Outbox::lease(&store, &LeaseTerms::new(at(20), at(99), 7)).await.unwrap();
                        if leased.is_empty() {
                            break mine;
                        }
                        mine.extend(ids(&leased));
                    }
                })
            })
            .collect();
        let mut all = Vec::new();
        for worker in workers {
            all.extend(worker.await.unwrap());
        }
        assert_eq!(all.len(), 300);
        assert_eq!(all.into_iter().collect::<BTreeSet<_>>().len(), 300);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn d1_a_damaged_message_is_given_with_the_reason_and_keeps_no_other() {
    with_database(async |database| {
        let store = database.store().await;
        queue(&store, &[(8, MessageBody::Activation), (9, MessageBody::Activation)]).await;
        let mut connection = database.connection().await;
        let spoil = "UPDATE portal.message SET body = '{' WHERE message_id = $1";
        sqlx::query(spoil)
            .bind(id::<portal_domain::id::kind::Message>(8).to_uuid())
            .execute(&mut connection)
            .await
            .unwrap();
        let leased = Outbox::lease(&store, &LeaseTerms::new(at(20), at(30), 10)).await.unwrap();
        assert_eq!(ids(&leased), [id(8), id(9)]);
        assert!(leased[0].letter.is_err() && leased[1].letter.is_ok());
        // It is reported like any other.
        let failed = settlement(51, DeliveryState::Failed, None);
        assert_eq!(Outbox::settle(&store, &leased[0].lease, &failed).await, Ok(true));
        assert_eq!(Outbox::lease(&store, &LeaseTerms::new(at(29), at(40), 10)).await.unwrap(), []);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn enquiries_are_kept_leased_and_forgotten() {
    with_database(async |database| {
        let store = database.store().await;
        begin(&store, []).await;
        let kinds = [EnquiryKind::Reset { address: "A\0 @ B\u{212A}".to_owned() }, EnquiryKind::Renew { link: id(4) }];
        let [second, first] = [2, 1].map(|number| Enquiry {
            id: id(number),
            practice: PRACTICE,
            kind: kinds[number as usize % 2].clone(),
            origin: Some("192.0.2.1".to_owned()),
            at: at(number as i64),
        });
        for enquiry in [&second, &first, &first] {
            store.put(enquiry).await.unwrap();
        }
        assert_eq!(Enquiries::lease(&store, at(5), at(9), 1).await.unwrap(), std::slice::from_ref(&first));
        assert_eq!(Enquiries::lease(&store, at(5), at(9), 9).await.unwrap(), std::slice::from_ref(&second));
        assert_eq!(Enquiries::lease(&store, at(8), at(9), 9).await.unwrap(), []);
        store_settle(&store, &first).await;
        store_settle(&store, &first).await;
        assert_eq!(Enquiries::lease(&store, at(9), at(20), 9).await.unwrap(), [second]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn j3_a_damaged_enquiry_keeps_no_other_and_is_given_up_after_an_hour() {
    with_database(async |database| {
        let store = database.store().await;
        begin(&store, []).await;
        let [damaged, whole] = [1, 2].map(|number| Enquiry {
            id: id(number),
            practice: PRACTICE,
            kind: EnquiryKind::Reset { address: "ada@smith.example".to_owned() },
            origin: None,
            at: at(0),
        });
        for enquiry in [&damaged, &whole] {
            store.put(enquiry).await.unwrap();
        }
        let mut raw = database.connection().await;
        let spoil = sqlx::query("UPDATE portal.enquiry SET address = '\\xff' WHERE enquiry_id = $1");
        spoil.bind(damaged.id.to_uuid()).execute(&mut raw).await.unwrap();
        let hour = i64::try_from(ENQUIRY_WAITS.as_secs()).unwrap();
        for (now, kept) in [(0, 2), (hour - 1, 2), (hour, 1)] {
            let leased = Enquiries::lease(&store, at(now), at(now + 1), 9).await.unwrap();
            assert_eq!(leased, std::slice::from_ref(&whole), "after {now} seconds");
            let count = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM portal.enquiry").fetch_one(&mut raw);
            assert_eq!(count.await.unwrap(), kept, "after {now} seconds");
        }
    })
    .await;
}

async fn store_settle(store: &PostgresStore, enquiry: &Enquiry) {
    Enquiries::settle(store, enquiry.practice, enquiry.id).await.unwrap();
}

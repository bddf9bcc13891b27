use std::collections::BTreeMap;

use portal_domain::{
    event::{Caller, RecordedEvent, Subject, personal_digest},
    id::PracticeId,
    journal::{Fault, Head, JournalKeys, JournalRow, Mark, Report, SealedEvent, Verifier},
    link::{KeyId, LinkTokens},
    port::{LeaseTerms, Outbox},
    practice::{Place, ReturnAddress},
    time::Timestamp,
};
use portal_testkit::{build, conformance::run, machine::SPELLINGS};
use proptest::{prelude::*, sample::Index};

use super::{
    desk::{Desk, MINUTE, OTHER, SECRET, code},
    worlds,
};

/// Wherever histories led: every message that a change caused is in the outbox, once, and can be sent.
#[test]
fn d1_a_message_is_written_with_the_change_that_causes_it_and_none_is_lost() {
    run(async {
        let desk = Desk::with(&[("ada", "ada@smith.example"), ("bob", "bob@other.example")]).await;
        let mut promised = Vec::new();
        for _ in 0..3 {
            for who in ["ada", "bob"] {
                promised.extend(desk.activate(who).await.unwrap().effects.messages);
                promised.extend(desk.resend(who).await.unwrap().effects.messages);
                promised.extend(desk.deactivate(who).await.unwrap().effects.messages);
                desk.wait(MINUTE);
            }
        }
        promised.sort();
        let now = desk.fixture.portal.now();
        let terms = LeaseTerms::new(now, now.after(MINUTE), 1000);
        let leased = Outbox::lease(&*desk.fixture.store, &terms).await.unwrap();
        let letters = leased.iter().map(|leased| leased.letter.as_ref().unwrap());
        let mut found: Vec<_> = letters.map(|letter| (letter.message.kind(), letter.message.to.to_string())).collect();
        found.sort();
        assert_eq!(found, promised.into_iter().map(|mail| (mail.kind, mail.to)).collect::<Vec<_>>());
    });
}

#[test]
fn d1_a_refused_command_leaves_no_message() {
    run(async {
        let desk = Desk::with(&[("ada", "ada@smith.example")]).await;
        desk.user("boss", "ada@smith.example").await.unwrap();
        let before = desk.written().await;
        assert_eq!(code(&desk.activate("ada").await), "practice_user_email");
        assert_eq!(desk.written().await, before);
    });
}

#[test]
fn j1_every_change_writes_one_event_that_says_who_what_and_when() {
    run(async {
        let desk = Desk::with(&[("ada", "ada@smith.example")]).await;
        let mut written = desk.events().await.len();
        let mut expect = async |kind: &str| {
            let events = desk.events().await;
            assert_eq!(events.len(), written + 1, "{kind}");
            let event = events.last().unwrap();
            assert_eq!((event.kind.as_str(), event.at), (kind, desk.fixture.portal.now()));
            written = events.len();
            desk.wait(MINUTE);
            event.clone()
        };
        desk.activate("ada").await.unwrap();
        let event = expect("contact.activated").await;
        assert_eq!(event.facts["access_before"], "not_activated");
        assert_eq!(event.facts["access_after"], "granted");
        assert_eq!(event.caller, Caller::Host(portal_testkit::build::id("host")).describe());
        let token = desk.newest_token().await;
        desk.redeem(&token, SECRET).await.unwrap();
        expect("login.password_set").await;
        let session = desk.sign_in("ada@smith.example", SECRET).await.unwrap();
        expect("session.opened").await;
        desk.change(&session, SECRET, OTHER).await.unwrap();
        expect("login.password_changed").await;
        desk.emails("ada", &["eve@jones.example"]).await.unwrap();
        let event = expect("contact.emails_changed").await;
        let personal = event.personal.unwrap();
        assert_eq!(
            (&*personal["emails_before"], &*personal["emails_after"]),
            ("ada@smith.example", "eve@jones.example")
        );
        desk.resend("ada").await.unwrap();
        expect("contact.invitation_resent").await;
        desk.deactivate("ada").await.unwrap();
        expect("contact.deactivated").await;
        desk.reactivate("ada").await.unwrap();
        expect("contact.reactivated").await;
        desk.delete("ada").await.unwrap();
        expect("contact.deleted").await;
        desk.settings(|settings| settings.session_idle_minutes = 5).await;
        expect("practice.settings_changed").await;
        desk.user("boss", "boss@x.example").await.unwrap();
        expect("user.created").await;
    });
}

/// Wherever histories led: personal values stand beside the event, which holds their digest.
#[test]
fn j1_personal_values_stand_beside_the_event() {
    run(async {
        let mut with_personal = 0;
        for world in worlds(52).await {
            for event in world.events_after(0).await.unwrap() {
                let public = format!("{:?} {} {:?}", event.facts, event.caller, event.origin).to_lowercase();
                for spelling in SPELLINGS {
                    assert!(!public.contains(&spelling.stored.to_lowercase()), "{event:?}");
                }
                assert_ne!(event.digest, [0; 32]);
                with_personal += usize::from(event.personal.is_some_and(|personal| !personal.is_empty()));
            }
        }
        assert!(with_personal > 100, "{with_personal}");
    });
}

/// A logo is told by its digest, and what is free text stands among what is personal.
#[test]
fn j1_settings_are_told_before_and_after() {
    run(async {
        let desk = Desk::new().await;
        let logo = "data:image/png;base64,iVBORw0KGgo=";
        let address = "https://files.elm.example/".to_owned();
        let place = Place { name: "Files".to_owned(), address: address.clone(), sentence: "Ask Mary".to_owned() };
        desk.settings(|settings| {
            settings.accent = Some("#1a5276".to_owned());
            settings.logo = Some(logo.to_owned());
            settings.places = vec![place.clone()];
            settings.return_addresses = vec![ReturnAddress { name: "app".to_owned(), address: address.clone() }];
        })
        .await;
        let event = desk.events().await.pop().unwrap();
        assert_eq!(event.kind, "practice.settings_changed");
        let told = |name: &str| (&*event.facts[&format!("{name}_before")], &*event.facts[&format!("{name}_after")]);
        assert_eq!(told("accent"), ("null", "\"#1a5276\""));
        assert_eq!(told("return_addresses"), ("[]", r#"[{"address":"https://files.elm.example/","name":"app"}]"#));
        let (before, after) = told("logo");
        assert!(before == "null" && after.starts_with("\"sha256:") && after.len() == 73, "{after}");
        let personal = event.personal.clone().unwrap();
        assert_eq!(personal["places_before"], "[]");
        assert!(personal["places_after"].contains("Ask Mary") && !format!("{:?}", event.facts).contains("Mary"));
        let events = desk.events().await.len();
        desk.settings(|settings| settings.logo = Some(logo.to_owned())).await;
        assert_eq!(desk.events().await.len(), events, "the same again changes nothing");
        desk.settings(|settings| settings.logo = Some(logo.replace("Ggo=", "GgoA"))).await;
        assert_eq!(desk.events().await.len(), events + 1);
    });
}

/// A sealed journal, as it lies in a database.
#[derive(Clone, Debug)]
struct Book {
    practice: PracticeId,
    rows: Vec<JournalRow>,
    head: Head,
}

fn key(name: &str) -> (KeyId, [u8; 32]) {
    (KeyId::parse(name).unwrap(), build::digest(name))
}

/// Keys of a program whose keys were changed once: the first makes, both verify.
fn keys(names: &[&str]) -> JournalKeys {
    JournalKeys::of(&LinkTokens::new(names.iter().map(|name| key(name)).collect()).unwrap())
}

fn both() -> JournalKeys {
    keys(&["new", "old"])
}

impl Book {
    /// Seals the events, the first `old` of them before the key was changed.
    fn sealed(practice: PracticeId, events: Vec<RecordedEvent>, old: usize) -> Self {
        let mut book: Option<Self> = None;
        let (before, after) = events.split_at(old.min(events.len()));
        for (events, keys) in [(before, keys(&["old"])), (after, both())] {
            let head = book.as_ref().map(|book| &book.head);
            let Some(sealing) = keys.seal(practice, head, events).unwrap() else { continue };
            let mut rows = book.map(|book| book.rows).unwrap_or_default();
            rows.extend(events.iter().zip(&sealing.seals).map(|(event, seal)| {
                let event = RecordedEvent { number: seal.number, ..event.clone() };
                let key = sealing.head.key.clone();
                let content = Some(SealedEvent { event, salt: Some([7; 16]), seal: seal.seal, key });
                JournalRow { number: seal.number, content }
            }));
            book = Some(Self { practice, rows, head: sealing.head });
        }
        book.unwrap()
    }

    fn verify(&self) -> Report {
        self.expecting(None, &both())
    }

    fn expecting(&self, mark: Option<Mark>, keys: &JournalKeys) -> Report {
        let mut rows = self.rows.clone();
        rows.sort_by_key(|row| row.number);
        let mut verifier = Verifier::new(keys, self.practice, mark);
        rows.iter().for_each(|row| verifier.row(row));
        verifier.end(Some(&self.head), 0)
    }

    fn len(&self) -> i64 {
        self.rows.len().try_into().unwrap()
    }

    fn at(&mut self, at: usize) -> &mut SealedEvent {
        self.rows[at].content.as_mut().unwrap()
    }

    /// Gives a row another number, as who writes to the database can.
    fn number(&mut self, at: usize, number: i64) {
        self.rows[at].number = number;
        self.at(at).event.number = number;
    }
}

fn short() -> impl Strategy<Value = BTreeMap<String, String>> {
    prop::collection::btree_map("[a-c]{1,2}", "[a-c]{0,2}", 0..3)
}

fn told() -> impl Strategy<Value = RecordedEvent> {
    let ids = (any::<[u8; 16]>(), any::<Option<[u8; 16]>>(), any::<Option<[u8; 16]>>(), any::<Option<[u8; 16]>>());
    let texts = ("[a-c]{1,3}", "[a-c]{1,3}", prop::option::of("[a-c]{0,2}"));
    (ids, texts, -9_i64..9, short(), short()).prop_map(|((id, contact, user, login), texts, at, facts, personal)| {
        let (kind, caller, origin) = texts;
        RecordedEvent {
            number: 0,
            id: portal_domain::id::Id::from_bytes(id),
            at: Timestamp::from_micros(at),
            kind,
            caller,
            origin,
            subject: Subject {
                contact: contact.map(portal_domain::id::Id::from_bytes),
                user: user.map(portal_domain::id::Id::from_bytes),
                login: login.map(portal_domain::id::Id::from_bytes),
            },
            facts,
            digest: personal_digest(&[7; 16], &personal),
            personal: Some(personal),
        }
    })
}

fn book() -> impl Strategy<Value = Book> {
    let events = prop::collection::vec(told(), 1..9);
    (any::<[u8; 16]>(), events, 0..9_usize)
        .prop_map(|(practice, events, old)| Book::sealed(PracticeId::from_bytes(practice), events, old))
}

/// Everything of an event row that the seal covers, changed one by one.
const CHANGES: [fn(&mut SealedEvent); 17] = [
    |it| it.event.at = Timestamp::from_micros(it.event.at.as_micros() + 1),
    |it| it.event.kind.push('x'),
    |it| it.event.caller.insert(0, 'x'),
    |it| it.event.origin = if it.event.origin.is_some() { None } else { Some(String::new()) },
    |it| it.event.id = build::id("another"),
    |it| it.event.subject.contact = Some(build::id("another")),
    |it| it.event.subject.user = Some(build::id("another")),
    |it| it.event.subject.login = Some(build::id("another")),
    |it| (it.event.subject.contact, it.event.subject.user) = (None, Some(build::id("another"))),
    |it| drop(it.event.facts.insert("another".to_owned(), String::new())),
    |it| it.event.facts = BTreeMap::from([(format!("{}x", it.event.kind), String::new())]),
    // A letter goes from the end of one text to the beginning of the next.
    |it| it.event.caller.insert(0, it.event.kind.pop().unwrap()),
    |it| it.event.digest[0] ^= 1,
    |it| it.seal[31] ^= 0x80,
    |it| it.key = KeyId::parse(if it.key.as_str() == "old" { "new" } else { "old" }).unwrap(),
    |it| it.key = KeyId::parse("gone").unwrap(),
    |it| it.event.personal.as_mut().unwrap().extend([("x".to_owned(), "x".to_owned())]),
];

fn names(report: &Report, number: i64) -> bool {
    report.faults.iter().any(|fault| fault.number() == Some(number))
}

proptest! {
    #[test]
    fn j1_an_untouched_journal_is_valid_and_a_mark_of_it_is_found(book in book(), at in any::<Index>()) {
        let report = book.verify();
        prop_assert!(report.is_valid(), "{report:?}");
        prop_assert_eq!((report.checked, report.erased, report.head), (book.len() as u64, 0, Some(book.head.last)));
        let row = at.get(&book.rows);
        let mark = Mark { number: row.number, seal: row.content.as_ref().unwrap().seal };
        prop_assert_eq!(Mark::parse(&mark.to_string()), Some(mark));
        prop_assert!(book.expecting(Some(mark), &both()).is_valid());
        let other = Mark { seal: build::digest("another"), ..mark };
        let report = book.expecting(Some(other), &both());
        prop_assert_eq!(report.faults, [Fault::Unexpected { number: mark.number }]);
    }

    #[test]
    fn j1_any_change_of_an_event_is_found_and_named(book in book(), at in any::<Index>(), how in any::<Index>()) {
        let at = at.index(book.rows.len());
        let mut changed = book.clone();
        how.get(&CHANGES)(changed.at(at));
        prop_assert_ne!(&changed.rows, &book.rows);
        let report = changed.verify();
        prop_assert!(!report.is_valid() && names(&report, at as i64 + 1), "{report:?}");
        let mut unreadable = book;
        unreadable.rows[at].content = None;
        prop_assert!(names(&unreadable.verify(), at as i64 + 1));
    }

    #[test]
    fn j1_a_removed_event_is_missed_the_last_ones_too(book in book(), from in any::<Index>(), count in 1..4_usize) {
        let from = from.index(book.rows.len());
        let mut less = book;
        let gone: Vec<_> = less.rows.drain(from..).collect();
        less.rows.extend(gone.iter().skip(count).cloned());
        let to = (from + count.min(gone.len())) as i64;
        prop_assert_eq!(less.verify().faults, [Fault::Missing { from: from as i64 + 1, to }]);
    }

    /// Who closes the gap by numbering on does not hide it.
    #[test]
    fn j1_a_gap_that_was_closed_is_found(book in book(), at in any::<Index>()) {
        let at = at.index(book.rows.len());
        let mut less = book;
        less.rows.remove(at);
        for row in at..less.rows.len() {
            less.number(row, row as i64 + 1);
        }
        let report = less.verify();
        prop_assert!(!report.is_valid() && names(&report, at as i64 + 1), "{report:?}");
    }

    #[test]
    fn j1_two_events_that_changed_places_are_found(book in book(), one in any::<Index>(), other in any::<Index>()) {
        let (one, other) = (one.index(book.rows.len()), other.index(book.rows.len()));
        prop_assume!(one != other);
        let mut swapped = book;
        swapped.number(one, other as i64 + 1);
        swapped.number(other, one as i64 + 1);
        let report = swapped.verify();
        for (number, from) in [(one, other), (other, one)].map(|(to, from)| (to as i64 + 1, from as i64 + 1)) {
            prop_assert!(report.faults.contains(&Fault::Moved { number, from }), "{report:?}");
        }
        prop_assert_eq!(report.fault_count, 2);
    }

    #[test]
    fn j1_an_event_that_was_put_in_is_found(book in book(), at in any::<Index>(), alien in told()) {
        let len = book.len();
        let at = at.index(book.rows.len());
        // One of its own events once more, at the end, and beside itself.
        for number in [len + 1, at as i64 + 1] {
            let mut more = book.clone();
            more.rows.push(book.rows[at].clone());
            more.number(book.rows.len(), number);
            let report = more.verify();
            prop_assert!(report.faults.contains(&Fault::Inserted { from: number, to: number }), "{report:?}");
        }
        // Between two others, which make place.
        let mut more = book.clone();
        let content = SealedEvent { event: alien.clone(), ..book.rows[at].content.clone().unwrap() };
        more.rows.insert(at, JournalRow { number: 0, content: Some(content) });
        for row in at..more.rows.len() {
            more.number(row, row as i64 + 1);
        }
        let report = more.verify();
        prop_assert!(!report.is_valid() && names(&report, at as i64 + 1), "{report:?}");
        // A journal that was sealed for another practice.
        let mut foreign = Book::sealed(build::id("another"), vec![alien; book.rows.len()], 0);
        foreign.practice = book.practice;
        let report = foreign.verify();
        prop_assert!(!report.is_valid() && names(&report, 1), "{report:?}");
    }

    #[test]
    fn j1_erased_personal_values_leave_the_journal_valid_and_changed_ones_do_not(
        book in book(),
        at in any::<Index>(),
        values in short(),
    ) {
        let at = at.index(book.rows.len());
        let mut erased = book.clone();
        (erased.at(at).salt, erased.at(at).event.personal) = (None, None);
        let report = erased.verify();
        prop_assert!(report.is_valid(), "{report:?}");
        prop_assert_eq!(report.erased, 1);
        let number = at as i64 + 1;
        let mut changed = book.clone();
        changed.at(at).event.personal = Some(values.clone());
        let same = book.rows[at].content.as_ref().unwrap().event.personal.as_ref() == Some(&values);
        prop_assert_eq!(changed.verify().is_valid(), same);
        for spoil in [
            (|it: &mut SealedEvent| it.event.personal = None) as fn(&mut SealedEvent),
            |it| it.salt = Some([8; 16]),
        ] {
            let mut changed = book.clone();
            spoil(changed.at(at));
            prop_assert_eq!(changed.verify().faults, [Fault::Personal { number }]);
        }
    }

    #[test]
    fn j1_the_head_binds_the_end_and_an_earlier_one_is_found_by_a_mark(book in book(), cut in any::<Index>()) {
        let mut changed = book.clone();
        changed.head.mac[0] ^= 1;
        prop_assert_eq!(changed.verify().faults, [Fault::HeadChanged]);
        let last = book.len();
        let keep = cut.index(book.rows.len());
        prop_assume!(keep > 0);
        // Without the key, the head of a shorter journal can't be made.
        let mut cut = book.clone();
        cut.rows.truncate(keep);
        cut.head.last = Mark { number: keep as i64, seal: cut.at(keep - 1).seal };
        prop_assert_eq!(cut.verify().faults, [Fault::HeadChanged]);
        prop_assert!(keys(&["new", "old"]).seal(book.practice, Some(&cut.head), &[]).is_err(), "nor sealed over");
        // An earlier head that was kept passes, but for who noted a later one.
        let events: Vec<_> = book.rows.iter().map(|row| row.content.clone().unwrap().event).collect();
        let earlier = Book::sealed(book.practice, events[..keep].to_vec(), 0);
        prop_assert!(earlier.verify().is_valid());
        let report = earlier.expecting(Some(book.head.last), &both());
        prop_assert_eq!(report.faults, [Fault::Unexpected { number: last }]);
        let mut late = Book::sealed(book.practice, events, 0);
        late.head = earlier.head;
        prop_assert_eq!(late.verify().faults, [Fault::Inserted { from: keep as i64 + 1, to: last }]);
    }

    #[test]
    fn j1_events_under_a_key_that_is_gone_are_named(book in book()) {
        let report = book.expecting(None, &keys(&["new"]));
        let old = |row: &&JournalRow| row.content.as_ref().unwrap().key.as_str() == "old";
        for row in book.rows.iter().filter(old) {
            prop_assert!(names(&report, row.number), "{report:?}");
        }
        prop_assert_eq!(report.is_valid(), book.rows.iter().filter(old).count() == 0);
    }
}

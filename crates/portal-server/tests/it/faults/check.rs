//! What must hold afterwards, whatever went wrong: read from the database, the captured mail and what callers were told.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    time::Duration,
};

use super::{SLUGS, Scene, guesses, people::Person};
use crate::support::{Mail, data::Data};

/// So many messages one process hands over at once, and may leave in doubt when it ends.
const SENDERS: usize = 4;

/// What excuses a second delivery of a message: an end that left it in doubt.
#[derive(Clone, Debug, Default)]
pub(super) struct Excuses {
    /// Messages that were being sent when a process was killed, each with the lease it was sent under.
    pub(super) doubts: BTreeSet<(String, String)>,
    /// Faults that left in doubt nobody knows which messages: a panic, a database that stopped.
    pub(super) blind: usize,
    /// Mail that was taken without a word, or with one that can't be understood.
    pub(super) ambiguous: usize,
}

impl Excuses {
    /// Notes, after a kill, what was being sent.
    pub(super) async fn note(&mut self, scene: &Scene) {
        for line in Data::of(&scene.bed).table("message", &["message_id", "state", "leased_until"]).await {
            let [Some(id), Some(state), lease] = line.as_slice() else { panic!("{line:?}") };
            if state == "sending" {
                self.doubts.insert((plain(id), lease.clone().unwrap_or_default()));
            }
        }
    }

    /// Most deliveries of one message.
    fn most(&self, message: &str) -> usize {
        1 + self.doubts.iter().filter(|(id, _)| id == message).count() + self.blind + self.ambiguous
    }

    /// Most deliveries of all messages beyond the first of each.
    fn in_all(&self) -> usize {
        self.doubts.len() + SENDERS * self.blind + self.ambiguous
    }
}

/// What was counted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Figures {
    messages: usize,
    mails: usize,
    duplicates: usize,
    excused: usize,
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { messages, mails, duplicates, excused } = self;
        write!(f, "{messages} messages, {mails} mails taken, {duplicates} duplicates, {excused} left in doubt")
    }
}

/// Waits until every message has come to an end (N4). Where nothing moves any more, the clock of the running program goes ahead, so
/// that pauses and leases run out; what is being sent just then is left in doubt by that.
pub(super) async fn come_to_an_end(scene: &Scene, excuses: &mut Excuses) {
    let data = Data::of(&scene.bed);
    let mut before = Vec::new();
    for _ in 0..600 {
        let mut waiting = data.table("message", &["message_id", "state", "due_at", "leased_until", "attempts"]).await;
        waiting.retain(|line| line[2].is_some());
        waiting.sort();
        if waiting.is_empty() {
            return;
        }
        if waiting == before && waiting.iter().all(|line| line[1].as_deref() != Some("queued")) {
            excuses.note(scene).await;
            scene.advance(900);
            excuses.note(scene).await;
            waiting.clear();
        }
        before = waiting;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("messages that never end (N4): {before:?}");
}

/// Everything that can be told without knowing what was done.
pub(super) async fn check(scene: &Scene, mails: &[Mail], excuses: &Excuses) -> Figures {
    let data = Data::of(&scene.bed);
    let figures = messages(&data, mails, excuses).await;
    links(&data).await;
    keys(&data).await;
    walls(&data).await;
    guesses::bounded(&data).await;
    for slug in SLUGS {
        journal(scene, slug).await;
    }
    figures
}

/// N4, N5, N8: every message ended, and what ended well was taken, at least once, with the same Message-ID, recipient and link.
async fn messages(data: &Data, mails: &[Mail], excuses: &Excuses) -> Figures {
    let mut deliveries: BTreeMap<String, Vec<&Mail>> = BTreeMap::new();
    for mail in mails {
        deliveries.entry(plain(mail.message_id().split('@').next().unwrap())).or_default().push(mail);
    }
    let rows = data.table("message", &["message_id", "state", "address", "kind"]).await;
    for row in &rows {
        let [Some(id), Some(state), Some(address), Some(kind)] = row.as_slice() else { panic!("{row:?}") };
        let taken = deliveries.get(&plain(id)).map_or(&[][..], Vec::as_slice);
        match state.as_str() {
            "accepted" => assert!(!taken.is_empty(), "a message of kind {kind} was lost: {row:?}"),
            "failed" | "cancelled" => {}
            _ => panic!("a message has not ended (N4): {row:?}"),
        }
        assert!(taken.len() <= excuses.most(&plain(id)), "{} deliveries of {row:?} (N5)", taken.len());
        let token = |mail: &Mail| mail.has_link().then(|| mail.token());
        for mail in taken {
            assert_eq!(mail.to(), address, "{kind}");
            assert_eq!(token(mail), token(taken[0]), "another link in the same message (N5)");
            assert_eq!(mail.subject(), taken[0].subject());
        }
    }
    let known: BTreeSet<_> = rows.iter().map(|row| plain(row[0].as_ref().unwrap())).collect();
    assert!(deliveries.keys().all(|id| known.contains(id)), "a mail that no message stands for");
    let duplicates = mails.len() - deliveries.len();
    assert!(duplicates <= excuses.in_all(), "{duplicates} duplicates, {excuses:?} (N5)");

    let events = data.table("event", &["kind"]).await;
    for state in ["accepted", "failed", "cancelled"] {
        let ended = rows.iter().filter(|row| row[1].as_deref() == Some(state)).count();
        let kind = format!("message.{state}");
        let told = events.iter().filter(|event| event[0].as_deref() == Some(&kind)).count();
        assert_eq!(ended, told, "messages {state}, and events that say so (N8)");
    }
    Figures { messages: rows.len(), mails: mails.len(), duplicates, excused: excuses.in_all() }
}

/// N1: a used link has left one event, and one event came from each.
async fn links(data: &Data) {
    let used = data.table("link", &["used_at"]).await.iter().filter(|line| line[0].is_some()).count();
    let events = data.table("event", &["kind"]).await;
    let set = events.iter().filter(|event| event[0].as_deref() == Some("login.password_set")).count();
    assert_eq!(used, set, "links that were used, and passwords that were set by link (N1)");
}

/// N9: a key has one owner, staff included, and the key of a live login is the first address of everybody behind it.
async fn keys(data: &Data) {
    let mut owners = BTreeMap::new();
    for line in data.table("login_key", &["practice_id", "key", "user_id", "login_id"]).await {
        let [practice, key, user, login] = line.try_into().unwrap();
        assert_ne!(user.is_some(), login.is_some());
        assert!(owners.insert((practice, key), user.or(login)).is_none(), "a key has two owners");
    }
    let mut owned = BTreeMap::new();
    for line in data.table("practice_user", &["practice_id", "key", "user_id"]).await {
        let [practice, key, user] = line.try_into().unwrap();
        assert!(owned.insert((practice, key), user).is_none());
    }
    let mut live = BTreeMap::new();
    for line in data.table("login", &["practice_id", "key", "login_id"]).await {
        let [practice, key, login] = line.try_into().unwrap();
        if key.is_some() {
            live.insert((practice.clone(), login.clone()), key.clone());
            assert!(owned.insert((practice, key), login).is_none(), "two hold one key");
        }
    }
    assert_eq!(owners, owned, "the registry of keys says what their owners say");

    let mut first = BTreeMap::new();
    for line in data.table("contact_email", &["practice_id", "contact_id", "position", "key"]).await {
        let [practice, contact, position, key] = line.try_into().unwrap();
        if position.as_deref() == Some("0") {
            first.insert((practice, contact), key);
        }
    }
    let mut behind = BTreeSet::new();
    for line in data.table("contact", &["practice_id", "contact_id", "access", "login_id"]).await {
        let [practice, contact, access, login] = line.try_into().unwrap();
        if access.as_deref() == Some("granted") {
            let key = live.get(&(practice.clone(), login.clone())).expect("who has access is behind a live login");
            assert_eq!(first.get(&(practice.clone(), contact)), Some(key), "the login is the first address");
            behind.insert((practice, login));
        }
    }
    assert!(live.keys().all(|login| behind.contains(login)), "nobody is behind a live login");
}

/// N10: whatever a row names belongs to the practice of the row.
async fn walls(data: &Data) {
    let mut homes = BTreeMap::new();
    for (table, id) in [
        ("contact", "contact_id"),
        ("login", "login_id"),
        ("client", "client_id"),
        ("practice_user", "user_id"),
        ("link", "link_id"),
        ("message", "message_id"),
    ] {
        for line in data.table(table, &["practice_id", id]).await {
            let [practice, id] = line.try_into().unwrap();
            assert!(homes.insert(id, practice).is_none(), "an id of {table} stands twice");
        }
    }
    for (table, columns) in [
        ("contact", &["login_id"][..]),
        ("contact_email", &["contact_id"]),
        ("contact_client", &["contact_id", "client_id"]),
        ("contact_former_key", &["contact_id"]),
        ("login_key", &["user_id", "login_id"]),
        ("link", &["login_id", "contact_id"]),
        ("session", &["login_id", "profile_contact_id", "profile_client_id"]),
        ("message", &["contact_id", "login_id", "link_id"]),
        ("message_attempt", &["message_id"]),
        ("event", &["contact_id", "user_id", "login_id"]),
    ] {
        let columns = [&["practice_id"], columns].concat();
        for line in data.table(table, &columns).await {
            for id in &line[1..] {
                let home = id.as_ref().and_then(|_| homes.get(id));
                assert!(
                    home.is_none_or(|home| *home == line[0]),
                    "a row of {table} names another practice's: {line:?}"
                );
            }
        }
    }
}

/// N8: the chain of the journal holds.
async fn journal(scene: &Scene, slug: &str) {
    let told = scene.bed.run(&["journal", "verify", "--practice", slug]).await;
    assert_eq!(told.code, Some(0), "{told:?}");
}

/// N1, N2, N3, N8: what callers were told is what happened, and each change that was acknowledged has its event.
pub(super) async fn told(scene: &Scene, people: &[Person]) {
    let data = Data::of(&scene.bed);
    let practices: BTreeMap<_, _> = data
        .table("practice_slug", &["slug", "practice_id"])
        .await
        .into_iter()
        .map(|line| (line[0].clone().unwrap(), line[1].clone()))
        .collect();
    let contacts = data.table("contact", &["practice_id", "ref", "contact_id"]).await;
    let events = data.table("event", &["contact_id", "kind"]).await;
    let mut redeemed = BTreeSet::new();
    for person in people {
        let own: Vec<_> = contacts
            .iter()
            .filter(|line| line[0] == practices[person.slug] && line[1].as_deref() == Some(&person.reference))
            .collect();
        assert_eq!(own.len(), 1, "{} of {} is there once (N2, N3)", person.reference, person.slug);
        for (kind, told) in &person.acknowledged {
            let happened =
                events.iter().filter(|line| line[0] == own[0][2] && line[1].as_deref() == Some(kind)).count();
            let lost = person.lost.get(kind).copied().unwrap_or_default();
            assert!(
                (*told..=told + lost).contains(&happened),
                "{kind}: {told} acknowledged, {lost} not, {happened} events (N8)"
            );
        }
        for token in &person.redeemed {
            assert!(redeemed.insert(token), "a link was redeemed twice (N1)");
        }
    }
}

/// The one form in which ids are compared.
fn plain(id: &str) -> String {
    id.replace('-', "").to_lowercase()
}

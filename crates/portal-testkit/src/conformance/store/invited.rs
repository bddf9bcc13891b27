//! Whom a key leads to though nobody signs in there (M8), and invitations that nobody has accepted yet (D8).

use std::time::Duration;

use portal_domain::{
    change::{Aggregate, Change},
    contact::Contact,
    id::{ContactId, LinkId, PracticeId},
    link::{Link, LinkPurpose},
    login::Login,
    message::{Message, MessageBody},
    port::{Commit, DueInvitation, InvitationsDue},
    practice::Practice,
};

use super::{
    super::{Harness, overlap::Overlaps, scene::Scene},
    races::race,
};
use crate::{
    build::{self, NOON, Plan, key, later},
    fixture::Fixture,
};

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;

impl Scene {
    async fn led_to(&self, address: &str, most: u32) -> Vec<ContactId> {
        self.store.led_to(self.id, &key(address), most).await.expect("the store answers")
    }

    /// A contact with access, who has these addresses and had those, each with whether it was wrong.
    async fn moved(&self, name: &str, addresses: &[&str], before: &[(&str, bool)]) -> Contact {
        let login = build::login(name, addresses[0]);
        let contact = build::granted(build::contact(name, addresses), &login);
        let had = before.iter().map(|(address, wrong)| remember(contact.id, address, *wrong));
        let here = remember(contact.id, addresses[0], false);
        let plan = Plan::new().put_login(&login).put_contact(&contact).then(here);
        self.write(had.fold(plan, Plan::then)).await;
        contact
    }

    async fn due(&self, days: u32, now: u64, after: Option<&Link>) -> Vec<(LinkId, bool)> {
        let after = after.map(|link| (link.expires_at, link.id));
        let due = InvitationsDue { days, now: later(now), after };
        let found = self.store.invitations_due(self.id, &due, 9).await.expect("the store answers");
        found.into_iter().map(|DueInvitation { link, newest, .. }| (link, newest)).collect()
    }

    async fn inviting(&self, after: Option<PracticeId>) -> Vec<PracticeId> {
        self.store.inviting(after, 9).await.expect("the store answers")
    }
}

fn remember(contact: ContactId, address: &str, wrong: bool) -> Change {
    Change::RememberKey { contact, key: key(address), wrong }
}

fn note(link: &Link, days: u32) -> Change {
    Change::NoteReminded { link: link.id, days }
}

/// A link that works for so many days, from so many hours on.
fn link(name: &str, (contact, login): &(Contact, Login), hours: u64, days: u64) -> Link {
    let (created_at, expires_at) = (later(hours * HOUR), later(hours * HOUR + days * DAY));
    Link { created_at, expires_at, ..build::link(name, login, contact) }
}

/// A key leads to contacts with access that have it below the first address, or had it first with access; not to those who sign in
/// there, nor to those for whom it was wrong, until it is said otherwise.
pub async fn m8_a_key_leads_to_those_with_access_whose_it_is_or_was(harness: &Harness) {
    let (scene, elsewhere) = (Scene::set(harness, "smith").await, Scene::set(harness, "jones").await);
    let (old, second, wrong) = ("ada@old.example", "ada@second.example", "stranger@smith.example");
    let (listed, left) = (["ada@smith.example", second, wrong], "wrong@smith.example");
    let ada = scene.moved("ada", &listed, &[(old, false), (wrong, true), (left, true)]).await;
    elsewhere.moved("ada", &["ada@smith.example", second], &[(old, false)]).await;
    let gone = build::contact("gone", &["gone@smith.example", old]);
    scene.write(Plan::new().put_contact(&gone)).await;
    for address in [old, second] {
        assert_eq!(scene.led_to(address, 9).await, [ada.id], "{address}");
    }
    for address in ["ada@smith.example", wrong, left, "nobody@smith.example", "gone@smith.example"] {
        assert!(scene.led_to(address, 9).await.is_empty(), "{address}");
    }
    scene.write(Plan::new().then(remember(ada.id, wrong, false)).then(remember(ada.id, old, true))).await;
    assert_eq!(scene.led_to(wrong, 9).await, [ada.id], "the last word holds");
    assert!(scene.led_to(old, 9).await.is_empty());
    let bob = scene.moved("bob", &["bob@smith.example", second], &[]).await;
    let mut both = [ada.id, bob.id];
    both.sort();
    assert_eq!((scene.led_to(second, 9).await, scene.led_to(second, 1).await), (both.to_vec(), both[..1].to_vec()));
}

/// Hints are found by the contact they are about, after a time; no other mail is.
pub async fn m8_hints_are_found_by_the_contact_they_are_about(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let ((ada, login), (bob, other)) =
        (scene.live("ada", "ada@smith.example").await, scene.live("bob", "bob@smith.example").await);
    let hint = |name, contact, login, at| Message {
        created_at: later(at),
        body: MessageBody::Hint,
        asked_at: Some(key("ada@smith.example")),
        ..build::message(name, contact, login, None)
    };
    let mail = [
        hint("a", &ada, &login, 1),
        hint("b", &ada, &login, 2),
        hint("c", &bob, &other, 3),
        Message { body: MessageBody::PortalAddress, ..hint("d", &ada, &login, 4) },
    ];
    scene.write(mail.into_iter().fold(Plan::new(), Plan::mail)).await;
    let hints = async |contact, since| {
        let mut found = scene.store.hints(scene.id, contact, later(since)).await.expect("the store answers");
        found.sort();
        found
    };
    assert_eq!(hints(ada.id, 0).await, [later(1), later(2)]);
    assert_eq!(hints(ada.id, 1).await, [later(2)]);
    assert_eq!(hints(bob.id, 0).await, [later(3)]);
}

/// Practices with invitations whose end was not dealt with are found in order, behind one of them; suspended ones are not.
pub async fn d8_practices_with_open_invitations_are_found(harness: &Harness) {
    let mut scenes = Vec::new();
    for slug in ["smith", "jones", "brown"] {
        let scene = Scene::set(harness, slug).await;
        let ada = scene.live("ada", "ada@smith.example").await;
        let reset = Link { purpose: LinkPurpose::Reset, ..link("reset", &ada, 0, 1) };
        scene.write(Plan::new().then(Change::OpenLink(reset))).await;
        scenes.push((scene, ada));
    }
    assert!(scenes[0].0.inviting(None).await.is_empty());
    for (scene, ada) in &scenes {
        scene.write(Plan::new().then(Change::OpenLink(link("open", ada, 0, 1)))).await;
    }
    let mut all: Vec<_> = scenes.iter().map(|(scene, _)| scene.id).collect();
    all.sort();
    let (scene, ada) = &scenes[0];
    assert_eq!(scene.inviting(None).await, all);
    assert_eq!(scene.inviting(Some(all[0])).await, all[1..]);
    assert_eq!(scene.store.inviting(None, 2).await.expect("the store answers"), all[..2]);
    scene.write(Plan::new().then(note(&link("open", ada, 0, 1), 0))).await;
    all.retain(|id| *id != scene.id);
    assert_eq!(scene.inviting(None).await, all);
    let (suspended, _) = &scenes[1];
    let before = suspended.practice().await;
    let after = Practice { suspended_at: Some(NOON), version: before.version + 1, ..before };
    suspended.write(Plan::new().put_practice(&after)).await;
    assert_eq!(scene.inviting(None).await, [scenes[2].0.id]);
}

/// Invitations come up when so many days are left and half of their life is over, or when they have expired, in the order in which
/// they do; each with whether its login had no newer one. What is used, ended or another kind of link does not.
pub async fn d8_invitations_come_up_in_their_time(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let (ada, bob) = (scene.live("ada", "ada@smith.example").await, scene.live("bob", "bob@smith.example").await);
    let (older, newer, short) = (link("older", &ada, 0, 7), link("newer", &ada, 1, 7), link("short", &bob, 0, 1));
    let reset = Link { purpose: LinkPurpose::Reset, ..link("reset", &bob, 2, 7) };
    let ended = Link { ended_at: Some(later(1)), ..link("ended", &ada, 0, 1) };
    let plan = [&older, &newer, &short, &reset, &ended].into_iter();
    scene.write(plan.fold(Plan::new(), |plan, link| plan.then(Change::OpenLink(link.clone())))).await;
    assert!(scene.due(2, 12 * HOUR - 1, None).await.is_empty());
    assert_eq!(scene.due(2, 12 * HOUR, None).await, [(short.id, true)]);
    assert!(scene.due(0, DAY - 1, None).await.is_empty());
    assert_eq!(scene.due(0, DAY, None).await, [(short.id, true)]);
    assert!(scene.due(2, 5 * DAY - 1, None).await.is_empty());
    assert_eq!(scene.due(2, 5 * DAY, None).await, [(older.id, false)]);
    assert_eq!(scene.due(3, 5 * DAY, None).await, [(older.id, false), (newer.id, true)]);
    assert_eq!(scene.due(3, 5 * DAY, Some(&older)).await, [(newer.id, true)]);
    assert_eq!(scene.due(0, 8 * DAY, None).await, [(short.id, true), (older.id, false), (newer.id, true)]);
    assert!(scene.due(3, 8 * DAY, None).await.is_empty());
    scene.write(Plan::new().then(Change::UseLink { link: newer.id, at: later(2 * HOUR) })).await;
    assert_eq!(scene.due(0, 8 * DAY, None).await, [(short.id, true), (older.id, false)]);
    let jones = Scene::set(harness, "jones").await;
    assert!(jones.due(0, 9 * DAY, None).await.is_empty());
}

/// An invitation is noted for fewer days after more, once for each number, while it is neither used nor ended; and then it does not
/// come up for as many.
pub async fn d8_an_invitation_is_noted_once_for_each_number_of_days(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let ada = scene.live("ada", "ada@smith.example").await;
    let open = link("open", &ada, 1, 7);
    let ended = Link { ended_at: Some(later(1)), ..link("ended", &ada, 0, 7) };
    scene.write(Plan::new().then(Change::OpenLink(open.clone())).then(Change::OpenLink(ended.clone()))).await;
    scene.write(Plan::new().then(note(&open, 3))).await;
    for refused in [note(&open, 3), note(&open, 5), note(&ended, 3), note(&link("none", &ada, 0, 7), 3)] {
        scene.refuse(Plan::new().then(refused)).await;
    }
    assert!(scene.due(5, 6 * DAY, None).await.is_empty());
    assert_eq!(scene.due(2, 6 * DAY, None).await, [(open.id, true)]);
    scene.write(Plan::new().then(note(&open, 2))).await;
    assert!(scene.due(2, 6 * DAY, None).await.is_empty());
    scene.write(Plan::new().then(note(&open, 0))).await;
    scene.refuse(Plan::new().then(note(&open, 0))).await;
    assert!(scene.due(0, 9 * DAY, None).await.is_empty());
}

/// Of sixteen instances that remind of one invitation at once, one does.
pub async fn d8_of_sixteen_who_remind_one_does(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let overlaps = Overlaps::new();
    let ada = scene.live("ada", "ada@smith.example").await;
    for round in 0..8 {
        let open = link(&format!("l{round}"), &ada, 0, 7);
        scene.write(Plan::new().then(Change::OpenLink(open.clone()))).await;
        let remind = |number: u64| {
            let mail = build::message(&format!("m{round} {number}"), &ada.0, &ada.1, Some(&open));
            let plan = Plan::new().looked_at(Aggregate::Login(ada.1.id), ada.1.version).then(note(&open, 2));
            plan.mail(Message { body: MessageBody::Reminder, ..mail }).done()
        };
        let commits = race(harness, &overlaps, &scene, (0..16).map(remind).collect()).await;
        assert_eq!(commits.iter().filter(|commit| **commit == Commit::Committed).count(), 1, "{commits:?}");
        assert_eq!(scene.messages("ada").await.len(), round + 1);
    }
    overlaps.must_be_real();
}

/// Two instances that look at invitations at once, by a clock that steps from day to day and back, remind once for each number of
/// days, with the link that was mailed, and tell of the end once.
pub async fn d8_two_instances_remind_once_and_tell_of_the_end_once(harness: &Harness) {
    let one = Fixture::on(harness.turn(0), "smith").await;
    let mut two = one.clone();
    two.portal.store = harness.turn(1) as _;
    let scene = Scene { store: harness.turn(0), id: one.practice.id };
    let client = build::client("acme");
    let login = build::login("ada", "ada@smith.example");
    let ada = build::granted(build::contact("ada", &["ada@smith.example"]), &login);
    let open = build::link("open", &login, &ada);
    let plan = Plan::new().put_client(&client).put_login(&login).put_contact(&ada);
    scene.write(plan.then(Change::OpenLink(open.clone()))).await;
    let mut written = Vec::new();
    for days in [0, 4, 5, 5, 3, 6, 7, 7, 2, 9] {
        one.clock.set(NOON.after(Duration::from_secs(days * DAY)));
        let both = [one.portal.clone(), two.portal.clone()].map(|portal| {
            tokio::spawn(async move { portal.remind_invited(&|| false).await.expect("the store answers") })
        });
        let (mut reminded, mut expired) = (0, 0);
        for looked in both {
            let done = looked.await.expect("no panic");
            assert_eq!(done.failed, []);
            (reminded, expired) = (reminded + done.reminded, expired + done.expired);
        }
        written.push((days, reminded, expired));
    }
    written.retain(|(_, reminded, expired)| reminded + expired > 0);
    assert_eq!(written, [(5, 1, 0), (7, 0, 1)]);
    let mail: Vec<_> = scene.messages("ada").await.into_iter().map(|delivery| delivery.message).collect();
    assert_eq!(
        mail.iter().map(|mail| (mail.body.clone(), mail.link)).collect::<Vec<_>>(),
        [(MessageBody::Reminder, Some(open.id))]
    );
    let kinds: Vec<_> = scene.events().await.into_iter().map(|event| event.kind).collect();
    assert_eq!(kinds.iter().filter(|kind| kind.starts_with("invitation.")).count(), 2, "{kinds:?}");
}

//! Erasure and the end of what has outlived its life (J3).

use std::collections::{BTreeMap, BTreeSet};

use portal_domain::{
    Named,
    change::{Aggregate, Change},
    contact::Contact,
    email::LoginKey,
    erasure::{Erasure, Gone, Heir, Names, Purge, Traces},
    event::{Event, Subject},
    id::Ids,
    job::{FaultReport, Job, JobRow, JobState, RowContent, RowReport, SettledRow},
    link::Link,
    login::Login,
    message::DeliveryState,
    port::{Commit, Enquiries, Enquiry, EnquiryKind, Jobs, LeaseTerms, Outbox, Page, Receipt, RowFilter},
    session::{PortalSession, ProfileId},
    throttle::{Bucket, Try, TryMark},
    time::Timestamp,
};

use crate::{
    build::{self, NOON, Plan, key, later},
    conformance::{
        Harness, jobs,
        overlap::Overlaps,
        scene::{Scene, next},
    },
};

/// What an erasure of this contact alone says.
pub(in crate::conformance) fn erasure(scene: &Scene, contact: &Contact, heir: Option<Heir>) -> Erasure {
    let names = Names { reference: contact.reference.clone(), names: BTreeSet::from([contact.name.clone()]) };
    Erasure {
        contacts: vec![contact.id],
        names: Some(names),
        addresses: contact.emails.iter().map(|email| (email.as_str().to_owned(), Some(email.key().clone()))).collect(),
        tried: contact.emails.iter().map(|email| tried_at(scene, email.key())).collect(),
        heirs: heir.into_iter().collect(),
        at: later(100),
    }
}

/// A key, and the marks of tries at it.
pub(super) fn tried_at(scene: &Scene, key: &LoginKey) -> (LoginKey, Vec<TryMark>) {
    (key.clone(), scene.marks_after_rotation().all(key).collect())
}

/// Erases a contact that is alone behind its login.
fn erase(scene: &Scene, contact: &Contact, login: &Login) -> Plan {
    let plan = Plan::new().changed(Aggregate::Contact(contact.id), contact.version);
    let plan = plan.changed(Aggregate::Login(login.id), login.version);
    let plan = plan.release(login.key.as_ref().expect("it is live"));
    let plan = plan.then(Change::DeleteContact(contact.id)).then(Change::DeleteLogin(login.id));
    plan.then(Change::Erase(Box::new(erasure(scene, contact, None))))
}

pub(super) fn told(name: &str, subject: Subject) -> Event {
    let personal = BTreeMap::from([("name_after".to_owned(), format!("Personal {name}"))]);
    Event { subject, personal, ..build::event(name) }
}

pub(super) fn about(contact: &Contact, login: &Login) -> Subject {
    Subject { contact: Some(contact.id), user: None, login: Some(login.id) }
}

fn kept(name: &str, contact: &Contact, outcome: &[u8]) -> Receipt {
    Receipt { outcome: outcome.to_vec(), contact: Some(contact.id), ..build::receipt(name) }
}

async fn leave(scene: &Scene, receipt: &Receipt) {
    assert_eq!(scene.commit(&[], Some(receipt)).await, Commit::Committed);
}

async fn outcome(scene: &Scene, name: &str) -> Vec<u8> {
    let request = build::receipt(name).request;
    scene.store.receipt(scene.id, &request).await.expect("the store answers").expect("it is there").outcome
}

/// Something of every kind about a contact of this name, behind a login of its own.
async fn furnish(scene: &Scene, name: &str) -> (Contact, Login, Link) {
    let address = format!("{name}@smith.example");
    let (contact, login) = scene.live(name, &address).await;
    let link = build::link(&format!("{name}'s link"), &login, &contact);
    let plan = Plan::new().mail(build::message(&format!("{name}'s mail"), &contact, &login, Some(&link)));
    let plan = plan.then(Change::OpenLink(link.clone()));
    let plan = plan.then(Change::OpenSession(build::session(&format!("{name}'s session"), &login)));
    let plan = plan.then(Change::OpenHandoff(build::handoff(&format!("{name}'s hand-over"), &login, &contact)));
    let plan = plan.tell(told(&format!("{name} sealed"), about(&contact, &login)));
    let of_login = Subject { login: Some(login.id), ..Subject::default() };
    scene.write(plan.tell(told(&format!("{name} of login"), of_login))).await;
    scene.seal().await;
    scene.write(Plan::new().tell(told(&format!("{name} unsealed"), about(&contact, &login)))).await;
    leave(scene, &kept(&format!("{name}'s answer"), &contact, b"{\"name\":\"x\"}")).await;
    let wish = |wish: &str, kind| Enquiry {
        id: build::id(&format!("{name} {wish}")),
        practice: scene.id,
        kind,
        origin: Some("192.0.2.1".to_owned()),
        at: NOON,
    };
    let reset = EnquiryKind::Reset { address: address.clone() };
    scene.store.put(&wish("reset", reset)).await.expect("the store keeps it");
    let renew = EnquiryKind::Renew { link: link.id };
    scene.store.put(&wish("renew", renew)).await.expect("the store keeps it");
    let noted = Try {
        id: build::id(&format!("{name}'s try")),
        mark: scene.mark(&address),
        origin: Some("192.0.2.1".to_owned()),
        known_browser: false,
        for_reset: false,
        at: NOON,
    };
    let bucket = Bucket::origin("192.0.2.1", 60);
    scene.store.admit(scene.id, &[bucket], Some(&noted), NOON).await.expect("the store counts");
    (contact, login, link)
}

async fn tries(scene: &Scene, address: &str) -> usize {
    let since = NOON.before(std::time::Duration::from_secs(60));
    scene.store.tries(scene.id, &[scene.mark(address)], since, 100).await.expect("the store answers").len()
}

/// Erased, a contact leaves nothing that is personal, whoever holds what: the journal stays whole, and says so. Others keep everything.
pub async fn j3_erasing_leaves_nothing_of_a_contact(harness: &Harness) {
    let (scene, other) = (Scene::set(harness, "smith").await, Scene::set(harness, "jones").await);
    let (ada, login, _) = furnish(&scene, "ada").await;
    furnish(&scene, "bob").await;
    furnish(&other, "ada").await;
    let terms = LeaseTerms::new(later(1), later(500), 10);
    let leased = Outbox::lease(&*scene.store, &terms).await.expect("the store leases");
    let held = leased.iter().find(|it| it.lease.message == build::id("ada's mail")).expect("it is due").lease;
    let before = scene.store.traces(scene.id, &[ada.id], Some(&ada.reference)).await.expect("the store answers");
    let counts = before.found;
    assert_eq!((counts.events, counts.messages, counts.unsent, counts.links, counts.answers), (2, 1, 1, 1, 1));
    assert_eq!(before.addresses, BTreeSet::from(["ada@smith.example".to_owned()]));
    assert_eq!(before.keys, BTreeSet::from([key("ada@smith.example")]));
    assert_eq!(before.names, ["Personal ada sealed", "Personal ada unsealed"].map(str::to_owned).into());

    scene.write(erase(&scene, &ada, &login).tell(told("receipt", about(&ada, &login)))).await;
    let left = scene.store.traces(scene.id, &[ada.id], Some(&ada.reference)).await.expect("the store answers");
    assert_eq!((left.found.events, left.found.messages, left.found.links), (1, 0, 0), "but for what the commit told");
    assert!(!scene.knows("ada").await && scene.link("ada's link").await.is_none());
    assert!(scene.session("ada's session").await.is_none() && scene.messages("ada").await.is_empty());
    let settled = build::settlement("sent", DeliveryState::Accepted, later(2));
    assert_eq!(Outbox::settle(&*scene.store, &held, &settled).await, Ok(false), "nobody holds it any more");
    assert_eq!(outcome(&scene, "ada's answer").await, b"");
    while scene.store.forget_tries(NOON, 1).await.expect("the store answers") > 0 {}
    assert_eq!(tries(&scene, "ada@smith.example").await, 0, "notes of tries go a few at a time, after it");
    let erased: BTreeSet<_> =
        scene.events().await.into_iter().filter(|it| it.personal.is_none()).map(|it| it.id).collect();
    let hers = ["ada sealed", "ada of login", "ada unsealed"].map(build::id);
    assert_eq!(erased, BTreeSet::from(hers));
    let report = crate::conformance::verify(&*scene.store, scene.id).await;
    assert!(report.is_valid() && report.erased == 3, "{report:?}");
    let wishes = Enquiries::lease(&*scene.store, later(1), later(2), 10).await.expect("the store leases");
    let hers = wishes.iter().filter(|it| it.practice == scene.id).count();
    assert_eq!((hers, wishes.len()), (2, 4), "those of the other contact and the other practice");

    assert!(scene.link("bob's link").await.is_some() && scene.session("bob's session").await.is_some());
    assert_eq!((scene.messages("bob").await.len(), tries(&scene, "bob@smith.example").await), (1, 1));
    assert_eq!(outcome(&scene, "bob's answer").await, b"{\"name\":\"x\"}");
    assert!(other.knows("ada").await && other.link("ada's link").await.is_some());
    assert!(other.events().await.iter().all(|event| event.personal.is_some()));
}

/// Who was not deleted is not erased, and nobody is erased twice.
pub async fn j3_a_contact_is_erased_once(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let (ada, login) = scene.live("ada", "ada@smith.example").await;
    let again = Change::Erase(Box::new(erasure(&scene, &ada, None)));
    scene.refuse(Plan::new().then(again.clone())).await;
    assert!(scene.knows("ada").await);
    scene.write(erase(&scene, &ada, &login)).await;
    scene.refuse(Plan::new().then(again)).await;
}

/// One of two behind a login is erased: what works of it passes to the other, and nobody can tell any more whose browser it was.
pub async fn j3_erasing_one_of_two_leaves_the_other(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let client = build::client("acme");
    scene.write(Plan::new().put_client(&client)).await;
    let (ada, login, open) = furnish(&scene, "ada").await;
    let spelled = "ADA@smith.example";
    let bob = build::granted(build::contact("bob", &[spelled]), &login);
    let used = Link { used_at: Some(later(1)), ..build::link("used", &login, &ada) };
    let profile = ProfileId { contact: ada.id, client: client.id };
    let looks = PortalSession { profile: Some(profile), ..build::session("looks", &login) };
    let plan = Plan::new().put_contact(&bob).then(Change::OpenLink(used)).then(Change::OpenSession(looks));
    scene.write(plan.mail(build::message("bob's mail", &bob, &login, Some(&open)))).await;

    let address = bob.emails.first().cloned().expect("there is one");
    let heir = Heir { login: login.id, contact: bob.id, address };
    let after = next(&login);
    let plan = Plan::new().changed(Aggregate::Contact(ada.id), 1).put_login(&after).then(Change::DeleteContact(ada.id));
    scene.write(plan.then(Change::Erase(Box::new(erasure(&scene, &ada, Some(heir)))))).await;
    let facts = scene.link("ada's link").await.expect("it works");
    assert_eq!((facts.link.contact, facts.link.address.as_str()), (bob.id, spelled));
    assert_eq!((facts.link.address.key(), facts.link.ended_at), (&key(spelled), None));
    assert!(scene.link("used").await.is_none(), "what is over goes");
    for name in ["ada's session", "looks"] {
        let session = scene.session(name).await.expect("it stays").session;
        assert_eq!((session.ended_at, session.profile), (None, None));
        assert_eq!((session.origin, session.user_agent), (None, None));
    }
    assert_eq!((scene.messages("ada").await.len(), scene.messages("bob").await.len()), (0, 1));
    let of_login = scene.events().await.into_iter().find(|event| event.id == build::id("ada of login"));
    assert!(of_login.expect("there").personal.is_some(), "it may be about those who stay");
}

fn settled(place: i64, report: RowReport) -> SettledRow {
    SettledRow { place, outcome: "updated".to_owned(), report }
}

async fn rows_of(scene: &Scene, job: &str) -> Vec<JobRow> {
    let page = Page { after: None, limit: 10 };
    Jobs::rows(&*scene.store, scene.id, build::id(job), &RowFilter::default(), &page).await.expect("the store answers")
}

/// Rows and answers of the contact say nothing any more; those of others do without it, and keep all else.
pub async fn j3_rows_and_answers_do_without_an_erased_contact(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let (ada, login) = scene.live("ada", "ada@smith.example").await;
    let (bob, _) = scene.live("bob", "bob@smith.example").await;
    let own = |place| JobRow { reference: "ada".to_owned(), ..jobs::row(place) };
    let shared = |name: &str| Named { reference: build::reference(name), name: format!("Contact {name}") };
    let detail = "the first address is already the portal login of `Contact ada`, `Contact eve`".to_owned();
    let fault = FaultReport { field: "emails".to_owned(), code: "x".to_owned(), fault: None, mend: None, detail };
    let report = RowReport {
        name: "Bob".to_owned(),
        shared_with: vec![shared("ada"), shared("eve")],
        faults: vec![fault.clone()],
        ..RowReport::default()
    };
    let job = jobs::import(&scene, "job");
    let mut rows = vec![own(0), own(1), jobs::row(2), jobs::row(3)];
    rows[1].settled = Some(settled(1, RowReport { name: "Ada".to_owned(), ..RowReport::default() }));
    rows[2].settled = Some(settled(2, report.clone()));
    let plan = Plan::new().then(Change::PutJob(Box::new(job.clone())));
    scene.write(plan.then(Change::StageRows { job: job.id, rows: rows.clone() })).await;
    let named = br#"{"effects":{"shared_with":[{"name":"Contact ada","reference":"ada"},{"name":"E","reference":"eve"}]},"n":1}"#;
    leave(&scene, &kept("bob's", &bob, named)).await;
    let client = br#"{"name":"Ada Ltd","reference":"ada"}"#;
    leave(&scene, &Receipt { contact: None, ..kept("client's", &bob, client) }).await;

    scene.write(erase(&scene, &ada, &login)).await;
    let of_nobody = scene.store.traces(scene.id, &[ada.id], None).await.expect("the store answers");
    assert_eq!(of_nobody.found.rows, 0, "who has no reference has no rows, and what is emptied is nobody's");
    let after = rows_of(&scene, "job").await;
    for row in &after[..2] {
        let RowContent::Row { line, input, .. } = &row.content else { panic!("it was a row of a file") };
        assert_eq!((*line, input), (row.place.unsigned_abs() + 2, &Default::default()));
        assert_eq!(row.reference, "");
    }
    assert_eq!(after[1].settled, Some(settled(1, RowReport::default())));
    let words = "the first address is already the portal login of `…`, `Contact eve`".to_owned();
    let faults = vec![FaultReport { detail: words, ..fault }];
    let report = RowReport { shared_with: vec![shared("eve")], faults, ..report };
    assert_eq!((&after[2].settled, &after[2].content), (&Some(settled(2, report)), &rows[2].content));
    assert_eq!(after[3], rows[3]);
    let left = br#"{"effects":{"shared_with":[{"name":"E","reference":"eve"}]},"n":1}"#;
    assert_eq!(outcome(&scene, "bob's").await, left);
    assert_eq!(outcome(&scene, "client's").await, client);
}

/// Whoever works on a job when a contact is erased has it no longer: what it read is not written.
pub async fn j3_whoever_works_on_rows_begins_anew(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let (ada, login) = scene.live("ada", "ada@smith.example").await;
    let job = jobs::import(&scene, "job");
    let rows = vec![JobRow { reference: "ada".to_owned(), ..jobs::row(0) }];
    let plan = Plan::new().then(Change::PutJob(Box::new(job.clone())));
    scene.write(plan.then(Change::StageRows { job: job.id, rows })).await;
    let held =
        Jobs::lease(&*scene.store, later(5), later(50), true).await.expect("the store leases").expect("it is due");
    let sheet =
        Job { state: JobState::Staging, due_at: None, forget_at: Some(later(900)), ..jobs::import(&scene, "sheet") };
    scene.write(Plan::new().then(Change::PutJob(Box::new(sheet.clone())))).await;
    scene.write(erase(&scene, &ada, &login)).await;
    let sheet = Jobs::job(&*scene.store, scene.id, sheet.id).await.expect("the store answers").expect("it is there");
    assert!(sheet.is_forgotten(later(100)), "nobody can say which of its rows is about whom: {sheet:?}");
    let mut after = held.clone();
    after.version += 1;
    let fresh = Plan::new().put_contact(&Contact { id: build::id("again"), ..build::contact("ada", &[]) });
    let rows = vec![settled(0, RowReport::default())];
    let plan = fresh.then(Change::PutJob(Box::new(after))).then(Change::SettleRows { job: job.id, rows });
    scene.refuse(plan).await;
    assert!(!scene.knows("ada").await && rows_of(&scene, "job").await[0].settled.is_none());
}

/// What a deletion leaves is found by the reference, until it is erased; also where there is a new contact of it.
pub async fn j3_what_deletion_left_is_found_and_over_in_its_time(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let (ada, login) = scene.live("ada", "ada@smith.example").await;
    let gone = async || scene.store.gone(scene.id, &ada.reference).await.expect("the store answers");
    let long_after = async |before, after| scene.store.long_gone(before, after, 10).await.expect("the store answers");
    let long = async |before| long_after(before, None).await;
    assert!(gone().await.is_empty());
    let personal = [("name_before", "Ada"), ("emails_before", "ada@smith.example old@smith.example")];
    let personal = personal.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let event = Event { kind: "contact.deleted", at: later(5), personal, ..told("e", about(&ada, &login)) };
    let plan = Plan::new().changed(Aggregate::Contact(ada.id), 1).changed(Aggregate::Login(login.id), 1);
    let plan = plan.release(&key("ada@smith.example")).then(Change::DeleteLogin(login.id));
    scene.write(plan.then(Change::DeleteContact(ada.id)).tell(event)).await;
    let again = Contact { id: build::id("again"), ..build::contact("ada", &[]) };
    scene.write(Plan::new().put_contact(&again)).await;
    assert_eq!(gone().await, [ada.id]);
    let left = Gone { at: later(5), practice: scene.id, contact: ada.id };
    assert_eq!((long(later(5)).await, long(later(6)).await), (vec![], vec![left]));
    assert!(long_after(later(6), Some(&left)).await.is_empty(), "behind the last one there is none");
    let traces = scene.store.traces(scene.id, &[ada.id], None).await.expect("the store answers");
    let Traces { names, addresses, found, keys } = traces;
    assert_eq!((names, found.events, keys.len()), (BTreeSet::from(["Ada".to_owned()]), 1, 0));
    assert_eq!(addresses, ["ada@smith.example", "old@smith.example"].map(str::to_owned).into());

    scene.write(Plan::new().then(Change::Erase(Box::new(erasure(&scene, &ada, None))))).await;
    assert!(gone().await.is_empty() && long(later(9)).await.is_empty());
    assert!(scene.knows("ada").await, "the new one stays");
    assert!(scene.events().await[0].personal.is_none());
}

/// Only what outlived its life is purged, a few at a time; of a session where it came from, of an event what is personal.
pub async fn j3_only_what_outlived_its_life_is_purged(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let (_, login) = scene.live("ada", "ada@smith.example").await;
    let user = build::user("ann", "ann@practice.example");
    let mut ids = Ids::from_seed([7; 32]);
    let mut plan = Plan::new().put_user(&user);
    for number in 0..4 {
        let expires_at = later(1000 * number);
        let session = PortalSession { expires_at, ..build::session(&format!("s{number}"), &login) };
        plan = plan.then(Change::OpenSession(session));
        let event = Event { id: ids.next(expires_at), at: expires_at, ..told(&number.to_string(), Subject::default()) };
        plan = plan.tell(event);
    }
    let workspace = build::workspace_session("w", &user);
    scene.write(plan.then(Change::OpenWorkspaceSession(workspace.clone()))).await;
    scene.seal().await;
    let purge = async |what, most| scene.store.purge(what, most).await.expect("the store purges");
    assert_eq!(purge(Purge::Origins(later(0)), 10).await, 0);
    assert_eq!(purge(Purge::Origins(later(2000)), 1).await, 1);
    assert_eq!(purge(Purge::Origins(later(2000)), 10).await, 1);
    assert_eq!(purge(Purge::Origins(later(2000)), 10).await, 0);
    let mut origins = Vec::new();
    for number in 0..4 {
        let session = scene.session(&format!("s{number}")).await.expect("it stays").session;
        assert_eq!(session.origin.is_some(), session.user_agent.is_some());
        origins.push(session.origin.is_some());
    }
    assert_eq!(origins, [false, false, true, true]);
    assert!(scene.workspace_session("w").await.expect("there").session.origin.is_some());
    purge(Purge::Origins(after(workspace.expires_at)), 10).await;
    let session = scene.workspace_session("w").await.expect("it stays").session;
    assert_eq!((session.origin, session.user_agent), (None, None));

    assert_eq!(purge(Purge::Personal(later(0)), 10).await, 0);
    assert_eq!(purge(Purge::Personal(later(2000)), 1).await, 1);
    assert_eq!(purge(Purge::Personal(later(2000)), 10).await, 1);
    assert_eq!(purge(Purge::Personal(later(2000)), 10).await, 0);
    let kept: Vec<_> = scene.events().await.iter().map(|event| event.personal.is_some()).collect();
    assert_eq!(kept, [false, false, true, true]);
    let report = crate::conformance::verify(&*scene.store, scene.id).await;
    assert!(report.is_valid() && report.erased == 2, "{report:?}");
}

fn after(at: Timestamp) -> Timestamp {
    at.after(std::time::Duration::from_secs(1))
}

/// An answer about one of two behind a login that is kept while the other is erased: it comes to nothing, or does without the other.
pub async fn j3_no_answer_names_who_is_erased_at_the_same_time(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let overlaps = Overlaps::new();
    for round in 0..20 {
        let (name, address) = (format!("ada{round}"), format!("ada{round}@smith.example"));
        let (ada, login) = scene.live(&name, &address).await;
        let bob = build::granted(build::contact(&format!("bob{round}"), &[&address]), &login);
        scene.write(Plan::new().put_contact(&bob)).await;
        let named = format!(r#"{{"shared_with":[{{"reference":"{name}","name":"x"}}]}}"#);
        let receipt = kept(&format!("r{round}"), &bob, named.as_bytes());
        let looks =
            Plan::new().looked_at(Aggregate::Contact(bob.id), 1).looked_at(Aggregate::Login(login.id), 1).done();
        let heir = Heir { login: login.id, contact: bob.id, address: build::email(&address) };
        let plan = Plan::new().changed(Aggregate::Contact(ada.id), 1).put_login(&next(&login));
        let plan = plan.then(Change::DeleteContact(ada.id));
        let erases = plan.then(Change::Erase(Box::new(erasure(&scene, &ada, Some(heir))))).done();
        let (one, two) = (scene.turn(harness, 0), scene.turn(harness, 1));
        let calls: Vec<std::pin::Pin<Box<dyn Future<Output = ()> + Send>>> = vec![
            Box::pin(async move { _ = one.commit(&[looks], Some(&receipt)).await }),
            Box::pin(async move { two.insist(erases).await }),
        ];
        overlaps.at_once(calls).await;
        let request = build::receipt(&format!("r{round}")).request;
        let left = scene.store.receipt(scene.id, &request).await.expect("the store answers");
        let names = left.is_some_and(|left| String::from_utf8_lossy(&left.outcome).contains(&name));
        assert!(!names, "an answer names who is erased");
    }
    overlaps.must_be_real();
}

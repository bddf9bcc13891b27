//! Laws of `Exports`.

use std::collections::BTreeMap;

use portal_domain::{
    change::{Aggregate, Change},
    contact::Contact,
    event::{Event, Subject},
    export::{Dossier, Line, Part, PartPage, Place},
    login::Login,
    port::Snapshot,
    session::{PortalSession, ProfileId},
    throttle::Try,
    usecase::Export,
};

use super::{Harness, scene::Scene};
use crate::build::{self, Plan, later, reference};

/// Everything that an export has of a practice, so much of each.
async fn furnish(scene: &Scene, most: usize) {
    for number in 0..most {
        let name = |what: &str| format!("{what}{number}");
        let (user, client) = (build::user(&name("u"), &format!("u{number}@smith.example")), build::client(&name("k")));
        scene.write(Plan::new().put_user(&user).put_client(&client)).await;
        let login = Login {
            credential: Some(build::credential(&name("password"), None)),
            ..build::login(&name("l"), &format!("c{number}@smith.example"))
        };
        let contact = build::contact(&name("c"), &[&format!("c{number}@smith.example"), "home@smith.example"]);
        let contact = build::granted(Contact { clients: vec![client.id], ..contact }, &login);
        let profile = ProfileId { contact: contact.id, client: client.id };
        let session = PortalSession { profile: Some(profile), ..build::session(&name("s"), &login) };
        let link = build::link(&name("link"), &login, &contact);
        let told = Event {
            subject: Subject { contact: Some(contact.id), ..Subject::default() },
            personal: BTreeMap::from([("name".to_owned(), "Zoë\u{9b}".to_owned())]),
            ..build::event(&name("e"))
        };
        let plan = Plan::new()
            .put_login(&login)
            .put_contact(&contact)
            .then(Change::OpenLink(link.clone()))
            .then(Change::OpenSession(session.clone()))
            .then(Change::OpenWorkspaceSession(build::workspace_session(&name("w"), &user)))
            .then(Change::OpenHandoff(build::handoff(&name("h"), &login, &contact)))
            .then(Change::IssueCode(build::sign_in_code(&name("code"), &session, profile)))
            .then(Change::AddApiKey(build::api_key(&name("key"), scene.id)))
            .mail(build::message(&name("m"), &contact, &login, Some(&link)))
            .tell(told);
        scene.write(plan).await;
        let noted = Try {
            id: build::id(&name("t")),
            mark: scene.mark(&format!("c{number}@smith.example")),
            origin: Some("192.0.2.7".to_owned()),
            known_browser: true,
            for_reset: false,
            at: later(number as u64),
        };
        scene.store.admit(scene.id, &[], Some(&noted), later(number as u64)).await.expect("the store answers");
    }
}

/// The parts that [`furnish`] fills.
const FURNISHED: [Part; 13] = [
    Part::Users,
    Part::Clients,
    Part::Logins,
    Part::Contacts,
    Part::Messages,
    Part::Links,
    Part::Sessions,
    Part::WorkspaceSessions,
    Part::Handoffs,
    Part::SignInCodes,
    Part::SignInTries,
    Part::Events,
    Part::ApiKeys,
];

async fn open(scene: &Scene) -> Box<dyn Snapshot> {
    scene.store.open_export(scene.id).await.expect("the store answers").expect("there is such a practice")
}

async fn all(view: &mut dyn Snapshot, part: Part, limit: u32) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    loop {
        let after = lines.last().and_then(Line::place);
        let page = view.page(part, &PartPage { after, limit, now: later(60) }).await.expect("the store answers");
        assert!(page.len() <= limit as usize, "a page has at most its limit");
        if page.is_empty() {
            return lines;
        }
        lines.extend(page);
    }
}

/// An export has each thing of its practice once, in the order of places, whatever the pages, and nothing of another practice.
pub async fn an_export_has_all_of_its_practice_and_nothing_else(harness: &Harness) {
    let (smith, jones) = (Scene::set(harness, "smith").await, Scene::set(harness, "jones").await);
    furnish(&smith, 3).await;
    furnish(&jones, 2).await;
    smith.seal().await;
    jones.seal().await;
    smith.write(Plan::new().tell(build::event("waits"))).await;
    for (scene, expected) in [(&smith, 3), (&jones, 2)] {
        let mut view = open(scene).await;
        assert_eq!(*view.practice(), scene.practice().await);
        for part in Part::ALL {
            let lines = all(&mut *view, part, 100).await;
            let many = if FURNISHED.contains(&part) { expected } else { 0 };
            assert_eq!(lines.len(), many, "{part:?}: {lines:?}");
            let places: Vec<Place> = lines.iter().filter_map(Line::place).collect();
            assert!(places.is_sorted_by(|one, next| one < next), "{part:?}: {places:?}");
            for limit in [1, 2, 3] {
                assert_eq!(all(&mut *view, part, limit).await, lines, "{part:?} by {limit}");
            }
        }
    }
    let view = open(&smith).await;
    let head = smith.store.head(smith.id).await.expect("the store answers").map(|head| head.last);
    assert_eq!((view.journal_head(), view.unsealed()), (head, 1), "what is not sealed is counted and not shown");
    let nobody = smith.store.open_export(build::id("nobody")).await.expect("the store answers");
    assert!(nobody.is_none());
}

/// No line of an export holds a digest of anything secret.
pub async fn an_export_holds_no_digest_of_a_secret(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    furnish(&scene, 1).await;
    let mut export = Export::begin(&*scene.store, scene.id, later(60)).await.expect("it begins");
    let mut text = String::new();
    while let Some(lines) = export.step().await.expect("the store answers") {
        text.push_str(&lines);
    }
    assert!(text.contains("\"type\":\"trailer\""), "{text}");
    let hex = |digest: [u8; 32]| digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let digests = [
        hex(build::session_hash("s0").0),
        hex(build::handoff_hash("h0").0),
        hex(build::code_hash("code0").0),
        hex(build::workspace_session_hash("w0").0),
        hex(build::api_key("key0", scene.id).hash.0),
        "$plain$".to_owned(),
        "hash".to_owned(),
    ];
    for digest in digests {
        assert!(!text.contains(&digest), "{digest} in {text}");
    }
}

/// What is committed after an export was opened is not in it, and what was there stays in it, whatever becomes of it.
pub async fn an_export_stays_as_it_was_opened(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    furnish(&scene, 2).await;
    scene.seal().await;
    let mut view = open(&scene).await;
    let contacts = all(&mut *view, Part::Contacts, 1).await;
    let before = scene.contact("c1").await.contact.expect("it is there");
    let renamed = Contact { name: "Somebody Else".to_owned(), version: before.version + 1, ..before.clone() };
    scene.write(Plan::new().changed(Aggregate::Contact(before.id), before.version).put_contact(&renamed)).await;
    scene.write(Plan::new().put_contact(&build::contact("later", &[])).tell(build::event("later"))).await;
    scene.seal().await;
    assert_eq!(all(&mut *view, Part::Contacts, 1).await, contacts);
    assert_eq!(all(&mut *view, Part::Events, 1).await.len(), 2);
    let mut later = open(&scene).await;
    assert_eq!(all(&mut *later, Part::Contacts, 1).await.len(), 3);
    assert_eq!(all(&mut *later, Part::Events, 1).await.len(), 3);
}

/// A dossier has what is about its contact, and no try at a key that another has, had, or holds as staff.
pub async fn a_dossier_has_what_is_its_contacts_alone(harness: &Harness) {
    let (scene, jones) = (Scene::set(harness, "smith").await, Scene::set(harness, "jones").await);
    furnish(&scene, 2).await;
    furnish(&jones, 1).await;
    scene.seal().await;
    jones.seal().await;
    let dossier = async |scene: &Scene, name: &str| {
        scene.store.dossier(scene.id, &reference(name), &scene.marks(), later(60)).await.expect("the store answers")
    };
    assert_eq!(dossier(&scene, "nobody").await, None);
    let found = dossier(&scene, "c0").await.expect("it is there");
    let own = |ids: Vec<bool>| ids.len() == 1 && ids[0];
    let (contact, login) = (build::id("c0"), build::id("l0"));
    assert!(own(found.messages.iter().map(|it| it.contact == Some(contact)).collect()), "{found:?}");
    assert!(own(found.links.iter().map(|it| it.contact == contact).collect()), "{found:?}");
    assert!(own(found.sessions.iter().map(|it| it.login == login).collect()), "{found:?}");
    assert!(own(found.handoffs.iter().map(|it| it.contact == contact).collect()), "{found:?}");
    assert!(own(found.sign_in_codes.iter().map(|it| it.profile.contact == contact).collect()), "{found:?}");
    assert!(own(found.events.iter().map(|it| it.subject.contact == Some(contact)).collect()), "{found:?}");
    assert!(own(found.tries.iter().map(|it| it.id == build::id("t0")).collect()), "{found:?}");
    assert!(!found.login_was_shared && found.rows.is_empty());
    let (ada, login) = (found.contact.contact.clone().expect("it is there"), build::login("l0", "c0@smith.example"));
    let shared = build::contact("other", &["c0@smith.example"]);
    let plan = Plan::new().put_contact(&shared).mail(build::message("other", &shared, &login, None));
    scene.write(plan).await;
    let found = dossier(&scene, "c0").await.expect("it is there");
    assert!(found.tries.is_empty(), "whoever tried may have been the other one");
    assert!(found.login_was_shared && found.messages.len() == 1);
    let dossier = Dossier::of(found, later(60)).expect("it is there");
    assert_eq!((dossier.found.sessions.len(), dossier.contact.id), (1, ada.id), "its profile was chosen");
}

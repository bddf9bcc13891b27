use std::sync::Arc;

use portal_domain::{
    change::{Aggregate, Change, Decision, Which},
    contact::{Access, Contact},
    facts::Holder,
    login::Login,
    port::{Commit, Receipt},
    practice::{PracticeUser, Role},
};

use crate::{
    build::{self, Plan, key, later},
    conformance::{
        Harness,
        overlap::Overlaps,
        scene::{Scene, next},
    },
};

const ROUNDS: usize = 25;

/// Commits all decisions at once, on whatever instances there are; again where the store could put none of them in line.
pub(super) async fn race(
    harness: &Harness,
    overlaps: &Arc<Overlaps>,
    scene: &Scene,
    all: Vec<Decision>,
) -> Vec<Commit> {
    compete(harness, overlaps, scene, all.into_iter().map(|decision| (decision, None)).collect()).await
}

async fn compete(
    harness: &Harness,
    overlaps: &Arc<Overlaps>,
    scene: &Scene,
    all: Vec<(Decision, Option<Receipt>)>,
) -> Vec<Commit> {
    for _ in 0..20 {
        let calls = all.iter().cloned().enumerate().map(|(number, (decision, receipt))| {
            let scene = scene.turn(harness, number);
            async move { scene.commit(&[decision], receipt.as_ref()).await }
        });
        let commits = overlaps.at_once(calls.collect()).await;
        if written(&commits) > 0 {
            return commits;
        }
    }
    panic!("twenty times nobody won a race");
}

fn written(commits: &[Commit]) -> usize {
    commits.iter().filter(|commit| **commit == Commit::Committed).count()
}

/// Of two commits on one version, exactly one is written.
pub async fn of_two_commits_on_one_version_one_is_written(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let overlaps = Overlaps::new();
    scene.write(Plan::new().put_contact(&build::contact("ada", &[]))).await;
    for round in 0..ROUNDS {
        let before = scene.contact("ada").await.contact.expect("there");
        let rename = |name: &str| {
            let changed = Contact { name: name.to_owned(), version: before.version + 1, ..before.clone() };
            Plan::new().put_contact(&changed).tell(build::event(&format!("{name} {round}"))).done()
        };
        let commits = race(harness, &overlaps, &scene, vec![rename("a"), rename("b")]).await;
        assert_eq!(written(&commits), 1, "{commits:?}");
        let winner = if commits[0] == Commit::Committed { "a" } else { "b" };
        let after = scene.contact("ada").await.contact.expect("there");
        assert_eq!((after.name.as_str(), after.version), (winner, before.version + 1));
    }
    assert_eq!(scene.events().await.len(), ROUNDS);
    overlaps.must_be_real();
}

/// Of sixteen redemptions of one link, exactly one succeeds.
pub async fn of_sixteen_redemptions_one_succeeds(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let overlaps = Overlaps::new();
    let (ada, login) = scene.live("ada", "ada@smith.example").await;
    for round in 0..8 {
        let link = build::link(&format!("l{round}"), &login, &ada);
        scene.write(Plan::new().then(Change::OpenLink(link.clone()))).await;
        let redeem = |number: u64| {
            let event = build::event(&format!("redeemed {round} {number}"));
            Plan::new().then(Change::UseLink { link: link.id, at: later(number) }).tell(event).done()
        };
        let commits = race(harness, &overlaps, &scene, (0..16).map(redeem).collect()).await;
        assert_eq!(written(&commits), 1, "{commits:?}");
        let winner = commits.iter().position(|commit| *commit == Commit::Committed).expect("there is one");
        let used = scene.link(&format!("l{round}")).await.expect("there").link.used_at;
        assert_eq!(used, Some(later(winner as u64)));
        assert_eq!(scene.events().await.len(), round + 1);
    }
    overlaps.must_be_real();
}

/// A key that staff and a client claim at once goes to one of them, never to both.
pub async fn a_key_goes_to_staff_or_client_never_both(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let overlaps = Overlaps::new();
    for round in 0..ROUNDS {
        let address = format!("key{round}@smith.example");
        let name = format!("n{round}");
        let login = build::login(&name, &address);
        let contact = build::granted(build::contact(&name, &[&address]), &login);
        let client = Plan::new().put_login(&login).put_contact(&contact).done();
        let staff = Plan::new().put_user(&build::user(&name, &address)).done();
        let order = if round % 2 == 0 { vec![client, staff] } else { vec![staff, client] };
        let commits = race(harness, &overlaps, &scene, order).await;
        assert_eq!(written(&commits), 1, "{commits:?}");
        let to_client = commits[round % 2] == Commit::Committed;
        let facts = scene.user(&name, Some(key(&address))).await;
        assert_eq!(matches!(facts.holder, Some(Holder::Login(_))), to_client);
        assert_eq!(matches!(facts.holder, Some(Holder::User(_))), !to_client);
        assert_eq!((scene.knows(&name).await, facts.user.is_some()), (to_client, !to_client));
        assert_eq!(scene.login(&address).await.is_some(), to_client);
    }
    overlaps.must_be_real();
}

/// Of eight contacts that claim one key at once, one gets it.
pub async fn a_key_goes_to_one_of_eight_logins(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let overlaps = Overlaps::new();
    for round in 0..8 {
        let address = format!("key{round}@smith.example");
        let grant = |number: usize| {
            let login = build::login(&format!("n{round}-{number}"), &address);
            let contact = build::granted(build::contact(&format!("n{round}-{number}"), &[&address]), &login);
            Plan::new().put_login(&login).put_contact(&contact).done()
        };
        let commits = race(harness, &overlaps, &scene, (0..8).map(grant).collect()).await;
        assert_eq!(written(&commits), 1, "{commits:?}");
        let winner = commits.iter().position(|commit| *commit == Commit::Committed).expect("there is one");
        let login = scene.login(&address).await.expect("live").login.id;
        assert_eq!(login, build::id(&format!("n{round}-{winner}")));
    }
    overlaps.must_be_real();
}

/// After a deactivation is acknowledged there is no valid session, however many were being opened meanwhile.
///
/// Whoever opens a session only looks at the login; so openings don't hinder one another, but a deactivation hinders them.
pub async fn no_session_outlives_a_deactivation(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let overlaps = Overlaps::new();
    for round in 0..ROUNDS {
        let (name, address) = (format!("n{round}"), format!("n{round}@smith.example"));
        let (contact, login) = scene.live(&name, &address).await;
        let off = Login { key: None, epoch: 2, ..next(&login) };
        let contact = Contact { access: Access::Deactivated, behind_since: None, version: 2, ..contact };
        let end = Change::EndSessions { login: login.id, which: Which::All, at: later(5) };
        let deactivate = Plan::new().put_login(&off).put_contact(&contact).release(&key(&address)).then(end).done();
        let names: Vec<_> = (0..5).map(|number| format!("s{round}-{number}")).collect();
        let open = |name: &String| {
            let plan = Plan::new().looked_at(Aggregate::Login(login.id), 1);
            plan.then(Change::OpenSession(build::session(name, &login))).done()
        };
        let mut all: Vec<_> = names.iter().map(open).collect();
        all.insert(round % 6, deactivate.clone());
        let commits = race(harness, &overlaps, &scene, all).await;
        if commits[round % 6] == Commit::Conflict {
            scene.insist(deactivate).await;
        }
        for name in &names {
            let session = scene.session(name).await;
            let ended = session.is_none_or(|facts| facts.session.ended_at.is_some());
            assert!(ended, "a session of an old login is open after the deactivation was acknowledged");
        }
        scene.refuse(open(&"late".to_owned())).await;
    }
    overlaps.must_be_real();
}

/// After a demotion is acknowledged there is no valid session of the workspace from before, however many were being opened.
pub async fn no_workspace_session_outlives_a_demotion(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let overlaps = Overlaps::new();
    for round in 0..ROUNDS {
        let user = build::user(&format!("u{round}"), &format!("u{round}@smith.example"));
        let user = PracticeUser { role: Role::Admin, ..user };
        scene.write(Plan::new().put_user(&user)).await;
        let end = Change::EndWorkspaceSessions { user: user.id, which: Which::All, at: later(5) };
        let staff = PracticeUser { role: Role::Staff, version: 2, ..user.clone() };
        let demote = Plan::new().put_user(&staff).then(end).done();
        let names: Vec<_> = (0..5).map(|number| format!("w{round}-{number}")).collect();
        let open = |name: &String| {
            let plan = Plan::new().looked_at(Aggregate::User(user.id), 1);
            plan.then(Change::OpenWorkspaceSession(build::workspace_session(name, &user))).done()
        };
        let mut all: Vec<_> = names.iter().map(open).collect();
        all.insert(round % 6, demote.clone());
        let commits = race(harness, &overlaps, &scene, all).await;
        if commits[round % 6] == Commit::Conflict {
            scene.insist(demote).await;
        }
        for name in &names {
            let session = scene.workspace_session(name).await;
            let ended = session.is_none_or(|facts| facts.session.ended_at.is_some());
            assert!(ended, "a session of a former admin is open after the demotion was acknowledged");
        }
        scene.refuse(open(&"late".to_owned())).await;
    }
    overlaps.must_be_real();
}

/// Of eight requests with one key, one leaves its receipt and its change.
pub async fn of_eight_requests_with_one_key_one_is_written(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let overlaps = Overlaps::new();
    for round in 0..8 {
        let ask = |number: usize| {
            let decision = Plan::new().put_contact(&build::contact(&format!("c{round}-{number}"), &[])).done();
            let outcome = number.to_string().into_bytes();
            (decision, Some(Receipt { outcome, ..build::receipt(&format!("r{round}")) }))
        };
        let commits = compete(harness, &overlaps, &scene, (0..8).map(ask).collect()).await;
        assert_eq!(written(&commits), 1, "{commits:?}");
        let winner = commits.iter().position(|commit| *commit == Commit::Committed).expect("there is one");
        let request = build::receipt(&format!("r{round}")).request;
        let receipt = scene.store.receipt(scene.id, &request).await.expect("the store answers");
        assert_eq!(receipt.expect("there").outcome, winner.to_string().into_bytes());
        for number in 0..8 {
            assert_eq!(scene.knows(&format!("c{round}-{number}")).await, number == winner);
        }
    }
    overlaps.must_be_real();
}

/// Commits on different things are all written, if need be at the second try, and the journal has every event once.
pub async fn commits_on_different_things_are_all_written(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    scene.write(Plan::new().put_client(&build::client("k"))).await;
    let overlaps = Overlaps::new();
    for round in 0..4 {
        let calls = (0..16).map(|number| {
            let scene = scene.turn(harness, number);
            let name = format!("c{round}-{number}");
            let plan = Plan::new().looked_at(Aggregate::Client(build::id("k")), 1);
            let plan = plan.put_contact(&build::contact(&name, &[])).tell(build::event(&name));
            async move { scene.insist(plan).await }
        });
        overlaps.at_once(calls.collect()).await;
    }
    let mut ids: Vec<_> = scene.events().await.into_iter().map(|event| event.id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 64);
    for number in 0..16 {
        assert!(scene.knows(&format!("c3-{number}")).await);
    }
    overlaps.must_be_real();
}

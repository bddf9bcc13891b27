use std::time::Duration;

use portal_domain::{
    change::{Aggregate, Change, Decision},
    contact::Contact,
    event::{Event, Subject},
    message::DeliveryState,
    port::Commit,
};

use crate::{
    build::{self, NOON, Plan},
    conformance::{
        Harness,
        scene::{Scene, about},
    },
};

const MANY: usize = 500;

fn newcomer(number: usize) -> Decision {
    let (name, address) = (format!("c{number:03}"), format!("c{number:03}@smith.example"));
    let login = build::login(&name, &address);
    let contact = build::granted(build::contact(&name, &[&address, "shared@smith.example"]), &login);
    let link = build::link(&name, &login, &contact);
    let subject = Subject { contact: Some(contact.id), ..Subject::default() };
    Plan::new()
        .looked_at(Aggregate::Client(build::id("k")), 1)
        .put_login(&login)
        .put_contact(&Contact { clients: vec![build::id("k")], ..contact.clone() })
        .mail(build::message(&name, &contact, &login, Some(&link)))
        .then(Change::OpenLink(link))
        .then(Change::RememberKey { contact: contact.id, key: build::key(&address), wrong: false })
        .tell(Event { subject, ..build::event(&name) })
        .done()
}

/// Five hundred decisions are one commit, and five hundred contacts one question.
pub async fn five_hundred_decisions_are_one_commit(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    scene.write(Plan::new().put_client(&build::client("k"))).await;
    let decisions: Vec<_> = (0..MANY).map(newcomer).collect();
    assert_eq!(scene.commit(&decisions, Some(&build::receipt("r"))).await, Commit::Committed);
    let queries: Vec<_> = (0..MANY).map(|number| about(&format!("c{number:03}"))).collect();
    let facts = scene.ask(&queries, NOON).await;
    assert_eq!(facts.len(), MANY);
    for (number, facts) in facts.iter().enumerate() {
        let name = format!("c{number:03}");
        let contact = facts.contact.as_ref().expect("the contact is there");
        assert_eq!(contact.reference.as_str(), name);
        assert_eq!((facts.clients.len(), facts.former_keys.len(), facts.holders.len()), (1, 1, 1));
        let login = facts.login.as_ref().expect("the contact has a login");
        assert_eq!(login.login, build::login(&name, &format!("{name}@smith.example")));
        assert_eq!((login.members.len(), login.links.len()), (1, 1));
        let invitation = login.invitation.as_ref().expect("an invitation");
        assert_eq!((invitation.message, invitation.state), (build::id(&name), DeliveryState::Queued));
    }
    assert_eq!(scene.events().await.len(), MANY);

    // And changed again, all at once.
    let again: Vec<_> = facts
        .iter()
        .map(|facts| {
            let contact = facts.contact.clone().expect("the contact is there");
            let changed = Contact { name: format!("{} again", contact.name), version: 2, ..contact };
            Plan::new().put_contact(&changed).done()
        })
        .collect();
    assert_eq!(scene.commit(&again, None).await, Commit::Committed);
    assert_eq!(scene.commit(&again, None).await, Commit::Conflict, "the versions are others now");
    assert_eq!(scene.contact("c499").await.contact.expect("there").name, "Contact c499 again");
}

/// One decision among five hundred that doesn't fit, and none is written.
pub async fn one_misfit_among_many_stops_all(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    scene.write(Plan::new().put_client(&build::client("k"))).await;
    let mut decisions: Vec<_> = (0..60).map(newcomer).collect();
    decisions.push(Plan::new().looked_at(Aggregate::Contact(build::id("nobody")), 1).done());
    decisions.rotate_right(30);
    assert_eq!(scene.commit(&decisions, None).await, Commit::Conflict);
    assert!(!scene.knows("c000").await && !scene.knows("c059").await);
    assert!(scene.events().await.is_empty());
}

/// A commit whose caller goes away is written wholly or not at all, and leaves the store in working order.
pub async fn an_abandoned_commit_is_whole_or_absent(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    scene.write(Plan::new().put_client(&build::client("k"))).await;
    for number in 0..40 {
        let abandoned = scene.turn(harness, number);
        let task = tokio::spawn(async move { abandoned.offer(newcomer(number)).await });
        for _ in 0..number % 8 {
            tokio::task::yield_now().await;
        }
        task.abort();
        let _ = task.await;
    }
    let mut pause = Duration::from_millis(1);
    loop {
        let mut whole = true;
        for number in 0..40 {
            let name = format!("c{number:03}");
            let mail = scene.messages(&name).await.len();
            whole &= scene.knows(&name).await == (mail == 1) && mail < 2;
        }
        if whole {
            break;
        }
        assert!(pause < Duration::from_secs(4), "a commit is written in part");
        tokio::time::sleep(pause).await;
        pause *= 2;
    }
    scene.insist(newcomer(999)).await;
    assert!(scene.knows("c999").await);
}

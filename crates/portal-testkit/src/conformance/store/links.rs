use portal_domain::{
    change::Change,
    link::{KeyId, Link, LinkPurpose, LinkState},
    login::Login,
    time::Timestamp,
};

use crate::{
    build::{self, NOON, Plan, later},
    conformance::{
        Harness,
        scene::{Scene, next},
    },
};

fn used(name: &str, at: Timestamp) -> Plan {
    Plan::new().then(Change::UseLink { link: build::id(name), at })
}

fn opened(links: impl IntoIterator<Item = Link>) -> Plan {
    links.into_iter().fold(Plan::new(), |plan, link| plan.then(Change::OpenLink(link)))
}

/// A link comes back as it was opened, whatever it says.
pub async fn a_link_comes_back_whole(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let (ada, login) = scene.live("ada", "ada@smith.example").await;
    let plain = build::link("l", &login, &ada);
    for (number, purpose) in LinkPurpose::ALL.into_iter().enumerate() {
        let link = Link {
            id: build::id(purpose.code()),
            purpose,
            address: build::email("\u{a0}Zoë.Ünal@bücher.example"),
            signed_with: KeyId::parse("Key_2-b").expect("a name"),
            epoch: i64::from(i32::MAX) + number as i64,
            created_at: later(1),
            expires_at: Timestamp::from_micros(later(9).as_micros() + 7),
            ..plain.clone()
        };
        scene.write(opened([link.clone()])).await;
        let back = scene.link(purpose.code()).await.expect("the link is there").link;
        assert_eq!(back.address.as_str(), link.address.as_str());
        assert_eq!(Link { address: link.address.clone(), ..back }, link);
    }
}

/// A link is used once.
pub async fn a_link_is_used_once(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let (ada, login) = scene.live("ada", "ada@smith.example").await;
    scene.write(opened(["l", "other"].map(|name| build::link(name, &login, &ada)))).await;
    scene.write(used("l", later(5))).await;
    let link = scene.link("l").await.expect("the link is there").link;
    assert_eq!((link.used_at, link.ended_at), (Some(later(5)), None));
    scene.refuse(used("l", later(6)).tell(build::event("twice"))).await;
    scene.refuse(used("l", NOON)).await;
    let link = scene.link("l").await.expect("the link is there").link;
    assert_eq!((link.used_at, link.state(later(7))), (Some(later(5)), LinkState::Used));
    assert!(scene.events().await.is_empty());
    assert_eq!(scene.link("other").await.expect("there").link.state(later(7)), LinkState::Usable);
}

/// A link is used until it expires, and not at that moment.
pub async fn an_expired_link_is_not_used(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let (ada, login) = scene.live("ada", "ada@smith.example").await;
    let end = Timestamp::from_micros(later(60).as_micros() + 500);
    let link = |name| Link { expires_at: end, ..build::link(name, &login, &ada) };
    scene.write(opened([link("a"), link("b")])).await;
    scene.refuse(used("a", end)).await;
    scene.refuse(used("a", later(61))).await;
    scene.write(used("b", Timestamp::from_micros(end.as_micros() - 1))).await;
    assert_eq!(scene.link("a").await.expect("there").link.used_at, None);
}

/// A link that was ended is not used, nor is one that is not there.
pub async fn an_ended_link_is_not_used(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let (ada, login) = scene.live("ada", "ada@smith.example").await;
    scene.write(opened(["a", "b"].map(|name| build::link(name, &login, &ada)))).await;
    scene.write(Plan::new().then(Change::EndLink { link: build::id("a"), at: later(5) })).await;
    scene.write(Plan::new().then(Change::EndLinks { login: login.id, at: later(6) })).await;
    for name in ["a", "b", "nowhere"] {
        scene.refuse(used(name, later(7)).put_contact(&build::contact("new", &[]))).await;
    }
    assert!(!scene.knows("new").await);
    assert_eq!((scene.link_ended("a").await, scene.link_ended("b").await), (Some(later(5)), Some(later(6))));
}

/// Ending a login's links spares those opened or used by the same commit.
pub async fn ending_links_spares_those_of_the_same_commit(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let (ada, login) = scene.live("ada", "ada@smith.example").await;
    scene.write(opened(["old", "redeemed"].map(|name| build::link(name, &login, &ada)))).await;
    let end = Change::EndLinks { login: login.id, at: later(5) };
    let plan = Plan::new().then(end).put_login(&Login { epoch: 2, ..next(&login) });
    let fresh = Link { epoch: 2, ..build::link("fresh", &login, &ada) };
    let redeem = Change::UseLink { link: build::id("redeemed"), at: later(5) };
    scene.write(plan.then(Change::OpenLink(fresh.clone())).then(redeem)).await;
    assert_eq!(scene.link_ended("old").await, Some(later(5)));
    assert_eq!(scene.link("fresh").await.expect("there").link, fresh);
    let redeemed = scene.link("redeemed").await.expect("there").link;
    assert_eq!((redeemed.used_at, redeemed.ended_at), (Some(later(5)), None));
    assert_eq!(scene.login("ada@smith.example").await.expect("live").links, [fresh]);
}

/// Ending a login's links leaves alone what is used or ended, and every other login's. One that has expired by the clock of
/// who ends them is ended too: by a slower clock it would still work.
pub async fn ending_links_leaves_closed_and_others_alone(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let (ada, login) = scene.live("ada", "ada@smith.example").await;
    let (bob, other) = scene.live("bob", "bob@smith.example").await;
    let mine = |name| build::link(name, &login, &ada);
    let expired = Link { expires_at: later(60), ..mine("expired") };
    let links = [mine("open"), mine("used"), mine("ended"), expired, build::link("bob's", &other, &bob)];
    scene.write(opened(links)).await;
    scene.write(used("used", later(5)).then(Change::EndLink { link: build::id("ended"), at: later(5) })).await;
    scene.write(Plan::new().then(Change::EndLinks { login: login.id, at: later(60) })).await;
    let ended = ["open", "used", "ended", "expired", "bob's"].map(|name| scene.link_ended(name));
    let mut times = Vec::new();
    for time in ended {
        times.push(time.await);
    }
    assert_eq!(times, [Some(later(60)), None, Some(later(5)), Some(later(60)), None]);
    let expired = scene.link("expired").await.expect("there").link;
    assert_eq!([30, 70].map(|seconds| expired.state(later(seconds))), [LinkState::Expired; 2]);
    scene.write(Plan::new().then(Change::EndLinks { login: login.id, at: later(90) })).await;
    assert_eq!(scene.link_ended("open").await, Some(later(60)), "ended once");
}

/// One link is ended, if it is neither used nor ended; the others stay.
pub async fn one_link_is_ended(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let (ada, login) = scene.live("ada", "ada@smith.example").await;
    scene.write(opened(["a", "b", "used"].map(|name| build::link(name, &login, &ada)))).await;
    scene.write(used("used", later(5))).await;
    for seconds in [6, 7] {
        let end = |name| Change::EndLink { link: build::id(name), at: later(seconds) };
        scene.write(Plan::new().then(end("a")).then(end("used"))).await;
    }
    let times = (scene.link_ended("a").await, scene.link_ended("b").await, scene.link_ended("used").await);
    assert_eq!(times, (Some(later(6)), None, None));
}

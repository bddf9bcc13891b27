use portal_domain::{
    change::{Aggregate, Change, KeyOwner},
    contact::{Access, Contact},
    facts::Holder,
    login::Login,
    port::Commit,
};

use crate::{
    build::{self, Plan, key},
    conformance::{
        Harness,
        scene::{Scene, next},
    },
};

/// A key that somebody holds is not claimed: the commit is a conflict and nothing is written.
pub async fn a_held_key_is_not_claimed(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let staff = build::user("boss", "boss@smith.example");
    scene.write(Plan::new().put_user(&staff)).await;
    let (_, login) = scene.live("ada", "ada@smith.example").await;
    for address in ["boss@smith.example", "ada@smith.example"] {
        let thief = build::login("thief", address);
        let contact = build::granted(build::contact("thief", &[address]), &thief);
        scene.refuse(Plan::new().put_login(&thief).put_contact(&contact).tell(build::event("no"))).await;
        scene.refuse(Plan::new().put_user(&build::user("thief", address)).tell(build::event("no"))).await;
        assert!(!scene.knows("thief").await);
        assert_eq!(scene.user("thief", None).await.user, None);
    }
    assert!(scene.events().await.is_empty());
    let holder = scene.user("boss", Some(key("boss@smith.example"))).await.holder;
    assert_eq!(holder, Some(Holder::User(staff)));
    assert_eq!(scene.login("ada@smith.example").await.map(|facts| facts.login), Some(login));
}

/// Two decisions of one batch can't claim one key.
pub async fn a_key_claimed_twice_in_a_batch_is_a_conflict(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let login = build::login("l", "x@smith.example");
    let contact = build::granted(build::contact("c", &["x@smith.example"]), &login);
    let client = Plan::new().put_login(&login).put_contact(&contact).done();
    let staff = Plan::new().put_user(&build::user("u", "x@smith.example")).done();
    assert_eq!(scene.commit(&[client, staff], None).await, Commit::Conflict);
    assert_eq!(scene.login("x@smith.example").await, None);
    assert_eq!(scene.user("u", Some(key("x@smith.example"))).await, Default::default());
}

/// A released key is free, in the same commit already, whatever the order of the changes.
pub async fn a_key_is_released_before_it_is_claimed(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let (ada, old) = scene.live("ada", "home@smith.example").await;
    let (kept, fresh) = (Login { key: None, ..next(&old) }, build::login("fresh", "home@smith.example"));
    let gone = Contact { access: Access::Deactivated, behind_since: None, version: 2, ..ada };
    let bob = build::granted(build::contact("bob", &["home@smith.example"]), &fresh);
    let claim = Plan::new().put_login(&fresh).put_contact(&bob).done();
    let release = Plan::new().put_login(&kept).put_contact(&gone).release(&key("home@smith.example")).done();
    assert_eq!(scene.commit(&[claim, release], None).await, Commit::Committed);
    let facts = scene.login("home@smith.example").await.expect("the login is live");
    assert_eq!((facts.login, facts.members.len()), (fresh, 1));

    // And from client to staff.
    let held = scene.login("home@smith.example").await.expect("live").login;
    let dormant = Login { key: None, ..next(&held) };
    let plan = Plan::new().put_user(&build::user("u", "home@smith.example")).put_login(&dormant);
    scene.write(plan.release(&key("home@smith.example"))).await;
    assert_eq!(scene.login("home@smith.example").await, None);
    let holder = scene.user("u", Some(key("home@smith.example"))).await.holder;
    assert!(matches!(holder, Some(Holder::User(_))), "{holder:?}");
}

/// Two logins exchange their keys in one commit.
pub async fn two_logins_swap_keys_in_one_commit(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let (ada, one) = scene.live("ada", "a@smith.example").await;
    let (bob, two) = scene.live("bob", "b@smith.example").await;
    let swapped = |contact: &Contact, login: &Login, from: &str, to: &str| {
        let contact = Contact { emails: build::emails(&[to]), version: 2, ..contact.clone() };
        let login = Login { key: Some(key(to)), ..next(login) };
        let plan = Plan::new().claim(&key(to), KeyOwner::Login(login.id)).release(&key(from));
        plan.put_login(&login).put_contact(&contact).done()
    };
    let decisions = [
        swapped(&ada, &one, "a@smith.example", "b@smith.example"),
        swapped(&bob, &two, "b@smith.example", "a@smith.example"),
    ];
    assert_eq!(scene.commit(&decisions, None).await, Commit::Committed);
    let holder = async |address| scene.login(address).await.expect("live").login.id;
    assert_eq!(holder("a@smith.example").await, two.id);
    assert_eq!(holder("b@smith.example").await, one.id);
}

/// A key that was given up and claimed by nobody is free.
pub async fn a_released_key_is_free(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let user = build::user("u", "u@smith.example");
    scene.write(Plan::new().put_user(&user)).await;
    let gone = Plan::new().changed(Aggregate::User(user.id), 1).then(Change::DeleteUser(user.id));
    scene.write(gone.release(user.email.key())).await;
    assert_eq!(scene.user("u", Some(user.email.key().clone())).await, Default::default());
    scene.live("ada", "u@smith.example").await;
    assert!(scene.login("u@smith.example").await.is_some());
}

/// Keys are compared byte by byte.
pub async fn keys_are_compared_byte_by_byte(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let addresses = [
        "ada@smith.example",
        "ad.a@smith.example",
        "ada+tax@smith.example",
        "ad_@smith.example",
        "ad%@smith.example",
        "ädä@smith.example",
        "Ζωή@smith.example",
        "ζωή@smith.example",
        "straße@smith.example",
        "strasse@smith.example",
        "ı@smith.example",
        "i@smith.example",
        "o'neil@smith.example",
    ];
    for (number, address) in addresses.iter().enumerate() {
        scene.live(&format!("c{number}"), address).await;
    }
    for (number, address) in addresses.iter().enumerate() {
        let facts = scene.login(address).await.expect("the login is live");
        assert_eq!(facts.login.id, build::id(&format!("c{number}")), "{address}");
    }
    assert_eq!(scene.login("adä@smith.example").await, None);
}

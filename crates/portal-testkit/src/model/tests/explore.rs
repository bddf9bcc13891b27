//! Invariants of the model itself, over all short histories of a small practice and many long random ones.

use super::super::state::{ContactId, LoginId};
use super::generate::{Dice, any_command};
use super::*;
use std::collections::{BTreeMap, BTreeSet};

#[test]
fn c_a_l_invariants_hold_in_every_short_history() {
    let mut start = Desk::with(&[("ada", "one@x.example"), ("bob", "One@x.example")]);
    let alphabet = [
        activate("ada"),
        activate("bob"),
        resend("ada"),
        deactivate("ada"),
        deactivate("bob"),
        reactivate("ada"),
        delete("bob"),
        emails("ada", &["two@x.example"]),
        joining("ada", &["one@x.example"]),
        joining("bob", &["two@x.example"]),
        wrong("bob", &["one@x.example"]),
        user("boss", "two@x.example", Role::Admin),
        reset("one@x.example"),
        redeem(LinkNo(0), SECRET),
        redeem(LinkNo(1), OTHER_SECRET),
        redeem(LinkNo(2), OTHER_SECRET),
        sign_in("one@x.example", SECRET),
        Cmd::RenewLink { link: LinkNo(0) },
    ];
    every_history(&start, &alphabet, 3);
    start.onboard("ada", SECRET);
    start.changed(&activate("bob"));
    start.session("one@x.example", SECRET);
    every_history(&start, &alphabet, 3);
    start.changed(&emails("ada", &["two@x.example"]));
    every_history(&start, &alphabet, 3);
}

fn every_history(desk: &Desk, alphabet: &[Cmd], depth: usize) {
    for cmd in alphabet {
        let mut next = desk.clone();
        checked_step(&mut next, cmd, 1);
        if depth > 1 {
            every_history(&next, alphabet, depth - 1);
        }
    }
}

#[test]
fn c_a_l_invariants_hold_in_random_histories() {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for _ in 0..300 {
        let mut desk = Desk::default();
        for client in ["acme", "zeta"] {
            desk.run(&Cmd::PutClient { client: client.into() });
        }
        for _ in 0..80 {
            let cmd = any_command(&mut dice, &desk);
            let pause = match dice.below(12) {
                0 => DAY,
                1..=3 => 20 * MINUTE,
                _ => i64::try_from(dice.below(2)).unwrap_or_default(),
            };
            let answer = checked_step(&mut desk, &cmd, pause);
            *seen.entry(name_of(&answer)).or_default() += 1;
        }
    }
    // The dice reach every answer there is, so the invariants were put to the test.
    for answer in [
        "changed",
        "unchanged",
        "accepted",
        "kept",
        "ended",
        "none",
        "shared",
        "not_found",
        "practice_user_email",
        "login_email_taken",
        "login_email_required",
        "not_activated",
        "portal_deactivated",
        "no_email",
        "email_is_a_portal_login",
        "email_taken",
        "last_admin",
        "unknown_client",
        "link_expired",
        "link_used",
        "link_dead",
        "sign_in_failed",
        "password_refused",
        "unauthorized",
    ] {
        assert!(seen.get(answer).is_some_and(|times| *times > 5), "{answer}: {seen:?}");
    }
}

fn name_of(answer: &Answer) -> String {
    match answer {
        Answer::Accepted => "accepted".to_owned(),
        Answer::Refused(refusal) => refusal.code.to_string(),
        Answer::Done { effects: Some(effects), .. } => effects.password.as_str().to_owned(),
        Answer::Done { outcome, .. } => outcome.as_str().to_owned(),
    }
}

fn checked_step(desk: &mut Desk, cmd: &Cmd, pause: i64) -> Answer {
    desk.now += pause;
    let now = desk.now;
    let before = desk.model.clone();
    let preview = before.preview(now, cmd);
    let answer = desk.model.apply(now, cmd);
    assert_eq!(preview, answer, "M7: {cmd:?}");
    let after = &desk.model;
    let quiet = answer.code().is_some() || answer.outcome() == Some(Outcome::Unchanged);
    if quiet {
        assert_eq!(before.observe(now), after.observe(now), "{cmd:?}: {answer:?}");
    }
    keys_are_held_once(after);
    logins_are_owned(after);
    links_and_sessions_are_live(after, now);
    admins_stay(&before, after);
    grants_are_told_once(&before, after);
    repeated_changes_nothing(after, now, cmd, &answer);
    if let Some(contact) = contact_of(cmd) {
        others_lose_nothing(&before, after, now, contact);
    }
    answer
}

/// C1–C3 and the law of the key registry.
fn keys_are_held_once(model: &Model) {
    let mut holders: BTreeMap<&str, String> = BTreeMap::new();
    for (user, state) in &model.users {
        let other = holders.insert(&state.addr.key, user.clone());
        assert_eq!(other, None, "C2");
    }
    let mut keys: BTreeMap<LoginId, &str> = BTreeMap::new();
    for contact in model.contacts.values() {
        let Some(login) = contact.live_login() else {
            continue;
        };
        let key = contact.first_key().expect("M5: a live login has an address");
        assert_eq!(*keys.entry(login).or_insert(key), key, "one login, one key");
    }
    for (login, key) in keys {
        assert_eq!(holders.insert(key, format!("{login:?}")), None, "C1, C3");
    }
}

/// C4: every login has somebody behind it, or is the dormant one of exactly one contact.
fn logins_are_owned(model: &Model) {
    let mut owned = BTreeSet::new();
    let mut dormant = BTreeSet::new();
    for contact in model.contacts.values() {
        match (contact.live_login(), contact.any_login()) {
            (Some(login), _) => {
                owned.insert(login);
            }
            (None, Some(login)) => assert!(dormant.insert(login), "C4"),
            (None, None) => {}
        }
    }
    assert!(owned.is_disjoint(&dormant), "C4");
    owned.append(&mut dormant);
    assert_eq!(owned, model.logins.keys().copied().collect());
}

/// L3, L4, A2, and that a session has a password behind it.
fn links_and_sessions_are_live(model: &Model, now: i64) {
    let mut usable: BTreeMap<(LoginId, ContactId, Purpose), usize> = BTreeMap::new();
    for no in model.usable_links(now) {
        let link = &model.links[no.0];
        assert_eq!(model.live_login_at(&link.to.key), Some(link.login), "L3");
        let count = usable.entry((link.login, link.written_to, link.purpose)).or_default();
        *count += 1;
        assert!(*count <= 5, "L4");
    }
    for no in model.valid_sessions(now) {
        let login = model.sessions[no.0].login;
        assert!(!model.members(login).is_empty(), "A2");
        assert!(model.password(login).is_some(), "M3");
    }
    for view in model.observe(now).contacts.values() {
        if view.status == Status::Active {
            assert!(view.password_set && view.access == Access::Granted, "A6");
        }
    }
}

/// W2.
fn admins_stay(before: &Model, after: &Model) {
    let admin = |model: &Model| model.users.values().any(|user| user.role == Role::Admin);
    assert!(!admin(before) || admin(after));
}

/// A4: every grant sends exactly one message, to the contact's own stored address.
fn grants_are_told_once(before: &Model, after: &Model) {
    for (contact, state) in &after.contacts {
        let had = before.contacts.get(contact).is_some_and(|it| it.live_login().is_some());
        if state.live_login().is_some() && !had {
            let sent = &after.messages[before.messages.len()..];
            assert_eq!(sent.len(), 1);
            assert_eq!(Some(&sent[0].to), after.login_address(contact).as_ref());
            let shared = sent[0].kind == MessageKind::AccessAdded;
            assert!(shared || sent[0].kind == MessageKind::Activation);
        }
    }
}

/// A1.
fn repeated_changes_nothing(after: &Model, now: i64, cmd: &Cmd, answer: &Answer) {
    if answer.outcome() != Some(Outcome::Changed) {
        return;
    }
    let again = after.preview(now, cmd);
    match cmd {
        Cmd::DeleteContact { .. } | Cmd::DeleteClient { .. } | Cmd::DeleteUser { .. } => {
            assert_eq!(again.code(), Some(Code::NotFound));
        }
        Cmd::PutUser { .. }
        | Cmd::PutClient { .. }
        | Cmd::PutContact { .. }
        | Cmd::PutEmails { .. }
        | Cmd::PutSettings(_)
        | Cmd::SuspendClient { .. }
        | Cmd::ResumeClient { .. }
        | Cmd::Activate { .. }
        | Cmd::Deactivate { .. }
        | Cmd::Reactivate { .. } => {
            assert_eq!(again.outcome(), Some(Outcome::Unchanged), "{cmd:?}");
        }
        _ => {}
    }
}

fn contact_of(cmd: &Cmd) -> Option<&str> {
    match cmd {
        Cmd::PutContact { contact, .. }
        | Cmd::PutEmails { contact, .. }
        | Cmd::Activate { contact }
        | Cmd::Resend { contact }
        | Cmd::Deactivate { contact }
        | Cmd::Reactivate { contact }
        | Cmd::DeleteContact { contact } => Some(contact),
        _ => None,
    }
}

/// A3, M6: nobody else's key, password, sessions or links change.
fn others_lose_nothing(before: &Model, after: &Model, now: i64, contact: &str) {
    for (other, state) in &before.contacts {
        if other == contact {
            continue;
        }
        assert_eq!(after.contacts.get(other), Some(state));
        let Some(login) = state.any_login() else {
            continue;
        };
        assert_eq!(before.logins.get(&login), after.logins.get(&login));
        let sessions = |model: &Model| -> Vec<_> {
            let its = |no: &SessionNo| model.sessions[no.0].login == login;
            model.valid_sessions(now).into_iter().filter(its).collect()
        };
        assert_eq!(sessions(before), sessions(after));
        let usable = after.usable_links(now);
        for no in before.usable_links(now) {
            let link = &before.links[no.0];
            let own = before.contacts.get(contact).map(|it| it.id) == Some(link.written_to);
            assert!(link.login != login || own || usable.contains(&no), "M6");
        }
    }
}

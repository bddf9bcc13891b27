use portal_domain::{contact::Access, facts::ContactFacts, id::Ref, port::Page, status::portal_part};
use portal_testkit::{conformance::run, machine::World};

use super::{
    desk::{DAY, Desk, HOUR, MINUTE, OTHER, SECRET, code, mails_of, ruled},
    worlds,
};

/// The contacts of a practice, with what the rules know of each.
pub(super) async fn people(world: &World) -> Vec<(Ref, ContactFacts)> {
    let refs = world.views.contacts(world.id(), &Page { after: None, limit: 200 }).await.unwrap();
    let facts = world.portal.contacts(&world.context, &refs).await.unwrap();
    refs.into_iter().zip(facts).collect()
}

fn access(facts: &ContactFacts) -> Access {
    facts.contact.as_ref().expect("a contact").access
}

async fn events(world: &World) -> usize {
    world.events_after(0).await.unwrap().len()
}

/// Wherever histories led: what was done is done, and done again it is nothing.
#[test]
fn a1_a_repeated_command_changes_nothing_and_sends_nothing() {
    run(async {
        for world in worlds(11).await {
            let (portal, call) = (&world.portal, &world.context);
            for (who, facts) in people(&world).await {
                let emails: Vec<_> =
                    facts.contact.iter().flat_map(|contact| contact.emails.iter()).map(ToString::to_string).collect();
                let input = portal_domain::usecase::EmailsInput { emails, ..Default::default() };
                for command in ["activate", "deactivate", "reactivate", "emails"] {
                    let perform = async || match command {
                        "activate" => portal.activate(call, &who).await,
                        "deactivate" => portal.deactivate(call, &who).await,
                        "reactivate" => portal.reactivate(call, &who).await,
                        _ => portal.put_emails(call, &who, &input).await,
                    };
                    if ruled(perform().await).is_err() {
                        continue;
                    }
                    let written = events(&world).await;
                    let again = perform().await.expect("what was accepted is accepted again");
                    assert!(!again.changed && again.effects.messages.is_empty(), "{command} of {who}: {again:?}");
                    assert_eq!(again.effects.links_ended + again.effects.sessions_ended, 0);
                    assert_eq!(events(&world).await, written);
                }
            }
        }
    });
}

#[test]
fn a1_unchanged_is_answered_before_any_conflict() {
    run(async {
        let desk = Desk::with(&[("ada", "ada@smith.example")]).await;
        desk.activate("ada").await.unwrap();
        desk.deactivate("ada").await.unwrap();
        desk.user("boss", "ada@smith.example").await.unwrap();
        // The list is that of a practice user now; the same list again is no conflict.
        assert!(!desk.emails("ada", &["ada@smith.example"]).await.unwrap().changed);
        assert!(!desk.deactivate("ada").await.unwrap().changed);
        assert_eq!(code(&desk.delete("ada").await), "not refused");
        assert_eq!(code(&desk.delete("ada").await), "not_found");
    });
}

#[test]
fn a1_resend_sends_anew_each_time() {
    run(async {
        let desk = Desk::with(&[("ada", "ada@smith.example")]).await;
        desk.onboard("ada", SECRET).await;
        for _ in 0..3 {
            let resent = desk.resend("ada").await.unwrap();
            assert!(resent.changed);
            assert_eq!(mails_of(&resent), ["activation ada@smith.example"]);
        }
        assert!(desk.lets_in("ada@smith.example", SECRET).await, "the password stays until the link is used");
    });
}

/// Wherever histories led: of a contact that is alone behind its login, deactivation ends sessions and links at once,
/// and reactivation revives neither.
#[test]
fn a2_deactivation_of_the_last_ends_sessions_and_links_and_nothing_revives_them() {
    run(async {
        let mut sessions = 0;
        for world in worlds(12).await {
            let (portal, call) = (&world.portal, &world.context);
            for (who, facts) in people(&world).await {
                let Some(login) = facts.login.filter(|login| login.members.len() == 1) else { continue };
                let valid =
                    |session: &&portal_domain::session::PortalSession| session.valid(login.login.epoch, portal.now());
                let (links, open) = (login.links.len(), login.sessions.iter().filter(valid).count());
                let ended = portal.deactivate(call, &who).await.unwrap();
                assert_eq!((ended.effects.links_ended, ended.effects.sessions_ended), (links, open));
                assert!(ended.effects.messages.is_empty());
                sessions += open;
                for again in [false, true] {
                    if again && ruled(portal.reactivate(call, &who).await).is_err() {
                        continue;
                    }
                    for session in &login.sessions {
                        let facts =
                            portal.store.session(world.id(), &session.hash, portal.now()).await.unwrap().unwrap();
                        let live =
                            facts.login.is_some_and(|login| facts.session.valid(login.login.epoch, portal.now()));
                        assert!(!live || facts.session.ended_at.is_none(), "ended is ended");
                        assert!(!live, "a session of {who} was revived");
                    }
                    for link in &login.links {
                        let facts = portal.store.link(world.id(), link.id, portal.now()).await.unwrap().unwrap();
                        assert_eq!(facts.link.state(portal.now()), portal_domain::link::LinkState::Dead);
                    }
                }
            }
        }
        assert!(sessions > 0, "histories reach open sessions");
    });
}

#[test]
fn a2_the_password_is_kept_only_if_confirmed_at_the_address_that_is_first_now() {
    run(async {
        let desk = Desk::with(&[("ada", "ada@smith.example")]).await;
        desk.onboard("ada", SECRET).await;
        desk.deactivate("ada").await.unwrap();
        let back = desk.reactivate("ada").await.unwrap();
        assert_eq!(
            (back.effects.password.code(), mails_of(&back)),
            ("kept", vec!["activation ada@smith.example".to_owned()])
        );
        assert!(desk.lets_in("ada@smith.example", SECRET).await);
        // Another address came on top meanwhile.
        desk.deactivate("ada").await.unwrap();
        desk.emails("ada", &["eve@jones.example"]).await.unwrap();
        let back = desk.reactivate("ada").await.unwrap();
        assert_eq!(
            (back.effects.password.code(), mails_of(&back)),
            ("ended", vec!["activation eve@jones.example".to_owned()])
        );
        assert!(!desk.lets_in("eve@jones.example", SECRET).await);
    });
}

#[test]
fn a3_while_another_is_behind_the_login_nothing_of_it_ends() {
    run(async {
        for way in ["deactivate", "move", "delete"] {
            let desk = Desk::with(&[("ada", "ada@smith.example"), ("bob", "ada@smith.example")]).await;
            let session = desk.onboard("ada", SECRET).await;
            desk.activate("bob").await.unwrap();
            assert_eq!(
                desk.profiles(&session).await,
                ["ada/acme", "bob/acme"],
                "who joins is seen at the next request"
            );
            desk.resend("ada").await.unwrap();
            let link = desk.newest_token().await;
            let left = match way {
                "deactivate" => desk.deactivate("bob").await,
                "move" => desk.emails("bob", &["bob@other.example"]).await,
                _ => desk.delete("bob").await,
            };
            let effects = left.unwrap().effects;
            assert_eq!((effects.links_ended, effects.sessions_ended), (0, 0));
            assert_eq!(desk.profiles(&session).await, ["ada/acme"]);
            assert_eq!(desk.link(&link).await, "usable");
            assert!(desk.lets_in("ada@smith.example", SECRET).await);
        }
    });
}

/// Wherever histories led: every grant sends one message, to the contact's own stored address.
#[test]
fn a4_every_grant_sends_exactly_one_message_to_the_contacts_own_address() {
    run(async {
        let (mut invited, mut announced) = (0, 0);
        for world in worlds(14).await {
            for (who, facts) in people(&world).await {
                if access(&facts) == Access::Granted {
                    continue;
                }
                let first = facts.contact.as_ref().and_then(|contact| contact.emails.first()).map(ToString::to_string);
                let Ok(granted) = ruled(world.portal.activate(&world.context, &who).await) else { continue };
                let [mail] = granted.effects.messages.as_slice() else { panic!("{:?}", granted.effects) };
                assert_eq!(Some(&mail.to), first.as_ref());
                let joined_password = granted.effects.password.code() == "shared";
                assert_eq!(mail.kind.code(), if joined_password { "access_added" } else { "activation" });
                invited += usize::from(!joined_password);
                announced += usize::from(joined_password);
            }
        }
        assert!(invited > 0 && announced > 0, "histories reach both: {invited} {announced}");
    });
}

/// Wherever histories led: the status is the first of A6 that holds.
#[test]
fn a6_the_status_is_the_first_that_holds() {
    run(async {
        let mut seen = std::collections::BTreeSet::new();
        for world in worlds(16).await.into_iter().chain(worlds(17).await) {
            let practice = world.portal.practice(&world.context).await.unwrap();
            let preview = portal_domain::usecase::CallContext { preview: true, ..world.context.clone() };
            for (who, facts) in people(&world).await {
                let part = portal_part(&practice, &facts, world.portal.now()).unwrap();
                let refused = code(&ruled(world.portal.activate(&preview, &who).await));
                let usable = facts.login.iter().flat_map(|login| &login.links).count() > 0;
                let password = facts.login.iter().any(|login| login.login.credential.is_some());
                let profile = facts.clients.iter().any(|client| !client.suspended);
                let expected = match (access(&facts), password) {
                    (Access::Deactivated, _) => "deactivated",
                    (Access::NotActivated, _) if ["practice_user_email", "login_email_taken"].contains(&refused) => {
                        "conflict"
                    }
                    (Access::NotActivated, _) => "not_activated",
                    (Access::Granted, false) if usable => "invited",
                    (Access::Granted, false) => "invitation_expired",
                    (Access::Granted, true) if profile => "active",
                    (Access::Granted, true) => "no_profile",
                };
                assert_eq!(part.status.code(), expected, "{who}: {facts:?}");
                seen.insert(expected);
            }
        }
        assert!(seen.len() >= 5, "histories reach most of them: {seen:?}");
    });
}

#[test]
fn a6_a_life_from_not_activated_to_active_and_out() {
    run(async {
        let desk = Desk::with(&[("ada", "ada@smith.example")]).await;
        assert_eq!(desk.status("ada").await, "not_activated");
        desk.activate("ada").await.unwrap();
        assert_eq!(desk.status("ada").await, "invited");
        desk.wait(7 * DAY - MINUTE);
        assert_eq!(desk.status("ada").await, "invited");
        desk.wait(MINUTE);
        assert_eq!(desk.status("ada").await, "invitation_expired");
        desk.resend("ada").await.unwrap();
        let token = desk.newest_token().await;
        desk.redeem(&token, SECRET).await.unwrap();
        assert_eq!(desk.status("ada").await, "active");
        let acme = super::desk::reference("acme");
        desk.fixture.portal.suspend_client(&desk.call, &acme, true).await.unwrap();
        assert_eq!(desk.status("ada").await, "no_profile");
        assert!(desk.lets_in("ada@smith.example", SECRET).await, "A5: it signs in and is told so");
        desk.deactivate("ada").await.unwrap();
        assert_eq!(desk.status("ada").await, "deactivated");
    });
}

#[test]
fn a7_deletion_ends_access_frees_the_key_and_keeps_the_journal() {
    run(async {
        let desk = Desk::with(&[("ada", "ada@smith.example")]).await;
        let session = desk.onboard("ada", SECRET).await;
        let before = desk.put("ada", &["ada@smith.example"]).await.contact.unwrap();
        let written = desk.written().await;
        let deleted = desk.delete("ada").await.unwrap();
        assert_eq!((deleted.effects.password.code(), deleted.effects.sessions_ended), ("ended", 1));
        assert_eq!(desk.written().await, (written.0 + 1, written.1), "an event, and no mail");
        assert!(!desk.valid(&session).await);
        assert!(!desk.lets_in("ada@smith.example", SECRET).await);
        desk.user("boss", "ada@smith.example").await.expect("the key is free");
        let boss = super::desk::reference("boss");
        ruled(desk.fixture.portal.delete_user(&desk.call, &boss).await).unwrap();
        // The same ref later is a new contact.
        let again = desk.put("ada", &["ada@smith.example"]).await;
        assert!(again.created && again.contact.unwrap().id != before.id);
        assert_eq!(desk.status("ada").await, "not_activated");
        assert_eq!(desk.activate("ada").await.unwrap().effects.password.code(), "none");
        assert!(desk.events().await.iter().any(|event| event.subject.contact == Some(before.id)));
    });
}

#[test]
fn a8_nobody_is_granted_access_without_an_address() {
    run(async {
        let desk = Desk::new().await;
        desk.put("ada", &["", " \u{a0}"]).await;
        assert_eq!(code(&desk.activate("ada").await), "no_email");
        desk.emails("ada", &["ada@smith.example"]).await.unwrap();
        desk.activate("ada").await.unwrap();
        desk.deactivate("ada").await.unwrap();
        desk.emails("ada", &[]).await.unwrap();
        desk.wait(HOUR);
        assert_eq!(code(&desk.reactivate("ada").await), "no_email");
        assert_eq!(code(&desk.activate("ada").await), "no_email");
        assert!(!desk.lets_in("ada@smith.example", OTHER).await);
    });
}

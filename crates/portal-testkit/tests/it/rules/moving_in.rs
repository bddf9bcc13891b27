use portal_domain::{
    login::Credential,
    password::ForeignHash,
    practice::SharedLogin,
    usecase::{CallContext, ContactAnswer},
};
use portal_testkit::conformance::run;

use super::desk::{Desk, OTHER, Ruled, SECRET, code, mails_of, names, reference, ruled};

const ADDRESS: &str = "ada@smith.example";
/// What it is a hash of is told to the hasher in memory; see the tests of the adapter for those that are.
const HASH: &str = "pbkdf2_sha256$20000$seasalt1$SRIG9WQxW2IPHVs6mD1H8DfWar6OppDVJtAmAcgfSFk=";
const ANOTHER: &str = "$2a$08$aTsUwsyowQuzRrDqFflhgekJ8d9/7Z3GV3UcgvzQW3J5zMyrTvlz.";
/// One that the hasher would keep.
const AS_GOOD: &str = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";

impl Desk {
    async fn import_as(&self, call: &CallContext, who: &str, hash: &str) -> Ruled<ContactAnswer> {
        ruled(self.fixture.portal.import_credential(call, &reference(who), hash).await)
    }

    async fn import(&self, who: &str, hash: &str) -> Ruled<ContactAnswer> {
        self.import_as(&self.call, who, hash).await
    }

    /// With Ada, who was activated, and whose password was hashed elsewhere.
    async fn moving_in(hash: &str) -> Self {
        let desk = Self::with(&[("ada", ADDRESS)]).await;
        desk.fixture.hasher.teach(hash, SECRET);
        desk.activate("ada").await.unwrap();
        desk
    }

    async fn credential(&self, who: &str) -> Option<Credential> {
        let (_, facts) = self.fixture.portal.contact(&self.call, &reference(who)).await.unwrap();
        facts.login.and_then(|login| login.login.credential)
    }
}

#[test]
fn p1_an_imported_hash_signs_in_and_is_replaced_at_the_first_sign_in() {
    run(async {
        for hash in [HASH, ANOTHER, AS_GOOD] {
            let desk = Desk::moving_in(hash).await;
            assert_eq!(desk.status("ada").await, "invited");
            let imported = desk.import("ada", hash).await.unwrap();
            assert!(imported.changed && mails_of(&imported).is_empty());
            assert_eq!(imported.effects.password.code(), "kept");
            assert_eq!((imported.effects.links_ended, imported.effects.sessions_ended), (0, 0));
            assert_eq!(desk.status("ada").await, "active");
            let before = desk.credential("ada").await.unwrap();
            assert_eq!((before.hash.as_str(), &before.confirmed_at), (hash, &None));
            assert!(!desk.lets_in(ADDRESS, OTHER).await);
            assert!(desk.credential("ada").await.unwrap() == before, "a wrong one changes nothing");
            assert!(desk.lets_in(ADDRESS, SECRET).await);
            let after = desk.credential("ada").await.unwrap();
            assert!(after.hash.as_str().starts_with("$plain$"), "it is one of ours");
            assert_eq!((after.id, &after.confirmed_at, after.set_at), (before.id, &None, before.set_at));
            // Once is enough.
            assert!(desk.lets_in(ADDRESS, SECRET).await && !desk.lets_in(ADDRESS, OTHER).await);
            assert!(desk.credential("ada").await.unwrap() == after);
        }
    });
}

#[test]
fn a1_the_same_hash_again_changes_nothing_before_and_after_the_first_sign_in() {
    run(async {
        let desk = Desk::moving_in(HASH).await;
        desk.import("ada", HASH).await.unwrap();
        for signed_in in [false, true] {
            if signed_in {
                assert!(desk.lets_in(ADDRESS, SECRET).await);
            }
            let (written, before) = (desk.written().await, desk.credential("ada").await);
            let again = desk.import("ada", HASH).await.unwrap();
            assert!(!again.changed && mails_of(&again).is_empty());
            assert_eq!(desk.written().await, written);
            assert!(desk.credential("ada").await == before, "the rehashed one is not set back");
        }
    });
}

#[test]
fn p1_an_import_never_replaces_a_password() {
    run(async {
        let desk = Desk::moving_in(HASH).await;
        desk.import("ada", HASH).await.unwrap();
        assert_eq!(code(&desk.import("ada", ANOTHER).await), "password_already_set");
        assert!(desk.lets_in(ADDRESS, SECRET).await);
        assert_eq!(code(&desk.import("ada", ANOTHER).await), "password_already_set");
        // Her own, by link.
        let token = desk.newest_token().await;
        desk.redeem(&token, OTHER).await.unwrap();
        assert_eq!(code(&desk.import("ada", HASH).await), "password_already_set");
        assert!(desk.lets_in(ADDRESS, OTHER).await && !desk.lets_in(ADDRESS, SECRET).await);
        // Her own, in a session.
        let desk = Desk::moving_in(HASH).await;
        desk.import("ada", HASH).await.unwrap();
        let session = desk.sign_in(ADDRESS, SECRET).await.unwrap();
        desk.change(&session, SECRET, OTHER).await.unwrap();
        assert_eq!(code(&desk.import("ada", HASH).await), "password_already_set");
        assert_eq!(desk.credential("ada").await.unwrap().confirmed_at, None, "P3: confirmed where the one before was");
    });
}

#[test]
fn l3_an_import_kills_no_link() {
    run(async {
        let desk = Desk::moving_in(HASH).await;
        let token = desk.newest_token().await;
        desk.import("ada", HASH).await.unwrap();
        assert!(desk.lets_in(ADDRESS, SECRET).await);
        assert_eq!(desk.link(&token).await, "usable");
        desk.redeem(&token, OTHER).await.unwrap();
        assert!(desk.lets_in(ADDRESS, OTHER).await && !desk.lets_in(ADDRESS, SECRET).await);
        let confirmed = desk.credential("ada").await.and_then(|credential| credential.confirmed_at);
        assert_eq!(confirmed.map(|key| key.as_str().to_owned()).as_deref(), Some(ADDRESS));
    });
}

/// In either order: nobody comes to share papers with a password that was proven nowhere.
#[test]
fn c3_a_shared_login_gets_no_imported_password_and_one_with_it_is_not_joined() {
    run(async {
        let desk = Desk::moving_in(HASH).await;
        desk.put("bob", &[ADDRESS]).await;
        desk.activate("bob").await.unwrap();
        let refused = desk.import("ada", HASH).await;
        assert_eq!(code(&refused), "login_email_taken");
        let portal_domain::Refusal::LoginEmailTaken { contacts } = refused.unwrap_err() else { unreachable!() };
        assert_eq!(names(&contacts), "bob");
        assert_eq!(desk.credential("ada").await, None);
        // Alone again, she can move in.
        desk.deactivate("bob").await.unwrap();
        desk.import("ada", HASH).await.unwrap();
        assert_eq!(code(&desk.reactivate("bob").await), "login_email_taken");
        assert!(desk.lets_in(ADDRESS, SECRET).await, "a sign-in proves no mailbox");
        assert_eq!(code(&desk.reactivate("bob").await), "login_email_taken");
        // A link that was mailed there does.
        desk.resend("ada").await.unwrap();
        let token = desk.newest_token().await;
        desk.redeem(&token, OTHER).await.unwrap();
        assert_eq!(desk.reactivate("bob").await.unwrap().effects.password.code(), "shared");
        desk.settings(|settings| settings.shared_login = SharedLogin::Refuse).await;
        assert_eq!(code(&desk.import("ada", HASH).await), "password_already_set");
    });
}

#[test]
fn p1_an_import_is_refused_without_access_and_by_the_hash_before_that() {
    run(async {
        let desk = Desk::with(&[("ada", ADDRESS)]).await;
        assert_eq!(code(&desk.import("nobody", HASH).await), "not_found");
        assert_eq!(code(&desk.import("nobody", "nonsense").await), "not_found");
        assert_eq!(code(&desk.import("ada", "nonsense").await), "invalid_hash");
        assert_eq!(code(&desk.import("ada", HASH).await), "not_activated");
        desk.activate("ada").await.unwrap();
        desk.import("ada", HASH).await.unwrap();
        assert_eq!(code(&desk.import("ada", "nonsense").await), "invalid_hash");
        desk.deactivate("ada").await.unwrap();
        assert_eq!(code(&desk.import("ada", HASH).await), "portal_deactivated");
        assert!(!desk.lets_in(ADDRESS, SECRET).await);
    });
}

#[test]
fn a2_an_imported_password_is_confirmed_nowhere_and_ends_with_the_access() {
    run(async {
        let desk = Desk::moving_in(HASH).await;
        desk.import("ada", HASH).await.unwrap();
        assert!(desk.lets_in(ADDRESS, SECRET).await);
        desk.deactivate("ada").await.unwrap();
        let back = desk.reactivate("ada").await.unwrap();
        assert_eq!(back.effects.password.code(), "ended");
        assert_eq!(mails_of(&back), [format!("activation {ADDRESS}")]);
        assert!(!desk.lets_in(ADDRESS, SECRET).await);
        // It can move in once more.
        assert!(desk.import("ada", HASH).await.unwrap().changed);
        assert!(desk.lets_in(ADDRESS, SECRET).await);
    });
}

#[test]
fn m2_an_imported_password_goes_with_a_move_and_ends_with_one_back() {
    run(async {
        let desk = Desk::moving_in(HASH).await;
        desk.import("ada", HASH).await.unwrap();
        let moved = desk.emails("ada", &["ada@new.example"]).await.unwrap();
        assert_eq!(moved.effects.password.code(), "kept");
        assert!(desk.lets_in("ada@new.example", SECRET).await && !desk.lets_in(ADDRESS, SECRET).await);
        let back = desk.emails("ada", &[ADDRESS]).await.unwrap();
        assert_eq!(back.effects.password.code(), "ended");
        assert!(!desk.lets_in(ADDRESS, SECRET).await);
    });
}

#[test]
fn m7_a_preview_of_an_import_says_what_it_does_and_does_nothing() {
    run(async {
        let desk = Desk::moving_in(HASH).await;
        let written = desk.written().await;
        let preview = CallContext { preview: true, ..desk.call.clone() };
        let would = desk.import_as(&preview, "ada", HASH).await.unwrap();
        assert_eq!((desk.written().await, desk.credential("ada").await), (written, None));
        let did = desk.import("ada", HASH).await.unwrap();
        assert_eq!((would.changed, would.effects), (did.changed, did.effects));
    });
}

#[test]
fn j1_an_import_writes_one_event_with_the_scheme_and_never_the_hash() {
    run(async {
        for (hash, scheme) in [(HASH, "django_pbkdf2"), (ANOTHER, "bcrypt"), (AS_GOOD, "argon2")] {
            let desk = Desk::moving_in(hash).await;
            let (events, mails) = desk.written().await;
            desk.import("ada", hash).await.unwrap();
            assert_eq!(desk.written().await, (events + 1, mails));
            let event = desk.events().await.pop().expect("an event");
            assert_eq!(event.kind, "contact.credential_imported");
            assert_eq!(event.facts.get("scheme").map(String::as_str), Some(scheme));
            let all = format!("{:?}", desk.events().await);
            assert!(!all.contains(&hash[hash.len() - 12..]), "S10");
            assert!(ForeignHash::parse(hash).is_ok());
        }
    });
}

/// G1: the browser that signed in with the imported password stays known, since a rehash is no new password.
#[test]
fn g1_a_rehash_leaves_the_browser_known() {
    run(async {
        use portal_domain::{browser::KnownTo, usecase::SignInInput};
        let desk = Desk::moving_in(HASH).await;
        desk.import("ada", HASH).await.unwrap();
        let input = SignInInput { email: ADDRESS, password: SECRET, user_agent: None, presented: None, known: None };
        let signed_in = desk.fixture.portal.sign_in(&desk.call, &input).await.unwrap();
        let credential = desk.credential("ada").await.unwrap();
        assert_ne!(credential.hash.as_str(), HASH);
        let known = KnownTo { practice: desk.call.practice, login: signed_in.session.login, credential: credential.id };
        assert!(known.recognise(&desk.fixture.portal.tokens, &signed_in.known).is_some());
    });
}

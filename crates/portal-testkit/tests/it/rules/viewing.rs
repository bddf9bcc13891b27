//! V1: staff look at the portal as a contact sees it.

use portal_domain::{
    event::Caller,
    practice::Role,
    session::WorkspaceToken,
    usecase::{CallContext, PutUserInput},
    viewing::{Reason, VIEW_LASTS, ViewToken},
};
use portal_testkit::conformance::run;

use super::desk::{Desk, HOUR, MINUTE, Ruled, code, reference, ruled};

/// An office with the admin `boss`, `sam` of the staff, and `ada` with access.
struct Office {
    desk: Desk,
    boss: WorkspaceToken,
    sam: WorkspaceToken,
}

impl Office {
    async fn new() -> Self {
        let desk = Desk::with(&[("ada", "ada@client.example")]).await;
        for (who, role) in [("boss", Role::Admin), ("sam", Role::Staff)] {
            put(&desk, who, role).await;
        }
        desk.activate("ada").await.expect("access");
        let (boss, sam) = (enter(&desk, "boss").await, enter(&desk, "sam").await);
        Self { desk, boss, sam }
    }

    async fn look(&self, who: &WorkspaceToken, contact: &str, client: &str) -> Ruled<ViewToken> {
        let reason = Reason::parse("rang: can't find it").expect("a reason");
        let profile = (&reference(contact), &reference(client));
        ruled(self.desk.fixture.portal.open_viewing(&self.desk.call, who, profile, &reason, None).await)
    }

    /// What the look shows: contact and client; nothing where it is over.
    async fn shown(&self, look: &ViewToken) -> Option<(String, String)> {
        let view = ruled(self.desk.fixture.portal.viewing(&self.desk.call, look).await);
        if view.is_err() {
            assert_eq!(code(&view), "unauthorized");
        }
        view.ok().map(|view| (view.contact.name, view.client.name))
    }

    async fn allow(&self, who: &str, wanted: bool) -> bool {
        let context = CallContext { caller: Caller::Program, ..self.desk.call.clone() };
        ruled(self.desk.fixture.portal.grant_viewing(&context, &reference(who), wanted).await).expect("known")
    }

    async fn told(&self, kind: &str) -> Vec<portal_domain::event::RecordedEvent> {
        self.desk.events().await.into_iter().filter(|event| event.kind == kind).collect()
    }
}

async fn put(desk: &Desk, who: &str, role: Role) {
    let (name, email) = (format!("The {who}"), format!("{who}@elm.example"));
    let input = PutUserInput { reference: reference(who), name, email, role };
    ruled(desk.fixture.portal.put_user(&desk.call, &input).await).expect("a user is put");
}

async fn enter(desk: &Desk, who: &str) -> WorkspaceToken {
    let opened = desk.fixture.portal.open_workspace_session(&desk.call, &reference(who), None, None).await;
    ruled(opened).expect("a session").token
}

#[test]
fn v1_only_an_admin_or_whom_one_has_allowed_may_look() {
    run(async {
        let office = Office::new().await;
        assert_eq!(code(&office.look(&office.sam, "ada", "acme").await), "not_found");
        assert!(office.shown(&office.look(&office.boss, "ada", "acme").await.expect("a look")).await.is_some());
        assert!(office.allow("sam", true).await && !office.allow("sam", true).await);
        let look = office.look(&office.sam, "ada", "acme").await.expect("a look");
        assert_eq!(office.shown(&look).await, Some(("The ada".to_owned(), "Acme".to_owned())));
        assert!(office.allow("sam", false).await && !office.allow("sam", false).await);
        assert_eq!(office.shown(&look).await, None, "what is taken back is over at once");
        assert_eq!(office.told("user.view_as_granted").await.len(), 1);
        assert_eq!(office.told("user.view_as_revoked").await.len(), 1);
        let stranger = WorkspaceToken::from_entropy([9; 32]);
        assert_eq!(code(&office.look(&stranger, "ada", "acme").await), "unauthorized");
    });
}

#[test]
fn v1_what_the_contact_can_not_see_is_not_shown() {
    run(async {
        let office = Office::new().await;
        office.desk.put("bob", &["bob@client.example"]).await;
        assert_eq!(code(&office.look(&office.boss, "bob", "acme").await), "not_activated");
        assert_eq!(code(&office.look(&office.boss, "nobody", "acme").await), "not_found");
        assert_eq!(code(&office.look(&office.boss, "ada", "other").await), "not_found");
        let look = office.look(&office.boss, "ada", "acme").await.expect("a look");
        let portal = &office.desk.fixture.portal;
        for suspended in [true, false] {
            ruled(portal.suspend_client(&office.desk.call, &reference("acme"), suspended).await).expect("a client");
            assert_eq!(office.shown(&look).await.is_none(), suspended, "A5");
        }
        office.desk.deactivate("ada").await.expect("done");
        assert_eq!(office.shown(&look).await, None);
        assert_eq!(code(&office.look(&office.boss, "ada", "acme").await), "portal_deactivated");
    });
}

#[test]
fn v1_a_look_is_over_after_half_an_hour_and_nothing_prolongs_it() {
    run(async {
        let office = Office::new().await;
        let look = office.look(&office.boss, "ada", "acme").await.expect("a look");
        let portal = &office.desk.fixture.portal;
        for _ in 0..2 {
            office.desk.wait(VIEW_LASTS / 2 - MINUTE / 4);
            ruled(portal.use_workspace_session(&office.desk.call, &office.boss).await).expect("at work");
            assert!(office.shown(&look).await.is_some());
        }
        office.desk.wait(MINUTE / 2);
        assert_eq!(office.shown(&look).await, None);
        office.desk.set_back(HOUR);
        assert_eq!(office.shown(&look).await, None, "N13: a clock that is set back lengthens nothing");
    });
}

#[test]
fn v1_a_look_is_over_with_the_session_of_the_workspace() {
    run(async {
        for how in ["left", "demoted", "removed", "idle"] {
            let office = Office::new().await;
            put(&office.desk, "vic", Role::Admin).await;
            let vic = enter(&office.desk, "vic").await;
            let look = office.look(&vic, "ada", "acme").await.expect("a look");
            let (portal, call) = (&office.desk.fixture.portal, &office.desk.call);
            match how {
                "left" => assert!(ruled(portal.leave_workspace(call, &vic).await).expect("answered")),
                "demoted" => put(&office.desk, "vic", Role::Staff).await,
                "removed" => ruled(portal.delete_user(call, &reference("vic")).await).expect("removed"),
                _ => {
                    office.desk.settings(|settings| settings.session_idle_minutes = 5).await;
                    ruled(portal.use_workspace_session(call, &office.boss).await).expect("at work");
                    office.desk.wait(MINUTE);
                    ruled(portal.use_workspace_session(call, &vic).await).expect("at work");
                    office.desk.wait(5 * MINUTE);
                }
            }
            assert_eq!(office.shown(&look).await, None, "{how}");
            ruled(portal.end_viewing(call, &look).await).expect("answered");
            assert_eq!(office.told("view_as.ended").await.len(), 0, "{how}: it was over, and nobody ended it");
        }
    });
}

#[test]
fn v1_s8_a_look_leaves_every_session_as_it_was() {
    run(async {
        let office = Office::new().await;
        let (store, practice) = (&office.desk.fixture.store, office.desk.call.practice);
        let row = async || store.workspace_session(practice, &office.boss.hash()).await.expect("answered");
        let client =
            async || office.desk.fixture.portal.contact(&office.desk.call, &reference("ada")).await.expect("ada");
        let before = (row().await, client().await);
        let look = office.look(&office.boss, "ada", "acme").await.expect("a look");
        office.shown(&look).await.expect("shown");
        let portal = &office.desk.fixture.portal;
        let ended = ruled(portal.end_viewing(&office.desk.call, &look).await).expect("answered");
        assert_eq!(ended, Some(reference("ada")));
        assert_eq!(office.shown(&look).await, None);
        assert_eq!((row().await, client().await), before);
        // Ending again ends nothing, and tells nothing.
        ruled(portal.end_viewing(&office.desk.call, &look).await).expect("answered");
        assert_eq!(office.told("view_as.ended").await.len(), 1);
    });
}

#[test]
fn v1_a_look_is_told_with_who_whom_and_why_and_erased_with_the_contact() {
    run(async {
        let office = Office::new().await;
        let look = office.look(&office.boss, "ada", "acme").await.expect("a look");
        let told = office.told("view_as.opened").await;
        let personal = told[0].personal.clone().expect("there");
        assert_eq!(personal.get("reason").map(String::as_str), Some("rang: can't find it"));
        assert!(told[0].subject.contact.is_some() && told[0].subject.user.is_some());
        assert!(!told[0].facts.values().any(|fact| fact.contains("rang")), "J1: what is personal stands apart");
        let portal = &office.desk.fixture.portal;
        ruled(portal.erase_contact(&office.desk.call, &reference("ada")).await).expect("erased");
        assert_eq!(office.told("view_as.opened").await[0].personal, None, "J3");
        assert_eq!(office.shown(&look).await, None);
    });
}

#[test]
fn v1_a_look_stays_inside_its_practice_and_a_new_one_ends_the_one_before() {
    run(async {
        let office = Office::new().await;
        let first = office.look(&office.boss, "ada", "acme").await.expect("a look");
        let other = office.desk.beside("oak").await;
        let view = ruled(other.fixture.portal.viewing(&other.call, &first).await);
        assert_eq!(code(&view), "unauthorized");
        let (portal, call) = (&office.desk.fixture.portal, &office.desk.call);
        let reason = Reason::parse("again, please").expect("a reason");
        let profile = (&reference("ada"), &reference("acme"));
        let second = portal.open_viewing(call, &office.boss, profile, &reason, Some(&first)).await;
        assert!(office.shown(&ruled(second).expect("a look")).await.is_some());
        assert_eq!(office.shown(&first).await, None);
        assert_eq!(office.told("view_as.ended").await[0].facts.get("why").map(String::as_str), Some("replaced"));
    });
}

use portal_domain::{
    change::{Change, Which},
    decide::{self, Moment},
    event::Caller,
    facts::{UserFacts, UserQuery, WorkspaceSessionFacts},
    id::Ids,
    port::Commit,
    practice::{PracticeUser, Role},
    session::{SessionHash, SessionToken, WorkspaceSessionHash, WorkspaceToken},
    usecase::{CallContext, PutUserInput},
};
use portal_testkit::{build, conformance::run};

use super::desk::{DAY, Desk, HOUR, MINUTE, OTHER, Ruled, SECRET, code, reference, ruled};

const HOME: &str = "ada@client.example";

/// A desk with an admin `boss` who stays, and the admin `uma`.
async fn office() -> Desk {
    let desk = Desk::with(&[("ada", HOME)]).await;
    for who in ["boss", "uma"] {
        put(&desk, who, Role::Admin).await;
    }
    desk
}

async fn put(desk: &Desk, who: &str, role: Role) {
    let input = PutUserInput {
        reference: reference(who),
        name: format!("The {who}"),
        email: format!("{who}@elm.example"),
        role,
    };
    ruled(desk.fixture.portal.put_user(&desk.call, &input).await).expect("a user is put");
}

async fn enter(desk: &Desk, who: &str, presented: Option<&WorkspaceToken>) -> Ruled<WorkspaceToken> {
    let agent = Some("Browser\u{7}/3".to_owned());
    let opened = desk.fixture.portal.open_workspace_session(&desk.call, &reference(who), agent, presented).await;
    ruled(opened).map(|opened| opened.token)
}

async fn leave(desk: &Desk, token: &WorkspaceToken) -> bool {
    ruled(desk.fixture.portal.leave_workspace(&desk.call, token).await).expect("always answered")
}

async fn touch(desk: &Desk, token: &WorkspaceToken) -> Ruled<()> {
    ruled(desk.fixture.portal.use_workspace_session(&desk.call, token).await).map(drop)
}

async fn facts(desk: &Desk, token: &WorkspaceToken) -> Option<WorkspaceSessionFacts> {
    desk.fixture.portal.store.workspace_session(desk.call.practice, &token.hash()).await.expect("the store answers")
}

/// Who signed in and as what, where the session is valid.
async fn within(desk: &Desk, token: &WorkspaceToken) -> Option<(String, Role)> {
    let view = desk.fixture.portal.peek_workspace_session(&desk.call, token).await.expect("always answered");
    view.map(|view| (view.user.reference.as_str().to_owned(), view.user.role))
}

fn moment(desk: &Desk, seed: u8) -> Moment {
    Moment {
        now: desk.fixture.portal.now(),
        ids: Ids::from_seed([seed; 32]),
        signed_with: build::signing_key(),
        caller: Caller::Anyone,
        origin: None,
    }
}

async fn user_facts(desk: &Desk, who: &str) -> UserFacts {
    let query = UserQuery { user: reference(who), key: Some(build::key(&format!("{who}@elm.example"))) };
    let portal = &desk.fixture.portal;
    portal.store.user(desk.call.practice, &query, portal.now()).await.expect("the store answers")
}

#[test]
fn p3_a_workspace_session_ends_exactly_at_its_idle_and_its_absolute_limit() {
    run(async {
        let desk = office().await;
        let session = enter(&desk, "uma", None).await.unwrap();
        let instant = std::time::Duration::from_micros(1);
        desk.wait(30 * MINUTE - instant);
        assert!(within(&desk, &session).await.is_some());
        desk.wait(instant);
        assert_eq!(within(&desk, &session).await, None, "idle for thirty minutes");
        assert_eq!(code(&touch(&desk, &session).await), "unauthorized", "nothing revives it");
        desk.settings(|settings| settings.session_idle_minutes = 1440).await;
        assert_eq!(within(&desk, &session).await, None, "no setting either");

        desk.settings(|settings| settings.session_idle_minutes = 30).await;
        let session = enter(&desk, "uma", None).await.unwrap();
        for _ in 0..48 {
            touch(&desk, &session).await.unwrap();
            desk.wait(15 * MINUTE - instant);
        }
        touch(&desk, &session).await.expect("used all the time");
        desk.wait(48 * instant);
        assert_eq!(within(&desk, &session).await, None, "twelve hours old");
    });
}

/// No jump of the clock lengthens a session of the workspace either.
#[test]
fn p3_a_workspace_session_that_was_used_in_the_future_is_not_valid() {
    run(async {
        let desk = office().await;
        let token = enter(&desk, "uma", None).await.unwrap();
        desk.set_back(2 * MINUTE);
        assert!(within(&desk, &token).await.is_some(), "clocks of instances may be apart");
        desk.set_back(MINUTE);
        assert!(within(&desk, &token).await.is_none(), "begun in the future");
        desk.wait(23 * MINUTE);
        touch(&desk, &token).await.unwrap();
        desk.set_back(20 * MINUTE);
        assert!(within(&desk, &token).await.is_none(), "used in the future");
    });
}

#[test]
fn p3_use_of_the_workspace_is_noted_once_a_minute() {
    run(async {
        let desk = office().await;
        let session = enter(&desk, "uma", None).await.unwrap();
        let began = desk.fixture.portal.now();
        desk.wait(MINUTE - std::time::Duration::from_micros(1));
        touch(&desk, &session).await.unwrap();
        assert_eq!(facts(&desk, &session).await.unwrap().session.last_seen_at, began);
        desk.wait(std::time::Duration::from_micros(1));
        touch(&desk, &session).await.unwrap();
        let noted = facts(&desk, &session).await.unwrap().session;
        assert_eq!((noted.last_seen_at, noted.idle_until), (began.after(MINUTE), began.after(31 * MINUTE)));
    });
}

/// A new id at every sign-in: what the browser had ends with the same commit, whoever's it was, and once.
#[test]
fn p3_entering_the_workspace_replaces_the_session_that_the_browser_had() {
    run(async {
        let desk = office().await;
        let first = enter(&desk, "uma", None).await.unwrap();
        let elsewhere = enter(&desk, "uma", None).await.unwrap();
        let second = enter(&desk, "uma", Some(&first)).await.unwrap();
        assert_eq!(within(&desk, &first).await, None);
        let third = enter(&desk, "boss", Some(&second)).await.unwrap();
        assert_eq!(within(&desk, &second).await, None);
        assert_eq!(within(&desk, &third).await, Some(("boss".to_owned(), Role::Admin)));
        assert_eq!(within(&desk, &elsewhere).await, Some(("uma".to_owned(), Role::Admin)));
        assert_eq!(code(&enter(&desk, "nobody", Some(&third)).await), "not_found");
        assert!(within(&desk, &third).await.is_some(), "what is refused ends nothing");

        let (presented, boss) = (facts(&desk, &third).await, user_facts(&desk, "boss").await.user);
        let mut answers = Vec::new();
        for seed in [1, 2] {
            let command = decide::OpenWorkspace { hash: WorkspaceSessionHash([seed; 32]), user_agent: None };
            let (practice, moment) = (&desk.fixture.practice, &mut moment(&desk, seed));
            let decided = decide::open_workspace_session(practice, boss.as_ref(), presented.as_ref(), &command, moment);
            let decision = decided.unwrap().decision;
            let store = &desk.fixture.portal.store;
            answers.push(store.commit(desk.call.practice, &[decision], None).await.unwrap());
        }
        assert_eq!(answers, [Commit::Committed, Commit::Conflict]);
    });
}

/// What is stored of a token is no token, and of the same bytes each area stores something else.
#[test]
fn p4_the_digests_of_the_two_areas_never_meet() {
    run(async {
        let desk = office().await;
        let staff = enter(&desk, "uma", None).await.unwrap();
        let client = desk.onboard("ada", SECRET).await;
        let (store, practice) = (&desk.fixture.portal.store, desk.call.practice);
        let same_text = WorkspaceToken::parse(&client.reveal()).expect("of the same form");
        assert_eq!(store.workspace_session(practice, &same_text.hash()).await, Ok(None));
        assert_eq!(store.workspace_session(practice, &WorkspaceSessionHash(client.hash().0)).await, Ok(None));
        let same_text = SessionToken::parse(&staff.reveal()).expect("of the same form");
        let now = desk.fixture.portal.now();
        assert_eq!(store.session(practice, &same_text.hash(), now).await, Ok(None));
        assert_eq!(store.session(practice, &SessionHash(staff.hash().0), now).await, Ok(None));
        let stored = format!("{:?}", facts(&desk, &staff).await.unwrap().session);
        assert!(!stored.contains(&staff.reveal()));
        assert_eq!(facts(&desk, &staff).await.unwrap().session.user_agent.as_deref(), Some("Browser/3"));
    });
}

/// Whatever happens in the one area, sign-out everywhere and a new password included, the other does not notice.
#[test]
fn p4_what_happens_in_one_area_leaves_the_other() {
    run(async {
        let desk = office().await;
        let client = desk.onboard("ada", SECRET).await;
        let staff = enter(&desk, "uma", None).await.unwrap();
        let before = facts(&desk, &staff).await;
        let fresh = desk.change(&client, SECRET, OTHER).await.unwrap();
        desk.resend("ada").await.unwrap();
        let link = desk.newest_token().await;
        desk.redeem(&link, SECRET).await.unwrap();
        assert!(!desk.valid(&fresh).await);
        let client = desk.sign_in(HOME, SECRET).await.unwrap();
        desk.deactivate("ada").await.unwrap();
        assert_eq!(facts(&desk, &staff).await, before);

        desk.reactivate("ada").await.unwrap();
        assert!(!desk.valid(&client).await);
        let client = desk.sign_in(HOME, SECRET).await.unwrap();
        let portal = &desk.fixture.portal;
        let hash = client.hash();
        let session = async || portal.store.session(desk.call.practice, &hash, portal.now()).await.unwrap();
        let before = session().await;
        let other = enter(&desk, "boss", Some(&staff)).await.unwrap();
        assert!(leave(&desk, &other).await);
        put(&desk, "uma", Role::Staff).await;
        ruled(portal.delete_user(&desk.call, &reference("uma")).await).unwrap();
        assert_eq!(session().await, before);
    });
}

/// A token opens the workspace of its own practice and no other, and can't end anything there.
#[test]
fn p4_a_workspace_session_is_of_one_practice() {
    run(async {
        let desk = office().await;
        let session = enter(&desk, "uma", None).await.unwrap();
        let portal = &desk.fixture.portal;
        let slug = portal_domain::id::Slug::parse("oak").unwrap();
        let oak = portal.create_practice(&desk.call, &slug, "Oak").await.unwrap();
        let there = CallContext { practice: oak.id, ..desk.call.clone() };
        assert!(portal.peek_workspace_session(&there, &session).await.unwrap().is_none());
        assert!(portal.use_workspace_session(&there, &session).await.is_err());
        assert!(!portal.leave_workspace(&there, &session).await.unwrap());
        let unknown = portal.open_workspace_session(&there, &reference("uma"), None, Some(&session)).await;
        assert_eq!(code(&ruled(unknown)), "not_found");
        assert!(within(&desk, &session).await.is_some());
    });
}

#[test]
fn w2_demoting_or_removing_ends_their_sessions_and_nobody_else_s() {
    run(async {
        let desk = office().await;
        let sessions = [enter(&desk, "uma", None).await.unwrap(), enter(&desk, "uma", None).await.unwrap()];
        let other = enter(&desk, "boss", None).await.unwrap();
        put(&desk, "uma", Role::Staff).await;
        for session in &sessions {
            assert_eq!(within(&desk, session).await, None);
            assert_eq!(code(&touch(&desk, session).await), "unauthorized");
            assert_eq!(facts(&desk, session).await.unwrap().session.ended_at, Some(desk.fixture.portal.now()));
        }
        let session = enter(&desk, "uma", None).await.unwrap();
        assert_eq!(within(&desk, &session).await, Some(("uma".to_owned(), Role::Staff)));
        put(&desk, "uma", Role::Admin).await;
        assert_eq!(within(&desk, &session).await, Some(("uma".to_owned(), Role::Admin)), "promotion ends nothing");
        let told: Vec<_> = desk.events().await.into_iter().filter(|event| event.kind == "user.changed").collect();
        let ended = |index: usize| told[index].facts.get("workspace_sessions").map(String::as_str);
        assert_eq!((ended(0), ended(1)), (Some("ended"), None));
        ruled(desk.fixture.portal.delete_user(&desk.call, &reference("uma")).await).unwrap();
        assert_eq!(within(&desk, &session).await, None);
        assert!(within(&desk, &other).await.is_some());
        // The same reference later is a new user, whom the old session does not let in.
        put(&desk, "uma", Role::Admin).await;
        assert_eq!(within(&desk, &session).await, None);
    });
}

/// The last admin can't be demoted or removed, and a refused command ends no session.
#[test]
fn w2_a_refused_demotion_ends_nothing() {
    run(async {
        let desk = Desk::new().await;
        put(&desk, "boss", Role::Admin).await;
        let session = enter(&desk, "boss", None).await.unwrap();
        let input = PutUserInput {
            reference: reference("boss"),
            name: "The boss".to_owned(),
            email: "boss@elm.example".to_owned(),
            role: Role::Staff,
        };
        let portal = &desk.fixture.portal;
        assert_eq!(code(&ruled(portal.put_user(&desk.call, &input).await)), "last_admin");
        assert_eq!(code(&ruled(portal.delete_user(&desk.call, &reference("boss")).await)), "last_admin");
        assert!(within(&desk, &session).await.is_some());
    });
}

/// Sessions end with the same decision, and one that is opened meanwhile on the old picture is a conflict.
#[test]
fn w2_no_session_is_opened_on_what_was_before_a_demotion() {
    run(async {
        let desk = office().await;
        let seen = user_facts(&desk, "uma").await;
        let uma = seen.user.clone().expect("uma is there");
        let all = Change::EndWorkspaceSessions { user: uma.id, which: Which::All, at: desk.fixture.portal.now() };
        let removal = decide::delete_user(&seen, &mut moment(&desk, 1)).unwrap().decision;
        assert!(removal.changes.contains(&all), "not left to the database alone");
        let staff = decide::PutUser {
            reference: reference("uma"),
            name: "The uma".to_owned(),
            email: build::email("uma@elm.example"),
            role: Role::Staff,
        };
        let demotion = decide::put_user(&seen, &staff, &mut moment(&desk, 2)).unwrap().decision;
        assert!(demotion.changes.contains(&all));
        let rename = decide::PutUser { name: "Uma".to_owned(), role: Role::Admin, ..staff };
        let rename = decide::put_user(&seen, &rename, &mut moment(&desk, 3)).unwrap().decision;
        assert!(!rename.changes.contains(&all));

        let open = |user: &PracticeUser| {
            let command = decide::OpenWorkspace { hash: WorkspaceSessionHash([9; 32]), user_agent: None };
            let (practice, moment) = (&desk.fixture.practice, &mut moment(&desk, 4));
            decide::open_workspace_session(practice, Some(user), None, &command, moment).unwrap().decision
        };
        let store = &desk.fixture.portal.store;
        assert_eq!(store.commit(desk.call.practice, &[demotion], None).await, Ok(Commit::Committed));
        assert_eq!(store.commit(desk.call.practice, &[open(&uma)], None).await, Ok(Commit::Conflict));
    });
}

#[test]
fn j1_workspace_sessions_are_told_with_their_user_and_where_they_came_from_is_personal() {
    run(async {
        let desk = office().await;
        let portal = &desk.fixture.portal;
        let from = CallContext { origin: Some("192.0.2.9".to_owned()), ..desk.call.clone() };
        let uma = user_facts(&desk, "uma").await.user.unwrap().id;
        let before = desk.events().await.len();
        let opened = portal.open_workspace_session(&from, &reference("uma"), None, None).await.unwrap();
        let next = portal.open_workspace_session(&from, &reference("uma"), None, Some(&opened.token)).await.unwrap();
        desk.wait(HOUR / 4);
        portal.use_workspace_session(&from, &next.token).await.unwrap();
        assert!(portal.leave_workspace(&from, &next.token).await.unwrap());
        assert!(!portal.leave_workspace(&from, &next.token).await.unwrap(), "once");
        desk.wait(DAY);
        let events = desk.events().await.split_off(before);
        let kinds: Vec<_> = events.iter().map(|event| event.kind.as_str()).collect();
        let (began, ended) = ("workspace.session_opened", "workspace.session_ended");
        assert_eq!(kinds, [began, ended, began, ended]);
        for event in &events {
            assert_eq!((event.subject.user, event.subject.login, &event.origin), (Some(uma), None, &None));
            assert_eq!(event.personal.as_ref().unwrap()["origin"], "192.0.2.9");
        }
        assert_eq!(events[3].facts["session"], next.session.id.to_string());
        assert_eq!((&*events[1].facts["why"], &*events[3].facts["why"]), ("replaced", "left"));
        assert!(events.iter().all(|event| !format!("{event:?}").contains(&next.token.reveal())));
    });
}

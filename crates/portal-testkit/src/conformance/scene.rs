use std::sync::Arc;

use portal_domain::{
    change::Decision,
    contact::Contact,
    email::LoginKey,
    event::RecordedEvent,
    facts::{
        ContactFacts, ContactQuery, ContactSelector, LinkFacts, LoginFacts, SessionFacts, UserFacts, UserQuery,
        WorkspaceSessionFacts,
    },
    id::PracticeId,
    login::Login,
    message::Delivery,
    port::{Commit, Journal, Page, PortalStore, PortalViews, PracticeSelector, Receipt},
    practice::{Client, Practice},
    throttle::{TryMark, TryMarks},
    time::Timestamp,
};

use super::{FullStore, Harness};
use crate::build::{self, NOON, Plan};

/// A practice in a store, and what laws do with it. Whatever the store can't answer is a panic.
#[derive(Clone)]
pub(super) struct Scene {
    pub(super) store: Arc<dyn FullStore>,
    pub(super) id: PracticeId,
}

pub(super) const EVERYTHING: Page<i64> = Page { after: None, limit: 10_000 };

impl Scene {
    /// Creates a practice.
    pub(super) async fn set(harness: &Harness, slug: &str) -> Self {
        let practice = build::practice(slug);
        let scene = Self { store: Arc::clone(&harness.store), id: practice.id };
        scene.write(Plan::new().put_practice(&practice)).await;
        scene
    }

    /// The marks of tries in the practice.
    pub(super) fn marks(&self) -> TryMarks {
        build::try_marks(self.id)
    }

    /// The mark of tries at an address.
    pub(super) fn mark(&self, address: &str) -> TryMark {
        self.marks().newest(&build::key(address))
    }

    /// The marks of tries in the practice, after the program got a newer key.
    pub(super) fn marks_after_rotation(&self) -> TryMarks {
        TryMarks::new(&build::rotated_tokens(), self.id)
    }

    /// The same practice, seen by the instance whose turn it is.
    pub(super) fn turn(&self, harness: &Harness, number: usize) -> Self {
        Self { store: harness.turn(number), id: self.id }
    }

    pub(super) async fn commit(&self, decisions: &[Decision], receipt: Option<&Receipt>) -> Commit {
        self.store.commit(self.id, decisions, receipt).await.expect("the store commits or says conflict")
    }

    pub(super) async fn offer(&self, plan: impl Into<Decision>) -> Commit {
        self.commit(&[plan.into()], None).await
    }

    /// Commits, as often as the store can't put it in line with others.
    pub(super) async fn insist(&self, plan: impl Into<Decision>) {
        let decision = plan.into();
        for _ in 0..200 {
            if self.commit(std::slice::from_ref(&decision), None).await == Commit::Committed {
                return;
            }
            tokio::task::yield_now().await;
        }
        panic!("a commit that fits was refused two hundred times");
    }

    #[track_caller]
    pub(super) fn write(&self, plan: impl Into<Decision>) -> impl Future<Output = ()> {
        let (at, decision) = (std::panic::Location::caller(), plan.into());
        async move {
            let commit = self.commit(&[decision], None).await;
            assert_eq!(commit, Commit::Committed, "what fits is written ({at})");
        }
    }

    #[track_caller]
    pub(super) fn refuse(&self, plan: impl Into<Decision>) -> impl Future<Output = ()> {
        let (at, decision) = (std::panic::Location::caller(), plan.into());
        async move {
            let commit = self.commit(&[decision], None).await;
            assert_eq!(commit, Commit::Conflict, "what doesn't fit is a conflict ({at})");
        }
    }

    pub(super) async fn practice(&self) -> Practice {
        let by = PracticeSelector::Id(self.id);
        self.store.practice(&by).await.expect("the store answers").expect("the practice is there")
    }

    pub(super) async fn ask(&self, queries: &[ContactQuery], now: Timestamp) -> Vec<ContactFacts> {
        let facts = PortalStore::contacts(&*self.store, self.id, queries, now).await;
        facts.expect("the store answers")
    }

    /// What is known of the contact of this reference.
    pub(super) async fn contact(&self, name: &str) -> ContactFacts {
        let mut facts = self.ask(&[about(name)], NOON).await;
        assert_eq!(facts.len(), 1, "one query has one answer");
        facts.remove(0)
    }

    /// Whether there is a contact of this reference.
    pub(super) async fn knows(&self, name: &str) -> bool {
        self.contact(name).await.contact.is_some()
    }

    pub(super) async fn user(&self, name: &str, key: Option<LoginKey>) -> UserFacts {
        let query = UserQuery { user: build::reference(name), key };
        self.store.user(self.id, &query, NOON).await.expect("the store answers")
    }

    pub(super) async fn login(&self, address: &str) -> Option<LoginFacts> {
        self.login_at(address, NOON).await
    }

    pub(super) async fn login_at(&self, address: &str, now: Timestamp) -> Option<LoginFacts> {
        self.store.login(self.id, &build::key(address), now).await.expect("the store answers")
    }

    pub(super) async fn link(&self, name: &str) -> Option<LinkFacts> {
        self.store.link(self.id, build::id(name), NOON).await.expect("the store answers")
    }

    /// The session of this name. Whoever looks at one makes the visit too, and finds the same.
    pub(super) async fn session(&self, name: &str) -> Option<SessionFacts> {
        let hash = build::session_hash(name);
        let facts = self.store.session(self.id, &hash, NOON).await.expect("the store answers");
        let practice = self.store.practice(&self.id.into()).await.expect("the store answers");
        for by in
            [self.id.into(), PracticeSelector::Slug(practice.as_ref().expect("the practice is there").slug.clone())]
        {
            let visit = self.store.visit(&by, &hash).await.expect("the store answers").expect("the practice is there");
            assert_eq!(Some(&visit.practice), practice.as_ref());
            assert_eq!(
                visit.session,
                facts.as_ref().and_then(|facts| Some((facts.session.clone(), facts.login.as_ref()?.glance())))
            );
        }
        facts
    }

    pub(super) async fn workspace_session(&self, name: &str) -> Option<WorkspaceSessionFacts> {
        let hash = build::workspace_session_hash(name);
        self.store.workspace_session(self.id, &hash).await.expect("the store answers")
    }

    /// When the link of this name ended; panics where there is no such link.
    pub(super) async fn link_ended(&self, name: &str) -> Option<Timestamp> {
        self.link(name).await.expect("the link is there").link.ended_at
    }

    /// When the session of this name ended; panics where there is no such session.
    pub(super) async fn session_ended(&self, name: &str) -> Option<Timestamp> {
        self.session(name).await.expect("the session is there").session.ended_at
    }

    /// Seals up to so many events, and answers whether there were any; `None` where another sealer was faster.
    pub(super) async fn seal_some(&self, most: u32) -> Option<bool> {
        seal_some(&*self.store, self.id, most).await
    }

    /// Seals all that waits.
    pub(super) async fn seal(&self) {
        super::seal(&*self.store, self.id).await;
    }

    /// Every event, sealed first where it isn't.
    pub(super) async fn events(&self) -> Vec<RecordedEvent> {
        self.seal().await;
        self.store.events(self.id, None, &EVERYTHING).await.expect("the store answers")
    }

    pub(super) async fn messages(&self, contact: &str) -> Vec<Delivery> {
        let all = self.store.messages(self.id, build::id(contact), &EVERYTHING).await.expect("the store answers");
        all.into_iter().map(|(delivery, _)| delivery).collect()
    }

    /// Every client of the practice.
    pub(super) async fn clients(&self) -> Vec<Client> {
        let page = Page { after: None, limit: 10_000 };
        PortalViews::clients(&*self.store, self.id, &page).await.expect("the store answers")
    }

    /// Writes a contact with access behind a live login of its own.
    pub(super) async fn live(&self, name: &str, address: &str) -> (Contact, Login) {
        let login = build::login(name, address);
        let contact = build::granted(build::contact(name, &[address]), &login);
        self.write(Plan::new().put_login(&login).put_contact(&contact)).await;
        (contact, login)
    }
}

/// One step of a sealer: `None` where another was faster.
pub(super) async fn seal_some(journal: &dyn Journal, practice: PracticeId, most: u32) -> Option<bool> {
    let waiting = journal.unsealed(practice, most).await.expect("the store answers");
    let sealing = build::journal_keys().seal(practice, waiting.head.as_ref(), &waiting.events);
    let Some(sealing) = sealing.expect("the head is whole") else { return Some(false) };
    let written = journal.seal(practice, waiting.head.as_ref(), &sealing).await.expect("the store answers");
    written.then_some(true)
}

/// A question about the contact of this reference and nothing else.
pub(super) fn about(name: &str) -> ContactQuery {
    ContactQuery { contact: ContactSelector::Ref(build::reference(name)), keys: Vec::new(), clients: Vec::new() }
}

/// The login, changed once more.
pub(super) fn next(login: &Login) -> Login {
    Login { version: login.version + 1, ..login.clone() }
}

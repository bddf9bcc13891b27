//! A store in memory, with the contract of the databases, and stand-ins for everything else that the rules ask.

mod backlogs;
mod commit;
mod erasure;
mod evidence;
mod exports;
mod fault;
mod invited;
mod jobs;
mod journal;
mod operators;
mod outbox;
mod passages;
mod read;
mod returns;
mod staff;
mod state;
mod stubs;
mod tries;
mod viewings;
mod views;
mod webhooks;

use std::{
    fmt,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use portal_domain::{
    change::Decision,
    email::LoginKey,
    erasure::{Gone, Purge, Traces},
    facts::{
        CodeFacts, ContactFacts, ContactQuery, HandoffFacts, LinkFacts, LoginFacts, SessionFacts, SignInFacts,
        StaffFacts, StaffSignIn, UserFacts, UserQuery, VisitFacts, WorkspaceSessionFacts,
    },
    handoff::HandoffHash,
    id::{ContactId, LinkId, PracticeId, Ref, UserId},
    message::MessageKind,
    port::{Commit, DueInvitation, InvitationsDue, PortalStore, PracticeSelector, Receipt, RequestKey, StoreError},
    practice::{ApiKey, ApiKeyHash, Client, Practice},
    session::{SessionHash, WorkspaceSessionHash},
    sign_in_code::CodeHash,
    staff::StaffLink,
    throttle::{Admission, Bucket, Try},
    time::Timestamp,
};

use self::{
    commit::{Batch, Stop},
    fault::Faults,
    read::Reader,
    state::State,
};
pub use self::{
    fault::Fault,
    stubs::{PlainHasher, RecordingMailer, SeededEntropy, TestClock},
};

/// Store, views, outbox, enquiries, jobs and journal in memory: ordered maps behind one lock.
///
/// A commit works on a copy and puts it in place of what was there, so it is written whole or not at all. What a database
/// would refuse by a unique index is a [`Commit::Conflict`]; what no rule could have decided, such as a contact behind a
/// login that isn't there, is [`StoreError::Damaged`].
///
/// ```
/// use portal_domain::{port::{PortalStore, PracticeSelector}, id::Slug};
/// use portal_testkit::memory::MemoryStore;
///
/// # portal_testkit::conformance::run(async {
/// let store = MemoryStore::new();
/// let by = PracticeSelector::Slug(Slug::parse("smith").unwrap());
/// assert_eq!(store.practice(&by).await, Ok(None));
/// # });
/// ```
#[derive(Debug, Default)]
pub struct MemoryStore {
    state: Mutex<State>,
    faults: Faults,
    slowness: Mutex<Duration>,
    most_at_once: Mutex<Option<usize>>,
    asked: Asked,
}

/// How many questions came; no part of what is stored.
#[derive(Default)]
struct Asked(AtomicUsize);

impl fmt::Debug for Asked {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("Asked")
    }
}

impl MemoryStore {
    /// A store without anything in it.
    pub fn new() -> Self {
        Self::default()
    }

    /// A store that makes one mistake. The conformance suite must notice.
    pub fn with_fault(fault: Fault) -> Self {
        Self { faults: Faults(Some(fault)), ..Self::default() }
    }

    /// How many questions it has answered.
    pub fn asked(&self) -> usize {
        self.asked.0.load(Ordering::Relaxed)
    }

    /// From now on each commit takes so long.
    pub fn slow_down(&self, by: Duration) {
        *self.slowness.lock().unwrap_or_else(PoisonError::into_inner) = by;
    }

    /// From now on a commit of more decisions takes too long, and so does a question about more contacts.
    pub fn wear_out(&self, most_at_once: usize) {
        *self.most_at_once.lock().unwrap_or_else(PoisonError::into_inner) = Some(most_at_once);
    }

    fn in_time(&self, many: usize) -> Result<(), StoreError> {
        let most = *self.most_at_once.lock().unwrap_or_else(PoisonError::into_inner);
        let slow = || StoreError::Unavailable(format!("{many} at once take too long"));
        if most.is_some_and(|most| many > most) { Err(slow()) } else { Ok(()) }
    }

    fn see<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        self.asked.0.fetch_add(1, Ordering::Relaxed);
        look(&self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Asks one practice; nothing where there is none of that id.
    fn read<T>(&self, practice: PracticeId, now: Timestamp, read: impl FnOnce(&Reader<'_>) -> T) -> Option<T> {
        self.see(|state| {
            let tenant = state.tenants.get(&practice)?;
            Some(read(&Reader { tenant, now, faults: self.faults }))
        })
    }

    /// Asks one practice, or with a mistake the first that has an answer.
    fn search<T>(
        &self,
        practice: PracticeId,
        now: Timestamp,
        everywhere: bool,
        read: impl Fn(&Reader<'_>) -> Option<T>,
    ) -> Option<T> {
        if !everywhere {
            return self.read(practice, now, read).flatten();
        }
        self.see(|state| {
            let mut readers = state.tenants.values().map(|tenant| Reader { tenant, now, faults: self.faults });
            readers.find_map(|reader| read(&reader))
        })
    }

    /// Writes on a copy and puts it in place.
    fn write(&self, batch: &Batch<'_>) -> Result<Commit, StoreError> {
        self.change(|state| match commit::apply(state, batch, self.faults) {
            Ok(after) => {
                *state = after;
                Ok(Commit::Committed)
            }
            Err(Stop::Conflict) => Ok(Commit::Conflict),
            Err(Stop::Unsound(why)) => Err(StoreError::Damaged(why)),
        })
    }

    /// With a racy mistake: looks now, and writes later without looking again.
    async fn looks_good(&self, batch: &Batch<'_>) -> bool {
        let good = self.see(|state| commit::apply(state, batch, self.faults.first_look()).is_ok());
        tokio::time::sleep(HESITATION).await;
        good
    }
}

/// So long a store with a racy mistake waits between its look and its write: whoever began at the same time has looked by then, on
/// a busy machine too.
const HESITATION: Duration = Duration::from_millis(2);

/// Nowhere in time: for questions whose answer doesn't depend on it.
const ANY_TIME: Timestamp = Timestamp::from_micros(0);

#[async_trait]
impl PortalStore for MemoryStore {
    async fn practice(&self, by: &PracticeSelector) -> Result<Option<Practice>, StoreError> {
        Ok(self.see(|state| state.tenant(by).map(|tenant| tenant.practice.clone())))
    }

    async fn caller(&self, hash: &ApiKeyHash) -> Result<Option<ApiKey>, StoreError> {
        let works =
            |key: &&ApiKey| key.hash == *hash && (key.revoked_at.is_none() || self.faults.has(Fault::RevokedKeyCalls));
        Ok(self.see(|state| state.tenants.values().flat_map(|tenant| tenant.api_keys.values()).find(works).cloned()))
    }

    async fn contacts(
        &self,
        practice: PracticeId,
        queries: &[ContactQuery],
        now: Timestamp,
    ) -> Result<Vec<ContactFacts>, StoreError> {
        self.in_time(queries.len())?;
        let facts = self.read(practice, now, |reader| queries.iter().map(|query| reader.contact(query)).collect());
        Ok(facts.unwrap_or_else(|| vec![ContactFacts::default(); queries.len()]))
    }

    async fn user(&self, practice: PracticeId, query: &UserQuery, now: Timestamp) -> Result<UserFacts, StoreError> {
        Ok(self.read(practice, now, |reader| reader.user(query)).unwrap_or_default())
    }

    async fn clients(&self, practice: PracticeId, refs: &[Ref]) -> Result<Vec<Client>, StoreError> {
        Ok(self.read(practice, ANY_TIME, |reader| reader.clients_named(refs)).unwrap_or_default())
    }

    async fn login(
        &self,
        practice: PracticeId,
        key: &LoginKey,
        now: Timestamp,
    ) -> Result<Option<LoginFacts>, StoreError> {
        Ok(self.read(practice, now, |reader| reader.live(key)).flatten())
    }

    async fn sign_in(&self, practice: PracticeId, key: &LoginKey) -> Result<Option<SignInFacts>, StoreError> {
        Ok(self.read(practice, ANY_TIME, |reader| reader.sign_in(key)).flatten())
    }

    async fn practices_of(&self, key: &LoginKey, most: u32) -> Result<Vec<PracticeId>, StoreError> {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        Ok(self.see(|state| {
            let readers =
                state.tenants.iter().map(|(id, tenant)| (*id, Reader { tenant, now: ANY_TIME, faults: self.faults }));
            readers.filter(|(_, reader)| reader.signs_in(key)).map(|(id, _)| id).take(most).collect()
        }))
    }

    async fn asked_mail(
        &self,
        practice: PracticeId,
        key: &LoginKey,
        since: Timestamp,
    ) -> Result<Vec<(MessageKind, Timestamp)>, StoreError> {
        Ok(self.read(practice, ANY_TIME, |reader| reader.asked_mail(key, since)).unwrap_or_default())
    }

    async fn led_to(&self, practice: PracticeId, key: &LoginKey, most: u32) -> Result<Vec<ContactId>, StoreError> {
        Ok(self.read(practice, ANY_TIME, |reader| reader.led_to(key, most as usize)).unwrap_or_default())
    }

    async fn hints(
        &self,
        practice: PracticeId,
        contact: ContactId,
        since: Timestamp,
    ) -> Result<Vec<Timestamp>, StoreError> {
        Ok(self.read(practice, ANY_TIME, |reader| reader.hints(contact, since)).unwrap_or_default())
    }

    async fn inviting(&self, after: Option<PracticeId>, most: u32) -> Result<Vec<PracticeId>, StoreError> {
        let suspended_too = self.faults.has(Fault::SuspendedRemind);
        Ok(self.see(|state| {
            let later = state.tenants.iter().filter(|(id, _)| after.is_none_or(|after| **id > after));
            let inviting = later.filter(|(_, tenant)| {
                let open = tenant.practice.suspended_at.is_none() || suspended_too;
                open && tenant.links.values().any(|link| invited::inviting(tenant, link))
            });
            inviting.map(|(id, _)| *id).take(most as usize).collect()
        }))
    }

    async fn invitations_due(
        &self,
        practice: PracticeId,
        due: &InvitationsDue,
        most: u32,
    ) -> Result<Vec<DueInvitation>, StoreError> {
        Ok(self.read(practice, due.now, |reader| reader.invitations_due(due, most as usize)).unwrap_or_default())
    }

    async fn link(&self, practice: PracticeId, link: LinkId, now: Timestamp) -> Result<Option<LinkFacts>, StoreError> {
        Ok(self.search(practice, now, self.faults.has(Fault::LinkWallMissing), |reader| {
            reader.tenant.links.get(&link).map(|link| reader.link(link))
        }))
    }

    async fn session(
        &self,
        practice: PracticeId,
        hash: &SessionHash,
        now: Timestamp,
    ) -> Result<Option<SessionFacts>, StoreError> {
        Ok(self.search(practice, now, self.faults.has(Fault::SessionWallMissing), |reader| {
            let session = reader.tenant.sessions.values().find(|session| session.hash == *hash);
            session.map(|session| reader.session(session))
        }))
    }

    async fn visit(&self, by: &PracticeSelector, session: &SessionHash) -> Result<Option<VisitFacts>, StoreError> {
        let Some(practice) = self.see(|state| state.tenant(by).map(|tenant| tenant.practice.clone())) else {
            return Ok(None);
        };
        let session = self
            .search(practice.id, ANY_TIME, self.faults.has(Fault::SessionWallMissing), |reader| reader.glance(session));
        Ok(Some(VisitFacts { practice, session }))
    }

    async fn workspace_session(
        &self,
        practice: PracticeId,
        hash: &WorkspaceSessionHash,
    ) -> Result<Option<WorkspaceSessionFacts>, StoreError> {
        Ok(self.search(practice, ANY_TIME, self.faults.has(Fault::WorkspaceWallMissing), |reader| {
            reader.workspace_session(hash)
        }))
    }

    async fn staff_sign_in(&self, practice: PracticeId, key: &LoginKey) -> Result<Option<StaffSignIn>, StoreError> {
        Ok(self.read(practice, ANY_TIME, |reader| reader.staff_sign_in(key)).flatten())
    }

    async fn staff(
        &self,
        practice: PracticeId,
        user: UserId,
        now: Timestamp,
    ) -> Result<Option<StaffFacts>, StoreError> {
        Ok(self.search(practice, now, self.faults.has(Fault::StaffWallMissing), |reader| reader.staff(user)))
    }

    async fn staff_link(&self, practice: PracticeId, link: LinkId) -> Result<Option<StaffLink>, StoreError> {
        Ok(self.search(practice, ANY_TIME, self.faults.has(Fault::StaffWallMissing), |reader| {
            reader.tenant.staff_links.get(&link).cloned()
        }))
    }

    async fn receipt(&self, practice: PracticeId, key: &RequestKey) -> Result<Option<Receipt>, StoreError> {
        let found = self.read(practice, ANY_TIME, |reader| reader.tenant.receipts.get(key).cloned()).flatten();
        // As in `commit`: between the look and what follows from it others have their turn.
        tokio::task::yield_now().await;
        Ok(found)
    }

    async fn commit(
        &self,
        practice: PracticeId,
        decisions: &[Decision],
        receipt: Option<&Receipt>,
    ) -> Result<Commit, StoreError> {
        // Without this pause nothing in memory would ever overlap, and the laws about races would say nothing.
        tokio::task::yield_now().await;
        self.in_time(decisions.len())?;
        let slowness = *self.slowness.lock().unwrap_or_else(PoisonError::into_inner);
        if !slowness.is_zero() {
            tokio::time::sleep(slowness).await;
        }
        let batch = Batch { practice, decisions, receipt };
        if self.faults.0.is_some_and(Fault::is_racy) && !self.looks_good(&batch).await {
            return Ok(Commit::Conflict);
        }
        if !self.faults.has(Fault::HalfCommitted) {
            return self.write(&batch);
        }
        for one in decisions.chunks(1) {
            if self.write(&Batch { practice, decisions: one, receipt: None })? == Commit::Conflict {
                return Ok(Commit::Conflict);
            }
        }
        self.write(&Batch { practice, decisions: &[], receipt })
    }

    async fn admit(
        &self,
        practice: PracticeId,
        buckets: &[Bucket],
        noted: Option<&Try>,
        now: Timestamp,
    ) -> Result<Admission, StoreError> {
        self.count_tries(practice, buckets, noted, now).await
    }

    async fn forget_tries(&self, now: Timestamp, most: u32) -> Result<u64, StoreError> {
        Ok(self.sweep(now, most as usize))
    }

    async fn forget_receipts(&self, before: Timestamp, most: u32) -> Result<u64, StoreError> {
        Ok(self.sweep_receipts(before, most as usize))
    }

    async fn gone(&self, practice: PracticeId, reference: &Ref) -> Result<Vec<ContactId>, StoreError> {
        Ok(self.gone_contacts(practice, reference))
    }

    async fn long_gone(&self, before: Timestamp, after: Option<&Gone>, most: u32) -> Result<Vec<Gone>, StoreError> {
        Ok(self.gone_before(before, after, most as usize))
    }

    async fn traces(
        &self,
        practice: PracticeId,
        contacts: &[ContactId],
        reference: Option<&Ref>,
    ) -> Result<Traces, StoreError> {
        let traces = self.read(practice, ANY_TIME, |reader| erasure::traces(reader.tenant, contacts, reference));
        Ok(traces.unwrap_or_default())
    }

    async fn purge(&self, what: Purge, most: u32) -> Result<u64, StoreError> {
        Ok(self.purge_some(what, most as usize))
    }

    async fn tidy(&self) -> Result<(), StoreError> {
        Ok(())
    }

    async fn handoff(
        &self,
        practice: PracticeId,
        hash: &HandoffHash,
        now: Timestamp,
    ) -> Result<Option<HandoffFacts>, StoreError> {
        Ok(self.search(practice, now, self.faults.has(Fault::PassageWallMissing), |reader| reader.handoff(hash)))
    }

    async fn sign_in_code(
        &self,
        practice: PracticeId,
        hash: &CodeHash,
        now: Timestamp,
    ) -> Result<Option<CodeFacts>, StoreError> {
        Ok(self.search(practice, now, self.faults.has(Fault::PassageWallMissing), |reader| reader.sign_in_code(hash)))
    }

    async fn over_sessions(&self, now: Timestamp, most: u32) -> Result<Vec<(PracticeId, SessionHash)>, StoreError> {
        Ok(self.sessions_over(now, most as usize))
    }

    async fn forget_passages(&self, before: Timestamp, most: u32) -> Result<u64, StoreError> {
        Ok(self.sweep_passages(before, most as usize))
    }
}

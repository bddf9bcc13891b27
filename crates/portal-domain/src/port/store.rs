use async_trait::async_trait;

use crate::{
    change::Decision,
    email::LoginKey,
    erasure::{Gone, Purge, Traces},
    facts::{
        CodeFacts, ContactFacts, ContactQuery, HandoffFacts, LinkFacts, LoginFacts, SessionFacts, SignInFacts,
        StaffFacts, StaffSignIn, UserFacts, UserQuery, VisitFacts, WorkspaceSessionFacts,
    },
    handoff::HandoffHash,
    id::{ContactId, LinkId, PracticeId, Ref, Slug, UserId},
    message::MessageKind,
    practice::{ApiKey, ApiKeyHash, Client, Practice},
    session::{SessionHash, WorkspaceSessionHash},
    sign_in_code::CodeHash,
    staff::StaffLink,
    throttle::{Admission, Bucket, Try},
    time::Timestamp,
};

/// All that the rules need of a database: facts, and one way to write.
///
/// Facts MUST be read from what is committed, one consistent picture per call (on a database with
/// statement-level snapshots: whatever a call mixes, [`commit`](Self::commit) MUST find out). Facts of
/// one practice MUST NOT hold anything of another. `now` decides which links and sessions are listed.
#[async_trait]
pub trait PortalStore: Send + Sync {
    /// The practice of that name or id.
    async fn practice(&self, by: &PracticeSelector) -> Result<Option<Practice>, StoreError>;

    /// The API key with that digest, of any practice, unless it is revoked.
    async fn caller(&self, hash: &ApiKeyHash) -> Result<Option<ApiKey>, StoreError>;

    /// Facts about contacts, in the order of the queries. MUST take a number of statements that does
    /// not grow with the number of queries.
    async fn contacts(
        &self,
        practice: PracticeId,
        queries: &[ContactQuery],
        now: Timestamp,
    ) -> Result<Vec<ContactFacts>, StoreError>;

    /// Facts about a practice user.
    async fn user(&self, practice: PracticeId, query: &UserQuery, now: Timestamp) -> Result<UserFacts, StoreError>;

    /// The clients of these names, as far as they exist, ordered by reference.
    async fn clients(&self, practice: PracticeId, refs: &[Ref]) -> Result<Vec<Client>, StoreError>;

    /// The live login that holds the key, never a dormant one (C4). MUST run the same statements
    /// whether it exists or not (P2).
    async fn login(
        &self,
        practice: PracticeId,
        key: &LoginKey,
        now: Timestamp,
    ) -> Result<Option<LoginFacts>, StoreError>;

    /// The live login that holds the key: all that a sign-in needs to know. MUST run the same statements whether it exists or
    /// not, and read no more of it the more contacts, sessions or links it has.
    async fn sign_in(&self, practice: PracticeId, key: &LoginKey) -> Result<Option<SignInFacts>, StoreError>;

    /// Up to `most` practices in which a live login holds the key, in the order of their ids. MUST find neither practice users nor
    /// dormant logins.
    async fn practices_of(&self, key: &LoginKey, most: u32) -> Result<Vec<PracticeId>, StoreError>;

    /// Of which kind mail was that anybody can ask for, and when it was written to the login key, after `since`, in any order (G3).
    /// MUST show what was committed before the call.
    async fn asked_mail(
        &self,
        practice: PracticeId,
        key: &LoginKey,
        since: Timestamp,
    ) -> Result<Vec<(MessageKind, Timestamp)>, StoreError>;

    /// Up to `most` contacts with access that a key leads to though they don't sign in there (M8), in the order of their ids: those
    /// that have it in their list below the first, and those that had it first while they had access. MUST leave out whom it
    /// was wrong for when they moved away from it (M9), and, where it is not in the list, whom nobody said that of.
    async fn led_to(&self, practice: PracticeId, key: &LoginKey, most: u32) -> Result<Vec<ContactId>, StoreError>;

    /// When hints about a contact were written after `since`, in any order (M8). MUST show what was committed before the call.
    async fn hints(
        &self,
        practice: PracticeId,
        contact: ContactId,
        since: Timestamp,
    ) -> Result<Vec<Timestamp>, StoreError>;

    /// Up to `most` practices behind one of them, in the order of their ids, that are not suspended and have an activation link
    /// that is neither used nor ended, and whose end was not dealt with (D8).
    async fn inviting(&self, after: Option<PracticeId>, most: u32) -> Result<Vec<PracticeId>, StoreError>;

    /// Up to `most` of those links of a practice that are due, and not noted for as few days: for no days, those that have
    /// expired; for any other number, those that work, expire within so many days, and of whose life half is over. In the order in
    /// which they expire, behind one of them.
    async fn invitations_due(
        &self,
        practice: PracticeId,
        due: &InvitationsDue,
        most: u32,
    ) -> Result<Vec<DueInvitation>, StoreError>;

    /// A link of this practice. MUST run the same statements whether it exists or not.
    async fn link(&self, practice: PracticeId, link: LinkId, now: Timestamp) -> Result<Option<LinkFacts>, StoreError>;

    /// A session of this practice, valid or not.
    async fn session(
        &self,
        practice: PracticeId,
        hash: &SessionHash,
        now: Timestamp,
    ) -> Result<Option<SessionFacts>, StoreError>;

    /// A practice, and of it the session with that digest, valid or not, with those whom it lets in; `None` where there is no
    /// such practice. MUST tell the same of them as [`practice`](Self::practice) and [`session`](Self::session), and take one
    /// statement where there is such a session: it is asked with nearly every request.
    async fn visit(&self, practice: &PracticeSelector, session: &SessionHash)
    -> Result<Option<VisitFacts>, StoreError>;

    /// A session of this practice's workspace, valid or not, with its practice user. MUST NOT find a session of the portal
    /// here, nor one of the workspace by [`session`](Self::session) (P4).
    async fn workspace_session(
        &self,
        practice: PracticeId,
        hash: &WorkspaceSessionHash,
    ) -> Result<Option<WorkspaceSessionFacts>, StoreError>;

    /// The practice user who holds the key, never a login (P4). MUST be one statement, the same whether there is one or not (P2).
    async fn staff_sign_in(&self, practice: PracticeId, key: &LoginKey) -> Result<Option<StaffSignIn>, StoreError>;

    /// A practice user with all that hangs on it.
    async fn staff(&self, practice: PracticeId, user: UserId, now: Timestamp)
    -> Result<Option<StaffFacts>, StoreError>;

    /// A link of this practice's workspace, whatever became of it and of its user. MUST NOT find a link of the portal here, nor
    /// one of the workspace by [`link`](Self::link) (P4).
    async fn staff_link(&self, practice: PracticeId, link: LinkId) -> Result<Option<StaffLink>, StoreError>;

    /// A hand-over of this practice, usable or not. MUST NOT find one of another practice.
    async fn handoff(
        &self,
        practice: PracticeId,
        hash: &HandoffHash,
        now: Timestamp,
    ) -> Result<Option<HandoffFacts>, StoreError>;

    /// A sign-in code of this practice, usable or not, with its session. MUST NOT find one of another practice.
    async fn sign_in_code(
        &self,
        practice: PracticeId,
        hash: &CodeHash,
        now: Timestamp,
    ) -> Result<Option<CodeFacts>, StoreError>;

    /// Up to `most` sessions, of all practices, that a host was told of, that are not ended, and whose time was over at `now`.
    /// MUST list no others, those first that are idle longest.
    async fn over_sessions(&self, now: Timestamp, most: u32) -> Result<Vec<(PracticeId, SessionHash)>, StoreError>;

    /// Forgets up to `most` hand-overs and up to `most` sign-in codes, of all practices, that expired before a time. MUST leave
    /// all others. Answers how many.
    async fn forget_passages(&self, before: Timestamp, most: u32) -> Result<u64, StoreError>;

    /// What an earlier command with this key left.
    async fn receipt(&self, practice: PracticeId, key: &RequestKey) -> Result<Option<Receipt>, StoreError>;

    /// Writes the decisions and the receipt: all, or nothing.
    ///
    /// MUST answer [`Commit::Conflict`], and write nothing, where an expected aggregate is gone or has another
    /// version, a key to be claimed is held, a new reference, slug or receipt is there already, a link to be
    /// used is not usable, something that is named is gone, or the database could not put the commit in line with others. MUST hold what it
    /// acknowledged through a crash. MUST finish once begun, even where the caller goes away. Decisions
    /// committed together never rely on the same changed aggregate or claim the same key.
    async fn commit(
        &self,
        practice: PracticeId,
        decisions: &[Decision],
        receipt: Option<&Receipt>,
    ) -> Result<Commit, StoreError>;

    /// Counts a try in buckets, in a commit of its own, before anything costly is done (G1, G2).
    ///
    /// MUST ask the buckets in order, by [`Bucket::count`], and stop at the first that says no: what those before it counted
    /// stays, and it and those after it count nothing. MUST keep `noted`, unless a bucket says no that doesn't
    /// [note what it refuses](Bucket::notes_refused), and of all notes of the practice at its mark the newest [`NOTES_AT_A_MARK`](crate::throttle::NOTES_AT_A_MARK), and no more. Two calls at
    /// once MUST count like one after the other, on any number of instances. MUST run the same statements whatever the name
    /// of a bucket.
    async fn admit(
        &self,
        practice: PracticeId,
        buckets: &[Bucket],
        noted: Option<&Try>,
        now: Timestamp,
    ) -> Result<Admission, StoreError>;

    /// Forgets up to `most` counters and up to `most` notes, of all practices, whose time was over at `now`; and as many notes at keys that
    /// an erasure left to nobody, and of these keys those at which no note is left or that somebody has again (J3). MUST leave all
    /// others, and keep nobody waiting for longer than that takes. Answers how many.
    async fn forget_tries(&self, now: Timestamp, most: u32) -> Result<u64, StoreError>;

    /// Forgets up to `most` receipts, of all practices, that were left before a time. MUST leave all others. Answers how many.
    async fn forget_receipts(&self, before: Timestamp, most: u32) -> Result<u64, StoreError>;

    /// Contacts of a reference that were deleted and not erased, in the order of their ids.
    async fn gone(&self, practice: PracticeId, reference: &Ref) -> Result<Vec<ContactId>, StoreError>;

    /// Up to `most` contacts, of all practices, that were deleted before a time and not erased, in their order, behind one of them.
    /// MUST list no others.
    async fn long_gone(&self, before: Timestamp, after: Option<&Gone>, most: u32) -> Result<Vec<Gone>, StoreError>;

    /// What there is of contacts besides themselves, and in rows of jobs under a reference. Names are those of contacts
    /// that were deleted, addresses those too, and to which mail was written.
    async fn traces(
        &self,
        practice: PracticeId,
        contacts: &[ContactId],
        reference: Option<&Ref>,
    ) -> Result<Traces, StoreError>;

    /// Removes up to `most` of what outlived its life, of all practices. MUST leave all others. MAY rely on ids of events to be in
    /// the order of their times, as those of [`Ids`](crate::id::Ids) are. Answers how many.
    async fn purge(&self, what: Purge, most: u32) -> Result<u64, StoreError>;

    /// Sees to it that what was removed stands in no file of this program any more, as far as nobody is in the way: it can be
    /// asked again. Where a server has the files, there is nothing to do.
    async fn tidy(&self) -> Result<(), StoreError>;
}

/// Which invitations are asked for (D8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvitationsDue {
    /// So many days before they expire; none where they have.
    pub days: u32,
    /// The time.
    pub now: Timestamp,
    /// Only those behind this one.
    pub after: Option<(Timestamp, LinkId)>,
}

/// An invitation that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DueInvitation {
    /// Its activation link.
    pub link: LinkId,
    /// When that expires.
    pub expires_at: Timestamp,
    /// Whether its login has no newer activation link, whatever became of it.
    pub newest: bool,
}

/// How a practice is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PracticeSelector {
    /// By its name in addresses.
    Slug(Slug),
    /// By our id.
    Id(PracticeId),
}

impl From<PracticeId> for PracticeSelector {
    fn from(id: PracticeId) -> Self {
        Self::Id(id)
    }
}

/// What became of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Commit {
    /// Written, and safe.
    Committed,
    /// Nothing was written: load fresh facts and decide again.
    Conflict,
}

/// Names a request that may come twice: scope (caller and route) and the key it carries.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RequestKey {
    /// Caller and route, or `enquiry`.
    pub scope: String,
    /// The key.
    pub key: String,
}

impl RequestKey {
    /// What a caller names its request by, of the values it gave: exactly one, of 1–255 printable ASCII characters. `None` otherwise.
    ///
    /// ```
    /// use portal_domain::port::RequestKey;
    ///
    /// assert_eq!(RequestKey::given([&b"order 7"[..]]), Some("order 7"));
    /// assert_eq!(RequestKey::given([&b"order\t7"[..]]), None);
    /// assert_eq!(RequestKey::given([&b"7"[..], b"8"]), None);
    /// ```
    pub fn given<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> Option<&'a str> {
        let mut values = values.into_iter();
        let only = values.next().filter(|_| values.next().is_none())?;
        let plain = (1..=255).contains(&only.len()) && only.iter().all(|it| matches!(it, b' '..=b'~'));
        std::str::from_utf8(only).ok().filter(|_| plain)
    }
}

/// What a finished command left, so that its repetition gets the same answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The request it answers.
    pub request: RequestKey,
    /// Digest of the request's body.
    pub digest: [u8; 32],
    /// The serialised outcome; empty where it was erased.
    pub outcome: Vec<u8>,
    /// The contact that the command was about.
    pub contact: Option<ContactId>,
    /// When it was left.
    pub at: Timestamp,
}

/// Why a store could not do its work.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The database can't be reached, or is too busy; whether a commit was written is not known, and repeating converges.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// A row can't be read as what it should be.
    #[error("a row is damaged: {0}")]
    Damaged(String),
}

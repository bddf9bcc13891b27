//! What a rule decided: one value, committed by one call.

use crate::{
    contact::Contact,
    email::LoginKey,
    erasure::Erasure,
    event::Event,
    handoff::Handoff,
    id::{
        ApiKeyId, ClientId, ContactId, HandoffId, JobId, LinkId, LoginId, PracticeId, SessionId, SignInCodeId, UserId,
        ViewingId, WebhookId, WorkspaceSessionId,
    },
    job::{Job, JobRow, SettledRow},
    link::Link,
    login::Login,
    message::Message,
    practice::{ApiKey, Client, Practice, PracticeUser},
    session::{PortalSession, ProfileId, WorkspaceSession},
    sign_in_code::SignInCode,
    staff::{StaffCredential, StaffLink},
    throttle::{BucketName, CountedTry},
    time::Timestamp,
    viewing::Viewing,
    webhook::{Webhook, WebhookDelivery},
};

/// A decision: what the rule relied on, what is to change, and what is to be told.
///
/// A store commits it whole or not at all (`architecture`: "One commit, exactly").
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decision {
    /// The aggregates the rule relied on, each once.
    pub expect: Vec<Expect>,
    /// What changes. Every aggregate expected as changed is put or deleted here, put with the version after the one expected.
    pub changes: Vec<Change>,
    /// Mail to be sent.
    pub messages: Vec<Message>,
    /// What the journal is told.
    pub events: Vec<Event>,
}

impl Decision {
    /// Whether there is nothing to commit.
    pub const fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.messages.is_empty() && self.events.is_empty()
    }
}

/// An aggregate that a rule relied on, with the version it saw. Links, sessions, members and the key belong to their login.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Expect {
    /// Which.
    pub what: Aggregate,
    /// The version seen.
    pub version: i64,
    /// Whether it changes or was only looked at.
    pub how: Reliance,
}

/// Kind and id of an aggregate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Aggregate {
    /// The practice with its settings.
    Practice(PracticeId),
    /// A practice user.
    User(UserId),
    /// A client.
    Client(ClientId),
    /// A contact.
    Contact(ContactId),
    /// A login.
    Login(LoginId),
}

/// How a rule relied on an aggregate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reliance {
    /// Nobody else may change it at once (`FOR SHARE`).
    LookedAt,
    /// It changes (`FOR NO KEY UPDATE`).
    Changed,
}

/// Who a key belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyOwner {
    /// A practice user.
    User(UserId),
    /// A live login.
    Login(LoginId),
}

/// Which sessions of a login, or of a practice user, end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Which<S = SessionId> {
    /// All of them.
    All,
    /// One.
    One(S),
    /// All but one.
    AllBut(S),
}

impl<S: PartialEq> Which<S> {
    /// Whether a session is among those that end.
    pub fn meets(&self, session: &S) -> bool {
        match self {
            Self::All => true,
            Self::One(one) => one == session,
            Self::AllBut(but) => but != session,
        }
    }
}

impl<S> Which<S> {
    /// The one that alone ends, and the one that alone stays, as a store compares them.
    ///
    /// ```
    /// use portal_domain::change::Which;
    ///
    /// assert_eq!(Which::<i32>::All.only_and_but(), (None, None));
    /// assert_eq!(Which::One(7).only_and_but(), (Some(7), None));
    /// assert_eq!(Which::AllBut(7).only_and_but(), (None, Some(7)));
    /// ```
    pub fn only_and_but(self) -> (Option<S>, Option<S>) {
        match self {
            Self::All => (None, None),
            Self::One(session) => (Some(session), None),
            Self::AllBut(session) => (None, Some(session)),
        }
    }
}

/// One kind of write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Inserts the practice at version 1, or replaces name and settings.
    PutPractice(Practice),
    /// Says that the practice which the same commit puts is the first one: where another is there, the commit is a conflict.
    BeFirst,
    /// Inserts the user at version 1, or replaces name, address and role. The key is claimed apart.
    PutUser(PracticeUser),
    /// Deletes the user with its sessions of the workspace. The key is released apart.
    DeleteUser(UserId),
    /// Inserts the client at version 1, or replaces name and suspension.
    PutClient(Client),
    /// Deletes the client and takes it from every contact that has it, whose version stays, and from every session that chose it.
    DeleteClient(ClientId),
    /// Inserts the contact at version 1, or replaces it: addresses and clients too.
    PutContact(Contact),
    /// Deletes the contact with its addresses, clients and former keys. Messages and events stay, and it is kept which reference
    /// it had, so that they can be erased, and of tries at its keys that it may have made them.
    DeleteContact(ContactId),
    /// Removes all personal values of contacts that are not there, by what this tells of them: personal values of their events, and of
    /// events of logins of theirs that are not there; messages, links, hand-overs and sign-in codes; what names them in rows of jobs
    /// and answers of others, while their own say nothing any more; tries and enquiries. Links of theirs that work pass to the heirs.
    /// Of sessions of logins that they were behind, and of tries at keys that somebody else has, from before their deletion, it
    /// is forgotten where they came from; that such a login was shared is not. What the same commit tells stays, its receipt
    /// too. Where one of the contacts was not deleted, by this commit or before, or is erased already, the commit is a conflict.
    /// Jobs of the practice that go on get another version: whoever works on one begins anew.
    Erase(Box<Erasure>),
    /// Remembers that a key was the contact's first while it had access, and whether it was a stranger's (M9); of a key that is
    /// remembered already the last word holds.
    RememberKey {
        /// The contact.
        contact: ContactId,
        /// The key.
        key: LoginKey,
        /// Whether the practice said that the address was wrong.
        wrong: bool,
    },
    /// Inserts the login at version 1, or replaces epoch, credential and whether it is live. The key is claimed apart.
    PutLogin(Login),
    /// Erases the login and its sessions. Its links stay, so that they can say what happened; whoever decides this ends them
    /// with it, by [`EndLinks`](Self::EndLinks).
    DeleteLogin(LoginId),
    /// Gives a key up.
    ReleaseKey(LoginKey),
    /// Takes a key that nobody holds; held by somebody, the commit is a conflict.
    ClaimKey {
        /// The key.
        key: LoginKey,
        /// Whose it becomes.
        owner: KeyOwner,
    },
    /// Inserts a link.
    OpenLink(Link),
    /// Marks a link as used, once: where it is used, ended or expired at `at`, the commit is a conflict.
    UseLink {
        /// The link.
        link: LinkId,
        /// When.
        at: Timestamp,
    },
    /// Ends every link and every hand-over of a login that is neither used nor ended, expired ones too, but for those opened
    /// or used by the same commit.
    EndLinks {
        /// The login.
        login: LoginId,
        /// When.
        at: Timestamp,
    },
    /// Notes that so many days before a link expires its reader was reminded, or, of none, that its end was dealt with (D8): where
    /// it is used, ended, or noted already for as few days, the commit is a conflict.
    NoteReminded {
        /// The link.
        link: LinkId,
        /// How many days.
        days: u32,
    },
    /// Ends one link, if it is neither used nor ended.
    EndLink {
        /// The link.
        link: LinkId,
        /// When.
        at: Timestamp,
    },
    /// Inserts a session.
    OpenSession(PortalSession),
    /// Ends sessions of a login that are not ended, but for those opened by the same commit.
    EndSessions {
        /// The login.
        login: LoginId,
        /// Which of them.
        which: Which,
        /// When.
        at: Timestamp,
    },
    /// Notes that a session was used, if that is later than what is noted and before the session was over: not ended, and
    /// within both limits at `at`.
    TouchSession {
        /// The session.
        session: SessionId,
        /// When.
        at: Timestamp,
        /// The idle limit from now on.
        idle_until: Timestamp,
    },
    /// Chooses the profile a session looks at.
    SelectProfile {
        /// The session.
        session: SessionId,
        /// The profile.
        profile: ProfileId,
    },
    /// Lets mail go to an address again (D4); harmless where nothing keeps it back. That it was lifted is remembered, so that a
    /// message from before which comes back late does not suppress it anew.
    LiftSuppression {
        /// The address's key.
        key: LoginKey,
        /// When.
        at: Timestamp,
    },
    /// Forgets a counter of tries (G1).
    ForgetTries(BucketName),
    /// Gives a counted try back, by [`Tally::without`](crate::throttle::Tally::without), and marks its note, if one is named, as of
    /// a right password (G1). Harmless where nothing is counted.
    GiveBack(CountedTry),
    /// Inserts a session of the workspace.
    OpenWorkspaceSession(WorkspaceSession),
    /// Ends sessions of a practice user that are not ended, but for those opened by the same commit.
    EndWorkspaceSessions {
        /// The practice user.
        user: UserId,
        /// Which of them.
        which: Which<WorkspaceSessionId>,
        /// When.
        at: Timestamp,
    },
    /// Notes that a session of the workspace was used, if that is later than what is noted and the session is valid at `at`.
    TouchWorkspaceSession {
        /// The session.
        session: WorkspaceSessionId,
        /// When.
        at: Timestamp,
        /// The idle limit from now on.
        idle_until: Timestamp,
    },
    /// Gives a practice user a password, in place of the one before.
    PutStaffCredential {
        /// The user.
        user: UserId,
        /// The password.
        credential: StaffCredential,
    },
    /// Takes a practice user's password away, if there is one.
    DropStaffCredential(UserId),
    /// Inserts a link of the workspace.
    OpenStaffLink(StaffLink),
    /// Uses a link of the workspace, which MUST be usable then.
    UseStaffLink {
        /// The link.
        link: LinkId,
        /// When.
        at: Timestamp,
    },
    /// Ends links of a practice user that are neither used nor ended.
    EndStaffLinks {
        /// The user.
        user: UserId,
        /// Which of them.
        which: Which<LinkId>,
        /// When.
        at: Timestamp,
    },
    /// Inserts a view. It goes with its session of the workspace, its contact or its client.
    OpenViewing(Viewing),
    /// Ends a view: where it is not there or ended already, the commit is a conflict.
    EndViewing {
        /// The view.
        viewing: ViewingId,
        /// When.
        at: Timestamp,
    },
    /// Lets a practice user look at the portal as contacts see it; harmless when it is so already.
    GrantViewing(UserId),
    /// Takes that back; harmless when it is so already.
    RevokeViewing(UserId),
    /// Inserts a hand-over.
    OpenHandoff(Handoff),
    /// Marks a hand-over as used, once: where it is used, ended or expired at `at`, the commit is a conflict.
    UseHandoff {
        /// The hand-over.
        handoff: HandoffId,
        /// When.
        at: Timestamp,
    },
    /// Ends every hand-over of the practice that is neither used nor ended, but for those opened or used by the same commit.
    EndHandoffs {
        /// When.
        at: Timestamp,
    },
    /// Inserts a sign-in code. It goes with its session.
    IssueCode(SignInCode),
    /// Marks a sign-in code as used, once: where it is used or expired at `at`, the commit is a conflict.
    UseCode {
        /// The code.
        code: SignInCodeId,
        /// When.
        at: Timestamp,
    },
    /// Notes that a host was told of a session. Whoever decides this changes the login, so that who ends the session knows.
    TellSession(SessionId),
    /// Inserts an API key.
    AddApiKey(ApiKey),
    /// Ends an API key, if it is not ended.
    RevokeApiKey {
        /// The key.
        key: ApiKeyId,
        /// When.
        at: Timestamp,
    },
    /// Inserts the endpoint at version 1, or replaces all of it but its reference: where the version before is no longer there,
    /// or the reference is another one's, the commit is a conflict.
    PutWebhook(Webhook),
    /// Deletes the endpoint with its log of deliveries: where it has another version, the commit is a conflict.
    DeleteWebhook {
        /// The endpoint.
        webhook: WebhookId,
        /// The version seen.
        version: i64,
    },
    /// Notes a try to push an event, and forgets what stands [`LOGGED`](crate::webhook::LOGGED) places or more before it in the
    /// same log.
    LogDelivery(WebhookDelivery),
    /// Inserts the job at version 1, or replaces state, total, progress and times of the version before; where another version is
    /// there, the commit is a conflict.
    PutJob(Box<Job>),
    /// Adds rows to a job; where a row is there already, or no such job, the commit is a conflict.
    StageRows {
        /// The job.
        job: JobId,
        /// The rows.
        rows: Vec<JobRow>,
    },
    /// Says what became of rows; where one is not there or settled already, the commit is a conflict.
    SettleRows {
        /// The job.
        job: JobId,
        /// The rows.
        rows: Vec<SettledRow>,
    },
    /// Makes unsettled rows of a job that are settled, but for those that were staged settled.
    RestartRows {
        /// The job.
        job: JobId,
        /// So many at most, whichever.
        most: u32,
    },
}

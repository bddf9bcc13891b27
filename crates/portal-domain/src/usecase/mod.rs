//! One method per command: load facts, decide, commit; on a conflict, again.

mod again;
mod bulk;
mod contacts;
mod diagnosis;
mod enquiries;
mod erasure;
mod export;
mod handoffs;
mod import;
mod jobs;
mod journal;
mod links;
mod once;
mod operators;
mod practices;
mod reminders;
mod returns;
mod roll_out;
mod runner;
mod sessions;
mod set_up;
mod sign_in_returns;
mod staff;
mod team;
mod trial;
mod tries;
mod viewing;
mod webhooks;
mod workspace;

use std::{collections::BTreeSet, sync::Arc};

pub use self::{
    again::ImportAgain,
    contacts::{ContactAnswer, EmailsInput, PutContactInput},
    erasure::{ErasureReceipt, Purged},
    export::Export,
    handoffs::{HandOverInput, HandoffView, NewHandoff, OtherSession, TakenOver},
    import::{Import, ImportInput, Mended, RowFault, RowVerdict, RowWritten},
    jobs::{ActivationOrder, JobAnswer, Staging, StartedJob},
    links::{LinkView, RedeemLink},
    once::{Outcome, Request},
    operators::KeyHolder,
    practices::{NewApiKey, PutUserInput, Secret},
    reminders::InvitationsDealtWith,
    roll_out::DAYS_COUNTED,
    sessions::{ChangePassword, SessionView, SignInInput, SignedIn},
    set_up::SetUpInput,
    sign_in_returns::{EndedSessions, Onward},
    staff::{ChangeStaffPassword, StaffLinkView, StaffSignInInput, StaffSignedIn},
    team::TeamMember,
    trial::TrialInput,
    viewing::ViewingView,
    webhooks::{Signing, WebhookAnswer, WebhookView},
    workspace::{WorkspaceSignedIn, WorkspaceView},
};
use crate::{
    Door, Refusal,
    contact::Contact,
    decide::{self, Decided, Expected, Moment},
    event::Caller,
    id::{Ids, PracticeId},
    link::LinkTokens,
    port::{
        Clock, Commit, Enquiries, Entropy, Evidence, HashError, Jobs, Journal, Operators, PasswordHasher, PortalStore,
        PracticeSelector, Receipt, Returns, StoreError, Viewings, Webhooks,
    },
    practice::Practice,
    time::Timestamp,
};

/// So often a command is decided before it gives up.
const ATTEMPTS: usize = 8;

/// The use cases, over whatever adapters they are given.
#[derive(Clone)]
pub struct Portal {
    /// Facts and commits.
    pub store: Arc<dyn PortalStore>,
    /// What anybody asked for.
    pub enquiries: Arc<dyn Enquiries>,
    /// What belongs to no practice.
    pub operators: Arc<dyn Operators>,
    /// Work on many contacts.
    pub jobs: Arc<dyn Jobs>,
    /// Sealing of events.
    pub journal: Arc<dyn Journal>,
    /// Endpoints of hosts.
    pub webhooks: Arc<dyn Webhooks>,
    /// Looks of staff at the portal.
    pub viewings: Arc<dyn Viewings>,
    /// What a diagnosis looks at.
    pub evidence: Arc<dyn Evidence>,
    /// Messages that reports are about.
    pub returns: Arc<dyn Returns>,
    /// Hashing of passwords.
    pub hasher: Arc<dyn PasswordHasher>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// Issues and opens links.
    pub tokens: LinkTokens,
    /// A larger list of common passwords, in lower case (P1).
    pub common_passwords: Arc<BTreeSet<String>>,
    /// Tries of one address of origin to sign in, reset and renew, per minute (G2); of one practice.
    pub tries_per_minute: u32,
}

/// What G2 allows where nothing else is said.
pub const TRIES_PER_MINUTE: u32 = 60;

/// Who calls, for which practice, and how the call is meant.
#[derive(Clone, Debug)]
pub struct CallContext {
    /// The practice of the authenticated caller.
    pub practice: PracticeId,
    /// Who.
    pub caller: Caller,
    /// From where.
    pub origin: Option<String>,
    /// Names the call, where it may come twice: the second is told what the first was told. Honoured by every command on
    /// practice users, clients, contacts, their sessions, and settings.
    pub request: Option<Request>,
    /// The state of the contact that the command is meant for; any, where nothing is said. Honoured by commands on contacts.
    pub expected: Option<Expected>,
    /// Whether only to say what the command would do (M7).
    pub preview: bool,
}

impl CallContext {
    /// A call that is meant and comes once.
    pub const fn new(practice: PracticeId, caller: Caller) -> Self {
        Self { practice, caller, origin: None, request: None, expected: None, preview: false }
    }

    /// Refuses a command that is meant for another state of the contact.
    fn meant_for(&self, contact: Option<&Contact>) -> Result<(), Refusal> {
        self.expected.as_ref().map_or(Ok(()), |expected| expected.check(contact))
    }
}

/// Why a use case gave no outcome.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The rules refuse it; nothing was changed.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Others were faster eight times, or too much waits; nothing was changed.
    #[error("too much at once: try again in a second")]
    Overloaded,
    /// The database can't be reached, or a row is damaged. Repeating converges.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A password could not be hashed; nothing was changed.
    #[error("a password could not be hashed")]
    HashFailed,
}

impl From<HashError> for Error {
    fn from(error: HashError) -> Self {
        match error {
            HashError::Overloaded => Self::Overloaded,
            HashError::Failed => Self::HashFailed,
        }
    }
}

impl Portal {
    /// The practice of a call; `NotFound` where it is gone.
    pub async fn practice(&self, context: &CallContext) -> Result<Practice, Error> {
        let practice = self.store.practice(&PracticeSelector::Id(context.practice)).await?;
        Ok(practice.ok_or(Refusal::NotFound { what: "practice" })?)
    }

    /// The practice of somebody who wants in; refused while it is suspended.
    pub(in crate::usecase) async fn open_practice(&self, context: &CallContext, door: Door) -> Result<Practice, Error> {
        let practice = self.practice(context).await?;
        decide::door_open(&practice, door)?;
        Ok(practice)
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn moment(&self, context: &CallContext) -> Moment {
        Moment {
            now: self.clock.now(),
            ids: Ids::from_seed(self.draw()),
            signed_with: self.tokens.newest().clone(),
            caller: context.caller.clone(),
            origin: context.origin.clone(),
        }
    }

    fn draw<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.entropy.fill(&mut bytes);
        bytes
    }

    /// Commits a decision of a call that has no name, unless it is a preview or empty. `None` after a conflict: decide again.
    async fn settle<T>(&self, context: &CallContext, decided: Decided<T>) -> Result<Option<T>, Error> {
        self.settle_with(context, decided, None).await
    }

    async fn settle_with<T>(
        &self,
        context: &CallContext,
        decided: Decided<T>,
        receipt: Option<&Receipt>,
    ) -> Result<Option<T>, Error> {
        let Decided { decision, outcome } = decided;
        if context.preview || decision.is_empty() {
            return Ok(Some(outcome));
        }
        match self.store.commit(context.practice, &[decision], receipt).await? {
            Commit::Committed => Ok(Some(outcome)),
            Commit::Conflict => Ok(None),
        }
    }
}

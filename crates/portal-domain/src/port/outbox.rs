use std::time::Duration;

use async_trait::async_trait;

use super::StoreError;
use crate::{
    id::{EnquiryId, LinkId, PracticeId},
    message::{Lease, Leased, Settlement},
    time::Timestamp,
};

/// Messages that wait to be sent. Many workers on many instances may share one outbox.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Takes up to [`LeaseTerms::most`] messages that are due and marks them `sending` until the lease ends. MUST NOT give a
    /// message to two workers before its lease ran out. A message whose lease ran out is due again.
    ///
    /// Awaited messages MUST go before all others (D7). Of either kind, practices MUST take turns: the one that was served
    /// longest ago is next, and of those never served the one whose message has been due longest; within a practice, what has
    /// been due longest goes first. Messages of a practice MUST NOT be given beyond what [`room`](crate::decide::room) leaves of
    /// its `mails_per_hour`, nor any beyond that of the terms: what was accepted in the hour before `now` counts, and so does
    /// what others hold.
    ///
    /// A letter MUST say whether the activation link that it carries was overtaken, by a password or by a newer activation link of
    /// its login, whatever became of that.
    ///
    /// A letter MUST tell where the contact that it is about signs in now, and the contact's language of now, whatever became of
    /// its access; and, of mail to a contact, what keeps mail to that address back (D4).
    ///
    /// A message that can't be read MUST be given too, with the reason in place of its letter, so that it is reported and
    /// never stuck (D1).
    async fn lease(&self, terms: &LeaseTerms) -> Result<Vec<Leased>, StoreError>;

    /// Makes due at `now` every message that is due, or held, until later than `latest`: no pause and no lease is that long, so
    /// the clock ran ahead when it was written, and it would wait until then. MUST leave all others. Answers how many.
    async fn recall(&self, now: Timestamp, latest: Timestamp) -> Result<u64, StoreError>;

    /// Writes what became of a leased message, with its event and, where it says so, the suppression of its address as
    /// [`Returns::came_back`](super::Returns::came_back) does, in one transaction. MUST change nothing and answer `false` where the
    /// lease is no longer this one.
    async fn settle(&self, lease: &Lease, settlement: &Settlement) -> Result<bool, StoreError>;
}

/// What a worker asks the outbox for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeaseTerms {
    /// The time; what is due by now is given.
    pub now: Timestamp,
    /// When the lease ends.
    pub until: Timestamp,
    /// At most so many.
    pub most: u32,
    /// Only what somebody waits for.
    pub awaited_only: bool,
    /// At most so many mails in an hour, of all practices together.
    pub mails_per_hour: Option<u32>,
}

impl LeaseTerms {
    /// Any message, without a limit of the hour.
    pub const fn new(now: Timestamp, until: Timestamp, most: u32) -> Self {
        Self { now, until, most, awaited_only: false, mails_per_hour: None }
    }
}

/// So long a try to sign in waits to be decided on; nobody waits for that (M8, G4).
pub const TRY_WAITS: Duration = Duration::from_secs(60);
/// So long an enquiry that can't be decided, or can't even be read, is tried again. Then whoever waited has asked anew, and the
/// address is kept no longer (J3).
pub const ENQUIRY_WAITS: Duration = Duration::from_secs(3600);

/// What anybody asked for, kept until a worker decides it, so that the request itself tells nothing (P2).
#[async_trait]
pub trait Enquiries: Send + Sync {
    /// Keeps an enquiry.
    async fn put(&self, enquiry: &Enquiry) -> Result<(), StoreError>;

    /// Takes up to `most` enquiries, oldest first, until `until`; tries to sign in, for which nobody waits, after all others.
    /// MUST NOT give one to two workers before its lease ran out. A try that was put longer than [`TRY_WAITS`] ago MUST be
    /// forgotten unlooked, so that a flood of them is no backlog, and whether it was leased or not, so that none outlives its
    /// minute. What can't be read MUST keep nothing else from being given, and MUST be forgotten after [`ENQUIRY_WAITS`].
    async fn lease(&self, now: Timestamp, until: Timestamp, most: u32) -> Result<Vec<Enquiry>, StoreError>;

    /// Forgets a decided enquiry; harmless when it is forgotten already.
    async fn settle(&self, practice: PracticeId, enquiry: EnquiryId) -> Result<(), StoreError>;
}

/// Something that anybody asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enquiry {
    /// Our id; the request key of the command it becomes.
    pub id: EnquiryId,
    /// The practice it was asked of.
    pub practice: PracticeId,
    /// What.
    pub kind: EnquiryKind,
    /// From where.
    pub origin: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// What an enquiry asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EnquiryKind {
    /// A reset link for whoever signs in with the address, as it was typed; empty where it was none (S10).
    Reset {
        /// The address.
        address: String,
    },
    /// Where the portals are in which one signs in with the address, of whichever practices; the address as above.
    PortalAddress {
        /// The address.
        address: String,
    },
    /// A hint for whoever's address this is or was, with which somebody tried in vain to sign in (M8).
    SignIn {
        /// The address as above, sealed: see [`Portal::typed`](crate::usecase::Portal::typed).
        address: String,
    },
    /// A new link in place of this one (L4).
    Renew {
        /// The link.
        link: LinkId,
    },
    /// The same as [`Reset`](Self::Reset), asked for in the workspace: for a practice user (W1).
    StaffReset {
        /// The address.
        address: String,
    },
    /// A new link of the workspace in place of this one.
    StaffRenew {
        /// The link.
        link: LinkId,
    },
}

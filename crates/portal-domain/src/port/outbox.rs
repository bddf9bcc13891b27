use async_trait::async_trait;

use super::StoreError;
use crate::{
    id::{EnquiryId, LinkId, PracticeId},
    link::Link,
    message::{Message, Settlement},
    practice::Practice,
    time::Timestamp,
};

/// Messages that wait to be sent. Many workers on many instances may share one outbox.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Takes up to `most` messages that are due at `now`, of all practices, awaited kinds first, then oldest
    /// first, and marks them `sending` until `until`. MUST NOT give a message to two workers before its lease ran out.
    /// A message whose lease ran out is due again.
    async fn lease(&self, now: Timestamp, until: Timestamp, most: u32) -> Result<Vec<Leased>, StoreError>;

    /// Writes what became of a leased message, with its event, in one transaction. MUST change nothing and answer
    /// `false` where the lease is no longer the one of `leased`.
    async fn settle(&self, leased: &Leased, settlement: &Settlement) -> Result<bool, StoreError>;
}

/// A message in the hands of one worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leased {
    /// The practice it is sent for.
    pub practice: Practice,
    /// The message.
    pub message: Message,
    /// The link it carries, as it is now.
    pub link: Option<Link>,
    /// Attempts made before.
    pub attempts: u32,
    /// Names the lease: the time until which it holds.
    pub until: Timestamp,
}

/// What anybody asked for, kept until a worker decides it, so that the request itself tells nothing (P2).
#[async_trait]
pub trait Enquiries: Send + Sync {
    /// Keeps an enquiry.
    async fn put(&self, enquiry: &Enquiry) -> Result<(), StoreError>;

    /// Takes up to `most` enquiries, oldest first, until `until`. MUST NOT give one to two workers before its lease ran out.
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
    /// A new link in place of this one (L4).
    Renew {
        /// The link.
        link: LinkId,
    },
}

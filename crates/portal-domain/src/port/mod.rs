//! What the rules need from the outside, as traits.
//!
//! Each trait is a contract in MUST sentences; `portal-testkit` has a conformance case of the name
//! of each. An adapter that passes the suite can be put in the place of another.

mod backlogs;
mod entropy;
mod evidence;
mod exports;
mod jobs;
mod journal;
mod mail;
mod operators;
mod outbox;
mod password;
mod returns;
mod store;
mod viewings;
mod views;
mod webhooks;

pub use self::{
    backlogs::{Backlog, Backlogs, JobBacklog, MailBacklog, Pile, WebhookBacklog},
    entropy::{Clock, Entropy},
    evidence::{Evidence, KnownAt, OPENED_ANEW},
    exports::{Exports, Snapshot},
    jobs::{Jobs, RowFilter},
    journal::{DayCount, Happening, Journal, Unsealed},
    mail::{MailFrom, Mailer, OutgoingMail},
    operators::{Deletion, Operators},
    outbox::{ENQUIRY_WAITS, Enquiries, Enquiry, EnquiryKind, LeaseTerms, Outbox, TRY_WAITS},
    password::{HashError, PasswordHasher, Verdict},
    returns::Returns,
    store::{Commit, DueInvitation, InvitationsDue, PortalStore, PracticeSelector, Receipt, RequestKey, StoreError},
    viewings::Viewings,
    views::{Listed, Page, PortalViews, Waiting},
    webhooks::{WebhookCall, WebhookSender, Webhooks},
};
pub use crate::message::{Lease, Leased, Letter, SendOutcome, Settlement};

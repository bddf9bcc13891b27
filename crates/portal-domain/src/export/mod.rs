//! What leaves the portal: the whole of a practice as lines of JSON, and everything about one contact.
//!
//! A secret, or what was made of one, has no place in a record: stores don't even read such columns for an export.
//! `docs/EXPORT.md` describes every line and field; a test compares the two.

mod dossier;
mod line;
mod people;
mod traces;
mod when;
mod work;

pub use self::{
    dossier::{Dossier, DossierFacts, ImportedRow},
    line::{FORMAT, Header, Line, Part, PartPage, Place, Trailer, VERSION},
    people::{
        AddressRecord, ApiKeyRecord, ClientRecord, ContactRecord, LoginRecord, MovedRecord, PasswordRecord,
        PracticeRecord, RefusedRecord, SettingsRecord, UserRecord,
    },
    traces::{
        AttemptRecord, EventRecord, HandoffRecord, LinkRecord, MessageRecord, ProfileRecord, SessionRecord,
        SignInCodeRecord, TryRecord, UnreadableRecord, WorkspaceSessionRecord,
    },
    when::When,
    work::{DeliveryRecord, DisabledRecord, JobProgressRecord, JobRecord, JobRowRecord, JobTask, WebhookRecord},
};

//! What is erased of a contact, and how what stays forgets it (J3).

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    email::{EmailAddress, LoginKey},
    id::{ContactId, LoginId, PracticeId, Ref},
    job::{ImportInput, JobRow, RowContent, RowReport, SettledRow},
    throttle::TryMark,
    time::Timestamp,
};

/// So long personal values of the journal, and what is left of a contact that was deleted, serve as evidence: three years.
pub const EVIDENCE: Duration = Duration::from_secs(1096 * 24 * 3600);
/// So long it is kept where a session came from, after its time was over.
pub const ORIGINS: Duration = Duration::from_secs(90 * 24 * 3600);

/// What is to be erased: contacts that are not there any more, with all that names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erasure {
    /// The contacts: the one that is deleted with this, and those of its reference that were deleted before.
    pub contacts: Vec<ContactId>,
    /// What others name them by; nothing where nobody can name them any more.
    pub names: Option<Names>,
    /// Their addresses, as they were spelled, each with its key: what was asked for there is forgotten, unless somebody has the key.
    pub addresses: BTreeMap<String, Option<LoginKey>>,
    /// The keys of these addresses, each with the marks that notes of tries at it may have: they are forgotten, unless somebody has the
    /// key.
    pub tried: BTreeMap<LoginKey, Vec<TryMark>>,
    /// Who stays behind live logins that they were behind, one for each.
    pub heirs: Vec<Heir>,
    /// When.
    pub at: Timestamp,
}

/// Who stays behind a login that an erased contact leaves: links written to the contact are this one's from now on (A3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heir {
    /// The login.
    pub login: LoginId,
    /// The contact longest behind it of those that stay.
    pub contact: ContactId,
    /// Its spelling of the address.
    pub address: EmailAddress,
}

/// What names a contact where another one is meant: in answers and reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    /// The host's id.
    pub reference: Ref,
    /// The names in words.
    pub names: BTreeSet<String>,
}

/// A contact that was deleted and is not erased yet. Those that were deleted first come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gone {
    /// When it was deleted.
    pub at: Timestamp,
    /// Whose it was.
    pub practice: PracticeId,
    /// Which.
    pub contact: ContactId,
}

/// What there is of contacts, besides themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traces {
    /// Names that they have or had, as the journal tells.
    pub names: BTreeSet<String>,
    /// Addresses that they have or had, as the journal tells, and to which mail about them was written.
    pub addresses: BTreeSet<String>,
    /// Keys of live logins that links or mail about them belong to.
    pub keys: BTreeSet<LoginKey>,
    /// How much there is to be erased.
    pub found: Found,
}

/// How much there is of contacts, by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Events with personal values.
    pub events: u64,
    /// Messages.
    pub messages: u64,
    /// Those of them that wait to be sent.
    pub unsent: u64,
    /// Links.
    pub links: u64,
    /// Answers kept for repeated calls.
    pub answers: u64,
    /// Rows of imports and activations.
    pub rows: u64,
}

impl Found {
    /// The counts with their names, for events and answers.
    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        let Self { events, messages, unsent, links, answers, rows } = *self;
        [
            ("events", events),
            ("messages", messages),
            ("messages_cancelled", unsent),
            ("links", links),
            ("answers", answers),
            ("rows", rows),
        ]
        .into()
    }
}

/// What outlived its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purge {
    /// Where sessions came from whose absolute limit was before a time, of portal and workspace. The sessions stay.
    Origins(Timestamp),
    /// Mail to staff that was written before a time, and links of the workspace that expired before it.
    Staff(Timestamp),
    /// Personal values of events before a time. The events stay, with their digests.
    Personal(Timestamp),
    /// Suppressions of addresses from before a time, lifted or not (D4).
    Suppressions(Timestamp),
}

impl Names {
    /// Texts of which one stands in every answer or report, written as JSON, that names the contact.
    pub fn needles(&self) -> Vec<String> {
        let words = self.names.iter().map(|name| json(&ticked(name)).trim_matches('"').to_owned());
        [self.reference_needle()].into_iter().chain(words).collect()
    }

    /// A text that stands in every answer, written as JSON, that names the contact.
    pub fn reference_needle(&self) -> String {
        format!("\"reference\":{}", json(self.reference.as_str()))
    }

    /// An answer without the contact, where it is among those that share a login with another one. `None` where it isn't.
    pub fn without(&self, answer: &[u8]) -> Option<Vec<u8>> {
        let mut value: Value = serde_json::from_slice(answer).ok()?;
        let changed = self.leave(&mut value);
        changed.then(|| value.to_string().into_bytes())
    }

    fn leave(&self, value: &mut Value) -> bool {
        match value {
            Value::Object(members) => members.iter_mut().fold(false, |changed, (name, value)| {
                let shared = value.as_array_mut().filter(|_| name == "shared_with");
                let left = shared.is_some_and(|named| {
                    let before = named.len();
                    named.retain(|one| one["reference"] != self.reference.as_str());
                    named.len() < before
                });
                self.leave(value) || left || changed
            }),
            Value::Array(items) => items.iter_mut().filter_map(|item| self.leave(item).then_some(())).count() > 0,
            _ => false,
        }
    }

    /// A row of a job without the contact: where it is the contact's own, without all that it says. `None` where the contact is
    /// not in it.
    pub fn without_row(&self, row: &JobRow) -> Option<JobRow> {
        let left = if row.reference == self.reference.as_str() { emptied(row) } else { self.not_named(row) };
        (left != *row).then_some(left)
    }

    fn not_named(&self, row: &JobRow) -> JobRow {
        let mut row = row.clone();
        if let Some(settled) = &mut row.settled {
            settled.report.shared_with.retain(|named| named.reference != self.reference);
            let faults = settled.report.faults.iter_mut().map(|fault| &mut fault.detail);
            for words in settled.report.refusal.iter_mut().chain(faults) {
                for name in &self.names {
                    *words = words.replace(&ticked(name), "`…`");
                }
            }
        }
        row
    }
}

fn json(text: &str) -> String {
    Value::from(text).to_string()
}

fn ticked(name: &str) -> String {
    format!("`{name}`")
}

/// A row that says nothing any more. Not settled yet, it will be refused.
fn emptied(row: &JobRow) -> JobRow {
    let content = match &row.content {
        RowContent::Row { line, mend, .. } => {
            RowContent::Row { line: *line, input: ImportInput::default(), mend: *mend }
        }
        RowContent::Cells { line, .. } => RowContent::Cells { line: *line, cells: Vec::new() },
        RowContent::Contact { was } => RowContent::Contact { was: *was },
    };
    let emptied = |settled: &SettledRow| SettledRow { report: RowReport::default(), ..settled.clone() };
    JobRow { place: row.place, reference: String::new(), content, settled: row.settled.as_ref().map(emptied) }
}

impl Traces {
    /// Notes what an event tells of its contact.
    pub fn tell(&mut self, personal: &BTreeMap<String, String>) {
        let both = |before, after| [before, after].into_iter().filter_map(|name| personal.get(name));
        self.names.extend(both("name_before", "name_after").filter(|name| !name.is_empty()).cloned());
        let emails = both("emails_before", "emails_after").flat_map(|all| all.split(' '));
        self.addresses.extend(emails.filter(|email| !email.is_empty()).map(str::to_owned));
    }
}

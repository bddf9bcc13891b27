//! A file of contacts, imported by the process that reads it.

mod row;

use std::collections::BTreeMap;

use super::{
    CallContext, Error, Portal,
    bulk::{BATCH, Bulk, Taken, Task},
};
pub use crate::job::ImportInput;
use crate::{
    Refusal,
    decide::{ActivationOutcome, Effects, ImportOptions, RowOutcome},
    job::FaultReport,
    port::Commit,
};

pub(super) use self::row::{Parsed, Reader, parse};

/// What became of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowVerdict {
    /// The row's place in the file, from nought.
    pub index: usize,
    /// Column `ref`, as it stands there.
    pub reference: String,
    /// What was mended, where that was asked for.
    pub mended: Vec<Mended>,
    /// What became of the contact: written, or refused with all its faults.
    pub contact: Result<RowWritten, Vec<RowFault>>,
}

/// An entry that was mended (I2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mended {
    /// The field, such as `emails[1]`, as it was counted in the file.
    pub field: String,
    /// What was wrong, by its code.
    pub fault: &'static str,
    /// What stands there now: addresses, separated by `;`; nothing where it was left out.
    pub mend: String,
}

/// A row whose contact was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowWritten {
    /// Whether the contact is new.
    pub created: bool,
    /// Whether the contact itself was changed, access apart.
    pub changed: bool,
    /// The first address.
    pub login_email: Option<String>,
    /// How many addresses the contact has.
    pub emails: usize,
    /// What became of the access, where the row asks for it. A refusal does not undo the contact.
    pub activation: Option<Result<ActivationOutcome, Refusal>>,
    /// What the row does.
    pub effects: Effects,
}

/// One thing that is wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowFault {
    /// The field, such as `emails[1]`.
    pub field: String,
    /// The stable code.
    pub code: &'static str,
    /// What exactly is wrong, by its code, where there is one.
    pub fault: Option<&'static str>,
    /// What would stand there instead, where a mend is safe (I2): addresses, separated by `;`; nothing to leave it out.
    pub mend: Option<String>,
    /// In words.
    pub detail: String,
}

impl RowFault {
    pub(super) fn of(refusal: &Refusal) -> Self {
        let field = refusal.field().unwrap_or_else(|| "emails".to_owned());
        Self { field, code: refusal.code(), fault: refusal.fault(), mend: None, detail: refusal.to_string() }
    }

    pub(super) fn report(&self) -> FaultReport {
        FaultReport {
            field: self.field.clone(),
            code: self.code.to_owned(),
            fault: self.fault.map(str::to_owned),
            mend: self.mend.clone(),
            detail: self.detail.clone(),
        }
    }

    fn invalid(field: impl Into<String>, detail: &str) -> Self {
        Self { field: field.into(), code: "invalid_request", fault: None, mend: None, detail: detail.to_owned() }
    }
}

/// An import that is being run, batch by batch, by the process that holds its rows.
pub struct Import<'a> {
    portal: &'a Portal,
    context: CallContext,
    bulk: Bulk<'a>,
    refused: Vec<RowVerdict>,
    mended: BTreeMap<i64, Vec<Mended>>,
}

impl Portal {
    /// Begins an import. Nothing is written before the first [`Import::step`].
    pub fn import(&self, context: &CallContext, rows: &[ImportInput], options: ImportOptions) -> Import<'_> {
        let bulk = Bulk::new(self, context.clone());
        let mut import =
            Import { portal: self, context: context.clone(), bulk, refused: Vec::new(), mended: BTreeMap::new() };
        let mut reader = Reader::new(options.mend);
        for (index, input) in rows.iter().enumerate() {
            let place = i64::try_from(index).unwrap_or(i64::MAX);
            match reader.read(input, false) {
                Ok(Parsed { row, mended }) => {
                    if !mended.is_empty() {
                        import.mended.insert(place, mended);
                    }
                    import.bulk.feed(place, Task::Import(row, options));
                }
                Err(faults) => {
                    let reference = input.reference.clone();
                    let verdict = RowVerdict { index, reference, mended: Vec::new(), contact: Err(faults) };
                    import.refused.push(verdict);
                }
            }
        }
        import.bulk.fed();
        import
    }
}

impl Import<'_> {
    /// Takes the next batch and answers what became of its rows; the first time, also of those that can't be read.
    /// Nothing when all is done. After an error the same rows are taken again.
    pub async fn step(&mut self) -> Result<Vec<RowVerdict>, Error> {
        if !self.refused.is_empty() {
            return Ok(std::mem::take(&mut self.refused));
        }
        while self.bulk.remaining() > 0 {
            let batch = self.bulk.next(BATCH).await?;
            let committed = if self.context.preview || batch.decisions.is_empty() {
                Commit::Committed
            } else {
                self.portal.store.commit(self.context.practice, &batch.decisions, None).await?
            };
            if committed == Commit::Conflict {
                self.bulk.halve()?;
                continue;
            }
            let taken = self.bulk.close(batch);
            if !taken.is_empty() {
                return Ok(taken.into_iter().map(|taken| self.verdict(taken)).collect());
            }
        }
        Ok(Vec::new())
    }

    fn verdict(&mut self, taken: Taken) -> RowVerdict {
        let contact = match taken.verdict {
            Ok(Some(outcome)) => Ok(written(outcome)),
            Ok(None) => Err(Vec::new()),
            Err(refusal) => Err(vec![RowFault::of(&refusal)]),
        };
        RowVerdict {
            index: usize::try_from(taken.place).unwrap_or_default(),
            reference: taken.task.reference().as_str().to_owned(),
            mended: self.mended.remove(&taken.place).unwrap_or_default(),
            contact,
        }
    }

    /// How many rows are still to be decided.
    pub fn remaining(&self) -> usize {
        self.bulk.remaining() + self.refused.len()
    }
}

fn written(outcome: RowOutcome) -> RowWritten {
    let contact = outcome.contact.after.contact.as_ref();
    let emails = contact.map_or(0, |contact| contact.emails.len());
    let first = contact.and_then(|contact| contact.emails.first());
    RowWritten {
        created: outcome.contact.created,
        changed: outcome.contact_changed,
        login_email: first.map(|email| email.as_str().to_owned()),
        emails,
        activation: outcome.activation,
        effects: outcome.contact.effects,
    }
}

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::{ATTEMPTS, CallContext, Error, Portal, contacts::query};
use crate::{
    Refusal,
    change::{Aggregate, Change, Decision},
    contact::Contact,
    decide::{self, ActivationOutcome, Decided, Effects, ImportOptions, ImportRow, RowOutcome, Scene},
    email::{EmailAddress, EmailFault, EmailList, EmailListFault, LoginKey},
    facts::{ContactFacts, ContactQuery, Holder, LoginFacts},
    id::{LoginId, Ref},
    port::Commit,
    practice::{Client, Practice, check_name},
};

/// So many rows are decided and committed together.
const BATCH: usize = 500;

/// One row as it stands in the file; addresses and clients are already told apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportInput {
    /// Column `ref`.
    pub reference: String,
    /// Column `name`.
    pub name: String,
    /// Column `emails`, split at `;`.
    pub emails: Vec<String>,
    /// Column `clients`, split at `;`.
    pub clients: Vec<String>,
    /// Column `activate`.
    pub activate: String,
}

/// What became of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowVerdict {
    /// The row's place in the file, from nought.
    pub index: usize,
    /// Column `ref`, as it stands there.
    pub reference: String,
    /// What became of the contact: written, or refused with all its faults.
    pub contact: Result<RowWritten, Vec<RowFault>>,
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
    /// In words.
    pub detail: String,
}

impl RowFault {
    fn of(refusal: &Refusal) -> Self {
        let field = refusal.field().unwrap_or_else(|| "emails".to_owned());
        Self { field, code: refusal.code(), fault: refusal.fault(), detail: refusal.to_string() }
    }

    fn invalid(field: impl Into<String>, detail: &str) -> Self {
        Self { field: field.into(), code: "invalid_request", fault: None, detail: detail.to_owned() }
    }
}

/// An import that is being run, batch by batch.
///
/// Rows that share a key or a reference with an earlier row wait for the next batch, so that every row
/// sees what the rows before it did. A row that meets a login which another row may yet move away goes to the end of the
/// queue, until nothing gives way any more: else the same file would do more the second time (I3).
/// A preview keeps what earlier rows would have done in mind, and writes nothing (I4).
pub struct Import<'a> {
    portal: &'a Portal,
    context: CallContext,
    options: ImportOptions,
    waiting: VecDeque<(usize, ImportRow)>,
    refused: Vec<RowVerdict>,
    batch: usize,
    /// How many keys rows have given up so far.
    given_up: usize,
    /// How many it were when a row was put off last.
    put_off: BTreeMap<usize, usize>,
    imagined: Imagined,
}

/// What became of the rows of a batch: those that are done with their verdicts, what is to be committed for them, and those
/// that are put off.
#[derive(Default)]
struct Batch {
    taken: BTreeSet<usize>,
    verdicts: Vec<RowVerdict>,
    decisions: Vec<Decision>,
    put_off: BTreeSet<usize>,
}

/// What earlier rows of a preview would have left.
#[derive(Default)]
struct Imagined {
    contacts: BTreeMap<Ref, ContactFacts>,
    logins: BTreeMap<LoginId, LoginFacts>,
    keys: BTreeMap<LoginKey, Option<LoginId>>,
    clients: BTreeMap<Ref, Client>,
}

impl Portal {
    /// Begins an import. Nothing is written before the first [`Import::step`].
    pub fn import(&self, context: &CallContext, rows: &[ImportInput], options: ImportOptions) -> Import<'_> {
        let mut import = Import {
            portal: self,
            context: context.clone(),
            options,
            waiting: VecDeque::new(),
            refused: Vec::new(),
            batch: BATCH,
            given_up: 0,
            put_off: BTreeMap::new(),
            imagined: Imagined::default(),
        };
        let mut seen: BTreeMap<Ref, ImportRow> = BTreeMap::new();
        for (index, input) in rows.iter().enumerate() {
            let parsed = parse(input).and_then(|row| consistent(&mut seen, row));
            match parsed {
                Ok(row) => import.waiting.push_back((index, row)),
                Err(faults) => {
                    import.refused.push(RowVerdict { index, reference: input.reference.clone(), contact: Err(faults) })
                }
            }
        }
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
        let mut tries = 0;
        while !self.waiting.is_empty() {
            let practice = self.portal.practice(&self.context).await?;
            let (rows, facts) = self.next_rows().await?;
            let batch = self.decide(&practice, &rows, &facts);
            let committed = if self.context.preview || batch.decisions.is_empty() {
                Commit::Committed
            } else {
                self.portal.store.commit(self.context.practice, &batch.decisions, None).await?
            };
            if committed == Commit::Committed {
                let verdicts = self.close(batch);
                if verdicts.is_empty() {
                    continue;
                }
                return Ok(verdicts);
            }
            tries += 1;
            if self.batch == 1 && tries > ATTEMPTS + BATCH.ilog2() as usize {
                return Err(Error::Overloaded);
            }
            self.batch = (self.batch / 2).max(1);
        }
        Ok(Vec::new())
    }

    /// Takes the rows of a committed batch from the queue; those that are put off go to its end.
    fn close(&mut self, batch: Batch) -> Vec<RowVerdict> {
        let Batch { taken, verdicts, decisions, put_off } = batch;
        let (later, waiting): (Vec<_>, Vec<_>) = std::mem::take(&mut self.waiting)
            .into_iter()
            .filter(|(index, _)| !taken.contains(index))
            .partition(|(index, _)| put_off.contains(index));
        self.waiting = waiting.into_iter().chain(later).collect();
        self.put_off.extend(put_off.into_iter().map(|index| (index, self.given_up)));
        let changes = decisions.iter().flat_map(|decision| &decision.changes);
        self.given_up += changes.filter(|change| matches!(change, Change::ReleaseKey(_))).count();
        self.batch = BATCH;
        verdicts
    }

    /// Whether a row that meets a login waits for others to move that away: not again, where none has given a key up since.
    fn waits(&self, index: usize, decided: &Result<Decided<RowOutcome>, Refusal>) -> bool {
        let taken = |refusal: &Refusal| matches!(refusal, Refusal::LoginEmailTaken { .. });
        let refused = match decided {
            Err(refusal) => taken(refusal),
            Ok(Decided { outcome, .. }) => matches!(&outcome.activation, Some(Err(refusal)) if taken(refusal)),
        };
        refused && self.options.move_logins && self.put_off.get(&index) != Some(&self.given_up)
    }

    /// How many rows are still to be decided.
    pub fn remaining(&self) -> usize {
        self.waiting.len() + self.refused.len()
    }

    /// The next rows of which no two share a reference or a key, with their facts.
    async fn next_rows(&self) -> Result<(Vec<(usize, ImportRow)>, Vec<ContactFacts>), Error> {
        let mut names = BTreeSet::new();
        let mut rows = Vec::new();
        for (index, row) in &self.waiting {
            if rows.len() == self.batch {
                break;
            }
            let new_ref = names.insert(Name::Ref(row.reference.clone()));
            let new_key = first_key(row).is_none_or(|key| names.insert(Name::Key(key)));
            if new_ref && new_key {
                rows.push((*index, row.clone()));
            }
        }
        let queries: Vec<_> = rows.iter().map(|(_, row)| question(row)).collect();
        let now = self.portal.now();
        let mut facts = self.portal.store.contacts(self.context.practice, &queries, now).await?;
        for ((_, row), facts) in rows.iter().zip(&mut facts) {
            self.imagined.overlay(row, facts);
        }
        Ok((rows, facts))
    }

    /// Decides rows one after the other; one that touches what an earlier one of the batch changed is left for the next.
    fn decide(&mut self, practice: &Practice, rows: &[(usize, ImportRow)], facts: &[ContactFacts]) -> Batch {
        let mut touched = Touched::default();
        let mut created: BTreeMap<Ref, Client> = BTreeMap::new();
        let mut batch = Batch::default();
        for ((index, row), facts) in rows.iter().zip(facts) {
            if touched.meets(facts, row) {
                continue;
            }
            let mut facts = facts.clone();
            let fresh = row.clients.iter().filter_map(|client| created.get(client)).cloned();
            facts.clients.extend(fresh);
            facts.clients.sort_by(|a, b| a.reference.cmp(&b.reference));
            facts.clients.dedup();
            let scene = Scene { practice, facts: &facts };
            let decided = decide::import_row(scene, row, self.options, &mut self.portal.moment(&self.context));
            if self.waits(*index, &decided) {
                batch.put_off.insert(*index);
                continue;
            }
            let contact = match decided {
                Ok(Decided { decision, outcome }) => {
                    created.extend(outcome.new_clients.iter().map(|client| (client.reference.clone(), client.clone())));
                    touched.note(row, &facts, &decision);
                    if self.context.preview {
                        self.imagined.note(row, &decision, &outcome);
                    }
                    if !decision.is_empty() {
                        batch.decisions.push(decision);
                    }
                    Ok(written(outcome))
                }
                Err(refusal) => Err(vec![RowFault::of(&refusal)]),
            };
            batch.taken.insert(*index);
            let reference = row.reference.as_str().to_owned();
            batch.verdicts.push(RowVerdict { index: *index, reference, contact });
        }
        batch
    }
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Name {
    Ref(Ref),
    Key(LoginKey),
}

/// What the decisions of a batch changed so far.
#[derive(Default)]
struct Touched {
    aggregates: BTreeSet<Aggregate>,
    keys: BTreeSet<LoginKey>,
}

impl Touched {
    fn meets(&self, facts: &ContactFacts, row: &ImportRow) -> bool {
        let own = facts.contact.as_ref().and_then(first_of);
        let keys = facts.holders.keys().cloned().chain(own).chain(first_key(row));
        let logins = facts.holders.values().filter_map(|holder| match holder {
            Holder::Login(login) => Some(login.login.id),
            Holder::User(_) => None,
        });
        let logins = logins.chain(facts.login.as_ref().map(|login| login.login.id)).map(Aggregate::Login);
        keys.into_iter().any(|key| self.keys.contains(&key))
            || logins.into_iter().any(|id| self.aggregates.contains(&id))
    }

    fn note(&mut self, row: &ImportRow, facts: &ContactFacts, decision: &Decision) {
        self.aggregates.extend(decision.expect.iter().map(|expect| expect.what));
        self.keys.extend(first_key(row));
        self.keys.extend(facts.contact.as_ref().and_then(first_of));
    }
}

impl Imagined {
    /// Puts what earlier rows would have left in the place of what is stored.
    fn overlay(&self, row: &ImportRow, facts: &mut ContactFacts) {
        if let Some(after) = self.contacts.get(&row.reference) {
            let stored = std::mem::replace(facts, after.clone());
            facts.holders = stored.holders;
            // Clients that only this row names are stored ones still.
            facts.clients.extend(stored.clients);
        }
        let asked: BTreeSet<_> = facts.contact.as_ref().and_then(first_of).into_iter().chain(first_key(row)).collect();
        for (key, holder) in asked.iter().filter_map(|key| self.keys.get_key_value(key)) {
            match holder.and_then(|login| self.logins.get(&login)) {
                Some(login) => facts.holders.insert(key.clone(), Holder::Login(login.clone())),
                None => facts.holders.remove(key),
            };
        }
        for holder in facts.holders.values_mut() {
            if let Holder::Login(login) = holder
                && let Some(after) = self.logins.get(&login.login.id)
            {
                login.clone_from(after);
            }
        }
        if let Some(login) = &mut facts.login
            && let Some(after) = self.logins.get(&login.login.id)
        {
            login.clone_from(after);
        }
        facts.clients.extend(row.clients.iter().filter_map(|client| self.clients.get(client)).cloned());
        facts.clients.sort_by(|a, b| a.reference.cmp(&b.reference));
        facts.clients.dedup_by(|a, b| a.id == b.id);
    }

    fn note(&mut self, row: &ImportRow, decision: &Decision, outcome: &RowOutcome) {
        let after = &outcome.contact.after;
        let logins = after.holders.values().filter_map(|holder| match holder {
            Holder::Login(login) => Some(login),
            Holder::User(_) => None,
        });
        for login in logins.chain(&after.login) {
            self.logins.insert(login.login.id, login.clone());
        }
        for change in &decision.changes {
            match change {
                Change::ReleaseKey(key) => self.keys.insert(key.clone(), None),
                Change::ClaimKey { key, owner: crate::change::KeyOwner::Login(login) } => {
                    self.keys.insert(key.clone(), Some(*login))
                }
                _ => continue,
            };
        }
        let new = outcome.new_clients.iter().map(|client| (client.reference.clone(), client.clone()));
        self.clients.extend(new);
        self.contacts.insert(row.reference.clone(), after.clone());
    }
}

fn first_of(contact: &Contact) -> Option<LoginKey> {
    contact.emails.first().map(|email| email.key().clone())
}

fn first_key(row: &ImportRow) -> Option<LoginKey> {
    row.emails.as_ref().and_then(EmailList::first).map(|email| email.key().clone())
}

fn question(row: &ImportRow) -> ContactQuery {
    ContactQuery { keys: first_key(row).into_iter().collect(), clients: row.clients.clone(), ..query(&row.reference) }
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

/// Reads a row; all its faults where it can't be read (I2).
fn parse(input: &ImportInput) -> Result<ImportRow, Vec<RowFault>> {
    let mut faults = Vec::new();
    let reference = Ref::parse(&input.reference);
    if reference.is_none() {
        faults.push(RowFault::invalid("ref", "must be 1 to 128 visible ASCII characters"));
    }
    if let Err(fault) = check_name(&input.name) {
        faults.push(RowFault::of(&fault.into()));
    }
    let emails = parse_emails(&input.emails, &mut faults);
    let mut clients = Vec::new();
    for (index, client) in input.clients.iter().enumerate().filter(|(_, client)| !client.is_empty()) {
        match Ref::parse(client) {
            Some(client) => clients.push(client),
            None => {
                let field = format!("clients[{index}]");
                faults.push(RowFault::invalid(field, "must be 1 to 128 visible ASCII characters"));
            }
        }
    }
    let activate = match input.activate.to_ascii_lowercase().as_str() {
        "yes" | "y" | "true" | "1" | "x" => true,
        "" | "no" | "n" | "false" | "0" => false,
        _ => {
            faults.push(RowFault::invalid("activate", "must be `yes` or `no`"));
            false
        }
    };
    match (reference, faults.is_empty()) {
        (Some(reference), true) => {
            let name = (!input.name.is_empty()).then(|| input.name.clone());
            Ok(ImportRow { reference, name, emails, clients, activate })
        }
        _ => Err(faults),
    }
}

/// The list of a row; `None`, which leaves an existing contact's list as it is, where the row names none.
fn parse_emails(entries: &[String], faults: &mut Vec<RowFault>) -> Option<EmailList> {
    match EmailList::parse(entries) {
        Ok(list) => (!list.is_empty()).then_some(list),
        Err(EmailListFault::TooMany { count }) => {
            faults.push(RowFault::of(&Refusal::TooManyEmails { count }));
            None
        }
        Err(EmailListFault::Invalid { .. }) => {
            let faulty = entries.iter().enumerate().filter_map(|(index, entry)| Some((index, fault_of(entry)?)));
            faults.extend(
                faulty.map(|(index, fault)| RowFault::of(&Refusal::InvalidEmail { index: Some(index), fault })),
            );
            None
        }
    }
}

fn fault_of(entry: &str) -> Option<EmailFault> {
    let blank = EmailList::parse(&[entry]).is_ok();
    if blank { None } else { EmailAddress::parse(entry).err() }
}

/// Rows of one reference add up their clients; any other difference refuses the later row (I1).
fn consistent(seen: &mut BTreeMap<Ref, ImportRow>, row: ImportRow) -> Result<ImportRow, Vec<RowFault>> {
    let Some(first) = seen.get(&row.reference) else {
        seen.insert(row.reference.clone(), row.clone());
        return Ok(row);
    };
    let differs = |field, same: bool| (!same).then_some(Refusal::RowContradicts { field });
    let faults: Vec<_> = [
        differs("name", row.name.is_none() || row.name == first.name),
        differs("emails", row.emails.is_none() || row.emails == first.emails),
    ]
    .iter()
    .flatten()
    .map(RowFault::of)
    .collect();
    if faults.is_empty() { Ok(row) } else { Err(faults) }
}

//! Many contacts at once: rows that depend on one another are decided one after the other, all others together.

mod imagined;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use self::imagined::Imagined;
use super::{ATTEMPTS, CallContext, Error, Portal, contacts::query};
use crate::{
    Refusal,
    change::{Aggregate, Change, Decision},
    contact::{Access, Contact},
    decide::{self, ActivationOutcome, ContactOutcome, Decided, ImportOptions, ImportRow, Moment, RowOutcome, Scene},
    email::{EmailList, LoginKey},
    facts::{ContactFacts, ContactQuery, Holder},
    id::Ref,
    practice::{Client, Practice},
    status::{PortalStatus, portal_part},
};

/// So many rows are decided and committed together.
pub(super) const BATCH: usize = 500;
/// So many at first, and twice as many each time that most of them don't wait for one another: each row comes with all who are
/// behind its login.
const FIRST: usize = 16;

/// What is to become of one contact.
#[derive(Clone, Debug)]
pub(super) enum Task {
    /// A row of a file.
    Import(ImportRow, ImportOptions),
    /// Access, but not for somebody from whom it was taken since.
    Activate { contact: Ref, even_deactivated: bool },
    /// A new invitation, where the contact still has one of these statuses; nothing named, whatever it has.
    Resend { contact: Ref, statuses: Option<BTreeSet<PortalStatus>> },
}

impl Task {
    pub(super) const fn reference(&self) -> &Ref {
        match self {
            Self::Import(row, _) => &row.reference,
            Self::Activate { contact, .. } | Self::Resend { contact, .. } => contact,
        }
    }

    /// The key that the row puts first.
    fn key(&self) -> Option<LoginKey> {
        match self {
            Self::Import(row, _) => row.emails.as_ref().and_then(EmailList::first).map(|email| email.key().clone()),
            Self::Activate { .. } | Self::Resend { .. } => None,
        }
    }

    fn clients(&self) -> &[Ref] {
        match self {
            Self::Import(row, _) => &row.clients,
            Self::Activate { .. } | Self::Resend { .. } => &[],
        }
    }

    const fn moves_logins(&self) -> bool {
        matches!(self, Self::Import(_, ImportOptions { move_logins: true, .. }))
    }

    fn question(&self) -> ContactQuery {
        ContactQuery {
            keys: self.key().into_iter().collect(),
            clients: self.clients().to_vec(),
            ..query(self.reference())
        }
    }

    fn decide(&self, scene: Scene<'_>, moment: &mut Moment) -> Verdict {
        let contact = match self {
            Self::Import(row, options) => {
                return decide::import_row(scene, row, *options, moment)
                    .map(|decided| Decided { decision: decided.decision, outcome: Some(decided.outcome) });
            }
            Self::Activate { even_deactivated, .. } => {
                let deactivated = access(scene.facts) == Some(Access::Deactivated);
                if deactivated && !even_deactivated {
                    return Ok(SKIPPED);
                }
                decide::activate(scene, moment)?
            }
            Self::Resend { statuses, .. } => {
                let status = portal_part(scene.practice, scene.facts, moment.now).map(|part| part.status);
                let wanted = statuses.as_ref().zip(status).is_none_or(|(wanted, status)| wanted.contains(&status));
                if !wanted {
                    return Ok(SKIPPED);
                }
                decide::resend(scene, moment)?
            }
        };
        Ok(Decided { decision: contact.decision, outcome: Some(granted(contact.outcome)) })
    }
}

/// What a row comes to: nothing where it was passed over.
type Verdict = Result<Decided<Option<RowOutcome>>, Refusal>;

const SKIPPED: Decided<Option<RowOutcome>> = Decided {
    decision: Decision { expect: Vec::new(), changes: Vec::new(), messages: Vec::new(), events: Vec::new() },
    outcome: None,
};

fn access(facts: &ContactFacts) -> Option<Access> {
    facts.contact.as_ref().map(|contact| contact.access)
}

fn granted(contact: ContactOutcome) -> RowOutcome {
    let activation = match (contact.changed, contact.effects.shared_with.is_empty()) {
        (false, _) => ActivationOutcome::Unchanged,
        (true, false) => ActivationOutcome::Joined,
        (true, true) => ActivationOutcome::Invited,
    };
    RowOutcome { contact, contact_changed: false, activation: Some(Ok(activation)), new_clients: Vec::new() }
}

/// A row that is decided.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) place: i64,
    pub(super) task: Task,
    pub(super) verdict: Result<Option<RowOutcome>, Refusal>,
    /// Which decision of the batch is its own, where it has one.
    decision: Option<usize>,
}

/// What became of the rows of a batch, and what is to be committed for them.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) taken: Vec<Taken>,
    pub(super) decisions: Vec<Decision>,
    put_off: BTreeSet<i64>,
    /// How many rows were looked at for that.
    looked_at: usize,
}

/// Rows on their way, batch by batch.
///
/// Rows that share a key or a reference with an earlier row wait for the next batch, so that every row
/// sees what the rows before it did. A row that meets a login which another row may yet move away comes after all others,
/// until nothing gives way any more: else the same file would do more the second time (I3).
/// A preview keeps what earlier rows would have done in mind, and writes nothing (I4).
pub(super) struct Bulk<'a> {
    portal: &'a Portal,
    context: CallContext,
    waiting: VecDeque<(i64, Task)>,
    /// Those that are put off, while there are others.
    later: VecDeque<(i64, Task)>,
    /// Whether rows are still to be fed.
    more: bool,
    most: usize,
    /// More at once are not tried for now.
    limit: usize,
    tries: usize,
    /// How many keys rows have given up so far.
    given_up: usize,
    /// How many it were when a row was put off last.
    put_off: BTreeMap<i64, usize>,
    imagined: Imagined,
}

impl<'a> Bulk<'a> {
    pub(super) fn new(portal: &'a Portal, context: CallContext) -> Self {
        Self {
            portal,
            context,
            waiting: VecDeque::new(),
            later: VecDeque::new(),
            more: true,
            most: FIRST,
            limit: BATCH,
            tries: 0,
            given_up: 0,
            put_off: BTreeMap::new(),
            imagined: Imagined::default(),
        }
    }

    /// Adds a row behind those that wait.
    pub(super) fn feed(&mut self, place: i64, task: Task) {
        self.waiting.push_back((place, task));
    }

    /// There are no more rows to be fed.
    pub(super) const fn fed(&mut self) {
        self.more = false;
    }

    /// How many rows are fed and not decided.
    pub(super) fn remaining(&self) -> usize {
        self.waiting.len() + self.later.len()
    }

    /// How many wait to be decided before more need to be fed.
    pub(super) fn in_hand(&self) -> usize {
        self.waiting.len()
    }

    /// Decides the next rows, at most so many. The caller commits, and says what came of it: [`close`](Self::close), or
    /// [`halve`](Self::halve).
    pub(super) async fn next(&mut self, most: usize) -> Result<Batch, Error> {
        if self.waiting.is_empty() && !self.more {
            self.waiting.append(&mut self.later);
        }
        let practice = self.portal.practice(&self.context).await?;
        let (rows, facts) = self.next_rows(most.min(self.most)).await?;
        Ok(self.decide(&practice, &rows, &facts))
    }

    /// After a conflict: fewer at once. Refused where that was tried often enough.
    pub(super) fn halve(&mut self) -> Result<(), Error> {
        self.tries += 1;
        if self.most == 1 && self.tries > ATTEMPTS + BATCH.ilog2() as usize {
            return Err(Error::Overloaded);
        }
        self.most = (self.most / 2).max(1);
        Ok(())
    }

    /// After a store that could not answer, perhaps for so many: fewer at once, now and later. Whether there were several.
    pub(super) fn shrink(&mut self) -> bool {
        let several = self.most > 1;
        self.most = (self.most / 2).max(1);
        self.limit = self.most;
        several
    }

    /// Takes the rows of a committed batch from the queue; those that are put off come after all others.
    pub(super) fn close(&mut self, batch: Batch) -> Vec<Taken> {
        let Batch { taken, decisions, put_off, looked_at } = batch;
        let met = taken.len() + put_off.len();
        self.limit = (self.limit + 1).min(BATCH);
        self.most = if met * 2 < looked_at { met * 2 } else { self.most * 2 }.clamp(1, self.limit);
        if self.context.preview {
            self.imagine(&taken, &decisions);
        }
        let done: BTreeSet<_> = taken.iter().map(|taken| taken.place).collect();
        let (later, waiting): (VecDeque<_>, VecDeque<_>) = std::mem::take(&mut self.waiting)
            .into_iter()
            .filter(|(place, _)| !done.contains(place))
            .partition(|(place, _)| put_off.contains(place));
        self.waiting = waiting;
        self.later.extend(later);
        self.put_off.extend(put_off.into_iter().map(|place| (place, self.given_up)));
        let changes = decisions.iter().flat_map(|decision| &decision.changes);
        self.given_up += changes.filter(|change| matches!(change, Change::ReleaseKey(_))).count();
        self.tries = 0;
        taken
    }

    /// Keeps in mind what rows would have done, once it is certain that they are not decided again.
    fn imagine(&mut self, taken: &[Taken], decisions: &[Decision]) {
        for Taken { task, verdict, decision, .. } in taken {
            if let Ok(Some(outcome)) = verdict {
                let changes = decision.and_then(|place| decisions.get(place)).map(|decision| &decision.changes[..]);
                self.imagined.note(task, changes.unwrap_or_default(), outcome);
            }
        }
    }

    /// Whether a row that meets a login waits for others to move that away: not again, where none has given a key up since.
    fn waits(&self, place: i64, task: &Task, decided: &Verdict) -> bool {
        let taken = |refusal: &Refusal| matches!(refusal, Refusal::LoginEmailTaken { .. });
        let refused = match decided {
            Err(refusal) => taken(refusal),
            Ok(Decided { outcome: Some(outcome), .. }) => {
                matches!(&outcome.activation, Some(Err(refusal)) if taken(refusal))
            }
            Ok(_) => false,
        };
        refused && task.moves_logins() && self.put_off.get(&place) != Some(&self.given_up)
    }

    /// The next rows of which no two share a reference or a key, with their facts.
    async fn next_rows(&self, most: usize) -> Result<(Vec<(i64, Task)>, Vec<ContactFacts>), Error> {
        let mut names = BTreeSet::new();
        let mut rows = Vec::new();
        for (place, task) in &self.waiting {
            if rows.len() == most {
                break;
            }
            let new_ref = names.insert(Name::Ref(task.reference().clone()));
            let new_key = task.key().is_none_or(|key| names.insert(Name::Key(key)));
            if new_ref && new_key {
                rows.push((*place, task.clone()));
            }
        }
        let queries: Vec<_> = rows.iter().map(|(_, task)| task.question()).collect();
        let now = self.portal.now();
        let mut facts = self.portal.store.contacts(self.context.practice, &queries, now).await?;
        for ((_, task), facts) in rows.iter().zip(&mut facts) {
            self.imagined.overlay(task, facts);
        }
        Ok((rows, facts))
    }

    /// Decides rows one after the other; one that touches what an earlier one of the batch changed is left for the next.
    fn decide(&self, practice: &Practice, rows: &[(i64, Task)], facts: &[ContactFacts]) -> Batch {
        let mut touched = Touched::default();
        let mut created: BTreeMap<Ref, Client> = BTreeMap::new();
        let mut batch = Batch { looked_at: rows.len(), ..Batch::default() };
        for ((place, task), facts) in rows.iter().zip(facts) {
            if touched.meets(facts, task) {
                continue;
            }
            let mut facts = facts.clone();
            let fresh = task.clients().iter().filter_map(|client| created.get(client)).cloned();
            facts.clients.extend(fresh);
            facts.clients.sort_by(|a, b| a.reference.cmp(&b.reference));
            facts.clients.dedup();
            let scene = Scene { practice, facts: &facts };
            let decided = task.decide(scene, &mut self.portal.moment(&self.context));
            if self.waits(*place, task, &decided) {
                batch.put_off.insert(*place);
                continue;
            }
            let mut own = None;
            let verdict = decided.map(|Decided { decision, outcome }| {
                if let Some(outcome) = &outcome {
                    let new = outcome.new_clients.iter();
                    created.extend(new.map(|client| (client.reference.clone(), client.clone())));
                    touched.note(task, &facts, &decision);
                }
                if !decision.is_empty() {
                    own = Some(batch.decisions.len());
                    batch.decisions.push(decision);
                }
                outcome
            });
            batch.taken.push(Taken { place: *place, task: task.clone(), verdict, decision: own });
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
    fn meets(&self, facts: &ContactFacts, task: &Task) -> bool {
        let own = facts.contact.as_ref().and_then(first_of);
        let keys = facts.holders.keys().cloned().chain(own).chain(task.key());
        let logins = facts.holders.values().filter_map(|holder| match holder {
            Holder::Login(login) => Some(login.login.id),
            Holder::User(_) => None,
        });
        let logins = logins.chain(facts.login.as_ref().map(|login| login.login.id)).map(Aggregate::Login);
        keys.into_iter().any(|key| self.keys.contains(&key))
            || logins.into_iter().any(|id| self.aggregates.contains(&id))
    }

    fn note(&mut self, task: &Task, facts: &ContactFacts, decision: &Decision) {
        self.aggregates.extend(decision.expect.iter().map(|expect| expect.what));
        self.keys.extend(task.key());
        self.keys.extend(facts.contact.as_ref().and_then(first_of));
    }
}

fn first_of(contact: &Contact) -> Option<LoginKey> {
    contact.emails.first().map(|email| email.key().clone())
}

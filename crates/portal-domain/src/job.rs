//! Work on many contacts: what is to be done, row by row, and how far it is.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde::{Deserialize, Serialize};

use crate::{
    Named,
    decide::{Effects, moves_login},
    event::Caller,
    id::{JobId, PracticeId},
    status::PortalStatus,
    time::Timestamp,
};

/// So long job and rows are kept after the end (J3).
pub const KEPT: Duration = Duration::from_secs(14 * 24 * 3600);
/// So long the rows of a staging that broke off are kept.
pub const STAGING_KEPT: Duration = Duration::from_secs(24 * 3600);
/// Most entries of a list of a row. Whoever reads a file need not tell more of them apart: such a row is refused.
pub const MOST_ENTRIES: usize = 1000;
/// So many of those behind a login are named in a report.
const NAMED: usize = 10;

/// For so long what a check of a file said is taken to hold, so that its rows may be imported as they are.
pub const CHECK_HOLDS: Duration = Duration::from_secs(3600);

/// A job. Its rows stand apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Our id.
    pub id: JobId,
    /// The practice.
    pub practice: PracticeId,
    /// What is to be done.
    pub spec: JobSpec,
    /// Where it is.
    pub state: JobState,
    /// Who asked; in every event that its rows cause.
    pub caller: Caller,
    /// From where.
    pub origin: Option<String>,
    /// How many rows there are.
    pub total: u64,
    /// How far it is.
    pub progress: Progress,
    /// When it may be taken next: now, at the end of a lease, or at that of a pause. Nothing where it does not run.
    pub due_at: Option<Timestamp>,
    /// From when on it is forgotten. Nothing while it goes on.
    pub forget_at: Option<Timestamp>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it was done or cancelled.
    pub ended_at: Option<Timestamp>,
    /// Raised by every change of it, and by every lease: who holds another version holds nothing.
    pub version: i64,
}

impl Job {
    /// Whether it is forgotten, though some of its rows may be there yet.
    #[must_use]
    pub fn is_forgotten(&self, now: Timestamp) -> bool {
        self.forget_at.is_some_and(|at| at <= now)
    }

    /// Whether its rows may be imported as it showed them: what a check said long ago may have become another by now.
    #[must_use]
    pub fn may_be_imported(&self, now: Timestamp) -> bool {
        self.ended_at.is_some_and(|ended| now.since(ended) <= CHECK_HOLDS)
    }
}

/// Where a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// Its rows are being stored. Nobody sees or runs it.
    Staging,
    /// It runs, or waits for its time.
    Running,
    /// It waits to be resumed.
    Paused,
    /// Every row is settled.
    Done,
    /// It was given up; rows that are not settled never will be.
    Cancelled,
}

impl JobState {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Staging, Self::Running, Self::Paused, Self::Done, Self::Cancelled];

    /// The state's name in the API and in the database.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Staging => "staging",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
        }
    }

    /// Reads what [`code`](Self::code) writes.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    /// Whether nothing more will become of it.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Cancelled)
    }
}

/// The kinds of jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum JobKind {
    /// A file of contacts.
    Import,
    /// Activation, or a new invitation, of many.
    Activation,
}

impl JobKind {
    /// The kind's name in the database.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Import => "import",
            Self::Activation => "activation",
        }
    }
}

/// What a job is to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum JobSpec {
    /// Contacts in bulk (I1–I4).
    Import(ImportSpec),
    /// Many at once.
    Activation(ActivationSpec),
}

impl JobSpec {
    /// The kind of job.
    pub const fn kind(&self) -> JobKind {
        match self {
            Self::Import(_) => JobKind::Import,
            Self::Activation(_) => JobKind::Activation,
        }
    }

    /// Whether nothing is written but what would be (I4).
    pub const fn is_dry(&self) -> bool {
        matches!(self, Self::Import(ImportSpec { dry_run: true, .. }))
    }
}

/// How a file is imported.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportSpec {
    /// Only to say what it would do (I4).
    pub dry_run: bool,
    /// Whether rows may ask for access.
    pub activate: bool,
    /// Whether rows may move live logins (I3).
    pub move_logins: bool,
    /// Whether rows were mended where that is safe (I2).
    pub mend: bool,
    /// What the file was taken for, in words.
    pub read_as: String,
    /// The names of its columns, where nobody has said yet what they say. Such an import is never started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heads: Option<Vec<String>>,
}

/// Which row of names of columns a file begins with, and nothing of what stands in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HeadsDigest(pub [u8; 32]);

/// What somebody said the columns under a row of names are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToldColumns {
    /// The row of names.
    pub heads: HeadsDigest,
    /// What was said, as whoever asks for it writes it. Nothing of what stands in the file.
    pub said: String,
    /// When.
    pub told_at: Timestamp,
}

/// What is to become of many contacts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivationSpec {
    /// The command.
    pub action: BulkAction,
    /// The statuses that were asked for; nothing where the contacts were named.
    pub statuses: Option<BTreeSet<PortalStatus>>,
    /// Not before.
    pub start_at: Option<Timestamp>,
    /// At most so many invitations in an hour.
    pub per_hour: Option<u32>,
}

/// A command for many contacts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BulkAction {
    /// Grants access.
    Activate,
    /// Sends a new activation mail.
    Resend,
}

impl BulkAction {
    /// The command's name in the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Activate => "activate",
            Self::Resend => "resend",
        }
    }

    /// The statuses it is meant for, where none is named. The deactivated are never among them.
    pub fn usual_statuses(self) -> BTreeSet<PortalStatus> {
        use PortalStatus::{Conflict, InvitationExpired, InvitationUndelivered, Invited, NotActivated};
        match self {
            Self::Activate => [NotActivated, Conflict].into(),
            Self::Resend => [Invited, InvitationExpired, InvitationUndelivered].into(),
        }
    }
}

/// How far a job is, in counts. It holds nothing personal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Rows that are settled.
    pub done: u64,
    /// Those of them that were refused when they were staged.
    pub staged: u64,
    /// By outcome.
    pub outcomes: BTreeMap<String, u64>,
    /// What became of the accesses that rows of an import asked for.
    pub activations: BTreeMap<String, u64>,
    /// Mails that go out, by kind.
    pub messages: BTreeMap<String, u64>,
    /// Rows whose contact joined a login.
    pub joins: u64,
    /// Rows that moved a login.
    pub moves: u64,
    /// A pause of its own lasts until then.
    pub not_before: Option<Timestamp>,
}

impl Progress {
    /// The progress of a job of which so many rows were refused when they were staged, and nothing else was done.
    pub fn of_staged(refused: u64) -> Self {
        let outcomes = (refused > 0).then(|| ("refused".to_owned(), refused)).into_iter().collect();
        Self { done: refused, staged: refused, outcomes, ..Self::default() }
    }

    /// Counts a row that is settled.
    pub fn count(&mut self, row: &SettledRow) {
        self.done += 1;
        *self.outcomes.entry(row.outcome.clone()).or_default() += 1;
        if let Some(activation) = &row.report.activation {
            *self.activations.entry(activation.clone()).or_default() += 1;
        }
        for kind in &row.report.messages {
            *self.messages.entry(kind.clone()).or_default() += 1;
        }
        match row.effect() {
            Some(RowEffect::Join) => self.joins += 1,
            Some(RowEffect::Move) => self.moves += 1,
            None => {}
        }
    }

    /// How many rows had the outcome.
    pub fn of(&self, outcome: &str) -> u64 {
        self.outcomes.get(outcome).copied().unwrap_or_default()
    }
}

/// One row of an import as it stands in the file; addresses and clients are already told apart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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

/// A row of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobRow {
    /// Its place, from nought.
    pub place: i64,
    /// The contact's reference, as it stands in the file.
    pub reference: String,
    /// What it says.
    pub content: RowContent,
    /// What became of it; nothing until it is settled.
    pub settled: Option<SettledRow>,
}

/// What a row says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowContent {
    /// A row of a file.
    Row {
        /// The line it begins at, from one.
        line: u64,
        /// Its cells.
        input: ImportInput,
        /// Whether this row is mended where that is safe (I2), whatever is said of the others.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        mend: bool,
    },
    /// A row of a file whose columns nobody has told apart.
    Cells {
        /// The line it begins at, from one.
        line: u64,
        /// Its cells, as they came.
        cells: Vec<String>,
    },
    /// A contact that was chosen.
    Contact {
        /// Its status then; nothing where there was none.
        was: Option<PortalStatus>,
    },
}

/// What became of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettledRow {
    /// The row's place.
    pub place: i64,
    /// Of the contact of an import `created`, `updated`, `unchanged`, `refused`; of an activation `changed`, `unchanged`, `skipped`,
    /// or the code of the refusal.
    pub outcome: String,
    /// The rest of it.
    pub report: RowReport,
}

/// What is told of a row in the effects of the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RowEffect {
    /// Its contact shares a login with others.
    Join,
    /// Its contact's login moves.
    Move,
}

impl RowEffect {
    /// The effect's name in the database.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Join => "join",
            Self::Move => "move",
        }
    }
}

impl SettledRow {
    /// What is told of it in the effects of the whole.
    pub fn effect(&self) -> Option<RowEffect> {
        let RowReport { login_before, login_after, .. } = &self.report;
        if self.report.joined {
            return Some(RowEffect::Join);
        }
        moves_login(login_before.as_deref(), login_after.as_deref()).then_some(RowEffect::Move)
    }
}

/// What became of a row in particular.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RowReport {
    /// The contact's name.
    pub name: String,
    /// The first address.
    pub login_email: Option<String>,
    /// How many addresses the contact has.
    pub emails: usize,
    /// What became of the access: `invited`, `joined`, `unchanged`, or the code of a refusal.
    pub activation: Option<String>,
    /// Why access was refused, in words.
    pub refusal: Option<String>,
    /// All that is wrong with the row.
    pub faults: Vec<FaultReport>,
    /// What was mended.
    pub mended: Vec<MendReport>,
    /// Whether the row made its contact share a login.
    pub joined: bool,
    /// Who else is behind the login; the first ten.
    pub shared_with: Vec<Named>,
    /// How many they are in all.
    pub shared_count: usize,
    /// The address the contact signed in with before.
    pub login_before: Option<String>,
    /// And after.
    pub login_after: Option<String>,
    /// The kinds of mails that go out.
    pub messages: Vec<String>,
}

impl RowReport {
    /// The same, with the effects of a command.
    #[must_use]
    pub fn with(self, effects: &Effects) -> Self {
        Self {
            shared_with: effects.shared_with.iter().take(NAMED).cloned().collect(),
            shared_count: effects.shared_with.len(),
            login_before: effects.login_before.clone(),
            login_after: effects.login_after.clone(),
            messages: effects.messages.iter().map(|message| message.kind.code().to_owned()).collect(),
            ..self
        }
    }
}

/// One thing that is wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultReport {
    /// The field, such as `emails[1]`.
    pub field: String,
    /// The stable code.
    pub code: String,
    /// What exactly is wrong, by its code, where there is one.
    pub fault: Option<String>,
    /// What would stand there instead, where a mend is safe.
    pub mend: Option<String>,
    /// In words.
    pub detail: String,
}

/// Something that was mended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MendReport {
    /// The field, such as `emails[1]`, as it was counted in the file.
    pub field: String,
    /// What was wrong, by its code.
    pub fault: String,
    /// What stands there now: addresses, separated by `;`; nothing where it was left out.
    pub mend: String,
}

//! Reads a sealed journal from its beginning and says whether it is as it was sealed.

use std::fmt;

use super::{Head, HeadFault, JournalKeys, JournalRow, Mark, SealedEvent};
use crate::{event::personal_digest, id::PracticeId, link::KeyId};

/// So many faults are listed; all are counted.
const LISTED: usize = 100;
/// For so many events that don't bear their seal it is found out whether they come from another place. All pairs of them
/// are tried, so the number bounds the work.
const ODD: usize = 16;

/// One thing that is wrong with a journal, as far as it can be told by what is left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Events are not there.
    Missing {
        /// The first number.
        from: i64,
        /// The last number.
        to: i64,
    },
    /// Events are there that nobody sealed there.
    Inserted {
        /// The first number.
        from: i64,
        /// The last number.
        to: i64,
    },
    /// The event is not what was sealed, or was put in its place.
    Changed {
        /// Its number.
        number: i64,
    },
    /// The event was sealed at another place.
    Moved {
        /// Its number.
        number: i64,
        /// The number it was sealed with.
        from: i64,
    },
    /// The personal values are neither what they were nor erased.
    Personal {
        /// Number of their event.
        number: i64,
    },
    /// The event can't be judged.
    UnknownKey {
        /// Its number.
        number: i64,
        /// The key it says it was sealed under.
        key: KeyId,
    },
    /// There are sealed events and no head.
    HeadMissing,
    /// The head is not as it was sealed, or not that of the last event.
    HeadChanged,
    /// The head can't be judged.
    HeadUnknownKey {
        /// The key it says it was sealed under.
        key: KeyId,
    },
    /// The event is not the one that was expected.
    Unexpected {
        /// The expected number.
        number: i64,
    },
}

impl Fault {
    /// The kind of fault, for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "missing",
            Self::Inserted { .. } => "inserted",
            Self::Changed { .. } => "changed",
            Self::Moved { .. } => "moved",
            Self::Personal { .. } => "personal_changed",
            Self::UnknownKey { .. } => "unknown_key",
            Self::HeadMissing => "head_missing",
            Self::HeadChanged => "head_changed",
            Self::HeadUnknownKey { .. } => "head_unknown_key",
            Self::Unexpected { .. } => "unexpected",
        }
    }

    /// The number it is about, or the first of several; `None` for the head.
    pub const fn number(&self) -> Option<i64> {
        match self {
            Self::Missing { from, .. } | Self::Inserted { from, .. } => Some(*from),
            Self::Changed { number }
            | Self::Moved { number, .. }
            | Self::Personal { number }
            | Self::UnknownKey { number, .. }
            | Self::Unexpected { number } => Some(*number),
            Self::HeadMissing | Self::HeadChanged | Self::HeadUnknownKey { .. } => None,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { from, to } if from == to => write!(f, "event {from} is missing"),
            Self::Missing { from, to } => write!(f, "events {from} to {to} are missing"),
            Self::Inserted { from, to } if from == to => write!(f, "event {from} was put in"),
            Self::Inserted { from, to } => write!(f, "events {from} to {to} were put in"),
            Self::Changed { number } => write!(f, "event {number} was changed, or put in place of another"),
            Self::Moved { number, from } => write!(f, "event {number} was sealed as event {from}"),
            Self::Personal { number } => write!(f, "personal values of event {number} were changed"),
            Self::UnknownKey { number, key } => {
                write!(f, "event {number} was sealed under the key `{}`, which is not configured", key.as_str())
            }
            Self::HeadMissing => f.write_str("the head is missing"),
            Self::HeadChanged => f.write_str("the head was changed"),
            Self::HeadUnknownKey { key } => {
                write!(f, "the head was sealed under the key `{}`, which is not configured", key.as_str())
            }
            Self::Unexpected { number } => write!(f, "event {number} is not the expected one"),
        }
    }
}

/// What a verification found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Sealed events that were read.
    pub checked: u64,
    /// Of them, those whose personal values were erased.
    pub erased: u64,
    /// Events that wait to be sealed.
    pub unsealed: u64,
    /// The last sealed event, as the head names it.
    pub head: Option<Mark>,
    /// Faults, by number, the first hundred.
    pub faults: Vec<Fault>,
    /// How many there are.
    pub fault_count: u64,
}

impl Report {
    /// Whether the journal is as it was sealed.
    pub const fn is_valid(&self) -> bool {
        self.fault_count == 0
    }
}

/// Takes a journal's rows in the order of their numbers, then its head (J1).
///
/// What it can't see: whoever may write to the database can add events, which are sealed like others; can put back an earlier
/// state that was kept, head included; and can strip all seals and the head, so that all is sealed anew. A [`Mark`] that was
/// kept outside shows the last two.
#[derive(Debug)]
pub struct Verifier<'a> {
    keys: &'a JournalKeys,
    practice: PracticeId,
    expected: Option<Mark>,
    last: i64,
    /// The seal of the row before; `None` where that row is missing or can't be read.
    before: Option<[u8; 32]>,
    /// Events that don't bear their seal, with the seal before each.
    odd: Vec<(SealedEvent, [u8; 32])>,
    report: Report,
}

impl<'a> Verifier<'a> {
    /// Begins before the first event. An event that was noted earlier may be expected to be there still.
    pub fn new(keys: &'a JournalKeys, practice: PracticeId, expected: Option<Mark>) -> Self {
        let report = Report { checked: 0, erased: 0, unsealed: 0, head: None, faults: Vec::new(), fault_count: 0 };
        let before = Some(Mark::genesis(practice).seal);
        Self { keys, practice, expected, last: 0, before, odd: Vec::new(), report }
    }

    /// The number of the last row that was taken.
    pub const fn last(&self) -> i64 {
        self.last
    }

    /// Takes the next row.
    pub fn row(&mut self, row: &JournalRow) {
        self.report.checked += 1;
        let number = row.number;
        if number <= self.last {
            return self.fault(Fault::Inserted { from: number, to: number });
        }
        if number > self.last + 1 {
            self.fault(Fault::Missing { from: self.last + 1, to: number - 1 });
            self.before = None;
        }
        self.last = number;
        let Some(sealed) = &row.content else {
            self.before = None;
            return self.fault(Fault::Changed { number });
        };
        self.seal(number, sealed);
        self.personal(number, sealed);
        if let Some(expected) = self.expected.filter(|expected| expected.number == number) {
            self.expected = None;
            if expected.seal != sealed.seal {
                self.fault(Fault::Unexpected { number });
            }
        }
    }

    fn seal(&mut self, number: i64, sealed: &SealedEvent) {
        let before = self.before.replace(sealed.seal);
        let Some(before) = before else {
            if self.keys.secret(&sealed.key).is_none() {
                self.fault(Fault::UnknownKey { number, key: sealed.key.clone() });
            }
            return;
        };
        match self.keys.fits(self.practice, &before, number, sealed) {
            Some(true) => {}
            Some(false) if self.odd.len() < ODD => self.odd.push((sealed.clone(), before)),
            Some(false) => self.fault(Fault::Changed { number }),
            None => self.fault(Fault::UnknownKey { number, key: sealed.key.clone() }),
        }
    }

    fn personal(&mut self, number: i64, sealed: &SealedEvent) {
        match (&sealed.salt, &sealed.event.personal) {
            (None, None) => self.report.erased += 1,
            (Some(salt), Some(values)) if personal_digest(salt, values) == sealed.event.digest => {}
            _ => self.fault(Fault::Personal { number }),
        }
    }

    /// Takes the head, as it was read after the last row, and how many events wait.
    pub fn end(mut self, head: Option<&Head>, unsealed: u64) -> Report {
        self.odd_ones();
        self.report.unsealed = unsealed;
        self.report.head = head.map(|head| head.last);
        match head {
            None if self.last > 0 => self.fault(Fault::HeadMissing),
            None => {}
            Some(head) => self.head(head),
        }
        if let Some(expected) = self.expected.take() {
            self.fault(Fault::Unexpected { number: expected.number });
        }
        self.report.faults.sort_by_key(|fault| fault.number().unwrap_or(i64::MAX));
        self.report
    }

    fn head(&mut self, head: &Head) {
        match self.keys.check_head(self.practice, head) {
            Ok(()) => {}
            Err(HeadFault::Changed) => self.fault(Fault::HeadChanged),
            Err(HeadFault::UnknownKey(key)) => self.fault(Fault::HeadUnknownKey { key }),
        }
        let Mark { number, seal } = head.last;
        if number > self.last {
            self.fault(Fault::Missing { from: self.last + 1, to: number });
        } else if number < self.last {
            self.fault(Fault::Inserted { from: number + 1, to: self.last });
        } else if self.report.fault_count == 0 && self.before != Some(seal) {
            // Else it is the last event that is at fault.
            self.fault(Fault::HeadChanged);
        }
    }

    /// An event that bears its seal after another seal than the one before it now is whole: it was moved, or its neighbour is
    /// at fault.
    fn odd_ones(&mut self) {
        let odd = std::mem::take(&mut self.odd);
        let (keys, practice) = (self.keys, self.practice);
        let seals: Vec<_> = odd.iter().flat_map(|(sealed, before)| [sealed.seal, *before]).collect();
        let numbers = odd.iter().flat_map(|(sealed, _)| [-1, 0, 1].map(|step| sealed.event.number + step));
        let numbers: Vec<_> = numbers.collect();
        let from = |sealed: &SealedEvent| {
            let own = sealed.event.number;
            let mut places = std::iter::once(&own).chain(&numbers);
            let bears = |number| seals.iter().any(|seal| keys.fits(practice, seal, number, sealed) == Some(true));
            places.find(|number| bears(**number)).copied()
        };
        for (sealed, _) in &odd {
            let number = sealed.event.number;
            match from(sealed) {
                Some(from) if from == number => {}
                Some(from) => self.fault(Fault::Moved { number, from }),
                None => self.fault(Fault::Changed { number }),
            }
        }
        if let Some((first, _)) = odd.first().filter(|_| self.report.fault_count == 0) {
            self.fault(Fault::Changed { number: first.event.number });
        }
    }

    fn fault(&mut self, fault: Fault) {
        self.report.fault_count += 1;
        if self.report.faults.len() < LISTED {
            self.report.faults.push(fault);
        }
    }
}

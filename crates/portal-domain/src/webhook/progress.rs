//! How far an endpoint was served: the journal is the queue, and this is the place in it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{id::ContactId, time::Timestamp};

/// So many contacts are held at most; then nothing new is begun.
const MOST_HELD: usize = 50;
/// After so many events failed in a row an endpoint counts as down.
const DOWN: u32 = 5;
/// So long one event may fail before the endpoint is disabled.
const PATIENCE: Duration = Duration::from_secs(3 * 24 * 3600);
/// And so often at least: who was suspended meanwhile was not tried. In three days it is tried more often than that.
const TRIED: u32 = 16;
/// Seconds from one try to the next; the last goes on.
const PAUSES: [u64; 10] = [1, 5, 30, 120, 600, 1800, 3600, 7200, 14_400, 28_800];

/// The place of an endpoint in the journal.
///
/// All events up to the cursor have arrived, but for those of contacts that are held, from the number there on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The number up to which the journal was served.
    pub cursor: i64,
    /// Whose events wait for one that failed.
    pub held: Vec<Held>,
    /// Events that failed since one last arrived, each once; once the endpoint is down, its tries.
    pub strikes: u32,
    /// Until when the endpoint is left alone, being down.
    pub paused_until: Option<Timestamp>,
    /// So many tries were made; the place of the last one in the log.
    pub tries: i64,
}

/// A contact whose events wait. Events about no contact wait together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// The contact.
    pub contact: Option<ContactId>,
    /// The number of the first event that has not arrived, or one before it.
    pub from: i64,
    /// Tries of that event so far.
    pub tries: u32,
    /// Since when it has failed.
    pub since: Option<Timestamp>,
    /// When it is tried again.
    pub due_at: Timestamp,
}

/// What to do next for an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Push the contact's next event from this number on, up to the cursor.
    Held {
        /// The contact.
        contact: Option<ContactId>,
        /// The number.
        from: i64,
    },
    /// Push what comes after the cursor.
    New,
    /// Nothing, for now.
    Rest,
}

impl Progress {
    /// An endpoint that begins after this number.
    pub fn after(number: i64) -> Self {
        Self { cursor: number, ..Self::default() }
    }

    /// What to do next.
    pub fn step(&self, now: Timestamp) -> Step {
        if self.paused_until.is_some_and(|until| now < until) {
            return Step::Rest;
        }
        let due = self.held.iter().filter(|held| held.due_at <= now);
        match due.min_by_key(|held| (held.due_at, held.from)) {
            Some(held) => Step::Held { contact: held.contact, from: held.from },
            None if self.is_open() => Step::New,
            None => Step::Rest,
        }
    }

    /// Whether something new may be begun.
    pub fn is_open(&self) -> bool {
        self.strikes < DOWN && self.held.len() < MOST_HELD
    }

    /// When what waits is tried again; `None` where nothing waits.
    pub fn due_at(&self) -> Option<Timestamp> {
        self.held.iter().map(|held| held.due_at).min().map(|due| due.max(self.paused_until.unwrap_or(due)))
    }

    /// Since when an event has failed without arriving.
    pub fn failing_since(&self) -> Option<Timestamp> {
        self.held.iter().filter_map(|held| held.since).min()
    }

    /// Whether an event about this contact has to wait for another.
    pub fn holds(&self, contact: Option<ContactId>) -> bool {
        self.held.iter().any(|held| held.contact == contact)
    }

    /// An event after the cursor that is not for this endpoint, or waits with its contact.
    pub fn pass(&mut self, number: i64) {
        self.cursor = self.cursor.max(number);
    }

    /// Nothing of a held contact before this number is for the endpoint.
    pub fn pass_held(&mut self, contact: Option<ContactId>, from: i64) {
        if let Some(held) = self.held.iter_mut().find(|held| held.contact == contact) {
            held.from = held.from.max(from);
        }
    }

    /// All of a held contact up to the cursor has arrived, or is no longer wanted. With the last one nothing is left that failed.
    pub fn release(&mut self, contact: Option<ContactId>) {
        self.held.retain(|held| held.contact != contact);
        if self.held.is_empty() {
            (self.strikes, self.paused_until) = (0, None);
        }
    }

    /// An event has arrived. Answers which try of it that was.
    pub fn received(&mut self, contact: Option<ContactId>, number: i64, now: Timestamp) -> u32 {
        self.tries += 1;
        if self.strikes >= DOWN {
            self.held.iter_mut().for_each(|held| held.due_at = held.due_at.min(now));
        }
        (self.strikes, self.paused_until) = (0, None);
        let Some(held) = self.held.iter_mut().find(|held| held.contact == contact) else {
            self.pass(number);
            return 1;
        };
        let tries = held.tries + 1;
        *held = Held { contact, from: number + 1, tries: 0, since: None, due_at: now };
        tries
    }

    /// An event has not arrived: its contact is held. Answers which try of it that was, and when it is tried again; `share` says
    /// where in the spread of the pause. One that fails again and again says nothing of the others, and counts once.
    pub fn failed(&mut self, contact: Option<ContactId>, number: i64, now: Timestamp, share: u16) -> (u32, Timestamp) {
        self.tries += 1;
        let again = self.held.iter().any(|held| held.contact == contact && held.tries > 0);
        if !again || self.strikes >= DOWN {
            self.strikes = self.strikes.saturating_add(1);
        }
        if self.strikes >= DOWN {
            self.paused_until = Some(now.after(pause(self.strikes - DOWN + 1, share)));
        }
        let before = self.held.iter().position(|held| held.contact == contact);
        let index = before.unwrap_or_else(|| {
            self.pass(number);
            self.held.push(Held { contact, from: number, tries: 0, since: None, due_at: now });
            self.held.len() - 1
        });
        let paused_until = self.paused_until;
        let held = &mut self.held[index];
        held.from = number;
        held.tries = held.tries.saturating_add(1);
        held.since.get_or_insert(now);
        held.due_at = now.after(pause(held.tries, share));
        (held.tries, held.due_at.max(paused_until.unwrap_or(held.due_at)))
    }

    /// Whether an event has failed for too long, and was tried all the while: itself, or another in its turn.
    pub fn is_hopeless(&self, now: Timestamp) -> bool {
        let down = (self.strikes + 1).saturating_sub(DOWN);
        let hopeless =
            |held: &Held| held.tries.max(down) >= TRIED && held.since.is_some_and(|it| now >= it.after(PATIENCE));
        self.held.iter().any(hopeless)
    }

    /// Tries all that waits at once; since when it has failed stays.
    pub fn lift(&mut self, now: Timestamp) {
        (self.strikes, self.paused_until) = (0, None);
        self.held.iter_mut().for_each(|held| held.due_at = held.due_at.min(now));
    }

    /// Tries all that waits at once, as if nothing had failed yet.
    pub fn begin_anew(&mut self, now: Timestamp) {
        (self.strikes, self.paused_until) = (0, None);
        for held in &mut self.held {
            *held = Held { tries: 0, since: None, due_at: now, ..held.clone() };
        }
    }

    /// Makes due at `now` what waits until later than `latest`: no pause is that long, so the clock ran ahead when it was written
    /// (N13).
    pub fn recall(&mut self, now: Timestamp, latest: Timestamp) {
        let ahead = |time: Timestamp| time > latest;
        self.paused_until = self.paused_until.filter(|until| !ahead(*until));
        for held in self.held.iter_mut().filter(|held| ahead(held.due_at)) {
            held.due_at = now;
            held.since = held.since.map(|since| since.min(now));
        }
    }

    /// Goes back to after this number, where that is before the cursor, and tries at once.
    pub fn rewind(&mut self, number: i64, now: Timestamp) {
        self.cursor = self.cursor.min(number);
        let cursor = self.cursor;
        // What was held from a later number on comes again with all others.
        self.held.retain(|held| held.from <= cursor);
        self.begin_anew(now);
    }
}

/// The pause after so many tries, up to a fifth longer or shorter.
fn pause(tries: u32, share: u16) -> Duration {
    let index = (tries.max(1) as usize - 1).min(PAUSES.len() - 1);
    let pause = Duration::from_secs(PAUSES[index]);
    let spread = pause * 2 / 5;
    pause - spread / 2 + spread * u32::from(share) / u32::from(u16::MAX)
}

#[cfg(test)]
mod tests;

//! Guesses and floods (G1, G3).

use super::state::{DAY, HOUR, MINUTE, Model};
use std::collections::BTreeMap;

/// Wrong passwords that start no pause, within [`WINDOW`].
const FREE: usize = 10;
const WINDOW: i64 = 15 * MINUTE;

/// Counters of wrong passwords. A refusal keeps them, unlike everything else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Guesses {
    /// By login key, of browsers that never signed in to it. No other browser is in this model.
    strangers: BTreeMap<String, Counter>,
    /// By session, of current passwords typed in it.
    in_sessions: BTreeMap<usize, Counter>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Counter {
    wrong: Vec<i64>,
    pauses: u32,
    paused_until: i64,
}

impl Counter {
    /// Looks at a password unless there is a pause: whether it was looked at and right.
    fn look(&mut self, now: i64, right: bool) -> bool {
        if now < self.paused_until {
            return false;
        }
        if !right {
            if self.wrong.last().is_some_and(|last| now - last >= DAY) {
                *self = Self::default();
            }
            let lately = self.wrong.iter().filter(|at| now - **at < WINDOW).count();
            if lately >= FREE || self.pauses > 0 {
                let minutes = 1_i64 << self.pauses.min(6);
                self.paused_until = now + (minutes * MINUTE).min(HOUR);
                self.pauses += 1;
            }
            self.wrong.push(now);
        }
        right
    }
}

impl Model {
    /// G1: whether a password typed at a key by a stranger was looked at and right.
    pub(super) fn stranger_knows(&mut self, now: i64, key: &str, right: bool) -> bool {
        self.guesses.strangers.entry(key.to_owned()).or_default().look(now, right)
    }

    /// G1: whether a current password typed in a session was looked at and right.
    pub(super) fn session_knows(&mut self, now: i64, session: usize, right: bool) -> bool {
        self.guesses.in_sessions.entry(session).or_default().look(now, right)
    }

    /// G1: a completed reset clears the pauses.
    pub(super) fn forgive(&mut self, key: &str) {
        self.guesses.strangers.remove(key);
    }

    /// A6: a browser that never signed in would be refused now.
    pub(super) fn is_locked(&self, now: i64, key: &str) -> bool {
        self.guesses.strangers.get(key).is_some_and(|counter| now < counter.paused_until)
    }

    /// G3: mail that anybody can trigger, at most three per key and hour, ten a day. Counts it where it may go.
    pub(super) fn may_be_mailed(&mut self, now: i64, key: &str) -> bool {
        let asked = self.asked.entry(key.to_owned()).or_default();
        let within = |span: i64| asked.iter().filter(|at| now - **at < span).count();
        let may = within(HOUR) < 3 && within(DAY) < 10;
        if may {
            asked.push(now);
        }
        may
    }
}

//! What became of the mails of one sending, and why.

use std::{
    collections::{BTreeMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use portal::domain::{
    id::{MessageId, PracticeId},
    message::{DeliveryState, Lease, Leased, Settlement},
    port::{LeaseTerms, Outbox, StoreError},
    time::Timestamp,
};

use crate::terminal::{number, plain};

/// Most lines that say why mails were not taken.
const MOST_LINES: usize = 5;

/// An outbox that remembers what was said of messages that were not taken.
pub(crate) struct Heard {
    outbox: Arc<dyn Outbox>,
    said: Mutex<Said>,
}

#[derive(Default)]
struct Said {
    /// How many came to what, and with which words.
    words: BTreeMap<(&'static str, String), u64>,
    /// What waits for its next attempt.
    deferred: HashSet<(PracticeId, MessageId)>,
}

impl Heard {
    pub(crate) fn new(outbox: Arc<dyn Outbox>) -> Self {
        Self { outbox, said: Mutex::default() }
    }

    /// Why mails were not taken, what was said most often first.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.said().lines()
    }

    /// How many messages of a practice were put off, and wait for nothing but their next attempt.
    pub(crate) fn deferred(&self, practice: PracticeId) -> u64 {
        self.said().deferred.iter().filter(|(of, _)| *of == practice).count() as u64
    }

    fn said(&self) -> MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Said {
    fn note(&mut self, lease: &Lease, settlement: &Settlement) {
        let key = (lease.practice, lease.message);
        self.deferred.remove(&key);
        let what = match settlement.state() {
            DeliveryState::Deferred => {
                self.deferred.insert(key);
                "to be tried again"
            }
            DeliveryState::Failed => "failed",
            DeliveryState::Queued
            | DeliveryState::Sending
            | DeliveryState::Accepted
            | DeliveryState::Cancelled
            | DeliveryState::Bounced
            | DeliveryState::Complained => return,
        };
        *self.words.entry((what, settlement.attempt.reply.clone())).or_default() += 1;
    }

    fn lines(&self) -> Vec<String> {
        let mut reasons: Vec<_> = self.words.iter().collect();
        reasons.sort_by_key(|(_, many)| std::cmp::Reverse(**many));
        let shown = if reasons.len() > MOST_LINES { MOST_LINES - 1 } else { reasons.len() };
        let (shown, rest) = reasons.split_at(shown);
        let mut lines: Vec<_> =
            shown.iter().map(|((what, words), many)| format!("{} {what}: {}", number(**many), plain(words))).collect();
        if !rest.is_empty() {
            let mails = rest.iter().map(|(_, many)| **many).sum();
            lines.push(format!("{} more, for {} other reasons", number(mails), number(rest.len() as u64)));
        }
        lines
    }
}

#[async_trait]
impl Outbox for Heard {
    async fn lease(&self, terms: &LeaseTerms) -> Result<Vec<Leased>, StoreError> {
        self.outbox.lease(terms).await
    }

    async fn recall(&self, now: Timestamp, latest: Timestamp) -> Result<u64, StoreError> {
        self.outbox.recall(now, latest).await
    }

    async fn settle(&self, lease: &Lease, settlement: &Settlement) -> Result<bool, StoreError> {
        let settled = self.outbox.settle(lease, settlement).await?;
        if settled {
            self.said().note(lease, settlement);
        }
        Ok(settled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s11_reasons_fill_five_lines_at_most_and_can_not_speak_to_the_terminal() {
        let mut said = Said::default();
        for (many, words) in [(1, "a"), (7, "b\u{1b}[2J"), (2, "c"), (3, "d"), (4, "e")] {
            said.words.insert(("failed", words.to_owned()), many);
        }
        assert_eq!(said.lines(), ["7 failed: b\\u{1b}[2J", "4 failed: e", "3 failed: d", "2 failed: c", "1 failed: a"]);
        said.words.insert(("to be tried again", "f".to_owned()), 1200);
        let lines = said.lines();
        assert_eq!((lines.len(), lines[0].as_str()), (5, "1,200 to be tried again: f"));
        assert_eq!(lines[4], "3 more, for 2 other reasons");
    }
}

//! The end of personal data: by order, and by time (J3).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{CallContext, Error, Portal, contacts::query, tries::FORGOTTEN_AT_ONCE};
use crate::{
    Refusal,
    decide::{self, Decided, Erase, Scene},
    email::LoginKey,
    erasure::{EVIDENCE, Found, Gone, ORIGINS, Purge},
    event::Caller,
    facts::{ContactFacts, LoginFacts},
    id::{ContactId, EventId, PracticeId, Ref},
    time::Timestamp,
};

/// So many contacts that are long gone are looked up at once.
const GONE: u32 = 50;

/// So often what is left is removed a few at a time while somebody waits.
const ROUNDS: u32 = 10;

/// What an erasure answers: the receipt. The event of the same id tells it again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErasureReceipt {
    /// Names the receipt.
    pub id: EventId,
    /// When.
    pub at: Timestamp,
    /// Who ordered it, as the journal writes it.
    pub by: String,
    /// How many contacts: those of the same reference that were deleted before, too.
    pub contacts: u64,
    /// Sessions that were valid and are not any more.
    pub sessions_ended: u64,
    /// How much of them there was, by kind.
    pub found: Found,
}

/// What became of what outlived its life.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Purged {
    /// How much was removed.
    pub removed: u64,
    /// Contacts of which something is left, for it could not be erased yet.
    pub failed: Vec<(Gone, Error)>,
}

/// What of a practice an erasure is about.
struct Meant<'a> {
    reference: Option<&'a Ref>,
    facts: ContactFacts,
    gone: Vec<ContactId>,
}

impl Portal {
    /// Whether there is something to be erased under a reference; `NotFound` otherwise.
    pub async fn erasable(&self, context: &CallContext, contact: &Ref) -> Result<(), Error> {
        let meant = self.meant(context, contact).await?;
        let nothing = meant.facts.contact.is_none() && meant.gone.is_empty();
        if nothing { Err(Refusal::NotFound { what: "contact" }.into()) } else { Ok(()) }
    }

    /// Erases a contact, and what is left of those of its reference that were deleted before. See [`decide::erase_contact`].
    pub async fn erase_contact(&self, context: &CallContext, contact: &Ref) -> Result<ErasureReceipt, Error> {
        let decided = || async move {
            let meant = self.meant(context, contact).await?;
            if meant.facts.contact.is_some() || !meant.gone.is_empty() {
                context.meant_for(meant.facts.contact.as_ref())?;
            }
            self.decide_erasure(context, &meant).await
        };
        let receipt = self.carry_out(context, decided).await?;
        if !context.preview {
            self.forget_some().await;
            self.tidy().await;
        }
        Ok(receipt)
    }

    async fn meant<'a>(&self, context: &CallContext, contact: &'a Ref) -> Result<Meant<'a>, Error> {
        let gone = self.store.gone(context.practice, contact).await?;
        // Whoever is deleted in between is found by the next look, for the commit finds out.
        let facts = self.store.contacts(context.practice, &[query(contact)], self.clock.now()).await?;
        let facts = facts.into_iter().next().unwrap_or_default();
        Ok(Meant { reference: Some(contact), facts, gone })
    }

    async fn decide_erasure(&self, context: &CallContext, meant: &Meant<'_>) -> Result<Decided<ErasureReceipt>, Error> {
        let Meant { reference, facts, gone } = meant;
        let practice = self.practice(context).await?;
        let present = facts.contact.as_ref().map(|contact| contact.id);
        let all: Vec<_> = present.into_iter().chain(gone.iter().copied()).collect();
        let traces = self.store.traces(context.practice, &all, *reference).await?;
        let logins = self.logins_at(context.practice, &traces.keys).await?;
        let scene = Scene { practice: &practice, facts };
        let marks = self.try_marks(context.practice);
        let command = Erase { reference: *reference, gone, traces: &traces, logins: &logins, marks: &marks };
        let Decided { decision, outcome } = decide::erase_contact(scene, command, &mut self.moment(context))?;
        let outcome = ErasureReceipt {
            id: outcome.id,
            at: outcome.at,
            by: outcome.by,
            contacts: outcome.contacts,
            sessions_ended: outcome.sessions,
            found: outcome.found,
        };
        Ok(Decided { decision, outcome })
    }

    /// The live logins of keys. Where one is given up in between, the commit finds out, or nothing works of it any more.
    async fn logins_at(&self, practice: PracticeId, keys: &BTreeSet<LoginKey>) -> Result<Vec<LoginFacts>, Error> {
        let mut logins = Vec::new();
        for key in keys {
            logins.extend(self.store.login(practice, key, self.clock.now()).await?);
        }
        Ok(logins)
    }

    /// Removes what has outlived its life, a few at a time, until `stop` says so (J3). What can't be erased keeps nothing else.
    pub async fn purge(&self, stop: &(dyn Fn() -> bool + Send + Sync)) -> Result<Purged, Error> {
        let (now, mut all) = (self.clock.now(), Purged::default());
        let outlived = [
            Purge::Origins(now.before(ORIGINS)),
            Purge::Staff(now.before(EVIDENCE)),
            Purge::Personal(now.before(EVIDENCE)),
            Purge::Suppressions(now.before(EVIDENCE)),
        ];
        for what in outlived {
            while !stop() {
                let removed = self.store.purge(what, FORGOTTEN_AT_ONCE).await?;
                all.removed += removed;
                if removed == 0 {
                    break;
                }
            }
        }
        let mut after = None;
        while !stop() {
            let page = self.store.long_gone(now.before(EVIDENCE), after.as_ref(), GONE).await?;
            for gone in &page {
                match self.erase_gone(gone).await {
                    Ok(erased) => all.removed += u64::from(erased),
                    Err(error) => all.failed.push((*gone, error)),
                }
            }
            after = page.last().copied();
            if after.is_none() {
                break;
            }
        }
        Ok(all)
    }

    /// Erases what is left of a contact that was deleted long ago. Answers whether it did: another worker may be faster.
    async fn erase_gone(&self, gone: &Gone) -> Result<bool, Error> {
        let context = CallContext::new(gone.practice, Caller::Worker);
        let meant = Meant { reference: None, facts: ContactFacts::default(), gone: vec![gone.contact] };
        let decided = self.decide_erasure(&context, &meant).await?;
        Ok(self.settle(&context, decided).await?.is_some())
    }

    /// What an erasure left to be removed: notes of tries, and rows of files. Where that fails, or is more than somebody should wait
    /// for, the sweeper goes on.
    async fn forget_some(&self) {
        for _ in 0..ROUNDS {
            let now = self.clock.now();
            let tries = self.store.forget_tries(now, FORGOTTEN_AT_ONCE).await.unwrap_or_default();
            if tries + self.jobs.forget_jobs(now, FORGOTTEN_AT_ONCE).await.unwrap_or_default() == 0 {
                return;
            }
        }
    }

    /// What was removed is gone, whether its place on disk is written over at once or by and by.
    pub async fn tidy(&self) {
        let _ = self.store.tidy().await;
    }
}

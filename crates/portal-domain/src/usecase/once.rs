//! Calls that may come twice: the second is told what the first was told, and has no effect of its own.

use std::{fmt::Display, time::Duration};

use serde::{Serialize, de::DeserializeOwned};

use super::{ATTEMPTS, CallContext, Error, Portal, tries::FORGOTTEN_AT_ONCE};
use crate::{
    Refusal,
    change::{Aggregate, Change, Decision},
    decide::Decided,
    id::ContactId,
    port::{Commit, Receipt, RequestKey, StoreError},
    seal::{Place, SecretBox},
};

/// For so long a call is told what it was told before, at least: until somebody forgets it.
const KEPT: Duration = Duration::from_secs(24 * 3600);

/// What names a call that may come twice, and tells it from another one of the same name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Scope and key.
    pub key: RequestKey,
    /// Digest of all that the call says. The same key with another digest is refused.
    pub digest: [u8; 32],
}

/// What a command answers: it can be kept with the effect, and told again. It holds no secret, unless it is kept sealed.
pub trait Outcome: Serialize + DeserializeOwned + Send {}

impl<T: Serialize + DeserializeOwned + Send> Outcome for T {}

/// How an answer stands in its receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    /// As it is.
    Open,
    /// Under the program's keys, for it holds a secret.
    Sealed,
}

impl CallContext {
    /// The request, where it counts: a preview leaves nothing, and is told nothing old.
    fn counted_request(&self) -> Option<&Request> {
        self.request.as_ref().filter(|_| !self.preview)
    }
}

impl Portal {
    /// Decides, and commits with the receipt of the call; on a conflict, again. A call that was carried out before is told what
    /// it was told then.
    pub(super) async fn carry_out<T, F>(
        &self,
        context: &CallContext,
        decide: impl Fn() -> F + Send + Sync,
    ) -> Result<T, Error>
    where
        T: Outcome,
        F: Future<Output = Result<Decided<T>, Error>> + Send,
    {
        self.carry_out_kept(context, Kept::Open, decide).await
    }

    /// The same for a command whose answer holds a secret: its receipt is sealed under the program's keys.
    pub(super) async fn carry_out_secret<T, F>(
        &self,
        context: &CallContext,
        decide: impl Fn() -> F + Send + Sync,
    ) -> Result<T, Error>
    where
        T: Outcome,
        F: Future<Output = Result<Decided<T>, Error>> + Send,
    {
        self.carry_out_kept(context, Kept::Sealed, decide).await
    }

    async fn carry_out_kept<T, F>(
        &self,
        context: &CallContext,
        kept: Kept,
        decide: impl Fn() -> F + Send + Sync,
    ) -> Result<T, Error>
    where
        T: Outcome,
        F: Future<Output = Result<Decided<T>, Error>> + Send,
    {
        for _ in 0..ATTEMPTS {
            if let Some(outcome) = self.attempt(context, kept, &decide).await? {
                return Ok(outcome);
            }
        }
        Err(Error::Overloaded)
    }

    /// Carries a call out once; `None` after a conflict.
    pub(super) async fn attempt<T, F>(
        &self,
        context: &CallContext,
        kept: Kept,
        decide: impl Fn() -> F + Send + Sync,
    ) -> Result<Option<T>, Error>
    where
        T: Outcome,
        F: Future<Output = Result<Decided<T>, Error>> + Send,
    {
        if let Some(before) = self.told_before(context, kept).await? {
            return Ok(Some(before));
        }
        let Decided { decision, outcome } = match decide().await {
            Ok(decided) => decided,
            // What is refused now may be so by the effect of the same call, between the two looks.
            Err(error) => return self.told_before(context, kept).await?.ok_or(error).map(Some),
        };
        let receipt = self.receipt(context, kept, &outcome, about(&decision))?;
        if context.preview || (decision.is_empty() && receipt.is_none()) {
            return Ok(Some(outcome));
        }
        // One that changes nothing may rely on something: what is told again later was true when it was kept.
        let decisions = if decision == Decision::default() { &[][..] } else { std::slice::from_ref(&decision) };
        let committed = self.store.commit(context.practice, decisions, receipt.as_ref()).await?;
        Ok((committed == Commit::Committed).then_some(outcome))
    }

    /// Carries out what takes many commits, each of which may be repeated without harm, and leaves the receipt when all is done.
    pub async fn once<T, F>(
        &self,
        context: &CallContext,
        work: impl FnOnce(CallContext) -> F + Send,
    ) -> Result<T, Error>
    where
        T: Outcome + Clone + Sync,
        F: Future<Output = Result<T, Error>> + Send,
    {
        if let Some(before) = self.told_before(context, Kept::Open).await? {
            return Ok(before);
        }
        let done = work(CallContext { request: None, ..context.clone() }).await?;
        let kept = &done;
        let decide = || async move { Ok(Decided { decision: Decision::default(), outcome: kept.clone() }) };
        self.carry_out(context, decide).await
    }

    /// Forgets what calls of more than a day ago were told, a few at a time: their names can be used again. Answers how many.
    pub async fn forget_receipts(&self) -> Result<u64, Error> {
        let (before, mut all) = (self.clock.now().before(KEPT), 0);
        loop {
            let forgotten = self.store.forget_receipts(before, FORGOTTEN_AT_ONCE).await?;
            all += forgotten;
            if forgotten == 0 {
                return Ok(all);
            }
        }
    }

    /// What a call was told before whose answer holds no secret.
    pub(super) async fn told_openly<T: Outcome>(&self, context: &CallContext) -> Result<Option<T>, Error> {
        self.told_before(context, Kept::Open).await
    }

    async fn told_before<T: Outcome>(&self, context: &CallContext, kept: Kept) -> Result<Option<T>, Error> {
        let Some(request) = context.counted_request() else { return Ok(None) };
        let Some(receipt) = self.store.receipt(context.practice, &request.key).await? else { return Ok(None) };
        if receipt.digest != request.digest {
            return Err(Refusal::IdempotencyKeyReused.into());
        }
        if receipt.outcome.is_empty() {
            // What it told was erased with the contact it was about, and is not done a second time.
            return Err(Refusal::NotFound { what: "contact" }.into());
        }
        let damaged = |why: &dyn Display| StoreError::Damaged(format!("receipt `{}`: {why}", request.key.scope));
        let outcome = match kept {
            Kept::Open => receipt.outcome,
            Kept::Sealed => {
                let opened = self.secrets().open(place(context, &request.key, &mut String::new()), &receipt.outcome);
                opened.map_err(|error| damaged(&error))?
            }
        };
        // What was wrong with a text that holds a secret is not repeated.
        Ok(Some(serde_json::from_slice(&outcome).map_err(|error| damaged(&format_args!("{:?}", error.classify())))?))
    }

    fn receipt(
        &self,
        context: &CallContext,
        kept: Kept,
        outcome: &impl Outcome,
        contact: Option<ContactId>,
    ) -> Result<Option<Receipt>, Error> {
        let Some(Request { key, digest }) = context.counted_request() else { return Ok(None) };
        let unkept = |error| StoreError::Damaged(format!("an outcome can't be kept: {error}"));
        let outcome = serde_json::to_vec(outcome).map_err(unkept)?;
        let outcome = match kept {
            Kept::Open => outcome,
            Kept::Sealed => self.secrets().seal(place(context, key, &mut String::new()), self.draw(), &outcome),
        };
        Ok(Some(Receipt { request: key.clone(), digest: *digest, outcome, contact, at: self.clock.now() }))
    }

    /// Seals and opens what has to be readable again.
    pub fn secrets(&self) -> SecretBox {
        SecretBox::of(&self.tokens)
    }
}

/// The contact that a decision is about.
fn about(decision: &Decision) -> Option<ContactId> {
    let changed = decision.changes.iter().find_map(|change| match change {
        Change::PutContact(contact) => Some(contact.id),
        Change::DeleteContact(contact) => Some(*contact),
        _ => None,
    });
    let relied_on = || {
        decision.expect.iter().find_map(|expect| match expect.what {
            Aggregate::Contact(contact) => Some(contact),
            _ => None,
        })
    };
    let told_of = || decision.events.iter().find_map(|event| event.subject.contact);
    changed.or_else(relied_on).or_else(told_of)
}

fn place<'a>(context: &CallContext, key: &RequestKey, name: &'a mut String) -> Place<'a> {
    *name = [&key.scope, "\0", &key.key].concat();
    Place { what: "receipt", practice: context.practice, name: name.as_bytes() }
}

//! Calls that may come twice: the second is told what the first was told, and has no effect of its own.

use std::time::Duration;

use serde::{Serialize, de::DeserializeOwned};

use super::{ATTEMPTS, CallContext, Error, Portal, tries::FORGOTTEN_AT_ONCE};
use crate::{
    Refusal,
    change::Decision,
    decide::Decided,
    port::{Commit, Receipt, RequestKey, StoreError},
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

/// What a command answers: it can be kept with the effect, and told again. It holds no secret.
pub trait Outcome: Serialize + DeserializeOwned + Send {}

impl<T: Serialize + DeserializeOwned + Send> Outcome for T {}

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
        for _ in 0..ATTEMPTS {
            if let Some(before) = self.told_before(context).await? {
                return Ok(before);
            }
            let Decided { decision, outcome } = match decide().await {
                Ok(decided) => decided,
                // What is refused now may be so by the effect of the same call, between the two looks.
                Err(error) => return self.told_before(context).await?.ok_or(error),
            };
            let receipt = self.receipt(context, &outcome)?;
            if context.preview || (decision.is_empty() && receipt.is_none()) {
                return Ok(outcome);
            }
            let decisions = if decision.is_empty() { &[][..] } else { std::slice::from_ref(&decision) };
            if self.store.commit(context.practice, decisions, receipt.as_ref()).await? == Commit::Committed {
                return Ok(outcome);
            }
        }
        Err(Error::Overloaded)
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
        if let Some(before) = self.told_before(context).await? {
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

    async fn told_before<T: Outcome>(&self, context: &CallContext) -> Result<Option<T>, Error> {
        let Some(request) = context.counted_request() else { return Ok(None) };
        let Some(receipt) = self.store.receipt(context.practice, &request.key).await? else { return Ok(None) };
        if receipt.digest != request.digest {
            return Err(Refusal::IdempotencyKeyReused.into());
        }
        let outcome = serde_json::from_slice(&receipt.outcome);
        let damaged = |error| StoreError::Damaged(format!("receipt `{}`: {error}", request.key.scope));
        Ok(Some(outcome.map_err(damaged)?))
    }

    fn receipt(&self, context: &CallContext, outcome: &impl Outcome) -> Result<Option<Receipt>, Error> {
        let Some(Request { key, digest }) = context.counted_request() else { return Ok(None) };
        let unkept = |error| StoreError::Damaged(format!("an outcome can't be kept: {error}"));
        let outcome = serde_json::to_vec(outcome).map_err(unkept)?;
        Ok(Some(Receipt { request: key.clone(), digest: *digest, outcome, at: self.clock.now() }))
    }
}

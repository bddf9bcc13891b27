use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{ATTEMPTS, CallContext, Error, Portal, once::Kept, practices::Secret};
use crate::{
    Refusal,
    decide::{self, Decided},
    id::{OperatorKeyId, PracticeId, Slug},
    practice::{ApiKey, OperatorKey, Practice, check_name},
    view::PracticeView,
};

/// So many rows of each kind are deleted in one commit.
const DELETED_AT_ONCE: u32 = 1_000;

/// Whose key was presented.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyHolder {
    /// A host program, of one practice.
    Host(ApiKey),
    /// Whoever runs the service.
    Operator(OperatorKey),
}

impl Portal {
    /// Who presents a secret, unless it is unknown or revoked.
    pub async fn authenticate(&self, presented: &str) -> Result<Option<KeyHolder>, Error> {
        let hash = Secret::digest(presented);
        if let Some(key) = self.store.caller(&hash).await? {
            return Ok(Some(KeyHolder::Host(key)));
        }
        Ok(self.operators.operator(&hash).await?.map(KeyHolder::Operator))
    }

    /// Creates a practice, or renames it. Answers it, whether it is new, and whether anything changed.
    pub async fn put_practice(
        &self,
        context: &CallContext,
        slug: &Slug,
        name: &str,
    ) -> Result<(PracticeView, bool, bool), Error> {
        let fresh: PracticeId = self.fresh_id();
        for _ in 0..ATTEMPTS {
            let before = &self.practice_by_slug(slug).await?;
            let id = before.as_ref().map_or(fresh, |practice| practice.id);
            // What the call was told stands with the practice that it made.
            let own = &CallContext { practice: id, ..context.clone() };
            let decided = || async move {
                let decided = decide::put_practice(before.as_ref(), (id, slug), name, &mut self.moment(own))?;
                let (practice, changed) = decided.outcome;
                Ok(Decided { decision: decided.decision, outcome: (practice.into(), before.is_none(), changed) })
            };
            if let Some(outcome) = self.attempt(own, Kept::Open, decided).await? {
                return Ok(outcome);
            }
        }
        Err(Error::Overloaded)
    }

    /// Suspends a practice, or resumes it. See [`decide::suspend_practice`].
    pub async fn suspend_practice(
        &self,
        context: &CallContext,
        suspended: bool,
    ) -> Result<(PracticeView, bool), Error> {
        let decided = || async move {
            let practice = self.practice(context).await?;
            Ok(seen(decide::suspend_practice(&practice, suspended, &mut self.moment(context))))
        };
        self.carry_out(context, decided).await
    }

    /// Orders that a suspended practice is deleted for good. See [`decide::order_deletion`].
    pub async fn order_deletion(&self, context: &CallContext) -> Result<(PracticeView, bool), Error> {
        let decided = || async move {
            let practice = self.practice(context).await?;
            Ok(seen(decide::order_deletion(&practice, &mut self.moment(context))?))
        };
        self.carry_out(context, decided).await
    }

    /// Deletes practices whose time is over, a few rows at a time, so that nobody else waits, until `stop` says so. Answers what
    /// became of each: whether it is gone. One that can't be deleted keeps no other from it.
    pub async fn delete_doomed(
        &self,
        stop: &(dyn Fn() -> bool + Send + Sync),
    ) -> Result<Vec<(PracticeId, Result<bool, Error>)>, Error> {
        let mut fates = Vec::new();
        for practice in self.operators.doomed(self.clock.now()).await? {
            fates.push((practice, self.delete_practice(practice, stop).await));
        }
        Ok(fates)
    }

    async fn delete_practice(
        &self,
        practice: PracticeId,
        stop: &(dyn Fn() -> bool + Send + Sync),
    ) -> Result<bool, Error> {
        if stop() {
            return Ok(false);
        }
        self.operators.begin_deletion(practice, self.clock.now()).await?;
        while !self.operators.delete_some(practice, DELETED_AT_ONCE, self.clock.now()).await? {
            if stop() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Makes a key of whoever runs the service. The answer is the only place where its secret ever stands.
    pub async fn create_operator_key(&self, name: &str) -> Result<(OperatorKey, Secret), Error> {
        check_name(name).map_err(Refusal::from)?;
        let secret = Secret::new(format!("po_{}", URL_SAFE_NO_PAD.encode(self.draw::<32>())));
        let now = self.clock.now();
        let key = OperatorKey {
            id: self.fresh_id(),
            name: name.to_owned(),
            hash: Secret::digest(secret.reveal()),
            created_at: now,
            revoked_at: None,
        };
        self.operators.add_operator_key(&key).await?;
        Ok((key, secret))
    }

    /// Ends an operator's key. Answers whether it worked until now.
    pub async fn revoke_operator_key(&self, key: OperatorKeyId) -> Result<bool, Error> {
        Ok(self.operators.revoke_operator_key(key, self.clock.now()).await?)
    }
}

fn seen(decided: Decided<(Practice, bool)>) -> Decided<(PracticeView, bool)> {
    let Decided { decision, outcome: (practice, changed) } = decided;
    Decided { decision, outcome: (practice.into(), changed) }
}

//! Tries to get in, counted before anything costly is done (section G).

use super::{CallContext, Error, Portal};
use crate::{
    Refusal,
    browser::KnownTo,
    decide,
    email::LoginKey,
    id::{Id, Ids, PracticeId},
    password::{PasswordHash, TypedPassword},
    port::Verdict,
    throttle::{Admission, BrowserId, Bucket, CountedTry, Try, TryMarks},
    time::Timestamp,
};

/// A time under which nothing was ever counted.
const NEVER: Timestamp = Timestamp::from_micros(i64::MIN);

/// So many counters, and so many notes, are forgotten in one go.
pub(super) const FORGOTTEN_AT_ONCE: u32 = 1000;

/// A password that came, and whether it may be looked at.
pub(super) struct Attempt {
    /// Counted as wrong until it is given back.
    pub(super) counted: CountedTry,
    /// Whether it came in a pause: it is not counted, and nothing may be hashed.
    pub(super) paused: bool,
}

impl Portal {
    /// Counts a try from the call's origin, or says how long to wait (G2). A call from nowhere known is not counted.
    pub(super) async fn admit_origin(&self, context: &CallContext) -> Result<(), Error> {
        self.admit_from(context, None).await
    }

    /// The same for a wish for a link at a key, which is noted.
    pub(super) async fn admit_reset(&self, context: &CallContext, key: &LoginKey) -> Result<(), Error> {
        let noted = Try { for_reset: true, ..self.try_at(context, key, false) };
        self.admit_from(context, Some(&noted)).await
    }

    async fn admit_from(&self, context: &CallContext, noted: Option<&Try>) -> Result<(), Error> {
        let buckets = Vec::from_iter(self.origin_bucket(context));
        if buckets.is_empty() && noted.is_none() {
            return Ok(());
        }
        let now = noted.map_or_else(|| self.clock.now(), |noted| noted.at);
        match self.store.admit(context.practice, &buckets, noted, now).await? {
            Admission::Go(_) => Ok(()),
            Admission::Wait { until, .. } => Err(too_many(until, now)),
        }
    }

    /// The note of a try to sign in at a key.
    fn try_at(&self, context: &CallContext, key: &LoginKey, known_browser: bool) -> Try {
        Try {
            id: self.fresh_id(),
            mark: self.try_marks(context.practice).newest(key),
            origin: context.origin.clone(),
            known_browser,
            for_reset: false,
            at: self.clock.now(),
        }
    }

    /// Counts and notes a try to sign in at a key.
    pub(super) async fn admit_sign_in(
        &self,
        context: &CallContext,
        key: &LoginKey,
        known: Option<(KnownTo, BrowserId)>,
    ) -> Result<Attempt, Error> {
        let bucket = match known {
            Some((known, browser)) => Bucket::known_browser(known.login, browser),
            None => Bucket::strangers(key),
        };
        let noted = self.try_at(context, key, known.is_some());
        self.admit_one(context, self.origin_bucket(context), bucket, Some(&noted)).await
    }

    /// Counts a password typed where somebody is signed in already.
    pub(super) async fn admit_password(&self, context: &CallContext, bucket: Bucket) -> Result<Attempt, Error> {
        self.admit_one(context, None, bucket, None).await
    }

    pub(super) async fn admit_one(
        &self,
        context: &CallContext,
        origin: Option<Bucket>,
        bucket: Bucket,
        noted: Option<&Try>,
    ) -> Result<Attempt, Error> {
        let buckets: Vec<_> = origin.into_iter().chain([bucket]).collect();
        let now = noted.map_or_else(|| self.clock.now(), |noted| noted.at);
        match self.store.admit(context.practice, &buckets, noted, now).await? {
            Admission::Go(counted) => {
                let at = counted.last().copied().unwrap_or(now);
                let counted = CountedTry { bucket, at, noted: noted.map(|noted| noted.id) };
                Ok(Attempt { counted, paused: false })
            }
            Admission::Wait { bucket: place, .. } if place + 1 == buckets.len() => {
                let counted = CountedTry { bucket, at: NEVER, noted: None };
                Ok(Attempt { counted, paused: true })
            }
            Admission::Wait { until, .. } => Err(too_many(until, now)),
        }
    }

    /// Looks at a password; in a pause it seems to, for as long (G1). One that there was no time to look at is no wrong one, and is
    /// given back, in a pause as well, where there is nothing to give: so a full queue is told after a commit either way (P2).
    pub(super) async fn checked(
        &self,
        context: &CallContext,
        attempt: &Attempt,
        password: &TypedPassword,
        hash: Option<&PasswordHash>,
    ) -> Result<Verdict, Error> {
        let looked = match attempt.paused {
            true => self.hasher.pretend().await.map(|()| Verdict::NoMatch),
            false => self.hasher.verify(password, hash).await,
        };
        match looked {
            Ok(verdict) => Ok(verdict),
            Err(error) => {
                self.give_back(context, CountedTry { noted: None, ..attempt.counted }).await;
                Err(error.into())
            }
        }
    }

    /// What followed on a right password, which is given back with it. Where nothing came of it, it was right all the same (G1).
    pub(super) async fn given_back<T>(
        &self,
        context: &CallContext,
        counted: &CountedTry,
        followed: Result<T, Error>,
    ) -> Result<T, Error> {
        // A store that is away now would only make the answer later.
        if followed.as_ref().is_err_and(|error| !matches!(error, Error::Store(_))) {
            self.give_back(context, *counted).await;
        }
        followed
    }

    /// Tried once, for nothing could be decided anew; whoever asked is told why nothing came of it, and not of this.
    async fn give_back(&self, context: &CallContext, counted: CountedTry) {
        // Lost, it stays counted, which is the safe side.
        let _ = self.store.commit(context.practice, &[decide::give_back(counted)], None).await;
    }

    /// Forgets counters and notes of tries whose time is over, a few at a time. Answers how many.
    pub async fn forget_tries(&self) -> Result<u64, Error> {
        let (now, mut all) = (self.clock.now(), 0);
        loop {
            let forgotten = self.store.forget_tries(now, FORGOTTEN_AT_ONCE).await?;
            all += forgotten;
            if forgotten == 0 {
                return Ok(all);
            }
        }
    }

    /// The marks by which notes of tries in a practice are made and found, which [`Exports::dossier`](crate::port::Exports::dossier) is
    /// asked with.
    pub fn try_marks(&self, practice: PracticeId) -> TryMarks {
        TryMarks::new(&self.tokens, practice)
    }

    pub(super) fn fresh_id<K>(&self) -> Id<K> {
        Ids::from_seed(self.draw()).next(self.clock.now())
    }

    pub(super) fn origin_bucket(&self, context: &CallContext) -> Option<Bucket> {
        Some(Bucket::origin(context.origin.as_deref()?, self.tries_per_minute))
    }
}

fn too_many(until: Timestamp, now: Timestamp) -> Error {
    let retry_after = until.since(now).as_secs() + 1;
    Refusal::TooManyRequests { retry_after }.into()
}

//! Tries to get in: counted, noted, given back, forgotten.

use std::collections::BTreeMap;

use portal_domain::{
    email::LoginKey,
    id::PracticeId,
    port::StoreError,
    throttle::{Admission, Bucket, BucketName, CountedTry, NOTES_AT_A_MARK, Tally, Try, refusing_unnoted},
    time::Timestamp,
};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::{
    PostgresStore,
    failure::{Failure, store_error},
    row::{self, json},
};

/// Counts a try in buckets, and notes it. Only for tasks of their own.
pub(crate) async fn admit(
    store: &PostgresStore,
    practice: PracticeId,
    buckets: &[Bucket],
    noted: Option<&Try>,
    now: Timestamp,
) -> Result<Admission, StoreError> {
    if let Some(until) = refused_already(store.pool(), practice.to_uuid(), buckets, noted, now).await? {
        return Ok(Admission::Wait { bucket: 0, until });
    }
    let mut transaction = store.begin().await.map_err(store_error)?;
    match count(&mut transaction, practice.to_uuid(), buckets, noted, now).await {
        Ok(admission) => {
            transaction.commit().await.map_err(store_error)?;
            Ok(admission)
        }
        Err(failure) => {
            if let Err(error) = transaction.rollback().await {
                tracing::debug!(%error, "a rollback failed");
            }
            Err(overtaken(failure))
        }
    }
}

/// Until when the first bucket says no, found out without waiting in line for its row, so that a flood that is refused costs
/// little. Whoever is refused now is refused in line too. A try that has to be noted goes there.
async fn refused_already(
    pool: &PgPool,
    practice: Uuid,
    buckets: &[Bucket],
    noted: Option<&Try>,
    now: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    let Some(first) = refusing_unnoted(buckets, noted) else { return Ok(None) };
    let kept = sqlx::query_scalar!(
        "SELECT tally FROM portal.throttle WHERE practice_id = $1 AND name = $2",
        practice,
        &first.name().0,
    )
    .fetch_optional(pool)
    .await
    .map_err(store_error)?;
    Ok(first.count(kept.map(|kept| read(&kept)).unwrap_or_default(), now).err())
}

/// Nobody decides anew because of a counter; whoever asked tries again.
fn overtaken(failure: Failure) -> StoreError {
    match failure {
        Failure::Store(error) => error,
        Failure::Conflict => StoreError::Unavailable("too many try at once".to_owned()),
    }
}

async fn count(
    connection: &mut PgConnection,
    practice: Uuid,
    buckets: &[Bucket],
    noted: Option<&Try>,
    now: Timestamp,
) -> Result<Admission, Failure> {
    let mut counted = Vec::with_capacity(buckets.len());
    for (place, bucket) in buckets.iter().enumerate() {
        match bucket.count(hold(connection, practice, bucket.name()).await?, now) {
            Ok((tally, at)) => {
                keep(connection, practice, bucket.name(), &tally).await?;
                counted.push(at);
            }
            Err(until) => {
                if bucket.notes_refused() {
                    note(connection, practice, noted).await?;
                }
                return Ok(Admission::Wait { bucket: place, until });
            }
        }
    }
    note(connection, practice, noted).await?;
    Ok(Admission::Go(counted))
}

/// The counter, made if need be, and held until the transaction ends. Everybody holds counters in the order of their kinds,
/// so that nobody waits in a circle.
async fn hold(connection: &mut PgConnection, practice: Uuid, name: BucketName) -> Result<Tally, Failure> {
    let kept = sqlx::query_scalar!(
        "INSERT INTO portal.throttle AS t (practice_id, name, tally, over_at) VALUES ($1, $2, '{}', 0)
         ON CONFLICT (practice_id, name) DO UPDATE SET over_at = t.over_at
         RETURNING tally",
        practice,
        &name.0,
    )
    .fetch_one(connection)
    .await?;
    Ok(read(&kept))
}

/// A counter that can't be read counts from nought: it must shut nobody out.
fn read(tally: &str) -> Tally {
    serde_json::from_str(tally).unwrap_or_else(|error| {
        tracing::error!(%error, "a counter of tries can't be read");
        Tally::default()
    })
}

async fn keep(connection: &mut PgConnection, practice: Uuid, name: BucketName, tally: &Tally) -> Result<(), Failure> {
    sqlx::query!(
        "UPDATE portal.throttle SET tally = $3, over_at = $4 WHERE practice_id = $1 AND name = $2",
        practice,
        &name.0,
        json(tally)?,
        tally.over_at().as_micros(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What somebody else removes just then is passed over, not waited for: the next note at the mark makes up for it.
async fn note(connection: &mut PgConnection, practice: Uuid, noted: Option<&Try>) -> Result<(), Failure> {
    let Some(noted) = noted else { return Ok(()) };
    let origin = noted.origin.as_deref().map(row::text);
    sqlx::query!(
        "INSERT INTO portal.sign_in_try (practice_id, try_id, mark, origin, known_browser, for_reset, right_password, at, over_at)
         VALUES ($1, $2, $3, $4, $5, $6, false, $7, $8)",
        practice,
        noted.id.to_uuid(),
        &noted.mark.0,
        origin.as_deref(),
        noted.known_browser,
        noted.for_reset,
        noted.at.as_micros(),
        noted.over_at().as_micros(),
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "DELETE FROM portal.sign_in_try t USING (
             SELECT practice_id, try_id FROM portal.sign_in_try WHERE practice_id = $1 AND mark = $2
                 AND (at, try_id) <= (
                     SELECT at, try_id FROM portal.sign_in_try WHERE practice_id = $1 AND mark = $2
                     ORDER BY at DESC, try_id DESC OFFSET $3 LIMIT 1)
             FOR UPDATE SKIP LOCKED) AS o
         WHERE t.practice_id = o.practice_id AND t.try_id = o.try_id",
        practice,
        &noted.mark.0,
        i64::from(NOTES_AT_A_MARK),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Gives a counted try back, and marks its note as of a right password.
pub(crate) async fn give_back(
    connection: &mut PgConnection,
    practice: Uuid,
    counted: &CountedTry,
) -> Result<(), Failure> {
    let name = counted.bucket.name();
    let kept = sqlx::query_scalar!(
        "SELECT tally FROM portal.throttle WHERE practice_id = $1 AND name = $2 FOR UPDATE",
        practice,
        &name.0,
    )
    .fetch_optional(&mut *connection)
    .await?;
    if let Some(kept) = kept {
        keep(connection, practice, name, &read(&kept).without(counted.at)).await?;
    }
    if let Some(noted) = counted.noted {
        sqlx::query!(
            "UPDATE portal.sign_in_try SET right_password = true WHERE practice_id = $1 AND try_id = $2",
            practice,
            noted.to_uuid(),
        )
        .execute(connection)
        .await?;
    }
    Ok(())
}

/// Forgets what is over, of every practice. What somebody is just counting in is passed over, not waited for.
pub(crate) async fn forget(pool: &PgPool, now: Timestamp, most: u32) -> Result<u64, StoreError> {
    let (now, most) = (now.as_micros(), i64::from(most));
    let counters = sqlx::query!(
        "DELETE FROM portal.throttle t USING (
             SELECT practice_id, name FROM portal.throttle WHERE over_at <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED) AS o
         WHERE t.practice_id = o.practice_id AND t.name = o.name",
        now,
        most,
    );
    let counters = counters.execute(pool).await.map_err(store_error)?.rows_affected();
    let notes = sqlx::query!(
        "DELETE FROM portal.sign_in_try t USING (
             SELECT practice_id, try_id FROM portal.sign_in_try WHERE over_at <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED) AS o
         WHERE t.practice_id = o.practice_id AND t.try_id = o.try_id",
        now,
        most,
    );
    let notes = notes.execute(pool).await.map_err(store_error)?.rows_affected();
    Ok(counters + notes + of_erased(pool, most).await?)
}

/// Notes at keys that an erasure left to nobody, and the keys at which there are none, or that are somebody's again. Whoever removes
/// the same at the same time is waited for, so that they are gone when this answers.
async fn of_erased(pool: &PgPool, most: i64) -> Result<u64, StoreError> {
    let notes = sqlx::query!(
        "DELETE FROM portal.sign_in_try t USING (
             SELECT n.practice_id, n.try_id FROM portal.erased_key e
             JOIN portal.sign_in_try n ON n.practice_id = e.practice_id AND n.mark = e.mark
             WHERE NOT EXISTS (SELECT FROM portal.login_key k WHERE k.practice_id = e.practice_id AND k.key = e.key)
             ORDER BY n.practice_id, n.mark, n.at, n.try_id LIMIT $1 FOR UPDATE OF n) AS o
         WHERE t.practice_id = o.practice_id AND t.try_id = o.try_id",
        most,
    );
    let notes = notes.execute(pool).await.map_err(store_error)?.rows_affected();
    let keys = sqlx::query!(
        "DELETE FROM portal.erased_key d USING (
             SELECT e.practice_id, e.key, e.mark FROM portal.erased_key e
             WHERE EXISTS (SELECT FROM portal.login_key k WHERE k.practice_id = e.practice_id AND k.key = e.key)
             OR NOT EXISTS (SELECT FROM portal.sign_in_try n WHERE n.practice_id = e.practice_id AND n.mark = e.mark)
             ORDER BY e.practice_id, e.key, e.mark LIMIT $1 FOR UPDATE OF e) AS o
         WHERE d.practice_id = o.practice_id AND d.key = o.key AND d.mark = o.mark",
        most,
    );
    Ok(notes + keys.execute(pool).await.map_err(store_error)?.rows_affected())
}

/// Of these keys those at which strangers wait, and until when.
pub(crate) async fn locked(
    snapshot: &mut PgConnection,
    practice: PracticeId,
    keys: &[&LoginKey],
    now: Timestamp,
) -> Result<BTreeMap<LoginKey, Timestamp>, StoreError> {
    let named: BTreeMap<_, _> = keys.iter().map(|key| (BucketName::strangers(key).0.to_vec(), *key)).collect();
    let names: Vec<_> = named.keys().cloned().collect();
    let rows = sqlx::query!(
        "SELECT name, tally FROM portal.throttle WHERE practice_id = $1 AND name = ANY ($2)",
        practice.to_uuid(),
        &names,
    )
    .fetch_all(snapshot)
    .await
    .map_err(store_error)?;
    let mut locked = BTreeMap::new();
    for it in rows {
        if let (Some(key), Some(until)) = (named.get(&it.name), read(&it.tally).paused_until(now)) {
            locked.insert((*key).clone(), until);
        }
    }
    Ok(locked)
}

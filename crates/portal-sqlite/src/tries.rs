//! Tries to get in: counted, noted, given back, forgotten.

use std::collections::BTreeMap;

use async_trait::async_trait;
use portal_domain::{
    email::LoginKey,
    id::PracticeId,
    throttle::{Admission, Bucket, BucketName, CountedTry, NOTES_AT_A_MARK, Tally, Try, refusing_unnoted},
    time::Timestamp,
};
use sqlx::SqliteConnection;

use crate::{
    encode::{HexBytes, json},
    error::Fault,
    read::damaged,
    writer::Work,
};

/// Counts a try in buckets, and notes it.
pub(crate) struct CountTry {
    pub(crate) practice: PracticeId,
    pub(crate) buckets: Vec<Bucket>,
    pub(crate) noted: Option<Try>,
    pub(crate) now: Timestamp,
}

#[async_trait]
impl Work for CountTry {
    type Answer = Admission;

    async fn run(&self, connection: &mut SqliteConnection) -> Result<Admission, Fault> {
        let practice = self.practice.to_bytes();
        let mut counted = Vec::with_capacity(self.buckets.len());
        for (place, bucket) in self.buckets.iter().enumerate() {
            let tally = tally(connection, &practice, bucket.name()).await?;
            match bucket.count(tally, self.now) {
                Ok((tally, at)) => {
                    keep(connection, &practice, bucket.name(), &tally).await?;
                    counted.push(at);
                }
                Err(until) => {
                    if bucket.notes_refused() {
                        self.note(connection, &practice).await?;
                    }
                    return Ok(Admission::Wait { bucket: place, until });
                }
            }
        }
        self.note(connection, &practice).await?;
        Ok(Admission::Go(counted))
    }
}

impl CountTry {
    async fn note(&self, connection: &mut SqliteConnection, practice: &[u8]) -> Result<(), Fault> {
        let Some(noted) = &self.noted else { return Ok(()) };
        let id = noted.id.to_bytes();
        let (id, mark) = (id.as_slice(), noted.mark.0.as_slice());
        let (at, over_at) = (noted.at.as_micros(), noted.over_at().as_micros());
        let note = sqlx::query!(
            "INSERT INTO portal_sign_in_try (practice_id, try_id, mark, origin, known_browser, for_reset, right_password, at, over_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, ?7, ?8)",
            practice,
            id,
            mark,
            noted.origin,
            noted.known_browser,
            noted.for_reset,
            at,
            over_at
        );
        note.execute(&mut *connection).await?;
        let surplus = sqlx::query!(
            "DELETE FROM portal_sign_in_try WHERE practice_id = ?1 AND try_id IN (
                 SELECT try_id FROM portal_sign_in_try WHERE practice_id = ?1 AND mark = ?2
                 ORDER BY at DESC, try_id DESC LIMIT -1 OFFSET ?3)",
            practice,
            mark,
            NOTES_AT_A_MARK
        );
        surplus.execute(connection).await?;
        Ok(())
    }
}

async fn tally(connection: &mut SqliteConnection, practice: &[u8], name: BucketName) -> Result<Tally, Fault> {
    let name = name.0.as_slice();
    let kept =
        sqlx::query_scalar!("SELECT tally FROM portal_throttle WHERE practice_id = ?1 AND name = ?2", practice, name);
    let kept = kept.fetch_optional(connection).await?;
    Ok(kept.map(|text| read(&text)).unwrap_or_default())
}

/// A counter that can't be read counts from nought: it must shut nobody out.
fn read(tally: &str) -> Tally {
    serde_json::from_str(tally).unwrap_or_else(|error| {
        tracing::error!(%error, "a counter of tries can't be read");
        Tally::default()
    })
}

/// Until when the first bucket says no, found out beside the writer, so that a flood that is refused costs little. Whoever is
/// refused now is refused in line too. A try that has to be noted goes there.
pub(crate) async fn refused_already(
    connection: &mut SqliteConnection,
    practice: PracticeId,
    buckets: &[Bucket],
    noted: Option<&Try>,
    now: Timestamp,
) -> Result<Option<Timestamp>, Fault> {
    let Some(first) = refusing_unnoted(buckets, noted) else { return Ok(None) };
    let seen = tally(connection, &practice.to_bytes(), first.name()).await?;
    Ok(first.count(seen, now).err())
}

async fn keep(
    connection: &mut SqliteConnection,
    practice: &[u8],
    name: BucketName,
    tally: &Tally,
) -> Result<(), Fault> {
    let (name, over_at, tally) = (name.0.as_slice(), tally.over_at().as_micros(), json(tally));
    let keep = sqlx::query!(
        "INSERT INTO portal_throttle (practice_id, name, tally, over_at) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (practice_id, name) DO UPDATE SET tally = excluded.tally, over_at = excluded.over_at",
        practice,
        name,
        tally,
        over_at
    );
    keep.execute(connection).await?;
    Ok(())
}

/// Gives a counted try back, and marks its note as of a right password.
pub(crate) async fn give_back(
    connection: &mut SqliteConnection,
    practice: &[u8],
    counted: &CountedTry,
) -> Result<(), Fault> {
    let before = tally(connection, practice, counted.bucket.name()).await?;
    let after = before.clone().without(counted.at);
    if after != before {
        keep(connection, practice, counted.bucket.name(), &after).await?;
    }
    if let Some(noted) = counted.noted {
        let noted = noted.to_bytes();
        let noted = noted.as_slice();
        let mark = sqlx::query!(
            "UPDATE portal_sign_in_try SET right_password = 1 WHERE practice_id = ?1 AND try_id = ?2",
            practice,
            noted
        );
        mark.execute(connection).await?;
    }
    Ok(())
}

/// Forgets what is over.
pub(crate) struct ForgetTries {
    pub(crate) now: Timestamp,
    pub(crate) most: u32,
}

#[async_trait]
impl Work for ForgetTries {
    type Answer = u64;

    async fn run(&self, connection: &mut SqliteConnection) -> Result<u64, Fault> {
        let (now, most) = (self.now.as_micros(), self.most);
        let counters = sqlx::query!(
            "DELETE FROM portal_throttle WHERE (practice_id, name) IN
                 (SELECT practice_id, name FROM portal_throttle WHERE over_at <= ?1 LIMIT ?2)",
            now,
            most
        );
        let counters = counters.execute(&mut *connection).await?.rows_affected();
        let notes = sqlx::query!(
            "DELETE FROM portal_sign_in_try WHERE (practice_id, try_id) IN
                 (SELECT practice_id, try_id FROM portal_sign_in_try WHERE over_at <= ?1 LIMIT ?2)",
            now,
            most
        );
        let notes = notes.execute(&mut *connection).await?.rows_affected();
        Ok(counters + notes + of_erased(connection, most).await?)
    }
}

/// Notes at keys that an erasure left to nobody, and the keys at which there are none, or that are somebody's again.
async fn of_erased(connection: &mut SqliteConnection, most: u32) -> Result<u64, Fault> {
    let notes = sqlx::query!(
        "DELETE FROM portal_sign_in_try WHERE (practice_id, try_id) IN (
             SELECT t.practice_id, t.try_id FROM portal_erased_key AS e
             CROSS JOIN portal_sign_in_try AS t ON t.practice_id = e.practice_id AND t.mark = e.mark
             WHERE NOT EXISTS (SELECT 1 FROM portal_login_key AS k WHERE k.practice_id = e.practice_id AND k.key = e.key)
             LIMIT ?1)",
        most
    );
    let notes = notes.execute(&mut *connection).await?.rows_affected();
    let keys = sqlx::query!(
        "DELETE FROM portal_erased_key WHERE (practice_id, key, mark) IN (
             SELECT e.practice_id, e.key, e.mark FROM portal_erased_key AS e
             WHERE EXISTS (SELECT 1 FROM portal_login_key AS k WHERE k.practice_id = e.practice_id AND k.key = e.key)
             OR NOT EXISTS (SELECT 1 FROM portal_sign_in_try AS t WHERE t.practice_id = e.practice_id AND t.mark = e.mark)
             LIMIT ?1)",
        most
    );
    Ok(notes + keys.execute(connection).await?.rows_affected())
}

/// Of these keys those at which strangers wait, and until when.
pub(crate) async fn locked(
    connection: &mut SqliteConnection,
    practice: PracticeId,
    keys: impl Iterator<Item = &LoginKey>,
    now: Timestamp,
) -> Result<BTreeMap<LoginKey, Timestamp>, Fault> {
    let named: BTreeMap<_, _> = keys.map(|key| (BucketName::strangers(key), key)).collect();
    let wanted: Vec<_> = named.keys().map(|name| HexBytes(name.0)).collect();
    let (practice, wanted) = (practice.to_bytes(), json(&wanted));
    let practice = practice.as_slice();
    let rows = sqlx::query!(
        "SELECT t.name, t.tally FROM json_each(?2) AS e
         CROSS JOIN portal_throttle AS t ON t.practice_id = ?1 AND t.name = unhex(e.value)",
        practice,
        wanted
    );
    let mut locked = BTreeMap::new();
    for row in rows.fetch_all(connection).await? {
        let name = row.name.as_slice().try_into().map_err(|_| damaged("throttle.name"))?;
        if let (Some(key), Some(until)) = (named.get(&BucketName(name)), read(&row.tally).paused_until(now)) {
            locked.insert((*key).clone(), until);
        }
    }
    Ok(locked)
}

//! Sealing of events: what waits, and seals under the guard of the head.

use async_trait::async_trait;
use portal_domain::{
    event::RecordedEvent,
    id::PracticeId,
    journal::{Head, JournalRow, Mark, SealedEvent, Sealing},
    link::KeyId,
    port::{DayCount, Happening, Journal, StoreError, Unsealed},
    time::Timestamp,
};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use crate::{
    PostgresStore,
    commit::column,
    failure::{Failure, store_error},
    row::{self, EventRow},
    store::whole,
};

#[async_trait]
impl Journal for PostgresStore {
    async fn unsealed_practices(&self) -> Result<Vec<PracticeId>, StoreError> {
        // From one practice to the next: however much waits in one, it costs one look.
        let found = sqlx::query_scalar!(
            r#"WITH RECURSIVE waiting AS (
                   (SELECT practice_id FROM portal.event WHERE number IS NULL ORDER BY practice_id LIMIT 1)
                   UNION ALL
                   SELECT (SELECT e.practice_id FROM portal.event e
                           WHERE e.number IS NULL AND e.practice_id > w.practice_id ORDER BY e.practice_id LIMIT 1)
                   FROM waiting w WHERE w.practice_id IS NOT NULL)
               SELECT practice_id AS "practice_id!" FROM waiting WHERE practice_id IS NOT NULL"#
        )
        .fetch_all(self.pool())
        .await
        .map_err(store_error)?;
        Ok(found.into_iter().map(row::id).collect())
    }

    async fn unsealed(&self, practice: PracticeId, most: u32) -> Result<Unsealed, StoreError> {
        let head = self.head(practice).await?;
        // An event whose commit is seen later may have a lower ordinal. Those about one contact are never seen so: its guard
        // lets one commit begin to write only after the other has ended.
        let rows = sqlx::query_as!(
            EventRow,
            "SELECT ordinal AS number, event_id, at, kind, caller, origin, contact_id, user_id, login_id, facts, digest,
                 NULL AS personal
             FROM portal.event WHERE practice_id = $1 AND number IS NULL ORDER BY ordinal LIMIT $2",
            row::uuid(practice),
            i64::from(most),
        )
        .fetch_all(self.pool())
        .await
        .map_err(store_error)?;
        let last = head.as_ref().map_or(0, |head| head.last.number);
        let numbered = rows.into_iter().zip(last + 1..).map(|(row, number)| EventRow { number, ..row }.read());
        Ok(Unsealed { head, events: numbered.collect::<Result<_, _>>()? })
    }

    async fn seal(&self, practice: PracticeId, seen: Option<&Head>, sealing: &Sealing) -> Result<bool, StoreError> {
        let (store, seen, sealing) = (self.clone(), seen.map(|head| head.last), sealing.clone());
        whole(async move {
            match seal(&store, row::uuid(practice), seen, &sealing).await {
                Ok(written) => Ok(written),
                Err(Failure::Store(error)) => Err(error),
                Err(Failure::Conflict) => Ok(false),
            }
        })
        .await
    }

    async fn head(&self, practice: PracticeId) -> Result<Option<Head>, StoreError> {
        head(self.pool(), practice).await
    }

    async fn sealed(&self, practice: PracticeId, after: i64, most: u32) -> Result<Vec<JournalRow>, StoreError> {
        sealed(self.pool(), practice, after, most).await
    }

    async fn unsealed_count(&self, practice: PracticeId) -> Result<u64, StoreError> {
        unsealed_count(self.pool(), practice).await
    }

    async fn days(&self, practice: PracticeId, since: Timestamp, most: u32) -> Result<Vec<DayCount>, StoreError> {
        // The kinds stand in the index too.
        let rows = sqlx::query!(
            r#"SELECT kind, at / 86400000000 AS "day!", count(*) AS "count!"
               FROM (SELECT kind, at, facts FROM portal.event
                     WHERE practice_id = $1 AND at >= $2 AND number IS NOT NULL
                         AND kind IN ('login.password_set', 'message.accepted', 'session.opened')
                     ORDER BY at DESC LIMIT $3) AS e
               WHERE kind = 'session.opened' OR strpos(facts, '"message_kind":"activation"') > 0
                   OR strpos(facts, '"replaced":"false"') > 0
               GROUP BY kind, at / 86400000000"#,
            row::uuid(practice),
            since.as_micros(),
            i64::from(most),
        )
        .fetch_all(self.pool())
        .await
        .map_err(store_error)?;
        let read = rows.into_iter().map(|it| {
            let what = Happening::of_event(&it.kind).ok_or_else(|| row::damaged("event", &it.kind, "no such kind"))?;
            Ok(DayCount { what, day: it.day, count: it.count.unsigned_abs() })
        });
        let mut days: Vec<_> = read.collect::<Result<_, StoreError>>()?;
        days.sort();
        Ok(days)
    }
}

/// The head of a journal.
pub(crate) async fn head(executor: impl PgExecutor<'_>, practice: PracticeId) -> Result<Option<Head>, StoreError> {
    let head = sqlx::query!(
        "SELECT number, seal, key_id, mac FROM portal.journal_head WHERE practice_id = $1",
        row::uuid(practice),
    )
    .fetch_optional(executor)
    .await
    .map_err(store_error)?;
    let Some(it) = head else { return Ok(None) };
    let fault = |what: &str| row::damaged("journal_head", practice, what);
    Ok(Some(Head {
        last: Mark {
            number: it.number,
            seal: row::digest(&it.seal).ok_or_else(|| fault("its seal has not 32 bytes"))?,
        },
        key: KeyId::parse(&it.key_id).ok_or_else(|| fault("its key has no name"))?,
        mac: row::digest(&it.mac).ok_or_else(|| fault("its own seal has not 32 bytes"))?,
    }))
}

/// Sealed events after a number.
pub(crate) async fn sealed(
    executor: impl PgExecutor<'_>,
    practice: PracticeId,
    after: i64,
    most: u32,
) -> Result<Vec<JournalRow>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT e.number AS "number!", e.event_id, e.at, e.kind, e.caller, e.origin, e.contact_id, e.user_id,
               e.login_id, e.facts, e.digest, e.seal, e.seal_key, p.salt AS "salt?", p.personal AS "personal?"
           FROM portal.event e LEFT JOIN portal.event_personal p
               ON p.practice_id = e.practice_id AND p.event_id = e.event_id
           WHERE e.practice_id = $1 AND e.number > $2 ORDER BY e.number LIMIT $3"#,
        row::uuid(practice),
        after,
        i64::from(most),
    )
    .fetch_all(executor)
    .await
    .map_err(store_error)?;
    let read = rows.into_iter().map(|it| {
        let event = EventRow {
            number: it.number,
            event_id: it.event_id,
            at: it.at,
            kind: it.kind,
            caller: it.caller,
            origin: it.origin,
            contact_id: it.contact_id,
            user_id: it.user_id,
            login_id: it.login_id,
            facts: it.facts,
            digest: it.digest,
            personal: None,
        };
        let beside = Beside { seal: it.seal, key: it.seal_key, salt: it.salt, personal: it.personal };
        JournalRow { number: it.number, content: beside.to(event) }
    });
    Ok(read.collect())
}

/// How many events are not sealed.
pub(crate) async fn unsealed_count(executor: impl PgExecutor<'_>, practice: PracticeId) -> Result<u64, StoreError> {
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM portal.event WHERE practice_id = $1 AND number IS NULL"#,
        row::uuid(practice),
    )
    .fetch_one(executor)
    .await
    .map_err(store_error)?;
    Ok(count.unsigned_abs())
}

/// What stands beside an event.
struct Beside {
    seal: Option<Vec<u8>>,
    key: Option<String>,
    salt: Option<Vec<u8>>,
    personal: Option<String>,
}

impl Beside {
    /// The whole; `None` where it can't be read as an event.
    fn to(self, event: EventRow) -> Option<SealedEvent> {
        let personal = self.personal.and_then(|text| serde_json::from_str(&text).ok());
        Some(SealedEvent {
            event: RecordedEvent { personal, ..event.read().ok()? },
            // A salt that is none still says that there is a row.
            salt: self.salt.map(|salt| salt.try_into().unwrap_or_default()),
            seal: row::digest(&self.seal?)?,
            key: KeyId::parse(&self.key?)?,
        })
    }
}

/// Only for tasks of their own.
async fn seal(store: &PostgresStore, practice: Uuid, seen: Option<Mark>, sealing: &Sealing) -> Result<bool, Failure> {
    let mut transaction = store.begin().await?;
    let written = put_head(&mut transaction, practice, seen, &sealing.head).await?
        && put_seals(&mut transaction, practice, sealing).await?;
    if written {
        transaction.commit().await?;
    } else {
        transaction.rollback().await?;
    }
    Ok(written)
}

/// Whoever comes second waits here for the first, and then finds another head.
async fn put_head(
    connection: &mut PgConnection,
    practice: Uuid,
    seen: Option<Mark>,
    head: &Head,
) -> Result<bool, Failure> {
    let (number, seal, key) = (head.last.number, head.last.seal.as_slice(), head.key.as_str());
    let written = match seen {
        None => {
            sqlx::query!(
                "INSERT INTO portal.journal_head (practice_id, number, seal, key_id, mac) VALUES ($1, $2, $3, $4, $5)
                 ON CONFLICT (practice_id) DO NOTHING",
                practice,
                number,
                seal,
                key,
                head.mac.as_slice(),
            )
            .execute(connection)
            .await?
        }
        Some(seen) => {
            sqlx::query!(
                "UPDATE portal.journal_head SET number = $2, seal = $3, key_id = $4, mac = $5
                 WHERE practice_id = $1 AND number = $6 AND seal = $7",
                practice,
                number,
                seal,
                key,
                head.mac.as_slice(),
                seen.number,
                seen.seal.as_slice(),
            )
            .execute(connection)
            .await?
        }
    };
    Ok(written.rows_affected() == 1)
}

async fn put_seals(connection: &mut PgConnection, practice: Uuid, sealing: &Sealing) -> Result<bool, Failure> {
    let written = sqlx::query!(
        "UPDATE portal.event e SET number = c.number, seal = c.seal, seal_key = $2
         FROM unnest($3::uuid[], $4::bigint[], $5::bytea[]) AS c (event_id, number, seal)
         WHERE e.practice_id = $1 AND e.event_id = c.event_id AND e.number IS NULL",
        practice,
        sealing.head.key.as_str(),
        &column(&sealing.seals, |seal| seal.event.to_uuid()),
        &column(&sealing.seals, |seal| seal.number),
        &column(&sealing.seals, |seal| seal.seal) as &[[u8; 32]],
    )
    .execute(connection)
    .await
    // The numbers after a head are free, so this is no conflict with another sealer and would not go away.
    .map_err(store_error)?;
    Ok(written.rows_affected() == sealing.seals.len() as u64)
}

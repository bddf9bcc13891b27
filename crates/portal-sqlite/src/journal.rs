//! Sealing of events: what waits, and seals under the guard of the head.

use async_trait::async_trait;
use portal_domain::{
    id::PracticeId,
    journal::{Head, JournalRow, Mark, SealedEvent, Sealing},
    link::KeyId,
    port::{DayCount, Happening, Journal, StoreError, Unsealed},
    time::Timestamp,
};
use serde::Serialize;
use sqlx::{Connection, SqliteConnection};

use crate::{
    SqliteStore,
    encode::{Hex, HexBytes, hex, json},
    error::Fault,
    read::{EventRow, damaged, digest, id},
    writer::Work,
};

pub(crate) async fn unsealed_practices(connection: &mut SqliteConnection) -> Result<Vec<PracticeId>, Fault> {
    // From one practice to the next: however much waits in one, it costs one look.
    let found = sqlx::query_scalar!(
        r#"WITH RECURSIVE waiting (practice_id) AS (
               SELECT min(practice_id) FROM portal_event WHERE number IS NULL
               UNION ALL
               SELECT (SELECT min(v.practice_id) FROM portal_event AS v
                       WHERE v.number IS NULL AND v.practice_id > e.practice_id)
               FROM waiting AS e WHERE e.practice_id IS NOT NULL)
           SELECT practice_id AS "practice_id!: Vec<u8>" FROM waiting AS e WHERE practice_id IS NOT NULL"#
    );
    let found = found.fetch_all(connection).await?.into_iter();
    found.map(|bytes| Ok(id(&bytes, "event.practice_id")?)).collect()
}

pub(crate) async fn unsealed(
    connection: &mut SqliteConnection,
    practice: PracticeId,
    most: u32,
) -> Result<Unsealed, Fault> {
    let head = head(&mut *connection, practice).await?;
    let last = head.as_ref().map_or(0, |head| head.last.number);
    let (practice, most) = (practice.to_bytes(), i64::from(most));
    let practice = practice.as_slice();
    let rows = sqlx::query_as!(
        EventRow,
        r#"SELECT ordinal AS number, event_id, at, kind, caller, origin, contact_id, user_id, login_id, facts, digest,
               NULL AS "personal?: String"
           FROM portal_event WHERE practice_id = ?1 AND number IS NULL ORDER BY ordinal LIMIT ?2"#,
        practice,
        most
    );
    let rows = rows.fetch_all(connection).await?.into_iter().zip(last + 1..);
    let numbered = rows.map(|(row, number)| EventRow { number, ..row }.read());
    Ok(Unsealed { head, events: numbered.collect::<Result<_, _>>()? })
}

pub(crate) async fn head(connection: &mut SqliteConnection, practice: PracticeId) -> Result<Option<Head>, Fault> {
    let practice = practice.to_bytes();
    let practice = practice.as_slice();
    let head =
        sqlx::query!("SELECT number, seal, key_id, mac FROM portal_journal_head WHERE practice_id = ?1", practice);
    let Some(row) = head.fetch_optional(connection).await? else { return Ok(None) };
    Ok(Some(Head {
        last: Mark { number: row.number, seal: digest(&row.seal, "journal_head.seal")? },
        key: KeyId::parse(&row.key_id).ok_or_else(|| damaged("journal_head.key_id"))?,
        mac: digest(&row.mac, "journal_head.mac")?,
    }))
}

pub(crate) async fn sealed(
    connection: &mut SqliteConnection,
    practice: PracticeId,
    after: i64,
    most: u32,
) -> Result<Vec<JournalRow>, Fault> {
    let (practice, most) = (practice.to_bytes(), i64::from(most));
    let practice = practice.as_slice();
    let rows = sqlx::query!(
        r#"SELECT v.number AS "number!", v.event_id, v.at, v.kind, v.caller, v.origin, v.contact_id, v.user_id,
               v.login_id, v.facts, v.digest, v.seal, v.seal_key, p.salt AS "salt?", p.personal AS "personal?"
           FROM portal_event AS v
           LEFT JOIN portal_event_personal AS p ON p.practice_id = v.practice_id AND p.event_id = v.event_id
           WHERE v.practice_id = ?1 AND v.number > ?2 ORDER BY v.number LIMIT ?3"#,
        practice,
        after,
        most
    );
    let rows = rows.fetch_all(connection).await?.into_iter();
    let read = rows.map(|row| {
        let event = EventRow {
            number: row.number,
            event_id: row.event_id,
            at: row.at,
            kind: row.kind,
            caller: row.caller,
            origin: row.origin,
            contact_id: row.contact_id,
            user_id: row.user_id,
            login_id: row.login_id,
            facts: row.facts,
            digest: row.digest,
            personal: None,
        };
        let read = |event: EventRow, seal: &[u8], key: &str| {
            let personal = row.personal.as_deref().and_then(|text| serde_json::from_str(text).ok());
            Some(SealedEvent {
                event: portal_domain::event::RecordedEvent { personal, ..event.read().ok()? },
                // A salt that is none still says that there is a row.
                salt: row.salt.as_deref().map(|salt| salt.try_into().unwrap_or_default()),
                seal: seal.try_into().ok()?,
                key: KeyId::parse(key)?,
            })
        };
        let sealed = row.seal.as_deref().zip(row.seal_key.as_deref());
        JournalRow { number: row.number, content: sealed.and_then(|(seal, key)| read(event, seal, key)) }
    });
    Ok(read.collect())
}

pub(crate) async fn unsealed_count(connection: &mut SqliteConnection, practice: PracticeId) -> Result<u64, Fault> {
    let practice = practice.to_bytes();
    let practice = practice.as_slice();
    let count =
        sqlx::query_scalar!("SELECT count(*) FROM portal_event WHERE practice_id = ?1 AND number IS NULL", practice);
    Ok(count.fetch_one(connection).await?.unsigned_abs())
}

/// The newest events of these kinds, by day. The kinds stand in the index too.
async fn days(
    connection: &mut SqliteConnection,
    practice: PracticeId,
    since: Timestamp,
    most: u32,
) -> Result<Vec<DayCount>, Fault> {
    let practice = practice.to_bytes();
    let (practice, since) = (practice.as_slice(), since.as_micros());
    let rows = sqlx::query!(
        r#"SELECT kind, at / 86400000000 AS "day!: i64", count(*) AS "count!: i64"
           FROM (SELECT kind, at, facts FROM portal_event
                 WHERE practice_id = ?1 AND at >= ?2 AND number IS NOT NULL
                     AND kind IN ('login.password_set', 'message.accepted', 'session.opened')
                 ORDER BY at DESC LIMIT ?3) AS e
           WHERE kind = 'session.opened' OR instr(facts, '"message_kind":"activation"') > 0
               OR instr(facts, '"replaced":"false"') > 0
           GROUP BY kind, at / 86400000000"#,
        practice,
        since,
        most
    );
    let rows = rows.fetch_all(connection).await?.into_iter();
    let read = rows.map(|row| {
        let what = Happening::of_event(&row.kind).ok_or_else(|| damaged("event.kind"))?;
        Ok(DayCount { what, day: row.day, count: row.count.unsigned_abs() })
    });
    let mut days: Vec<_> = read.collect::<Result<_, Fault>>()?;
    days.sort();
    Ok(days)
}

/// Writes seals and head.
pub(crate) struct SealEvents {
    practice: [u8; 16],
    seen: Option<Mark>,
    head: Head,
    seals: String,
    count: u64,
}

#[derive(Serialize)]
struct SealRow {
    id: Hex,
    number: i64,
    seal: HexBytes<32>,
}

impl SealEvents {
    pub(crate) fn new(practice: PracticeId, seen: Option<&Head>, sealing: &Sealing) -> Self {
        let row = |seal: &portal_domain::journal::Seal| SealRow {
            id: hex(seal.event),
            number: seal.number,
            seal: HexBytes(seal.seal),
        };
        Self {
            practice: practice.to_bytes(),
            seen: seen.map(|head| head.last),
            head: sealing.head.clone(),
            seals: json(&sealing.seals.iter().map(row).collect::<Vec<_>>()),
            count: sealing.seals.len() as u64,
        }
    }

    async fn head(&self, connection: &mut SqliteConnection) -> Result<bool, Fault> {
        let practice = self.practice.as_slice();
        let (number, seal) = (self.head.last.number, self.head.last.seal.as_slice());
        let (key, mac) = (self.head.key.as_str(), self.head.mac.as_slice());
        let written = match &self.seen {
            None => {
                sqlx::query!(
                "INSERT INTO portal_journal_head (practice_id, number, seal, key_id, mac) VALUES (?1, ?2, ?3, ?4, ?5)
                     ON CONFLICT (practice_id) DO NOTHING",
                practice,
                number,
                seal,
                key,
                mac
            )
                .execute(connection)
                .await?
            }
            Some(seen) => {
                let seen_seal = seen.seal.as_slice();
                sqlx::query!(
                    "UPDATE portal_journal_head SET number = ?2, seal = ?3, key_id = ?4, mac = ?5
                     WHERE practice_id = ?1 AND number = ?6 AND seal = ?7",
                    practice,
                    number,
                    seal,
                    key,
                    mac,
                    seen.number,
                    seen_seal
                )
                .execute(connection)
                .await?
            }
        };
        Ok(written.rows_affected() == 1)
    }
}

#[async_trait]
impl Work for SealEvents {
    type Answer = bool;

    async fn run(&self, connection: &mut SqliteConnection) -> Result<bool, Fault> {
        if !self.head(&mut *connection).await? {
            return Ok(false);
        }
        let (practice, key) = (self.practice.as_slice(), self.head.key.as_str());
        let write = sqlx::query!(
            "UPDATE portal_event AS v
             SET number = e.value ->> 'number', seal = unhex(e.value ->> 'seal'), seal_key = ?3
             FROM json_each(?2) AS e
             WHERE v.practice_id = ?1 AND v.event_id = unhex(e.value ->> 'id') AND v.number IS NULL",
            practice,
            self.seals,
            key
        );
        let written = write.execute(connection).await.map_err(Fault::from).map_err(|fault| match fault {
            Fault::Conflict => StoreError::Damaged("the journal has numbers after its head".into()).into(),
            fault => fault,
        });
        // What was written is taken back with the piece it belongs to.
        if written?.rows_affected() == self.count { Ok(true) } else { Err(Fault::Conflict) }
    }

    fn conflict(&self, fault: Fault) -> Result<bool, StoreError> {
        match fault {
            Fault::Conflict => Ok(false),
            fault => Err(fault.into_store()),
        }
    }
}

#[async_trait]
impl Journal for SqliteStore {
    async fn unsealed_practices(&self) -> Result<Vec<PracticeId>, StoreError> {
        let mut reader = self.readers.take().await?;
        let answer = unsealed_practices(&mut reader).await;
        reader.told(answer)
    }

    async fn unsealed(&self, practice: PracticeId, most: u32) -> Result<Unsealed, StoreError> {
        let mut reader = self.readers.take().await?;
        let answer = async { unsealed(&mut *reader.begin().await?, practice, most).await }.await;
        reader.told(answer)
    }

    async fn seal(&self, practice: PracticeId, seen: Option<&Head>, sealing: &Sealing) -> Result<bool, StoreError> {
        self.writer.write(SealEvents::new(practice, seen, sealing)).await
    }

    async fn head(&self, practice: PracticeId) -> Result<Option<Head>, StoreError> {
        let mut reader = self.readers.take().await?;
        let answer = head(&mut reader, practice).await;
        reader.told(answer)
    }

    async fn sealed(&self, practice: PracticeId, after: i64, most: u32) -> Result<Vec<JournalRow>, StoreError> {
        let mut reader = self.readers.take().await?;
        let answer = sealed(&mut reader, practice, after, most).await;
        reader.told(answer)
    }

    async fn unsealed_count(&self, practice: PracticeId) -> Result<u64, StoreError> {
        let mut reader = self.readers.take().await?;
        let answer = unsealed_count(&mut reader, practice).await;
        reader.told(answer)
    }

    async fn days(&self, practice: PracticeId, since: Timestamp, most: u32) -> Result<Vec<DayCount>, StoreError> {
        let mut reader = self.readers.take().await?;
        let answer = days(&mut reader, practice, since, most).await;
        reader.told(answer)
    }
}

//! Messages in the hands of workers.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use portal_domain::{
    event::Event,
    id::{Id, PracticeId, kind},
    link::Link,
    port::{Leased, Settlement, StoreError},
    practice::Practice,
    time::Timestamp,
};
use serde::Serialize;
use sqlx::SqliteConnection;

use crate::{
    commit::{EventRow, events},
    encode::{Hex, Rows, hex},
    error::Fault,
    read::{LinkRow, MessageRow, PracticeRow, damaged, id},
    writer::Work,
};

/// Lends messages that are due.
pub(crate) struct LeaseMessages {
    pub(crate) now: Timestamp,
    pub(crate) until: Timestamp,
    pub(crate) most: u32,
}

#[derive(Serialize)]
struct PairRow {
    practice: Hex,
    id: Hex,
}

#[async_trait]
impl Work for LeaseMessages {
    type Answer = Vec<Leased>;

    async fn run(&self, connection: &mut SqliteConnection) -> Result<Vec<Leased>, Fault> {
        let mut rows = self.due(connection, 0, self.most as usize).await?;
        if rows.len() < self.most as usize {
            rows.extend(self.due(connection, 1, self.most as usize - rows.len()).await?);
        }
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        self.mark(connection, &rows).await?;
        let practices = practices(connection, &rows).await?;
        let links = links(connection, &rows).await?;
        let leased = rows.into_iter().filter_map(|row| {
            let place = row.place;
            let read = self.read(row, &practices, &links);
            // One damaged row must not keep all others from being sent.
            read.inspect_err(|error| tracing::error!(%error, place, "a message can't be read, and waits")).ok()
        });
        Ok(leased.collect())
    }
}

impl LeaseMessages {
    async fn due(&self, connection: &mut SqliteConnection, lane: i64, most: usize) -> Result<Vec<MessageRow>, Fault> {
        let (now, most) = (self.now.as_micros(), i64::try_from(most).unwrap_or(i64::MAX));
        let rows = sqlx::query_as!(
            MessageRow,
            "SELECT practice_id, message_id, place, contact_id, login_id, link_id, address, name, clients, body,
                 state, attempts, created_at
             FROM portal_message WHERE lane = ?1 AND due_at <= ?2 ORDER BY due_at, place LIMIT ?3",
            lane,
            now,
            most
        );
        Ok(rows.fetch_all(connection).await?)
    }

    async fn mark(&self, connection: &mut SqliteConnection, rows: &[MessageRow]) -> Result<(), Fault> {
        let leased = pairs(rows.iter().map(|row| (&row.practice_id, Some(&row.message_id))))?;
        let until = self.until.as_micros();
        let mark = sqlx::query!(
            "UPDATE portal_message AS m SET state = 'sending', due_at = ?2, leased_until = ?2 FROM json_each(?1) AS e
             WHERE m.practice_id = unhex(e.value ->> 'practice') AND m.message_id = unhex(e.value ->> 'id')",
            leased,
            until
        );
        mark.execute(connection).await?;
        Ok(())
    }

    fn read(&self, row: MessageRow, practices: &Practices, links: &Links) -> Result<Leased, StoreError> {
        let practice = id(&row.practice_id, "message.practice_id")?;
        let attempts = u32::try_from(row.attempts).map_err(|_| damaged("message.attempts"))?;
        let message = row.read()?;
        let link = match message.link {
            None => None,
            Some(link) => Some(links.get(&(practice, link)).cloned().ok_or_else(|| damaged("message.link_id"))?),
        };
        let practice = practices.get(&practice).cloned().ok_or_else(|| damaged("message.practice_id"))?;
        Ok(Leased { practice, message, link, attempts, until: self.until })
    }
}

type Practices = BTreeMap<PracticeId, Practice>;
type Links = BTreeMap<(PracticeId, Id<kind::Link>), Link>;

fn pairs<'a>(of: impl Iterator<Item = (&'a Vec<u8>, Option<&'a Vec<u8>>)>) -> Result<String, Fault> {
    let mut rows = Vec::new();
    for (practice, other) in of {
        let Some(other) = other else { continue };
        let practice: PracticeId = id(practice, "message.practice_id")?;
        let other: Id<kind::Message> = id(other, "message.message_id")?;
        rows.push(PairRow { practice: hex(practice), id: hex(other) });
    }
    Ok(crate::encode::json(&rows))
}

async fn practices(connection: &mut SqliteConnection, rows: &[MessageRow]) -> Result<Practices, Fault> {
    let wanted: Result<BTreeSet<PracticeId>, _> =
        rows.iter().map(|row| id(&row.practice_id, "message.practice_id")).collect();
    let wanted = crate::encode::ids(&wanted?);
    let rows = sqlx::query_as!(
        PracticeRow,
        "SELECT p.practice_id, s.slug, p.name, p.settings, p.created_at, p.version FROM json_each(?1) AS e
         CROSS JOIN portal_practice AS p ON p.practice_id = unhex(e.value)
         CROSS JOIN portal_practice_slug AS s ON s.practice_id = p.practice_id",
        wanted
    );
    let read = rows.fetch_all(connection).await?.into_iter().filter_map(|row| row.read().ok());
    Ok(read.map(|practice| (practice.id, practice)).collect())
}

async fn links(connection: &mut SqliteConnection, rows: &[MessageRow]) -> Result<Links, Fault> {
    let wanted = pairs(rows.iter().map(|row| (&row.practice_id, row.link_id.as_ref())))?;
    let rows = sqlx::query!(
        "SELECT k.practice_id, k.link_id, k.login_id, k.contact_id, k.purpose, k.address, k.signed_with, k.epoch,
             k.created_at, k.expires_at, k.used_at, k.ended_at
         FROM json_each(?1) AS e
         CROSS JOIN portal_link AS k
             ON k.practice_id = unhex(e.value ->> 'practice') AND k.link_id = unhex(e.value ->> 'id')",
        wanted
    );
    let mut links = Links::new();
    for row in rows.fetch_all(connection).await? {
        let practice = id(&row.practice_id, "link.practice_id")?;
        let link = LinkRow {
            link_id: row.link_id,
            login_id: row.login_id,
            contact_id: row.contact_id,
            purpose: row.purpose,
            address: row.address,
            signed_with: row.signed_with,
            epoch: row.epoch,
            created_at: row.created_at,
            expires_at: row.expires_at,
            used_at: row.used_at,
            ended_at: row.ended_at,
        };
        if let Ok(link) = link.read() {
            links.insert((practice, link.id), link);
        }
    }
    Ok(links)
}

/// Writes what became of a message.
pub(crate) struct SettleMessage {
    practice: Vec<u8>,
    message: Vec<u8>,
    until: i64,
    state: &'static str,
    at: i64,
    reply: String,
    accepted_at: Option<i64>,
    next_attempt_at: Option<i64>,
    event: Rows,
}

impl SettleMessage {
    pub(crate) fn new(leased: &Leased, settlement: &Settlement) -> Self {
        let state = settlement.state();
        let at = settlement.attempt.at.as_micros();
        let event: &Event = &settlement.event;
        Self {
            practice: leased.practice.id.to_bytes().to_vec(),
            message: leased.message.id.to_bytes().to_vec(),
            until: leased.until.as_micros(),
            state: state.code(),
            at,
            reply: settlement.attempt.reply.clone(),
            accepted_at: (state == portal_domain::message::DeliveryState::Accepted).then_some(at),
            next_attempt_at: crate::encode::micros(settlement.next_attempt_at),
            event: Rows::of(&[EventRow::new(event)]),
        }
    }
}

#[async_trait]
impl Work for SettleMessage {
    type Answer = bool;

    async fn run(&self, connection: &mut SqliteConnection) -> Result<bool, Fault> {
        let number = sqlx::query_scalar!(
            "UPDATE portal_message SET state = ?4, attempts = attempts + 1, due_at = ?5, leased_until = NULL,
                 accepted_at = coalesce(?6, accepted_at)
             WHERE practice_id = ?1 AND message_id = ?2 AND leased_until = ?3 AND state = 'sending'
             RETURNING attempts",
            self.practice,
            self.message,
            self.until,
            self.state,
            self.next_attempt_at,
            self.accepted_at
        );
        let Some(number) = number.fetch_optional(&mut *connection).await? else { return Ok(false) };
        let attempt = sqlx::query!(
            "INSERT INTO portal_message_attempt (practice_id, message_id, number, at, state, reply)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            self.practice,
            self.message,
            number,
            self.at,
            self.state,
            self.reply
        );
        attempt.execute(&mut *connection).await?;
        events(connection, &self.practice, &self.event).await?;
        Ok(true)
    }
}

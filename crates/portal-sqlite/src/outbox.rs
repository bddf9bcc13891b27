//! Messages in the hands of workers.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use async_trait::async_trait;
use portal_domain::{
    decide::room,
    email::{EmailAddress, LoginKey},
    event::Event,
    id::{Id, PracticeId, kind},
    message::{About, Attempt, Carried},
    port::{Lease, LeaseTerms, Leased, Letter, Settlement, StoreError},
    practice::Practice,
    returned::Suppression,
    time::Timestamp,
};
use serde::Serialize;
use sqlx::SqliteConnection;

use crate::{
    commit::{EventRow, events},
    encode::{Hex, Rows, hex},
    error::Fault,
    read::{LinkRow, MessageRow, PracticeRow, damaged, id, key, staff::StaffLinkRow},
    returns,
    writer::Work,
};

/// Lends messages that are due, by turns and within the hour.
pub(crate) struct LeaseMessages(pub(crate) LeaseTerms);

/// A practice with messages that wait in a lane.
struct Waiting {
    practice_id: Vec<u8>,
    first_due: i64,
    turn: i64,
    mails_per_hour: Option<i64>,
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
        let most = self.0.most as usize;
        let mut rows = self.of_lane(connection, AWAITED, most).await?;
        self.mark(connection, &rows).await?;
        if !self.0.awaited_only && rows.len() < most {
            let bulk = self.of_lane(connection, BULK, most - rows.len()).await?;
            self.mark(connection, &bulk).await?;
            rows.extend(bulk);
        }
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let practices = practices(connection, &rows).await?;
        let links = links(connection, &rows).await?;
        let readers = readers(connection, &rows).await?;
        let suppressed = suppressed(connection, &rows).await?;
        rows.into_iter().map(|row| self.leased(row, &practices, &links, &readers, &suppressed)).collect()
    }
}

const AWAITED: i64 = 0;
const BULK: i64 = 1;

impl LeaseMessages {
    /// Messages of a lane in their turns: of every practice the first, then of every practice the second, and so on.
    async fn of_lane(
        &self,
        connection: &mut SqliteConnection,
        lane: i64,
        most: usize,
    ) -> Result<Vec<MessageRow>, Fault> {
        let awaited = lane == AWAITED;
        let of_all = match self.0.mails_per_hour {
            Some(limit) => room(Some(limit), self.spent_by_all(connection).await?, awaited),
            None => u64::MAX,
        };
        let most = most.min(usize::try_from(of_all).unwrap_or(usize::MAX));
        let mut waiting = self.waiting(connection, lane).await?;
        waiting.retain(|practice| practice.first_due <= self.0.now.as_micros());
        waiting.sort_by(|a, b| (a.turn, a.first_due, &a.practice_id).cmp(&(b.turn, b.first_due, &b.practice_id)));
        let mut rounds: Vec<Vec<MessageRow>> = Vec::new();
        let mut served = 0;
        let each = if waiting.len() >= most { 1 } else { most };
        for practice in waiting {
            if served >= most && each == 1 {
                break;
            }
            let limit = practice.mails_per_hour.map(|limit| u32::try_from(limit).unwrap_or(u32::MAX));
            let own = match limit {
                Some(_) => room(limit, self.spent(connection, &practice.practice_id).await?, awaited),
                None => u64::MAX,
            };
            let each = each.min(usize::try_from(own).unwrap_or(usize::MAX));
            if each == 0 {
                continue;
            }
            for (round, row) in self.due(connection, &practice.practice_id, lane, each).await?.into_iter().enumerate() {
                served += 1;
                match rounds.get_mut(round) {
                    Some(rows) => rows.push(row),
                    None => rounds.push(vec![row]),
                }
            }
        }
        Ok(rounds.into_iter().flatten().take(most).collect())
    }

    /// Practices with messages in the lane, found by hopping from one to the next in the index.
    async fn waiting(&self, connection: &mut SqliteConnection, lane: i64) -> Result<Vec<Waiting>, Fault> {
        let rows = sqlx::query_as!(
            Waiting,
            r#"WITH RECURSIVE hop (practice_id) AS (
                   SELECT (SELECT m.practice_id FROM portal_message AS m INDEXED BY portal_message_turn
                       WHERE m.lane = ?1 AND m.due_at IS NOT NULL ORDER BY m.practice_id LIMIT 1)
                   UNION ALL
                   SELECT (SELECT m.practice_id FROM portal_message AS m INDEXED BY portal_message_turn
                       WHERE m.lane = ?1 AND m.due_at IS NOT NULL AND m.practice_id > hop.practice_id
                       ORDER BY m.practice_id LIMIT 1)
                   FROM hop WHERE hop.practice_id IS NOT NULL)
               SELECT p.practice_id AS "practice_id!", p.mails_per_hour,
                   (SELECT m.due_at FROM portal_message AS m INDEXED BY portal_message_turn
                       WHERE m.lane = ?1 AND m.practice_id = p.practice_id AND m.due_at IS NOT NULL
                       ORDER BY m.due_at LIMIT 1) AS "first_due!: i64",
                   coalesce((SELECT t.turn FROM portal_outbox_turn AS t WHERE t.practice_id = p.practice_id), 0)
                       AS "turn!: i64"
               FROM hop CROSS JOIN portal_practice AS p ON p.practice_id = hop.practice_id AND p.suspended_at IS NULL"#,
            lane
        );
        Ok(rows.fetch_all(connection).await?)
    }

    async fn due(
        &self,
        connection: &mut SqliteConnection,
        practice: &[u8],
        lane: i64,
        most: usize,
    ) -> Result<Vec<MessageRow>, Fault> {
        let (now, most) = (self.0.now.as_micros(), i64::try_from(most).unwrap_or(i64::MAX));
        let rows = sqlx::query_as!(
            MessageRow,
            "SELECT practice_id, message_id, place, contact_id, login_id, user_id, link_id, address, name, clients, body,
                 asked_key, state, returned, attempts, created_at
             FROM portal_message INDEXED BY portal_message_turn
             WHERE lane = ?1 AND practice_id = ?2 AND due_at <= ?3 ORDER BY due_at, place LIMIT ?4",
            lane,
            practice,
            now,
            most
        );
        Ok(rows.fetch_all(connection).await?)
    }

    /// Mails of the practice that were taken in the last hour, and those that others hold.
    async fn spent(&self, connection: &mut SqliteConnection, practice: &[u8]) -> Result<u64, Fault> {
        let now = self.0.now.as_micros();
        let hour = self.0.now.before(HOUR).as_micros();
        let spent = sqlx::query_scalar!(
            r#"SELECT (SELECT count(*) FROM portal_message_attempt
                       WHERE practice_id = ?1 AND at > ?2 AND state = 'accepted')
                   + (SELECT count(*) FROM portal_message WHERE practice_id = ?1 AND leased_until > ?3) AS "spent!: i64""#,
            practice,
            hour,
            now
        );
        Ok(spent.fetch_one(connection).await?.unsigned_abs())
    }

    async fn spent_by_all(&self, connection: &mut SqliteConnection) -> Result<u64, Fault> {
        let now = self.0.now.as_micros();
        let hour = self.0.now.before(HOUR).as_micros();
        let spent = sqlx::query_scalar!(
            r#"SELECT (SELECT count(*) FROM portal_message_attempt WHERE at > ?1 AND state = 'accepted')
                   + (SELECT count(*) FROM portal_message WHERE leased_until > ?2) AS "spent!: i64""#,
            hour,
            now
        );
        Ok(spent.fetch_one(connection).await?.unsigned_abs())
    }

    async fn mark(&self, connection: &mut SqliteConnection, rows: &[MessageRow]) -> Result<(), Fault> {
        if rows.is_empty() {
            return Ok(());
        }
        let leased = pairs(rows.iter().map(|row| (&row.practice_id, Some(&row.message_id))))?;
        let until = self.0.until.as_micros();
        let mark = sqlx::query!(
            "UPDATE portal_message AS m SET state = 'sending', due_at = ?2, leased_until = ?2 FROM json_each(?1) AS e
             WHERE m.practice_id = unhex(e.value ->> 'practice') AND m.message_id = unhex(e.value ->> 'id')",
            leased,
            until
        );
        mark.execute(&mut *connection).await?;
        let served = sqlx::query!(
            "INSERT INTO portal_outbox_turn (practice_id, turn)
             SELECT unhex(e.value ->> 'practice'), coalesce((SELECT max(turn) FROM portal_outbox_turn), 0) + 1 + e.key
             FROM json_each(?1) AS e WHERE true
             ON CONFLICT (practice_id) DO UPDATE SET turn = excluded.turn",
            leased
        );
        served.execute(connection).await?;
        Ok(())
    }

    /// The message with all that is needed, or why it can't be read: then it is reported, and keeps nobody waiting (D1).
    fn leased(
        &self,
        row: MessageRow,
        practices: &Practices,
        links: &Links,
        readers: &Readers,
        suppressed: &Suppressions,
    ) -> Result<Leased, Fault> {
        let lease = Lease {
            practice: id(&row.practice_id, "message.practice_id")?,
            message: id(&row.message_id, "message.message_id")?,
            until: self.0.until,
        };
        let attempts = u32::try_from(row.attempts.unsigned_abs()).unwrap_or(u32::MAX);
        let letter = letter(lease, row, practices, links, readers, suppressed).map_err(|error| error.to_string());
        Ok(Leased { lease, attempts, letter })
    }
}

fn letter(
    lease: Lease,
    row: MessageRow,
    practices: &Practices,
    links: &Links,
    readers: &Readers,
    suppressed: &Suppressions,
) -> Result<Letter, StoreError> {
    let practice = lease.practice;
    let message = row.read()?;
    let (link, overtaken) = match message.link {
        None => (None, false),
        Some(link) => {
            let carried = links.get(&(practice, link, message.about.user().is_some()));
            let (carried, overtaken) = carried.cloned().ok_or_else(|| damaged("message.link_id"))?;
            (Some(carried), overtaken)
        }
    };
    let reader = readers.get(&(practice, message.id));
    let signs_in_at = match reader.and_then(|reader| reader.signs_in_at.as_deref()) {
        Some(text) => Some(key(text, "login.key")?),
        None => None,
    };
    let locale = reader.and_then(|reader| reader.locale.clone());
    let suppressed = match message.about {
        About::Contact { .. } => suppressed.get(&practice).and_then(|keys| keys.get(message.to.key())).cloned(),
        About::User(_) => None,
    };
    let practice = practices.get(&practice).cloned().ok_or_else(|| damaged("message.practice_id"))?;
    Ok(Letter { practice, message, link, overtaken, signs_in_at, locale, suppressed })
}

const HOUR: Duration = Duration::from_secs(3600);

type Practices = BTreeMap<PracticeId, Practice>;
/// Each with whether it was overtaken.
type Links = BTreeMap<(PracticeId, Id<kind::Link>, bool), (Carried, bool)>;
type Readers = BTreeMap<(PracticeId, Id<kind::Message>), Reader>;

type Suppressions = BTreeMap<PracticeId, BTreeMap<LoginKey, Suppression>>;

/// Of each practice the addresses among these that nothing is mailed to.
async fn suppressed(connection: &mut SqliteConnection, rows: &[MessageRow]) -> Result<Suppressions, Fault> {
    let mut keys: BTreeMap<PracticeId, Vec<LoginKey>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.user_id.is_none()) {
        // What can't be read is reported with its message.
        let Ok(address) = EmailAddress::parse(&row.address) else { continue };
        keys.entry(id(&row.practice_id, "message.practice_id")?).or_default().push(address.key().clone());
    }
    let mut suppressed = Suppressions::new();
    for (practice, keys) in keys {
        suppressed.insert(practice, returns::suppressed(connection, practice, keys.iter()).await?);
    }
    Ok(suppressed)
}

/// The contact that a message is about, as it is now.
struct Reader {
    signs_in_at: Option<String>,
    locale: Option<String>,
}

/// Of each message its contact, where there still is one.
async fn readers(connection: &mut SqliteConnection, rows: &[MessageRow]) -> Result<Readers, Fault> {
    let wanted = pairs(rows.iter().map(|row| (&row.practice_id, Some(&row.message_id))))?;
    let rows = sqlx::query!(
        r#"SELECT m.practice_id, m.message_id, c.locale, l.key AS "key?" FROM json_each(?1) AS e
           CROSS JOIN portal_message AS m
               ON m.practice_id = unhex(e.value ->> 'practice') AND m.message_id = unhex(e.value ->> 'id')
           CROSS JOIN portal_contact AS c ON c.practice_id = m.practice_id AND c.contact_id = m.contact_id
           LEFT JOIN portal_login AS l
               ON l.practice_id = c.practice_id AND l.login_id = c.login_id AND c.access = 'granted'"#,
        wanted
    );
    let rows = rows.fetch_all(connection).await?.into_iter();
    let read = |practice: &[u8], message: &[u8]| -> Result<_, StoreError> {
        Ok((id(practice, "message.practice_id")?, id(message, "message.message_id")?))
    };
    rows.map(|row| {
        let reader = Reader { signs_in_at: row.key, locale: row.locale };
        Ok((read(&row.practice_id, &row.message_id)?, reader))
    })
    .collect()
}

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
        "SELECT p.practice_id, s.slug, p.name, p.settings, p.suspended_at, p.delete_after, p.created_at,
                     p.version FROM json_each(?1) AS e
         CROSS JOIN portal_practice AS p ON p.practice_id = unhex(e.value)
         CROSS JOIN portal_practice_slug AS s ON s.practice_id = p.practice_id",
        wanted
    );
    let read = rows.fetch_all(connection).await?.into_iter().filter_map(|row| row.read().ok());
    Ok(read.map(|practice| (practice.id, practice)).collect())
}

async fn links(connection: &mut SqliteConnection, rows: &[MessageRow]) -> Result<Links, Fault> {
    let wanted = pairs(rows.iter().map(|row| (&row.practice_id, row.link_id.as_ref())))?;
    let rows_of_staff = rows.iter().any(|row| row.user_id.is_some());
    let rows = sqlx::query!(
        r#"SELECT k.practice_id, k.link_id, k.login_id, k.contact_id, k.purpose, k.address, k.signed_with, k.epoch,
               k.created_at, k.expires_at, k.used_at, k.ended_at,
               k.purpose = 'activation' AND (
                   EXISTS (SELECT 1 FROM portal_login AS l
                       WHERE l.practice_id = k.practice_id AND l.login_id = k.login_id AND l.credential_id IS NOT NULL)
                   OR EXISTS (SELECT 1 FROM portal_link AS n INDEXED BY portal_link_login
                       WHERE n.practice_id = k.practice_id AND n.login_id = k.login_id AND n.purpose = 'activation'
                           AND (n.created_at, n.link_id) > (k.created_at, k.link_id))) AS "overtaken!: bool"
           FROM json_each(?1) AS e
           CROSS JOIN portal_link AS k
               ON k.practice_id = unhex(e.value ->> 'practice') AND k.link_id = unhex(e.value ->> 'id')"#,
        wanted
    );
    let mut links = Links::new();
    for row in rows.fetch_all(&mut *connection).await? {
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
            links.insert((practice, link.id, false), (Carried::Portal(link), row.overtaken));
        }
    }
    if rows_of_staff {
        staff_links(connection, &wanted, &mut links).await?;
    }
    Ok(links)
}

async fn staff_links(connection: &mut SqliteConnection, wanted: &str, links: &mut Links) -> Result<(), Fault> {
    let rows = sqlx::query!(
        "SELECT k.practice_id, k.link_id, k.user_id, k.kind, k.address, k.signed_with, k.created_at, k.expires_at,
             k.used_at, k.ended_at
         FROM json_each(?1) AS e
         CROSS JOIN portal_staff_link AS k
             ON k.practice_id = unhex(e.value ->> 'practice') AND k.link_id = unhex(e.value ->> 'id')",
        wanted
    );
    for row in rows.fetch_all(connection).await? {
        let practice = id(&row.practice_id, "staff_link.practice_id")?;
        let link = StaffLinkRow {
            link_id: row.link_id,
            user_id: row.user_id,
            kind: row.kind,
            address: row.address,
            signed_with: row.signed_with,
            created_at: row.created_at,
            expires_at: row.expires_at,
            used_at: row.used_at,
            ended_at: row.ended_at,
        };
        if let Ok(link) = link.read() {
            links.insert((practice, link.id, true), (Carried::Workspace(link), false));
        }
    }
    Ok(())
}

/// Makes due what the clock put into the future when it ran ahead.
pub(crate) struct RecallMessages {
    pub(crate) now: Timestamp,
    pub(crate) latest: Timestamp,
}

#[async_trait]
impl Work for RecallMessages {
    type Answer = u64;

    async fn run(&self, connection: &mut SqliteConnection) -> Result<u64, Fault> {
        let (now, latest) = (self.now.as_micros(), self.latest.as_micros());
        let recall =
            sqlx::query!("UPDATE portal_message SET due_at = ?1 WHERE lane IN (0, 1) AND due_at > ?2", now, latest);
        Ok(recall.execute(connection).await?.rows_affected())
    }
}

/// Writes what became of a message.
pub(crate) struct SettleMessage {
    practice: Vec<u8>,
    message: Vec<u8>,
    until: i64,
    state: &'static str,
    attempt: Attempt,
    accepted_at: Option<i64>,
    next_attempt_at: Option<i64>,
    suppress: Option<Suppression>,
    event: Rows,
}

impl SettleMessage {
    pub(crate) fn new(lease: &Lease, settlement: &Settlement) -> Self {
        let state = settlement.state();
        let at = settlement.attempt.at.as_micros();
        let event: &Event = &settlement.event;
        Self {
            practice: lease.practice.to_bytes().to_vec(),
            message: lease.message.to_bytes().to_vec(),
            until: lease.until.as_micros(),
            state: state.code(),
            attempt: settlement.attempt.clone(),
            accepted_at: (state == portal_domain::message::DeliveryState::Accepted).then_some(at),
            next_attempt_at: crate::encode::micros(settlement.next_attempt_at),
            suppress: settlement.suppress.clone(),
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
        returns::attempt(connection, &self.practice, &self.message, number, &self.attempt).await?;
        if let Some(suppression) = &self.suppress {
            returns::suppress(connection, &self.practice, &self.message, suppression).await?;
        }
        events(connection, &self.practice, &self.event).await?;
        Ok(true)
    }
}

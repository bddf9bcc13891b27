//! Lists in stable order, a part at a time.

use std::collections::BTreeMap;

use portal_domain::{
    email::LoginKey,
    event::RecordedEvent,
    id::{ClientId, ContactId, LoginId, PracticeId, Ref},
    message::{Attempt, Delivery, DeliveryState, MessageKind, SentAs},
    port::{Listed, Page, Waiting},
    practice::{ApiKey, Client, Practice, PracticeUser},
    returned::Reason,
    time::Timestamp,
};
use sqlx::SqliteConnection;

use super::{
    decode::{damaged, id, reference},
    rows::{ApiKeyRow, ClientRow, EventRow, MessageRow, PracticeRow, UserRow},
};
use crate::{encode::ids, error::Fault};

pub(crate) async fn practices(connection: &mut SqliteConnection, page: &Page<String>) -> Result<Vec<Practice>, Fault> {
    let (after, limit) = (page.after.as_deref(), i64::from(page.limit));
    let rows = sqlx::query_as!(
        PracticeRow,
        "SELECT p.practice_id, s.slug, p.name, p.settings, p.suspended_at, p.delete_after, p.created_at,
                     p.version
         FROM portal_practice_slug AS s JOIN portal_practice AS p ON p.practice_id = s.practice_id
         WHERE s.slug > coalesce(?1, '') ORDER BY s.slug LIMIT ?2",
        after,
        limit
    );
    let rows = rows.fetch_all(connection).await?.into_iter();
    rows.map(|row| row.read().map_err(Fault::from)).collect()
}

pub(crate) async fn users(
    connection: &mut SqliteConnection,
    practice: PracticeId,
    page: &Page<Ref>,
) -> Result<Vec<PracticeUser>, Fault> {
    let practice = practice.to_bytes();
    let (practice, after, limit) = (practice.as_slice(), after(page), i64::from(page.limit));
    let rows = sqlx::query_as!(
        UserRow,
        "SELECT user_id, ref AS reference, name, address, removed, role, created_at, version
         FROM portal_practice_user WHERE practice_id = ?1 AND ref > ?2 ORDER BY ref LIMIT ?3",
        practice,
        after,
        limit
    );
    let rows = rows.fetch_all(connection).await?.into_iter();
    rows.map(|row| row.read().map_err(Fault::from)).collect()
}

pub(crate) async fn clients(
    connection: &mut SqliteConnection,
    practice: PracticeId,
    page: &Page<Ref>,
) -> Result<Vec<Client>, Fault> {
    let practice = practice.to_bytes();
    let (practice, after, limit) = (practice.as_slice(), after(page), i64::from(page.limit));
    let rows = sqlx::query_as!(
        ClientRow,
        "SELECT client_id, ref AS reference, name, suspended, created_at, version
         FROM portal_client WHERE practice_id = ?1 AND ref > ?2 ORDER BY ref LIMIT ?3",
        practice,
        after,
        limit
    );
    let rows = rows.fetch_all(connection).await?.into_iter();
    rows.map(|row| row.read().map_err(Fault::from)).collect()
}

pub(crate) async fn contacts(
    connection: &mut SqliteConnection,
    practice: PracticeId,
    page: &Page<Ref>,
) -> Result<Vec<Ref>, Fault> {
    let practice = practice.to_bytes();
    let (practice, after, limit) = (practice.as_slice(), after(page), i64::from(page.limit));
    let rows = sqlx::query_scalar!(
        "SELECT ref FROM portal_contact WHERE practice_id = ?1 AND ref > ?2 ORDER BY ref LIMIT ?3",
        practice,
        after,
        limit
    );
    let rows = rows.fetch_all(connection).await?.into_iter();
    rows.map(|row| reference(&row, "contact.ref").map_err(Fault::from)).collect()
}

struct ListedRow {
    reference: String,
    name: String,
    /// A JSON array.
    addresses: String,
}

impl ListedRow {
    fn read(self) -> Result<Listed, Fault> {
        let addresses = serde_json::from_str(&self.addresses).map_err(|_| damaged("contact_email.address"))?;
        Ok(Listed { reference: reference(&self.reference, "contact.ref")?, name: self.name, addresses })
    }
}

pub(crate) async fn directory(
    connection: &mut SqliteConnection,
    practice: PracticeId,
    client: Option<ClientId>,
    page: &Page<Ref>,
) -> Result<Vec<Listed>, Fault> {
    let (practice, client) = (practice.to_bytes(), client.map(ClientId::to_bytes));
    let (practice, after, limit) = (practice.as_slice(), after(page), i64::from(page.limit));
    let rows = match client.as_ref().map(<[u8; 16]>::as_slice) {
        None => {
            let all = sqlx::query_as!(
                ListedRow,
                r#"SELECT c.ref AS reference, c.name, (SELECT json_group_array(e.address ORDER BY e.position)
                       FROM portal_contact_email AS e
                       WHERE e.practice_id = c.practice_id AND e.contact_id = c.contact_id) AS "addresses!: String"
                   FROM portal_contact AS c WHERE c.practice_id = ?1 AND c.ref > ?2 ORDER BY c.ref LIMIT ?3"#,
                practice,
                after,
                limit
            );
            all.fetch_all(connection).await?
        }
        Some(client) => {
            let of_client = sqlx::query_as!(
                ListedRow,
                r#"SELECT c.ref AS reference, c.name, (SELECT json_group_array(e.address ORDER BY e.position)
                       FROM portal_contact_email AS e
                       WHERE e.practice_id = c.practice_id AND e.contact_id = c.contact_id) AS "addresses!: String"
                   FROM portal_contact_client AS l
                   CROSS JOIN portal_contact AS c ON c.practice_id = l.practice_id AND c.contact_id = l.contact_id
                   WHERE l.practice_id = ?1 AND l.client_id = ?2 AND c.ref > ?3 ORDER BY c.ref LIMIT ?4"#,
                practice,
                client,
                after,
                limit
            );
            of_client.fetch_all(connection).await?
        }
    };
    rows.into_iter().map(ListedRow::read).collect()
}

pub(crate) async fn contacts_with(
    connection: &mut SqliteConnection,
    practice: PracticeId,
    key: &LoginKey,
    page: &Page<Ref>,
) -> Result<Vec<Ref>, Fault> {
    let practice = practice.to_bytes();
    let (practice, key, after, limit) = (practice.as_slice(), key.as_str(), after(page), i64::from(page.limit));
    let rows = sqlx::query_scalar!(
        "SELECT c.ref FROM portal_contact_email AS e
         CROSS JOIN portal_contact AS c ON c.practice_id = e.practice_id AND c.contact_id = e.contact_id
         WHERE e.practice_id = ?1 AND e.key = ?2 AND c.ref > ?3 ORDER BY c.ref LIMIT ?4",
        practice,
        key,
        after,
        limit
    );
    let rows = rows.fetch_all(connection).await?.into_iter();
    rows.map(|row| reference(&row, "contact.ref").map_err(Fault::from)).collect()
}

pub(crate) async fn signed_in(
    connection: &mut SqliteConnection,
    practice: PracticeId,
    now: Timestamp,
    page: &Page<LoginId>,
) -> Result<Vec<(LoginId, Ref)>, Fault> {
    let (practice, after) = (practice.to_bytes(), page.after.map(LoginId::to_bytes));
    // Ids come after no bytes at all.
    let (practice, after) = (practice.as_slice(), after.as_ref().map_or(&[][..], |id| id.as_slice()));
    let (now, limit) = (now.as_micros(), i64::from(page.limit));
    let rows = sqlx::query!(
        r#"SELECT s.login_id AS "login!", min(c.ref) AS "reference!: String" FROM (
             SELECT login_id, epoch FROM portal_session
             WHERE practice_id = ?1 AND ended_at IS NULL AND expires_at > ?3 AND login_id > ?2
             UNION
             SELECT login_id, epoch FROM portal_session
             WHERE practice_id = ?1 AND ended_at IS NULL AND told = 1 AND login_id > ?2
         ) AS s
         CROSS JOIN portal_login AS l ON l.practice_id = ?1 AND l.login_id = s.login_id AND l.epoch = s.epoch
         CROSS JOIN portal_contact AS c ON c.practice_id = ?1 AND c.login_id = s.login_id
         GROUP BY s.login_id ORDER BY s.login_id LIMIT ?4"#,
        practice,
        after,
        now,
        limit
    );
    let rows = rows.fetch_all(connection).await?.into_iter();
    rows.map(|row| Ok((id(&row.login, "session.login_id")?, reference(&row.reference, "contact.ref")?))).collect()
}

/// References come after the empty text, which is none.
fn after(page: &Page<Ref>) -> &str {
    page.after.as_ref().map_or("", Ref::as_str)
}

pub(crate) async fn api_keys(connection: &mut SqliteConnection, practice: PracticeId) -> Result<Vec<ApiKey>, Fault> {
    let practice = practice.to_bytes();
    let practice = practice.as_slice();
    let rows = sqlx::query_as!(
        ApiKeyRow,
        "SELECT practice_id, api_key_id, name, scopes, hash, created_at, revoked_at FROM portal_api_key
         WHERE practice_id = ?1 ORDER BY created_at, api_key_id",
        practice
    );
    let rows = rows.fetch_all(connection).await?.into_iter();
    rows.map(|row| row.read().map_err(Fault::from)).collect()
}

pub(crate) async fn messages(
    connection: &mut SqliteConnection,
    practice: PracticeId,
    contact: ContactId,
    page: &Page<i64>,
) -> Result<Vec<(Delivery, i64)>, Fault> {
    let (practice, contact) = (practice.to_bytes(), contact.to_bytes());
    let (practice, contact) = (practice.as_slice(), contact.as_slice());
    let (after, limit) = (page.after.unwrap_or(i64::MIN), i64::from(page.limit));
    let rows = sqlx::query_as!(
        MessageRow,
        "SELECT practice_id, message_id, place, contact_id, login_id, user_id, link_id, address, name, clients,
             body, asked_key, state, returned, attempts, created_at
         FROM portal_message WHERE practice_id = ?1 AND contact_id = ?2 AND place > ?3 ORDER BY place LIMIT ?4",
        practice,
        contact,
        after,
        limit
    );
    let rows = rows.fetch_all(&mut *connection).await?;
    deliveries(connection, practice, rows).await
}

/// Messages with their attempts, each with its place.
pub(crate) async fn deliveries(
    connection: &mut SqliteConnection,
    practice: &[u8],
    rows: Vec<MessageRow>,
) -> Result<Vec<(Delivery, i64)>, Fault> {
    let mut deliveries = Vec::new();
    for row in rows {
        let (place, state) = (row.place, row.shown_state()?);
        deliveries.push((Delivery { message: row.read()?, state, attempts: Vec::new() }, place));
    }
    let wanted = ids(deliveries.iter().map(|(delivery, _)| &delivery.message.id));
    let rows = sqlx::query!(
        "SELECT a.message_id, a.at, a.state, a.reply, a.reason, a.subject, a.sender FROM json_each(?2) AS e
         CROSS JOIN portal_message_attempt AS a ON a.practice_id = ?1 AND a.message_id = unhex(e.value)
         ORDER BY a.message_id, a.number",
        practice,
        wanted
    );
    let mut attempts: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for row in rows.fetch_all(&mut *connection).await? {
        let state = delivery_state(&row.state, "message_attempt.state")?;
        let reason = row.reason.map(|code| Reason::parse(&code).ok_or_else(|| damaged("message_attempt.reason")));
        let (at, reply, reason) = (Timestamp::from_micros(row.at), row.reply, reason.transpose()?);
        let sent_as = row.subject.zip(row.sender).map(|(subject, sender)| SentAs { subject, sender });
        let attempt = Attempt { at, state, reply, reason, sent_as };
        attempts.entry(id(&row.message_id, "message_attempt.message_id")?).or_default().push(attempt);
    }
    for (delivery, _) in &mut deliveries {
        delivery.attempts = attempts.remove(&delivery.message.id).unwrap_or_default();
    }
    Ok(deliveries)
}

fn delivery_state(code: &str, column: &str) -> Result<DeliveryState, Fault> {
    DeliveryState::parse(code).ok_or_else(|| damaged(column).into())
}

pub(crate) async fn events(
    connection: &mut SqliteConnection,
    practice: PracticeId,
    contact: Option<ContactId>,
    page: &Page<i64>,
) -> Result<Vec<RecordedEvent>, Fault> {
    let practice = practice.to_bytes();
    let practice = practice.as_slice();
    let (after, limit) = (page.after.unwrap_or(i64::MIN), i64::from(page.limit));
    let rows =
        match contact {
            Some(contact) => {
                let contact = contact.to_bytes();
                let contact = contact.as_slice();
                sqlx::query_as!(
                EventRow,
                r#"SELECT v.number AS "number!", v.event_id, v.at, v.kind, v.caller, v.origin, v.contact_id, v.user_id, v.login_id,
                       v.facts, v.digest, p.personal AS "personal?"
                   FROM portal_event AS v
                   LEFT JOIN portal_event_personal AS p ON p.practice_id = v.practice_id AND p.event_id = v.event_id
                   WHERE v.practice_id = ?1 AND v.contact_id = ?2 AND v.number > ?3 ORDER BY v.number LIMIT ?4"#,
                practice,
                contact,
                after,
                limit
            )
            .fetch_all(connection)
            .await?
            }
            None => sqlx::query_as!(
                EventRow,
                r#"SELECT v.number AS "number!", v.event_id, v.at, v.kind, v.caller, v.origin, v.contact_id, v.user_id, v.login_id,
                       v.facts, v.digest, p.personal AS "personal?"
                   FROM portal_event AS v
                   LEFT JOIN portal_event_personal AS p ON p.practice_id = v.practice_id AND p.event_id = v.event_id
                   WHERE v.practice_id = ?1 AND v.number > ?2 ORDER BY v.number LIMIT ?3"#,
                practice,
                after,
                limit
            )
            .fetch_all(connection)
            .await?,
        };
    rows.into_iter().map(|row| row.read().map_err(Fault::from)).collect()
}

pub(crate) async fn contact_refs(
    connection: &mut SqliteConnection,
    practice: PracticeId,
    contacts: &[ContactId],
) -> Result<BTreeMap<ContactId, Ref>, Fault> {
    let practice = practice.to_bytes();
    let practice = practice.as_slice();
    let wanted = crate::encode::ids(contacts);
    let rows = sqlx::query!(
        "SELECT c.contact_id, c.ref AS reference FROM json_each(?2) AS e
         CROSS JOIN portal_contact AS c ON c.practice_id = ?1 AND c.contact_id = unhex(e.value)",
        practice,
        wanted
    );
    let rows = rows.fetch_all(connection).await?.into_iter();
    rows.map(|row| Ok((id(&row.contact_id, "contact.contact_id")?, reference(&row.reference, "contact.ref")?)))
        .collect()
}

pub(crate) async fn waiting(connection: &mut SqliteConnection, practice: PracticeId) -> Result<Vec<Waiting>, Fault> {
    let practice = practice.to_bytes();
    let practice = practice.as_slice();
    let rows = sqlx::query!(
        r#"SELECT kind, count(*) AS "count!: i64" FROM portal_message
           WHERE practice_id = ?1 AND due_at IS NOT NULL GROUP BY kind ORDER BY kind"#,
        practice
    );
    let rows = rows.fetch_all(connection).await?.into_iter();
    let read = rows.map(|row| {
        let kind = MessageKind::parse(&row.kind).ok_or_else(|| damaged("message.kind"))?;
        Ok(Waiting { kind, count: row.count.unsigned_abs() })
    });
    read.collect()
}

pub(crate) async fn oldest_due(connection: &mut SqliteConnection, now: Timestamp) -> Result<Option<Timestamp>, Fault> {
    let now = now.as_micros();
    let oldest = sqlx::query_scalar!(
        r#"SELECT min(created_at) AS "oldest: i64" FROM portal_message WHERE due_at <= ?1 AND practice_id NOT IN
               (SELECT practice_id FROM portal_practice WHERE suspended_at IS NOT NULL)"#,
        now
    );
    Ok(oldest.fetch_one(connection).await?.map(Timestamp::from_micros))
}

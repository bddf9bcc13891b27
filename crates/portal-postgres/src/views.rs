//! Lists for API and command line. Each is one statement, or two for messages.

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use portal_domain::{
    email::LoginKey,
    event::RecordedEvent,
    id::{ClientId, ContactId, LoginId, PracticeId, Ref},
    message::{Attempt, Delivery, MessageKind, SentAs},
    port::{Listed, Page, PortalViews, StoreError, Waiting},
    practice::{ApiKey, Client, Practice, PracticeUser},
    returned::Reason,
    time::Timestamp,
};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use crate::{
    PostgresStore, SchemaError,
    failure::store_error,
    row::{self, ApiKeyRow, ClientRow, EventRow, MessageRow, PracticeRow, UserRow},
};

/// The place to start after: nothing comes before the empty text.
fn after(page: &Page<Ref>) -> &str {
    page.after.as_ref().map_or("", Ref::as_str)
}

fn reference(name: &str) -> Result<Ref, StoreError> {
    Ref::parse(name).ok_or_else(|| row::damaged("contact", name, "its reference is none"))
}

struct ListedRow {
    reference: String,
    name: String,
    addresses: Vec<String>,
}

impl ListedRow {
    fn read(self) -> Result<Listed, StoreError> {
        Ok(Listed { reference: reference(&self.reference)?, name: self.name, addresses: self.addresses })
    }
}

#[async_trait]
impl PortalViews for PostgresStore {
    async fn practices(&self, page: &Page<String>) -> Result<Vec<Practice>, StoreError> {
        let rows = sqlx::query_as!(
            PracticeRow,
            "SELECT p.practice_id, s.slug, p.name, p.settings, p.suspended_at, p.delete_after, p.created_at,
                     p.version
             FROM portal.practice_slug s JOIN portal.practice p ON p.practice_id = s.practice_id
             WHERE s.slug > $1 ORDER BY s.slug LIMIT $2",
            page.after.as_deref().unwrap_or_default(),
            i64::from(page.limit),
        )
        .fetch_all(self.pool())
        .await
        .map_err(store_error)?;
        rows.into_iter().map(PracticeRow::read).collect()
    }

    async fn users(&self, practice: PracticeId, page: &Page<Ref>) -> Result<Vec<PracticeUser>, StoreError> {
        users(self.pool(), practice, page).await
    }

    async fn clients(&self, practice: PracticeId, page: &Page<Ref>) -> Result<Vec<Client>, StoreError> {
        clients(self.pool(), practice, page).await
    }

    async fn contacts(&self, practice: PracticeId, page: &Page<Ref>) -> Result<Vec<Ref>, StoreError> {
        contacts(self.pool(), practice, page).await
    }

    async fn directory(
        &self,
        practice: PracticeId,
        client: Option<ClientId>,
        page: &Page<Ref>,
    ) -> Result<Vec<Listed>, StoreError> {
        let (practice, after, limit) = (row::uuid(practice), after(page), i64::from(page.limit));
        let rows = match client {
            None => {
                sqlx::query_as!(
                    ListedRow,
                    r#"SELECT c.ref AS reference, c.name, ARRAY(SELECT e.address FROM portal.contact_email e
                       WHERE e.practice_id = c.practice_id AND e.contact_id = c.contact_id
                       ORDER BY e.position) AS "addresses!: Vec<String>"
                   FROM portal.contact c WHERE c.practice_id = $1 AND c.ref > $2 ORDER BY c.ref LIMIT $3"#,
                    practice,
                    after,
                    limit,
                )
                .fetch_all(self.pool())
                .await
            }
            Some(client) => {
                sqlx::query_as!(
                    ListedRow,
                    r#"SELECT c.ref AS reference, c.name, ARRAY(SELECT e.address FROM portal.contact_email e
                       WHERE e.practice_id = c.practice_id AND e.contact_id = c.contact_id
                       ORDER BY e.position) AS "addresses!: Vec<String>"
                   FROM portal.contact_client l
                   JOIN portal.contact c ON c.practice_id = l.practice_id AND c.contact_id = l.contact_id
                   WHERE l.practice_id = $1 AND l.client_id = $2 AND c.ref > $3 ORDER BY c.ref LIMIT $4"#,
                    practice,
                    client.to_uuid(),
                    after,
                    limit,
                )
                .fetch_all(self.pool())
                .await
            }
        };
        rows.map_err(store_error)?.into_iter().map(ListedRow::read).collect()
    }

    async fn contacts_with(
        &self,
        practice: PracticeId,
        key: &LoginKey,
        page: &Page<Ref>,
    ) -> Result<Vec<Ref>, StoreError> {
        let names = sqlx::query_scalar!(
            "SELECT c.ref FROM portal.contact_email e
             JOIN portal.contact c ON c.practice_id = e.practice_id AND c.contact_id = e.contact_id
             WHERE e.practice_id = $1 AND e.key = $2 AND c.ref > $3 ORDER BY c.ref LIMIT $4",
            row::uuid(practice),
            key.as_str(),
            after(page),
            i64::from(page.limit),
        )
        .fetch_all(self.pool())
        .await
        .map_err(store_error)?;
        names.iter().map(|name| reference(name)).collect()
    }

    async fn signed_in(
        &self,
        practice: PracticeId,
        now: Timestamp,
        page: &Page<LoginId>,
    ) -> Result<Vec<(LoginId, Ref)>, StoreError> {
        let rows = sqlx::query!(
            r#"SELECT s.login_id AS "login_id!", min(c.ref) AS "reference!" FROM (
                   SELECT login_id, epoch FROM portal.session
                   WHERE practice_id = $1 AND ended_at IS NULL AND expires_at > $3 AND login_id > $2
                   UNION
                   SELECT login_id, epoch FROM portal.session
                   WHERE practice_id = $1 AND ended_at IS NULL AND told AND login_id > $2
               ) AS s
               JOIN portal.login l ON l.practice_id = $1 AND l.login_id = s.login_id AND l.epoch = s.epoch
               JOIN portal.contact c ON c.practice_id = $1 AND c.login_id = s.login_id
               GROUP BY s.login_id ORDER BY s.login_id LIMIT $4"#,
            row::uuid(practice),
            page.after.map_or(Uuid::nil(), LoginId::to_uuid),
            now.as_micros(),
            i64::from(page.limit),
        )
        .fetch_all(self.pool())
        .await
        .map_err(store_error)?;
        rows.into_iter().map(|found| Ok((row::id(found.login_id), reference(&found.reference)?))).collect()
    }

    async fn api_keys(&self, practice: PracticeId) -> Result<Vec<ApiKey>, StoreError> {
        api_keys(self.pool(), practice).await
    }

    async fn messages(
        &self,
        practice: PracticeId,
        contact: ContactId,
        page: &Page<i64>,
    ) -> Result<Vec<(Delivery, i64)>, StoreError> {
        let mut connection = self.pool().acquire().await.map_err(store_error)?;
        messages(&mut connection, practice, contact, page).await
    }

    async fn events(
        &self,
        practice: PracticeId,
        contact: Option<ContactId>,
        page: &Page<i64>,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        if let Some(contact) = contact {
            return events_about(self.pool(), practice, contact, page).await;
        }
        let rows = sqlx::query_as!(
            EventRow,
            r#"SELECT e.event_id, e.number AS "number!", e.at, e.kind, e.caller, e.origin, e.contact_id, e.user_id,
                       e.login_id, e.facts, e.digest, p.personal AS "personal?"
                   FROM portal.event e LEFT JOIN portal.event_personal p
                       ON p.practice_id = e.practice_id AND p.event_id = e.event_id
                   WHERE e.practice_id = $1 AND e.number > $2
                   ORDER BY e.number LIMIT $3"#,
            row::uuid(practice),
            page.after.unwrap_or(i64::MIN),
            i64::from(page.limit),
        )
        .fetch_all(self.pool())
        .await
        .map_err(store_error)?;
        rows.into_iter().map(EventRow::read).collect()
    }

    async fn contact_refs(
        &self,
        practice: PracticeId,
        contacts: &[ContactId],
    ) -> Result<BTreeMap<ContactId, Ref>, StoreError> {
        let wanted: Vec<Uuid> = contacts.iter().map(|contact| contact.to_uuid()).collect();
        let rows = sqlx::query!(
            "SELECT contact_id, ref AS reference FROM portal.contact WHERE practice_id = $1 AND contact_id = ANY ($2)",
            row::uuid(practice),
            &wanted,
        )
        .fetch_all(self.pool())
        .await
        .map_err(store_error)?;
        rows.into_iter().map(|it| Ok((row::id(it.contact_id), reference(&it.reference)?))).collect()
    }

    async fn waiting(&self, practice: PracticeId) -> Result<Vec<Waiting>, StoreError> {
        let rows = sqlx::query!(
            r#"SELECT kind, count(*) AS "count!" FROM portal.message
               WHERE practice_id = $1 AND due_at IS NOT NULL AND state IN ('queued', 'sending', 'deferred')
               GROUP BY kind"#,
            row::uuid(practice),
        )
        .fetch_all(self.pool())
        .await
        .map_err(store_error)?;
        let mut waiting = Vec::with_capacity(rows.len());
        for it in rows {
            let kind = MessageKind::parse(&it.kind).ok_or_else(|| row::damaged("message", &it.kind, "no such kind"))?;
            waiting.push(Waiting { kind, count: it.count.unsigned_abs() });
        }
        waiting.sort_by_key(|it| it.kind);
        Ok(waiting)
    }

    async fn schema_fits(&self) -> Result<bool, StoreError> {
        match self.pending().await {
            Ok(pending) => Ok(pending.is_empty()),
            Err(SchemaError::Store(error)) => Err(error),
            Err(SchemaError::Newer { .. } | SchemaError::Altered(_) | SchemaError::Failed { .. }) => Ok(false),
        }
    }

    async fn oldest_due(&self, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let oldest = sqlx::query_scalar!(
            "SELECT min(created_at) FROM portal.message WHERE lane IN (0, 1) AND due_at <= $1 AND practice_id NOT IN
                 (SELECT practice_id FROM portal.practice WHERE suspended_at IS NOT NULL)",
            now.as_micros(),
        )
        .fetch_one(self.pool())
        .await
        .map_err(store_error)?;
        Ok(row::maybe_time(oldest))
    }
}

/// Practice users, by reference.
pub(crate) async fn users(
    executor: impl PgExecutor<'_>,
    practice: PracticeId,
    page: &Page<Ref>,
) -> Result<Vec<PracticeUser>, StoreError> {
    let rows = sqlx::query_as!(
        UserRow,
        "SELECT user_id, ref AS reference, name, address, removed, role, created_at, version
         FROM portal.practice_user WHERE practice_id = $1 AND ref > $2 ORDER BY ref LIMIT $3",
        row::uuid(practice),
        after(page),
        i64::from(page.limit),
    )
    .fetch_all(executor)
    .await
    .map_err(store_error)?;
    rows.into_iter().map(UserRow::read).collect()
}

/// Clients, by reference.
pub(crate) async fn clients(
    executor: impl PgExecutor<'_>,
    practice: PracticeId,
    page: &Page<Ref>,
) -> Result<Vec<Client>, StoreError> {
    let rows = sqlx::query_as!(
        ClientRow,
        "SELECT client_id, ref AS reference, name, suspended, created_at, version
         FROM portal.client WHERE practice_id = $1 AND ref > $2 ORDER BY ref LIMIT $3",
        row::uuid(practice),
        after(page),
        i64::from(page.limit),
    )
    .fetch_all(executor)
    .await
    .map_err(store_error)?;
    rows.into_iter().map(ClientRow::read).collect()
}

/// References of contacts, in their order.
pub(crate) async fn contacts(
    executor: impl PgExecutor<'_>,
    practice: PracticeId,
    page: &Page<Ref>,
) -> Result<Vec<Ref>, StoreError> {
    let names = sqlx::query_scalar!(
        "SELECT ref FROM portal.contact WHERE practice_id = $1 AND ref > $2 ORDER BY ref LIMIT $3",
        row::uuid(practice),
        after(page),
        i64::from(page.limit),
    )
    .fetch_all(executor)
    .await
    .map_err(store_error)?;
    names.iter().map(|name| reference(name)).collect()
}

/// Keys of a practice, oldest first.
pub(crate) async fn api_keys(executor: impl PgExecutor<'_>, practice: PracticeId) -> Result<Vec<ApiKey>, StoreError> {
    let rows = sqlx::query_as!(
        ApiKeyRow,
        "SELECT practice_id, api_key_id, name, scopes, hash, created_at, revoked_at
         FROM portal.api_key WHERE practice_id = $1 ORDER BY created_at, api_key_id",
        row::uuid(practice),
    )
    .fetch_all(executor)
    .await
    .map_err(store_error)?;
    rows.into_iter().map(ApiKeyRow::read).collect()
}

/// Attempts of messages, oldest first.
pub(crate) async fn attempts(
    executor: impl PgExecutor<'_>,
    practice: PracticeId,
    messages: &[Uuid],
) -> Result<HashMap<Uuid, Vec<Attempt>>, StoreError> {
    let rows = sqlx::query!(
        "SELECT message_id, at, state, reply, reason, subject, sender FROM portal.message_attempt
         WHERE practice_id = $1 AND message_id = ANY ($2) ORDER BY message_id, number",
        row::uuid(practice),
        messages,
    )
    .fetch_all(executor)
    .await
    .map_err(store_error)?;
    let mut attempts: HashMap<Uuid, Vec<Attempt>> = HashMap::new();
    for it in rows {
        let state = row::state(it.message_id, &it.state)?;
        let unknown = || row::damaged("message_attempt", it.message_id, "its reason is unknown");
        let reason = it.reason.map(|code| Reason::parse(&code).ok_or_else(unknown)).transpose()?;
        let sent_as = it.subject.zip(it.sender).map(|(subject, sender)| SentAs { subject, sender });
        let attempt = Attempt { at: row::time(it.at), state, reply: it.reply, reason, sent_as };
        attempts.entry(it.message_id).or_default().push(attempt);
    }
    Ok(attempts)
}

/// Messages about a contact, each with its place.
pub(crate) async fn messages(
    connection: &mut PgConnection,
    practice: PracticeId,
    contact: ContactId,
    page: &Page<i64>,
) -> Result<Vec<(Delivery, i64)>, StoreError> {
    let rows = sqlx::query!(
        "SELECT message_id, place, contact_id, login_id, user_id, link_id, address, name, clients, body, asked_key,
             state, returned, created_at
         FROM portal.message WHERE practice_id = $1 AND contact_id = $2 AND place > $3 ORDER BY place LIMIT $4",
        row::uuid(practice),
        contact.to_uuid(),
        page.after.unwrap_or(i64::MIN),
        i64::from(page.limit),
    )
    .fetch_all(&mut *connection)
    .await
    .map_err(store_error)?;
    let ids: Vec<Uuid> = rows.iter().map(|it| it.message_id).collect();
    let mut attempts = attempts(connection, practice, &ids).await?;
    let read = rows.into_iter().map(|it| {
        let state = row::shown_state(it.message_id, &it.state, it.returned.as_deref())?;
        let attempts = attempts.remove(&it.message_id).unwrap_or_default();
        let message = MessageRow {
            message_id: it.message_id,
            contact_id: it.contact_id,
            login_id: it.login_id,
            user_id: it.user_id,
            link_id: it.link_id,
            address: it.address,
            name: it.name,
            clients: it.clients,
            body: it.body,
            asked_key: it.asked_key,
            created_at: it.created_at,
        };
        Ok((Delivery { message: message.read()?, state, attempts }, it.place))
    });
    read.collect()
}

/// Sealed events about a contact, in their order.
pub(crate) async fn events_about(
    executor: impl PgExecutor<'_>,
    practice: PracticeId,
    contact: ContactId,
    page: &Page<i64>,
) -> Result<Vec<RecordedEvent>, StoreError> {
    let rows = sqlx::query_as!(
        EventRow,
        r#"SELECT e.event_id, e.number AS "number!", e.at, e.kind, e.caller, e.origin, e.contact_id, e.user_id,
                   e.login_id, e.facts, e.digest, p.personal AS "personal?"
               FROM portal.event e LEFT JOIN portal.event_personal p
                   ON p.practice_id = e.practice_id AND p.event_id = e.event_id
               WHERE e.practice_id = $1 AND e.contact_id = $2 AND e.number > $3
               ORDER BY e.number LIMIT $4"#,
        row::uuid(practice),
        contact.to_uuid(),
        page.after.unwrap_or(i64::MIN),
        i64::from(page.limit),
    )
    .fetch_all(executor)
    .await
    .map_err(store_error)?;
    rows.into_iter().map(EventRow::read).collect()
}

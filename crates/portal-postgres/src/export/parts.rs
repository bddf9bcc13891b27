//! The parts of an export, a page at a time.

use portal_domain::{
    export::{
        ApiKeyRecord, ContactRecord, DeliveryRecord, EventRecord, JobRecord, JobRowRecord, Line, LoginRecord,
        MessageRecord, Part, PartPage, PasswordRecord, Place, UnreadableRecord, WebhookRecord, When,
    },
    facts::{ContactQuery, ContactSelector},
    id::{PracticeId, Ref},
    message::Delivery,
    port::{Page, StoreError},
    practice::Practice,
    webhook::WebhookDelivery,
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::passages;
use crate::{
    facts,
    failure::store_error,
    jobs::{Stored, StoredRow},
    journal,
    row::{self, MessageRow, damaged},
    views, webhooks,
};

/// About how many lines there are.
pub(super) async fn count(connection: &mut PgConnection, of: PracticeId) -> Result<u64, StoreError> {
    let count = sqlx::query_scalar!(
        r#"SELECT (SELECT count(*) FROM portal.contact WHERE practice_id = $1)
               + (SELECT count(*) FROM portal.login WHERE practice_id = $1)
               + (SELECT count(*) FROM portal.message WHERE practice_id = $1)
               + (SELECT count(*) FROM portal.link WHERE practice_id = $1)
               + (SELECT count(*) FROM portal.session WHERE practice_id = $1)
               + (SELECT count(*) FROM portal.sign_in_try WHERE practice_id = $1)
               + (SELECT count(*) FROM portal.event WHERE practice_id = $1 AND number > 0)
               + (SELECT count(*) FROM portal.webhook_delivery WHERE practice_id = $1)
               + (SELECT count(*) FROM portal.job_row WHERE practice_id = $1) AS "count!""#,
        row::uuid(of),
    );
    Ok(count.fetch_one(connection).await.map_err(store_error)?.unsigned_abs())
}

/// Lines of a part.
pub(super) async fn page(
    connection: &mut PgConnection,
    practice: &Practice,
    part: Part,
    page: &PartPage,
) -> Result<Vec<Line>, StoreError> {
    let of = practice.id;
    match part {
        Part::Users => {
            Ok(lines(views::users(connection, of, &by_ref(page)).await?, |it| Line::PracticeUser(it.into())))
        }
        Part::Clients => Ok(lines(views::clients(connection, of, &by_ref(page)).await?, |it| Line::Client(it.into()))),
        Part::Logins => logins(connection, of, page).await,
        Part::Contacts => contacts(connection, practice, page).await,
        Part::Messages => messages(connection, of, page).await,
        Part::Links => Ok(lines(passages::links(connection, of, None, page).await?, Line::Link)),
        Part::Sessions => Ok(lines(passages::sessions(connection, of, page).await?, Line::Session)),
        Part::WorkspaceSessions => {
            Ok(lines(passages::workspace_sessions(connection, of, page).await?, Line::WorkspaceSession))
        }
        Part::Handoffs => Ok(lines(passages::handoffs(connection, of, None, page).await?, Line::Handoff)),
        Part::SignInCodes => Ok(lines(passages::sign_in_codes(connection, of, None, page).await?, Line::SignInCode)),
        Part::SignInTries => Ok(lines(passages::tries(connection, of, page).await?, Line::SignInTry)),
        Part::Events => events(connection, of, page).await,
        Part::Webhooks => {
            let all = lines(webhooks::webhooks(connection, of).await?, |it| Line::Webhook(WebhookRecord::from(it)));
            Ok(part_of(all, page))
        }
        Part::WebhookDeliveries => deliveries(connection, of, page).await,
        Part::ApiKeys => {
            let all = lines(views::api_keys(connection, of).await?, |it| Line::ApiKey(ApiKeyRecord::from(it)));
            Ok(part_of(all, page))
        }
        Part::Jobs => jobs(connection, of, page).await,
        Part::JobRows => job_rows(connection, of, page).await,
    }
}

fn lines<T>(found: Vec<T>, line: impl Fn(T) -> Line) -> Vec<Line> {
    found.into_iter().map(line).collect()
}

fn by_ref(page: &PartPage) -> Page<Ref> {
    Page { after: Ref::parse(page.after_ref()), limit: page.limit }
}

/// The id to go on from.
pub(super) const fn after(page: &PartPage) -> Uuid {
    Uuid::from_bytes(page.after_id())
}

/// What a page asks for of a part that is read whole: endpoints and keys are few.
fn part_of(mut all: Vec<Line>, page: &PartPage) -> Vec<Line> {
    let place = |line: &Line| line.place().unwrap_or(Place::Number(0));
    all.sort_by_key(place);
    all.retain(|line| page.after.as_ref().is_none_or(|after| place(line) > *after));
    all.truncate(page.limit as usize);
    all
}

async fn logins(connection: &mut PgConnection, of: PracticeId, page: &PartPage) -> Result<Vec<Line>, StoreError> {
    let rows = sqlx::query!(
        "SELECT login_id, key, credential_confirmed_at, credential_set_at FROM portal.login
         WHERE practice_id = $1 AND login_id > $2 ORDER BY login_id LIMIT $3",
        row::uuid(of),
        after(page),
        i64::from(page.limit),
    );
    let rows = rows.fetch_all(connection).await.map_err(store_error)?;
    Ok(lines(rows, |it| {
        let confirmed_at = it.credential_confirmed_at;
        let password = |set_at| PasswordRecord { set_at: When::from_micros(set_at), confirmed_at };
        Line::Login(LoginRecord { id: row::id(it.login_id), key: it.key, password: it.credential_set_at.map(password) })
    }))
}

async fn contacts(
    connection: &mut PgConnection,
    practice: &Practice,
    page: &PartPage,
) -> Result<Vec<Line>, StoreError> {
    let refs = views::contacts(&mut *connection, practice.id, &by_ref(page)).await?.into_iter();
    let query = |it| ContactQuery { contact: ContactSelector::Ref(it), keys: Vec::new(), clients: Vec::new() };
    let queries: Vec<_> = refs.map(query).collect();
    let found = facts::contacts(connection, practice.id, &queries, page.now).await?;
    let record = |facts| ContactRecord::of(practice, facts, page.now).map(Line::Contact);
    Ok(found.iter().filter_map(record).collect())
}

async fn messages(connection: &mut PgConnection, of: PracticeId, page: &PartPage) -> Result<Vec<Line>, StoreError> {
    let rows = sqlx::query!(
        "SELECT message_id, contact_id, login_id, user_id, link_id, address, name, clients, body, asked_key, state,
             returned, created_at
         FROM portal.message WHERE practice_id = $1 AND message_id > $2 ORDER BY message_id LIMIT $3",
        row::uuid(of),
        after(page),
        i64::from(page.limit),
    );
    let rows = rows.fetch_all(&mut *connection).await.map_err(store_error)?;
    let ids: Vec<Uuid> = rows.iter().map(|it| it.message_id).collect();
    let mut attempts = views::attempts(connection, of, &ids).await?;
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
        Ok(Line::Message(MessageRecord::from(Delivery { message: message.read()?, state, attempts })))
    });
    read.collect()
}

async fn events(connection: &mut PgConnection, of: PracticeId, page: &PartPage) -> Result<Vec<Line>, StoreError> {
    let rows = journal::sealed(connection, of, page.after_number().max(0), page.limit).await?;
    Ok(lines(rows, |row| match row.content {
        Some(event) => Line::Event(EventRecord::from(event)),
        None => Line::UnreadableEvent(UnreadableRecord { number: row.number }),
    }))
}

async fn deliveries(connection: &mut PgConnection, of: PracticeId, page: &PartPage) -> Result<Vec<Line>, StoreError> {
    let rows = sqlx::query!(
        "SELECT webhook_id, place, event_id, number, kind, at, took_millis, attempt, received, status, words,
             next_attempt_at
         FROM portal.webhook_delivery WHERE practice_id = $1 AND (webhook_id, place) > ($2, $3)
         ORDER BY webhook_id, place LIMIT $4",
        row::uuid(of),
        after(page),
        page.after_number(),
        i64::from(page.limit),
    );
    let rows = rows.fetch_all(connection).await.map_err(store_error)?.into_iter();
    let read = rows.map(|it| {
        let status = it.status.map(u16::try_from).transpose();
        let delivery = WebhookDelivery {
            webhook: row::id(it.webhook_id),
            place: it.place,
            event: row::id(it.event_id),
            number: it.number,
            kind: it.kind,
            at: row::time(it.at),
            took_millis: u32::try_from(it.took_millis).unwrap_or(u32::MAX),
            attempt: u32::try_from(it.attempt).unwrap_or(u32::MAX),
            received: it.received,
            status: status.map_err(|_| damaged("webhook_delivery", it.place, "its status is none"))?,
            words: it.words,
            next_attempt_at: row::maybe_time(it.next_attempt_at),
        };
        Ok(Line::WebhookDelivery(DeliveryRecord::from(delivery)))
    });
    read.collect()
}

async fn jobs(connection: &mut PgConnection, of: PracticeId, page: &PartPage) -> Result<Vec<Line>, StoreError> {
    let rows = sqlx::query_as!(
        Stored,
        "SELECT practice_id, job_id, state, spec, caller, origin, total, progress, due_at, forget_at, created_at,
             ended_at, version
         FROM portal.job WHERE practice_id = $1 AND job_id > $2 ORDER BY job_id LIMIT $3",
        row::uuid(of),
        after(page),
        i64::from(page.limit),
    );
    let rows = rows.fetch_all(connection).await.map_err(store_error)?.into_iter();
    rows.map(|row| Ok(Line::Job(JobRecord::from(row.read()?)))).collect()
}

async fn job_rows(connection: &mut PgConnection, of: PracticeId, page: &PartPage) -> Result<Vec<Line>, StoreError> {
    let rows = sqlx::query!(
        "SELECT job_id, place, ref AS reference, content, outcome, report FROM portal.job_row
         WHERE practice_id = $1 AND (job_id, place) > ($2, $3) ORDER BY job_id, place LIMIT $4",
        row::uuid(of),
        after(page),
        page.after_number(),
        i64::from(page.limit),
    );
    let rows = rows.fetch_all(connection).await.map_err(store_error)?.into_iter();
    let read = rows.map(|it| {
        let stored = StoredRow {
            place: it.place,
            reference: it.reference,
            content: it.content,
            outcome: it.outcome,
            report: it.report,
        };
        Ok(Line::JobRow(JobRowRecord::of(row::id(it.job_id), stored.read()?)))
    });
    read.collect()
}

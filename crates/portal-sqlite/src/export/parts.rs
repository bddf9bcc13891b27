//! The parts of an export, a page at a time.

use portal_domain::{
    export::{
        ApiKeyRecord, ContactRecord, DeliveryRecord, EventRecord, JobRecord, JobRowRecord, Line, LoginRecord,
        MessageRecord, Part, PartPage, PasswordRecord, Place, UnreadableRecord, WebhookRecord, When,
    },
    facts::{ContactQuery, ContactSelector},
    id::{PracticeId, Ref},
    port::Page,
    practice::Practice,
    webhook::WebhookDelivery,
};
use sqlx::SqliteConnection;

use super::passages;
use crate::{
    error::Fault,
    jobs::{Stored, StoredRow},
    journal,
    read::{MessageRow, damaged, facts, id, views},
    webhooks,
};

/// About how many lines there are.
pub(super) async fn count(connection: &mut SqliteConnection, of: PracticeId) -> Result<u64, Fault> {
    let of = of.to_bytes();
    let of = of.as_slice();
    let count = sqlx::query_scalar!(
        r#"SELECT (SELECT count(*) FROM portal_contact WHERE practice_id = ?1)
               + (SELECT count(*) FROM portal_login WHERE practice_id = ?1)
               + (SELECT count(*) FROM portal_message WHERE practice_id = ?1)
               + (SELECT count(*) FROM portal_link WHERE practice_id = ?1)
               + (SELECT count(*) FROM portal_session WHERE practice_id = ?1)
               + (SELECT count(*) FROM portal_sign_in_try WHERE practice_id = ?1)
               + (SELECT count(*) FROM portal_event WHERE practice_id = ?1 AND number > 0)
               + (SELECT count(*) FROM portal_webhook_delivery WHERE practice_id = ?1)
               + (SELECT count(*) FROM portal_job_row WHERE practice_id = ?1) AS "count!: i64""#,
        of
    );
    Ok(count.fetch_one(connection).await?.unsigned_abs())
}

/// Lines of a part.
pub(super) async fn page(
    connection: &mut SqliteConnection,
    practice: &Practice,
    part: Part,
    page: &PartPage,
) -> Result<Vec<Line>, Fault> {
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

/// What a page asks for of a part that is read whole: endpoints and keys are few.
fn part_of(mut all: Vec<Line>, page: &PartPage) -> Vec<Line> {
    let place = |line: &Line| line.place().unwrap_or(Place::Number(0));
    all.sort_by_key(place);
    all.retain(|line| page.after.as_ref().is_none_or(|after| place(line) > *after));
    all.truncate(page.limit as usize);
    all
}

async fn logins(connection: &mut SqliteConnection, of: PracticeId, page: &PartPage) -> Result<Vec<Line>, Fault> {
    let (of, after, limit) = (of.to_bytes(), page.after_id(), i64::from(page.limit));
    let (of, after) = (of.as_slice(), after.as_slice());
    let rows = sqlx::query!(
        "SELECT login_id, key, credential_confirmed_at, credential_set_at FROM portal_login
         WHERE practice_id = ?1 AND login_id > ?2 ORDER BY login_id LIMIT ?3",
        of,
        after,
        limit
    );
    let rows = rows.fetch_all(connection).await?.into_iter();
    let read = rows.map(|row| {
        let confirmed_at = row.credential_confirmed_at;
        let password = |set_at| PasswordRecord { set_at: When::from_micros(set_at), confirmed_at };
        let id = id(&row.login_id, "login.login_id")?;
        Ok(Line::Login(LoginRecord { id, key: row.key, password: row.credential_set_at.map(password) }))
    });
    read.collect()
}

async fn contacts(connection: &mut SqliteConnection, practice: &Practice, page: &PartPage) -> Result<Vec<Line>, Fault> {
    let refs = views::contacts(connection, practice.id, &by_ref(page)).await?.into_iter();
    let query = |it| ContactQuery { contact: ContactSelector::Ref(it), keys: Vec::new(), clients: Vec::new() };
    let queries: Vec<_> = refs.map(query).collect();
    let found = facts::contacts(connection, practice.id, &queries, page.now).await?;
    let record = |facts| ContactRecord::of(practice, facts, page.now).map(Line::Contact);
    Ok(found.iter().filter_map(record).collect())
}

async fn messages(connection: &mut SqliteConnection, of: PracticeId, page: &PartPage) -> Result<Vec<Line>, Fault> {
    let (of, after, limit) = (of.to_bytes(), page.after_id(), i64::from(page.limit));
    let (of, after) = (of.as_slice(), after.as_slice());
    let rows = sqlx::query_as!(
        MessageRow,
        "SELECT practice_id, message_id, place, contact_id, login_id, user_id, link_id, address, name, clients,
             body, asked_key, state, returned, attempts, created_at
         FROM portal_message WHERE practice_id = ?1 AND message_id > ?2 ORDER BY message_id LIMIT ?3",
        of,
        after,
        limit
    );
    let rows = rows.fetch_all(&mut *connection).await?;
    let found = views::deliveries(connection, of, rows).await?;
    Ok(lines(found, |(delivery, _)| Line::Message(MessageRecord::from(delivery))))
}

async fn events(connection: &mut SqliteConnection, of: PracticeId, page: &PartPage) -> Result<Vec<Line>, Fault> {
    let rows = journal::sealed(connection, of, page.after_number().max(0), page.limit).await?;
    Ok(lines(rows, |row| match row.content {
        Some(event) => Line::Event(EventRecord::from(event)),
        None => Line::UnreadableEvent(UnreadableRecord { number: row.number }),
    }))
}

async fn deliveries(connection: &mut SqliteConnection, of: PracticeId, page: &PartPage) -> Result<Vec<Line>, Fault> {
    let (of, after, limit) = (of.to_bytes(), page.after_id(), i64::from(page.limit));
    let (of, after, place) = (of.as_slice(), after.as_slice(), page.after_number());
    let rows = sqlx::query!(
        r#"SELECT webhook_id, place, event_id, number, kind, at, took_millis, attempt, received AS "received: bool",
               status, words, next_attempt_at
           FROM portal_webhook_delivery WHERE practice_id = ?1 AND (webhook_id, place) > (?2, ?3)
           ORDER BY webhook_id, place LIMIT ?4"#,
        of,
        after,
        place,
        limit
    );
    let rows = rows.fetch_all(connection).await?.into_iter();
    let read = rows.map(|row| {
        let status = row.status.map(u16::try_from).transpose();
        let delivery = WebhookDelivery {
            webhook: id(&row.webhook_id, "webhook_delivery.webhook_id")?,
            place: row.place,
            event: id(&row.event_id, "webhook_delivery.event_id")?,
            number: row.number,
            kind: row.kind,
            at: portal_domain::time::Timestamp::from_micros(row.at),
            took_millis: u32::try_from(row.took_millis).unwrap_or(u32::MAX),
            attempt: u32::try_from(row.attempt).unwrap_or(u32::MAX),
            received: row.received,
            status: status.map_err(|_| damaged("webhook_delivery.status"))?,
            words: row.words,
            next_attempt_at: row.next_attempt_at.map(portal_domain::time::Timestamp::from_micros),
        };
        Ok(Line::WebhookDelivery(DeliveryRecord::from(delivery)))
    });
    read.collect()
}

async fn jobs(connection: &mut SqliteConnection, of: PracticeId, page: &PartPage) -> Result<Vec<Line>, Fault> {
    let (of, after, limit) = (of.to_bytes(), page.after_id(), i64::from(page.limit));
    let (of, after) = (of.as_slice(), after.as_slice());
    let rows = sqlx::query_as!(
        Stored,
        "SELECT practice_id, job_id, state, spec, caller, origin, total, progress, due_at, forget_at, created_at,
             ended_at, version
         FROM portal_job WHERE practice_id = ?1 AND job_id > ?2 ORDER BY job_id LIMIT ?3",
        of,
        after,
        limit
    );
    let rows = rows.fetch_all(connection).await?.into_iter();
    rows.map(|row| Ok(Line::Job(JobRecord::from(row.read()?)))).collect()
}

async fn job_rows(connection: &mut SqliteConnection, of: PracticeId, page: &PartPage) -> Result<Vec<Line>, Fault> {
    let (of, after, limit) = (of.to_bytes(), page.after_id(), i64::from(page.limit));
    let (of, after, place) = (of.as_slice(), after.as_slice(), page.after_number());
    let rows = sqlx::query!(
        "SELECT job_id, place, ref AS reference, content, outcome, report FROM portal_job_row
         WHERE practice_id = ?1 AND (job_id, place) > (?2, ?3) ORDER BY job_id, place LIMIT ?4",
        of,
        after,
        place,
        limit
    );
    let rows = rows.fetch_all(connection).await?.into_iter();
    let read = rows.map(|row| {
        let job = id(&row.job_id, "job_row.job_id")?;
        let stored = StoredRow {
            place: row.place,
            reference: row.reference,
            content: row.content,
            outcome: row.outcome,
            report: row.report,
        };
        Ok(Line::JobRow(JobRowRecord::of(job, stored.read()?)))
    });
    read.collect()
}

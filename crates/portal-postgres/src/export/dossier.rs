//! Everything about one contact, from one view.

use portal_domain::{
    email::LoginKey,
    export::{DossierFacts, ImportedRow, MessageRecord, PartPage, TryRecord, When},
    facts::{ContactQuery, ContactSelector},
    id::{ContactId, LoginId, PracticeId, Ref},
    port::{Page, PracticeSelector, StoreError},
    throttle::TryMarks,
    time::Timestamp,
};
use sqlx::PgConnection;

use super::passages;
use crate::{
    facts,
    failure::store_error,
    row::{self, damaged},
    views,
};

/// Whatever there is.
const ALL: u32 = u32::MAX;

pub(super) async fn dossier(
    connection: &mut PgConnection,
    of: PracticeId,
    reference: &Ref,
    marks: &TryMarks,
    now: Timestamp,
) -> Result<Option<DossierFacts>, StoreError> {
    let practice = facts::practice(&mut *connection, &PracticeSelector::Id(of)).await?;
    let Some(practice) = practice else { return Ok(None) };
    let query =
        ContactQuery { contact: ContactSelector::Ref(reference.clone()), keys: Vec::new(), clients: Vec::new() };
    let found = facts::contacts(connection, of, &[query], now).await?.into_iter().next().unwrap_or_default();
    let Some(contact) = &found.contact else { return Ok(None) };
    let (contact, login) = (contact.id, contact.login);
    let (all, page) = (Page { after: None, limit: ALL }, PartPage { after: None, limit: ALL, now });
    let messages = views::messages(connection, of, contact, &all).await?.into_iter();
    let login_was_shared = match login {
        Some(login) => was_shared(connection, of, login, contact).await?,
        None => false,
    };
    let key = found.login.as_ref().and_then(|facts| facts.login.key.as_ref());
    let tries = match key {
        Some(key) => tries(connection, of, contact, key, marks).await?,
        None => Vec::new(),
    };
    Ok(Some(DossierFacts {
        practice,
        login_was_shared,
        messages: messages.map(|(delivery, _)| MessageRecord::from(delivery)).collect(),
        links: passages::links(connection, of, Some(contact), &page).await?,
        sessions: passages::sessions_of(connection, of, login, contact).await?,
        handoffs: passages::handoffs(connection, of, Some(contact), &page).await?,
        sign_in_codes: passages::sign_in_codes(connection, of, Some(contact), &page).await?,
        tries,
        rows: rows(connection, of, reference).await?,
        events: views::events_about(connection, of, contact, &all).await?,
        contact: found,
    }))
}

/// Whether mail or the journal names another contact behind a login: an erasure takes the mail and leaves the events.
async fn was_shared(
    connection: &mut PgConnection,
    of: PracticeId,
    login: LoginId,
    contact: ContactId,
) -> Result<bool, StoreError> {
    let others = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT 1 FROM portal.message WHERE practice_id = $1 AND login_id = $2 AND contact_id <> $3)
               OR EXISTS (SELECT 1 FROM portal.event WHERE practice_id = $1 AND login_id = $2 AND contact_id <> $3)
               AS "others!""#,
        row::uuid(of),
        login.to_uuid(),
        contact.to_uuid(),
    );
    others.fetch_one(connection).await.map_err(store_error)
}

/// Tries at a key that is, and was, no other contact's and no practice user's.
async fn tries(
    connection: &mut PgConnection,
    of: PracticeId,
    contact: ContactId,
    key: &LoginKey,
    marks: &TryMarks,
) -> Result<Vec<TryRecord>, StoreError> {
    let marks: Vec<_> = marks.all(key).map(|mark| mark.0.to_vec()).collect();
    let own = sqlx::query!(
        r#"SELECT t.try_id, t.origin, t.known_browser, t.for_reset, t.right_password, t.at
           FROM portal.sign_in_try t
           WHERE t.practice_id = $1 AND t.mark = ANY ($4)
               AND NOT EXISTS (SELECT 1 FROM portal.contact_email a
                   WHERE a.practice_id = $1 AND a.key = $2 AND a.contact_id <> $3)
               AND NOT EXISTS (SELECT 1 FROM portal.contact_former_key f
                   WHERE f.practice_id = $1 AND f.key = $2 AND f.contact_id <> $3)
               AND NOT EXISTS (SELECT 1 FROM portal.practice_user u WHERE u.practice_id = $1 AND u.key = $2)
           ORDER BY t.at, t.try_id"#,
        row::uuid(of),
        key.as_str(),
        contact.to_uuid(),
        &marks,
    );
    let own = own.fetch_all(connection).await.map_err(store_error)?.into_iter();
    let read = own.map(|it| TryRecord {
        id: row::id(it.try_id),
        origin: it.origin,
        known_browser: it.known_browser,
        for_reset: it.for_reset,
        right_password: it.right_password,
        at: When::from_micros(it.at),
    });
    Ok(read.collect())
}

/// Rows of jobs that name a reference, and were asked for after whoever had it before was gone.
async fn rows(connection: &mut PgConnection, of: PracticeId, reference: &Ref) -> Result<Vec<ImportedRow>, StoreError> {
    let rows = sqlx::query!(
        "SELECT r.job_id, j.created_at, r.content, r.outcome
         FROM portal.job_row r JOIN portal.job j ON j.practice_id = r.practice_id AND j.job_id = r.job_id
         WHERE r.practice_id = $1 AND r.ref = $2 AND NOT EXISTS (
             SELECT FROM portal.gone_contact g WHERE g.practice_id = $1 AND g.ref = $2 AND g.deleted_at >= j.created_at)
         ORDER BY r.job_id, r.place",
        row::uuid(of),
        reference.as_str(),
    );
    let rows = rows.fetch_all(connection).await.map_err(store_error)?.into_iter();
    let read = rows.map(|it| {
        Ok(ImportedRow {
            job: row::id(it.job_id),
            at: When::from_micros(it.created_at),
            content: serde_json::from_str(&it.content)
                .map_err(|_| damaged("job_row", it.job_id, "a row of it can't be read"))?,
            outcome: it.outcome,
        })
    });
    read.collect()
}

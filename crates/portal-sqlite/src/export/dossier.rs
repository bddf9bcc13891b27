//! Everything about one contact, from one view.

use portal_domain::{
    email::LoginKey,
    export::{DossierFacts, ImportedRow, MessageRecord, PartPage, TryRecord, When},
    facts::{ContactQuery, ContactSelector},
    id::{ContactId, LoginId, PracticeId, Ref},
    port::{Page, PracticeSelector},
    throttle::TryMarks,
    time::Timestamp,
};
use sqlx::SqliteConnection;

use super::passages;
use crate::{
    encode::{HexBytes, json},
    error::Fault,
    read::{facts, from_json, id, practice, views},
};

/// Whatever there is.
const ALL: u32 = u32::MAX;

pub(super) async fn dossier(
    connection: &mut SqliteConnection,
    of: PracticeId,
    reference: &Ref,
    marks: &TryMarks,
    now: Timestamp,
) -> Result<Option<DossierFacts>, Fault> {
    let Some(practice) = practice::practice(connection, &PracticeSelector::Id(of)).await? else { return Ok(None) };
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
        events: views::events(connection, of, Some(contact), &all).await?,
        contact: found,
    }))
}

/// Whether mail or the journal names another contact behind a login: an erasure takes the mail and leaves the events.
async fn was_shared(
    connection: &mut SqliteConnection,
    of: PracticeId,
    login: LoginId,
    contact: ContactId,
) -> Result<bool, Fault> {
    let (of, login, contact) = (of.to_bytes(), login.to_bytes(), contact.to_bytes());
    let (of, login, contact) = (of.as_slice(), login.as_slice(), contact.as_slice());
    let others = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT 1 FROM portal_message WHERE practice_id = ?1 AND login_id = ?2 AND contact_id <> ?3)
               OR EXISTS (SELECT 1 FROM portal_event WHERE practice_id = ?1 AND login_id = ?2 AND contact_id <> ?3)
               AS "others!: bool""#,
        of,
        login,
        contact
    );
    Ok(others.fetch_one(connection).await?)
}

/// Tries at a key that is, and was, no other contact's and no practice user's.
async fn tries(
    connection: &mut SqliteConnection,
    of: PracticeId,
    contact: ContactId,
    key: &LoginKey,
    marks: &TryMarks,
) -> Result<Vec<TryRecord>, Fault> {
    let marks = json(&Vec::from_iter(marks.all(key).map(|mark| HexBytes(mark.0))));
    let (of, contact, key) = (of.to_bytes(), contact.to_bytes(), key.as_str());
    let (of, contact) = (of.as_slice(), contact.as_slice());
    let own = sqlx::query!(
        r#"SELECT t.try_id, t.origin, t.known_browser AS "known_browser: bool", t.for_reset AS "for_reset: bool",
               t.right_password AS "right_password: bool", t.at
           FROM json_each(?4) AS e
           CROSS JOIN portal_sign_in_try AS t ON t.practice_id = ?1 AND t.mark = unhex(e.value)
           WHERE NOT EXISTS (SELECT 1 FROM portal_contact_email AS a
                   WHERE a.practice_id = ?1 AND a.key = ?2 AND a.contact_id <> ?3)
               AND NOT EXISTS (SELECT 1 FROM portal_contact_former_key AS f
                   WHERE f.practice_id = ?1 AND f.key = ?2 AND f.contact_id <> ?3)
               AND NOT EXISTS (SELECT 1 FROM portal_practice_user AS u WHERE u.practice_id = ?1 AND u.key = ?2)
           ORDER BY t.at, t.try_id"#,
        of,
        key,
        contact,
        marks
    );
    let own = own.fetch_all(connection).await?.into_iter();
    let read = own.map(|row| {
        Ok(TryRecord {
            id: id(&row.try_id, "sign_in_try.try_id")?,
            origin: row.origin,
            known_browser: row.known_browser,
            for_reset: row.for_reset,
            right_password: row.right_password,
            at: When::from_micros(row.at),
        })
    });
    read.collect()
}

/// Rows of jobs that name a reference, and were asked for after whoever had it before was gone.
async fn rows(connection: &mut SqliteConnection, of: PracticeId, reference: &Ref) -> Result<Vec<ImportedRow>, Fault> {
    let (of, reference) = (of.to_bytes(), reference.as_str());
    let of = of.as_slice();
    let rows = sqlx::query!(
        "SELECT r.job_id, j.created_at, r.content, r.outcome FROM portal_job_row AS r
         CROSS JOIN portal_job AS j ON j.practice_id = r.practice_id AND j.job_id = r.job_id
         WHERE r.practice_id = ?1 AND r.ref = ?2 AND NOT EXISTS (
             SELECT 1 FROM portal_gone_contact AS g
             WHERE g.practice_id = ?1 AND g.ref = ?2 AND g.deleted_at >= j.created_at)
         ORDER BY r.job_id, r.place",
        of,
        reference
    );
    let rows = rows.fetch_all(connection).await?.into_iter();
    let read = rows.map(|row| {
        Ok(ImportedRow {
            job: id(&row.job_id, "job_row.job_id")?,
            at: When::from_micros(row.created_at),
            content: from_json(&row.content, "job_row.content")?,
            outcome: row.outcome,
        })
    });
    read.collect()
}

//! Everything about one contact, from one view.

use portal_domain::{
    email::LoginKey,
    export::{DossierFacts, ImportedRow, MessageRecord, PartPage, TryRecord, When},
    facts::{ContactFacts, ContactQuery, ContactSelector},
    id::{ContactId, LoginId, PracticeId, Ref},
    port::{Page, PracticeSelector},
    time::Timestamp,
};
use sqlx::SqliteConnection;

use super::passages;
use crate::{
    encode::texts,
    error::Fault,
    read::{facts, from_json, id, key, practice, views},
    tries,
};

/// Whatever there is.
const ALL: u32 = u32::MAX;
/// Before anything was noted.
const EVER: Timestamp = Timestamp::from_micros(i64::MIN);

pub(super) async fn dossier(
    connection: &mut SqliteConnection,
    of: PracticeId,
    reference: &Ref,
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
    let (sessions, login_was_shared) = match login {
        Some(login) => (
            passages::sessions_of(connection, of, login).await?,
            written_about_others(connection, of, login, contact).await?,
        ),
        None => (Vec::new(), false),
    };
    let mut tried: Vec<TryRecord> = Vec::new();
    for key in own_keys(connection, of, contact, &found).await? {
        tried.extend(tries::tries(connection, of, &key, EVER).await?.into_iter().map(TryRecord::from));
    }
    tried.sort_by_key(|it| (it.at, it.id));
    Ok(Some(DossierFacts {
        practice,
        login_was_shared,
        messages: messages.map(|(delivery, _)| MessageRecord::from(delivery)).collect(),
        links: passages::links(connection, of, Some(contact), &page).await?,
        sessions,
        handoffs: passages::handoffs(connection, of, Some(contact), &page).await?,
        sign_in_codes: passages::sign_in_codes(connection, of, Some(contact), &page).await?,
        tries: tried,
        rows: rows(connection, of, reference).await?,
        events: views::events(connection, of, Some(contact), &all).await?,
        contact: found,
    }))
}

/// Whether a login was ever written to about another contact than this one.
async fn written_about_others(
    connection: &mut SqliteConnection,
    of: PracticeId,
    login: LoginId,
    contact: ContactId,
) -> Result<bool, Fault> {
    let (of, login, contact) = (of.to_bytes(), login.to_bytes(), contact.to_bytes());
    let (of, login, contact) = (of.as_slice(), login.as_slice(), contact.as_slice());
    let others = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT 1 FROM portal_message WHERE practice_id = ?1 AND login_id = ?2 AND contact_id <> ?3)
               AS "others!: bool""#,
        of,
        login,
        contact
    );
    Ok(others.fetch_one(connection).await?)
}

/// Keys of the contact's addresses, present and former, that are nobody else's, and were nobody else's.
async fn own_keys(
    connection: &mut SqliteConnection,
    of: PracticeId,
    contact: ContactId,
    found: &ContactFacts,
) -> Result<Vec<LoginKey>, Fault> {
    let present = found.contact.iter().flat_map(|contact| contact.emails.iter()).map(|email| email.key());
    let keys = texts(present.chain(&found.former_keys).map(LoginKey::as_str));
    let (of, contact) = (of.to_bytes(), contact.to_bytes());
    let (of, contact) = (of.as_slice(), contact.as_slice());
    let own = sqlx::query_scalar!(
        r#"SELECT DISTINCT CAST(e.value AS TEXT) AS "key!: String" FROM json_each(?2) AS e
           WHERE NOT EXISTS (SELECT 1 FROM portal_contact_email AS a
                   WHERE a.practice_id = ?1 AND a.key = e.value AND a.contact_id <> ?3)
               AND NOT EXISTS (SELECT 1 FROM portal_contact_former_key AS f
                   WHERE f.practice_id = ?1 AND f.key = e.value AND f.contact_id <> ?3)
               AND NOT EXISTS (SELECT 1 FROM portal_practice_user AS u WHERE u.practice_id = ?1 AND u.key = e.value)"#,
        of,
        keys,
        contact
    );
    let own = own.fetch_all(connection).await?.into_iter();
    own.map(|text| Ok(key(&text, "contact_email.key")?)).collect()
}

/// Rows of jobs that name a reference. There is no index for it: jobs are kept for fourteen days.
async fn rows(connection: &mut SqliteConnection, of: PracticeId, reference: &Ref) -> Result<Vec<ImportedRow>, Fault> {
    let (of, reference) = (of.to_bytes(), reference.as_str());
    let of = of.as_slice();
    let rows = sqlx::query!(
        "SELECT r.job_id, j.created_at, r.content, r.outcome FROM portal_job AS j
         CROSS JOIN portal_job_row AS r ON r.practice_id = j.practice_id AND r.job_id = j.job_id
         WHERE j.practice_id = ?1 AND r.ref = ?2 ORDER BY r.job_id, r.place",
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

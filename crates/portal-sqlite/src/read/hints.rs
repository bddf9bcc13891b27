//! Whom a key leads to though nobody signs in there (M8).

use portal_domain::{
    email::LoginKey,
    id::{ContactId, PracticeId},
    port::StoreError,
    time::Timestamp,
};
use sqlx::SqliteConnection;

use super::id;
use crate::error::Fault;

pub(crate) async fn led_to(
    connection: &mut SqliteConnection,
    practice: PracticeId,
    key: &LoginKey,
    most: u32,
) -> Result<Vec<ContactId>, Fault> {
    let (practice, key, most) = (practice.to_bytes(), key.as_str(), i64::from(most));
    let practice = practice.as_slice();
    let rows = sqlx::query_scalar!(
        r#"SELECT c.contact_id AS "contact_id!" FROM (
               SELECT m.contact_id FROM portal_contact_email AS m
               WHERE m.practice_id = ?1 AND m.key = ?2 AND m.position > 0 AND NOT EXISTS (
                   SELECT 1 FROM portal_contact_former_key AS f
                   WHERE f.practice_id = ?1 AND f.contact_id = m.contact_id AND f.key = ?2 AND f.wrong = 1)
               UNION
               SELECT f.contact_id FROM portal_contact_former_key AS f
               WHERE f.practice_id = ?1 AND f.key = ?2 AND f.wrong = 0 AND NOT EXISTS (
                   SELECT 1 FROM portal_contact_email AS m
                   WHERE m.practice_id = ?1 AND m.contact_id = f.contact_id AND m.key = ?2 AND m.position = 0)
           ) AS found CROSS JOIN portal_contact AS c
               ON c.practice_id = ?1 AND c.contact_id = found.contact_id AND c.access = 'granted'
           ORDER BY c.contact_id LIMIT ?3"#,
        practice,
        key,
        most
    );
    let found = rows.fetch_all(connection).await?;
    Ok(found.iter().map(|contact| id(contact, "contact.contact_id")).collect::<Result<_, StoreError>>()?)
}

pub(crate) async fn hints(
    connection: &mut SqliteConnection,
    practice: PracticeId,
    contact: ContactId,
    since: Timestamp,
) -> Result<Vec<Timestamp>, Fault> {
    let (practice, contact, since) = (practice.to_bytes(), contact.to_bytes(), since.as_micros());
    let (practice, contact) = (practice.as_slice(), contact.as_slice());
    let rows = sqlx::query_scalar!(
        "SELECT created_at FROM portal_message
         WHERE practice_id = ?1 AND contact_id = ?2 AND kind = 'hint' AND created_at > ?3",
        practice,
        contact,
        since
    );
    Ok(rows.fetch_all(connection).await?.into_iter().map(Timestamp::from_micros).collect())
}

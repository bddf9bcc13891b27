//! Whom a key leads to though nobody signs in there (M8).

use portal_domain::{
    email::LoginKey,
    id::{ContactId, PracticeId},
    port::StoreError,
    time::Timestamp,
};
use sqlx::PgPool;

use crate::{failure::store_error, row};

pub(crate) async fn led_to(
    pool: &PgPool,
    practice: PracticeId,
    key: &LoginKey,
    most: u32,
) -> Result<Vec<ContactId>, StoreError> {
    let found = sqlx::query_scalar!(
        r#"SELECT c.contact_id AS "contact_id!" FROM (
               SELECT e.contact_id FROM portal.contact_email e
               WHERE e.practice_id = $1 AND e.key = $2 AND e.position > 0 AND NOT EXISTS (
                   SELECT FROM portal.contact_former_key f
                   WHERE f.practice_id = $1 AND f.contact_id = e.contact_id AND f.key = $2 AND f.wrong)
               UNION
               SELECT f.contact_id FROM portal.contact_former_key f
               WHERE f.practice_id = $1 AND f.key = $2 AND NOT f.wrong AND NOT EXISTS (
                   SELECT FROM portal.contact_email e
                   WHERE e.practice_id = $1 AND e.contact_id = f.contact_id AND e.key = $2 AND e.position = 0)
           ) AS k JOIN portal.contact c
               ON c.practice_id = $1 AND c.contact_id = k.contact_id AND c.access = 'granted'
           ORDER BY c.contact_id LIMIT $3"#,
        row::uuid(practice),
        key.as_str(),
        i64::from(most),
    );
    Ok(found.fetch_all(pool).await.map_err(store_error)?.into_iter().map(row::id).collect())
}

pub(crate) async fn hints(
    pool: &PgPool,
    practice: PracticeId,
    contact: ContactId,
    since: Timestamp,
) -> Result<Vec<Timestamp>, StoreError> {
    let found = sqlx::query_scalar!(
        "SELECT created_at FROM portal.message
         WHERE practice_id = $1 AND contact_id = $2 AND kind = 'hint' AND created_at > $3",
        row::uuid(practice),
        contact.to_uuid(),
        since.as_micros(),
    );
    Ok(found.fetch_all(pool).await.map_err(store_error)?.into_iter().map(row::time).collect())
}

//! Practices, keys of host programs, receipts.

use portal_domain::{
    id::PracticeId,
    port::{PracticeSelector, Receipt, RequestKey},
    practice::{ApiKey, ApiKeyHash, Practice},
    time::Timestamp,
};
use sqlx::SqliteConnection;

use super::{
    decode::{digest, maybe_id},
    rows::{ApiKeyRow, PracticeRow},
};
use crate::error::Fault;

pub(crate) async fn practice(
    connection: &mut SqliteConnection,
    by: &PracticeSelector,
) -> Result<Option<Practice>, Fault> {
    let row = match by {
        PracticeSelector::Slug(slug) => {
            let slug = slug.as_str();
            sqlx::query_as!(
                PracticeRow,
                "SELECT p.practice_id, s.slug, p.name, p.settings, p.suspended_at, p.delete_after, p.created_at,
                     p.version
                 FROM portal_practice_slug AS s JOIN portal_practice AS p ON p.practice_id = s.practice_id
                 WHERE s.slug = ?1",
                slug
            )
            .fetch_optional(connection)
            .await?
        }
        PracticeSelector::Id(practice) => {
            let practice = practice.to_bytes();
            let practice = practice.as_slice();
            sqlx::query_as!(
                PracticeRow,
                "SELECT p.practice_id, s.slug, p.name, p.settings, p.suspended_at, p.delete_after, p.created_at,
                     p.version
                 FROM portal_practice AS p JOIN portal_practice_slug AS s ON s.practice_id = p.practice_id
                 WHERE p.practice_id = ?1",
                practice
            )
            .fetch_optional(connection)
            .await?
        }
    };
    Ok(row.map(PracticeRow::read).transpose()?)
}

pub(crate) async fn caller(connection: &mut SqliteConnection, hash: &ApiKeyHash) -> Result<Option<ApiKey>, Fault> {
    let hash = hash.0.as_slice();
    let row = sqlx::query_as!(
        ApiKeyRow,
        "SELECT practice_id, api_key_id, name, scopes, hash, created_at, revoked_at FROM portal_api_key
         WHERE hash = ?1 AND revoked_at IS NULL",
        hash
    );
    Ok(row.fetch_optional(connection).await?.map(ApiKeyRow::read).transpose()?)
}

pub(crate) async fn receipt(
    connection: &mut SqliteConnection,
    practice: PracticeId,
    key: &RequestKey,
) -> Result<Option<Receipt>, Fault> {
    let practice = practice.to_bytes();
    let practice = practice.as_slice();
    let row = sqlx::query!(
        "SELECT digest, outcome, at, contact_id FROM portal_receipt WHERE practice_id = ?1 AND scope = ?2 AND key = ?3",
        practice,
        key.scope,
        key.key
    );
    let Some(row) = row.fetch_optional(connection).await? else { return Ok(None) };
    Ok(Some(Receipt {
        request: key.clone(),
        digest: digest(&row.digest, "receipt.digest")?,
        outcome: row.outcome,
        contact: maybe_id(row.contact_id.as_deref(), "receipt.contact_id")?,
        at: Timestamp::from_micros(row.at),
    }))
}

//! Invitations that nobody has accepted yet (D8).

use std::time::Duration;

use portal_domain::{
    id::PracticeId,
    port::{DueInvitation, InvitationsDue, StoreError},
};
use sqlx::PgPool;
use uuid::Uuid;

use crate::{failure::store_error, row};

const DAY: u64 = 24 * 3600;

pub(crate) async fn inviting(
    pool: &PgPool,
    after: Option<PracticeId>,
    most: u32,
) -> Result<Vec<PracticeId>, StoreError> {
    let found = sqlx::query_scalar!(
        "SELECT p.practice_id FROM portal.practice p
         WHERE ($1::uuid IS NULL OR p.practice_id > $1) AND p.suspended_at IS NULL AND EXISTS (
             SELECT FROM portal.link k
             WHERE k.practice_id = p.practice_id AND k.purpose = 'activation' AND k.used_at IS NULL
                 AND k.ended_at IS NULL AND k.reminded_days IS DISTINCT FROM 0)
         ORDER BY p.practice_id LIMIT $2",
        after.map(row::uuid),
        i64::from(most),
    );
    Ok(found.fetch_all(pool).await.map_err(store_error)?.into_iter().map(row::id).collect())
}

pub(crate) async fn invitations_due(
    pool: &PgPool,
    practice: PracticeId,
    due: &InvitationsDue,
    most: u32,
) -> Result<Vec<DueInvitation>, StoreError> {
    let now = due.now.as_micros();
    let until = due.now.after(Duration::from_secs(u64::from(due.days) * DAY)).as_micros();
    let from = if due.days == 0 { i64::MIN } else { now };
    let (at, link) = due.after.map_or((i64::MIN, Uuid::nil()), |(at, link)| (at.as_micros(), link.to_uuid()));
    let found = sqlx::query!(
        r#"SELECT k.link_id, k.expires_at, NOT EXISTS (
               SELECT FROM portal.link n
               WHERE n.practice_id = k.practice_id AND n.login_id = k.login_id AND n.purpose = 'activation'
                   AND (n.created_at, n.link_id) > (k.created_at, k.link_id)) AS "newest!"
           FROM portal.link k
           WHERE k.practice_id = $1 AND k.purpose = 'activation' AND k.used_at IS NULL AND k.ended_at IS NULL
               AND k.reminded_days IS DISTINCT FROM 0 AND (k.reminded_days IS NULL OR k.reminded_days > $2)
               AND k.expires_at > $3 AND k.expires_at <= $4
               AND k.created_at + (k.expires_at - k.created_at) / 2 <= $5
               AND (k.expires_at, k.link_id) > ($6, $7)
           ORDER BY k.expires_at, k.link_id LIMIT $8"#,
        row::uuid(practice),
        i64::from(due.days),
        from,
        until,
        now,
        at,
        link,
        i64::from(most),
    );
    let found = found.fetch_all(pool).await.map_err(store_error)?.into_iter();
    let read = |link, at, newest| DueInvitation { link: row::id(link), expires_at: row::time(at), newest };
    Ok(found.map(|it| read(it.link_id, it.expires_at, it.newest)).collect())
}

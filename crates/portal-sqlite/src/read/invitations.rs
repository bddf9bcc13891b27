//! Invitations that nobody has accepted yet (D8).

use std::time::Duration;

use portal_domain::{
    id::PracticeId,
    port::{DueInvitation, InvitationsDue, StoreError},
    time::Timestamp,
};
use sqlx::SqliteConnection;

use super::id;
use crate::error::Fault;

const DAY: u64 = 24 * 3600;

pub(crate) async fn inviting(
    connection: &mut SqliteConnection,
    after: Option<PracticeId>,
    most: u32,
) -> Result<Vec<PracticeId>, Fault> {
    let after = after.map(PracticeId::to_bytes);
    let after = after.as_ref().map_or(&[][..], <[u8; 16]>::as_slice);
    let rows = sqlx::query_scalar!(
        "SELECT p.practice_id FROM portal_practice AS p
         WHERE p.practice_id > ?1 AND p.suspended_at IS NULL AND EXISTS (
             SELECT 1 FROM portal_link AS k INDEXED BY portal_link_inviting
             WHERE k.practice_id = p.practice_id AND k.purpose = 'activation' AND k.used_at IS NULL
                 AND k.ended_at IS NULL AND k.reminded_days IS NOT 0)
         ORDER BY p.practice_id LIMIT ?2",
        after,
        most
    );
    let found = rows.fetch_all(connection).await?;
    Ok(found.iter().map(|practice| id(practice, "practice.practice_id")).collect::<Result<_, StoreError>>()?)
}

pub(crate) async fn due(
    connection: &mut SqliteConnection,
    practice: PracticeId,
    due: &InvitationsDue,
    most: u32,
) -> Result<Vec<DueInvitation>, Fault> {
    let practice = practice.to_bytes();
    let practice = practice.as_slice();
    let (days, now) = (i64::from(due.days), due.now.as_micros());
    let until = due.now.after(Duration::from_secs(u64::from(due.days) * DAY)).as_micros();
    let from = if due.days == 0 { i64::MIN } else { now };
    let (at, link) = due.after.map_or((i64::MIN, [0; 16]), |(at, link)| (at.as_micros(), link.to_bytes()));
    let link = link.as_slice();
    let rows = sqlx::query!(
        r#"SELECT k.link_id, k.expires_at, NOT EXISTS (
               SELECT 1 FROM portal_link AS n INDEXED BY portal_link_login
               WHERE n.practice_id = k.practice_id AND n.login_id = k.login_id AND n.purpose = 'activation'
                   AND (n.created_at, n.link_id) > (k.created_at, k.link_id)) AS "newest!: bool"
           FROM portal_link AS k INDEXED BY portal_link_inviting
           WHERE k.practice_id = ?1 AND k.purpose = 'activation' AND k.used_at IS NULL AND k.ended_at IS NULL
               AND k.reminded_days IS NOT 0 AND (k.reminded_days IS NULL OR k.reminded_days > ?2)
               AND k.expires_at > ?3 AND k.expires_at <= ?4
               AND k.created_at + (k.expires_at - k.created_at) / 2 <= ?5
               AND (k.expires_at, k.link_id) > (?6, ?7)
           ORDER BY k.expires_at, k.link_id LIMIT ?8"#,
        practice,
        days,
        from,
        until,
        now,
        at,
        link,
        most
    );
    let rows = rows.fetch_all(connection).await?.into_iter();
    let read = rows.map(|row| {
        let link = id(&row.link_id, "link.link_id")?;
        Ok(DueInvitation { link, expires_at: Timestamp::from_micros(row.expires_at), newest: row.newest })
    });
    Ok(read.collect::<Result<_, StoreError>>()?)
}

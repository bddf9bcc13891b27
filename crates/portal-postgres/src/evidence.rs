//! What a diagnosis looks at (X1).

use async_trait::async_trait;
use portal_domain::{
    Named,
    contact::Place,
    email::LoginKey,
    id::{ContactId, LinkId, PracticeId, Ref},
    link::{Opened, TracedLink},
    message::Delivery,
    port::{Evidence, KnownAt, OPENED_ANEW, Page, StoreError},
    throttle::{RecordedTry, Try, TryMark},
    time::Timestamp,
};

use crate::{
    PostgresStore,
    failure::store_error,
    row::{self, LinkRow},
    views,
};

#[async_trait]
impl Evidence for PostgresStore {
    async fn newest_messages(
        &self,
        practice: PracticeId,
        contact: ContactId,
        most: u32,
    ) -> Result<Vec<Delivery>, StoreError> {
        let mut connection = self.pool().acquire().await.map_err(store_error)?;
        let after = sqlx::query_scalar!(
            "SELECT place FROM portal.message WHERE practice_id = $1 AND contact_id = $2
             ORDER BY place DESC OFFSET $3 LIMIT 1",
            row::uuid(practice),
            contact.to_uuid(),
            i64::from(most),
        )
        .fetch_optional(&mut *connection)
        .await
        .map_err(store_error)?;
        let mut found = views::messages(&mut connection, practice, contact, &Page { after, limit: most }).await?;
        found.reverse();
        Ok(found.into_iter().map(|(delivery, _)| delivery).collect())
    }

    async fn newest_links(
        &self,
        practice: PracticeId,
        contact: ContactId,
        most: u32,
    ) -> Result<Vec<TracedLink>, StoreError> {
        let rows = sqlx::query!(
            "SELECT link_id, login_id, contact_id, purpose, address, signed_with, epoch, created_at, expires_at, used_at,
                 ended_at, opened_at, last_opened_at
             FROM portal.link WHERE practice_id = $1 AND contact_id = $2
             ORDER BY created_at DESC, link_id DESC LIMIT $3",
            row::uuid(practice),
            contact.to_uuid(),
            i64::from(most),
        )
        .fetch_all(self.pool())
        .await
        .map_err(store_error)?;
        let read = rows.into_iter().map(|it| {
            let opened = it.opened_at.zip(it.last_opened_at);
            let link = LinkRow {
                link_id: it.link_id,
                login_id: it.login_id,
                contact_id: it.contact_id,
                purpose: it.purpose,
                address: it.address,
                signed_with: it.signed_with,
                epoch: it.epoch,
                created_at: it.created_at,
                expires_at: it.expires_at,
                used_at: it.used_at,
                ended_at: it.ended_at,
            };
            let opened = opened.map(|(first, last)| Opened { first: row::time(first), last: row::time(last) });
            Ok(TracedLink { link: link.read()?, opened })
        });
        read.collect()
    }

    async fn tries(
        &self,
        practice: PracticeId,
        marks: &[TryMark],
        since: Timestamp,
        most: u32,
    ) -> Result<Vec<RecordedTry>, StoreError> {
        let marks: Vec<_> = marks.iter().map(|mark| mark.0.as_slice()).collect();
        let rows = sqlx::query!(
            "SELECT try_id, mark, origin, known_browser, for_reset, right_password, at FROM portal.sign_in_try
             WHERE practice_id = $1 AND mark = ANY ($2) AND at > $3 ORDER BY at DESC, try_id DESC LIMIT $4",
            row::uuid(practice),
            &marks as &[&[u8]],
            since.as_micros(),
            i64::from(most),
        )
        .fetch_all(self.pool())
        .await
        .map_err(store_error)?;
        let read = rows.into_iter().map(|it| {
            let noted = Try {
                id: row::id(it.try_id),
                mark: row::digest(&it.mark)
                    .map(TryMark)
                    .ok_or_else(|| row::damaged("sign_in_try", it.try_id, "its mark has not 32 bytes"))?,
                origin: it.origin,
                known_browser: it.known_browser,
                for_reset: it.for_reset,
                at: row::time(it.at),
            };
            Ok(RecordedTry { noted, right: it.right_password })
        });
        read.collect()
    }

    async fn known_at(&self, practice: PracticeId, keys: &[LoginKey], most: u32) -> Result<Vec<KnownAt>, StoreError> {
        let rows = sqlx::query!(
            r#"SELECT k.key AS "key!", k.position AS "position?", c.ref AS "reference!", c.name AS "name!" FROM (
                   SELECT contact_id, key, position::bigint AS position FROM portal.contact_email
                   WHERE practice_id = $1 AND key = ANY ($2)
                   UNION ALL
                   SELECT f.contact_id, f.key, NULL FROM portal.contact_former_key f
                   WHERE f.practice_id = $1 AND f.key = ANY ($2) AND NOT EXISTS (
                       SELECT FROM portal.contact_email e
                       WHERE e.practice_id = $1 AND e.contact_id = f.contact_id AND e.key = f.key)
               ) AS k JOIN portal.contact c ON c.practice_id = $1 AND c.contact_id = k.contact_id
               ORDER BY CASE WHEN k.position = 0 THEN 0 WHEN k.position IS NULL THEN 2 ELSE 1 END, c.ref, k.key LIMIT $3"#,
            row::uuid(practice),
            &texts(keys),
            i64::from(most),
        )
        .fetch_all(self.pool())
        .await
        .map_err(store_error)?;
        let read = rows.into_iter().map(|it| {
            let reference = Ref::parse(&it.reference)
                .ok_or_else(|| row::damaged("contact", &it.reference, "its reference is none"))?;
            let contact = Named { reference, name: it.name };
            Ok(KnownAt { key: key(&it.key)?, contact, place: Place::of_position(it.position) })
        });
        read.collect()
    }

    async fn note_opened(&self, practice: PracticeId, link: LinkId, at: Timestamp) -> Result<(), StoreError> {
        let noted = sqlx::query!(
            "UPDATE portal.link SET opened_at = coalesce(opened_at, $3), last_opened_at = $3
             WHERE practice_id = $1 AND link_id = $2 AND (last_opened_at IS NULL OR last_opened_at <= $4)",
            row::uuid(practice),
            link.to_uuid(),
            at.as_micros(),
            at.before(OPENED_ANEW).as_micros(),
        );
        noted.execute(self.pool()).await.map_err(store_error)?;
        Ok(())
    }
}

fn texts(keys: &[LoginKey]) -> Vec<String> {
    keys.iter().map(|key| key.as_str().to_owned()).collect()
}

fn key(stored: &str) -> Result<LoginKey, StoreError> {
    LoginKey::parse(stored).map_err(|fault| row::damaged("key", stored, &fault.to_string()))
}

//! What a diagnosis looks at (X1).

use async_trait::async_trait;
use portal_domain::{
    Named,
    contact::Place,
    email::LoginKey,
    id::{ContactId, LinkId, PracticeId, Ref},
    link::{Opened, TracedLink},
    message::Delivery,
    port::{Evidence, KnownAt, OPENED_ANEW, StoreError},
    throttle::{RecordedTry, Try, TryMark},
    time::Timestamp,
};
use sqlx::{Connection as _, SqliteConnection};

use crate::{
    SqliteStore,
    encode::{HexBytes, json},
    error::Fault,
    read::{LinkRow, MessageRow, damaged, digest, id, key, views},
    writer::Work,
};

#[async_trait]
impl Evidence for SqliteStore {
    async fn newest_messages(
        &self,
        practice: PracticeId,
        contact: ContactId,
        most: u32,
    ) -> Result<Vec<Delivery>, StoreError> {
        let mut reader = self.reader().await?;
        let answer = async { newest_messages(&mut *reader.begin().await?, practice, contact, most).await }.await;
        reader.told(answer)
    }

    async fn newest_links(
        &self,
        practice: PracticeId,
        contact: ContactId,
        most: u32,
    ) -> Result<Vec<TracedLink>, StoreError> {
        let mut reader = self.reader().await?;
        let answer = newest_links(&mut reader, practice, contact, most).await;
        reader.told(answer)
    }

    async fn tries(
        &self,
        practice: PracticeId,
        marks: &[TryMark],
        since: Timestamp,
        most: u32,
    ) -> Result<Vec<RecordedTry>, StoreError> {
        let mut reader = self.reader().await?;
        let answer = tries(&mut reader, practice, marks, since, most).await;
        reader.told(answer)
    }

    async fn known_at(&self, practice: PracticeId, keys: &[LoginKey], most: u32) -> Result<Vec<KnownAt>, StoreError> {
        let mut reader = self.reader().await?;
        let answer = known_at(&mut reader, practice, keys, most).await;
        reader.told(answer)
    }

    async fn note_opened(&self, practice: PracticeId, link: LinkId, at: Timestamp) -> Result<(), StoreError> {
        self.writer.write(NoteOpened { practice, link, at }).await
    }
}

async fn newest_messages(
    connection: &mut SqliteConnection,
    practice: PracticeId,
    contact: ContactId,
    most: u32,
) -> Result<Vec<Delivery>, Fault> {
    let (practice, contact, most) = (practice.to_bytes(), contact.to_bytes(), i64::from(most));
    let (practice, contact) = (practice.as_slice(), contact.as_slice());
    let rows = sqlx::query_as!(
        MessageRow,
        "SELECT practice_id, message_id, place, contact_id, login_id, user_id, link_id, address, name, clients,
             body, asked_key, state, returned, attempts, created_at
         FROM portal_message WHERE practice_id = ?1 AND contact_id = ?2 ORDER BY place DESC LIMIT ?3",
        practice,
        contact,
        most
    );
    let rows = rows.fetch_all(&mut *connection).await?;
    let found = views::deliveries(connection, practice, rows).await?;
    Ok(found.into_iter().map(|(delivery, _)| delivery).collect())
}

async fn newest_links(
    connection: &mut SqliteConnection,
    practice: PracticeId,
    contact: ContactId,
    most: u32,
) -> Result<Vec<TracedLink>, Fault> {
    let (practice, contact, most) = (practice.to_bytes(), contact.to_bytes(), i64::from(most));
    let (practice, contact) = (practice.as_slice(), contact.as_slice());
    let rows = sqlx::query!(
        "SELECT link_id, login_id, contact_id, purpose, address, signed_with, epoch, created_at, expires_at, used_at,
             ended_at, opened_at, last_opened_at
         FROM portal_link WHERE practice_id = ?1 AND contact_id = ?2
         ORDER BY created_at DESC, link_id DESC LIMIT ?3",
        practice,
        contact,
        most
    );
    let rows = rows.fetch_all(connection).await?.into_iter();
    rows.map(|row| {
        let link = LinkRow {
            link_id: row.link_id,
            login_id: row.login_id,
            contact_id: row.contact_id,
            purpose: row.purpose,
            address: row.address,
            signed_with: row.signed_with,
            epoch: row.epoch,
            created_at: row.created_at,
            expires_at: row.expires_at,
            used_at: row.used_at,
            ended_at: row.ended_at,
        };
        let opened = row.opened_at.zip(row.last_opened_at);
        let opened = opened
            .map(|(first, last)| Opened { first: Timestamp::from_micros(first), last: Timestamp::from_micros(last) });
        Ok(TracedLink { link: link.read()?, opened })
    })
    .collect()
}

async fn tries(
    connection: &mut SqliteConnection,
    practice: PracticeId,
    marks: &[TryMark],
    since: Timestamp,
    most: u32,
) -> Result<Vec<RecordedTry>, Fault> {
    let marks: Vec<_> = marks.iter().map(|mark| HexBytes(mark.0)).collect();
    let (practice, marks, since, most) = (practice.to_bytes(), json(&marks), since.as_micros(), i64::from(most));
    let practice = practice.as_slice();
    let rows = sqlx::query!(
        "SELECT t.try_id, t.mark, t.origin, t.known_browser, t.for_reset, t.right_password, t.at FROM json_each(?2) AS e
         CROSS JOIN portal_sign_in_try AS t ON t.practice_id = ?1 AND t.mark = unhex(e.value) AND t.at > ?3
         ORDER BY t.at DESC, t.try_id DESC LIMIT ?4",
        practice,
        marks,
        since,
        most
    );
    let rows = rows.fetch_all(connection).await?.into_iter();
    rows.map(|row| {
        let noted = Try {
            id: id(&row.try_id, "sign_in_try.try_id")?,
            mark: TryMark(digest(&row.mark, "sign_in_try.mark")?),
            origin: row.origin,
            known_browser: row.known_browser != 0,
            for_reset: row.for_reset != 0,
            at: Timestamp::from_micros(row.at),
        };
        Ok(RecordedTry { noted, right: row.right_password != 0 })
    })
    .collect()
}

async fn known_at(
    connection: &mut SqliteConnection,
    practice: PracticeId,
    keys: &[LoginKey],
    most: u32,
) -> Result<Vec<KnownAt>, Fault> {
    let (practice, keys, most) = (practice.to_bytes(), texts(keys), i64::from(most));
    let practice = practice.as_slice();
    let rows = sqlx::query!(
        r#"SELECT found.key AS "key!: String", found.position AS "position?: i64", c.ref AS "reference!", c.name AS "name!"
           FROM (
               SELECT m.contact_id, m.key, m.position FROM json_each(?2) AS e
               CROSS JOIN portal_contact_email AS m ON m.practice_id = ?1 AND m.key = e.value
               UNION ALL
               SELECT f.contact_id, f.key, NULL FROM json_each(?2) AS e
               CROSS JOIN portal_contact_former_key AS f ON f.practice_id = ?1 AND f.key = e.value
               WHERE NOT EXISTS (
                   SELECT 1 FROM portal_contact_email AS m
                   WHERE m.practice_id = ?1 AND m.contact_id = f.contact_id AND m.key = f.key)
           ) AS found CROSS JOIN portal_contact AS c ON c.practice_id = ?1 AND c.contact_id = found.contact_id
           ORDER BY CASE WHEN found.position = 0 THEN 0 WHEN found.position IS NULL THEN 2 ELSE 1 END, c.ref, found.key
           LIMIT ?3"#,
        practice,
        keys,
        most
    );
    let rows = rows.fetch_all(connection).await?.into_iter();
    rows.map(|row| {
        let reference = Ref::parse(&row.reference).ok_or_else(|| damaged("contact.ref"))?;
        let contact = Named { reference, name: row.name };
        Ok(KnownAt { key: key(&row.key, "key")?, contact, place: Place::of_position(row.position) })
    })
    .collect()
}

/// Keys as a JSON list.
fn texts(keys: &[LoginKey]) -> String {
    let keys: Vec<_> = keys.iter().map(LoginKey::as_str).collect();
    serde_json::Value::from(keys).to_string()
}

struct NoteOpened {
    practice: PracticeId,
    link: LinkId,
    at: Timestamp,
}

#[async_trait]
impl Work for NoteOpened {
    type Answer = ();

    async fn run(&self, connection: &mut SqliteConnection) -> Result<(), Fault> {
        let (practice, link, at) = (self.practice.to_bytes(), self.link.to_bytes(), self.at.as_micros());
        let anew = self.at.before(OPENED_ANEW).as_micros();
        let (practice, link) = (practice.as_slice(), link.as_slice());
        let noted = sqlx::query!(
            "UPDATE portal_link SET opened_at = coalesce(opened_at, ?3), last_opened_at = ?3
             WHERE practice_id = ?1 AND link_id = ?2 AND (last_opened_at IS NULL OR last_opened_at <= ?4)",
            practice,
            link,
            at,
            anew
        );
        noted.execute(connection).await?;
        Ok(())
    }
}

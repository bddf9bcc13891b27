//! Erasure of contacts (J3). Guards are held and everything else is written, but for what the commit itself tells.

use portal_domain::{
    email::LoginKey,
    erasure::{Erasure, Names},
    job::JobRow,
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::work::column;
use crate::{failure::Failure, jobs::StoredRow, row::json};

/// So many rows of jobs are read at once.
const PAGE: i64 = 500;

/// Removes what is personal of contacts that are not there any more.
pub(crate) async fn erase(connection: &mut PgConnection, practice: Uuid, what: &Erasure) -> Result<(), Failure> {
    let contacts = column(&what.contacts, |contact| contact.to_uuid());
    let gone = sqlx::query_scalar!(
        "DELETE FROM portal.gone_contact WHERE practice_id = $1 AND contact_id = ANY ($2) RETURNING deleted_at",
        practice,
        &contacts,
    );
    let gone = gone.fetch_all(&mut *connection).await?;
    // Who was not deleted, or is erased already, is not erased now.
    if gone.len() != contacts.len() {
        return Err(Failure::Conflict);
    }
    let until = gone.into_iter().max().unwrap_or_default();
    // Whoever settles a message meanwhile has told so before the journal is read, or finds it gone.
    messages(connection, practice, &contacts).await?;
    sessions(connection, practice, &contacts, until).await?;
    personal(connection, practice, &contacts).await?;
    links(connection, practice, &contacts, what).await?;
    wishes(connection, practice, what).await?;
    keys_left(connection, practice, what).await?;
    suppressions(connection, practice, what).await?;
    answers(connection, practice, &contacts, what.names.as_ref()).await?;
    files(connection, practice, what).await?;
    rows(connection, practice, what.names.as_ref()).await
}

/// Personal values of their events, and of those of logins that they were behind and that are gone.
async fn personal(connection: &mut PgConnection, practice: Uuid, contacts: &[Uuid]) -> Result<(), Failure> {
    sqlx::query!(
        "WITH own AS (
             SELECT event_id, login_id FROM portal.event
             WHERE practice_id = $1 AND contact_id = ANY ($2) AND number IS NOT NULL
             UNION ALL
             SELECT event_id, login_id FROM portal.event
             WHERE practice_id = $1 AND number IS NULL AND contact_id = ANY ($2)),
         past AS (
             SELECT DISTINCT login_id FROM own WHERE login_id IS NOT NULL AND NOT EXISTS (
                 SELECT FROM portal.login l WHERE l.practice_id = $1 AND l.login_id = own.login_id))
         DELETE FROM portal.event_personal p WHERE p.practice_id = $1 AND p.event_id IN (
             SELECT event_id FROM own
             UNION ALL
             SELECT v.event_id FROM past
             JOIN portal.event v ON v.practice_id = $1 AND v.login_id = past.login_id AND v.contact_id IS NULL)",
        practice,
        contacts,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Where sessions of logins came from that they were behind: whose browser it was, nobody can tell. Those that looked at their
/// profiles forget that too.
async fn sessions(connection: &mut PgConnection, practice: Uuid, contacts: &[Uuid], until: i64) -> Result<(), Failure> {
    sqlx::query!(
        "WITH own AS (
             SELECT login_id FROM portal.event
             WHERE practice_id = $1 AND contact_id = ANY ($2) AND number IS NOT NULL
             UNION
             SELECT login_id FROM portal.event WHERE practice_id = $1 AND number IS NULL AND contact_id = ANY ($2))
         UPDATE portal.session s
         SET profile_contact_id = CASE WHEN s.profile_contact_id = ANY ($2) THEN NULL ELSE s.profile_contact_id END,
             profile_client_id = CASE WHEN s.profile_contact_id = ANY ($2) THEN NULL ELSE s.profile_client_id END,
             origin = NULL, user_agent = NULL
         WHERE s.practice_id = $1 AND s.login_id IN (SELECT login_id FROM own)
             AND (s.created_at <= $3 OR s.profile_contact_id = ANY ($2))",
        practice,
        contacts,
        until,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Links, with the wishes for others in their place; hand-overs and sign-in codes. What works of the login that others stay behind passes
/// to them.
async fn links(
    connection: &mut PgConnection,
    practice: Uuid,
    contacts: &[Uuid],
    what: &Erasure,
) -> Result<(), Failure> {
    for heir in &what.heirs {
        sqlx::query!(
            "UPDATE portal.link SET contact_id = $3, address = $4, opened_at = NULL, last_opened_at = NULL
             WHERE practice_id = $1 AND contact_id = ANY ($2) AND login_id = $5 AND used_at IS NULL AND ended_at IS NULL
                 AND expires_at > $6",
            practice,
            contacts,
            heir.contact.to_uuid(),
            heir.address.as_str(),
            heir.login.to_uuid(),
            what.at.as_micros(),
        )
        .execute(&mut *connection)
        .await?;
    }
    sqlx::query!(
        "DELETE FROM portal.enquiry WHERE practice_id = $1 AND link_id IN (
             SELECT link_id FROM portal.link WHERE practice_id = $1 AND contact_id = ANY ($2))",
        practice,
        contacts,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!("DELETE FROM portal.link WHERE practice_id = $1 AND contact_id = ANY ($2)", practice, contacts)
        .execute(&mut *connection)
        .await?;
    sqlx::query!("DELETE FROM portal.handoff WHERE practice_id = $1 AND contact_id = ANY ($2)", practice, contacts)
        .execute(&mut *connection)
        .await?;
    sqlx::query!(
        "DELETE FROM portal.sign_in_code WHERE practice_id = $1 AND contact_id = ANY ($2)",
        practice,
        contacts
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Mail, sent or not: whoever holds a message holds it no longer.
async fn messages(connection: &mut PgConnection, practice: Uuid, contacts: &[Uuid]) -> Result<(), Failure> {
    sqlx::query!("DELETE FROM portal.message WHERE practice_id = $1 AND contact_id = ANY ($2)", practice, contacts)
        .execute(connection)
        .await?;
    Ok(())
}

/// What was asked for at their addresses. Where somebody has the key, the wish may be theirs, and is decided within seconds.
async fn wishes(connection: &mut PgConnection, practice: Uuid, what: &Erasure) -> Result<(), Failure> {
    // As they were typed, so they are bytes there.
    let addresses: Vec<_> = what.addresses.keys().map(String::as_bytes).collect();
    let keys: Vec<_> = what.addresses.values().map(|key| key.as_ref().map(LoginKey::as_str)).collect();
    sqlx::query!(
        "DELETE FROM portal.enquiry WHERE practice_id = $1 AND address IN (
             SELECT a.address FROM unnest($2::bytea[], $3::text[]) AS a (address, key)
             WHERE NOT EXISTS (SELECT FROM portal.login_key k WHERE k.practice_id = $1 AND k.key = a.key))",
        practice,
        &addresses as &[&[u8]],
        &keys as &[Option<&str>],
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Keys of theirs that nobody has, at which notes of tries are removed after the commit.
async fn keys_left(connection: &mut PgConnection, practice: Uuid, what: &Erasure) -> Result<(), Failure> {
    let tried = what.tried.iter().flat_map(|(key, marks)| marks.iter().map(|mark| (key.as_str(), mark.0.as_slice())));
    let (keys, marks): (Vec<_>, Vec<_>) = tried.unzip();
    sqlx::query!(
        "INSERT INTO portal.erased_key (practice_id, key, mark)
         SELECT $1, a.key, a.mark FROM unnest($2::text[], $3::bytea[]) AS a (key, mark)
         WHERE NOT EXISTS (SELECT FROM portal.login_key k WHERE k.practice_id = $1 AND k.key = a.key)
         ORDER BY a.key, a.mark
         ON CONFLICT (practice_id, key, mark) DO NOTHING",
        practice,
        &keys as &[&str],
        &marks as &[&[u8]],
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What kept mail back to keys of theirs that nobody has.
async fn suppressions(connection: &mut PgConnection, practice: Uuid, what: &Erasure) -> Result<(), Failure> {
    let keys: Vec<_> = what.addresses.values().flatten().map(LoginKey::as_str).collect();
    sqlx::query!(
        "DELETE FROM portal.suppression s WHERE s.practice_id = $1 AND s.key = ANY ($2)
         AND NOT EXISTS (SELECT FROM portal.login_key k WHERE k.practice_id = $1 AND k.key = s.key)",
        practice,
        &keys as &[&str],
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Answers that are kept: their own say nothing any more, others do without them.
async fn answers(
    connection: &mut PgConnection,
    practice: Uuid,
    contacts: &[Uuid],
    names: Option<&Names>,
) -> Result<(), Failure> {
    sqlx::query!(
        "UPDATE portal.receipt SET outcome = '' WHERE practice_id = $1 AND contact_id = ANY ($2)",
        practice,
        contacts,
    )
    .execute(&mut *connection)
    .await?;
    let Some(names) = names else { return Ok(()) };
    let needle = names.reference_needle();
    let naming = sqlx::query!(
        "SELECT scope, key, outcome FROM portal.receipt
         WHERE practice_id = $1 AND contact_id IS NOT NULL AND position($2::bytea IN outcome) > 0",
        practice,
        needle.as_bytes(),
    );
    for row in naming.fetch_all(&mut *connection).await? {
        let Some(outcome) = names.without(&row.outcome) else { continue };
        sqlx::query!(
            "UPDATE portal.receipt SET outcome = $4 WHERE practice_id = $1 AND scope = $2 AND key = $3",
            practice,
            row.scope,
            row.key,
            outcome,
        )
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// Files that are not taken apart yet, or on their way, are forgotten: nobody can say which of their rows is about whom.
async fn files(connection: &mut PgConnection, practice: Uuid, what: &Erasure) -> Result<(), Failure> {
    if what.names.is_none() {
        return Ok(());
    }
    sqlx::query!(
        "UPDATE portal.job SET version = version + 1, forget_at = $2 WHERE practice_id = $1 AND state = 'staging'",
        practice,
        what.at.as_micros(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Rows of jobs: their own say nothing any more, others do without them. Whoever works on a job begins anew; it is held first, so
/// that nobody settles a row meanwhile.
async fn rows(connection: &mut PgConnection, practice: Uuid, names: Option<&Names>) -> Result<(), Failure> {
    let Some(names) = names else { return Ok(()) };
    sqlx::query!(
        "UPDATE portal.job SET version = version + 1 WHERE practice_id = $1 AND state IN ('running', 'paused')",
        practice,
    )
    .execute(&mut *connection)
    .await?;
    while own_rows(connection, practice, names).await? {}
    let mut after = Some((Uuid::nil(), i64::MIN));
    while let Some(last) = after {
        after = naming_rows(connection, practice, names, last).await?;
    }
    Ok(())
}

/// Empties some of their own rows. Answers whether there were any: emptied, they have no reference any more.
async fn own_rows(connection: &mut PgConnection, practice: Uuid, names: &Names) -> Result<bool, Failure> {
    let own = sqlx::query_as!(
        Found,
        "SELECT job_id, place, ref AS reference, content, outcome, report FROM portal.job_row
         WHERE practice_id = $1 AND ref = $2 LIMIT $3",
        practice,
        names.reference.as_str(),
        PAGE,
    );
    let own = own.fetch_all(&mut *connection).await?;
    let any = !own.is_empty();
    for row in own {
        row.without(connection, practice, names).await?;
    }
    Ok(any)
}

/// Mends some rows of others. Answers the last, if there may be more.
async fn naming_rows(
    connection: &mut PgConnection,
    practice: Uuid,
    names: &Names,
    (job, place): (Uuid, i64),
) -> Result<Option<(Uuid, i64)>, Failure> {
    // What stands in every row that names somebody has an index.
    let naming = sqlx::query_as!(
        Found,
        r#"SELECT job_id, place, ref AS reference, content, outcome, report FROM portal.job_row
           WHERE practice_id = $1 AND (job_id, place) > ($4, $5)
               AND (strpos(report, '"reference":') > 0 OR strpos(report, '`') > 0)
               AND EXISTS (SELECT FROM unnest($2::text[]) AS n (needle) WHERE strpos(report, n.needle) > 0)
           ORDER BY job_id, place LIMIT $3"#,
        practice,
        &names.needles(),
        PAGE,
        job,
        place,
    );
    let naming = naming.fetch_all(&mut *connection).await?;
    let last = naming.last().map(|row| (row.job_id, row.place));
    for row in naming {
        row.without(connection, practice, names).await?;
    }
    Ok(last)
}

/// A row of a job, as it was found.
struct Found {
    job_id: Uuid,
    place: i64,
    reference: String,
    content: String,
    outcome: Option<String>,
    report: Option<String>,
}

impl Found {
    async fn without(self, connection: &mut PgConnection, practice: Uuid, names: &Names) -> Result<(), Failure> {
        let Self { job_id, place, reference, content, outcome, report } = self;
        let stored = StoredRow { place, reference, content, outcome, report };
        match names.without_row(&stored.read()?) {
            Some(without) => rewrite(connection, practice, job_id, &without).await,
            None => Ok(()),
        }
    }
}

async fn rewrite(connection: &mut PgConnection, practice: Uuid, job: Uuid, row: &JobRow) -> Result<(), Failure> {
    let settled = row.settled.as_ref();
    sqlx::query!(
        "UPDATE portal.job_row SET ref = $4, content = $5, effect = $6, report = $7
         WHERE practice_id = $1 AND job_id = $2 AND place = $3",
        practice,
        job,
        row.place,
        row.reference,
        json(&row.content)?,
        settled.and_then(|settled| settled.effect()).map(|effect| effect.code()),
        settled.map(|settled| json(&settled.report)).transpose()?,
    )
    .execute(connection)
    .await?;
    Ok(())
}

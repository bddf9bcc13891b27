//! Erasure of contacts (J3). Guards are held and everything else is written, but for what the commit itself tells.

use portal_domain::{
    email::LoginKey,
    erasure::{Erasure, Heir, Names},
    job::JobRow,
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::work::column;
use crate::{failure::Failure, jobs::StoredRow, row::json};

/// Removes what is personal of contacts that are not there any more.
pub(crate) async fn erase(connection: &mut PgConnection, practice: Uuid, what: &Erasure) -> Result<(), Failure> {
    let contacts = column(&what.contacts, |contact| contact.to_uuid());
    let gone = sqlx::query!(
        "DELETE FROM portal.gone_contact WHERE practice_id = $1 AND contact_id = ANY ($2)",
        practice,
        &contacts,
    );
    // Who was not deleted, or is erased already, is not erased now.
    if gone.execute(&mut *connection).await?.rows_affected() != contacts.len() as u64 {
        return Err(Failure::Conflict);
    }
    sessions(connection, practice, &contacts, what.heir.as_ref()).await?;
    personal(connection, practice, &contacts).await?;
    links(connection, practice, &contacts, what).await?;
    messages(connection, practice, &contacts).await?;
    tries(connection, practice, what).await?;
    answers(connection, practice, &contacts, what.names.as_ref()).await?;
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

/// Where sessions came from that looked at their profiles, and those of the login that others stay behind.
async fn sessions(
    connection: &mut PgConnection,
    practice: Uuid,
    contacts: &[Uuid],
    heir: Option<&Heir>,
) -> Result<(), Failure> {
    sqlx::query!(
        "WITH own AS (
             SELECT login_id FROM portal.event
             WHERE practice_id = $1 AND contact_id = ANY ($2) AND number IS NOT NULL
             UNION
             SELECT login_id FROM portal.event WHERE practice_id = $1 AND number IS NULL AND contact_id = ANY ($2))
         UPDATE portal.session s
         SET profile_contact_id = NULL, profile_client_id = NULL, origin = NULL, user_agent = NULL
         WHERE s.practice_id = $1 AND s.login_id IN (SELECT login_id FROM own) AND s.profile_contact_id = ANY ($2)",
        practice,
        contacts,
    )
    .execute(&mut *connection)
    .await?;
    if let Some(heir) = heir {
        // Whose browser it was, nobody can tell.
        sqlx::query!(
            "UPDATE portal.session SET origin = NULL, user_agent = NULL WHERE practice_id = $1 AND login_id = $2",
            practice,
            heir.login.to_uuid(),
        )
        .execute(connection)
        .await?;
    }
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
    if let Some(heir) = &what.heir {
        sqlx::query!(
            "UPDATE portal.link SET contact_id = $3, address = $4
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

/// Tries at keys that nobody has any more, and what was asked for at those addresses.
async fn tries(connection: &mut PgConnection, practice: Uuid, what: &Erasure) -> Result<(), Failure> {
    let keys: Vec<_> = what.keys.iter().map(LoginKey::as_str).collect();
    sqlx::query!(
        "DELETE FROM portal.sign_in_try t WHERE t.practice_id = $1 AND t.key = ANY ($2)
             AND NOT EXISTS (SELECT FROM portal.login_key k WHERE k.practice_id = $1 AND k.key = t.key)
             AND NOT EXISTS (SELECT FROM portal.contact_email m WHERE m.practice_id = $1 AND m.key = t.key)",
        practice,
        &keys as &[&str],
    )
    .execute(&mut *connection)
    .await?;
    // With somebody behind the login the wish may be theirs, and is decided within seconds.
    if what.heir.is_none() {
        // As they were typed, so they are bytes there.
        let addresses: Vec<_> = what.addresses.iter().map(String::as_bytes).collect();
        sqlx::query!(
            "DELETE FROM portal.enquiry WHERE practice_id = $1 AND address = ANY ($2)",
            practice,
            &addresses as &[&[u8]],
        )
        .execute(connection)
        .await?;
    }
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
    let naming = sqlx::query!(
        r#"SELECT job_id, place, ref AS reference, content, outcome, report FROM portal.job_row
           WHERE practice_id = $1 AND (ref = $2
               OR EXISTS (SELECT FROM unnest($3::text[]) AS n (needle) WHERE strpos(report, n.needle) > 0))"#,
        practice,
        names.reference.as_str(),
        &names.needles(),
    );
    for row in naming.fetch_all(&mut *connection).await? {
        let stored = StoredRow {
            place: row.place,
            reference: row.reference,
            content: row.content,
            outcome: row.outcome,
            report: row.report,
        };
        if let Some(without) = names.without_row(&stored.read()?) {
            rewrite(connection, practice, row.job_id, &without).await?;
        }
    }
    Ok(())
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

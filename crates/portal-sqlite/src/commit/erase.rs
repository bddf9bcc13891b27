//! Erasure of contacts (J3). Guards are held and everything else is written, but for what the commit itself tells.

use portal_domain::{
    email::LoginKey,
    erasure::{Erasure, Names},
    job::JobRow,
};
use sqlx::SqliteConnection;

use crate::{
    encode::{HexBytes, ids, json, texts},
    error::Fault,
    jobs::StoredRow,
};

/// So many rows of jobs are read at once.
const PAGE: i64 = 500;

/// Removes what is personal of contacts that are not there any more.
pub(super) async fn erase(connection: &mut SqliteConnection, practice: &[u8], what: &Erasure) -> Result<(), Fault> {
    let contacts = ids(&what.contacts);
    let gone = sqlx::query_scalar!(
        "DELETE FROM portal_gone_contact
         WHERE practice_id = ?1 AND contact_id IN (SELECT unhex(value) FROM json_each(?2)) RETURNING deleted_at",
        practice,
        contacts
    );
    let gone = gone.fetch_all(&mut *connection).await?;
    // Who was not deleted, or is erased already, is not erased now.
    if gone.len() != what.contacts.len() {
        return Err(Fault::Conflict);
    }
    let until = gone.into_iter().max().unwrap_or_default();
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
async fn personal(connection: &mut SqliteConnection, practice: &[u8], contacts: &str) -> Result<(), Fault> {
    let erase = sqlx::query!(
        "WITH own (event_id, login_id) AS (
             SELECT v.event_id, v.login_id FROM json_each(?2) AS e
             CROSS JOIN portal_event AS v
                 ON v.practice_id = ?1 AND v.contact_id = unhex(e.value) AND v.number IS NOT NULL
             UNION ALL
             SELECT v.event_id, v.login_id FROM portal_event AS v
             WHERE v.practice_id = ?1 AND v.number IS NULL AND v.contact_id IN (SELECT unhex(value) FROM json_each(?2)))
         DELETE FROM portal_event_personal WHERE practice_id = ?1 AND event_id IN (
             SELECT event_id FROM own
             UNION ALL
             SELECT v.event_id FROM (SELECT DISTINCT login_id FROM own WHERE login_id IS NOT NULL) AS l
             CROSS JOIN portal_event AS v
                 ON v.practice_id = ?1 AND v.login_id = l.login_id AND v.contact_id IS NULL
             WHERE NOT EXISTS (SELECT 1 FROM portal_login AS g WHERE g.practice_id = ?1 AND g.login_id = l.login_id))",
        practice,
        contacts
    );
    erase.execute(connection).await?;
    Ok(())
}

/// Where sessions of logins came from that they were behind: whose browser it was, nobody can tell. Those that looked at their
/// profiles forget that too.
async fn sessions(connection: &mut SqliteConnection, practice: &[u8], contacts: &str, until: i64) -> Result<(), Fault> {
    let forget = sqlx::query!(
        "WITH own (login_id) AS (
             SELECT v.login_id FROM json_each(?2) AS e
             CROSS JOIN portal_event AS v
                 ON v.practice_id = ?1 AND v.contact_id = unhex(e.value) AND v.number IS NOT NULL
             UNION
             SELECT v.login_id FROM portal_event AS v
             WHERE v.practice_id = ?1 AND v.number IS NULL AND v.contact_id IN (SELECT unhex(value) FROM json_each(?2)))
         UPDATE portal_session
         SET (profile_contact_id, profile_client_id) = (
                 SELECT profile_contact_id, profile_client_id
                 WHERE profile_contact_id NOT IN (SELECT unhex(value) FROM json_each(?2))),
             origin = NULL, user_agent = NULL
         WHERE practice_id = ?1 AND login_id IN (SELECT login_id FROM own)
             AND (created_at <= ?3 OR profile_contact_id IN (SELECT unhex(value) FROM json_each(?2)))",
        practice,
        contacts,
        until
    );
    forget.execute(connection).await?;
    Ok(())
}

/// Links, with the wishes for others in their place; hand-overs and sign-in codes. What works of the login that others stay behind passes
/// to them.
async fn links(
    connection: &mut SqliteConnection,
    practice: &[u8],
    contacts: &str,
    what: &Erasure,
) -> Result<(), Fault> {
    for heir in &what.heirs {
        let (contact, login) = (heir.contact.to_bytes(), heir.login.to_bytes());
        let (contact, login) = (contact.as_slice(), login.as_slice());
        let (address, at) = (heir.address.as_str(), what.at.as_micros());
        let inherit = sqlx::query!(
            "UPDATE portal_link SET contact_id = ?3, address = ?4, opened_at = NULL, last_opened_at = NULL
             WHERE practice_id = ?1 AND login_id = ?5 AND used_at IS NULL AND ended_at IS NULL AND expires_at > ?6
                 AND contact_id IN (SELECT unhex(value) FROM json_each(?2))",
            practice,
            contacts,
            contact,
            address,
            login,
            at
        );
        inherit.execute(&mut *connection).await?;
    }
    let wishes = sqlx::query!(
        "DELETE FROM portal_enquiry WHERE practice_id = ?1 AND link_id IN (
             SELECT l.link_id FROM json_each(?2) AS e
             CROSS JOIN portal_link AS l ON l.practice_id = ?1 AND l.contact_id = unhex(e.value))",
        practice,
        contacts
    );
    wishes.execute(&mut *connection).await?;
    let links = sqlx::query!(
        "DELETE FROM portal_link WHERE practice_id = ?1 AND contact_id IN (SELECT unhex(value) FROM json_each(?2))",
        practice,
        contacts
    );
    links.execute(&mut *connection).await?;
    let handoffs = sqlx::query!(
        "DELETE FROM portal_handoff WHERE practice_id = ?1 AND contact_id IN (SELECT unhex(value) FROM json_each(?2))",
        practice,
        contacts
    );
    handoffs.execute(&mut *connection).await?;
    let codes = sqlx::query!(
        "DELETE FROM portal_sign_in_code
         WHERE practice_id = ?1 AND contact_id IN (SELECT unhex(value) FROM json_each(?2))",
        practice,
        contacts
    );
    codes.execute(connection).await?;
    Ok(())
}

/// Mail, sent or not: whoever holds a message holds it no longer.
async fn messages(connection: &mut SqliteConnection, practice: &[u8], contacts: &str) -> Result<(), Fault> {
    let messages = sqlx::query!(
        "DELETE FROM portal_message WHERE practice_id = ?1 AND contact_id IN (SELECT unhex(value) FROM json_each(?2))",
        practice,
        contacts
    );
    messages.execute(connection).await?;
    Ok(())
}

/// What was asked for at their addresses. Where somebody has the key, the wish may be theirs, and is decided within seconds.
async fn wishes(connection: &mut SqliteConnection, practice: &[u8], what: &Erasure) -> Result<(), Fault> {
    let addresses = what.addresses.iter().map(|(address, key)| (address, key.as_ref().map(LoginKey::as_str)));
    let addresses = json(&Vec::from_iter(addresses));
    let wishes = sqlx::query!(
        "DELETE FROM portal_enquiry WHERE practice_id = ?1 AND address IN (
             SELECT e.value ->> 0 FROM json_each(?2) AS e WHERE NOT EXISTS (
                 SELECT 1 FROM portal_login_key AS k WHERE k.practice_id = ?1 AND k.key = e.value ->> 1))",
        practice,
        addresses
    );
    wishes.execute(connection).await?;
    Ok(())
}

/// Keys of theirs that nobody has, at which notes of tries are removed after the commit.
async fn keys_left(connection: &mut SqliteConnection, practice: &[u8], what: &Erasure) -> Result<(), Fault> {
    let tried = what.tried.iter();
    let tried = tried.flat_map(|(key, marks)| marks.iter().map(|mark| (key.as_str(), HexBytes(mark.0))));
    let tried = json(&Vec::from_iter(tried));
    let left = sqlx::query!(
        "INSERT INTO portal_erased_key (practice_id, key, mark)
         SELECT ?1, e.value ->> 0, unhex(e.value ->> 1) FROM json_each(?2) AS e WHERE NOT EXISTS (
             SELECT 1 FROM portal_login_key AS k WHERE k.practice_id = ?1 AND k.key = e.value ->> 0)
         ON CONFLICT (practice_id, key, mark) DO NOTHING",
        practice,
        tried
    );
    left.execute(connection).await?;
    Ok(())
}

/// What kept mail back to keys of theirs that nobody has.
async fn suppressions(connection: &mut SqliteConnection, practice: &[u8], what: &Erasure) -> Result<(), Fault> {
    let keys = json(&Vec::from_iter(what.addresses.values().flatten().map(LoginKey::as_str)));
    let forget = sqlx::query!(
        "DELETE FROM portal_suppression WHERE practice_id = ?1 AND key IN (
             SELECT e.value FROM json_each(?2) AS e WHERE NOT EXISTS (
                 SELECT 1 FROM portal_login_key AS k WHERE k.practice_id = ?1 AND k.key = e.value))",
        practice,
        keys
    );
    forget.execute(connection).await?;
    Ok(())
}

/// Answers that are kept: their own say nothing any more, others do without them.
async fn answers(
    connection: &mut SqliteConnection,
    practice: &[u8],
    contacts: &str,
    names: Option<&Names>,
) -> Result<(), Fault> {
    let own = sqlx::query!(
        "UPDATE portal_receipt SET outcome = x''
         WHERE practice_id = ?1 AND contact_id IN (SELECT unhex(value) FROM json_each(?2))",
        practice,
        contacts
    );
    own.execute(&mut *connection).await?;
    let Some(names) = names else { return Ok(()) };
    let needle = names.reference_needle();
    let needle = needle.as_bytes();
    let naming = sqlx::query!(
        "SELECT scope, key, outcome FROM portal_receipt
         WHERE practice_id = ?1 AND contact_id IS NOT NULL AND instr(outcome, ?2) > 0",
        practice,
        needle
    );
    for row in naming.fetch_all(&mut *connection).await? {
        let Some(outcome) = names.without(&row.outcome) else { continue };
        let without = sqlx::query!(
            "UPDATE portal_receipt SET outcome = ?4 WHERE practice_id = ?1 AND scope = ?2 AND key = ?3",
            practice,
            row.scope,
            row.key,
            outcome
        );
        without.execute(&mut *connection).await?;
    }
    Ok(())
}

/// Files that are not taken apart yet, or on their way, are forgotten: nobody can say which of their rows is about whom.
async fn files(connection: &mut SqliteConnection, practice: &[u8], what: &Erasure) -> Result<(), Fault> {
    if what.names.is_none() {
        return Ok(());
    }
    let at = what.at.as_micros();
    let files = sqlx::query!(
        "UPDATE portal_job SET version = version + 1, forget_at = ?2 WHERE practice_id = ?1 AND state = 'staging'",
        practice,
        at
    );
    files.execute(connection).await?;
    Ok(())
}

/// Rows of jobs: their own say nothing any more, others do without them. Whoever works on a job begins anew.
async fn rows(connection: &mut SqliteConnection, practice: &[u8], names: Option<&Names>) -> Result<(), Fault> {
    let Some(names) = names else { return Ok(()) };
    let anew = sqlx::query!(
        "UPDATE portal_job SET version = version + 1 WHERE practice_id = ?1 AND state IN ('running', 'paused')",
        practice
    );
    anew.execute(&mut *connection).await?;
    while own_rows(connection, practice, names).await? {}
    let mut after = Some((vec![0; 16], i64::MIN));
    while let Some(last) = after {
        after = naming_rows(connection, practice, names, last).await?;
    }
    Ok(())
}

/// Empties some of their own rows. Answers whether there were any: emptied, they have no reference any more.
async fn own_rows(connection: &mut SqliteConnection, practice: &[u8], names: &Names) -> Result<bool, Fault> {
    let reference = names.reference.as_str();
    let own = sqlx::query_as!(
        Found,
        r#"SELECT job_id AS "job_id!", place AS "place!", ref AS "reference!", content AS "content!", outcome, report
           FROM portal_job_row WHERE practice_id = ?1 AND ref = ?2 LIMIT ?3"#,
        practice,
        reference,
        PAGE
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
    connection: &mut SqliteConnection,
    practice: &[u8],
    names: &Names,
    (job, place): (Vec<u8>, i64),
) -> Result<Option<(Vec<u8>, i64)>, Fault> {
    let needles = names.needles();
    let needles = texts(needles.iter().map(String::as_str));
    // What stands in every row that names somebody has an index.
    let naming = sqlx::query_as!(
        Found,
        r#"SELECT job_id AS "job_id!", place AS "place!", ref AS "reference!", content AS "content!", outcome, report
           FROM portal_job_row
           WHERE practice_id = ?1 AND (job_id, place) > (?4, ?5)
               AND (instr(report, '"reference":') > 0 OR instr(report, '`') > 0)
               AND EXISTS (SELECT 1 FROM json_each(?2) AS e WHERE instr(report, e.value) > 0)
           ORDER BY job_id, place LIMIT ?3"#,
        practice,
        needles,
        PAGE,
        job,
        place
    );
    let naming = naming.fetch_all(&mut *connection).await?;
    let last = naming.last().map(|row| (row.job_id.clone(), row.place));
    for row in naming {
        row.without(connection, practice, names).await?;
    }
    Ok(last)
}

/// A row of a job, as it was found.
struct Found {
    job_id: Vec<u8>,
    place: i64,
    reference: String,
    content: String,
    outcome: Option<String>,
    report: Option<String>,
}

impl Found {
    async fn without(self, connection: &mut SqliteConnection, practice: &[u8], names: &Names) -> Result<(), Fault> {
        let Self { job_id, place, reference, content, outcome, report } = self;
        let stored = StoredRow { place, reference, content, outcome, report };
        match names.without_row(&stored.read()?) {
            Some(without) => rewrite(connection, practice, &job_id, &without).await,
            None => Ok(()),
        }
    }
}

async fn rewrite(connection: &mut SqliteConnection, practice: &[u8], job: &[u8], row: &JobRow) -> Result<(), Fault> {
    let (content, settled) = (json(&row.content), row.settled.as_ref());
    let effect = settled.and_then(|settled| settled.effect()).map(|effect| effect.code());
    let report = settled.map(|settled| json(&settled.report));
    let rewrite = sqlx::query!(
        "UPDATE portal_job_row SET ref = ?4, content = ?5, effect = ?6, report = ?7
         WHERE practice_id = ?1 AND job_id = ?2 AND place = ?3",
        practice,
        job,
        row.place,
        row.reference,
        content,
        effect,
        report
    );
    rewrite.execute(connection).await?;
    Ok(())
}

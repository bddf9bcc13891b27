//! What a decision relied upon, looked at once more now that nobody else can write.

use sqlx::SqliteConnection;

use super::plan::Guards;
use crate::{encode::Rows, error::Fault};

pub(super) async fn check(connection: &mut SqliteConnection, practice: &[u8], guards: &Guards) -> Result<(), Fault> {
    if !guards.practices.is_empty() {
        let found = sqlx::query_scalar!(
            r#"SELECT count(*) AS "found!: i64" FROM json_each(?2) AS e CROSS JOIN portal_practice AS p
               ON p.practice_id = ?1 AND p.practice_id = unhex(e.value ->> 'id') AND p.version = e.value ->> 'version'"#,
            practice,
            guards.practices.json
        );
        all(found.fetch_one(&mut *connection).await?, &guards.practices)?;
    }
    if !guards.users.is_empty() {
        let found = sqlx::query_scalar!(
            r#"SELECT count(*) AS "found!: i64" FROM json_each(?2) AS e CROSS JOIN portal_practice_user AS u
               ON u.practice_id = ?1 AND u.user_id = unhex(e.value ->> 'id') AND u.version = e.value ->> 'version'"#,
            practice,
            guards.users.json
        );
        all(found.fetch_one(&mut *connection).await?, &guards.users)?;
    }
    if !guards.clients.is_empty() {
        let found = sqlx::query_scalar!(
            r#"SELECT count(*) AS "found!: i64" FROM json_each(?2) AS e CROSS JOIN portal_client AS c
               ON c.practice_id = ?1 AND c.client_id = unhex(e.value ->> 'id') AND c.version = e.value ->> 'version'"#,
            practice,
            guards.clients.json
        );
        all(found.fetch_one(&mut *connection).await?, &guards.clients)?;
    }
    if !guards.contacts.is_empty() {
        let found = sqlx::query_scalar!(
            r#"SELECT count(*) AS "found!: i64" FROM json_each(?2) AS e CROSS JOIN portal_contact AS c
               ON c.practice_id = ?1 AND c.contact_id = unhex(e.value ->> 'id') AND c.version = e.value ->> 'version'"#,
            practice,
            guards.contacts.json
        );
        all(found.fetch_one(&mut *connection).await?, &guards.contacts)?;
    }
    if !guards.logins.is_empty() {
        let found = sqlx::query_scalar!(
            r#"SELECT count(*) AS "found!: i64" FROM json_each(?2) AS e CROSS JOIN portal_login AS l
               ON l.practice_id = ?1 AND l.login_id = unhex(e.value ->> 'id') AND l.version = e.value ->> 'version'"#,
            practice,
            guards.logins.json
        );
        all(found.fetch_one(&mut *connection).await?, &guards.logins)?;
    }
    Ok(())
}

fn all(found: i64, expected: &Rows) -> Result<(), Fault> {
    if usize::try_from(found) == Ok(expected.count) { Ok(()) } else { Err(Fault::Conflict) }
}

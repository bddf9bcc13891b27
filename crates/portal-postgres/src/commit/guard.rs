//! What the decisions relied on, locked and compared before anything is written.

use std::collections::{BTreeMap, btree_map::Entry};

use portal_domain::{
    change::{Aggregate, Decision, Reliance},
    id::PracticeId,
};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::failure::Failure;

/// Version and manner of reliance, by id: locks are taken in this order, whoever takes them.
type Expected = BTreeMap<Uuid, (i64, Reliance)>;

/// Aggregates by kind.
#[derive(Default)]
struct Guards {
    practices: Expected,
    users: Expected,
    clients: Expected,
    contacts: Expected,
    logins: Expected,
}

/// A locked row.
struct Locked {
    id: Uuid,
    version: i64,
}

/// Takes the locks of one kind with one statement.
///
/// Where some rows of a kind change and others are looked at, all are locked as if they changed: two statements would
/// take their locks in two orders, and two commits that look at what the other changes would wait for each other.
macro_rules! lock {
    ($connection:ident, $practice:ident, $expected:expr, $select:literal) => {
        if !$expected.is_empty() {
            let ids: Vec<Uuid> = $expected.keys().copied().collect();
            let locked = if $expected.values().any(|(_, how)| *how == Reliance::Changed) {
                sqlx::query_as!(Locked, $select + " FOR NO KEY UPDATE", $practice, &ids)
                    .fetch_all(&mut *$connection)
                    .await?
            } else {
                sqlx::query_as!(Locked, $select + " FOR SHARE", $practice, &ids).fetch_all(&mut *$connection).await?
            };
            compare(&$expected, &locked)?;
        }
    };
}

/// Locks what the decisions relied on, kind by kind. A row that is gone or has moved on is a conflict.
pub(crate) async fn hold(
    connection: &mut PgConnection,
    practice: PracticeId,
    decisions: &[Decision],
) -> Result<(), Failure> {
    let guards = Guards::of(decisions)?;
    let practice = practice.to_uuid();
    lock!(
        connection,
        practice,
        guards.practices,
        "SELECT practice_id AS id, version FROM portal.practice
         WHERE practice_id = $1 AND practice_id = ANY ($2) ORDER BY practice_id"
    );
    lock!(
        connection,
        practice,
        guards.users,
        "SELECT user_id AS id, version FROM portal.practice_user
         WHERE practice_id = $1 AND user_id = ANY ($2) ORDER BY user_id"
    );
    lock!(
        connection,
        practice,
        guards.clients,
        "SELECT client_id AS id, version FROM portal.client
         WHERE practice_id = $1 AND client_id = ANY ($2) ORDER BY client_id"
    );
    lock!(
        connection,
        practice,
        guards.contacts,
        "SELECT contact_id AS id, version FROM portal.contact
         WHERE practice_id = $1 AND contact_id = ANY ($2) ORDER BY contact_id"
    );
    lock!(
        connection,
        practice,
        guards.logins,
        "SELECT login_id AS id, version FROM portal.login
         WHERE practice_id = $1 AND login_id = ANY ($2) ORDER BY login_id"
    );
    Ok(())
}

impl Guards {
    fn of(decisions: &[Decision]) -> Result<Self, Failure> {
        let mut guards = Self::default();
        for expect in decisions.iter().flat_map(|decision| &decision.expect) {
            let (kind, id) = match expect.what {
                Aggregate::Practice(id) => (&mut guards.practices, id.to_uuid()),
                Aggregate::User(id) => (&mut guards.users, id.to_uuid()),
                Aggregate::Client(id) => (&mut guards.clients, id.to_uuid()),
                Aggregate::Contact(id) => (&mut guards.contacts, id.to_uuid()),
                Aggregate::Login(id) => (&mut guards.logins, id.to_uuid()),
            };
            match kind.entry(id) {
                Entry::Vacant(free) => {
                    free.insert((expect.version, expect.how));
                }
                // Decisions on facts of two moments: at most one of them can be right.
                Entry::Occupied(seen) if seen.get().0 != expect.version => return Err(Failure::Conflict),
                Entry::Occupied(mut seen) => seen.get_mut().1 = seen.get().1.max(expect.how),
            }
        }
        Ok(guards)
    }
}

fn compare(expected: &Expected, locked: &[Locked]) -> Result<(), Failure> {
    let as_seen = |row: &Locked| expected.get(&row.id).is_some_and(|(version, _)| *version == row.version);
    if locked.len() == expected.len() && locked.iter().all(as_seen) { Ok(()) } else { Err(Failure::Conflict) }
}

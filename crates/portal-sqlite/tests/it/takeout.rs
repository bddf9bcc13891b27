//! What leaves with a practice is everything that is held of it, or left out for a reason.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::{ConnectOptions, Row, sqlite::SqliteConnectOptions};

use crate::kit::House;

/// Tables whose rows an export has, with the columns that it leaves out.
const EXPORTED: [(&str, &[&str]); 22] = [
    ("practice", &["mails_per_hour", "version"]),
    ("practice_slug", &[]),
    ("api_key", &["hash"]),
    ("practice_user", &["key", "version"]),
    ("client", &["version"]),
    ("login", &["credential_hash", "credential_id", "epoch", "version"]),
    ("contact", &["version"]),
    ("contact_email", &["key"]),
    ("contact_client", &[]),
    ("contact_former_key", &[]),
    ("link", &["epoch", "signed_with"]),
    ("session", &["epoch", "hash"]),
    ("workspace_session", &["hash"]),
    ("message", &["accepted_at", "attempts", "due_at", "lane", "leased_until", "place"]),
    ("message_attempt", &["number"]),
    ("event", &["ordinal"]),
    ("event_personal", &[]),
    ("handoff", &["epoch", "hash"]),
    ("sign_in_code", &["hash"]),
    ("sign_in_try", &["over_at"]),
    ("webhook_delivery", &[]),
    ("journal_head", &["key_id", "mac"]),
];

/// Tables of which a part is in JSON, so that only their line says what of it is exported.
const EXPORTED_IN_PART: [&str; 3] = ["webhook", "job", "job_row"];

/// Tables that no export has, and why.
const LEFT_OUT: [(&str, &str); 11] = [
    ("login_key", "which key belongs to whom is told with logins and practice users"),
    ("throttle", "counters at digests of keys and origins; what they bar shows in a contact's status"),
    ("receipt", "answers for repeated calls, for a day; some are sealed, and all tell what is exported itself"),
    ("enquiry", "what anybody asked for, for seconds, until a worker decides it"),
    ("gone_contact", "which reference a deleted contact had, so that it can be erased; its events name it too"),
    ("outbox_turn", "whose turn it is to send; it means nothing elsewhere"),
    ("counter", "the next places in queues; it belongs to no practice"),
    ("staff_credential", "passwords of practice users; no hash leaves"),
    ("staff_link", "links of the workspace, which are staff's and not the practice's records; its events tell of them"),
    ("operator_key", "it belongs to whoever runs the service"),
    ("deletion", "what is left of practices that are gone"),
];

/// Whoever adds a table or a column to one that is exported says here what an export does with it.
#[tokio::test]
async fn every_table_and_column_is_exported_or_left_out_for_a_reason() {
    let house = House::new().await;
    let mut raw = SqliteConnectOptions::new().filename(house.path()).connect().await.unwrap();
    let columns = sqlx::query(
        "SELECT m.name AS name, c.name AS part FROM sqlite_master AS m JOIN pragma_table_info(m.name) AS c
         WHERE m.type = 'table' AND m.name LIKE 'portal~_%' ESCAPE '~' AND m.name <> 'portal_migrations'",
    );
    let mut tables: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in columns.fetch_all(&mut raw).await.unwrap() {
        let name: String = row.get("name");
        tables.entry(name.trim_start_matches("portal_").to_owned()).or_default().insert(row.get("part"));
    }
    let named = EXPORTED.iter().map(|(table, _)| *table).chain(EXPORTED_IN_PART);
    let named: Vec<_> = named.chain(LEFT_OUT.iter().map(|(table, _)| *table)).collect();
    let known: BTreeSet<_> = named.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(known.len(), named.len(), "a table is there twice");
    assert_eq!(known, tables.keys().cloned().collect(), "each table is exported, or left out for a reason");

    // Every column that is not left out has a place in a statement that exports.
    let read = [
        include_str!("../../src/export/parts.rs"),
        include_str!("../../src/export/passages.rs"),
        include_str!("../../src/read/people.rs"),
        include_str!("../../src/read/practice.rs"),
        include_str!("../../src/read/views.rs"),
        include_str!("../../src/journal.rs"),
    ]
    .concat();
    let words: BTreeSet<&str> = read.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
    for (table, left_out) in EXPORTED {
        let columns = &tables[table];
        let gone: Vec<_> = left_out.iter().filter(|column| !columns.contains(**column)).collect();
        assert!(gone.is_empty(), "`{table}` has no {gone:?}");
        for column in columns.iter().filter(|column| !left_out.contains(&column.as_str())) {
            assert!(words.contains(column.as_str()), "no statement exports `{table}.{column}`");
        }
    }
    // And those that hold a secret, or a digest of one, stand in no statement that was written for exports.
    let own = [include_str!("../../src/export/parts.rs"), include_str!("../../src/export/passages.rs")].concat();
    for secret in ["hash", "credential_hash", "signed_with", "mac"] {
        let statements = own.lines().filter(|line| !line.trim_start().starts_with("//"));
        let found =
            statements.filter(|line| line.split(|c: char| !c.is_alphanumeric() && c != '_').any(|it| it == secret));
        assert_eq!(found.count(), 0, "`{secret}` is read for an export");
    }
}

//! What leaves with a practice is everything that is held of it, or left out for a reason.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use sqlx::{AssertSqlSafe, ConnectOptions, Row, SqliteConnection, sqlite::SqliteConnectOptions};

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
    // Says only whom a hint leaves out.
    ("contact_former_key", &["wrong"]),
    ("link", &["epoch", "reminded_days", "signed_with"]),
    ("session", &["epoch", "hash"]),
    ("workspace_session", &["hash"]),
    ("message", &["accepted_at", "attempts", "due_at", "lane", "leased_until", "place"]),
    ("message_attempt", &["number"]),
    ("event", &["ordinal"]),
    // Found by it, beside its event.
    ("event_personal", &["event_id"]),
    ("handoff", &["epoch", "hash"]),
    ("sign_in_code", &["hash"]),
    ("sign_in_try", &["mark", "over_at"]),
    ("webhook_delivery", &[]),
    ("journal_head", &["key_id", "mac"]),
];

/// Tables of which a part is in JSON, so that only their line says what of it is exported.
const EXPORTED_IN_PART: [&str; 3] = ["webhook", "job", "job_row"];

/// Tables that no export has, and why.
const LEFT_OUT: [(&str, &str); 17] = [
    ("login_key", "which key belongs to whom is told with logins and practice users"),
    ("throttle", "counters at digests of keys and origins; what they bar shows in a contact's status"),
    ("receipt", "answers for repeated calls, for a day; some are sealed, and all tell what is exported itself"),
    ("enquiry", "what anybody asked for, for seconds, until a worker decides it"),
    ("gone_contact", "which reference a deleted contact had, so that it can be erased; its events name it too"),
    ("erased_key", "keys that an erasure left to nobody, until the notes of tries at them are gone, an hour at most"),
    (
        "suppression",
        "addresses that mail came back from; the messages that came back are told, and another relay learns anew",
    ),
    ("job_turn", "whose turn it is to have a job run; it means nothing elsewhere"),
    ("outbox_turn", "whose turn it is to send; it means nothing elsewhere"),
    ("counter", "the next places in queues; it belongs to no practice"),
    ("staff_credential", "passwords of practice users; no hash leaves"),
    ("staff_link", "links of the workspace, which are staff's and not the practice's records; its events tell of them"),
    ("viewing", "looks of staff at the portal, for minutes; their events tell of them"),
    ("viewer", "which staff may look at the portal; their events tell of it"),
    ("import_columns", "what somebody said columns of files are, beside digests; they are told apart anew elsewhere"),
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

    // Every column that is not left out is read by a statement that exports.
    let others = [
        include_str!("../../src/read/people.rs"),
        include_str!("../../src/read/practice.rs"),
        include_str!("../../src/read/views.rs"),
        include_str!("../../src/journal.rs"),
    ];
    let own = [include_str!("../../src/export/parts.rs"), include_str!("../../src/export/passages.rs")];
    let schema = Schema::of(&mut raw).await;
    let own = schema.columns_of(&mut raw, &own).await;
    let read: BTreeSet<_> = own.union(&schema.columns_of(&mut raw, &others).await).cloned().collect();
    let mut forgotten = Vec::new();
    for (table, left_out) in EXPORTED {
        let columns = &tables[table];
        let gone: Vec<_> = left_out.iter().filter(|column| !columns.contains(**column)).collect();
        assert!(gone.is_empty(), "`{table}` has no {gone:?}");
        // All that is exported is of one practice, which is looked for and not read.
        let told = columns.iter().filter(|column| !left_out.contains(&column.as_str()) && *column != "practice_id");
        let places = told.map(|column| (format!("portal_{table}"), column.clone()));
        forgotten.extend(places.filter(|place| !read.contains(place)));
    }
    assert_eq!(forgotten, [], "no statement exports them");
    // And those that hold a secret, or a digest of one, are read by no statement that was written for exports.
    let secret = |(_, column): &&(String, String)| SECRETS.contains(&column.as_str());
    assert_eq!(own.iter().filter(secret).collect::<Vec<_>>(), Vec::<&(String, String)>::new());
}

const SECRETS: [&str; 4] = ["hash", "credential_hash", "signed_with", "mac"];

/// What stands in which place of which b-tree, by the page that it begins at.
struct Schema(BTreeMap<i64, (String, BTreeMap<i64, String>)>);

impl Schema {
    async fn of(raw: &mut SqliteConnection) -> Self {
        let places = sqlx::query(
            "SELECT m.rootpage AS root, m.tbl_name AS t, x.seqno AS place, x.name AS c
             FROM sqlite_master AS m JOIN pragma_index_xinfo(m.name) AS x WHERE m.type = 'index' AND m.rootpage > 0
             UNION ALL
             SELECT m.rootpage, m.tbl_name, coalesce(x.seqno, c.cid), coalesce(x.name, c.name)
             FROM sqlite_master AS m JOIN pragma_table_info(m.name) AS c
             LEFT JOIN pragma_index_list(m.name) AS l ON l.origin = 'pk'
                 AND EXISTS (SELECT * FROM pragma_table_list(m.name) AS k WHERE k.wr = 1)
             LEFT JOIN pragma_index_xinfo(l.name) AS x
             WHERE m.type = 'table'",
        );
        let mut all: BTreeMap<i64, (String, BTreeMap<i64, String>)> = BTreeMap::new();
        for row in places.fetch_all(raw).await.unwrap() {
            let tree = all.entry(row.get("root")).or_insert_with(|| (row.get("t"), BTreeMap::new()));
            if let Some(column) = row.get::<Option<String>, _>("c") {
                tree.1.insert(row.get("place"), column);
            }
        }
        Self(all)
    }

    /// The columns that the statements in these sources read: SQLite says so itself, step by step.
    async fn columns_of(&self, raw: &mut SqliteConnection, sources: &[&str]) -> BTreeSet<(String, String)> {
        let mut columns = BTreeSet::new();
        let mut statements = 0;
        for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.sqlx")).unwrap() {
            let described: Value =
                serde_json::from_str(&std::fs::read_to_string(file.unwrap().path()).unwrap()).unwrap();
            let query = described["query"].as_str().unwrap();
            if !sources.iter().any(|source| source.contains(query)) {
                continue;
            }
            statements += 1;
            let mut cursors = BTreeMap::new();
            for step in sqlx::query(AssertSqlSafe(format!("EXPLAIN {query}"))).fetch_all(&mut *raw).await.unwrap() {
                let (cursor, second): (i64, i64) = (step.get("p1"), step.get("p2"));
                match step.get("opcode") {
                    "OpenRead" | "ReopenIdx" => drop(cursors.insert(cursor, second)),
                    "Column" => columns.extend(cursors.get(&cursor).and_then(|root| {
                        let (table, places) = self.0.get(root)?;
                        Some((table.clone(), places.get(&second)?.clone()))
                    })),
                    "Rowid" | "IdxRowid" => columns.extend(
                        cursors.get(&cursor).and_then(|root| Some((self.0.get(root)?.0.clone(), "rowid".to_owned()))),
                    ),
                    _ => {}
                }
            }
        }
        assert!(statements > 5, "the statements were found");
        columns
    }
}

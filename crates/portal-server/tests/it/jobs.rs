//! Imports over HTTP by the real program: killed, taken over by another instance, and done once.

use std::{collections::BTreeSet, fmt::Write as _, time::Duration};

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::support::{Bed, Client, Database, data::Data, on_both_databases};

on_both_databases!(
    n3_an_import_that_is_killed_is_done_exactly_once,
    i_the_sample_export_over_http,
    activations_are_throttled_and_resumed
);

/// Several batches.
const ROWS: usize = 3_000;
/// A lease has to run out before another takes a job over.
const PATIENCE: Duration = Duration::from_secs(90);

impl Client {
    async fn send_file(&self, query: &str, bytes: &[u8]) -> String {
        let path = format!("/api/v1/imports{query}");
        let answer = self.with("content-type", "text/csv").send("POST", &path, Some(bytes.to_vec())).await;
        answer.expect(202)["id"].as_str().expect("an id").to_owned()
    }

    /// Waits until so many rows of a job are settled, and answers what is told of it.
    async fn settled(&self, path: &str, rows: u64) -> Value {
        let begun = Instant::now();
        loop {
            let told = self.get(path).await.expect(200);
            if told["done"].as_u64().expect("a number") >= rows {
                return told;
            }
            assert!(begun.elapsed() < PATIENCE, "{told}");
            sleep(Duration::from_millis(20)).await;
        }
    }
}

async fn n3_an_import_that_is_killed_is_done_exactly_once(database: Database) {
    let bed = Bed::new(database);
    let key = bed.practice("smith").await;
    let mut file = String::from("ref,name,emails,clients,activate\n");
    for row in 0..ROWS {
        writeln!(file, "c-{row},Person {row},Person.{row}@first.example,client-{},yes", row % 40).unwrap();
    }
    let served = bed.serve().await;
    let host = served.client().host(&key);
    let path = format!("/api/v1/imports/{}", host.send_file("?activate=true", file.as_bytes()).await);
    // Killed as soon as something is written, twice: once another instance is there already, once only later.
    host.settled(&path, 1).await;
    let other = bed.serve().await;
    served.kill().await;
    let host = other.client().host(&key);
    let before = host.get(&path).await.expect(200)["done"].as_u64().unwrap();
    host.settled(&path, before + 1).await;
    other.kill().await;
    let last = bed.serve().await;
    let host = last.client().host(&key);
    let told = host.settled(&path, ROWS as u64).await;
    assert_eq!(told["state"], "done");
    assert_eq!((&told["created"], &told["refused"]), (&json!(ROWS), &json!(0)));
    assert_eq!(told["effects"]["activations"], json!({ "invited": ROWS }));
    assert_eq!(told["effects"]["messages"], json!({ "activation": ROWS }));
    drop(last);

    let data = Data::of(&bed);
    let contacts: BTreeSet<_> = data.table("contact", &["ref", "access"]).await.into_iter().collect();
    assert_eq!(contacts.len(), ROWS);
    assert!(contacts.iter().all(|line| line[1].as_deref() == Some("granted")));
    assert_eq!(data.table("message", &["kind"]).await.len(), ROWS, "one mail for each");
    let events = data.table("event", &["kind", "caller"]).await;
    for (kind, many) in
        [("contact.created", ROWS), ("contact.activated", ROWS), ("client.created", 40), ("import.started", 1)]
    {
        let told: Vec<_> = events.iter().filter(|line| line[0].as_deref() == Some(kind)).collect();
        assert_eq!(told.len(), many, "{kind}");
        assert!(told.iter().all(|line| line[1].as_deref().is_some_and(|caller| caller.starts_with("host:"))), "{kind}");
    }
    let rows = data.table("job_row", &["outcome"]).await;
    assert_eq!(rows.len(), ROWS);
    assert!(rows.iter().all(|line| line[0].as_deref() == Some("created")));
    bed.seal().await;
}

const CONTACTS: &[u8] = include_bytes!("../samples/contacts.csv");
const USERS: &str = include_str!("../samples/practice_users.csv");
const EXPECTED: &str = include_str!("../samples/expected.json");

/// The verdicts of the sample export are those of the command line; said as Windows-1252 with `;`, they are the same where that
/// encoding has the letters.
async fn i_the_sample_export_over_http(database: Database) {
    let bed = Bed::new(database);
    let key = bed.practice("smith").await;
    for line in USERS.lines().skip(1) {
        let [_, name, email, role] = line.split(',').collect::<Vec<_>>()[..] else { panic!("{line}") };
        bed.done(&["user", "add", "--email", email, "--name", name, "--role", role]).await;
    }
    let expected: Value = serde_json::from_str(EXPECTED).unwrap();
    let expected = expected["rows_expected"].as_array().unwrap();
    let served = bed.serve().await;
    let host = served.client().host(&key);
    let dry = format!("/api/v1/imports/{}", host.send_file("?activate=true&dry_run=true", CONTACTS).await);
    let foreseen = host.settled(&dry, expected.len() as u64).await;
    let path = format!("/api/v1/imports/{}", host.send_file("?activate=true", CONTACTS).await);
    let told = host.settled(&path, expected.len() as u64).await;
    assert_eq!(foreseen["effects"], told["effects"]);
    let (mut rows, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = host.get(&format!("{path}/rows?limit=200{cursor}")).await.expect(200);
        rows.extend(page["items"].as_array().unwrap().clone());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(rows.len(), expected.len());
    for (row, expected) in rows.iter().zip(expected) {
        for (name, value) in expected.as_object().unwrap() {
            assert_eq!(&row[name], value, "{name} of {row}");
        }
    }
}

async fn activations_are_throttled_and_resumed(database: Database) {
    let bed = Bed::new(database);
    let key = bed.practice("smith").await;
    let served = bed.serve().await;
    let host = served.client().host(&key);
    let mut file = String::from("ref,name,emails\n");
    for row in 0..30 {
        writeln!(file, "c-{row},Person {row},person.{row}@first.example").unwrap();
    }
    let path = format!("/api/v1/imports/{}", host.send_file("", file.as_bytes()).await);
    host.settled(&path, 30).await;
    // Ten in a second.
    let order = json!({ "action": "activate", "per_hour": 36_000 });
    let started = host.post("/api/v1/activations", order).await.expect(202);
    assert_eq!(started["preview"], json!({ "changed": 30 }));
    let path = format!("/api/v1/activations/{}", started["id"].as_str().unwrap());
    let told = host.settled(&path, 30).await;
    assert_eq!((&told["state"], &told["outcomes"]), (&json!("done"), &json!({ "changed": 30 })));
    let slow = json!({ "action": "resend", "per_hour": 60 });
    let started = host.post("/api/v1/activations", slow).await.expect(202);
    let path = format!("/api/v1/activations/{}", started["id"].as_str().unwrap());
    host.settled(&path, 1).await;
    sleep(Duration::from_millis(700)).await;
    assert_eq!(host.get(&path).await.expect(200)["done"], 1, "one in a minute");
    assert_eq!(host.send("POST", &format!("{path}/cancel"), None).await.expect(200)["state"], "cancelled");
}

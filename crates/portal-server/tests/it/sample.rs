//! A practice's real export: the verdict of every row, and the mail that follows.

use std::collections::{BTreeMap, BTreeSet};

use portal::domain::email::EmailAddress;
use serde_json::Value;

use crate::support::{Bed, Client, Database, Mail, Sink, on_both_databases};

on_both_databases!(i_the_sample_export, e4_the_sample_export_without_smtputf8);

const CONTACTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/samples/contacts.csv");
const USERS: &str = include_str!("../samples/practice_users.csv");
const EXPECTED: &str = include_str!("../samples/expected.json");

fn expected() -> Value {
    serde_json::from_str(EXPECTED).unwrap()
}

/// The practice and its five practice users.
async fn practice(bed: &Bed) -> String {
    let key = bed.practice("smith").await;
    for line in USERS.lines().skip(1) {
        let [_, name, email, role] = line.split(',').collect::<Vec<_>>()[..] else { panic!("{line}") };
        bed.done(&["user", "add", "--email", email, "--name", name, "--role", role]).await;
    }
    key
}

/// Imports and gives a line for each row; some rows are refused, so the program says so.
async fn import(bed: &Bed, more: &[&str]) -> (Vec<Value>, String) {
    let words = [&["import", CONTACTS, "--activate", "--json"], more].concat();
    let ended = bed.run(&words).await;
    assert_eq!(ended.code, Some(1), "{}", ended.err);
    let lines = ended.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (lines, ended.err)
}

/// Every member of the expected line, and none that is not expected but the list of all faults.
fn compare(lines: &[Value], expected: &Value) {
    let rows = expected["rows_expected"].as_array().unwrap();
    assert_eq!(lines.len(), rows.len());
    for (line, row) in lines.iter().zip(rows) {
        let mut line = line.as_object().unwrap().clone();
        if let Some(faults) = line.remove("faults") {
            assert_eq!((&faults[0]["code"], &faults[0]["field"]), (&row["code"], &row["field"]));
        }
        assert_eq!(Value::from(line), *row);
    }
}

fn tally(lines: &[Value]) -> BTreeMap<&str, u64> {
    let mut tally = BTreeMap::new();
    for line in lines {
        for member in ["contact", "code", "activation"] {
            if let Some(what) = line[member].as_str() {
                *tally.entry(what).or_default() += 1;
            }
        }
    }
    tally
}

/// The addresses that are to get exactly one message each, and may stand there several times.
fn granted(expected: &Value) -> Vec<String> {
    let rows = expected["rows_expected"].as_array().unwrap().iter();
    let granted = rows.filter(|row| matches!(row["activation"].as_str(), Some("invited" | "joined")));
    let mut addresses: Vec<_> = granted.map(|row| row["login_email"].as_str().unwrap().to_owned()).collect();
    addresses.sort();
    addresses
}

fn recipients(mails: &[Mail]) -> Vec<String> {
    let mut recipients: Vec<_> = mails.iter().map(|mail| mail.to().to_owned()).collect();
    recipients.sort();
    recipients
}

async fn all(host: &Client, list: &str) -> BTreeSet<String> {
    let mut refs = BTreeSet::new();
    let mut cursor = String::new();
    loop {
        let page = host.get(&format!("/api/v1/{list}?limit=200{cursor}")).await.expect(200);
        refs.extend(page["items"].as_array().unwrap().iter().map(|item| item["ref"].as_str().unwrap().to_owned()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return refs,
        }
    }
}

async fn i_the_sample_export(database: Database) {
    let expected = expected();
    let sink = Sink::with_utf8().await;
    let bed = Bed::new(database).with_mail(&sink.url());
    let key = practice(&bed).await;

    // What a dry run says is what comes.
    let (foreseen, _) = import(&bed, &["--dry-run"]).await;
    compare(&foreseen, &expected);
    let (lines, said) = import(&bed, &["--send"]).await;
    compare(&lines, &expected);
    let sums: BTreeMap<&str, u64> = expected["tally"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(what, many)| (what.as_str(), many.as_u64().unwrap()))
        .collect();
    assert_eq!(tally(&lines), sums);
    assert!(said.contains("1,146 mails handed over: 1,146 accepted"), "{said}");

    // One message for each grant, to the address byte for byte.
    let mails = sink.mails();
    assert_eq!(recipients(&mails), granted(&expected));
    assert!(mails.iter().all(|mail| mail.parameters.contains("SMTPUTF8") || mail.to().is_ascii()));
    let ids: BTreeSet<_> = mails.iter().map(Mail::message_id).collect();
    assert_eq!(ids.len(), mails.len());

    // Nothing is left of a refused row, not even a client that only such rows name.
    let service = bed.serve().await;
    let host = service.client().host(&key);
    let created = |line: &&Value| line["contact"] == "created";
    let kept: BTreeSet<_> = lines.iter().filter(created).map(|line| line["ref"].as_str().unwrap().to_owned()).collect();
    assert_eq!(all(&host, "contacts").await, kept);
    let mut clients = BTreeSet::new();
    let mut reader = csv::Reader::from_path(CONTACTS).unwrap();
    for row in reader.records().map(Result::unwrap).filter(|row| kept.contains(&row[0])) {
        clients.extend(row[3].split(';').filter(|client| !client.is_empty()).map(str::to_owned));
    }
    assert_eq!(all(&host, "clients").await, clients);
    drop(service);

    // Again: nothing changes and nothing is sent.
    let (again, said) = import(&bed, &["--send"]).await;
    for (line, row) in again.iter().zip(&lines) {
        let mut row = row.clone();
        if row["contact"] == "created" {
            row["contact"] = "unchanged".into();
        }
        if matches!(row["activation"].as_str(), Some("invited" | "joined")) {
            row["activation"] = "unchanged".into();
        }
        assert_eq!(*line, row);
    }
    assert!(said.contains("no mail was to be sent"), "{said}");
    assert_eq!(sink.mails().len(), mails.len());
}

async fn e4_the_sample_export_without_smtputf8(database: Database) {
    let expected = expected();
    let sink = Sink::without_utf8().await;
    let bed = Bed::new(database).with_mail(&sink.url());
    let key = practice(&bed).await;
    let (lines, said) = import(&bed, &["--send"]).await;
    compare(&lines, &expected);

    // The domain of an address with an ASCII local part goes in its ASCII form: the same mailbox.
    let (plain, other): (Vec<_>, Vec<_>) =
        granted(&expected).into_iter().partition(|address| address.rsplit_once('@').unwrap().0.is_ascii());
    let mut reachable: Vec<_> = plain
        .iter()
        .map(|address| {
            let (local, domain) = address.rsplit_once('@').unwrap();
            let key = EmailAddress::parse(address).unwrap().key().clone();
            let domain = if domain.is_ascii() { domain.to_owned() } else { key.domain().to_owned() };
            format!("{local}@{domain}")
        })
        .collect();
    reachable.sort();
    assert!(!other.is_empty() && reachable != plain, "the sample has both");
    assert_eq!(recipients(&sink.mails()), reachable);

    // The others fail where everybody can see it.
    assert!(said.contains(&format!("{} failed", other.len())), "{said}");
    let unreachable =
        lines.iter().find(|line| line["activation"] == "invited" && line["login_email"] == other[0].as_str());
    let reference = unreachable.unwrap()["ref"].as_str().unwrap();
    let service = bed.serve().await;
    let host = service.client().host(&key);
    let messages = host.get(&format!("/api/v1/contacts/{reference}/portal/messages")).await.expect(200);
    assert_eq!(messages["items"][0]["state"], "failed", "{messages}");
    let contact = host.get(&format!("/api/v1/contacts/{reference}")).await.expect(200);
    assert_eq!(contact["portal"]["status"], "invitation_undelivered");
}

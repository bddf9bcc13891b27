//! `portal doctor`: what is wrong outside, told without a trace.

use std::{collections::BTreeMap, fs, path::Path};

use hickory_proto::op::ResponseCode;
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpListener,
};

use crate::{
    support::{Bed, Database, Ended, Sink, on_both_databases},
    zone::{Server, Zone},
};

on_both_databases!(
    all_is_well,
    s10_faults_of_mail_are_told_and_secrets_are_not,
    a_schema_that_is_behind_is_told_and_left,
    a_clock_that_went_back_is_told
);

const DOMAIN: &str = "smith.example";
/// 32 bytes that nobody would count up to.
const KEY: &str = "q83vEjRWeJDerb7vASNFZ4mrze/+3LqYdlQyEA8eLTw=";
/// 2048 bits.
const DKIM: &str = "MIIBCgKCAQEAw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PD\
                    w8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PD\
                    w8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PD\
                    w8PDwwIDAQAB";

fn good_zone() -> Zone {
    Zone::default()
        .mx(DOMAIN, 10, "mx.smith.example")
        .address("mx.smith.example", "192.0.2.25")
        .txt(DOMAIN, "v=spf1 mx -all")
        .txt("s7._domainkey.smith.example", &format!("v=DKIM1; p={DKIM}"))
        .txt("_dmarc.smith.example", "v=DMARC1; p=reject; rua=mailto:d@smith.example")
}

/// A program whose mail comes from the domain, and the servers that it is told of.
fn bed(database: Database, dns: &Server, smtp: &str) -> Bed {
    let mut bed = Bed::new(database).with_mail(smtp);
    for (variable, value) in [
        ("PORTAL_MAIL_FROM", "portal@smith.example"),
        ("PORTAL_BASE_URL", "https://portal.smith.example"),
        ("PORTAL_TRUSTED_PROXIES", "127.0.0.1"),
        ("PORTAL_LISTEN", "127.0.0.1:0"),
        ("PORTAL_SECRET_KEY", KEY),
        ("PORTAL_DNS_RESOLVER", &dns.address.to_string()),
    ] {
        bed.set(variable, value);
    }
    bed
}

/// What each check says. Those that come several times are told by their last.
fn told(ended: &Ended) -> BTreeMap<String, Value> {
    let lines = ended.out.lines().map(|line| serde_json::from_str::<Value>(line).expect(line));
    lines.map(|line| (line["check"].as_str().unwrap().to_owned(), line)).collect()
}

#[track_caller]
fn says(told: &BTreeMap<String, Value>, check: &str, state: &str, said: &str) {
    let line = told.get(check).unwrap_or_else(|| panic!("no {check}: {told:#?}"));
    assert!(
        line["state"] == state && line["seen"].as_str().unwrap().contains(said),
        "{state} `{said}` expected: {line}"
    );
    assert_eq!(line["remedy"].is_null(), state == "ok", "{line}");
}

/// Names and contents of all files of the program; of the index that SQLite's readers mark themselves in, the name.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let (path, name) = (entry.path(), entry.path().display().to_string());
        if path.is_dir() {
            all.extend(files(&path));
        }
        let bytes = if path.is_dir() || name.ends_with("-shm") { Vec::new() } else { fs::read(&path).unwrap() };
        all.insert(name, bytes);
    }
    all
}

async fn all_is_well(database: Database) {
    let (dns, sink) = (good_zone().serve(), Sink::with_utf8().await);
    let bed = bed(database, &dns, &sink.url());
    bed.practice("smith").await;
    let (files_before, rows_before) = (files(bed.folder()), bed.rows().await);

    let ended = bed.run(&["doctor", "--dkim-selector", "s7", "--json"]).await;
    let all = told(&ended);
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""), "{}", ended.out);
    let checks: Vec<_> = all.iter().filter(|(_, line)| line["state"] != "ok").collect();
    assert!(checks.is_empty(), "{checks:#?}");
    says(&all, "settings", "ok", "smtp_url by `PORTAL_SMTP_URL`");
    says(&all, "base_url", "ok", "https://portal.smith.example");
    says(&all, "database", "ok", "its schema is up to date; 1 practice");
    says(&all, "clock", "ok", "no event is of the future");
    says(&all, "smtp", "ok", "answers: in the clear; no login is set");
    says(&all, "spf", "ok", "1 of 10 look-ups");
    says(&all, "dkim", "ok", "2048 bits");

    // The same to people; the flag goes before the setting, and no service needs to run.
    let resolver = dns.address.to_string();
    let words = ["doctor", "--resolver", &resolver, "--dns-resolver", "127.0.0.1:1", "--dkim-selector", "s7"];
    let out = bed.done(&words).await;
    assert!(out.contains("\nok       smtp ") && out.trim_end().ends_with(" ok: nothing to do"), "{out}");
    assert_eq!(files(bed.folder()), files_before);
    assert_eq!(bed.rows().await, rows_before);
    assert!(sink.mails().is_empty());
    assert!(dns.asked().contains(&"_dmarc.smith.example TXT".to_owned()), "{:?}", dns.asked());

    // And beside a service.
    let service = bed.serve().await;
    let listen = service.address().to_string();
    let ended = bed.run(&["doctor", "--dkim-selector", "s7", "--json", "--listen", &listen]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.out);
    says(&told(&ended), "service", "ok", "one runs at");

    // And after a power cut, of which the log of writes is left.
    service.kill().await;
    let files_before = files(bed.folder());
    let ended = bed.run(&["doctor", "--dkim-selector", "s7", "--json"]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.out);
    says(&told(&ended), "database", "ok", "1 practice");
    assert_eq!(files(bed.folder()), files_before);
}

async fn s10_faults_of_mail_are_told_and_secrets_are_not(database: Database) {
    const PASSWORD: &str = "canary-relay-5512";
    // It greets, refuses what it doesn't want, and repeats all it hears.
    let parrot = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let relay = format!("smtp+starttls://ada:{PASSWORD}@{}", parrot.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = parrot.accept().await {
            let (reader, mut writer) = stream.split();
            let mut lines = BufReader::new(reader).lines();
            drop(writer.write_all(b"220 parrot\r\n").await);
            while let Ok(Some(line)) = lines.next_line().await {
                let said =
                    if line.starts_with("EHLO") { "250 parrot\r\n".to_owned() } else { format!("500 {line}\r\n") };
                drop(writer.write_all(said.as_bytes()).await);
            }
        }
    });
    let dns = Zone::default().mx(DOMAIN, 10, "mx.smith.example").address("mx.smith.example", "192.0.2.25").serve();
    let bed = bed(database, &dns, &relay);
    bed.done(&["migrate"]).await;

    let ended = bed.run(&["doctor", "--json"]).await;
    let all = told(&ended);
    assert_eq!(ended.code, Some(1), "{}", ended.out);
    says(&all, "smtp", "fault", "the mail server does not offer STARTTLS");
    says(&all, "sender_domain", "ok", "goes to mx.smith.example");
    says(&all, "spf", "fault", "no SPF record");
    says(&all, "dkim", "warning", "proves nothing");
    says(&all, "dmarc", "warning", "has a DMARC record");
    let people = bed.run(&["doctor"]).await;
    assert_eq!(people.code, Some(1));
    assert!(
        people.out.contains("2 faults, 2 warnings, ") && people.out.contains("\n  spf: publish one TXT"),
        "{}",
        people.out
    );
    for text in [&ended.out, &ended.err, &people.out, &people.err] {
        assert!(!text.contains(PASSWORD) && !text.contains(KEY) && !text.contains(&KEY[..20]), "{text}");
        assert!(bed.server_url().is_none_or(|url| !text.contains(url)), "{text}");
    }

    // Nobody is there.
    let ended = bed.run(&["doctor", "--json", "--smtp-url", "smtp://127.0.0.1:1"]).await;
    says(&told(&ended), "smtp", "fault", "127.0.0.1:1: the mail server can't be reached");
    says(&told(&ended), "settings", "warning", "smtp_url is a secret");
}

async fn a_schema_that_is_behind_is_told_and_left(database: Database) {
    let (dns, sink) = (good_zone().serve(), Sink::with_utf8().await);
    let bed = bed(database, &dns, &sink.url());
    let fresh = bed.run(&["doctor", "--json"]).await;
    assert!(!bed.folder().join("data").exists(), "nothing is made");
    if bed.server_url().is_none() {
        says(&told(&fresh), "database", "warning", "`data/portal.db` is not there yet");
    } else {
        says(&told(&fresh), "database", "warning", "its schema lacks");
    }

    bed.done(&["migrate"]).await;
    let forgotten = "SELECT max(version)";
    let delete = |table: &str| format!("DELETE FROM {table} WHERE version = ({forgotten} FROM {table})");
    bed.tamper(&delete("portal_migrations"), &delete("portal.migrations")).await;
    let before = bed.rows().await;
    let ended = bed.run(&["doctor", "--json"]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.out);
    says(&told(&ended), "database", "warning", "its schema lacks 1 step, from ");
    assert!(told(&ended)["database"]["remedy"].as_str().unwrap().contains("`portal migrate`"));
    says(&told(&ended), "clock", "ok", "no event to compare it with");
    assert_eq!(bed.rows().await, before);
    says(&told(&bed.run(&["doctor", "--json"]).await), "database", "warning", "its schema lacks 1 step, from ");

    let newer = |table: &str, yes: &str, none: &str| {
        format!(
            "INSERT INTO {table} (version, description, success, checksum, execution_time) VALUES (999999, 'later', {yes}, {none}, 0)"
        )
    };
    bed.tamper(&newer("portal_migrations", "1", "x''"), &newer("portal.migrations", "true", "''")).await;
    let ended = bed.run(&["doctor", "--json"]).await;
    assert_eq!(ended.code, Some(1));
    says(&told(&ended), "database", "fault", "999999");
}

async fn a_clock_that_went_back_is_told(database: Database) {
    let (dns, sink) = (good_zone().serve(), Sink::with_utf8().await);
    let bed = bed(database, &dns, &sink.url());
    bed.practice("smith").await;
    let ahead = |table: &str| format!("UPDATE {table} SET at = at + 86400000000");
    bed.tamper(&ahead("portal_event"), &ahead("portal.event")).await;
    let ended = bed.run(&["doctor", "--json"]).await;
    assert_eq!(ended.code, Some(1), "{}", ended.out);
    says(&told(&ended), "clock", "fault", "this clock went back, or another one runs ahead");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_server_that_fails_is_no_missing_record() {
    let (dns, sink) = (Zone::default().failing(DOMAIN, ResponseCode::ServFail).serve(), Sink::with_utf8().await);
    let bed = bed(Database::sqlite(), &dns, &sink.url());
    let ended = bed.run(&["doctor", "--json"]).await;
    assert_eq!(ended.code, Some(1));
    says(&told(&ended), "spf", "fault", "the resolver says SERVFAIL");
    says(&told(&ended), "sender_domain", "fault", "the resolver says SERVFAIL");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_on_this_machine_is_told() {
    let bed = Bed::new(Database::sqlite());
    let all = told(&bed.run(&["doctor", "--json"]).await);
    says(&all, "settings", "ok", "none is given");
    says(&all, "smtp", "warning", "no mail server is set");
    says(&all, "sender_domain", "ok", "no mail leaves it");
    says(&all, "secret_key", "ok", "none yet");
    assert!(fs::read_dir(bed.folder()).unwrap().next().is_none(), "nothing is made");

    bed.done(&["practice", "create", "smith", "--name", "Smith"]).await;
    fs::remove_file(bed.folder().join("data/portal.db.key")).unwrap();
    let ended = bed.run(&["doctor", "--json", "--smtp-url", "capture:mail", "--listen", "0.0.0.0:1"]).await;
    let all = told(&ended);
    assert_eq!(ended.code, Some(1));
    says(&all, "secret_key", "fault", "is missing, and links that were mailed");
    says(&all, "base_url", "fault", "PORTAL_BASE_URL");
    says(&all, "smtp", "warning", "none of it is real");
    assert!(!bed.folder().join("mail").exists(), "nothing is made");

    let ended = bed.run(&["doctor", "--resolver", "dns.example"]).await;
    assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "{}", ended.err);
    let server = "postgres://portal:canary-2231@127.0.0.1:1/portal";
    let ended = bed.run(&["doctor", "--json", "--database-url", server]).await;
    assert_eq!(ended.code, Some(1));
    says(&told(&ended), "database", "fault", "the database is not available");
    says(&told(&ended), "secret_key", "fault", "there is none");
    assert!(!ended.out.contains("canary-2231"), "{}", ended.out);
}

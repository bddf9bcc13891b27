//! The export of a practice, and of one contact, by the real program.

use std::{
    collections::{BTreeMap, BTreeSet},
    os::unix::fs::PermissionsExt,
    process::Stdio,
};

use portal::domain::export::{Header, Line, Trailer};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::support::{Bed, Database, Sink, data::Data, on_both_databases};

on_both_databases!(
    an_export_is_whole_and_holds_no_secret,
    an_export_beside_an_import_agrees_with_itself,
    what_can_not_be_exported_or_written_is_said,
    a_practice_that_is_closed_or_to_be_deleted_is_exported,
);

#[cfg(feature = "fault-points")]
mod killed {
    use super::*;

    on_both_databases!(an_export_that_is_killed_leaves_no_file_of_its_name);
}

const PASSWORD: &str = "nine copper kettles";

/// An export that was read to its end, and fits its trailer.
struct Read {
    header: Header,
    lines: Vec<Line>,
    trailer: Trailer,
}

impl Read {
    #[track_caller]
    fn of(text: &str) -> Self {
        assert!(text.ends_with('\n') && text.is_ascii());
        let (before, last) = text.trim_end().rsplit_once('\n').expect("more than one line");
        let read = |line: &str| serde_json::from_str::<Line>(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let Line::Trailer(trailer) = read(last) else { panic!("{last}") };
        let mut lines: Vec<Line> = before.lines().map(read).collect();
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        lines.iter().for_each(|line| *counts.entry(line.name().to_owned()).or_default() += 1);
        assert_eq!((&trailer.counts, trailer.lines), (&counts, lines.len() as u64));
        let digest = Sha256::new().chain_update(before).chain_update("\n").finalize();
        assert_eq!(trailer.sha256, digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
        let Line::Header(header) = lines.remove(0) else { panic!("{before}") };
        Self { header, lines, trailer }
    }

    fn count(&self, name: &str) -> u64 {
        self.trailer.counts.get(name).copied().unwrap_or_default()
    }

    /// Whatever is named is there, and the journal has no gap: so it is one picture.
    #[track_caller]
    fn agrees_with_itself(&self) {
        let (mut logins, mut links, mut contacts) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let mut told = 0;
        for line in &self.lines {
            match line {
                Line::Login(login) => {
                    logins.insert(login.id);
                }
                Line::Link(link) => {
                    links.insert(link.id);
                }
                Line::Contact(contact) => {
                    contacts.insert(contact.id);
                }
                Line::Event(event) => {
                    told += 1;
                    assert_eq!(event.number, told);
                }
                _ => {}
            }
        }
        let (mut mailed, mut created) = (BTreeSet::new(), BTreeSet::new());
        for line in &self.lines {
            match line {
                Line::Contact(contact) => assert!(contact.login.is_none_or(|login| logins.contains(&login))),
                Line::Message(message) => {
                    assert!(message.link.is_none_or(|link| links.contains(&link)));
                    assert!(mailed.insert(message.contact), "each was invited once");
                    assert!(message.contact.is_some_and(|contact| contacts.contains(&contact)));
                }
                Line::Event(event) if event.kind == "contact.created" => {
                    created.extend(event.contact);
                }
                _ => {}
            }
        }
        assert_eq!(mailed.len(), logins.len(), "who has a login was written to");
        assert!(created.is_subset(&contacts), "who is told of is there");
        let head = self.header.journal_head.as_deref().map(|head| head.split(':').next().unwrap().to_owned());
        assert_eq!(head, (told > 0).then(|| told.to_string()));
    }
}

/// Leftovers of exports beside the file.
fn drafts(bed: &Bed) -> Vec<String> {
    let entries = std::fs::read_dir(bed.folder()).unwrap().filter_map(Result::ok);
    entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| name.ends_with(".part"))
        .collect()
}

/// What the database keeps of secrets, as it keeps it.
async fn kept(bed: &Bed) -> Vec<String> {
    let mut secrets = Vec::new();
    let data = Data::of(bed);
    for (table, column) in [("session", "hash"), ("api_key", "hash"), ("handoff", "hash"), ("journal_head", "mac")] {
        let found = data.table(table, &[column]).await.into_iter().filter_map(|line| line[0].clone());
        secrets.extend(found.map(|hex| hex.trim_start_matches("\\x").to_lowercase()));
    }
    let terms = data.table("webhook", &["terms"]).await[0][0].clone().unwrap();
    let terms: serde_json::Value = serde_json::from_str(&terms).unwrap();
    secrets.push(terms["secret"].as_str().unwrap().to_owned());
    secrets
}

async fn an_export_is_whole_and_holds_no_secret(database: Database) {
    let sink = Sink::with_utf8().await;
    let mut bed = Bed::new(database).with_mail(&sink.url());
    bed.set("PORTAL_WEBHOOK_PRIVATE", "127.0.0.0/8");
    let key = bed.practice("smith").await;
    let signs = bed.done(&["api-key", "create", "--name", "sign-ins", "--scope", "sign_in"]).await;
    let other = bed.practice("jones").await;
    let service = bed.serve().await;
    let (client, host) = (service.client(), service.client().host(&key));
    let signing = client.host(signs.trim());
    client.host(&other).put_contact("c-9", "Nobody Of Smith", &["c9@jones.example"]).await.expect(201);
    host.put("/api/v1/practice-users/u-1", json!({"name": "El", "email": "el@smith.example", "role": "admin"}))
        .await
        .expect(201);
    host.put("/api/v1/clients/acme", json!({ "name": "Acme \u{1b}[2J" })).await.expect(400);
    host.put("/api/v1/clients/acme", json!({ "name": "Acme Zoë" })).await.expect(201);
    for (reference, name) in [("c-1", "Ada Brandt"), ("c-2", "Bob Brandt")] {
        let body = json!({ "name": name, "emails": ["home@smith.example"], "clients": ["acme"] });
        host.put(&format!("/api/v1/contacts/{reference}"), body).await.expect(201);
    }
    host.order("c-1", "activate").await.expect(200);
    let token = sink.mail(0).await.token();
    client.redeem("smith", &token, PASSWORD).await.expect(204);
    host.order("c-2", "activate").await.expect(200);
    client.sign_in("smith", "home@smith.example", "not the right one").await.expect(401);
    let session = client.sign_in("smith", "home@smith.example", PASSWORD).await.cookie();
    let hook = json!({ "url": "http://127.0.0.1:9/hook?token=canary-in-an-address" });
    let hook = host.put("/api/v1/webhooks/crm", hook).await.expect(201);
    let handoff = signing.post("/api/v1/handoffs", json!({ "contact": "c-1" })).await.expect(200);
    let csv = b"ref,name,emails,clients,activate\nc-3,Cy Fremd,cy@smith.example,acme,yes\n".to_vec();
    let files = host.with("content-type", "text/csv");
    let import = files.send("POST", "/api/v1/imports?activate=true", Some(csv)).await.expect(202);
    let import = format!("/api/v1/imports/{}", import["id"].as_str().unwrap());
    while host.get(&import).await.expect(200)["state"] != "done" {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let dossier = host.get("/api/v1/contacts/c-1/export").await;
    service.stop().await;

    let mut secrets = vec![
        key.clone(),
        signs.trim().to_owned(),
        PASSWORD.to_owned(),
        token,
        session.split_once('=').unwrap().1.to_owned(),
        hook["secret"].as_str().unwrap().trim_start_matches("whsec_").to_owned(),
        handoff["url"].as_str().unwrap().rsplit_once('/').unwrap().1.to_owned(),
        "canary-in-an-address".to_owned(),
        "$argon2".to_owned(),
    ];
    secrets.extend(kept(&bed).await);

    let said = bed.done(&["practice", "export", "smith", "--out", "smith.ndjson"]).await;
    assert!(said.contains("3 contacts") && said.contains("`smith.ndjson`"), "{said}");
    let file = bed.folder().join("smith.ndjson");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(drafts(&bed), [""; 0]);
    let text = std::fs::read_to_string(&file).unwrap();
    let read = Read::of(&text);
    for (name, many) in
        [("practice", 1), ("settings", 1), ("practice_user", 1), ("client", 1), ("login", 2), ("contact", 3)]
    {
        assert_eq!(read.count(name), many, "{name}");
    }
    for (name, many) in
        [("message", 3), ("session", 1), ("handoff", 1), ("sign_in_try", 2), ("webhook", 1), ("api_key", 2)]
    {
        assert_eq!(read.count(name), many, "{name}");
    }
    assert_eq!((read.count("job"), read.count("job_row"), read.header.unsealed_events), (1, 1, 0));
    let verified = bed
        .done(&["journal", "verify", "--practice", "smith", "--expect", read.header.journal_head.as_deref().unwrap()])
        .await;
    assert!(verified.contains("is valid"), "{verified}");
    let answer = dossier.expect(200);
    let dossier = String::from_utf8(dossier.body.to_vec()).unwrap();
    for secret in &secrets {
        assert!(!text.contains(secret), "{secret} is in the export");
        assert!(!dossier.contains(secret), "{secret} is in the answer");
    }
    assert!(!text.contains("jones") && text.contains("Zo\\u00eb"));
    // Bob signs in with the same address; of whom a session or a try was, nobody can tell.
    assert!(!dossier.contains("Bob") && !dossier.contains("\"c-2\""), "{dossier}");
    assert_eq!((&answer["login"]["shared"], &answer["contact"]["portal"]["shared_with"]), (&json!(true), &json!([])));
    assert_eq!((answer["sessions"].as_array().map(Vec::len), &answer["sessions_left_out"]), (Some(0), &json!(1)));
    assert_eq!((&answer["tries"], answer["links"].as_array().map(Vec::len)), (&json!([]), Some(1)));

    // To standard output: the same, and nothing else.
    let again = Read::of(&bed.done(&["practice", "export", "smith"]).await);
    assert_eq!((again.count("contact"), again.header.practice.as_str()), (3, "smith"));
    let foreign = Read::of(&bed.done(&["practice", "export", "jones"]).await);
    assert_eq!((foreign.count("contact"), foreign.count("login"), foreign.count("session")), (1, 0, 0));
}

async fn an_export_beside_an_import_agrees_with_itself(database: Database) {
    let bed = Bed::new(database);
    bed.practice("smith").await;
    let rows = (0..1500).map(|row| format!("c-{row},Contact {row},c{row}@smith.example,acme,yes\n"));
    let csv = format!("ref,name,emails,clients,activate\n{}", rows.collect::<String>());
    std::fs::write(bed.folder().join("contacts.csv"), csv).unwrap();
    let mut import = bed.command(&["import", "contacts.csv", "--practice", "smith", "--activate"]);
    let mut import = import.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    loop {
        let over = import.try_wait().unwrap();
        let read = Read::of(&bed.done(&["practice", "export", "smith"]).await);
        read.agrees_with_itself();
        if let Some(status) = over {
            assert!(status.success());
            assert_eq!((read.count("contact"), read.count("login"), read.count("message")), (1500, 1500, 1500));
            return;
        }
    }
}

async fn what_can_not_be_exported_or_written_is_said(database: Database) {
    let bed = Bed::new(database);
    bed.practice("smith").await;
    std::fs::create_dir(bed.folder().join("folder")).unwrap();
    for (words, said) in [
        (&["practice", "export", "nobody"][..], "`nobody`"),
        (&["practice", "export", "Smith"], "`Smith`"),
        (&["practice", "export", "nobody", "--out", "file"], "`nobody`"),
        (&["practice", "export", "smith", "--out", "no/such/folder/file"], "no/such/folder/file"),
        (&["practice", "export", "smith", "--out", "."], "`.`"),
        (&["practice", "export", "smith", "--out", "folder"], "`folder`"),
        (&["practice", "export", "smith", "--out", "/dev/null"], "device or a pipe"),
    ] {
        let ended = bed.run(words).await;
        assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "{words:?}: {}", ended.err);
        assert!(ended.err.starts_with("error: ") && ended.err.contains(said), "{}", ended.err);
        assert_eq!(ended.err.lines().count(), 1, "{}", ended.err);
    }
    // A reader that is gone has not the whole of it.
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = bed.command(&["practice", "export", "smith"]);
    let child = command.stdin(Stdio::null()).stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
    drop(command);
    let ended = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap()).await.unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(3), "{said}");
    assert!(said.contains("before the export was whole"), "{said}");
    assert_eq!(drafts(&bed), [""; 0]);
    // What was exported before is replaced, and only by what is whole.
    std::fs::write(bed.folder().join("file"), "before").unwrap();
    assert_eq!(bed.run(&["practice", "export", "nobody", "--out", "file"]).await.code, Some(2));
    assert_eq!(std::fs::read_to_string(bed.folder().join("file")).unwrap(), "before");
    bed.done(&["practice", "export", "smith", "--out", "file"]).await;
    Read::of(&std::fs::read_to_string(bed.folder().join("file")).unwrap());
}

async fn a_practice_that_is_closed_or_to_be_deleted_is_exported(database: Database) {
    let bed = Bed::new(database);
    bed.practice("smith").await;
    for order in ["suspend", "delete"] {
        bed.done(&["practice", order, "smith"]).await;
        let read = Read::of(&bed.done(&["practice", "export", "smith"]).await);
        let Line::Practice(practice) = &read.lines[0] else { panic!("{:?}", read.lines[0]) };
        assert!(practice.suspended_at.is_some());
        assert_eq!(practice.delete_after.is_some(), order == "delete");
        assert!(read.count("event") >= 2, "{:?}", read.trailer);
    }
}

#[cfg(feature = "fault-points")]
async fn an_export_that_is_killed_leaves_no_file_of_its_name(database: Database) {
    let mut bed = Bed::new(database);
    bed.practice("smith").await;
    for place in 1..=4 {
        bed.set("PORTAL_FAULT", &format!("abort@export:{place}"));
        let ended = bed.run(&["practice", "export", "smith", "--out", "file"]).await;
        assert_eq!(ended.code, None, "{ended:?}");
        assert!(!bed.folder().join("file").exists());
    }
    bed.unset("PORTAL_FAULT");
    bed.done(&["practice", "export", "smith", "--out", "file"]).await;
    Read::of(&std::fs::read_to_string(bed.folder().join("file")).unwrap());
}

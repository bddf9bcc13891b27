//! The service as a process: start, end, deadlines, and what it writes down.

use std::{os::unix::fs::PermissionsExt, time::Duration};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::support::{Bed, Database, Sink, on_both_databases};

on_both_databases!(
    it_answers_and_ends_in_order,
    s10_nothing_secret_is_written_down,
    what_waited_is_sent,
    a_practice_that_cannot_be_read_keeps_no_other_from_being_served
);

async fn it_answers_and_ends_in_order(database: Database) {
    let bed = Bed::new(database);
    let key = bed.practice("smith").await;
    let service = bed.serve().await;
    let (client, address) = (service.client(), service.address());
    client.get("/healthz").await.expect(200);
    client.get("/readyz").await.expect(200);
    let taken = bed.run(&["serve", "--listen", &address.to_string()]).await;
    assert_eq!(taken.code, Some(3));
    assert!(
        taken.err.starts_with(&format!("error: `{address}` is taken")) && taken.err.lines().count() == 1,
        "{}",
        taken.err
    );

    // A request that has begun is answered, though the end was asked for meanwhile.
    let body = json!({ "name": "Ada Brandt", "emails": [], "clients": [] }).to_string();
    let head = format!(
        "PUT /api/v1/contacts/c-1 HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {key}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let mut slow = TcpStream::connect(address).await.unwrap();
    slow.write_all(head.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let stopping = tokio::spawn(service.stop());
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(TcpStream::connect(address).await.is_err(), "nothing new is taken");
    slow.write_all(body.as_bytes()).await.unwrap();
    let mut answer = String::new();
    timeout(Duration::from_secs(5), slow.read_to_string(&mut answer)).await.unwrap().unwrap();
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
    let (status, log) = timeout(Duration::from_secs(15), stopping).await.unwrap().unwrap();
    assert!(status.success(), "{log}");
    assert!(log.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "{log}");

    // And it is there after a restart.
    let service = bed.serve().await;
    assert_eq!(service.client().host(&key).get("/api/v1/contacts/c-1").await.expect(200)["name"], "Ada Brandt");
}

async fn a_practice_that_cannot_be_read_keeps_no_other_from_being_served(database: Database) {
    let bed = Bed::new(database);
    bed.practice("broken").await;
    let key = bed.practice("smith").await;
    let damage = "UPDATE portal_practice SET settings = '{\"reminder_days\": 7}'
        WHERE practice_id = (SELECT practice_id FROM portal_practice_slug WHERE slug = 'broken')";
    bed.tamper(damage, &damage.replace("portal_", "portal.")).await;
    let service = bed.serve().await;
    service.client().host(&key).get("/api/v1/contacts").await.expect(200);
    assert_eq!(service.client().get("/portal/broken/sign-in").await.status, 500);
    service.client().get("/portal/smith/sign-in").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn s16_a_head_that_never_ends_is_cut_off() {
    let bed = Bed::new(Database::sqlite());
    let service = bed.serve().await;
    let mut slow = TcpStream::connect(service.address()).await.unwrap();
    slow.write_all(b"GET /healthz HTTP/1.1\r\nhost: ").await.unwrap();
    let mut rest = Vec::new();
    let ended = timeout(Duration::from_secs(13), slow.read_to_end(&mut rest)).await;
    assert!(ended.is_ok(), "the connection is still open after 13 s");
    service.client().get("/healthz").await.expect(200);
}

async fn s10_nothing_secret_is_written_down(database: Database) {
    let sink = Sink::with_utf8().await;
    let mut bed = Bed::new(database).with_mail(&sink.url());
    bed.set("PORTAL_LOG", "trace");
    let key = bed.practice("smith").await;
    let service = bed.serve().await;
    let (client, host) = (service.client(), service.client().host(&key));
    host.put_contact("c-1", "Ada Brandt", &["ada@first.example"]).await.expect(201);
    host.order("c-1", "activate").await.expect(200);
    let token = sink.mail(0).await.token();
    client.get(&format!("/portal/smith/link/{token}")).await.expect(200);
    client.redeem("smith", &token, "nine copper kettles").await.expect(204);
    let answer = client.sign_in("smith", "ada@first.example", "nine copper kettles").await;
    let cookie = answer.cookie();
    client.with("cookie", &cookie).get("/portal/smith/api/session").await.expect(200);
    client.sign_in("smith", "ada@first.example", "a wrong but private one").await.expect(401);
    let (_, log) = service.stop().await;
    assert!(log.contains("answered") && log.contains("message handed over"), "the log was on: {log}");
    let session = cookie.split_once('=').unwrap().1.to_owned();
    let secrets = [key, token, session, "nine copper kettles".to_owned(), "a wrong but private one".to_owned()];
    let mut files = vec![("log".to_owned(), log.into_bytes())];
    if let Ok(data) = std::fs::read_dir(bed.folder().join("data")) {
        for file in data.map(Result::unwrap) {
            let (path, mode) = (file.path(), file.metadata().unwrap().permissions().mode());
            assert_eq!(mode & 0o077, 0, "{} is its owner's only", path.display());
            files.push((path.display().to_string(), std::fs::read(path).unwrap()));
        }
    }
    files.extend(bed.rows().await);
    for (name, bytes) in &files {
        for secret in &secrets {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "`{secret}` stands in {name}");
        }
    }
}

async fn what_waited_is_sent(database: Database) {
    let sink = Sink::with_utf8().await;
    let bed = Bed::new(database).with_mail(&sink.url());
    bed.practice("smith").await;
    let file = bed.folder().join("contacts.csv");
    std::fs::write(&file, "ref,name,emails,activate\nc-1,Ada,ada@first.example,yes\nc-2,Ben,ADA@first.example,yes\nc-3,Cy,cy@first.example,no\n").unwrap();
    let said = bed.done(&["import", "contacts.csv", "--activate"]).await;
    let last = said.lines().last().unwrap();
    assert_eq!(last, "2 mails wait to be sent (2 activation): a running `portal serve` sends them");
    assert!(sink.mails().is_empty());
    let _service = bed.serve().await;
    sink.settles_at(2).await;
    let mut to: Vec<_> = sink.mails().iter().map(|mail| mail.to().to_owned()).collect();
    to.sort();
    assert_eq!(to, ["ADA@first.example", "ada@first.example"]);
}

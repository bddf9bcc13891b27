//! A contact with values that can be recognised goes through the whole life, and is erased; afterwards the database is searched for
//! them, rows and files (J3).

use std::path::Path;

use serde_json::{Value, json};

use crate::support::{Bed, Client, Database, Sink, bed::Served, on_both_databases};

on_both_databases!(
    j3_an_erased_contact_is_nowhere_in_the_database,
    j3_of_erasures_at_once_one_leaves_a_receipt,
    j3_a_killed_erasure_is_whole_or_not_at_all,
);

const PASSWORD: &str = "nine copper kettles";
const SHARED: &str = "both@mate.example";
const ALONE: &str = "/api/v1/contacts/zq-alone-7731";
const JOINED: &str = "/api/v1/contacts/zq-joined-7731";
/// Each stands somewhere, and nobody else has it.
const VALUES: [&str; 11] = [
    "zq-alone-7731",
    "zq-joined-7731",
    "Zaphodine Querelle",
    "Zenobia Quarles",
    "zq.first@querelle.example",
    "zq.second@querelle.example",
    "zq.other@querelle.example",
    "zq.refused@querelle.example",
    "zq not an address",
    "ZaphodBrowser/7731",
    "zq.file@querelle.example",
];

impl Client {
    async fn under(&self, key: &str, method: &str, path: &str, body: Value) -> Value {
        let body = (!body.is_null()).then(|| body.to_string().into_bytes());
        let answer = self.with("idempotency-key", key).send(method, path, body).await;
        assert!(answer.status.is_success(), "{method} {path}: {answer:?}");
        answer.json()
    }

    async fn import(&self, file: &str) -> Value {
        let path = "/api/v1/imports?activate=true";
        let sent = self.with("content-type", "text/csv").send("POST", path, Some(file.as_bytes().to_vec())).await;
        let path = format!("/api/v1/imports/{}", sent.expect(202)["id"].as_str().expect("an id"));
        loop {
            let told = self.get(&path).await.expect(200);
            if told["state"] == "done" {
                return told;
            }
            tokio::time::sleep(std::time::Duration::from_millis(25)).await;
        }
    }
}

/// The token of the first mail to an address.
async fn token(sink: &Sink, address: &str) -> String {
    loop {
        if let Some(mail) = sink.mails().into_iter().find(|mail| mail.to() == address) {
            return mail.token();
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
}

async fn j3_an_erased_contact_is_nowhere_in_the_database(database: Database) {
    let sink = Sink::with_utf8().await;
    let bed = Bed::new(database).with_mail(&sink.url());
    let key = bed.practice("smith").await;
    let signs = bed.done(&["api-key", "create", "--name", "sign-ins", "--scope", "sign_in"]).await;
    let service = bed.serve().await;
    let (host, signs) = (service.client().host(&key), service.client().host(signs.trim()));
    a_life(&service, &sink, &host, &signs).await;

    for (path, key) in [(ALONE, "erase alone"), (JOINED, "erase joined")] {
        let told = host.under(key, "POST", &format!("{path}/erase"), Value::Null).await;
        assert!(told["erased"]["events"].as_u64() > Some(3), "{told}");
        assert_eq!(told, host.under(key, "POST", &format!("{path}/erase"), Value::Null).await);
        host.post(&format!("{path}/erase"), json!({})).await.expect(404);
    }
    service.client().sign_in("smith", SHARED, PASSWORD).await.expect(204);
    host.get("/api/v1/contacts/mate").await.expect(200);
    bed.seal().await;
    let events = host.get("/api/v1/events?limit=200").await.expect(200).to_string();
    let verified = bed.done(&["journal", "verify", "--practice", "smith", "--json"]).await;
    let verified: Value = serde_json::from_str(&verified).expect("JSON");
    assert_eq!((&verified["valid"], verified["erased"].as_u64() > Some(10)), (&json!(true), true), "{verified}");
    service.stop().await;
    for (place, bytes) in places(&bed).await.into_iter().chain([("GET /events".to_owned(), events.into_bytes())]) {
        for value in VALUES {
            let found = bytes.windows(value.len()).any(|window| window == value.as_bytes());
            assert!(!found, "`{value}` stands in {place}");
        }
    }
}

/// All rows of a server's database, or the bytes of all files of the embedded one.
async fn places(bed: &Bed) -> Vec<(String, Vec<u8>)> {
    let rows = bed.rows().await;
    if !rows.is_empty() {
        return rows;
    }
    let files = std::fs::read_dir(bed.folder().join("data")).expect("a folder").filter_map(Result::ok);
    let read = |path: &Path| (path.display().to_string(), std::fs::read(path).expect("a file"));
    let files: Vec<_> = files.map(|entry| entry.path()).filter(|path| path.is_file()).map(|path| read(&path)).collect();
    assert!(files.iter().any(|(name, _)| name.ends_with("portal.db")), "{files:?}");
    files
}

/// Imported, invited, redeemed, signed in, handed over, moved onto another's login, refused, and pushed to nobody who listens.
async fn a_life(service: &Served, sink: &Sink, host: &Client, signs: &Client) {
    let client = service.client();
    let hook = json!({ "url": "https://crm.invalid/hook" });
    host.put("/api/v1/webhooks/crm", hook).await.expect(201);
    let file = format!(
        "ref,name,emails,clients,activate\n\
         zq-alone-7731,Zaphodine Querelle,zq.first@querelle.example;zq.second@querelle.example,acme,yes\n\
         zq-joined-7731,Zenobia Quarles,zq.other@querelle.example,acme,yes\n\
         mate,Mate,{SHARED},acme,yes\n"
    );
    assert_eq!(host.import(&file).await["created"], 3);
    let zaphod = client.with("user-agent", "ZaphodBrowser/7731");
    for address in ["zq.first@querelle.example", "zq.other@querelle.example", SHARED] {
        client.redeem("smith", &token(sink, address).await, PASSWORD).await.expect(204);
    }
    for address in ["zq.first@querelle.example", "zq.other@querelle.example"] {
        zaphod.sign_in("smith", address, PASSWORD).await.expect(204);
    }
    client.sign_in("smith", "zq.second@querelle.example", PASSWORD).await.expect(401);
    client.sign_in("smith", "zq.first@querelle.example", "a wrong guess").await.expect(401);
    signs.under("hand over", "POST", "/api/v1/handoffs", json!({ "contact": "zq-alone-7731", "client": "acme" })).await;
    client
        .front_end()
        .post("/portal/smith/api/password-resets", json!({ "email": "zq.first@querelle.example" }))
        .await
        .expect(202);
    host.under("put", "PUT", ALONE, json!({ "name": "Zaphodine Querelle" })).await;
    let wrong = json!({ "emails": ["zq.refused@querelle.example", "zq not an address"] });
    host.put(&format!("{ALONE}/emails"), wrong).await.expect(422);
    let join = json!({ "emails": [SHARED, "zq.other@querelle.example"], "join": true });
    host.under("join", "PUT", &format!("{JOINED}/emails"), join).await;
    let named = host.under("mate", "PUT", "/api/v1/contacts/mate", json!({ "name": "Mate" })).await;
    assert_eq!(named["portal"]["shared_with"][0]["name"], "Zenobia Quarles");
    zaphod.sign_in("smith", SHARED, PASSWORD).await.expect(204);
    let later = json!({ "action": "resend", "contacts": ["zq-alone-7731", "zq-joined-7731"], "start_at": "2036-01-01T00:00:00Z" });
    host.post("/api/v1/activations", later).await.expect(202);
    let file = "ref,name,emails\nzq-alone-7731,Zaphodine Querelle,zq.file@querelle.example\nmate,Mate,\n";
    assert_eq!(host.import(file).await["refused"], 1, "it would move a login");
    // The mail to the address that was left, and to the one that joined.
    while sink.mails().len() < 5 {
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
}

/// Eight orders at two programs at once: one is carried out.
async fn j3_of_erasures_at_once_one_leaves_a_receipt(database: Database) {
    let bed = Bed::new(database);
    let key = bed.practice("smith").await;
    let (one, two) = (bed.serve().await, bed.serve().await);
    let hosts = [one.client().host(&key), two.client().host(&key)];
    for round in 0..4 {
        let path = format!("/api/v1/contacts/c-{round}");
        let body = json!({ "name": "Ada", "emails": [format!("ada{round}@smith.example")] });
        hosts[0].put(&path, body).await.expect(201);
        let orders: Vec<_> = (0..8)
            .map(|number| {
                let (host, path) = (hosts[number % 2].clone(), format!("{path}/erase"));
                tokio::spawn(async move { host.post(&path, json!({})).await })
            })
            .collect();
        let mut erased = 0;
        for order in orders {
            match order.await.expect("no panic").status.as_u16() {
                200 => erased += 1,
                status => assert!(matches!(status, 404 | 503), "{status}"),
            }
        }
        assert_eq!(erased, 1);
    }
    bed.seal().await;
    let events = hosts[1].get("/api/v1/events?limit=200").await.expect(200);
    let receipts = events["items"].as_array().expect("events").iter().filter(|it| it["kind"] == "contact.erased");
    assert_eq!(receipts.count(), 4);
    assert!(!events.to_string().contains("@smith.example"));
}

/// Killed anywhere on the way, an erasure was carried out or wasn't; ordered again under its key, it is, once.
async fn j3_a_killed_erasure_is_whole_or_not_at_all(database: Database) {
    let bed = Bed::new(database);
    let key = bed.practice("smith").await;
    let mut service = bed.serve().await;
    for round in 0..6_u64 {
        let path = format!("/api/v1/contacts/c-{round}");
        let body = json!({ "name": "Ada", "emails": [format!("ada{round}@smith.example")] });
        service.client().host(&key).put(&path, body).await.expect(201);
        service.client().host(&key).order(&format!("c-{round}"), "activate").await.expect(200);
        let host = service.client().host(&key).with("idempotency-key", format!("k{round}"));
        let order = tokio::spawn({
            let (host, path) = (host.clone(), format!("{path}/erase"));
            async move { host.attempt("POST", &path, None).await }
        });
        tokio::time::sleep(std::time::Duration::from_millis(round * 2)).await;
        service.kill().await;
        let answered = order.await.expect("no panic");
        service = bed.serve().await;
        let host = service.client().host(&key).with("idempotency-key", format!("k{round}"));
        let again = host.send("POST", &format!("{path}/erase"), None).await;
        again.expect(200);
        if let Some(answer) = answered {
            assert_eq!((answer.status, answer.body), (again.status, again.body), "acknowledged, it is told again");
        }
        host.get(&path).await.expect(404);
    }
    bed.seal().await;
    let events = service.client().host(&key).get("/api/v1/events?limit=200").await.expect(200);
    let receipts = events["items"].as_array().expect("events").iter().filter(|it| it["kind"] == "contact.erased");
    assert_eq!(receipts.count(), 6);
    assert!(!events.to_string().contains("@smith.example"));
}

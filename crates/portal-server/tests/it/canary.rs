//! Secrets that can be recognised go through the whole life of a login; afterwards everything that stays is searched for them.

mod staff;

use std::path::{Path, PathBuf};

use base64::{
    Engine,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

use crate::support::{Bed, Client, Database, Sink, bed::Served, data::Data, on_both_databases, smtp};

on_both_databases!(s10_no_secret_stays_anywhere);

const FIRST: &str = "ada@first.example";
const SECOND: &str = "ada@second.example";
const KEY: &str = "Y2FuYXJ5LWtleS1jYW5hcnkta2V5LWNhbmFyeS1rZXk";
const MAIL_PASSWORD: &str = "canary-relay-93847";
const RIGHT: &str = "canary brass teapot 11";
const NEXT: &str = "canary violet ladder 22";
const WRONG: &str = "canary wrong guess 33";
const AS_ADDRESS: &str = "canary as address 44";
const BROKEN: &str = "canary in broken json 55";
const AS_FIELD: &str = "canary as a field 66";
const IN_QUERY: &str = "canary-in-a-query-77";
const IN_PATH: &str = "canary-in-a-path-88";
const OF_PANIC: &str = "canary of a panic 99";
/// An address that nobody has: what somebody typed by mistake, or for trying, is kept nowhere (M8). The second is its key.
const NOBODYS: [&str; 2] = ["Canary.Typed@Elsewhere-7.example", "canary.typed@elsewhere-7.example"];
/// Each typed at another place: right, wrong, and where no password belongs.
const PASSWORDS: [&str; 9] = [RIGHT, NEXT, WRONG, AS_ADDRESS, BROKEN, AS_FIELD, IN_QUERY, IN_PATH, OF_PANIC];

/// Everything that was secret, in all forms that it could be found in.
#[derive(Default)]
struct Secrets {
    needles: Vec<(String, Vec<u8>)>,
}

impl Secrets {
    fn add(&mut self, name: &str, secret: &str) {
        let bytes = secret.as_bytes();
        self.in_all_forms(name, bytes);
        self.needle(name, percent(bytes).into_bytes());
        self.needle(name, secret.replace(' ', "+").into_bytes());
        // What is base64 of something is as secret as that.
        if let Ok(raw) = URL_SAFE_NO_PAD.decode(secret).or_else(|_| STANDARD_NO_PAD.decode(secret)) {
            self.in_all_forms(name, &raw);
        }
    }

    fn in_all_forms(&mut self, name: &str, bytes: &[u8]) {
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        self.needle(name, bytes.to_vec());
        self.needle(name, hex.to_uppercase().into_bytes());
        self.needle(name, hex.into_bytes());
        self.needle(name, URL_SAFE_NO_PAD.encode(bytes).into_bytes());
        self.needle(name, STANDARD_NO_PAD.encode(bytes).into_bytes());
    }

    fn needle(&mut self, name: &str, bytes: Vec<u8>) {
        assert!(bytes.len() >= 8, "{name} is too short to be told from chance");
        self.needles.push((name.to_owned(), bytes));
    }

    /// The names of those that stand in the text.
    fn within(&self, text: &[u8]) -> Vec<&str> {
        // Most places are ruled out by two bytes, so that files of many megabytes are no matter.
        let mut begins = vec![false; 1 << 16];
        let pair = |text: &[u8]| usize::from(text[0]) << 8 | usize::from(text[1]);
        self.needles.iter().for_each(|(_, needle)| begins[pair(needle)] = true);
        let mut found = Vec::new();
        for at in 0..text.len().saturating_sub(1) {
            if begins[pair(&text[at..])] {
                let here = self.needles.iter().filter(|(_, needle)| text[at..].starts_with(needle));
                found.extend(here.map(|(name, _)| name.as_str()));
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    #[track_caller]
    fn are_not_in(&self, place: &str, text: &[u8]) {
        let found = self.within(text);
        assert!(found.is_empty(), "{found:?} in {place}");
    }
}

fn percent(bytes: &[u8]) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    bytes.iter().map(|byte| if plain(*byte) { char::from(*byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[test]
fn the_search_finds_every_form() {
    let mut secrets = Secrets::default();
    secrets.add("it", "canary brass teapot 11");
    for form in [
        "x canary brass teapot 11",
        "canary%20brass%20teapot%2011",
        "q=canary+brass+teapot+11",
        "Y2FuYXJ5IGJyYXNzIHRlYXBvdCAxMQ==",
        "63616e61727920627261737320746561706f74203131",
    ] {
        assert_eq!(secrets.within(form.as_bytes()), ["it"], "{form}");
    }
    assert!(secrets.within(b"canary brass teapot 12").is_empty());
}

/// A mail server that refuses, and repeats all it was told while it does.
async fn parrot() -> std::net::SocketAddr {
    async fn talk(stream: TcpStream) -> std::io::Result<()> {
        let (reader, mut writer) = stream.into_split();
        let mut reader = BufReader::new(reader);
        writer.write_all(b"220 parrot.example\r\n").await?;
        loop {
            let mut line = Vec::new();
            if reader.read_until(b'\n', &mut line).await? == 0 {
                return Ok(());
            }
            match line.get(..4).unwrap_or_default().to_ascii_uppercase().as_slice() {
                b"DATA" => {
                    writer.write_all(b"354 go on\r\n").await?;
                    let text = smtp::data(&mut reader).await?;
                    for line in text.split(|byte| *byte == b'\n') {
                        writer.write_all(&[b"554-", line.trim_ascii_end(), b"\r\n"].concat()).await?;
                    }
                    writer.write_all(b"554 never\r\n").await?;
                }
                b"EHLO" => writer.write_all(b"250-parrot.example\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n").await?,
                b"MAIL" | b"RCPT" | b"RSET" => writer.write_all(b"250 go on\r\n").await?,
                _ => writer.write_all(&[b"554 what is ", line.trim_ascii_end(), b"\r\n"].concat()).await?,
            }
        }
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(talk(stream));
        }
    });
    address
}

async fn s10_no_secret_stays_anywhere(database: Database) {
    let sink = Sink::with_utf8().await;
    let mut bed = Bed::new(database).with_mail(&sink.url());
    bed.set("PORTAL_LOG", "trace");
    bed.set("PORTAL_SECRET_KEY", KEY);
    let mut secrets = Secrets::default();
    secrets.add("the secret key", KEY);
    secrets.add("the relay's password", MAIL_PASSWORD);
    PASSWORDS.into_iter().chain(NOBODYS).for_each(|typed| secrets.add(typed, typed));
    let made = bed.run(&["practice", "create", "smith", "--name", "Smith"]).await;
    let key = bed.run(&["api-key", "create", "--name", "tests", "--scope", "write"]).await;
    let mut logs = vec![made.out, made.err, key.err];
    let key = key.out.trim().to_owned();
    secrets.add("the API key", &key);

    let service = bed.serve().await;
    a_life(&service, &sink, &key, &mut secrets).await;
    let inside = staff::a_life(&service, &sink, &key, &mut secrets).await;
    logs.push(staff::printed(&bed, &mut secrets).await);
    for (page, answer) in staff::pages(inside).await {
        secrets.are_not_in(&page, &answer);
    }
    logs.push(service.stop().await.1);
    logs.push(refused_mail(&mut bed, &key).await);
    #[cfg(feature = "fault-points")]
    logs.push(a_panic(&mut bed, &sink).await);

    bed.set("PORTAL_SMTP_URL", &sink.url());
    let service = bed.serve().await;
    for (path, answer) in staff_answers(&service.client().host(&key)).await {
        secrets.are_not_in(&path, &answer);
    }
    logs.push(service.stop().await.1);
    assert!(logs.iter().filter(|log| log.contains("answered")).count() > 2, "the log was on");
    for log in logs {
        secrets.are_not_in("the log", log.as_bytes());
    }
    let noted = Data::of(&bed).table("sign_in_try", &["right_password"]).await.len();
    assert!(noted > NOBODYS.len(), "{noted} tries are noted all the same");
    for (name, bytes) in bed.rows().await {
        secrets.are_not_in(&name, &bytes);
    }
    for file in files_of(&bed).await {
        // A segment that the server removes meanwhile was searched as others were.
        if let Ok(bytes) = std::fs::read(&file) {
            secrets.are_not_in(&file.display().to_string(), &bytes);
        }
    }
}

/// Invited, redeemed, signed in, moved, reset, and everything that people get wrong on the way.
async fn a_life(service: &Served, sink: &Sink, key: &str, secrets: &mut Secrets) {
    let (client, host) = (service.client(), service.client().host(key));
    host.put_contact("c-1", "Ada Brandt", &[FIRST]).await.expect(201);
    host.order("c-1", "activate").await.expect(200);
    let token = sink.mail(0).await.token();
    secrets.add("the invitation", &token);
    let link = format!("/portal/smith/api/links/{token}");
    for path in [format!("/portal/smith/link/{token}"), link.clone()] {
        client.get(&path).await.expect(200);
    }
    for path in
        [format!("/portal/smith/{token}"), format!("/x/{token}/{IN_PATH}"), format!("/portal/jones/link/{token}")]
    {
        client.get(&path).await.expect(404);
    }
    let front = client.front_end();
    front.send("POST", &format!("{link}?password={IN_QUERY}"), Some(b"{}".to_vec())).await.expect(400);
    let session = "/portal/smith/api/session";
    for body in [
        format!("{{\"email\": \"{FIRST}\", \"password\": \"{BROKEN}"),
        format!("{{\"email\": \"{FIRST}\", \"{AS_FIELD}\": 1}}"),
        format!("[\"{BROKEN}\"]"),
        format!("{{\"email\": \"{FIRST}\", \"password\": [\"{BROKEN}\"]}}"),
    ] {
        front.send("POST", session, Some(body.clone().into_bytes())).await.expect(400);
        front.send("POST", &link, Some(body.into_bytes())).await.expect(400);
    }
    client.redeem("smith", &token, RIGHT).await.expect(204);
    client.redeem("smith", &token, NEXT).await.expect(410);
    client.sign_in("smith", FIRST, WRONG).await.expect(401);
    client.sign_in("smith", AS_ADDRESS, RIGHT).await.expect(401);
    for nobodys in NOBODYS {
        client.sign_in("smith", nobodys, WRONG).await.expect(401);
    }
    let answer = client.sign_in("smith", FIRST, RIGHT).await;
    let cookie = cookie(&answer, secrets);
    let open = front.with("cookie", &cookie);
    open.get(session).await.expect(200);
    let body = json!({ "current_password": WRONG, "new_password": NEXT });
    open.put("/portal/smith/api/password", body).await.expect(422);
    let body = json!({ "current_password": RIGHT, "new_password": NEXT });
    let renewed = open.put("/portal/smith/api/password", body).await;
    let cookie = self::cookie(&renewed, secrets);
    assert_eq!(sink.mail(1).await.to(), FIRST, "the password was changed");

    host.put("/api/v1/contacts/c-1/emails", json!({ "emails": [SECOND] })).await.expect(200);
    client.with("cookie", cookie).get(session).await.expect(401);
    sink.mail(3).await;
    for email in [AS_ADDRESS, SECOND] {
        front.post("/portal/smith/api/password-resets", json!({ "email": email })).await.expect(202);
    }
    let reset = sink.mail(4).await.token();
    secrets.add("the reset", &reset);
    front.post(&format!("/portal/smith/api/links/{token}/renew"), json!({})).await.expect(202);
    secrets.add("the renewed link", &sink.mail(5).await.token());
    host.order("c-1", "deactivate").await.expect(200);
    client.redeem("smith", &reset, NEXT).await.expect(410);
}

/// The cookie that was set; its value is a secret.
fn cookie(answer: &crate::support::Answer, secrets: &mut Secrets) -> String {
    assert!(answer.status.is_success(), "{answer:?}");
    let cookie = answer.cookie();
    secrets.add("a session", cookie.split_once('=').unwrap().1);
    cookie
}

/// Mail that is refused with all of it repeated, then a relay that gets no password since it offers no encryption.
async fn refused_mail(bed: &mut Bed, key: &str) -> String {
    let parrot = parrot().await;
    let mut log = String::new();
    let relay = format!("smtp+starttls://canary:{MAIL_PASSWORD}@{parrot}");
    for (url, command, state) in [(format!("smtp://{parrot}"), "reactivate", "failed"), (relay, "resend", "deferred")] {
        bed.set("PORTAL_SMTP_URL", &url);
        let service = bed.serve().await;
        let host = service.client().host(key);
        host.order("c-1", command).await.expect(200);
        loop {
            let told = host.get("/api/v1/contacts/c-1/portal/messages?limit=200").await.expect(200);
            if told["items"].as_array().unwrap().iter().any(|message| message["state"] == state) {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(25)).await;
        }
        log += &service.stop().await.1;
    }
    log
}

/// Something panics while a password is at hand.
#[cfg(feature = "fault-points")]
async fn a_panic(bed: &mut Bed, sink: &Sink) -> String {
    bed.set("PORTAL_SMTP_URL", &sink.url());
    bed.set("PORTAL_FAULT", "panic@clock:40");
    let service = bed.serve().await;
    while !service.log().contains("\"panicked\"") {
        let answer = service.client().sign_in("smith", SECOND, OF_PANIC).await;
        assert!(matches!(answer.status.as_u16(), 401 | 429 | 500), "{answer:?}");
    }
    bed.unset("PORTAL_FAULT");
    service.stop().await.1
}

/// What hosts, and so staff, get to see (S18).
async fn staff_answers(host: &Client) -> Vec<(String, Vec<u8>)> {
    let mut answers = Vec::new();
    let of_contact = ["", "/portal", "/portal/messages?limit=200", "/portal/events?limit=200", "/portal/sessions"];
    let paths = ["contacts", "clients", "practice-users", "settings"].map(|list| format!("/api/v1/{list}"));
    for path in paths.into_iter().chain(of_contact.map(|part| format!("/api/v1/contacts/c-1{part}"))) {
        let answer = host.get(&path).await;
        answer.expect(200);
        answers.push((path, answer.body.to_vec()));
    }
    for command in ["resend", "deactivate", "reactivate"] {
        let answer = host.order("c-1", command).await;
        answer.expect(200);
        answers.push((command.to_owned(), answer.body.to_vec()));
    }
    answers
}

/// The files of the database, its log of writes too.
async fn files_of(bed: &Bed) -> Vec<PathBuf> {
    let within = |folder: &Path| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
        entries.map(|entry| entry.path()).filter(|path| path.is_file()).collect()
    };
    let Some((folder, oid)) = bed.server_files().await else {
        let files = within(&bed.folder().join("data"));
        assert!(files.iter().any(|file| file.ends_with("portal.db")), "{files:?}");
        return files;
    };
    // Only where the server's files can be read: its rows were searched anyhow.
    [within(&folder.join("base").join(oid)), within(&folder.join("pg_wal"))].concat()
}

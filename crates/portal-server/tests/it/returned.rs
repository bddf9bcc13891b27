//! Mail that comes back to the program by a Maildir (D3, D4).

use std::{fs, time::Duration};

use serde_json::{Value, json};

use crate::support::{Bed, Database, Sink, on_both_databases};

on_both_databases!(
    d3_what_a_mail_server_delivers_for_the_return_path_is_read,
    d3_a_folder_that_is_no_maildir_stops_the_start
);

fn bounce(to: &str, recipient: &str) -> String {
    format!(
        "Delivered-To: {to}\nFrom: MAILER-DAEMON@relay.example\nSubject: Undelivered Mail Returned to Sender\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\
         Content-Type: message/delivery-status\n\nReporting-MTA: dns; relay.example\n\n\
         Final-Recipient: rfc822; {recipient}\nAction: failed\nStatus: 5.1.1\n\
         Diagnostic-Code: smtp; 550 5.1.1 no such user here\n--b--\n"
    )
}

async fn d3_what_a_mail_server_delivers_for_the_return_path_is_read(database: Database) {
    let sink = Sink::with_utf8().await;
    let mut bed = Bed::new(database).with_mail(&sink.url());
    let mails = bed.folder().join("mails");
    for inner in ["new", "cur", "tmp"] {
        fs::create_dir_all(mails.join(inner)).unwrap();
    }
    bed.set("PORTAL_BOUNCE_MAILDIR", mails.to_str().unwrap());
    let key = bed.practice("smith").await;
    let service = bed.serve().await;
    let host = service.client().host(&key);
    let ada = json!({ "name": "Ada Brandt", "emails": ["ada@home.example"], "clients": [] });
    host.put("/api/v1/contacts/c-1", ada).await.expect(201);
    host.post("/api/v1/contacts/c-1/portal/activate", json!({})).await.expect(200);
    let path = sink.mail(0).await.sender;
    assert!(path.starts_with("b+smith."), "{path}");

    fs::write(mails.join("tmp/1"), bounce(&path.replace("smith", "jones"), "ada@home.example")).unwrap();
    fs::rename(mails.join("tmp/1"), mails.join("new/1.forged")).unwrap();
    fs::write(mails.join("tmp/2"), bounce(&path, "ada@home.example")).unwrap();
    fs::rename(mails.join("tmp/2"), mails.join("new/2.true")).unwrap();
    let mut portal = Value::Null;
    for _ in 0..300 {
        portal = host.get("/api/v1/contacts/c-1/portal").await.expect(200);
        if portal["status"] != "invited" && fs::read_dir(mails.join("new")).unwrap().next().is_none() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(
        (&portal["status"], &portal["invitation"]["state"]),
        (&json!("invitation_undelivered"), &json!("failed"))
    );
    assert!(mails.join("cur/1.forged.put_by_portal:2,S").exists(), "it proves nothing, and is kept");
    let told = host.get("/api/v1/contacts/c-1/portal/diagnosis").await.expect(200);
    let first = &told["findings"][0];
    assert_eq!((&first["code"], &first["remedy"]["command"]), (&json!("mail_bounced"), &json!("lift_and_resend")));
    assert!(first["evidence"][0]["fact"].as_str().unwrap().contains("550 5.1.1 no such user here"), "{first}");
}

async fn d3_a_folder_that_is_no_maildir_stops_the_start(database: Database) {
    let mut bed = Bed::new(database);
    bed.set("PORTAL_BOUNCE_MAILDIR", "nowhere");
    let ended = bed.run(&["serve"]).await;
    assert_eq!(ended.code, Some(2));
    let said = "`PORTAL_BOUNCE_MAILDIR` is `nowhere`, not a Maildir: there is no folder `new` in it";
    assert!(ended.err.contains(said) && ended.err.lines().count() == 1, "{}", ended.err);
}

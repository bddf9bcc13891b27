//! `import --send`: what it needs, and what it says of mail that was not taken.

use std::net::TcpListener;

use serde_json::json;

use crate::support::{Bed, Database, Sink, on_both_databases};

on_both_databases!(d7_the_limit_of_an_hour_is_named, what_servers_said_is_said);

fn file(bed: &Bed, rows: &str) {
    std::fs::write(bed.folder().join("contacts.csv"), format!("ref,name,emails,activate\n{rows}")).unwrap();
}

/// What is said after the sums of the rows.
async fn send(bed: &Bed) -> Vec<String> {
    let said = bed.done(&["import", "contacts.csv", "--activate", "--send"]).await;
    let sums = |line: &&str| line.contains(" row") || line.starts_with("access: ") || line.starts_with("mails: ");
    said.lines().filter(|line| !sums(line)).map(str::to_owned).collect()
}

async fn d7_the_limit_of_an_hour_is_named(database: Database) {
    let sink = Sink::with_utf8().await;
    let mut bed = Bed::new(database);
    let key = bed.practice("smith").await;
    // It has no mail server, and sends nothing.
    let service = bed.serve().await;
    file(&bed, "c-1,Ada,ada@x.example,yes\nc-2,Ben,ben@x.example,yes\nc-3,Cy,cy@x.example,yes\n");
    bed.set("PORTAL_SMTP_URL", &sink.url());
    bed.set("PORTAL_MAILS_PER_HOUR", "1");
    let waits = |limit: &str| {
        format!(
            "2 mails wait to be sent (2 activation): this hour's limit is used up ({limit}); later a running \
             `portal serve`, or --send again, sends them"
        )
    };
    let of_all = waits("`PORTAL_MAILS_PER_HOUR` is 1");
    assert_eq!(send(&bed).await, ["1 mail handed over: 1 accepted", &of_all]);
    assert_eq!(send(&bed).await, ["no mail was handed over", &of_all]);

    // The practice's own.
    let settings = service.client().host(&key).put("/api/v1/settings", json!({ "mails_per_hour": 1 })).await;
    settings.expect(200);
    bed.set("PORTAL_MAILS_PER_HOUR", "1000");
    let both = waits("`PORTAL_MAILS_PER_HOUR` is 1,000, the practice's `mails_per_hour` is 1");
    assert_eq!(send(&bed).await, ["no mail was handed over", &both]);
    assert_eq!(sink.mails().len(), 1);
}

async fn what_servers_said_is_said(database: Database) {
    let mut bed = Bed::new(database);
    bed.practice("smith").await;
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    bed.set("PORTAL_SMTP_URL", &format!("smtp://{nobody}"));
    bed.set("PORTAL_MAILS_PER_HOUR", "1000");
    file(&bed, "c-1,Ada,ada@x.example,yes\nc-2,Ben,ben@x.example,yes\n");
    let said = send(&bed).await;
    assert_eq!(said[0], "2 mails handed over: 2 to be tried again");
    assert!(said[1].starts_with("2 to be tried again: ") && said[1].contains("refused"), "{said:?}");
    // What waits for its next attempt is beyond no limit.
    assert_eq!(said[2..], ["2 mails wait to be sent (2 activation): a running `portal serve` sends them"]);

    let sink = Sink::without_utf8().await;
    bed.set("PORTAL_SMTP_URL", &sink.url());
    file(&bed, "c-3,Zoë,zoë@x.example,yes\nc-4,Cy,cy@x.example,yes\n");
    let said = send(&bed).await;
    assert_eq!(said[0], "2 mails handed over: 1 accepted, 1 failed");
    assert!(said[1].starts_with("1 failed: ") && said[1].contains("SMTPUTF8"), "{said:?}");
    assert_eq!(said[2..], ["2 mails wait to be sent (2 activation): a running `portal serve` sends them"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_made_before_a_mail_server_is_known() {
    let bed = Bed::new(Database::sqlite());
    file(&bed, "c-1,Ada,ada@x.example,yes\n");
    let ended = bed.run(&["import", "contacts.csv", "--activate", "--send"]).await;
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.err.contains("`PORTAL_SMTP_URL` is needed") && ended.err.lines().count() == 1, "{}", ended.err);
    assert!(!bed.folder().join("data").exists(), "nothing was made");
}

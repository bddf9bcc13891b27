//! The journal from outside: sealed by the service, verified by the program, tampered with by who holds the database.

use serde_json::{Value, json};

use crate::support::{Bed, Client, Database, on_both_databases};

on_both_databases!(
    j1_what_an_import_writes_is_sealed_and_verified_and_a_change_of_it_found,
    j1_the_service_seals_what_commands_write,
    s15_whoever_waits_sees_every_command_sealed,
);

async fn verify(bed: &Bed, more: &[&str]) -> (Option<i32>, Value) {
    let ended = bed.run(&[&["journal", "verify", "--json"][..], more].concat()).await;
    assert_eq!(ended.err, "");
    (ended.code, serde_json::from_str(&ended.out).unwrap())
}

async fn j1_what_an_import_writes_is_sealed_and_verified_and_a_change_of_it_found(database: Database) {
    let bed = Bed::new(database);
    bed.practice("smith").await;
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/samples/contacts.csv");
    let imported = bed.run(&["import", sample, "--activate"]).await;
    assert_eq!(imported.code, Some(1), "some rows are refused: {}", imported.err);
    let (code, first) = verify(&bed, &[]).await;
    assert_eq!((code, &first["valid"], &first["fault_count"]), (Some(0), &json!(true), &json!(0)));
    assert_eq!((&first["erased"], &first["unsealed"], &first["faults"]), (&json!(0), &json!(0), &json!([])));
    let checked = first["checked"].as_u64().unwrap();
    let head = first["head"].as_str().unwrap();
    assert!(checked > 2000 && head.starts_with(&format!("{checked}:")), "{first}");
    assert_eq!(verify(&bed, &["--practice", "smith", "--expect", head]).await, (Some(0), first.clone()));
    let said = bed.done(&["journal", "verify"]).await;
    assert!(said.contains("the journal of `smith` is valid") && said.contains(head), "{said}");

    let (other, last) = (format!("{checked}:{}", "0".repeat(64)), checked + 1);
    let (code, report) = verify(&bed, &["--expect", &other]).await;
    assert_eq!((code, &report["faults"][0]["code"]), (Some(1), &json!("unexpected")));
    for text in ["0:00", "17", &format!("{last}:{}", "g".repeat(64))] {
        assert_eq!(bed.run(&["journal", "verify", "--expect", text]).await.code, Some(2), "{text}");
    }

    bed.tamper(
        "DELETE FROM portal_event_personal WHERE event_id IN (SELECT event_id FROM portal_event WHERE number <= 5)",
        "DELETE FROM portal.event_personal WHERE event_id IN (SELECT event_id FROM portal.event WHERE number <= 5)",
    )
    .await;
    let (code, report) = verify(&bed, &[]).await;
    assert_eq!((code, &report["erased"]), (Some(0), &json!(5)));
    bed.tamper(
        "UPDATE portal_event SET caller = 'anyone' WHERE number = 1500; DELETE FROM portal_event WHERE number = 7",
        "UPDATE portal.event SET caller = 'anyone' WHERE number = 1500; DELETE FROM portal.event WHERE number = 7",
    )
    .await;
    let (code, report) = verify(&bed, &[]).await;
    let found: Vec<_> = report["faults"].as_array().unwrap().iter().map(|it| (&it["code"], &it["number"])).collect();
    assert_eq!(code, Some(1));
    assert_eq!(found, [(&json!("missing"), &json!(7)), (&json!("changed"), &json!(1500))]);
    let said = bed.run(&["journal", "verify"]).await;
    assert_eq!(said.code, Some(1));
    for line in ["event 7 is missing", "event 1500 was changed", "is NOT valid, 2 faults"] {
        assert!(said.out.contains(line), "{}", said.out);
    }
}

async fn j1_the_service_seals_what_commands_write(database: Database) {
    let bed = Bed::new(database);
    let key = bed.practice("smith").await;
    let service = bed.serve().await;
    let host = service.client().host(&key);
    host.put_contact("c-1", "Ada Brandt", &["ada@first.example"]).await.expect(201);
    let (mut after, mut kinds) = (0, Vec::new());
    while kinds.last() != Some(&json!("contact.created")) {
        let page = host.get(&format!("/api/v1/events?after={after}&wait=30")).await.expect(200);
        for event in page["items"].as_array().unwrap() {
            assert_eq!(event["number"], after + 1);
            after += 1;
            kinds.push(event["kind"].clone());
        }
    }
    assert_eq!(kinds, ["practice.created", "api_key.created", "contact.created"]);
    bed.seal().await;
}

/// Waits for events after the last that was seen, until there is one of this kind; a wait of which nothing comes is a fault.
async fn until_sealed(host: &Client, seen: &mut i64, kind: &str) {
    loop {
        let page = host.get(&format!("/api/v1/events?after={seen}&wait=30")).await.expect(200);
        let events = page["items"].as_array().unwrap();
        assert!(!events.is_empty(), "nothing was sealed while `{kind}` was waited for");
        for event in events {
            *seen += 1;
            assert_eq!(event["number"], *seen);
        }
        if events.iter().any(|event| event["kind"] == kind) {
            return;
        }
    }
}

async fn s15_whoever_waits_sees_every_command_sealed(database: Database) {
    let bed = Bed::new(database);
    let key = bed.practice("smith").await;
    let service = bed.serve().await;
    let host = service.client().host(&key);
    let mut seen = 0;
    until_sealed(&host, &mut seen, "api_key.created").await;
    host.put_contact("c-1", "Ada Brandt", &["ada@first.example"]).await.expect(201);
    until_sealed(&host, &mut seen, "contact.created").await;
    for (command, kind) in [
        ("activate", "contact.activated"),
        ("resend", "contact.invitation_resent"),
        ("deactivate", "contact.deactivated"),
        ("reactivate", "contact.reactivated"),
    ] {
        host.order("c-1", command).await.expect(200);
        until_sealed(&host, &mut seen, kind).await;
    }
    let emails = json!({ "emails": ["ada@second.example"] });
    host.put("/api/v1/contacts/c-1/emails", emails).await.expect(200);
    until_sealed(&host, &mut seen, "contact.emails_changed").await;
    // Who waits already is answered too.
    let (waiting, deleted) =
        tokio::join!(until_sealed(&host, &mut seen, "contact.deleted"), host.delete("/api/v1/contacts/c-1"));
    deleted.expect(200);
    waiting
}

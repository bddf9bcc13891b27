//! An import with activation and sending that is killed, and asked for again until it is done.

use std::{collections::BTreeMap, fmt::Write as _, time::Duration};

use super::{
    BEYOND_LEASE, Scene,
    check::{Excuses, check},
    in_rounds,
    moody::Moody,
};
use crate::support::{Database, Mail, data::Data, dice::Dice};

in_rounds!(n3_an_import_killed_and_repeated);

/// Several batches of rows.
const ROWS: usize = 1200;
const KILLS: usize = 4;
const COMMAND: [&str; 6] = ["import", "contacts.csv", "--practice", "smith", "--activate", "--send"];

async fn n3_an_import_killed_and_repeated(database: Database, dice: &mut Dice) -> String {
    let sink = Moody::start(dice.split()).await;
    let mut scene = Scene::new(database, &sink.url()).await;
    let mut file = String::from("ref,name,emails,activate\n");
    for row in 0..ROWS {
        writeln!(file, "c-{row},Person {row},Person.{row}@first.example,yes").unwrap();
    }
    std::fs::write(scene.bed.folder().join("contacts.csv"), file).unwrap();

    let (mut killed, mut excuses) = (0, Excuses::default());
    // Once where it hurts: rows are written, their mail is not sent. Then once in the middle of sending, then anywhere.
    for place in ["abort@import:2", "abort@sent:40"] {
        scene.bed.set("PORTAL_FAULT", place);
        let ended = scene.bed.run(&COMMAND).await;
        assert_eq!(ended.code, None, "{place}: {ended:?}");
        killed += 1;
        excuses.note(&scene).await;
        scene.advance(BEYOND_LEASE);
    }
    scene.bed.unset("PORTAL_FAULT");
    while killed < KILLS {
        let mut child = scene.bed.start(&COMMAND);
        tokio::time::sleep(dice.pause(Duration::from_millis(1500))).await;
        // It may have come to its end before: then it was not killed, and nothing is excused by it.
        if child.try_wait().unwrap().is_some() {
            break;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        killed += 1;
        excuses.note(&scene).await;
        scene.advance(BEYOND_LEASE);
    }

    // The same command once more is all it takes; and once more does nothing.
    let done = scene.bed.done(&COMMAND).await;
    assert!(!done.contains("to be tried again"), "{done}");
    let count = sink.mails().len();
    let again = scene.bed.done(&COMMAND).await;
    assert!(again.contains("no mail was to be sent"), "{again}");
    assert_eq!(sink.mails().len(), count);

    let mails = sink.mails();
    let figures = check(&scene, &mails, &excuses).await;
    everybody_once(&scene, &mails).await;
    format!("{ROWS} rows, {killed} kills, {figures}")
}

/// Every contact is there once, with access and exactly one message, which was handed over.
async fn everybody_once(scene: &Scene, mails: &[Mail]) {
    let data = Data::of(&scene.bed);
    let mut contacts = data.table("contact", &["ref", "access"]).await;
    contacts.sort();
    let mut expected: Vec<_> =
        (0..ROWS).map(|row| vec![Some(format!("c-{row}")), Some("granted".to_owned())]).collect();
    expected.sort();
    assert_eq!(contacts, expected);
    let messages = data.table("message", &["kind", "state"]).await;
    assert_eq!(messages.len(), ROWS);
    assert!(messages.iter().all(|line| line[0].as_deref() == Some("activation")));
    assert!(messages.iter().all(|line| line[1].as_deref() == Some("accepted")));
    let mut ids: BTreeMap<String, (String, String)> = BTreeMap::new();
    for mail in mails {
        let said = (mail.to().to_owned(), mail.body());
        assert_eq!(ids.entry(mail.message_id()).or_insert_with(|| said.clone()), &said, "word for word the same");
    }
    assert_eq!(ids.len(), ROWS);
    for kind in ["contact.created", "contact.activated", "message.accepted"] {
        let events = data.table("event", &["kind"]).await;
        assert_eq!(events.iter().filter(|line| line[0].as_deref() == Some(kind)).count(), ROWS, "{kind}");
    }
}

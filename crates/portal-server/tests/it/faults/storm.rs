//! Requests that are given up at any moment.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;

use super::{
    SLUGS, Scene,
    check::{Excuses, check, come_to_an_end},
    in_rounds,
    moody::Moody,
};
use crate::support::{Client, Database, data::Data, dice::Dice};

in_rounds!(n3_a_storm_of_cancelled_requests);

const CONTACTS: u64 = 20;
const TRACKS: usize = 16;
/// So many requests of each track are given up.
const GIVEN_UP: usize = 40;

async fn n3_a_storm_of_cancelled_requests(database: Database, dice: &mut Dice) -> String {
    let mail = Moody::start(dice.split()).await;
    let scene = Scene::new(database, &mail.url()).await;
    let served = scene.bed.serve().await;
    let hosts: Vec<_> = scene.keys.iter().map(|key| served.client().host(key)).collect();
    let tracks =
        (0..TRACKS).map(|track| storm(hosts[track % SLUGS.len()].clone(), SLUGS[track % SLUGS.len()], dice.split()));
    let answered: usize = join_all(tracks.map(tokio::spawn)).await.into_iter().map(Result::unwrap).sum();

    // Nothing is held: the server's connections are at rest, and everything can be written.
    let data = Data::of(&scene.bed);
    let mut held = data.idle_in_transaction().await;
    for _ in 0..100 {
        if held == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        held = data.idle_in_transaction().await;
    }
    assert_eq!(held, 0, "connections idle in transaction");
    for (host, slug) in hosts.iter().zip(SLUGS) {
        for contact in 0..CONTACTS {
            let reference = format!("c-{contact}");
            let put = host.put_contact(&reference, "Ada Brandt", &[&format!("{slug}.{contact}@last.example")]).await;
            assert!(put.status.is_success(), "{put:?}");
            host.order(&reference, "activate").await.expect(200);
            assert_eq!(host.order(&reference, "activate").await.expect(200)["outcome"], "unchanged");
        }
    }
    served.client().get("/readyz").await.expect(200);
    let mut excuses = Excuses::default();
    come_to_an_end(&scene, &mut excuses).await;
    let (status, log) = served.stop().await;
    assert!(status.success(), "{log}");
    let figures = check(&scene, &mail.mails(), &excuses).await;
    format!("{} given up, {answered} answered before, {figures}", TRACKS * GIVEN_UP - answered)
}

/// Asks for changes of shared contacts and goes away within a few milliseconds; answers how many answers were faster.
async fn storm(host: Client, slug: &str, mut dice: Dice) -> usize {
    let mut answered = 0;
    for number in 0..GIVEN_UP {
        let contact = format!("/api/v1/contacts/c-{}", dice.within(0..CONTACTS));
        let address = format!("{slug}.{number}.{}@first.example", dice.within(0..1000));
        let put = json!({ "name": "Ada Brandt", "emails": [address], "clients": [] });
        let (method, path, body) = match dice.within(0..6) {
            0 | 1 => ("PUT", contact, Some(put)),
            2 => ("POST", format!("{contact}/portal/activate"), None),
            3 => ("POST", format!("{contact}/portal/deactivate"), None),
            4 => ("DELETE", contact, None),
            _ => (
                "POST",
                format!("/portal/{slug}/api/session"),
                Some(json!({ "email": address, "password": "x".repeat(20) })),
            ),
        };
        let client = host.front_end();
        let asked = client.attempt(method, &path, body.map(|body| body.to_string().into_bytes()));
        let most = dice.within(1..400);
        let patience = dice.pause(Duration::from_millis(most));
        if let Ok(Some(answer)) = tokio::time::timeout(patience, asked).await {
            assert_ne!(answer.status, 500, "{method} {path}: {answer:?}");
            answered += 1;
        }
    }
    answered
}

//! Wrong passwords, whatever happens to the service meanwhile (N6).

use std::{
    net::SocketAddr,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use serde_json::{Value, json};

use super::{SLUGS, Scene, people::World};
use crate::support::{Client, data::Data};

/// Where a stranger guesses. Nobody signs in with it.
const ADDRESS: &str = "guessed@first.example";
/// So many are free in a [`WINDOW`].
const FREE: usize = 10;
/// In microseconds.
const WINDOW: i64 = 15 * 60 * 1_000_000;
const PAUSE: Duration = Duration::from_millis(20);

/// Guesses until the world is over; answers how often it was refused. What got no answer is not repeated.
pub(super) async fn guess(world: Arc<World>) -> usize {
    let path = format!("/portal/{}/api/session", SLUGS[0]);
    let body = json!({ "email": ADDRESS, "password": "certainly not this one" }).to_string();
    let template = Client::new(SocketAddr::from(([127, 0, 0, 1], 0))).front_end();
    let mut refused = 0;
    while !world.over.load(Ordering::SeqCst) {
        let instances = world.instances.lock().unwrap().clone();
        for at in instances {
            match template.at(at).attempt("POST", &path, Some(body.clone().into_bytes())).await {
                Some(answer) if answer.status == 401 => refused += 1,
                Some(answer) if answer.status == 500 => assert!(world.forgives_500, "{answer:?}"),
                Some(answer) => assert_eq!(answer.status, 503, "{answer:?}"),
                None => {}
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
    refused
}

/// No counter holds more wrong passwords than its rule lets through: ten in any quarter of an hour, and one more for each pause.
pub(super) async fn bounded(data: &Data) {
    for line in data.table("throttle", &["tally"]).await {
        let tally: Value = serde_json::from_str(line[0].as_deref().unwrap()).unwrap();
        let wrong = wrong(&tally);
        let lately = |place: usize| wrong[..place].iter().filter(|at| wrong[place] - **at < WINDOW).count();
        let beyond = (0..wrong.len()).filter(|place| lately(*place) >= FREE).count();
        assert!(beyond as u64 <= tally["pauses"].as_u64().unwrap_or_default(), "more than the limit (N6): {tally}");
    }
}

/// What the guesser was told was looked at is counted, up to the first pause, whatever ended meanwhile.
pub(super) async fn counted(scene: &Scene, refused: usize) {
    let tally = Data::of(&scene.bed).strangers(ADDRESS).await;
    assert!(wrong(&tally).len() >= refused.min(FREE + 1), "{refused} were refused, and counted are (N6): {tally}");
}

fn wrong(tally: &Value) -> Vec<i64> {
    tally["wrong"].as_array().into_iter().flatten().map(|at| at.as_i64().unwrap()).collect()
}

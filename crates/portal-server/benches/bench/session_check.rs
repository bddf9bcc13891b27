//! Session checks, by a bare route that asks the same database the same. What the bare route does is said in [`bare`](crate::bare).

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::{
    args::Args,
    bare::Bare,
    cpu::{self, Rate},
    figure::Figure,
    line::{Line, request},
    people::{House, PASSWORD, Person},
    place::{KINDS, Kind, Place, SLUG, Served},
    sign_ins::sign_in,
};

/// So many people have a session.
const PEOPLE: usize = 64;

pub(crate) async fn figures(args: &Args) -> Vec<Figure> {
    let mut figures = Vec::new();
    for kind in KINDS {
        let rates = rates(kind, args).await;
        let note = "GET …/api/session ÷ a bare axum route with the same query and answer, a process of its own too";
        let name = format!("session-check {}", kind.name());
        figures.extend(cpu::figures(&name, 85.0, &rates, note));
    }
    figures
}

async fn rates(kind: Kind, args: &Args) -> Vec<(Rate, Rate)> {
    let place = Place::with_practice(kind).await.told("PORTAL_SIGN_INS_PER_MINUTE", "1000000");
    let people = House::new(place.store().await).await.known("known", PEOPLE).await;
    let served = place.serve().await;
    let bare = Bare::start(&place.url);
    let requests = session_requests(&served, &people).await;
    let mut ours = Line::open_many(served.address, 2 * cpu::cores()).await;
    let mut lines = Line::open_many(bare.address, 2 * cpu::cores()).await;
    same_answer(&mut ours[0], &mut lines[0], &requests[0]).await;
    let next = AtomicUsize::new(0);
    let request = || requests[next.fetch_add(1, Ordering::Relaxed) % requests.len()].clone();
    let mut rates = Vec::new();
    for _ in 0..args.rounds() {
        let theirs = cpu::rate(bare.process(), &mut lines, args.slice() / 2, 200, request).await;
        rates.push((cpu::rate(served.process(), &mut ours, args.slice() / 2, 200, request).await, theirs));
    }
    rates
}

/// Signs people in; answers a request of each with their session.
pub(crate) async fn session_requests(served: &Served, people: &[Person]) -> Vec<Vec<u8>> {
    let mut line = Line::open(served.address).await.unwrap();
    let mut requests = Vec::new();
    for person in people {
        let answer = line.ask(&sign_in(person.address(), PASSWORD, "198.18.0.1")).await.unwrap();
        let cookie =
            answer.head.lines().filter_map(|it| it.strip_prefix("set-cookie: ")).find(|it| !it.contains("_known="));
        let cookie = cookie.expect("a session began").split(';').next().unwrap();
        requests.push(request("GET", &format!("/portal/{SLUG}/api/session"), &[("cookie", cookie)], None));
    }
    requests
}

/// The bare route tells the same people.
async fn same_answer(ours: &mut Line, theirs: &mut Line, request: &[u8]) {
    let mut told = Vec::new();
    for line in [ours, theirs] {
        let answer = line.ask(request).await.unwrap();
        let answer: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        told.push((answer["login_email"].clone(), answer["profiles"].clone()));
    }
    assert!(told[0].0.is_string() && told[0] == told[1], "{told:?}");
}

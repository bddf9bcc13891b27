//! Session checks of a program that records metrics, by those of one that doesn't: what counting costs a request.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::{
    args::Args,
    cpu::{self, Rate},
    figure::Figure,
    line::Line,
    people::House,
    place::{KINDS, Kind, Place, Served},
    session_check::session_requests,
};

/// So many people have a session.
const PEOPLE: usize = 64;

pub(crate) async fn figures(args: &Args) -> Vec<Figure> {
    let mut figures = Vec::new();
    for kind in KINDS {
        let rates = rates(kind, args).await;
        let note = "GET …/api/session where metrics are recorded ÷ the same where they are not";
        figures.extend(cpu::figures(&format!("metrics {}", kind.name()), 95.0, &rates, note));
    }
    figures
}

/// A program with its own database and people, ready to be asked.
struct Asked {
    served: Served,
    lines: Vec<Line>,
    requests: Vec<Vec<u8>>,
    next: AtomicUsize,
    _place: Place,
}

impl Asked {
    async fn of(place: Place) -> Self {
        let place = place.told("PORTAL_SIGN_INS_PER_MINUTE", "1000000");
        let people = House::new(place.store().await).await.known("known", PEOPLE).await;
        let served = place.serve().await;
        let requests = session_requests(&served, &people).await;
        let lines = Line::open_many(served.address, 2 * cpu::cores()).await;
        Self { served, lines, requests, next: AtomicUsize::new(0), _place: place }
    }

    async fn rate(&mut self, args: &Args) -> Rate {
        let Self { served, lines, requests, next, .. } = self;
        let request = || requests[next.fetch_add(1, Ordering::Relaxed) % requests.len()].clone();
        cpu::rate(served.process(), lines, args.slice() / 2, 200, request).await
    }
}

async fn rates(kind: Kind, args: &Args) -> Vec<(Rate, Rate)> {
    let with = Place::with_practice(kind).await.told("PORTAL_METRICS_LISTEN", "127.0.0.1:0");
    let (mut with, mut without) = (Asked::of(with).await, Asked::of(Place::with_practice(kind).await).await);
    let mut rates = Vec::new();
    for _ in 0..args.rounds() {
        let bare = without.rate(args).await;
        rates.push((with.rate(args).await, bare));
    }
    rates
}

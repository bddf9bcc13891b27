//! What the program takes before anybody asks for anything, and under many sign-ins.

use std::time::Duration;

use tokio::time::Instant;

use crate::{
    args::Args,
    figure::{Figure, Target},
    line::{self, Line},
    people::{House, PASSWORD},
    place::{KINDS, Place},
    sign_ins::sign_in,
};

/// Sign-ins at once.
const AT_ONCE: usize = 64;

/// So long an idle program is watched: its workers have had their turn by then.
const REST: Duration = Duration::from_secs(3);

pub(crate) async fn memory(args: &Args) -> Vec<Figure> {
    let mut figures = Vec::new();
    for kind in KINDS {
        let (mut idle, mut busy) = (Vec::new(), Vec::new());
        for _ in 0..3 {
            let place = Place::with_practice(kind).await.told("PORTAL_SIGN_INS_PER_MINUTE", "1000000");
            let people = House::new(place.store().await).await.known("known", AT_ONCE).await;
            let served = place.serve().await;
            tokio::time::sleep(REST).await;
            idle.push(served.memory().0);
            let mut lines = Line::open_many(served.address, AT_ONCE).await;
            let next = std::cell::Cell::new(0);
            let request = || {
                next.set(next.get() + 1);
                sign_in(people[next.get() % AT_ONCE].address(), PASSWORD, "198.18.0.1")
            };
            // What is too much at once is sent away, in order.
            line::rate(&mut lines, args.slice(), &[204, 503], request).await;
            busy.push(served.memory().1);
        }
        let name = |what: &str| format!("memory {what} {}", kind.name());
        let idle = Figure::of(name("idle"), " MiB", Target::AtMost(25.0), &idle).noted("resident, after three seconds");
        let busy = Figure::of(name("busy"), " MiB", Target::None, &busy);
        figures.extend([idle, busy.noted(format!("resident at the most, {AT_ONCE} connections that sign in"))]);
    }
    figures
}

pub(crate) async fn cold_start(args: &Args) -> Vec<Figure> {
    let mut figures = Vec::new();
    for kind in KINDS {
        let place = Place::with_practice(kind).await;
        let mut spans = Vec::new();
        for _ in 0..2 * args.rounds() {
            let begun = Instant::now();
            let served = place.serve().await;
            spans.push(begun.elapsed().as_secs_f64() * 1000.0);
            drop(served);
        }
        let name = format!("cold-start {}", kind.name());
        let figure = Figure::of(name, " ms", Target::AtMost(100.0), &spans);
        figures.push(figure.noted("from the start of the program to the first /readyz with 200, existing database"));
    }
    figures
}

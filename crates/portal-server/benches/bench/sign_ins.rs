//! Sign-ins, by what the cores can hash.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;

use crate::{
    args::Args,
    cpu::{self, Rate},
    figure::Figure,
    line::{Line, request},
    people::{House, PASSWORD},
    place::{KINDS, Kind, Place, SLUG, Served},
};

/// So many different people sign in, in turns, each from an address of their own.
const PEOPLE: usize = 2000;

struct Stand {
    kind: Kind,
    _place: Place,
    served: Served,
    lines: Vec<Line>,
    requests: Vec<Vec<u8>>,
    next: AtomicUsize,
    rates: Vec<(Rate, Rate)>,
}

pub(crate) async fn figures(args: &Args) -> Vec<Figure> {
    let mut stands = Vec::new();
    for kind in KINDS {
        stands.push(Stand::new(kind).await);
    }
    for _ in 0..args.rounds() {
        for stand in &mut stands {
            let raw = cpu::raw_hashes(args.slice()).await;
            let ours = stand.rate(args).await;
            stand.rates.push((ours, raw));
        }
    }
    let note = "sign-ins over HTTP ÷ Argon2id alone, one thread a core, memory used again";
    let figures = |stand: Stand| cpu::figures(&format!("sign-ins {}", stand.kind.name()), 95.0, &stand.rates, note);
    stands.into_iter().flat_map(figures).collect()
}

impl Stand {
    async fn new(kind: Kind) -> Self {
        let place = Place::with_practice(kind).await.told("PORTAL_TRUSTED_PROXIES", "127.0.0.1");
        let house = House::new(place.store().await).await;
        let people = house.known("known", PEOPLE).await;
        let requests = people.iter().enumerate().map(|(n, person)| sign_in(person.address(), PASSWORD, &origin(n)));
        let requests = requests.collect();
        let served = place.serve().await;
        let lines = Line::open_many(served.address, 8 * cpu::cores()).await;
        let next = AtomicUsize::new(0);
        Self { kind, _place: place, served, lines, requests, next, rates: Vec::new() }
    }

    async fn rate(&mut self, args: &Args) -> Rate {
        let (next, requests) = (&self.next, &self.requests);
        let request = || requests[next.fetch_add(1, Ordering::Relaxed) % requests.len()].clone();
        cpu::rate(self.served.process(), &mut self.lines, args.slice(), 204, request).await
    }
}

/// An address that nobody else comes from.
fn origin(n: usize) -> String {
    format!("198.18.{}.{}", n / 250, n % 250)
}

pub(crate) fn sign_in(address: &str, password: &str, origin: &str) -> Vec<u8> {
    let body = json!({ "email": address, "password": password }).to_string();
    let headers = [("x-portal", "1"), ("user-agent", "bench/1.0"), ("x-forwarded-for", origin)];
    request("POST", &format!("/portal/{SLUG}/api/session"), &headers, Some(&body))
}

//! Whether anybody can learn who is a client (S5): whole answers compared, and the time that they take.
//!
//! Each request is of an address, or a link, of its own, so that all classes of a comparison have the same history of tries; what
//! is locked has been guessed at before, on both sides. The classes are asked in turns, in a new order each time, over one kept
//! connection. A figure is the share of all pairs in which the class was slower than the other (Mann–Whitney).

use std::{collections::BTreeSet, time::Duration};

use portal::domain::{link::Link, throttle::Bucket};
use portal_testkit::build;
use serde_json::json;
use tokio::time::Instant;

use crate::{
    args::Args,
    figure::{self, Figure, Target},
    line::{Answer, Line, form, request},
    people::{self, House, Person, address},
    place::{KINDS, Place, SLUG, Served, link_tokens},
    sign_ins::sign_in,
};

/// So many locked addresses are asked in turns: a refused try changes nothing at them.
const LOCKED: usize = 40;

/// Tries until an address is locked.
const TRIES: usize = 11;

/// Parts of the samples, whose own figures are the spread.
const PARTS: usize = 4;

/// Answers, and their times.
struct Class {
    name: &'static str,
    requests: Vec<Vec<u8>>,
    /// What was typed into the form of each, which its page shows again.
    typed: Vec<String>,
    seconds: Vec<f64>,
    answers: BTreeSet<String>,
}

impl Class {
    fn new(name: &'static str, requests: Vec<Vec<u8>>) -> Self {
        Self { name, requests, typed: Vec::new(), seconds: Vec::new(), answers: BTreeSet::new() }
    }

    /// A form of the workspace with an address in it.
    fn of_form(name: &'static str, path: &str, addresses: &[String]) -> Self {
        let path = format!("/workspace/{SLUG}/{path}");
        let ask = |address: &String| form(&path, &[("email", address), ("password", "none of their passwords")]);
        Self { typed: addresses.to_vec(), ..Self::new(name, addresses.iter().map(ask).collect()) }
    }
}

pub(crate) async fn figures(args: &Args) -> Vec<Figure> {
    let mut figures = Vec::new();
    for kind in KINDS {
        let mut scene = Scene::new(Place::with_practice(kind).await, args.samples()).await;
        for (what, classes) in std::mem::take(&mut scene.comparisons) {
            let name = format!("alike {what} {}", kind.name());
            let compared = compare(&name, classes, &mut scene.line, args.samples()).await;
            eprintln!("{}", figure::table(&compared));
            figures.extend(compared);
        }
    }
    figures
}

/// Asks all classes in turns, and compares the first one with each of the others.
async fn compare(name: &str, mut classes: Vec<Class>, line: &mut Line, samples: usize) -> Vec<Figure> {
    let mut order: Vec<usize> = (0..classes.len()).collect();
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    for sample in 0..samples {
        dice.shuffle(&mut order);
        for place in &order {
            let class = &mut classes[*place];
            let number = sample % class.requests.len();
            let (request, typed) = (&class.requests[number], class.typed.get(number).map(String::as_str));
            let begun = Instant::now();
            let answer = line.ask(request).await.unwrap();
            class.seconds.push(begun.elapsed().as_secs_f64());
            class.answers.insert(whole(&answer, typed));
        }
    }
    let (other, classes) = classes.split_first().unwrap();
    let mut different = other.answers.clone();
    let mut figures = Vec::new();
    for class in classes {
        different.extend(class.answers.iter().cloned());
        let part = samples.div_ceil(PARTS);
        let parts = class.seconds.chunks(part).zip(other.seconds.chunks(part));
        let parts: Vec<_> = parts.map(|(ours, theirs)| slower(ours, theirs)).collect();
        let whole = slower(&class.seconds, &other.seconds);
        let figure = Figure::with_value(format!("{name}: {}", class.name), "", Target::Near(0.5, 0.03), whole, &parts);
        figures.push(figure.noted(format!("P(slower than {}), {samples} each", other.name)));
    }
    #[expect(clippy::cast_precision_loss, reason = "there are few")]
    let many = different.len() as f64;
    let figure = Figure::of(format!("{name}: answers"), "", Target::AtMost(1.0), &[many]);
    figures.push(figure.noted("different answers but for Date, Set-Cookie and request id"));
    figures
}

/// An answer without what is new in each, and what was typed.
fn whole(answer: &Answer, typed: Option<&str>) -> String {
    let length = if typed.is_some() { "content-length" } else { "" };
    let new = ["date", "set-cookie", "x-request-id", length];
    let name = |line: &&str| line.split(':').next().unwrap_or_default().to_ascii_lowercase();
    let lines: Vec<_> = answer.head.lines().filter(|line| !new.contains(&name(line).as_str())).collect();
    let body = String::from_utf8_lossy(&answer.body);
    let body = typed.map_or_else(|| body.to_string(), |typed| body.replace(typed, "what was typed"));
    format!("{}\n{}\n\n{body}", answer.status, lines.join("\n"))
}

/// Of all pairs the share in which the first is the greater; of a draw each has half.
fn slower(ours: &[f64], theirs: &[f64]) -> f64 {
    let mut sorted = theirs.to_vec();
    sorted.sort_by(f64::total_cmp);
    let won = |time: &f64| {
        let less = sorted.partition_point(|other| other < time);
        let not_more = sorted.partition_point(|other| other <= time);
        #[expect(clippy::cast_precision_loss, reason = "there are few")]
        let won = (less + not_more) as f64 / 2.0;
        won
    };
    #[expect(clippy::cast_precision_loss, reason = "there are few")]
    let pairs = (ours.len() * theirs.len()) as f64;
    ours.iter().map(won).sum::<f64>() / pairs
}

/// The same order in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % most
    }

    fn shuffle(&mut self, order: &mut [usize]) {
        for last in (1..order.len()).rev() {
            order.swap(last, self.below(last + 1));
        }
    }
}

/// Everybody who is asked about.
struct Scene {
    line: Line,
    comparisons: Vec<(&'static str, Vec<Class>)>,
    _served: Served,
    _place: Place,
}

impl Scene {
    async fn new(place: Place, samples: usize) -> Self {
        let place = place.told("PORTAL_SIGN_INS_PER_MINUTE", "1000000");
        let house = House::new(place.store().await).await;
        let addresses = |people: &[Person]| people.iter().map(|it| it.address().to_owned()).collect::<Vec<_>>();
        let known = addresses(&house.known("known", samples).await);
        let ended = house.known("ended", samples).await;
        let never = house.never_activated("never", samples).await;
        let staff = house.staff("staff", samples).await;
        let unknown: Vec<_> = (0..samples).map(|n| address(&format!("other-{n}"))).collect();
        let locked = addresses(&house.known("shut", LOCKED).await);
        let locked_unknown: Vec<_> = (0..LOCKED).map(|n| address(&format!("lock-{n}"))).collect();
        lock(&house, locked.iter().chain(&locked_unknown)).await;
        let strangers: Vec<_> = (0..samples).map(|n| address(&format!("guest-{n}"))).collect();
        let able = house.able_staff("able", samples).await;
        let idle = house.staff("idle", samples).await;
        let clients = addresses(&house.known("client", samples).await);
        let at_the_desk = |path: &str| {
            let groups =
                [("unknown", &strangers), ("staff", &able), ("staff, not invited", &idle), ("client", &clients)];
            groups.map(|(name, them)| Class::of_form(name, path, them)).into()
        };
        let links = Links::new(&house, samples).await;
        let served = place.serve().await;
        let mut line = Line::open(served.address).await.unwrap();
        deactivate(&place, &mut line, ended.iter().chain(&links.dead_people)).await;

        let ended = addresses(&ended);
        let groups = [("unknown", &unknown), ("known", &known), ("deactivated", &ended), ("never activated", &never)];
        let groups = [groups.as_slice(), &[("staff", &staff)]].concat();
        let classes = |ask: fn(&str) -> Vec<u8>| {
            let class = |(name, them): &(&'static str, &Vec<String>)| {
                Class::new(name, them.iter().map(|address| ask(address)).collect())
            };
            groups.iter().map(class).collect::<Vec<_>>()
        };
        let tries = |addresses: &[String]| addresses.iter().map(|it| wrong(it)).collect();
        let shut = vec![Class::new("unknown, locked", tries(&locked_unknown)), Class::new("locked", tries(&locked))];
        let comparisons = vec![
            ("sign-in", classes(wrong)),
            ("locked", shut),
            ("reset", classes(reset)),
            ("renewal", links.classes),
            ("workspace sign-in", at_the_desk("sign-in")),
            ("workspace reset", at_the_desk("forgot")),
        ];
        Self { line, comparisons, _served: served, _place: place }
    }
}

fn wrong(address: &str) -> Vec<u8> {
    sign_in(address, "none of their passwords", "198.18.0.1")
}

fn reset(address: &str) -> Vec<u8> {
    let body = json!({ "email": address }).to_string();
    request("POST", &format!("/portal/{SLUG}/api/password-resets"), &[("x-portal", "1")], Some(&body))
}

/// Guesses at these addresses until they are locked for longer than this takes.
async fn lock(house: &House, addresses: impl Iterator<Item = &String>) {
    let later = people::now().after(Duration::from_secs(24 * 3600));
    for address in addresses {
        let bucket = Bucket::strangers(&build::key(address));
        for _ in 0..TRIES {
            house.store.admit(house.practice.id, &[bucket], None, later).await.unwrap();
        }
    }
}

/// Takes the access of these people, as a host does.
async fn deactivate(place: &Place, line: &mut Line, people: impl Iterator<Item = &Person>) {
    let key = place.done(&["api-key", "create", "--practice", SLUG, "--name", "bench", "--scope", "write"]);
    let bearer = format!("Bearer {key}");
    for person in people {
        let path = format!("/api/v1/contacts/{}/portal/deactivate", person.contact.reference.as_str());
        let order = request("POST", &path, &[("authorization", &bearer)], None);
        let answer = line.ask(&order).await.unwrap();
        assert_eq!(answer.status, 200, "{}\n{}", String::from_utf8_lossy(&answer.body), place.complaints());
    }
}

/// Links of all kinds, to be renewed.
struct Links {
    classes: Vec<Class>,
    /// Whose access ends yet.
    dead_people: Vec<Person>,
}

impl Links {
    async fn new(house: &House, samples: usize) -> Self {
        let mut classes = Vec::new();
        let mut dead_people = Vec::new();
        for name in ["usable", "used", "expired", "of no access"] {
            let people = house.known(&name.replace(' ', "-"), samples).await;
            let link = |person: &Person| match name {
                "used" => Link { used_at: Some(person.link(24).created_at), ..person.link(24) },
                "expired" => person.link(0),
                _ => person.link(24),
            };
            let links: Vec<_> = people.iter().map(link).collect();
            house.open_links(&links).await;
            classes.push(Class::new(name, links.iter().map(|link| renewal(house, link)).collect()));
            if name == "of no access" {
                dead_people = people;
            }
        }
        Self { classes, dead_people }
    }
}

fn renewal(house: &House, link: &Link) -> Vec<u8> {
    let tokens = link_tokens();
    let token = tokens.issue(tokens.newest(), house.practice.id, link.id, link.purpose).unwrap();
    request("POST", &format!("/portal/{SLUG}/api/links/{token}/renew"), &[("x-portal", "1")], None)
}

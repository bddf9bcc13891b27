//! The workspace's list of contacts where there are a hundred thousand, by the same list where there are a thousand: a page costs what
//! is on it, and not what there is besides. Both are asked in turns, one after the other.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use tokio::time::Instant;

use crate::{
    args::Args,
    figure::{Figure, Target, median},
    line::{Line, form, request},
    people::{House, PASSWORD, numbered},
    place::{KINDS, Kind, Place, SLUG, Served},
};

const MANY: usize = 100_000;
const FEW: usize = 1_000;

/// Pairs of requests in a round.
const PAIRS: usize = 15;

/// A page to ask for, and how much more it may cost where there are many.
struct Case {
    name: &'static str,
    /// What the address asks, by how many there are.
    query: fn(usize) -> String,
    /// What stands on the page where it is the right one.
    shows: fn(usize) -> String,
    most: f64,
    note: &'static str,
}

/// Lists that are looked through stop at a bound: at 5,000 names, or at 2,000 contacts whose status is asked for.
const CASES: [Case; 7] = [
    Case { name: "first page", query: |_| String::new(), shows: |_| numbered(0), most: 1.25, note: "fifty contacts" },
    Case {
        name: "from the middle",
        query: |many| format!("cursor={}", URL_SAFE_NO_PAD.encode(numbered(many / 2))),
        shows: |many| numbered(many / 2 + 1),
        most: 1.25,
        note: "the fifty after the one in the middle",
    },
    Case {
        name: "beginning of a name",
        query: |_| "q=zo".to_owned(),
        shows: |_| numbered(980),
        most: 1.25,
        note: "one in twenty is called so: a thousand are looked through on both sides",
    },
    Case {
        name: "a name of nobody",
        query: |_| "q=nobody".to_owned(),
        shows: |many| {
            if many > FEW { "Not all contacts were looked through yet." } else { "Nobody is like that." }.to_owned()
        },
        most: 6.0,
        note: "5,000 are looked through, and then the page offers to go on, by all 1,000",
    },
    Case {
        name: "an address",
        query: |many| format!("q={}%40people.example", numbered(many - 1)),
        shows: |many| numbered(many - 1),
        most: 1.25,
        note: "a whole address, of the last contact of all",
    },
    Case {
        name: "a usual status",
        query: |_| "status=not_activated".to_owned(),
        shows: |_| numbered(1),
        most: 1.25,
        note: "all but one in a hundred",
    },
    Case {
        name: "a rare status",
        query: |_| "status=active".to_owned(),
        shows: |_| numbered(900),
        most: 2.5,
        note: "one in a hundred: 2,000 are looked at whole, and then the page offers to go on, by all 1,000",
    },
];

pub(crate) async fn figures(args: &Args) -> Vec<Figure> {
    let mut figures = Vec::new();
    for kind in KINDS {
        let (mut many, mut few) = (Asked::of(kind, MANY).await, Asked::of(kind, FEW).await);
        for case in &CASES {
            let (mut ratios, mut millis) = (Vec::new(), Vec::new());
            for _ in 0..args.rounds() {
                let (ours, theirs) = round(case, &mut many, &mut few).await;
                ratios.push(ours / theirs);
                millis.push(1000.0 * ours);
            }
            let name = format!("contacts {}, {}", kind.name(), case.name);
            let note = format!("{}; {:.1} ms of {MANY} ÷ of {FEW}", case.note, median(&millis));
            figures.push(Figure::of(name, " ×", Target::AtMost(case.most), &ratios).noted(note));
        }
    }
    figures
}

/// How long a page takes of many, and of few.
async fn round(case: &Case, many: &mut Asked, few: &mut Asked) -> (f64, f64) {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..PAIRS {
        ours.push(many.seconds(case).await);
        theirs.push(few.seconds(case).await);
    }
    (median(&ours), median(&theirs))
}

/// A program with so many contacts, and somebody who looks at them.
struct Asked {
    line: Line,
    cookie: String,
    many: usize,
    _served: Served,
    _place: Place,
}

impl Asked {
    async fn of(kind: Kind, many: usize) -> Self {
        let place = Place::with_practice(kind).await;
        let house = House::new(place.store().await).await;
        let sue = house.able_staff("sue", 1).await.remove(0);
        house.crowd(many).await;
        let served = place.serve().await;
        let mut line = Line::open(served.address).await.unwrap();
        let fields = [("email", &*sue), ("password", PASSWORD)];
        let answer = line.ask(&form(&format!("/workspace/{SLUG}/sign-in"), &fields)).await.unwrap();
        let cookies = answer.head.lines().filter_map(|it| it.strip_prefix("set-cookie: "));
        let cookie = cookies.filter_map(|it| it.split(';').next()).collect::<Vec<_>>().join("; ");
        assert_eq!(answer.status, 303, "{}", String::from_utf8_lossy(&answer.body));
        Self { line, cookie, many, _served: served, _place: place }
    }

    async fn seconds(&mut self, case: &Case) -> f64 {
        let path = format!("/workspace/{SLUG}/contacts?{}", (case.query)(self.many));
        let request = request("GET", &path, &[("cookie", &self.cookie)], None);
        let begun = Instant::now();
        let answer = self.line.ask(&request).await.unwrap();
        let seconds = begun.elapsed().as_secs_f64();
        let page = String::from_utf8_lossy(&answer.body);
        assert!(answer.status == 200 && page.contains(&(case.shows)(self.many)), "{}: {page}", case.name);
        seconds
    }
}

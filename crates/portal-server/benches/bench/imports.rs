//! Import of an export of two thousand rows, with activation: the whole program from its start to its end.

use std::process::Stdio;

use tokio::time::Instant;

use crate::{
    args::Args,
    figure::{Figure, Target},
    place::{KINDS, Kind, Place, SLUG},
};

const CONTACTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/samples/contacts.csv");

pub(crate) async fn figures(args: &Args) -> Vec<Figure> {
    let rows = csv::Reader::from_path(CONTACTS).unwrap().records().count();
    let mut rates = [Vec::new(), Vec::new()];
    for _ in 0..args.rounds() {
        for (kind, rates) in KINDS.into_iter().zip(&mut rates) {
            let place = Place::with_practice(kind).await;
            let mut command = place.command(&["import", CONTACTS, "--practice", SLUG, "--activate"]);
            command.stdout(Stdio::null()).stderr(Stdio::null());
            let begun = Instant::now();
            let ended = command.status().unwrap();
            #[expect(clippy::cast_precision_loss, reason = "there are few rows")]
            rates.push(rows as f64 / begun.elapsed().as_secs_f64());
            // Some rows of the export are refused, and the program says so.
            assert_eq!(ended.code(), Some(1), "the import failed");
        }
    }
    let figure = |kind: Kind, rates: &[f64], least| {
        let name = format!("import {}", kind.name());
        Figure::of(name, " rows/s", Target::AtLeast(least), rates)
            .noted(format!("{rows} rows, `portal import --activate`"))
    };
    vec![figure(Kind::Sqlite, &rates[0], 5000.0), figure(Kind::Postgres, &rates[1], 3000.0)]
}

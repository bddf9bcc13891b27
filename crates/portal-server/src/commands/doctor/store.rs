//! The database, the room that it has, and the clock.

use std::path::Path;

use portal::domain::{port::Clock, time::Timestamp};
use portal_dns::Finding;

use super::house;
use crate::{
    failure::{Exit, Failure},
    stores::{Database, Look},
    system::SystemClock,
    terminal::{count, plain},
};

/// Bytes of free space below which commits will soon fail.
const LITTLE: u64 = 64 << 20;
/// Bytes of free space below which it is time to make room.
const ENOUGH: u64 = 512 << 20;
/// By so many microseconds clocks may differ.
const APART: i64 = 2_000_000;
/// By so many, what waits for its time is plainly late or early.
const FAR_APART: i64 = 60_000_000;

/// The database, and the disk below it where that is this machine's.
pub(super) fn judge(database: &Database, looked: &Result<Option<Look>, Failure>) -> Vec<Finding> {
    let mut finding = Finding::new("database");
    let mut all = Vec::new();
    match looked {
        Err(failure) => {
            let remedy = match failure.exit {
                Exit::Unavailable => {
                    "start the database, or correct PORTAL_DATABASE_URL; `portal serve` would not start"
                }
                _ => "run the program of the version that the database is of",
            };
            finding.fault(failure.text.clone(), remedy);
        }
        Ok(None) => {
            let place = database.file().map(|path| plain(&path.display().to_string())).unwrap_or_default();
            finding.warn(
                format!("`{place}` is not there yet"),
                "the first start makes it (`portal serve` or `portal migrate`); if there should be one, correct PORTAL_DATABASE_URL",
            );
        }
        Ok(Some(look)) => judge_look(&mut finding, look),
    }
    if let Some(path) = database.file() {
        if path.exists() {
            house::owners_only(&mut finding, path);
        }
        all.push(disk(path));
    }
    all.insert(0, finding);
    all
}

fn judge_look(finding: &mut Finding, look: &Look) {
    finding.saw(look.kind.clone());
    for (seen, remedy) in &look.faults {
        finding.fault(seen.clone(), *remedy);
    }
    match (look.pending.as_slice(), look.practices) {
        ([], practices) => {
            let practices = practices.and_then(|number| u64::try_from(number).ok()).unwrap_or_default();
            finding.saw(format!("its schema is up to date; {}", count(practices, "practice")));
        }
        ([first, ..], _) => {
            let steps = count(look.pending.len() as u64, "step");
            finding.warn(
                format!("its schema lacks {steps}, from {} ({}) on", first.version, plain(&first.name)),
                "`portal migrate` applies them, and so does the next start; `portal migrate --plan` names them",
            );
        }
    }
}

fn disk(path: &Path) -> Finding {
    let mut finding = Finding::new("disk");
    // Of a folder that is made later, the one in which it will lie.
    let folder = path.ancestors().skip(1).map(|it| if it.as_os_str().is_empty() { Path::new(".") } else { it });
    let folder = folder.into_iter().find(|folder| folder.exists()).unwrap_or(Path::new("."));
    let shown = plain(&folder.display().to_string());
    match rustix::fs::statvfs(folder) {
        Ok(told) => judge_space(&mut finding, &shown, told.f_bavail.saturating_mul(told.f_frsize)),
        Err(error) => {
            finding.fault(
                format!("the disk of `{shown}` can't be looked at: {error}"),
                "give the user of the service the right to open the folder",
            );
        }
    }
    finding
}

fn judge_space(finding: &mut Finding, folder: &str, free: u64) {
    let seen = format!("{} MiB are free below `{folder}`", crate::terminal::number(free >> 20));
    let remedy =
        "make room on the disk, or move the database to another one: when it is full, nothing can be changed any more";
    match free {
        ..LITTLE => finding.fault(seen, remedy),
        LITTLE..ENOUGH => finding.warn(seen, remedy),
        _ => finding.saw(seen),
    };
}

/// This machine's clock, against the database server's and against the times that were written by it.
pub(super) fn clock(look: Option<&Look>) -> Finding {
    let mut finding = Finding::new("clock");
    let now = SystemClock.now();
    finding.saw(in_words(now));
    judge_clock(&mut finding, now, look);
    finding
}

fn judge_clock(finding: &mut Finding, now: Timestamp, look: Option<&Look>) {
    const SET: &str = "let NTP keep the clocks of this machine and of the database's, then restart the service";
    if let Some((theirs, ours)) = look.and_then(|look| look.server_clock) {
        let apart = (theirs.as_micros() - ours.as_micros()).abs();
        let seen = format!("the database server's differs by {} s", apart / 1_000_000);
        match apart {
            ..APART => finding.saw("the database server's is the same"),
            APART..FAR_APART => finding.warn(seen, SET),
            _ => finding.fault(seen, SET),
        };
    }
    match look.and_then(|look| look.newest_event) {
        Some(newest) if newest.as_micros() > now.as_micros() + APART => {
            let seen =
                format!("the newest event is of {}: this clock went back, or another one runs ahead", in_words(newest));
            let ahead = newest.as_micros() - now.as_micros();
            if ahead > FAR_APART {
                finding.fault(seen, SET)
            } else {
                finding.warn(seen, SET)
            };
        }
        Some(_) => {
            finding.saw("no event is of the future");
        }
        None => {
            finding.saw("there is no event to compare it with");
        }
    }
    finding.saw("whether it is right can't be told from here");
}

fn in_words(at: Timestamp) -> String {
    let at = jiff::Timestamp::from_microsecond(at.as_micros()).unwrap_or(jiff::Timestamp::MAX);
    at.round(jiff::Unit::Second).unwrap_or(at).to_string()
}

#[cfg(test)]
mod tests {
    use portal_dns::State;

    use super::*;
    use crate::stores::Step;

    fn look() -> Look {
        Look {
            kind: "PostgreSQL 15.4".to_owned(),
            faults: Vec::new(),
            pending: Vec::new(),
            practices: Some(3),
            newest_event: None,
            server_clock: None,
        }
    }

    #[test]
    fn databases_are_told_as_they_are() {
        let judged = |look: Look| {
            let mut finding = Finding::new("database");
            judge_look(&mut finding, &look);
            (finding.state, finding.seen())
        };
        assert_eq!(judged(look()), (State::Ok, "PostgreSQL 15.4; its schema is up to date; 3 practices".to_owned()));
        let step = Step { version: 7, name: "jobs".to_owned() };
        let (state, seen) = judged(Look { pending: vec![step], practices: None, ..look() });
        assert!(state == State::Warning && seen.contains("lacks 1 step, from 7 (jobs) on"), "{seen}");
        let (state, seen) =
            judged(Look { faults: vec![("it is a replica".to_owned(), "connect to the other")], ..look() });
        assert!(state == State::Fault && seen.contains("it is a replica"), "{seen}");
    }

    #[test]
    fn room_is_judged_by_what_is_left() {
        for (free, state) in
            [(0, State::Fault), (LITTLE - 1, State::Fault), (LITTLE, State::Warning), (ENOUGH, State::Ok)]
        {
            let mut finding = Finding::new("disk");
            judge_space(&mut finding, "data", free);
            assert_eq!(finding.state, state, "{finding:?}");
        }
        assert_eq!(disk(Path::new("nowhere/at/all/portal.db")).state, disk(Path::new("portal.db")).state);
    }

    #[test]
    fn clocks_are_compared_with_what_there_is() {
        const NOW: i64 = 1_796_047_200_000_000;
        let at = Timestamp::from_micros;
        let judged = |look: Option<Look>| {
            let mut finding = Finding::new("clock");
            judge_clock(&mut finding, at(NOW), look.as_ref());
            (finding.state, finding.seen())
        };
        assert!(judged(None).1.contains("no event to compare it with; whether it is right can't be told"));
        for (server, newest, state, said) in [
            (Some(NOW + 1_999_999), None, State::Ok, "server's is the same"),
            (Some(NOW - 2_000_000), None, State::Warning, "differs by 2 s"),
            (Some(NOW + 3_600_000_000), None, State::Fault, "differs by 3600 s"),
            (None, Some(NOW + 2_000_000), State::Ok, "no event is of the future"),
            (None, Some(NOW + 2_000_001), State::Warning, "this clock went back"),
            (None, Some(NOW + 86_400_000_000), State::Fault, "2026-12-01T14:00:00Z: this clock went back"),
        ] {
            let server_clock = server.map(|server| (at(server), at(NOW)));
            let told = judged(Some(Look { server_clock, newest_event: newest.map(at), ..look() }));
            assert!(told.0 == state && told.1.contains(said), "{state:?} `{said}` expected: {told:?}");
        }
    }
}

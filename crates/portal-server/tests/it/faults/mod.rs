//! Faults to survive (N1 to N13): the program is killed, stopped, starved and lied to while it works; afterwards a checker reads the
//! database, the captured mail and what the callers were told.
//!
//! The tests take one short round each; `cargo xtask faults` runs the same with more.

mod check;
mod clock;
mod guesses;
mod imports;
mod kills;
mod life;
mod moody;
mod people;
mod points;
mod race;
mod server;
mod storm;

use crate::support::{Bed, Database};

/// Plays each scenario on either database, as often as is asked for, each time on a new one.
macro_rules! in_rounds {
    ($($scenario:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $scenario() {
                let mut dice = $crate::support::dice::Dice::new();
                for round in 0..$crate::faults::rounds() {
                    let told = super::$scenario($crate::support::Database::sqlite(), &mut dice).await;
                    $crate::faults::tell(&format!("round {round}: {told}"));
                }
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $scenario() {
                let mut dice = $crate::support::dice::Dice::new();
                for round in 0..$crate::faults::rounds() {
                    let told = super::$scenario($crate::support::Database::postgres().await, &mut dice).await;
                    $crate::faults::tell(&format!("round {round}: {told}"));
                }
            })*
        }
    };
}
use in_rounds;

/// How often a scenario is played: `PORTAL_FAULT_ROUNDS`, or once.
#[expect(clippy::disallowed_methods, reason = "`cargo xtask faults` says how many in the environment")]
fn rounds() -> u64 {
    std::env::var("PORTAL_FAULT_ROUNDS").map_or(1, |text| text.parse().expect("a number of rounds"))
}

/// Says what a round found, for whoever watches.
#[expect(clippy::print_stderr, reason = "figures of `cargo xtask faults`")]
fn tell(text: &str) {
    eprintln!("{text}");
}

/// The practices of every scenario: two, so that one can show up in the other.
const SLUGS: [&str; 2] = ["smith", "jones"];

/// A lease of a message is over when the clock is set ahead by so many seconds.
const BEYOND_LEASE: i64 = 200;

/// A bed whose clock can be set, with its practices and their keys.
struct Scene {
    bed: Bed,
    keys: Vec<String>,
    ahead: std::sync::atomic::AtomicI64,
}

impl Scene {
    async fn new(database: Database, mail: &str) -> Self {
        let mut bed = Bed::new(database).with_mail(mail);
        let clock = bed.folder().join("clock").to_str().unwrap().to_owned();
        bed.set("PORTAL_FAULT_CLOCK", &clock);
        bed.set("PORTAL_LOG", "warn,portal::serve=info");
        // All callers of a test come from one address.
        bed.set("PORTAL_SIGN_INS_PER_MINUTE", "1000000");
        let mut keys = Vec::new();
        for slug in SLUGS {
            keys.push(bed.practice(slug).await);
        }
        Self { bed, keys, ahead: 0.into() }
    }

    /// Sets the clock of the program ahead, or back, while it runs. The file is replaced whole: somebody may be reading it.
    fn advance(&self, seconds: i64) {
        let ahead = self.ahead.fetch_add(seconds, std::sync::atomic::Ordering::SeqCst) + seconds;
        let (file, next) = (self.bed.folder().join("clock"), self.bed.folder().join("clock.next"));
        std::fs::write(&next, ahead.to_string()).unwrap();
        std::fs::rename(next, file).unwrap();
    }
}

//! The rules, one by one, on a store in memory. What is expected stands in the rulebook.

mod access;
mod conflicts;
mod desk;
mod diagnosis;
mod explained;
mod first_mail;
mod front;
mod guessing;
mod hints;
mod imports;
mod jobs;
mod journal;
mod lately;
mod links;
mod moves;
mod moves_shared;
mod moving_in;
mod once;
mod planted;
mod reminders;
mod reports;
mod returns;
mod sessions;
mod staff;
mod trial;
mod viewing;
mod workspace;

use portal_testkit::{
    conformance::Harness,
    machine::{self, Budget, SPELLINGS, Spelling, World},
    memory::MemoryStore,
};

/// Practices after generated histories: the rules hold wherever these have led.
async fn worlds(seed: u64) -> Vec<World> {
    machine::worlds(&Harness::new(MemoryStore::new()), Budget::new(12, 36).seeded(seed)).await
}

/// Every two spellings of one key, in both orders, and each with itself.
fn same_keys() -> impl Iterator<Item = (Spelling, Spelling)> {
    let pairs = SPELLINGS.into_iter().flat_map(|one| SPELLINGS.into_iter().map(move |other| (one, other)));
    pairs.filter(|(one, other)| one.key == other.key)
}

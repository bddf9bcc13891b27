//! A state machine that runs generated histories on the [model](crate::model) and on any store, and compares what can be
//! observed after every step.
//!
//! Each history plays in two practices at once on one store, each with a model of its own. Every command that can be
//! previewed is previewed first (M7). A history that fails is shrunk, and prints as the commands it consists of.
//!
//! ```
//! use portal_testkit::{conformance::Harness, machine::{self, Budget}, memory::MemoryStore};
//!
//! # portal_testkit::conformance::run(async {
//! machine::run(&Harness::new(MemoryStore::new()), Budget::new(2, 10)).await;
//! # });
//! ```

mod mutant;
mod play;
mod pool;
mod post;
mod resolve;
mod sight;
mod step;
mod strategy;
mod told;
mod world;

use std::collections::BTreeMap;

use crate::conformance::Harness;
use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use tokio::runtime::Builder;

pub use self::{
    mutant::{MutantStore, RuleMutant},
    play::{Failure, Played, play},
    pool::{BROKEN, CLIENTS, CONTACTS, KEYS, NAMES, PASSPHRASES, Password, SPELLINGS, Spelling},
    step::{Act, Command, Flags, Foreign, InSession, Pause, Setting, Step, Which},
    strategy::{Mood, histories},
    world::{Adapters, Mail, World},
};

/// How much is played.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// How many histories, half of them of each mood.
    pub cases: u32,
    /// How many steps a history has at most.
    pub steps: usize,
    /// Where the histories begin: the same seed gives the same ones.
    pub seed: u64,
    /// How many smaller histories are tried once one has failed.
    pub shrinks: u32,
}

impl Budget {
    /// So many histories of so many steps.
    pub const fn new(cases: u32, steps: usize) -> Self {
        Self { cases, steps, seed: 1, shrinks: 600 }
    }

    /// The same with other histories.
    #[must_use]
    pub const fn seeded(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    fn runner(&self) -> TestRunner {
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&self.seed.to_be_bytes());
        TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &seed))
    }

    fn history(&self, case: u32, runner: &mut TestRunner) -> impl ValueTree<Value = Vec<Step>> + use<> {
        let mood = if case.is_multiple_of(2) { Mood::Plausible } else { Mood::Hostile };
        histories(mood, self.steps).new_tree(runner).expect("histories reject nothing")
    }
}

/// Runs the machine on a runtime of its own, however long that takes on a real database.
///
/// # Panics
///
/// Where a history fails.
pub fn block_on<T>(machine: impl Future<Output = T>) -> T {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime can be built").block_on(machine)
}

/// Plays the histories. Answers how often each answer was given.
///
/// # Panics
///
/// Where one fails: with the smallest history found that fails too.
pub async fn run(harness: &Harness, budget: Budget) -> BTreeMap<String, usize> {
    match hunt(&Adapters::over(&harness.store), budget).await {
        Ok(answers) => answers,
        Err(failure) => panic!("a history of seed {} fails:\n{failure}", budget.seed),
    }
}

/// Plays the histories until one fails, and shrinks it.
///
/// # Errors
///
/// The smallest failing history that was found.
pub async fn hunt(adapters: &Adapters, budget: Budget) -> Result<BTreeMap<String, usize>, Failure> {
    let mut runner = budget.runner();
    let mut table = Table { adapters, seed: budget.seed, games: 0 };
    let mut answers = BTreeMap::new();
    for case in 0..budget.cases {
        let mut tree = budget.history(case, &mut runner);
        match table.game(tree.current()).await {
            Ok(played) => {
                for (answer, times) in played.answers {
                    *answers.entry(answer).or_default() += times;
                }
            }
            Err(failure) => return Err(shrink(&mut table, &mut tree, failure, budget.shrinks).await),
        }
    }
    Ok(answers)
}

/// The practices that the histories leave behind, for laws that hold wherever rules have led.
///
/// # Panics
///
/// Where a history fails.
pub async fn worlds(harness: &Harness, budget: Budget) -> Vec<World> {
    let adapters = Adapters::over(&harness.store);
    let mut table = Table { adapters: &adapters, seed: budget.seed, games: 0 };
    let mut runner = budget.runner();
    let mut worlds = Vec::new();
    for case in 0..budget.cases {
        let tree = budget.history(case, &mut runner);
        let played = table.game(tree.current()).await;
        worlds.extend(played.unwrap_or_else(|failure| panic!("a history fails:\n{failure}")).worlds);
    }
    worlds
}

/// Where games are played: a store, on which each has two practices of its own.
struct Table<'a> {
    adapters: &'a Adapters,
    seed: u64,
    games: u64,
}

impl Table<'_> {
    /// A game in a task of its own, so that a panic is a failure like any other.
    async fn game(&mut self, steps: Vec<Step>) -> Result<Played, Failure> {
        self.games += 1;
        let name = format!("m{}-{}", self.seed, self.games);
        let game = tokio::spawn(play(self.adapters.clone(), name, self.games, steps.clone()));
        game.await.unwrap_or_else(|panic| {
            let story = steps.iter().map(|step| format!("{step:?}")).collect();
            Err(Failure { story, why: format!("it panics: {panic}") })
        })
    }
}

async fn shrink(
    table: &mut Table<'_>,
    tree: &mut impl ValueTree<Value = Vec<Step>>,
    first: Failure,
    most: u32,
) -> Failure {
    let mut smallest = first;
    let mut left = most;
    'smaller: while left > 0 && tree.simplify() {
        loop {
            left = left.saturating_sub(1);
            match table.game(tree.current()).await {
                Err(failure) => {
                    smallest = failure;
                    break;
                }
                Ok(_) if left > 0 && tree.complicate() => {}
                Ok(_) => break 'smaller,
            }
        }
    }
    smallest
}

/// Plays so many histories of so many steps on the store of a [`Harness`], which the given function makes: one test.
///
/// ```
/// use portal_testkit::{conformance::Harness, memory::MemoryStore};
///
/// async fn in_memory() -> Harness {
///     Harness::new(MemoryStore::new())
/// }
///
/// portal_testkit::state_machine_conformance!(in_memory, 24, 30);
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! state_machine_conformance {
    ($harness:expr, $cases:expr, $steps:expr) => {
        #[test]
        fn state_machine_agrees_with_the_model() {
            $crate::machine::block_on(async {
                let harness = $harness().await;
                $crate::machine::run(&harness, $crate::machine::Budget::new($cases, $steps)).await;
            });
        }
    };
}

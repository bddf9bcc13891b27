//! The state machine on the store in memory, and the wrong rules that it must notice.

use std::sync::Arc;

use portal_testkit::{
    conformance::{FullStore, Harness},
    machine::{self, Adapters, Budget, MutantStore, RuleMutant},
    memory::MemoryStore,
};

const USUAL: Budget = Budget::new(256, 40);

/// Every answer that a rule can give is reached, so that all of them were compared.
#[test]
fn state_machine_agrees_with_the_model() {
    let answers = machine::block_on(machine::run(&Harness::new(MemoryStore::new()), USUAL));
    let times = |wanted: &str| -> usize {
        let given = answers.iter().filter(|(answer, _)| answer.contains(wanted));
        given.map(|(_, times)| times).sum()
    };
    for answer in [
        "accepted",
        "changed ended",
        "changed kept",
        "changed none",
        "changed shared",
        "unchanged",
        "email_is_a_portal_login",
        "email_taken",
        "last_admin",
        "link_dead",
        "link_expired",
        "link_used",
        "login_email_required",
        "login_email_taken",
        "no_email",
        "not_activated",
        "not_found",
        "password_refused",
        "portal_deactivated",
        "practice_user_email",
        "sign_in_failed",
        "unauthorized",
        "unknown_client",
    ] {
        assert!(times(answer) > 3, "`{answer}` is hardly reached: {answers:#?}");
    }
}

#[test]
fn rule_mutants_are_caught() {
    let all = RuleMutant::ALL;
    let mut escaped = Vec::new();
    for mutant in all {
        let store: Arc<dyn FullStore> = Arc::new(MemoryStore::new());
        let adapters = MutantStore::before(&Adapters::over(&store), mutant);
        // Which history shows it is of no interest here, so none is shrunk.
        let budget = Budget { shrinks: 0, ..USUAL };
        match machine::block_on(machine::hunt(&adapters, budget)) {
            Err(failure) => print(&format!("{mutant:?}: {}", failure.why.lines().next().unwrap_or_default())),
            Ok(_) => escaped.push(mutant),
        }
    }
    print(&format!("mutants caught: {} of {}", all.len() - escaped.len(), all.len()));
    assert!(escaped.is_empty(), "these rules may be wrong and nobody notices: {escaped:?}");
}

#[expect(clippy::print_stdout, reason = "the count is what this test reports")]
fn print(text: &str) {
    println!("{text}");
}

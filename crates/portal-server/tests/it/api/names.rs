//! That none is missing.

use std::collections::BTreeSet;

use super::scene::Operation;

/// The sources in which a test's function stands; one that no macro names would be dead code, which is refused.
const SOURCES: [&str; 16] = [
    include_str!("activations.rs"),
    include_str!("clients.rs"),
    include_str!("codes.rs"),
    include_str!("commands.rs"),
    include_str!("contacts.rs"),
    include_str!("front_end.rs"),
    include_str!("history.rs"),
    include_str!("imports.rs"),
    include_str!("operators.rs"),
    include_str!("passages.rs"),
    include_str!("practice_users.rs"),
    include_str!("service.rs"),
    include_str!("settings.rs"),
    include_str!("usual_codes.rs"),
    include_str!("webhooks.rs"),
    include_str!("workspace.rs"),
];

#[test]
fn every_route_and_every_code_has_a_test_of_its_name() {
    let routes = Operation::all().map(|operation| operation.name());
    let codes = Operation::all().flat_map(|operation| operation.codes().map(|(_, code)| code).collect::<Vec<_>>());
    let wanted: BTreeSet<_> = routes.chain(codes).collect();
    let is_there = |name: &str| {
        let function = format!("\nasync fn {name}(database: Database)");
        SOURCES.iter().any(|source| source.contains(&function))
    };
    let missing: Vec<_> = wanted.iter().filter(|name| !is_there(name)).collect();
    assert!(missing.is_empty(), "without a test: {missing:?}");
    assert!(wanted.len() > 100, "only {}", wanted.len());
}

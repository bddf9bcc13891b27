use portal_testkit::mutants::store_mutants;

#[test]
#[expect(clippy::print_stdout, reason = "the count is for people to read")]
fn store_mutants_are_caught() {
    let mutants = store_mutants();
    let missed: Vec<_> = mutants.iter().filter(|mutant| !mutant.is_caught()).collect();
    println!("store mutants caught: {} of {}", mutants.len() - missed.len(), mutants.len());
    assert!(missed.is_empty(), "the suite misses {missed:#?}");
}

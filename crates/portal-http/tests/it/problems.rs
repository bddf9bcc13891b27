//! The one table of problems, as it is printed in the documents.

const DOCUMENT: &str = include_str!("../../../../docs/API.md");

#[test]
fn the_table_is_the_one_in_the_documents() {
    let table = portal_http::problem_table();
    assert!(DOCUMENT.contains(&table), "docs/API.md must hold this table:\n\n{table}");
}

#[test]
fn the_table_of_problems() {
    insta::assert_snapshot!(portal_http::problem_table());
}

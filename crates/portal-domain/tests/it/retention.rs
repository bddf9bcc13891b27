//! The table of what is kept, and the page that shows it.

use portal_domain::retention;

const PAGE: &str = include_str!("../../../../docs/OPERATING.md");

#[test]
fn j3_the_page_shows_the_table() {
    assert!(PAGE.contains(&retention::page()), "docs/OPERATING.md should hold:\n{}", retention::page());
}

#[test]
fn j3_every_place_is_named_once_with_purpose_and_life() {
    let places = retention::KEPT.iter().flat_map(|kept| kept.places).chain(&retention::NOT_PERSONAL);
    assert_eq!(retention::faults(places.copied()), Vec::<String>::new());
    assert!(retention::KEPT.iter().all(|kept| !kept.purpose.is_empty() && !kept.life.is_empty()));
}

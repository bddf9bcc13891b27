//! `docs/EXPORT.md` describes what is written, no more and no less.

use std::collections::{BTreeMap, BTreeSet};

use portal_domain::export::Line;
use serde_json::Value;

const PAGE: &str = include_str!("../../../../docs/EXPORT.md");

/// Objects whose names are data, or are described elsewhere.
const OPEN: [&str; 6] = ["facts", "personal", "counts", "outcomes", "activations", "values"];

/// The sections of the lines, by the type they describe.
fn sections() -> BTreeMap<String, String> {
    let lines = PAGE.split_once("\n## Lines\n").expect("the page has the lines").1;
    let sections = lines.split("\n### `").skip(1);
    sections.map(|section| section.split_once("`\n").expect("a heading is a type")).map(own).collect()
}

fn own((name, text): (&str, &str)) -> (String, String) {
    (name.to_owned(), text.to_owned())
}

/// The types that the code writes, by its own words.
fn types() -> BTreeSet<String> {
    let fault = serde_json::from_str::<Line>(r#"{"type":"?"}"#).expect_err("there is no such type").to_string();
    let listed = fault.split_once("expected one of ").expect("it names those there are").1;
    listed.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn examples(section: &str) -> Vec<&str> {
    section.split("```json\n").skip(1).filter_map(|rest| rest.split("\n```").next()).flat_map(str::lines).collect()
}

fn names(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                found.insert(name.clone());
                if !OPEN.contains(&name.as_str()) {
                    names(value, found);
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| names(item, found)),
        _ => {}
    }
}

#[test]
fn every_type_has_a_section_and_every_section_a_type() {
    let described: BTreeSet<_> = sections().into_keys().collect();
    assert_eq!(described, types());
    assert_eq!(described.len(), 22);
}

/// An example that is read and written again is the same: it has every field that is written, and none besides.
#[test]
fn every_example_is_what_the_code_writes() {
    for (name, section) in sections() {
        let examples = examples(&section);
        assert_eq!(examples.len(), 1, "{name}");
        for example in examples {
            let line: Line = serde_json::from_str(example).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(line.name(), name);
            assert_eq!(line.write(), format!("{example}\n"));
        }
    }
}

#[test]
fn every_field_is_described() {
    for (name, section) in sections() {
        let (example, words) = section.split_once("\n```\n").expect("the description follows the example");
        let example: Value = serde_json::from_str(example.split_once("```json\n").expect("an example").1).unwrap();
        let mut fields = BTreeSet::new();
        names(&example, &mut fields);
        fields.remove("type");
        let described: BTreeSet<_> = words
            .split('`')
            .skip(1)
            .step_by(2)
            .flat_map(|code| code.split(|c: char| !c.is_alphanumeric() && c != '_'))
            .collect();
        let missing: Vec<_> = fields.iter().filter(|field| !described.contains(field.as_str())).collect();
        assert!(missing.is_empty(), "{name}: {missing:?} are written and not described");
    }
}

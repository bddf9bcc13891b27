//! What was answered, by operation: so that a run in which everything was refused can't pass for one that found nothing.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;

use crate::workspace;

/// Behind an operation's name: requests to its path with methods that it doesn't have.
const OTHERS: &str = " (other methods)";

type Counts = BTreeMap<String, BTreeMap<String, u64>>;

/// Prints the table; `false` where an operation never succeeded.
pub(super) fn show(file: &Path) -> anyhow::Result<bool> {
    let tally: serde_json::Value = serde_json::from_str(&workspace::slurp(file)?).context("the tally is no JSON")?;
    let read = |part: &str| counts(&tally[part]);
    let operations = read("operations");
    let width = operations.keys().map(String::len).max().unwrap_or_default();
    println!("\n{:width$}  {:>6} {:>6} {:>6}  statuses", "operation", "2xx", "4xx", "5xx");
    for (name, answers) in &operations {
        println!("{}", line(name, width, answers));
    }
    for (name, answers) in &read("phases") {
        println!("{}", line(&format!("phase {name}"), width, answers));
    }
    let mut whole = BTreeMap::new();
    for (status, times) in operations.values().flatten() {
        *whole.entry(status.clone()).or_default() += times;
    }
    println!("{}", line("all", width, &whole));
    let declared = operations.keys().filter(|name| !name.ends_with(OTHERS)).count();
    println!("{declared} operations, {} requests", whole.values().sum::<u64>());
    let never = never_succeeded(&operations);
    for name in &never {
        println!("never succeeded: {name}");
    }
    Ok(never.is_empty())
}

fn never_succeeded(operations: &Counts) -> Vec<&str> {
    let never = operations.iter().filter(|(name, answers)| !name.ends_with(OTHERS) && class(answers, '2') == 0);
    never.map(|(name, _)| name.as_str()).collect()
}

fn counts(value: &serde_json::Value) -> Counts {
    serde_json::from_value(value.clone()).unwrap_or_default()
}

fn line(name: &str, width: usize, answers: &BTreeMap<String, u64>) -> String {
    let statuses: Vec<_> = answers.iter().map(|(status, times)| format!("{status}: {times}")).collect();
    let [good, refused, failed] = ['2', '4', '5'].map(|first| class(answers, first));
    format!("{name:width$}  {good:>6} {refused:>6} {failed:>6}  {}", statuses.join(", "))
}

fn class(answers: &BTreeMap<String, u64>, first: char) -> u64 {
    answers.iter().filter(|(status, _)| status.starts_with(first)).map(|(_, times)| times).sum()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn operations_that_were_always_refused_are_named() {
        let operations = counts(&json!({
            "GET /a": { "401": 7, "200": 1 },
            "GET /b": { "401": 8 },
            "GET /a (other methods)": { "405": 3 },
        }));
        assert_eq!(never_succeeded(&operations), ["GET /b"]);
        assert_eq!(line("GET /a", 8, &operations["GET /a"]), "GET /a         1      7      0  200: 1, 401: 7");
    }
}

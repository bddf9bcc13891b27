//! What was found, as people and as programs read it.

use portal_dns::{Finding, State};
use serde::Serialize;

use crate::{
    failure::Failure,
    terminal::{self, count, plain},
};

#[derive(Serialize)]
struct Line<'a> {
    check: &'a str,
    state: &'a str,
    seen: String,
    remedy: Option<String>,
}

/// Prints a line for each finding; for people a summary behind them, and what to do.
pub(super) fn print(findings: &[Finding], json: bool) -> Result<(), Failure> {
    let lines: Result<Vec<_>, Failure> =
        if json { findings.iter().map(as_json).collect() } else { Ok(in_words(findings)) };
    terminal::say_all(lines?);
    Ok(())
}

fn as_json(finding: &Finding) -> Result<String, Failure> {
    let line =
        Line { check: finding.check, state: finding.state.code(), seen: finding.seen(), remedy: finding.remedy() };
    let line = serde_json::to_string(&line).map_err(|error| Failure::fault(error.to_string()))?;
    Ok(terminal::plain_json(&line))
}

fn in_words(findings: &[Finding]) -> Vec<String> {
    let widest = findings.iter().map(|finding| finding.check.len()).max().unwrap_or_default();
    let line = |finding: &Finding| {
        format!("{:<7}  {:<widest$}  {}", finding.state.code(), finding.check, plain(&finding.seen()))
    };
    let mut lines: Vec<_> = findings.iter().map(line).collect();
    lines.push(String::new());
    lines.push(summary(findings));
    // The worst first: what is only a warning may be its consequence.
    for state in [State::Fault, State::Warning] {
        for finding in findings.iter().filter(|finding| finding.state == state) {
            if let Some(remedy) = finding.remedy() {
                lines.push(format!("  {}: {}", finding.check, plain(&remedy)));
            }
        }
    }
    lines
}

fn summary(findings: &[Finding]) -> String {
    let number = |state: State| findings.iter().filter(|finding| finding.state == state).count() as u64;
    let (faults, warnings) = (number(State::Fault), number(State::Warning));
    let good = format!("{} ok", number(State::Ok));
    match (faults, warnings) {
        (0, 0) => format!("{good}: nothing to do"),
        (0, warnings) => format!("{}, {good}; to do:", count(warnings, "warning")),
        (faults, 0) => format!("{}, {good}; to do:", count(faults, "fault")),
        (faults, warnings) => format!("{}, {}, {good}; to do:", count(faults, "fault"), count(warnings, "warning")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings() -> Vec<Finding> {
        let mut warned = Finding::new("dmarc");
        warned.warn("nothing\u{1b}[2J there", "publish one");
        let mut faulty = Finding::new("sender_domain");
        faulty.fault("no such name", "register it");
        let mut good = Finding::new("clock");
        good.saw("noon");
        vec![good, warned, faulty]
    }

    #[test]
    fn people_read_a_table_and_what_to_do() {
        let expected = [
            "ok       clock          noon",
            "warning  dmarc          nothing\\u{1b}[2J there",
            "fault    sender_domain  no such name",
            "",
            "1 fault, 1 warning, 1 ok; to do:",
            "  sender_domain: register it",
            "  dmarc: publish one",
        ];
        assert_eq!(in_words(&findings()), expected);
        assert_eq!(in_words(&findings()[..1]), ["ok       clock  noon", "", "1 ok: nothing to do"]);
        assert_eq!(summary(&findings()[..2]), "1 warning, 1 ok; to do:");
    }

    #[test]
    fn s11_programs_read_lines() {
        let line = as_json(&findings()[1]).unwrap();
        let json = r#"{"check":"dmarc","state":"warning","seen":"nothing\u001b[2J there","remedy":"publish one"}"#;
        assert_eq!(line, json);
        assert!(as_json(&findings()[0]).unwrap().ends_with(r#""remedy":null}"#));
    }
}

//! `portal journal`

use std::process::ExitCode;

use portal::domain::{
    journal::{Fault, Mark, Report},
    port::StoreError,
};
use serde::Serialize;

use crate::{
    cli::JournalCommand,
    failure::{Exit, Failure},
    program::Program,
    settings::Settings,
    terminal::{self, count, number, plain},
};

/// Runs a command on the journal.
pub(crate) async fn run(settings: Settings, command: JournalCommand) -> Result<ExitCode, Failure> {
    let JournalCommand::Verify { practice, expect, json } = command;
    let expected = expect.map(|text| Mark::parse(&text).ok_or_else(|| bad_mark(&text))).transpose()?;
    let program = Program::open(settings).await?;
    let done = verify(&program, practice.slug.as_deref(), expected, json).await;
    program.close().await;
    done
}

fn bad_mark(text: &str) -> Failure {
    Failure::usage(format!("`{}` is no NUMBER:SEAL: copy it from the head that an earlier run printed", plain(text)))
}

async fn verify(
    program: &Program,
    slug: Option<&str>,
    expected: Option<Mark>,
    json: bool,
) -> Result<ExitCode, Failure> {
    let practice = program.practice(slug).await?;
    // Where no service runs, nobody else does.
    match program.portal.seal_waiting(practice.id).await {
        // The report says what is wrong with the head.
        Ok(()) | Err(portal::Error::Store(StoreError::Damaged(_))) => {}
        Err(error) => return Err(error.into()),
    }
    let report = program.portal.verify_journal(practice.id, expected).await?;
    let slug = practice.slug.as_str();
    if json {
        terminal::say(&as_json(slug, &report)?);
    } else {
        terminal::say_all(in_words(slug, &report));
    }
    Ok(if report.is_valid() { ExitCode::SUCCESS } else { Exit::Refused.into() })
}

fn in_words(slug: &str, report: &Report) -> Vec<String> {
    let mut lines: Vec<_> = report.faults.iter().map(|fault| plain(&fault.to_string())).collect();
    let unlisted = report.fault_count - report.faults.len() as u64;
    if unlisted > 0 {
        lines.push(format!("and {} more", number(unlisted)));
    }
    let verdict = match report.fault_count {
        0 => "is valid".to_owned(),
        faults => format!("is NOT valid, {}", count(faults, "fault")),
    };
    lines.push(format!(
        "the journal of `{slug}` {verdict}: {} checked, {} with personal values erased, {} not sealed",
        count(report.checked, "event"),
        number(report.erased),
        number(report.unsealed),
    ));
    lines.extend(report.head.map(|head| format!("head {head}")));
    lines
}

#[derive(Serialize)]
struct Answer<'a> {
    practice: &'a str,
    valid: bool,
    checked: u64,
    erased: u64,
    unsealed: u64,
    head: Option<String>,
    faults: Vec<FaultPart>,
    fault_count: u64,
}

#[derive(Serialize)]
struct FaultPart {
    code: &'static str,
    number: Option<i64>,
    text: String,
}

fn as_json(practice: &str, report: &Report) -> Result<String, Failure> {
    let part =
        |fault: &Fault| FaultPart { code: fault.code(), number: fault.number(), text: plain(&fault.to_string()) };
    let answer = Answer {
        practice,
        valid: report.is_valid(),
        checked: report.checked,
        erased: report.erased,
        unsealed: report.unsealed,
        head: report.head.map(|head| head.to_string()),
        faults: report.faults.iter().map(part).collect(),
        fault_count: report.fault_count,
    };
    serde_json::to_string(&answer).map_err(|error| Failure::fault(error.to_string()))
}

//! `portal diagnose`

use std::process::ExitCode;

use crate::{
    cli::DiagnoseArgs,
    failure::{Exit, Failure},
    program::Program,
    settings::Settings,
    terminal::{self, plain},
};
use portal::domain::{
    event::Caller,
    finding::{Diagnosis, Finding, ReportLine, Severity},
    time::Timestamp,
    usecase::CallContext,
};

/// Says why a client can't get in.
pub(crate) async fn run(settings: Settings, arguments: DiagnoseArgs) -> Result<ExitCode, Failure> {
    let program = Program::open(settings).await?;
    let done = diagnose(&program, &arguments).await;
    program.close().await;
    done
}

async fn diagnose(program: &Program, arguments: &DiagnoseArgs) -> Result<ExitCode, Failure> {
    let practice = program.practice(arguments.practice.slug.as_deref()).await?;
    let context = CallContext::new(practice.id, Caller::Program);
    let diagnosis = program.portal.diagnose_address(&context, &arguments.address).await?;
    if arguments.report {
        let lines = program.portal.support_report(&context, &*program.stores.views, &diagnosis).await?;
        let now = time(program.portal.now());
        terminal::say(&format!("portal {}, {now}", env!("CARGO_PKG_VERSION")));
        terminal::say_all(lines.iter().map(report_line));
    } else if arguments.json {
        terminal::say(&terminal::plain_json(&portal_http::diagnosis_payload(&diagnosis).to_string()));
    } else {
        terminal::say_all(in_words(&diagnosis));
    }
    let blocked = diagnosis.findings.iter().any(|finding| finding.severity == Severity::Blocks);
    Ok(if blocked { Exit::Refused.into() } else { ExitCode::SUCCESS })
}

fn report_line(line: &ReportLine) -> String {
    let at = line.at.map(|at| format!("{}  ", time(at))).unwrap_or_default();
    format!("{}{at}{}", "  ".repeat(line.depth), plain(&line.text))
}

fn in_words(diagnosis: &Diagnosis) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(contact) = &diagnosis.contact {
        lines.push(format!("{} ({})", plain(&contact.name), contact.reference));
    }
    for other in &diagnosis.others {
        let also = if diagnosis.contact.is_some() { "also of" } else { "perhaps" };
        lines.push(format!("{also} {} ({})", plain(&other.name), other.reference));
    }
    for (place, finding) in (1..).zip(&diagnosis.findings) {
        lines.extend(finding_lines(place, finding));
    }
    lines
}

fn finding_lines(place: usize, finding: &Finding) -> Vec<String> {
    let mut lines = vec![format!("{place}. {}  [{}, {}]", finding.title, finding.code.code(), finding.severity.code())];
    lines.push(format!("   {}", plain(&finding.explanation)));
    for evidence in &finding.evidence {
        let at = evidence.at.map(|at| format!("{}  ", time(at))).unwrap_or_default();
        lines.push(format!("   - {at}{}", plain(&evidence.fact.to_string())));
    }
    lines.extend(finding.remedy.as_ref().map(|remedy| format!("   > {}", plain(&remedy.label))));
    lines
}

fn time(at: Timestamp) -> String {
    jiff::Timestamp::from_microsecond(at.as_micros()).unwrap_or(jiff::Timestamp::MAX).to_string()
}

//! `portal import`

mod line;
mod read;
mod report;

use std::process::ExitCode;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use portal::{
    CallContext, Sender,
    domain::{decide::ImportOptions, practice::Practice, usecase::RowVerdict},
};

use self::read::Rows;
use crate::{
    cli::ImportArgs,
    failure::{Exit, Failure},
    fault,
    program::Program,
    settings::Settings,
    terminal::{self, count, number},
};

/// So many messages are handed over at once.
const SENDERS: usize = 4;

/// Imports a file.
pub(crate) async fn run(settings: Settings, arguments: ImportArgs) -> Result<ExitCode, Failure> {
    // All that can be wrong with file and settings is found before anything is opened or written.
    let rows = read::read(&arguments.file)?;
    let program = Program::open(settings).await?;
    let done = import(&program, &rows, &arguments).await;
    program.close().await;
    done
}

async fn import(program: &Program, rows: &Rows, arguments: &ImportArgs) -> Result<ExitCode, Failure> {
    let practice = program.practice(arguments.practice.slug.as_deref()).await?;
    let sender = if arguments.send { Some(program.sender()?) } else { None };
    let context = CallContext { preview: arguments.dry_run, ..Program::context(&practice) };
    let (verdicts, cut_short) = steps(program, &context, rows, arguments).await;

    if arguments.json {
        terminal::say_all(verdicts.iter().map(line::json));
    } else {
        terminal::say_all(report::refused(rows, &verdicts));
    }
    // Whoever reads lines of JSON gets nothing else on standard output.
    let say = if arguments.json { terminal::tell } else { terminal::say };
    if arguments.dry_run {
        report::foreseen(rows, &verdicts).iter().for_each(|table| say(table));
    }
    report::summary(&verdicts, arguments.dry_run).iter().for_each(|line| say(line));
    if let Some(failure) = cut_short {
        let text = report::cut_short(verdicts.len(), rows.inputs.len(), arguments.dry_run, &failure.text);
        return Err(Failure { text, ..failure });
    }
    if let Some(sender) = sender {
        say(&send(program, &practice, &sender).await?);
    }
    if !arguments.dry_run {
        let waiting = program.stores.views.waiting(practice.id).await?;
        if !(arguments.send && waiting.is_empty()) {
            say(&report::waiting(&waiting));
        }
    }
    let refused = verdicts.iter().any(|verdict| verdict.contact.is_err());
    Ok(if refused { Exit::Refused.into() } else { ExitCode::SUCCESS })
}

/// Takes the rows, batch by batch. Answers verdicts in the order of the file, and why it ended early, if it did.
async fn steps(
    program: &Program,
    context: &CallContext,
    rows: &Rows,
    arguments: &ImportArgs,
) -> (Vec<RowVerdict>, Option<Failure>) {
    let options = ImportOptions { activate: arguments.activate, move_logins: arguments.move_logins };
    let bar = progress(rows.inputs.len() as u64, "rows");
    let mut import = program.portal.import(context, &rows.inputs, options);
    let mut verdicts = Vec::with_capacity(rows.inputs.len());
    let failure = loop {
        match import.step().await {
            Ok(done) if done.is_empty() => break None,
            Ok(done) => {
                fault::point("import");
                bar.inc(done.len() as u64);
                verdicts.extend(done);
            }
            Err(error) => break Some(Failure::from(error)),
        }
    };
    bar.finish_and_clear();
    verdicts.sort_by_key(|verdict| verdict.index);
    (verdicts, failure)
}

/// Sends what is due, and says what became of it.
async fn send(program: &Program, practice: &Practice, sender: &Sender) -> Result<String, Failure> {
    let waiting = program.stores.views.waiting(practice.id).await?;
    let bar = progress(waiting.iter().map(|kind| kind.count).sum(), "mails");
    let sent = sender.drain(SENDERS, {
        let bar = bar.clone();
        move || bar.inc(1)
    });
    let sent = sent.await;
    bar.finish_and_clear();
    let sent = sent?;
    let parts = [
        (sent.accepted, "accepted"),
        (sent.deferred, "to be tried again"),
        (sent.failed, "failed"),
        (sent.cancelled, "no longer wanted"),
    ];
    let parts: Vec<_> =
        parts.iter().filter(|(many, _)| *many > 0).map(|(many, what)| format!("{} {what}", number(*many))).collect();
    let mails = count(sent.total(), "mail");
    Ok(if parts.is_empty() {
        "no mail was to be sent".to_owned()
    } else {
        format!("{mails} handed over: {}", parts.join(", "))
    })
}

/// A bar on standard error, where somebody watches it.
fn progress(length: u64, what: &'static str) -> ProgressBar {
    let target = if terminal::is_watched() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(length), target).with_message(what);
    match ProgressStyle::with_template("{bar:32} {human_pos} of {human_len} {msg}, {per_sec}, {eta} left") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

//! `portal import`

mod heard;
mod line;
mod read;
mod report;

use std::{process::ExitCode, sync::Arc};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use portal::{
    CallContext,
    domain::{decide::ImportOptions, practice::Practice, usecase::RowVerdict},
};
use portal_import::Columns;

use self::{heard::Heard, read::Rows};
use crate::{
    cli::ImportArgs,
    failure::{Exit, Failure},
    fault,
    program::{Post, Program},
    settings::Settings,
    terminal,
};

/// What needs not be said of a file.
const USUAL: &str = "CSV in utf-8 with `,`";
/// So many messages are handed over at once.
const SENDERS: usize = 4;

/// Imports a file.
pub(crate) async fn run(settings: Settings, arguments: ImportArgs) -> Result<ExitCode, Failure> {
    // All that can be wrong with file and settings is found before anything is opened or written.
    let columns = Columns { map: arguments.map.clone(), identify: arguments.identify.clone() };
    let rows = read::read(&arguments.file, arguments.encoding.as_deref(), &columns)?;
    let post = if arguments.send { Some(Post::of(&settings)?) } else { None };
    let program = Program::open(settings).await?;
    let done = import(&program, &rows, &arguments, post).await;
    program.close().await;
    done
}

async fn import(
    program: &Program,
    rows: &Rows,
    arguments: &ImportArgs,
    post: Option<Post>,
) -> Result<ExitCode, Failure> {
    let practice = program.practice(arguments.practice.slug.as_deref()).await?;
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
    if rows.read_as != USUAL {
        say(&format!("the file was read as {}", terminal::plain(&rows.read_as)));
    }
    report::summary(&verdicts, arguments.dry_run).iter().for_each(|line| say(line));
    if let Some(failure) = cut_short {
        let text = report::cut_short(verdicts.len(), rows.inputs.len(), arguments.dry_run, &failure.text);
        return Err(Failure { text, ..failure });
    }
    if let Some(post) = post {
        send(program, &practice, post).await?.iter().for_each(|line| say(line));
    } else if !arguments.dry_run {
        say(&report::waiting(&program.stores.views.waiting(practice.id).await?, None));
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
    let ImportArgs { activate, move_logins, mend, .. } = *arguments;
    let options = ImportOptions { activate, move_logins, mend };
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

/// Sends what is due. Answers what became of it, why, and what still waits.
async fn send(program: &Program, practice: &Practice, post: Post) -> Result<Vec<String>, Failure> {
    let views = &program.stores.views;
    let before = views.waiting(practice.id).await?;
    let bar = progress(before.iter().map(|kind| kind.count).sum(), "mails");
    let heard = Arc::new(Heard::new(program.stores.outbox.clone()));
    let sender = program.sender(post, heard.clone());
    let sent = sender.drain(SENDERS, {
        let bar = bar.clone();
        move || bar.inc(1)
    });
    let sent = sent.await;
    bar.finish_and_clear();
    let sent = sent?;
    let waiting = views.waiting(practice.id).await?;
    let mut lines = vec![report::sent(&sent, waiting.is_empty())];
    lines.extend(heard.lines());
    if !waiting.is_empty() {
        let more = waiting.iter().map(|kind| kind.count).sum::<u64>() > heard.deferred(practice.id);
        // What is due and was not given to be sent is beyond a limit.
        let due = more && views.oldest_due(program.portal.now()).await?.is_some();
        let limit = due.then(|| report::limit(program.settings.mails_per_hour, practice.settings.mails_per_hour));
        lines.push(report::waiting(&waiting, limit.flatten().as_deref()));
    }
    Ok(lines)
}

/// A bar on standard error, where somebody watches it.
pub(crate) fn progress(length: u64, what: &'static str) -> ProgressBar {
    let target = if terminal::is_watched() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(length), target).with_message(what);
    match ProgressStyle::with_template("{bar:32} {human_pos} of {human_len} {msg}, {per_sec}, {eta} left") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

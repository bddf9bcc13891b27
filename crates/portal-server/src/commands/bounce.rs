//! `portal bounce`

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
    process::ExitCode,
};

use portal_bounce::{MOST_BYTES, Report, classify};
use serde::Serialize;

use crate::{
    cli::BounceCommand,
    failure::{Exit, Failure},
    terminal::{self, plain},
};

/// Runs a command on mails that came back.
pub(crate) fn run(command: &BounceCommand) -> Result<ExitCode, Failure> {
    let BounceCommand::Classify { files } = command;
    let mut unread = false;
    for file in files {
        match read(file) {
            Ok(mail) => terminal::say(&line(file, &classify(&mail))?),
            Err(why) => {
                unread = true;
                terminal::tell(&format!("error: {}", plain(&why)));
            }
        }
    }
    Ok(if unread { Exit::Refused.into() } else { ExitCode::SUCCESS })
}

/// As much of a mail as is looked at.
fn read(file: &Path) -> Result<Vec<u8>, String> {
    let shown = file.display();
    if file.is_dir() {
        return Err(format!("`{shown}` is a directory: name the files in it, as in `{shown}/*`"));
    }
    let source: io::Result<Box<dyn Read>> = if file == Path::new("-") {
        Ok(Box::new(io::stdin().lock()))
    } else {
        File::open(file).map(|file| Box::new(file) as Box<dyn Read>)
    };
    let mut mail = Vec::new();
    let read = source.and_then(|source| source.take(MOST_BYTES as u64).read_to_end(&mut mail));
    read.map_err(|error| format!("`{shown}` can't be read: {error}; check its name and who may read it"))?;
    Ok(mail)
}

#[derive(Serialize)]
struct Line<'a> {
    file: &'a str,
    kind: &'static str,
    status: Option<String>,
    reason: Option<&'static str>,
    hard: bool,
    recipient: Option<&'a str>,
    original_message_id: Option<&'a str>,
}

fn line(file: &Path, report: &Report) -> Result<String, Failure> {
    let line = Line {
        file: &file.to_string_lossy(),
        kind: report.kind.as_str(),
        status: report.status.map(|status| status.to_string()),
        reason: report.reason.map(|reason| reason.code()),
        hard: report.hard,
        recipient: report.recipient.as_deref(),
        original_message_id: report.original_message_id.as_deref(),
    };
    let line = serde_json::to_string(&line).map_err(|error| Failure::fault(error.to_string()))?;
    Ok(terminal::plain_json(&line))
}

//! `portal practice export`

use std::{
    fs::{File, OpenOptions},
    io::{self, IsTerminal, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use indicatif::ProgressBar;
use portal::{
    domain::{port::Entropy, practice::Practice, usecase::Export},
    in_words,
};

use super::import::progress;
use crate::{
    failure::Failure,
    fault,
    program::Program,
    serve::Stop,
    system::OsEntropy,
    terminal::{self, count, plain},
};

/// Where an export goes.
pub(crate) enum Target {
    /// Standard output.
    Out,
    /// A file, which has its name only once it is whole.
    File(Draft),
}

/// A file that is being written beside its place, for its owner only. It is removed unless it was finished.
pub(crate) struct Draft {
    file: File,
    draft: PathBuf,
    place: PathBuf,
    finished: bool,
}

impl Target {
    /// Finds out whether it can be written, before anything else is opened.
    pub(crate) fn of(out: Option<&Path>) -> Result<Self, Failure> {
        out.map_or(Ok(Self::Out), |place| Draft::beside(place).map(Self::File))
    }

    fn write(&mut self, lines: &str) -> Result<(), Failure> {
        match self {
            Self::Out => io::stdout().lock().write_all(lines.as_bytes()).map_err(|error| not_taken(&error)),
            Self::File(draft) => draft.file.write_all(lines.as_bytes()).map_err(|error| draft.cannot(&error)),
        }
    }

    fn finish(&mut self) -> Result<(), Failure> {
        match self {
            Self::Out => io::stdout().lock().flush().map_err(|error| not_taken(&error)),
            Self::File(draft) => draft.finish().map_err(|error| draft.cannot(&error)),
        }
    }
}

fn not_taken(error: &io::Error) -> Failure {
    Failure::unavailable(format!("standard output was closed before the export was whole: {error}"))
}

impl Draft {
    fn beside(place: &Path) -> Result<Self, Failure> {
        let shown = plain(&place.display().to_string());
        let unusable =
            |why: &dyn std::fmt::Display| Failure::usage(format!("the file `{shown}` can't be written: {why}"));
        let name = place.file_name().filter(|_| !place.is_dir()).ok_or_else(|| unusable(&"it is no file's name"))?;
        // What is no file can't be replaced by one that is whole.
        if place.metadata().is_ok_and(|there| !there.is_file()) {
            return Err(unusable(&"it is a device or a pipe: leave `--out` out, and send standard output there"));
        }
        let mut own = std::ffi::OsString::from(".");
        own.push(name);
        // Drawn: in a container every program may have the same number, and one that was killed leaves its file behind.
        let mut drawn = [0; 8];
        OsEntropy.fill(&mut drawn);
        own.push(format!(".{:016x}.part", u64::from_be_bytes(drawn)));
        let draft = place.with_file_name(own);
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft);
        let file = file.map_err(|error| unusable(&error))?;
        Ok(Self { file, draft, place: place.to_owned(), finished: false })
    }

    fn finish(&mut self) -> io::Result<()> {
        self.file.sync_all()?;
        std::fs::rename(&self.draft, &self.place)?;
        self.finished = true;
        let folder = self.place.parent().filter(|folder| !folder.as_os_str().is_empty());
        // The name is there by now; only a power cut could take it back.
        if let Err(error) = File::open(folder.unwrap_or(Path::new("."))).and_then(|folder| folder.sync_all()) {
            tracing::debug!(%error, "the folder of the export can't be synced");
        }
        Ok(())
    }

    fn cannot(&self, error: &io::Error) -> Failure {
        let shown = plain(&self.place.display().to_string());
        Failure::unavailable(format!("the file `{shown}` can't be written: {error}"))
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.finished
            && let Err(error) = std::fs::remove_file(&self.draft)
        {
            tracing::warn!(%error, "the unfinished export can't be removed");
        }
    }
}

/// Exports a practice. It may be suspended, and on its way to be deleted.
pub(crate) async fn run(program: &Program, slug: &str, mut target: Target) -> Result<(), Failure> {
    let practice = program.practice(Some(slug)).await?;
    // Where no service runs, nobody else does. What can't be sealed now is counted in the header.
    if let Err(error) = program.portal.seal_waiting(practice.id).await {
        tracing::warn!(%error, "the journal can't be sealed up to its end");
    }
    let now = program.portal.now();
    let mut export = Export::begin(&*program.stores.exports, practice.id, now).await?;
    let bar = bar(&target, export.expected());
    let written = match &target {
        // Whoever doesn't read keeps it waiting, and has to be able to end it.
        Target::Out => write(&mut export, &mut target, &bar).await,
        Target::File(_) => {
            let mut stop = Stop::new()?;
            tokio::select! {
                written = write(&mut export, &mut target, &bar) => written,
                () = stop.asked() => Err(Failure::unavailable("ended before the export was whole: nothing is left of it")),
            }
        }
    };
    bar.finish_and_clear();
    written?;
    target.finish()?;
    if let Target::File(draft) = &target {
        terminal::say(&summary(&practice, &export, &draft.place, &in_words(now)));
    }
    let unreadable = export.count("unreadable_event");
    if unreadable > 0 {
        let events = count(unreadable, "event");
        terminal::tell(&format!("{events} can't be read: `portal journal verify --practice {slug}` says which"));
    }
    Ok(())
}

async fn write(export: &mut Export, target: &mut Target, bar: &ProgressBar) -> Result<(), Failure> {
    while let Some(lines) = export.step().await? {
        target.write(&lines)?;
        fault::point("export");
        bar.set_position(export.written());
    }
    Ok(())
}

/// On a terminal that shows the lines themselves there is no place for a bar.
fn bar(target: &Target, expected: u64) -> ProgressBar {
    let free = matches!(target, Target::File(_)) || !io::stdout().is_terminal();
    if free { progress(expected, "lines") } else { ProgressBar::hidden() }
}

fn summary(practice: &Practice, export: &Export, place: &Path, when: &str) -> String {
    let (lines, contacts) = (count(export.written(), "line"), count(export.count("contact"), "contact"));
    let place = plain(&place.display().to_string());
    format!("exported `{}` as it was on {when}: {lines}, of them {contacts}, in `{place}`", practice.slug)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_that_was_left_behind_is_in_nobodys_way() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("file");
        let left = Draft::beside(&place).expect("it can be written");
        let mut fresh = Draft::beside(&place).expect("beside the other one");
        fresh.finish().unwrap();
        assert!(place.is_file() && left.draft.is_file());
    }
}

//! Mail that came back, read from a Maildir: what a mail server delivers for the return path (D3).

use std::{
    io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use portal_bounce::{Kind, MOST_BYTES};
use portal_domain::{
    returned::{DeliveryReport, Reason, Returned, Taken, Why},
    time::Timestamp,
    usecase::{Error, Portal},
};
use tokio::{fs, io::AsyncReadExt, task::JoinError};

use crate::workers::will_pass;

/// How the names of files end that are put by, before their flags. Nobody else makes such names: of a mail server they end with its
/// host, which has no `_`.
const PUT_BY: &str = ".put_by_portal";
/// What stands between a name and its flags.
const FLAGS: &str = ":2,";
/// The flag of a mail that was seen.
const SEEN: &str = "S";

/// Reads a Maildir. Any number of processes may look at the same one.
#[derive(Clone, Debug)]
pub struct Maildir {
    folder: PathBuf,
}

/// What came of the mails in one look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Read {
    /// Reports about messages of ours; their files are deleted.
    pub reports: u64,
    /// All others; their files are in `cur`, seen.
    pub others: u64,
}

impl Read {
    /// All of them.
    pub const fn total(self) -> u64 {
        self.reports + self.others
    }
}

/// Why a look did not read everything. What was not read stays where it is.
#[derive(Debug)]
pub struct LookError {
    /// The first fault.
    pub fault: LookFault,
    /// How many files were left because of one; none where the folder or the database was it.
    pub files: u64,
}

impl std::fmt::Display for LookError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.fault.fmt(f)
    }
}

impl std::error::Error for LookError {}

/// What goes wrong in a look.
#[derive(Debug)]
pub enum LookFault {
    /// The folder, or a file in it, can't be read, moved or deleted.
    Folder(io::Error),
    /// A report could not be noted.
    Portal(Error),
    /// The program failed over a file.
    Program(JoinError),
}

impl std::fmt::Display for LookFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Folder(error) => write!(f, "the Maildir can't be read: {error}"),
            Self::Portal(error) => error.fmt(f),
            Self::Program(error) => write!(f, "a mail that came back made the program fail: {error}"),
        }
    }
}

impl From<io::Error> for LookFault {
    fn from(error: io::Error) -> Self {
        Self::Folder(error)
    }
}

impl From<Error> for LookFault {
    fn from(error: Error) -> Self {
        Self::Portal(error)
    }
}

/// What goes wrong with single files: it keeps no other from its turn, and the first fault is told at the end.
struct Faults<E> {
    first: Option<E>,
    files: u64,
}

impl<E> Faults<E> {
    const fn none() -> Self {
        Self { first: None, files: 0 }
    }

    fn note(&mut self, fault: impl Into<E>) {
        self.files += 1;
        self.first.get_or_insert_with(|| fault.into());
    }

    /// What came of a file; nothing where that failed, or where another process was faster.
    fn pass<T>(&mut self, done: io::Result<T>) -> Option<T>
    where
        E: From<io::Error>,
    {
        gone_is_none(done).unwrap_or_else(|fault| {
            self.note(fault);
            None
        })
    }
}

impl Maildir {
    /// The Maildir in this folder, which holds `new` and `cur`.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Reads what is new, the oldest names first. A report about a message of ours is noted, and its file deleted; what is
    /// anything else is moved to `cur`, for whoever looks after the mailbox. A file that is read twice changes nothing the second
    /// time, and one that can't be read or noted stays where it is and keeps no other from it. Told to `stop`, it ends between two
    /// files.
    ///
    /// # Errors
    ///
    /// Where the folder can't be read or the database can't be reached; else the first fault of a file, after all others were read.
    pub async fn look(&self, portal: &Portal, stop: &(dyn Fn() -> bool + Send + Sync)) -> Result<Read, LookError> {
        let (mut read, mut faults) = (Read::default(), Faults::none());
        let names = self.new_names(&mut faults).await;
        for name in names.map_err(|error| LookError { fault: error.into(), files: 0 })? {
            if stop() {
                break;
            }
            match self.take_apart(portal, name).await {
                Ok(None) => {}
                Ok(Some(Taken::Foreign)) => read.others += 1,
                Ok(Some(Taken::Noted | Taken::Known)) => read.reports += 1,
                Err(LookFault::Portal(error)) if will_pass(&error) => {
                    return Err(LookError { fault: error.into(), files: faults.files });
                }
                Err(fault) => faults.note(fault),
            }
        }
        let Faults { first, files } = faults;
        first.map_or(Ok(read), |fault| Err(LookError { fault, files }))
    }

    /// In a task of its own, so that a panic over one file ends the turn of that file alone.
    async fn take_apart(&self, portal: &Portal, name: String) -> Result<Option<Taken>, LookFault> {
        let (maildir, portal) = (self.clone(), portal.clone());
        let taken = tokio::spawn(async move { maildir.take(&portal, &name).await });
        taken.await.unwrap_or_else(|error| Err(LookFault::Program(error)))
    }

    /// Reads one file; nothing where another process was faster.
    async fn take(&self, portal: &Portal, name: &str) -> Result<Option<Taken>, LookFault> {
        let path = self.folder.join("new").join(name);
        let Some(mail) = gone_is_none(open(&path).await)? else { return Ok(None) };
        // Reading a hostile mail takes a while.
        let report = tokio::task::spawn_blocking(move || report(&mail)).await;
        let report = report.unwrap_or_else(|error| {
            tracing::error!(%error, "a mail could not be read");
            None
        });
        let taken = match report {
            Some(report) => portal.take_report(&report).await?,
            None => Taken::Foreign,
        };
        if taken == Taken::Foreign {
            gone_is_none(self.put_by(&path, name, portal.now()).await)?;
        } else {
            gone_is_none(fs::remove_file(&path).await)?;
        }
        metrics::counter!("portal_returned_mails_total", "taken" => in_a_word(taken)).increment(1);
        Ok(Some(taken))
    }

    /// Deletes what was put by until then, whatever became of its flags: it holds addresses, and links that may work (J3). Other
    /// files in `cur` are somebody else's and stay. Answers how many were deleted.
    ///
    /// # Errors
    ///
    /// Where the folder can't be read; else the first fault of a file, after all others had their turn.
    pub async fn forget(&self, until: Timestamp) -> io::Result<u64> {
        let (mut forgotten, mut faults) = (0, Faults::none());
        for entry in self.entries("cur", &mut faults).await? {
            let deleted = faults.pass(forget(&entry, system_time(until)).await);
            forgotten += u64::from(deleted == Some(true));
        }
        faults.first.map_or(Ok(forgotten), Err)
    }

    async fn new_names(&self, faults: &mut Faults<LookFault>) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in self.entries("new", faults).await? {
            let is_mail = faults.pass(entry.file_type().await).is_some_and(|kind| kind.is_file());
            names.extend(entry.file_name().into_string().ok().filter(|name| is_mail && !name.starts_with('.')));
        }
        names.sort_unstable();
        Ok(names)
    }

    /// What is in a folder, as far as it can be listed.
    async fn entries<E: From<io::Error>>(&self, inner: &str, faults: &mut Faults<E>) -> io::Result<Vec<fs::DirEntry>> {
        let mut folder = fs::read_dir(self.folder.join(inner)).await?;
        let mut entries = Vec::new();
        while let Some(entry) = faults.pass(folder.next_entry().await).flatten() {
            entries.push(entry);
        }
        Ok(entries)
    }

    async fn put_by(&self, path: &Path, name: &str, now: Timestamp) -> io::Result<()> {
        let base = name.split_once(':').map_or(name, |(base, _)| base);
        date(path.to_owned(), system_time(now)).await?;
        fs::rename(path, self.folder.join("cur").join(format!("{base}{PUT_BY}{FLAGS}{SEEN}"))).await
    }
}

/// Whether a file was put by, until then, and is deleted.
async fn forget(entry: &fs::DirEntry, until: SystemTime) -> io::Result<bool> {
    let name = entry.file_name();
    let base = name.to_str().and_then(|name| name.split_once(FLAGS)).map_or("", |(base, _)| base);
    if !base.ends_with(PUT_BY) {
        return Ok(false);
    }
    let metadata = entry.metadata().await?;
    let over = metadata.is_file() && metadata.modified()? <= until;
    if over {
        fs::remove_file(entry.path()).await?;
    }
    Ok(over)
}

/// Says of a file that its days begin now, whenever it was delivered. Of somebody else's file only they may say so: its days began
/// with the delivery.
async fn date(path: PathBuf, now: SystemTime) -> io::Result<()> {
    match tokio::task::spawn_blocking(move || std::fs::File::open(path)?.set_modified(now)).await? {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        dated => dated,
    }
}

fn system_time(time: Timestamp) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_micros(time.as_micros().try_into().unwrap_or_default())
}

/// As much of a mail as anybody looks at.
async fn open(path: &Path) -> io::Result<Vec<u8>> {
    let mut mail = Vec::new();
    fs::File::open(path).await?.take(MOST_BYTES as u64).read_to_end(&mut mail).await?;
    Ok(mail)
}

/// Another process was faster.
fn gone_is_none<T>(done: io::Result<T>) -> io::Result<Option<T>> {
    match done {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        done => done.map(Some),
    }
}

const fn in_a_word(taken: Taken) -> &'static str {
    match taken {
        Taken::Noted => "noted",
        Taken::Known => "known",
        Taken::Foreign => "foreign",
    }
}

/// What a mail says of a message, if it is a bounce or a complaint.
fn report(mail: &[u8]) -> Option<DeliveryReport> {
    let report = portal_bounce::classify(mail);
    let what = match report.kind {
        Kind::Bounce => Returned::Bounced(Why { reason: report.reason.unwrap_or(Reason::Other), lasting: report.hard }),
        Kind::Complaint => Returned::Complained,
        Kind::Delayed | Kind::Delivered | Kind::Vacation | Kind::Unrelated => return None,
    };
    Some(DeliveryReport {
        paths: report.return_path,
        message_id: report.original_message_id,
        what,
        recipient: report.recipient,
        final_recipient: report.final_recipient,
        words: report.words.unwrap_or_default(),
    })
}

/// What the words of a mail server mean that said no at the hand-over; nothing where they are our own.
pub(crate) fn why(reply: &str, given_up: bool) -> Option<Why> {
    let said = reply.starts_with(|c: char| c.is_ascii_digit());
    said.then(|| portal_bounce::judge_reply(reply, given_up))
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::Faults;

    #[test]
    fn a_fault_keeps_no_other_file_from_its_turn_and_the_first_one_is_told() {
        let mut faults = Faults::<io::Error>::none();
        let done = [
            Err(io::Error::from(io::ErrorKind::NotFound)),
            Ok(1),
            Err(io::Error::other("first")),
            Err(io::Error::other("second")),
            Ok(2),
        ];
        let passed: Vec<i32> = done.into_iter().filter_map(|done| faults.pass(done)).collect();
        assert_eq!((passed, faults.files), (vec![1, 2], 2));
        assert_eq!(faults.first.map(|fault| fault.to_string()).as_deref(), Some("first"));
    }
}

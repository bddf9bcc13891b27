//! Mail that came back, read from a Maildir: what a mail server delivers for the return path (D3).

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use portal_bounce::{Kind, MOST_BYTES};
use portal_domain::{
    port::StoreError,
    returned::{DeliveryReport, Reason, Returned, Taken, Why},
    usecase::{Error, Portal},
};
use tokio::{fs, io::AsyncReadExt};

/// What marks a mail of a Maildir as seen.
const SEEN: &str = ":2,S";

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

/// Why a look was broken off. What was not read yet stays where it is.
#[derive(Debug)]
pub enum LookError {
    /// The folder, or a file in it, can't be read, moved or deleted.
    Folder(io::Error),
    /// A report could not be noted.
    Portal(Error),
}

impl std::fmt::Display for LookError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Folder(error) => write!(f, "the Maildir can't be read: {error}"),
            Self::Portal(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for LookError {}

impl From<io::Error> for LookError {
    fn from(error: io::Error) -> Self {
        Self::Folder(error)
    }
}

impl From<Error> for LookError {
    fn from(error: Error) -> Self {
        Self::Portal(error)
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
    /// time, and one that can't be read or noted stays where it is and keeps no other from it.
    ///
    /// # Errors
    ///
    /// Where the folder can't be read or the database can't be reached; else the first fault of a file, after all others were read.
    pub async fn look(&self, portal: &Portal) -> Result<Read, LookError> {
        let (mut read, mut first_fault) = (Read::default(), None);
        for name in self.new_names().await? {
            match self.take(portal, &name).await {
                Ok(None) => {}
                Ok(Some(Taken::Foreign)) => read.others += 1,
                Ok(Some(Taken::Noted | Taken::Known)) => read.reports += 1,
                Err(LookError::Portal(error @ (Error::Overloaded | Error::Store(StoreError::Unavailable(_))))) => {
                    return Err(error.into());
                }
                Err(fault) => {
                    tracing::warn!(%fault, "a mail that came back stays unread");
                    first_fault.get_or_insert(fault);
                }
            }
        }
        match first_fault {
            Some(fault) => Err(fault),
            None => Ok(read),
        }
    }

    /// Reads one file; nothing where another process was faster.
    async fn take(&self, portal: &Portal, name: &str) -> Result<Option<Taken>, LookError> {
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
            self.put_by(&path, name).await?;
        } else {
            gone_is_none(fs::remove_file(&path).await)?;
        }
        metrics::counter!("portal_returned_mails_total", "taken" => in_a_word(taken)).increment(1);
        Ok(Some(taken))
    }

    /// Deletes what was put by longer than this ago: it holds addresses, and links that may work (J3). Answers how many.
    ///
    /// # Errors
    ///
    /// Where the folder can't be read.
    pub async fn forget(&self, after: Duration) -> io::Result<u64> {
        let mut folder = fs::read_dir(self.folder.join("cur")).await?;
        let mut forgotten = 0;
        while let Some(entry) = folder.next_entry().await? {
            let put_by = entry.file_name().to_str().is_some_and(|name| name.ends_with(SEEN));
            let metadata = entry.metadata().await?;
            let old = metadata.modified()?.elapsed().is_ok_and(|age| age >= after);
            if put_by && metadata.is_file() && old {
                gone_is_none(fs::remove_file(entry.path()).await)?;
                forgotten += 1;
            }
        }
        Ok(forgotten)
    }

    async fn new_names(&self) -> io::Result<Vec<String>> {
        let mut folder = fs::read_dir(self.folder.join("new")).await?;
        let mut names = Vec::new();
        while let Some(entry) = folder.next_entry().await? {
            let is_mail = entry.file_type().await?.is_file();
            names.extend(entry.file_name().into_string().ok().filter(|name| is_mail && !name.starts_with('.')));
        }
        names.sort_unstable();
        Ok(names)
    }

    async fn put_by(&self, path: &Path, name: &str) -> io::Result<()> {
        let base = name.split_once(':').map_or(name, |(base, _)| base);
        let moved = fs::rename(path, self.folder.join("cur").join(format!("{base}{SEEN}"))).await;
        gone_is_none(moved).map(drop)
    }
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

//! What a mail says that came to a return path: a bounce, a delay, a complaint, an answer of nobody, or something else.
//!
//! [`classify`] takes bytes and gives a value. It never fails and never panics, reads no clock and no file, and everything it
//! does is bounded: [`MOST_BYTES`] of a mail are looked at, [`MOST_PARTS`] parts of it, [`DEEPEST`] levels deep.
//!
//! ```
//! use portal_bounce::{Kind, Reason, classify};
//!
//! let mail = b"From: MAILER-DAEMON@mx.example\nTo: b+smith.x.y@portal.example\nSubject: failure notice\n\n\
//!     Hi. This is the qmail-send program at mx.example.\n\n<ada@home.example>:\n\
//!     192.0.2.1 does not like recipient.\nRemote host said: 550 5.1.1 no such user here\n";
//! let report = classify(mail);
//! assert_eq!((report.kind, report.reason, report.hard), (Kind::Bounce, Some(Reason::UserUnknown), true));
//! assert_eq!(report.status.unwrap().to_string(), "5.1.1");
//! assert_eq!(report.recipient.as_deref(), Some("ada@home.example"));
//! assert_eq!(report.return_path, ["b+smith.x.y@portal.example"]);
//!
//! assert_eq!(classify(b"\xff\0garbage").kind, Kind::Unrelated);
//! ```

mod blame;
mod codes;
mod fields;
mod judge;
mod letter;
mod notice;
mod original;
mod row;
mod signs;
mod status;
mod table;
mod text;
mod tree;
mod verdict;

pub use portal_domain::{
    decide::LONGEST_WORDS,
    returned::{Reason, Why},
};

pub use self::status::Status;
use self::{judge::judge, tree::Part};

/// Most bytes of a mail that are looked at; what comes after them is as if it weren't there.
pub const MOST_BYTES: usize = 2 * 1024 * 1024;
/// Most parts of a mail that are looked at, those of mails within it included.
pub const MOST_PARTS: usize = 128;
/// Parts in parts in parts: what lies deeper is not taken apart.
pub const DEEPEST: usize = 8;
/// Most addresses of [`Report::return_path`].
pub const MOST_PATHS: usize = 16;

/// What a mail is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A message could not be delivered, and nobody tries any longer.
    Bounce,
    /// A message could not be delivered yet.
    Delayed,
    /// A message was delivered or handed on.
    Delivered,
    /// A reader called a message unwanted.
    Complaint,
    /// A program answered in somebody's absence.
    Vacation,
    /// Anything else.
    Unrelated,
}

impl Kind {
    /// The code, as it is stored and printed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bounce => "bounce",
            Self::Delayed => "delayed",
            Self::Delivered => "delivered",
            Self::Complaint => "complaint",
            Self::Vacation => "vacation",
            Self::Unrelated => "unrelated",
        }
    }
}

/// What a mail says. Nothing of it was proved: whoever acts on it asks the return path first (D3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// What the mail is.
    pub kind: Kind,
    /// The enhanced status code of the recipient, or what its reply stands for.
    pub status: Option<Status>,
    /// Why, of a bounce or a delay.
    pub reason: Option<Reason>,
    /// Whether the address itself is wrong for good (D4). Only a bounce can be.
    pub hard: bool,
    /// The address that the message was for; of several, the first that failed.
    pub recipient: Option<String>,
    /// The address that it was for in the end, where a report tells both.
    pub final_recipient: Option<String>,
    /// The `Message-ID` of the message, without angle brackets.
    pub original_message_id: Option<String>,
    /// What the other server said, [fit to be kept](portal_domain::decide::fit_words).
    pub words: Option<String>,
    /// Addresses that the mail may have come to, the likeliest first; one of them may be a return path of ours.
    pub return_path: Vec<String>,
    /// The server that reports.
    pub reporting_mta: Option<String>,
}

impl Report {
    fn of(kind: Kind) -> Self {
        Self {
            kind,
            status: None,
            reason: None,
            hard: false,
            recipient: None,
            final_recipient: None,
            original_message_id: None,
            words: None,
            return_path: Vec::new(),
            reporting_mta: None,
        }
    }
}

/// Judges what a mail server replied, by the same tables as a mail that came back. `given_up` is whether nobody tries any longer.
///
/// It is lasting where it was said plainly, for good, and not of the sender.
///
/// ```
/// use portal_bounce::{Reason, judge_reply};
///
/// let judged = judge_reply("550 5.1.1 no such user here", true);
/// assert_eq!((judged.reason, judged.lasting), (Reason::UserUnknown, true));
/// assert_eq!(judge_reply("550 5.7.26 this mail is unauthenticated", true).reason, Reason::SenderNotAuthenticated);
/// assert!(!judge_reply("450 4.2.0 greylisted", false).lasting);
/// ```
pub fn judge_reply(words: &str, given_up: bool) -> Why {
    let judged = judge(&[words], None, given_up);
    Why { reason: judged.reason, lasting: judged.lasting }
}

/// Says what a mail is. Whatever the bytes are, there is an answer; garbage is [`Kind::Unrelated`].
pub fn classify(mail: &[u8]) -> Report {
    verdict::of(&Part::read(&mail[..mail.len().min(MOST_BYTES)]))
}

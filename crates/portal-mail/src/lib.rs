//! What a mail says, in text and in HTML, without any I/O.
//!
//! A [`MailContext`] holds everything that a mail says, and in which [`Tongue`]; [`render`] turns it into subject, text and
//! HTML. Both parts are made of one letter, so that they always say the same. Its words stand in the files of `texts`, one for
//! each language. What they promise:
//!
//! - The practice is named, and the reader learns why the mail came, what to do, what to do if it was not expected, and
//!   whom to ask (rulebook D6).
//! - Where there is a link, it stands on a line of its own in the text, and no other link of its form is in the mail.
//!   Kinds that carry no link have no place for one.
//! - No name, note or address changes the subject's line, the text's lines or the HTML's structure (promise S11).
//!
//! Every kind and state has a named sample in [`samples`].
//!
//! ```
//! use portal_domain::time::Timestamp;
//! use portal_mail::{Link, MailBody, MailContext, Practice, Tongue, render};
//!
//! let mut context = MailContext {
//!     tongue: Tongue::English,
//!     practice: Practice {
//!         name: "Example & Partners".into(),
//!         contact_line: "0123 456 789, office@partners.example".into(),
//!         sign_in_url: "https://portal.example/portal/partners/sign-in".into(),
//!     },
//!     name: "Ada Smith".into(),
//!     body: MailBody::Reset {
//!         address: "ada@smith.example".into(),
//!         link: Link {
//!             url: "https://portal.example/portal/partners/link/abc".into(),
//!             works_until: Timestamp::from_micros(1_796_047_200_000_000),
//!         },
//!     },
//! };
//! let mail = render(&context)?;
//! assert_eq!(mail.subject, "Choose a new password for the client portal of Example & Partners");
//! assert!(mail.text.contains("\nhttps://portal.example/portal/partners/link/abc\n"));
//! assert!(mail.text.contains("The link works once, until 30 November 2026, 14:00 UTC."));
//! assert!(mail.html.contains("Example &#38; Partners"));
//!
//! context.tongue = Tongue::German;
//! assert!(render(&context)?.text.contains("Der Link gilt einmal, bis zum 30. November 2026 um 14:00 Uhr Weltzeit (UTC)."));
//! # Ok::<(), portal_mail::RenderError>(())
//! ```

mod context;
mod letter;
mod plain;
mod render;
mod samples;
mod tongue;
mod words;

pub use crate::{
    context::{Link, MailBody, MailContext, Practice},
    render::{RenderError, RenderedMail, render},
    samples::{NAUGHTY, Own, Sample, examples, samples},
    tongue::Tongue,
};

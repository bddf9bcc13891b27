//! Client-portal access for practice-management software, to be embedded.
//!
//! [`Portal`] runs the commands over the adapters it is given; [`Workers`] seal the journal, decide what anybody asked for, send
//! the mail and, with a [`Pusher`], push events to the endpoints of hosts.
//! Both only know the ports of [`domain`], so any store, mailer or hasher can be put in.
//!
//! ```no_run
//! # use std::sync::Arc;
//! # use portal::domain::port::{
//! #     Clock, Enquiries, Entropy, Evidence, Jobs, Journal, Mailer, Operators, Outbox, PasswordHasher, PortalStore, Returns,
//! #     Viewings, Webhooks,
//! # };
//! # trait Store: PortalStore + Enquiries + Jobs + Operators + Journal + Outbox + Webhooks + Viewings + Evidence + Returns {}
//! # async fn embed<S: Store + 'static>(
//! #     store: Arc<S>, hasher: Arc<dyn PasswordHasher>, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>,
//! #     mailer: Arc<dyn Mailer>, tokens: portal::domain::link::LinkTokens,
//! # ) -> Result<(), Box<dyn std::error::Error>> {
//! use portal::{MailSettings, Portal, Workers};
//!
//! let portal = Portal {
//!     store: store.clone(),
//!     enquiries: store.clone(),
//!     operators: store.clone(),
//!     jobs: store.clone(),
//!     journal: store.clone(),
//!     webhooks: store.clone(),
//!     viewings: store.clone(),
//!     evidence: store.clone(),
//!     returns: store.clone(),
//!     hasher,
//!     clock,
//!     entropy,
//!     tokens,
//!     common_passwords: Arc::default(),
//!     tries_per_minute: portal::domain::usecase::TRIES_PER_MINUTE,
//! };
//! let mail = MailSettings {
//!     base_url: "https://portal.example".to_owned(),
//!     from: portal::domain::email::EmailAddress::parse("portal@practice.example")?,
//!     mails_per_hour: None,
//! };
//! let workers = Workers::new(portal.clone(), store, mailer, mail).start();
//! // … serve requests with `portal`, and call `workers.wake()` after each …
//! workers.stop().await;
//! # Ok(())
//! # }
//! ```

mod compose;
mod maildir;
mod outbox;
mod pusher;
mod sealer;
mod workers;

pub use portal_domain as domain;
pub use portal_domain::usecase::{CallContext, Error, Portal};

pub use self::{
    compose::{MailSettings, in_words},
    maildir::{LookError, LookFault, Maildir, Read},
    outbox::{Sender, Sent},
    pusher::{Pusher, Render},
    workers::{Running, Workers},
};

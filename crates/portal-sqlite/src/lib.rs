//! The store on SQLite: one file, no server, the default for who embeds the portal.
//!
//! All writing goes through one task that takes what is waiting, runs each commit in a savepoint of
//! one transaction and acknowledges all of them after one sync to disk. Reading goes through a small
//! pool of connections, each call on one snapshot. Another process may open the same file.
//!
//! | module | holds |
//! |---|---|
//! | `store` | [`SqliteStore`]: opening and closing, and the ports as thin delegates |
//! | `writer` | the one writer and its queue |
//! | `commit` | a decision as rows, and one statement per kind of change |
//! | `read` | facts and lists |
//! | `outbox`, `enquiries`, `jobs` | leases |
//! | `operators` | what belongs to no practice |
//! | `journal` | seals |
//! | `export` | what leaves as a whole |
//! | `viewings` | looks of staff at the portal |
//! | `webhooks` | endpoints of hosts |
//! | `backlogs` | how much waits |
//! | `migrate` | the schema, under a lock of our own |
//! | `look` | how a file is, without a trace |

mod backlogs;
mod columns;
mod commit;
mod encode;
mod enquiries;
mod error;
mod evidence;
mod export;
mod jobs;
mod journal;
mod lock;
mod look;
mod migrate;
mod operators;
mod outbox;
mod queues;
mod read;
mod readers;
mod retention;
mod returns;
mod store;
mod tries;
mod viewings;
mod webhooks;
mod writer;

pub use self::{
    look::Look,
    migrate::{MigrateError, PendingMigration},
    store::{Gauge, SqliteOptions, SqliteStore},
};

//! Reading: rows into the domain's types, facts, lists.

mod decode;
pub(crate) mod facts;
pub(crate) mod hints;
pub(crate) mod invitations;
mod logins;
pub(crate) mod passages;
mod people;
pub(crate) mod practice;
mod rows;
pub(crate) mod staff;
pub(crate) mod viewing;
pub(crate) mod views;
pub(crate) mod visit;
pub(crate) mod workspace;

pub(crate) use self::decode::{damaged, digest, id, json as from_json, key, maybe_id, maybe_time, reference};
pub(crate) use self::rows::{EventRow, LinkRow, MessageRow, PracticeRow};

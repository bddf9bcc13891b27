//! The pages of the workspace on which staff work: who can get in, who can't, and what to do. They work without any script.

mod asked;
mod bulk;
mod clients;
mod confirm;
mod contact;
mod contacts;
mod details;
mod effects;
mod emails;
mod history;
mod member;
mod refused;
mod removal;
mod rollout;
mod trial;
mod viewing;
mod words;

pub(crate) use self::{
    member::{Member, Place, Shell, segment},
    refused::problem,
};
use crate::{
    assets,
    pages::show,
    staff_pages::{
        Page,
        Who::{Admin, Staff},
        deed, go_to, look, path,
    },
};

/// The pages on which staff work.
pub(crate) fn pages() -> Vec<Page> {
    [work(), removals(), looks()].into_iter().flatten().collect()
}

/// The way a contact goes.
fn removals() -> Vec<Page> {
    vec![
        look("/contacts/{ref}/delete", Staff, removal::foresee),
        deed("/contacts/{ref}/delete", Staff, removal::delete),
        look("/contacts/{ref}/erase", Admin, removal::foresee_erasure),
        deed("/contacts/{ref}/erase", Admin, removal::erase),
    ]
}

/// The portal as a contact sees it.
fn looks() -> Vec<Page> {
    vec![
        look("/contacts/{ref}/view", Staff, viewing::form),
        deed("/contacts/{ref}/view", Staff, viewing::open),
        look("/trial", Staff, trial::form),
        deed("/trial", Staff, trial::begin),
        look("/viewers", Admin, viewing::viewers),
        deed("/viewers/{ref}/{wanted}", Admin, viewing::grant),
    ]
}

fn work() -> Vec<Page> {
    vec![
        look("", Staff, member::short),
        look("/", Staff, rollout::page),
        look("/contacts", Staff, contacts::page),
        look("/new-contact", Staff, contacts::form),
        deed("/new-contact", Staff, contacts::add),
        look("/contacts/{ref}", Staff, contact::page),
        deed("/contacts/{ref}/emails/preview", Staff, emails::preview),
        deed("/contacts/{ref}/emails", Staff, emails::save),
        look("/contacts/{ref}/access/{command}", Staff, contact::foresee),
        deed("/contacts/{ref}/access/{command}", Staff, contact::carry_out),
        look("/contacts/{ref}/details", Staff, details::form),
        deed("/contacts/{ref}/details", Staff, details::save),
        look("/contacts/{ref}/history", Staff, history::page),
        deed("/contacts/{ref}/sessions", Staff, contact::end_sessions),
        deed("/contacts/{ref}/sessions/{id}", Staff, contact::end_session),
        look("/clients", Staff, clients::page),
        deed("/clients", Staff, clients::add),
        look("/clients/{ref}", Staff, clients::one),
        deed("/clients/{ref}", Staff, clients::rename),
        deed("/clients/{ref}/suspend", Admin, clients::suspend),
        deed("/clients/{ref}/resume", Admin, clients::resume),
        look("/bulk/{command}", Admin, bulk::foresee),
        deed("/bulk/{command}", Admin, bulk::start),
        look("/jobs/{id}", Admin, bulk::job),
        deed("/jobs/{id}/pause", Admin, bulk::pause),
        deed("/jobs/{id}/resume", Admin, bulk::resume),
        deed("/jobs/{id}/cancel", Admin, bulk::cancel),
    ]
}

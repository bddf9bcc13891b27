//! The pages of the workspace on which staff work: who can get in, who can't, and what to do. They work without any script.

mod asked;
mod bulk;
mod chart;
mod clients;
mod columns;
mod confirm;
mod contact;
mod contacts;
mod contacts_csv;
mod details;
mod effects;
mod emails;
mod first_mail;
mod help;
mod history;
mod import;
mod import_job;
mod jobs;
mod lately;
mod member;
mod refused;
mod removal;
mod rollout;
mod trial;
mod viewing;
mod why;
mod words;

mod keys;
mod mails;
mod picture;
mod question;
mod settings;
mod settings_fields;
mod settings_form;
mod settings_words;
mod user_words;
mod users;
mod webhook;
mod webhooks;

pub(crate) use self::{
    member::{Member, Place, Shell, segment},
    refused::problem,
    words::moment,
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
    [work(), many_pages(), removals(), looks(), practice().into()].into_iter().flatten().collect()
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
        look("/help", Staff, help::page),
        look("/why", Staff, why::page),
        look("/contacts/{ref}/help", Staff, help::of_contact),
        look("/contacts/{ref}/help/report", Staff, help::report),
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
        deed("/jobs/{id}/pause", Admin, bulk::pause),
        deed("/jobs/{id}/resume", Admin, bulk::resume),
    ]
}

/// The pages on which admins look after the practice itself.
fn practice() -> [Page; 33] {
    [
        look("/users", Admin, users::page),
        deed("/users", Admin, users::add),
        look("/users/{ref}", Admin, users::one),
        deed("/users/{ref}", Admin, users::change),
        deed("/users/{ref}/invite", Admin, users::invite),
        look("/users/{ref}/remove", Admin, users::foresee_removal),
        deed("/users/{ref}/remove", Admin, users::remove),
        look("/settings", Admin, settings::page),
        look("/settings/{group}", Admin, settings::form),
        deed("/settings/{group}", Admin, settings::save),
        deed("/logo", Admin, picture::put),
        deed("/logo/remove", Admin, picture::remove),
        look("/mails", Admin, mails::page),
        deed("/mails", Admin, mails::test),
        look("/mails/{name}", Admin, mails::one),
        look("/mails/{name}/html", Admin, mails::html),
        look("/keys", Admin, keys::page),
        deed("/keys", Admin, keys::make),
        look("/keys/{id}/revoke", Admin, keys::foresee),
        deed("/keys/{id}/revoke", Admin, keys::revoke),
        look("/webhooks", Admin, webhooks::page),
        deed("/webhooks", Admin, webhooks::add),
        look("/webhooks/{ref}", Admin, webhook::one),
        deed("/webhooks/{ref}", Admin, webhook::change),
        look("/webhooks/{ref}/deliveries", Admin, webhook::deliveries),
        deed("/webhooks/{ref}/pause", Admin, webhook::pause),
        deed("/webhooks/{ref}/resume", Admin, webhook::resume),
        deed("/webhooks/{ref}/test", Admin, webhook::test),
        deed("/webhooks/{ref}/recover", Admin, webhook::recover),
        look("/webhooks/{ref}/secret", Admin, webhook::foresee_secret),
        deed("/webhooks/{ref}/secret", Admin, webhook::secret),
        look("/webhooks/{ref}/delete", Admin, webhook::foresee_deletion),
        deed("/webhooks/{ref}/delete", Admin, webhook::delete),
    ]
}

/// The pages about many contacts at once: files that come in or go out, and how far it is with them.
fn many_pages() -> Vec<Page> {
    vec![
        look("/contacts.csv", Admin, contacts_csv::download),
        look("/import", Admin, import::form),
        deed("/import", Admin, import::upload),
        look("/import/{id}", Admin, import::columns),
        deed("/import/{id}", Admin, import::tell_apart),
        look("/jobs", Admin, jobs::list),
        look("/jobs/{id}", Admin, jobs::page),
        deed("/jobs/{id}/cancel", Admin, jobs::cancel),
        deed("/jobs/{id}/again", Admin, import_job::again),
        look("/jobs/{id}/refused.csv", Admin, import_job::refused_rows),
    ]
}

//! One commit: guards, keys, one statement per kind of change, mail, journal, receipt.

mod access;
mod erase;
mod guard;
mod passages;
mod people;
mod plan;
mod registry;
mod rows;
mod staff;
mod tell;
mod viewing;
mod workspace;

use async_trait::async_trait;
use portal_domain::port::{Commit, StoreError};
use sqlx::{SqliteConnection, sqlite::SqliteQueryResult};

pub(crate) use self::{
    plan::Plan,
    rows::EventRow,
    tell::{ForgetReceipts, events},
};
use crate::{encode::Rows, error::Fault, jobs, returns, tries, webhooks, writer::Work};

#[async_trait]
impl Work for Plan {
    type Answer = Commit;

    async fn run(&self, connection: &mut SqliteConnection) -> Result<Commit, Fault> {
        let practice = &self.practice;
        guard::check(connection, practice, &self.guards).await?;
        viewing::none_before(connection, self.first).await?;
        people::put_practice(connection, practice, &self.practices).await?;
        access::use_links(connection, practice, &self.use_links).await?;
        access::note_reminded(connection, practice, &self.reminded).await?;
        passages::take(connection, practice, &self.passages).await?;
        access::end_links(connection, practice, &self.end_links, &self.end_link).await?;
        staff::close_links(connection, practice, &self.staff).await?;

        registry::release(connection, practice, &self.released).await?;
        access::delete_logins(connection, practice, &self.deleted_logins, self.told_at).await?;
        people::delete_users(connection, practice, &self.deleted_users).await?;
        people::delete_contacts(connection, practice, &self.deleted_contacts, self.told_at).await?;
        people::delete_clients(connection, practice, &self.deleted_clients).await?;
        registry::claim(connection, practice, &self.claimed).await?;

        people::put_users(connection, practice, &self.users).await?;
        people::put_clients(connection, practice, &self.clients).await?;
        access::put_logins(connection, practice, &self.logins).await?;
        people::put_contacts(connection, practice, &self.contacts).await?;
        people::replace_lists(connection, practice, &self.lists).await?;
        people::remember_keys(connection, practice, &self.former_keys).await?;

        access::end_sessions(connection, practice, &self.end_sessions).await?;
        access::touch_sessions(connection, practice, &self.touches).await?;
        access::select_profiles(connection, practice, &self.profiles).await?;
        access::open(connection, practice, &self.open_links, &self.open_sessions).await?;
        passages::give(connection, practice, &self.passages).await?;
        workspace::end(connection, practice, &self.workspace.ended).await?;
        workspace::touch(connection, practice, &self.workspace.touched).await?;
        workspace::open(connection, practice, &self.workspace.opened).await?;
        staff::put(connection, practice, &self.staff).await?;
        viewing::write(connection, practice, &self.viewings).await?;
        registry::api_keys(connection, practice, &self.api_keys, &self.revoked).await?;
        registry::forget_tries(connection, practice, &self.forgotten).await?;
        returns::lift(connection, practice, &self.lifted).await?;
        for counted in &self.given_back {
            tries::give_back(connection, practice, counted).await?;
        }

        webhooks::write(connection, practice, &self.webhooks).await?;

        jobs::write(connection, practice, &self.jobs).await?;
        for erasure in &self.erased {
            erase::erase(connection, practice, erasure).await?;
        }
        tell::messages(connection, practice, &self.messages).await?;
        tell::events(connection, practice, &self.events).await?;
        tell::receipt(connection, practice, self.receipt.as_ref()).await?;
        Ok(Commit::Committed)
    }

    fn conflict(&self, _: Fault) -> Result<Commit, StoreError> {
        Ok(Commit::Conflict)
    }
}

/// A statement that MUST meet every row.
fn every(result: &SqliteQueryResult, rows: &Rows) -> Result<(), Fault> {
    let met = usize::try_from(result.rows_affected()).unwrap_or(usize::MAX);
    if met == rows.count { Ok(()) } else { Err(Fault::Conflict) }
}

//! One commit: guards, then what may be held by others, then everything else, one statement for each kind of write.

mod access;
mod erase;
mod guard;
mod keys;
mod passages;
mod people;
mod staff;
mod told;
mod viewing;
mod work;
mod workspace;

pub(crate) use self::{
    told::{events, forget_receipts},
    work::{column, lent},
};

use portal_domain::{
    change::Decision,
    id::PracticeId,
    port::{Commit, Receipt, StoreError},
};
use sqlx::PgConnection;

use self::work::Work;
use crate::{PostgresStore, failure::Failure, jobs, returns, tries, webhooks};

/// Writes all of it, or nothing. Only for tasks of their own.
pub(crate) async fn run(
    store: &PostgresStore,
    practice: PracticeId,
    decisions: &[Decision],
    receipt: Option<&Receipt>,
) -> Result<Commit, StoreError> {
    let work = Work::sort(decisions);
    let mut transaction = match store.begin().await {
        Ok(transaction) => transaction,
        Err(error) => return Failure::from(error).answer(),
    };
    let written = write(&mut transaction, practice, decisions, &work, receipt).await;
    match written {
        Ok(()) => match transaction.commit().await {
            Ok(()) => Ok(Commit::Committed),
            Err(error) => Failure::from(error).answer(),
        },
        Err(failure) => {
            // A connection that fails now is closed by the pool, and the transaction ends with it.
            if let Err(error) = transaction.rollback().await {
                tracing::debug!(%error, "a rollback failed");
            }
            failure.answer()
        }
    }
}

async fn write(
    connection: &mut PgConnection,
    practice: PracticeId,
    decisions: &[Decision],
    work: &Work<'_>,
    receipt: Option<&Receipt>,
) -> Result<(), Failure> {
    guard::hold(connection, practice, decisions).await?;
    let practice = practice.to_uuid();
    // A new practice comes before all that belongs to it.
    viewing::none_before(connection, work.first).await?;
    people::put_practices(connection, &work.practices).await?;

    // Single-use things, and what ends, before anything of the kind begins: what this commit opens or uses stays.
    access::use_links(connection, practice, &work.used_links).await?;
    access::note_reminded(connection, practice, &work.reminded).await?;
    passages::use_handoffs(connection, practice, &work.used_handoffs).await?;
    passages::use_codes(connection, practice, &work.used_codes).await?;
    access::end_links_of(connection, practice, &work.ended_links_of).await?;
    passages::end_handoffs_of(connection, practice, &work.ended_links_of).await?;
    passages::end_all_handoffs(connection, practice, work.all_handoffs_ended).await?;
    access::end_links(connection, practice, &work.ended_links).await?;
    access::end_sessions(connection, practice, &work.ended_sessions).await?;
    workspace::end(connection, practice, &work.ended_workspace).await?;
    staff::use_links(connection, practice, &work.used_staff_links).await?;
    staff::end_links(connection, practice, &work.ended_staff_links).await?;

    viewing::end(connection, practice, &work.ended_viewings).await?;

    keys::release(connection, practice, &work.released).await?;
    keys::claim(connection, practice, &work.claimed).await?;

    people::delete_contacts(connection, practice, &work.deleted_contacts).await?;
    people::delete_clients(connection, practice, &work.deleted_clients).await?;
    people::delete_users(connection, practice, &work.deleted_users).await?;
    access::delete_logins(connection, practice, &work.deleted_logins).await?;

    people::put_users(connection, practice, &work.users).await?;
    people::put_clients(connection, practice, &work.clients).await?;
    access::put_logins(connection, practice, &work.logins).await?;
    people::put_contacts(connection, practice, &work.contacts).await?;
    people::remember_keys(connection, practice, &work.remembered).await?;

    access::open_links(connection, practice, &work.opened_links).await?;
    access::open_sessions(connection, practice, &work.opened_sessions).await?;
    access::touch_sessions(connection, practice, &work.touched).await?;
    passages::open_handoffs(connection, practice, &work.handoffs).await?;
    passages::issue_codes(connection, practice, &work.codes).await?;
    passages::tell_sessions(connection, practice, &work.told).await?;
    access::select_profiles(connection, practice, &work.selected).await?;
    workspace::open(connection, practice, &work.opened_workspace).await?;
    workspace::touch(connection, practice, &work.touched_workspace).await?;
    staff::drop_credentials(connection, practice, &work.dropped_staff).await?;
    staff::put_credentials(connection, practice, &work.staff_credentials).await?;
    staff::open_links(connection, practice, &work.opened_staff_links).await?;
    viewing::open(connection, practice, &work.opened_viewings).await?;
    viewing::grant(connection, practice, &work.granted_viewing).await?;
    viewing::revoke(connection, practice, &work.revoked_viewing).await?;
    keys::add_api_keys(connection, &work.api_keys).await?;
    keys::revoke_api_keys(connection, practice, &work.revoked).await?;
    keys::forget_tries(connection, practice, &work.forgotten).await?;
    returns::lift(connection, practice, &work.lifted).await?;
    for counted in &work.given_back {
        tries::give_back(connection, practice, counted).await?;
    }

    webhooks::put(connection, practice, &work.webhooks).await?;
    webhooks::delete(connection, practice, &work.deleted_webhooks).await?;
    webhooks::log(connection, practice, &work.pushed).await?;

    jobs::put(connection, practice, &work.jobs).await?;
    jobs::stage(connection, practice, &work.staged).await?;
    jobs::restart(connection, practice, &work.restarted).await?;
    jobs::settle(connection, practice, &work.settled).await?;
    for erasure in &work.erased {
        erase::erase(connection, practice, erasure).await?;
    }
    told::messages(connection, practice, &work.messages).await?;
    told::events(connection, practice, &work.events).await?;
    if let Some(receipt) = receipt {
        told::receipt(connection, practice, receipt).await?;
    }
    Ok(())
}

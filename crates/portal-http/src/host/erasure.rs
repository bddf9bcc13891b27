//! The end of one contact with all that is known of it (J3).

use axum::Json;
use portal_domain::{erasure::Found, usecase::ErasureReceipt};
use serde::Serialize;
use utoipa::ToSchema;

use super::Answer;
use crate::{
    ask::{Command, Sent},
    caller::{Host, Reference},
    json::Empty,
    present::{outcome, outcomes, time},
};

/// What an erasure answers: the receipt, without anything personal.
#[derive(Serialize, ToSchema)]
pub(super) struct ErasureAnswer {
    #[schema(schema_with = outcomes)]
    outcome: &'static str,
    preview: bool,
    /// Names the event that is the receipt; `null` in a preview.
    receipt: Option<String>,
    #[schema(format = DateTime)]
    at: String,
    ordered_by: String,
    erased: ErasedPart,
}

/// How much was erased, by kind.
#[derive(Serialize, ToSchema)]
pub(super) struct ErasedPart {
    /// Those of the same reference that were deleted before, too.
    contacts: u64,
    sessions_ended: u64,
    events: u64,
    messages: u64,
    messages_cancelled: u64,
    links: u64,
    answers: u64,
    rows: u64,
}

impl ErasureAnswer {
    fn of(receipt: &ErasureReceipt, preview: bool) -> Self {
        let Found { events, messages, unsent, links, answers, rows } = receipt.found;
        Self {
            outcome: outcome(true),
            preview,
            receipt: (!preview).then(|| receipt.id.to_string()),
            at: time(receipt.at),
            ordered_by: receipt.by.clone(),
            erased: ErasedPart {
                contacts: receipt.contacts,
                sessions_ended: receipt.sessions_ended,
                events,
                messages,
                messages_cancelled: unsent,
                links,
                answers,
                rows,
            },
        }
    }
}

/// Erases a contact, and what is left of those of its reference that were deleted before.
pub(super) async fn erase(
    host: Host,
    Reference(contact): Reference,
    sent: Sent<Command<Empty>>,
) -> Answer<Json<ErasureAnswer>> {
    let Command { preview, .. } = sent.after(host.app.portal.erasable(&host.context, &contact)).await?;
    let receipt = host.app.portal.erase_contact(&host.asking(preview), &contact).await?;
    Ok(Json(ErasureAnswer::of(&receipt, preview)))
}

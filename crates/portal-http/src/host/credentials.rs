//! Passwords that another system has hashed, moving in.

use axum::Json;

use super::Answer;
use crate::{
    ask::{Command, Sent},
    caller::{Host, Reference},
    document::{Says, says},
    json::{Fields, FromFields},
    present::CommandAnswer,
    problem::Problem,
};

pub(super) const SAYS: &[Says] =
    &[says("PUT /contacts/{ref}/credential", "Takes over a password that another system has hashed").refuses(&[
        "invalid_hash",
        "not_activated",
        "portal_deactivated",
        "password_already_set",
        "login_email_taken",
    ])];

/// Holds what must not be printed.
pub(crate) struct CredentialBody {
    hash: String,
}

impl FromFields for CredentialBody {
    fn from_fields(fields: &mut Fields) -> Result<Self, Problem> {
        Ok(Self { hash: fields.required("hash", Fields::text)? })
    }
}

pub(super) async fn put(
    host: Host,
    Reference(contact): Reference,
    sent: Sent<Command<CredentialBody>>,
) -> Answer<Json<CommandAnswer>> {
    let Command { preview, body: CredentialBody { hash } } =
        sent.after(host.app.portal.contact(&host.context, &contact)).await?;
    let done = host.app.portal.import_credential(&host.asking(preview), &contact, &hash).await?;
    Ok(Json(CommandAnswer::of(&done, preview)))
}

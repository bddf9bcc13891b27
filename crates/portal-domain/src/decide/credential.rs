//! Moving in: a password that another system has hashed (P1).

use super::{
    Moment,
    draft::Draft,
    outcome::{ContactOutcome, Decided, Scene},
};
use crate::{Refusal, contact::Access, password::ForeignHash};

/// Gives a contact the password that another system hashed. The hash that came before changes nothing, be it rehashed since (A1).
///
/// It is confirmed nowhere, kills no link (L3) and is told to nobody. A password that is there is never replaced. Nor is one
/// brought in where others are behind the login: nobody has proven that the address is this contact's, and with it one would see
/// their papers too. That is what C3 refuses when they come in the other order.
pub fn import_credential(
    scene: Scene<'_>,
    hash: &ForeignHash,
    moment: &mut Moment,
) -> Result<Decided<ContactOutcome>, Refusal> {
    let mut draft = Draft::of_existing(scene, moment)?;
    match draft.contact.access {
        Access::NotActivated => return Err(Refusal::NotActivated),
        Access::Deactivated => return Err(Refusal::PortalDeactivated),
        Access::Granted => {}
    }
    match draft.login().and_then(|login| Some((login.id, login.credential.as_ref()?))) {
        Some((login, credential)) if credential.came_as(login, hash) => return Ok(draft.finish()),
        Some(_) => return Err(Refusal::PasswordAlreadySet),
        None => {}
    }
    if draft.shares_its_login() {
        return Err(Refusal::LoginEmailTaken { contacts: draft.others_named() });
    }
    draft.import_password(hash);
    draft.log_with("contact.credential_imported", [("scheme", hash.scheme().code())]);
    Ok(draft.finish())
}

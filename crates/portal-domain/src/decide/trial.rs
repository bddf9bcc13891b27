//! A trial client: somebody of the practice tries the portal from the first mail on (V1).

use super::{
    Moment,
    access::grant,
    contact::{ContactFields, PutEmails, apply, known_clients, start},
    outcome::{ContactOutcome, Decided, Scene},
};
use crate::{
    Refusal,
    email::{EmailAddress, EmailList},
    id::Ref,
};

/// A wish to try the portal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BeginTrial {
    /// The reference of the contact to be.
    pub reference: Ref,
    /// Its name in words.
    pub name: String,
    /// The client whose papers it sees.
    pub client: Ref,
    /// Where the invitation goes.
    pub email: EmailAddress,
}

/// Adds a contact that is marked as trial and gives it access: one step, with the invitation. Its address can be neither one of staff
/// (C1) nor the login of anybody else, whatever the practice's setting: nobody's real sign-in is tried with.
pub fn begin_trial(
    scene: Scene<'_>,
    command: &BeginTrial,
    moment: &mut Moment,
) -> Result<Decided<ContactOutcome>, Refusal> {
    if scene.facts.contact.is_some() {
        return Err(Refusal::PreconditionFailed);
    }
    let mut draft = start(scene, &command.reference, moment);
    draft.contact.trial = true;
    let clients = vec![command.client.clone()];
    let known = known_clients(&draft, &clients)?;
    let emails = EmailList::from_addresses(vec![command.email.clone()]);
    let emails = emails.map_err(|_| Refusal::TooManyEmails { count: 1 })?;
    let fields = ContactFields {
        name: Some(command.name.clone()),
        locale: None,
        clients: Some(clients),
        emails: Some(PutEmails { emails, join: false, wrong_address: false }),
    };
    apply(&mut draft, scene, &fields, Some(known))?;
    grant(&mut draft)?;
    Ok(draft.finish())
}

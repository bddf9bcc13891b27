//! Access: activate, resend, deactivate, reactivate, and the end of a contact (section A).

use super::{
    Moment,
    draft::{Draft, Joining, holder_to_join},
    outcome::{ContactOutcome, Decided, Scene},
};
use crate::{
    Refusal, contact::Access, facts::ContactFacts, link::LinkPurpose, message::MessageBody, practice::Practice,
};

/// Activates a contact: from never or from deactivated to granted, with one message (A4). Granted already, nothing changes (A1).
pub fn activate(scene: Scene<'_>, moment: &mut Moment) -> Result<Decided<ContactOutcome>, Refusal> {
    let mut draft = Draft::of_existing(scene, moment)?;
    grant(&mut draft)?;
    Ok(draft.finish())
}

/// Gives access back (A2). Never activated, it is refused; granted already, nothing changes (A1).
pub fn reactivate(scene: Scene<'_>, moment: &mut Moment) -> Result<Decided<ContactOutcome>, Refusal> {
    let mut draft = Draft::of_existing(scene, moment)?;
    if draft.contact.access == Access::NotActivated {
        return Err(Refusal::NotActivated);
    }
    grant(&mut draft)?;
    Ok(draft.finish())
}

/// Grants access, if it is not granted; used by an import's second step too.
pub(super) fn grant(draft: &mut Draft<'_>) -> Result<(), Refusal> {
    let kind = match draft.contact.access {
        Access::Granted => return Ok(()),
        Access::NotActivated => "contact.activated",
        Access::Deactivated => "contact.reactivated",
    };
    draft.grant()?;
    draft.log(kind);
    Ok(())
}

/// Takes access away (A2, A3), without a word to anybody. Deactivated already, nothing changes (A1).
pub fn deactivate(scene: Scene<'_>, moment: &mut Moment) -> Result<Decided<ContactOutcome>, Refusal> {
    let mut draft = Draft::of_existing(scene, moment)?;
    match draft.contact.access {
        Access::NotActivated => return Err(Refusal::NotActivated),
        Access::Deactivated => {}
        Access::Granted => {
            draft.revoke();
            draft.log("contact.deactivated");
        }
    }
    Ok(draft.finish())
}

/// Lets mail go to the contact's first address again, if a mail that came back keeps it back (D4), and sends a new activation mail as
/// [`resend`] does.
pub fn lift_suppression(scene: Scene<'_>, moment: &mut Moment) -> Result<Decided<ContactOutcome>, Refusal> {
    invite_again(scene, moment, true)
}

/// Sends a new activation mail; earlier links to the address go on working, and so does the password (L4).
pub fn resend(scene: Scene<'_>, moment: &mut Moment) -> Result<Decided<ContactOutcome>, Refusal> {
    invite_again(scene, moment, false)
}

fn invite_again(scene: Scene<'_>, moment: &mut Moment, lift: bool) -> Result<Decided<ContactOutcome>, Refusal> {
    let mut draft = Draft::of_existing(scene, moment)?;
    match draft.contact.access {
        Access::NotActivated => return Err(Refusal::NotActivated),
        Access::Deactivated => return Err(Refusal::PortalDeactivated),
        Access::Granted => {}
    }
    let to = draft.first()?;
    let lifted = lift && draft.lift(to.key());
    draft.send_link(&to, LinkPurpose::Activation, MessageBody::Activation);
    draft.log(if lifted { "contact.suppression_lifted" } else { "contact.invitation_resent" });
    Ok(draft.finish())
}

/// Deletes a contact (A7): access ends as by deactivation, nobody is written to, the journal stays.
pub fn delete_contact(scene: Scene<'_>, moment: &mut Moment) -> Result<Decided<ContactOutcome>, Refusal> {
    let mut draft = Draft::of_existing(scene, moment)?;
    draft.delete();
    draft.log("contact.deleted");
    Ok(draft.finish())
}

/// What activation or reactivation would be refused with now, if by anything (A6). Nothing where access is granted.
pub fn refusal_of_grant(practice: &Practice, facts: &ContactFacts) -> Option<Refusal> {
    let contact = facts.contact.as_ref().filter(|contact| contact.access != Access::Granted)?;
    match contact.emails.first() {
        None => Some(Refusal::NoEmail),
        Some(first) => holder_to_join(practice, facts.holders.get(first.key()), Joining::BySetting).err(),
    }
}

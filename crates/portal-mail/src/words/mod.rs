//! The words, kind by kind. Plain English for people who come here twice a year.

mod account;
mod invite;
mod moved;
mod staff;

use crate::{
    context::{MailBody, MailContext, Practice},
    letter::{Action, Letter},
    plain::{self, Line},
};

/// Writes the letter for a context.
pub(crate) fn letter(context: &MailContext) -> Letter {
    let scene = Scene::new(context);
    match &context.body {
        MailBody::Activation { address, clients, invitation_note, link } => {
            invite::activation(&scene, address, clients, invitation_note, link)
        }
        MailBody::AccessAdded { address, clients } => invite::access_added(&scene, address, clients),
        MailBody::Reset { address, link } => account::reset(&scene, address, link),
        MailBody::PasswordChanged { address, changed_on } => account::password_changed(&scene, address, changed_on),
        MailBody::StaffInvitation { address, link } => staff::invitation(&scene, address, link),
        MailBody::StaffReset { address, link } => staff::reset(&scene, address, link),
        MailBody::StaffPasswordChanged { address, changed_on } => staff::password_changed(&scene, address, changed_on),
        MailBody::PasswordSetAfterMove { address, new_address, set_on } => {
            account::password_set_after_move(&scene, address, new_address, set_on)
        }
        MailBody::PortalAddress { address } => account::portal_address(&scene, address),
        MailBody::Test { address, invitation_note } => staff::test(&scene, address, invitation_note),
        MailBody::LoginMovedNew { address, changed_by, changed_on } => {
            moved::to_new(&scene, address, &moved::Change::new(changed_by, changed_on))
        }
        MailBody::LoginMovedOld { address, new_address, changed_by, changed_on } => {
            moved::to_old(&scene, address, new_address, &moved::Change::new(changed_by, changed_on))
        }
        MailBody::ProfileMovedAway { address, moved, new_address, changed_by, changed_on } => {
            moved::to_those_who_stay(&scene, address, moved, new_address, &moved::Change::new(changed_by, changed_on))
        }
    }
}

/// What every kind needs: who writes to whom, and whom to ask.
struct Scene {
    practice: Line,
    greeting: String,
    ask: String,
    sign_in_url: String,
}

impl Scene {
    fn new(context: &MailContext) -> Self {
        let Practice { name, contact_line, sign_in_url } = &context.practice;
        let practice = Line::new(name);
        let contact_line = Line::new(contact_line);
        let name = Line::new(&context.name);
        Self {
            greeting: if name.is_empty() { "Hello,".to_owned() } else { format!("Hello {name},") },
            ask: if contact_line.is_empty() {
                format!("{practice} in the way you usually do")
            } else {
                format!("{practice} ({contact_line})")
            },
            sign_in_url: plain::url(sign_in_url),
            practice,
        }
    }

    /// A letter with nothing but subject, greeting and paragraphs.
    fn letter(&self, subject: &str, opening: Vec<String>, closing: Vec<String>) -> Letter {
        Letter {
            subject: Line::new(subject),
            greeting: self.greeting.clone(),
            opening,
            note: None,
            action: None,
            closing,
        }
    }

    /// The way to the sign-in page, where there is one.
    fn sign_in(&self) -> Option<Action> {
        (!self.sign_in_url.is_empty()).then(|| Action {
            label: "Sign in",
            lead: "You sign in on this page:".to_owned(),
            url: self.sign_in_url.clone(),
            after: None,
        })
    }
}

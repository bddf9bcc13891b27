//! What practice users sign in with.

use portal_domain::{
    message::{About, Message, MessageBody},
    password::PasswordHash,
    practice::PracticeUser,
    staff::{StaffCredential, StaffLink, StaffLinkKind},
};

use super::{NOON, id, later, signing_key};

/// The password of a practice user.
pub fn staff_credential(name: &str, user: &PracticeUser) -> StaffCredential {
    StaffCredential {
        id: id(name),
        hash: PasswordHash::new(format!("$plain$0$0${name}")),
        confirmed_at: user.email.key().clone(),
        set_at: NOON,
    }
}

/// An invitation to the workspace that works for a week.
pub fn staff_link(name: &str, user: &PracticeUser) -> StaffLink {
    StaffLink {
        id: id(name),
        user: user.id,
        kind: StaffLinkKind::Invitation,
        address: user.email.clone(),
        signed_with: signing_key(),
        created_at: NOON,
        expires_at: later(7 * 24 * 3600),
        used_at: None,
        ended_at: None,
    }
}

/// The mail that carries a link of the workspace, or another one to a practice user.
pub fn staff_message(name: &str, user: &PracticeUser, link: Option<&StaffLink>) -> Message {
    Message {
        id: id(name),
        about: About::User(user.id),
        link: link.map(|link| link.id),
        to: user.email.clone(),
        name: user.name.clone(),
        clients: Vec::new(),
        body: if link.is_some() { MessageBody::StaffInvitation } else { MessageBody::StaffPasswordChanged },
        asked_at: None,
        created_at: NOON,
    }
}

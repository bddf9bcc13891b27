//! What can be seen of the model from outside.

use super::answer::{Code, MessageKind};
use super::cmd::{Addr, LinkNo, Role};
use super::state::{Contact, LoginId, Model, Standing};
use std::collections::BTreeMap;

/// All that can be seen at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// Practice users by ref.
    pub users: BTreeMap<String, UserView>,
    /// Clients by ref, and whether each is suspended.
    pub clients: BTreeMap<String, bool>,
    /// Contacts by ref.
    pub contacts: BTreeMap<String, ContactView>,
    /// Links by number.
    pub links: Vec<LinkView>,
    /// Sessions by number.
    pub sessions: Vec<SessionView>,
    /// Every message ever queued, in order; within one command the order means nothing.
    pub messages: Vec<Message>,
}

/// A practice user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserView {
    /// Name.
    pub name: String,
    /// Address.
    pub addr: Addr,
    /// Role.
    pub role: Role,
}

/// A contact and its portal part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactView {
    /// Name.
    pub name: String,
    /// Stored forms, in order.
    pub emails: Vec<String>,
    /// Refs of clients, sorted.
    pub clients: Vec<String>,
    /// The first address as stored, with access or without (F2).
    pub login_email: Option<String>,
    /// Stored state of access.
    pub access: Access,
    /// Computed status (A6).
    pub status: Status,
    /// The code that activation or reactivation would get now; none where access is granted.
    pub refusal: Option<Code>,
    /// Whether the login the contact is behind, or its own dormant one, has a password.
    pub password_set: bool,
    /// Refs of the others behind the login, sorted.
    pub shared_with: Vec<String>,
}

/// A link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkView {
    /// What it is for.
    pub purpose: Purpose,
    /// The stored address it was mailed to.
    pub to: String,
    /// Its state now.
    pub state: LinkState,
}

/// A session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionView {
    /// Whether a request with it would be let in now.
    pub valid: bool,
    /// The profiles it sees (contact, client), sorted; none where it is not valid.
    pub profiles: Vec<(String, String)>,
    /// The profile selected, while it is among those.
    pub selected: Option<(String, String)>,
}

/// A message that was queued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its kind.
    pub kind: MessageKind,
    /// The stored address it goes to (E4).
    pub to: String,
    /// The link it carries.
    pub link: Option<LinkNo>,
}

/// Stored state of access.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// Never granted.
    NotActivated,
    /// Granted.
    Granted,
    /// Taken away.
    Deactivated,
}

/// Computed status (A6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// Access was taken away.
    Deactivated,
    /// Not activated, and activation would be refused by C1 or C3.
    Conflict,
    /// Not activated.
    NotActivated,
    /// No password, and the newest set-password message failed. Never so in this model.
    InvitationUndelivered,
    /// No password and no usable link.
    InvitationExpired,
    /// No password, and a usable link.
    Invited,
    /// A password, and a browser that never signed in would be refused now.
    Locked,
    /// A password, and no client or all suspended.
    NoProfile,
    /// Can sign in and see something.
    Active,
}

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// An invitation.
    Activation,
    /// Asked for by somebody at the sign-in page.
    Reset,
}

/// The state of a link (L3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LinkState {
    /// It set a password.
    Used,
    /// It was killed before it expired.
    Dead,
    /// Its time is over.
    Expired,
    /// It works.
    Usable,
}

impl Access {
    /// The state as the API writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Access::NotActivated => "not_activated",
            Access::Granted => "granted",
            Access::Deactivated => "deactivated",
        }
    }
}

impl Status {
    /// The status as the API writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Deactivated => "deactivated",
            Status::Conflict => "conflict",
            Status::NotActivated => "not_activated",
            Status::InvitationUndelivered => "invitation_undelivered",
            Status::InvitationExpired => "invitation_expired",
            Status::Invited => "invited",
            Status::Locked => "locked",
            Status::NoProfile => "no_profile",
            Status::Active => "active",
        }
    }
}

impl Purpose {
    /// The purpose as the API writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Purpose::Activation => "activation",
            Purpose::Reset => "reset",
        }
    }
}

impl LinkState {
    /// The state as the API writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            LinkState::Used => "used",
            LinkState::Dead => "dead",
            LinkState::Expired => "expired",
            LinkState::Usable => "usable",
        }
    }
}

impl Model {
    /// Everything that can be seen at `now`. Looking changes nothing.
    #[must_use]
    pub fn observe(&self, now: i64) -> Observation {
        Observation {
            users: self
                .users
                .iter()
                .map(|(user, state)| {
                    let view = UserView { name: state.name.clone(), addr: state.addr.clone(), role: state.role };
                    (user.clone(), view)
                })
                .collect(),
            clients: self.clients.clone(),
            contacts: self
                .contacts
                .iter()
                .map(|(contact, state)| (contact.clone(), self.view_contact(now, contact, state)))
                .collect(),
            links: self
                .links
                .iter()
                .map(|link| LinkView { purpose: link.purpose, to: link.to.stored.clone(), state: link.state(now) })
                .collect(),
            sessions: (0..self.sessions.len()).map(|no| self.view_session(now, no)).collect(),
            messages: self.messages.clone(),
        }
    }

    fn view_contact(&self, now: i64, contact: &str, state: &Contact) -> ContactView {
        let refusal = match state.standing {
            Standing::Granted { .. } => None,
            _ => self.way_in(state).err().map(|refusal| refusal.code),
        };
        ContactView {
            name: state.name.clone(),
            emails: state.emails.iter().map(|addr| addr.stored.clone()).collect(),
            clients: state.clients.iter().cloned().collect(),
            login_email: state.first().map(|addr| addr.stored.clone()),
            access: match state.standing {
                Standing::NotActivated => Access::NotActivated,
                Standing::Granted { .. } => Access::Granted,
                Standing::Deactivated { .. } => Access::Deactivated,
            },
            status: self.status(now, state, refusal),
            refusal,
            password_set: self.has_password(contact),
            shared_with: self.shared_with(contact),
        }
    }

    /// A6: the first that holds.
    fn status(&self, now: i64, contact: &Contact, refusal: Option<Code>) -> Status {
        let login = match contact.standing {
            Standing::Deactivated { .. } => return Status::Deactivated,
            Standing::NotActivated => {
                return match refusal {
                    Some(Code::PracticeUserEmail | Code::LoginEmailTaken) => Status::Conflict,
                    _ => Status::NotActivated,
                };
            }
            Standing::Granted { login, .. } => login,
        };
        if self.password(login).is_none() {
            if self.invitation_undelivered(login) {
                Status::InvitationUndelivered
            } else if !self.usable_links(now).iter().any(|no| self.links[no.0].login == login) {
                Status::InvitationExpired
            } else {
                Status::Invited
            }
        } else if contact.first_key().is_some_and(|key| self.is_locked(now, key)) {
            Status::Locked
        } else if contact.clients.iter().all(|client| self.clients.get(client) != Some(&false)) {
            Status::NoProfile
        } else {
            Status::Active
        }
    }

    /// The place for D's part of A6: whether the newest set-password message of a login failed, bounced or is suppressed.
    fn invitation_undelivered(&self, _login: LoginId) -> bool {
        false
    }

    fn view_session(&self, now: i64, no: usize) -> SessionView {
        let session = &self.sessions[no];
        let valid = session.is_valid(now);
        let profiles = if valid { self.profiles(session.login) } else { Vec::new() };
        SessionView { valid, selected: session.selected.clone().filter(|it| profiles.contains(it)), profiles }
    }
}

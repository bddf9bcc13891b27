//! The one computed status of a contact (A6), and the portal part of a contact that shows it.

use serde::{Deserialize, Serialize};

use crate::{
    Named, Refusal,
    contact::Access,
    decide::refusal_of_grant,
    facts::{ContactFacts, LoginFacts},
    link::LinkState,
    message::DeliveryState,
    practice::Practice,
    time::Timestamp,
};

/// The status of a contact: one value, the same for page, API and diagnosis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PortalStatus {
    /// Access was taken away.
    Deactivated,
    /// Not activated, and activation would be refused now by C1 or C3.
    Conflict,
    /// Never activated.
    NotActivated,
    /// The newest set-password message failed or came back, or nothing is mailed to the address (D4).
    InvitationUndelivered,
    /// No password, and no link that works.
    InvitationExpired,
    /// No password yet, and a link that works.
    Invited,
    /// A browser that never signed in would be refused now.
    Locked,
    /// No client, or all suspended.
    NoProfile,
    /// Can sign in and sees a profile.
    Active,
}

impl PortalStatus {
    /// All of them, in the order in which the first that holds is taken.
    pub const ALL: [Self; 9] = [
        Self::Deactivated,
        Self::Conflict,
        Self::NotActivated,
        Self::InvitationUndelivered,
        Self::InvitationExpired,
        Self::Invited,
        Self::Locked,
        Self::NoProfile,
        Self::Active,
    ];

    /// Reads what [`code`](Self::code) writes.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.code() == code)
    }

    /// The status as API and pages name it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Deactivated => "deactivated",
            Self::Conflict => "conflict",
            Self::NotActivated => "not_activated",
            Self::InvitationUndelivered => "invitation_undelivered",
            Self::InvitationExpired => "invitation_expired",
            Self::Invited => "invited",
            Self::Locked => "locked",
            Self::NoProfile => "no_profile",
            Self::Active => "active",
        }
    }
}

/// The portal part of a contact, as API and pages show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortalPart {
    /// Stored state of access.
    pub access: Access,
    /// The computed status.
    pub status: PortalStatus,
    /// The code of the refusal that activation or reactivation would get now.
    pub refusal: Option<String>,
    /// When access was last granted.
    pub activated_at: Option<Timestamp>,
    /// When somebody last signed in with the contact's login.
    pub last_sign_in_at: Option<Timestamp>,
    /// Whether the contact's login has a password.
    pub password_set: bool,
    /// Until when a browser that never signed in to the contact's login is refused.
    pub locked_until: Option<Timestamp>,
    /// Who else is behind the live login.
    pub shared_with: Vec<Named>,
    /// The newest set-password message.
    pub invitation: Option<InvitationPart>,
}

/// The newest invitation, as API and pages show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvitationPart {
    /// When the other server took it; when it was queued until then.
    pub sent_at: Timestamp,
    /// When its link expires.
    pub expires_at: Timestamp,
    /// What became of it.
    pub state: InvitationState,
}

/// What became of an invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InvitationState {
    /// On its way.
    Queued,
    /// Taken by the other server.
    Sent,
    /// Given up, or it came back.
    Failed,
    /// Its link no longer works.
    Expired,
    /// A password was set.
    Accepted,
}

/// Computes the portal part of a contact at `now`; `None` where there is no contact.
pub fn portal_part(practice: &Practice, facts: &ContactFacts, now: Timestamp) -> Option<PortalPart> {
    let contact = facts.contact.as_ref()?;
    let refusal = refusal_of_grant(practice, facts);
    let status = status(contact.access, facts, refusal.as_ref(), now);
    let login = facts.login.as_ref();
    let live = login.filter(|_| contact.access == Access::Granted);
    let mut shared_with: Vec<_> = live
        .iter()
        .flat_map(|login| &login.members)
        .filter(|member| member.contact.id != contact.id)
        .map(|member| Named { reference: member.contact.reference.clone(), name: member.contact.name.clone() })
        .collect();
    shared_with.sort();
    Some(PortalPart {
        access: contact.access,
        status,
        refusal: refusal.map(|refusal| refusal.code().to_owned()),
        activated_at: contact.activated_at,
        last_sign_in_at: login.and_then(|login| login.last_sign_in_at),
        password_set: login.is_some_and(|login| login.login.credential.is_some()),
        locked_until: live.and_then(|login| locked_until(facts, login)),
        shared_with,
        invitation: live.and_then(|login| invitation(login, now)),
    })
}

fn status(access: Access, facts: &ContactFacts, refusal: Option<&Refusal>, now: Timestamp) -> PortalStatus {
    let in_conflict = matches!(refusal, Some(Refusal::PracticeUserEmail { .. } | Refusal::LoginEmailTaken { .. }));
    let login = match (access, &facts.login) {
        (Access::Deactivated, _) => return PortalStatus::Deactivated,
        (Access::NotActivated, _) if in_conflict => return PortalStatus::Conflict,
        (Access::NotActivated, _) | (Access::Granted, None) => return PortalStatus::NotActivated,
        (Access::Granted, Some(login)) => login,
    };
    if login.login.credential.is_none() {
        return without_password(facts, login, now);
    }
    if locked_until(facts, login).is_some() {
        return PortalStatus::Locked;
    }
    let profile = facts.clients.iter().any(|client| !client.suspended);
    if profile { PortalStatus::Active } else { PortalStatus::NoProfile }
}

fn locked_until(facts: &ContactFacts, login: &LoginFacts) -> Option<Timestamp> {
    facts.locked.get(login.login.key.as_ref()?).copied()
}

fn without_password(facts: &ContactFacts, login: &LoginFacts, now: Timestamp) -> PortalStatus {
    let failed = login.invitation.as_ref().is_some_and(|invitation| is_undelivered(invitation.state));
    let suppressed = login.login.key.as_ref().is_some_and(|key| facts.suppressed.contains_key(key));
    let usable = login.links.iter().any(|link| link.state(now) == LinkState::Usable);
    match (failed || suppressed, usable) {
        (true, _) => PortalStatus::InvitationUndelivered,
        (false, true) => PortalStatus::Invited,
        (false, false) => PortalStatus::InvitationExpired,
    }
}

/// Whether a message never reached its reader, and is not tried any longer.
const fn is_undelivered(state: DeliveryState) -> bool {
    matches!(state, DeliveryState::Failed | DeliveryState::Bounced)
}

fn invitation(login: &LoginFacts, now: Timestamp) -> Option<InvitationPart> {
    let invitation = login.invitation.as_ref()?;
    let link = invitation.link.state(now);
    let state = if login.login.credential.is_some() {
        InvitationState::Accepted
    } else if is_undelivered(invitation.state) {
        InvitationState::Failed
    } else if link != LinkState::Usable {
        InvitationState::Expired
    } else if matches!(invitation.state, DeliveryState::Accepted | DeliveryState::Complained) {
        InvitationState::Sent
    } else {
        InvitationState::Queued
    };
    let sent_at = invitation.accepted_at.unwrap_or(invitation.queued_at);
    Some(InvitationPart { sent_at, expires_at: invitation.link.expires_at, state })
}

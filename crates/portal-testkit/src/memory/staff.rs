//! Passwords and links of practice users.

use portal_domain::{
    change::{Change, Which},
    email::LoginKey,
    facts::{StaffFacts, StaffSignIn},
    id::{LinkId, UserId},
    link::LinkState,
    message::DeliveryState,
    staff::StaffLinkKind,
    time::Timestamp,
};

use super::{
    commit::{Batch, Stop, Work, fits},
    fault::Fault,
    read::Reader,
    state::State,
    tries::forget,
};
use std::sync::Arc;

impl Work<'_> {
    /// Uses, then ends, then opens: what this commit opens or uses stays.
    pub(super) fn staff(&mut self, batch: &Batch<'_>) -> Result<(), Stop> {
        for change in batch.changes() {
            if let Change::UseStaffLink { link, at } = change {
                self.use_staff_link(*link, *at)?;
            }
        }
        for change in batch.changes() {
            match change {
                Change::EndStaffLinks { user, which, at } => self.end_staff_links(*user, *which, *at),
                Change::DropStaffCredential(user) if !self.faults.has(Fault::StaffPasswordKept) => {
                    self.tenant.staff_credentials.remove(user);
                }
                _ => {}
            }
        }
        for change in batch.changes() {
            match change {
                Change::OpenStaffLink(link) => {
                    fits(self.tenant.staff_links.insert(link.id, link.clone()).is_none())?;
                }
                Change::PutStaffCredential { user, credential } => {
                    fits(self.tenant.users.contains_key(user))?;
                    self.tenant.staff_credentials.insert(*user, credential.clone());
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn use_staff_link(&mut self, id: LinkId, at: Timestamp) -> Result<(), Stop> {
        let unguarded = self.faults.has(Fault::StaffLinkUseUnguarded);
        let link = self.tenant.staff_links.get_mut(&id).ok_or(Stop::Conflict)?;
        fits(link.state(at) == LinkState::Usable || unguarded)?;
        link.used_at = Some(at);
        Ok(())
    }

    fn end_staff_links(&mut self, user: UserId, which: Which<LinkId>, at: Timestamp) {
        if self.faults.has(Fault::StaffLinksNotEnded) {
            return;
        }
        let links = self.tenant.staff_links.values_mut();
        for link in links.filter(|link| link.user == user && which.meets(&link.id)) {
            if link.used_at.is_none() && link.ended_at.is_none() {
                link.ended_at = Some(at);
            }
        }
    }
}

impl Reader<'_> {
    pub(super) fn staff_sign_in(&self, key: &LoginKey) -> Option<StaffSignIn> {
        let user = self.tenant.users.values().find(|user| user.email.key() == key)?.clone();
        Some(StaffSignIn { credential: self.tenant.staff_credentials.get(&user.id).cloned(), user })
    }

    pub(super) fn staff(&self, user: UserId) -> Option<StaffFacts> {
        let user = self.tenant.users.get(&user)?.clone();
        let listed = self.faults.has(Fault::ExpiredStaffLinksListed);
        let usable = |link: &LinkState| *link == LinkState::Usable || (listed && *link == LinkState::Expired);
        let links = || self.tenant.staff_links.values().filter(|link| link.user == user.id);
        let invitations = links().filter(|link| link.kind == StaffLinkKind::Invitation);
        let invitation = invitations.max_by_key(|link| (link.created_at, link.id)).cloned();
        let mut links: Vec<_> = links().filter(|link| usable(&link.state(self.now))).cloned().collect();
        links.sort_by_key(|link| (link.created_at, link.id));
        let open = |session: &&portal_domain::session::WorkspaceSession| {
            session.user == user.id && session.ended_at.is_none() && self.now < session.expires_at
        };
        let mut sessions: Vec<_> = self.tenant.workspace_sessions.values().filter(open).cloned().collect();
        sessions.sort_by_key(|session| (session.created_at, session.id));
        let credential = self.tenant.staff_credentials.get(&user.id).cloned();
        Some(StaffFacts { user, credential, invitation, links, sessions })
    }
}

/// Mail to staff that is settled, and links, both long over.
pub(super) fn purge(state: &mut State, over: impl Fn(Timestamp) -> bool, most: usize) -> u64 {
    let mut purged = (0, 0);
    for tenant in state.tenants.values_mut().map(Arc::make_mut) {
        tenant.staff_links.retain(|_, link| !forget(&mut purged.0, most, over(link.expires_at)));
        tenant.messages.retain(|_, post| {
            let waits = matches!(post.state, DeliveryState::Queued | DeliveryState::Sending | DeliveryState::Deferred);
            let gone = post.message.about.user().is_some() && !waits && over(post.message.created_at);
            !forget(&mut purged.1, most, gone)
        });
    }
    (purged.0 + purged.1) as u64
}

//! Looks of staff at the portal, and who may look (V1).

use std::{collections::BTreeSet, sync::Arc};

use async_trait::async_trait;
use portal_domain::{
    change::Change,
    facts::WorkspaceSessionFacts,
    id::{PracticeId, UserId},
    port::{StoreError, Viewings},
    time::Timestamp,
    viewing::{ViewHash, ViewingFacts},
};

use super::{
    MemoryStore,
    commit::{Batch, Stop, Work, fits},
    fault::Fault,
    state::Tenant,
    tries::forget,
};

impl Work<'_> {
    pub(super) fn viewings(&mut self, batch: &Batch<'_>) -> Result<(), Stop> {
        let twice = self.faults.has(Fault::ViewingEndedTwice);
        for change in batch.changes() {
            match change {
                Change::EndViewing { viewing, at } => {
                    let viewing = self.tenant.viewings.get_mut(viewing).ok_or(Stop::Conflict)?;
                    fits(viewing.ended_at.is_none() || twice)?;
                    viewing.ended_at = Some(*at);
                }
                Change::GrantViewing(user) => {
                    fits(self.tenant.users.contains_key(user))?;
                    self.tenant.viewers.insert(*user);
                }
                Change::RevokeViewing(user) if !self.faults.has(Fault::ViewerKept) => {
                    self.tenant.viewers.remove(user);
                }
                _ => {}
            }
        }
        for change in batch.changes() {
            let Change::OpenViewing(viewing) = change else { continue };
            let tenant = &mut *self.tenant;
            let (session, profile) = (viewing.session, viewing.profile);
            let known = tenant.workspace_sessions.contains_key(&session)
                && tenant.contacts.contains_key(&profile.contact)
                && tenant.clients.contains_key(&profile.client);
            let same = tenant.viewings.values().any(|known| known.hash == viewing.hash);
            fits(known && !same && tenant.viewings.insert(viewing.id, viewing.clone()).is_none())?;
        }
        Ok(())
    }
}

fn found(tenant: &Tenant, hash: &ViewHash) -> Option<ViewingFacts> {
    let viewing = tenant.viewings.values().find(|viewing| viewing.hash == *hash)?.clone();
    let session = tenant.workspace_sessions.get(&viewing.session)?.clone();
    let user = tenant.users.get(&session.user)?.clone();
    let granted = tenant.viewers.contains(&user.id);
    Some(ViewingFacts { viewing, staff: WorkspaceSessionFacts { session, user }, granted })
}

#[async_trait]
impl Viewings for MemoryStore {
    async fn viewing(&self, practice: PracticeId, hash: &ViewHash) -> Result<Option<ViewingFacts>, StoreError> {
        let everywhere = self.faults.has(Fault::ViewingWallMissing);
        Ok(self.see(|state| {
            let own = state.tenants.iter().filter(|(id, _)| **id == practice || everywhere);
            own.into_iter().find_map(|(_, tenant)| found(tenant, hash))
        }))
    }

    async fn viewers(&self, practice: PracticeId) -> Result<BTreeSet<UserId>, StoreError> {
        Ok(self.see(|state| state.tenants.get(&practice).map(|tenant| tenant.viewers.clone()).unwrap_or_default()))
    }

    async fn forget_viewings(&self, before: Timestamp, most: u32) -> Result<u64, StoreError> {
        let early = self.faults.has(Fault::ViewingsForgottenEarly);
        Ok(self.change(|state| {
            let mut gone = 0;
            for tenant in state.tenants.values_mut() {
                let all = &mut Arc::make_mut(tenant).viewings;
                all.retain(|_, viewing| !forget(&mut gone, most as usize, early || viewing.expires_at < before));
            }
            gone as u64
        }))
    }
}

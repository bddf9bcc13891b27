use std::sync::Arc;

use async_trait::async_trait;
use portal_domain::{
    id::{OperatorKeyId, PracticeId},
    port::{Deletion, Operators, StoreError},
    practice::{ApiKeyHash, OperatorKey},
    time::Timestamp,
};

use super::{
    MemoryStore,
    fault::Fault,
    state::{State, Tenant},
};

#[async_trait]
impl Operators for MemoryStore {
    async fn operator(&self, hash: &ApiKeyHash) -> Result<Option<OperatorKey>, StoreError> {
        let works = |key: &&OperatorKey| {
            key.hash == *hash && (key.revoked_at.is_none() || self.faults.has(Fault::RevokedKeyCalls))
        };
        Ok(self.see(|state| state.operator_keys.iter().find(works).cloned()))
    }

    async fn operator_keys(&self) -> Result<Vec<OperatorKey>, StoreError> {
        let mut keys = self.see(|state| state.operator_keys.clone());
        keys.sort_by_key(|key| (key.created_at, key.id));
        Ok(keys)
    }

    async fn add_operator_key(&self, key: &OperatorKey) -> Result<(), StoreError> {
        self.change(|state| state.operator_keys.push(key.clone()));
        Ok(())
    }

    async fn revoke_operator_key(&self, key: OperatorKeyId, at: Timestamp) -> Result<bool, StoreError> {
        Ok(self.change(|state| {
            let known = state.operator_keys.iter_mut().find(|known| known.id == key && known.revoked_at.is_none());
            known.map(|known| known.revoked_at = Some(at)).is_some()
        }))
    }

    async fn doomed(&self, now: Timestamp) -> Result<Vec<PracticeId>, StoreError> {
        Ok(self.see(|state| {
            let due = state.tenants.values().filter(|tenant| self.is_doomed(tenant, now));
            due.map(|tenant| tenant.practice.id).chain(state.leaving.keys().copied()).collect()
        }))
    }

    async fn begin_deletion(&self, practice: PracticeId, now: Timestamp) -> Result<bool, StoreError> {
        Ok(self.change(|state| {
            let due = state.tenants.get(&practice).is_some_and(|tenant| self.is_doomed(tenant, now));
            if !due {
                return false;
            }
            let Some(tenant) = state.tenants.remove(&practice) else { return false };
            state.deletions.push(Deletion {
                practice,
                slug: tenant.practice.slug.clone(),
                due_at: tenant.practice.delete_after.unwrap_or(now),
                begun_at: now,
                finished_at: None,
                contacts: tenant.contacts.len() as u64,
                users: tenant.users.len() as u64,
                clients: tenant.clients.len() as u64,
                messages: tenant.messages.len() as u64,
                events: tenant.events.len() as u64,
            });
            state.leaving.insert(practice, tenant);
            true
        }))
    }

    async fn delete_some(&self, practice: PracticeId, most: u32, now: Timestamp) -> Result<bool, StoreError> {
        Ok(self.change(|state| delete_some(state, practice, most as usize, now)))
    }

    async fn deletions(&self) -> Result<Vec<Deletion>, StoreError> {
        let mut all = self.see(|state| state.deletions.clone());
        all.sort_by_key(|deletion| (std::cmp::Reverse(deletion.begun_at), deletion.practice));
        Ok(all)
    }
}

impl MemoryStore {
    fn is_doomed(&self, tenant: &Tenant, now: Timestamp) -> bool {
        let due = |at: Timestamp| at <= now || self.faults.has(Fault::DeletedEarly);
        tenant.practice.delete_after.is_some_and(due)
    }
}

fn delete_some(state: &mut State, practice: PracticeId, most: usize, now: Timestamp) -> bool {
    if state.tenants.contains_key(&practice) {
        return true;
    }
    if let Some(tenant) = state.leaving.get_mut(&practice).map(Arc::make_mut)
        && !tenant.contacts.is_empty()
    {
        let first: Vec<_> = tenant.contacts.keys().copied().take(most).collect();
        tenant.contacts.retain(|id, _| !first.contains(id));
        return false;
    }
    state.leaving.remove(&practice);
    let unfinished = |it: &&mut Deletion| it.practice == practice && it.finished_at.is_none();
    state.deletions.iter_mut().filter(unfinished).for_each(|it| it.finished_at = Some(now));
    true
}

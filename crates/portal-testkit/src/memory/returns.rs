//! Messages that reports are about (D3, D4).

use std::sync::Arc;

use async_trait::async_trait;
use portal_domain::{
    email::LoginKey,
    id::{MessageId, PracticeId},
    message::{DeliveryState, Settlement},
    port::{Returns, StoreError},
    returned::{SentMessage, Suppression},
    time::Timestamp,
};

use super::{
    Fault, MemoryStore, commit,
    fault::Faults,
    state::{State, Tenant},
};

#[async_trait]
impl Returns for MemoryStore {
    async fn sent(&self, message: MessageId) -> Result<Option<SentMessage>, StoreError> {
        let found = |state: &State| {
            let mut tenants = state.tenants.values();
            tenants.find_map(|tenant| {
                let delivery = tenant.messages.get(&message)?.delivery();
                let (practice, slug) = (tenant.practice.id, tenant.practice.slug.clone());
                Some(SentMessage { practice, slug, message: delivery.message, state: delivery.state })
            })
        };
        Ok(self.see(found))
    }

    async fn came_back(
        &self,
        practice: PracticeId,
        message: MessageId,
        settlement: &Settlement,
    ) -> Result<bool, StoreError> {
        tokio::task::yield_now().await;
        Ok(self.change(|state| {
            let Some(tenant) = state.tenants.get_mut(&practice).map(Arc::make_mut) else { return false };
            let Some(post) = tenant.messages.get_mut(&message) else { return false };
            let known = post.attempts.iter().any(|attempt| attempt.state == settlement.state());
            if known && !self.faults.has(Fault::ReportsTwice) {
                return false;
            }
            post.attempts.push(settlement.attempt.clone());
            if post.returned != Some(DeliveryState::Bounced) || self.faults.has(Fault::ComplaintsFirst) {
                post.returned = Some(settlement.state());
            }
            if self.faults.has(Fault::ReportsRelease) {
                post.due_at = None;
            }
            let written = post.message.created_at;
            suppress(tenant, settlement.suppress.as_ref(), written, self.faults);
            if !self.faults.has(Fault::ReportsUntold) {
                let written = commit::record(tenant, &settlement.event).is_ok();
                assert!(written, "an event of a report has an id of its own");
            }
            true
        }))
    }
}

/// Suppresses an address, unless it is suppressed or was lifted after a message that was written then.
pub(super) fn suppress(tenant: &mut Tenant, suppression: Option<&Suppression>, written: Timestamp, faults: Faults) {
    let Some(suppression) = suppression.filter(|_| !faults.has(Fault::NeverSuppressed)) else { return };
    let new = (suppression.clone(), None);
    let (known, lifted_at) = tenant.suppressed.entry(suppression.key.clone()).or_insert_with(|| new.clone());
    if lifted_at.is_some_and(|at| at <= written || faults.has(Fault::LateReportSuppresses)) {
        (*known, *lifted_at) = new;
    }
}

/// What keeps mail to an address back.
pub(super) fn suppressed(tenant: &Tenant, key: &LoginKey) -> Option<Suppression> {
    tenant.suppressed.get(key).filter(|(_, lifted_at)| lifted_at.is_none()).map(|(suppression, _)| suppression.clone())
}

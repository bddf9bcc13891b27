use std::sync::Arc;

use async_trait::async_trait;
use portal_domain::{
    change::Change,
    id::{PracticeId, WebhookId},
    port::{Page, StoreError, Webhooks},
    time::Timestamp,
    webhook::{LOGGED, Webhook, WebhookDelivery},
};

use super::{Fault, MemoryStore, state::Tenant};

#[async_trait]
impl Webhooks for MemoryStore {
    async fn webhooks(&self, practice: PracticeId) -> Result<Vec<Webhook>, StoreError> {
        let mut all: Vec<_> = self.see(|state| {
            let tenant = state.tenants.get(&practice);
            tenant.map(|tenant| tenant.webhooks.values().cloned().collect()).unwrap_or_default()
        });
        all.sort_by(|a: &Webhook, b| a.reference.cmp(&b.reference));
        Ok(all)
    }

    async fn due_webhooks(
        &self,
        now: Timestamp,
        latest: Timestamp,
        most: u32,
    ) -> Result<Vec<(PracticeId, Webhook)>, StoreError> {
        let mut due: Vec<_> = self.see(|state| {
            let of = |tenant: &Arc<Tenant>| {
                let all = tenant.webhooks.values().filter(|webhook| self.is_due(tenant, webhook, now, latest));
                all.map(|webhook| (tenant.practice.id, webhook.clone())).collect::<Vec<_>>()
            };
            let open = state.tenants.values().filter(|tenant| tenant.practice.suspended_at.is_none());
            open.flat_map(of).collect()
        });
        due.sort_by_key(|(practice, webhook)| (webhook.served_at, *practice, webhook.id));
        due.truncate(most as usize);
        Ok(due)
    }

    async fn deliveries(
        &self,
        practice: PracticeId,
        webhook: WebhookId,
        page: &Page<i64>,
    ) -> Result<Vec<WebhookDelivery>, StoreError> {
        Ok(self.see(|state| {
            let Some(tenant) = state.tenants.get(&practice) else { return Vec::new() };
            let wanted =
                |it: &&WebhookDelivery| it.webhook == webhook && page.after.is_none_or(|after| it.place < after);
            tenant.deliveries.values().rev().filter(wanted).take(page.limit as usize).cloned().collect()
        }))
    }

    async fn forget_deliveries(&self, before: Timestamp, most: u32) -> Result<u64, StoreError> {
        Ok(self.change(|state| {
            let mut forgotten = 0;
            for tenant in state.tenants.values_mut().map(Arc::make_mut) {
                tenant.deliveries.retain(|_, it| {
                    let over = it.at < before && forgotten < u64::from(most);
                    forgotten += u64::from(over);
                    !over
                });
            }
            forgotten
        }))
    }
}

impl MemoryStore {
    fn is_due(&self, tenant: &Tenant, webhook: &Webhook, now: Timestamp, latest: Timestamp) -> bool {
        let over = |time: Timestamp| time <= now || time > latest;
        let free = webhook.leased_until.is_none_or(over) || self.faults.has(Fault::WebhookLeasedTwice);
        let head = tenant.head.as_ref().map_or(0, |head| head.last.number);
        let goes_on = webhook.progress.is_open() && head > webhook.progress.cursor;
        webhook.enabled && free && (goes_on || webhook.progress.due_at().is_some_and(over))
    }
}

/// Writes what a commit says of endpoints; `None` where it doesn't fit.
pub(super) fn write(tenant: &mut Tenant, change: &Change, unguarded: bool) -> Option<()> {
    match change {
        Change::PutWebhook(webhook) => {
            let before = tenant.webhooks.get(&webhook.id).map(|before| before.version);
            let fits = before.unwrap_or_default() + 1 == webhook.version || unguarded;
            let mut others = tenant.webhooks.values().filter(|other| other.id != webhook.id);
            let alone = others.all(|other| other.reference != webhook.reference);
            (fits && alone).then(|| tenant.webhooks.insert(webhook.id, webhook.clone()))?;
        }
        Change::DeleteWebhook { webhook, version } => {
            tenant.webhooks.get(webhook).filter(|before| before.version == *version || unguarded)?;
            tenant.webhooks.remove(webhook);
            tenant.deliveries.retain(|(of, _), _| of != webhook);
        }
        Change::LogDelivery(delivery) => {
            let WebhookDelivery { webhook, place, .. } = *delivery;
            tenant.deliveries.insert((webhook, place), delivery.clone());
            tenant.deliveries.retain(|(of, at), _| *of != webhook || *at > place - LOGGED);
        }
        _ => {}
    }
    Some(())
}

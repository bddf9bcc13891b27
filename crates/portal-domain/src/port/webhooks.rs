use async_trait::async_trait;

use super::{Page, StoreError};
use crate::{
    id::{PracticeId, WebhookId},
    time::Timestamp,
    webhook::{Pushed, Webhook, WebhookDelivery},
};

/// Endpoints of hosts, and what was pushed to them. They are written by [`commit`](super::PortalStore::commit) alone.
#[async_trait]
pub trait Webhooks: Send + Sync {
    /// The endpoints of a practice, by reference, byte by byte.
    async fn webhooks(&self, practice: PracticeId) -> Result<Vec<Webhook>, StoreError>;

    /// Up to `most` endpoints, of any practice, for which there is something to do at `now`: those that are enabled and that no
    /// worker has, where what waits is due or, where something new may be begun, the journal goes on after the cursor. MUST
    /// give first the one that was served longest ago. A lease or a pause that ends later than `latest` was written while
    /// the clock ran ahead, and MUST count as over. One that can't be read MUST keep no other from being given.
    async fn due_webhooks(
        &self,
        now: Timestamp,
        latest: Timestamp,
        most: u32,
    ) -> Result<Vec<(PracticeId, Webhook)>, StoreError>;

    /// Tries to push events to an endpoint, the last one first; the key is the place, and a page goes on with those before it.
    async fn deliveries(
        &self,
        practice: PracticeId,
        webhook: WebhookId,
        page: &Page<i64>,
    ) -> Result<Vec<WebhookDelivery>, StoreError>;

    /// Forgets up to `most` tries from before a time, of all practices. Answers how many.
    async fn forget_deliveries(&self, before: Timestamp, most: u32) -> Result<u64, StoreError>;
}

/// Posts to the endpoints of hosts.
#[async_trait]
pub trait WebhookSender: Send + Sync {
    /// Posts the body with its headers. MUST NOT send anything to an address that is not meant to be reached from outside,
    /// MUST NOT follow redirects, and MUST answer in bounded time. What it says in words MUST hold nothing of what the
    /// receiver answered.
    async fn push(&self, call: &WebhookCall) -> Pushed;
}

/// What is posted to an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookCall {
    /// Where to.
    pub url: String,
    /// `webhook-id`: the same for every try of one event.
    pub id: String,
    /// `webhook-timestamp`: when it was signed.
    pub at: Timestamp,
    /// `webhook-signature`: one for each secret, separated by spaces.
    pub signature: String,
    /// The body, JSON.
    pub body: Vec<u8>,
}

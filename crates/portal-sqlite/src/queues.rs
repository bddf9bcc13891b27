//! What workers take from the store, and give back.

use async_trait::async_trait;
use portal_domain::{
    id::{EnquiryId, PracticeId},
    port::{Enquiries, Enquiry, Lease, LeaseTerms, Leased, Outbox, Settlement, StoreError},
    time::Timestamp,
};

use crate::{
    SqliteStore,
    enquiries::{LeaseEnquiries, PutEnquiry, SettleEnquiry},
    outbox::{LeaseMessages, RecallMessages, SettleMessage},
};

#[async_trait]
impl Outbox for SqliteStore {
    async fn lease(&self, terms: &LeaseTerms) -> Result<Vec<Leased>, StoreError> {
        self.writer.write(LeaseMessages(*terms)).await
    }

    async fn recall(&self, now: Timestamp, latest: Timestamp) -> Result<u64, StoreError> {
        self.writer.write(RecallMessages { now, latest }).await
    }

    async fn settle(&self, lease: &Lease, settlement: &Settlement) -> Result<bool, StoreError> {
        self.writer.write(SettleMessage::new(lease, settlement)).await
    }
}

#[async_trait]
impl Enquiries for SqliteStore {
    async fn put(&self, enquiry: &Enquiry) -> Result<(), StoreError> {
        self.writer.write(PutEnquiry(enquiry.clone())).await
    }

    async fn lease(&self, now: Timestamp, until: Timestamp, most: u32) -> Result<Vec<Enquiry>, StoreError> {
        self.writer.write(LeaseEnquiries { now, until, most }).await
    }

    async fn settle(&self, practice: PracticeId, enquiry: EnquiryId) -> Result<(), StoreError> {
        self.writer.write(SettleEnquiry { practice, enquiry }).await
    }
}

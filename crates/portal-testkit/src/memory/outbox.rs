use std::sync::Arc;

use async_trait::async_trait;
use portal_domain::{
    id::{EnquiryId, MessageId, PracticeId},
    message::DeliveryState,
    port::{Enquiries, Enquiry, Leased, Outbox, Settlement, StoreError},
    time::Timestamp,
};

use super::{
    Fault, MemoryStore, commit,
    state::{Asked, Post, State, Tenant},
};

#[async_trait]
impl Outbox for MemoryStore {
    async fn lease(&self, now: Timestamp, until: Timestamp, most: u32) -> Result<Vec<Leased>, StoreError> {
        tokio::task::yield_now().await;
        Ok(self.change(|state| {
            let mut due = self.due(state, now);
            due.truncate(most.try_into().unwrap_or(usize::MAX));
            due.into_iter().filter_map(|(_, practice, message)| self.take(state, practice, message, until)).collect()
        }))
    }

    async fn settle(&self, leased: &Leased, settlement: &Settlement) -> Result<bool, StoreError> {
        tokio::task::yield_now().await;
        Ok(self.change(|state| {
            let Some(tenant) = state.tenants.get_mut(&leased.practice.id).map(Arc::make_mut) else { return false };
            let Some(post) = tenant.messages.get_mut(&leased.message.id) else { return false };
            let mine = post.state == DeliveryState::Sending && post.leased_until == Some(leased.until);
            if !mine && !self.faults.has(Fault::SettledUnleased) {
                return false;
            }
            post.state = settlement.state();
            post.attempts.push(settlement.attempt.clone());
            post.due_at = match settlement.next_attempt_at {
                Some(_) if self.faults.has(Fault::DeferredAtOnce) => Some(settlement.attempt.at),
                next => next,
            };
            post.leased_until = None;
            if !self.faults.has(Fault::EventsDropped) {
                let written = commit::record(tenant, &settlement.event).is_ok();
                assert!(written, "an event of a settlement has an id of its own");
            }
            true
        }))
    }
}

/// Lane, time and place: what comes first goes first.
type Turn = (bool, Timestamp, i64);

impl MemoryStore {
    fn due(&self, state: &State, now: Timestamp) -> Vec<(Turn, PracticeId, MessageId)> {
        let is_due = |post: &&Post| match post.state {
            DeliveryState::Sending if self.faults.has(Fault::LeaseForEver) => false,
            _ => post.due_at.is_some_and(|at| at <= now),
        };
        let turn = |post: &Post| {
            let waits = post.message.kind().awaited() || self.faults.has(Fault::LanesIgnored);
            (!waits, post.message.created_at, post.place)
        };
        let of_tenant = |tenant: &Arc<Tenant>| {
            let due = tenant.messages.values().filter(is_due);
            due.map(|post| (turn(post), tenant.practice.id, post.message.id)).collect::<Vec<_>>()
        };
        let mut due: Vec<_> = state.tenants.values().flat_map(of_tenant).collect();
        due.sort();
        due
    }

    fn take(&self, state: &mut State, practice: PracticeId, message: MessageId, until: Timestamp) -> Option<Leased> {
        let tenant = Arc::make_mut(state.tenants.get_mut(&practice)?);
        let post = tenant.messages.get_mut(&message)?;
        post.state = DeliveryState::Sending;
        post.leased_until = Some(until);
        if !self.faults.has(Fault::LeasedTwice) {
            post.due_at = Some(until);
        }
        Some(Leased {
            practice: tenant.practice.clone(),
            message: post.message.clone(),
            link: post.message.link.and_then(|link| tenant.links.get(&link)).cloned(),
            attempts: post.attempts.len().try_into().unwrap_or(u32::MAX),
            until,
        })
    }
}

#[async_trait]
impl Enquiries for MemoryStore {
    async fn put(&self, enquiry: &Enquiry) -> Result<(), StoreError> {
        self.change(|state| {
            let tenant = state.tenants.get_mut(&enquiry.practice).map(Arc::make_mut);
            let tenant = tenant.ok_or_else(|| StoreError::Damaged("an enquiry of no practice".to_owned()))?;
            tenant.enquiries.insert(enquiry.id, Asked { enquiry: enquiry.clone(), due_at: enquiry.at });
            Ok(())
        })
    }

    async fn lease(&self, now: Timestamp, until: Timestamp, most: u32) -> Result<Vec<Enquiry>, StoreError> {
        tokio::task::yield_now().await;
        Ok(self.change(|state| {
            let all = state.tenants.values().flat_map(|tenant| tenant.enquiries.values());
            let mut due: Vec<_> = all.filter(|asked| asked.due_at <= now).map(|asked| asked.enquiry.clone()).collect();
            due.sort_by_key(|enquiry| (enquiry.at, enquiry.id));
            due.truncate(most.try_into().unwrap_or(usize::MAX));
            for enquiry in due.iter().filter(|_| !self.faults.has(Fault::EnquiryLeasedTwice)) {
                let tenant = state.tenants.get_mut(&enquiry.practice).map(Arc::make_mut);
                if let Some(asked) = tenant.and_then(|tenant| tenant.enquiries.get_mut(&enquiry.id)) {
                    asked.due_at = until;
                }
            }
            due
        }))
    }

    async fn settle(&self, practice: PracticeId, enquiry: EnquiryId) -> Result<(), StoreError> {
        self.change(|state| {
            if let Some(tenant) = state.tenants.get_mut(&practice).map(Arc::make_mut) {
                tenant.enquiries.remove(&enquiry);
            }
        });
        Ok(())
    }
}

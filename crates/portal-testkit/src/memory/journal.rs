use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use portal_domain::{
    event::RecordedEvent,
    id::PracticeId,
    journal::{Head, JournalRow, SealedEvent, Sealing},
    port::{DayCount, Happening, Journal, StoreError, Unsealed},
    time::Timestamp,
};

use super::{
    ANY_TIME, Fault, MemoryStore,
    state::{Tenant, Told},
};

impl MemoryStore {
    /// The events that readers see.
    pub(super) fn readable(&self, tenant: &Tenant) -> Vec<RecordedEvent> {
        let sealed = |told: &&Told| told.seal.is_some() || self.faults.has(Fault::UnsealedShown);
        tenant.events.iter().filter(sealed).map(|told| told.event.clone()).collect()
    }

    fn waiting(&self, tenant: &Tenant, most: usize) -> Unsealed {
        let head = tenant.head.clone();
        let last = head.as_ref().map_or(0, |head| head.last.number);
        let mut waiting: Vec<_> = tenant.events.iter().filter(|told| told.seal.is_none()).collect();
        if self.faults.has(Fault::SealedBackwards) {
            waiting.reverse();
        }
        let numbers = last + 1..;
        let events = numbers.zip(waiting).take(most);
        let events =
            events.map(|(number, told)| RecordedEvent { number, personal: None, ..told.event.clone() }).collect();
        Unsealed { head, events }
    }

    fn sealed_rows(&self, tenant: &Tenant, after: i64, most: usize) -> Vec<JournalRow> {
        let row = |told: &Told| {
            let (seal, key) = told.seal.clone()?;
            let kept = told.event.personal.is_some() && !self.faults.has(Fault::SaltForgotten);
            let sealed = SealedEvent { event: told.event.clone(), salt: kept.then_some(told.salt), seal, key };
            Some(JournalRow { number: told.event.number, content: Some(sealed) })
        };
        let mut rows: Vec<_> = tenant.events.iter().filter_map(row).filter(|row| row.number > after).collect();
        rows.sort_by_key(|row| row.number);
        rows.truncate(most);
        rows
    }

    fn put_seals(&self, tenant: &mut Tenant, seen: Option<&Head>, sealing: &Sealing) -> bool {
        let meant = tenant.head.as_ref().map(|head| head.last) == seen.map(|head| head.last);
        if !meant && !self.faults.has(Fault::SealUnguarded) {
            return false;
        }
        let skip = i64::from(tenant.head.is_some() && self.faults.has(Fault::NumberSkipped));
        for seal in &sealing.seals {
            let told = tenant.events.iter_mut().find(|told| told.event.id == seal.event);
            let Some(told) = told.filter(|told| told.seal.is_none() || self.faults.has(Fault::SealedAgain)) else {
                return false;
            };
            told.seal = Some((seal.seal, sealing.head.key.clone()));
            told.event.number = seal.number + skip;
        }
        if !self.faults.has(Fault::HeadKept) || tenant.head.is_none() {
            tenant.head = Some(sealing.head.clone());
        }
        true
    }
}

fn most(most: u32) -> usize {
    most.try_into().unwrap_or(usize::MAX)
}

#[async_trait]
impl Journal for MemoryStore {
    async fn unsealed_practices(&self) -> Result<Vec<PracticeId>, StoreError> {
        let waits = |tenant: &&Arc<Tenant>| tenant.events.iter().any(|told| told.seal.is_none());
        Ok(self.see(|state| state.tenants.values().filter(waits).map(|tenant| tenant.practice.id).collect()))
    }

    async fn unsealed(&self, practice: PracticeId, limit: u32) -> Result<Unsealed, StoreError> {
        let waiting = self.read(practice, ANY_TIME, |reader| self.waiting(reader.tenant, most(limit)));
        // Without this pause nothing in memory would ever overlap.
        tokio::task::yield_now().await;
        Ok(waiting.unwrap_or(Unsealed { head: None, events: Vec::new() }))
    }

    async fn seal(&self, practice: PracticeId, seen: Option<&Head>, sealing: &Sealing) -> Result<bool, StoreError> {
        tokio::task::yield_now().await;
        Ok(self.change(|state| {
            let Some(tenant) = state.tenants.get_mut(&practice) else { return false };
            let mut after = Tenant::clone(tenant);
            let written = self.put_seals(&mut after, seen, sealing);
            if written {
                *tenant = Arc::new(after);
            }
            written
        }))
    }

    async fn head(&self, practice: PracticeId) -> Result<Option<Head>, StoreError> {
        Ok(self.read(practice, ANY_TIME, |reader| reader.tenant.head.clone()).flatten())
    }

    async fn sealed(&self, practice: PracticeId, after: i64, limit: u32) -> Result<Vec<JournalRow>, StoreError> {
        let rows = self.read(practice, ANY_TIME, |reader| self.sealed_rows(reader.tenant, after, most(limit)));
        Ok(rows.unwrap_or_default())
    }

    async fn unsealed_count(&self, practice: PracticeId) -> Result<u64, StoreError> {
        let count = |tenant: &Tenant| tenant.events.iter().filter(|told| told.seal.is_none()).count() as u64;
        Ok(self.read(practice, ANY_TIME, |reader| count(reader.tenant)).unwrap_or_default())
    }

    async fn days(&self, practice: PracticeId, since: Timestamp, limit: u32) -> Result<Vec<DayCount>, StoreError> {
        let limit = if self.faults.has(Fault::DaysUnbounded) { usize::MAX } else { most(limit) };
        let counts = self.read(practice, ANY_TIME, |reader| counts(self.readable(reader.tenant), since, limit));
        let day = |((what, day), count)| DayCount { what, day, count };
        Ok(counts.unwrap_or_default().into_iter().map(day).collect())
    }
}

fn counts(mut events: Vec<RecordedEvent>, since: Timestamp, most: usize) -> BTreeMap<(Happening, i64), u64> {
    const DAY: i64 = 24 * 3600 * 1_000_000;
    events.retain(|event| event.at >= since);
    events.sort_by_key(|event| std::cmp::Reverse(event.at));
    let told = events.iter().filter_map(|event| Some((Happening::of_event(&event.kind)?, event))).take(most);
    let mut counts = BTreeMap::new();
    for (what, event) in told {
        if what.fact().is_none_or(|(name, value)| event.facts.get(name).is_some_and(|own| own == value)) {
            *counts.entry((what, event.at.as_micros() / DAY)).or_default() += 1;
        }
    }
    counts
}

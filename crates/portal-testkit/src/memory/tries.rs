use std::{collections::BTreeSet, sync::Arc};

use portal_domain::{
    email::LoginKey,
    id::PracticeId,
    port::StoreError,
    throttle::{Admission, Bucket, NOTES_AT_A_MARK, RecordedTry, Tally, Try, TryMark},
    time::Timestamp,
};

use super::{Fault, MemoryStore, state::Tenant};

impl MemoryStore {
    pub(super) async fn count_tries(
        &self,
        practice: PracticeId,
        buckets: &[Bucket],
        noted: Option<&Try>,
        now: Timestamp,
    ) -> Result<Admission, StoreError> {
        tokio::task::yield_now().await;
        let early: Vec<_> = buckets.iter().map(|bucket| self.tally(practice, bucket)).collect();
        if self.faults.has(Fault::AdmitRacy) {
            tokio::time::sleep(super::HESITATION).await;
        }
        self.change(|state| {
            let tenant = state.tenants.get_mut(&practice).map(Arc::make_mut);
            let tenant = tenant.ok_or_else(|| StoreError::Damaged("a try at no practice".to_owned()))?;
            let mut counted = Vec::new();
            let mut refused = None;
            for (place, bucket) in buckets.iter().enumerate() {
                let tally = match self.faults.has(Fault::AdmitRacy) {
                    true => early[place].clone(),
                    false => tenant.tallies.get(&bucket.name()).cloned().unwrap_or_default(),
                };
                match bucket.count(tally, now) {
                    Ok((tally, at)) => {
                        tenant.tallies.insert(bucket.name(), tally);
                        counted.push(at);
                    }
                    Err(until) => {
                        refused = Some(Admission::Wait { bucket: place, until });
                        break;
                    }
                }
            }
            let told = match refused {
                Some(Admission::Wait { bucket, .. }) => buckets[bucket].notes_refused(),
                _ => true,
            };
            if let Some(noted) = noted.filter(|_| told && !self.faults.has(Fault::TriesNotNoted)) {
                tenant.tries.insert(noted.id, RecordedTry { noted: noted.clone(), right: false });
                let there = tenant.tries.values().filter(|it| it.noted.mark == noted.mark);
                let mut there: Vec<_> = there.map(|it| (it.noted.at, it.noted.id)).collect();
                there.sort();
                let most = if self.faults.has(Fault::NotesUnbounded) { usize::MAX } else { NOTES_AT_A_MARK as usize };
                let surplus = there.len().saturating_sub(most);
                for (_, id) in &there[..surplus] {
                    tenant.tries.remove(id);
                }
            }
            Ok(refused.unwrap_or(Admission::Go(counted)))
        })
    }

    fn tally(&self, practice: PracticeId, bucket: &Bucket) -> Tally {
        let kept = |tenant: &Arc<Tenant>| tenant.tallies.get(&bucket.name()).cloned();
        self.see(|state| state.tenants.get(&practice).and_then(kept)).unwrap_or_default()
    }

    pub(super) fn sweep(&self, now: Timestamp, most: usize) -> u64 {
        let early = self.faults.has(Fault::TriesForgottenEarly);
        let all = self.faults.has(Fault::TriesOfOthersTaken);
        self.change(|state| {
            let (mut counters, mut notes, mut left, mut keys) = (0, 0, 0, 0);
            for tenant in state.tenants.values_mut().map(Arc::make_mut) {
                tenant.tallies.retain(|_, tally| !forget(&mut counters, most, early || tally.over_at() <= now));
                tenant.tries.retain(|_, it| !forget(&mut notes, most, it.noted.over_at() <= now));
                let held = tenant.keys.clone();
                let nobody = |key: &LoginKey| all || !held.contains_key(key);
                let erased = tenant.erased_keys.clone();
                let ends = |mark| erased.iter().any(|(key, of_key)| *of_key == mark && nobody(key));
                tenant.tries.retain(|_, it| !forget(&mut left, most, ends(it.noted.mark)));
                let noted: BTreeSet<_> = tenant.tries.values().map(|it| it.noted.mark).collect();
                let done = |(key, mark): &(LoginKey, TryMark)| !nobody(key) || !noted.contains(mark);
                tenant.erased_keys.retain(|erased| !forget(&mut keys, most, done(erased)));
            }
            (counters + notes + left + keys) as u64
        })
    }

    pub(super) fn sweep_receipts(&self, before: Timestamp, most: usize) -> u64 {
        let early = self.faults.has(Fault::ReceiptsForgottenEarly);
        self.change(|state| {
            let mut receipts = 0;
            for tenant in state.tenants.values_mut().map(Arc::make_mut) {
                tenant.receipts.retain(|_, it| !forget(&mut receipts, most, early || it.at < before));
            }
            receipts as u64
        })
    }
}

/// Whether one more is forgotten, which is counted.
pub(super) fn forget(forgotten: &mut usize, most: usize, over: bool) -> bool {
    let forgets = over && *forgotten < most;
    *forgotten += usize::from(forgets);
    forgets
}

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use portal_domain::{
    port::{Backlog, Backlogs, JobBacklog, MailBacklog, Pile, StoreError, WebhookBacklog},
    time::Timestamp,
};

use super::{
    MemoryStore,
    state::{State, Tenant},
};

#[async_trait]
impl Backlogs for MemoryStore {
    async fn backlog(&self, now: Timestamp, most: u32) -> Result<Backlog, StoreError> {
        let most = most as usize;
        Ok(self.see(|state| Backlog {
            mail: mail(state, now, most),
            enquiries: pile(tenants(state).flat_map(|it| it.enquiries.values()).map(|it| it.enquiry.at), most),
            unsealed: pile(
                tenants(state).flat_map(|it| &it.events).filter(|it| it.seal.is_none()).map(|it| it.event.at),
                most,
            ),
            webhooks: webhooks(state, most),
            jobs: jobs(state, most),
            oldest_due_job: tenants(state)
                .flat_map(|it| it.jobs.values())
                .filter_map(|job| job.due_at.filter(|at| *at <= now))
                .min(),
        }))
    }
}

fn tenants(state: &State) -> impl Iterator<Item = &Tenant> {
    state.tenants.values().map(Arc::as_ref)
}

/// Those for which something is to be done.
fn open(state: &State) -> impl Iterator<Item = &Tenant> {
    tenants(state).filter(|tenant| tenant.practice.suspended_at.is_none())
}

fn pile(times: impl Iterator<Item = Timestamp>, most: usize) -> Pile {
    times.take(most).fold(Pile::default(), |pile, at| Pile {
        count: pile.count + 1,
        oldest: Some(pile.oldest.map_or(at, |oldest| oldest.min(at))),
    })
}

fn mail(state: &State, now: Timestamp, most: usize) -> Vec<MailBacklog> {
    let posts = open(state).flat_map(|tenant| tenant.messages.values());
    let mut waiting: Vec<_> =
        posts.filter_map(|post| Some((!post.message.awaited(), post.due_at?, post.state))).collect();
    waiting.sort_by_key(|(bulk, due_at, _)| (*bulk, *due_at));
    let mut counted: Vec<MailBacklog> = Vec::new();
    for (bulk, due_at, state) in waiting.into_iter().take(most) {
        let due_since = Some(due_at).filter(|at| *at <= now);
        match counted.iter_mut().find(|it| it.awaited != bulk && it.state == state) {
            Some(known) => known.count += 1,
            None => counted.push(MailBacklog { awaited: !bulk, state, count: 1, due_since }),
        }
    }
    counted
}

fn webhooks(state: &State, most: usize) -> WebhookBacklog {
    let of = |tenant: &Tenant| {
        let head = tenant.head.as_ref().map_or(0, |head| head.last.number);
        tenant.webhooks.values().map(move |webhook| (webhook.clone(), head)).collect::<Vec<_>>()
    };
    let mut all = WebhookBacklog::default();
    for (webhook, head) in open(state).flat_map(of).take(most) {
        let ahead = (head - webhook.progress.cursor).max(0).unsigned_abs();
        match (webhook.enabled, webhook.progress.is_open()) {
            (true, true) => all.enabled += 1,
            (true, false) => all.stuck += 1,
            (false, _) => all.disabled += 1,
        }
        let failing = webhook.progress.failing_since().filter(|_| webhook.enabled);
        all.failing_since = all.failing_since.into_iter().chain(failing).min();
        all.events += if webhook.enabled { ahead } else { 0 };
    }
    all
}

fn jobs(state: &State, most: usize) -> Vec<JobBacklog> {
    let mut counted = BTreeMap::new();
    for job in tenants(state).flat_map(|tenant| tenant.jobs.values()).take(most) {
        *counted.entry((job.spec.kind(), job.state)).or_default() += 1;
    }
    counted.into_iter().map(|((kind, state), count)| JobBacklog { kind, state, count }).collect()
}

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use portal_domain::{
    contact::Access,
    decide::room,
    id::{EnquiryId, MessageId, PracticeId},
    message::{About, Attempt, Carried, DeliveryState},
    port::{
        Enquiries, Enquiry, EnquiryKind, Lease, LeaseTerms, Leased, Letter, Outbox, Settlement, StoreError, TRY_WAITS,
    },
    time::Timestamp,
};

use super::{
    Fault, MemoryStore, commit, invited, returns,
    state::{Asked, Post, State, Tenant},
};

#[async_trait]
impl Outbox for MemoryStore {
    async fn lease(&self, terms: &LeaseTerms) -> Result<Vec<Leased>, StoreError> {
        tokio::task::yield_now().await;
        Ok(self.change(|state| {
            let mut leased = Vec::new();
            while leased.len() < terms.most as usize {
                let Some((practice, message)) = self.next(state, terms) else { break };
                leased.extend(self.take(state, practice, message, terms.until));
                if self.faults.has(Fault::LeasedTwice) && leased.len() == self.due(state, terms.now).len() {
                    break;
                }
            }
            leased
        }))
    }

    async fn recall(&self, now: Timestamp, latest: Timestamp) -> Result<u64, StoreError> {
        if self.faults.has(Fault::NeverRecalled) {
            return Ok(0);
        }
        Ok(self.change(|state| {
            let tenants = state.tenants.values_mut().map(Arc::make_mut);
            let posts = tenants.flat_map(|tenant| tenant.messages.values_mut());
            let late = posts.filter(|post| post.due_at.is_some_and(|at| at > latest));
            late.map(|post| post.due_at = Some(now)).count() as u64
        }))
    }

    async fn settle(&self, lease: &Lease, settlement: &Settlement) -> Result<bool, StoreError> {
        tokio::task::yield_now().await;
        Ok(self.change(|state| {
            let Some(tenant) = state.tenants.get_mut(&lease.practice).map(Arc::make_mut) else { return false };
            let Some(post) = tenant.messages.get_mut(&lease.message) else { return false };
            let mine = post.state == DeliveryState::Sending && post.leased_until == Some(lease.until);
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
            let written = post.message.created_at;
            returns::suppress(tenant, settlement.suppress.as_ref(), written, self.faults);
            if !self.faults.has(Fault::EventsDropped) {
                let written = commit::record(tenant, &settlement.event).is_ok();
                assert!(written, "an event of a settlement has an id of its own");
            }
            true
        }))
    }
}

/// Awaited or not, whose turn, since when due, and place: what comes first goes first.
type Turn = (bool, u64, Timestamp, i64);

impl MemoryStore {
    fn due(&self, state: &State, now: Timestamp) -> Vec<(Turn, PracticeId, MessageId)> {
        let is_due = |post: &&Post| match post.state {
            DeliveryState::Sending if self.faults.has(Fault::LeaseForEver) => false,
            _ => post.due_at.is_some_and(|at| at <= now),
        };
        let of_tenant = |tenant: &Arc<Tenant>| {
            let turn = if self.faults.has(Fault::TurnsIgnored) { 0 } else { tenant.turn };
            let rank = |post: &Post| {
                let waits = post.message.awaited() || self.faults.has(Fault::LanesIgnored);
                (!waits, turn, post.due_at.unwrap_or(now), post.place)
            };
            let due = tenant.messages.values().filter(is_due);
            due.map(|post| (rank(post), tenant.practice.id, post.message.id)).collect::<Vec<_>>()
        };
        let open = |tenant: &&Arc<Tenant>| {
            tenant.practice.suspended_at.is_none() || self.faults.has(Fault::SuspendedMailLeaves)
        };
        let mut due: Vec<_> = state.tenants.values().filter(open).flat_map(of_tenant).collect();
        due.sort();
        due
    }

    /// The message whose turn it is, if the hour still has room for it.
    fn next(&self, state: &State, terms: &LeaseTerms) -> Option<(PracticeId, MessageId)> {
        let of_all: u64 = state.tenants.values().map(|tenant| spent(tenant, terms.now)).sum();
        let fits = |((bulk, ..), practice, _): &(Turn, PracticeId, MessageId)| {
            let tenant = &state.tenants[practice];
            let own = room(tenant.practice.settings.mails_per_hour, spent(tenant, terms.now), !bulk);
            let all = room(terms.mails_per_hour, of_all, !bulk);
            (own > 0 && all > 0) || self.faults.has(Fault::HourIgnored)
        };
        let asked = |(turn, ..): &(Turn, PracticeId, MessageId)| !turn.0 || !terms.awaited_only;
        let due = self.due(state, terms.now).into_iter();
        due.filter(asked).find(fits).map(|(_, practice, message)| (practice, message))
    }

    fn take(&self, state: &mut State, practice: PracticeId, message: MessageId, until: Timestamp) -> Option<Leased> {
        let turn = state.tenants.values().map(|tenant| tenant.turn).max().unwrap_or_default() + 1;
        let tenant = Arc::make_mut(state.tenants.get_mut(&practice)?);
        tenant.turn = turn;
        let suppressed = returns::suppressed(tenant, tenant.messages.get(&message)?.message.to.key());
        let carried = tenant.messages.get(&message)?.message.link;
        let invitation = carried.and_then(|link| tenant.links.get(&link));
        let overtaken = !self.faults.has(Fault::OvertakenHidden)
            && invitation.is_some_and(|link| invited::is_overtaken(tenant, link));
        let post = tenant.messages.get_mut(&message)?;
        post.state = DeliveryState::Sending;
        post.leased_until = Some(until);
        if !self.faults.has(Fault::LeasedTwice) {
            post.due_at = Some(until);
        }
        let contact = post.message.about.contact().and_then(|contact| tenant.contacts.get(&contact));
        let granted = contact.filter(|contact| contact.access == Access::Granted);
        let speaks = if self.faults.has(Fault::LanguageOfGrantedOnly) { granted } else { contact };
        let locale = speaks.and_then(|contact| contact.locale.clone());
        let login = granted.and_then(|contact| tenant.logins.get(&contact.login?));
        let letter = Letter {
            practice: tenant.practice.clone(),
            message: post.message.clone(),
            link: post.message.link.and_then(|link| match post.message.about {
                About::Contact { .. } => tenant.links.get(&link).cloned().map(Carried::Portal),
                About::User(_) => tenant.staff_links.get(&link).cloned().map(Carried::Workspace),
            }),
            overtaken,
            signs_in_at: login.and_then(|login| login.key.clone()),
            locale,
            suppressed: match post.message.about {
                About::User(_) if !self.faults.has(Fault::StaffMailHeldBack) => None,
                _ => suppressed.filter(|_| !self.faults.has(Fault::SuppressionUntold)),
            },
        };
        Some(Leased {
            lease: Lease { practice, message, until },
            attempts: post.attempts.len().try_into().unwrap_or(u32::MAX),
            letter: Ok(letter),
        })
    }
}

/// Mails that were taken in the hour before `now`, and those that are being sent.
fn spent(tenant: &Tenant, now: Timestamp) -> u64 {
    let hour = now.before(Duration::from_secs(3600));
    let posts = || tenant.messages.values();
    let counts = |attempt: &&Attempt| attempt.at > hour && attempt.state == DeliveryState::Accepted;
    let made = posts().flat_map(|post| &post.attempts).filter(counts).count();
    let held = posts().filter(|post| post.leased_until.is_some_and(|until| until > now)).count();
    (made + held) as u64
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
            let is_stale = |asked: &Asked| {
                let a_try = matches!(asked.enquiry.kind, EnquiryKind::SignIn { .. });
                let put = if self.faults.has(Fault::LeasedTriesKept) { asked.due_at } else { asked.enquiry.at };
                a_try && put < now.before(TRY_WAITS) && !self.faults.has(Fault::StaleTriesKept)
            };
            for tenant in state.tenants.values_mut().map(Arc::make_mut) {
                tenant.enquiries.retain(|_, asked| !is_stale(asked));
            }
            let all = state.tenants.values().flat_map(|tenant| tenant.enquiries.values());
            let mut due: Vec<_> = all.filter(|asked| asked.due_at <= now).map(|asked| asked.enquiry.clone()).collect();
            let nobody_waits = |enquiry: &Enquiry| {
                matches!(enquiry.kind, EnquiryKind::SignIn { .. }) && !self.faults.has(Fault::TriesGoFirst)
            };
            due.sort_by_key(|enquiry| (nobody_waits(enquiry), enquiry.at, enquiry.id));
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

use std::{collections::BTreeSet, sync::Arc};

use portal_domain::{
    change::Change,
    email::LoginKey,
    erasure::{Erasure, Found, Gone, Names, Purge, Traces},
    id::{ContactId, LoginId, PracticeId, Ref},
    job::JobState,
    port::EnquiryKind,
    session::PortalSession,
    time::Timestamp,
};

use super::{
    MemoryStore,
    commit::{Batch, Stop, Work, fits},
    fault::Fault,
    staff,
    state::{State, Tenant},
    tries::forget,
};

impl Work<'_> {
    /// Erasures come after everything else but what the commit itself tells.
    pub(super) fn erasures(&mut self, batch: &Batch<'_>) -> Result<(), Stop> {
        batch.changes().try_for_each(|change| match change {
            Change::Erase(erasure) => self.erase(erasure),
            _ => Ok(()),
        })
    }

    fn erase(&mut self, erasure: &Erasure) -> Result<(), Stop> {
        let mut until = Timestamp::from_micros(i64::MIN);
        for contact in &erasure.contacts {
            let gone = self.tenant.gone.remove(contact);
            fits(gone.is_some() || self.faults.has(Fault::ErasedTwice))?;
            until = gone.map_or(until, |(_, at)| at.max(until));
        }
        let mine = |contact: &ContactId| erasure.contacts.contains(contact);
        self.journal(&mine, until);
        self.passages_of(erasure, &mine);
        self.tenant.messages.retain(|_, post| {
            !post.message.about.contact().is_some_and(|contact| mine(&contact)) || self.faults.has(Fault::MailKept)
        });
        let tenant = &mut *self.tenant;
        let held = |key: &Option<LoginKey>| key.as_ref().is_some_and(|key| tenant.keys.contains_key(key));
        let all = self.faults.has(Fault::WishesOfOthersTaken);
        tenant.enquiries.retain(|_, asked| match &asked.enquiry.kind {
            EnquiryKind::Reset { address }
            | EnquiryKind::PortalAddress { address }
            | EnquiryKind::SignIn { address }
            | EnquiryKind::StaffReset { address } => erasure.addresses.get(address).is_none_or(|key| held(key) && !all),
            EnquiryKind::Renew { .. } | EnquiryKind::StaffRenew { .. } => true,
        });
        if !self.faults.has(Fault::SuppressionOfErasedKept) {
            let kept = |key: &LoginKey| {
                tenant.keys.contains_key(key) || !erasure.addresses.values().flatten().any(|it| it == key)
            };
            tenant.suppressed.retain(|key, _| kept(key));
        }
        let tried = erasure.tried.iter().filter(|(key, _)| !tenant.keys.contains_key(key));
        let tried = tried.flat_map(|(key, marks)| marks.iter().map(|mark| (key.clone(), *mark)));
        tenant.erased_keys.extend(tried.filter(|_| !self.faults.has(Fault::TriesOfErasedKept)));
        for receipt in tenant.receipts.values_mut() {
            if receipt.contact.as_ref().is_some_and(mine) && !self.faults.has(Fault::AnswersKept) {
                receipt.outcome.clear();
            }
        }
        if let Some(names) = &erasure.names {
            self.named(names);
            self.files(erasure.at);
        }
        Ok(())
    }

    /// Personal values of their events, and of those of logins of theirs that are gone; and where sessions came from of those that
    /// are not.
    fn journal(&mut self, mine: &impl Fn(&ContactId) -> bool, until: Timestamp) {
        let tenant = &mut *self.tenant;
        let own = |subject: portal_domain::event::Subject| subject.contact.as_ref().is_some_and(mine);
        let logins =
            tenant.events.iter().filter(|told| own(told.event.subject)).filter_map(|told| told.event.subject.login);
        let all: BTreeSet<LoginId> = logins.collect();
        let theirs = tenant.sessions.values_mut().filter(|it| all.contains(&it.login) && it.created_at <= until);
        theirs.filter(|_| !self.faults.has(Fault::OriginsKept)).for_each(from_nowhere);
        let past: BTreeSet<LoginId> = all.into_iter().filter(|login| !tenant.logins.contains_key(login)).collect();
        if self.faults.has(Fault::JournalKept) {
            return;
        }
        for told in &mut tenant.events {
            let subject = told.event.subject;
            let of_past = subject.contact.is_none() && subject.login.is_some_and(|login| past.contains(&login));
            if own(subject) || of_past {
                told.event.personal = None;
            }
        }
    }

    /// Links, hand-overs, codes, and where sessions came from.
    fn passages_of(&mut self, erasure: &Erasure, mine: &impl Fn(&ContactId) -> bool) {
        let tenant = &mut *self.tenant;
        for heir in &erasure.heirs {
            let open = tenant.links.values_mut().filter(|link| {
                let works = link.used_at.is_none() && link.ended_at.is_none() && link.expires_at > erasure.at;
                mine(&link.contact) && link.login == heir.login && works
            });
            for link in open.filter(|_| !self.faults.has(Fault::HeirForgotten)) {
                link.contact = heir.contact;
                link.address = heir.address.clone();
                tenant.opened.remove(&link.id);
            }
        }
        let links: BTreeSet<_> = tenant.links.values().filter(|link| mine(&link.contact)).map(|link| link.id).collect();
        tenant.enquiries.retain(|_, asked| match &asked.enquiry.kind {
            EnquiryKind::Renew { link } => !links.contains(link),
            EnquiryKind::Reset { .. }
            | EnquiryKind::PortalAddress { .. }
            | EnquiryKind::SignIn { .. }
            | EnquiryKind::StaffReset { .. }
            | EnquiryKind::StaffRenew { .. } => true,
        });
        tenant.links.retain(|id, _| !links.contains(id));
        tenant.handoffs.retain(|_, handoff| !mine(&handoff.contact));
        tenant.codes.retain(|_, code| !mine(&code.profile.contact));
        for session in tenant.sessions.values_mut() {
            if session.profile.is_some_and(|profile| mine(&profile.contact)) {
                session.profile = None;
                from_nowhere(session);
            }
        }
    }

    /// Files that are not taken apart yet, or on their way.
    fn files(&mut self, at: Timestamp) {
        let jobs = self.tenant.jobs.values_mut().filter(|job| job.state == JobState::Staging);
        for job in jobs.filter(|_| !self.faults.has(Fault::FilesKept)) {
            job.version += 1;
            job.forget_at = Some(at);
        }
    }

    /// What names them in answers and rows of others, and all of their own rows.
    fn named(&mut self, names: &Names) {
        let tenant = &mut *self.tenant;
        for receipt in tenant.receipts.values_mut().filter(|receipt| receipt.contact.is_some()) {
            if let Some(without) = names.without(&receipt.outcome) {
                receipt.outcome = without;
            }
        }
        for stored in tenant.job_rows.values_mut() {
            if let Some(without) = names.without_row(&stored.row)
                && !self.faults.has(Fault::RowsKept)
            {
                stored.row = without;
            }
        }
        let at_work = tenant.jobs.values_mut().filter(|job| matches!(job.state, JobState::Running | JobState::Paused));
        for job in at_work.filter(|_| !self.faults.has(Fault::JobsUndisturbed)) {
            job.version += 1;
        }
    }
}

fn from_nowhere(session: &mut PortalSession) {
    session.origin = None;
    session.user_agent = None;
}

impl MemoryStore {
    pub(super) fn gone_contacts(&self, practice: PracticeId, reference: &Ref) -> Vec<ContactId> {
        self.see(|state| {
            let gone = state.tenants.get(&practice).into_iter().flat_map(|tenant| &tenant.gone);
            gone.filter(|(_, (known, _))| known == reference).map(|(id, _)| *id).collect()
        })
    }

    pub(super) fn gone_before(&self, before: Timestamp, after: Option<&Gone>, most: usize) -> Vec<Gone> {
        let early = self.faults.has(Fault::GoneTooEarly);
        self.see(|state| {
            let all = state.tenants.iter().flat_map(|(practice, tenant)| {
                let all = tenant.gone.iter();
                all.map(|(contact, (_, at))| Gone { at: *at, practice: *practice, contact: *contact })
            });
            let over = all.filter(|gone| (early || gone.at < before) && after.is_none_or(|after| gone > after));
            over.collect::<BTreeSet<_>>().into_iter().take(most).collect()
        })
    }

    pub(super) fn purge_some(&self, what: Purge, most: usize) -> u64 {
        let early = self.faults.has(Fault::PurgedEarly);
        self.change(|state| match what {
            Purge::Origins(before) => purge_origins(state, |at| early || at < before, most),
            Purge::Staff(before) => staff::purge(state, |at| early || at < before, most),
            Purge::Personal(before) => purge_personal(state, |at| early || at < before, most),
            Purge::Suppressions(before) => purge_suppressions(state, |at| early || at < before, most),
        })
    }
}

fn purge_suppressions(state: &mut State, over: impl Fn(Timestamp) -> bool, most: usize) -> u64 {
    let mut purged = 0;
    for tenant in state.tenants.values_mut().map(Arc::make_mut) {
        tenant.suppressed.retain(|_, (suppression, _)| !forget(&mut purged, most, over(suppression.since)));
    }
    purged as u64
}

fn purge_origins(state: &mut State, over: impl Fn(Timestamp) -> bool, most: usize) -> u64 {
    let mut purged = (0, 0);
    for tenant in state.tenants.values_mut().map(Arc::make_mut) {
        for session in tenant.sessions.values_mut() {
            let personal = session.origin.is_some() || session.user_agent.is_some();
            if forget(&mut purged.0, most, personal && over(session.expires_at)) {
                from_nowhere(session);
            }
        }
        for session in tenant.workspace_sessions.values_mut() {
            let personal = session.origin.is_some() || session.user_agent.is_some();
            if forget(&mut purged.1, most, personal && over(session.expires_at)) {
                session.origin = None;
                session.user_agent = None;
            }
        }
    }
    (purged.0 + purged.1) as u64
}

fn purge_personal(state: &mut State, over: impl Fn(Timestamp) -> bool, most: usize) -> u64 {
    let mut purged = 0;
    for tenant in state.tenants.values_mut().map(Arc::make_mut) {
        for told in &mut tenant.events {
            if forget(&mut purged, most, told.event.personal.is_some() && over(told.event.at)) {
                told.event.personal = None;
            }
        }
    }
    purged as u64
}

/// What there is of contacts.
pub(super) fn traces(tenant: &Tenant, contacts: &[ContactId], reference: Option<&Ref>) -> Traces {
    let mine = |contact: &ContactId| contacts.contains(contact);
    let told = |told: &&super::state::Told| told.event.subject.contact.as_ref().is_some_and(mine);
    let events: Vec<_> = tenant.events.iter().filter(told).filter_map(|told| told.event.personal.as_ref()).collect();
    let mut traces = Traces::default();
    events.iter().for_each(|personal| traces.tell(personal));
    let messages: Vec<_> = tenant
        .messages
        .values()
        .filter(|post| post.message.about.contact().is_some_and(|contact| mine(&contact)))
        .collect();
    let links: Vec<_> = tenant.links.values().filter(|link| mine(&link.contact)).collect();
    traces.addresses.extend(messages.iter().map(|post| post.message.to.as_str().to_owned()));
    traces.addresses.extend(links.iter().map(|link| link.address.as_str().to_owned()));
    let of_mail =
        messages.iter().filter_map(|post| post.message.about.login()).chain(links.iter().map(|link| link.login));
    traces.keys.extend(of_mail.filter_map(|login| tenant.logins.get(&login)?.key.clone()));
    let own = |row: &&super::state::StoredRow| reference.is_some_and(|it| row.row.reference == it.as_str());
    traces.found = Found {
        events: events.len() as u64,
        messages: messages.len() as u64,
        unsent: messages.iter().filter(|post| post.due_at.is_some()).count() as u64,
        links: links.len() as u64,
        answers: tenant.receipts.values().filter(|it| it.contact.as_ref().is_some_and(mine)).count() as u64,
        rows: tenant.job_rows.values().filter(own).count() as u64,
    };
    traces
}

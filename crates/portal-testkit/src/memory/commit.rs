use std::{collections::BTreeSet, sync::Arc};

use portal_domain::{
    change::{Change, Decision, Expect, Reliance, Which},
    event::{Event, RecordedEvent},
    id::{LinkId, LoginId, PracticeId, SessionId, WorkspaceSessionId},
    message::{DeliveryState, Message},
    port::Receipt,
    throttle::CountedTry,
    time::Timestamp,
};

use super::{
    fault::{Fault, Faults},
    invited, jobs,
    state::{Post, State, Tenant, Told},
};

/// Why a batch is not written.
#[derive(Debug)]
pub(super) enum Stop {
    /// It doesn't fit what is stored.
    Conflict,
    /// It is no batch that a rule could have decided.
    Unsound(String),
}

/// What one call of `commit` brings.
pub(super) struct Batch<'a> {
    pub(super) practice: PracticeId,
    pub(super) decisions: &'a [Decision],
    pub(super) receipt: Option<&'a Receipt>,
}

impl Batch<'_> {
    pub(super) fn changes(&self) -> impl Iterator<Item = &Change> {
        self.decisions.iter().flat_map(|decision| &decision.changes)
    }
}

/// The state after the batch. The state before is left alone.
pub(super) fn apply(state: &State, batch: &Batch<'_>, faults: Faults) -> Result<State, Stop> {
    let mut after = state.clone();
    let mut tenant = match after.tenants.get(&batch.practice) {
        Some(tenant) => Tenant::clone(tenant),
        None => found(state, batch, faults)?,
    };
    let first = batch.changes().any(|change| matches!(change, Change::BeFirst));
    fits(!first || state.tenants.is_empty() || faults.has(Fault::FirstIgnored))?;
    let expect = batch.decisions.iter().flat_map(|decision| &decision.expect);
    expect.into_iter().try_for_each(|expect| guard(&tenant, expect, faults))?;
    if let Some(receipt) = batch.receipt {
        let known = tenant.receipts.insert(receipt.request.clone(), receipt.clone());
        fits(known.is_none() || faults.has(Fault::ReceiptsReplaced))?;
    }
    let mut work = Work { tenant: &mut tenant, faults, opened: BTreeSet::new(), began: BTreeSet::new() };
    work.keys_and_things(batch)?;
    work.links(batch)?;
    work.sessions(batch);
    work.passages(batch)?;
    work.workspace_sessions(batch)?;
    work.viewings(batch)?;
    work.staff(batch)?;
    work.api_keys(batch)?;
    work.tries(batch);
    work.webhooks(batch)?;
    batch.changes().try_for_each(|change| jobs::apply(work.tenant, change, faults))?;
    work.erasures(batch)?;
    // What the erasure itself answers stays.
    tenant.receipts.extend(batch.receipt.map(|receipt| (receipt.request.clone(), receipt.clone())));
    for message in batch.decisions.iter().flat_map(|decision| &decision.messages) {
        after.last_place += 1;
        if !faults.has(Fault::MessagesDropped) {
            post(&mut tenant, message, after.last_place)?;
        }
    }
    for event in batch.decisions.iter().flat_map(|decision| &decision.events) {
        if !faults.has(Fault::EventsDropped) {
            record(&mut tenant, event)?;
        }
    }
    if let (None, Some(why)) = (faults.0, tenant.unsound()) {
        return Err(Stop::Unsound(why));
    }
    after.tenants.insert(batch.practice, Arc::new(tenant));
    Ok(after)
}

/// The practice that the batch begins with.
fn found(state: &State, batch: &Batch<'_>, faults: Faults) -> Result<Tenant, Stop> {
    let practice = batch.changes().find_map(|change| match change {
        Change::PutPractice(practice) if practice.id == batch.practice && practice.version == 1 => Some(practice),
        _ => None,
    });
    let practice = practice.ok_or(Stop::Conflict)?;
    let taken = state.tenants.values().any(|tenant| tenant.practice.slug == practice.slug);
    fits(!taken || faults.has(Fault::SlugsNotUnique))?;
    // The change itself puts it at its version.
    let mut tenant = Tenant::new(practice.clone());
    tenant.practice.version = 0;
    Ok(tenant)
}

fn guard(tenant: &Tenant, expect: &Expect, faults: Faults) -> Result<(), Stop> {
    let Some(version) = tenant.version(expect.what) else { return fits(faults.has(Fault::GoneIgnored)) };
    let (ignored, racy) = match expect.how {
        Reliance::Changed => (Fault::VersionsIgnored, Fault::VersionsRacy),
        Reliance::LookedAt => (Fault::LookedAtIgnored, Fault::LookedAtRacy),
    };
    fits(version == expect.version || faults.has(ignored) || faults.has(racy))
}

pub(super) fn fits(fits: bool) -> Result<(), Stop> {
    if fits { Ok(()) } else { Err(Stop::Conflict) }
}

fn post(tenant: &mut Tenant, message: &Message, place: i64) -> Result<(), Stop> {
    let post = Post {
        returned: None,
        message: message.clone(),
        place,
        state: DeliveryState::Queued,
        due_at: Some(message.created_at),
        leased_until: None,
        attempts: Vec::new(),
    };
    fits(tenant.messages.insert(message.id, post).is_none())
}

/// Writes an event into the practice's journal, where it waits to be sealed.
pub(super) fn record(tenant: &mut Tenant, event: &Event) -> Result<(), Stop> {
    fits(tenant.events.iter().all(|known| known.event.id != event.id))?;
    let recorded = RecordedEvent {
        number: 0,
        id: event.id,
        at: event.at,
        kind: event.kind.to_owned(),
        caller: event.caller.clone(),
        origin: event.origin.clone(),
        subject: event.subject,
        facts: event.facts.clone(),
        personal: Some(event.personal.clone()),
        digest: event.digest(),
    };
    tenant.events.push(Told { event: recorded, salt: event.salt, seal: None });
    Ok(())
}

pub(super) struct Work<'a> {
    pub(super) tenant: &'a mut Tenant,
    pub(super) faults: Faults,
    /// Links opened or used by this commit.
    opened: BTreeSet<LinkId>,
    /// Sessions opened by this commit.
    began: BTreeSet<SessionId>,
}

impl Work<'_> {
    fn keys_and_things(&mut self, batch: &Batch<'_>) -> Result<(), Stop> {
        if self.faults.has(Fault::ClaimBeforeRelease) {
            batch.changes().try_for_each(|change| self.claim(change))?;
        }
        for change in batch.changes() {
            if let Change::ReleaseKey(key) = change
                && !self.faults.has(Fault::KeyNotReleased)
            {
                self.tenant.keys.remove(key);
            }
        }
        let at = batch.decisions.iter().flat_map(|decision| &decision.events).map(|event| event.at).max();
        batch.changes().for_each(|change| self.delete(change, at));
        batch.changes().try_for_each(|change| self.put(change))?;
        if !self.faults.has(Fault::ClaimBeforeRelease) {
            batch.changes().try_for_each(|change| self.claim(change))?;
        }
        Ok(())
    }

    fn claim(&mut self, change: &Change) -> Result<(), Stop> {
        let Change::ClaimKey { key, owner } = change else { return Ok(()) };
        let held = self.tenant.keys.insert(key.clone(), *owner).is_some();
        fits(!held || self.faults.has(Fault::ClaimOverwrites) || self.faults.has(Fault::ClaimRacy))
    }

    fn delete(&mut self, change: &Change, decided_at: Option<Timestamp>) {
        let tenant = &mut *self.tenant;
        match change {
            Change::DeleteUser(id) => {
                tenant.users.remove(id);
                tenant.workspace_sessions.retain(|_, session| session.user != *id);
                tenant.staff_credentials.remove(id);
                tenant.viewers.remove(id);
                let sessions = &tenant.workspace_sessions;
                tenant.viewings.retain(|_, viewing| sessions.contains_key(&viewing.session));
            }
            Change::DeleteClient(id) => {
                tenant.clients.remove(id);
                tenant.viewings.retain(|_, viewing| viewing.profile.client != *id);
                for contact in tenant.contacts.values_mut() {
                    contact.clients.retain(|client| client != id);
                }
                let chose = |session: &portal_domain::session::PortalSession| {
                    session.profile.is_some_and(|profile| profile.client == *id)
                };
                if !self.faults.has(Fault::ProfileKept) {
                    for session in tenant.sessions.values_mut().filter(|session| chose(session)) {
                        session.profile = None;
                    }
                }
            }
            Change::DeleteContact(id) => {
                if let Some(contact) = tenant.contacts.remove(id) {
                    tenant.gone.insert(*id, (contact.reference, decided_at.unwrap_or(contact.created_at)));
                }
                tenant.former.remove(id);
                tenant.wrong.retain(|(contact, _), _| contact != id);
                tenant.viewings.retain(|_, viewing| viewing.profile.contact != *id);
            }
            Change::DeleteLogin(id) => {
                tenant.logins.remove(id);
                tenant.sessions.retain(|_, session| session.login != *id);
                tenant.handoffs.retain(|_, handoff| handoff.login != *id);
                let sessions = &tenant.sessions;
                tenant.codes.retain(|_, code| sessions.contains_key(&code.session));
                if self.faults.has(Fault::LinksErased) {
                    tenant.links.retain(|_, link| link.login != *id);
                }
            }
            _ => {}
        }
    }

    fn put(&mut self, change: &Change) -> Result<(), Stop> {
        let tenant = &mut *self.tenant;
        match change {
            Change::PutPractice(practice) => {
                fits((tenant.practice.version == 0) == (practice.version == 1))?;
                tenant.practice.name.clone_from(&practice.name);
                tenant.practice.settings = practice.settings.clone();
                tenant.practice.suspended_at = practice.suspended_at;
                tenant.practice.delete_after = practice.delete_after;
                tenant.practice.version = practice.version;
            }
            Change::PutUser(user) => {
                fits((user.version == 1) != tenant.users.contains_key(&user.id))?;
                let same = |other: &&portal_domain::practice::PracticeUser| other.reference == user.reference;
                fits(tenant.users.values().filter(same).all(|other| other.id == user.id))?;
                tenant.users.insert(user.id, user.clone());
            }
            Change::PutClient(client) => {
                fits((client.version == 1) != tenant.clients.contains_key(&client.id))?;
                let same = |other: &&portal_domain::practice::Client| other.reference == client.reference;
                fits(tenant.clients.values().filter(same).all(|other| other.id == client.id))?;
                tenant.clients.insert(client.id, client.clone());
            }
            Change::PutContact(contact) => {
                let known = tenant.contacts.contains_key(&contact.id);
                fits((contact.version == 1) != known || self.faults.has(Fault::GoneIgnored))?;
                let same = |other: &&portal_domain::contact::Contact| other.reference == contact.reference;
                let alone = tenant.contacts.values().filter(same).all(|other| other.id == contact.id);
                fits(alone || self.faults.has(Fault::RefsNotUnique))?;
                tenant.contacts.insert(contact.id, contact.clone());
            }
            Change::PutLogin(login) => {
                let known = tenant.logins.contains_key(&login.id);
                fits((login.version == 1) != known || self.faults.has(Fault::GoneIgnored))?;
                tenant.logins.insert(login.id, login.clone());
            }
            Change::RememberKey { contact, key, wrong } => {
                tenant.former.entry(*contact).or_default().insert(key.clone());
                tenant.wrong.insert((*contact, key.clone()), *wrong);
            }
            _ => {}
        }
        Ok(())
    }

    fn links(&mut self, batch: &Batch<'_>) -> Result<(), Stop> {
        for change in batch.changes() {
            if let Change::UseLink { link, at } = change {
                self.use_link(*link, *at)?;
            }
        }
        for change in batch.changes() {
            if let Change::NoteReminded { link, days } = change {
                invited::note(self.tenant, *link, *days, self.faults)?;
            }
        }
        for change in batch.changes() {
            if let Change::OpenLink(link) = change {
                fits(self.tenant.links.insert(link.id, self.kept(link)).is_none())?;
                self.opened.insert(link.id);
            }
        }
        for change in batch.changes() {
            match change {
                Change::EndLinks { login, at } => self.end_links(*login, *at),
                Change::EndLink { link, at } => {
                    let link = self.tenant.links.get_mut(link);
                    if let Some(link) = link.filter(|link| link.used_at.is_none() && link.ended_at.is_none()) {
                        link.ended_at = Some(*at);
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn kept(&self, link: &portal_domain::link::Link) -> portal_domain::link::Link {
        let mut link = link.clone();
        if self.faults.has(Fault::MillisecondTimes) {
            link.expires_at = Timestamp::from_micros(link.expires_at.as_micros() / 1000 * 1000);
        }
        link
    }

    fn use_link(&mut self, id: LinkId, at: Timestamp) -> Result<(), Stop> {
        let link = self.tenant.links.get_mut(&id).ok_or(Stop::Conflict)?;
        let in_time = at < link.expires_at || self.faults.has(Fault::LinkUsedExpired);
        let usable = link.used_at.is_none() && link.ended_at.is_none() && in_time;
        fits(usable || self.faults.has(Fault::LinkUseUnguarded) || self.faults.has(Fault::LinkUseRacy))?;
        link.used_at = Some(at);
        self.opened.insert(id);
        Ok(())
    }

    fn end_links(&mut self, login: LoginId, at: Timestamp) {
        if self.faults.has(Fault::LinksNotEnded) {
            return;
        }
        for link in self.tenant.links.values_mut() {
            let meant = link.login == login || self.faults.has(Fault::OtherLinksEnded);
            let open = link.used_at.is_none() && link.ended_at.is_none();
            let spared = self.opened.contains(&link.id) && !self.faults.has(Fault::OwnLinksEnded);
            if meant && open && !spared {
                link.ended_at = Some(at);
            }
        }
    }

    fn sessions(&mut self, batch: &Batch<'_>) {
        for change in batch.changes() {
            if let Change::OpenSession(session) = change {
                self.tenant.sessions.insert(session.id, session.clone());
                self.began.insert(session.id);
            }
        }
        for change in batch.changes() {
            match change {
                Change::EndSessions { login, which, at } => self.end_sessions(*login, *which, *at),
                Change::TouchSession { session, at, idle_until } => {
                    if let Some(session) = self.tenant.sessions.get_mut(session)
                        && (session.last_seen_at < *at || self.faults.has(Fault::TouchBackwards))
                        && (session.valid(session.epoch, *at) || self.faults.has(Fault::TouchRevives))
                    {
                        session.last_seen_at = *at;
                        session.idle_until = *idle_until;
                    }
                }
                Change::SelectProfile { session, profile } => {
                    if let Some(session) = self.tenant.sessions.get_mut(session) {
                        session.profile = Some(*profile);
                    }
                }
                _ => {}
            }
        }
    }

    fn end_sessions(&mut self, login: LoginId, which: Which, at: Timestamp) {
        if self.faults.has(Fault::SessionsNotEnded) {
            return;
        }
        for session in self.tenant.sessions.values_mut() {
            let meant = match which {
                Which::All => true,
                Which::One(id) => session.id == id,
                Which::AllBut(id) => session.id != id || self.faults.has(Fault::SpareIgnored),
            };
            let spared = self.began.contains(&session.id) && !self.faults.has(Fault::OwnSessionsEnded);
            if session.login == login && meant && !spared && session.ended_at.is_none() {
                session.ended_at = Some(at);
            }
        }
    }

    fn tries(&mut self, batch: &Batch<'_>) {
        for change in batch.changes() {
            match change {
                Change::LiftSuppression { key, at } if !self.faults.has(Fault::NeverLifted) => {
                    if let Some((_, lifted_at)) = self.tenant.suppressed.get_mut(key) {
                        lifted_at.get_or_insert(*at);
                    }
                }
                Change::ForgetTries(bucket) if !self.faults.has(Fault::TriesKept) => {
                    self.tenant.tallies.remove(bucket);
                }
                Change::GiveBack(counted) if !self.faults.has(Fault::RefundIgnored) => self.give_back(counted),
                _ => {}
            }
        }
    }

    fn webhooks(&mut self, batch: &Batch<'_>) -> Result<(), Stop> {
        let unguarded = self.faults.has(Fault::WebhookUnguarded);
        batch
            .changes()
            .try_for_each(|change| super::webhooks::write(self.tenant, change, unguarded).ok_or(Stop::Conflict))
    }

    fn give_back(&mut self, counted: &CountedTry) {
        if let Some(tally) = self.tenant.tallies.get_mut(&counted.bucket.name()) {
            *tally = tally.clone().without(counted.at);
        }
        if let Some(noted) = counted.noted.and_then(|id| self.tenant.tries.get_mut(&id)) {
            noted.right = true;
        }
    }

    fn workspace_sessions(&mut self, batch: &Batch<'_>) -> Result<(), Stop> {
        let end_last = self.faults.has(Fault::OwnWorkspaceSessionsEnded);
        if !end_last {
            batch.changes().for_each(|change| self.end_workspace_sessions(change));
        }
        for change in batch.changes() {
            match change {
                Change::OpenWorkspaceSession(session) => {
                    fits(self.tenant.users.contains_key(&session.user))?;
                    fits(self.tenant.workspace_sessions.insert(session.id, session.clone()).is_none())?;
                }
                Change::TouchWorkspaceSession { session, at, idle_until } => {
                    self.touch_workspace_session(*session, *at, *idle_until);
                }
                _ => {}
            }
        }
        if end_last {
            batch.changes().for_each(|change| self.end_workspace_sessions(change));
        }
        Ok(())
    }

    fn end_workspace_sessions(&mut self, change: &Change) {
        let Change::EndWorkspaceSessions { user, which, at } = change else { return };
        let meant = |session: WorkspaceSessionId| match which {
            Which::All => !self.faults.has(Fault::WorkspaceSessionsNotEnded),
            Which::One(id) => session == *id,
            Which::AllBut(id) => session != *id || self.faults.has(Fault::WorkspaceSpareIgnored),
        };
        for session in self.tenant.workspace_sessions.values_mut() {
            if session.user == *user && meant(session.id) && session.ended_at.is_none() {
                session.ended_at = Some(*at);
            }
        }
    }

    fn touch_workspace_session(&mut self, session: WorkspaceSessionId, at: Timestamp, idle_until: Timestamp) {
        let faults = self.faults;
        let Some(session) = self.tenant.workspace_sessions.get_mut(&session) else { return };
        let forward = session.last_seen_at < at || faults.has(Fault::WorkspaceTouchBackwards);
        let open = session.ended_at.is_none() || faults.has(Fault::WorkspaceTouchEnded);
        let in_time = (at < session.idle_until && at < session.expires_at) || faults.has(Fault::WorkspaceTouchRevives);
        if forward && open && in_time {
            session.last_seen_at = at;
            session.idle_until = idle_until;
        }
    }

    fn api_keys(&mut self, batch: &Batch<'_>) -> Result<(), Stop> {
        for change in batch.changes() {
            match change {
                Change::AddApiKey(key) => {
                    fits(self.tenant.api_keys.insert(key.id, key.clone()).is_none())?;
                }
                Change::RevokeApiKey { key, at } => {
                    let open = self.tenant.api_keys.get_mut(key).filter(|key| key.revoked_at.is_none());
                    open.ok_or(Stop::Conflict)?.revoked_at = Some(*at);
                }
                _ => {}
            }
        }
        Ok(())
    }
}

use std::sync::Arc;

use portal_domain::{
    change::Change,
    facts::{CodeFacts, HandoffFacts},
    handoff::HandoffHash,
    id::{HandoffId, LoginId, PracticeId, SignInCodeId},
    session::SessionHash,
    sign_in_code::CodeHash,
    time::Timestamp,
};

use super::{
    MemoryStore,
    commit::{Batch, Stop, Work, fits},
    fault::Fault,
    read::Reader,
    tries::forget,
};

impl Reader<'_> {
    pub(super) fn handoff(&self, hash: &HandoffHash) -> Option<HandoffFacts> {
        let handoff = self.tenant.handoffs.values().find(|handoff| handoff.hash == *hash)?;
        Some(HandoffFacts { handoff: handoff.clone(), login: self.login(handoff.login) })
    }

    pub(super) fn sign_in_code(&self, hash: &CodeHash) -> Option<CodeFacts> {
        let code = self.tenant.codes.values().find(|code| code.hash == *hash)?;
        Some(CodeFacts { code: code.clone(), session: self.session(self.tenant.sessions.get(&code.session)?) })
    }
}

impl Work<'_> {
    /// Uses first, then ends, then opens: what this commit opens or uses stays.
    pub(super) fn passages(&mut self, batch: &Batch<'_>) -> Result<(), Stop> {
        for change in batch.changes() {
            match change {
                Change::UseHandoff { handoff, at } => self.use_handoff(*handoff, *at)?,
                Change::UseCode { code, at } => self.use_code(*code, *at)?,
                _ => {}
            }
        }
        for change in batch.changes() {
            match change {
                Change::EndLinks { login, at } if !self.faults.has(Fault::HandoffsNotEnded) => {
                    self.end_handoffs(Some(*login), *at);
                }
                Change::EndHandoffs { at } if !self.faults.has(Fault::HandoffsNotEnded) => {
                    self.end_handoffs(None, *at);
                }
                _ => {}
            }
        }
        for change in batch.changes() {
            match change {
                Change::OpenHandoff(handoff) => {
                    let same = self.tenant.handoffs.values().any(|known| known.hash == handoff.hash);
                    fits(!same && self.tenant.handoffs.insert(handoff.id, handoff.clone()).is_none())?;
                }
                Change::IssueCode(code) => {
                    fits(self.tenant.sessions.contains_key(&code.session))?;
                    let same = self.tenant.codes.values().any(|known| known.hash == code.hash);
                    fits(!same && self.tenant.codes.insert(code.id, code.clone()).is_none())?;
                }
                Change::TellSession(session) => {
                    let session = self.tenant.sessions.get_mut(session).ok_or(Stop::Conflict)?;
                    session.told = true;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn use_handoff(&mut self, id: HandoffId, at: Timestamp) -> Result<(), Stop> {
        let handoff = self.tenant.handoffs.get_mut(&id).ok_or(Stop::Conflict)?;
        let usable = handoff.used_at.is_none() && handoff.ended_at.is_none() && at < handoff.expires_at;
        fits(usable || self.faults.has(Fault::HandoffUseUnguarded) || self.faults.has(Fault::HandoffUseRacy))?;
        handoff.used_at = Some(at);
        Ok(())
    }

    fn use_code(&mut self, id: SignInCodeId, at: Timestamp) -> Result<(), Stop> {
        let code = self.tenant.codes.get_mut(&id).ok_or(Stop::Conflict)?;
        let usable = code.used_at.is_none() && at < code.expires_at;
        fits(usable || self.faults.has(Fault::CodeUseUnguarded))?;
        code.used_at = Some(at);
        Ok(())
    }

    /// Of one login, or of all.
    fn end_handoffs(&mut self, login: Option<LoginId>, at: Timestamp) {
        let all = self.tenant.handoffs.values_mut();
        let meant = all.filter(|handoff| login.is_none_or(|login| handoff.login == login));
        let open = meant.filter(|handoff| handoff.used_at.is_none() && handoff.ended_at.is_none());
        open.for_each(|handoff| handoff.ended_at = Some(at));
    }
}

impl MemoryStore {
    pub(super) fn sessions_over(&self, now: Timestamp, most: usize) -> Vec<(PracticeId, SessionHash)> {
        let early = self.faults.has(Fault::OverTooEarly);
        self.see(|state| {
            let all = state.tenants.iter().flat_map(|(practice, tenant)| {
                let waiting = tenant.sessions.values().filter(|it| it.told && it.ended_at.is_none());
                let over = waiting.filter(|it| early || now >= it.idle_until || now >= it.expires_at);
                over.map(|session| (session.idle_until, *practice, session.hash))
            });
            let mut all: Vec<_> = all.collect();
            all.sort();
            all.into_iter().take(most).map(|(_, practice, session)| (practice, session)).collect()
        })
    }

    pub(super) fn sweep_passages(&self, before: Timestamp, most: usize) -> u64 {
        let early = self.faults.has(Fault::PassagesForgottenEarly);
        self.change(|state| {
            let (mut handoffs, mut codes) = (0, 0);
            for tenant in state.tenants.values_mut() {
                let tenant = Arc::make_mut(tenant);
                tenant.handoffs.retain(|_, handoff| !forget(&mut handoffs, most, early || handoff.expires_at < before));
                tenant.codes.retain(|_, code| !forget(&mut codes, most, early || code.expires_at < before));
            }
            (handoffs + codes) as u64
        })
    }
}

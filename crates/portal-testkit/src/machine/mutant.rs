//! Wrong rules. The state machine must notice each of them.
//!
//! Rules are plain functions, so a wrong one is told by what it decides on and what it decides: a [`MutantStore`] stands
//! between the use cases and a store, and rewrites facts or decisions on their way.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use portal_domain::{
    change::{Change, Decision, Which},
    email::{EmailAddress, LoginKey},
    erasure::{Gone, Purge, Traces},
    facts::{
        CodeFacts, ContactFacts, ContactQuery, ContactSelector, HandoffFacts, Holder, LinkFacts, LoginFacts,
        SessionFacts, SignInFacts, StaffFacts, StaffSignIn, UserFacts, UserQuery, VisitFacts, WorkspaceSessionFacts,
    },
    handoff::HandoffHash,
    id::{ContactId, LinkId, LoginId, MessageId, PracticeId, Ref, UserId},
    login::Login,
    message::{MessageBody, MessageKind},
    port::{
        Commit, DueInvitation, InvitationsDue, Page, PortalStore, PortalViews, PracticeSelector, Receipt, RequestKey,
        StoreError,
    },
    practice::{ApiKey, ApiKeyHash, Client, Practice, SharedLogin},
    session::{SessionHash, WorkspaceSessionHash},
    sign_in_code::CodeHash,
    staff::StaffLink,
    throttle::{Admission, Bucket, Try},
    time::Timestamp,
};

use super::world::Adapters;

/// A wrong rule, by the rule it breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleMutant {
    /// A1: a client that is put again is changed again.
    PutIsNotIdempotent,
    /// A2: deactivation leaves sessions to the next reactivation.
    DeactivationLeavesSessions,
    /// A2: reactivation keeps a password that is confirmed elsewhere.
    ReactivationKeepsUnconfirmedPassword,
    /// A3: whoever leaves a shared login takes everybody's sessions along.
    LeavingEndsOthersSessions,
    /// A4: reactivation writes twice.
    ReactivationMailsTwice,
    /// A5: a suspended client is seen.
    SuspendedClientIsSeen,
    /// C3: a login whose password is confirmed elsewhere is joined.
    UnprovenLoginIsJoined,
    /// C3: the setting is ignored.
    SettingIsIgnored,
    /// C4: a login keeps its key without access.
    DormantLoginSignsIn,
    /// E4: mail goes to the key and not to the stored address.
    MailGoesToTheKey,
    /// F2: the second address signs in where the first does not.
    SecondAddressSignsIn,
    /// J1: moves leave no event.
    MoveLeavesNoEvent,
    /// L3: links outlive a move.
    MoveLeavesLinks,
    /// L3: other links outlive a redemption.
    RedemptionLeavesLinks,
    /// L3: an expired link is redeemed.
    ExpiredLinkIsRedeemed,
    /// L4: a sixth link works.
    SixthLinkWorks,
    /// L5: sessions outlive a redemption.
    RedemptionLeavesSessions,
    /// M3: sessions outlive a move.
    MoveLeavesSessions,
    /// M4: the old address is not told of a move.
    OldAddressIsNotTold,
    /// M4: the old address is shown the new one.
    MaskLeaks,
    /// M6: who splits off takes the password along.
    SplitKeepsPassword,
    /// M9: the wrong address is told.
    WrongAddressIsTold,
    /// P3: links outlive a change of password inside a session.
    PasswordChangeLeavesLinks,
    /// P3: nobody is told of a password that replaces another.
    PasswordChangeIsSilent,
}

impl RuleMutant {
    /// All of them.
    pub const ALL: [Self; 24] = [
        Self::PutIsNotIdempotent,
        Self::DeactivationLeavesSessions,
        Self::ReactivationKeepsUnconfirmedPassword,
        Self::LeavingEndsOthersSessions,
        Self::ReactivationMailsTwice,
        Self::SuspendedClientIsSeen,
        Self::UnprovenLoginIsJoined,
        Self::SettingIsIgnored,
        Self::DormantLoginSignsIn,
        Self::MailGoesToTheKey,
        Self::SecondAddressSignsIn,
        Self::MoveLeavesNoEvent,
        Self::MoveLeavesLinks,
        Self::RedemptionLeavesLinks,
        Self::ExpiredLinkIsRedeemed,
        Self::SixthLinkWorks,
        Self::RedemptionLeavesSessions,
        Self::MoveLeavesSessions,
        Self::OldAddressIsNotTold,
        Self::MaskLeaks,
        Self::SplitKeepsPassword,
        Self::WrongAddressIsTold,
        Self::PasswordChangeLeavesLinks,
        Self::PasswordChangeIsSilent,
    ];
}

/// A store under one wrong rule.
pub struct MutantStore {
    inner: Arc<dyn PortalStore>,
    views: Arc<dyn PortalViews>,
    mutant: RuleMutant,
    /// Every login as it was put last: what a wrong rule would have known of it.
    logins: Mutex<BTreeMap<LoginId, Login>>,
}

impl MutantStore {
    /// Puts the wrong rule before a store.
    pub fn before(adapters: &Adapters, mutant: RuleMutant) -> Adapters {
        let inner =
            Self { inner: adapters.store.clone(), views: adapters.views.clone(), mutant, logins: Mutex::default() };
        Adapters { store: Arc::new(inner), ..adapters.clone() }
    }

    fn is(&self, mutant: RuleMutant) -> bool {
        self.mutant == mutant
    }

    fn known(&self, login: LoginId) -> Option<Login> {
        self.logins.lock().unwrap_or_else(PoisonError::into_inner).get(&login).cloned()
    }

    fn learn(&self, decisions: &[Decision]) {
        let mut logins = self.logins.lock().unwrap_or_else(PoisonError::into_inner);
        for change in decisions.iter().flat_map(|decision| &decision.changes) {
            if let Change::PutLogin(login) = change {
                logins.insert(login.id, login.clone());
            }
        }
    }

    /// The decision as the wrong rule would have made it.
    fn rewrite(&self, decision: &mut Decision) {
        let kind = decision.events.last().map_or("", |event| event.kind);
        let moves = claims(decision) && kind != "contact.activated" && kind != "contact.reactivated";
        let redeems = kind == "login.password_set";
        match self.mutant {
            RuleMutant::DeactivationLeavesSessions if kind == "contact.deactivated" => self.leave_sessions(decision),
            RuleMutant::RedemptionLeavesSessions if redeems => self.leave_sessions(decision),
            RuleMutant::MoveLeavesSessions if moves => self.leave_sessions(decision),
            RuleMutant::ReactivationKeepsUnconfirmedPassword if kind == "contact.reactivated" => {
                self.keep_password(decision);
            }
            RuleMutant::LeavingEndsOthersSessions if kind == "contact.deactivated" && !releases(decision) => {
                end_everything(decision);
            }
            RuleMutant::ReactivationMailsTwice if kind == "contact.reactivated" => mail_twice(decision),
            RuleMutant::MailGoesToTheKey => {
                for message in &mut decision.messages {
                    let key = message.to.key().as_str().to_owned();
                    message.to = EmailAddress::parse(&key).expect("a key is an address");
                }
            }
            RuleMutant::MoveLeavesNoEvent if moves => decision.events.clear(),
            RuleMutant::MoveLeavesLinks if moves => drop_links(decision),
            RuleMutant::RedemptionLeavesLinks if redeems => drop_links(decision),
            RuleMutant::PasswordChangeLeavesLinks if kind == "login.password_changed" => drop_links(decision),
            RuleMutant::SixthLinkWorks => decision.changes.retain(|change| !matches!(change, Change::EndLink { .. })),
            RuleMutant::OldAddressIsNotTold => drop_mail(decision, MessageKind::LoginMovedOld),
            RuleMutant::PasswordChangeIsSilent => drop_mail(decision, MessageKind::PasswordChanged),
            RuleMutant::MaskLeaks => leak(decision),
            RuleMutant::SplitKeepsPassword if moves => self.split_with_password(decision),
            RuleMutant::WrongAddressIsTold if moves => tell_wrong_address(decision),
            _ => {}
        }
    }

    fn leave_sessions(&self, decision: &mut Decision) {
        decision.changes.retain(|change| !matches!(change, Change::EndSessions { .. }));
        for login in logins(decision) {
            if let Some(before) = self.known(login.id) {
                login.epoch = before.epoch;
            }
        }
    }

    fn keep_password(&self, decision: &mut Decision) {
        for login in logins(decision) {
            if login.credential.is_none() {
                login.credential = self.known(login.id).and_then(|before| before.credential);
            }
        }
    }

    fn split_with_password(&self, decision: &mut Decision) {
        let known = logins(decision).filter(|login| login.version > 1).find_map(|login| login.credential.clone());
        for fresh in logins(decision).filter(|login| login.version == 1) {
            fresh.credential.clone_from(&known);
        }
    }

    /// Whoever has the key anywhere in its list.
    async fn anywhere(
        &self,
        practice: PracticeId,
        key: &LoginKey,
        now: Timestamp,
    ) -> Result<Option<LoginFacts>, StoreError> {
        let refs = self.views.contacts(practice, &Page { after: None, limit: 200 }).await?;
        let query = |contact: Ref| ContactQuery {
            contact: ContactSelector::Ref(contact),
            keys: Vec::new(),
            clients: Vec::new(),
        };
        let queries: Vec<_> = refs.into_iter().map(query).collect();
        let all = self.inner.contacts(practice, &queries, now).await?;
        let dormant_too = self.is(RuleMutant::DormantLoginSignsIn);
        Ok(all.into_iter().find_map(|facts| {
            let contact = facts.contact?;
            let mut login = facts.login?;
            let has = |at: usize, email: &EmailAddress| email.key() == key && (at == 0) == dormant_too;
            let listed = contact.emails.iter().enumerate().any(|(at, email)| has(at, email));
            if !listed || (login.login.key.is_none() && !dormant_too) {
                return None;
            }
            login.login.key.get_or_insert_with(|| key.clone());
            Some(login)
        }))
    }
}

fn claims(decision: &Decision) -> bool {
    decision.changes.iter().any(|change| matches!(change, Change::ClaimKey { .. }))
}

fn releases(decision: &Decision) -> bool {
    decision.changes.iter().any(|change| matches!(change, Change::ReleaseKey(_)))
}

fn logins(decision: &mut Decision) -> impl Iterator<Item = &mut Login> {
    decision.changes.iter_mut().filter_map(|change| match change {
        Change::PutLogin(login) => Some(login),
        _ => None,
    })
}

fn drop_links(decision: &mut Decision) {
    decision.changes.retain(|change| !matches!(change, Change::EndLinks { .. }));
}

fn drop_mail(decision: &mut Decision, kind: MessageKind) {
    decision.messages.retain(|message| message.kind() != kind);
}

fn end_everything(decision: &mut Decision) {
    let Some(at) = decision.events.first().map(|event| event.at) else { return };
    let all: Vec<_> = logins(decision)
        .map(|login| {
            login.epoch += 1;
            Change::EndSessions { login: login.id, which: Which::All, at }
        })
        .collect();
    decision.changes.extend(all);
}

fn mail_twice(decision: &mut Decision) {
    let again: Vec<_> = decision
        .messages
        .iter()
        .map(|message| {
            let mut again = message.clone();
            let mut id = again.id.to_bytes();
            id[15] ^= 1;
            again.id = MessageId::from_bytes(id);
            again
        })
        .collect();
    decision.messages.extend(again);
}

fn leak(decision: &mut Decision) {
    let first = decision.changes.iter().find_map(|change| match change {
        Change::PutContact(contact) => contact.emails.first().map(|email| email.as_str().to_owned()),
        _ => None,
    });
    for message in &mut decision.messages {
        if let (MessageBody::LoginMovedOld { new_address, .. }, Some(first)) = (&mut message.body, &first) {
            new_address.clone_from(first);
        }
    }
}

/// A mail to the old address although the contact remembers none.
fn tell_wrong_address(decision: &mut Decision) {
    let told = decision.messages.iter().any(|message| message.kind() == MessageKind::LoginMovedOld);
    let emails = decision.events.iter().find_map(|event| event.personal.get("emails_before"));
    let old = emails.and_then(|emails| EmailAddress::parse(emails.split(' ').next()?).ok());
    let (false, Some(old), 1) = (told, old, decision.messages.len()) else { return };
    mail_twice(decision);
    let message = &mut decision.messages[1];
    (message.to, message.link) = (old, None);
    message.body =
        MessageBody::LoginMovedOld { new_address: "…".to_owned(), changed_by: String::new(), split: false };
}

#[async_trait]
impl PortalStore for MutantStore {
    async fn practice(&self, by: &PracticeSelector) -> Result<Option<Practice>, StoreError> {
        let mut practice = self.inner.practice(by).await?;
        if let (Some(practice), true) = (&mut practice, self.is(RuleMutant::SettingIsIgnored)) {
            practice.settings.shared_login = SharedLogin::Join;
        }
        Ok(practice)
    }

    async fn caller(&self, hash: &ApiKeyHash) -> Result<Option<ApiKey>, StoreError> {
        self.inner.caller(hash).await
    }

    async fn contacts(
        &self,
        practice: PracticeId,
        queries: &[ContactQuery],
        now: Timestamp,
    ) -> Result<Vec<ContactFacts>, StoreError> {
        let mut all = self.inner.contacts(practice, queries, now).await?;
        for holder in all.iter_mut().flat_map(|facts| facts.holders.values_mut()) {
            if let (Holder::Login(login), true) = (holder, self.is(RuleMutant::UnprovenLoginIsJoined))
                && let Some(credential) = &mut login.login.credential
            {
                credential.confirmed_at.clone_from(&login.login.key);
            }
        }
        Ok(all)
    }

    async fn user(&self, practice: PracticeId, query: &UserQuery, now: Timestamp) -> Result<UserFacts, StoreError> {
        self.inner.user(practice, query, now).await
    }

    async fn clients(&self, practice: PracticeId, refs: &[Ref]) -> Result<Vec<Client>, StoreError> {
        let mut clients = self.inner.clients(practice, refs).await?;
        if self.is(RuleMutant::PutIsNotIdempotent) {
            clients.iter_mut().for_each(|client| client.name.push('?'));
        }
        Ok(clients)
    }

    async fn login(
        &self,
        practice: PracticeId,
        key: &LoginKey,
        now: Timestamp,
    ) -> Result<Option<LoginFacts>, StoreError> {
        let found = self.inner.login(practice, key, now).await?;
        let loose = self.is(RuleMutant::SecondAddressSignsIn) || self.is(RuleMutant::DormantLoginSignsIn);
        if found.is_none() && loose { self.anywhere(practice, key, now).await } else { Ok(found) }
    }

    async fn sign_in(&self, practice: PracticeId, key: &LoginKey) -> Result<Option<SignInFacts>, StoreError> {
        let found = self.inner.sign_in(practice, key).await?;
        let loose = self.is(RuleMutant::SecondAddressSignsIn) || self.is(RuleMutant::DormantLoginSignsIn);
        if found.is_some() || !loose {
            return Ok(found);
        }
        let facts = self.anywhere(practice, key, Timestamp::from_micros(0)).await?;
        Ok(facts.map(LoginFacts::into_sign_in))
    }

    async fn practices_of(&self, key: &LoginKey, most: u32) -> Result<Vec<PracticeId>, StoreError> {
        self.inner.practices_of(key, most).await
    }

    async fn asked_mail(
        &self,
        practice: PracticeId,
        key: &LoginKey,
        since: Timestamp,
    ) -> Result<Vec<(MessageKind, Timestamp)>, StoreError> {
        self.inner.asked_mail(practice, key, since).await
    }

    async fn led_to(&self, practice: PracticeId, key: &LoginKey, most: u32) -> Result<Vec<ContactId>, StoreError> {
        self.inner.led_to(practice, key, most).await
    }

    async fn hints(
        &self,
        practice: PracticeId,
        contact: ContactId,
        since: Timestamp,
    ) -> Result<Vec<Timestamp>, StoreError> {
        self.inner.hints(practice, contact, since).await
    }

    async fn inviting(&self, after: Option<PracticeId>, most: u32) -> Result<Vec<PracticeId>, StoreError> {
        self.inner.inviting(after, most).await
    }

    async fn invitations_due(
        &self,
        practice: PracticeId,
        due: &InvitationsDue,
        most: u32,
    ) -> Result<Vec<DueInvitation>, StoreError> {
        self.inner.invitations_due(practice, due, most).await
    }

    async fn link(&self, practice: PracticeId, link: LinkId, now: Timestamp) -> Result<Option<LinkFacts>, StoreError> {
        let mut facts = self.inner.link(practice, link, now).await?;
        if let (Some(facts), true) = (&mut facts, self.is(RuleMutant::ExpiredLinkIsRedeemed))
            && facts.link.expires_at <= now
        {
            facts.link.expires_at = Timestamp::from_micros(i64::MAX);
        }
        Ok(facts)
    }

    async fn session(
        &self,
        practice: PracticeId,
        hash: &SessionHash,
        now: Timestamp,
    ) -> Result<Option<SessionFacts>, StoreError> {
        self.inner.session(practice, hash, now).await
    }

    async fn visit(&self, by: &PracticeSelector, session: &SessionHash) -> Result<Option<VisitFacts>, StoreError> {
        let mut visit = self.inner.visit(by, session).await?;
        if self.is(RuleMutant::SuspendedClientIsSeen) {
            let login = visit.iter_mut().filter_map(|visit| visit.session.as_mut()).map(|(_, login)| login);
            for client in login.flat_map(|login| &mut login.members).flat_map(|member| &mut member.clients) {
                client.suspended = false;
            }
        }
        Ok(visit)
    }

    async fn workspace_session(
        &self,
        practice: PracticeId,
        hash: &WorkspaceSessionHash,
    ) -> Result<Option<WorkspaceSessionFacts>, StoreError> {
        self.inner.workspace_session(practice, hash).await
    }

    async fn staff_sign_in(&self, practice: PracticeId, key: &LoginKey) -> Result<Option<StaffSignIn>, StoreError> {
        self.inner.staff_sign_in(practice, key).await
    }

    async fn staff(
        &self,
        practice: PracticeId,
        user: UserId,
        now: Timestamp,
    ) -> Result<Option<StaffFacts>, StoreError> {
        self.inner.staff(practice, user, now).await
    }

    async fn staff_link(&self, practice: PracticeId, link: LinkId) -> Result<Option<StaffLink>, StoreError> {
        self.inner.staff_link(practice, link).await
    }

    async fn receipt(&self, practice: PracticeId, key: &RequestKey) -> Result<Option<Receipt>, StoreError> {
        self.inner.receipt(practice, key).await
    }

    async fn commit(
        &self,
        practice: PracticeId,
        decisions: &[Decision],
        receipt: Option<&Receipt>,
    ) -> Result<Commit, StoreError> {
        let mut rewritten = decisions.to_vec();
        rewritten.iter_mut().for_each(|decision| self.rewrite(decision));
        let committed = self.inner.commit(practice, &rewritten, receipt).await?;
        if committed == Commit::Committed {
            self.learn(&rewritten);
        }
        Ok(committed)
    }

    async fn admit(
        &self,
        practice: PracticeId,
        buckets: &[Bucket],
        noted: Option<&Try>,
        now: Timestamp,
    ) -> Result<Admission, StoreError> {
        self.inner.admit(practice, buckets, noted, now).await
    }

    async fn forget_tries(&self, now: Timestamp, most: u32) -> Result<u64, StoreError> {
        self.inner.forget_tries(now, most).await
    }

    async fn forget_receipts(&self, before: Timestamp, most: u32) -> Result<u64, StoreError> {
        self.inner.forget_receipts(before, most).await
    }

    async fn gone(&self, practice: PracticeId, reference: &Ref) -> Result<Vec<ContactId>, StoreError> {
        self.inner.gone(practice, reference).await
    }

    async fn long_gone(&self, before: Timestamp, after: Option<&Gone>, most: u32) -> Result<Vec<Gone>, StoreError> {
        self.inner.long_gone(before, after, most).await
    }

    async fn traces(
        &self,
        practice: PracticeId,
        contacts: &[ContactId],
        reference: Option<&Ref>,
    ) -> Result<Traces, StoreError> {
        self.inner.traces(practice, contacts, reference).await
    }

    async fn purge(&self, what: Purge, most: u32) -> Result<u64, StoreError> {
        self.inner.purge(what, most).await
    }

    async fn tidy(&self) -> Result<(), StoreError> {
        self.inner.tidy().await
    }

    async fn handoff(
        &self,
        practice: PracticeId,
        hash: &HandoffHash,
        now: Timestamp,
    ) -> Result<Option<HandoffFacts>, StoreError> {
        self.inner.handoff(practice, hash, now).await
    }

    async fn sign_in_code(
        &self,
        practice: PracticeId,
        hash: &CodeHash,
        now: Timestamp,
    ) -> Result<Option<CodeFacts>, StoreError> {
        self.inner.sign_in_code(practice, hash, now).await
    }

    async fn over_sessions(&self, now: Timestamp, most: u32) -> Result<Vec<(PracticeId, SessionHash)>, StoreError> {
        self.inner.over_sessions(now, most).await
    }

    async fn forget_passages(&self, before: Timestamp, most: u32) -> Result<u64, StoreError> {
        self.inner.forget_passages(before, most).await
    }
}

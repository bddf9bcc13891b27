//! All changes of a commit, sorted by kind.

use portal_domain::{
    change::{Change, Decision, KeyOwner, Which},
    contact::Contact,
    email::LoginKey,
    erasure::Erasure,
    event::Event,
    handoff::Handoff,
    id::{
        ApiKeyId, ClientId, ContactId, HandoffId, JobId, LinkId, LoginId, SessionId, SignInCodeId, UserId, ViewingId,
        WebhookId, WorkspaceSessionId,
    },
    job::{Job, JobRow, SettledRow},
    link::Link,
    login::Login,
    message::Message,
    practice::{ApiKey, Client, Practice, PracticeUser},
    session::{PortalSession, ProfileId, WorkspaceSession},
    sign_in_code::SignInCode,
    staff::{StaffCredential, StaffLink},
    throttle::{BucketName, CountedTry},
    time::Timestamp,
    viewing::Viewing,
    webhook::{Webhook, WebhookDelivery},
};

/// Every list in the order of the decisions, but for keys, which are in their own.
#[derive(Default)]
pub(crate) struct Work<'a> {
    pub(crate) practices: Vec<&'a Practice>,
    /// Whether the practice has to be the first one.
    pub(crate) first: bool,
    pub(crate) users: Vec<&'a PracticeUser>,
    pub(crate) deleted_users: Vec<UserId>,
    pub(crate) clients: Vec<&'a Client>,
    pub(crate) deleted_clients: Vec<ClientId>,
    pub(crate) contacts: Vec<&'a Contact>,
    /// With the time of the decision, where it tells one.
    pub(crate) deleted_contacts: Vec<(ContactId, Option<Timestamp>)>,
    /// With whether it was a stranger's.
    pub(crate) remembered: Vec<(ContactId, &'a LoginKey, bool)>,
    pub(crate) logins: Vec<&'a Login>,
    /// With the time of the decision, where it tells one.
    pub(crate) deleted_logins: Vec<(LoginId, Option<Timestamp>)>,
    pub(crate) released: Vec<&'a LoginKey>,
    pub(crate) claimed: Vec<(&'a LoginKey, KeyOwner)>,
    pub(crate) opened_links: Vec<&'a Link>,
    pub(crate) used_links: Vec<(LinkId, Timestamp)>,
    /// With the number of days.
    pub(crate) reminded: Vec<(LinkId, u32)>,
    pub(crate) ended_links_of: Vec<(LoginId, Timestamp)>,
    pub(crate) ended_links: Vec<(LinkId, Timestamp)>,
    pub(crate) opened_sessions: Vec<&'a PortalSession>,
    pub(crate) ended_sessions: Vec<(LoginId, Which, Timestamp)>,
    /// With the time of use and the new idle limit.
    pub(crate) touched: Vec<(SessionId, Timestamp, Timestamp)>,
    pub(crate) selected: Vec<(SessionId, ProfileId)>,
    pub(crate) handoffs: Vec<&'a Handoff>,
    pub(crate) used_handoffs: Vec<(HandoffId, Timestamp)>,
    pub(crate) all_handoffs_ended: Option<Timestamp>,
    pub(crate) codes: Vec<&'a SignInCode>,
    pub(crate) used_codes: Vec<(SignInCodeId, Timestamp)>,
    pub(crate) told: Vec<SessionId>,
    pub(crate) opened_workspace: Vec<&'a WorkspaceSession>,
    pub(crate) ended_workspace: Vec<(UserId, Which<WorkspaceSessionId>, Timestamp)>,
    /// With the time of use and the new idle limit.
    pub(crate) touched_workspace: Vec<(WorkspaceSessionId, Timestamp, Timestamp)>,
    pub(crate) dropped_staff: Vec<UserId>,
    pub(crate) staff_credentials: Vec<(UserId, &'a StaffCredential)>,
    pub(crate) opened_staff_links: Vec<&'a StaffLink>,
    pub(crate) used_staff_links: Vec<(LinkId, Timestamp)>,
    pub(crate) ended_staff_links: Vec<(UserId, Which<LinkId>, Timestamp)>,
    pub(crate) opened_viewings: Vec<&'a Viewing>,
    pub(crate) ended_viewings: Vec<(ViewingId, Timestamp)>,
    pub(crate) granted_viewing: Vec<UserId>,
    pub(crate) revoked_viewing: Vec<UserId>,
    pub(crate) api_keys: Vec<&'a ApiKey>,
    pub(crate) revoked: Vec<(ApiKeyId, Timestamp)>,
    pub(crate) forgotten: Vec<BucketName>,
    pub(crate) lifted: Vec<(&'a LoginKey, Timestamp)>,
    pub(crate) given_back: Vec<&'a CountedTry>,
    pub(crate) webhooks: Vec<&'a Webhook>,
    /// With the version seen.
    pub(crate) deleted_webhooks: Vec<(WebhookId, i64)>,
    pub(crate) pushed: Vec<&'a WebhookDelivery>,
    pub(crate) jobs: Vec<&'a Job>,
    pub(crate) staged: Vec<(JobId, &'a JobRow)>,
    pub(crate) restarted: Vec<(JobId, u32)>,
    pub(crate) settled: Vec<(JobId, &'a SettledRow)>,
    pub(crate) erased: Vec<&'a Erasure>,
    pub(crate) messages: Vec<&'a Message>,
    pub(crate) events: Vec<&'a Event>,
}

impl<'a> Work<'a> {
    pub(crate) fn sort(decisions: &'a [Decision]) -> Self {
        let mut work = Self::default();
        for decision in decisions {
            let at = decision.events.iter().map(|event| event.at).max();
            for change in &decision.changes {
                work.add(change, at);
            }
            work.messages.extend(&decision.messages);
            work.events.extend(&decision.events);
        }
        work.released.sort_unstable();
        work.claimed.sort_unstable();
        work.given_back.sort_by_key(|counted| counted.bucket.name());
        work
    }

    fn add(&mut self, change: &'a Change, decided_at: Option<Timestamp>) {
        match change {
            Change::PutPractice(practice) => self.practices.push(practice),
            Change::BeFirst => self.first = true,
            Change::PutUser(user) => self.users.push(user),
            Change::DeleteUser(user) => self.deleted_users.push(*user),
            Change::PutClient(client) => self.clients.push(client),
            Change::DeleteClient(client) => self.deleted_clients.push(*client),
            Change::PutContact(contact) => self.contacts.push(contact),
            Change::DeleteContact(contact) => self.deleted_contacts.push((*contact, decided_at)),
            Change::Erase(erasure) => self.erased.push(erasure),
            Change::RememberKey { contact, key, wrong } => self.remembered.push((*contact, key, *wrong)),
            Change::PutLogin(login) => self.logins.push(login),
            Change::DeleteLogin(login) => self.deleted_logins.push((*login, decided_at)),
            Change::ReleaseKey(key) => self.released.push(key),
            Change::ClaimKey { key, owner } => self.claimed.push((key, *owner)),
            Change::OpenLink(link) => self.opened_links.push(link),
            Change::UseLink { link, at } => self.used_links.push((*link, *at)),
            Change::NoteReminded { link, days } => self.reminded.push((*link, *days)),
            Change::EndLinks { login, at } => self.ended_links_of.push((*login, *at)),
            Change::EndLink { link, at } => self.ended_links.push((*link, *at)),
            Change::OpenSession(session) => self.opened_sessions.push(session),
            Change::EndSessions { login, which, at } => self.ended_sessions.push((*login, *which, *at)),
            Change::TouchSession { session, at, idle_until } => self.touched.push((*session, *at, *idle_until)),
            Change::SelectProfile { session, profile } => self.selected.push((*session, *profile)),
            Change::LiftSuppression { key, at } => self.lifted.push((key, *at)),
            Change::ForgetTries(name) => self.forgotten.push(*name),
            Change::GiveBack(counted) => self.given_back.push(counted),
            Change::OpenWorkspaceSession(session) => self.opened_workspace.push(session),
            Change::EndWorkspaceSessions { user, which, at } => self.ended_workspace.push((*user, *which, *at)),
            Change::TouchWorkspaceSession { session, at, idle_until } => {
                self.touched_workspace.push((*session, *at, *idle_until));
            }
            Change::PutStaffCredential { user, credential } => self.staff_credentials.push((*user, credential)),
            Change::DropStaffCredential(user) => self.dropped_staff.push(*user),
            Change::OpenStaffLink(link) => self.opened_staff_links.push(link),
            Change::UseStaffLink { link, at } => self.used_staff_links.push((*link, *at)),
            Change::EndStaffLinks { user, which, at } => self.ended_staff_links.push((*user, *which, *at)),
            Change::OpenViewing(viewing) => self.opened_viewings.push(viewing),
            Change::EndViewing { viewing, at } => self.ended_viewings.push((*viewing, *at)),
            Change::GrantViewing(user) => self.granted_viewing.push(*user),
            Change::RevokeViewing(user) => self.revoked_viewing.push(*user),
            Change::OpenHandoff(handoff) => self.handoffs.push(handoff),
            Change::UseHandoff { handoff, at } => self.used_handoffs.push((*handoff, *at)),
            Change::EndHandoffs { at } => self.all_handoffs_ended = Some(*at),
            Change::IssueCode(code) => self.codes.push(code),
            Change::UseCode { code, at } => self.used_codes.push((*code, *at)),
            Change::TellSession(session) => self.told.push(*session),
            Change::AddApiKey(key) => self.api_keys.push(key),
            Change::RevokeApiKey { key, at } => self.revoked.push((*key, *at)),
            Change::PutWebhook(webhook) => self.webhooks.push(webhook),
            Change::DeleteWebhook { webhook, version } => self.deleted_webhooks.push((*webhook, *version)),
            Change::LogDelivery(delivery) => self.pushed.push(delivery),
            Change::PutJob(job) => self.jobs.push(job),
            Change::StageRows { job, rows } => self.staged.extend(rows.iter().map(|row| (*job, row))),
            Change::SettleRows { job, rows } => self.settled.extend(rows.iter().map(|row| (*job, row))),
            Change::RestartRows { job, most } => self.restarted.push((*job, *most)),
        }
    }
}

/// One column of many rows.
pub(crate) fn column<R, T>(rows: &[R], of: impl Fn(&R) -> T) -> Vec<T> {
    rows.iter().map(of).collect()
}

/// One column of many rows that are held elsewhere, and may lend what is in it.
pub(crate) fn lent<'a, R, T>(rows: &[&'a R], of: impl Fn(&'a R) -> T) -> Vec<T> {
    rows.iter().map(|row| of(row)).collect()
}

//! Decisions, sorted by kind of change and made ready for their statements by whoever commits them,
//! so that the writer has nothing to do but to run them.

use std::collections::{BTreeMap, BTreeSet};

use portal_domain::{
    change::{Aggregate, Change, Decision},
    contact::Contact,
    erasure::Erasure,
    id::{JobId, PracticeId},
    port::Receipt,
    throttle::CountedTry,
    time::Timestamp,
};
use serde::Serialize;

use super::rows::{
    ApiKeyRow, AtRow, ClaimRow, ClientRow, ContactClientRow, ContactRow, EmailRow, EndSessionsRow, EventRow,
    FormerKeyRow, GuardRow, LinkRow, LoginRow, MessageRow, PracticeRow, ProfileRow, RemindedRow, SessionRow, TouchRow,
    UserRow, practice_bytes,
};
use super::{
    passages::{PassageRows, Passages},
    staff::{Staff, StaffRows},
    viewing::{ViewingRows, Viewings},
    workspace::WorkspaceRows,
};
use crate::{
    encode::{Hex, HexBytes, Rows, hex},
    jobs::{JobRows, PutRow, SettleRow, StageRow},
    returns::LiftRow,
    webhooks,
};

/// What a commit writes, in rows.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(super) practice: Vec<u8>,
    pub(super) guards: Guards,
    pub(super) practices: Put,
    /// Whether the practice has to be the first one.
    pub(super) first: bool,
    pub(super) use_links: Rows,
    pub(super) reminded: Rows,
    pub(super) released: Rows,
    pub(super) deleted_logins: Rows,
    pub(super) deleted_users: Rows,
    pub(super) deleted_contacts: Rows,
    pub(super) deleted_clients: Rows,
    pub(super) claimed: Rows,
    pub(super) users: Put,
    pub(super) clients: Put,
    pub(super) logins: Put,
    pub(super) contacts: Put,
    pub(super) lists: Lists,
    pub(super) former_keys: Rows,
    pub(super) end_links: Rows,
    pub(super) end_link: Rows,
    pub(super) end_sessions: Rows,
    pub(super) touches: Rows,
    pub(super) profiles: Rows,
    pub(super) open_links: Rows,
    pub(super) open_sessions: Rows,
    pub(super) passages: Passages,
    pub(super) workspace: Workspace,
    pub(super) staff: Staff,
    pub(super) viewings: Viewings,
    pub(super) api_keys: Rows,
    pub(super) revoked: Rows,
    pub(super) forgotten: Rows,
    pub(super) lifted: Rows,
    pub(super) given_back: Vec<CountedTry>,
    pub(super) webhooks: webhooks::Written,
    pub(super) jobs: JobRows,
    pub(super) erased: Vec<Erasure>,
    pub(super) messages: Rows,
    pub(super) events: Rows,
    pub(super) receipt: Option<Receipt>,
    /// The latest time that the commit tells of.
    pub(super) told_at: Option<i64>,
}

/// Aggregates with the versions that were relied upon.
#[derive(Debug)]
pub(super) struct Guards {
    pub(super) practices: Rows,
    pub(super) users: Rows,
    pub(super) clients: Rows,
    pub(super) contacts: Rows,
    pub(super) logins: Rows,
}

/// Rows of aggregates: those that are new, and those that take the place of the version before.
#[derive(Debug)]
pub(super) struct Put {
    pub(super) new: Rows,
    pub(super) replaced: Rows,
}

/// Sessions of the workspace.
#[derive(Debug)]
pub(super) struct Workspace {
    pub(super) ended: Rows,
    pub(super) touched: Rows,
    pub(super) opened: Rows,
}

/// What hangs on contacts that are put.
#[derive(Debug)]
pub(super) struct Lists {
    /// The contacts that have lists already.
    pub(super) replaced: Rows,
    pub(super) emails: Rows,
    pub(super) clients: Rows,
}

impl Plan {
    pub(crate) fn new(practice: PracticeId, decisions: &[Decision], receipt: Option<&Receipt>) -> Self {
        let mut sorted = Sorted::default();
        for decision in decisions {
            sorted.guard(decision);
            decision.changes.iter().for_each(|change| sorted.change(change));
            sorted.messages.extend(decision.messages.iter().map(MessageRow::new));
            sorted.events.extend(decision.events.iter().map(EventRow::new));
        }
        let told_at = decisions.iter().flat_map(|decision| &decision.events).map(|event| event.at.as_micros()).max();
        sorted.into_plan(practice_bytes(practice), receipt.cloned(), told_at)
    }
}

#[derive(Default)]
struct Sorted<'a> {
    guards: [BTreeSet<GuardRow>; 5],
    practices: Pair<PracticeRow<'a>>,
    first: bool,
    use_links: Vec<AtRow>,
    reminded: Vec<RemindedRow>,
    released: BTreeSet<&'a str>,
    deleted_logins: Vec<Hex>,
    deleted_users: Vec<Hex>,
    deleted_contacts: Vec<Hex>,
    deleted_clients: Vec<Hex>,
    claimed: Vec<ClaimRow<'a>>,
    users: Pair<UserRow<'a>>,
    clients: Pair<ClientRow<'a>>,
    logins: Pair<LoginRow<'a>>,
    contacts: Pair<ContactRow<'a>>,
    with_lists: Vec<Hex>,
    emails: Vec<EmailRow<'a>>,
    contact_clients: Vec<ContactClientRow>,
    former_keys: Vec<FormerKeyRow<'a>>,
    end_links: Vec<AtRow>,
    end_link: Vec<AtRow>,
    end_sessions: Vec<EndSessionsRow>,
    touches: BTreeMap<Hex, (i64, i64)>,
    profiles: Vec<ProfileRow>,
    open_links: Vec<LinkRow<'a>>,
    open_sessions: Vec<SessionRow<'a>>,
    passages: PassageRows<'a>,
    workspace: WorkspaceRows<'a>,
    staff: StaffRows<'a>,
    viewings: ViewingRows,
    api_keys: Vec<ApiKeyRow<'a>>,
    revoked: Vec<AtRow>,
    forgotten: Vec<HexBytes<32>>,
    lifted: Vec<LiftRow>,
    given_back: Vec<CountedTry>,
    webhooks: webhooks::Written,
    jobs: Pair<PutRow<'a>>,
    staged: Vec<StageRow<'a>>,
    restarted: Vec<(JobId, u32)>,
    settled: Vec<SettleRow<'a>>,
    erased: Vec<Erasure>,
    messages: Vec<MessageRow<'a>>,
    events: Vec<EventRow<'a>>,
}

impl<'a> Sorted<'a> {
    fn guard(&mut self, decision: &Decision) {
        for expect in &decision.expect {
            let (kind, id) = match expect.what {
                Aggregate::Practice(id) => (0, hex(id)),
                Aggregate::User(id) => (1, hex(id)),
                Aggregate::Client(id) => (2, hex(id)),
                Aggregate::Contact(id) => (3, hex(id)),
                Aggregate::Login(id) => (4, hex(id)),
            };
            // The file has one writer at a time, so what is looked at is held like what changes.
            self.guards[kind].insert(GuardRow { id, version: expect.version });
        }
    }

    fn change(&mut self, change: &'a Change) {
        match change {
            Change::PutPractice(practice) => self.practices.push(practice.version, PracticeRow::new(practice)),
            Change::BeFirst => self.first = true,
            Change::PutUser(user) => self.users.push(user.version, UserRow::new(user)),
            Change::DeleteUser(user) => self.deleted_users.push(hex(*user)),
            Change::PutClient(client) => self.clients.push(client.version, ClientRow::new(client)),
            Change::DeleteClient(client) => self.deleted_clients.push(hex(*client)),
            Change::PutContact(contact) => self.contact(contact),
            Change::DeleteContact(contact) => self.deleted_contacts.push(hex(*contact)),
            Change::Erase(erasure) => self.erased.push(Erasure::clone(erasure)),
            Change::RememberKey { contact, key, wrong } => {
                self.former_keys.push(FormerKeyRow { contact: hex(*contact), key: key.as_str(), wrong: *wrong });
            }
            Change::PutLogin(login) => self.logins.push(login.version, LoginRow::new(login)),
            Change::DeleteLogin(login) => self.deleted_logins.push(hex(*login)),
            Change::ReleaseKey(key) => drop(self.released.insert(key.as_str())),
            Change::ClaimKey { key, owner } => self.claimed.push(ClaimRow::new(key.as_str(), *owner)),
            Change::OpenLink(link) => self.open_links.push(LinkRow::new(link)),
            Change::UseLink { link, at: time } => self.use_links.push(at(hex(*link), *time)),
            Change::NoteReminded { link, days } => self.reminded.push(RemindedRow { id: hex(*link), days: *days }),
            Change::EndLinks { login, at: time } => self.end_links.push(at(hex(*login), *time)),
            Change::EndLink { link, at: time } => self.end_link.push(at(hex(*link), *time)),
            Change::OpenSession(session) => self.open_sessions.push(SessionRow::new(session)),
            Change::EndSessions { login, which, at } => {
                self.end_sessions.push(EndSessionsRow::new(*login, *which, *at));
            }
            Change::TouchSession { session, at, idle_until } => {
                let touch = (at.as_micros(), idle_until.as_micros());
                let latest = self.touches.entry(hex(*session)).or_insert(touch);
                *latest = (*latest).max(touch);
            }
            Change::SelectProfile { session, profile } => {
                let (contact, client) = (hex(profile.contact), hex(profile.client));
                self.profiles.push(ProfileRow { id: hex(*session), contact, client });
            }
            Change::LiftSuppression { key, at } => {
                self.lifted.push(LiftRow { key: key.as_str().to_owned(), at: at.as_micros() });
            }
            Change::ForgetTries(name) => self.forgotten.push(HexBytes(name.0)),
            Change::GiveBack(counted) => self.given_back.push(*counted),
            Change::OpenWorkspaceSession(session) => self.workspace.open(session),
            Change::EndWorkspaceSessions { user, which, at } => self.workspace.end(*user, *which, *at),
            Change::TouchWorkspaceSession { session, at, idle_until } => {
                self.workspace.touch(*session, *at, *idle_until);
            }
            Change::PutStaffCredential { user, credential } => self.staff.put_credential(*user, credential),
            Change::DropStaffCredential(user) => self.staff.drop_credential(*user),
            Change::OpenStaffLink(link) => self.staff.open_link(link),
            Change::UseStaffLink { link, at } => self.staff.use_link(*link, *at),
            Change::EndStaffLinks { user, which, at } => self.staff.end_links(*user, *which, *at),
            Change::OpenViewing(viewing) => self.viewings.open(viewing),
            Change::EndViewing { viewing, at } => self.viewings.end(*viewing, *at),
            Change::GrantViewing(user) => self.viewings.grant(*user),
            Change::RevokeViewing(user) => self.viewings.revoke(*user),
            Change::OpenHandoff(handoff) => self.passages.hand_over(handoff),
            Change::UseHandoff { handoff, at } => self.passages.use_handoff(*handoff, *at),
            Change::EndHandoffs { at } => self.passages.end_all(*at),
            Change::IssueCode(code) => self.passages.issue(code),
            Change::UseCode { code, at } => self.passages.use_code(*code, *at),
            Change::TellSession(session) => self.passages.tell(*session),
            Change::AddApiKey(key) => self.api_keys.push(ApiKeyRow::new(key)),
            Change::RevokeApiKey { key, at: time } => self.revoked.push(at(hex(*key), *time)),
            Change::PutWebhook(webhook) => self.webhooks.put(webhook),
            Change::DeleteWebhook { webhook, version } => self.webhooks.delete(*webhook, *version),
            Change::LogDelivery(delivery) => self.webhooks.log(delivery),
            Change::PutJob(job) => self.jobs.push(job.version, PutRow::new(job)),
            Change::StageRows { job, rows } => self.staged.extend(rows.iter().map(|row| StageRow::new(*job, row))),
            Change::SettleRows { job, rows } => self.settled.extend(rows.iter().map(|row| SettleRow::new(*job, row))),
            Change::RestartRows { job, most } => self.restarted.push((*job, *most)),
        }
    }

    fn contact(&mut self, contact: &'a Contact) {
        let id = hex(contact.id);
        if contact.version > 1 {
            self.with_lists.push(id);
        }
        self.contacts.push(contact.version, ContactRow::new(contact));
        self.emails.extend(contact.emails.iter().enumerate().map(|(position, email)| EmailRow {
            contact: id,
            position,
            address: email.as_str(),
            removed: email.removed(),
            key: email.key().as_str(),
        }));
        let clients = contact.clients.iter().map(|client| ContactClientRow { contact: id, client: hex(*client) });
        self.contact_clients.extend(clients);
    }

    fn into_plan(mut self, practice: Vec<u8>, receipt: Option<Receipt>, told_at: Option<i64>) -> Plan {
        self.claimed.sort_unstable();
        let [practices, users, clients, contacts, logins] = self.guards.map(all);
        let touches = self.touches.into_iter().map(|(id, (at, idle_until))| TouchRow { id, at, idle_until });
        Plan {
            practice,
            guards: Guards { practices, users, clients, contacts, logins },
            practices: self.practices.put(),
            first: self.first,
            use_links: Rows::of(&self.use_links),
            reminded: Rows::of(&self.reminded),
            released: all(self.released),
            deleted_logins: Rows::of(&self.deleted_logins),
            deleted_users: Rows::of(&self.deleted_users),
            deleted_contacts: Rows::of(&self.deleted_contacts),
            deleted_clients: Rows::of(&self.deleted_clients),
            claimed: Rows::of(&self.claimed),
            users: self.users.put(),
            clients: self.clients.put(),
            logins: self.logins.put(),
            contacts: self.contacts.put(),
            lists: Lists {
                replaced: Rows::of(&self.with_lists),
                emails: Rows::of(&self.emails),
                clients: Rows::of(&self.contact_clients),
            },
            former_keys: Rows::of(&self.former_keys),
            end_links: Rows::of(&self.end_links),
            end_link: Rows::of(&self.end_link),
            end_sessions: Rows::of(&self.end_sessions),
            touches: all(touches),
            profiles: Rows::of(&self.profiles),
            open_links: Rows::of(&self.open_links),
            open_sessions: Rows::of(&self.open_sessions),
            passages: self.passages.ready(),
            workspace: self.workspace.ready(),
            staff: self.staff.ready(),
            viewings: self.viewings.ready(),
            api_keys: Rows::of(&self.api_keys),
            revoked: Rows::of(&self.revoked),
            forgotten: Rows::of(&self.forgotten),
            lifted: Rows::of(&self.lifted),
            given_back: self.given_back,
            webhooks: self.webhooks,
            jobs: JobRows {
                new: Rows::of(&self.jobs.new),
                replaced: Rows::of(&self.jobs.replaced),
                staged: Rows::of(&self.staged),
                restarted: self.restarted,
                settled: Rows::of(&self.settled),
            },
            erased: self.erased,
            messages: Rows::of(&self.messages),
            events: Rows::of(&self.events),
            receipt,
            told_at,
        }
    }
}

fn at(id: Hex, time: Timestamp) -> AtRow {
    AtRow { id, at: time.as_micros() }
}

fn all<T: Serialize>(rows: impl IntoIterator<Item = T>) -> Rows {
    Rows::of(&rows.into_iter().collect::<Vec<_>>())
}

struct Pair<R> {
    new: Vec<R>,
    replaced: Vec<R>,
}

impl<R> Default for Pair<R> {
    fn default() -> Self {
        Self { new: Vec::new(), replaced: Vec::new() }
    }
}

impl<R: Serialize> Pair<R> {
    fn push(&mut self, version: i64, row: R) {
        if version > 1 { self.replaced.push(row) } else { self.new.push(row) }
    }

    fn put(&self) -> Put {
        Put { new: Rows::of(&self.new), replaced: Rows::of(&self.replaced) }
    }
}

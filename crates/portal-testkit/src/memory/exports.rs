use std::{collections::BTreeSet, sync::Arc};

use async_trait::async_trait;
use portal_domain::{
    email::LoginKey,
    export::{
        ApiKeyRecord, ContactRecord, DossierFacts, EventRecord, HandoffRecord, ImportedRow, JobRecord, JobRowRecord,
        Line, LinkRecord, LoginRecord, MessageRecord, Part, PartPage, PasswordRecord, ProfileRecord, SessionRecord,
        SignInCodeRecord, TryRecord, UserRecord, When, WorkspaceSessionRecord,
    },
    facts::{ContactQuery, ContactSelector},
    handoff::Handoff,
    id::{ContactId, PracticeId, Ref},
    job::JobRow,
    journal::{Mark, SealedEvent},
    link::Link,
    login::Login,
    port::{Exports, Snapshot, StoreError},
    practice::Practice,
    session::{PortalSession, WorkspaceSession},
    sign_in_code::SignInCode,
    throttle::TryMarks,
    time::Timestamp,
};

use super::{
    MemoryStore,
    fault::{Fault, Faults},
    read::Reader,
    state::{StoredRow, Tenant, Told},
};

#[async_trait]
impl Exports for MemoryStore {
    async fn open_export(&self, practice: PracticeId) -> Result<Option<Box<dyn Snapshot>>, StoreError> {
        let found = self.see(|state| state.tenants.get(&practice).cloned());
        Ok(found.map(|tenant| Box::new(View { tenant, faults: self.faults }) as Box<dyn Snapshot>))
    }

    async fn dossier(
        &self,
        practice: PracticeId,
        contact: &Ref,
        marks: &TryMarks,
        now: Timestamp,
    ) -> Result<Option<DossierFacts>, StoreError> {
        Ok(self.read(practice, now, |reader| dossier(reader, contact, marks)).flatten())
    }
}

/// A practice as it was: commits work on copies.
struct View {
    tenant: Arc<Tenant>,
    faults: Faults,
}

#[async_trait]
impl Snapshot for View {
    fn practice(&self) -> &Practice {
        &self.tenant.practice
    }

    fn schema(&self) -> i64 {
        0
    }

    fn journal_head(&self) -> Option<Mark> {
        self.tenant.head.as_ref().map(|head| head.last)
    }

    fn unsealed(&self) -> u64 {
        self.tenant.events.iter().filter(|told| told.seal.is_none()).count() as u64
    }

    fn lines(&self) -> u64 {
        self.tenant.events.len() as u64
    }

    async fn page(&mut self, part: Part, page: &PartPage) -> Result<Vec<Line>, StoreError> {
        let mut lines = self.part(part, page.now);
        lines.sort_by_key(Line::place);
        lines.retain(|line| page.after.is_none() || line.place() > page.after);
        lines.truncate(page.limit as usize);
        Ok(lines)
    }
}

impl View {
    fn part(&self, part: Part, now: Timestamp) -> Vec<Line> {
        let it = &*self.tenant;
        match part {
            Part::Users => it.users.values().map(|it| Line::PracticeUser(UserRecord::from(it.clone()))).collect(),
            Part::Clients => it.clients.values().map(|it| Line::Client(it.clone().into())).collect(),
            Part::Logins => it.logins.values().map(|it| Line::Login(login(it))).collect(),
            Part::Contacts => self.contacts(now),
            Part::Messages => {
                it.messages.values().map(|it| Line::Message(MessageRecord::from(it.delivery()))).collect()
            }
            Part::Links => it.links.values().map(|of| Line::Link(link(it, of))).collect(),
            Part::Sessions => it.sessions.values().map(|it| Line::Session(session(it))).collect(),
            Part::WorkspaceSessions => {
                it.workspace_sessions.values().map(|it| Line::WorkspaceSession(workspace_session(it))).collect()
            }
            Part::Handoffs => it.handoffs.values().map(|it| Line::Handoff(handoff(it))).collect(),
            Part::SignInCodes => it.codes.values().map(|it| Line::SignInCode(code(it))).collect(),
            Part::SignInTries => it.tries.values().map(|it| Line::SignInTry(it.clone().into())).collect(),
            Part::Events => it.events.iter().filter_map(sealed).collect(),
            Part::Webhooks => it.webhooks.values().map(|it| Line::Webhook(it.clone().into())).collect(),
            Part::WebhookDeliveries => {
                it.deliveries.values().map(|it| Line::WebhookDelivery(it.clone().into())).collect()
            }
            Part::ApiKeys => it.api_keys.values().map(|it| Line::ApiKey(ApiKeyRecord::from(it.clone()))).collect(),
            Part::Jobs => it.jobs.values().map(|it| Line::Job(JobRecord::from(it.clone()))).collect(),
            Part::JobRows => {
                let row = |((job, _), StoredRow { row, .. }): (&(_, i64), &StoredRow)| {
                    Line::JobRow(JobRowRecord::of(*job, JobRow::clone(row)))
                };
                it.job_rows.iter().map(row).collect()
            }
        }
    }

    fn contacts(&self, now: Timestamp) -> Vec<Line> {
        let reader = Reader { tenant: &self.tenant, now, faults: self.faults };
        let record = |id: &ContactId| {
            let facts = reader.contact(&query(ContactSelector::Id(*id)));
            ContactRecord::of(&self.tenant.practice, &facts, now).map(Line::Contact)
        };
        let skipped = usize::from(self.faults.has(Fault::ExportForgets));
        self.tenant.contacts.keys().skip(skipped).filter_map(record).collect()
    }
}

const fn query(contact: ContactSelector) -> ContactQuery {
    ContactQuery { contact, keys: Vec::new(), clients: Vec::new() }
}

fn dossier(reader: &Reader<'_>, reference: &Ref, marks: &TryMarks) -> Option<DossierFacts> {
    let tenant = reader.tenant;
    let facts = reader.contact(&query(ContactSelector::Ref(reference.clone())));
    let (contact, behind) = facts.contact.as_ref().map(|contact| (contact.id, contact.login))?;
    let mut posts: Vec<_> =
        tenant.messages.values().filter(|post| post.message.about.contact() == Some(contact)).collect();
    posts.sort_by_key(|post| post.place);
    let foreign = reader.faults.has(Fault::DossierNamesOthers);
    let key = facts.login.as_ref().and_then(|facts| facts.login.key.as_ref());
    let key = key.filter(|key| !of_others(tenant, contact, key));
    let own: BTreeSet<_> = key.into_iter().flat_map(|key| marks.all(key)).collect();
    let mut tries: Vec<_> = tenant.tries.values().filter(|it| foreign || own.contains(&it.noted.mark)).collect();
    tries.sort_by_key(|it| (it.noted.at, it.noted.id));
    let events = tenant.events.iter().filter(|told| told.seal.is_some() && told.event.subject.contact == Some(contact));
    let mut events: Vec<_> = events.map(|told| told.event.clone()).collect();
    events.sort_by_key(|event| event.number);
    let named = tenant.job_rows.iter().filter(|(_, stored)| stored.row.reference == reference.as_str());
    let gone = tenant.gone.values().filter(|(known, _)| known == reference).map(|(_, at)| *at).max();
    let since = gone.filter(|_| !reader.faults.has(Fault::FormerRowsShown));
    let rows = named.filter_map(|((job, _), stored)| {
        let outcome = stored.row.settled.as_ref().map(|settled| settled.outcome.clone());
        let at = tenant.jobs.get(job).map(|job| job.created_at).filter(|at| since.is_none_or(|since| *at > since));
        let at = When(at?);
        Some(ImportedRow { job: *job, at, content: stored.row.content.clone(), outcome })
    });
    let another = |login, other: Option<ContactId>| {
        behind.is_some_and(|it| login == Some(it)) && other.is_some_and(|it| it != contact)
    };
    let told = !reader.faults.has(Fault::SharingForgotten);
    let told = |told_of: &Told| told && another(told_of.event.subject.login, told_of.event.subject.contact);
    let left = !reader.faults.has(Fault::LeftSessionsForgotten);
    let chose = |it: &PortalSession| left && it.profile.is_some_and(|profile| profile.contact == contact);
    Some(DossierFacts {
        practice: tenant.practice.clone(),
        login_was_shared: tenant
            .messages
            .values()
            .any(|it| another(it.message.about.login(), it.message.about.contact()))
            || tenant.events.iter().any(told),
        messages: posts.into_iter().map(|post| MessageRecord::from(post.delivery())).collect(),
        links: tenant.links.values().filter(|it| it.contact == contact).map(|it| link(tenant, it)).collect(),
        sessions: tenant.sessions.values().filter(|it| Some(it.login) == behind || chose(it)).map(session).collect(),
        handoffs: tenant.handoffs.values().filter(|it| it.contact == contact).map(handoff).collect(),
        sign_in_codes: tenant.codes.values().filter(|it| it.profile.contact == contact).map(code).collect(),
        tries: tries.into_iter().cloned().map(TryRecord::from).collect(),
        rows: rows.collect(),
        events,
        contact: facts,
    })
}

/// Whether another contact has or had a key, or a practice user has it.
fn of_others(tenant: &Tenant, contact: ContactId, key: &LoginKey) -> bool {
    let has = tenant.contacts.values().any(|it| it.id != contact && it.emails.iter().any(|email| email.key() == key));
    let had = tenant.former.iter().any(|(id, keys)| *id != contact && keys.contains(key));
    has || had || tenant.users.values().any(|user| user.email.key() == key)
}

fn login(it: &Login) -> LoginRecord {
    let password = it.credential.as_ref().map(|credential| PasswordRecord {
        set_at: When(credential.set_at),
        confirmed_at: credential.confirmed_at.as_ref().map(|key| key.as_str().to_owned()),
    });
    LoginRecord { id: it.id, key: it.key.as_ref().map(|key| key.as_str().to_owned()), password }
}

fn link(tenant: &Tenant, it: &Link) -> LinkRecord {
    let opened = tenant.opened.get(&it.id);
    LinkRecord {
        id: it.id,
        login: it.login,
        contact: it.contact,
        purpose: it.purpose,
        address: it.address.as_str().to_owned(),
        created_at: When(it.created_at),
        expires_at: When(it.expires_at),
        used_at: it.used_at.map(When),
        ended_at: it.ended_at.map(When),
        opened_at: opened.map(|opened| When(opened.first)),
        last_opened_at: opened.map(|opened| When(opened.last)),
    }
}

fn session(it: &PortalSession) -> SessionRecord {
    SessionRecord {
        id: it.id,
        login: it.login,
        profile: it.profile.map(ProfileRecord::from),
        factors: it.factors.clone(),
        told: it.told,
        origin: it.origin.clone(),
        user_agent: it.user_agent.clone(),
        signed_in_at: When(it.created_at),
        last_seen_at: When(it.last_seen_at),
        idle_until: When(it.idle_until),
        expires_at: When(it.expires_at),
        ended_at: it.ended_at.map(When),
    }
}

fn workspace_session(it: &WorkspaceSession) -> WorkspaceSessionRecord {
    WorkspaceSessionRecord {
        id: it.id,
        user: it.user,
        origin: it.origin.clone(),
        user_agent: it.user_agent.clone(),
        signed_in_at: When(it.created_at),
        last_seen_at: When(it.last_seen_at),
        idle_until: When(it.idle_until),
        expires_at: When(it.expires_at),
        ended_at: it.ended_at.map(When),
    }
}

fn handoff(it: &Handoff) -> HandoffRecord {
    HandoffRecord {
        id: it.id,
        login: it.login,
        contact: it.contact,
        client: it.client,
        landing: it.landing,
        created_at: When(it.created_at),
        expires_at: When(it.expires_at),
        used_at: it.used_at.map(When),
        ended_at: it.ended_at.map(When),
    }
}

fn code(it: &SignInCode) -> SignInCodeRecord {
    SignInCodeRecord {
        id: it.id,
        session: it.session,
        profile: it.profile.into(),
        name: it.name.clone(),
        address: it.address.clone(),
        created_at: When(it.created_at),
        expires_at: When(it.expires_at),
        used_at: it.used_at.map(When),
    }
}

fn sealed(told: &Told) -> Option<Line> {
    let (seal, key) = told.seal.clone()?;
    let salt = told.event.personal.is_some().then_some(told.salt);
    Some(Line::Event(EventRecord::from(SealedEvent { event: told.event.clone(), salt, seal, key })))
}

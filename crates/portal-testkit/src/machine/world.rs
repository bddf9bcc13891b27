//! One practice in a real store, driven as HTTP drives it.

use std::{collections::BTreeMap, sync::Arc};

use portal_domain::{
    Refusal,
    decide::PutClient,
    event::{Caller, RecordedEvent},
    id::{ClientId, ContactId, PracticeId, Ref, SessionId, Slug},
    port::{
        Enquiries, Evidence, Jobs, Journal, Operators, Page, PortalStore, PortalViews, Returns, Viewings, Webhooks,
    },
    practice::{self, Practice, Settings},
    session::{ProfileId, SessionToken},
    time::Timestamp,
    usecase::{
        CallContext, ChangePassword, ContactAnswer, EmailsInput, Error, Portal, PutContactInput, PutUserInput,
        RedeemLink, SignInInput, SignedIn, TRIES_PER_MINUTE,
    },
};

use super::{
    pool::{SPELLINGS, Spelling, decomposed},
    told::{self, Lines},
};
use crate::{
    build,
    conformance::FullStore,
    memory::{PlainHasher, SeededEntropy, TestClock},
    model::{Addr, Cmd, LinkNo, MessageKind, Role, SessionNo, SessionsOnMove, SettingsPatch, SharedLogin},
};

/// The adapters that a history runs on.
#[derive(Clone)]
pub struct Adapters {
    /// Facts and commits.
    pub store: Arc<dyn PortalStore>,
    /// Lists.
    pub views: Arc<dyn PortalViews>,
    /// What anybody asks for.
    pub enquiries: Arc<dyn Enquiries>,
    /// What belongs to no practice.
    pub operators: Arc<dyn Operators>,
    /// Work on many contacts.
    pub jobs: Arc<dyn Jobs>,
    /// Sealing.
    pub journal: Arc<dyn Journal>,
    /// Endpoints of hosts.
    pub webhooks: Arc<dyn Webhooks>,
    /// Looks of staff at the portal.
    pub viewings: Arc<dyn Viewings>,
    /// What a diagnosis looks at.
    pub evidence: Arc<dyn Evidence>,
    /// Messages that reports are about.
    pub returns: Arc<dyn Returns>,
}

impl Adapters {
    /// One store in all parts.
    pub fn over(store: &Arc<dyn FullStore>) -> Self {
        Self {
            store: store.clone(),
            views: store.clone(),
            enquiries: store.clone(),
            jobs: store.clone(),
            operators: store.clone(),
            journal: store.clone(),
            webhooks: store.clone(),
            viewings: store.clone(),
            evidence: store.clone(),
            returns: store.clone(),
        }
    }
}

/// A practice, and what is remembered of it: the secrets that mails and cookies carried.
pub struct World {
    /// The use cases.
    pub portal: Portal,
    /// Lists of the store.
    pub views: Arc<dyn PortalViews>,
    /// The clock, shared by all practices of a history.
    pub clock: Arc<TestClock>,
    /// The calls of this practice.
    pub context: CallContext,
    /// The token of every link, in the order in which they were made.
    pub links: Vec<String>,
    /// The token of every session, in the order in which they began.
    pub sessions: Vec<(SessionToken, SessionId)>,
    /// Every message, in order.
    pub messages: Vec<Mail>,
    pub(super) people: BTreeMap<ContactId, i64>,
    pub(super) journal: i64,
}

/// A message that was queued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// Its kind.
    pub kind: MessageKind,
    /// The stored address.
    pub to: String,
    /// The link it carries.
    pub link: Option<LinkNo>,
}

/// What a deed answered, and for commands about a contact the whole outcome.
pub(super) type Done = (Lines, Option<ContactAnswer>);

impl World {
    /// A new practice of this name in the store.
    pub async fn open(adapters: &Adapters, clock: &Arc<TestClock>, slug: &str, seed: u64) -> Result<Self, Error> {
        let portal = Portal {
            store: adapters.store.clone(),
            enquiries: adapters.enquiries.clone(),
            operators: adapters.operators.clone(),
            jobs: adapters.jobs.clone(),
            journal: adapters.journal.clone(),
            webhooks: adapters.webhooks.clone(),
            viewings: adapters.viewings.clone(),
            evidence: adapters.evidence.clone(),
            returns: adapters.returns.clone(),
            hasher: Arc::new(PlainHasher::new()),
            clock: clock.clone(),
            entropy: Arc::new(SeededEntropy::new(seed)),
            tokens: build::link_tokens(),
            common_passwords: Arc::default(),
            tries_per_minute: TRIES_PER_MINUTE,
        };
        let context = CallContext::new(Portal::nowhere(), Caller::Program);
        let slug = Slug::parse(slug).expect("a slug");
        let practice = portal.create_practice(&context, &slug, "Elm and Ash").await?;
        Ok(Self {
            portal,
            views: adapters.views.clone(),
            clock: clock.clone(),
            context: CallContext { practice: practice.id, ..context },
            links: Vec::new(),
            sessions: Vec::new(),
            messages: Vec::new(),
            people: BTreeMap::new(),
            journal: 0,
        })
    }

    /// The practice's id.
    pub const fn id(&self) -> PracticeId {
        self.context.practice
    }

    /// The practice's journal after a number, sealed first.
    pub async fn events_after(&self, number: i64) -> Result<Vec<RecordedEvent>, Error> {
        self.portal.seal_waiting(self.id()).await?;
        Ok(self.views.events(self.id(), None, &Page { after: Some(number), limit: 1000 }).await?)
    }

    pub(super) fn now(&self) -> Timestamp {
        self.portal.now()
    }

    pub(super) async fn practice(&self) -> Result<Practice, Error> {
        self.portal.practice(&self.context).await
    }

    /// What the command would answer (M7); nothing where it can't be asked.
    pub(super) async fn preview(&mut self, cmd: &Cmd) -> Result<Option<Done>, Error> {
        let asked = matches!(
            cmd,
            Cmd::PutContact { .. }
                | Cmd::PutEmails { .. }
                | Cmd::Activate { .. }
                | Cmd::Resend { .. }
                | Cmd::Deactivate { .. }
                | Cmd::Reactivate { .. }
                | Cmd::DeleteContact { .. }
        );
        if !asked {
            return Ok(None);
        }
        self.context.preview = true;
        let done = self.perform(cmd).await;
        self.context.preview = false;
        done.map(Some)
    }

    /// Does what the command says. An error is one of the store or of the machine: refusals are answers.
    pub(super) async fn perform(&mut self, cmd: &Cmd) -> Result<Done, Error> {
        match self.attempt(cmd).await {
            Err(Error::Refused(refusal)) => Ok((told::refused(&refusal), None)),
            other => other,
        }
    }

    async fn attempt(&mut self, cmd: &Cmd) -> Result<Done, Error> {
        let (portal, context) = (&self.portal, &self.context);
        let outcome = match cmd {
            Cmd::PutContact { contact, name, emails, clients, join, wrong_address } => {
                let emails = emails.as_ref().map(|emails| input(emails, *join, *wrong_address));
                let clients = clients.as_ref().map(|all| all.iter().map(|client| reference(client)).collect());
                let input = PutContactInput { name: Some(name.clone()), locale: None, clients, emails };
                portal.put_contact(context, &reference(contact), &input).await?
            }
            Cmd::PutEmails { contact, emails, join, wrong_address } => {
                let input = input(emails, *join, *wrong_address);
                portal.put_emails(context, &reference(contact), &input).await?
            }
            Cmd::Activate { contact } => portal.activate(context, &reference(contact)).await?,
            Cmd::Resend { contact } => portal.resend(context, &reference(contact)).await?,
            Cmd::Deactivate { contact } => portal.deactivate(context, &reference(contact)).await?,
            Cmd::Reactivate { contact } => portal.reactivate(context, &reference(contact)).await?,
            Cmd::DeleteContact { contact } => portal.delete_contact(context, &reference(contact)).await?,
            _ => return Ok((self.other(cmd).await?, None)),
        };
        Ok((told::of_contact(&outcome), Some(outcome)))
    }

    /// Commands that are not about one contact.
    async fn other(&mut self, cmd: &Cmd) -> Result<Lines, Error> {
        let (portal, context) = (&self.portal, &self.context);
        Ok(match cmd {
            Cmd::PutUser { user, name, addr, role } => {
                let role = match role {
                    Role::Admin => practice::Role::Admin,
                    Role::Staff => practice::Role::Staff,
                };
                let (name, email) = (name.clone(), typed(addr));
                let input = PutUserInput { reference: reference(user), name, email, role };
                told::plain(portal.put_user(context, &input).await?.2)
            }
            Cmd::DeleteUser { user } => {
                portal.delete_user(context, &reference(user)).await?;
                told::plain(true)
            }
            Cmd::PutClient { client } => {
                let command = PutClient { reference: reference(client), name: client.clone() };
                told::plain(portal.put_client(context, &command).await?.2)
            }
            Cmd::DeleteClient { client } => {
                portal.delete_client(context, &reference(client)).await?;
                told::plain(true)
            }
            Cmd::SuspendClient { client } => {
                told::plain(portal.suspend_client(context, &reference(client), true).await?.1)
            }
            Cmd::ResumeClient { client } => {
                told::plain(portal.suspend_client(context, &reference(client), false).await?.1)
            }
            Cmd::PutSettings(patch) => {
                told::plain(portal.put_settings(context, |settings| patched(settings, patch)).await?.1)
            }
            Cmd::RequestReset { key } => {
                portal.ask_for_reset(context, self.spelled(key)).await?;
                self.decide_enquiries().await?;
                told::accepted()
            }
            Cmd::RenewLink { link } => {
                if !portal.ask_for_renewal(context, self.token(*link)).await? {
                    return Err(Refusal::NotFound { what: "link" }.into());
                }
                self.decide_enquiries().await?;
                told::accepted()
            }
            Cmd::RedeemLink { link, password } => {
                portal.redeem_link(context, &RedeemLink { token: self.token(*link), password }).await?;
                told::plain(true)
            }
            Cmd::SignIn { key, password } => {
                let password = &decomposed(password);
                let email = self.spelled(key);
                let input = SignInInput { email, password, user_agent: None, presented: None, known: None };
                let tried = portal.sign_in(context, &input).await;
                self.forget_enquiries().await?;
                self.began(tried?)
            }
            Cmd::EndSessions { contact } => {
                told::plain(portal.end_contact_sessions(context, &reference(contact)).await? > 0)
            }
            Cmd::EndAllSessions => told::plain(self.end_all_sessions().await? > 0),
            _ => self.in_session(cmd).await?,
        })
    }

    /// Commands that come with a session. HTTP looks at the session before anything else (P3).
    async fn in_session(&mut self, cmd: &Cmd) -> Result<Lines, Error> {
        let (portal, context) = (&self.portal, &self.context);
        Ok(match cmd {
            Cmd::UseSession { session } => {
                portal.use_session(&context.practice.into(), &self.cookie(*session)).await?;
                told::plain(false)
            }
            Cmd::SignOut { session } => {
                if !portal.sign_out(context, &self.cookie(*session)).await? {
                    return Err(Refusal::Unauthorized.into());
                }
                told::plain(true)
            }
            Cmd::SelectProfile { session, contact, client } => {
                let cookie = self.cookie(*session);
                portal.use_session(&context.practice.into(), &cookie).await?;
                let profile = self.profile(contact, client).await?;
                portal.select_profile(context, &cookie, profile).await?;
                told::done()
            }
            Cmd::ChangePassword { session, current, new } => {
                let cookie = self.cookie(*session);
                portal.use_session(&context.practice.into(), &cookie).await?;
                let current = &decomposed(current);
                let command = ChangePassword { session: &cookie, current, new, known: None };
                let signed_in = portal.change_password(context, &command).await?;
                self.began(signed_in)
            }
            Cmd::EndOwnSession { by, target } => {
                let cookie = self.cookie(*by);
                portal.use_session(&context.practice.into(), &cookie).await?;
                let target = self.sessions.get(target.0).map_or(SessionId::from_bytes([9; 16]), |(_, id)| *id);
                told::plain(portal.end_own_sessions(context, &cookie, Some(target)).await? > 0)
            }
            Cmd::EndOtherSessions { by } => {
                let cookie = self.cookie(*by);
                portal.use_session(&context.practice.into(), &cookie).await?;
                told::plain(portal.end_own_sessions(context, &cookie, None).await? > 0)
            }
            other => unreachable!("{other:?} comes without a session"),
        })
    }

    fn began(&mut self, signed_in: SignedIn) -> Lines {
        self.sessions.push((signed_in.token, signed_in.session.id));
        told::signed_in(self.sessions.len() - 1)
    }

    /// What became of a try in vain is told by the tests of M8: here a refusal changes nothing.
    async fn forget_enquiries(&self) -> Result<(), Error> {
        for enquiry in self.portal.enquiries.lease(self.now(), self.now(), 10).await? {
            self.portal.enquiries.settle(enquiry.practice, enquiry.id).await?;
        }
        Ok(())
    }

    /// What a worker does: leases every enquiry, decides it, settles it; twice, since workers repeat themselves.
    async fn decide_enquiries(&self) -> Result<(), Error> {
        let until = self.now().after(std::time::Duration::from_secs(60));
        for enquiry in self.portal.enquiries.lease(self.now(), until, 10).await? {
            self.portal.decide_enquiry(&enquiry).await?;
            self.portal.decide_enquiry(&enquiry).await?;
            self.portal.enquiries.settle(enquiry.practice, enquiry.id).await?;
        }
        Ok(())
    }

    async fn end_all_sessions(&self) -> Result<usize, Error> {
        let mut ended = 0;
        let all = self.views.contacts(self.id(), &super::sight::whole()).await?;
        for contact in all {
            ended += self.portal.end_contact_sessions(&self.context, &contact).await?;
        }
        Ok(ended)
    }

    async fn profile(&self, contact: &str, client: &str) -> Result<ProfileId, Error> {
        let facts = self.portal.contacts(&self.context, &[reference(contact)]).await?;
        let contact = facts.first().and_then(|facts| facts.contact.as_ref());
        let client = self.portal.client(&self.context, &reference(client)).await;
        Ok(ProfileId {
            contact: contact.map_or(ContactId::from_bytes([9; 16]), |contact| contact.id),
            client: client.map_or(ClientId::from_bytes([9; 16]), |client| client.id),
        })
    }

    /// The token of a link; a forged one of the right form where there is no such link.
    pub fn token(&self, link: LinkNo) -> &str {
        self.links.get(link.0).map_or(FORGED, String::as_str)
    }

    /// The cookie of a session; nobody's where there is no such session.
    pub fn cookie(&self, session: SessionNo) -> SessionToken {
        let nobody = || SessionToken::from_entropy([9; 32]);
        self.sessions.get(session.0).map_or_else(nobody, |(token, _)| token.clone())
    }

    /// A key, as somebody types it: each time another of its spellings.
    fn spelled(&self, key: &str) -> &'static str {
        let spellings: Vec<_> = SPELLINGS.iter().filter(|spelling| spelling.key == key).collect();
        let minute = usize::try_from(self.now().as_millis() / 60_000).unwrap_or_default();
        spellings.get(minute % spellings.len().max(1)).map_or("nobody", |spelling| spelling.typed)
    }
}

/// Forty-eight bytes that no server key made.
const FORGED: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

pub(super) fn reference(text: &str) -> Ref {
    Ref::parse(text).expect("a reference of the pool")
}

fn typed(addr: &Addr) -> String {
    Spelling::stored_as(&addr.stored).map_or(addr.stored.clone(), |spelling| spelling.typed.to_owned())
}

/// The list as somebody types it: blanks and repetitions of a key are dropped by F1.
fn input(emails: &[Addr], join: bool, wrong_address: bool) -> EmailsInput {
    let mut all: Vec<String> = vec![" ".to_owned()];
    all.extend(emails.iter().map(typed));
    all.extend(emails.first().and_then(|first| Spelling::of_key(&first.key)).map(|again| again.typed.to_owned()));
    EmailsInput { emails: all, join, wrong_address }
}

fn patched(mut settings: Settings, patch: &SettingsPatch) -> Settings {
    let number = |value: i64| u32::try_from(value).unwrap_or_default();
    if let Some(shared) = patch.shared_login {
        settings.shared_login = match shared {
            SharedLogin::Join => practice::SharedLogin::Join,
            SharedLogin::Refuse => practice::SharedLogin::Refuse,
        };
    }
    if let Some(sessions) = patch.sessions_on_move {
        settings.sessions_on_move = match sessions {
            SessionsOnMove::End => practice::SessionsOnMove::End,
            SessionsOnMove::Keep => practice::SessionsOnMove::Keep,
        };
    }
    settings.activation_link_hours = patch.activation_link_hours.map_or(settings.activation_link_hours, number);
    settings.reset_link_minutes = patch.reset_link_minutes.map_or(settings.reset_link_minutes, number);
    settings.session_idle_minutes = patch.session_idle_minutes.map_or(settings.session_idle_minutes, number);
    settings.session_absolute_hours = patch.session_absolute_hours.map_or(settings.session_absolute_hours, number);
    settings
}

//! The state after a command on a contact, while it is being decided.

mod finish;

use std::collections::{BTreeMap, BTreeSet};

use self::finish::note_contact;
use super::{Moment, outcome::Scene, session::tell_hosts};
use crate::{
    Named, Refusal,
    change::{Aggregate, Change, Decision, Expect, KeyOwner, Reliance, Which},
    contact::{Access, Contact},
    email::{EmailAddress, LoginKey},
    event::{Event, Subject},
    facts::{ContactFacts, Holder, Invitation, LoginFacts, Member},
    id::{ContactId, LinkId, LoginId, MessageId},
    link::{Link, LinkPurpose, LinkState},
    login::{Credential, Login},
    message::{About, DeliveryState, Message, MessageBody},
    password::ForeignHash,
    practice::{Client, Practice, PracticeUser, SharedLogin},
    returned::Suppression,
    time::Timestamp,
};

/// Whether a command may put a contact on top of a live login (C3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Joining {
    /// Where the practice's setting says so: activation and reactivation.
    BySetting,
    /// Where the setting says so and the command asks for it: a move.
    OnlyIfAsked(bool),
}

/// A login as it is being changed.
struct Work {
    facts: LoginFacts,
    original: Option<Login>,
    touched: bool,
    erased: bool,
}

/// The working copy of a contact and the logins around it.
///
/// Operations change the copy and note the changes that have no row of their own (keys, links,
/// sessions); [`finish`](Self::finish) compares contact and logins with what they were.
pub(super) struct Draft<'a> {
    pub(super) practice: &'a Practice,
    pub(super) moment: &'a mut Moment,
    pub(super) contact: Contact,
    pub(super) clients: Vec<Client>,
    before: &'a ContactFacts,
    former_keys: BTreeSet<LoginKey>,
    suppressed: BTreeMap<LoginKey, Suppression>,
    logins: BTreeMap<LoginId, Work>,
    users: BTreeMap<LoginKey, PracticeUser>,
    keys: BTreeMap<LoginKey, LoginId>,
    decision: Decision,
    joined: bool,
    deleted: bool,
    links_ended: usize,
    sessions_ended: usize,
}

impl<'a> Draft<'a> {
    /// A draft that starts with the facts as they are, and with `contact` as the contact.
    pub(super) fn new(scene: Scene<'a>, contact: Contact, moment: &'a mut Moment) -> Self {
        let mut draft = Self {
            practice: scene.practice,
            moment,
            contact,
            clients: scene.facts.clients.clone(),
            before: scene.facts,
            former_keys: scene.facts.former_keys.clone(),
            suppressed: scene.facts.suppressed.clone(),
            logins: BTreeMap::new(),
            users: BTreeMap::new(),
            keys: BTreeMap::new(),
            decision: Decision::default(),
            joined: false,
            deleted: false,
            links_ended: 0,
            sessions_ended: 0,
        };
        for (key, holder) in &scene.facts.holders {
            match holder {
                Holder::User(user) => {
                    draft.users.insert(key.clone(), user.clone());
                }
                Holder::Login(login) => {
                    draft.keys.insert(key.clone(), login.login.id);
                    draft.know(login);
                }
            }
        }
        if let Some(login) = &scene.facts.login {
            draft.know(login);
        }
        draft
    }

    /// A draft about a contact that is there; `NotFound` otherwise.
    pub(super) fn of_existing(scene: Scene<'a>, moment: &'a mut Moment) -> Result<Self, Refusal> {
        let contact = scene.facts.contact.clone().ok_or(Refusal::NotFound { what: "contact" })?;
        Ok(Self::new(scene, contact, moment))
    }

    fn know(&mut self, facts: &LoginFacts) {
        let original = Some(facts.login.clone());
        let work = Work { facts: facts.clone(), original, touched: false, erased: false };
        self.logins.insert(facts.login.id, work);
    }

    pub(super) fn now(&self) -> Timestamp {
        self.moment.now
    }

    /// Lets mail go to an address again (D4). Answers whether anything kept it back.
    pub(super) fn lift(&mut self, key: &LoginKey) -> bool {
        let lifted = self.suppressed.remove(key).is_some();
        if lifted {
            let at = self.now();
            self.decision.changes.push(Change::LiftSuppression { key: key.clone(), at });
        }
        lifted
    }

    /// The login email with its key (F2); `no_email` where the list is empty (A8).
    pub(super) fn first(&self) -> Result<EmailAddress, Refusal> {
        self.contact.emails.first().cloned().ok_or(Refusal::NoEmail)
    }

    /// The live login that a contact put on this key would join, if anybody holds it; refused by C1 or C3.
    pub(super) fn holder_to_join(&self, key: &LoginKey, joining: Joining) -> Result<Option<LoginId>, Refusal> {
        // Nobody's real sign-in is tried with (V1).
        let joining = if self.contact.trial { Joining::OnlyIfAsked(false) } else { joining };
        holder_to_join(self.practice, self.before.holders.get(key), joining)
    }

    /// Others behind a login.
    fn others(&self, login: LoginId) -> usize {
        let members = &self.logins[&login].facts.members;
        members.iter().filter(|member| member.contact.id != self.contact.id).count()
    }

    /// Whether somebody else is behind the contact's live login.
    pub(super) fn shares_its_login(&self) -> bool {
        self.contact.access == Access::Granted && self.contact.login.is_some_and(|login| self.others(login) > 0)
    }

    /// Those behind the contact's login besides the contact, as they are named to staff.
    pub(super) fn others_named(&self) -> Vec<Named> {
        let members = self.contact.login.map_or(&[][..], |login| &self.logins[&login].facts.members);
        let others = members.iter().filter(|member| member.contact.id != self.contact.id);
        named(&others.cloned().collect::<Vec<_>>())
    }

    /// The contact's login as it stands in the draft.
    pub(super) fn login(&self) -> Option<&Login> {
        self.contact.login.map(|login| &self.logins[&login].facts.login)
    }

    fn work(&mut self, login: LoginId) -> &mut Work {
        let work = self.logins.get_mut(&login).expect("a draft knows every login it names");
        work.touched = true;
        work
    }

    /// Grants access at the first address (C4): joins the live login there, else wakes the contact's own
    /// dormant login, else begins one; and writes the one message of A4.
    pub(super) fn grant(&mut self) -> Result<(), Refusal> {
        let first = self.first()?;
        let live = self.holder_to_join(first.key(), Joining::BySetting)?;
        let now = self.now();
        match live {
            Some(login) => {
                if let Some(own) = self.contact.login.take() {
                    self.erase(own);
                }
                self.join(login);
            }
            None => {
                let own = self.contact.login.unwrap_or_else(|| self.begin());
                self.wake(own, first.key());
            }
        }
        self.contact.access = Access::Granted;
        self.contact.activated_at = Some(now);
        self.remember(first.key());
        self.invite(&first);
        Ok(())
    }

    /// Takes access away (A2, A3). Alone behind the login, it sleeps as the contact's own; else the contact leaves it for good (C4).
    pub(super) fn revoke(&mut self) {
        let login = self.contact.login.expect("access is granted, so there is a login");
        if self.others(login) > 0 {
            self.leave(login);
            self.contact.login = None;
        } else {
            self.release(login);
            self.end_sessions(login);
            self.end_links(login);
            self.work(login).facts.members.clear();
        }
        self.contact.access = Access::Deactivated;
        self.contact.behind_since = None;
    }

    /// Deletes the contact (A7): access ends as by deactivation, and a login nobody else is behind is erased.
    pub(super) fn delete(&mut self) {
        if self.contact.access == Access::Granted {
            self.revoke();
        }
        if let Some(own) = self.contact.login.take() {
            self.erase(own);
        }
        self.deleted = true;
    }

    pub(super) fn begin(&mut self) -> LoginId {
        let id = self.moment.ids.next(self.moment.now);
        let login = Login { id, key: None, epoch: 1, credential: None, version: 0 };
        let facts = LoginFacts {
            login,
            members: Vec::new(),
            links: Vec::new(),
            sessions: Vec::new(),
            invitation: None,
            last_sign_in_at: None,
        };
        self.logins.insert(id, Work { facts, original: None, touched: true, erased: false });
        id
    }

    /// Makes a dormant or new login live at a key; a password confirmed elsewhere ends (A2).
    fn wake(&mut self, login: LoginId, key: &LoginKey) {
        self.claim(login, key);
        let work = self.work(login);
        if !work.facts.login.confirmed_here() {
            work.facts.login.credential = None;
        }
        self.enter(login);
    }

    pub(super) fn claim(&mut self, login: LoginId, key: &LoginKey) {
        self.work(login).facts.login.key = Some(key.clone());
        self.keys.insert(key.clone(), login);
        self.decision.changes.push(Change::ClaimKey { key: key.clone(), owner: KeyOwner::Login(login) });
    }

    pub(super) fn release(&mut self, login: LoginId) {
        if let Some(key) = self.work(login).facts.login.key.take() {
            self.keys.remove(&key);
            self.decision.changes.push(Change::ReleaseKey(key));
        }
    }

    pub(super) fn join(&mut self, login: LoginId) {
        self.joined = true;
        self.enter(login);
    }

    pub(super) fn enter(&mut self, login: LoginId) {
        self.contact.login = Some(login);
        self.contact.behind_since = Some(self.now());
        let member = Member { contact: self.contact.clone(), clients: Vec::new() };
        self.work(login).facts.members.push(member);
    }

    pub(super) fn leave(&mut self, login: LoginId) {
        let contact = self.contact.id;
        self.work(login).facts.members.retain(|member| member.contact.id != contact);
    }

    /// Erases a login nobody else is behind, with its password, sessions and links.
    pub(super) fn erase(&mut self, login: LoginId) {
        self.release(login);
        self.end_sessions(login);
        self.end_links(login);
        self.work(login).erased = true;
    }

    pub(super) fn drop_password(&mut self, login: LoginId) {
        self.work(login).facts.login.credential = None;
    }

    /// Gives the contact's login a password that another system has hashed.
    pub(super) fn import_password(&mut self, hash: &ForeignHash) {
        let login = self.contact.login.expect("access is granted, so there is a login");
        let credential = Credential::imported(login, hash, self.now());
        self.work(login).facts.login.credential = Some(credential);
    }

    /// Ends all sessions of a login, by its epoch and row by row.
    pub(super) fn end_sessions(&mut self, login: LoginId) {
        let now = self.now();
        let work = self.logins.get_mut(&login).expect("a draft knows every login it names");
        work.touched = true;
        tell_hosts(&mut self.decision.events, &work.facts, Which::All, self.moment);
        let epoch = work.facts.login.epoch;
        let valid = work.facts.sessions.iter().filter(|session| session.valid(epoch, now)).count();
        work.facts.login.epoch += 1;
        work.facts.sessions.clear();
        self.sessions_ended += valid;
        self.decision.changes.push(Change::EndSessions { login, which: Which::All, at: now });
    }

    pub(super) fn end_links(&mut self, login: LoginId) {
        let now = self.now();
        let work = self.work(login);
        let usable = work.facts.links.iter().filter(|link| link.state(now) == LinkState::Usable).count();
        work.facts.links.clear();
        if let Some(invitation) = &mut work.facts.invitation
            && invitation.link.state(now) == LinkState::Usable
        {
            invitation.link.ended_at = Some(now);
        }
        self.links_ended += usable;
        self.decision.changes.push(Change::EndLinks { login, at: now });
    }

    /// Remembers that a key was the contact's first while it had access (M2).
    pub(super) fn remember(&mut self, key: &LoginKey) {
        if self.former_keys.insert(key.clone()) {
            let contact = self.contact.id;
            self.decision.changes.push(Change::RememberKey { contact, key: key.clone(), wrong: false });
        }
    }

    /// Remembers whether the key that the contact moves away from was a stranger's (M9): nobody is sent a hint for trying it (M8).
    pub(super) fn leave_key(&mut self, key: &LoginKey, wrong: bool) {
        let contact = self.contact.id;
        self.decision.changes.push(Change::RememberKey { contact, key: key.clone(), wrong });
    }

    /// Whether a key was the contact's first while it had access.
    pub(super) fn was_first(&self, key: &LoginKey) -> bool {
        self.former_keys.contains(key)
    }

    /// The announcement where the contact joined a login with a password, else the activation mail (A4, M4).
    pub(super) fn invite(&mut self, to: &EmailAddress) {
        let has_password = self.login().is_some_and(|login| login.credential.is_some());
        if self.joined && has_password {
            self.write(to, None, MessageBody::AccessAdded);
        } else {
            self.send_link(to, LinkPurpose::Activation, MessageBody::Activation);
        }
    }

    /// Opens a link of the contact's login and writes the message that carries it. Of more than five per login, contact and
    /// purpose the oldest ends (L4).
    pub(super) fn send_link(&mut self, to: &EmailAddress, purpose: LinkPurpose, body: MessageBody) {
        let login = self.contact.login.expect("a link belongs to a login");
        let (now, contact) = (self.now(), self.contact.id);
        let id = self.moment.ids.next(now);
        let signed_with = self.moment.signed_with.clone();
        let life = purpose.life(&self.practice.settings);
        let work = self.work(login);
        let (epoch, known) = (work.facts.login.epoch, std::mem::take(&mut work.facts.links));
        let (mut links, over) = cap(known, contact, purpose, now);
        let link = Link {
            id,
            login,
            contact,
            purpose,
            address: to.clone(),
            signed_with,
            epoch,
            created_at: now,
            expires_at: now.after(life),
            used_at: None,
            ended_at: None,
        };
        links.push(link.clone());
        self.work(login).facts.links = links;
        self.links_ended += over.len();
        self.decision.changes.extend(over.into_iter().map(|link| Change::EndLink { link, at: now }));
        self.decision.changes.push(Change::OpenLink(link.clone()));
        let message = self.write(to, Some(id), body);
        let invitation = Invitation { message, state: DeliveryState::Queued, queued_at: now, accepted_at: None, link };
        self.work(login).facts.invitation = Some(invitation);
    }

    /// Writes a message about the contact.
    pub(super) fn write(&mut self, to: &EmailAddress, link: Option<LinkId>, body: MessageBody) -> MessageId {
        let id = self.moment.ids.next(self.moment.now);
        let message = Message {
            asked_at: None,
            id,
            about: About::Contact {
                contact: self.contact.id,
                login: self.contact.login.expect("mail is written to who has, or had, a login"),
            },
            link,
            to: to.clone(),
            name: self.contact.name.clone(),
            clients: self.open_clients().map(|client| client.name.clone()).collect(),
            body,
            created_at: self.moment.now,
        };
        self.decision.messages.push(message);
        id
    }

    fn open_clients(&self) -> impl Iterator<Item = &Client> {
        self.clients.iter().filter(|client| !client.suspended && self.contact.clients.contains(&client.id))
    }

    /// Notes that the decision relied on a client.
    pub(super) fn look_at_client(&mut self, client: &Client) {
        let what = Aggregate::Client(client.id);
        self.decision.expect.push(Expect { what, version: client.version, how: Reliance::LookedAt });
    }

    /// Adds a change of another aggregate that belongs to the same decision.
    pub(super) fn also(&mut self, change: Change) {
        self.decision.changes.push(change);
    }

    /// Adds an event of another aggregate that belongs to the same decision.
    pub(super) fn log_event(&mut self, event: Event) {
        self.decision.events.push(event);
    }

    /// Writes the event of a command: what changed of the contact, and what that did.
    pub(super) fn log(&mut self, kind: &'static str) {
        self.log_with(kind, []);
    }

    /// The same, with facts of the command's own.
    pub(super) fn log_with<const N: usize>(&mut self, kind: &'static str, facts: [(&'static str, &'static str); N]) {
        let subject = Subject { contact: Some(self.contact.id), user: None, login: self.contact.login };
        let mut event = self.moment.event(kind, subject);
        let before = self.before.contact.as_ref();
        note_contact(&mut event, before, (!self.deleted).then_some(&self.contact));
        event.facts.insert("links_ended".to_owned(), self.links_ended.to_string());
        event.facts.insert("sessions_ended".to_owned(), self.sessions_ended.to_string());
        event.facts.insert("password".to_owned(), self.password_effect().code().to_owned());
        event.facts.extend(facts.map(|(name, value)| (name.to_owned(), value.to_owned())));
        self.decision.events.push(event);
    }
}

/// The live login that a contact put on a key with this holder would join; refused by C1 or C3.
pub(super) fn holder_to_join(
    practice: &Practice,
    holder: Option<&Holder>,
    joining: Joining,
) -> Result<Option<LoginId>, Refusal> {
    let facts = match holder {
        None => return Ok(None),
        Some(Holder::User(user)) => {
            let user = Named { reference: user.reference.clone(), name: user.name.clone() };
            return Err(Refusal::PracticeUserEmail { user });
        }
        Some(Holder::Login(facts)) => facts,
    };
    let wanted = joining != Joining::OnlyIfAsked(false);
    let proven = facts.login.credential.is_none() || facts.login.confirmed_here();
    if practice.settings.shared_login == SharedLogin::Join && wanted && proven {
        return Ok(Some(facts.login.id));
    }
    Err(Refusal::LoginEmailTaken { contacts: named(&facts.members) })
}

/// Makes room for one more link of this contact and purpose: at most four usable ones stay, the newest; the others' ids come second.
pub(super) fn cap(
    links: Vec<Link>,
    contact: ContactId,
    purpose: LinkPurpose,
    now: Timestamp,
) -> (Vec<Link>, Vec<LinkId>) {
    const MOST: usize = 5;
    let counts =
        |link: &Link| link.contact == contact && link.purpose == purpose && link.state(now) == LinkState::Usable;
    let mut of_this_kind: Vec<_> =
        links.iter().filter(|link| counts(link)).map(|link| (link.created_at, link.id)).collect();
    of_this_kind.sort();
    let surplus = (of_this_kind.len() + 1).saturating_sub(MOST);
    let over: Vec<_> = of_this_kind.into_iter().take(surplus).map(|(_, id)| id).collect();
    let stay = links.into_iter().filter(|link| !over.contains(&link.id)).collect();
    (stay, over)
}

/// How contacts are named to staff, in the order of their references.
pub(super) fn named(members: &[Member]) -> Vec<Named> {
    let mut names: Vec<_> = members
        .iter()
        .map(|member| Named { reference: member.contact.reference.clone(), name: member.contact.name.clone() })
        .collect();
    names.sort();
    names
}

//! What a rule is told before it decides: one consistent picture, loaded by a store.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    contact::Contact,
    email::LoginKey,
    handoff::Handoff,
    id::{ContactId, MessageId, Ref},
    link::Link,
    login::Login,
    message::DeliveryState,
    practice::{Client, Practice, PracticeUser},
    returned::Suppression,
    session::{PortalSession, ProfileId, WorkspaceSession},
    sign_in_code::SignInCode,
    staff::{StaffCredential, StaffLink},
    time::Timestamp,
};

/// Which contact is asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContactSelector {
    /// By the host's id.
    Ref(Ref),
    /// By ours.
    Id(ContactId),
}

/// A question about one contact and what a command on it would meet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactQuery {
    /// The contact.
    pub contact: ContactSelector,
    /// Keys whose holders matter, besides that of the contact's own first address.
    pub keys: Vec<LoginKey>,
    /// Clients that the command names.
    pub clients: Vec<Ref>,
}

/// The answer to a [`ContactQuery`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContactFacts {
    /// The contact; `None` where there is none of that name.
    pub contact: Option<Contact>,
    /// The clients the contact belongs to, and those the query named, as far as they exist; ordered by reference.
    pub clients: Vec<Client>,
    /// Keys that were the contact's first while it had access (M2).
    pub former_keys: BTreeSet<LoginKey>,
    /// The login the contact is behind, or its own dormant one.
    pub login: Option<LoginFacts>,
    /// Who holds each key asked about, and that of the contact's own first address; keys nobody holds are absent.
    pub holders: BTreeMap<LoginKey, Holder>,
    /// Of the same keys those at which a browser that never signed in is refused at the time asked for, and until when (G1).
    pub locked: BTreeMap<LoginKey, Timestamp>,
    /// Of the same keys those to which nothing is mailed (D4).
    pub suppressed: BTreeMap<LoginKey, Suppression>,
}

/// Who holds a key in the practice's registry.
#[expect(clippy::large_enum_variant, reason = "few live at a time, and a box would be in the way of every rule")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    /// A practice user.
    User(PracticeUser),
    /// A live login.
    Login(LoginFacts),
}

/// A login and all that hangs on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginFacts {
    /// The login.
    pub login: Login,
    /// The contacts behind it, all with access granted; nobody where it is dormant. Ordered by id.
    pub members: Vec<Member>,
    /// Links that are neither used nor ended nor expired, oldest first.
    pub links: Vec<Link>,
    /// Sessions of the present epoch that are neither ended nor past their absolute limit, oldest first. Those that a host was
    /// told of are listed past that limit too, until they are ended: the host waits to hear of it.
    pub sessions: Vec<PortalSession>,
    /// The newest set-password message of the login (activation or reset).
    pub invitation: Option<Invitation>,
    /// When the newest session of the login began, ended ones included.
    pub last_sign_in_at: Option<Timestamp>,
}

/// A live login, and as little of what hangs on it as a sign-in needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignInFacts {
    /// The login.
    pub login: Login,
    /// The contact behind it, where there is just one.
    pub only_member: Option<ContactId>,
}

/// A contact behind a login, with its clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The contact.
    pub contact: Contact,
    /// Its clients, suspended ones too; ordered by reference.
    pub clients: Vec<Client>,
}

/// The newest set-password message of a login, and its link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// The message.
    pub message: MessageId,
    /// Where it is.
    pub state: DeliveryState,
    /// When it was queued.
    pub queued_at: Timestamp,
    /// When the other server took it.
    pub accepted_at: Option<Timestamp>,
    /// The link it carries.
    pub link: Link,
}

impl LoginFacts {
    /// The contact longest behind the login, of two at once the one with the lesser reference: a
    /// message about the login goes to its spelling (E4).
    pub fn eldest(&self) -> Option<&Contact> {
        self.members
            .iter()
            .map(|member| &member.contact)
            .min_by(|a, b| seniority(a.behind_since, &a.reference).cmp(&seniority(b.behind_since, &b.reference)))
    }

    /// As much of it as a sign-in needs.
    pub fn into_sign_in(self) -> SignInFacts {
        let only_member = match self.members.as_slice() {
            [only] => Some(only.contact.id),
            _ => None,
        };
        SignInFacts { login: self.login, only_member }
    }

    /// As much of it as a page shows.
    pub fn glance(&self) -> LoginGlance {
        let member = |Member { contact, clients }: &Member| MemberGlance {
            id: contact.id,
            reference: contact.reference.clone(),
            name: contact.name.clone(),
            address: contact.emails.first().map(|email| email.as_str().to_owned()),
            locale: contact.locale.clone(),
            behind_since: contact.behind_since,
            clients: clients.clone(),
        };
        let members = self.members.iter().map(member).collect();
        LoginGlance { live: self.login.key.is_some(), epoch: self.login.epoch, members }
    }
}

/// The order of those behind a login: who was longest behind it comes first, of two at once the one with the lesser reference (E4).
const fn seniority(behind_since: Option<Timestamp>, reference: &Ref) -> (Option<Timestamp>, &Ref) {
    (behind_since, reference)
}

/// What a request needs that comes with the cookie of a session: the practice, and who is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VisitFacts {
    /// The practice.
    pub practice: Practice,
    /// The session of that digest, valid or not, and whom it lets in; `None` where the practice has no such session.
    pub session: Option<(PortalSession, LoginGlance)>,
}

/// Who comes in by a session: its login, and as much of those behind it as a page shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginGlance {
    /// Whether the login is live: only then one can be signed in.
    pub live: bool,
    /// The login's epoch.
    pub epoch: i64,
    /// The contacts behind the login, ordered by id.
    pub members: Vec<MemberGlance>,
}

/// A contact behind a login, as a page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberGlance {
    /// The contact.
    pub id: ContactId,
    /// The host's id.
    pub reference: Ref,
    /// Name in words.
    pub name: String,
    /// The address it signs in with, as it is spelled, to be shown.
    pub address: Option<String>,
    /// The language it reads, a BCP 47 tag.
    pub locale: Option<String>,
    /// Since when it is behind the login.
    pub behind_since: Option<Timestamp>,
    /// Its clients, suspended ones too; ordered by reference.
    pub clients: Vec<Client>,
}

impl LoginGlance {
    /// Adds a client to a contact, or a contact that has none, as the rows of a join come: in any order, the contact again with
    /// each of its clients.
    pub fn add(&mut self, contact: MemberGlance, client: Option<Client>) {
        let place = self.members.binary_search_by_key(&contact.id, |member| member.id).unwrap_or_else(|place| {
            self.members.insert(place, contact);
            place
        });
        let clients = &mut self.members[place].clients;
        if let Some(client) = client
            && let Err(place) = clients.binary_search_by(|known| known.reference.cmp(&client.reference))
        {
            clients.insert(place, client);
        }
    }

    /// The contact whose spelling of the address is shown: the same that [`LoginFacts::eldest`] finds.
    pub fn eldest(&self) -> Option<&MemberGlance> {
        self.members
            .iter()
            .min_by(|a, b| seniority(a.behind_since, &a.reference).cmp(&seniority(b.behind_since, &b.reference)))
    }

    /// The profiles that can be chosen: every contact behind the login with each of its clients
    /// that is not suspended (A5), ordered by the contacts' and clients' references.
    pub fn profiles(&self) -> Vec<Profile<'_>> {
        let mut profiles: Vec<_> = self
            .members
            .iter()
            .flat_map(|contact| {
                let open = contact.clients.iter().filter(|client| !client.suspended);
                open.map(move |client| Profile { contact, client })
            })
            .collect();
        profiles.sort_by_key(|profile| (&profile.contact.reference, &profile.client.reference));
        profiles
    }
}

/// One profile, with the names to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Profile<'a> {
    /// The person.
    pub contact: &'a MemberGlance,
    /// The client.
    pub client: &'a Client,
}

impl Profile<'_> {
    /// The profile's id.
    pub const fn id(&self) -> ProfileId {
        ProfileId { contact: self.contact.id, client: self.client.id }
    }
}

/// A question about one practice user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserQuery {
    /// The user.
    pub user: Ref,
    /// The key the user is to have, if the command gives one.
    pub key: Option<LoginKey>,
}

/// The answer to a [`UserQuery`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserFacts {
    /// The user; `None` where there is none of that name.
    pub user: Option<PracticeUser>,
    /// Who holds the key asked about.
    pub holder: Option<Holder>,
    /// Another admin than this user, the one with the least id, if there is one (W2).
    pub other_admin: Option<PracticeUser>,
}

/// A link and its login. The login is `None` where it was erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkFacts {
    /// The link.
    pub link: Link,
    /// When the message that carried it was queued.
    pub sent_at: Option<Timestamp>,
    /// The login it sets a password for.
    pub login: Option<LoginFacts>,
}

/// A session and its login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionFacts {
    /// The session, valid or not.
    pub session: PortalSession,
    /// The login; `None` where it was erased.
    pub login: Option<LoginFacts>,
}

/// A hand-over and its login. The login is `None` where it was erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandoffFacts {
    /// The hand-over.
    pub handoff: Handoff,
    /// The login it signs in.
    pub login: Option<LoginFacts>,
}

/// A sign-in code, and the session it tells of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeFacts {
    /// The code.
    pub code: SignInCode,
    /// The session, valid or not, and its login.
    pub session: SessionFacts,
}

/// A session of the workspace and who signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkspaceSessionFacts {
    /// The session, valid or not.
    pub session: WorkspaceSession,
    /// The practice user as it is now.
    pub user: PracticeUser,
}

/// A practice user, and as little of what hangs on it as a sign-in needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaffSignIn {
    /// The user.
    pub user: PracticeUser,
    /// Its password, if one was set.
    pub credential: Option<StaffCredential>,
}

/// A practice user and all that hangs on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaffFacts {
    /// The user.
    pub user: PracticeUser,
    /// Its password, if one was set.
    pub credential: Option<StaffCredential>,
    /// The latest invitation, whatever became of it.
    pub invitation: Option<StaffLink>,
    /// Links that are neither used nor ended nor expired, oldest first.
    pub links: Vec<StaffLink>,
    /// Sessions that are neither ended nor past their absolute limit, oldest first.
    pub sessions: Vec<WorkspaceSession>,
}

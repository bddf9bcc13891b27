use std::collections::BTreeMap;

use portal_domain::{
    change::KeyOwner,
    contact::{Access, Contact},
    email::LoginKey,
    facts::{
        ContactFacts, ContactQuery, ContactSelector, Holder, Invitation, LinkFacts, LoginFacts, LoginGlance, Member,
        SessionFacts, SignInFacts, UserFacts, UserQuery, WorkspaceSessionFacts,
    },
    id::{ClientId, LoginId, Ref},
    link::{Link, LinkPurpose},
    message::{DeliveryState, MessageKind},
    practice::{Client, Role},
    session::{PortalSession, SessionHash, WorkspaceSession, WorkspaceSessionHash},
    throttle::BucketName,
    time::Timestamp,
};

use super::{
    fault::{Fault, Faults},
    returns,
    state::Tenant,
};

/// One practice, read at one moment.
pub(super) struct Reader<'a> {
    pub(super) tenant: &'a Tenant,
    pub(super) now: Timestamp,
    pub(super) faults: Faults,
}

impl Reader<'_> {
    pub(super) fn contact(&self, query: &ContactQuery) -> ContactFacts {
        let contact = self.tenant.contacts.values().find(|contact| match &query.contact {
            ContactSelector::Ref(reference) => contact.reference == *reference,
            ContactSelector::Id(id) => contact.id == *id,
        });
        let own: &[ClientId] = contact.map_or(&[], |contact| &contact.clients);
        let wanted = |client: &Client| own.contains(&client.id) || query.clients.contains(&client.reference);
        let first = contact.and_then(|contact| contact.emails.first()).map(|email| email.key());
        let asked = || query.keys.iter().chain(first);
        let holders = asked().filter_map(|key| Some((key.clone(), self.holder(key)?)));
        let locked = asked().filter_map(|key| Some((key.clone(), self.locked_until(key)?)));
        let suppressed = asked().filter_map(|key| Some((key.clone(), returns::suppressed(self.tenant, key)?)));
        let former = contact.and_then(|contact| self.tenant.former.get(&contact.id));
        ContactFacts {
            contact: contact.cloned(),
            clients: self.clients(wanted),
            former_keys: former.filter(|_| !self.faults.has(Fault::FormerKeysForgotten)).cloned().unwrap_or_default(),
            login: contact.and_then(|contact| contact.login).and_then(|id| self.login(id)),
            holders: holders.collect::<BTreeMap<_, _>>(),
            locked: locked.collect::<BTreeMap<_, _>>(),
            suppressed: suppressed.filter(|_| !self.faults.has(Fault::SuppressionHidden)).collect(),
        }
    }

    fn locked_until(&self, key: &LoginKey) -> Option<Timestamp> {
        let tally = self.tenant.tallies.get(&BucketName::strangers(key))?;
        tally.paused_until(self.now).filter(|_| !self.faults.has(Fault::LockedHidden))
    }

    pub(super) fn sign_in(&self, key: &LoginKey) -> Option<SignInFacts> {
        let Some(KeyOwner::Login(id)) = self.tenant.keys.get(key) else { return None };
        self.login(*id).map(LoginFacts::into_sign_in)
    }

    /// Whether a live login holds the key, or with a mistake anybody.
    pub(super) fn signs_in(&self, key: &LoginKey) -> bool {
        match self.tenant.keys.get(key) {
            Some(KeyOwner::Login(_)) => true,
            Some(_) => self.faults.has(Fault::StaffSoughtEverywhere),
            None => false,
        }
    }

    pub(super) fn asked_mail(&self, key: &LoginKey, since: Timestamp) -> Vec<(MessageKind, Timestamp)> {
        let asked = self.tenant.messages.values().map(|post| &post.message);
        let asked = asked.filter(|message| message.asked_at.as_ref() == Some(key) && message.created_at > since);
        let asked = asked.filter(|_| !self.faults.has(Fault::AskedMailForgotten));
        asked.map(|message| (message.kind(), message.created_at)).collect()
    }

    pub(super) fn clients(&self, wanted: impl Fn(&Client) -> bool) -> Vec<Client> {
        let mut clients: Vec<_> = self.tenant.clients.values().filter(|client| wanted(client)).cloned().collect();
        clients.sort_by(|a, b| a.reference.cmp(&b.reference));
        clients
    }

    pub(super) fn clients_named(&self, refs: &[Ref]) -> Vec<Client> {
        self.clients(|client| refs.contains(&client.reference))
    }

    fn holder(&self, key: &LoginKey) -> Option<Holder> {
        match self.tenant.keys.get(key)? {
            KeyOwner::User(id) => self.tenant.users.get(id).cloned().map(Holder::User),
            KeyOwner::Login(id) => self.login(*id).map(Holder::Login),
        }
    }

    pub(super) fn user(&self, query: &UserQuery) -> UserFacts {
        let user = self.tenant.users.values().find(|user| user.reference == query.user);
        let other = |other: &&portal_domain::practice::PracticeUser| {
            other.role == Role::Admin && user.is_none_or(|user| user.id != other.id)
        };
        UserFacts {
            user: user.cloned(),
            holder: query.key.as_ref().and_then(|key| self.holder(key)),
            other_admin: self.tenant.users.values().find(other).cloned(),
        }
    }

    pub(super) fn live(&self, key: &LoginKey) -> Option<LoginFacts> {
        if let Some(KeyOwner::Login(id)) = self.tenant.keys.get(key) {
            return self.login(*id);
        }
        if !self.faults.has(Fault::DormantFound) {
            return None;
        }
        let typed = |contact: &&Contact| contact.emails.first().is_some_and(|email| email.key() == key);
        self.tenant.contacts.values().find(typed).and_then(|contact| contact.login).and_then(|id| self.login(id))
    }

    pub(super) fn link(&self, link: &Link) -> LinkFacts {
        let carrier = self.tenant.messages.values().filter(|post| post.message.link == Some(link.id));
        LinkFacts {
            link: link.clone(),
            sent_at: carrier.min_by_key(|post| post.place).map(|post| post.message.created_at),
            login: self.login(link.login),
        }
    }

    pub(super) fn session(&self, session: &PortalSession) -> SessionFacts {
        SessionFacts { session: session.clone(), login: self.login(session.login) }
    }

    pub(super) fn glance(&self, hash: &SessionHash) -> Option<(PortalSession, LoginGlance)> {
        let session = self.tenant.sessions.values().find(|session| session.hash == *hash)?;
        Some((session.clone(), self.login(session.login)?.glance()))
    }

    pub(super) fn workspace_session(&self, hash: &WorkspaceSessionHash) -> Option<WorkspaceSessionFacts> {
        let known = self.tenant.workspace_sessions.values().find(|session| session.hash == *hash).cloned();
        let session = known.or_else(|| self.strayed(hash))?;
        let user = self.tenant.users.get(&session.user)?.clone();
        Some(WorkspaceSessionFacts { session, user })
    }

    /// With a mistake: a session of the portal, taken for one of the workspace.
    fn strayed(&self, hash: &WorkspaceSessionHash) -> Option<WorkspaceSession> {
        let mixed = self.faults.has(Fault::AreasMixed);
        let portal = self.tenant.sessions.values().find(|session| mixed && session.hash.0 == hash.0)?;
        Some(WorkspaceSession {
            id: portal_domain::id::Id::from_uuid(portal.id.to_uuid()),
            user: *self.tenant.users.keys().next()?,
            hash: *hash,
            origin: portal.origin.clone(),
            user_agent: portal.user_agent.clone(),
            created_at: portal.created_at,
            last_seen_at: portal.last_seen_at,
            idle_until: portal.idle_until,
            expires_at: portal.expires_at,
            ended_at: portal.ended_at,
        })
    }

    pub(super) fn login(&self, id: LoginId) -> Option<LoginFacts> {
        let login = self.tenant.logins.get(&id)?.clone();
        let behind = |contact: &&Contact| {
            contact.login == Some(id)
                && (contact.access == Access::Granted || self.faults.has(Fault::MembersWithoutAccess))
        };
        let members = self.tenant.contacts.values().filter(behind).map(|contact| Member {
            contact: contact.clone(),
            clients: self.clients(|client| contact.clients.contains(&client.id)),
        });
        let open = |link: &&Link| {
            let in_time = self.now < link.expires_at || self.faults.has(Fault::ExpiredLinksListed);
            link.login == id && link.used_at.is_none() && link.ended_at.is_none() && in_time
        };
        let mut links: Vec<_> = self.tenant.links.values().filter(open).cloned().collect();
        links.sort_by_key(|link| (link.created_at, link.id));
        let valid = |session: &&PortalSession| {
            let same_epoch = session.epoch == login.epoch || self.faults.has(Fault::EpochIgnored);
            let listed = self.now < session.expires_at || (session.told && !self.faults.has(Fault::ToldForgotten));
            session.login == id && same_epoch && session.ended_at.is_none() && listed
        };
        let mut sessions: Vec<_> = self.tenant.sessions.values().filter(valid).cloned().collect();
        sessions.sort_by_key(|session| (session.created_at, session.id));
        let began = self.tenant.sessions.values().filter(|session| session.login == id);
        Some(LoginFacts {
            members: members.collect(),
            links,
            sessions,
            invitation: self.invitation(id),
            last_sign_in_at: began.map(|session| session.created_at).max(),
            login,
        })
    }

    fn invitation(&self, login: LoginId) -> Option<Invitation> {
        let of_login = self.tenant.messages.values().filter(|post| post.message.about.login() == Some(login));
        let invitations = of_login.filter_map(|post| {
            let link = self.tenant.links.get(&post.message.link?)?;
            let sets_password = matches!(link.purpose, LinkPurpose::Activation | LinkPurpose::Reset);
            sets_password.then_some((post, link))
        });
        let (post, link) = invitations.max_by_key(|(post, _)| post.place)?;
        let accepted = post.attempts.iter().find(|attempt| attempt.state == DeliveryState::Accepted);
        Some(Invitation {
            message: post.message.id,
            state: post.shown_state(),
            queued_at: post.message.created_at,
            accepted_at: accepted.map(|attempt| attempt.at),
            link: link.clone(),
        })
    }
}

//! Everything that is held about one contact, and nothing of anybody else.

use super::{HandoffRecord, LinkRecord, MessageRecord, SessionRecord, SignInCodeRecord, TryRecord, When};
use crate::{
    contact::Access,
    email::{EmailAddress, LoginKey},
    event::RecordedEvent,
    facts::ContactFacts,
    id::JobId,
    job::RowContent,
    link::LinkState,
    message::MessageKind,
    practice::Practice,
    time::Timestamp,
    view::ContactView,
};

/// What a store finds about one contact, and what tells the contact's own from what is others'.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DossierFacts {
    /// The practice.
    pub practice: Practice,
    /// The contact, with the login it is behind.
    pub contact: ContactFacts,
    /// Whether mail or the journal tells of somebody else behind that login, also of who was erased since.
    pub login_was_shared: bool,
    /// Messages about the contact, in the order they were queued.
    pub messages: Vec<MessageRecord>,
    /// Links that were written to it, oldest first.
    pub links: Vec<LinkRecord>,
    /// Sessions of its login, whosoever's, and of logins that it left those in which its profile was chosen, oldest first.
    pub sessions: Vec<SessionRecord>,
    /// Hand-overs of it, oldest first.
    pub handoffs: Vec<HandoffRecord>,
    /// Codes that told of it, oldest first.
    pub sign_in_codes: Vec<SignInCodeRecord>,
    /// Tries at the key of its login, oldest first; none if another contact that is there has it, or had it first while it had access,
    /// or a practice user has it.
    pub tries: Vec<TryRecord>,
    /// Rows of jobs that name its reference, and are not from before another contact of that reference was deleted.
    pub rows: Vec<ImportedRow>,
    /// Sealed events about it, in their order.
    pub events: Vec<RecordedEvent>,
}

/// A row of a job that names a contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedRow {
    /// The job.
    pub job: JobId,
    /// When the job was asked for.
    pub at: When,
    /// What the row says.
    pub content: RowContent,
    /// What became of it.
    pub outcome: Option<String>,
}

/// The answer to a person who asks what is held about them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dossier {
    /// When it was so.
    pub at: Timestamp,
    /// The contact as it is shown; others behind its login are not named.
    pub contact: ContactView,
    /// Whether others sign in with the same login.
    pub shares_login: bool,
    /// When the password of its login was set.
    pub password_set_at: Option<Timestamp>,
    /// Keys that were its first while it had access.
    pub former_keys: Vec<String>,
    /// How many sessions of its login were left out, since they may be another person's.
    pub sessions_left_out: usize,
    /// What was found, without what is others'.
    pub found: DossierFacts,
}

impl Dossier {
    /// Leaves out what may be another person's (C3): of a login that others are or were behind, tries, and sessions in which this
    /// contact's profile was not chosen; and of any login, sessions from before the contact was behind it, and tries from before its
    /// key was this contact's. `None` where there is no contact.
    pub fn of(mut found: DossierFacts, now: Timestamp) -> Option<Self> {
        let mut view = ContactView::of(&found.practice, &found.contact, now)?;
        let contact = found.contact.contact.as_ref()?;
        let login = found.contact.login.as_ref();
        let shares_login = !view.portal.shared_with.is_empty();
        let (id, since) = (contact.id, contact.behind_since);
        let alone = !found.login_was_shared && !shares_login;
        let since = since.filter(|_| contact.access == Access::Granted);
        let present = contact.login;
        let own = |session: &SessionRecord| {
            alone && Some(session.login) == present && since.is_none_or(|since| session.signed_in_at.0 >= since)
        };
        let all = found.sessions.len();
        found.sessions.retain(|session| match session.profile {
            Some(profile) => profile.contact == id,
            None => own(session),
        });
        let from = found.at_its_key_since().filter(|_| alone);
        found.tries.retain(|noted| from.is_some_and(|from| noted.at.0 >= from));
        view.portal.shared_with.clear();
        Some(Self {
            at: now,
            shares_login,
            password_set_at: login.and_then(|it| it.login.credential.as_ref()).map(|it| it.set_at),
            former_keys: found.contact.former_keys.iter().map(|key| key.as_str().to_owned()).collect(),
            contact: view,
            sessions_left_out: all - found.sessions.len(),
            found,
        })
    }
}

impl DossierFacts {
    /// Since when the key of its login is that of its first address, while it has access. A move tells when it was; a correction of a
    /// wrong address does not, and invites anew (M9).
    fn at_its_key_since(&self) -> Option<Timestamp> {
        let contact = self.contact.contact.as_ref().filter(|contact| contact.access == Access::Granted)?;
        let key = contact.emails.first()?.key();
        let changed = match &contact.moved_from {
            Some(moved) => moved.at,
            None if self.contact.former_keys.iter().any(|former| former != key) => self.invited_at(key)?,
            None => contact.created_at,
        };
        Some(changed.max(contact.behind_since?))
    }

    /// When it was last invited at a key.
    fn invited_at(&self, key: &LoginKey) -> Option<Timestamp> {
        let there = |address: &str| EmailAddress::parse(address).is_ok_and(|to| to.key() == key);
        let invited = self.messages.iter().filter(|mail| mail.kind == MessageKind::Activation && there(&mail.to));
        invited.map(|mail| mail.queued_at.0).max()
    }
}

impl LinkRecord {
    /// The state at `now`, by the same order as that of a link: used, dead, expired, usable.
    pub fn state(&self, now: Timestamp) -> LinkState {
        LinkState::of(self.used_at.map(|it| it.0), self.ended_at.map(|it| it.0), self.expires_at.0, now)
    }
}

impl HandoffRecord {
    /// The state at `now`, by the same order.
    pub fn state(&self, now: Timestamp) -> LinkState {
        LinkState::of(self.used_at.map(|it| it.0), self.ended_at.map(|it| it.0), self.expires_at.0, now)
    }
}

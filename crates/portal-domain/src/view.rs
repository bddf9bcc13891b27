//! A contact as it is answered: what a command leaves behind, what a list shows, and what a repeated call is told again.

use serde::{Deserialize, Serialize};

use crate::{
    contact::RefusedUpdate,
    email::EmailList,
    facts::ContactFacts,
    id::{ContactId, Ref},
    practice::Practice,
    status::{PortalPart, portal_part},
    time::Timestamp,
};

/// A contact with everything that depends on others and on the time worked out, and no secret in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactView {
    /// Our id.
    pub id: ContactId,
    /// The host's id.
    pub reference: Ref,
    /// Name in words.
    pub name: String,
    /// Language, where it isn't the practice's own.
    pub locale: Option<String>,
    /// References of its clients, suspended ones too, in their order.
    pub clients: Vec<Ref>,
    /// Its addresses; the first is the login (F2).
    pub emails: EmailList,
    /// Access, status and invitation.
    pub portal: PortalPart,
    /// The last update that was refused, until one succeeds.
    pub refused_update: Option<RefusedUpdate>,
    /// Whether it is a trial client's person.
    #[serde(default)]
    pub trial: bool,
    /// What `If-Match` compares. See [`Contact::tag`](crate::contact::Contact::tag).
    pub tag: String,
}

impl ContactView {
    /// The contact of these facts at `now`; `None` where there is none.
    pub fn of(practice: &Practice, facts: &ContactFacts, now: Timestamp) -> Option<Self> {
        let contact = facts.contact.as_ref()?;
        let own = facts.clients.iter().filter(|client| contact.clients.contains(&client.id));
        Some(Self {
            id: contact.id,
            reference: contact.reference.clone(),
            name: contact.name.clone(),
            locale: contact.locale.clone(),
            clients: own.map(|client| client.reference.clone()).collect(),
            emails: contact.emails.clone(),
            portal: portal_part(practice, facts, now)?,
            refused_update: contact.refused_update.clone(),
            trial: contact.trial,
            tag: contact.tag(),
        })
    }
}

/// A practice, as whoever runs the service sees it: nothing of what is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PracticeView {
    /// Its name in addresses.
    pub slug: String,
    /// Its name in words.
    pub name: String,
    /// Since when it is suspended.
    pub suspended_at: Option<Timestamp>,
    /// From when on its data are deleted for good.
    pub delete_after: Option<Timestamp>,
    /// When it was created.
    pub created_at: Timestamp,
}

impl From<Practice> for PracticeView {
    fn from(practice: Practice) -> Self {
        let Practice { slug, name, suspended_at, delete_after, created_at, .. } = practice;
        Self { slug: slug.as_str().to_owned(), name, suspended_at, delete_after, created_at }
    }
}

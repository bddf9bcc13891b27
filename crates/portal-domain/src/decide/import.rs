//! One row of an import (section I): the contact first, then the access it asks for.

use std::collections::BTreeSet;

use super::{
    Moment,
    access::grant,
    contact::{ContactFields, PutEmails, apply, start},
    outcome::{ContactOutcome, Decided, Scene},
};
use crate::{
    Refusal,
    change::Change,
    contact::Access,
    email::EmailList,
    event::Subject,
    facts::ContactFacts,
    id::{ClientId, Ref},
    practice::{Client, check_name},
};

/// What an import may do beyond writing contacts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ImportOptions {
    /// Whether rows may ask for access.
    pub activate: bool,
    /// Whether rows may move live logins (I3).
    pub move_logins: bool,
    /// Whether rows are mended before they are decided, where that is safe (I2).
    pub mend: bool,
}

/// One row, parsed. Empty fields leave an existing contact as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportRow {
    /// The contact's reference.
    pub reference: Ref,
    /// Its name.
    pub name: Option<String>,
    /// Its addresses.
    pub emails: Option<EmailList>,
    /// Its clients.
    pub clients: Vec<Ref>,
    /// Whether the row asks for access.
    pub activate: bool,
}

/// What became of a row: of the contact, and, where it was asked for, of the access (I2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowOutcome {
    /// What became of the contact.
    pub contact: ContactOutcome,
    /// Whether the contact itself was changed, access apart.
    pub contact_changed: bool,
    /// What became of the access: a refusal does not undo the contact.
    pub activation: Option<Result<ActivationOutcome, Refusal>>,
    /// Clients that the row creates.
    pub new_clients: Vec<Client>,
}

/// What an activation did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActivationOutcome {
    /// The contact is alone behind its login.
    Invited,
    /// Another contact was behind the login already.
    Joined,
    /// Access was granted before.
    Unchanged,
}

impl ActivationOutcome {
    /// The outcome's name in the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Invited => "invited",
            Self::Joined => "joined",
            Self::Unchanged => "unchanged",
        }
    }
}

/// Decides one row. Clients that are not there are created (I1); clients are added and never taken away, and a live login
/// moves only where the options say so (I3).
pub fn import_row(
    scene: Scene<'_>,
    row: &ImportRow,
    options: ImportOptions,
    moment: &mut Moment,
) -> Result<Decided<RowOutcome>, Refusal> {
    if would_move(scene.facts, row) && !options.move_logins {
        return Err(Refusal::WouldMoveLogin);
    }
    if scene.facts.contact.is_none() && row.name.is_none() {
        check_name("")?;
    }
    let mut known = scene.facts.clients.clone();
    let new_clients = missing_clients(&known, row, moment);
    known.extend(new_clients.iter().cloned());
    let mut draft = start(scene, &row.reference, moment);
    draft.clients.clone_from(&known);
    for client in &new_clients {
        draft.also(Change::PutClient(Client { version: 1, ..client.clone() }));
        draft.log_client_created(client);
    }
    let fields = ContactFields {
        name: row.name.clone(),
        locale: None,
        clients: None,
        emails: row.emails.clone().map(|emails| PutEmails { emails, join: false, wrong_address: false }),
    };
    let clients = all_clients(&draft.contact.clients, &known, &row.clients);
    apply(&mut draft, scene, &fields, Some(clients))?;
    let contact_changed = draft.differs();
    let activation = (options.activate && row.activate).then(|| {
        let granted_before = draft.contact.access == Access::Granted;
        grant(&mut draft)?;
        Ok(match (granted_before, draft.shares_its_login()) {
            (true, _) => ActivationOutcome::Unchanged,
            (false, true) => ActivationOutcome::Joined,
            (false, false) => ActivationOutcome::Invited,
        })
    });
    let Decided { decision, outcome: contact } = draft.finish();
    Ok(Decided { decision, outcome: RowOutcome { contact, contact_changed, activation, new_clients } })
}

fn would_move(facts: &ContactFacts, row: &ImportRow) -> bool {
    let Some(contact) = &facts.contact else { return false };
    let (Access::Granted, Some(emails)) = (contact.access, &row.emails) else { return false };
    let key = |list: &EmailList| list.first().map(|email| email.key().clone());
    key(&contact.emails) != key(emails)
}

fn missing_clients(known: &[Client], row: &ImportRow, moment: &mut Moment) -> Vec<Client> {
    let mut there: BTreeSet<_> = known.iter().map(|client| &client.reference).collect();
    let mut missing: Vec<Client> = Vec::new();
    for reference in &row.clients {
        if !there.insert(reference) {
            continue;
        }
        missing.push(Client {
            id: moment.ids.next(moment.now),
            reference: reference.clone(),
            name: reference.as_str().to_owned(),
            suspended: false,
            created_at: moment.now,
            version: 0,
        });
    }
    missing
}

fn all_clients(present: &[ClientId], known: &[Client], named: &[Ref]) -> Vec<ClientId> {
    let named: BTreeSet<_> = named.iter().collect();
    let added = known.iter().filter(|client| named.contains(&client.reference)).map(|client| client.id);
    let ids: BTreeSet<_> = present.iter().copied().chain(added).collect();
    ids.into_iter().collect()
}

impl super::draft::Draft<'_> {
    fn log_client_created(&mut self, client: &Client) {
        let mut event = self.moment.event("client.created", Subject::default());
        event.facts.insert("client".to_owned(), client.reference.as_str().to_owned());
        event.personal.insert("name".to_owned(), client.name.clone());
        self.log_event(event);
    }
}

//! What a command wrote: events and messages, read back through the views.

use portal_domain::{
    id::Ref,
    message::{Message, MessageBody},
    port::{Page, StoreError},
    usecase::Error,
};

use super::{
    pool::{CONTACTS, SPELLINGS, Spelling},
    world::{Mail, World, reference},
};
use crate::model::{Cmd, LinkNo, MessageKind, Observation};

impl World {
    /// How many events were written since this was asked last. What is personal stands beside them (J1).
    pub(super) async fn new_events(&mut self) -> Result<usize, Error> {
        let events = self.events_after(self.journal).await?;
        for event in &events {
            // J1: without gaps, so the next number is the next event.
            if event.number != self.journal + 1 {
                let text = format!("J1: event {} comes after {}", event.number, self.journal);
                return Err(Error::Store(StoreError::Damaged(text)));
            }
            self.journal = event.number;
            let told = event.facts.values().find(|value| value.contains('@'));
            if let Some(told) = told {
                let text = format!("J1: the event {} tells `{told}` outside its personal part", event.kind);
                return Err(Error::Store(StoreError::Damaged(text)));
            }
        }
        Ok(events.len())
    }

    /// Messages that were not read yet.
    pub(super) async fn unread(&mut self) -> Result<Vec<Message>, Error> {
        let mut all = Vec::new();
        let practice = self.id();
        for contact in self.portal.contacts(&self.context, &everybody()).await? {
            if let Some(contact) = contact.contact {
                self.people.entry(contact.id).or_insert(0);
            }
        }
        for (contact, place) in &mut self.people {
            let page = Page { after: Some(*place), limit: 200 };
            for (delivery, at) in self.views.messages(practice, *contact, &page).await? {
                *place = at;
                all.push(delivery.message);
            }
        }
        Ok(all)
    }

    /// Reads what was queued, and learns the tokens of its links.
    pub(super) async fn new_messages(&mut self, cmd: &Cmd, before: &Observation) -> Result<Vec<Mail>, String> {
        let mut sent = Vec::new();
        for message in self.unread().await.map_err(|error| error.to_string())? {
            body_is_true(&message, cmd, before)?;
            let link = match message.link {
                None => None,
                Some(id) => {
                    let facts = self.portal.store.link(self.id(), id, self.now()).await;
                    let facts =
                        facts.map_err(|error| error.to_string())?.ok_or("a mail carries a link that is not there")?;
                    let tokens = &self.portal.tokens;
                    let token = tokens.issue(&facts.link.signed_with, self.id(), id, facts.link.purpose);
                    self.links.push(token.ok_or("a link under an unknown key")?);
                    Some(LinkNo(self.links.len() - 1))
                }
            };
            let kind = kind(&message);
            sent.push(Mail { kind, to: message.to.as_str().to_owned(), link });
        }
        self.messages.extend(sent.iter().cloned());
        Ok(sent)
    }
}

fn everybody() -> Vec<Ref> {
    CONTACTS.iter().map(|contact| reference(contact)).collect()
}

pub(super) fn mail_text(to: &str, kind: MessageKind, link: Option<LinkNo>) -> String {
    let link = link.map_or(String::new(), |link| format!(" with link {}", link.0));
    format!("{} to {to}{link}", kind.as_str())
}

fn kind(message: &Message) -> MessageKind {
    match message.kind() {
        portal_domain::message::MessageKind::Activation => MessageKind::Activation,
        portal_domain::message::MessageKind::AccessAdded => MessageKind::AccessAdded,
        portal_domain::message::MessageKind::Reset => MessageKind::Reset,
        portal_domain::message::MessageKind::LoginMovedNew => MessageKind::LoginMovedNew,
        portal_domain::message::MessageKind::LoginMovedOld => MessageKind::LoginMovedOld,
        portal_domain::message::MessageKind::PasswordChanged => MessageKind::PasswordChanged,
        portal_domain::message::MessageKind::StaffInvitation | portal_domain::message::MessageKind::Test => {
            unreachable!("the model's commands write nothing to staff")
        }
        portal_domain::message::MessageKind::PortalAddress => MessageKind::PortalAddress,
        portal_domain::message::MessageKind::Hint => MessageKind::Hint,
        portal_domain::message::MessageKind::Reminder => MessageKind::Reminder,
    }
}

/// M4: the old address is shown the new one masked, and told whether others still sign in there; no mail leaks an address.
fn body_is_true(message: &Message, cmd: &Cmd, before: &Observation) -> Result<(), String> {
    let text = format!("{:?}", message.body);
    if let Some(leak) = SPELLINGS.iter().find(|spelling| text.contains(spelling.stored)) {
        return Err(format!("M4: a mail shows `{}`: {text}", leak.stored));
    }
    let (contact, first) = match cmd {
        Cmd::PutEmails { contact, emails, .. } | Cmd::PutContact { contact, emails: Some(emails), .. } => {
            (contact, emails.first().and_then(|first| Spelling::stored_as(&first.stored)))
        }
        _ => return Ok(()),
    };
    if let MessageBody::LoginMovedOld { new_address, split, .. } = &message.body {
        let shared = before.contacts.get(contact).is_some_and(|view| !view.shared_with.is_empty());
        let masked = first.map(|first| first.masked);
        if Some(new_address.as_str()) != masked || *split != shared {
            return Err(format!("M4: expected {masked:?} and split {shared}, the mail says {text}"));
        }
    }
    Ok(())
}

//! What a contact is: its name, its clients, and its addresses, the first of which is the login (sections F and M).

use std::collections::BTreeSet;

use super::{
    Moment,
    draft::{Draft, Joining},
    outcome::{ContactOutcome, Decided, Scene},
};
use crate::{
    Refusal,
    change::Decision,
    contact::{Access, Contact, MovedFrom, RefusedUpdate},
    email::{EmailAddress, EmailList, LoginKey, mask},
    id::{ClientId, LoginId, Ref},
    message::MessageBody,
    practice::{OutOfBounds, SessionsOnMove, check_locale, check_name},
};

/// A new list of addresses, and how it is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PutEmails {
    /// The whole list, in the practice's order.
    pub emails: EmailList,
    /// Whether the contact may join the login that is live at its new first address (C3).
    pub join: bool,
    /// Whether the old first address was wrong and its owner a stranger (M9).
    pub wrong_address: bool,
}

/// The fields of a contact. What is left out of an existing contact stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContactFields {
    /// Name in words; empty for a new contact that has none.
    pub name: Option<String>,
    /// Language, `Some(None)` for the practice's own.
    pub locale: Option<Option<String>>,
    /// All clients, by reference, in the order they were submitted.
    pub clients: Option<Vec<Ref>>,
    /// The addresses.
    pub emails: Option<PutEmails>,
}

/// Which state of a contact a command is meant for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// There is none.
    Absent,
    /// It is there.
    Existing,
    /// It has one of these tags. See [`Contact::tag`].
    Tags(Vec<String>),
}

impl Expected {
    /// Refuses a command that is meant for another state of the contact.
    pub fn check(&self, contact: Option<&Contact>) -> Result<(), Refusal> {
        let met = match (self, contact) {
            (Self::Absent, None) | (Self::Existing, Some(_)) => true,
            (Self::Absent, Some(_)) | (_, None) => false,
            (Self::Tags(tags), Some(contact)) => tags.contains(&contact.tag()),
        };
        if met { Ok(()) } else { Err(Refusal::PreconditionFailed) }
    }
}

/// Most addresses of a refused update that are kept, and most characters of each: one more than could be right.
const KEPT_ADDRESSES: usize = EmailList::MAX + 1;
const KEPT_CHARACTERS: usize = 255;

/// Remembers on the contact that an update of it was refused, where there is a contact and the refusal is about what was to be
/// put; the same again is remembered already. Nothing else changes, and it is no event: the contact is as it was.
pub fn note_refused_update(
    scene: Scene<'_>,
    refusal: &Refusal,
    emails: Option<&[String]>,
    moment: &mut Moment,
) -> Decision {
    if !refusal.is_of_an_update() {
        return Decision::default();
    }
    let Ok(mut draft) = Draft::of_existing(scene, moment) else { return Decision::default() };
    let kept = |email: &String| email.chars().take(KEPT_CHARACTERS).collect();
    let emails: Option<Vec<_>> = emails.map(|emails| emails.iter().take(KEPT_ADDRESSES).map(kept).collect());
    let before = draft.contact.refused_update.as_ref();
    if before.is_some_and(|before| before.code == refusal.code() && before.emails == emails) {
        return Decision::default();
    }
    draft.contact.refused_update = Some(RefusedUpdate { at: draft.now(), code: refusal.code().to_owned(), emails });
    draft.finish().decision
}

/// Replaces the ordered list of addresses (section M). The same list again changes nothing (A1).
pub fn put_emails(
    scene: Scene<'_>,
    command: &PutEmails,
    moment: &mut Moment,
) -> Result<Decided<ContactOutcome>, Refusal> {
    let mut draft = Draft::of_existing(scene, moment)?;
    replace_emails(&mut draft, command)?;
    if draft.differs() {
        draft.log("contact.emails_changed");
    }
    draft.contact.refused_update = None;
    Ok(draft.finish())
}

/// Creates a contact, or changes the fields that are given. The same again changes nothing (A1).
pub fn put_contact(
    scene: Scene<'_>,
    reference: &Ref,
    fields: &ContactFields,
    moment: &mut Moment,
) -> Result<Decided<ContactOutcome>, Refusal> {
    let mut draft = start(scene, reference, moment);
    let clients = match &fields.clients {
        Some(refs) => Some(known_clients(&draft, refs)?),
        None => None,
    };
    apply(&mut draft, scene, fields, clients)?;
    Ok(draft.finish())
}

/// A draft about the contact of this reference, a new one where there is none.
pub(super) fn start<'a>(scene: Scene<'a>, reference: &Ref, moment: &'a mut Moment) -> Draft<'a> {
    let contact = scene.facts.contact.clone().unwrap_or_else(|| Contact {
        id: moment.ids.next(moment.now),
        reference: reference.clone(),
        name: String::new(),
        locale: None,
        emails: EmailList::empty(),
        clients: Vec::new(),
        access: Access::NotActivated,
        login: None,
        behind_since: None,
        activated_at: None,
        moved_from: None,
        refused_update: None,
        trial: false,
        created_at: moment.now,
        version: 0,
    });
    Draft::new(scene, contact, moment)
}

/// Puts the fields on the draft and writes the event, if anything differs.
pub(super) fn apply(
    draft: &mut Draft<'_>,
    scene: Scene<'_>,
    fields: &ContactFields,
    clients: Option<Vec<ClientId>>,
) -> Result<(), Refusal> {
    if let Some(name) = &fields.name {
        check_name(name)?;
        draft.contact.name.clone_from(name);
    }
    if let Some(locale) = &fields.locale {
        locale.as_deref().map_or(Ok(()), check_locale)?;
        draft.contact.locale.clone_from(locale);
    }
    if let Some(clients) = clients {
        stays_a_trial(scene, &clients)?;
        rely_on_added_clients(draft, &clients);
        draft.contact.clients = clients;
    }
    if let Some(emails) = &fields.emails {
        replace_emails(draft, emails)?;
    }
    match &scene.facts.contact {
        None => draft.log("contact.created"),
        Some(_) if draft.differs() => draft.log("contact.changed"),
        Some(_) => {}
    }
    // What says nothing of addresses doesn't put those that were refused.
    let still_refused = |refused: &mut RefusedUpdate| refused.emails.is_some() && fields.emails.is_none();
    draft.contact.refused_update.take_if(|refused| !still_refused(refused));
    Ok(())
}

pub(super) fn known_clients(draft: &Draft<'_>, refs: &[Ref]) -> Result<Vec<ClientId>, Refusal> {
    let mut ids = Vec::with_capacity(refs.len());
    for (index, client) in refs.iter().enumerate() {
        let known = draft.clients.iter().find(|known| known.reference == *client);
        ids.push(known.ok_or_else(|| Refusal::UnknownClient { index, client: client.clone() })?.id);
    }
    ids.sort();
    ids.dedup();
    Ok(ids)
}

/// A trial is left out of counts and of mail to many, so it never comes to see what a client sees (V1).
fn stays_a_trial(scene: Scene<'_>, clients: &[ClientId]) -> Result<(), Refusal> {
    match scene.facts.contact.as_ref().filter(|contact| contact.trial) {
        Some(trial) if clients.iter().any(|client| !trial.clients.contains(client)) => {
            Err(OutOfBounds::of_trial().into())
        }
        _ => Ok(()),
    }
}

fn rely_on_added_clients(draft: &mut Draft<'_>, clients: &[ClientId]) {
    let (clients, before): (BTreeSet<_>, BTreeSet<_>) =
        (clients.iter().collect(), draft.contact.clients.iter().collect());
    let added = |id: &ClientId| clients.contains(id) && !before.contains(id);
    let relied_on: Vec<_> = draft.clients.iter().filter(|client| added(&client.id)).cloned().collect();
    for client in relied_on.iter().filter(|client| client.version > 0) {
        draft.look_at_client(client);
    }
}

/// Replaces the list; a new first key under a live login moves it (M1–M6).
fn replace_emails(draft: &mut Draft<'_>, command: &PutEmails) -> Result<(), Refusal> {
    let emails = command.emails.clone().remembering(&draft.contact.emails);
    if draft.contact.emails == emails {
        return Ok(());
    }
    let old = draft.contact.emails.first().cloned();
    let new = emails.first().cloned();
    let same_key = old.as_ref().map(EmailAddress::key) == new.as_ref().map(EmailAddress::key);
    if same_key {
        draft.contact.emails = emails;
        return Ok(());
    }
    if draft.contact.access != Access::Granted {
        draft.contact.emails = emails;
        draft.contact.moved_from = None;
        // Whose it was stays known, though access was taken away first.
        if let Some(old) = old.filter(|old| draft.was_first(old.key())) {
            draft.leave_key(old.key(), command.wrong_address);
        }
        return Ok(());
    }
    let new = new.ok_or(Refusal::LoginEmailRequired)?;
    let old = old.expect("a contact with access has a first address");
    let joins = draft.holder_to_join(new.key(), Joining::OnlyIfAsked(command.join))?;
    draft.contact.emails = emails;
    move_login(draft, &old, &new, joins, command.wrong_address);
    Ok(())
}

fn move_login(
    draft: &mut Draft<'_>,
    old: &EmailAddress,
    new: &EmailAddress,
    joins: Option<LoginId>,
    wrong_address: bool,
) {
    let own = draft.contact.login.expect("access is granted, so there is a login");
    let split = draft.shares_its_login();
    match joins {
        Some(login) => {
            if split {
                draft.leave(own);
            } else {
                draft.erase(own);
            }
            draft.join(login);
        }
        None if split => {
            draft.leave(own);
            let fresh = draft.begin();
            draft.claim(fresh, new.key());
            draft.enter(fresh);
        }
        None => carry(draft, own, new.key(), wrong_address),
    }
    draft.leave_key(old.key(), wrong_address);
    draft.remember(new.key());
    let moved = MovedFrom { address: old.as_str().to_owned(), at: draft.now() };
    draft.contact.moved_from = (!wrong_address).then_some(moved);
    tell(draft, old, new, joins.is_some(), split, wrong_address);
}

/// Moves the contact's own login to a new key (M2, M3, M9).
fn carry(draft: &mut Draft<'_>, login: LoginId, key: &LoginKey, wrong_address: bool) {
    let back_unproven = draft.was_first(key)
        && draft
            .login()
            .and_then(|login| login.credential.as_ref())
            .is_some_and(|credential| credential.confirmed_at.as_ref() != Some(key));
    let password_ends = wrong_address || back_unproven;
    draft.release(login);
    draft.claim(login, key);
    draft.end_links(login);
    if password_ends {
        draft.drop_password(login);
    }
    if password_ends || draft.practice.settings.sessions_on_move == SessionsOnMove::End {
        draft.end_sessions(login);
    }
}

/// One mail per address (M4).
fn tell(draft: &mut Draft<'_>, old: &EmailAddress, new: &EmailAddress, joined: bool, split: bool, wrong_address: bool) {
    let changed_by = draft.practice.name.clone();
    let has_password = draft.login().is_some_and(|login| login.credential.is_some());
    if joined || !has_password {
        draft.invite(new);
    } else {
        draft.write(new, None, MessageBody::LoginMovedNew { changed_by: changed_by.clone() });
    }
    if !wrong_address {
        let new_address = mask(new.as_str());
        draft.write(old, None, MessageBody::LoginMovedOld { new_address, changed_by, split });
    }
}

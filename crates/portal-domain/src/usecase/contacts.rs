use serde::{Deserialize, Serialize};

use super::{ATTEMPTS, CallContext, Error, Portal};
use crate::{
    Refusal,
    decide::{self, ContactFields, ContactOutcome, Decided, Effects, Moment, PutEmails, Scene},
    email::{EmailList, EmailListFault},
    facts::{ContactFacts, ContactQuery, ContactSelector},
    id::Ref,
    password::ForeignHash,
    practice::Practice,
    view::ContactView,
};

/// A new list of addresses as it was submitted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EmailsInput {
    /// The addresses, raw.
    pub emails: Vec<String>,
    /// See [`PutEmails::join`].
    pub join: bool,
    /// See [`PutEmails::wrong_address`].
    pub wrong_address: bool,
}

impl EmailsInput {
    fn parse(&self) -> Result<PutEmails, Refusal> {
        let emails = EmailList::parse(&self.emails).map_err(|fault| match fault {
            EmailListFault::Invalid { index, fault } => Refusal::InvalidEmail { index: Some(index), fault },
            EmailListFault::TooMany { count } => Refusal::TooManyEmails { count },
        })?;
        Ok(PutEmails { emails, join: self.join, wrong_address: self.wrong_address })
    }
}

/// The fields of a contact as they were submitted; what is left out of an existing contact stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PutContactInput {
    /// Name in words.
    pub name: Option<String>,
    /// Language, `Some(None)` for the practice's own.
    pub locale: Option<Option<String>>,
    /// All clients.
    pub clients: Option<Vec<Ref>>,
    /// The addresses.
    pub emails: Option<EmailsInput>,
}

/// What a command on a contact answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactAnswer {
    /// Whether anything changed (A1).
    pub changed: bool,
    /// Whether the contact is new.
    pub created: bool,
    /// The contact as the command leaves it; `None` where it was deleted.
    pub contact: Option<ContactView>,
    /// What the command does (M7).
    pub effects: Effects,
}

impl Portal {
    /// A contact with the practice it belongs to; `NotFound` where there is none.
    pub async fn contact(&self, context: &CallContext, contact: &Ref) -> Result<(Practice, ContactFacts), Error> {
        let practice = self.practice(context).await?;
        let facts = self.contact_facts(context, query(contact)).await?;
        if facts.contact.is_none() {
            return Err(Refusal::NotFound { what: "contact" }.into());
        }
        Ok((practice, facts))
    }

    /// A contact as it is shown; `NotFound` where there is none.
    pub async fn contact_view(&self, context: &CallContext, contact: &Ref) -> Result<ContactView, Error> {
        let (practice, facts) = self.contact(context, contact).await?;
        let view = ContactView::of(&practice, &facts, self.clock.now());
        Ok(view.ok_or(Refusal::NotFound { what: "contact" })?)
    }

    /// The contacts of these references as they are shown, in their order; those that are gone are left out.
    pub async fn contact_views(&self, context: &CallContext, refs: &[Ref]) -> Result<Vec<ContactView>, Error> {
        let practice = self.practice(context).await?;
        let facts = self.contacts(context, refs).await?;
        let now = self.clock.now();
        Ok(facts.iter().filter_map(|facts| ContactView::of(&practice, facts, now)).collect())
    }

    /// Creates or changes a contact. See [`decide::put_contact`]. What is refused is remembered on the contact.
    pub async fn put_contact(
        &self,
        context: &CallContext,
        contact: &Ref,
        input: &PutContactInput,
    ) -> Result<ContactAnswer, Error> {
        let emails = input.emails.as_ref().map(EmailsInput::parse).transpose();
        let mut query = query(contact);
        query.clients = input.clients.clone().unwrap_or_default();
        query.keys = first_key(emails.as_ref().ok().and_then(Option::as_ref));
        let fields = emails.map(|emails| ContactFields {
            name: input.name.clone(),
            locale: input.locale.clone(),
            clients: input.clients.clone(),
            emails,
        });
        let decide = |scene: Scene<'_>, moment: &mut Moment| {
            if scene.facts.contact.is_none() {
                context.meant_for(None)?;
            }
            decide::put_contact(scene, contact, fields.as_ref().map_err(Clone::clone)?, moment)
        };
        let submitted = input.emails.as_ref().map(|input| input.emails.as_slice());
        self.update(context, query, submitted, decide).await
    }

    /// Replaces the addresses. See [`decide::put_emails`]. What is refused is remembered on the contact.
    pub async fn put_emails(
        &self,
        context: &CallContext,
        contact: &Ref,
        input: &EmailsInput,
    ) -> Result<ContactAnswer, Error> {
        let command = input.parse();
        let mut query = query(contact);
        query.keys = first_key(command.as_ref().ok());
        let decide = |scene: Scene<'_>, moment: &mut Moment| match &command {
            Ok(command) => decide::put_emails(scene, command, moment),
            // Unknown contacts answer alike, whatever is sent for them.
            Err(_) if scene.facts.contact.is_none() => Err(Refusal::NotFound { what: "contact" }),
            Err(refusal) => Err(refusal.clone()),
        };
        self.update(context, query, Some(&input.emails), decide).await
    }

    async fn update(
        &self,
        context: &CallContext,
        query: ContactQuery,
        submitted: Option<&[String]>,
        decide: impl Fn(Scene<'_>, &mut Moment) -> Result<Decided<ContactOutcome>, Refusal> + Send + Sync,
    ) -> Result<ContactAnswer, Error> {
        let done = self.on_contact(context, query.clone(), &decide).await;
        if matches!(&done, Err(Error::Refused(refusal)) if refusal.is_of_an_update()) {
            // What can't be noted now is told all the same.
            let _ = self.note_refused(context, query, submitted, &decide).await;
        }
        done
    }

    /// Remembers a refusal, unless by now it would be none.
    async fn note_refused(
        &self,
        context: &CallContext,
        query: ContactQuery,
        submitted: Option<&[String]>,
        decide: impl Fn(Scene<'_>, &mut Moment) -> Result<Decided<ContactOutcome>, Refusal> + Send + Sync,
    ) -> Result<(), Error> {
        for _ in 0..ATTEMPTS {
            let practice = self.practice(context).await?;
            let facts = self.contact_facts(context, query.clone()).await?;
            context.meant_for(facts.contact.as_ref())?;
            let scene = Scene { practice: &practice, facts: &facts };
            let Err(refusal) = decide(scene, &mut self.moment(context)) else { return Ok(()) };
            let decision = decide::note_refused_update(scene, &refusal, submitted, &mut self.moment(context));
            if self.settle(context, Decided { decision, outcome: () }).await?.is_some() {
                return Ok(());
            }
        }
        Err(Error::Overloaded)
    }

    /// See [`decide::activate`].
    pub async fn activate(&self, context: &CallContext, contact: &Ref) -> Result<ContactAnswer, Error> {
        self.on_contact(context, query(contact), decide::activate).await
    }

    /// See [`decide::resend`].
    pub async fn resend(&self, context: &CallContext, contact: &Ref) -> Result<ContactAnswer, Error> {
        self.on_contact(context, query(contact), decide::resend).await
    }

    /// See [`decide::lift_suppression`].
    pub async fn lift_suppression(&self, context: &CallContext, contact: &Ref) -> Result<ContactAnswer, Error> {
        self.on_contact(context, query(contact), decide::lift_suppression).await
    }

    /// See [`decide::deactivate`].
    pub async fn deactivate(&self, context: &CallContext, contact: &Ref) -> Result<ContactAnswer, Error> {
        self.on_contact(context, query(contact), decide::deactivate).await
    }

    /// See [`decide::reactivate`].
    pub async fn reactivate(&self, context: &CallContext, contact: &Ref) -> Result<ContactAnswer, Error> {
        self.on_contact(context, query(contact), decide::reactivate).await
    }

    /// Takes over the password that another system has hashed. See [`decide::import_credential`].
    pub async fn import_credential(
        &self,
        context: &CallContext,
        contact: &Ref,
        hash: &str,
    ) -> Result<ContactAnswer, Error> {
        let hash = match ForeignHash::parse(hash) {
            Ok(hash) => hash,
            // Unknown contacts answer alike, whatever is sent for them.
            Err(fault) => {
                self.contact(context, contact).await?;
                return Err(Refusal::InvalidHash { fault }.into());
            }
        };
        let decide = |scene: Scene<'_>, moment: &mut Moment| decide::import_credential(scene, &hash, moment);
        self.on_contact(context, query(contact), decide).await
    }

    /// See [`decide::delete_contact`].
    pub async fn delete_contact(&self, context: &CallContext, contact: &Ref) -> Result<ContactAnswer, Error> {
        self.on_contact(context, query(contact), decide::delete_contact).await
    }

    /// Facts about the contacts of these references, in their order; for lists.
    pub async fn contacts(&self, context: &CallContext, refs: &[Ref]) -> Result<Vec<ContactFacts>, Error> {
        let queries: Vec<_> = refs.iter().map(query).collect();
        Ok(self.store.contacts(context.practice, &queries, self.clock.now()).await?)
    }

    pub(super) async fn on_contact(
        &self,
        context: &CallContext,
        query: ContactQuery,
        decide: impl Fn(Scene<'_>, &mut Moment) -> Result<Decided<ContactOutcome>, Refusal> + Send + Sync,
    ) -> Result<ContactAnswer, Error> {
        let (query, decide) = (&query, &decide);
        let decided = || async move {
            let practice = self.practice(context).await?;
            let facts = self.contact_facts(context, query.clone()).await?;
            if let Some(contact) = &facts.contact {
                context.meant_for(Some(contact))?;
            }
            let mut moment = self.moment(context);
            let Decided { decision, outcome } = decide(Scene { practice: &practice, facts: &facts }, &mut moment)?;
            let contact = ContactView::of(&practice, &outcome.after, moment.now);
            let ContactOutcome { changed, created, effects, .. } = outcome;
            Ok(Decided { decision, outcome: ContactAnswer { changed, created, contact, effects } })
        };
        self.carry_out(context, decided).await
    }

    pub(super) async fn contact_facts(
        &self,
        context: &CallContext,
        query: ContactQuery,
    ) -> Result<ContactFacts, Error> {
        let facts = self.store.contacts(context.practice, &[query], self.clock.now()).await?;
        Ok(facts.into_iter().next().unwrap_or_default())
    }
}

pub(super) fn query(contact: &Ref) -> ContactQuery {
    ContactQuery { contact: ContactSelector::Ref(contact.clone()), keys: Vec::new(), clients: Vec::new() }
}

fn first_key(emails: Option<&PutEmails>) -> Vec<crate::email::LoginKey> {
    let first = emails.and_then(|emails| emails.emails.first());
    first.map(|email| email.key().clone()).into_iter().collect()
}

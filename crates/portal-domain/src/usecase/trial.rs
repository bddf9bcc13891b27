//! A trial client (V1).

use super::{CallContext, ContactAnswer, Error, Portal, contacts::query};
use crate::{
    Refusal,
    decide::{self, BeginTrial, PutClient, Scene},
    email::EmailAddress,
    id::Ref,
};

/// What a trial begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrialInput<'a> {
    /// The reference of the contact to be.
    pub contact: &'a Ref,
    /// Its name in words.
    pub name: &'a str,
    /// The client that all trials share, and its name where it is made now.
    pub client: (&'a Ref, &'a str),
    /// Where the invitation goes, raw.
    pub email: &'a str,
}

impl Portal {
    /// Begins a trial. The client is made where it is not there yet. See [`decide::begin_trial`]: `PreconditionFailed` where there is a
    /// contact of this reference.
    pub async fn begin_trial(&self, context: &CallContext, input: &TrialInput<'_>) -> Result<ContactAnswer, Error> {
        let email = EmailAddress::parse(input.email).map_err(|fault| Refusal::InvalidEmail { index: None, fault })?;
        let (client, client_name) = input.client;
        let unnamed = CallContext { request: None, ..context.clone() };
        let made = PutClient { reference: client.clone(), name: client_name.to_owned() };
        match self.add_client(&unnamed, &made).await {
            Ok(_) | Err(Error::Refused(Refusal::PreconditionFailed)) => {}
            Err(error) => return Err(error),
        }
        let mut query = query(input.contact);
        query.keys.push(email.key().clone());
        query.clients.push(client.clone());
        let command =
            BeginTrial { reference: input.contact.clone(), name: input.name.to_owned(), client: client.clone(), email };
        let decide = |scene: Scene<'_>, moment: &mut decide::Moment| decide::begin_trial(scene, &command, moment);
        self.on_contact(context, query, decide).await
    }
}

//! Name and clients of a contact.

use askama::Template;
use axum::{http::StatusCode, response::Response};
use portal_domain::{
    Refusal,
    facts::ContactFacts,
    id::Ref,
    usecase::{Error, PutContactInput},
    view::ContactView,
};

use super::{
    Member, Place, Shell,
    contacts::{self, Fault},
    go_to,
    refused::{self, Told},
    show,
    words::say,
};
use crate::{ask::Form, caller::Reference, problem::Problem};

/// A client to be kept or taken away.
struct Kept {
    reference: String,
    name: String,
    ticked: bool,
}

#[derive(Template)]
#[template(path = "desk/details.html")]
struct DetailsPage {
    shell: Shell,
    base: String,
    title: String,
    tag: String,
    name: String,
    kept: Vec<Kept>,
    added: String,
    fault: Option<(&'static str, Told)>,
}

impl DetailsPage {
    fn at(&self, field: &str) -> bool {
        self.fault.as_ref().is_some_and(|(own, _)| *own == field)
    }
}

async fn known(member: &Member, contact: &Ref) -> Result<(ContactView, ContactFacts), Problem> {
    let (practice, facts) = member.app.portal.contact(&member.context, contact).await?;
    let view = ContactView::of(&practice, &facts, member.app.portal.now());
    Ok((view.ok_or_else(|| Problem::not_found("contact"))?, facts))
}

/// What was typed.
struct Typed {
    name: String,
    kept: Vec<String>,
    added: String,
}

fn filled(member: &Member, view: &ContactView, facts: &ContactFacts, typed: Typed) -> DetailsPage {
    let own = facts.clients.iter().filter(|client| view.clients.contains(&client.reference));
    let kept = own.map(|client| Kept {
        reference: client.reference.as_str().to_owned(),
        name: client.name.clone(),
        ticked: typed.kept.iter().any(|kept| kept == client.reference.as_str()),
    });
    DetailsPage {
        shell: member.shell(Place::Contacts),
        base: member.contact_path(&view.reference),
        title: view.name.clone(),
        tag: view.tag.clone(),
        kept: kept.collect(),
        name: typed.name,
        added: typed.added,
        fault: None,
    }
}

pub(super) async fn form(member: Member, Reference(contact): Reference) -> Result<Response, Problem> {
    let (view, facts) = known(&member, &contact).await?;
    let kept = view.clients.iter().map(|client| client.as_str().to_owned()).collect();
    let typed = Typed { name: view.name.clone(), kept, added: String::new() };
    Ok(show(StatusCode::OK, &filled(&member, &view, &facts, typed)))
}

pub(super) async fn save(member: Member, Reference(contact): Reference, form: Form) -> Result<Response, Problem> {
    let (view, facts) = known(&member, &contact).await?;
    let typed = Typed {
        name: form.field("name")?.trim().to_owned(),
        kept: form.all("kept")?.into_iter().map(str::to_owned).collect(),
        added: form.optional("added")?.unwrap_or_default().to_owned(),
    };
    let (field, told) = match put(&member, &view.reference, form.field("tag")?, &typed).await {
        Ok(()) => return Ok(go_to(member.contact_path(&contact))),
        Err(Fault::Other(problem)) => return Err(problem),
        Err(Fault::Typed(field, told)) => (field, told),
    };
    let page = DetailsPage { fault: Some((field, told)), ..filled(&member, &view, &facts, typed) };
    Ok(show(StatusCode::UNPROCESSABLE_ENTITY, &page))
}

async fn put(member: &Member, contact: &Ref, tag: &str, typed: &Typed) -> Result<(), Fault> {
    if typed.name.is_empty() {
        return Err(Fault::Typed("name", Told { what: say("The name is missing."), next: "Type one." }));
    }
    let mut clients: Vec<_> = typed.kept.iter().filter_map(|kept| Ref::parse(kept)).collect();
    clients.extend(contacts::chosen(member, &typed.added).await?);
    let input =
        PutContactInput { name: Some(typed.name.clone()), clients: Some(clients), ..PutContactInput::default() };
    match member.app.portal.put_contact(&member.meant_for(tag), contact, &input).await {
        Ok(_) => Ok(()),
        Err(Error::Refused(refusal)) => {
            let field = match &refusal {
                Refusal::UnknownClient { .. } => "added",
                _ => "name",
            };
            Err(Fault::Typed(field, refused::told(&refusal)))
        }
        Err(error) => Err(error.into()),
    }
}

//! The clients: list, add, rename, suspend and resume.

use askama::Template;
use axum::{extract::RawQuery, http::StatusCode, response::Response};
use portal_domain::{Refusal, decide::PutClient, id::Ref, port::Page, practice::Client, usecase::Error};

use super::{
    Member, Place, Shell,
    asked::Asked,
    go_to,
    refused::{self, Told},
    show,
    words::say,
};
use crate::{
    ask::{self, Form},
    caller::Reference,
    problem::Problem,
};

/// So many stand on a page.
const SHOWN: u32 = 100;

/// A client of the list.
struct Row {
    name: String,
    path: String,
    reference: String,
    suspended: bool,
}

#[derive(Template)]
#[template(path = "desk/clients.html")]
struct ListPage {
    shell: Shell,
    rows: Vec<Row>,
    next: Option<String>,
    name: String,
    made: String,
    fault: Option<Told>,
}

#[derive(Template)]
#[template(path = "desk/client.html")]
struct ClientPage {
    shell: Shell,
    base: String,
    client: Row,
    contacts: String,
    name: String,
    fault: Option<Told>,
    admin: bool,
}

fn row(member: &Member, client: &Client) -> Row {
    Row {
        name: client.name.clone(),
        path: member.client_path(&client.reference),
        reference: client.reference.as_str().to_owned(),
        suspended: client.suspended,
    }
}

async fn list(member: &Member, after: Option<Ref>) -> Result<ListPage, Problem> {
    let page = Page { after, limit: SHOWN + 1 };
    let mut clients = member.app.views.clients(member.context.practice, &page).await?;
    let more = clients.len() > SHOWN as usize;
    clients.truncate(SHOWN as usize);
    let last = clients.last().filter(|_| more).map(|last| ask::cursor(last.reference.as_str()));
    Ok(ListPage {
        shell: member.shell(Place::Clients),
        rows: clients.iter().map(|client| row(member, client)).collect(),
        next: last.map(|cursor| member.path(&format!("clients?cursor={cursor}"))),
        name: String::new(),
        made: member.fresh_name(),
        fault: None,
    })
}

pub(super) async fn page(member: Member, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let asked = Asked::parse(query.as_deref().unwrap_or_default());
    Ok(show(StatusCode::OK, &list(&member, asked.after).await?))
}

pub(super) async fn add(member: Member, form: Form) -> Result<Response, Problem> {
    let (name, made) = (form.field("name")?.trim(), form.field("made")?);
    let reference = Ref::parse(made).ok_or_else(|| Problem::invalid_field("made", "the form is not whole"))?;
    let (fault, made) = match make(&member, &reference, name).await? {
        Made::Here => return Ok(go_to(member.client_path(&reference))),
        Made::Not(fault) => (fault, made.to_owned()),
        Made::Another(fault) => (fault, member.fresh_name()),
    };
    let page = ListPage { name: name.to_owned(), made, fault: Some(fault), ..list(&member, None).await? };
    Ok(show(StatusCode::UNPROCESSABLE_ENTITY, &page))
}

/// What became of a form that adds a client.
enum Made {
    /// The client is there, as it was typed.
    Here,
    /// The form was sent before, and made another one.
    Another(Told),
    Not(Told),
}

/// Adds a client; one that is there stays as it is.
async fn make(member: &Member, reference: &Ref, name: &str) -> Result<Made, Problem> {
    let Some(command) = command(reference, name) else { return Ok(Made::Not(nameless())) };
    match member.app.portal.add_client(&member.context, &command).await {
        Ok(_) => Ok(Made::Here),
        Err(Error::Refused(Refusal::PreconditionFailed)) => {
            let there = member.app.portal.client(&member.context, reference).await?;
            // Of the same name: the button was pressed twice.
            let same = there.name == name;
            Ok(if same { Made::Here } else { Made::Another(refused::sent_before(&there.name)) })
        }
        Err(Error::Refused(refusal)) => Ok(Made::Not(refused::told(&refusal))),
        Err(error) => Err(error.into()),
    }
}

fn command(reference: &Ref, name: &str) -> Option<PutClient> {
    (!name.is_empty()).then(|| PutClient { reference: reference.clone(), name: name.to_owned() })
}

fn nameless() -> Told {
    Told { what: say("The name is missing."), next: "Type one." }
}

/// Renames a client, or says what is wrong with the name.
async fn put(member: &Member, reference: &Ref, name: &str) -> Result<Result<(), Told>, Problem> {
    let Some(command) = command(reference, name) else { return Ok(Err(nameless())) };
    match member.app.portal.put_client(&member.context, &command).await {
        Ok(_) => Ok(Ok(())),
        Err(Error::Refused(refusal)) => Ok(Err(refused::told(&refusal))),
        Err(error) => Err(error.into()),
    }
}

fn client_page(member: &Member, client: &Client, name: String, fault: Option<Told>) -> ClientPage {
    let asked = Asked { client: Some(client.reference.clone()), ..Asked::default() };
    ClientPage {
        shell: member.shell(Place::Clients),
        base: member.client_path(&client.reference),
        client: row(member, client),
        contacts: asked.query(None),
        name,
        fault,
        admin: member.is_admin(),
    }
}

pub(super) async fn one(member: Member, Reference(client): Reference) -> Result<Response, Problem> {
    let client = member.app.portal.client(&member.context, &client).await?;
    let name = client.name.clone();
    Ok(show(StatusCode::OK, &client_page(&member, &client, name, None)))
}

pub(super) async fn rename(member: Member, Reference(client): Reference, form: Form) -> Result<Response, Problem> {
    let client = member.app.portal.client(&member.context, &client).await?;
    let name = form.field("name")?.trim();
    match put(&member, &client.reference, name).await? {
        Ok(()) => Ok(go_to(member.client_path(&client.reference))),
        Err(fault) => {
            let page = client_page(&member, &client, name.to_owned(), Some(fault));
            Ok(show(StatusCode::UNPROCESSABLE_ENTITY, &page))
        }
    }
}

pub(super) async fn suspend(member: Member, Reference(client): Reference) -> Result<Response, Problem> {
    set_suspended(&member, &client, true).await
}

pub(super) async fn resume(member: Member, Reference(client): Reference) -> Result<Response, Problem> {
    set_suspended(&member, &client, false).await
}

async fn set_suspended(member: &Member, client: &Ref, suspended: bool) -> Result<Response, Problem> {
    member.app.portal.suspend_client(&member.context, client, suspended).await?;
    Ok(go_to(member.client_path(client)))
}

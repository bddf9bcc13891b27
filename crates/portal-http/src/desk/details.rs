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
    contact::known,
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
    /// The name that is saved.
    was: String,
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

/// What was typed, and into what.
struct Typed {
    name: String,
    /// The name that the form showed.
    was: String,
    /// The clients that the form showed.
    shown: Vec<String>,
    /// Those of them with a tick.
    kept: Vec<String>,
    added: String,
}

impl Typed {
    fn read(form: &Form) -> Result<Self, Problem> {
        let all = |name| Ok::<_, Problem>(form.all(name)?.into_iter().map(str::to_owned).collect());
        Ok(Self {
            name: form.field("name")?.trim().to_owned(),
            was: form.optional("was")?.unwrap_or_default().to_owned(),
            shown: all("shown")?,
            kept: all("kept")?,
            added: form.optional("added")?.unwrap_or_default().to_owned(),
        })
    }

    /// Whether a client of the contact has the tick: one that the form didn't show was added by somebody else.
    fn keeps(&self, client: &Ref) -> bool {
        let is_in = |clients: &[String]| clients.iter().any(|own| own == client.as_str());
        is_in(&self.kept) || !is_in(&self.shown)
    }

    /// The name, or that of today where the one that was shown was left as it is.
    fn name_now(&self, now: &str) -> String {
        if self.name == self.was { now.to_owned() } else { self.name.clone() }
    }
}

fn filled(member: &Member, view: &ContactView, facts: &ContactFacts, typed: Typed) -> DetailsPage {
    let own = facts.clients.iter().filter(|client| view.clients.contains(&client.reference));
    let kept = own.map(|client| Kept {
        reference: client.reference.as_str().to_owned(),
        name: client.name.clone(),
        ticked: typed.keeps(&client.reference),
    });
    DetailsPage {
        shell: member.shell(Place::Contacts),
        base: member.contact_path(&view.reference),
        title: view.name.clone(),
        tag: view.tag.clone(),
        kept: kept.collect(),
        was: view.name.clone(),
        name: typed.name_now(&view.name),
        added: typed.added,
        fault: None,
    }
}

pub(super) async fn form(member: Member, Reference(contact): Reference) -> Result<Response, Problem> {
    let (view, facts) = known(&member, &contact).await?;
    let (name, was) = (view.name.clone(), view.name.clone());
    let typed = Typed { name, was, shown: Vec::new(), kept: Vec::new(), added: String::new() };
    Ok(show(StatusCode::OK, &filled(&member, &view, &facts, typed)))
}

pub(super) async fn save(member: Member, Reference(contact): Reference, form: Form) -> Result<Response, Problem> {
    let (view, facts) = known(&member, &contact).await?;
    let typed = Typed::read(&form)?;
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
    clients.extend(contacts::chosen(member, &typed.added).await.map_err(at_added)?);
    let input =
        PutContactInput { name: Some(typed.name.clone()), clients: Some(clients), ..PutContactInput::default() };
    match member.app.portal.put_contact(&member.meant_for(tag), contact, &input).await {
        Ok(_) => Ok(()),
        Err(Error::Refused(Refusal::PreconditionFailed)) => Err(Fault::Typed("name", changed())),
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

fn at_added(fault: Fault) -> Fault {
    match fault {
        Fault::Typed(_, told) => Fault::Typed("added", told),
        other => other,
    }
}

fn changed() -> Told {
    let next = "What is here now is shown with what you typed. Look it over, and save it.";
    Told { what: say("This contact was changed meanwhile."), next }
}

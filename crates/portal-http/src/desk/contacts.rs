//! The contacts: found, and added.

use std::collections::BTreeSet;

use askama::Template;
use axum::{extract::RawQuery, http::StatusCode, response::Response};
use portal_domain::{
    Refusal,
    email::{EmailAddress, EmailList},
    id::{ClientId, Ref},
    port::Page,
    practice::Client,
    search::SearchWords,
    status::PortalStatus,
    usecase::{EmailsInput, Error, PutContactInput},
    view::ContactView,
};

use super::{
    Member, Place, Shell,
    asked::Asked,
    go_to,
    refused::{self, Told},
    show,
    words::{self, say},
};
use crate::{
    ask::{self, Form},
    assets,
    host::find,
    problem::Problem,
};

/// So many stand on a page.
const SHOWN: usize = 50;
/// And so many are fetched, to learn whether there are more.
const FOUND: u32 = 51;

/// A contact of the list.
struct Row {
    name: String,
    path: String,
    address: Option<String>,
    label: &'static str,
    tone: &'static str,
    reason: String,
    trial: bool,
}

/// A status to ask for.
struct Choice {
    code: &'static str,
    label: &'static str,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "desk/contacts.html")]
struct ListPage {
    shell: Shell,
    js: String,
    words: String,
    choices: Vec<Choice>,
    /// Name and reference of the client whose contacts these are.
    client: Option<(String, String)>,
    /// What the page for a new contact is told of it.
    client_query: String,
    narrows: bool,
    beginning: bool,
    rows: Vec<Row>,
    next: Option<String>,
    /// Where an admin gets all of them as a file.
    csv: Option<String>,
    /// Where it is told why those of this status are not in.
    why: Option<String>,
}

pub(super) async fn page(member: Member, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let asked = Asked::parse(query.as_deref().unwrap_or_default());
    let client = match &asked.client {
        Some(client) => Some(member.app.portal.client(&member.context, client).await?),
        None => None,
    };
    let (found, cursor) = find(&member, &asked, client.as_ref().map(|client| client.id)).await?;
    let choices = PortalStatus::ALL.into_iter().rev().map(|status| Choice {
        code: status.code(),
        label: words::label(status),
        chosen: asked.status == Some(status),
    });
    let page = ListPage {
        shell: member.shell(Place::Contacts),
        js: assets::lists_path(),
        choices: choices.collect(),
        client: client.map(|client| (client.name, client.reference.as_str().to_owned())),
        client_query: client_query(asked.client.as_ref()),
        narrows: asked.narrows(),
        beginning: asked.after.is_none(),
        rows: found.iter().map(|contact| row(&member, contact)).collect(),
        next: cursor.map(|cursor| member.path(&format!("contacts?{}", asked.query(Some(&cursor))))),
        csv: member.is_admin().then(|| member.path(&format!("contacts.csv?{}", asked.query(None)))),
        why: asked
            .status
            .filter(|status| *status != PortalStatus::Active && !found.is_empty() && asked.after.is_none())
            .map(|_| member.path(&format!("why?{}", asked.query(None)))),
        words: asked.words,
    };
    Ok(show(StatusCode::OK, &page))
}

fn client_query(client: Option<&Ref>) -> String {
    let asked = |client: &Ref| Asked { client: Some(client.clone()), ..Asked::default() };
    client.map(|client| format!("?{}", asked(client).query(None))).unwrap_or_default()
}

pub(super) async fn find(
    member: &Member,
    asked: &Asked,
    client: Option<ClientId>,
) -> Result<(Vec<ContactView>, Option<String>), Problem> {
    if let Some(found) = with_address(member, asked).await? {
        return Ok(found);
    }
    find::find(&member.app, &member.context, SHOWN, &asked.filter(), client, asked.after.clone()).await
}

/// Those who have the address that was typed, wherever in their list: an index knows them, however many contacts there are.
async fn with_address(member: &Member, asked: &Asked) -> Result<Option<(Vec<ContactView>, Option<String>)>, Problem> {
    let typed = EmailAddress::parse(&asked.words).ok().filter(|_| asked.status.is_none() && asked.client.is_none());
    let Some(address) = typed else { return Ok(None) };
    let (practice, views) = (member.context.practice, &member.app.views);
    // What is a whole address to nobody may be a part of one, on every page of what is found then.
    if views.contacts_with(practice, address.key(), &Page { after: None, limit: 1 }).await?.is_empty() {
        return Ok(None);
    }
    let page = Page { after: asked.after.clone(), limit: FOUND };
    let mut refs = views.contacts_with(practice, address.key(), &page).await?;
    let more = refs.len() > SHOWN;
    refs.truncate(SHOWN);
    let next = refs.last().filter(|_| more).map(|last| ask::cursor(last.as_str()));
    Ok(Some((member.app.portal.contact_views(&member.context, &refs).await?, next)))
}

fn row(member: &Member, contact: &ContactView) -> Row {
    Row {
        name: contact.name.clone(),
        path: member.contact_path(&contact.reference),
        address: contact.emails.first().map(|email| email.as_str().to_owned()),
        label: words::label(contact.portal.status),
        tone: words::tone(contact.portal.status).class(),
        reason: words::reason(&contact.portal),
        trial: contact.trial,
    }
}

/// What is typed to add a contact.
#[derive(Default)]
struct Typed {
    name: String,
    emails: String,
    clients: String,
    reference: String,
    /// The reference that is given where none is typed: the same however often the button is pressed.
    made: String,
    /// The addresses of which it was told already that they are odd (E5).
    odd: String,
}

impl Typed {
    /// What is odd about the addresses, unless that was told already: whoever adds them all the same has confirmed it.
    fn odd(&mut self) -> Option<Told> {
        // Browsers have line ends of their own.
        let told = self.odd.lines().eq(self.emails.lines());
        self.odd.clone_from(&self.emails);
        let list = EmailList::parse(&self.addresses()).ok().filter(|_| !told)?;
        let (address, odd) = list.iter().find_map(|email| Some((email, words::odd(email).into_iter().next()?)))?;
        let what = words::name(address.as_str()).say(": ").and(odd);
        Some(Told { what, next: "Correct it; or, if it is right so, press Add again." })
    }

    fn own_reference(&self) -> Option<&str> {
        Some(self.reference.trim()).filter(|typed| !typed.is_empty())
    }

    fn chosen_reference(&self) -> Result<Ref, Fault> {
        let next = "Use up to 128 letters, digits and signs, without spaces.";
        let odd = || Fault::Typed("ref", Told { what: say("This can’t be a reference."), next });
        Ref::parse(self.own_reference().unwrap_or(&self.made)).ok_or_else(odd)
    }

    /// One on each line, as it came: what is removed at its ends is remembered (E1).
    fn addresses(&self) -> Vec<String> {
        self.emails.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect()
    }
}

#[derive(Template)]
#[template(path = "desk/new_contact.html")]
struct FormPage {
    shell: Shell,
    typed: Typed,
    /// Field and message.
    fault: Option<(&'static str, Told)>,
}

impl FormPage {
    fn at(&self, field: &str) -> bool {
        self.fault.as_ref().is_some_and(|(own, _)| *own == field)
    }
}

pub(super) async fn form(member: Member, RawQuery(query): RawQuery) -> Response {
    let client = Asked::parse(query.as_deref().unwrap_or_default()).client;
    let clients = client.map(|client| client.as_str().to_owned()).unwrap_or_default();
    let typed = Typed { clients, made: member.fresh_name(), ..Typed::default() };
    show(StatusCode::OK, &FormPage { shell: member.shell(Place::Contacts), typed, fault: None })
}

/// What is wrong with what was typed, at which field.
pub(super) enum Fault {
    Typed(&'static str, Told),
    Other(Problem),
}

impl From<Problem> for Fault {
    fn from(problem: Problem) -> Self {
        Self::Other(problem)
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        let refusal = match error {
            Error::Refused(refusal) => refusal,
            error => return Self::Other(error.into()),
        };
        let field = match &refusal {
            Refusal::OutOfBounds(_) => "name",
            Refusal::UnknownClient { .. } => "clients",
            _ => "emails",
        };
        Self::Typed(field, refused::told(&refusal))
    }
}

pub(super) async fn add(member: Member, form: Form) -> Result<Response, Problem> {
    let text = |name| Ok::<_, Problem>(form.optional(name)?.unwrap_or_default().to_owned());
    let mut typed = Typed {
        name: text("name")?,
        emails: text("emails")?,
        clients: text("clients")?,
        reference: text("ref")?,
        made: text("made")?,
        odd: text("odd")?,
    };
    match make(&member, &mut typed).await {
        Ok(contact) => Ok(go_to(format!("{}?added", member.contact_path(&contact)))),
        Err(Fault::Other(problem)) => Err(problem),
        Err(Fault::Typed(field, told)) => {
            let page = FormPage { shell: member.shell(Place::Contacts), typed, fault: Some((field, told)) };
            Ok(show(StatusCode::UNPROCESSABLE_ENTITY, &page))
        }
    }
}

async fn make(member: &Member, typed: &mut Typed) -> Result<Ref, Fault> {
    let reference = typed.chosen_reference()?;
    if typed.name.trim().is_empty() {
        return Err(Fault::Typed("name", Told { what: say("The name is missing."), next: "Type one." }));
    }
    let input = PutContactInput {
        name: Some(typed.name.trim().to_owned()),
        locale: None,
        clients: Some(chosen(member, &typed.clients).await?),
        emails: Some(EmailsInput { emails: typed.addresses(), ..EmailsInput::default() }),
    };
    if let Some(told) = typed.odd() {
        return Err(Fault::Typed("emails", told));
    }
    match member.app.portal.put_contact(&member.meant_for_none(), &reference, &input).await {
        Ok(_) => Ok(reference),
        Err(Error::Refused(Refusal::PreconditionFailed)) => {
            let there = member.app.portal.contact_view(&member.context, &reference).await?;
            if is_as_typed(&there, &input) { Ok(reference) } else { Err(taken(member, typed, &there)) }
        }
        Err(error) => Err(error.into()),
    }
}

/// Whether a contact is just what was typed: the button was pressed twice.
fn is_as_typed(there: &ContactView, input: &PutContactInput) -> bool {
    let emails = input.emails.as_ref().and_then(|typed| EmailList::parse(&typed.emails).ok());
    let clients: BTreeSet<_> = input.clients.iter().flatten().collect();
    input.name.as_deref() == Some(&*there.name)
        && emails.as_ref() == Some(&there.emails)
        && clients == there.clients.iter().collect()
}

/// Why it is not added, and what is typed is kept; a form that was sent before gets another reference to give.
fn taken(member: &Member, typed: &mut Typed, there: &ContactView) -> Fault {
    if typed.own_reference().is_some() {
        let what = say("There is a contact of this reference already.");
        return Fault::Typed("ref", Told { what, next: "Choose another, or leave it empty." });
    }
    typed.made = member.fresh_name();
    Fault::Typed("name", refused::sent_before(&there.name))
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}

/// The clients that the lines name.
pub(super) async fn chosen(member: &Member, text: &str) -> Result<Vec<Ref>, Fault> {
    let mut chosen = Vec::new();
    if lines(text).next().is_none() {
        return Ok(chosen);
    }
    let all = all_clients(member).await?;
    for line in lines(text) {
        let client = pick(line, &all).map_err(|told| Fault::Typed("clients", told))?;
        if !chosen.contains(&client) {
            chosen.push(client);
        }
    }
    Ok(chosen)
}

async fn all_clients(member: &Member) -> Result<Vec<Client>, Problem> {
    const FETCHED: u32 = 500;
    let (mut all, mut page) = (Vec::new(), Page { after: None, limit: FETCHED });
    loop {
        let clients = member.app.views.clients(member.context.practice, &page).await?;
        page.after = clients.last().map(|client| client.reference.clone());
        let whole = clients.len() == FETCHED as usize;
        all.extend(clients);
        if !whole {
            return Ok(all);
        }
    }
}

/// The one client that a line means: by its reference, by its name, or by the beginnings of its words.
fn pick(line: &str, clients: &[Client]) -> Result<Ref, Told> {
    let none: [&str; 0] = [];
    let words = SearchWords::parse(line);
    let found = clients.iter().filter(|client| words.as_ref().is_some_and(|words| words.find(&client.name, &none)));
    let same = clients.iter().filter(|client| client.name == line);
    let by_name = [same.collect::<Vec<_>>(), found.collect()];
    if let Some(client) = clients.iter().find(|client| client.reference.as_str() == line) {
        return Ok(client.reference.clone());
    }
    if let Some([client]) = by_name.iter().map(Vec::as_slice).find(|found| found.len() == 1) {
        return Ok(client.reference.clone());
    }
    let names: BTreeSet<_> = by_name.iter().flatten().map(|client| client.name.as_str()).collect();
    let what = say("There is no client ").name(line).say(".");
    if names.is_empty() {
        return Err(Told { what, next: "Add it under Clients first, or correct the line." });
    }
    let names: Vec<_> = names.into_iter().take(5).collect();
    let what = words::name(line).say(" could be ").names(names.into_iter()).say(".");
    Err(Told { what, next: "Type more of the name, or the client’s reference." })
}

#[cfg(test)]
mod tests {
    use portal_domain::time::Timestamp;

    use super::*;

    fn client(reference: &str, name: &str) -> Client {
        Client {
            id: ClientId::from_bytes([0; 16]),
            reference: Ref::parse(reference).expect("a reference"),
            name: name.to_owned(),
            suspended: false,
            created_at: Timestamp::from_micros(0),
            version: 1,
        }
    }

    #[test]
    fn a_line_means_one_client_or_says_which_it_could_be() {
        let all = [client("c1", "Acme Ltd"), client("c2", "Acme Ltd & Sons"), client("c3", "Borealis")];
        let picked =
            |line: &str| pick(line, &all).map(|client| client.as_str().to_owned()).map_err(|told| told.what.plain());
        assert_eq!(picked("c2").as_deref(), Ok("c2"));
        assert_eq!(picked("Acme Ltd").as_deref(), Ok("c1"));
        assert_eq!(picked("bor").as_deref(), Ok("c3"));
        assert_eq!(picked("acme sons").as_deref(), Ok("c2"));
        assert_eq!(picked("acme"), Err("acme could be Acme Ltd and Acme Ltd & Sons.".to_owned()));
        assert_eq!(picked("zeta"), Err("There is no client zeta.".to_owned()));
    }
}

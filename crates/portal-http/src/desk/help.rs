//! The client on the phone: who it is, what keeps them out, and the button that mends it (section X).

use std::collections::BTreeSet;

use askama::Template;
use axum::{Extension, extract::RawQuery, http::StatusCode, response::Response};
use portal_domain::{
    Named,
    email::EmailAddress,
    finding::{Diagnosis, Finding, Remedy, RemedyCommand, ReportLine, Severity},
    id::Ref,
    view::ContactView,
};

use super::{
    Member, Place, Shell,
    asked::Asked,
    contacts, lately, show,
    words::{self, Sentence},
};
use crate::{ask::Form, assets, caller::Reference, guard::RequestId, present, problem::Problem};

/// Where somebody came from who is asked before something is done, and where they go afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Came {
    /// From the contact's page, where everything is that can be done.
    FromContact,
    /// From what is told of a client on the phone, where it shows what became of it.
    FromHelp,
}

/// How forms and links say that somebody came from here.
const FROM: &str = "from";
const HELP: &str = "help";

impl Came {
    pub(super) fn by_link(query: Option<&str>) -> Self {
        Self::from(query.and_then(|query| query.strip_prefix(FROM)?.strip_prefix('=')))
    }

    pub(super) fn by_form(form: &Form) -> Result<Self, Problem> {
        Ok(Self::from(form.optional(FROM)?))
    }

    fn from(said: Option<&str>) -> Self {
        if said == Some(HELP) { Self::FromHelp } else { Self::FromContact }
    }

    /// The field with which a form says so.
    pub(super) fn field(self) -> Option<(&'static str, String)> {
        (self == Self::FromHelp).then(|| (FROM, HELP.to_owned()))
    }

    /// The page to go back to.
    pub(super) fn path(self, member: &Member, contact: &Ref) -> String {
        match self {
            Self::FromContact => member.contact_path(contact),
            Self::FromHelp => help_path(member, contact),
        }
    }
}

/// Somebody whom it may be about.
struct Person {
    name: String,
    path: String,
    /// What tells namesakes apart: the address that signs in, and the clients.
    apart: Vec<String>,
}

/// What was seen, and when.
struct Seen {
    when: Option<String>,
    fact: String,
}

/// How a remedy is begun: by a link to the page that says what will happen, or by putting an address on top, which leads there too.
enum Way {
    Link(String),
    Top { action: String, address: String },
}

/// The remedy of a finding, as a button.
struct Button {
    label: String,
    way: Way,
    /// Whether it changes where the client's links go.
    moves: bool,
}

struct Reason {
    title: &'static str,
    explanation: String,
    label: &'static str,
    tone: &'static str,
    seen: Vec<Seen>,
    button: Option<Button>,
}

/// What is told of somebody, or of an address.
struct Told {
    person: Option<Person>,
    /// Where the same is told again.
    again: String,
    /// Where the report for whoever helps is.
    report: Option<String>,
    others: Vec<Person>,
    first: Option<Reason>,
    more: Vec<Reason>,
    /// What happened while they are on the phone.
    lately: Vec<Sentence>,
    /// Whether more may happen at any moment.
    under_way: bool,
}

#[derive(Template)]
#[template(path = "desk/help.html")]
struct HelpPage {
    shell: Shell,
    js: String,
    words: String,
    /// Those of that name, where there are several, or none.
    people: Option<Vec<Person>>,
    told: Option<Told>,
}

#[derive(Template)]
#[template(path = "desk/report.html")]
struct ReportPage {
    shell: Shell,
    back: String,
    name: String,
    lines: String,
}

/// Whom a name or an address leads to, as it was heard.
pub(super) async fn page(member: Member, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let asked = Asked::parse(query.as_deref().unwrap_or_default());
    let words = asked.words.clone();
    let page = page_of(&member, words.clone(), None);
    if words.trim().is_empty() {
        return Ok(show(StatusCode::OK, &page));
    }
    let portal = &member.app.portal;
    if words.contains('@') {
        let diagnosis = portal.diagnose_address(&member.context, &words).await?;
        let again = member.path(&format!("help?{}", asked.query(None)));
        return Ok(show(StatusCode::OK, &HelpPage { told: Some(told(&member, &diagnosis, again).await?), ..page }));
    }
    let (found, _) = contacts::find(&member, &Asked { words, ..Asked::default() }, None).await?;
    if let [only] = found.as_slice() {
        let diagnosis = portal.diagnose(&member.context, &only.reference).await?;
        let again = help_path(&member, &only.reference);
        return Ok(show(StatusCode::OK, &HelpPage { told: Some(told(&member, &diagnosis, again).await?), ..page }));
    }
    let people = people(&member, &found).await?;
    Ok(show(StatusCode::OK, &HelpPage { people: Some(people), ..page }))
}

/// What keeps a contact out.
pub(super) async fn of_contact(member: Member, Reference(contact): Reference) -> Result<Response, Problem> {
    let diagnosis = member.app.portal.diagnose(&member.context, &contact).await?;
    let again = help_path(&member, &contact);
    let told = Some(told(&member, &diagnosis, again).await?);
    Ok(show(StatusCode::OK, &page_of(&member, String::new(), told)))
}

fn page_of(member: &Member, words: String, told: Option<Told>) -> HelpPage {
    HelpPage { shell: member.shell(Place::Help), js: assets::js_path(), words, people: None, told }
}

/// What whoever helps needs to see, to be copied.
pub(super) async fn report(
    member: Member,
    Reference(contact): Reference,
    Extension(RequestId(request)): Extension<RequestId>,
) -> Result<Response, Problem> {
    let portal = &member.app.portal;
    let diagnosis = portal.diagnose(&member.context, &contact).await?;
    let lines = portal.support_report(&member.context, &*member.app.views, &diagnosis).await?;
    let head = format!("portal {}, {}, request {request}\n", env!("CARGO_PKG_VERSION"), present::time(portal.now()));
    let page = ReportPage {
        shell: member.shell(Place::Help),
        back: help_path(&member, &contact),
        name: diagnosis.contact.map(|named| named.name).unwrap_or_default(),
        lines: lines.iter().map(report_line).fold(head, |text, line| text + &line),
    };
    Ok(show(StatusCode::OK, &page))
}

fn report_line(line: &ReportLine) -> String {
    let at = line.at.map(|at| format!("{}  ", present::time(at))).unwrap_or_default();
    let text: String = line.text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    format!("{}{at}{text}\n", "  ".repeat(line.depth))
}

fn help_path(member: &Member, contact: &Ref) -> String {
    format!("{}/help", member.contact_path(contact))
}

async fn told(member: &Member, diagnosis: &Diagnosis, again: String) -> Result<Told, Problem> {
    let (contact, now) = (diagnosis.contact.as_ref(), member.app.portal.now());
    let mut reasons = diagnosis.findings.iter().map(|finding| reason(member, contact, finding));
    let person = |named: &Named| Person {
        name: named.name.clone(),
        path: member.contact_path(&named.reference),
        apart: Vec::new(),
    };
    Ok(Told {
        first: reasons.next(),
        more: reasons.collect(),
        person: contact.map(person),
        report: contact.map(|named| format!("{}/report", help_path(member, &named.reference))),
        lately: lately::sentences(&diagnosis.lately, now),
        under_way: lately::is_under_way(&diagnosis.lately, now),
        others: others(member, &diagnosis.others).await?,
        again,
    })
}

async fn others(member: &Member, others: &[Named]) -> Result<Vec<Person>, Problem> {
    if others.is_empty() {
        return Ok(Vec::new());
    }
    let refs: Vec<_> = others.iter().map(|named| named.reference.clone()).collect();
    let mut found = member.app.portal.contact_views(&member.context, &refs).await?;
    found.sort_by_key(|contact| refs.iter().position(|reference| *reference == contact.reference));
    people(member, &found).await
}

/// Whom it may be about, so that namesakes can be told apart: those who have address and clients in common too, by reference.
async fn people(member: &Member, found: &[ContactView]) -> Result<Vec<Person>, Problem> {
    let refs: BTreeSet<_> = found.iter().flat_map(|contact| &contact.clients).cloned().collect();
    let clients = member.app.portal.clients(&member.context, &Vec::from_iter(refs)).await?;
    let apart = |contact: &ContactView| {
        let address = contact.emails.first().map_or("no address", EmailAddress::as_str).to_owned();
        let own = clients.iter().filter(|client| contact.clients.contains(&client.reference));
        Vec::from_iter([address].into_iter().chain(own.map(|client| client.name.clone())))
    };
    let known: Vec<_> = found.iter().map(|contact| (&contact.name, apart(contact))).collect();
    let people = found.iter().zip(&known).map(|(contact, told)| {
        let alike = known.iter().filter(|other| *other == told).count() > 1;
        let mut apart = told.1.clone();
        apart.extend(alike.then(|| contact.reference.as_str().to_owned()));
        Person { name: contact.name.clone(), path: help_path(member, &contact.reference), apart }
    });
    Ok(people.collect())
}

fn reason(member: &Member, contact: Option<&Named>, finding: &Finding) -> Reason {
    let (label, tone) = match finding.severity {
        Severity::Blocks => ("in the way", "bad"),
        Severity::Hinders => ("probably", "wait"),
        Severity::Info if finding.code == portal_domain::finding::FindingCode::AllClear => ("all clear", "good"),
        Severity::Info => ("good to know", "off"),
    };
    let seen = finding.evidence.iter().map(|it| Seen { when: it.at.map(words::moment), fact: it.fact.to_string() });
    Reason {
        title: finding.title,
        explanation: finding.explanation.clone(),
        label,
        tone,
        seen: seen.collect(),
        button: contact.zip(finding.remedy.as_ref()).and_then(|(named, remedy)| button(member, named, remedy)),
    }
}

fn button(member: &Member, contact: &Named, remedy: &Remedy) -> Option<Button> {
    let base = member.contact_path(&contact.reference);
    let top = || remedy.address.clone().map(|address| Way::Top { action: format!("{base}/emails/preview"), address });
    let access = |command: &str| Way::Link(format!("{base}/access/{command}?{FROM}={HELP}"));
    let way = match remedy.command {
        RemedyCommand::LiftAndResend => access("lift-suppression"),
        RemedyCommand::Activate | RemedyCommand::Reactivate | RemedyCommand::Resend => access(remedy.command.code()),
        RemedyCommand::MoveToTop | RemedyCommand::UseNextAddress => top()?,
        RemedyCommand::ChangeAddress => Way::Link(format!("{base}#addresses")),
        RemedyCommand::ResumeClient => Way::Link(member.client_path(remedy.client.as_ref()?)),
        RemedyCommand::AddClient => Way::Link(format!("{base}/details")),
        RemedyCommand::CopyReport => Way::Link(format!("{base}/help/report")),
    };
    let moves = matches!(
        remedy.command,
        RemedyCommand::MoveToTop | RemedyCommand::UseNextAddress | RemedyCommand::ChangeAddress
    );
    Some(Button { label: remedy.label.clone(), way, moves })
}

//! One contact: status, addresses, and the commands on its access.

use askama::Template;
use axum::{
    extract::{FromRequestParts, RawQuery},
    http::{StatusCode, request::Parts},
    response::Response,
};
use portal_domain::{
    Refusal,
    contact::Access,
    decide,
    email::{EmailAddress, EmailList},
    facts::ContactFacts,
    id::{Ref, SessionId},
    session::PortalSession,
    status::{PortalPart, PortalStatus},
    time::Timestamp,
    usecase::{CallContext, ContactAnswer, Error},
    view::ContactView,
};

use super::{
    Member, Place, Shell,
    confirm::{self, Address, Again, Confirm},
    effects::Before,
    go_to,
    help::Came,
    refused, show,
    words::{self, Sentence, say},
};
use crate::{
    ask::Form,
    assets,
    browser::Browser,
    caller::{self, PathId, Reference},
    problem::Problem,
};

/// A command on a contact's access (section A).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command {
    Activate,
    Resend,
    Lift,
    Deactivate,
    Reactivate,
}

impl Command {
    const ALL: [Self; 5] = [Self::Activate, Self::Resend, Self::Lift, Self::Deactivate, Self::Reactivate];

    /// Its name in paths.
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Activate => "activate",
            Self::Resend => "resend",
            Self::Lift => "lift-suppression",
            Self::Deactivate => "deactivate",
            Self::Reactivate => "reactivate",
        }
    }

    /// Whether it is the next thing to do for a contact.
    const fn is_next(self, status: PortalStatus) -> bool {
        match self {
            Self::Activate => matches!(status, PortalStatus::NotActivated),
            Self::Resend | Self::Lift => {
                matches!(status, PortalStatus::InvitationUndelivered | PortalStatus::InvitationExpired)
            }
            Self::Reactivate => true,
            Self::Deactivate => false,
        }
    }

    /// What stands on its button.
    pub(super) const fn button(self) -> &'static str {
        match self {
            Self::Activate => "Activate",
            Self::Resend => "Send a new invitation",
            Self::Lift => "Lift and send a new invitation",
            Self::Deactivate => "Deactivate",
            Self::Reactivate => "Reactivate",
        }
    }

    fn question(self, contact: &str) -> Sentence {
        match self {
            Self::Activate => say("Give ").name(contact).say(" access?"),
            Self::Resend => say("Send ").name(contact).say(" a new invitation?"),
            Self::Lift => say("Let mail go to ").name(contact).say(" again?"),
            Self::Deactivate => say("Take ").name(contact).say("’s access away?"),
            Self::Reactivate => say("Give ").name(contact).say(" access again?"),
        }
    }

    async fn run(self, member: &Member, context: &CallContext, contact: &Ref) -> Result<ContactAnswer, Error> {
        let portal = &member.app.portal;
        match self {
            Self::Activate => portal.activate(context, contact).await,
            Self::Resend => portal.resend(context, contact).await,
            Self::Lift => portal.lift_suppression(context, contact).await,
            Self::Deactivate => portal.deactivate(context, contact).await,
            Self::Reactivate => portal.reactivate(context, contact).await,
        }
    }

    /// Those that make sense for a contact, the likeliest first.
    fn offered(part: &PortalPart, held_back: bool) -> Vec<Self> {
        match part.access {
            Access::NotActivated => vec![Self::Activate],
            Access::Granted if held_back => vec![Self::Lift, Self::Deactivate],
            Access::Granted => vec![Self::Resend, Self::Deactivate],
            Access::Deactivated => vec![Self::Reactivate],
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Command {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let text = caller::param(parts, "command").await;
        let known = Self::ALL.into_iter().find(|command| Some(command.code()) == text.as_deref());
        known.ok_or_else(|| Problem::not_found("page"))
    }
}

/// A browser in which the contact is signed in.
struct Seat {
    id: String,
    since: String,
    seen: String,
    origin: Option<String>,
    browser: String,
}

/// Why nothing is mailed to an address.
struct HeldBack {
    since: String,
    words: String,
}

/// A client of the contact.
struct OwnClient {
    name: String,
    path: String,
    suspended: bool,
}

#[derive(Template)]
#[template(path = "desk/contact.html")]
struct ContactPage {
    shell: Shell,
    js: String,
    base: String,
    name: String,
    reference: String,
    label: &'static str,
    tone: &'static str,
    reason: String,
    advice: Option<&'static str>,
    held_back: Option<HeldBack>,
    /// Each with whether it is the next thing to do.
    commands: Vec<(Command, bool)>,
    addresses: Vec<Address>,
    shared_with: Vec<(String, String)>,
    clients: Vec<OwnClient>,
    browsers: Vec<Seat>,
    added: bool,
    trial: bool,
    /// Whether it can be looked at what the contact sees.
    seen: bool,
}

impl ContactPage {
    /// The address above that at a place, where it goes up without becoming the first.
    fn above(&self, place: usize) -> Option<&str> {
        let above = place.checked_sub(1).filter(|above| *above > 0)?;
        self.addresses.get(above).map(|address| &*address.text)
    }
}

pub(super) async fn page(
    member: Member,
    Reference(reference): Reference,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let (view, facts) = known(&member, &reference).await?;
    let own = facts.clients.iter().filter(|client| view.clients.contains(&client.reference));
    let own = own.map(|client| OwnClient {
        name: client.name.clone(),
        path: member.client_path(&client.reference),
        suspended: client.suspended,
    });
    let shared = view.portal.shared_with.iter();
    let granted = view.portal.access == Access::Granted;
    let held_back = held_back(&facts);
    let commands = Command::offered(&view.portal, held_back.is_some());
    let page = ContactPage {
        seen: granted && member.app.portal.may_view(&member.context, &member.user).await?,
        shell: member.shell(Place::Contacts),
        js: assets::lists_path(),
        base: member.contact_path(&reference),
        label: words::label(view.portal.status),
        tone: words::tone(view.portal.status).class(),
        reason: words::reason(&view.portal),
        advice: words::advice(&view.portal),
        held_back,
        commands: commands.into_iter().map(|it| (it, it.is_next(view.portal.status))).collect(),
        addresses: confirm::addresses(&view.emails),
        shared_with: shared.map(|named| (named.name.clone(), member.contact_path(&named.reference))).collect(),
        clients: own.collect(),
        browsers: browsers(&facts, member.app.portal.now()),
        added: query.as_deref() == Some("added"),
        trial: view.trial,
        name: view.name,
        reference: view.reference.as_str().to_owned(),
    };
    Ok(show(StatusCode::OK, &page))
}

/// Why nothing is mailed to the first address (D4).
fn held_back(facts: &ContactFacts) -> Option<HeldBack> {
    let first = facts.contact.as_ref()?.emails.first()?;
    let suppression = facts.suppressed.get(first.key())?;
    Some(HeldBack { since: words::moment(suppression.since), words: suppression.words.clone() })
}

fn browsers(facts: &ContactFacts, now: Timestamp) -> Vec<Seat> {
    let valid = facts.login.iter().flat_map(|login| decide::valid_sessions(login, now));
    let browser = |session: &PortalSession| Seat {
        id: session.id.to_string(),
        since: words::moment(session.created_at),
        seen: words::moment(session.last_seen_at),
        origin: session.origin.clone(),
        browser: Browser::read(session.user_agent.as_deref()).in_english(),
    };
    valid.map(browser).collect()
}

pub(super) async fn end_sessions(member: Member, Reference(contact): Reference) -> Result<Response, Problem> {
    member.app.portal.end_contact_sessions(&member.context, &contact).await?;
    Ok(go_to(member.contact_path(&contact)))
}

pub(super) async fn end_session(
    member: Member,
    Reference(contact): Reference,
    PathId(session): PathId,
) -> Result<Response, Problem> {
    let portal = &member.app.portal;
    let ended = match SessionId::parse(&session) {
        Some(session) => portal.end_contact_session(&member.context, &contact, session).await,
        None => Err(Refusal::NotFound { what: "session" }.into()),
    };
    match ended {
        // Ended meanwhile, or the button was pressed twice: it is so already, and a contact that is gone says so itself.
        Ok(()) | Err(Error::Refused(Refusal::NotFound { .. })) => Ok(go_to(member.contact_path(&contact))),
        Err(error) => Err(error.into()),
    }
}

/// A contact as it is shown, and all that is known around it.
pub(super) async fn known(member: &Member, contact: &Ref) -> Result<(ContactView, ContactFacts), Problem> {
    let (practice, facts) = member.app.portal.contact(&member.context, contact).await?;
    let view = ContactView::of(&practice, &facts, member.app.portal.now());
    Ok((view.ok_or_else(|| Problem::not_found("contact"))?, facts))
}

/// Whether the password of these facts comes back with the access where these addresses are the contact's (A2).
pub(super) fn comes_back(facts: &ContactFacts, emails: &EmailList) -> bool {
    let credential = facts.login.as_ref().and_then(|known| known.login.credential.as_ref());
    let confirmed = credential.and_then(|credential| credential.confirmed_at.as_ref());
    confirmed.is_some() && confirmed == emails.first().map(EmailAddress::key)
}

/// What a command would do now.
struct Look {
    came: Came,
    command: Command,
    contact: ContactView,
    comes_back: bool,
    outcome: Result<ContactAnswer, Refusal>,
}

impl Look {
    async fn at(member: &Member, command: Command, contact: &Ref, came: Came) -> Result<Self, Problem> {
        let (contact, facts) = known(member, contact).await?;
        let outcome = match command.run(member, &member.asking(), &contact.reference).await {
            Ok(answer) => Ok(answer),
            Err(Error::Refused(refusal)) => Err(refusal),
            Err(error) => return Err(error.into()),
        };
        let comes_back = comes_back(&facts, &contact.emails);
        Ok(Self { came, command, contact, comes_back, outcome })
    }

    fn before(&self) -> Before<'_> {
        let Self { contact, comes_back, .. } = self;
        Before { name: &contact.name, shared_with: &contact.portal.shared_with, comes_back: *comes_back }
    }

    fn shown(&self) -> String {
        let effects: Vec<_> = self.outcome.iter().map(|answer| &answer.effects).collect();
        confirm::shown(&self.contact.tag, &effects)
    }

    fn tick(&self) -> Option<Sentence> {
        self.outcome.as_ref().ok().and_then(|answer| confirm::sharing(self.before(), &answer.effects))
    }

    fn page(&self, member: &Member, call: String, again: Option<Again>) -> Response {
        let base = member.contact_path(&self.contact.reference);
        let does = self.outcome.as_ref().ok().filter(|answer| answer.changed);
        let way = |answer: &ContactAnswer| confirm::way("", Sentence::default(), self.before(), &answer.effects);
        let page = Confirm {
            shell: member.shell(Place::Contacts),
            title: self.command.question(&self.contact.name),
            action: format!("{base}/access/{}", self.command.code()),
            typed_to: String::new(),
            back: self.came.path(member, &self.contact.reference),
            carried: [("shown", self.shown()), ("call", call)].into_iter().chain(self.came.field()).collect(),
            addresses: Vec::new(),
            typed: None,
            refused: self.outcome.as_ref().err().map(refused::told),
            ways: does.map(way).into_iter().collect(),
            tick: self.tick(),
            again,
            button: self.command.button(),
        };
        page.answer()
    }
}

pub(super) async fn foresee(
    member: Member,
    Reference(contact): Reference,
    command: Command,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let look = Look::at(&member, command, &contact, Came::by_link(query.as_deref())).await?;
    Ok(look.page(&member, member.fresh_name(), None))
}

pub(super) async fn carry_out(
    member: Member,
    Reference(contact): Reference,
    command: Command,
    form: Form,
) -> Result<Response, Problem> {
    let came = Came::by_form(&form)?;
    let look = Look::at(&member, command, &contact, came).await?;
    let call = form.field("call")?;
    let again = |again| Ok(look.page(&member, call.to_owned(), again));
    if look.outcome.is_err() {
        return again(None);
    }
    if form.field("shown")? != look.shown() {
        return again(Some(Again::Changed));
    }
    if look.tick().is_some() && form.optional("join")? != Some("yes") {
        return again(Some(Again::Unticked));
    }
    let command_of = format!("{} {} {}", command.code(), look.contact.reference, look.contact.tag);
    let context =
        CallContext { request: member.once(call, &command_of).request, ..member.meant_for(&look.contact.tag) };
    match command.run(&member, &context, &contact).await {
        Ok(_) => Ok(go_to(came.path(&member, &contact))),
        Err(Error::Refused(_)) => Ok(Look::at(&member, command, &contact, came).await?.page(
            &member,
            member.fresh_name(),
            Some(Again::Changed),
        )),
        Err(error) => Err(error.into()),
    }
}

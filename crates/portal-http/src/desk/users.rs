//! Practice users: who works here, how each comes in, and changes, each shown before it is done (M7, W2).

use askama::Template;
use axum::{extract::RawQuery, http::StatusCode, response::Response};
use portal_domain::{
    Refusal,
    decide::UserEffects,
    email::EmailAddress,
    id::Ref,
    port::Page,
    practice::{PracticeUser, Role},
    usecase::{Error, PutUserInput, TeamMember},
};

use super::{
    Member, Place, Shell,
    asked::Asked,
    go_to,
    question::{self, Question},
    refused::{self, Told},
    show,
    user_words::{self, Changing},
    words::say,
};
use crate::{
    ask::{self, Form},
    caller::Reference,
    problem::Problem,
};

/// So many stand on a page.
const SHOWN: u32 = 50;

/// A practice user of the list.
struct Row {
    name: String,
    path: String,
    address: String,
    role: &'static str,
    label: &'static str,
    tone: &'static str,
    said: String,
    own: bool,
}

/// What was typed of a practice user.
#[derive(Clone, Default)]
struct Typed {
    name: String,
    email: String,
    admin: bool,
}

impl Typed {
    fn read(form: &Form) -> Result<Self, Problem> {
        Ok(Self {
            name: form.field("name")?.trim().to_owned(),
            email: form.field("email")?.to_owned(),
            admin: form.optional("role")? == Some("admin"),
        })
    }

    fn of(user: &PracticeUser) -> Self {
        let (name, email) = (user.name.clone(), user.email.as_str().to_owned());
        Self { name, email, admin: user.role == Role::Admin }
    }

    fn input(&self, reference: Ref) -> PutUserInput {
        let role = if self.admin { Role::Admin } else { Role::Staff };
        PutUserInput { reference, name: self.name.clone(), email: self.email.clone(), role }
    }
}

type Fault = Option<(&'static str, Told)>;

fn is_at(fault: &Fault, field: &str) -> bool {
    fault.as_ref().is_some_and(|(own, _)| *own == field)
}

#[derive(Template)]
#[template(path = "desk/users.html")]
struct ListPage {
    shell: Shell,
    rows: Vec<Row>,
    next: Option<String>,
    made: String,
    typed: Typed,
    invite: bool,
    fault: Fault,
}

impl ListPage {
    fn at(&self, field: &str) -> bool {
        is_at(&self.fault, field)
    }
}

#[derive(Template)]
#[template(path = "desk/user.html")]
struct UserPage {
    shell: Shell,
    base: String,
    row: Row,
    reference: String,
    call: String,
    password_set: bool,
    typed: Typed,
    fault: Fault,
}

impl UserPage {
    fn at(&self, field: &str) -> bool {
        is_at(&self.fault, field)
    }
}

fn row(member: &Member, it: &TeamMember) -> Row {
    let (label, tone, said) = user_words::way_in(it, member.app.portal.now());
    Row {
        name: it.user.name.clone(),
        path: member.user_path(&it.user.reference),
        address: it.user.email.as_str().to_owned(),
        role: user_words::role(it.user.role),
        label,
        tone: tone.class(),
        said,
        own: it.user.id == member.user.id,
    }
}

async fn list(member: &Member, after: Option<Ref>) -> Result<ListPage, Problem> {
    let whole = after.is_none();
    let page = Page { after, limit: SHOWN + 1 };
    let mut users = member.app.views.users(member.context.practice, &page).await?;
    let more = users.len() > SHOWN as usize;
    users.truncate(SHOWN as usize);
    let last = users.last().filter(|_| more).map(|last| ask::cursor(last.reference.as_str()));
    let mut team = member.app.portal.team_members(&member.context, users).await?;
    if whole && !more {
        // Pages go by reference, which says nothing to people.
        team.sort_by_cached_key(|it| it.user.name.to_lowercase());
    }
    Ok(ListPage {
        shell: member.shell(Place::Users),
        rows: team.iter().map(|it| row(member, it)).collect(),
        next: last.map(|cursor| member.path(&format!("users?cursor={cursor}"))),
        made: member.fresh_name(),
        typed: Typed::default(),
        invite: true,
        fault: None,
    })
}

pub(super) async fn page(member: Member, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let asked = Asked::parse(query.as_deref().unwrap_or_default());
    Ok(show(StatusCode::OK, &list(&member, asked.after).await?))
}

/// What became of a form that adds a practice user.
enum Made {
    Here,
    /// The form was sent before, and made another one.
    Another(Told),
    Not(&'static str, Told),
}

pub(super) async fn add(member: Member, form: Form) -> Result<Response, Problem> {
    let (typed, made) = (Typed::read(&form)?, form.field("made")?);
    let reference = Ref::parse(made).ok_or_else(|| Problem::invalid_field("made", "the form is not whole"))?;
    let invite = form.optional("invite")?.is_some();
    let (fault, made) = match make(&member, &reference, &typed).await? {
        Made::Here => {
            if invite {
                let context = member.once(made, "invite a new practice user");
                member.app.portal.invite_user(&context, &reference).await?;
            }
            return Ok(go_to(member.user_path(&reference)));
        }
        Made::Not(field, told) => ((field, told), made.to_owned()),
        Made::Another(told) => (("name", told), member.fresh_name()),
    };
    let page = ListPage { made, typed, invite, fault: Some(fault), ..list(&member, None).await? };
    Ok(show(StatusCode::UNPROCESSABLE_ENTITY, &page))
}

/// Adds a practice user; one that is there stays as it is.
async fn make(member: &Member, reference: &Ref, typed: &Typed) -> Result<Made, Problem> {
    let input = typed.input(reference.clone());
    match member.app.portal.add_user(&member.context, &input).await {
        Ok(_) => Ok(Made::Here),
        Err(Error::Refused(Refusal::PreconditionFailed)) => {
            let there = member.app.portal.user(&member.context, reference).await?;
            // As it was typed: the button was pressed twice.
            let typed_email = EmailAddress::parse(&input.email);
            let same = there.name == input.name && Ok(&there.email) == typed_email.as_ref() && there.role == input.role;
            Ok(if same { Made::Here } else { Made::Another(refused::sent_before(&there.name)) })
        }
        Err(Error::Refused(refusal)) => {
            let (field, told) = user_words::told(&refusal, &typed.email);
            Ok(Made::Not(field, told))
        }
        Err(error) => Err(error.into()),
    }
}

fn user_page(member: &Member, it: &TeamMember, typed: Typed, fault: Fault) -> UserPage {
    UserPage {
        shell: member.shell(Place::Users),
        base: member.user_path(&it.user.reference),
        row: row(member, it),
        reference: it.user.reference.as_str().to_owned(),
        call: member.fresh_name(),
        password_set: it.password_set,
        typed,
        fault,
    }
}

pub(super) async fn one(member: Member, Reference(user): Reference) -> Result<Response, Problem> {
    let it = member.app.portal.team_member(&member.context, &user).await?;
    let typed = Typed::of(&it.user);
    Ok(show(StatusCode::OK, &user_page(&member, &it, typed, None)))
}

pub(super) async fn invite(member: Member, Reference(user): Reference, form: Form) -> Result<Response, Problem> {
    let context = member.once(form.field("call")?, &format!("invite {user}"));
    member.app.portal.invite_user(&context, &user).await?;
    Ok(go_to(member.user_path(&user)))
}

/// Shows what a change does, and does just that where it was shown.
pub(super) async fn change(member: Member, Reference(user): Reference, form: Form) -> Result<Response, Problem> {
    let typed = Typed::read(&form)?;
    let it = member.app.portal.team_member(&member.context, &user).await?;
    let input = typed.input(it.user.reference.clone());
    let foreseen = match member.app.portal.foresee_user(&member.context, &input).await {
        Ok(effects) => after(&it.user, &input).map(|after| (effects, after)),
        Err(Error::Refused(refusal)) => Err(refusal),
        Err(error) => return Err(error.into()),
    };
    let (effects, after) = match foreseen {
        Ok(foreseen) => foreseen,
        Err(refusal) => {
            let fault = user_words::told(&refusal, &typed.email);
            let page = user_page(&member, &it, typed, Some(fault));
            return Ok(show(StatusCode::UNPROCESSABLE_ENTITY, &page));
        }
    };
    if !effects.changed {
        return Ok(go_to(member.user_path(&it.user.reference)));
    }
    let shown = shown(&it.user, Some(&after), &effects);
    if form.optional("shown")? == Some(&shown) {
        return put(&member, &it, &input, typed).await;
    }
    let own = it.user.id == member.user.id;
    let said = user_words::sentences(&Changing { before: &it.user, after: Some(&after), effects: &effects, own });
    let changed = form.optional("shown")?.is_some();
    let role = if typed.admin { "admin" } else { "staff" };
    let back = member.user_path(&it.user.reference);
    let question = Question {
        place: Place::Users,
        title: say("Change ").name(&it.user.name).say("?"),
        action: back.clone(),
        back,
        carried: vec![("name", typed.name), ("email", typed.email), ("role", role.to_owned()), ("shown", shown)],
        said,
        refused: None,
        changed,
        button: "Save",
    };
    Ok(question.ask(&member))
}

/// The user as it is to be.
fn after(before: &PracticeUser, input: &PutUserInput) -> Result<PracticeUser, Refusal> {
    let email = EmailAddress::parse(&input.email).map_err(|fault| Refusal::InvalidEmail { index: None, fault })?;
    Ok(PracticeUser { name: input.name.clone(), role: input.role, email, ..before.clone() })
}

async fn put(member: &Member, it: &TeamMember, input: &PutUserInput, typed: Typed) -> Result<Response, Problem> {
    match member.app.portal.put_user(&member.context, input).await {
        Ok(_) => Ok(go_to(member.user_path(&it.user.reference))),
        Err(Error::Refused(refusal)) => {
            let fault = user_words::told(&refusal, &typed.email);
            Ok(show(StatusCode::UNPROCESSABLE_ENTITY, &user_page(member, it, typed, Some(fault))))
        }
        Err(error) => Err(error.into()),
    }
}

/// A name for all that was shown, so that nothing else is done.
fn shown(before: &PracticeUser, after: Option<&PracticeUser>, effects: &UserEffects) -> String {
    let fields = |user: &PracticeUser| (user.name.clone(), user.email.as_str().to_owned(), user.role);
    question::shown(&format!("{:?} {:?} {effects:?}", fields(before), after.map(fields)))
}

/// What removing a practice user would do now, and its name; or why it can't be done.
async fn removal(member: &Member, user: &PracticeUser) -> Result<Result<(UserEffects, String), Told>, Problem> {
    match member.app.portal.foresee_removal(&member.context, &user.reference).await {
        Ok(effects) => {
            let shown = shown(user, None, &effects);
            Ok(Ok((effects, shown)))
        }
        Err(Error::Refused(refusal)) => Ok(Err(user_words::told(&refusal, user.email.as_str()).1)),
        Err(error) => Err(error.into()),
    }
}

async fn removal_page(member: &Member, user: &Ref, changed: bool) -> Result<Response, Problem> {
    let user = member.app.portal.user(&member.context, user).await?;
    let back = member.user_path(&user.reference);
    let (said, carried, refused) = match removal(member, &user).await? {
        Ok((effects, shown)) => {
            let own = user.id == member.user.id;
            let changing = Changing { before: &user, after: None, effects: &effects, own };
            (user_words::sentences(&changing), vec![("shown", shown)], None)
        }
        Err(told) => (Vec::new(), Vec::new(), Some(told)),
    };
    let question = Question {
        place: Place::Users,
        title: say("Remove ").name(&user.name).say("?"),
        action: format!("{back}/remove"),
        back,
        carried,
        said,
        refused,
        changed,
        button: "Remove",
    };
    Ok(question.ask(member))
}

pub(super) async fn foresee_removal(member: Member, Reference(user): Reference) -> Result<Response, Problem> {
    removal_page(&member, &user, false).await
}

pub(super) async fn remove(member: Member, Reference(user): Reference, form: Form) -> Result<Response, Problem> {
    let known = match member.app.portal.user(&member.context, &user).await {
        Ok(known) => known,
        // Removed meanwhile, or the button was pressed twice: it is so already.
        Err(Error::Refused(Refusal::NotFound { .. })) => return Ok(go_to(member.path("users"))),
        Err(error) => return Err(error.into()),
    };
    let Ok((_, shown)) = removal(&member, &known).await? else { return removal_page(&member, &user, false).await };
    if form.field("shown")? != shown {
        return removal_page(&member, &user, true).await;
    }
    match member.app.portal.delete_user(&member.context, &user).await {
        Ok(()) => Ok(go_to(member.path("users"))),
        // Another admin went meanwhile: the page says so.
        Err(Error::Refused(_)) => removal_page(&member, &user, false).await,
        Err(error) => Err(error.into()),
    }
}

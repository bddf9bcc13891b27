//! The settings of the practice: an overview, and a form for each group. What a change does to others is shown before it is saved.

use askama::Template;
use axum::{
    extract::FromRequestParts,
    http::{StatusCode, request::Parts},
    response::Response,
};
use portal_domain::{
    Refusal,
    practice::{Practice, Settings, check_name},
    usecase::{CallContext, Error},
};

use super::{
    Member, Place, Shell, go_to,
    question::{self, Question},
    refused::Told,
    settings_fields::{Field, Input},
    settings_form::{Block, Group, Typed},
    settings_words, show,
    words::{Sentence, say},
};
use crate::{ask::Form, caller, pages, problem::Problem};

impl<S: Send + Sync> FromRequestParts<S> for Group {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let code = caller::param(parts, "group").await;
        code.as_deref().and_then(Self::parse).ok_or_else(|| Problem::not_found("page"))
    }
}

/// What is set, of one group.
struct Summary {
    title: &'static str,
    about: &'static str,
    path: String,
    /// Label and value.
    lines: Vec<(&'static str, String)>,
}

#[derive(Template)]
#[template(path = "desk/settings.html")]
struct OverviewPage {
    shell: Shell,
    groups: Vec<Summary>,
    logo: Option<String>,
    fault: Option<Told>,
}

/// The overview; `fault` says why a logo was not taken.
pub(super) fn overview(member: &Member, fault: Option<Told>) -> Response {
    let groups = Group::ALL.map(|group| Summary {
        title: group.title(),
        about: group.about(),
        path: member.path(&format!("settings/{}", group.code())),
        lines: lines(&Typed::of(group, &member.practice)),
    });
    let status = if fault.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let logo = pages::Shell::of(&member.practice).practice.and_then(|around| around.logo);
    show(status, &OverviewPage { shell: member.shell(Place::Settings), groups: groups.into(), logo, fault })
}

fn lines(saved: &Typed) -> Vec<(&'static str, String)> {
    let rows = saved.rows();
    if !rows.is_empty() {
        return rows.into_iter().filter_map(|row| row.into_iter().next()).map(|name| (saved.one(), name)).collect();
    }
    let fields = saved.blocks().into_iter().flat_map(|block| block.fields);
    fields.filter(|field| !field.value.is_empty()).map(|field| (field.label, in_words(field))).collect()
}

/// What is set, as the form would say it.
fn in_words(field: Field) -> String {
    match field.input {
        Input::Number { unit } => format!("{} {unit}", field.value),
        Input::Choice(choices) => {
            let chosen = choices.iter().find(|(code, _)| *code == field.value);
            chosen.map_or(field.value, |(_, label)| (*label).to_owned())
        }
        Input::Select(choices) => {
            choices.into_iter().find(|(code, _)| *code == field.value).map_or(field.value, |(_, label)| label)
        }
        _ => field.value,
    }
}

pub(super) async fn page(member: Member) -> Response {
    overview(&member, None)
}

#[derive(Template)]
#[template(path = "desk/settings_form.html")]
struct FormPage {
    shell: Shell,
    title: &'static str,
    about: &'static str,
    action: String,
    /// A name for what is saved.
    was: String,
    blocks: Vec<Block>,
    /// The field at fault, and what is wrong.
    fault: Option<(String, Told)>,
}

impl FormPage {
    fn at(&self, field: &Field) -> bool {
        self.fault.as_ref().is_some_and(|(id, _)| *id == field.id)
    }

    /// Whether anything says more of a field than its label.
    fn described(&self, field: &Field) -> bool {
        !field.hint.is_empty() || self.at(field)
    }
}

fn filled(member: &Member, group: Group, typed: &Typed, fault: Option<(String, Told)>) -> FormPage {
    FormPage {
        shell: member.shell(Place::Settings),
        title: group.title(),
        about: group.about(),
        action: member.path(&format!("settings/{}", group.code())),
        was: name_of(&Typed::of(group, &member.practice)),
        blocks: typed.blocks(),
        fault,
    }
}

fn name_of(saved: &Typed) -> String {
    question::shown(&format!("{saved:?}"))
}

pub(super) async fn form(member: Member, group: Group) -> Response {
    let saved = Typed::of(group, &member.practice);
    show(StatusCode::OK, &filled(&member, group, &saved, None))
}

pub(super) async fn save(member: Member, group: Group, form: Form) -> Result<Response, Problem> {
    let typed = Typed::read(group, &form)?;
    let saved = Typed::of(group, &member.practice);
    if typed == saved {
        return Ok(go_to(member.path("settings")));
    }
    let after = match foreseen(&member, group, &typed).await? {
        Ok(after) => after,
        Err(refusal) => return Ok(again(&member, group, &typed, &refusal)),
    };
    let was = form.field("was")?;
    if was != name_of(&saved) {
        return Ok(changed(&member, group, &typed));
    }
    let said = settings_words::consequences(&member.practice.settings, &after);
    let shown = question::shown(&said.iter().map(|sentence| format!("{sentence:?}")).collect::<String>());
    let seen = form.optional("shown")?;
    if !said.is_empty() && seen != Some(&shown) {
        return Ok(asked(&member, group, &typed, said, [was.to_owned(), shown], seen.is_some()));
    }
    put(&member, group, &typed, was).await
}

/// The settings as they would be, or why they can't be so.
async fn foreseen(member: &Member, group: Group, typed: &Typed) -> Result<Result<Settings, Refusal>, Problem> {
    if group == Group::Look
        && let Err(fault) = check_name(typed.value("name"))
    {
        return Ok(Err(fault.into()));
    }
    match member.app.portal.put_settings(&member.asking(), |before| typed.over(before)).await {
        Ok((settings, _)) => Ok(Ok(settings)),
        Err(Error::Refused(refusal)) => Ok(Err(refusal)),
        Err(error) => Err(error.into()),
    }
}

/// The form with what was typed, and what is wrong with it.
fn again(member: &Member, group: Group, typed: &Typed, refusal: &Refusal) -> Response {
    let fault = settings_words::told(refusal, typed);
    show(StatusCode::UNPROCESSABLE_ENTITY, &filled(member, group, typed, Some(fault)))
}

/// The form with what was typed, where somebody else saved something in between.
fn changed(member: &Member, group: Group, typed: &Typed) -> Response {
    let saved = Typed::of(group, &member.practice);
    let first = filled(member, group, typed, None).blocks.into_iter().flat_map(|block| block.fields).next();
    let now = lines(&saved).into_iter().map(|(label, value)| format!("{label}: {value}")).collect::<Vec<_>>();
    let what = say("These settings were changed meanwhile. Saved now: ").names(now.iter().map(String::as_str)).say(".");
    let next = "Below stands what you typed. Look it over, and save it.";
    let fault = Some((first.map_or_else(String::new, |field| field.id), Told { what, next }));
    show(StatusCode::CONFLICT, &filled(member, group, typed, fault))
}

fn asked(
    member: &Member,
    group: Group,
    typed: &Typed,
    said: Vec<Sentence>,
    [was, shown]: [String; 2],
    changed: bool,
) -> Response {
    let action = member.path(&format!("settings/{}", group.code()));
    let carried = typed.carried().into_iter().chain([("was", was), ("shown", shown)]);
    let question = Question {
        place: Place::Settings,
        title: say("Save this?"),
        back: action.clone(),
        action,
        carried: carried.collect(),
        said,
        refused: None,
        changed,
        button: "Save",
    };
    question.ask(member)
}

/// Saves what was typed, where what is saved is what the form showed.
async fn put(member: &Member, group: Group, typed: &Typed, was: &str) -> Result<Response, Problem> {
    let portal = &member.app.portal;
    let edit = |before: Settings| {
        let practice = Practice { settings: before.clone(), ..member.practice.clone() };
        if name_of(&Typed::of(group, &practice)) == was { typed.over(before) } else { before }
    };
    let (after, _) = match portal.put_settings(&member.context, edit).await {
        Ok(put) => put,
        Err(Error::Refused(refusal)) => return Ok(again(member, group, typed, &refusal)),
        Err(error) => return Err(error.into()),
    };
    if after != typed.over(after.clone()) {
        let settings = after;
        let practice = Practice { settings, ..member.practice.clone() };
        return Ok(changed(&Member { practice, ..member.clone() }, group, typed));
    }
    if group == Group::Look {
        let context = CallContext { request: None, ..member.context.clone() };
        portal.put_practice(&context, &member.practice.slug, typed.value("name")).await?;
    }
    Ok(go_to(member.path("settings")))
}

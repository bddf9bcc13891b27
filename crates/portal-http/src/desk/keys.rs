//! API keys of the practice's own programs: list, make, revoke. A key is shown once.

use askama::Template;
use axum::{http::StatusCode, response::Response};
use portal_domain::{
    Refusal,
    id::ApiKeyId,
    practice::{ApiKey, Scope},
    usecase::Error,
};

use super::{
    Member, Place, Shell, go_to,
    question::Question,
    refused::{self, Told},
    show,
    words::{moment, say},
};
use crate::{ask::Form, caller::PathId, problem::Problem};

/// What a key may allow, in words.
const SCOPES: [(Scope, &str); 4] = [
    (Scope::Read, "Read everything"),
    (Scope::Write, "Read and change everything but sign-ins and passwords"),
    (Scope::SignIn, "Hand people over into the portal, and take them back"),
    (Scope::Credentials, "Bring passwords along when you move here"),
];

/// A key of the list.
struct Row {
    name: String,
    scopes: String,
    made: String,
    revoked: Option<String>,
    revoke: String,
}

/// Something a key may allow, with a tick or without.
struct Choice {
    code: &'static str,
    label: &'static str,
    ticked: bool,
}

#[derive(Template)]
#[template(path = "desk/keys.html")]
struct ListPage {
    shell: Shell,
    rows: Vec<Row>,
    call: String,
    name: String,
    choices: Vec<Choice>,
    fault: Option<(&'static str, Told)>,
}

impl ListPage {
    fn at(&self, field: &str) -> bool {
        self.fault.as_ref().is_some_and(|(own, _)| *own == field)
    }
}

/// A secret that no page shows again.
#[derive(Template)]
#[template(path = "desk/secret.html")]
pub(super) struct SecretPage {
    pub(super) shell: Shell,
    pub(super) title: &'static str,
    pub(super) name: String,
    pub(super) said: &'static str,
    pub(super) secret: String,
    pub(super) next: String,
}

fn row(member: &Member, key: &ApiKey) -> Row {
    let label = |scope: &Scope| SCOPES.iter().find(|(own, _)| own == scope).map_or(scope.code(), |(_, label)| *label);
    Row {
        name: key.name.clone(),
        scopes: key.scopes.iter().map(label).collect::<Vec<_>>().join("; "),
        made: moment(key.created_at),
        revoked: key.revoked_at.map(moment),
        revoke: member.path(&format!("keys/{}/revoke", key.id)),
    }
}

async fn list(member: &Member, name: String, scopes: &[Scope]) -> Result<ListPage, Problem> {
    let mut keys = member.app.views.api_keys(member.context.practice).await?;
    // Those that work come first, the newest before the others.
    keys.sort_by_key(|key| (key.revoked_at.is_some(), std::cmp::Reverse(key.id)));
    let choice =
        |(scope, label): (Scope, &'static str)| Choice { code: scope.code(), label, ticked: scopes.contains(&scope) };
    Ok(ListPage {
        shell: member.shell(Place::Keys),
        rows: keys.iter().map(|key| row(member, key)).collect(),
        call: member.fresh_name(),
        name,
        choices: SCOPES.map(choice).into(),
        fault: None,
    })
}

pub(super) async fn page(member: Member) -> Result<Response, Problem> {
    Ok(show(StatusCode::OK, &list(&member, String::new(), &[]).await?))
}

/// Makes a key, and shows it: no other page does.
pub(super) async fn make(member: Member, form: Form) -> Result<Response, Problem> {
    let (name, codes) = (form.field("name")?.trim(), form.all("scope")?);
    let scopes: Vec<_> = SCOPES.iter().map(|(scope, _)| *scope).filter(|scope| codes.contains(&scope.code())).collect();
    let typed: Vec<_> = std::iter::once(name).chain(scopes.iter().map(|scope| scope.code())).collect();
    let context = member.once_with(form.field("call")?, "make an API key", &typed);
    let fault = match member.app.portal.create_api_key(&context, name, scopes.clone()).await {
        Ok(made) => {
            let page = SecretPage {
                shell: member.shell(Place::Keys),
                title: "The new API key",
                name: made.key.name,
                said: "Put it where your program keeps its secrets. Whoever has it can do all that it allows.",
                secret: made.secret.reveal().to_owned(),
                next: member.path("keys"),
            };
            return Ok(show(StatusCode::CREATED, &page));
        }
        Err(Error::Refused(refusal)) => told(&refusal),
        Err(error) => return Err(error.into()),
    };
    let page = ListPage { fault: Some(fault), ..list(&member, name.to_owned(), &scopes).await? };
    Ok(show(StatusCode::UNPROCESSABLE_ENTITY, &page))
}

fn told(refusal: &Refusal) -> (&'static str, Told) {
    match refusal {
        Refusal::OutOfBounds(fault) if fault.field == "scopes" => {
            let what = say("It is not said what the key may do.");
            ("scope", Told { what, next: "Tick one or more of what is below." })
        }
        Refusal::OutOfBounds(_) => {
            ("name", Told { what: say("The name is missing, or can’t be one."), next: "Type one." })
        }
        Refusal::IdempotencyKeyReused => {
            let what = say("This form was sent before, and made another key.");
            ("name", Told { what, next: "To make this one too, press the button again." })
        }
        other => ("name", refused::told(other)),
    }
}

async fn known(member: &Member, id: &str) -> Result<ApiKey, Problem> {
    let keys = member.app.views.api_keys(member.context.practice).await?;
    let id = ApiKeyId::parse(id);
    keys.into_iter().find(|key| Some(key.id) == id).ok_or_else(|| Problem::not_found("API key"))
}

pub(super) async fn foresee(member: Member, PathId(id): PathId) -> Result<Response, Problem> {
    let key = known(&member, &id).await?;
    let said = vec![
        say("A program that uses this key is refused from its next call on."),
        say("It can’t be taken back. If a program still needs a key, make another one before."),
    ];
    let question = Question {
        place: Place::Keys,
        title: say("Revoke the key ").name(&key.name).say("?"),
        back: member.path("keys"),
        action: member.path(&format!("keys/{}/revoke", key.id)),
        carried: Vec::new(),
        said: if key.revoked_at.is_none() { said } else { Vec::new() },
        refused: None,
        changed: false,
        button: "Revoke",
    };
    Ok(question.ask(&member))
}

pub(super) async fn revoke(member: Member, PathId(id): PathId) -> Result<Response, Problem> {
    let key = known(&member, &id).await?;
    member.app.portal.revoke_api_key(&member.context, &*member.app.views, key.id).await?;
    Ok(go_to(member.path("keys")))
}

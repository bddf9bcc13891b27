//! Looking at the portal as a contact sees it (V1), and who may.

use std::collections::BTreeSet;

use askama::Template;
use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use portal_domain::{
    Refusal,
    contact::Access,
    id::{Ref, UserId},
    port::Page,
    practice::{PracticeUser, Role},
    usecase::Error,
    viewing::Reason,
};

use super::{
    Member, Place, Shell, contact, go_to,
    member::segment,
    refused::{self, Told},
    show,
    words::say,
};
use crate::{
    ask::Form,
    caller::{self, Reference},
    cookie,
    problem::Problem,
};

/// So many are read at once.
const FETCHED: u32 = 200;

/// A profile that can be looked at.
struct Profile {
    reference: String,
    name: String,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "desk/view.html")]
struct ViewPage {
    shell: Shell,
    base: String,
    name: String,
    may: bool,
    admin: bool,
    access: bool,
    profiles: Vec<Profile>,
    reason: String,
    call: String,
    fault: Option<(&'static str, Told)>,
}

impl ViewPage {
    fn at(&self, field: &str) -> bool {
        self.fault.as_ref().is_some_and(|(own, _)| *own == field)
    }
}

/// What was typed.
#[derive(Default)]
struct Typed {
    client: Option<String>,
    reason: String,
    call: String,
}

async fn form_page(
    member: &Member,
    contact: &Ref,
    typed: Typed,
    fault: Option<(&'static str, Told)>,
) -> Result<Response, Problem> {
    let (view, facts) = contact::known(member, contact).await?;
    let open = facts.clients.iter().filter(|client| view.clients.contains(&client.reference) && !client.suspended);
    let open: Vec<_> = open.collect();
    let chosen = |reference: &Ref| open.len() == 1 || typed.client.as_deref() == Some(reference.as_str());
    let profile = |client: &&portal_domain::practice::Client| Profile {
        reference: client.reference.as_str().to_owned(),
        name: client.name.clone(),
        chosen: chosen(&client.reference),
    };
    let page = ViewPage {
        shell: member.shell(Place::Contacts),
        base: member.contact_path(contact),
        name: view.name,
        may: member.app.portal.may_view(&member.context, &member.user).await?,
        admin: member.is_admin(),
        access: view.portal.access == Access::Granted,
        profiles: open.iter().map(profile).collect(),
        reason: typed.reason,
        call: typed.call,
        fault,
    };
    let status = if page.fault.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok(show(status, &page))
}

pub(super) async fn form(member: Member, Reference(contact): Reference) -> Result<Response, Problem> {
    let typed = Typed { call: member.fresh_name(), ..Typed::default() };
    form_page(&member, &contact, typed, None).await
}

pub(super) async fn open(
    member: Member,
    Reference(contact): Reference,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, Problem> {
    let typed = Typed {
        client: form.optional("client")?.map(str::to_owned),
        reason: form.field("reason")?.to_owned(),
        call: form.field("call")?.to_owned(),
    };
    let Some(reason) = Reason::parse(&typed.reason) else {
        let told = Told {
            what: say("Please say why you look."),
            next: "A few words are enough. They stand in the contact’s history.",
        };
        return form_page(&member, &contact, typed, Some(("reason", told))).await;
    };
    let Some(client) = typed.client.as_deref().and_then(Ref::parse) else {
        let told = Told { what: say("Please choose what to look at."), next: "One client at a time." };
        return form_page(&member, &contact, typed, Some(("client-1", told))).await;
    };
    let (base, slug) = (&member.app.config.base_url, &member.practice.slug);
    let held = cookie::viewing(base, slug, &headers);
    let command = format!("view {contact} {client} {}", reason.as_str());
    let context = member.once(&typed.call, &command);
    let portal = &member.app.portal;
    match portal.open_viewing(&context, &member.token, (&contact, &client), &reason, held.as_ref()).await {
        Ok(token) => {
            let cookie = cookie::of_viewing(base, slug, Some(&token));
            Ok(([(header::SET_COOKIE, cookie)], go_to(format!("/portal/{slug}/view"))).into_response())
        }
        Err(Error::Refused(refusal @ (Refusal::NotActivated | Refusal::PortalDeactivated))) => {
            form_page(&member, &contact, typed, Some(("main", refused::told(&refusal)))).await
        }
        Err(error) => Err(error.into()),
    }
}

/// Somebody of the staff, and whether they may look.
struct Row {
    path: String,
    name: String,
    admin: bool,
    granted: bool,
}

#[derive(Template)]
#[template(path = "desk/viewers.html")]
struct ViewersPage {
    shell: Shell,
    rows: Vec<Row>,
}

pub(super) async fn viewers(member: Member) -> Result<Response, Problem> {
    let granted = member.app.portal.viewers(&member.context).await?;
    let (mut rows, mut page) = (Vec::new(), Page::<Ref> { after: None, limit: FETCHED });
    loop {
        let users = member.app.views.users(member.context.practice, &page).await?;
        page.after = users.last().map(|user| user.reference.clone());
        rows.extend(users.iter().map(|user| row(&member, user, &granted)));
        if users.len() < FETCHED as usize {
            break;
        }
    }
    rows.sort_by(|a, b| (b.admin, &a.name).cmp(&(a.admin, &b.name)));
    Ok(show(StatusCode::OK, &ViewersPage { shell: member.shell(Place::Elsewhere), rows }))
}

fn row(member: &Member, user: &PracticeUser, granted: &BTreeSet<UserId>) -> Row {
    Row {
        path: member.path(&format!("viewers/{}", segment(&user.reference))),
        name: user.name.clone(),
        admin: user.role == Role::Admin,
        granted: granted.contains(&user.id),
    }
}

/// Whether it is allowed or not, as the path says it.
pub(super) struct Wanted(bool);

impl<S: Send + Sync> FromRequestParts<S> for Wanted {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match caller::param(parts, "wanted").await.as_deref() {
            Some("allow") => Ok(Self(true)),
            Some("forbid") => Ok(Self(false)),
            _ => Err(Problem::not_found("page")),
        }
    }
}

pub(super) async fn grant(
    member: Member,
    Reference(user): Reference,
    Wanted(wanted): Wanted,
) -> Result<Response, Problem> {
    member.app.portal.grant_viewing(&member.context, &user, wanted).await?;
    Ok(go_to(member.path("viewers")))
}

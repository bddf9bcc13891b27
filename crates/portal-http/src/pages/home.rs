//! Where one is after signing in.

use askama::Template;
use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use portal_domain::{
    decide,
    event::Caller,
    usecase::{CallContext, SessionView},
};

use super::{Shell, go_to, show};
use crate::{
    ask::Form,
    caller::{Held, Visitor},
    cookie, present,
    problem::Problem,
};

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage {
    shell: Shell,
    base: String,
    signed_in_as: String,
    profiles: Vec<Choice>,
}

/// A profile to choose.
pub(super) struct Choice {
    pub(super) id: String,
    pub(super) contact: String,
    pub(super) client: String,
    pub(super) chosen: bool,
}

pub(super) fn choices(view: &SessionView) -> Vec<Choice> {
    let chosen = decide::chosen_profile(&view.session, &view.login);
    let profiles = view.login.profiles();
    let choice = |profile: &portal_domain::facts::Profile<'_>| Choice {
        id: present::profile_id(profile.id()),
        contact: profile.contact.name.clone(),
        client: profile.client.name.clone(),
        chosen: chosen == Some(profile.id()),
    };
    profiles.iter().map(choice).collect()
}

/// Without the slash at its end.
pub(super) async fn short(visitor: Visitor) -> Response {
    go_to(visitor.path(""))
}

pub(super) async fn page(visitor: Visitor, Held(held): Held) -> Result<Response, Problem> {
    let Some(view) = visitor.signed_in(held.as_ref()).await? else { return Ok(go_to(visitor.path("sign-in"))) };
    let page = HomePage {
        shell: Shell::of(&visitor.practice),
        base: visitor.path(""),
        signed_in_as: present::signed_in_as(&view.login).unwrap_or_default(),
        profiles: choices(&view),
    };
    Ok(show(StatusCode::OK, &page))
}

pub(super) async fn choose(visitor: Visitor, Held(held): Held, form: Form) -> Result<Response, Problem> {
    let view = visitor.signed_in(held.as_ref()).await?;
    let (Some(token), Some(view)) = (held, view) else { return Ok(go_to(visitor.path("sign-in"))) };
    let unknown = || Problem::not_found("profile");
    let profile = present::read_profile_id(form.field("profile")?).ok_or_else(unknown)?;
    let context = CallContext { caller: Caller::Login(view.session.login), ..visitor.context.clone() };
    visitor.app.portal.select_profile(&context, &token, profile).await?;
    Ok(go_to(visitor.path("")))
}

pub(super) async fn sign_out(visitor: Visitor, Held(held): Held) -> Result<Response, Problem> {
    let Some(token) = held else { return Ok(go_to(visitor.path("sign-in"))) };
    if let Some(view) = visitor.signed_in(Some(&token)).await? {
        let context = CallContext { caller: Caller::Login(view.session.login), ..visitor.context.clone() };
        visitor.app.portal.sign_out(&context, &token).await?;
    }
    // The browser is rid of it whatever it was worth: by another instance's clock it may be valid yet.
    let cookie = cookie::taken(&visitor.app.config.base_url, &visitor.practice.slug);
    Ok(([(header::SET_COOKIE, cookie)], go_to(visitor.path("sign-in"))).into_response())
}

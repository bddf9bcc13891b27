//! The page on which one changes one's own password.

use askama::Template;
use axum::{
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use portal_domain::{
    Refusal,
    usecase::{ChangePassword, Error, SessionView},
};

use super::{Shell, fault::Fault, go_to, home::own_context, show};
use crate::{
    ask::Form,
    caller::{Held, Visitor},
    cookie, observe, present,
    problem::Problem,
};

#[derive(Template)]
#[template(path = "change_password.html")]
struct ChangePage {
    shell: Shell,
    base: String,
    address: String,
    min_length: u64,
    fault: Fault,
}

#[derive(Template)]
#[template(path = "password_changed.html")]
struct ChangedPage {
    shell: Shell,
    base: String,
}

fn form_page(visitor: &Visitor, view: &SessionView, fault: Fault) -> Response {
    let status = if fault.told().is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = ChangePage {
        shell: visitor.shell(),
        base: visitor.path(""),
        address: present::signed_in_as(&view.login).unwrap_or_default(),
        min_length: visitor.practice.settings.password_min_length.into(),
        fault,
    };
    show(status, &page)
}

pub(super) async fn page(visitor: Visitor, Held(held): Held) -> Result<Response, Problem> {
    Ok(match visitor.signed_in(held.as_ref()).await? {
        Some(view) => form_page(&visitor.speaking(present::locale(&view.login)), &view, Fault::default()),
        None => go_to(visitor.path("sign-in")),
    })
}

/// Changes the password. All other sessions and all links end, and this browser gets a new session id (P3).
pub(super) async fn change(
    visitor: Visitor,
    Held(held): Held,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, Problem> {
    let (current, new) = (form.field("current")?, form.field("password")?);
    let repeated = form.optional("repeated")?;
    let view = visitor.signed_in(held.as_ref()).await?;
    let (Some(token), Some(view)) = (held, view) else { return Ok(go_to(visitor.path("sign-in"))) };
    let visitor = visitor.speaking(present::locale(&view.login));
    if repeated.is_some_and(|repeated| repeated != new) {
        observe::refused("password_refused");
        return Ok(form_page(&visitor, &view, Fault::not_the_same()));
    }
    let (base, slug) = (&visitor.app.config.base_url, &visitor.practice.slug);
    let known = cookie::known(base, slug, &headers);
    let command = ChangePassword { session: &token, current, new, known: known.as_deref() };
    match visitor.app.portal.change_password(&own_context(&visitor, &view), &command).await {
        Ok(changed) => {
            let page = ChangedPage { shell: visitor.shell(), base: visitor.path("") };
            Ok((cookie::of_signed_in(base, slug, &changed), show(StatusCode::OK, &page)).into_response())
        }
        Err(Error::Refused(Refusal::PasswordRefused { fault })) => {
            observe::refused("password_refused");
            Ok(form_page(&visitor, &view, Fault::of(&fault)))
        }
        Err(error) => Err(error.into()),
    }
}

//! A new password inside a session (P3).

use askama::Template;
use axum::{
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use portal_domain::{
    Refusal,
    password::PasswordFault,
    usecase::{ChangeStaffPassword, Error},
};

use super::link::Fault;
use crate::{
    ask::Form,
    assets, cookie,
    desk::{Member, Place, Shell},
    observe,
    pages::show,
    problem::Problem,
};

#[derive(Template)]
#[template(path = "workspace/password.html")]
struct PasswordPage {
    shell: Shell,
    js: String,
    address: String,
    min_length: u32,
    fault: Option<Fault>,
    changed: bool,
}

fn password_page(member: &Member, fault: Option<Fault>, changed: bool) -> Response {
    let status = if fault.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = PasswordPage {
        shell: member.shell(Place::Own),
        js: assets::js_path(),
        address: member.user.email.as_str().to_owned(),
        min_length: member.practice.settings.password_min_length,
        fault,
        changed,
    };
    show(status, &page)
}

pub(super) async fn page(member: Member) -> Response {
    password_page(&member, None, false)
}

/// Changes the password: this browser goes on with a new session, all others end.
pub(super) async fn change(member: Member, headers: HeaderMap, form: Form) -> Result<Response, Problem> {
    let (current, new) = (form.field("current")?, form.field("password")?);
    if form.optional("repeated")?.is_some_and(|repeated| repeated != new) {
        observe::refused("password_refused");
        return Ok(password_page(&member, Some(Fault::not_the_same()), false));
    }
    let Member { app, practice, token, context, .. } = &member;
    let (base, slug) = (&app.config.base_url, &practice.slug);
    let known = cookie::known_staff(base, slug, &headers);
    let command = ChangeStaffPassword { session: token, current, new, known: known.as_deref() };
    match app.portal.change_staff_password(context, &command).await {
        Ok(changed) => Ok((cookie::of_staff(base, slug, &changed), password_page(&member, None, true)).into_response()),
        Err(Error::Refused(Refusal::PasswordRefused { fault })) => {
            observe::refused("password_refused");
            let field = if fault == PasswordFault::CurrentPassword { "current" } else { "password" };
            Ok(password_page(&member, Some(Fault::at(field, &fault.to_string())), false))
        }
        Err(error) => Err(error.into()),
    }
}

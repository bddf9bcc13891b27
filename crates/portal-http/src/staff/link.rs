//! The page behind a link of the workspace. The link alone decides who acts: no cookie is looked at before it is used (L5).

use askama::Template;
use axum::{http::StatusCode, response::Response};
use portal_domain::{
    Refusal,
    link::LinkState,
    staff::StaffLinkKind,
    usecase::{Error, StaffLinkView},
};

use super::{
    Held, Shell, path,
    sign_in::{Why, sign_in_page},
};
use crate::{
    ask::Form,
    caller::{Token, Visitor},
    observe,
    pages::{sentence, show},
    problem::Problem,
};

#[derive(Template)]
#[template(path = "workspace/set_password.html")]
struct SetPasswordPage {
    shell: Shell,
    action: String,
    address: String,
    first: bool,
    min_length: u32,
    fault: Option<Fault>,
}

/// What is wrong with what was typed, and in which field.
pub(super) struct Fault {
    pub(super) field: &'static str,
    pub(super) text: String,
}

impl Fault {
    /// A fault in words; as a page shows it, a sentence.
    pub(super) fn at(field: &'static str, text: &str) -> Self {
        Self { field, text: sentence(text) }
    }

    /// Whether it is in this field.
    pub(super) fn is_at(fault: &Option<Self>, field: &str) -> bool {
        fault.as_ref().is_some_and(|fault| fault.field == field)
    }

    /// That what was typed twice differs.
    pub(super) fn not_the_same() -> Self {
        Self::at("repeated", "the two passwords are not the same: type it twice")
    }
}

#[derive(Template)]
#[template(path = "workspace/link_closed.html")]
struct ClosedPage {
    shell: Shell,
    base: String,
    action: String,
    state: LinkState,
}

#[derive(Template)]
#[template(path = "workspace/link_renewed.html")]
struct RenewedPage {
    shell: Shell,
    base: String,
}

pub(super) async fn page(visitor: Visitor, Token(token): Token) -> Result<Response, Problem> {
    let view = visitor.app.portal.view_staff_link(&visitor.context, &token).await?;
    Ok(match view.state {
        LinkState::Usable => form_page(&visitor, &token, view, None),
        state => closed(&visitor, &token, state, StatusCode::OK),
    })
}

fn form_page(visitor: &Visitor, token: &str, view: StaffLinkView, fault: Option<Fault>) -> Response {
    let status = if fault.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = SetPasswordPage {
        shell: Shell::of(visitor),
        action: path(visitor, &format!("link/{token}")),
        address: view.address,
        first: view.kind == StaffLinkKind::Invitation,
        min_length: view.practice.settings.password_min_length,
        fault,
    };
    show(status, &page)
}

fn closed(visitor: &Visitor, token: &str, state: LinkState, status: StatusCode) -> Response {
    let page = ClosedPage {
        shell: Shell::of(visitor),
        base: path(visitor, ""),
        action: path(visitor, &format!("link/{token}/renew")),
        state,
    };
    show(status, &page)
}

/// Sets the password. The answer is the sign-in page with the address filled in; nobody is signed in by it (L5, L6).
pub(super) async fn set_password(
    visitor: Visitor,
    Token(token): Token,
    Held(held): Held,
    form: Form,
) -> Result<Response, Problem> {
    let portal = &visitor.app.portal;
    let view = portal.view_staff_link(&visitor.context, &token).await?;
    let (password, repeated) = (form.field("password")?, form.optional("repeated")?);
    if view.state == LinkState::Usable && repeated.is_some_and(|repeated| repeated != password) {
        observe::refused("password_refused");
        return Ok(form_page(&visitor, &token, view, Some(Fault::not_the_same())));
    }
    match portal.redeem_staff_link(&visitor.context, &token, password).await {
        Ok(address) => sign_in_page(&visitor, held.as_ref(), Why::PasswordSet, &address).await,
        Err(Error::Refused(refusal @ Refusal::LinkClosed { state })) => {
            observe::refused(refusal.code());
            Ok(closed(&visitor, &token, state, StatusCode::GONE))
        }
        Err(Error::Refused(Refusal::PasswordRefused { fault })) => {
            observe::refused("password_refused");
            Ok(form_page(&visitor, &token, view, Some(Fault::at("password", &fault.to_string()))))
        }
        Err(error) => Err(error.into()),
    }
}

/// Asks for a new link; whatever becomes of it, the answer is the same (L4).
pub(super) async fn renew(visitor: Visitor, Token(token): Token) -> Result<Response, Problem> {
    if !visitor.app.portal.ask_for_staff_renewal(&visitor.context, &token).await? {
        return Err(Problem::not_found("link"));
    }
    Ok(show(StatusCode::OK, &RenewedPage { shell: Shell::of(&visitor), base: path(&visitor, "") }))
}

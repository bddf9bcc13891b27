//! The page behind the link in a mail. The link alone decides who acts: no cookie is looked at before it is used (L5).

use askama::Template;
use axum::{http::StatusCode, response::Response};
use portal_domain::{
    Refusal,
    link::{LinkPurpose, LinkState},
    usecase::{Error, LinkView, RedeemLink},
};

use super::{
    Shell,
    fault::Fault,
    show,
    sign_in::{Next, Why, sign_in_page},
};
use crate::{
    ask::Form,
    caller::{Held, Token, Visitor},
    observe,
    problem::Problem,
};

#[derive(Template)]
#[template(path = "set_password.html")]
struct SetPasswordPage {
    shell: Shell,
    action: String,
    practice: String,
    address: String,
    first: bool,
    min_length: u64,
    fault: Fault,
}

#[derive(Template)]
#[template(path = "link_closed.html")]
struct ClosedPage {
    shell: Shell,
    base: String,
    action: String,
    state: LinkState,
}

#[derive(Template)]
#[template(path = "link_renewed.html")]
struct RenewedPage {
    shell: Shell,
    base: String,
}

pub(super) async fn page(visitor: Visitor, Token(token): Token) -> Result<Response, Problem> {
    let view = visitor.app.portal.view_link(&visitor.context, &token).await?;
    Ok(match view.state {
        LinkState::Usable => form_page(&to_its_reader(visitor, &view), &token, view, Fault::default()),
        state => closed(&visitor, &token, state, StatusCode::OK),
    })
}

/// In the language of whom a link was mailed to, while it works. A closed one says nothing of its contact, not even by the language
/// whether it has access still (P2).
fn to_its_reader(visitor: Visitor, view: &LinkView) -> Visitor {
    let locale = view.locale.as_deref().filter(|_| view.state == LinkState::Usable);
    visitor.speaking(locale)
}

fn form_page(visitor: &Visitor, token: &str, view: LinkView, fault: Fault) -> Response {
    let status = if fault.told().is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = SetPasswordPage {
        shell: visitor.shell(),
        action: visitor.path(&format!("link/{token}")),
        practice: visitor.practice.name.clone(),
        address: view.address,
        first: view.purpose == LinkPurpose::Activation,
        min_length: view.practice.settings.password_min_length.into(),
        fault,
    };
    show(status, &page)
}

fn closed(visitor: &Visitor, token: &str, state: LinkState, status: StatusCode) -> Response {
    let page = ClosedPage {
        shell: visitor.shell(),
        base: visitor.path(""),
        action: visitor.path(&format!("link/{token}/renew")),
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
    let view = visitor.app.portal.view_link(&visitor.context, &token).await?;
    let visitor = to_its_reader(visitor, &view);
    let (password, repeated) = (form.field("password")?, form.optional("repeated")?);
    if view.state == LinkState::Usable && repeated.is_some_and(|repeated| repeated != password) {
        observe::refused("password_refused");
        return Ok(form_page(&visitor, &token, view, Fault::not_the_same()));
    }
    let command = RedeemLink { token: &token, password };
    match visitor.app.portal.redeem_link(&visitor.context, &command).await {
        Ok(redeemed) => {
            sign_in_page(&visitor, held.as_ref(), Why::PasswordSet, &redeemed.login_email, Next::Home).await
        }
        Err(Error::Refused(refusal @ Refusal::LinkClosed { state })) => {
            observe::refused(refusal.code());
            Ok(closed(&visitor, &token, state, StatusCode::GONE))
        }
        Err(Error::Refused(Refusal::PasswordRefused { fault })) => {
            observe::refused("password_refused");
            Ok(form_page(&visitor, &token, view, Fault::of(&fault)))
        }
        Err(error) => Err(error.into()),
    }
}

/// Asks for a new link; whatever becomes of it, the answer is the same (L4).
pub(super) async fn renew(visitor: Visitor, Token(token): Token) -> Result<Response, Problem> {
    if !visitor.app.portal.ask_for_renewal(&visitor.context, &token).await? {
        return Err(Problem::not_found("link"));
    }
    let page = RenewedPage { shell: visitor.shell(), base: visitor.path("") };
    Ok(show(StatusCode::OK, &page))
}

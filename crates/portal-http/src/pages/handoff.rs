//! The page behind a hand-over. Looking at it changes nothing; its one button signs the contact in (L2).

use askama::Template;
use axum::{
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use portal_domain::{
    Refusal,
    handoff::{HandoffToken, Landing},
    id::SessionId,
    link::LinkState,
    usecase::{Error, HandoffView, TakenOver},
};

use super::{Shell, go_to, show};
use crate::{
    api::user_agent,
    ask::Form,
    caller::{Held, Token, Visitor},
    cookie, observe,
    problem::Problem,
};

#[derive(Template)]
#[template(path = "handoff.html")]
struct HandoffPage {
    shell: Shell,
    action: String,
    home: String,
    view: HandoffView,
}

#[derive(Template)]
#[template(path = "handoff_closed.html")]
struct ClosedPage {
    shell: Shell,
    base: String,
    state: LinkState,
}

fn shown(visitor: Visitor, token: &HandoffToken, view: HandoffView, status: StatusCode) -> Response {
    let visitor = visitor.speaking(view.locale.as_deref());
    let action = visitor.path(&format!("handoff/{}", token.reveal()));
    show(status, &HandoffPage { shell: visitor.shell(), action, home: visitor.path(""), view })
}

fn closed(visitor: &Visitor, state: LinkState, status: StatusCode) -> Response {
    show(status, &ClosedPage { shell: visitor.shell(), base: visitor.path(""), state })
}

fn read(token: &str) -> Result<HandoffToken, Problem> {
    HandoffToken::parse(token).ok_or_else(|| Problem::not_found("hand-over"))
}

/// Says who is signed in by it, and whose session the browser holds, if it is another's (L5).
pub(super) async fn page(visitor: Visitor, Token(token): Token, Held(held): Held) -> Result<Response, Problem> {
    let token = read(&token)?;
    match visitor.app.portal.view_handoff(&visitor.context, &token, held.as_ref()).await {
        Ok(view) => Ok(shown(visitor, &token, view, StatusCode::OK)),
        Err(Error::Refused(Refusal::LinkClosed { state })) => Ok(closed(&visitor, state, StatusCode::OK)),
        Err(error) => Err(error.into()),
    }
}

/// Signs the contact in, once. A session of somebody else in this browser ends only where the form names it.
pub(super) async fn take_over(
    visitor: Visitor,
    Token(token): Token,
    Held(held): Held,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, Problem> {
    let token = read(&token)?;
    let switch = form.optional("switch")?.and_then(SessionId::parse);
    let brought = (user_agent(&headers), switch);
    let taken = visitor.app.portal.take_over(&visitor.context, &token, held.as_ref(), brought).await;
    // Whoever is asked first whether to switch has not tried yet.
    if !matches!(taken, Ok(TakenOver::Ask(_))) {
        observe::sign_in("portal", "handoff", &taken);
    }
    match taken {
        Ok(TakenOver::Began { token, landing, .. }) => {
            let cookie = cookie::of_handed_over(&visitor.app.config.base_url, &visitor.practice.slug, &token);
            let place = match landing {
                Landing::Home => visitor.path(""),
            };
            Ok((cookie, go_to(place)).into_response())
        }
        Ok(TakenOver::Ask(view)) => Ok(shown(visitor, &token, view, StatusCode::CONFLICT)),
        Err(Error::Refused(refusal @ Refusal::LinkClosed { state })) => {
            observe::refused(refusal.code());
            Ok(closed(&visitor, state, StatusCode::GONE))
        }
        Err(error) => Err(error.into()),
    }
}

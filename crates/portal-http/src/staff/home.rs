//! Who one is, and one's own sessions.

use askama::Template;
use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use portal_domain::{
    event::Caller, id::WorkspaceSessionId, practice::Role, session::WorkspaceSession, usecase::CallContext,
};

use super::{Held, Member, Shell, go_to, path, words};
use crate::{
    caller::{PathId, Visitor},
    pages::show,
    problem::Problem,
    workspace_cookie,
};

#[derive(Template)]
#[template(path = "workspace/home.html")]
struct HomePage {
    shell: Shell,
    base: String,
    name: String,
    role: &'static str,
    address: String,
    sessions: Vec<Row>,
}

/// One's own session, in words.
struct Row {
    id: String,
    browser: String,
    origin: Option<String>,
    began: String,
    seen: String,
    own: bool,
}

impl Row {
    fn of(session: &WorkspaceSession, own: WorkspaceSessionId) -> Self {
        Self {
            id: session.id.to_string(),
            browser: words::browser(session.user_agent.as_deref()),
            origin: session.origin.clone(),
            began: words::when(session.created_at),
            seen: words::when(session.last_seen_at),
            own: session.id == own,
        }
    }
}

pub(super) async fn page(member: Member) -> Result<Response, Problem> {
    let Member { visitor, token, view, context } = member;
    let open = visitor.app.portal.own_workspace_sessions(&context, &token).await?;
    let mut sessions: Vec<_> = open.iter().map(|session| Row::of(session, view.session.id)).collect();
    sessions.sort_by_key(|row| !row.own);
    let page = HomePage {
        shell: Shell::of(&visitor),
        base: path(&visitor, ""),
        name: view.user.name,
        role: match view.user.role {
            Role::Admin => "Administrator",
            Role::Staff => "Staff",
        },
        address: view.user.email.as_str().to_owned(),
        sessions,
    };
    Ok(show(StatusCode::OK, &page))
}

pub(super) async fn end_others(member: Member) -> Result<Response, Problem> {
    let Member { visitor, token, context, .. } = member;
    visitor.app.portal.end_own_workspace_sessions(&context, &token, None).await?;
    Ok(go_to(&visitor, "me"))
}

pub(super) async fn end_one(member: Member, PathId(id): PathId) -> Result<Response, Problem> {
    let Member { visitor, token, view, context } = member;
    let target = WorkspaceSessionId::parse(&id).ok_or_else(|| Problem::not_found("session"))?;
    if target == view.session.id {
        return leave(&visitor, &context, &token).await;
    }
    visitor.app.portal.end_own_workspace_sessions(&context, &token, Some(target)).await?;
    Ok(go_to(&visitor, "me"))
}

pub(super) async fn sign_out(visitor: Visitor, Held(held): Held) -> Result<Response, Problem> {
    let Some(token) = held else { return Ok(go_to(&visitor, "sign-in")) };
    let view = visitor.app.portal.peek_workspace_session(&visitor.context, &token).await?;
    let caller = view.map_or(Caller::Anyone, |view| Caller::User(view.user.id));
    let context = CallContext { caller, ..visitor.context.clone() };
    leave(&visitor, &context, &token).await
}

/// The browser is rid of the cookie whatever it was worth: by another instance's clock it may be valid yet.
async fn leave(
    visitor: &Visitor,
    context: &CallContext,
    token: &portal_domain::session::WorkspaceToken,
) -> Result<Response, Problem> {
    visitor.app.portal.leave_workspace(context, token).await?;
    let cookie = workspace_cookie::taken(&visitor.app.config.base_url, &visitor.practice.slug);
    Ok(([(header::SET_COOKIE, cookie)], go_to(visitor, "sign-in")).into_response())
}

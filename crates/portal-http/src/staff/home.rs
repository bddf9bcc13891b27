//! Who one is, and one's own sessions.

use askama::Template;
use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use portal_domain::{
    event::Caller,
    id::WorkspaceSessionId,
    practice::{Practice, Role},
    session::{WorkspaceSession, WorkspaceToken},
    usecase::CallContext,
};

use super::Held;
use crate::{
    Inner,
    browser::Browser,
    caller::{PathId, Visitor},
    desk::{self, Member, Place, Shell},
    pages::show,
    problem::Problem,
    staff_pages::{go_to, path},
    workspace_cookie,
};

#[derive(Template)]
#[template(path = "workspace/home.html")]
struct HomePage {
    shell: Shell,
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
            browser: Browser::read(session.user_agent.as_deref()).in_english(),
            origin: session.origin.clone(),
            began: desk::moment(session.created_at),
            seen: desk::moment(session.last_seen_at),
            own: session.id == own,
        }
    }
}

pub(super) async fn page(member: Member) -> Result<Response, Problem> {
    let open = member.app.portal.own_workspace_sessions(&member.context, &member.token).await?;
    let mut sessions: Vec<_> = open.iter().map(|session| Row::of(session, member.session.id)).collect();
    sessions.sort_by_key(|row| !row.own);
    let page = HomePage {
        shell: member.shell(Place::Own),
        role: match member.user.role {
            Role::Admin => "Administrator",
            Role::Staff => "Staff",
        },
        name: member.user.name,
        address: member.user.email.as_str().to_owned(),
        sessions,
    };
    Ok(show(StatusCode::OK, &page))
}

pub(super) async fn end_others(member: Member) -> Result<Response, Problem> {
    member.app.portal.end_own_workspace_sessions(&member.context, &member.token, None).await?;
    Ok(go_to(member.path("me")))
}

pub(super) async fn end_one(member: Member, PathId(id): PathId) -> Result<Response, Problem> {
    let target = WorkspaceSessionId::parse(&id).ok_or_else(|| Problem::not_found("session"))?;
    if target == member.session.id {
        return leave(&member.app, &member.practice, &member.context, &member.token).await;
    }
    member.app.portal.end_own_workspace_sessions(&member.context, &member.token, Some(target)).await?;
    Ok(go_to(member.path("me")))
}

pub(super) async fn sign_out(visitor: Visitor, Held(held): Held) -> Result<Response, Problem> {
    let Visitor { app, practice, context, .. } = visitor;
    let Some(token) = held else { return Ok(go_to(path(&practice, "sign-in"))) };
    let view = app.portal.peek_workspace_session(&context, &token).await?;
    let caller = view.map_or(Caller::Anyone, |view| Caller::User(view.user.id));
    leave(&app, &practice, &CallContext { caller, ..context }, &token).await
}

/// The browser is rid of the cookie whatever it was worth: by another instance's clock it may be valid yet.
async fn leave(
    app: &Inner,
    practice: &Practice,
    context: &CallContext,
    token: &WorkspaceToken,
) -> Result<Response, Problem> {
    app.portal.leave_workspace(context, token).await?;
    let cookie = workspace_cookie::taken(&app.config.base_url, &practice.slug);
    Ok(([(header::SET_COOKIE, cookie)], go_to(path(practice, "sign-in"))).into_response())
}

//! The API of the workspace: so far one's own session. Neither area reads or sets the other's cookie (P4).

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::FromRequestParts,
    http::{StatusCode, header, request::Parts},
    middleware,
    response::{IntoResponse, Response},
};
use portal_domain::{
    Refusal,
    event::Caller,
    practice::{PracticeUser, Role},
    session::WorkspaceToken,
    usecase::{CallContext, WorkspaceView},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    Inner,
    ask::{Bare, Sent},
    caller::{self, Visitor},
    document::{self, Asks, Cookie, Handled, Says, Signature, answered_words, delete, get, says},
    guard, present,
    problem::Problem,
    workspace_cookie,
};

pub(crate) const SAYS: &[Says] = &[says("GET /session", "Who is signed in"), says("DELETE /session", "Signs out")];

/// Path and handler of every route.
pub(crate) fn table() -> Vec<(&'static str, Handled)> {
    vec![("/session", get(session)), ("/session", delete(leave))]
}

/// All routes below `/workspace/{practice}/api`.
pub(crate) fn routes(app: &Arc<Inner>) -> Router<Arc<Inner>> {
    document::router(table()).route_layer(middleware::from_fn_with_state(Arc::clone(app), guard::same_origin_if_told))
}

/// Staff with a valid session of this practice's workspace.
struct Staff {
    visitor: Visitor,
    token: WorkspaceToken,
    view: WorkspaceView,
    /// The context of what this session does.
    context: CallContext,
}

impl FromRequestParts<Arc<Inner>> for Staff {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<Inner>) -> Result<Self, Problem> {
        let visitor = Visitor::from_request_parts(parts, app).await?;
        let nobody = || Problem::from(Refusal::Unauthorized);
        let presented = workspace_cookie::presented(&app.config.base_url, &visitor.practice.slug, &parts.headers);
        let token = presented.ok_or_else(nobody)?;
        app.portal.peek_workspace_session(&visitor.context, &token).await?.ok_or_else(nobody)?;
        caller::marked(parts)?;
        let view = app.portal.use_workspace_session(&visitor.context, &token).await?;
        let context = CallContext { caller: Caller::User(view.user.id), ..visitor.context.clone() };
        Ok(Self { visitor, token, view, context })
    }
}

impl Asks for Staff {
    fn ask(signature: &mut Signature) {
        signature.scripted = true;
        signature.session = Some(Cookie::Workspace);
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceSession)]
struct SessionAnswer {
    user: UserPart,
    #[schema(format = DateTime)]
    signed_in_at: String,
    #[schema(format = DateTime)]
    expires_at: String,
}

/// Who signed in.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceUser)]
struct UserPart {
    r#ref: String,
    name: String,
    #[schema(schema_with = answered_words::<Role>)]
    role: Role,
}

impl From<PracticeUser> for UserPart {
    fn from(user: PracticeUser) -> Self {
        Self { r#ref: user.reference.as_str().to_owned(), name: user.name, role: user.role }
    }
}

async fn session(Staff { view, .. }: Staff) -> Json<SessionAnswer> {
    let WorkspaceView { session, user, .. } = view;
    let (signed_in_at, expires_at) = (present::time(session.created_at), present::time(session.expires_at));
    Json(SessionAnswer { user: user.into(), signed_in_at, expires_at })
}

async fn leave(staff: Staff, sent: Sent<Bare>) -> Result<Response, Problem> {
    sent.now()?;
    let Staff { visitor, token, context, .. } = staff;
    visitor.app.portal.leave_workspace(&context, &token).await?;
    let cookie = workspace_cookie::taken(&visitor.app.config.base_url, &visitor.practice.slug);
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response())
}

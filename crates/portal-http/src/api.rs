//! The portal API, for front ends that bring their own pages.

use std::sync::Arc;

use axum::{
    Json, Router,
    http::{HeaderMap, StatusCode, header},
    middleware,
    response::{IntoResponse, Response},
};
use portal_domain::{
    id::SessionId,
    link::{LinkPurpose, LinkState},
    usecase::{ChangePassword, LinkView, RedeemLink, SignInInput},
};
use serde::Serialize;
use serde_json::json;
use utoipa::{
    ToSchema,
    openapi::{RefOr, Schema},
};

use crate::{
    Inner,
    ask::{Address, Bare, Listing, Plain, Sent},
    caller::{HeldByScript, PathId, Session, Token, Visitor},
    cookie,
    document::{self, Handled, Says, answered, answered_words, delete, get, post, put, says},
    guard,
    json::{Fields, FromFields},
    observe,
    present::{self, List, SessionAnswer, SessionPart},
    problem::Problem,
};

pub(crate) const SAYS: &[Says] = &[
    says("POST /session", "Signs in; both cookies come with the answer").answers(&[204]).refuses(&[
        "forbidden",
        "sign_in_failed",
        "too_many_requests",
    ]),
    says("GET /session", "Who is signed in, with which profiles"),
    says("DELETE /session", "Signs out"),
    says("PUT /session/profile", "Chooses a profile").answers(&[204]),
    says("GET /sessions", "One's own sessions"),
    says("DELETE /sessions", "Ends all sessions but this one").answers(&[204]),
    says("DELETE /sessions/{id}", "Ends a session").answers(&[204]),
    says("PUT /password", "Sets a new password; all other sessions and all links end").refuses(&["password_refused"]),
    says("POST /password-resets", "Asks for a link to set a new password")
        .answers(&[202])
        .refuses(&["too_many_requests"]),
    says("GET /links/{token}", "What a link is good for; changes nothing"),
    says("POST /links/{token}", "Sets the password by a link").answers(&[204]).refuses(&[
        "link_expired",
        "link_used",
        "link_dead",
        "password_refused",
    ]),
    says("POST /links/{token}/renew", "Asks for a new link to the stored address")
        .answers(&[202])
        .refuses(&["too_many_requests"]),
];

/// Path and handler of every route.
pub(crate) fn table() -> Vec<(&'static str, Handled)> {
    vec![
        ("/session", post(sign_in)),
        ("/session", get(session)),
        ("/session", delete(sign_out)),
        ("/session/profile", put(choose_profile)),
        ("/sessions", get(sessions)),
        ("/sessions", delete(end_others)),
        ("/sessions/{id}", delete(end_one)),
        ("/password", put(change_password)),
        ("/password-resets", post(ask_for_reset)),
        ("/links/{token}", get(view_link)),
        ("/links/{token}", post(redeem_link)),
        ("/links/{token}/renew", post(renew_link)),
    ]
}

/// All routes below `/portal/{practice}/api`.
pub(crate) fn routes(app: &Arc<Inner>) -> Router<Arc<Inner>> {
    document::router(table()).route_layer(middleware::from_fn_with_state(Arc::clone(app), guard::same_origin_if_told))
}

struct Credentials {
    email: String,
    password: String,
}

impl FromFields for Credentials {
    fn from_fields(fields: &mut Fields) -> Result<Self, Problem> {
        let email = fields.required("email", Fields::text)?;
        Ok(Self { email, password: fields.required("password", Fields::text)? })
    }
}

/// What the browser calls itself.
pub(crate) fn user_agent(headers: &HeaderMap) -> Option<String> {
    headers.get(header::USER_AGENT)?.to_str().ok().map(str::to_owned)
}

async fn sign_in(
    visitor: Visitor,
    HeldByScript(presented): HeldByScript,
    headers: HeaderMap,
    sent: Sent<Plain<Credentials>>,
) -> Result<Response, Problem> {
    let Plain(Credentials { email, password }) = sent.now()?;
    let (base, slug) = (&visitor.app.config.base_url, &visitor.practice.slug);
    let known = cookie::known(base, slug, &headers);
    let input = SignInInput {
        email: &email,
        password: &password,
        user_agent: user_agent(&headers),
        presented,
        known: known.as_deref(),
    };
    let signed_in = visitor.app.portal.sign_in(&visitor.context, &input).await;
    observe::sign_in("portal", "password", &signed_in);
    let signed_in = signed_in?;
    Ok((StatusCode::NO_CONTENT, cookie::of_signed_in(base, slug, &signed_in)).into_response())
}

async fn session(session: Session) -> Json<SessionAnswer> {
    Json((&session.view).into())
}

async fn sign_out(session: Session, sent: Sent<Bare>) -> Result<Response, Problem> {
    sent.now()?;
    session.app.portal.sign_out(&session.context, &session.token).await?;
    let cookie = cookie::taken(&session.app.config.base_url, &session.view.practice.slug);
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response())
}

struct Choice {
    profile: String,
}

impl FromFields for Choice {
    fn from_fields(fields: &mut Fields) -> Result<Self, Problem> {
        Ok(Self { profile: fields.required("profile", Fields::text)? })
    }
}

async fn choose_profile(session: Session, sent: Sent<Plain<Choice>>) -> Result<StatusCode, Problem> {
    let Plain(Choice { profile }) = sent.now()?;
    let profile = present::read_profile_id(&profile).ok_or_else(|| Problem::not_found("profile"))?;
    session.app.portal.select_profile(&session.context, &session.token, profile).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn sessions(session: Session, sent: Sent<Listing>) -> Result<Json<List<SessionPart>>, Problem> {
    let listing = sent.now()?;
    let after = listing.page(|id| Some(id.to_owned()))?.after;
    let open = session.app.portal.own_sessions(&session.context, &session.token).await?;
    let mut items = present::sessions(open.iter(), Some(&session.view.session));
    items.retain(|item| after.as_ref().is_none_or(|after| item.id > *after));
    let next_cursor = listing.cut(&mut items, |item| item.id.clone());
    Ok(Json(List { items, next_cursor }))
}

async fn end_one(session: Session, PathId(id): PathId, sent: Sent<Bare>) -> Result<StatusCode, Problem> {
    let unknown = || Problem::not_found("session");
    let target = SessionId::parse(&id).ok_or_else(unknown)?;
    let exists = async {
        let open = session.app.portal.own_sessions(&session.context, &session.token).await?;
        open.iter().any(|open| open.id == target).then_some(()).ok_or_else(unknown)
    };
    sent.after(exists).await?;
    session.app.portal.end_own_sessions(&session.context, &session.token, Some(target)).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn end_others(session: Session, sent: Sent<Bare>) -> Result<StatusCode, Problem> {
    sent.now()?;
    session.app.portal.end_own_sessions(&session.context, &session.token, None).await?;
    Ok(StatusCode::NO_CONTENT)
}

struct Passwords {
    current: String,
    new: String,
}

impl FromFields for Passwords {
    fn from_fields(fields: &mut Fields) -> Result<Self, Problem> {
        let current = fields.required("current_password", Fields::text)?;
        Ok(Self { current, new: fields.required("new_password", Fields::text)? })
    }
}

async fn change_password(
    session: Session,
    headers: HeaderMap,
    sent: Sent<Plain<Passwords>>,
) -> Result<Response, Problem> {
    let Plain(Passwords { current, new }) = sent.now()?;
    let Session { app, token, view, context } = session;
    let (base, slug) = (&app.config.base_url, &view.practice.slug);
    let known = cookie::known(base, slug, &headers);
    let command = ChangePassword { session: &token, current: &current, new: &new, known: known.as_deref() };
    let changed = app.portal.change_password(&context, &command).await?;
    Ok((StatusCode::NO_CONTENT, cookie::of_signed_in(base, slug, &changed)).into_response())
}

async fn ask_for_reset(visitor: Visitor, sent: Sent<Plain<Address>>) -> Result<StatusCode, Problem> {
    let Plain(Address { email }) = sent.now()?;
    visitor.app.portal.ask_for_reset(&visitor.context, &email).await?;
    Ok(StatusCode::ACCEPTED)
}

#[derive(Serialize, ToSchema)]
struct LinkAnswer {
    #[schema(schema_with = answered_words::<LinkState>)]
    state: LinkState,
    #[schema(schema_with = purposes)]
    purpose: LinkPurpose,
    practice: String,
    #[schema(format = DateTime)]
    sent_at: String,
}

/// To a link of the workspace, the portal's routes answer 404.
fn purposes() -> RefOr<Schema> {
    answered(json!({ "type": "string", "enum": [LinkPurpose::Activation.code(), LinkPurpose::Reset.code()] }))
}

async fn view_link(visitor: Visitor, Token(token): Token) -> Result<Json<LinkAnswer>, Problem> {
    let view = visitor.app.portal.view_link(&visitor.context, &token).await?;
    let LinkView { state, purpose, practice, sent_at, .. } = view;
    Ok(Json(LinkAnswer { state, purpose, practice: practice.name, sent_at: present::time(sent_at) }))
}

struct NewPassword {
    password: String,
}

impl FromFields for NewPassword {
    fn from_fields(fields: &mut Fields) -> Result<Self, Problem> {
        Ok(Self { password: fields.required("password", Fields::text)? })
    }
}

async fn redeem_link(
    visitor: Visitor,
    Token(token): Token,
    sent: Sent<Plain<NewPassword>>,
) -> Result<StatusCode, Problem> {
    let Plain(NewPassword { password }) = sent.after(visitor.app.portal.view_link(&visitor.context, &token)).await?;
    let command = RedeemLink { token: &token, password: &password };
    visitor.app.portal.redeem_link(&visitor.context, &command).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn renew_link(visitor: Visitor, Token(token): Token, sent: Sent<Bare>) -> Result<StatusCode, Problem> {
    sent.after(visitor.app.portal.view_link(&visitor.context, &token)).await?;
    let known = visitor.app.portal.ask_for_renewal(&visitor.context, &token).await?;
    if known { Ok(StatusCode::ACCEPTED) } else { Err(Problem::not_found("link")) }
}

//! Who calls: a host by its key, a browser by its cookie, or anybody.

use std::{
    convert::Infallible,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use axum::{
    extract::{ConnectInfo, FromRequestParts, RawPathParams},
    http::{Extensions, HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts},
};
use portal_domain::{
    Door, decide,
    event::Caller,
    id::{Ref, Slug},
    port::PracticeSelector,
    practice::{ApiKey, OperatorKey, Practice, Scope},
    session::SessionToken,
    usecase::{CallContext, KeyHolder, Portal, SessionView},
};

use crate::{
    Inner, ask, cookie,
    document::{Asks, Cookie, Signature},
    pages::Shell,
    problem::Problem,
    words::Tongue,
};

/// What stands in the path under a name, decoded.
pub(crate) async fn param(parts: &mut Parts, name: &str) -> Option<String> {
    let params = RawPathParams::from_request_parts(parts, &()).await.ok()?;
    params.iter().find(|(own, _)| *own == name).map(|(_, value)| value.to_owned())
}

/// Where a request comes from: the connection, or what the nearest proxy that isn't believed was told.
fn origin(app: &Inner, parts: &Parts) -> Option<String> {
    let peer = peer(&parts.extensions)?;
    let trusted = |address| is_trusted(app, address);
    let mut nearest = peer;
    // What somebody wrote before the proxies may be anything, and spoils only itself.
    let lines = parts.headers.get_all("x-forwarded-for").iter().map(HeaderValue::as_bytes);
    let hops: Vec<_> = lines.flat_map(|line| line.split(|byte| *byte == b',')).collect();
    for hop in hops.into_iter().rev() {
        if !trusted(nearest) {
            break;
        }
        let Some(address) = std::str::from_utf8(hop).ok().and_then(|hop| address_of(hop.trim())) else { break };
        nearest = address.to_canonical();
    }
    Some(nearest.to_string())
}

fn peer(extensions: &Extensions) -> Option<IpAddr> {
    Some(extensions.get::<ConnectInfo<SocketAddr>>()?.0.ip().to_canonical())
}

fn is_trusted(app: &Inner, address: IpAddr) -> bool {
    app.config.trusted_proxies.iter().any(|network| network.contains(address))
}

/// Whether a request comes from a proxy that is believed.
pub(crate) fn is_of_a_proxy(app: &Inner, extensions: &Extensions) -> bool {
    peer(extensions).is_some_and(|peer| is_trusted(app, peer))
}

/// An address as proxies write it: alone, in brackets, or with a port.
fn address_of(hop: &str) -> Option<IpAddr> {
    let alone = hop.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(hop);
    alone.parse().ok().or_else(|| hop.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

/// Where a request comes from, if that is known.
pub(crate) struct Origin(pub(crate) Option<String>);

impl FromRequestParts<Arc<Inner>> for Origin {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<Inner>) -> Result<Self, Infallible> {
        Ok(Self(origin(app, parts)))
    }
}

/// The language that a browser asks for.
pub(crate) struct Speaks(pub(crate) Tongue);

impl<S: Send + Sync> FromRequestParts<S> for Speaks {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(Tongue::asked(&parts.headers).unwrap_or_default()))
    }
}

/// A host program, by its API key.
pub(crate) struct Host {
    pub(crate) app: Arc<Inner>,
    pub(crate) context: CallContext,
}

impl Host {
    /// The context of a command that is perhaps only a question.
    pub(crate) fn asking(&self, preview: bool) -> CallContext {
        CallContext { preview, ..self.context.clone() }
    }
}

impl FromRequestParts<Arc<Inner>> for Host {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<Inner>) -> Result<Self, Problem> {
        let key = parts.extensions.get::<ApiKey>().ok_or_else(Problem::no_key)?;
        let context = CallContext {
            origin: origin(app, parts),
            request: parts.extensions.get().cloned(),
            expected: ask::expected(&parts.headers),
            ..CallContext::new(key.practice, Caller::Host(key.id))
        };
        Ok(Self { app: Arc::clone(app), context })
    }
}

/// Whoever runs the service, by a key that belongs to no practice.
pub(crate) struct Operator {
    pub(crate) app: Arc<Inner>,
    /// Of no practice yet.
    pub(crate) context: CallContext,
}

impl FromRequestParts<Arc<Inner>> for Operator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<Inner>) -> Result<Self, Problem> {
        let key = parts.extensions.get::<OperatorKey>().ok_or_else(Problem::no_key)?;
        let context = CallContext {
            origin: origin(app, parts),
            request: parts.extensions.get().cloned(),
            ..CallContext::new(Portal::nowhere(), Caller::Operator(key.id))
        };
        Ok(Self { app: Arc::clone(app), context })
    }
}

/// The practice's name in a path of the operator API; nothing where it is no name.
pub(crate) struct PracticeSlug(pub(crate) Option<Slug>);

impl<S: Send + Sync> FromRequestParts<S> for PracticeSlug {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(Self(param(parts, "slug").await.as_deref().and_then(Slug::parse)))
    }
}

/// Whose key a request brings. It has to have a scope; an operator's has that one alone.
pub(crate) async fn authenticate(app: &Inner, headers: &HeaderMap, needed: Scope) -> Result<KeyHolder, Problem> {
    let secret = bearer(headers).ok_or_else(Problem::no_key)?;
    let holder = app.portal.authenticate(secret).await?.ok_or_else(Problem::no_key)?;
    let allowed = match &holder {
        KeyHolder::Host(key) => needed != Scope::Operator && key.scopes.iter().any(|scope| scope.allows(needed)),
        KeyHolder::Operator(_) => needed == Scope::Operator,
    };
    if !allowed {
        return Err(Problem::new("forbidden", format!("the API key needs the scope `{}`", needed.code())));
    }
    Ok(holder)
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, secret) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| secret.trim())
}

/// The reference in a path. One that breaks the rules is unknown like any other, except where a thing is to be made of it.
pub(crate) struct Reference(pub(crate) Ref);

impl<S: Send + Sync> FromRequestParts<S> for Reference {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let text = param(parts, "ref").await;
        let makes = parts.method == Method::PUT && !parts.uri.path().ends_with("/emails");
        text.as_deref().and_then(Ref::parse).map(Self).ok_or_else(|| match makes {
            true => Problem::invalid_field("ref", "a reference is 1–128 of the ASCII characters 0x21–0x7E"),
            false => Problem::not_found("thing"),
        })
    }
}

/// A session's id in a path.
pub(crate) struct PathId(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for PathId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        param(parts, "id").await.map(Self).ok_or_else(|| Problem::not_found("thing"))
    }
}

/// A name in a path that stands for what is served there.
pub(crate) struct PathName(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for PathName {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        param(parts, "name").await.map(Self).ok_or_else(|| Problem::not_found("thing"))
    }
}

/// A link's token in a path. It is never logged.
pub(crate) struct Token(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Token {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        param(parts, "token").await.map(Self).ok_or_else(|| Problem::not_found("link"))
    }
}

/// Anybody, at the portal or workspace of a practice that is not suspended. No cookie is looked at.
#[derive(Clone)]
pub(crate) struct Visitor {
    pub(crate) app: Arc<Inner>,
    pub(crate) practice: Practice,
    pub(crate) context: CallContext,
    /// The language of the browser, else of the practice.
    pub(crate) tongue: Tongue,
}

fn no_practice() -> Problem {
    Problem::not_found("practice")
}

/// The practice's name in a path.
async fn slug(parts: &mut Parts) -> Result<Slug, Problem> {
    param(parts, "practice").await.as_deref().and_then(Slug::parse).ok_or_else(no_practice)
}

impl FromRequestParts<Arc<Inner>> for Visitor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<Inner>) -> Result<Self, Problem> {
        let slug = slug(parts).await?;
        let practice = app.portal.practice_by_slug(&slug).await?.ok_or_else(no_practice)?;
        let staff = parts.uri.path().starts_with("/workspace/");
        decide::door_open(&practice, if staff { Door::Workspace } else { Door::Portal })?;
        let context = CallContext { origin: origin(app, parts), ..CallContext::new(practice.id, Caller::Anyone) };
        let tongue = Tongue::asked(&parts.headers).or_else(|| Tongue::of_tag(&practice.settings.locale));
        Ok(Self { app: Arc::clone(app), practice, context, tongue: tongue.unwrap_or_default() })
    }
}

impl Visitor {
    /// The same, in the language of a contact, where that is known and spoken.
    pub(crate) fn speaking(self, locale: Option<&str>) -> Self {
        Self { tongue: locale.and_then(Tongue::of_tag).unwrap_or(self.tongue), ..self }
    }

    /// What stands around the visitor's pages.
    pub(crate) fn shell(&self) -> Shell {
        Shell::of(&self.practice).speaking(self.tongue)
    }

    /// The path of a page of the practice.
    pub(crate) fn path(&self, page: &str) -> String {
        format!("/portal/{}/{page}", self.practice.slug)
    }

    /// The session a cookie stands for, used. `None` where it is not valid.
    pub(crate) async fn signed_in(&self, token: Option<&SessionToken>) -> Result<Option<SessionView>, Problem> {
        let Some(token) = token else { return Ok(None) };
        match self.app.portal.use_session(&self.practice.id.into(), token).await.map_err(Problem::from) {
            Ok(view) => Ok(Some(view)),
            Err(problem) if problem.status() == StatusCode::UNAUTHORIZED => Ok(None),
            Err(problem) => Err(problem),
        }
    }
}

/// The portal cookie of this practice, in a browser that sends forms.
pub(crate) struct Held(pub(crate) Option<SessionToken>);

impl FromRequestParts<Arc<Inner>> for Held {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<Inner>) -> Result<Self, Problem> {
        let held = held(parts, app).await;
        Ok(Self(held.as_deref().and_then(SessionToken::parse)))
    }
}

async fn held(parts: &mut Parts, app: &Arc<Inner>) -> Option<String> {
    let slug = Slug::parse(&param(parts, "practice").await?)?;
    cookie::presented(&app.config.base_url, &slug, &parts.headers)
}

/// The portal cookie of this practice, in a front end that sends JSON: what changes anything needs `X-Portal: 1`, which no
/// other site can send.
pub(crate) struct HeldByScript(pub(crate) Option<SessionToken>);

impl FromRequestParts<Arc<Inner>> for HeldByScript {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<Inner>) -> Result<Self, Problem> {
        let Some(text) = held(parts, app).await else { return Ok(Self(None)) };
        marked(parts)?;
        Ok(Self(SessionToken::parse(&text)))
    }
}

/// What changes anything by a cookie is marked as sent by a script of the same site.
pub(crate) fn marked(parts: &Parts) -> Result<(), Problem> {
    let looks = matches!(parts.method, Method::GET | Method::HEAD);
    let marked = parts.headers.get("x-portal").is_some_and(|value| value == "1");
    let has_type = parts.headers.contains_key(header::CONTENT_TYPE);
    if !looks && (!marked || (has_type && !ask::is_json(&parts.headers))) {
        let detail = "with a cookie, send `X-Portal: 1` and `Content-Type: application/json`";
        return Err(Problem::new("forbidden", detail));
    }
    Ok(())
}

/// A front end with a valid session.
pub(crate) struct Session {
    pub(crate) app: Arc<Inner>,
    pub(crate) token: SessionToken,
    pub(crate) view: SessionView,
    /// The context of what this session does.
    pub(crate) context: CallContext,
}

impl FromRequestParts<Arc<Inner>> for Session {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<Inner>) -> Result<Self, Problem> {
        let slug = slug(parts).await?;
        let nobody = || Problem::from(portal_domain::Refusal::Unauthorized);
        let held = cookie::presented(&app.config.base_url, &slug, &parts.headers);
        let Some(token) = held.as_deref().and_then(SessionToken::parse) else {
            let practice = app.portal.practice_by_slug(&slug).await?.ok_or_else(no_practice)?;
            decide::door_open(&practice, Door::Portal)?;
            return Err(nobody());
        };
        let practice = PracticeSelector::Slug(slug);
        if let Err(refused) = marked(parts) {
            // Whose session is not valid hears that first; and what is refused is no use of a session.
            app.portal.peek_session(&practice, &token).await?.ok_or_else(nobody)?;
            return Err(refused);
        }
        let view = app.portal.use_session(&practice, &token).await?;
        let caller = Caller::Login(view.session.login);
        let context = CallContext { origin: origin(app, parts), ..CallContext::new(view.practice.id, caller) };
        Ok(Self { app: Arc::clone(app), token, view, context })
    }
}

impl Asks for Host {}

impl Asks for Operator {}

impl Asks for PracticeSlug {}

impl Asks for Reference {}

impl Asks for PathId {}

impl Asks for Token {}

impl Asks for Visitor {}

impl Asks for HeldByScript {
    fn ask(signature: &mut Signature) {
        signature.scripted = true;
    }
}

impl Asks for Session {
    fn ask(signature: &mut Signature) {
        signature.scripted = true;
        signature.session = Some(Cookie::Portal);
    }
}

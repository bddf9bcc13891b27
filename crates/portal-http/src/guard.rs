//! What every request passes, whoever sends it: host, time, origin; and what every answer carries.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{
    body::Body,
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use portal_domain::port::Entropy;
use sha2::{Digest, Sha256};
use tracing::Instrument;

use crate::{
    Inner, assets, caller,
    observe::{self, Subject},
    pages,
    problem::Problem,
    words::Tongue,
};

/// For so long a request may take.
const REQUEST_TIME: Duration = Duration::from_secs(30);
/// And one that brings a file, or means many contacts.
const LONG_REQUEST_TIME: Duration = Duration::from_secs(600);

/// No script, no frame, nothing from elsewhere.
const CSP: &str = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The same for pages, which may have our own script besides.
const PAGE_CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; \
                        base-uri 'none'; frame-ancestors 'none'";

/// The same for a page whose form leads on to a site of the practice's: browsers look at where a form's answer redirects to.
/// A host in brackets can't be said there, so that its whole scheme is.
pub(crate) fn csp_leading_to(origin: &str) -> Option<HeaderValue> {
    let source = match (origin.contains('['), origin.split_once(':')) {
        (true, Some((scheme, _))) => format!("{scheme}:"),
        _ => origin.to_owned(),
    };
    HeaderValue::try_from(PAGE_CSP.replace("form-action 'self'", &format!("form-action 'self' {source}"))).ok()
}

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The name of a request, as its answer and its lines of the log have it.
#[derive(Clone)]
pub(crate) struct RequestId(pub(crate) String);

fn looks(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Passes every request: one span, which holds the route and never the path, where a link's token stands; the host; the time it
/// may take; and what every answer carries.
///
/// All of it is one layer, because each layer of its own costs every request a copy of those below it.
pub(crate) async fn every(State(app): State<Arc<Inner>>, mut request: Request, next: Next) -> Response {
    let id = given_id(&app, &request).unwrap_or_else(|| app.request_ids.next());
    request.extensions_mut().insert(RequestId(id.clone()));
    let route = request.extensions().get::<MatchedPath>().map_or("-", MatchedPath::as_str);
    let span = tracing::info_span!("request", id, method = %request.method(), route);
    let subject = Subject::of(&request);
    let mut response = subject.counted(answer(&app, request, next).instrument(span.clone())).await;
    span.in_scope(|| tracing::info!(status = response.status().as_u16(), "answered"));
    if let Ok(id) = HeaderValue::try_from(id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

/// The name that a proxy gave the request. Anybody else could write into the log what others look for.
fn given_id(app: &Inner, request: &Request) -> Option<String> {
    let given = request.headers().get(REQUEST_ID).filter(|_| caller::is_of_a_proxy(app, request.extensions()))?;
    given.to_str().ok().filter(|id| is_plain(id)).map(str::to_owned)
}

async fn answer(app: &Inner, request: Request, next: Next) -> Response {
    let (looks, for_people) = (looks(request.method()), pages::is_page(request.uri().path()));
    let tongue = Tongue::asked(request.headers()).unwrap_or_default();
    let mut response =
        if is_served_here(app, &request) { in_time(request, next).await } else { misdirected(app, &request) };
    let done = response.status().is_success() || response.status().is_redirection();
    if let Some(wake) = app.wake.as_ref().filter(|_| done && !looks) {
        // Whatever it was may have left the workers something to do; if they can't be woken, they look by themselves.
        if catch_unwind(AssertUnwindSafe(|| wake())).is_err() {
            tracing::error!("the workers could not be woken");
        }
    }
    if for_people {
        response = dressed(response, tongue);
        let csp = HeaderValue::from_static(PAGE_CSP);
        response.headers_mut().entry(header::CONTENT_SECURITY_POLICY).or_insert(csp);
    }
    add_headers(app, response.headers_mut());
    response
}

fn is_plain(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    (1..=64).contains(&id.len()) && id.bytes().all(plain)
}

/// Names for requests that bring none. All are of one length, and none tells how many there were before it: whoever asks gets to
/// see them (P2).
pub(crate) struct RequestIds {
    start: [u8; 32],
    count: AtomicU64,
}

impl RequestIds {
    pub(crate) fn new(entropy: &dyn Entropy) -> Self {
        let mut start = [0; 32];
        entropy.fill(&mut start);
        Self { start, count: AtomicU64::new(0) }
    }

    fn next(&self) -> String {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        let digest = Sha256::new().chain_update(self.start).chain_update(count.to_be_bytes()).finalize();
        URL_SAFE_NO_PAD.encode(&digest[..12])
    }
}

/// Headers of every answer; what an answer has set itself stays.
fn add_headers(app: &Inner, headers: &mut HeaderMap) {
    let fixed = [
        (header::CONTENT_SECURITY_POLICY, CSP),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    headers.reserve(fixed.len() + 2);
    for (name, value) in fixed {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if app.config.base_url.is_https() {
        let year = HeaderValue::from_static("max-age=31536000");
        headers.entry(header::STRICT_TRANSPORT_SECURITY).or_insert(year);
    }
}

/// Programs get a problem, and people a page that leads to where they wanted to be. Whatever would have changed something has
/// to be done anew there.
fn misdirected(app: &Inner, request: &Request) -> Response {
    let html = |value: &HeaderValue| value.to_str().is_ok_and(|value| value.contains("text/html"));
    let path = request.uri().path();
    let of_programs = path.split('/').any(|part| part == "api");
    let browses = !of_programs && request.headers().get_all(header::ACCEPT).iter().any(html);
    if !browses && !pages::is_page(path) {
        return Problem::new("misdirected_request", "this host is not served here").into_response();
    }
    observe::refused("misdirected_request");
    let whole = request.uri().path_and_query().map_or("/", |whole| whole.as_str());
    let place = if looks(request.method()) { whole } else { "/" };
    pages::elsewhere(&app.config.base_url, place, Tongue::asked(request.headers()).unwrap_or_default())
}

/// Only hosts of ours are served, but for the two probes, which come to addresses, and the style sheet of the page that leads
/// from elsewhere to here.
fn is_served_here(app: &Inner, request: &Request) -> bool {
    let path = request.uri().path();
    let probe = matches!(path, "/healthz" | "/readyz") || path == assets::css_path();
    probe || host(request).is_some_and(|host| app.config.base_url.knows_host(host))
}

fn host(request: &Request) -> Option<&str> {
    let own = request.uri().authority().map(axum::http::uri::Authority::as_str);
    own.or_else(|| host_header(request.headers()))
}

fn host_header(headers: &HeaderMap) -> Option<&str> {
    let mut given = headers.get_all(header::HOST).into_iter();
    let only = given.next().filter(|_| given.next().is_none());
    only.and_then(|host| host.to_str().ok())
}

/// No request takes for ever.
async fn in_time(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let page = path.strip_prefix("/workspace/").and_then(|rest| rest.split('/').nth(1));
    let long =
        matches!(page, Some("bulk" | "import" | "jobs")) || matches!(path, "/api/v1/imports" | "/api/v1/activations");
    let time = if long { LONG_REQUEST_TIME } else { REQUEST_TIME };
    match tokio::time::timeout(time, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            tracing::warn!("a request took too long");
            Problem::overloaded().into_response()
        }
    }
}

/// The answer to a request whose handler panicked.
pub(crate) fn panicked(_: Box<dyn Any + Send + 'static>) -> axum::http::Response<Body> {
    tracing::error!("a handler panicked");
    Problem::internal().into_response()
}

/// People get a page where programs get a problem.
fn dressed(response: Response, tongue: Tongue) -> Response {
    let Some(problem) = response.extensions().get::<Problem>() else { return response };
    if response.extensions().get::<pages::Dressed>().is_some() {
        return response;
    }
    let mut page = pages::problem(problem, tongue);
    for name in [header::RETRY_AFTER, header::ALLOW] {
        if let Some(value) = response.headers().get(&name) {
            page.headers_mut().insert(name, value.clone());
        }
    }
    page.extensions_mut().insert(problem.clone());
    page
}

/// What a browser says about where a request comes from.
enum Whence {
    /// Nothing.
    Untold,
    /// One of our own pages, or the address bar.
    Own,
    /// Elsewhere.
    Foreign,
}

/// A browser that withholds the referrer, as our pages ask for, sends `Origin: null` with a form: then
/// `Sec-Fetch-Site`, which every present browser sends, has to say that it comes from here.
fn whence(app: &Inner, request: &Request) -> Whence {
    let text = |name: HeaderName| request.headers().get(name).map(|value| value.to_str().unwrap_or("?"));
    let site = text(HeaderName::from_static("sec-fetch-site"));
    let origin = text(header::ORIGIN).filter(|origin| *origin != "null");
    let own_site = site.map(|site| matches!(site, "same-origin" | "none"));
    let host = host(request).unwrap_or_default();
    let own_origin = origin.map(|origin| app.config.base_url.knows_origin(origin, host));
    let withheld = request.headers().contains_key(header::ORIGIN) && origin.is_none();
    match (own_site, own_origin) {
        (Some(false), _) | (_, Some(false)) => Whence::Foreign,
        (None, None) if withheld => Whence::Foreign,
        (None, None) => Whence::Untold,
        _ => Whence::Own,
    }
}

fn foreign() -> Response {
    let detail = "this did not come from a page of this portal: open the page again and repeat what you did";
    Problem::new("forbidden", detail).into_response()
}

/// A form changes something only where the browser says that it comes from one of our pages.
pub(crate) async fn same_origin(State(app): State<Arc<Inner>>, request: Request, next: Next) -> Response {
    if looks(request.method()) || matches!(whence(&app, &request), Whence::Own) {
        return next.run(request).await;
    }
    foreign()
}

/// A front end need not be a browser; but a browser that says it comes from elsewhere is refused.
pub(crate) async fn same_origin_if_told(State(app): State<Arc<Inner>>, request: Request, next: Next) -> Response {
    if looks(request.method()) || !matches!(whence(&app, &request), Whence::Foreign) {
        return next.run(request).await;
    }
    foreign()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    struct Same;

    impl Entropy for Same {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(7);
        }
    }

    #[test]
    fn made_ids_differ_and_are_of_one_length() {
        let ids = RequestIds::new(&Same);
        let made: BTreeSet<_> = (0..1000).map(|_| ids.next()).collect();
        assert_eq!(made.len(), 1000);
        assert!(made.iter().all(|id| id.len() == 16 && is_plain(id)));
    }

    #[test]
    fn what_could_break_a_log_or_a_header_is_no_id() {
        assert!(is_plain("a-1_B.9") && is_plain(&"x".repeat(64)));
        for id in ["", " ", "a b", "a\n", "é", "a\"b", &"x".repeat(65)] {
            assert!(!is_plain(id), "{id:?}");
        }
    }
}

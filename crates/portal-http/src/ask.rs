//! What a request asks for: its query and its body, read strictly, and not before it is known who asks and about what.

use std::{collections::BTreeMap, convert::Infallible, time::Duration};

use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, OriginalUri, Request},
    http::{HeaderMap, HeaderValue, Method, header},
    response::{IntoResponseParts, ResponseParts},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http_body_util::{BodyExt, Limited};
use portal_domain::{
    decide::Expected,
    job::RowEffect,
    port::RowFilter,
    search::{ContactFilter, SearchWords},
    status::PortalStatus,
    view::ContactView,
};

use crate::{
    arrival::{self, Fault},
    document::BodyShape,
    json::{self, Fields, FromFields},
    problem::Problem,
};

/// Most bytes of a body of the host API.
pub(crate) const HOST_BODY: usize = 64 * 1024;
/// Most bytes of a file to be imported.
pub(crate) const IMPORT_BODY: usize = 64 * 1024 * 1024;
/// Most bytes of a body of whatever anybody may send.
const PORTAL_BODY: usize = 16 * 1024;
/// So much of a body that is too large is read all the same.
const DRAINED: usize = 2 * 1024 * 1024;
/// And for so long.
const DRAIN_TIME: Duration = Duration::from_secs(2);

/// What was sent, or why it can't be understood. The latter is told only after it is certain that the thing it
/// is about exists: see [`Sent::after`].
pub(crate) struct Sent<T>(Result<T, Problem>);

/// Put into a request by whoever found out before that what was sent can't be read; told where [`Sent`] tells such things.
#[derive(Clone)]
pub(crate) struct Unread(pub(crate) Problem);

/// A query and a body that can be read.
pub(crate) trait Ask: Sized {
    /// The names a query may have.
    const QUERY: &'static [&'static str] = &[];

    /// Whether there is a body to read.
    const BODY: bool = true;

    /// What the body is to be, for the document.
    fn body() -> Option<BodyShape> {
        None
    }

    /// Reads both.
    fn read(query: &Query, body: &[u8]) -> Result<Self, Problem>;
}

impl<T> Sent<T> {
    /// What was sent. Where it can't be understood, `check` says first whether it is about anything at all: 404 comes before 400.
    pub(crate) async fn after<X, E: Into<Problem>>(
        self,
        check: impl Future<Output = Result<X, E>>,
    ) -> Result<T, Problem> {
        match self.0 {
            Ok(asked) => Ok(asked),
            Err(problem) => {
                check.await.map_err(Into::into)?;
                Err(problem)
            }
        }
    }

    /// What was sent, where there is nothing to find first.
    pub(crate) fn now(self) -> Result<T, Problem> {
        self.0
    }
}

impl<S: Send + Sync, T: Ask> FromRequest<S> for Sent<T> {
    type Rejection = Infallible;

    async fn from_request(request: Request, _: &S) -> Result<Self, Infallible> {
        Ok(Self(read(request).await))
    }
}

async fn read<T: Ask>(mut request: Request) -> Result<T, Problem> {
    if let Some(Unread(problem)) = request.extensions_mut().remove() {
        return Err(problem);
    }
    let looks = matches!(*request.method(), Method::GET | Method::HEAD);
    let most = most_bytes(&request);
    let from_anybody = most == PORTAL_BODY;
    let (parts, body) = request.into_parts();
    let bytes = if looks || !T::BODY { Bytes::new() } else { bytes(&parts.headers, body, most).await? };
    if from_anybody && !bytes.is_empty() && !is_json(&parts.headers) {
        return Err(Problem::invalid("send the body as `Content-Type: application/json`"));
    }
    let query = Query::parse(parts.uri.query().unwrap_or_default(), T::QUERY)?;
    T::read(&query, &bytes)
}

/// Below a prefix the router shows only the rest of the path, so the whole one is asked for.
fn most_bytes(request: &Request) -> usize {
    let whole = request.extensions().get::<OriginalUri>().map_or(request.uri(), |whole| &whole.0);
    let from_browsers = ["/portal/", "/workspace/"].iter().any(|area| whole.path().starts_with(area));
    if from_browsers { PORTAL_BODY } else { HOST_BODY }
}

/// Whether a body says that it is JSON.
pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    is_type(headers, "application/json")
}

fn is_type(headers: &HeaderMap, wanted: &str) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(wanted)
}

/// The body of a request of the host API, whole.
pub(crate) async fn host_bytes(headers: &HeaderMap, body: Body, most: usize) -> Result<Bytes, Problem> {
    bytes(headers, body, most).await
}

/// The body, whole and within bounds of size and time.
async fn bytes(headers: &HeaderMap, body: Body, most: usize) -> Result<Bytes, Problem> {
    let too_large = || Problem::new("body_too_large", format!("the body may have at most {most} bytes"));
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > most) {
        drain(body).await;
        return Err(too_large());
    }
    arrival::whole(body, most).await.map_err(|fault| match fault {
        Fault::TooLarge => too_large(),
        Fault::Slow => Problem::new("request_timeout", "the body did not arrive in time"),
        Fault::Broken => Problem::invalid("the body did not arrive whole"),
    })
}

/// Reads what little more is worth reading of a body that is too large, so that the answer is not overtaken by a reset of the
/// connection.
async fn drain(body: Body) {
    let mut rest = Limited::new(body, DRAINED);
    let all = async { while let Some(Ok(_)) = rest.frame().await {} };
    // Whoever is slower than this has to live with the reset.
    let _ = tokio::time::timeout(DRAIN_TIME, all).await;
}

/// The parameters of a query, each known and there once.
pub(crate) struct Query(BTreeMap<String, String>);

impl Query {
    fn parse(text: &str, known: &[&str]) -> Result<Self, Problem> {
        let mut values = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(text.as_bytes()).into_owned() {
            if !known.contains(&name.as_str()) {
                return Err(Problem::invalid_field(&name, format!("there is no parameter `{}`", name.escape_debug())));
            }
            if values.insert(name.clone(), value).is_some() {
                return Err(Problem::invalid_field(&name, format!("`{name}` is there twice")));
            }
        }
        Ok(Self(values))
    }

    fn limit(&self) -> Result<u32, Problem> {
        match self.0.get("limit").map(|text| text.parse()) {
            None => Ok(50),
            Some(Ok(limit @ 1..=200)) => Ok(limit),
            Some(_) => Err(Problem::invalid_field("limit", "`limit` must be a whole number from 1 to 200")),
        }
    }

    fn preview(&self) -> Result<bool, Problem> {
        match self.0.get("preview").map(String::as_str) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(Problem::invalid_field("preview", "`preview` must be `true` or `false`")),
        }
    }
}

/// Whether a query asks only what a command would do, whatever else is wrong with it.
pub(crate) fn asks_for_preview(query: &str) -> bool {
    form_urlencoded::parse(query.as_bytes()).any(|(name, value)| name == "preview" && value == "true")
}

/// What comes after a number, and how long to wait for it.
pub(crate) struct Feed {
    pub(crate) after: i64,
    pub(crate) wait: Duration,
    pub(crate) limit: u32,
}

impl Ask for Feed {
    const QUERY: &'static [&'static str] = &["after", "wait", "limit"];
    const BODY: bool = false;

    fn read(query: &Query, _: &[u8]) -> Result<Self, Problem> {
        let after = match query.0.get("after").map(|text| text.parse()) {
            None => 0,
            Some(Ok(after @ 0..)) => after,
            Some(_) => return Err(Problem::invalid_field("after", "`after` must be the `number` of an event, or 0")),
        };
        let wait = match query.0.get("wait").map(|text| text.parse()) {
            None => 0,
            Some(Ok(wait @ 0..=30)) => wait,
            Some(_) => return Err(Problem::invalid_field("wait", "`wait` must be a whole number of seconds up to 30")),
        };
        Ok(Self { after, wait: Duration::from_secs(wait), limit: query.limit()? })
    }
}

/// A request that says nothing besides its path.
pub(crate) struct Bare;

impl Ask for Bare {
    fn body() -> Option<BodyShape> {
        Some(BodyShape::of::<json::Empty>())
    }

    fn read(_: &Query, body: &[u8]) -> Result<Self, Problem> {
        json::read::<json::Empty>(body).map(|_| Self)
    }
}

/// A body.
pub(crate) struct Plain<B>(pub(crate) B);

impl<B: FromFields> Ask for Plain<B> {
    fn body() -> Option<BodyShape> {
        Some(BodyShape::of::<B>())
    }

    fn read(_: &Query, body: &[u8]) -> Result<Self, Problem> {
        json::read(body).map(Self)
    }
}

/// A command, which may be meant as a question: what would this do? (M7)
pub(crate) struct Command<B> {
    pub(crate) preview: bool,
    pub(crate) body: B,
}

impl<B: FromFields> Ask for Command<B> {
    const QUERY: &'static [&'static str] = &["preview"];

    fn body() -> Option<BodyShape> {
        Some(BodyShape::of::<B>())
    }

    fn read(query: &Query, body: &[u8]) -> Result<Self, Problem> {
        Ok(Self { preview: query.preview()?, body: json::read(body)? })
    }
}

/// A part of a list.
pub(crate) struct Listing {
    limit: u32,
    after: Option<String>,
}

impl Ask for Listing {
    const QUERY: &'static [&'static str] = &["limit", "cursor"];
    const BODY: bool = false;

    fn read(query: &Query, _: &[u8]) -> Result<Self, Problem> {
        let limit = query.limit()?;
        let after = match query.0.get("cursor") {
            None => None,
            Some(cursor) => Some(open_cursor(cursor).ok_or_else(bad_cursor)?),
        };
        Ok(Self { limit, after })
    }
}

/// A part of the contacts that are wanted.
pub(crate) struct Wanted {
    pub(crate) listing: Listing,
    pub(crate) filter: ContactFilter,
    /// Those of this client.
    pub(crate) client: Option<String>,
}

impl Ask for Wanted {
    const QUERY: &'static [&'static str] = &["limit", "cursor", "q", "status", "client"];
    const BODY: bool = false;

    fn read(query: &Query, _: &[u8]) -> Result<Self, Problem> {
        let typed = query.0.get("q").map_or("", String::as_str);
        if typed.chars().count() > SearchWords::LONGEST {
            let detail = format!("`q` has at most {} characters", SearchWords::LONGEST);
            return Err(Problem::invalid_field("q", detail));
        }
        let names = query.0.get("status").into_iter().flat_map(|names| names.split(','));
        let statuses = names.map(|name| PortalStatus::parse(name).ok_or_else(bad_status)).collect::<Result<_, _>>()?;
        let filter = ContactFilter { words: SearchWords::parse(typed), statuses };
        Ok(Self { listing: Listing::read(query, &[])?, filter, client: query.0.get("client").cloned() })
    }
}

/// A part of the rows of an import.
pub(crate) struct RowsWanted {
    pub(crate) listing: Listing,
    pub(crate) filter: RowFilter,
}

impl Ask for RowsWanted {
    const QUERY: &'static [&'static str] = &["limit", "cursor", "outcome", "effect"];
    const BODY: bool = false;

    fn read(query: &Query, _: &[u8]) -> Result<Self, Problem> {
        let outcome = match query.0.get("outcome").map(String::as_str) {
            None => None,
            Some(outcome @ ("created" | "updated" | "unchanged" | "refused")) => Some(outcome.to_owned()),
            Some(_) => {
                let detail = "`outcome` is one of `created`, `updated`, `unchanged`, `refused`";
                return Err(Problem::invalid_field("outcome", detail));
            }
        };
        let effect = match query.0.get("effect").map(String::as_str) {
            None => None,
            Some("join") => Some(RowEffect::Join),
            Some("move") => Some(RowEffect::Move),
            Some(_) => return Err(Problem::invalid_field("effect", "`effect` is `join` or `move`")),
        };
        Ok(Self { listing: Listing::read(query, &[])?, filter: RowFilter { outcome, effect } })
    }
}

fn bad_status() -> Problem {
    let known: Vec<_> = PortalStatus::ALL.iter().map(|status| format!("`{}`", status.code())).collect();
    Problem::invalid_field("status", format!("`status` is one of {}, or several with commas between", known.join(", ")))
}

/// A part of what is found by an address.
pub(crate) struct Search {
    pub(crate) listing: Listing,
    pub(crate) email: String,
}

impl Ask for Search {
    const QUERY: &'static [&'static str] = Listing::QUERY;

    fn body() -> Option<BodyShape> {
        Some(BodyShape::of::<Address>())
    }

    fn read(query: &Query, body: &[u8]) -> Result<Self, Problem> {
        let Address { email } = json::read(body)?;
        Ok(Self { listing: Listing::read(query, &[])?, email })
    }
}

/// An address, as it was typed.
pub(crate) struct Address {
    pub(crate) email: String,
}

impl FromFields for Address {
    fn from_fields(fields: &mut Fields) -> Result<Self, Problem> {
        Ok(Self { email: fields.required("email", Fields::text)? })
    }
}

/// The tag of a contact, as a header: what `If-Match` compares.
pub(crate) struct Tag(HeaderValue);

impl Tag {
    pub(crate) fn of(contact: &ContactView) -> Self {
        Self(HeaderValue::from_str(&format!("\"{}\"", contact.tag)).unwrap_or(HeaderValue::from_static("\"\"")))
    }
}

impl IntoResponseParts for Tag {
    type Error = Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Infallible> {
        parts.headers_mut().insert(header::ETAG, self.0);
        Ok(parts)
    }
}

/// The state of a contact that a request is meant for, by `If-Match` (RFC 9110). A tag that is none of ours matches nothing.
pub(crate) fn expected(headers: &HeaderMap) -> Option<Expected> {
    let lines = headers.get_all(header::IF_MATCH).into_iter().map(|line| line.to_str().unwrap_or("?"));
    let tags: Vec<_> = lines.flat_map(|line| line.split(',')).map(str::trim).filter(|tag| !tag.is_empty()).collect();
    if !headers.contains_key(header::IF_MATCH) {
        return None;
    }
    if tags == ["*"] {
        return Some(Expected::Existing);
    }
    let bare = |tag: &str| Some(tag.strip_prefix('"')?.strip_suffix('"')?.to_owned());
    Some(Expected::Tags(tags.into_iter().filter_map(bare).collect()))
}

/// Names a place to go on from.
pub(crate) fn cursor(place: &str) -> String {
    URL_SAFE_NO_PAD.encode(place)
}

fn open_cursor(cursor: &str) -> Option<String> {
    String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()
}

fn bad_cursor() -> Problem {
    Problem::invalid_field("cursor", "`cursor` must be the `next_cursor` of the page before")
}

impl Listing {
    /// The page to fetch: one more than asked for, to learn whether there are more.
    pub(crate) fn page<K>(
        &self,
        read: impl FnOnce(&str) -> Option<K>,
    ) -> Result<portal_domain::port::Page<K>, Problem> {
        let after = match &self.after {
            None => None,
            Some(text) => Some(read(text).ok_or_else(bad_cursor)?),
        };
        Ok(portal_domain::port::Page { after, limit: self.limit + 1 })
    }

    pub(crate) fn limit(&self) -> usize {
        self.limit.try_into().unwrap_or(usize::MAX)
    }

    /// Cuts off what was fetched beyond the page, and names the place to go on from.
    pub(crate) fn cut<T>(&self, items: &mut Vec<T>, key: impl Fn(&T) -> String) -> Option<String> {
        let limit = self.limit();
        if items.len() <= limit {
            return None;
        }
        items.truncate(limit);
        items.last().map(|last| cursor(&key(last)))
    }
}

/// The fields of an HTML form.
pub(crate) struct Form(Result<Vec<(String, String)>, Problem>);

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = Infallible;

    async fn from_request(request: Request, _: &S) -> Result<Self, Infallible> {
        let (parts, body) = request.into_parts();
        if !is_type(&parts.headers, "application/x-www-form-urlencoded") {
            return Ok(Self(Err(Problem::invalid("this is not a form that these pages have sent"))));
        }
        let fields = bytes(&parts.headers, body, PORTAL_BODY).await;
        Ok(Self(fields.map(|bytes| form_urlencoded::parse(&bytes).into_owned().collect())))
    }
}

impl Form {
    /// A field that has to be there; U+0000 is in no text.
    pub(crate) fn field(&self, name: &'static str) -> Result<&str, Problem> {
        self.optional(name)?.ok_or_else(|| Problem::invalid_field(name, format!("`{name}` is missing")))
    }

    /// The values of a field that may be there any number of times.
    pub(crate) fn all(&self, name: &'static str) -> Result<Vec<&str>, Problem> {
        self.optional(name)?;
        let fields = self.0.as_ref().map_err(Clone::clone)?;
        Ok(fields.iter().filter(|(own, _)| own == name).map(|(_, value)| value.as_str()).collect())
    }

    /// A field that may be left out.
    pub(crate) fn optional(&self, name: &'static str) -> Result<Option<&str>, Problem> {
        let fields = self.0.as_ref().map_err(Clone::clone)?;
        let Some((_, value)) = fields.iter().find(|(own, _)| own == name) else { return Ok(None) };
        if value.contains('\0') {
            return Err(Problem::invalid_field(name, "U+0000 is in no text"));
        }
        Ok(Some(value))
    }
}

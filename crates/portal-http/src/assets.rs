//! Files that are served as they are, each with a tag that names its content.

use std::{borrow::Cow, fmt::Write, sync::LazyLock};

use axum::{
    Router,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing,
};
use sha2::{Digest, Sha256};

/// A file of a type, and its digest.
pub(crate) struct Asset {
    kind: &'static str,
    content: Cow<'static, str>,
    hash: String,
}

impl Asset {
    pub(crate) fn new(kind: &'static str, content: Cow<'static, str>) -> Self {
        let hash = digest(content.as_bytes());
        Self { kind, content, hash }
    }

    /// The file, or that whoever asks has it already. It may be kept, and is asked for again.
    pub(crate) fn answer(&'static self, headers: &HeaderMap) -> Response {
        self.kept(headers, "public, no-cache")
    }

    fn kept(&'static self, headers: &HeaderMap, how_long: &'static str) -> Response {
        serve(self.kind, &self.hash, &*self.content, headers, how_long)
    }
}

/// Names a content.
pub(crate) fn digest(content: &[u8]) -> String {
    Sha256::digest(content).iter().take(8).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A content of a type and its digest, or that whoever asks has it already.
pub(crate) fn serve(
    kind: &'static str,
    hash: &str,
    content: impl IntoResponse,
    headers: &HeaderMap,
    how_long: &'static str,
) -> Response {
    let tag = format!("\"{hash}\"");
    let held = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let fresh = held.flat_map(|line| line.split(',')).any(|own| own.trim().trim_start_matches("W/") == tag);
    let kept = [(header::ETAG, tag), (header::CACHE_CONTROL, how_long.to_owned())];
    if fresh {
        return (StatusCode::NOT_MODIFIED, kept).into_response();
    }
    (kept, [(header::CONTENT_TYPE, kind)], content).into_response()
}

/// The one style sheet of the pages, under an address that names its content, so that it may be kept for ever.
static CSS: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("text/css; charset=utf-8", include_str!("../assets/portal.css").into()));

/// The script of forms and of what goes on, which all of them can do without.
static JS: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("text/javascript; charset=utf-8", include_str!("../assets/portal.js").into()));

/// The script of the workspace's lists, which can do without it too.
static LISTS: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("text/javascript; charset=utf-8", include_str!("../assets/lists.js").into()));

/// Where the script is.
pub(crate) fn js_path() -> String {
    format!("/assets/portal-{}.js", JS.hash)
}

/// Where the script of the workspace's lists is.
pub(crate) fn lists_path() -> String {
    format!("/assets/lists-{}.js", LISTS.hash)
}

/// Where the style sheet is.
pub(crate) fn css_path() -> String {
    format!("/assets/portal-{}.css", CSS.hash)
}

pub(crate) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route(&css_path(), routing::get(css))
        .route(&js_path(), routing::get(js))
        .route(&lists_path(), routing::get(lists))
}

/// For ever, where an address names its content.
pub(crate) const EVER: &str = "public, max-age=31536000, immutable";

async fn css(headers: HeaderMap) -> Response {
    CSS.kept(&headers, EVER)
}

async fn js(headers: HeaderMap) -> Response {
    JS.kept(&headers, EVER)
}

async fn lists(headers: HeaderMap) -> Response {
    LISTS.kept(&headers, EVER)
}

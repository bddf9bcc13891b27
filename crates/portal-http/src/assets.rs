//! The one style sheet, under an address that names its content, so that it may be kept for ever.

use std::{fmt::Write, sync::LazyLock};

use axum::{
    Router,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing,
};
use sha2::{Digest, Sha256};

const CSS: &str = include_str!("../assets/portal.css");

static HASH: LazyLock<String> = LazyLock::new(|| {
    Sha256::digest(CSS).iter().take(8).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
});

/// Where the style sheet is.
pub(crate) fn css_path() -> String {
    format!("/assets/portal-{}.css", *HASH)
}

pub(crate) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route(&css_path(), routing::get(css))
}

async fn css(headers: HeaderMap) -> Response {
    let tag = format!("\"{}\"", *HASH);
    let held = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let fresh = held.flat_map(|line| line.split(',')).any(|own| own.trim().trim_start_matches("W/") == tag);
    let kept = [(header::ETAG, tag), (header::CACHE_CONTROL, "public, max-age=31536000, immutable".to_owned())];
    if fresh {
        return (StatusCode::NOT_MODIFIED, kept).into_response();
    }
    (kept, [(header::CONTENT_TYPE, "text/css; charset=utf-8")], CSS).into_response()
}

//! The document and its page, which asks nobody else for anything.

use std::sync::{Arc, LazyLock};

use axum::{
    Router,
    http::{HeaderMap, HeaderValue, header},
    response::{Html, IntoResponse, Response},
};

use super::{Handled, Says, get, says};
use crate::{Inner, assets::Asset};

pub(crate) const SAYS: &[Says] = &[
    says("GET /api/openapi.json", "This document").answers(&[200]).media("application/json"),
    says("GET /api/docs", "This document as a page").answers(&[200]).media("text/html"),
];

/// Path and handler of the two.
pub(crate) fn table() -> Vec<(&'static str, Handled)> {
    vec![("/api/openapi.json", get(document)), ("/api/docs", get(page))]
}

/// The document, its page, and what the page is made of.
pub(crate) fn routes() -> Router<Arc<Inner>> {
    let asset =
        |asset: &'static LazyLock<Asset>| axum::routing::get(async move |headers: HeaderMap| asset.answer(&headers));
    super::router(table())
        .route("/api/docs/swagger-ui-bundle.js", asset(&SCRIPT))
        .route("/api/docs/swagger-ui.css", asset(&STYLE))
        .route("/api/docs/start.js", asset(&START))
}

/// What the page needs besides what every page may have: scripts of ours, the document, and the pictures that its style sheet
/// holds. Nothing inline, nothing from elsewhere.
const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; \
                   form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

static DOCUMENT: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("application/json", super::openapi().to_string().into()));
static SCRIPT: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("text/javascript; charset=utf-8", include_str!("../../assets/swagger-ui/swagger-ui-bundle.js").into())
});
static STYLE: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("text/css; charset=utf-8", include_str!("../../assets/swagger-ui/swagger-ui.css").into())
});
static START: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("text/javascript; charset=utf-8", include_str!("../../assets/docs.js").into()));

async fn document(headers: HeaderMap) -> Response {
    DOCUMENT.answer(&headers)
}

async fn page() -> Response {
    let page = Html(include_str!("../../assets/docs.html"));
    ([(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CSP))], page).into_response()
}

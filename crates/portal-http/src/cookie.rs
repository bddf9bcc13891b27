//! The portal's session cookie: one for each practice, and never the workspace's (P4), which has only its form in common
//! with it.
//!
//! `SameSite=Lax` and not `Strict`, so that who follows a link into the portal from the practice's own site or from a
//! mail is still signed in; what changes anything is guarded apart, by `Origin`, `Sec-Fetch-Site` and `X-Portal`.

use axum::http::{HeaderMap, HeaderValue, header};
use portal_domain::{id::Slug, session::SessionToken};

use crate::config::BaseUrl;

/// Which sessions a cookie stands for.
#[derive(Clone, Copy)]
pub(crate) enum Area {
    /// Those of contacts.
    Portal,
    /// Those of staff.
    Workspace,
}

/// The cookie's name: with `https` one that no other host and no other path can set.
fn name(area: Area, base: &BaseUrl, practice: &Slug) -> String {
    let prefix = if base.is_https() { "__Host-" } else { "" };
    let area = match area {
        Area::Portal => "portal",
        Area::Workspace => "workspace",
    };
    format!("{prefix}{area}-{practice}")
}

/// What the browser holds under the cookie's name, as text.
pub(crate) fn presented(base: &BaseUrl, practice: &Slug, headers: &HeaderMap) -> Option<String> {
    held(Area::Portal, base, practice, headers)
}

/// What the browser holds for an area, as text. Cookies of others in the same line may hold any bytes.
pub(crate) fn held(area: Area, base: &BaseUrl, practice: &Slug, headers: &HeaderMap) -> Option<String> {
    let name = name(area, base, practice);
    let lines = headers.get_all(header::COOKIE).into_iter().map(HeaderValue::as_bytes);
    let pairs = lines.flat_map(|line| line.split(|byte| *byte == b';'));
    let mut texts = pairs.filter_map(|pair| std::str::from_utf8(pair).ok()?.trim().split_once('='));
    texts.find(|(own, _)| *own == name).map(|(_, value)| value.to_owned())
}

/// The header that gives the browser a session.
pub(crate) fn given(base: &BaseUrl, practice: &Slug, token: &SessionToken) -> HeaderValue {
    line(Area::Portal, base, practice, Some(&token.reveal()))
}

/// The header that takes it away.
pub(crate) fn taken(base: &BaseUrl, practice: &Slug) -> HeaderValue {
    line(Area::Portal, base, practice, None)
}

/// The header that sets an area's cookie, or, without a value, takes it away.
pub(crate) fn line(area: Area, base: &BaseUrl, practice: &Slug, value: Option<&str>) -> HeaderValue {
    let secure = if base.is_https() { "; Secure" } else { "" };
    let (value, life) = value.map_or(("", "; Max-Age=0"), |value| (value, ""));
    let text = format!("{}={value}; Path=/{life}; HttpOnly; SameSite=Lax{secure}", name(area, base, practice));
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

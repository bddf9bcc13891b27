//! The session cookies: for each practice one of the portal, one of the workspace, and one of a look of staff at the portal, which
//! have only their form in common (P4, V1).
//!
//! `SameSite=Lax` and not `Strict`, so that who follows a link into the portal from the practice's own site or from a
//! mail is still signed in; what changes anything is guarded apart, by `Origin`, `Sec-Fetch-Site` and `X-Portal`.

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::AppendHeaders,
};
use portal_domain::{
    id::Slug,
    session::SessionToken,
    usecase::{SignedIn, StaffSignedIn},
    viewing::{VIEW_LASTS, ViewToken},
};

use crate::config::BaseUrl;

/// Which sessions a cookie stands for.
#[derive(Clone, Copy)]
pub(crate) enum Area {
    /// Those of contacts.
    Portal,
    /// Those of staff.
    Workspace,
    /// Looks of staff at the portal.
    View,
}

/// The cookie's name: with `https` one that no other host and no other path can set.
fn name(area: Area, base: &BaseUrl, practice: &Slug) -> String {
    let prefix = if base.is_https() { "__Host-" } else { "" };
    let area = match area {
        Area::Portal => "portal",
        Area::Workspace => "workspace",
        Area::View => "view",
    };
    format!("{prefix}{area}-{practice}")
}

/// What the browser holds under the session cookie's name, as text.
pub(crate) fn presented(base: &BaseUrl, practice: &Slug, headers: &HeaderMap) -> Option<String> {
    held(Area::Portal, base, practice, headers)
}

/// What the browser holds of the logins it is known to (G1): it opens nothing.
pub(crate) fn known(base: &BaseUrl, practice: &Slug, headers: &HeaderMap) -> Option<String> {
    value(&known_name(Area::Portal, base, practice), headers)
}

/// The same of the practice users it is known to, at the workspace.
pub(crate) fn known_staff(base: &BaseUrl, practice: &Slug, headers: &HeaderMap) -> Option<String> {
    value(&known_name(Area::Workspace, base, practice), headers)
}

/// What the browser holds for an area, as text.
pub(crate) fn held(area: Area, base: &BaseUrl, practice: &Slug, headers: &HeaderMap) -> Option<String> {
    value(&name(area, base, practice), headers)
}

/// What the browser holds under a name. Cookies of others in the same line may hold any bytes.
fn value(name: &str, headers: &HeaderMap) -> Option<String> {
    let lines = headers.get_all(header::COOKIE).into_iter().map(HeaderValue::as_bytes);
    let pairs = lines.flat_map(|line| line.split(|byte| *byte == b';'));
    let mut texts = pairs.filter_map(|pair| std::str::from_utf8(pair).ok()?.trim().split_once('='));
    texts.find(|(own, _)| *own == name).map(|(_, value)| value.to_owned())
}

/// No slug has `_`, so that no practice's session cookie is called so.
fn known_name(area: Area, base: &BaseUrl, practice: &Slug) -> String {
    format!("{}_known", name(area, base, practice))
}

/// The header that gives the browser a session.
fn given(base: &BaseUrl, practice: &Slug, token: &SessionToken) -> HeaderValue {
    line(Area::Portal, base, practice, Some(&token.reveal()))
}

/// The header that says to whom the browser is known from now on. Browsers keep no cookie longer than 400 days.
fn given_known(area: Area, base: &BaseUrl, practice: &Slug, known: &str) -> HeaderValue {
    named_line(&known_name(area, base, practice), base, known, "; Max-Age=34560000")
}

/// The header that takes the session away. That the browser is known stays.
pub(crate) fn taken(base: &BaseUrl, practice: &Slug) -> HeaderValue {
    line(Area::Portal, base, practice, None)
}

/// The header that sets an area's cookie, or, without a value, takes it away.
pub(crate) fn line(area: Area, base: &BaseUrl, practice: &Slug, value: Option<&str>) -> HeaderValue {
    let (value, life) = value.map_or(("", "; Max-Age=0"), |value| (value, ""));
    named_line(&name(area, base, practice), base, value, life)
}

fn named_line(name: &str, base: &BaseUrl, value: &str, life: &str) -> HeaderValue {
    let secure = if base.is_https() { "; Secure" } else { "" };
    let text = format!("{name}={value}; Path=/{life}; HttpOnly; SameSite=Lax{secure}");
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// Both cookies of somebody who has just proved a password: the session, and that the browser is known.
pub(crate) fn of_signed_in(base: &BaseUrl, practice: &Slug, signed_in: &SignedIn) -> AppendHeaders<[Pair; 2]> {
    AppendHeaders([
        (header::SET_COOKIE, given(base, practice, &signed_in.token)),
        (header::SET_COOKIE, given_known(Area::Portal, base, practice, &signed_in.known)),
    ])
}

/// The same of staff.
pub(crate) fn of_staff(base: &BaseUrl, practice: &Slug, signed_in: &StaffSignedIn) -> AppendHeaders<[Pair; 2]> {
    AppendHeaders([
        (header::SET_COOKIE, line(Area::Workspace, base, practice, Some(&signed_in.signed_in.token.reveal()))),
        (header::SET_COOKIE, given_known(Area::Workspace, base, practice, &signed_in.known)),
    ])
}

/// The cookie of somebody whom the practice's own program handed over: the session alone, for no password was proved here.
pub(crate) fn of_handed_over(base: &BaseUrl, practice: &Slug, token: &SessionToken) -> AppendHeaders<[Pair; 1]> {
    AppendHeaders([(header::SET_COOKIE, given(base, practice, token))])
}

/// The look at the portal that the browser holds.
pub(crate) fn viewing(base: &BaseUrl, practice: &Slug, headers: &HeaderMap) -> Option<ViewToken> {
    held(Area::View, base, practice, headers).as_deref().and_then(ViewToken::parse)
}

/// The header that gives the browser a look at the portal, which it forgets when that is over; or, without one, takes it away.
pub(crate) fn of_viewing(base: &BaseUrl, practice: &Slug, token: Option<&ViewToken>) -> HeaderValue {
    match token {
        Some(token) => {
            let life = format!("; Max-Age={}", VIEW_LASTS.as_secs());
            named_line(&name(Area::View, base, practice), base, &token.reveal(), &life)
        }
        None => line(Area::View, base, practice, None),
    }
}

type Pair = (HeaderName, HeaderValue);

//! How a practice looks: its colour, as a style sheet, and its logo, as a picture. Both under addresses that name their content.

use axum::{http::HeaderMap, response::Response};
use portal_domain::practice::{Practice, Settings};

use crate::{
    assets,
    caller::{PathName, Visitor},
    problem::Problem,
};

/// The colours of the practice, in the light and in the dark; nothing where it has none of its own.
fn sheet(settings: &Settings) -> Option<String> {
    let (light, dark) = (settings.accent.as_deref()?, settings.accent_in_the_dark()?);
    Some(format!(
        ":root {{ --deep: {light}; --on-deep: #ffffff; }}\n\
         @media (prefers-color-scheme: dark) {{ :root {{ --deep: {dark}; --on-deep: #10202f; }} }}\n"
    ))
}

/// Where the style sheet is.
pub(super) fn sheet_path(practice: &Practice) -> Option<String> {
    let sheet = sheet(&practice.settings)?;
    Some(format!("/portal/{}/brand/{}.css", practice.slug, assets::digest(sheet.as_bytes())))
}

/// Where the logo is.
pub(super) fn logo_path(practice: &Practice) -> Option<String> {
    let logo = practice.settings.logo.as_deref()?;
    Some(format!("/portal/{}/logo/{}", practice.slug, assets::digest(logo.as_bytes())))
}

pub(super) async fn style(visitor: Visitor, PathName(name): PathName, headers: HeaderMap) -> Result<Response, Problem> {
    let sheet = sheet(&visitor.practice.settings).ok_or_else(|| Problem::not_found("style sheet"))?;
    let hash = assets::digest(sheet.as_bytes());
    let current = name.strip_suffix(".css") == Some(&*hash);
    Ok(assets::serve("text/css; charset=utf-8", &hash, sheet, &headers, life(current)))
}

/// Never of another type than the three that a logo may have, whatever is in it.
pub(super) async fn logo(visitor: Visitor, PathName(name): PathName, headers: HeaderMap) -> Result<Response, Problem> {
    let settings = &visitor.practice.settings;
    let none = || Problem::not_found("logo");
    let (kind, picture) = settings.logo_picture().ok_or_else(none)?;
    let hash = assets::digest(settings.logo.as_deref().unwrap_or_default().as_bytes());
    Ok(assets::serve(kind, &hash, picture, &headers, life(name == hash)))
}

/// A page that is open while the practice changes its looks asks for those before, and gets those of now.
const fn life(current: bool) -> &'static str {
    if current { assets::EVER } else { "public, no-cache" }
}

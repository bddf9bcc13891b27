//! The practice's logo, which comes as a file in a form.

use std::convert::Infallible;

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    response::Response,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use portal_domain::{Refusal, practice::Settings, usecase::Error};

use super::{Member, go_to, refused::Told, settings, words::say};
use crate::{form_data, problem::Problem};

/// Most bytes of a form that brings a logo: more than any logo may have, so that what is wrong can be said in words.
const MOST: usize = 256 * 1024;
/// The field that holds it.
const FIELD: &str = "logo";

/// The file of a form.
pub(super) struct Picture(Result<Bytes, Problem>);

impl<S: Send + Sync> FromRequest<S> for Picture {
    type Rejection = Infallible;

    async fn from_request(request: Request, _: &S) -> Result<Self, Infallible> {
        Ok(Self(form_data::one_file(request, FIELD, MOST).await))
    }
}

/// A picture as the settings have it, of the kind that its bytes say.
fn logo(bytes: &[u8]) -> Option<String> {
    let kind = match bytes {
        [0x89, b'P', b'N', b'G', ..] => "image/png",
        [0xff, 0xd8, 0xff, ..] => "image/jpeg",
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => "image/webp",
        _ => return None,
    };
    Some(format!("data:{kind};base64,{}", STANDARD.encode(bytes)))
}

fn refused(what: &str) -> Told {
    Told { what: say(what), next: "Choose another file. The logo is as it was." }
}

async fn save(member: &Member, logo: Option<String>) -> Result<Response, Problem> {
    let logo = &logo;
    let edit = |before| Settings { logo: logo.clone(), ..before };
    match member.app.portal.put_settings(&member.context, edit).await {
        Ok(_) => Ok(go_to(member.path("settings"))),
        Err(Error::Refused(Refusal::OutOfBounds(_))) => {
            Ok(settings::overview(member, Some(refused("The file is too large: a logo has at most 29 kilobytes."))))
        }
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn put(member: Member, Picture(sent): Picture) -> Result<Response, Problem> {
    let bytes = match sent {
        Ok(bytes) => bytes,
        Err(problem) if problem.code() == "body_too_large" => {
            let told = refused("The file is too large: a logo has at most 29 kilobytes.");
            return Ok(settings::overview(&member, Some(told)));
        }
        Err(problem) => return Err(problem),
    };
    if bytes.is_empty() {
        return Ok(settings::overview(&member, Some(refused("No file was chosen."))));
    }
    match logo(&bytes) {
        Some(logo) => save(&member, Some(logo)).await,
        None => Ok(settings::overview(&member, Some(refused("The file is no picture of the kind PNG, JPEG or WebP.")))),
    }
}

pub(super) async fn remove(member: Member) -> Result<Response, Problem> {
    save(&member, None).await
}

//! The practice's logo, which comes as a file in a form.

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::{HeaderMap, header},
    response::Response,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use portal_domain::{Refusal, practice::Settings, usecase::Error};

use super::{Member, go_to, refused::Told, settings, words::say};
use crate::{ask, problem::Problem};

/// Most bytes of a form that brings a logo: more than any logo may have, so that what is wrong can be said in words.
const MOST: usize = 256 * 1024;
/// The field that holds it.
const FIELD: &str = "logo";

/// The file of a form.
pub(super) struct Picture(Result<Bytes, Problem>);

impl<S: Send + Sync> FromRequest<S> for Picture {
    type Rejection = std::convert::Infallible;

    async fn from_request(request: Request, _: &S) -> Result<Self, Self::Rejection> {
        let (parts, body) = request.into_parts();
        Ok(Self(match boundary(&parts.headers) {
            Some(boundary) => {
                let form = ask::host_bytes(&parts.headers, body, MOST).await;
                form.map(|form| file(&form, &boundary).map(|found| form.slice_ref(found)).unwrap_or_default())
            }
            None => Err(Problem::invalid("this is not a form that these pages have sent")),
        }))
    }
}

/// What stands between the parts of a form with files (RFC 7578).
fn boundary(headers: &HeaderMap) -> Option<String> {
    let kind = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let (kind, rest) = kind.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let named = rest.split(';').filter_map(|part| part.trim().split_once('='));
    let (_, boundary) = named.into_iter().find(|(name, _)| name.eq_ignore_ascii_case("boundary"))?;
    let boundary = boundary.trim_matches('"');
    (1..=70).contains(&boundary.len()).then(|| boundary.to_owned())
}

/// The content of the one field, without what stands around it.
fn file<'a>(form: &'a [u8], boundary: &str) -> Option<&'a [u8]> {
    let delimiter = format!("\r\n--{boundary}");
    let mut rest = form.strip_prefix(delimiter.as_bytes().get(2..)?)?;
    loop {
        let part = rest.strip_prefix(b"\r\n")?;
        let end = find(part, delimiter.as_bytes())?;
        let (head, content) = part[..end].split_at_checked(find(&part[..end], b"\r\n\r\n")?)?;
        let head = String::from_utf8_lossy(head);
        if head.contains(&format!("name=\"{FIELD}\"")) {
            return content.get(4..);
        }
        rest = &part[end + delimiter.len()..];
    }
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|part| part == what)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_found_in_its_form_byte_by_byte() {
        let content = b"\x89PNG\r\n\x1a\n\r\n--x\0\xff\r\n";
        let form = |name: &str| {
            let head = format!(
                "--bound\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--bound\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"l.png\"\r\nContent-Type: image/png\r\n\r\n"
            );
            [head.as_bytes(), content, b"\r\n--bound--\r\n"].concat()
        };
        assert_eq!(file(&form("logo"), "bound"), Some(&content[..]));
        assert_eq!(file(&form("other"), "bound"), None);
        for odd in ["", "--bound", "--bound\r\n", "--bound--\r\n", "--bound\r\nname=\"logo\"\r\n--bound--", "nothing"] {
            assert_eq!(file(odd.as_bytes(), "bound"), None, "{odd}");
        }
    }

    #[test]
    fn a_boundary_is_read_from_the_type_of_the_body() {
        let of =
            |kind: &str| boundary(&HeaderMap::from_iter([(header::CONTENT_TYPE, kind.parse().expect("a header"))]));
        assert_eq!(of("multipart/form-data; boundary=abc"), Some("abc".to_owned()));
        assert_eq!(of("Multipart/Form-Data; charset=x; Boundary=\"a b\""), Some("a b".to_owned()));
        for odd in
            ["multipart/form-data", "multipart/mixed; boundary=a", "multipart/form-data; boundary=", "text/plain"]
        {
            assert_eq!(of(odd), None, "{odd}");
        }
    }
}

//! Forms with a file in them (RFC 7578), as browsers send them from our pages.

use std::{convert::Infallible, sync::Arc};

use axum::{
    body::{Bytes, HttpBody},
    extract::{FromRequest, Request},
    http::{HeaderMap, header},
};

use crate::{
    Inner,
    ask::{self, IMPORT_BODY},
    desk::Member,
    places::Place,
    problem::Problem,
};

/// So many bytes more than the file's own the whole may have.
const BESIDES: usize = 64 * 1024;
/// Most parts of a form.
const PARTS: usize = 32;
/// Most bytes of what is said of a part.
const HEAD: usize = 4 * 1024;

/// What was sent, or why it can't be understood.
pub(crate) struct FileForm(Result<Parcel, Problem>);

/// A form with a file, and the place that it takes.
pub(crate) struct Parcel {
    parts: Vec<Part>,
    pub(crate) place: Place,
}

struct Part {
    name: String,
    content: Bytes,
}

impl FileForm {
    pub(crate) fn now(self) -> Result<Parcel, Problem> {
        self.0
    }
}

impl Parcel {
    /// The bytes of a part.
    pub(crate) fn bytes(&self, name: &str) -> Option<&Bytes> {
        self.parts.iter().find(|part| part.name == name).map(|part| &part.content)
    }

    /// A part that is text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.bytes(name).and_then(|bytes| std::str::from_utf8(bytes).ok()).filter(|text| !text.contains('\0'))
    }
}

impl FromRequest<Arc<Inner>> for FileForm {
    type Rejection = Infallible;

    async fn from_request(request: Request, app: &Arc<Inner>) -> Result<Self, Infallible> {
        Ok(Self(read(request, app).await))
    }
}

fn not_ours() -> Problem {
    Problem::invalid("this is not a form that these pages have sent")
}

async fn read(request: Request, app: &Inner) -> Result<Parcel, Problem> {
    let (parts, body) = request.into_parts();
    let member: &Member = parts.extensions.get().ok_or_else(Problem::internal)?;
    let boundary = boundary(&parts.headers).ok_or_else(not_ours)?;
    let taken = app.imports.enter(member.context.practice, body.size_hint().upper()).await?;
    let bytes = ask::host_bytes(&parts.headers, body, IMPORT_BODY + BESIDES).await?;
    let parts = split(&boundary, &bytes).ok_or_else(not_ours)?;
    let file = parts.iter().find(|part| part.name == "file").map(|part| part.content.clone()).unwrap_or_default();
    Ok(Parcel { place: taken.for_file(&file).await?, parts })
}

fn boundary(headers: &HeaderMap) -> Option<String> {
    let given = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let (kind, rest) = given.split_once(';')?;
    let boundary = rest.trim().strip_prefix("boundary=")?.trim_matches('"');
    let right = (1..=70).contains(&boundary.len()) && kind.trim().eq_ignore_ascii_case("multipart/form-data");
    right.then(|| boundary.to_owned())
}

/// The parts of a body; nothing where it is not whole.
fn split(boundary: &str, body: &Bytes) -> Option<Vec<Part>> {
    let delimiter = format!("\r\n--{boundary}");
    // Before the first delimiter nothing stands, not even its line end.
    let mut at = body.starts_with(&delimiter.as_bytes()[2..]).then_some(delimiter.len() - 2)?;
    let mut parts = Vec::new();
    while !body[at..].starts_with(b"--") {
        let start = at + 2;
        let head_end = start + find(body.get(start..)?, b"\r\n\r\n", HEAD)?;
        let head = std::str::from_utf8(body[at..].strip_prefix(b"\r\n")?.get(..head_end - start)?).ok()?;
        let content = head_end + 4;
        let length = find(&body[content..], delimiter.as_bytes(), usize::MAX)?;
        parts.push(Part { name: name(head)?, content: body.slice(content..content + length) });
        at = content + length + delimiter.len();
        if parts.len() > PARTS {
            return None;
        }
    }
    Some(parts)
}

/// Where the first of these begins, within so many bytes.
fn find(bytes: &[u8], wanted: &[u8], within: usize) -> Option<usize> {
    let mut from = 0;
    loop {
        let next = from + bytes.get(from..)?.iter().position(|byte| *byte == wanted[0])?;
        if next > within {
            return None;
        }
        if bytes[next..].starts_with(wanted) {
            return Some(next);
        }
        from = next + 1;
    }
}

/// The name of the field that a part is about.
fn name(head: &str) -> Option<String> {
    let line = head.split("\r\n").find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-disposition").then_some(value)
    });
    let rest = line?.split_once(" name=\"")?.1;
    Some(rest.split_once('"')?.0.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Option<Vec<(String, String)>> {
        let parts = split("xx", &Bytes::from(body.to_owned()))?;
        let text = |part: Part| (part.name, String::from_utf8_lossy(&part.content).into_owned());
        Some(parts.into_iter().map(text).collect())
    }

    #[test]
    fn parts_come_as_they_were_sent() {
        let file = "a,b\r\n--x\r\n\r\n1,2\r\n--xy--\r\n";
        let body = format!(
            "--xx\r\nContent-Disposition: form-data; name=\"call\"\r\n\r\nc\r\n\
             --xx\r\ncontent-disposition: form-data; name=\"file\"; filename=\"=1;\"\r\nContent-Type: text/csv\r\n\r\n{file}\r\n\
             --xx--\r\n"
        );
        let told = [("call".to_owned(), "c".to_owned()), ("file".to_owned(), file.to_owned())];
        assert_eq!(read(&body), Some(told.to_vec()));
        assert_eq!(read("--xx--"), Some(Vec::new()));
        // Of a body that ends anywhere before its end nothing is taken.
        for end in 0..body.len() - 4 {
            assert_eq!(read(&body[..end]), None, "{end}");
        }
    }

    #[test]
    fn what_is_no_form_is_refused() {
        for body in
            ["", "--x", "x--xx\r\n", "--xx\r\n\r\n\r\n--xx--", "--xx\nContent-Disposition: form-data; name=\"a\""]
        {
            assert_eq!(read(body), None, "{body}");
        }
        let long = format!("--xx\r\nX: {}\r\n\r\n\r\n--xx--", "x".repeat(HEAD));
        assert_eq!(read(&long), None);
        let part = "--xx\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\r\n";
        assert!(read(&format!("{}--xx--", part.repeat(PARTS))).is_some());
        assert_eq!(read(&format!("{}--xx--", part.repeat(PARTS + 1))), None);
    }

    #[test]
    fn only_such_a_form_has_a_boundary() {
        let of =
            |value: &str| boundary(&HeaderMap::from_iter([(header::CONTENT_TYPE, value.parse().expect("a value"))]));
        assert_eq!(of("multipart/form-data; boundary=----a").as_deref(), Some("----a"));
        assert_eq!(of("Multipart/Form-Data;boundary=\"b\"").as_deref(), Some("b"));
        for value in
            ["text/csv", "multipart/mixed; boundary=a", "multipart/form-data", "multipart/form-data; boundary="]
        {
            assert_eq!(of(value), None, "{value}");
        }
    }
}

//! Forms with a file in them (RFC 7578), as browsers send them from our pages.

use std::{convert::Infallible, sync::Arc};

use axum::{
    body::{Bytes, HttpBody},
    extract::{FromRequest, Request},
    http::{HeaderMap, header},
};
use futures_util::stream;
use multer::Multipart;

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

async fn read(request: Request, app: &Inner) -> Result<Parcel, Problem> {
    let (parts, body) = request.into_parts();
    let member: &Member = parts.extensions.get().ok_or_else(Problem::internal)?;
    let taken = app.imports.enter(member.context.practice, body.size_hint().upper()).await?;
    let bytes = ask::host_bytes(&parts.headers, body, IMPORT_BODY + BESIDES).await?;
    let parts = split(&parts.headers, bytes).await?;
    let file = parts.iter().find(|part| part.name == "file").map(|part| part.content.clone()).unwrap_or_default();
    Ok(Parcel { place: taken.for_file(&file).await?, parts })
}

/// The parts of a body. Of one that is not whole nothing is taken.
async fn split(headers: &HeaderMap, body: Bytes) -> Result<Vec<Part>, Problem> {
    let parts = match boundary(headers) {
        Some(boundary) => parts(boundary, body).await,
        None => None,
    };
    parts.ok_or_else(|| Problem::invalid("this is not a form that these pages have sent"))
}

fn boundary(headers: &HeaderMap) -> Option<String> {
    let boundary = multer::parse_boundary(headers.get(header::CONTENT_TYPE)?.to_str().ok()?).ok()?;
    Some(boundary).filter(|boundary| !boundary.is_empty())
}

async fn parts(boundary: String, body: Bytes) -> Option<Vec<Part>> {
    let mut form = Multipart::new(stream::iter([Ok::<_, Infallible>(body)]), boundary);
    let mut parts = Vec::new();
    while let Some(field) = form.next_field().await.ok()? {
        // A body of nothing but delimiters would hold millions.
        if parts.len() == PARTS {
            return None;
        }
        let name = field.name().unwrap_or_default().to_owned();
        parts.push(Part { name, content: field.bytes().await.ok()? });
    }
    Some(parts)
}

/// The content of one field of a form of at most so many bytes; empty where there is none.
pub(crate) async fn one_file(request: Request, name: &str, most: usize) -> Result<Bytes, Problem> {
    let (parts, body) = request.into_parts();
    let body = ask::host_bytes(&parts.headers, body, most).await?;
    let parts = split(&parts.headers, body).await?;
    Ok(parts.into_iter().find(|part| part.name == name).map(|part| part.content).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(body: &str) -> Option<Vec<(String, String)>> {
        let kind = "multipart/form-data; boundary=xx".parse().expect("a header");
        let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, kind)]);
        let parts = split(&headers, Bytes::from(body.to_owned())).await.ok()?;
        let text = |part: Part| (part.name, String::from_utf8_lossy(&part.content).into_owned());
        Some(parts.into_iter().map(text).collect())
    }

    #[tokio::test]
    async fn parts_come_as_they_were_sent() {
        let file = "a,b\r\n--x\r\n\r\n1,2\r\n--xy--\r\n";
        let body = format!(
            "--xx\r\nContent-Disposition: form-data; name=\"call\"\r\n\r\nc\r\n\
             --xx\r\ncontent-disposition: form-data; name=\"file\"; filename=\"=1;\"\r\nContent-Type: text/csv\r\n\r\n{file}\r\n\
             --xx--\r\n"
        );
        let told = [("call".to_owned(), "c".to_owned()), ("file".to_owned(), file.to_owned())];
        assert_eq!(read(&body).await, Some(told.to_vec()));
        assert_eq!(read("--xx--").await, Some(Vec::new()));
        // Of a body that ends anywhere before its end nothing is taken.
        for end in 0..body.len() - 4 {
            assert_eq!(read(&body[..end]).await, None, "{end}");
        }
    }

    #[tokio::test]
    async fn what_is_no_form_is_refused() {
        for body in
            ["", "--x", "x--xx\r\n", "--xx\r\n\r\n\r\n--xx--", "--xx\nContent-Disposition: form-data; name=\"a\""]
        {
            assert_eq!(read(body).await, None, "{body}");
        }
        let part = "--xx\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\r\n";
        assert!(read(&format!("{}--xx--", part.repeat(PARTS))).await.is_some());
        assert_eq!(read(&format!("{}--xx--", part.repeat(PARTS + 1))).await, None);
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

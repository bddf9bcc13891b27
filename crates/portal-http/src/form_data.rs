//! Forms with a file in them (RFC 7578), as browsers send them from our pages.

use std::{convert::Infallible, sync::Arc};

use axum::{
    body::{Bytes, HttpBody},
    extract::{FromRequest, Request},
    http::{HeaderMap, header},
};
use futures_util::stream;
use multer::{Field, Multipart};
use sha2::{Digest, Sha256};
use tokio::{runtime::Handle, task};

use crate::{
    Inner,
    ask::{self, IMPORT_BODY},
    desk::Member,
    gate::Taken,
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

    /// A name for all that stands in these parts. A file is too much to be hashed on the async threads.
    pub(crate) async fn digest(&self, names: &[&str]) -> Result<[u8; 32], Problem> {
        let parts: Vec<_> = names.iter().map(|name| self.bytes(name).cloned().unwrap_or_default()).collect();
        let place = self.place.clone();
        let hash = move || {
            let _held = place;
            let mut digest = Sha256::new();
            for part in parts {
                digest.update((part.len() as u64).to_be_bytes());
                digest.update(&part);
            }
            digest.finalize().into()
        };
        task::spawn_blocking(hash).await.map_err(|_| Problem::internal())
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
    let parts = split(&parts.headers, bytes, Some(&taken)).await?;
    let file = parts.iter().find(|part| part.name == "file").map(|part| part.content.clone()).unwrap_or_default();
    Ok(Parcel { place: taken.for_file(&file).await?, parts })
}

/// The parts of a body, told apart off the async threads. Of one that is not whole nothing is taken.
async fn split(headers: &HeaderMap, body: Bytes, place: Option<&Taken>) -> Result<Vec<Part>, Problem> {
    let odd = || Problem::invalid("this is not a form that these pages have sent");
    let boundary = boundary(headers).ok_or_else(odd)?;
    // The body and its place go with it: it is read on when whoever sent it has gone away.
    let (here, place) = (Handle::current(), place.cloned());
    let tell_apart = move || {
        let _held = place;
        here.block_on(parts(boundary, body))
    };
    task::spawn_blocking(tell_apart).await.map_err(|_| Problem::internal())?.ok_or_else(odd)
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
        parts.push(Part { name, content: content(field).await? });
    }
    Some(parts)
}

/// The content of a field, which comes in one piece: it is copied only if it does not.
async fn content(mut field: Field<'_>) -> Option<Bytes> {
    let mut content = Bytes::new();
    while let Some(piece) = field.chunk().await.ok()? {
        content = if content.is_empty() { piece } else { [content, piece].concat().into() };
    }
    Some(content)
}

/// The content of one field of a form of at most so many bytes; empty where there is none.
pub(crate) async fn one_file(request: Request, name: &str, most: usize) -> Result<Bytes, Problem> {
    let (parts, body) = request.into_parts();
    let body = ask::host_bytes(&parts.headers, body, most).await?;
    let parts = split(&parts.headers, body, None).await?;
    Ok(parts.into_iter().find(|part| part.name == name).map(|part| part.content).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use futures_util::FutureExt;
    use portal_domain::id::PracticeId;

    use super::*;
    use crate::gate::Room;

    async fn read(body: &str) -> Option<Vec<(String, String)>> {
        let kind = "multipart/form-data; boundary=xx".parse().expect("a header");
        let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, kind)]);
        let parts = split(&headers, Bytes::from(body.to_owned()), None).await.ok()?;
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

    /// With its only other thread held, nothing that is done off the async one comes to an end.
    #[test]
    fn s16_a_file_is_told_apart_and_hashed_off_the_async_threads() {
        let runtime = tokio::runtime::Builder::new_current_thread().max_blocking_threads(1).enable_time().build();
        runtime.expect("a runtime").block_on(async {
            let taken = Room::default().enter(PracticeId::from_bytes([1; 16]), Some(9)).await.expect("a place");
            let kind = "multipart/form-data; boundary=xx".parse().expect("a header");
            let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, kind)]);
            let body = "--xx\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\na,b\r\n--xx--";
            let split = || split(&headers, Bytes::from_static(body.as_bytes()), Some(&taken));
            let parts = split().await.expect("a form");
            let place = taken.clone().for_file(b"").await.expect("a place");
            let parcel = Parcel { parts, place };
            let usual = parcel.digest(&["file", "call"]).await.expect("a digest");
            assert_ne!(usual, parcel.digest(&["call", "file"]).await.expect("a digest"));
            let (release, held) = mpsc::channel::<()>();
            let busy = task::spawn_blocking(move || held.recv());
            assert!(split().now_or_never().is_none() && parcel.digest(&["file"]).now_or_never().is_none());
            drop(release);
            assert!(busy.await.expect("it ends").is_err());
            assert_eq!(parcel.digest(&["file", "call"]).await.expect("a digest"), usual);
        });
    }
}

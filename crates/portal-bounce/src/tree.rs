//! A mail as a tree of parts, within bounds, however it is broken.

use mail_parser::{
    HeaderValue,
    decoders::{
        base64::base64_decode, charsets::map::charset_decoder, html::html_to_text,
        quoted_printable::quoted_printable_decode,
    },
    parsers::MessageStream,
};

use crate::{DEEPEST, MOST_PARTS, fields::Fields};

/// Most bytes of a field that says a type.
const LONGEST_TYPE: usize = 4 * 1024;

/// A mail or a part of one.
#[derive(Debug, Default)]
pub(crate) struct Part {
    /// Its head.
    pub(crate) fields: Fields,
    /// Its type in lower case, such as `text/plain`.
    pub(crate) media: String,
    /// What its type says besides: names in lower case.
    attributes: Vec<(String, String)>,
    /// Its own bytes, decoded; empty where it has parts.
    body: Vec<u8>,
    /// What it is made of; of a mail within a mail, that one.
    pub(crate) parts: Vec<Part>,
}

impl Part {
    /// Reads a mail.
    pub(crate) fn read(bytes: &[u8]) -> Self {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        Self::within(bytes, 0, &mut 0)
    }

    fn within(bytes: &[u8], depth: usize, count: &mut usize) -> Self {
        *count += 1;
        let (fields, body) = Fields::read(bytes);
        let mut part = Self { fields, ..Self::default() };
        (part.media, part.attributes) = part.fields.first("content-type").map(content_type).unwrap_or_default();
        if part.media.is_empty() {
            "text/plain".clone_into(&mut part.media);
        }
        let room = depth < DEEPEST && *count < MOST_PARTS;
        if part.media.starts_with("multipart/") && room {
            for piece in part.attribute("boundary").map(|boundary| pieces(body, boundary)).unwrap_or_default() {
                if *count < MOST_PARTS {
                    part.parts.push(Self::within(piece, depth + 1, count));
                }
            }
            if !part.parts.is_empty() {
                return part;
            }
            // Its boundary was lost, or broken on the way.
            "text/plain".clone_into(&mut part.media);
        }
        let body = part.transferred(body);
        if part.is_mail() && room {
            part.parts.push(Self::within(&body, depth + 1, count));
        } else {
            part.body = body;
        }
        part
    }

    /// Whether a mail lies in it.
    pub(crate) fn is_mail(&self) -> bool {
        matches!(self.media.as_str(), "message/rfc822" | "message/global")
    }

    /// Whether it is the head of a mail that was returned without its body.
    pub(crate) fn is_head(&self) -> bool {
        matches!(
            self.media.as_str(),
            "text/rfc822-headers" | "text/rfc822-header" | "message/rfc822-headers" | "message/global-headers"
        )
    }

    /// The parts of this mail without those of mails within it, itself first.
    pub(crate) fn own(&self) -> Vec<&Self> {
        let mut found = vec![self];
        if !self.is_mail() {
            found.extend(self.parts.iter().flat_map(Self::own));
        }
        found
    }

    /// An attribute of its type.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Its own bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.body
    }

    /// Its own bytes as text, without markup.
    pub(crate) fn text(&self) -> String {
        let text = decode(&self.body, self.attribute("charset"));
        if self.media == "text/html" { html_to_text(&text) } else { text }
    }

    /// Whether it leads to a page.
    pub(crate) fn links(&self) -> bool {
        let leads = |text: &str| ["http://", "https://"].iter().any(|scheme| text.starts_with(scheme));
        let text = decode(&self.body, self.attribute("charset")).to_ascii_lowercase();
        match self.media.as_str() {
            "text/html" => text.split("href=").skip(1).any(|value| leads(value.trim_start_matches(['"', '\'', ' ']))),
            media => media.starts_with("text/") && text.match_indices("http").any(|(at, _)| leads(&text[at..])),
        }
    }

    fn transferred(&self, body: &[u8]) -> Vec<u8> {
        let encoding = self.fields.first("content-transfer-encoding").unwrap_or_default().to_ascii_lowercase();
        let decoded = match encoding.trim() {
            "base64" => base64_decode(&whole_lines(body)),
            "quoted-printable" => quoted_printable_decode(body),
            _ => None,
        };
        decoded.filter(|decoded| !decoded.is_empty()).unwrap_or_else(|| body.to_vec())
    }
}

/// Bytes as text. Where the charset is not told, or wrongly, it is the likeliest that the bytes can be.
pub(crate) fn decode(bytes: &[u8], charset: Option<&str>) -> String {
    let label = charset.map(|label| label.trim().to_ascii_lowercase()).unwrap_or_default();
    let label = match label.as_str() {
        "" | "ascii" | "us-ascii" | "utf-8" | "utf8" | "unknown-8bit" | "iso-8859-1" if is_shifted(bytes) => {
            "iso-2022-jp"
        }
        "" | "ascii" | "us-ascii" | "utf-8" | "utf8" | "unknown-8bit" => match std::str::from_utf8(bytes) {
            Ok(text) => return text.to_owned(),
            Err(_) => "windows-1252",
        },
        label => label,
    };
    match charset_decoder(label.as_bytes()) {
        Some(decoder) => decoder(bytes),
        None => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// Whether bytes shift into a set of Japanese letters, as ISO-2022-JP does.
fn is_shifted(bytes: &[u8]) -> bool {
    bytes.windows(3).any(|it| matches!(it, [0x1b, b'$', b'@' | b'B']))
}

/// The lines of base64 up to the first that is none, such as a footer that a list added.
fn whole_lines(body: &[u8]) -> Vec<u8> {
    let encoded = |line: &&[u8]| {
        line.trim_ascii().iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='))
    };
    let lines = body.split(|&byte| byte == b'\n').take_while(encoded);
    lines.flat_map(<[u8]>::trim_ascii).copied().collect()
}

fn content_type(value: &str) -> (String, Vec<(String, String)>) {
    let line = format!("{}\n", &value[..value.floor_char_boundary(LONGEST_TYPE)]);
    let parsed = MessageStream::new(line.as_bytes()).parse_content_type();
    let HeaderValue::ContentType(parsed) = parsed else { return Default::default() };
    let media = format!("{}/{}", parsed.ctype(), parsed.subtype().unwrap_or_default()).to_ascii_lowercase();
    let attributes = parsed.attributes().unwrap_or_default().iter();
    (media, attributes.map(|it| (it.name.to_ascii_lowercase(), it.value.to_string())).collect())
}

/// What stands between the lines of a boundary. The last one may be missing.
fn pieces<'a>(body: &'a [u8], boundary: &str) -> Vec<&'a [u8]> {
    let mut found = Vec::new();
    let (mut begin, mut at) = (None, 0);
    for line in body.split_inclusive(|&byte| byte == b'\n') {
        let rest = line.strip_prefix(b"--").and_then(|line| line.strip_prefix(boundary.as_bytes()));
        let rest = rest.map(<[u8]>::trim_ascii).filter(|rest| rest.is_empty() || rest.starts_with(b"--"));
        if let Some(rest) = rest {
            if let Some(begin) = begin {
                found.push(&body[begin..at]);
            }
            begin = rest.is_empty().then_some(at + line.len());
            if begin.is_none() || found.len() >= MOST_PARTS {
                return found;
            }
        }
        at += line.len();
    }
    found.extend(begin.map(|begin| &body[begin..]));
    found
}

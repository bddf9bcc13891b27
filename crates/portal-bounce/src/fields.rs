//! The head of a mail or of a part: fields, unfolded.

use mail_parser::{HeaderValue, parsers::MessageStream};

use crate::{text::addresses, tree::decode};

/// Most bytes of a head.
const LONGEST_HEAD: usize = 128 * 1024;
/// Most bytes of a value whose encoded words are written out.
const LONGEST_DECODED: usize = 4 * 1024;
/// Most fields of a head.
const MOST_FIELDS: usize = 512;

/// The fields of a head in their order: names in lower case, values on one line.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads a head up to the empty line, and gives what comes after it. Bytes without any field are a body without a head.
    pub(crate) fn read(bytes: &[u8]) -> (Self, &[u8]) {
        let mut fields: Vec<(String, Vec<u8>)> = Vec::new();
        let mut at = bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        while at < bytes.len() {
            let end = bytes[at..].iter().position(|&byte| byte == b'\n').map_or(bytes.len(), |found| at + found + 1);
            let line = bytes[at..end].trim_ascii_end();
            if line.is_empty() {
                at = end;
                break;
            }
            if at > LONGEST_HEAD || fields.len() >= MOST_FIELDS {
                break;
            }
            match (field(line), fields.last_mut()) {
                (_, Some((_, value))) if line[0].is_ascii_whitespace() => {
                    value.push(b' ');
                    value.extend_from_slice(line.trim_ascii());
                }
                (Some((name, value)), _) => fields.push((name, value.to_vec())),
                // The line that begins a mail in a mailbox file, or one that somebody broke.
                (None, Some(_)) => {}
                (None, None) if line.starts_with(b"From ") || line.starts_with(b">From ") => {}
                (None, None) => return (Self::default(), bytes),
            }
            at = end;
        }
        let fields = fields.into_iter().map(|(name, value)| (name, decode(&value, None)));
        (Self(fields.collect()), &bytes[at..])
    }

    /// The first value of a name.
    pub(crate) fn first(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// All values of a name.
    pub(crate) fn all<'f>(&'f self, name: &str) -> impl Iterator<Item = &'f str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether a name begins like this.
    pub(crate) fn has_prefix(&self, prefix: &str) -> bool {
        self.0.iter().any(|(name, _)| name.starts_with(prefix))
    }

    /// The first value of a name with its encoded words (RFC 2047) written out; empty where there is none.
    pub(crate) fn words(&self, name: &str) -> String {
        self.first(name).map(written_out).unwrap_or_default()
    }

    /// The message ids in the first value of a name, without brackets.
    pub(crate) fn ids(&self, name: &str) -> Vec<&str> {
        self.first(name).map(ids).unwrap_or_default()
    }

    /// Every address in the values of a name.
    pub(crate) fn addresses<'f>(&'f self, name: &str) -> impl Iterator<Item = &'f str> {
        self.all(name).flat_map(addresses)
    }
}

/// What stands between angle brackets and can be a message's id.
pub(crate) fn ids(value: &str) -> Vec<&str> {
    let inside = value.split('<').skip(1).filter_map(|rest| rest.split_once('>')).map(|(id, _)| id.trim());
    inside.filter(|id| is_id(id)).collect()
}

/// Whether a text can be a message's id: short, of one word.
pub(crate) fn is_id(text: &str) -> bool {
    let visible = |c: char| !c.is_whitespace() && !c.is_control() && !matches!(c, '<' | '>');
    (3..=250).contains(&text.len()) && text.chars().all(visible)
}

fn field(line: &[u8]) -> Option<(String, &[u8])> {
    let colon = line.iter().position(|&byte| byte == b':')?;
    let (name, value) = (line[..colon].trim_ascii_end(), &line[colon + 1..]);
    let fits = !name.is_empty() && name.len() <= 76 && name.iter().all(u8::is_ascii_graphic);
    fits.then(|| (String::from_utf8_lossy(name).to_ascii_lowercase(), value.trim_ascii()))
}

fn written_out(value: &str) -> String {
    if !value.contains("=?") {
        return value.to_owned();
    }
    let line = format!("{}\n", &value[..value.floor_char_boundary(LONGEST_DECODED)]);
    match MessageStream::new(line.as_bytes()).parse_unstructured() {
        HeaderValue::Text(text) => text.into_owned(),
        _ => value.to_owned(),
    }
}

//! Texts as mail carries them: header words (RFC 2047) and quoted-printable bodies (RFC 2045).

use base64::{Engine, engine::general_purpose::STANDARD};

/// Characters of a body line at most.
const BODY_LINE: usize = 76;
/// Bytes in one encoded word: with its frame and the longest header name, a line stays below 76 characters.
const WORD_BYTES: usize = 36;
/// Characters that a header text may have without being folded.
const PLAIN_TEXT: usize = 60;

/// A text for a header without structure, such as a subject. Never longer than a line, never with a control character.
pub(crate) fn text(text: &str) -> String {
    let text = harmless(text);
    let printable = text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
    if printable && text.len() <= PLAIN_TEXT && !text.contains("=?") { text } else { words(&text) }
}

/// A name before an address, with the space that parts them; empty for a name without characters.
pub(crate) fn phrase(name: &str) -> String {
    let name = harmless(name);
    if name.is_empty() {
        return String::new();
    }
    let printable = name.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
    if printable && name.len() <= PLAIN_TEXT && !name.contains("=?") {
        let escaped = name.replace('\\', "\\\\").replace('"', "\\\"");
        format!("\"{escaped}\" ")
    } else {
        // Folded before the address, whatever the length of both.
        format!("{}\r\n ", words(&name))
    }
}

/// A body as quoted-printable: lines of at most 76 characters that end with CRLF, all of it printable ASCII.
///
/// A leading dot and a leading `From ` are encoded, as some relays change them.
pub(crate) fn quoted_printable(body: &str) -> String {
    let body = body.replace("\r\n", "\n");
    let mut out = String::with_capacity(body.len() + body.len() / 8);
    for line in body.strip_suffix('\n').unwrap_or(&body).split('\n') {
        encode_line(line.as_bytes(), &mut out);
        out.push_str("\r\n");
    }
    out
}

fn encode_line(line: &[u8], out: &mut String) {
    let mut column = 0;
    for (index, &byte) in line.iter().enumerate() {
        let last = index + 1 == line.len();
        let risky_start = index == 0 && (byte == b'.' || line.starts_with(b"From "));
        let literal = match byte {
            b' ' | b'\t' => !last,
            b'=' => false,
            byte => byte.is_ascii_graphic() && !risky_start,
        };
        let width = if literal { 1 } else { 3 };
        // Room for the `=` of a soft break, except at the end, where there is none.
        let room = if last { BODY_LINE } else { BODY_LINE - 1 };
        if column + width > room {
            out.push_str("=\r\n");
            column = 0;
        }
        column += width;
        if literal {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("={byte:02X}"));
        }
    }
}

/// One line: controls and separators of lines become spaces, characters that turn the direction of text go.
fn harmless(text: &str) -> String {
    let turns =
        |c: &char| matches!(c, '\u{200E}' | '\u{200F}' | '\u{61C}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    let spaced: String = text.chars().filter(|c| !turns(c)).map(|c| if c.is_control() { ' ' } else { c }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Encoded words, each whole in its characters, one for each line.
fn words(text: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut chunk = String::new();
    for c in text.chars() {
        if chunk.len() + c.len_utf8() > WORD_BYTES {
            words.push(word(&chunk));
            chunk.clear();
        }
        chunk.push(c);
    }
    words.push(word(&chunk));
    words.join("\r\n ")
}

fn word(chunk: &str) -> String {
    format!("=?UTF-8?B?{}?=", STANDARD.encode(chunk))
}

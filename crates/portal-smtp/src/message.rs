//! One message, byte for byte: the same mail makes the same bytes.

use jiff::{Timestamp, fmt::rfc2822, tz::TimeZone};
use portal_domain::port::{OutgoingMail, SendOutcome};

use crate::{encode, route::Route};

/// Parts the alternatives. Quoted-printable text can't hold it, since there two hexadecimal digits follow each `=`.
const BOUNDARY: &str = "=_alternative_of_portal";

/// Writes the message for a route. Without SMTPUTF8 all of it is ASCII; no line is longer than 998 octets.
pub(crate) fn compose(mail: &OutgoingMail, route: &Route) -> Result<Vec<u8>, SendOutcome> {
    if !is_message_id(&mail.message_id) {
        return Err(SendOutcome::Permanent { reply: "the message id is malformed".to_owned() });
    }
    let mut message = head(mail, route);
    for (kind, body) in [("text/plain", &mail.text), ("text/html", &mail.html)] {
        message.push_str(&format!(
            "\r\n--{BOUNDARY}\r\nContent-Type: {kind}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
        ));
        message.push_str(&encode::quoted_printable(body));
    }
    message.push_str(&format!("\r\n--{BOUNDARY}--\r\n"));
    Ok(message.into_bytes())
}

fn head(mail: &OutgoingMail, route: &Route) -> String {
    let mut head = format!(
        "Date: {}\r\nFrom: {}<{}>\r\n",
        date(mail.date.as_micros()),
        encode::phrase(&mail.from.name),
        route.from
    );
    if let Some(reply_to) = &route.reply_to {
        head.push_str(&format!("Reply-To: <{reply_to}>\r\n"));
    }
    head.push_str(&format!(
        "To: <{}>\r\nSubject: {}\r\nMessage-ID: <{}>\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n",
        route.recipient,
        encode::text(&mail.subject),
        mail.message_id
    ));
    head.push_str(&format!("Content-Type: multipart/alternative;\r\n boundary=\"{BOUNDARY}\"\r\n"));
    head
}

/// As `Mon, 30 Nov 2026 14:00:00 +0000`; a moment beyond the calendar is written as its nearest end.
fn date(micros: i64) -> String {
    let end = if micros < 0 { Timestamp::UNIX_EPOCH } else { Timestamp::MAX };
    let moment = Timestamp::from_microsecond(micros).unwrap_or(end).max(Timestamp::UNIX_EPOCH);
    rfc2822::to_string(&moment.to_zoned(TimeZone::UTC)).unwrap_or_else(|_| "Thu, 1 Jan 1970 00:00:00 +0000".to_owned())
}

fn is_message_id(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'<' | b'>' | b'"' | b'(' | b')');
    !id.is_empty() && id.len() <= 250 && id.bytes().all(plain)
}

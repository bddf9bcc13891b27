//! Texts in whatever charset and encoding they come.

use portal_bounce::{Kind, Reason, classify};

const UNKNOWN: &str = "次の宛先に配信できませんでした。<ada@home.example> ユーザーが存在しません。";

fn mail(charset: &str, encoding: &str, body: &[u8]) -> Vec<u8> {
    let mut mail = format!(
        "From: MAILER-DAEMON@home.example\nSubject: failure notice\nMIME-Version: 1.0\n\
         Content-Type: text/plain; charset=\"{charset}\"\nContent-Transfer-Encoding: {encoding}\n\n"
    )
    .into_bytes();
    mail.extend_from_slice(body);
    mail
}

/// A few lines of base64, as a mail has them.
fn base64(bytes: &[u8]) -> Vec<u8> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = Vec::new();
    for (index, chunk) in bytes.chunks(3).enumerate() {
        if index > 0 && index % 19 == 0 {
            out.extend_from_slice(b"\r\n");
        }
        let [a, b, c] = [0, 1, 2].map(|at| u32::from(chunk.get(at).copied().unwrap_or(0)));
        let value = (a << 16) | (b << 8) | c;
        for place in 0..4 {
            let digit = DIGITS[usize::try_from((value >> (18 - 6 * place)) & 63).unwrap()];
            out.push(if place > chunk.len() { b'=' } else { digit });
        }
    }
    out
}

/// Two kana words in ISO-2022-JP: "sonzai shimasen" with the address before it.
fn iso_2022_jp() -> Vec<u8> {
    let mut body = b"<ada@home.example>\n\x1b$B".to_vec();
    // 存在しません
    body.extend_from_slice(b"B8:_$7$^$;$s");
    body.extend_from_slice(b"\x1b(B\n");
    body
}

#[track_caller]
fn is_unknown(mail: &[u8]) {
    let report = classify(mail);
    assert_eq!(
        (report.kind, report.reason, report.hard),
        (Kind::Bounce, Some(Reason::UserUnknown), true),
        "{report:?}"
    );
    assert_eq!(report.recipient.as_deref(), Some("ada@home.example"));
}

#[test]
fn base64_is_read() {
    is_unknown(&mail("utf-8", "base64", &base64(UNKNOWN.as_bytes())));
    let mut with_footer = base64(UNKNOWN.as_bytes());
    with_footer.extend_from_slice(b"\n-- \nAdded by a list, spam filtered\n");
    is_unknown(&mail("utf-8", "base64", &with_footer));
}

#[test]
fn utf_16_is_read_with_a_mark_and_without() {
    let little: Vec<u8> = UNKNOWN.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = UNKNOWN.encode_utf16().flat_map(u16::to_be_bytes).collect();
    is_unknown(&mail("utf-16le", "base64", &base64(&little)));
    is_unknown(&mail("utf-16be", "base64", &base64(&big)));
    is_unknown(&mail("utf-16", "base64", &base64(&[b"\xff\xfe", &little[..]].concat())));
}

#[test]
fn japanese_is_read_whether_its_charset_is_told_or_not() {
    for charset in ["iso-2022-jp", "us-ascii", "utf-8"] {
        is_unknown(&mail(charset, "7bit", &iso_2022_jp()));
    }
}

#[test]
fn a_wrong_charset_is_no_reason_to_read_nothing() {
    is_unknown(&mail("utf-8", "8bit", b"<ada@home.example>: Empf\xe4nger unbekannt"));
    is_unknown(&mail("x-none", "8bit", b"<ada@home.example>: user unknown \xff"));
    is_unknown(&mail("iso-8859-1", "quoted-printable", b"<ada@home.example>: Empf=E4nger=\n unbekannt"));
}

#[test]
fn broken_encodings_are_read_as_they_stand() {
    is_unknown(&mail("utf-8", "quoted-printable", b"<ada@home.example>: user unknown =ZZ ="));
    is_unknown(&mail("utf-8", "base64", b"<ada@home.example>: user unknown"));
}

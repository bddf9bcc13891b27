//! Codes of replies: three digits (RFC 5321) and enhanced (RFC 3463).

use std::fmt;

/// An enhanced status code, such as `5.1.1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Status {
    /// 2, 4 or 5: done, not now, not ever.
    pub class: u8,
    /// What it is about: 1 the address, 2 the mailbox, 3 the system, 4 the way there, 5 the protocol, 6 the content, 7 policy.
    pub subject: u16,
    /// What about it.
    pub detail: u16,
}

impl Status {
    pub(crate) const fn new(class: u8, subject: u16, detail: u16) -> Self {
        Self { class, subject, detail }
    }

    /// The code that a text begins with.
    fn at(text: &str) -> Option<(Self, usize)> {
        let mut parts = [0_u16; 3];
        let mut at = 0;
        for (index, part) in parts.iter_mut().enumerate() {
            let digits = text[at..].bytes().take_while(u8::is_ascii_digit).count();
            if digits == 0 || digits > 3 {
                return None;
            }
            *part = text[at..at + digits].parse().ok()?;
            at += digits;
            if index < 2 {
                text[at..].strip_prefix('.')?;
                at += 1;
            }
        }
        let [class, subject, detail] = parts;
        let class = u8::try_from(class).ok().filter(|class| matches!(class, 2 | 4 | 5))?;
        let rest = &text.as_bytes()[at..];
        let ends = match rest {
            [b'.', next, ..] => !next.is_ascii_digit(),
            [next, ..] => !next.is_ascii_alphanumeric(),
            [] => true,
        };
        (ends && subject <= 7).then_some((Self { class, subject, detail }, at))
    }

    /// Whether it is about the sender's address: its form, its domain, or that nothing can be sent back to it.
    pub(crate) fn is_of_sender(self) -> bool {
        matches!((self.subject, self.detail), (1, 7 | 8) | (7, 27))
    }

    /// Whether it says nothing but that it failed.
    pub(crate) fn is_vague(self) -> bool {
        self.detail == 0
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

/// The codes in a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Codes {
    /// An enhanced code: the first that says never, or else the first that says not now.
    pub(crate) enhanced: Option<Status>,
    /// A reply, chosen likewise.
    pub(crate) reply: Option<u16>,
    /// Whether any enhanced code is about the sender.
    pub(crate) of_sender: bool,
}

impl Codes {
    /// Finds the codes in what a server or a person's program wrote.
    pub(crate) fn of(text: &str) -> Self {
        let mut codes = Self::default();
        let bytes = text.as_bytes();
        for at in 0..bytes.len() {
            if !matches!(bytes[at], b'2' | b'4' | b'5') || !begins(bytes, at) {
                continue;
            }
            if let Some((status, _)) = Status::at(&text[at..]) {
                codes.take(status);
            } else if let Some(reply) = reply(text, at) {
                let better = |known: u16| known < 500 && reply >= 500;
                if codes.reply.is_none_or(better) {
                    codes.reply = Some(reply);
                }
            }
        }
        codes
    }

    fn take(&mut self, status: Status) {
        self.of_sender |= status.is_of_sender();
        let better = |known: Status| {
            known.class < status.class || (known.class == status.class && known.is_vague() && !status.is_vague())
        };
        if self.enhanced.is_none_or(better) {
            self.enhanced = Some(status);
        }
    }

    /// 4 or 5, where a code says so; the reply goes first, since servers write a wrong enhanced code more often.
    pub(crate) fn class(self) -> Option<u8> {
        let reply = self.reply.and_then(|reply| u8::try_from(reply / 100).ok());
        reply.or(self.enhanced.map(|status| status.class))
    }

    /// The enhanced code, or the one that the reply stands for.
    pub(crate) fn status(self) -> Option<Status> {
        self.enhanced.or(self.reply.map(stands_for))
    }
}

/// Whether a code may begin here: not within a word, a number or an address.
fn begins(bytes: &[u8], at: usize) -> bool {
    match at.checked_sub(1).map(|before| bytes[before]) {
        None => true,
        Some(b'.') => false,
        // `550-5.1.1`, but not `rt-5.1.1`.
        Some(b'-') => at >= 4 && bytes[at - 4..at - 1].iter().all(u8::is_ascii_digit),
        Some(before) => !before.is_ascii_alphanumeric() && !matches!(before, b'_' | b'@' | b'/' | b'+'),
    }
}

/// A reply of three digits: of what SMTP knows, and where a reply stands, so that `delayed 450 seconds` is none.
fn reply(text: &str, at: usize) -> Option<u16> {
    let digits = text.get(at..at + 3).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    let rest = &text[at + 3..];
    if !matches!(
        rest.as_bytes().first(),
        None | Some(b' ' | b'-' | b':' | b';' | b',' | b'.' | b'\r' | b'\n' | b'"' | b'\'' | b')' | b']' | b'_' | b'#')
    ) {
        return None;
    }
    let reply: u16 = digits.parse().ok().filter(|reply| matches!(reply, 421..=459 | 471 | 500..=579))?;
    let before = text[..at].trim_end_matches([' ', '\t']);
    let coded = Status::at(rest.trim_start_matches([' ', '-', '#', '('])).is_some();
    let spaced = before.len() < at;
    let opens = |c: char| !c.is_alphanumeric() && !matches!(c, '[' | '/') && (spaced || c != ',');
    let opened = before.is_empty() || before.ends_with(opens);
    let told =
        ["error", "code", "said", "smtp", "reply", "with", "status", "server", "reason", "returned", "mit", "fehler"];
    let told = told.iter().any(|word| {
        before.get(before.len().saturating_sub(word.len())..).is_some_and(|it| it.eq_ignore_ascii_case(word))
    });
    (coded || opened || told).then_some(reply)
}

/// The enhanced code that says as much as a reply does.
fn stands_for(reply: u16) -> Status {
    match reply {
        421 => Status::new(4, 3, 2),
        450 => Status::new(4, 2, 0),
        452 => Status::new(4, 3, 1),
        551 => Status::new(5, 1, 6),
        552 => Status::new(5, 2, 2),
        553 => Status::new(5, 1, 3),
        556 => Status::new(5, 1, 10),
        ..500 => Status::new(4, 0, 0),
        _ => Status::new(5, 0, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Option<String>, Option<u16>) {
        let codes = Codes::of(text);
        (codes.enhanced.map(|status| status.to_string()), codes.reply)
    }

    #[test]
    fn codes_are_found_where_they_stand() {
        for (text, enhanced, reply) in [
            ("smtp; 550 5.1.1 <x@y.example>: unknown", Some("5.1.1"), Some(550)),
            ("550-5.1.1 The account\n550 5.1.1 is gone", Some("5.1.1"), Some(550)),
            ("550 #5.7.26 no", Some("5.7.26"), Some(550)),
            ("X (#4.4.1)", Some("4.4.1"), None),
            ("host [5.1.1.4] said nothing", None, None),
            ("Exim 4.92.3, version 5.1.1b on 5.1.2024", None, None),
            ("delayed 450 seconds, room 550", None, None),
            ("5.7.606 Access denied", Some("5.7.606"), None),
            ("450 4.2.0 later, then 550 5.1.1 never", Some("5.1.1"), Some(550)),
            ("5.0.0 (550 5.2.2 full)", Some("5.2.2"), Some(550)),
            ("ERROR_CODE :550, ERROR_CODE :5.1.1", Some("5.1.1"), Some(550)),
            ("(reason: 552 Quota)", None, Some(552)),
            ("x: [192.0.2.7], 550 no", None, Some(550)),
            ("1,550 mails", None, None),
            ("see 550@home.example and /550/", None, None),
        ] {
            assert_eq!(read(text), (enhanced.map(str::to_owned), reply), "{text}");
        }
    }
}

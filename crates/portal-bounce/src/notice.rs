//! The fields of a delivery status notification (RFC 3464), wherever they stand and however they are broken.

use crate::{
    Kind, Status,
    status::Codes,
    text::{addresses, is_quoted},
};

/// Names that are read. Others end the field before them.
const NAMES: [&str; 11] = [
    "reporting-mta",
    "reporting-ua",
    "original-envelope-id",
    "final-recipient",
    "original-recipient",
    "action",
    "status",
    "diagnostic-code",
    "remote-mta",
    "x-original-message-id",
    "will-retry-until",
];
/// Most recipients of a report.
const MOST_RECIPIENTS: usize = 500;
/// Most lines of a report.
const MOST_LINES: usize = 20_000;
/// Most bytes of a value.
const LONGEST_VALUE: usize = 8 * 1024;

/// A report.
#[derive(Debug, Default)]
pub(crate) struct Notice {
    pub(crate) reporting_mta: Option<String>,
    pub(crate) envelope_id: Option<String>,
    pub(crate) message_id: Option<String>,
    pub(crate) recipients: Vec<Fate>,
}

/// What became of the message for one recipient.
#[derive(Debug, Default)]
pub(crate) struct Fate {
    original: Option<String>,
    last: Option<String>,
    action: Option<String>,
    pub(crate) status: Option<Status>,
    pub(crate) diagnostic: String,
}

impl Notice {
    /// Whether a text has the fields of a report, as some gateways leave them in plain text.
    pub(crate) fn stands_in(text: &str) -> bool {
        let has = |names: &[&str]| {
            text.lines().take(MOST_LINES).filter_map(field).any(|(name, _)| names.contains(&name.as_str()))
        };
        has(&["final-recipient", "original-recipient"]) && has(&["action", "status", "diagnostic-code"])
    }

    /// Reads the fields. `whole` is a part that holds nothing else, where a line that is no field goes on with the one before.
    pub(crate) fn read(text: &str, whole: bool) -> Self {
        let mut notice = Self::default();
        let mut fate = Fate::default();
        for (name, value) in fields(text, whole) {
            match name.as_str() {
                "" => notice.end(&mut fate),
                "reporting-mta" | "reporting-ua" => notice.reporting_mta = typed(&value),
                "original-envelope-id" => notice.envelope_id = Some(xtext(&value)),
                "x-original-message-id" => notice.message_id = Some(value),
                name => {
                    // Somebody left out the line between two recipients.
                    if name == "final-recipient" && fate.last.is_some() {
                        notice.recipients.push(std::mem::take(&mut fate));
                    }
                    fate.take(name, &value);
                }
            }
            if notice.recipients.len() > MOST_RECIPIENTS {
                break;
            }
        }
        notice.end(&mut fate);
        notice.recipients.extend(fate.is_told().then_some(fate));
        notice
    }

    /// An empty line ends a recipient, unless its fields are torn apart.
    fn end(&mut self, fate: &mut Fate) {
        let whole =
            (fate.last.is_some() || fate.original.is_some()) && (fate.action.is_some() || fate.status.is_some());
        if whole {
            self.recipients.push(std::mem::take(fate));
        } else if let (false, Some(before)) = (fate.last.is_some(), self.recipients.last_mut())
            && before.diagnostic.is_empty()
        {
            before.diagnostic = std::mem::take(&mut fate.diagnostic);
        }
    }

    /// The first that failed, else the first that waits, else the first.
    pub(crate) fn decisive(&self) -> Option<(Kind, &Fate)> {
        let fates = || self.recipients.iter().map(|fate| (fate.kind(), fate));
        let of = |kind: Kind| fates().find(|(known, _)| *known == kind);
        of(Kind::Bounce).or_else(|| of(Kind::Delayed)).or_else(|| fates().next())
    }
}

impl Fate {
    fn take(&mut self, name: &str, value: &str) {
        match name {
            "final-recipient" if self.last.is_none() => self.last = typed(value),
            "original-recipient" => self.original = typed(value).map(|value| xtext(&value)),
            "action" => self.action = Some(value.to_ascii_lowercase()),
            "status" => self.status = Codes::of(value).enhanced,
            "diagnostic-code" => {
                if !self.diagnostic.is_empty() {
                    self.diagnostic.push('\n');
                }
                self.diagnostic.push_str(value);
            }
            _ => {}
        }
    }

    fn is_told(&self) -> bool {
        self.action.is_some() || self.status.is_some() || !self.diagnostic.is_empty()
    }

    /// What the action says, or, where it says nothing that is known, the code.
    fn kind(&self) -> Kind {
        let action = self.action.as_deref().unwrap_or_default().trim_start();
        let begins = |beginnings: &[&str]| beginnings.iter().any(|it| action.starts_with(it));
        let class = self.status.map(|status| status.class).or_else(|| Codes::of(&self.diagnostic).class());
        if begins(&["fail", "error", "undeliver", "bounce", "expired", "reject"]) {
            Kind::Bounce
        } else if begins(&["delayed", "deferred"]) {
            Kind::Delayed
        } else if begins(&["deliver", "relay", "expand", "success"]) || class == Some(2) {
            Kind::Delivered
        } else {
            Kind::Bounce
        }
    }

    pub(crate) fn has_action(&self) -> bool {
        self.action.is_some()
    }

    /// The address that the message was for: as it was sent, rather than as an alias made it.
    pub(crate) fn address(&self) -> Option<&str> {
        let values = [&self.original, &self.last].into_iter().flatten();
        values.clone().find_map(|value| addresses(value).next())
    }

    /// The address that it was for in the end.
    pub(crate) fn last_address(&self) -> Option<&str> {
        self.last.as_deref().and_then(|value| addresses(value).next())
    }

    /// What the other server said.
    pub(crate) fn said(&self) -> &str {
        match self.diagnostic.split_once(';') {
            Some((kind, said)) if kind.trim().len() <= 16 && !kind.trim().contains(' ') => said.trim(),
            _ => self.diagnostic.trim(),
        }
    }
}

/// The known fields of a text, and `""` for an empty line.
fn fields(text: &str, whole: bool) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    let mut open = false;
    for line in text.lines().take(MOST_LINES).filter(|line| !is_quoted(line)) {
        let line = &line[..line.floor_char_boundary(LONGEST_VALUE)];
        if line.trim().is_empty() {
            found.push(Default::default());
            open = false;
            continue;
        }
        let goes_on = line.starts_with([' ', '\t']);
        match (field(line), found.last_mut()) {
            (_, Some((_, value))) if goes_on && open => {
                if value.len() < LONGEST_VALUE {
                    value.push('\n');
                    value.push_str(line.trim());
                }
            }
            (Some((name, value)), _) if NAMES.contains(&name.as_str()) => {
                found.push((name, value.chars().take(LONGEST_VALUE).collect()));
                open = true;
            }
            (None, Some((_, value))) if open && whole && value.len() < LONGEST_VALUE => {
                value.push('\n');
                value.push_str(line.trim());
            }
            _ => open = false,
        }
    }
    found
}

fn field(line: &str) -> Option<(String, &str)> {
    let (name, value) = line.split_once(':')?;
    let name = name.trim();
    let fits = (4..=40).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'-');
    fits.then(|| (name.to_ascii_lowercase(), value.trim()))
}

/// A value behind its type, as in `rfc822; ada@x.example`.
fn typed(value: &str) -> Option<String> {
    let value = value.split_once(';').map_or(value, |(_, value)| value);
    let value = value.trim().trim_matches(['<', '>', '"']);
    (!value.is_empty()).then(|| value.chars().take(400).collect())
}

/// Reads xtext (RFC 3461): `+2B` is a plus. What is none stays as it is.
fn xtext(text: &str) -> String {
    let mut pieces = text.split('+');
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let digits = piece.get(..2).filter(|digits| !digits.bytes().any(|byte| byte.is_ascii_lowercase()));
        let letter = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()).filter(u8::is_ascii_graphic);
        match letter {
            Some(letter) => {
                out.push(char::from(letter));
                out.push_str(&piece[2..]);
            }
            None => {
                out.push('+');
                out.push_str(piece);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xtext_is_read_and_other_text_stays() {
        assert_eq!(xtext("ada+2Bnews@x.example"), "ada+news@x.example");
        assert_eq!(xtext("ada+news@x.example+"), "ada+news@x.example+");
        assert_eq!(xtext("m\u{fc}ller+3D"), "m\u{fc}ller=");
    }

    #[test]
    fn torn_reports_are_put_together() {
        let text = "Reporting-MTA: dns; mx.example\n\nFinal-Recipient: RFC822; <ada@x.example>\n\nAction: failed\nStatus: 5.1.1\n\
                    Diagnostic-Code: smtp; 550 no\n such user\nFinal-Recipient: rfc822;bob@x.example\nAction: delayed\n";
        let notice = Notice::read(text, true);
        assert_eq!(notice.reporting_mta.as_deref(), Some("mx.example"));
        assert_eq!(notice.recipients.len(), 2);
        let (kind, fate) = notice.decisive().unwrap();
        assert_eq!((kind, fate.address(), fate.said()), (Kind::Bounce, Some("ada@x.example"), "550 no\nsuch user"));
    }
}

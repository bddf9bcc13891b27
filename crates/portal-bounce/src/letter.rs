//! A bounce without fields: what its sentences say, to whom it failed, and where the returned message begins.

use crate::{
    judge::is_plain,
    status::Codes,
    text::{Said, addresses, is_quoted},
    tree::Part,
};

/// Most bytes of text that are read.
const LONGEST: usize = 64 * 1024;
/// Most bytes of a line.
const LONGEST_LINE: usize = 4 * 1024;
/// Most lines of a part.
const MOST_LINES: usize = 4000;
/// How a returned message is announced.
const ANNOUNCED: &[&str] = &[
    "original message",
    "original mail",
    "original e-mail",
    "original email",
    "copy of the message",
    "copy of your message",
    "copy of the original",
    "message follows",
    "message headers follow",
    "mail follows",
    "unsent message",
    "undelivered message",
    "undeliverable message",
    "returned message",
    "message header",
    "header of the",
    "headers of the",
    "text of the message",
    "returned content",
    "beginning of the message",
    "your message reads",
    "your original",
    "message text",
    "message contents",
    "enclosed",
    "ursprungliche nachricht",
    "originalnachricht",
    "kopie der nachricht",
    "kopie ihrer nachricht",
    "message d'origine",
    "message original",
    "mensaje original",
    "messaggio originale",
    "oorspronkelijk bericht",
    "originele bericht",
    "mensagem original",
    "oryginalna wiadomosc",
    "исходное сообщение",
    "元のメッセージ",
    "オリジナルメッセージ",
    "原文",
    "原始邮件",
    "原始郵件",
];

/// What a mail says itself, and what it returns.
#[derive(Debug, Default)]
pub(crate) struct Letter {
    /// What it says itself.
    pub(crate) said: String,
    /// What comes after that in the text.
    pub(crate) returned: String,
}

impl Letter {
    /// Reads the text parts of a mail, without those of mails within it.
    pub(crate) fn of(mail: &Part) -> Self {
        let mut letter = Self::default();
        for text in texts(mail) {
            letter.read(&text);
            if letter.said.len() + letter.returned.len() > LONGEST {
                break;
            }
        }
        letter
    }

    fn read(&mut self, text: &str) {
        let lines: Vec<_> = text.lines().take(MOST_LINES).collect();
        let (mut at, mut announced) = (0, false);
        while let Some(line) = lines.get(at) {
            let head = head(&lines[at..]);
            if head.whole || (announced && head.length > 0) {
                return self.returned(&lines[at..]);
            }
            announced |= is_announcement(line);
            let length = head.length.max(1);
            // Some announce the message, and say why before it begins.
            if head.length > 0 || (announced && Codes::of(line) == Codes::default()) {
                self.returned(&lines[at..at + length]);
            } else if !is_quoted(line.trim_start()) && self.said.len() < LONGEST {
                self.said.push_str(line[..line.floor_char_boundary(LONGEST_LINE)].trim_end());
                self.said.push('\n');
            }
            at += length;
        }
        self.said.push('\n');
    }

    fn returned(&mut self, lines: &[&str]) {
        self.returned.extend(lines.iter().flat_map(|line| [line.trim_end(), "\n"]));
    }

    /// What it says of one recipient, known by these addresses. Where others stand at the beginnings of lines too, what follows
    /// those is said of them, and so is what comes before all, if it names one of them.
    pub(crate) fn of_one(&self, known_as: &[&str], is_own: impl Fn(&str) -> bool) -> Self {
        let is_known = |address: &str| known_as.iter().any(|known| known.eq_ignore_ascii_case(address));
        let meant = |address: &str| !is_own(address) && !is_program(address);
        let sections = sections(&self.said, meant);
        let mut told: Vec<_> = sections.iter().map(|section| section.named.iter().any(|it| is_known(it))).collect();
        if !told.contains(&true) {
            // An alias leads its line, and the address that it stands for comes after it.
            let names = |section: &Section| !section.named.is_empty() && addresses(&section.text).any(is_known);
            let Some(at) = sections.iter().position(names) else { return self.said_again() };
            told[at] = true;
        }
        let all = sections.iter().zip(told);
        if all.clone().all(|(section, told)| told || section.named.is_empty()) {
            return self.said_again();
        }
        let of_others = |text: &str| addresses(text).any(|address| meant(address) && !is_known(address));
        let stays = |section: &Section, told| told || (section.named.is_empty() && !of_others(&section.text));
        let said = all.filter(|(section, told)| stays(section, *told)).map(|(section, _)| section.text.as_str());
        Self { said: said.collect(), returned: String::new() }
    }

    fn said_again(&self) -> Self {
        Self { said: self.said.clone(), returned: String::new() }
    }

    /// Its first paragraphs: a greeting, thanks and what it is for. Nothing where another mail stands in it, whose words they may be.
    pub(crate) fn opening(&self) -> String {
        let paragraphs = self.said.split("\n\n").filter(|it| self.returned.is_empty() && !it.trim().is_empty());
        paragraphs.take(3).collect::<Vec<_>>().join("\n")
    }

    /// Whether another mail stands in it.
    pub(crate) const fn brings_back(&self) -> bool {
        !self.returned.is_empty()
    }

    /// Whether a server's reply or an enhanced code stands in it.
    pub(crate) fn is_coded(&self) -> bool {
        Codes::of(&self.said).class().is_some_and(|class| class != 2)
    }

    /// The paragraphs that tell of a recipient: with its address and what follows it, or else with a code.
    pub(crate) fn core(&self, recipient: Option<&str>) -> String {
        let paragraphs: Vec<_> = self.said.split("\n\n").map(str::trim).filter(|it| !it.is_empty()).collect();
        let mut named = String::new();
        let mut follows = false;
        for paragraph in &paragraphs {
            let names = recipient.is_some_and(|address| paragraph.contains(address));
            if names || follows {
                named.push_str(paragraph);
                named.push('\n');
            }
            follows = names && is_bare(paragraph);
        }
        let coded = |text: &str| Codes::of(text) != Codes::default();
        if coded(&named) || is_plain(&named) {
            return named;
        }
        let told: Vec<_> = paragraphs.into_iter().filter(|paragraph| coded(paragraph)).collect();
        if told.is_empty() { named } else { told.join("\n") }
    }

    /// The address that it failed for: one that stands at the beginning of a line, else behind a word that names one, else any.
    /// Those of the mail's own head are not meant.
    pub(crate) fn recipient(&self, is_own: impl Fn(&str) -> bool) -> Option<String> {
        let meant = |address: &&str| !is_own(address) && !is_program(address);
        let first = |text: &str| addresses(text).find(meant).map(str::to_owned);
        let lines = || self.said.lines().map(str::trim);
        let leading = lines().find_map(|line| first(line).filter(|address| leads(line, address)));
        let named = || {
            lines().find_map(|line| {
                let lower = line.to_ascii_lowercase();
                let marks = [
                    "rcpt to",
                    "to:",
                    "recipient",
                    "address",
                    "user",
                    "deliver",
                    "mailbox",
                    "empf",
                    "destinat",
                    "account",
                ];
                let marked = marks.iter().any(|mark| lower.contains(mark)) && !lower.contains("from:");
                marked.then(|| first(line)).flatten()
            })
        };
        leading.or_else(named).or_else(|| first(&self.said))
    }
}

/// Lines of a text that are about the same recipients.
#[derive(Default)]
struct Section<'a> {
    /// Those at the beginnings of its lines.
    named: Vec<&'a str>,
    text: String,
    /// How far its first line is moved in.
    depth: usize,
    /// Nothing but addresses stands in it yet.
    bare: bool,
}

impl Section<'_> {
    /// Its last paragraph, taken away where it is the heading of an address that comes next. Of what comes before all addresses it
    /// touches that one; after another one it ends in a colon, and tells no code.
    fn take_heading(&mut self) -> String {
        let text = if self.named.is_empty() { self.text.as_str() } else { self.text.trim_end() };
        let start = text.rfind("\n\n").map_or(0, |gap| gap + 2);
        let is_heading = || text.ends_with(':') && start > 0 && Codes::of(&text[start..]) == Codes::default();
        if self.named.is_empty() || is_heading() { self.text.split_off(start) } else { String::new() }
    }
}

/// The sections of a text, one of nobody first. Addresses on lines of their own share what comes after them. A line that is moved
/// in goes on with the one before.
fn sections(text: &str, meant: impl Fn(&str) -> bool) -> Vec<Section<'_>> {
    let mut sections = Vec::new();
    let mut section = Section::default();
    let mut blank = true;
    for line in text.lines() {
        let depth = line.len() - line.trim_start().len();
        let goes_on = !section.named.is_empty() && !section.bare && !blank && depth > section.depth;
        let lead = addresses(line).find(|it| meant(it)).filter(|it| !goes_on && leads(line, it));
        if let Some(address) = lead {
            if !section.bare {
                let next = Section { depth, text: section.take_heading(), ..Section::default() };
                sections.push(std::mem::replace(&mut section, next));
            }
            section.named.push(address);
            section.bare = is_bare(line);
        } else {
            section.bare &= line.trim().is_empty();
        }
        blank = line.trim().is_empty();
        section.text.push_str(line);
        section.text.push('\n');
    }
    sections.push(section);
    sections
}

/// Whether a line begins with this address, but for what stands around it.
fn leads(line: &str, address: &str) -> bool {
    let rest = line.trim_start().trim_start_matches(['<', '*', '-', '"', '\'', '(', '[', ' ']);
    rest.strip_prefix("mailto:").unwrap_or(rest).starts_with(address)
}

fn is_program(address: &str) -> bool {
    let local = address.split('@').next().unwrap_or_default().to_ascii_lowercase();
    ["mailer-daemon", "postmaster", "abuse", "support", "helpdesk", "hostmaster", "admin"].contains(&local.as_str())
}

/// A paragraph of nothing but an address.
fn is_bare(paragraph: &str) -> bool {
    paragraph.split_whitespace().count() <= 1
}

/// The texts of a mail: of the same in two forms, the plain one.
fn texts(mail: &Part) -> Vec<String> {
    let own = mail.own();
    let of = |media: &str| -> Vec<String> {
        let leaves = own.iter().filter(|part| part.media == media && part.parts.is_empty());
        leaves.map(|part| part.text()).filter(|text| !text.trim().is_empty()).collect()
    };
    let plain = of("text/plain");
    if plain.is_empty() { of("text/html") } else { plain }
}

fn is_announcement(line: &str) -> bool {
    let line = line.trim();
    if line.len() > 200 || line.is_empty() {
        return false;
    }
    let mark = |c: char| matches!(c, '-' | '=' | '_' | '*' | '#' | '~' | '+');
    let marked = line.starts_with(mark)
        || line.ends_with(mark)
        || line.ends_with([':', '：'])
        || line.starts_with("Below this line");
    marked && Said::of(line).says_any(ANNOUNCED)
}

/// Lines that look like the head of a mail.
struct Head {
    length: usize,
    /// It is all of a head, so the message follows, and not a summary of a message that the text goes on to speak of.
    whole: bool,
}

fn head(lines: &[&str]) -> Head {
    const NONE: Head = Head { length: 0, whole: false };
    const KNOWN: [&str; 10] = [
        "from",
        "to",
        "subject",
        "date",
        "message-id",
        "received",
        "return-path",
        "mime-version",
        "content-type",
        "sent",
    ];
    let (mut length, mut fields, mut known, mut whole) = (0, 0, 0, false);
    for line in lines.iter().take(80) {
        if line.starts_with([' ', '\t']) && fields > 0 && !line.trim().is_empty() {
            length += 1;
            continue;
        }
        let Some((name, _)) = line.split_once(':') else { break };
        let name = name.trim_end().to_ascii_lowercase();
        if name.is_empty() || name.len() > 40 || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        {
            break;
        }
        (length, fields) = (length + 1, fields + 1);
        known += usize::from(KNOWN.contains(&name.as_str()));
        whole |= matches!(name.as_str(), "received" | "return-path" | "mime-version" | "dkim-signature");
    }
    if fields >= 3 && known >= 2 { Head { length, whole } } else { NONE }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn each_address_is_asked_about_three_times_at_most() {
        let count = 5000;
        let said: String = (0..count).map(|number| format!("to: a{number}@x.example\n")).collect();
        let (letter, asked) = (Letter { said, returned: String::new() }, Cell::new(0));
        let is_own = |_: &str| {
            asked.set(asked.get() + 1);
            true
        };
        assert_eq!(letter.recipient(is_own), None);
        assert_eq!(asked.get(), 3 * count);
    }
}

//! From a mail to a report: fields of a report first, then sentences, then signs of a program that answers.

use std::cell::LazyCell;

use portal_domain::decide::fit_words;

use crate::{
    Kind, MOST_PATHS, Reason, Report, Status,
    fields::Fields,
    judge::{is_plain, judge},
    letter::Letter,
    notice::{Fate, Notice},
    original::{Original, one_id},
    signs::{self, Signs},
    text::{Said, addresses, one_line},
    tree::Part,
};

/// What a mail says.
pub(crate) fn of(mail: &Part) -> Report {
    read(mail).unwrap_or_else(|| Report { return_path: paths(mail), ..Report::of(Kind::Unrelated) })
}

/// A mail that is read, with all that was found in it.
struct Reading<'a> {
    mail: &'a Part,
    own: Vec<&'a Part>,
    signs: Signs,
    letter: Letter,
    original: Original,
}

/// What a mail says, or else a mail within it; `None` where that is nothing to us.
fn read(mail: &Part) -> Option<Report> {
    let reading = Reading::of(mail);
    let kept = |mut report: Report| {
        report.return_path.extend(paths(mail));
        report
    };
    if let Some(found) = reading.complaint() {
        return found.map(kept);
    }
    if reading.is_receipt() {
        return None;
    }
    if let Some(report) = reading.notice().or_else(|| reading.free()).or_else(|| reading.vacation()) {
        return Some(kept(report));
    }
    let within = reading.own.iter().filter(|part| part.is_mail()).filter_map(|part| part.parts.first());
    within.filter_map(read).find(|report| report.kind != Kind::Vacation).map(|report| {
        let mut all = Report { return_path: paths(mail), ..report.clone() };
        all.return_path.extend(report.return_path);
        all.return_path.truncate(MOST_PATHS);
        all
    })
}

impl<'a> Reading<'a> {
    fn of(mail: &'a Part) -> Self {
        let (own, letter) = (mail.own(), Letter::of(mail));
        let original = Original::of(mail, &letter);
        Self { mail, own, signs: Signs::of(&mail.fields), letter, original }
    }

    /// Whether a reader's program says what became of the mail (RFC 8098), unless it threw the mail away, as filters do.
    fn is_receipt(&self) -> bool {
        let part = self.own.iter().find(|part| part.media == "message/disposition-notification");
        let kept = |part: &&Part| {
            let fields = Fields::read(part.bytes()).0;
            let disposition = fields.first("disposition").unwrap_or_default().to_ascii_lowercase();
            !["deleted", "denied", "failed"].iter().any(|end| disposition.contains(end))
        };
        part.is_some_and(|part| kept(part) || !self.signs.daemon)
    }

    /// A complaint (RFC 5965), and the one form without fields that is still sent. `Some(None)` where a reader says that a mail was
    /// no nuisance.
    fn complaint(&self) -> Option<Option<Report>> {
        let part = self.own.iter().find(|part| part.media == "message/feedback-report");
        let told = self.signs.subject.begins_with_any(&["complaint about message from"]);
        let fields = match part {
            Some(part) => Fields::read(part.bytes()).0,
            None if told && self.original.is_there() => Fields::default(),
            None => return None,
        };
        if fields.first("feedback-type").is_some_and(|kind| kind.trim().eq_ignore_ascii_case("not-spam")) {
            return Some(None);
        }
        let named =
            ["original-rcpt-to", "removal-recipient"].into_iter().find_map(|name| fields.addresses(name).next());
        let marked = || self.original.field("x-hmxmroriginalrecipient").and_then(|value| addresses(value).next());
        Some(Some(Report {
            recipient: named.or_else(marked).map(str::to_owned).or_else(|| self.original.to()),
            original_message_id: self.original_id(None),
            reporting_mta: fields.first("reporting-mta").map(|mta| one_line(mta.trim_start_matches("dns;"), 250)),
            ..Report::of(Kind::Complaint)
        }))
    }

    /// A report with fields (RFC 3464).
    fn notice(&self) -> Option<Report> {
        let is_report =
            |part: &&&Part| matches!(part.media.as_str(), "message/delivery-status" | "message/global-delivery-status");
        let mut notices = self.own.iter().filter(is_report).map(|part| Notice::read(&part.text(), true));
        let notice = notices.find(|notice| !notice.recipients.is_empty()).or_else(|| self.notice_in_text())?;
        let (kind, fate) = notice.decisive()?;
        let kind = if kind == Kind::Bounce && self.only_waits(fate) { Kind::Delayed } else { kind };
        let recipient = fate.address().map(str::to_owned);
        let recipient = recipient.or_else(|| self.signs.failed.clone()).or_else(|| self.recipient());
        let letter = self.letter_of(recipient.as_deref(), fate.last_address());
        let core = letter.core(recipient.as_deref());
        let report = match kind {
            Kind::Delivered => Report { status: fate.status, ..Report::of(kind) },
            _ => decided(kind, &[fate.said(), &core, &letter.said], fate.status),
        };
        Some(Report {
            recipient,
            final_recipient: fate.last_address().map(str::to_owned),
            original_message_id: self.original_id(Some(&notice)),
            reporting_mta: notice.reporting_mta.as_deref().map(|mta| one_line(mta, 250)),
            ..report
        })
    }

    /// Fields in plain text, as gateways leave them and people forward them, but not where somebody answers.
    fn notice_in_text(&self) -> Option<Notice> {
        if self.signs.answer && !self.signs.daemon && self.is_answer() {
            return None;
        }
        let leaves =
            self.own.iter().filter(|part| part.media.starts_with("text/") && part.parts.is_empty() && !part.is_head());
        let texts = leaves.map(|part| part.text()).filter(|text| Notice::stands_in(text));
        texts.map(|text| Notice::read(&text, false)).find(|notice| !notice.recipients.is_empty())
    }

    fn is_answer(&self) -> bool {
        self.mail.fields.first("in-reply-to").is_some()
            || self.mail.fields.first("references").is_some()
            || self.signs.subject.begins_with_any(&["re:", "aw:", "antw:", "sv:"])
    }

    /// Whether a report names no action, and its text says that somebody still tries.
    fn only_waits(&self, fate: &Fate) -> bool {
        let said = Said::of(&self.letter.said);
        !fate.has_action()
            && fate.status.is_none_or(|status| status.class == 4)
            && signs::waits(&said)
            && !signs::is_given_up(&said)
    }

    /// A report in sentences.
    fn free(&self) -> Option<Report> {
        let said = Said::of(&self.letter.said);
        let recipient = LazyCell::new(|| self.signs.failed.clone().or_else(|| self.recipient()));
        if !self.is_bounce(&said, || recipient.is_some()) {
            return None;
        }
        let recipient = recipient.clone();
        let original_message_id = self.original_id(None);
        let arrived = signs::arrives(&self.signs.subject) || signs::arrives(&said);
        if arrived && self.signs.failed.is_none() && !self.letter.is_coded() {
            return Some(Report { recipient, original_message_id, ..Report::of(Kind::Delivered) });
        }
        let waits = (signs::waits(&self.signs.subject) || signs::waits(&said)) && !signs::is_given_up(&said);
        let kind = if waits { Kind::Delayed } else { Kind::Bounce };
        let letter = self.letter_of(recipient.as_deref(), None);
        let core = letter.core(recipient.as_deref());
        let report = decided(kind, &[&core, &letter.said], None);
        Some(Report { recipient, original_message_id, ..report })
    }

    /// Whether sentences report something. The less the head says of it, the more of text, code and reason has to agree.
    /// Whether it names a recipient is asked last, since it takes the longest to find.
    fn is_bounce(&self, said: &Said, named: impl FnOnce() -> bool) -> bool {
        let signs = &self.signs;
        let report =
            self.mail.attribute("report-type").is_some_and(|kind| kind.eq_ignore_ascii_case("delivery-status"));
        if signs.failed.is_some() || report {
            return true;
        }
        if self.is_lure() {
            return false;
        }
        let subject = signs::fails(&signs.subject) || signs::waits(&signs.subject);
        let text = signs::fails(said) || signs::waits(said);
        let (coded, plain) = (self.letter.is_coded(), is_plain(&self.letter.said));
        if signs.daemon {
            // An administrator writes of full mailboxes and blocked mail too.
            let told = || text && (coded || self.original.id().is_some() || (plain && named()));
            return subject || (!signs::is_away(&signs.subject) && ((coded && plain) || told()));
        }
        if signs.answer || !subject {
            return false;
        }
        let told = (text || self.original.is_there()) && (coded || plain);
        (signs.returned && (text || coded || plain)) || (told && !self.is_vacation())
    }

    /// Whether it leads to a page, and shows nothing that a server would: no address of its own, no code, no message that came back. A
    /// program's name counts where it says of whom it tells and text came back, whose links they may be.
    fn is_lure(&self) -> bool {
        let bare = self.signs.person && !self.signs.returned && !self.letter.is_coded() && self.original.id().is_none();
        let tells = || self.signs.daemon && self.letter.brings_back() && self.named().is_some();
        bare && self.own.iter().any(|part| part.links()) && !tells()
    }

    fn vacation(&self) -> Option<Report> {
        self.is_vacation().then(|| Report { original_message_id: self.answered(), ..Report::of(Kind::Vacation) })
    }

    fn is_vacation(&self) -> bool {
        self.signs.is_vacation(&self.mail.fields, &Said::of(&self.letter.opening()))
    }

    fn recipient(&self) -> Option<String> {
        self.named().or_else(|| self.original.to())
    }

    /// Whom the text itself names.
    fn named(&self) -> Option<String> {
        let own = self.own_addresses();
        self.letter.recipient(|address| own.iter().any(|own| own.eq_ignore_ascii_case(address)))
    }

    /// What the text says of a recipient, with nothing that it says of another.
    fn letter_of(&self, recipient: Option<&str>, last: Option<&str>) -> Letter {
        let own = self.own_addresses();
        let known_as: Vec<_> = recipient.into_iter().chain(last).collect();
        self.letter.of_one(&known_as, |address| own.iter().any(|own| own.eq_ignore_ascii_case(address)))
    }

    /// Whom the mail is from and whom it came to, as far as their number allows.
    fn own_addresses(&self) -> Vec<String> {
        let from = ["from", "sender", "reply-to"].into_iter().flat_map(|name| self.mail.fields.addresses(name));
        from.take(MOST_PATHS).map(str::to_owned).chain(paths(self.mail)).collect()
    }

    fn original_id(&self, notice: Option<&Notice>) -> Option<String> {
        let told = || notice.and_then(|notice| notice.message_id.as_deref()).and_then(one_id);
        let envelope =
            || notice.and_then(|notice| notice.envelope_id.as_deref()).filter(|id| id.contains('@')).and_then(one_id);
        self.original.id().or_else(told).or_else(envelope).or_else(|| self.answered())
    }

    /// The message that the mail says it answers.
    fn answered(&self) -> Option<String> {
        let last = |name: &str| self.mail.fields.ids(name).last().map(|id| (*id).to_owned());
        last("in-reply-to").or_else(|| last("references"))
    }
}

/// A bounce or a delay, judged by what was said.
fn decided(kind: Kind, texts: &[&str], field: Option<Status>) -> Report {
    let judged = judge(texts, field, kind == Kind::Bounce);
    let wrong = matches!(judged.reason, Reason::UserUnknown | Reason::HostUnknown);
    let words = texts.iter().map(|text| fit_words(text)).find(|words| !words.is_empty());
    Report {
        status: judged.status,
        reason: Some(judged.reason),
        hard: kind == Kind::Bounce && wrong && judged.lasting,
        words,
        ..Report::of(kind)
    }
}

/// The addresses that a mail may have come to: what the last server wrote, then whom it is for.
fn paths(mail: &Part) -> Vec<String> {
    const NAMES: [&str; 7] =
        ["delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-delivered-to", "x-rcpt-to", "to"];
    let mut paths: Vec<String> = Vec::new();
    for address in NAMES.iter().flat_map(|name| mail.fields.addresses(name)) {
        if paths.len() < MOST_PATHS && !paths.iter().any(|known| known == address) {
            paths.push(address.to_owned());
        }
    }
    paths
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn only_so_many_addresses_of_a_head_are_compared_with_the_text() {
        let many = |name: &str| -> String { (0..3000).map(|number| format!("{name}{number}@x.example, ")).collect() };
        let head = format!("From: {}\nReply-To: {}\nTo: {}\n\n", many("a"), many("b"), many("c"));
        let mail = Part::read(head.as_bytes());
        assert_eq!(Reading::of(&mail).own_addresses().len(), 2 * MOST_PATHS);
    }

    #[test]
    fn a_recipient_is_looked_for_only_where_the_rest_does_not_tell() {
        let asked = |mail: &str| {
            let (mail, asked) = (Part::read(mail.as_bytes()), Cell::new(0));
            let reading = Reading::of(&mail);
            let named = || {
                asked.set(asked.get() + 1);
                true
            };
            let is_bounce = reading.is_bounce(&Said::of(&reading.letter.said), named);
            (is_bounce, asked.get())
        };
        assert_eq!(asked("From: ada@home.example\nSubject: lunch\n\nnot delivered: user unknown\n"), (false, 0));
        assert_eq!(asked("From: ada@home.example\nSubject: returned mail\n\n550 user unknown\n").1, 0);
        let daemon = "From: MAILER-DAEMON@x.example\n";
        assert_eq!(asked(&format!("{daemon}Subject: failure notice\n\nuser unknown\n")), (true, 0));
        assert_eq!(asked(&format!("{daemon}Subject: lunch\n\nnot delivered: 550 user unknown\n")), (true, 0));
        assert_eq!(asked(&format!("{daemon}Subject: lunch\n\nnot delivered: user unknown\n")), (true, 1));
    }
}

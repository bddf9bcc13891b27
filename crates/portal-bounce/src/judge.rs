//! From what a server said to a reason: words before codes where they say more, by the tables.

use crate::{
    Reason, Status,
    blame::{RETURNED, is_passing, is_reply_to_sender, may_be_sender},
    codes::{FAINT, TELLING, meaning},
    row::{Proof, Row, Where},
    status::Codes,
    table::{PLAIN, VAGUE},
    text::Said,
};

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Judgement {
    pub(crate) status: Option<Status>,
    pub(crate) reason: Reason,
    /// Whether it was said plainly, for good, and not of the sender.
    pub(crate) lasting: bool,
}

/// What was found.
#[derive(Clone, Copy, Debug)]
struct Found {
    reason: Reason,
    /// Whether it leaves no doubt.
    sure: bool,
}

/// Judges what was said, the most telling text first, and the `Status` field of a report. `given_up` is whether nobody tries
/// any longer.
pub(crate) fn judge(texts: &[&str], field: Option<Status>, given_up: bool) -> Judgement {
    let heard = Heard::of(texts, field);
    let found = heard.found();
    let reason = match found.reason {
        Reason::Temporary if given_up && heard.ran_out() => Reason::Expired,
        // Names that could not be looked up until the time was over.
        Reason::HostUnknown if given_up && heard.class() == Some(4) => Reason::Expired,
        Reason::Expired | Reason::UserUnknown | Reason::HostUnknown | Reason::Other if !given_up => Reason::Temporary,
        reason => reason,
    };
    Judgement { status: heard.status(), reason, lasting: found.sure && heard.class() != Some(4) }
}

/// Whether a text gives a reason in plain words.
pub(crate) fn is_plain(text: &str) -> bool {
    let heard = Heard::of(&[text], None);
    heard.texts.first().is_some_and(|said| heard.find(PLAIN, said).is_some())
}

struct Heard {
    texts: Vec<Said>,
    /// The codes of the first text that has some.
    codes: Codes,
    field: Option<Status>,
    /// Whether any code is about the sender.
    of_sender: bool,
}

impl Heard {
    fn of(texts: &[&str], field: Option<Status>) -> Self {
        let codes: Vec<_> = texts.iter().map(|text| Codes::of(text)).collect();
        let of_sender = codes.iter().any(|codes| codes.of_sender) || field.is_some_and(Status::is_of_sender);
        let codes = codes.into_iter().find(|codes| *codes != Codes::default()).unwrap_or_default();
        let said = texts.iter().map(|text| Said::of(text).without(RETURNED)).filter(|said| !said.is_empty());
        Self { texts: said.collect(), codes, field, of_sender }
    }

    /// The field's code, unless the server's own says more or something else.
    fn status(&self) -> Option<Status> {
        let field = self.field.filter(|field| field.class != 2);
        match (field, self.codes.enhanced) {
            (Some(field), Some(own)) if field.is_vague() && !own.is_vague() => Some(own),
            (Some(field), Some(own)) if field.class < own.class => Some(own),
            (Some(field), None) if field.class == 4 && self.codes.class() == Some(5) => self.codes.status(),
            (field, _) => field.or(self.codes.status()),
        }
    }

    fn class(&self) -> Option<u8> {
        self.codes.class().or(self.field.map(|field| field.class))
    }

    /// What was found; of an address that is wrong, it may be the sender's.
    fn found(&self) -> Found {
        let found = self.reason().unwrap_or(Found { reason: Reason::Other, sure: false });
        let wrong = matches!(found.reason, Reason::UserUnknown | Reason::HostUnknown);
        if wrong && (self.of_sender || self.texts.iter().any(is_reply_to_sender)) {
            return Found { reason: Reason::BlockedSender, sure: false };
        }
        found
    }

    fn reason(&self) -> Option<Found> {
        let (first, others) = match self.texts.split_first() {
            Some((first, others)) => (Some(first), others),
            None => (None, &[][..]),
        };
        let told = [self.codes.enhanced, self.field].into_iter().flatten();
        let clear = !first.is_some_and(|said| may_be_sender(said) || is_passing(said));
        let sure = |reason| Found { reason, sure: clear };
        let faint = |reason| Found { reason, sure: false };
        first
            .and_then(|said| self.find(PLAIN, said))
            .or_else(|| told.clone().find_map(|status| meaning(TELLING, status)).map(sure))
            .or_else(|| others.iter().find_map(|said| self.find(PLAIN, said)))
            .or_else(|| self.texts.iter().find_map(|said| self.find(VAGUE, said)))
            .or_else(|| told.clone().find_map(|status| meaning(FAINT, status)).map(faint))
            .or_else(|| {
                let reply = self.codes.reply?;
                of_reply(reply).map(|reason| Found { reason, sure: clear && matches!(reply, 551 | 556) })
            })
    }

    fn find(&self, rows: &[Row], said: &Said) -> Option<Found> {
        let fits = |row: &&Row| self.holds(row.holds) && row.is_said(said);
        rows.iter()
            .find(fits)
            .map(|row| (row, self.proves(row.proof) && !may_be_sender(said) && !is_passing(said)))
            .map(|(row, sure)| Found { reason: row.reason, sure })
    }

    fn proves(&self, proof: Proof) -> bool {
        match proof {
            Proof::Words => true,
            Proof::Code => self.class() == Some(5),
            Proof::Never => false,
        }
    }

    fn holds(&self, condition: Where) -> bool {
        let for_good = self.class() != Some(4);
        let status = self.codes.enhanced.or(self.field);
        let about = status.map(|status| (status.subject, status.detail));
        match condition {
            Where::Always => true,
            Where::ForGood => for_good,
            Where::OfAddress => for_good && about.is_none_or(|(subject, _)| subject != 7),
            Where::Unreplied => self.codes == Codes::default(),
            Where::ToldOfAddress => for_good && about.is_some_and(|about| about.0 == 1 || about == (4, 1)),
        }
    }

    /// Whether time was what ended it.
    fn ran_out(&self) -> bool {
        let last = self.field.filter(|field| field.class == 4 || field.detail == 7);
        if last.and_then(|field| meaning(TELLING, field)) == Some(Reason::Expired) {
            return true;
        }
        let expired = PLAIN.iter().filter(|row| row.reason == Reason::Expired);
        expired.into_iter().any(|row| self.texts.iter().any(|said| row.is_said(said)))
    }
}

/// A reply without an enhanced code and without a word that is known.
fn of_reply(reply: u16) -> Option<Reason> {
    match reply {
        422 => Some(Reason::MailboxFull),
        ..500 => Some(Reason::Temporary),
        512 | 556 => Some(Reason::HostUnknown),
        510 | 511 | 551 => Some(Reason::UserUnknown),
        552 => Some(Reason::MailboxFull),
        571 => Some(Reason::BlockedSender),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blame::{IN_REPLY, NEAR};

    /// A phrase as a server might say it.
    fn spoken(phrase: &str) -> String {
        phrase.replace('…', " of yours ").replace('‥', " x.example ").replace('*', "")
    }

    fn code_for(row: &Row) -> &'static str {
        match row.holds {
            Where::ToldOfAddress => "550 5.4.1",
            Where::Unreplied => "",
            _ => "550",
        }
    }

    #[test]
    fn every_phrase_means_what_its_row_says() {
        let mut wrong = Vec::new();
        for row in PLAIN.iter().chain(VAGUE) {
            for phrase in row.phrases() {
                let text = format!("{} {}", code_for(row), spoken(&phrase));
                let judged = judge(&[&text], None, true);
                if judged.reason != row.reason {
                    wrong.push(format!("{text} is {:?}, not {:?}", judged.reason, row.reason));
                }
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[test]
    fn every_phrase_about_the_sender_raises_a_doubt() {
        let judged = |words: &str| judge(&[&format!("550 no such user. {words}")], None, true);
        assert!(judged("sorry").lasting);
        for phrase in IN_REPLY.iter().flat_map(Row::phrases) {
            assert_eq!(judged(&spoken(&phrase)).reason, Reason::BlockedSender, "{phrase}");
        }
        for phrase in NEAR.iter().flat_map(Row::phrases) {
            assert!(!judged(&spoken(&phrase)).lasting, "{phrase}");
        }
    }

    #[test]
    fn every_code_means_what_its_row_says() {
        for (table, row) in TELLING.iter().map(|row| (TELLING, row)).chain(FAINT.iter().map(|row| (FAINT, row))) {
            let status = Status::new(row.class.unwrap_or(5), row.subject, row.details.0);
            assert_eq!(meaning(table, status), Some(row.reason), "{status}");
        }
        for row in TELLING {
            let status = Status::new(row.class.unwrap_or(5), row.subject, row.details.1);
            let judged = judge(&[&format!("{status} no")], None, true);
            assert_eq!((judged.reason, judged.status), (row.reason, Some(status)));
            assert_eq!(judge(&[""], Some(status), true).reason, row.reason, "{status}");
        }
    }

    #[test]
    fn words_weigh_more_than_vague_codes_and_telling_codes_more_than_vague_words() {
        use Reason::{
            BlockedSender, Expired, HostUnknown, MailboxFull, Other, RejectedContent, Temporary, UserUnknown,
        };
        for (text, reason) in [
            ("550 5.7.1 no such user here", UserUnknown),
            ("550 5.1.1 message content rejected", RejectedContent),
            ("550 5.1.1 rejected", UserUnknown),
            ("550 5.7.1 rejected", BlockedSender),
            ("550 5.2.1 the mailbox is disabled", Other),
            ("550 5.4.1 Recipient address rejected: Access denied", UserUnknown),
            ("554 5.7.1 Recipient address rejected: Access denied", BlockedSender),
            ("550 Requested action not taken: mailbox unavailable", UserUnknown),
            ("450 Requested action not taken: mailbox unavailable", Temporary),
            ("550 5.7.1 Requested action not taken: mailbox unavailable", BlockedSender),
            ("552 5.2.2 over quota", MailboxFull),
            ("552 go away", MailboxFull),
            ("552 5.3.4 message size exceeds the limit", RejectedContent),
            ("551 somewhere else", UserUnknown),
            ("556 never", HostUnknown),
            ("550 never", Other),
            ("421 service not available", Temporary),
            ("451 4.7.1 greylisted, retry timeout exceeded", Expired),
            ("5.1.0 - Unknown address error 550-'5.7.1 content filter' (delivery attempts: 0)", RejectedContent),
            ("550 5.5.1 command rejected", Other),
            ("550 host mx.x.example said: 550 unknown user", UserUnknown),
            ("sender address rejected: domain not found", BlockedSender),
            ("recipient address rejected: domain not found", HostUnknown),
            ("550 5.1.1 Sender address rejected: User unknown in virtual mailbox table", BlockedSender),
            ("501 5.1.7 Invalid address", BlockedSender),
            ("553 sender address invalid", BlockedSender),
            ("550 5.7.1 sender address is not valid", BlockedSender),
            ("550 sender address <a@x.example> does not exist", BlockedSender),
            ("550 5.1.8 domain not found", BlockedSender),
            ("550 Unknown user (in reply to MAIL FROM command)", BlockedSender),
            ("550 no such user, returned to sender: unknown", UserUnknown),
            ("5.1.0 - Unknown address error 554-'Service unavailable'", Other),
            ("5.1.0 - Unknown address error 550-'5.1.1 nothing' (delivery attempts: 0)", UserUnknown),
        ] {
            assert_eq!(judge(&[text], None, true).reason, reason, "{text}");
        }
    }

    #[test]
    fn d4_what_may_be_said_of_the_sender_is_not_lasting() {
        for text in [
            "501 5.1.7 Invalid address",
            "553 sender address invalid",
            "550 5.1.7 sender address is not valid",
            "550 5.1.7 no such user",
            "550 sender address does not exist",
            "550 5.1.1 sender <a@x.example>: no such user",
            "550 5.1.1 sender <a@x.example>: rejected",
            "550 5.7.27 null MX",
            "550 Invalid address of the sender",
            "501 Invalid address: the return path is not known",
            "host mx.x.example said: 501 invalid address (in reply to MAIL FROM command)",
            "SMTP error from remote mail server after MAIL FROM:<a@x.example> SIZE=1: 550 no such user",
            "550 Absender <a@x.example> unbekannt: Adresse ungültig",
        ] {
            assert!(!judge(&[text], None, true).lasting, "{text}");
        }
        let said = "550 no such user (in reply to MAIL FROM command)";
        assert!(!judge(&["550 no such user", said], Some(Status::new(5, 0, 0)), true).lasting);
        assert!(!judge(&["no such user"], Some(Status::new(5, 1, 8)), true).lasting);
        assert!(!judge(&["501 Invalid address", "501 5.1.7 Invalid address"], None, true).lasting);
        for text in [
            "550 5.1.1 no such user",
            "550 no such user here, message returned to sender",
            "550 no such user (in reply to RCPT TO command)",
        ] {
            assert!(judge(&[text], None, true).lasting, "{text}");
        }
    }

    #[test]
    fn d4_of_an_address_that_nobody_could_look_up_nothing_is_lasting() {
        for text in [
            "550 5.1.1 recipient verification failed: callout timed out, try again later",
            "550 recipient verification",
            "550 5.1.1 User unknown; recipient database temporarily unavailable",
            "550 5.1.1 no such user, please try again later",
            "550 5.1.1 the recipient could not be looked up, retry later",
        ] {
            assert!(!judge(&[text], Some(Status::new(5, 1, 1)), true).lasting, "{text}");
        }
        // What readers are told to do is not what the server knows.
        let text = "550 5.1.1 no such user: check the address for spelling mistakes and try again";
        assert!(judge(&[text], None, true).lasting);
    }

    #[test]
    fn d4_too_many_unknown_addresses_and_a_domain_that_sends_are_the_senders() {
        for text in [
            "550 5.1.1 Too many invalid recipients from your host, connection blocked",
            "550 Mail from 192.0.2.10 rejected, unknown user rate too high (dictionary attack)",
            "550 5.1.2 the sending domain has no MX record: host unknown",
            "550 Requested action not taken: mailbox unavailable; invalid DNS MX or A/AAAA resource record",
        ] {
            assert_eq!(judge(&[text], None, true).reason, Reason::BlockedSender, "{text}");
        }
    }

    #[test]
    fn d4_what_is_only_vague_is_not_lasting() {
        let judged = |text: &str| {
            let judged = judge(&[text], None, true);
            (judged.reason, judged.lasting)
        };
        assert_eq!(judged("5.1.0 - Unknown address error 554-'Service unavailable'"), (Reason::Other, false));
        assert_eq!(judged("550 5.1.0 recipient rejected"), (Reason::UserUnknown, false));
        assert_eq!(judged("550 address rejected"), (Reason::UserUnknown, false));
        assert_eq!(judged("mailbox unavailable"), (Reason::UserUnknown, false));
        assert_eq!(judged("550 mailbox unavailable"), (Reason::UserUnknown, true));
        assert_eq!(judged("511 no"), (Reason::UserUnknown, false));
        assert_eq!(judged("551 no"), (Reason::UserUnknown, true));
    }

    #[test]
    fn d4_a_name_that_could_not_be_looked_up_is_lasting_only_where_a_code_says_so() {
        for text in [
            "Unable to lookup DNS for home.example",
            "could not resolve home.example",
            "all host address lookups failed",
            "Name service error for name=home.example: Host not found, try again",
        ] {
            let judged = judge(&[text], None, true);
            assert_eq!((judged.reason, judged.lasting), (Reason::HostUnknown, false), "{text}");
            assert!(judge(&[text], Some(Status::new(5, 4, 4)), true).lasting, "{text}");
            assert!(!judge(&[text], Some(Status::new(4, 4, 3)), true).lasting, "{text}");
        }
        for text in [
            "could not resolve home.example: NXDOMAIN",
            "Unable to lookup DNS for home.example: host not found",
            "could not resolve home.example: domain does not exist",
        ] {
            assert!(judge(&[text], None, true).lasting, "{text}");
        }
    }

    #[test]
    fn what_was_put_off_until_the_time_was_over_is_expired() {
        let reason = |field: Option<Status>| judge(&["451 4.7.1 Greylisted"], field, true).reason;
        assert_eq!(reason(None), Reason::Temporary);
        assert_eq!(reason(Some(Status::new(4, 4, 7))), Reason::Expired);
        assert_eq!(judge(&["451 4.4.3 Host not found, try again"], None, true).reason, Reason::Expired);
    }

    #[test]
    fn the_status_is_the_one_that_says_most() {
        let read = |text: &str, field: Option<(u8, u16, u16)>| {
            let field = field.map(|(class, subject, detail)| Status::new(class, subject, detail));
            judge(&[text], field, true).status.map(|status| status.to_string())
        };
        assert_eq!(read("550 5.1.1 no", Some((5, 0, 0))).as_deref(), Some("5.1.1"));
        assert_eq!(read("550 5.7.1 no", Some((5, 1, 1))).as_deref(), Some("5.1.1"));
        assert_eq!(read("550 5.1.1 no", Some((4, 4, 7))).as_deref(), Some("5.1.1"));
        assert_eq!(read("552 no", None).as_deref(), Some("5.2.2"));
        assert_eq!(read("no", None), None);
    }

    #[test]
    fn what_is_only_for_now_is_not_lasting() {
        assert!(!judge(&["450 4.1.1 user unknown"], Some(Status::new(5, 1, 1)), true).lasting);
        assert!(judge(&["550 user unknown"], Some(Status::new(4, 4, 7)), true).lasting);
        assert!(judge(&["user unknown"], None, true).lasting);
        assert_eq!(judge(&["550 user unknown"], None, false).reason, Reason::Temporary);
    }
}

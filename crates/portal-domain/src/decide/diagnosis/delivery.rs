//! What became of the mail with the link.

use std::time::Duration;

use super::{Case, LATELY, said, seen};
use crate::{
    finding::{
        Evidence, Fact, Finding, FindingCode, RemedyCommand,
        Severity::{self, Blocks, Hinders},
    },
    link::{LinkState, TracedLink},
    message::{Attempt, Delivery, DeliveryState, MessageKind, SentAs},
    returned::{Reason, Suppression},
    throttle::mailbox_is_full,
    time::{Timestamp, in_words},
};

/// Mail scanners open links within seconds of delivery; an opening by then says nothing of the reader.
const SCANNERS: Duration = Duration::from_secs(10);
/// So many attempts are shown.
const SHOWN: usize = 3;

pub(super) fn findings(case: &Case<'_>) -> Vec<Finding> {
    if case.live().is_none() {
        return Vec::new();
    }
    let severity = if case.has_password() { Hinders } else { Blocks };
    let mut findings = Vec::new();
    let newest = newest(case);
    if let Some(mail) = newest {
        let traced = traced(case, mail);
        findings.extend(on_its_way(case, mail, severity));
        findings.extend(sender(case, mail, severity));
        findings.extend(traced.and_then(|link| of_link(case, mail, link, severity)));
        findings.extend(traced.and_then(|link| older_link(case, mail, link, severity)));
    }
    findings.extend(suppressed(case, severity));
    if !case.has_password() {
        findings.extend(no_link(case, &findings));
        let explanation =
            "The client has not set a password yet. The link in the mail leads to the page where that is done.";
        findings.push(said(FindingCode::PasswordNotSet, Blocks, "No password yet", explanation));
    }
    if mailbox_is_full(case.asked, case.now) {
        let explanation = "So many links were asked for at this address that no more is mailed for a while, at most 3 an hour and \
                           10 a day. The newest link that came works. Staff can send one all the same.";
        let asked = case.asked.iter().rev().take(SHOWN).map(|at| asked_for(case, *at));
        findings.push(
            said(FindingCode::MailLimitReached, Hinders, "Too many links were asked for", explanation).seen(asked),
        );
    }
    findings
}

/// A mail that counts against the limit (G3): asked for by a form, or by trying another address.
fn asked_for(case: &Case<'_>, at: Timestamp) -> Evidence {
    let hint = |mail: &Delivery| mail.message.kind() == MessageKind::Hint && mail.message.created_at == at;
    let hinted = case.mail.iter().any(hint);
    seen(at, if hinted { "the right address was mailed, after a try at another" } else { "a link was asked for" })
}

/// The newest mail with a link to set a password, where it still tells something: with a password, only what was sent after it was
/// set and after the last sign-in, lately.
fn newest<'a>(case: &Case<'a>) -> Option<&'a Delivery> {
    let mail = case.mail.iter().find(|it| sets_password(case, it) && it.state != DeliveryState::Cancelled)?;
    let sent = mail.message.created_at;
    let set_at = case.live().and_then(|login| login.login.credential.as_ref()).map(|credential| credential.set_at);
    let over = set_at.is_some_and(|set| sent <= set)
        || case.last_sign_in().is_some_and(|at| sent <= at)
        || (set_at.is_some() && case.now.since(sent) >= LATELY);
    (!over).then_some(mail)
}

/// When the newest link went out, whatever became of it.
pub(super) fn newest_sent_at(case: &Case<'_>) -> Option<Timestamp> {
    case.mail.iter().find(|mail| sets_password(case, mail)).map(|mail| mail.message.created_at)
}

/// Whether it has a link for the login that the contact is behind now.
fn sets_password(case: &Case<'_>, mail: &Delivery) -> bool {
    let kind = matches!(mail.message.kind(), MessageKind::Activation | MessageKind::Reset | MessageKind::Reminder);
    kind && case.live().is_some_and(|login| mail.message.about.login() == Some(login.login.id))
}

/// Links of the login that the contact is behind now, the newest first.
fn own_links<'a>(case: &Case<'a>) -> impl Iterator<Item = &'a TracedLink> {
    let login = case.live().map(|login| login.login.id);
    case.links.iter().filter(move |traced| Some(traced.link.login) == login)
}

/// When somebody read the link, and no scanner: the last time that it was opened, later than scanners do after any mail with it.
fn read_at(case: &Case<'_>, traced: &TracedLink) -> Option<Timestamp> {
    let mail = || case.mail.iter().filter(|mail| mail.message.link == Some(traced.link.id)).filter_map(accepted_at);
    let by_a_person = |opened: &Timestamp| {
        let accepted = mail().filter(|accepted| accepted <= opened).max().unwrap_or(traced.link.created_at);
        *opened >= accepted.after(SCANNERS)
    };
    traced.opened.and_then(|opened| [opened.last, opened.first].into_iter().find(by_a_person))
}

/// Whether a link to the present first address was read or used: mail to it arrives.
pub(super) fn was_read(case: &Case<'_>) -> bool {
    let first = case.facts.contact.as_ref().and_then(|contact| contact.emails.first());
    let to_it = case.links.iter().filter(|traced| first.is_some_and(|first| traced.link.key() == first.key()));
    to_it.into_iter().any(|traced| traced.link.used_at.is_some() || read_at(case, traced).is_some())
}

fn traced<'a>(case: &Case<'a>, mail: &Delivery) -> Option<&'a TracedLink> {
    let id = mail.message.link?;
    own_links(case).find(|traced| traced.link.id == id)
}

fn on_its_way(case: &Case<'_>, mail: &Delivery, severity: Severity) -> Option<Finding> {
    let to = &mail.message.to;
    let queued = seen(mail.message.created_at, Fact::said("written to ").address(to));
    let attempts = mail.attempts.iter().rev().take(SHOWN).map(attempt);
    let (code, title, explanation) = match mail.state {
        DeliveryState::Queued | DeliveryState::Sending => {
            let explanation = "The mail with the link is written and has not left yet, which takes moments as a rule, and longer while \
                               many are invited. If it still waits in a few minutes, whoever runs the portal finds the cause with \
                               `portal doctor`.";
            (FindingCode::MailQueued, "The mail is waiting to leave", explanation)
        }
        DeliveryState::Deferred => {
            let reason = mail.attempts.last().and_then(|last| last.reason);
            (FindingCode::MailDeferred, "The mail is being tried again", put_off(reason))
        }
        // That nothing is mailed to the address says it better.
        DeliveryState::Failed if is_withheld(case, mail) => return None,
        DeliveryState::Failed => {
            let reason = mail.attempts.last().and_then(|last| last.reason);
            (FindingCode::MailFailed, "The mail could not be delivered", undelivered(reason))
        }
        DeliveryState::Bounced => {
            let reason = mail.attempts.iter().rev().find_map(|attempt| attempt.reason);
            (FindingCode::MailBounced, "The mail came back", undelivered(reason))
        }
        DeliveryState::Accepted | DeliveryState::Complained | DeliveryState::Cancelled => return None,
    };
    let waits = matches!(mail.state, DeliveryState::Queued | DeliveryState::Sending | DeliveryState::Deferred);
    let (title, explanation) = match case.practice.suspended_at {
        Some(_) if waits => ("The mail is kept back while the practice is suspended", KEPT_BACK),
        _ => (title, explanation),
    };
    let finding = said(code, severity, title, explanation).seen(attempts).seen([queued]);
    let nowhere = mail.attempts.last().and_then(|last| last.reason) == Some(Reason::HostUnknown);
    Some(match mail.state {
        DeliveryState::Failed | DeliveryState::Bounced => finding.mended_by(RemedyCommand::Resend, "Send a new link"),
        // With a password the mail stays the newest with a link, until its turn comes.
        DeliveryState::Deferred if nowhere && severity == Blocks => {
            finding.mended_by(RemedyCommand::ChangeAddress, "Correct the address")
        }
        _ => finding,
    })
}

const KEPT_BACK: &str = "No mail leaves while the practice is suspended. Once whoever runs the service opens it again, the mail goes out, \
                         unless its link no longer works by then.";

/// What a mail that is tried again means for whoever helps. Without a reason no server was reached.
const fn put_off(reason: Option<Reason>) -> &'static str {
    match reason {
        Some(Reason::HostUnknown) => {
            "The part of the address after the @ is not found. Compare it with the client, sign by sign: where it is mistyped, the contact \
             is given the right one at once, rather than waited for. If it is right, the mail is tried again by itself, for a day."
        }
        Some(Reason::MailboxFull) => {
            "The client's mailbox is full. The mail is tried again by itself, for a day, and arrives once there is room in it; until then \
             another address is needed."
        }
        Some(_) => "The other mail server asked to try again later. That is done by itself, for a day.",
        None => {
            "The mail could not be handed over to any mail server; below is what went wrong. It is tried again by itself, for a day. The \
             client's address is not to blame; whoever runs the portal finds the cause with `portal doctor`."
        }
    }
}

/// What a mail that was not delivered means for whoever helps. Without a reason no server said no: what went wrong was here.
const fn undelivered(reason: Option<Reason>) -> &'static str {
    match reason {
        Some(Reason::UserUnknown) => {
            "The other mail server says that nobody has this address. Compare it with the client, sign by sign, before sending again."
        }
        Some(Reason::HostUnknown) => {
            "The part of the address after the @ takes no mail: there is no such domain, or no mail server behind it. Compare it with the \
             client, sign by sign, before sending again."
        }
        Some(Reason::MailboxFull) => {
            "The client's mailbox is full. Mail arrives again once there is room in it; until then another address is needed."
        }
        Some(Reason::RejectedContent) => {
            "The other mail server didn't like what the mail says or how it is made. The client's address is not to blame; whoever looks \
             after the client's mail can let it through."
        }
        Some(Reason::BlockedSender) => {
            "The other mail server takes no mail from the practice's mail server. The client's address is not to blame; whoever looks after \
             the practice's mail has to ask why."
        }
        Some(Reason::SenderNotAuthenticated) => {
            "The other mail server takes no mail that doesn't prove that it comes from the practice's domain. The client's address is not \
             to blame."
        }
        Some(Reason::Expired | Reason::Temporary) => {
            "The other mail server could not be reached or was busy until the time for trying was over. Sent again, the mail may well arrive."
        }
        None => {
            "The mail with the link could not be handed over to any mail server; below is what went wrong. The client's address is not to blame; \
             whoever runs the portal finds the cause with `portal doctor`. Send a new link after that."
        }
        Some(Reason::Other) => {
            "The mail with the link could not be delivered; below are the words of the other server, which name the cause. If they are \
             about the client's address, compare it sign by sign before sending again. If they name another one, the mail was passed \
             on to it, and it is that which doesn't work."
        }
    }
}

/// What keeps mail to the address back with which the contact signs in.
pub(super) fn suppression<'a>(case: &Case<'a>) -> Option<&'a Suppression> {
    case.facts.suppressed.get(case.live()?.login.key.as_ref()?)
}

/// Whether nothing left, because the address was suppressed by then.
fn is_withheld(case: &Case<'_>, mail: &Delivery) -> bool {
    let last = mail.attempts.last().filter(|last| last.reason.is_none());
    suppression(case).zip(last).is_some_and(|(suppressed, last)| suppressed.since <= last.at)
}

fn suppressed(case: &Case<'_>, severity: Severity) -> Option<Finding> {
    let suppressed = suppression(case)?;
    let explanation = "Mail to this address came back as undeliverable for good, so nothing is mailed to it any more. Compare the \
                       address with the client, sign by sign. If it is right after all, mail can go there again.";
    let evidence = seen(suppressed.since, Fact::said("came back: ").quoted(&suppressed.words));
    let finding = said(FindingCode::AddressSuppressed, severity, "Nothing is mailed to this address", explanation);
    Some(finding.seen([evidence]).mended_by(RemedyCommand::LiftAndResend, "Lift and send a new link"))
}

fn attempt(attempt: &Attempt) -> Evidence {
    let became = match attempt.state {
        DeliveryState::Accepted => "taken by the other server: ",
        DeliveryState::Deferred => "put off: ",
        DeliveryState::Failed => "refused: ",
        DeliveryState::Bounced => "came back: ",
        DeliveryState::Complained => "called unwanted by its reader: ",
        DeliveryState::Queued | DeliveryState::Sending | DeliveryState::Cancelled => "not sent: ",
    };
    seen(attempt.at, Fact::said(became).quoted(&attempt.reply))
}

/// Servers that refuse the practice's mail whatever the address.
fn sender(case: &Case<'_>, mail: &Delivery, severity: Severity) -> Option<Finding> {
    let undelivered = matches!(mail.state, DeliveryState::Failed | DeliveryState::Deferred | DeliveryState::Bounced);
    let told = mail.attempts.iter().rev().find(|attempt| attempt.reason.is_some()).filter(|_| undelivered)?;
    if told.reason != Some(Reason::SenderNotAuthenticated) || is_withheld(case, mail) {
        return None;
    }
    let explanation = "The other server takes no mail from the practice's own domain, because the domain doesn't prove that the mail is \
                       its own (SPF, DKIM, DMARC). The client's address is not to blame. Whoever looks after the domain has to put \
                       that right; until then the same happens to others at the same provider.";
    let title = "The practice's own domain is refused";
    Some(said(FindingCode::SenderNotAuthenticated, severity, title, explanation).seen([attempt(told)]))
}

fn accepted_at(mail: &Delivery) -> Option<Timestamp> {
    mail.attempts.iter().rev().find(|attempt| attempt.state == DeliveryState::Accepted).map(|attempt| attempt.at)
}

/// What became of a link whose mail was taken.
fn of_link(case: &Case<'_>, mail: &Delivery, traced: &TracedLink, severity: Severity) -> Option<Finding> {
    let link = &traced.link;
    let accepted = accepted_at(mail);
    let openings = openings(traced, accepted);
    match link.state(case.now) {
        LinkState::Used => None,
        LinkState::Dead | LinkState::Expired => Some(
            expired(severity).seen(openings).seen([seen(link.ended_at.unwrap_or(link.expires_at), "stopped working")]),
        ),
        LinkState::Usable => {
            let accepted = accepted?;
            let (to, subject) = (&mail.message.to, kind_in_words(mail.message.kind()));
            let taken =
                seen(accepted, Fact::said(subject).and(" to ").address(to).and(" was taken by the other server"));
            // Every link that works does, also one of an earlier mail (L4).
            let usable = own_links(case).filter(|other| other.link.state(case.now) == LinkState::Usable);
            let read = usable.filter(|other| read_at(case, other).is_some()).max_by_key(|other| read_at(case, other));
            let openings = match read.filter(|read| read.link.id != link.id) {
                Some(earlier) => {
                    let mail = case.mail.iter().find(|mail| mail.message.link == Some(earlier.link.id));
                    self::openings(earlier, mail.and_then(accepted_at))
                }
                None => openings,
            };
            // That it came back is told already.
            if read.is_none() && mail.state == DeliveryState::Bounced {
                return None;
            }
            let (code, title, explanation) = match read.is_some() {
                true => (
                    FindingCode::LinkOpenedNotUsed,
                    "The link was opened, and no password set",
                    "The client came as far as the page where the password is set, and left it. The same link works again; most \
                     often the password was refused as too short or too easy to guess."
                        .to_owned(),
                ),
                false => (
                    FindingCode::MailAcceptedUnused,
                    "The mail was delivered, and its link not used",
                    unread(mail, traced.opened.is_some()),
                ),
            };
            let complaint = mail.attempts.iter().rev().find(|attempt| attempt.state == DeliveryState::Complained);
            let complaint = complaint.map(self::attempt);
            let finding = said(code, severity, title, explanation).seen(openings).seen(complaint).seen([taken]);
            Some(finding.mended_by(RemedyCommand::Resend, "Send a new link"))
        }
    }
}

/// What is to do about a mail of whose reader nothing is known. What was opened within seconds may have been opened by anybody.
fn unread(mail: &Delivery, opened: bool) -> String {
    let look_for = mail.sent_as().map_or_else(|| "it".to_owned(), look_for);
    let look = format!("look for {look_for}, in spam and in other folders too, and check that the address is right.");
    match opened {
        true => format!(
            "The client's mail server took the mail, and its link was opened within seconds: by a program that scans mail, or by the \
             client. Ask whether the client sees a page to set a password. If not, let the client {look}"
        ),
        false => {
            format!("The client's mail server took the mail, and nobody opened its link yet. Let the client {look}")
        }
    }
}

fn expired(severity: Severity) -> Finding {
    let explanation = "The link that was mailed no longer works. A new one takes its place.";
    said(FindingCode::LinkExpired, severity, "The link no longer works", explanation)
        .mended_by(RemedyCommand::Resend, "Send a new link")
}

/// Nothing with which a first password can be set, and nobody has said so yet.
fn no_link(case: &Case<'_>, findings: &[Finding]) -> Option<Finding> {
    let usable = case.live()?.links.iter().any(|link| link.state(case.now) == LinkState::Usable);
    let told = findings.iter().any(|finding| finding.code == FindingCode::LinkExpired);
    let last = own_links(case).next().map(|traced| &traced.link);
    let ended = last.map(|link| seen(link.ended_at.unwrap_or(link.expires_at).min(case.now), "stopped working"));
    (!usable && !told).then(|| expired(Blocks).seen(ended))
}

fn openings(traced: &TracedLink, accepted: Option<Timestamp>) -> Vec<Evidence> {
    let Some(opened) = traced.opened else { return Vec::new() };
    let seen_at = |at: Timestamp, opened: Fact| match accepted {
        Some(accepted) => {
            seen(at, opened.and(", ").value(in_words(at.since(accepted))).and(" after the mail was taken"))
        }
        None => seen(at, opened),
    };
    let first = seen_at(opened.first, Fact::said("the link was opened"));
    match opened.last > opened.first {
        true => vec![seen_at(opened.last, Fact::said("the link was last opened")), first],
        false => vec![first],
    }
}

/// Somebody opened a link that no longer worked, though a newer one does, and not the newer one since.
fn older_link(case: &Case<'_>, mail: &Delivery, newest: &TracedLink, severity: Severity) -> Option<Finding> {
    if newest.link.state(case.now) != LinkState::Usable {
        return None;
    }
    let since = newest.opened.map_or(mail.message.created_at, |opened| opened.last.max(mail.message.created_at));
    let older = own_links(case).filter(|traced| traced.link.id != newest.link.id);
    let opened = older.filter_map(|traced| {
        let last = traced.opened?.last;
        (last > since && traced.link.state(last) != LinkState::Usable).then_some(last)
    });
    let at = opened.max()?;
    let explanation =
        "The client opened an older mail, whose link no longer works. The newest mail has the one that does.";
    let finding = said(FindingCode::NewerLinkSent, severity, "An older link was opened", explanation);
    let evidence = [
        seen(at, "a link was opened that no longer works"),
        seen(mail.message.created_at, Fact::said("the newest link went to ").address(&mail.message.to)),
    ];
    Some(finding.seen(evidence).mended_by(RemedyCommand::Resend, "Send a new link"))
}

fn look_for(SentAs { subject, sender }: &SentAs) -> String {
    format!("“{subject}” from {sender}")
}

const fn kind_in_words(kind: MessageKind) -> &'static str {
    match kind {
        MessageKind::Reset => "the mail to set a new password",
        MessageKind::Reminder => "the reminder of the invitation",
        _ => "the invitation",
    }
}

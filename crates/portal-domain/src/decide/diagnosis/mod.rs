//! Why somebody can't get in (section X): facts in, findings out. Nothing is changed, and nothing else is asked.

mod access;
mod address;
mod delivery;
mod lately;
mod report;
mod tries;

use std::{cmp::Reverse, time::Duration};

pub use self::{
    address::{AddressCase, diagnose_address},
    lately::lately,
    report::{REPORTED, Reported, support_report},
};
use super::door_open;
use crate::{
    Door,
    contact::Contact,
    email::EmailAddress,
    facts::{ContactFacts, LoginFacts},
    finding::{Evidence, Fact, Finding, FindingCode, Remedy, RemedyCommand, Severity},
    link::TracedLink,
    message::Delivery,
    practice::Practice,
    status::{PortalStatus, portal_part},
    throttle::{NOTES_KEPT, PlacedTry},
    time::Timestamp,
};

const DAY: Duration = Duration::from_secs(24 * 3600);
/// What is older tells nothing of a call of today, but for tries at another address: what was typed a month ago is typed again.
const LATELY: Duration = Duration::from_secs(7 * 24 * 3600);
/// So long a session may be without any use before its cookie counts as lost.
const FIRST_USE: Duration = Duration::from_secs(60);

/// All that a diagnosis of a contact looks at.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// The practice.
    pub practice: &'a Practice,
    /// The contact; the holders of all keys of its list among the facts.
    pub facts: &'a ContactFacts,
    /// The newest messages about the contact, the newest first.
    pub mail: &'a [Delivery],
    /// The newest links written to it, the newest first.
    pub links: &'a [TracedLink],
    /// Tries to sign in at keys that are or were the contact's, and at nobody's that are near its first; the newest first.
    pub tries: &'a [PlacedTry],
    /// When mail was written to the login that anybody could ask for, in the last day (G3).
    pub asked: &'a [Timestamp],
    /// The time.
    pub now: Timestamp,
}

impl<'a> Case<'a> {
    /// The live login, where the contact has access.
    fn live(&self) -> Option<&'a LoginFacts> {
        self.facts.login.as_ref().filter(|login| login.login.key.is_some())
    }

    fn has_password(&self) -> bool {
        self.live().is_some_and(|login| login.login.credential.is_some())
    }

    fn last_sign_in(&self) -> Option<Timestamp> {
        self.live()?.last_sign_in_at
    }

    /// From when on something tells of the trouble of today: since the last sign-in, and lately.
    fn since(&self) -> Timestamp {
        self.since_sign_in(LATELY)
    }

    /// From when on tries at another address than that which signs in tell of something: since the last sign-in, as long as they are
    /// remembered.
    fn remembered_since(&self) -> Timestamp {
        self.since_sign_in(NOTES_KEPT)
    }

    fn since_sign_in(&self, most: Duration) -> Timestamp {
        let since = self.now.before(most);
        self.last_sign_in().map_or(since, |at| at.max(since))
    }

    fn is_open(&self) -> bool {
        let part = portal_part(self.practice, self.facts, self.now);
        part.is_some_and(|part| part.status == PortalStatus::Active) && door_open(self.practice, Door::Portal).is_ok()
    }
}

/// Why a contact can't get in, in order of likelihood (X1, X2); nothing where there is no contact.
///
/// A suspended practice shuts everybody out, so that stands at the top. Else what blocks comes first, in the order of
/// [`FindingCode::ALL`]; then what happened lately, the newest first. `all_clear` is among them exactly where the right password would
/// sign in and show a profile.
pub fn diagnose(case: &Case<'_>) -> Vec<Finding> {
    let Some(contact) = &case.facts.contact else { return Vec::new() };
    let mut findings = access::findings(case, contact);
    findings.extend(delivery::findings(case));
    findings.extend(tries::findings(case, contact));
    findings.extend(sessions(case));
    findings.extend(asides(case, contact));
    let blocked = findings.iter().any(|finding| finding.severity == Severity::Blocks);
    if case.is_open() {
        findings.push(all_clear(case));
    } else if !blocked && case.practice.suspended_at.is_none() {
        findings.push(unexplained());
    }
    if delivery::suppression(case).is_some() {
        findings.iter_mut().filter_map(|finding| finding.remedy.as_mut()).for_each(lift_first);
    }
    findings.sort_by_key(rank);
    if let Some(at) = case.practice.suspended_at {
        findings.insert(0, closed(at));
    }
    findings
}

/// A new link alone would not leave.
fn lift_first(remedy: &mut Remedy) {
    if remedy.command == RemedyCommand::Resend {
        remedy.command = RemedyCommand::LiftAndResend;
        "Lift and send a new link".clone_into(&mut remedy.label);
    }
}

/// The order of likelihood.
fn rank(finding: &Finding) -> (u8, Reverse<Option<Timestamp>>, FindingCode) {
    let newest = finding.evidence.iter().filter_map(|it| it.at).max();
    match finding.severity {
        Severity::Blocks => (0, Reverse(None), finding.code),
        Severity::Hinders => (1, Reverse(newest), finding.code),
        Severity::Info if finding.code == FindingCode::AllClear => (2, Reverse(None), finding.code),
        Severity::Info => (3, Reverse(None), finding.code),
    }
}

fn all_clear(case: &Case<'_>) -> Finding {
    let explanation = "Nothing is in the way: the right password signs in, in any browser.";
    let address = case.facts.contact.as_ref().and_then(|contact| contact.emails.first());
    let evidence = address.map(|address| known(Fact::said("signs in with ").address(address)));
    said(FindingCode::AllClear, Severity::Info, "Can get in", explanation).seen(evidence)
}

/// The practice is suspended; X2 has no code for that.
fn closed(at: Timestamp) -> Finding {
    let explanation = "The practice is suspended, so its portal is closed: nobody can sign in, and no mail leaves, until whoever runs the \
                       service opens it again. Nothing that is done for this client changes that.";
    said(FindingCode::Unexplained, Severity::Blocks, "The practice's portal is closed", explanation)
        .seen([seen(at, "the practice was suspended")])
}

fn unexplained() -> Finding {
    let explanation =
        "The client can't get in, and nothing that is known here says why. Whoever helps needs the report.";
    said(FindingCode::Unexplained, Severity::Blocks, "No reason found", explanation)
        .mended_by(RemedyCommand::CopyReport, "Copy the report")
}

fn sessions(case: &Case<'_>) -> Vec<Finding> {
    let Some(login) = case.live() else { return Vec::new() };
    let mut findings = Vec::new();
    let newest = login.sessions.iter().max_by_key(|session| session.created_at);
    let unused = newest.filter(|session| {
        let age = case.now.since(session.created_at);
        !session.told && session.last_seen_at == session.created_at && age >= FIRST_USE && age < LATELY
    });
    if let Some(session) = unused {
        let explanation = "The password was right, but no page was opened afterwards with that sign-in: the browser most likely \
                           refuses cookies. They have to be allowed for the portal's address, or another browser used.";
        let title = "Signed in, and the browser forgot it";
        let signed_in = match session.user_agent.as_deref() {
            Some(browser) => Fact::said("signed in from ").quoted(browser),
            None => Fact::said("signed in from a browser that gives no name"),
        };
        let evidence = seen(session.created_at, signed_in.and(", and never seen again"));
        findings.push(said(FindingCode::SessionNeverUsed, Severity::Hinders, title, explanation).seen([evidence]));
    }
    if let Some(at) = login.last_sign_in_at.filter(|at| case.now.since(*at) < DAY) {
        let explanation =
            "Somebody signed in with this address in the last 24 hours, so address and password were right then.";
        let evidence = [seen(at, "signed in")];
        findings.push(
            said(FindingCode::SignedInRecently, Severity::Info, "Signed in not long ago", explanation).seen(evidence),
        );
    }
    findings
}

/// What is good to know, and in nobody's way.
fn asides(case: &Case<'_>, contact: &Contact) -> Vec<Finding> {
    let mut findings = Vec::new();
    let members = case.live().into_iter().flat_map(|login| &login.members);
    let others: Vec<_> = members.filter(|member| member.contact.id != contact.id).collect();
    if !others.is_empty() {
        let facts = others.iter().map(|member| Fact::of(&member.contact.name).and(" signs in with the same address"));
        let explanation =
            "Several people share this sign-in and its password. Who changes it, changes it for all of them.";
        findings
            .push(said(FindingCode::SharedLogin, Severity::Info, "Shared sign-in", explanation).seen(facts.map(known)));
    }
    if let Some(refused) = &contact.refused_update {
        let explanation = "The last change that came from the practice's own software was refused, so it may show another \
                           address there than here. It has to be corrected there and sent again.";
        let fact = Fact::said("refused as ").value(&refused.code);
        let fact = match refused.emails.as_ref().map(|emails| emails.split_first()) {
            None => fact,
            Some(None) => fact.and(", with no address"),
            Some(Some((one, more))) => {
                let with = fact.and(", with ").given_as_address(one);
                more.iter().fold(with, |fact, given| fact.and(", ").given_as_address(given))
            }
        };
        let title = "A change was refused";
        findings.push(
            said(FindingCode::HostUpdateRefused, Severity::Hinders, title, explanation).seen([seen(refused.at, fact)]),
        );
    }
    let severity = if case.live().is_some() && !case.has_password() { Severity::Blocks } else { Severity::Hinders };
    let unproven = contact.emails.first().filter(|_| case.last_sign_in().is_none() && !delivery::was_read(case));
    findings.extend(unproven.and_then(|first| suspicious(first, severity)));
    findings
}

/// An address that looks wrong (E5), while nobody has ever signed in with it nor read mail at it. What became of the mail is told after it: an address
/// that is wrong explains that too.
fn suspicious(first: &EmailAddress, severity: Severity) -> Option<Finding> {
    use crate::email::EmailWarning::{ConfusableDomain, LikelyTypo, MixedScripts, NoMailFromOutside, RoleAddress};
    let warnings = first.warnings();
    let domain = || Fact::said("the domain of ").address(first);
    let doubtful = warnings.iter().filter_map(|warning| match warning {
        LikelyTypo { instead } => {
            Some((Fact::default().address(first).and(": probably ").address(instead).and(" is meant"), Some(instead)))
        }
        ConfusableDomain => Some((domain().and(" looks like another one"), None)),
        MixedScripts => Some((domain().and(" mixes alphabets"), None)),
        NoMailFromOutside => Some((domain().and(" gets no mail from outside"), None)),
        RoleAddress => None,
    });
    let (facts, instead): (Vec<_>, Vec<_>) = doubtful.unzip();
    if facts.is_empty() {
        return None;
    }
    let explanation = "Nobody has signed in with this address yet, and it looks mistyped. Ask the client to spell it.";
    let finding = said(FindingCode::SuspiciousDomain, severity, "The address looks wrong", explanation)
        .seen(facts.into_iter().map(known));
    Some(match instead.into_iter().flatten().next() {
        Some(instead) => finding.mended_by(RemedyCommand::ChangeAddress, "Correct the address").about(instead),
        None => finding.mended_by(RemedyCommand::ChangeAddress, "Change the address"),
    })
}

/// A finding without evidence and remedy.
fn said(code: FindingCode, severity: Severity, title: &'static str, explanation: impl Into<String>) -> Finding {
    Finding { code, severity, title, explanation: explanation.into(), evidence: Vec::new(), remedy: None }
}

fn seen(at: Timestamp, fact: impl Into<Fact>) -> Evidence {
    Evidence { at: Some(at), fact: fact.into() }
}

fn known(fact: impl Into<Fact>) -> Evidence {
    Evidence { at: None, fact: fact.into() }
}

impl Finding {
    fn seen(mut self, evidence: impl IntoIterator<Item = Evidence>) -> Self {
        self.evidence.extend(evidence);
        self
    }

    fn mended_by(mut self, command: RemedyCommand, label: &str) -> Self {
        self.remedy = Some(Remedy { command, label: label.to_owned(), address: None, client: None });
        self
    }

    /// Names the address that the remedy is about.
    fn about(mut self, address: &str) -> Self {
        if let Some(remedy) = &mut self.remedy {
            remedy.address = Some(address.to_owned());
        }
        self
    }
}

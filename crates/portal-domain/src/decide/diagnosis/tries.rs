//! What the client tried.

use super::{Case, delivery, said, seen};
use crate::{
    contact::Contact,
    email::LoginKey,
    finding::{
        Evidence, Fact, Finding, FindingCode, RemedyCommand,
        Severity::{self, Blocks, Hinders, Info},
    },
    throttle::PlacedTry,
    time::Timestamp,
};

/// So many tries are shown.
const SHOWN: usize = 3;

pub(super) fn findings(case: &Case<'_>, contact: &Contact) -> Vec<Finding> {
    let Some(own) = case.live().and_then(|login| login.login.key.as_ref()) else { return Vec::new() };
    let mut findings = Vec::new();
    if let Some(until) = case.facts.locked.get(own).filter(|_| case.has_password()) {
        let explanation = "After many wrong passwords in a row each further one costs a pause. It ends by itself, and at once when the \
                           client sets a new password by a link.";
        let until = seen(*until, "the pause ends");
        findings
            .push(said(FindingCode::LockedUntil, Blocks, "A pause after wrong passwords", explanation).seen([until]));
    }
    findings.extend(wrong(case, own));
    findings.extend(elsewhere(case, contact));
    findings.extend(near(case, contact));
    findings
}

/// Wrong passwords at the right address, since the client last got in or a link went out.
fn wrong(case: &Case<'_>, own: &LoginKey) -> Vec<Finding> {
    let since = delivery::newest_sent_at(case).map_or(case.since(), |sent| sent.max(case.since()));
    let wrong: Vec<_> = after(case, since).filter(|it| it.key == *own && !it.right && !it.noted.for_reset).collect();
    if wrong.is_empty() || !case.has_password() {
        return Vec::new();
    }
    let explanation = "Somebody tried this address with a wrong password. If the client doesn't remember it, a link to set a new one is \
                       quicker than guessing.";
    let tried = wrong.iter().take(SHOWN).map(|it| seen(it.noted.at, wanted(it).and(": wrong password")));
    let title = "The password was wrong";
    let finding = said(FindingCode::WrongPasswordRecently, Hinders, title, explanation).seen(tried);
    let explanation = "No link was sent to this address since the wrong password. If the client asked for one, another address was \
                       probably typed: nobody is told whether an address is known.";
    let no_reset = said(FindingCode::NoResetRequested, Info, "No new link was asked for", explanation);
    [finding, no_reset].map(|finding| finding.mended_by(RemedyCommand::Resend, "Send a link")).into()
}

/// Tries at the contact's other addresses, and at former ones, that nobody signs in with.
fn elsewhere(case: &Case<'_>, contact: &Contact) -> Vec<Finding> {
    let since = case.remembered_since();
    let moved = contact.moved_from.as_ref().map_or(since, |moved| moved.at.max(since));
    let first = contact.emails.first().map(|first| first.as_str()).unwrap_or_default();
    let mut findings = Vec::new();
    for address in contact.emails.iter().skip(1) {
        let at: Vec<_> = after(case, moved).filter(|it| it.key == *address.key()).take(SHOWN).collect();
        if let Some(newest) = at.first() {
            let tried = at.iter().map(|it| at_address(it, address.as_str()));
            let instead = first_or_top(address.as_str(), first);
            findings.push(not_the_first(address.as_str(), &instead, weight(case, newest)).seen(tried));
        }
    }
    let in_list = |key: &LoginKey| contact.emails.iter().any(|address| address.key() == key);
    let former = after(case, moved).filter(|it| case.facts.former_keys.contains(&it.key) && !in_list(&it.key));
    let former: Vec<_> = former.take(SHOWN).collect();
    if let Some(newest) = former.first() {
        let finding = said(FindingCode::FormerAddress, weight(case, newest), FORMER, former_explained(first));
        findings.push(finding.seen(former.iter().map(|it| at_address(it, it.key.as_str()))));
    }
    findings
}

pub(super) const FORMER: &str = "A former address was used";

pub(super) fn former_explained(first: &str) -> String {
    former_and(&format!("The client signs in with {first}."))
}

pub(super) fn former_and(instead: &str) -> String {
    format!("This was the contact's address before, and signs in no longer. {instead}")
}

/// What is to do where an address is not the first, and the first is the client's to sign in with.
pub(super) fn first_or_top(address: &str, first: &str) -> String {
    format!("Either the client signs in with {first}, or {address} is moved to the top.")
}

pub(super) fn not_the_first(address: &str, instead: &str, severity: Severity) -> Finding {
    let explanation = format!(
        "The contact has {address}, but not as the first of its addresses, and only the first signs in. {instead}"
    );
    said(FindingCode::NotTheFirstAddress, severity, "Not the first address", explanation)
        .mended_by(RemedyCommand::MoveToTop, &format!("Move {address} to the top"))
        .about(address)
}

/// Tries at addresses that nobody has and that are one slip away.
fn near(case: &Case<'_>, contact: &Contact) -> Option<Finding> {
    let own = |key: &LoginKey| {
        case.facts.former_keys.contains(key) || contact.emails.iter().any(|address| address.key() == key)
    };
    let near: Vec<_> = after(case, case.remembered_since()).filter(|it| !own(&it.key)).take(SHOWN).collect();
    let first = contact.emails.first()?;
    let explanation = format!(
        "Somebody typed an address that is nobody's, and nearly the contact's. The client signs in with {first}."
    );
    let weight = weight(case, near.first()?);
    let finding = said(FindingCode::NearMissAddress, weight, "The address was mistyped", explanation);
    Some(finding.seen(near.iter().map(|it| at_address(it, it.key.as_str()))))
}

/// What a try at another address weighs: lately it is most likely the trouble, before it is good to know.
fn weight(case: &Case<'_>, newest: &PlacedTry) -> Severity {
    if newest.noted.at > case.since() { Hinders } else { Info }
}

fn after<'a>(case: &Case<'a>, since: Timestamp) -> impl Iterator<Item = &'a PlacedTry> {
    case.tries.iter().filter(move |it| it.noted.at > since)
}

fn at_address(it: &PlacedTry, address: &str) -> Evidence {
    seen(it.noted.at, wanted(it).and(": ").address(address))
}

fn wanted(it: &PlacedTry) -> Fact {
    let wanted = Fact::said(if it.noted.for_reset { "asked for a link" } else { "tried to sign in" });
    match it.noted.origin.as_deref() {
        Some(origin) => wanted.and(" from ").origin(origin),
        None => wanted,
    }
}

//! What is to say about an address as the client told it.

use super::{closed, known, said, tries};
use crate::{
    Named, Refusal,
    contact::{Contact, Place},
    email::{EmailAddress, EmailFault, LoginKey, mend},
    finding::{
        Fact, Finding, FindingCode,
        Severity::{Blocks, Info},
    },
    time::Timestamp,
};

/// An address as it was typed, and whose it is.
#[derive(Clone, Copy, Debug)]
pub struct AddressCase<'a> {
    /// Since when the practice is suspended.
    pub suspended_at: Option<Timestamp>,
    /// As it was typed.
    pub typed: &'a str,
    /// Read, or why it is none.
    pub address: Result<&'a EmailAddress, &'a EmailFault>,
    /// The practice user who has it.
    pub user: Option<&'a Named>,
    /// The contact it leads to, and where that has it; `None` where nobody has it or had it.
    pub contact: Option<(&'a Contact, Place)>,
    /// Why that contact can't be given access with its first address, where it can't.
    pub refusal: Option<&'a Refusal>,
    /// Addresses one slip away that somebody has, with who.
    pub near: &'a [(LoginKey, Named)],
}

/// What is to say about the address itself, before what is to say about the contact; before all else that the practice is suspended.
/// Nothing else where it is a contact's first.
pub fn diagnose_address(case: &AddressCase<'_>) -> Vec<Finding> {
    let mut findings = Vec::from_iter(case.suspended_at.map(closed));
    let address = match case.address {
        Ok(address) => address,
        Err(fault) => {
            findings.push(no_address(case.typed, fault));
            return findings;
        }
    };
    findings.extend(whose(case, address));
    if let Some(removed) = address.removed() {
        let explanation = "Characters that can't be seen stood around the address. They are taken away when it is typed or imported, \
                           so they are in nobody's way.";
        let finding = said(FindingCode::AddressWasTrimmed, Info, "Blanks were taken away", explanation);
        findings.push(finding.seen([known(Fact::default().value(removed))]));
    }
    findings
}

fn no_address(typed: &str, fault: &EmailFault) -> Finding {
    let meant: Vec<_> = mend(typed)
        .into_iter()
        .flatten()
        .map(|address| known(Fact::said("perhaps ").address(address).and(" is meant")))
        .collect();
    let explanation = format!("This can't be an email address: {fault}.");
    said(FindingCode::UnknownAddress, Blocks, "Not an email address", explanation).seen(meant)
}

fn whose(case: &AddressCase<'_>, address: &EmailAddress) -> Option<Finding> {
    if let Some(user) = case.user {
        let explanation = "The address belongs to somebody of the practice and signs in to the workspace, not to the portal. A client needs \
                           another one.";
        let finding = said(FindingCode::PracticeUserEmail, Blocks, "The address belongs to staff", explanation);
        return Some(
            finding.seen([known(Fact::default().address(address).and(" is the address of ").name(&user.name))]),
        );
    }
    match case.contact {
        Some((_, Place::First)) => None,
        Some((contact, Place::Other)) => {
            // As the contact has it, and not as it was typed.
            let listed = contact.emails.iter().find(|listed| listed.key() == address.key()).unwrap_or(address);
            let instead = match no_way_in(case, contact) {
                Some(because) => format!("{because} {listed} is to be moved to the top."),
                None => tries::first_or_top(listed.as_str(), &first(contact)),
            };
            Some(tries::not_the_first(listed.as_str(), &instead, Blocks))
        }
        Some((contact, Place::Former)) => {
            let explanation = match no_way_in(case, contact) {
                Some(because) => tries::former_and(&because),
                None => tries::former_explained(&first(contact)),
            };
            Some(said(FindingCode::FormerAddress, Blocks, "A former address", explanation))
        }
        None if case.near.is_empty() => {
            let explanation = "Nobody has this address here, not even nearly. Ask for the address that the practice has on file, or look \
                               the client up by name.";
            Some(said(FindingCode::UnknownAddress, Blocks, "Nobody has this address", explanation))
        }
        None => {
            let explanation = "Nobody has this address, but there is one that differs by a single slip. Compare the two with the client, \
                               sign by sign.";
            let near = case.near.iter().map(|(key, who)| known(Fact::of(&who.name).and(" has ").address(key)));
            Some(said(FindingCode::NearMissAddress, Blocks, "Nearly another address", explanation).seen(near))
        }
    }
}

fn first(contact: &Contact) -> String {
    contact.emails.first().map(ToString::to_string).unwrap_or_default()
}

/// Why the client can't be told to sign in with the contact's first address, where that is so.
fn no_way_in(case: &AddressCase<'_>, contact: &Contact) -> Option<String> {
    let first = first(contact);
    match case.refusal? {
        Refusal::NoEmail => Some("The contact has no address now.".to_owned()),
        Refusal::PracticeUserEmail { .. } => {
            Some(format!("The first, {first}, belongs to somebody of the practice, so no client signs in with it."))
        }
        Refusal::LoginEmailTaken { .. } => {
            Some(format!("The first, {first}, is taken: somebody else signs in with it."))
        }
        _ => None,
    }
}

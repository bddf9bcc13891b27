//! What is in the way before any mail or password: access, addresses, clients.

use super::{Case, known, said, seen};
use crate::{
    Named, Refusal,
    contact::{Access, Contact},
    decide::refusal_of_grant,
    email::EmailAddress,
    finding::{
        Fact, Finding, FindingCode, RemedyCommand,
        Severity::{self, Blocks},
    },
    practice::{Client, SharedLogin},
};

pub(super) fn findings(case: &Case<'_>, contact: &Contact) -> Vec<Finding> {
    let refusal = refusal_of_grant(case.practice, case.facts);
    let mut findings = Vec::new();
    findings.extend(refusal.as_ref().and_then(|refusal| refused(case, contact, refusal)));
    findings.extend(without_access(contact, refusal.is_some()));
    findings.extend(clients(case, contact));
    findings
}

/// Why access can't be given.
fn refused(case: &Case<'_>, contact: &Contact, refusal: &Refusal) -> Option<Finding> {
    let first = contact.emails.first();
    let address = first.map(EmailAddress::as_str).unwrap_or_default();
    let (code, title, explanation, evidence) = match refusal {
        Refusal::NoEmail => {
            let explanation = "The contact has no email address, and the first address is what a client signs in with.";
            (FindingCode::NoEmail, "No email address", explanation, Vec::new())
        }
        Refusal::PracticeUserEmail { user } => {
            let explanation = "The first address belongs to somebody of the practice, who signs in to the workspace with it. A \
                               client needs another one.";
            let fact = Fact::default().address(address).and(" is the address of ").name(&user.name);
            (FindingCode::PracticeUserEmail, "The address belongs to staff", explanation, vec![fact])
        }
        Refusal::LoginEmailTaken { contacts } => {
            let explanation = match case.practice.settings.shared_login {
                SharedLogin::Refuse => {
                    "Somebody else signs in with the first address, and the practice wants each client to have an address of \
                     their own."
                }
                SharedLogin::Join => {
                    "Somebody else signs in with the first address, with a password that was not set by a link to it: nobody \
                     knows yet that the address is theirs. Send them a new link; once they have used it, both can share the \
                     sign-in. Or give this contact another address."
                }
            };
            let taken = |by: &Named| Fact::of(&by.name).and(" signs in with ").address(address);
            (FindingCode::LoginEmailTaken, "The address is taken", explanation, contacts.iter().map(taken).collect())
        }
        _ => return None,
    };
    let finding = said(code, Blocks, title, explanation).seen(evidence.into_iter().map(known));
    Some(match next_usable(case, contact) {
        Some(next) => finding.mended_by(RemedyCommand::UseNextAddress, &format!("Use {next}")).about(next.as_str()),
        None => finding.mended_by(RemedyCommand::ChangeAddress, "Give another address"),
    })
}

/// The first of the other addresses that nobody signs in with.
fn next_usable<'a>(case: &Case<'_>, contact: &'a Contact) -> Option<&'a EmailAddress> {
    contact.emails.iter().skip(1).find(|address| !case.facts.holders.contains_key(address.key()))
}

fn without_access(contact: &Contact, refused: bool) -> Option<Finding> {
    let (code, title, explanation, command, label) = match contact.access {
        Access::Granted => return None,
        Access::NotActivated => {
            let explanation = "The contact was never given access, so there is neither a link nor a password.";
            (FindingCode::NotActivated, "Never activated", explanation, RemedyCommand::Activate, "Activate")
        }
        Access::Deactivated => {
            let explanation =
                "Access was taken away. Who has it no longer sees the same page as with a wrong password.";
            (FindingCode::Deactivated, "Access was taken away", explanation, RemedyCommand::Reactivate, "Reactivate")
        }
    };
    let finding = said(code, Blocks, title, explanation);
    let finding = finding.seen(contact.activated_at.map(|at| seen(at, "access was last given")));
    Some(if refused { finding } else { finding.mended_by(command, label) })
}

/// Whether there is anything to see after signing in (A5).
fn clients(case: &Case<'_>, contact: &Contact) -> Vec<Finding> {
    let own: Vec<_> = case.facts.clients.iter().filter(|client| contact.clients.contains(&client.id)).collect();
    if own.is_empty() {
        let explanation = "The contact belongs to no client, so there is nothing to show after signing in.";
        let finding = said(FindingCode::NoProfile, Blocks, "Belongs to no client", explanation);
        return vec![finding.mended_by(RemedyCommand::AddClient, "Add a client")];
    }
    let severity = if own.iter().any(|client| !client.suspended) { Severity::Info } else { Blocks };
    own.into_iter().filter(|client| client.suspended).map(|client| suspended(client, severity)).collect()
}

fn suspended(client: &Client, severity: Severity) -> Finding {
    let explanation = match severity {
        Severity::Info => "This client is suspended and not shown. The contact's other clients are.",
        Severity::Blocks | Severity::Hinders => {
            "Every client of the contact is suspended, so there is nothing to show after signing in."
        }
    };
    let finding = said(FindingCode::ClientSuspended, severity, "The client is suspended", explanation);
    let finding = finding.seen([known(Fact::of(&client.name).and(" is suspended"))]);
    let mut finding = finding.mended_by(RemedyCommand::ResumeClient, &format!("Resume {}", client.name));
    if let Some(remedy) = &mut finding.remedy {
        remedy.client = Some(client.reference.clone());
    }
    finding
}

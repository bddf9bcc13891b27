//! What was not done, and what to do next: no page is a dead end.

use askama::Template;
use axum::{
    http::{StatusCode, header},
    response::Response,
};
use portal_domain::{Refusal, email::EmailFault};

use super::{
    Member, Place, Shell,
    words::{Sentence, name, say},
};
use crate::{
    pages::{Dressed, sentence, show},
    problem::Problem,
};

/// A refusal in words.
pub(super) struct Told {
    pub(super) what: Sentence,
    pub(super) next: &'static str,
}

/// Why a command on a contact is refused, and what staff do then.
pub(super) fn told(refusal: &Refusal) -> Told {
    let names = |sentence: Sentence, contacts: &[portal_domain::Named]| {
        sentence.names(contacts.iter().take(10).map(|contact| contact.name.as_str()))
    };
    let (what, next) = match refusal {
        Refusal::PracticeUserEmail { user } => (
            say("The first address is that of ").name(&user.name).say(", who is one of your own staff."),
            "Put another address of the contact on top. An address of staff can’t be a client’s sign-in address.",
        ),
        Refusal::LoginEmailTaken { contacts } => (
            names(say("The first address is already the sign-in address of "), contacts).say("."),
            "Put another address on top. If both are to share it, your practice has to allow shared sign-ins, and the other \
             contact has to have set the password by a link that was mailed there.",
        ),
        Refusal::LoginEmailRequired => (
            say("This contact has access to the portal, and would be left without an address."),
            "Add another address first, or deactivate the access.",
        ),
        Refusal::NoEmail => (say("The contact has no email address."), "Add one first: the invitation goes there."),
        Refusal::InvalidEmail { index, fault } => {
            let place = index.map_or_else(|| "The address".to_owned(), |index| format!("Address {}", index + 1));
            (unusable(say(place), *fault), CORRECT)
        }
        Refusal::TooManyEmails { .. } => (say(sentence(&refusal.to_string())), "Remove an address first."),
        Refusal::NotActivated => (say("Access was never given."), "Activate it instead."),
        Refusal::PortalDeactivated => (say("Access is deactivated."), "Reactivate it instead."),
        other => (say(sentence(&quoted(&other.to_string()))), "Go back, and try again."),
    };
    Told { what, next }
}

/// Why a form adds nothing more: it came back to a browser that had sent it already.
pub(super) fn sent_before(added: &str) -> Told {
    Told {
        what: say("This form was sent before, and added ").name(added).say("."),
        next: "To add this one too, press Add.",
    }
}

const CORRECT: &str = "Correct it, and try again.";

/// Why an address that was typed by itself can't be one.
pub(super) fn told_of(typed: &str, fault: EmailFault) -> Told {
    Told { what: unusable(name(typed), fault), next: CORRECT }
}

fn unusable(what: Sentence, fault: EmailFault) -> Sentence {
    what.say(format!(" is not usable: {}.", quoted(&fault.to_string())))
}

/// Marks of code as marks of speech.
pub(super) fn quoted(text: &str) -> String {
    let parts = text.split('`').enumerate();
    let marked = |(index, part): (usize, &str)| match index {
        0 => part.to_owned(),
        index if index % 2 == 1 => format!("“{part}"),
        _ => format!("”{part}"),
    };
    parts.map(marked).collect()
}

#[derive(Template)]
#[template(path = "desk/problem.html")]
struct ProblemPage<'a> {
    shell: Shell,
    title: &'a str,
    detail: &'a str,
}

/// A problem in the workspace's own frame.
pub(crate) fn problem(member: &Member, problem: &Problem, response: &Response) -> Response {
    let (title, detail) = match problem.code() {
        "not_found" => ("This is not here", "It may have been removed meanwhile, or the address is not complete."),
        "forbidden" => ("This is not for your role", problem.detail()),
        "internal_error" => ("This did not work", "This is our fault and not yours. Please try again later."),
        "overloaded" => ("Please wait a moment", "Too much goes on at once. Please try again in a few seconds."),
        "body_too_large" => ("This is too large", "A file may have at most 64 MB, and a form 16 KB. Nothing was done."),
        _ => (problem.title(), problem.detail()),
    };
    let detail = &sentence(detail);
    let shell = member.shell(Place::Elsewhere);
    let mut page = show(problem.status(), &ProblemPage { shell, title, detail });
    if page.status() == StatusCode::INTERNAL_SERVER_ERROR && problem.status() != page.status() {
        return page;
    }
    for name in [header::RETRY_AFTER, header::ALLOW] {
        if let Some(value) = response.headers().get(&name) {
            page.headers_mut().insert(name, value.clone());
        }
    }
    page.extensions_mut().insert(problem.clone());
    page.extensions_mut().insert(Dressed);
    page
}

#[cfg(test)]
mod tests {
    use portal_domain::{Named, email::EmailAddress, id::Ref};

    use super::*;

    #[test]
    fn every_refusal_of_a_change_says_what_to_do_next() {
        let named = Named { reference: Ref::parse("x").expect("a reference"), name: "Bob".to_owned() };
        let fault = EmailAddress::parse("x").expect_err("no address");
        let refusals = [
            Refusal::PracticeUserEmail { user: named.clone() },
            Refusal::LoginEmailTaken { contacts: vec![named] },
            Refusal::LoginEmailRequired,
            Refusal::NoEmail,
            Refusal::NotActivated,
            Refusal::PortalDeactivated,
            Refusal::InvalidEmail { index: Some(1), fault },
            Refusal::TooManyEmails { count: 21 },
        ];
        let told = refusals.map(|refusal| told(&refusal));
        assert!(told.iter().all(|told| told.what.plain().ends_with('.') && told.next.ends_with('.')));
        assert!(told[0].what.plain().contains("Bob") && told[1].what.plain().contains("Bob"));
        assert!(told[6].what.plain().starts_with("Address 2 is not usable: "));
        assert!(told_of("x", fault).what.plain().starts_with("x is not usable: "));
        assert_eq!(quoted("there is more than one `@`, or `;`"), "there is more than one “@”, or “;”");
    }
}

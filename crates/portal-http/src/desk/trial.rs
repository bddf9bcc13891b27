//! Trying the portal as a client, with a contact that counts as none (V1).

use askama::Template;
use axum::{http::StatusCode, response::Response};
use portal_domain::{
    Refusal,
    id::Ref,
    usecase::{Error, TrialInput},
};

use super::{
    Member, Place, Shell, go_to,
    refused::{self, Told},
    show,
};
use crate::{ask::Form, problem::Problem};

/// The client that all trials of a practice share. No program of theirs would call one of its own so.
const CLIENT: &str = "portal-trial";

#[derive(Template)]
#[template(path = "desk/trial.html")]
struct TrialPage {
    shell: Shell,
    own: String,
    email: String,
    made: String,
    fault: Option<Told>,
}

/// One's own address with a tag: most mail servers deliver it to the same mailbox, and it is another key (E3).
fn tagged(address: &str) -> String {
    match address.rsplit_once('@') {
        Some((local, domain)) => format!("{local}+trial@{domain}"),
        None => String::new(),
    }
}

fn trial_page(member: &Member, email: String, made: String, fault: Option<Told>) -> Response {
    let status = if fault.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let own = member.user.email.as_str().to_owned();
    show(status, &TrialPage { shell: member.shell(Place::RollOut), own, email, made, fault })
}

pub(super) async fn form(member: Member) -> Response {
    let (email, made) = (tagged(member.user.email.as_str()), member.fresh_name());
    trial_page(&member, email, made, None)
}

pub(super) async fn begin(member: Member, form: Form) -> Result<Response, Problem> {
    let (email, made) = (form.field("email")?, form.field("made")?);
    let broken = || Problem::invalid_field("made", "`made` is not what the page sent");
    let contact = Ref::parse(made).ok_or_else(broken)?;
    let client = Ref::parse(CLIENT).ok_or_else(broken)?;
    let name = format!("Trial of {}", member.user.name);
    let input = TrialInput { contact: &contact, name: &name, client: (&client, "Trial client"), email };
    match member.app.portal.begin_trial(&member.context, &input).await {
        // Pressed twice, it is there already.
        Ok(_) | Err(Error::Refused(Refusal::PreconditionFailed)) => Ok(go_to(member.contact_path(&contact))),
        Err(Error::Refused(refusal)) => {
            let told = match &refusal {
                Refusal::InvalidEmail { fault, .. } => refused::told_of(email, *fault),
                Refusal::PracticeUserEmail { .. } => Told {
                    what: refused::told(&refusal).what,
                    next: "An address signs in either here or in the portal, never in both: take another.",
                },
                Refusal::LoginEmailTaken { .. } => Told {
                    what: refused::told(&refusal).what,
                    next: "Nobody’s real sign-in is tried with: take another.",
                },
                other => refused::told(other),
            };
            Ok(trial_page(&member, email.to_owned(), made.to_owned(), Some(told)))
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ones_own_address_gets_a_tag() {
        assert_eq!(tagged("elaine@practice.example"), "elaine+trial@practice.example");
        assert_eq!(tagged("e@x@practice.example"), "e@x+trial@practice.example");
    }
}

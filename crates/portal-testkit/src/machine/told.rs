//! Answers of model and portal, in the same words, so that they can be compared line by line.

use std::collections::BTreeMap;

use portal_domain::{Named, Refusal, usecase::ContactAnswer};

use crate::model::{Answer, Cmd};

/// What was answered or seen: a value by name.
pub(super) type Lines = BTreeMap<String, String>;

/// Where two pictures differ, one line each; nothing where they don't.
pub(super) fn differences(model: &Lines, portal: &Lines) -> Option<String> {
    let names: std::collections::BTreeSet<_> = model.keys().chain(portal.keys()).collect();
    let mut text = String::new();
    for name in names {
        let (expected, found) = (model.get(name), portal.get(name));
        if expected != found {
            let or_nothing = |value: Option<&String>| value.map_or("nothing".to_owned(), |value| format!("`{value}`"));
            text += &format!("\n    {name}: the model says {}, the portal {}", or_nothing(expected), or_nothing(found));
        }
    }
    (!text.is_empty()).then_some(text)
}

/// One line of a picture.
pub(super) fn line(lines: &mut Lines, name: impl Into<String>, value: impl Into<String>) {
    lines.insert(name.into(), value.into());
}

fn changed(changed: bool) -> &'static str {
    if changed { "changed" } else { "unchanged" }
}

/// The model's answer. Where the portal doesn't say whether anything changed, neither does this.
pub(super) fn of_model(cmd: &Cmd, answer: &Answer) -> Lines {
    let mut lines = Lines::new();
    match answer {
        Answer::Accepted => line(&mut lines, "answer", "accepted"),
        Answer::Refused(refusal) => {
            line(&mut lines, "answer", format!("refused: {}", refusal.code));
            if let Some(fault) = refusal.fault {
                line(&mut lines, "fault", fault.as_str());
            }
            line(&mut lines, "named", refusal.contacts.join(" "));
        }
        Answer::Done { outcome, effects, session } => {
            line(&mut lines, "answer", "done");
            if !matches!(cmd, Cmd::SelectProfile { .. }) {
                line(&mut lines, "outcome", outcome.as_str());
            }
            if let Some(session) = session {
                line(&mut lines, "session", session.0.to_string());
            }
            if let Some(effects) = effects {
                line(&mut lines, "login before", format!("{:?}", effects.login_before));
                line(&mut lines, "login after", format!("{:?}", effects.login_after));
                line(&mut lines, "shared with", effects.shared_with.join(" "));
                line(&mut lines, "password", effects.password.as_str());
                line(&mut lines, "links ended", effects.links_ended.to_string());
                line(&mut lines, "sessions ended", effects.sessions_ended.to_string());
                let mails = effects.messages.iter().map(|(kind, to)| format!("{} to {to}", kind.as_str()));
                line(&mut lines, "mails", sorted(mails));
            }
        }
    }
    lines
}

pub(super) fn sorted(values: impl Iterator<Item = String>) -> String {
    let mut values: Vec<_> = values.collect();
    values.sort();
    values.join(", ")
}

/// The neutral answer.
pub(super) fn accepted() -> Lines {
    Lines::from([("answer".to_owned(), "accepted".to_owned())])
}

/// A command that holds and says whether it changed anything.
pub(super) fn plain(has_changed: bool) -> Lines {
    let mut lines = done();
    line(&mut lines, "outcome", changed(has_changed));
    lines
}

/// A command that holds and says no more.
pub(super) fn done() -> Lines {
    Lines::from([("answer".to_owned(), "done".to_owned())])
}

/// A session that was opened.
pub(super) fn signed_in(session: usize) -> Lines {
    let mut lines = plain(true);
    line(&mut lines, "session", session.to_string());
    lines
}

/// A refusal of the portal.
pub(super) fn refused(refusal: &Refusal) -> Lines {
    let mut lines = Lines::new();
    line(&mut lines, "answer", format!("refused: {}", refusal.code()));
    if let Some(fault) = refusal.fault() {
        line(&mut lines, "fault", fault);
    }
    let contacts = match refusal {
        Refusal::LoginEmailTaken { contacts } | Refusal::EmailIsAPortalLogin { contacts } => &contacts[..],
        _ => &[],
    };
    line(&mut lines, "named", names(contacts));
    lines
}

pub(super) fn names(contacts: &[Named]) -> String {
    contacts.iter().map(|contact| contact.reference.as_str()).collect::<Vec<_>>().join(" ")
}

/// The answer to a command about a contact.
pub(super) fn of_contact(outcome: &ContactAnswer) -> Lines {
    let effects = &outcome.effects;
    let mut lines = plain(outcome.changed);
    line(&mut lines, "login before", format!("{:?}", effects.login_before));
    line(&mut lines, "login after", format!("{:?}", effects.login_after));
    line(&mut lines, "shared with", names(&effects.shared_with));
    line(&mut lines, "password", effects.password.code());
    line(&mut lines, "links ended", effects.links_ended.to_string());
    line(&mut lines, "sessions ended", effects.sessions_ended.to_string());
    let mails = effects.messages.iter().map(|mail| format!("{} to {}", mail.kind.code(), mail.to));
    line(&mut lines, "mails", sorted(mails));
    lines
}

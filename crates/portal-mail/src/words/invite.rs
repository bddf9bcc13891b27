//! Mails that open the portal to somebody.

use super::Scene;
use crate::{
    context::Link,
    letter::{Action, Letter, Note},
    plain::{self, Line},
};

pub(super) fn activation(scene: &Scene, address: &str, clients: &[String], note: &str, link: &Link) -> Letter {
    let (practice, ask) = (&scene.practice, &scene.ask);
    let address = Line::new(address);
    let opening = vec![
        format!("{practice} invites you to its client portal. There you find {}.", papers(clients)),
        format!(
            "To begin, choose a password. From then on you sign in with this e-mail address, {address}, and that password."
        ),
    ];
    let closing = vec![
        "If the link no longer works, open it all the same: the page offers to send you a new one.".to_owned(),
        format!(
            "If you did not expect this mail, you need not do anything: nothing happens unless somebody opens the \
             link and chooses a password. If you are in doubt, ask {ask}."
        ),
    ];
    Letter {
        note: note_of(scene, note),
        action: Some(choose_password(link)),
        ..scene.letter(&format!("Your access to the client portal of {practice}"), opening, closing)
    }
}

/// The practice's own words, if there are any.
pub(super) fn note_of(scene: &Scene, note: &str) -> Option<Note> {
    let lines = plain::lines(note);
    (!lines.is_empty()).then(|| Note { heading: format!("A note from {}:", scene.practice), lines })
}

pub(super) fn access_added(scene: &Scene, address: &str, clients: &[String]) -> Letter {
    let (practice, ask) = (&scene.practice, &scene.ask);
    let address = Line::new(address);
    let names = names(clients);
    let opening = vec![
        match names.is_empty() {
            true => format!("You now also have access to more in the client portal of {practice}."),
            false => format!("You now also have access to {} in the client portal of {practice}.", plain::row(&names)),
        },
        format!(
            "Nothing changes for signing in: use this e-mail address, {address}, and the password you already have. \
             After you have signed in, you choose what you want to see."
        ),
    ];
    let closing = vec![
        "If you do not remember the password, open the sign-in page and choose \"Forgot your password?\".".to_owned(),
        format!("If you did not expect this mail, please tell {ask}, so that it can be put right."),
    ];
    let subject = match names.as_slice() {
        [] => format!("You now have access to more in the client portal of {practice}"),
        [only] => format!("You now also have access to {only} in the client portal of {practice}"),
        [first, others @ ..] => {
            format!("You now also have access to {first} and {} more in the client portal of {practice}", others.len())
        }
    };
    Letter { action: scene.sign_in(), ..scene.letter(&subject, opening, closing) }
}

/// The one link of a mail that carries one.
pub(super) fn choose_password(link: &Link) -> Action {
    let valid = Line::new(&link.valid);
    Action {
        label: "Choose a password",
        lead: "Choose your password on this page:".to_owned(),
        url: plain::url(&link.url),
        after: Some(format!(
            "The link works once, {valid}. Please do not pass it on: whoever has it can choose your password."
        )),
    }
}

fn papers(clients: &[String]) -> String {
    let names = names(clients);
    if names.is_empty() {
        "the papers that are meant for you".to_owned()
    } else {
        format!("the papers of {}", plain::row(&names))
    }
}

fn names(clients: &[String]) -> Vec<Line> {
    clients.iter().map(|name| Line::new(name)).filter(|name| !name.is_empty()).collect()
}

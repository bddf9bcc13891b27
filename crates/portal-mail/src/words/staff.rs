//! Mails to staff: about the workspace, and never about the portal.

use super::{
    Scene,
    invite::{choose_password, note_of},
};
use crate::{context::Link, letter::Letter, plain::Line};

pub(super) fn invitation(scene: &Scene, address: &str, link: &Link) -> Letter {
    let (practice, ask) = (&scene.practice, &scene.ask);
    let address = Line::new(address);
    let opening = vec![
        format!("You are invited to the workspace of {practice}, where its staff look after the client portal."),
        format!(
            "To begin, choose a password. From then on you sign in to the workspace with this e-mail address, {address}, \
             and that password."
        ),
    ];
    let closing = vec![
        "If the link no longer works, open it all the same: the page offers to send you a new one.".to_owned(),
        format!(
            "If you did not expect this mail, you need not do anything: nothing happens unless somebody opens the \
             link and chooses a password. If you are in doubt, ask {ask}."
        ),
    ];
    let subject = format!("Your access to the workspace of {practice}");
    Letter { action: Some(choose_password(link)), ..scene.letter(&subject, opening, closing) }
}

pub(super) fn reset(scene: &Scene, address: &str, link: &Link) -> Letter {
    let (practice, ask) = (&scene.practice, &scene.ask);
    let address = Line::new(address);
    let opening =
        vec![format!("Somebody, probably you, asked for a new password for {address} in the workspace of {practice}.")];
    let closing = vec![
        "When you have chosen a new password, the old one no longer works, and you are signed out of the workspace on all \
         devices. The client portal is not touched by it."
            .to_owned(),
        format!(
            "If it was not you, you need not do anything: as long as nobody opens the link and chooses a password, your \
             password stays as it is. If such mails come again and again, please tell {ask}."
        ),
    ];
    let subject = format!("Choose a new password for the workspace of {practice}");
    Letter { action: Some(choose_password(link)), ..scene.letter(&subject, opening, closing) }
}

pub(super) fn password_changed(scene: &Scene, address: &str, changed_on: &str) -> Letter {
    let (practice, ask) = (&scene.practice, &scene.ask);
    let (address, changed_on) = (Line::new(address), Line::new(changed_on));
    let opening = vec![format!(
        "The password with which you sign in as {address} to the workspace of {practice} was changed on {changed_on}."
    )];
    let closing = vec![
        "If it was you, all is well and there is nothing to do.".to_owned(),
        format!(
            "If it was not you, choose a new password now: open the sign-in page of the workspace, whose address is at the \
             end of this mail, and choose \"Forgot your password?\". Then please tell {ask}."
        ),
    ];
    scene.letter(&format!("Your password for the workspace of {practice} was changed"), opening, closing)
}

pub(super) fn test(scene: &Scene, address: &str, note: &str) -> Letter {
    let practice = &scene.practice;
    let address = Line::new(address);
    let opening = vec![
        format!("This is a test mail, which you sent from the workspace of {practice} to your own address, {address}."),
        "That it arrived says that mails go out. Your clients see the same sender, and an answer of theirs goes where your \
         answer to this mail would go."
            .to_owned(),
    ];
    let closing =
        vec!["If you did not send it, somebody else is signed in as you: please change your password.".to_owned()];
    let subject = format!("A test mail from the workspace of {practice}");
    Letter { note: note_of(scene, note), action: scene.sign_in(), ..scene.letter(&subject, opening, closing) }
}

//! Mails about a password.

use super::{Scene, invite::choose_password};
use crate::{context::Link, letter::Letter, plain::Line};

pub(super) fn reset(scene: &Scene, address: &str, link: &Link) -> Letter {
    let (practice, ask) = (&scene.practice, &scene.ask);
    let address = Line::new(address);
    let opening = vec![format!(
        "Somebody, probably you, asked for a new password for {address} in the client portal of {practice}."
    )];
    let closing = vec![
        "When you have chosen a new password, the old one no longer works, and you are signed out on all devices."
            .to_owned(),
        format!(
            "If it was not you, you need not do anything: as long as nobody opens the link and chooses a password, your \
             password stays as it is. If such mails come again and again, please tell {ask}."
        ),
    ];
    let subject = format!("Choose a new password for the client portal of {practice}");
    Letter { action: Some(choose_password(link)), ..scene.letter(&subject, opening, closing) }
}

pub(super) fn portal_address(scene: &Scene, address: &str) -> Letter {
    let practice = &scene.practice;
    let address = Line::new(address);
    let opening = vec![format!(
        "Somebody, probably you, asked where the client portal is in which you sign in with {address}. It is that of {practice}."
    )];
    let closing = vec![
        "If you don't know your password, or never set one, choose \"Forgot your password?\" there.".to_owned(),
        "If it was not you, you need not do anything.".to_owned(),
    ];
    let subject = format!("Where to find the client portal of {practice}");
    Letter { action: scene.sign_in(), ..scene.letter(&subject, opening, closing) }
}

pub(super) fn password_changed(scene: &Scene, address: &str, changed_on: &str) -> Letter {
    let (practice, ask) = (&scene.practice, &scene.ask);
    let (address, changed_on) = (Line::new(address), Line::new(changed_on));
    let opening = vec![format!(
        "The password with which you sign in as {address} to the client portal of {practice} was changed on {changed_on}."
    )];
    let closing = vec![
        "If it was you, all is well and there is nothing to do.".to_owned(),
        format!(
            "If it was not you, choose a new password now: open the sign-in page, whose address is at the end of this \
             mail, and choose \"Forgot your password?\". Then please tell {ask}."
        ),
    ];
    scene.letter(&format!("Your password for the client portal of {practice} was changed"), opening, closing)
}

pub(super) fn password_set_after_move(scene: &Scene, address: &str, new_address: &str, set_on: &str) -> Letter {
    let (practice, ask) = (&scene.practice, &scene.ask);
    let (address, new_address, set_on) = (Line::new(address), Line::new(new_address), Line::new(set_on));
    let opening = vec![format!(
        "Recently your sign-in address for the client portal of {practice} was changed from {address} to \
             {new_address}. On {set_on} a password was set there, with a link that was mailed to the new address."
    )];
    let closing = vec![
        "If it was you, all is well and there is nothing to do.".to_owned(),
        format!(
            "If it was not you, or if {new_address} is not your address, please tell {ask} straight away: they can stop \
             the access and put your address back."
        ),
    ];
    let subject = format!("A password was set at your new address for the client portal of {practice}");
    scene.letter(&subject, opening, closing)
}

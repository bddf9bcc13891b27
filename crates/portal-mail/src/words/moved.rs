//! Mails about a sign-in address that has changed.

use super::Scene;
use crate::{letter::Letter, plain::Line};

/// Who changed something, and when.
pub(super) struct Change {
    by: Line,
    on: Line,
}

impl Change {
    pub(super) fn new(by: &str, on: &str) -> Self {
        Self { by: Line::new(by), on: Line::new(on) }
    }
}

pub(super) fn to_new(scene: &Scene, address: &str, Change { by, on }: &Change) -> Letter {
    let (practice, ask) = (&scene.practice, &scene.ask);
    let address = Line::new(address);
    let opening = vec![
        format!("From now on you sign in to the client portal of {practice} with this e-mail address: {address}."),
        format!(
            "Your password stays the same. The address you used before no longer works for signing in. This was changed \
             on {on} by {by}."
        ),
    ];
    let closing = vec![
        "If you do not remember the password, open the sign-in page and choose \"Forgot your password?\".".to_owned(),
        format!("If you did not expect this change, please tell {ask}, so that it can be put right."),
    ];
    let subject = format!("Sign in to the client portal of {practice} with this address");
    Letter { action: scene.sign_in(), ..scene.letter(&subject, opening, closing) }
}

pub(super) fn to_old(scene: &Scene, address: &str, new_address: &str, Change { by, on }: &Change) -> Letter {
    let (practice, ask) = (&scene.practice, &scene.ask);
    let (address, new_address) = (Line::new(address), Line::new(new_address));
    let opening = vec![
        format!("{address} is no longer your sign-in address for the client portal of {practice}."),
        format!(
            "From now on you sign in with {new_address}; a mail about it went there. This was changed on {on} by {by}."
        ),
    ];
    let closing = vec![
        "If you know about this, there is nothing to do.".to_owned(),
        format!(
            "If you do not know about it, or if {new_address} is not your address, please tell {ask} straight away: they \
             can put it back."
        ),
    ];
    let subject = format!("This is no longer your sign-in address for the client portal of {practice}");
    scene.letter(&subject, opening, closing)
}

pub(super) fn to_those_who_stay(
    scene: &Scene,
    address: &str,
    moved: &str,
    new_address: &str,
    Change { by, on }: &Change,
) -> Letter {
    let (practice, ask) = (&scene.practice, &scene.ask);
    let (address, moved, new_address) = (Line::new(address), Line::new(moved), Line::new(new_address));
    let opening = vec![
        format!(
            "The profile of {moved} has moved in the client portal of {practice}. Its sign-in address is now \
             {new_address}. This was changed on {on} by {by}."
        ),
        format!(
            "You still sign in here, with {address} and the password you have. You no longer see the profile of {moved} \
             there."
        ),
    ];
    let closing = vec![
        "If you know about this, there is nothing to do.".to_owned(),
        format!("If it looks wrong to you, please tell {ask} straight away: they can put it back."),
    ];
    let subject = format!("The profile of {moved} has moved in the client portal of {practice}");
    scene.letter(&subject, opening, closing)
}

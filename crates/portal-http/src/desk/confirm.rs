//! The page between a wish and the deed: what it would do, and a button that does just that (M7).

use askama::Template;
use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use portal_domain::{Named, decide::Effects, email::EmailList};
use sha2::{Digest, Sha256};

use super::{
    Place, Shell,
    effects::{self, Before},
    refused::Told,
    show,
    words::{self, Sentence, say},
};

/// Why the page is there again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Again {
    /// It would do something else by now than what was shown.
    Changed,
    /// It was not said which of the two it is.
    Unsaid,
    /// The tick is missing.
    Unticked,
}

/// One of the ways in which a command can be meant.
pub(super) struct Way {
    /// What the form sends for it.
    pub(super) value: &'static str,
    pub(super) label: Sentence,
    pub(super) said: Vec<Sentence>,
}

/// An address of a list.
pub(super) struct Address {
    pub(super) text: String,
    pub(super) login: bool,
    /// Whether something was removed at its ends (E1).
    pub(super) trimmed: bool,
    /// What is odd about it (E5).
    pub(super) odd: Vec<Sentence>,
}

/// A list of addresses, for pages.
pub(super) fn addresses(emails: &EmailList) -> Vec<Address> {
    let address = |(index, email): (usize, &portal_domain::email::EmailAddress)| Address {
        text: email.as_str().to_owned(),
        login: index == 0,
        trimmed: email.removed().is_some(),
        odd: words::odd(email),
    };
    emails.iter().enumerate().map(address).collect()
}

/// The whole page.
#[derive(Template)]
#[template(path = "desk/confirm.html")]
pub(super) struct Confirm {
    pub(super) shell: Shell,
    pub(super) title: Sentence,
    pub(super) back: String,
    /// Where the form goes.
    pub(super) action: String,
    /// What the form carries unseen.
    pub(super) carried: Vec<(&'static str, String)>,
    /// The addresses as they will be, where they change.
    pub(super) addresses: Vec<Address>,
    /// What was typed, where it can be typed anew.
    pub(super) typed: Option<String>,
    /// Where what is typed anew goes.
    pub(super) typed_to: String,
    pub(super) refused: Option<Told>,
    /// One, or two to choose from; none where there is nothing to do.
    pub(super) ways: Vec<Way>,
    /// What has to be confirmed by a tick.
    pub(super) tick: Option<Sentence>,
    pub(super) again: Option<Again>,
    pub(super) button: &'static str,
}

impl Confirm {
    fn changed(&self) -> bool {
        self.again == Some(Again::Changed)
    }

    fn unsaid(&self) -> bool {
        self.again == Some(Again::Unsaid)
    }

    fn unticked(&self) -> bool {
        self.again == Some(Again::Unticked)
    }

    pub(super) fn answer(&self) -> Response {
        let status = match (&self.refused, self.again) {
            (Some(_), _) | (_, Some(Again::Changed)) => StatusCode::CONFLICT,
            (None, Some(_)) => StatusCode::UNPROCESSABLE_ENTITY,
            (None, None) => StatusCode::OK,
        };
        show(status, self).into_response()
    }
}

/// What has to be ticked where a contact comes to share a login: both names, and what it means (C3).
pub(super) fn sharing(before: Before<'_>, effects: &Effects) -> Option<Sentence> {
    let known = |named: &Named| before.shared_with.iter().any(|own| own.reference == named.reference);
    let new: Vec<_> = effects.shared_with.iter().filter(|named| !known(named)).collect();
    let address = effects.login_after.as_deref().filter(|_| !new.is_empty())?;
    let names = || std::iter::once(before.name).chain(new.iter().map(|named| named.name.as_str())).collect::<Vec<_>>();
    let yes = say("Yes: ").names(names().into_iter()).say(" share one sign-in. Whoever signs in with ").name(address);
    Some(yes.say(" sees what is meant for ").names(names().into_iter()).say("."))
}

/// A way that a command can be meant, and all it does.
pub(super) fn way(value: &'static str, label: Sentence, before: Before<'_>, effects: &Effects) -> Way {
    Way { value, label, said: effects::sentences(before, effects) }
}

/// A name for all that was shown, so that nothing else is done.
pub(super) fn shown(tag: &str, effects: &[&Effects]) -> String {
    let mut digest = Sha256::new().chain_update(tag);
    for effects in effects {
        digest.update(format!("{effects:?}"));
    }
    URL_SAFE_NO_PAD.encode(&digest.finalize()[..18])
}

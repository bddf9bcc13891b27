//! The page between a wish and the deed, of whatever is no contact: what it would do, and a button that does just that.

use axum::response::Response;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use super::{
    Member, Place,
    confirm::{Again, Confirm, Way},
    refused::Told,
    words::Sentence,
};

/// What is asked before something is done.
pub(super) struct Question {
    pub(super) place: Place,
    pub(super) title: Sentence,
    pub(super) back: String,
    /// Where the form goes.
    pub(super) action: String,
    /// What the form carries unseen.
    pub(super) carried: Vec<(&'static str, String)>,
    /// What it does; nothing where there is nothing to do.
    pub(super) said: Vec<Sentence>,
    /// Why it can't be done.
    pub(super) refused: Option<Told>,
    /// Whether it does something else by now than what was shown.
    pub(super) changed: bool,
    pub(super) button: &'static str,
}

impl Question {
    pub(super) fn ask(self, member: &Member) -> Response {
        let Self { place, title, back, action, carried, said, refused, changed, button } = self;
        let way = Way { value: "", label: Sentence::default(), said };
        let page = Confirm {
            shell: member.shell(place),
            title,
            back,
            action,
            carried,
            addresses: Vec::new(),
            typed: None,
            typed_to: String::new(),
            refused,
            ways: Some(way).filter(|way| !way.said.is_empty()).into_iter().collect(),
            tick: None,
            again: changed.then_some(Again::Changed),
            button,
        };
        page.answer()
    }
}

/// A name for all that was shown, so that nothing else is done.
pub(super) fn shown(all: &str) -> String {
    URL_SAFE_NO_PAD.encode(&Sha256::digest(all)[..18])
}

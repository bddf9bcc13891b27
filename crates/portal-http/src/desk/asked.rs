//! What the address of a list of contacts asks for. Whatever can't be read is not asked: people get a page for every address.

use std::collections::BTreeSet;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use form_urlencoded::Serializer;
use portal_domain::{
    id::Ref,
    search::{ContactFilter, SearchWords},
    status::PortalStatus,
};

/// Which contacts are asked for, and from where on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Asked {
    /// What was typed.
    pub(super) words: String,
    pub(super) status: Option<PortalStatus>,
    pub(super) client: Option<Ref>,
    pub(super) after: Option<Ref>,
}

impl Asked {
    pub(super) fn parse(query: &str) -> Self {
        let mut asked = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "q" => asked.words = value.chars().take(SearchWords::LONGEST).collect(),
                "status" => asked.status = PortalStatus::parse(&value),
                "client" => asked.client = Ref::parse(&value),
                "cursor" => asked.after = opened(&value),
                _ => {}
            }
        }
        asked
    }

    /// The same from a place on; from the beginning where there is no such place.
    pub(super) fn from(&self, cursor: &str) -> Self {
        Self { after: opened(cursor), ..self.clone() }
    }

    pub(super) fn filter(&self) -> ContactFilter {
        ContactFilter { words: SearchWords::parse(&self.words), statuses: BTreeSet::from_iter(self.status) }
    }

    /// Whether not simply all are asked for.
    pub(super) fn narrows(&self) -> bool {
        self.status.is_some() || self.client.is_some() || SearchWords::parse(&self.words).is_some()
    }

    /// The same with what is asked, from the beginning or from a place on.
    pub(super) fn query(&self, cursor: Option<&str>) -> String {
        let mut query = Serializer::new(String::new());
        let words = Some(&*self.words).filter(|words| !words.is_empty());
        let parts = [
            ("q", words),
            ("status", self.status.map(PortalStatus::code)),
            ("client", self.client.as_ref().map(Ref::as_str)),
            ("cursor", cursor),
        ];
        for (name, value) in parts {
            if let Some(value) = value {
                query.append_pair(name, value);
            }
        }
        query.finish()
    }
}

fn opened(cursor: &str) -> Option<Ref> {
    Ref::parse(&String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ask;

    #[test]
    fn what_is_asked_is_kept_in_the_links() {
        let asked = Asked::parse("q=Jos%C3%A9+%26&status=active&client=c%2F1&cursor=eA");
        assert_eq!(asked.words, "José &");
        assert_eq!(asked.after, Ref::parse("x"));
        assert_eq!(Asked::parse(&asked.query(Some(&ask::cursor("x")))), asked);
        assert_eq!(Asked::parse(&asked.query(None)), Asked { after: None, ..asked });
    }

    #[test]
    fn what_can_not_be_read_is_not_asked() {
        let odd = format!("q={}&status=nonsense&client=%00&cursor=!&other=1", "x".repeat(300));
        let asked = Asked::parse(&odd);
        assert_eq!(asked.words.len(), SearchWords::LONGEST);
        assert_eq!(Asked { words: String::new(), ..asked }, Asked::default());
        assert!(!Asked::parse("q=+&status=&client=").narrows());
    }
}

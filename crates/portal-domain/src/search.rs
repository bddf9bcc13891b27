//! Finding people by what somebody remembers of a name or an address.
//!
//! It is for eyes, and decides nothing: whether two addresses are the same login, [`LoginKey`](crate::email::LoginKey) says.

use std::collections::BTreeSet;

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use crate::status::PortalStatus;

/// Which contacts are wanted, of those that a store lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContactFilter {
    /// What name and addresses have to hold.
    pub words: Option<SearchWords>,
    /// One of these; nothing asked, any.
    pub statuses: BTreeSet<PortalStatus>,
}

/// Words to look for. All of them have to be found, each at the beginning of a word of the name or anywhere in an address.
///
/// Letter case and marks on letters don't matter.
///
/// ```
/// use portal_domain::search::SearchWords;
///
/// let words = SearchWords::parse("jose mull").unwrap();
/// let none: [&str; 0] = [];
/// assert!(words.find("José Müller", &none));
/// assert!(words.find("Office", &["Jose.Mullen@smith.example"]));
/// assert!(!words.find("José", &none), "the other word is missing");
/// assert!(!words.find("Amüller José", &none), "not at the beginning of a word");
/// assert!(SearchWords::parse("  ").is_none(), "there is nothing to look for");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchWords(BTreeSet<String>);

impl SearchWords {
    /// Most characters of what is looked for.
    pub const LONGEST: usize = 200;

    /// Reads what was typed; `None` where that is nothing.
    pub fn parse(typed: &str) -> Option<Self> {
        let words: BTreeSet<_> = folded(typed).split_whitespace().map(str::to_owned).collect();
        (!words.is_empty()).then_some(Self(words))
    }

    /// Whether all words are found.
    pub fn find<A: AsRef<str>>(&self, name: &str, addresses: &[A]) -> bool {
        let name = folded(name);
        let addresses: Vec<_> = addresses.iter().map(|address| folded(address.as_ref())).collect();
        let parts: Vec<_> = name.split(|c: char| !c.is_alphanumeric()).chain(name.split_whitespace()).collect();
        let found = |word: &String| {
            parts.iter().any(|part| part.starts_with(word)) || addresses.iter().any(|address| address.contains(word))
        };
        self.0.iter().all(found)
    }
}

fn folded(text: &str) -> String {
    // The one letter with two small forms is the same letter.
    let small = |c: char| if c == 'ς' { 'σ' } else { c };
    text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).map(small).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(typed: &str, name: &str, addresses: &[&str]) -> bool {
        SearchWords::parse(typed).expect("something to look for").find(name, addresses)
    }

    #[test]
    fn words_are_found_in_any_order_and_spelling() {
        for typed in ["ada", "ADA", "smith ada", "Ａｄａ", "s-team", "team", "ada@smith", "H.EXAMPLE", " ada\u{a0}smi "]
        {
            assert!(found(typed, "Ada Smith S-Team", &["ada@smith.example"]), "{typed}");
        }
        for typed in ["da", "ada jones", "adas"] {
            assert!(!found(typed, "Ada Smith", &["office@smith.example"]), "{typed}");
        }
        assert!(found("ΟΔΥΣΣΕΥΣ", "Οδυσσεύς", &[]) && found("οδυσσεύς", "ΟΔΥΣΣΕΥΣ", &[]));
        assert!(!found("@", "Ada Smith", &[]) && found("@", "", &["ada@smith.example"]));
        assert!(found("o'neil", "J. O'Neil", &[]) && found("neil", "J. O'Neil", &[]));
    }

    #[test]
    fn nothing_to_look_for_is_told_apart() {
        for typed in ["", "  ", "\u{a0}", "\u{301}"] {
            assert_eq!(SearchWords::parse(typed), None, "{typed:?}");
        }
    }
}

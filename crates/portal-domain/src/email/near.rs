//! Addresses that are one slip of the finger away (X2).

use std::collections::BTreeSet;

use super::LoginKey;

/// Keys that are longer have no near ones.
const LONGEST: usize = 100;
/// What may have been typed in place of something else.
const TYPED: &str = "abcdefghijklmnopqrstuvwxyz0123456789.-_+";

impl LoginKey {
    /// Every key that is one slip away: a sign left out, one too many, another one, or two neighbours swapped. There are a few
    /// thousand; of a key over 100 bytes there are none.
    ///
    /// ```
    /// use portal_domain::email::LoginKey;
    ///
    /// let near = LoginKey::parse("ada@smith.example")?.near();
    /// let slip = |key: &str| near.contains(&LoginKey::parse(key).unwrap());
    /// assert!(slip("ad@smith.example") && slip("adaa@smith.example"));
    /// assert!(slip("ada@smyth.example") && slip("ada@smiht.example"));
    /// assert!(!slip("ada@smith.example") && !slip("a@smith.example"));
    /// # Ok::<(), portal_domain::email::LoginKeyFault>(())
    /// ```
    pub fn near(&self) -> BTreeSet<Self> {
        if self.as_str().len() > LONGEST {
            return BTreeSet::new();
        }
        let signs: Vec<char> = self.as_str().chars().collect();
        let slips = (0..=signs.len()).flat_map(|place| slips_at(&signs, place));
        let mut near: BTreeSet<_> = slips.filter_map(|slip| Self::parse(&slip).ok()).collect();
        near.remove(self);
        near
    }
}

/// What comes of one slip at a place.
fn slips_at(signs: &[char], place: usize) -> Vec<String> {
    let (before, after) = signs.split_at(place);
    let with = |middle: &[char], rest: &[char]| [before, middle, rest].concat().into_iter().collect::<String>();
    let mut slips: Vec<_> = TYPED.chars().map(|typed| with(&[typed], after)).collect();
    if let [first, rest @ ..] = after {
        slips.push(with(&[], rest));
        slips.extend(TYPED.chars().filter(|typed| typed != first).map(|typed| with(&[typed], rest)));
    }
    if let [first, second, rest @ ..] = after {
        slips.push(with(&[*second, *first], rest));
    }
    slips
}

//! Addresses that are one slip of the finger away (X2).

use std::collections::BTreeSet;

use super::{LoginKey, domain, key, syntax};

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
        let Some((local, domain)) = self.as_str().split_once('@').filter(|_| self.as_str().len() <= LONGEST) else {
            return BTreeSet::new();
        };
        let locals = slips(local).into_iter().filter(|slip| syntax::is_local_of_key(slip));
        let locals = locals.map(|slip| key::join(&slip, domain));
        let domains = slips(domain).into_iter().filter(|slip| domain::to_a_labels(slip).as_ref() == Ok(slip));
        let domains = domains.map(|slip| key::join(local, &slip));
        let mut near: BTreeSet<_> = locals.chain(domains).map(Self::judged).collect();
        near.extend(over_the_sign(local, domain).into_iter().filter_map(|slip| Self::parse(&slip).ok()));
        near.remove(self);
        near
    }
}

/// The neighbours of `@` swapped with it.
fn over_the_sign(local: &str, domain: &str) -> Vec<String> {
    let mut slips = Vec::new();
    if let Some(last) = local.chars().next_back() {
        slips.push(format!("{}@{last}{domain}", &local[..local.len() - last.len_utf8()]));
    }
    if let Some(first) = domain.chars().next() {
        slips.push(format!("{local}{first}@{}", &domain[first.len_utf8()..]));
    }
    slips
}

/// What comes of one slip anywhere in a part.
fn slips(part: &str) -> Vec<String> {
    let signs: Vec<char> = part.chars().collect();
    (0..=signs.len()).flat_map(|place| slips_at(&signs, place)).collect()
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

#[cfg(test)]
mod tests {
    use super::LoginKey;

    #[test]
    fn x2_every_near_key_is_a_key_and_leads_back() {
        for key in ["ada@smith.example", "a@b.example", "ada.b+tax@xn--bcher-kva.example", "Ζωή@smith.example"] {
            let key = LoginKey::parse(key).unwrap();
            let near = key.near();
            assert!(near.len() > 500, "{key}: {}", near.len());
            for slip in &near {
                assert_eq!(LoginKey::parse(slip.as_str()).as_ref(), Ok(slip));
            }
        }
        let (one, other) = (LoginKey::parse("ada@smith.example"), LoginKey::parse("ad@asmith.example"));
        assert!(one.clone().unwrap().near().contains(&other.unwrap()));
        let long = LoginKey::parse(&format!("{}@{}.example", "a".repeat(60), "b".repeat(40))).unwrap();
        assert!(long.near().is_empty());
    }
}

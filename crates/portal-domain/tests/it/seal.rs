//! Secrets that have to be readable again.

use portal_domain::{
    id::PracticeId,
    link::{KeyId, LinkTokens},
    seal::{NotOpened, Place, SecretBox},
};
use proptest::prelude::*;

const PLACE: Place<'_> = Place { what: "test", practice: PracticeId::from_bytes([1; 16]), name: b"crm" };

fn secrets(keys: &[(&str, u8)]) -> SecretBox {
    let keys = keys.iter().map(|(id, byte)| (KeyId::parse(id).unwrap(), [*byte; 32]));
    SecretBox::of(&LinkTokens::new(keys.collect()).unwrap())
}

proptest! {
    #[test]
    fn s10_what_is_sealed_opens_in_its_place_alone_and_shows_nothing(
        secret in proptest::collection::vec(any::<u8>(), 8..200),
        nonce in any::<[u8; 24]>(),
        turned in any::<prop::sample::Index>(),
    ) {
        let own = secrets(&[("k1", 1)]);
        let sealed = own.seal(PLACE, nonce, &secret);
        prop_assert_eq!(own.open(PLACE, &sealed), Ok(secret.clone()));
        prop_assert!(!sealed.windows(8).any(|part| secret.windows(8).any(|own| own == part)));
        for other in [
            Place { what: "tests", ..PLACE },
            Place { practice: PracticeId::from_bytes([2; 16]), ..PLACE },
            Place { name: b"erp", ..PLACE },
        ] {
            prop_assert_eq!(own.open(other, &sealed), Err(NotOpened::Damaged));
        }
        let mut damaged = sealed.clone();
        damaged[turned.index(sealed.len())] ^= 1;
        prop_assert!(own.open(PLACE, &damaged).is_err());
        prop_assert!(own.open(PLACE, &sealed[..turned.index(sealed.len())]).is_err());
    }
}

#[test]
fn a_key_can_be_replaced_while_what_was_sealed_under_it_lives() {
    let before = secrets(&[("k1", 1)]);
    let during = secrets(&[("k2", 2), ("k1", 1)]);
    let after = secrets(&[("k2", 2)]);
    let old = before.seal(PLACE, [7; 24], b"whsec");
    assert!(during.is_old(&old) && !before.is_old(&old));
    let opened = during.open(PLACE, &old).unwrap();
    let new = during.seal(PLACE, [8; 24], &opened);
    assert!(!during.is_old(&new));
    assert_eq!(after.open(PLACE, &new).unwrap(), b"whsec");
    assert_eq!(after.open(PLACE, &old), Err(NotOpened::UnknownKey(KeyId::parse("k1").unwrap())));
    // Another key of the same name opens nothing either.
    assert_eq!(secrets(&[("k1", 3)]).open(PLACE, &old), Err(NotOpened::Damaged));
}

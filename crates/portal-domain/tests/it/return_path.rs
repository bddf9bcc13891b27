//! Reports find their message by an address that nobody else can make (D3).

use portal_domain::{
    email::EmailAddress,
    id::{MessageId, Slug},
    link::{KeyId, LinkTokens},
};
use proptest::prelude::*;

fn tokens(secrets: &[u8]) -> LinkTokens {
    let key = |secret: &u8| (KeyId::parse(&format!("k{secret}")).unwrap(), [*secret; 32]);
    LinkTokens::new(secrets.iter().map(key).collect()).unwrap()
}

fn slug() -> impl Strategy<Value = Slug> {
    "[a-z0-9-]{2,40}".prop_map(|slug| Slug::parse(&slug).unwrap())
}

fn message() -> impl Strategy<Value = MessageId> {
    any::<[u8; 16]>().prop_map(MessageId::from_bytes)
}

proptest! {
    #[test]
    fn d3_a_return_path_names_its_message_and_is_an_address(practice in slug(), other in slug(), message in message()) {
        let paths = tokens(&[1, 2]).return_paths();
        let path = paths.make(&practice, message, "portal.example");
        prop_assert_eq!(&path, &paths.make(&practice, message, "portal.example"), "a repeated delivery carries the same");
        let address = EmailAddress::parse(&path).unwrap();
        prop_assert!(address.local_part().len() <= 64 && path.is_ascii());
        let read = paths.read(&path).unwrap();
        prop_assert_eq!(read.message, message);
        prop_assert!(read.may_be_of(&practice));
        let alike = other.as_str().chars().take(18).eq(practice.as_str().chars().take(18));
        prop_assert_eq!(read.may_be_of(&other), alike);
        prop_assert!(practice.as_str().starts_with(read.practice()));
    }

    /// Mailboxes fold case, and reports may come to another domain of ours.
    #[test]
    fn d3_a_return_path_is_read_in_any_case(practice in slug(), message in message(), capitals in any::<u64>()) {
        let paths = tokens(&[1]).return_paths();
        let path = paths.make(&practice, message, "portal.example");
        let folded: String = path
            .chars()
            .enumerate()
            .map(|(at, c)| if capitals >> (at % 64) & 1 == 1 { c.to_ascii_uppercase() } else { c })
            .collect();
        prop_assert_eq!(paths.read(&folded), paths.read(&path));
        prop_assert_eq!(paths.read(&path.replace("@portal.example", "@old.example")).unwrap().message, message);
        prop_assert_eq!(paths.read(path.split_once('@').unwrap().0).unwrap().message, message);
    }

    /// Another character anywhere in it, or another practice or message with the same proof, is not ours.
    #[test]
    fn d3_a_forged_return_path_is_not_read(
        practice in slug(), message in message(), other in message(),
        at in 0..64_usize, to in prop::sample::select(b"aq27z-.+=\"x0".to_vec()),
    ) {
        let paths = tokens(&[1]).return_paths();
        let path = paths.make(&practice, message, "portal.example");
        let local = path.split_once('@').unwrap().0;
        let mut forged = local.as_bytes().to_vec();
        let at = at % forged.len();
        forged[at] = to;
        let forged = String::from_utf8(forged).unwrap();
        prop_assert_eq!(paths.read(&forged).is_some(), forged == local, "{}", forged);
        let another = paths.make(&practice, other, "portal.example");
        let proof = |path: &str| path.split_once('@').unwrap().0.rsplit_once('.').unwrap().1.to_owned();
        let mixed = path.replace(&proof(&path), &proof(&another));
        prop_assert_eq!(paths.read(&mixed).is_some(), other == message);
    }

    #[test]
    fn d3_every_key_reads_and_no_other(practice in slug(), message in message()) {
        let old = tokens(&[1]).return_paths().make(&practice, message, "portal.example");
        let rotated = tokens(&[2, 1]).return_paths();
        prop_assert_eq!(rotated.read(&old).unwrap().message, message);
        let new = rotated.make(&practice, message, "portal.example");
        prop_assert!(new != old);
        prop_assert_eq!(tokens(&[2]).return_paths().read(&new).unwrap().message, message);
        prop_assert_eq!(tokens(&[3]).return_paths().read(&old), None);
    }

    #[test]
    fn d3_anything_may_be_asked(address in "\\PC{0,80}", tail in "b\\+[a-z2-7.@-]{0,70}") {
        let paths = tokens(&[1]).return_paths();
        prop_assert_eq!(paths.read(&address), None);
        prop_assert_eq!(paths.read(&tail), None);
    }
}

#[test]
fn d3_every_length_of_slug_fits() {
    let paths = tokens(&[1]).return_paths();
    for length in 2..=40 {
        let practice = Slug::parse(&"s".repeat(length)).unwrap();
        let path = paths.make(&practice, MessageId::from_bytes([255; 16]), "portal.example");
        assert!(path.split_once('@').unwrap().0.len() <= 64, "{path}");
    }
}

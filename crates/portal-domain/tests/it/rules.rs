//! Rules that are plain functions of a few values, on values of all kinds.

use std::collections::BTreeMap;

use portal_domain::{
    decide::room,
    email::{EmailAddress, mask},
    event::personal_digest,
    id::{LinkId, PracticeId},
    link::{KeyId, Link, LinkPurpose, LinkState, LinkTokens},
    password::{NewPassword, PasswordFault, PasswordPolicy, TypedPassword},
    practice::Settings,
    session::{PortalSession, SessionHash, SessionToken},
    time::Timestamp,
};
use proptest::prelude::*;

fn tokens() -> LinkTokens {
    let key = |name: &str, byte| (KeyId::parse(name).unwrap(), [byte; 32]);
    LinkTokens::new(vec![key("new", 1), key("old", 2)]).unwrap()
}

fn purpose() -> impl Strategy<Value = LinkPurpose> {
    prop::sample::select(&LinkPurpose::ALL[..])
}

fn link(expires_at: i64, used_at: Option<i64>, ended_at: Option<i64>) -> Link {
    Link {
        id: LinkId::from_bytes([1; 16]),
        login: portal_domain::id::Id::from_bytes([2; 16]),
        contact: portal_domain::id::Id::from_bytes([3; 16]),
        purpose: LinkPurpose::Activation,
        address: EmailAddress::parse("ada@smith.example").unwrap(),
        signed_with: KeyId::parse("new").unwrap(),
        epoch: 1,
        created_at: Timestamp::from_micros(0),
        expires_at: Timestamp::from_micros(expires_at),
        used_at: used_at.map(Timestamp::from_micros),
        ended_at: ended_at.map(Timestamp::from_micros),
    }
}

proptest! {
    /// Both keys make tokens that open their own link, and nothing else: not in another practice, of another link or purpose.
    #[test]
    fn l1_a_token_opens_its_own_link_and_no_other(
        practice in any::<[u8; 16]>(), id in any::<[u8; 16]>(), other in any::<[u8; 16]>(),
        purpose in purpose(), another in purpose(), at in 0..64_usize, to in prop::sample::select(b"AQgw09_-".to_vec()),
        old in any::<bool>(),
    ) {
        let (tokens, practice, id) = (tokens(), PracticeId::from_bytes(practice), LinkId::from_bytes(id));
        let key = KeyId::parse(if old { "old" } else { "new" }).unwrap();
        let token = tokens.issue(&key, practice, id, purpose).unwrap();
        prop_assert_eq!(token.len(), 64);
        prop_assert_eq!(&token, &tokens.issue(&key, practice, id, purpose).unwrap(), "a repeated delivery carries the same");
        prop_assert_eq!(tokens.link_id(&token), Some(id));
        prop_assert!(tokens.opens(&token, practice, id, purpose));
        prop_assert_eq!(tokens.opens(&token, practice, id, another), another == purpose);
        let elsewhere = PracticeId::from_bytes(other);
        prop_assert_eq!(tokens.opens(&token, elsewhere, id, purpose), elsewhere == practice);
        let mut forged = token.clone().into_bytes();
        forged[at] = to;
        let forged = String::from_utf8(forged).unwrap();
        let claimed = tokens.link_id(&forged).unwrap();
        prop_assert_eq!(tokens.opens(&forged, practice, claimed, purpose), forged == token);
        // A key that is no longer known opens nothing.
        let rotated = LinkTokens::new(vec![(KeyId::parse("next").unwrap(), [3; 32])]).unwrap();
        prop_assert!(!rotated.opens(&token, practice, id, purpose));
    }

    /// Used if redeemed; else dead if it was killed before it expired; else expired, which a link that was killed later is by a
    /// slower clock too; else usable.
    #[test]
    fn l3_the_state_of_a_link_is_judged_when_it_is_asked(
        now in 0..100_i64, expires in 0..100_i64,
        used in prop::option::of(0..100_i64), ended in prop::option::of(0..100_i64),
    ) {
        let expected = if used.is_some() {
            LinkState::Used
        } else if ended.is_some_and(|ended| ended < expires) {
            LinkState::Dead
        } else if ended.is_some() || expires <= now {
            LinkState::Expired
        } else {
            LinkState::Usable
        };
        prop_assert_eq!(link(expires, used, ended).state(Timestamp::from_micros(now)), expected);
    }

    /// Never more than the limit in all, a tenth of it for awaited mail alone, and always something for each.
    #[test]
    fn d7_an_hour_has_room_for_its_limit_and_keeps_a_part_for_awaited_mail(limit in 1..5000_u32, spent in 0..6000_u64) {
        let (bulk, awaited) = (room(Some(limit), spent, false), room(Some(limit), spent, true));
        prop_assert!(bulk <= awaited && spent.min(u64::from(limit)) + awaited == u64::from(limit));
        prop_assert!(room(Some(limit), 0, false) >= 1);
        let kept = u64::from(limit) - room(Some(limit), 0, false);
        prop_assert!(limit == 1 || (kept * 10 >= u64::from(limit) && kept * 10 < u64::from(limit) + 10));
        prop_assert_eq!(room(None, spent, false), u64::MAX);
    }

    #[test]
    fn d6_a_note_has_at_most_six_hundred_characters(length in 590..610_usize, letter in prop::sample::select(vec!['a', 'ü', '字'])) {
        let settings = Settings { invitation_note: letter.to_string().repeat(length), ..Settings::default() };
        prop_assert_eq!(settings.check().is_ok(), length <= 600);
    }

    /// Never more than first and last character of each part, and the ending.
    #[test]
    fn m4_a_masked_address_shows_first_and_last_characters_alone(
        local in "[a-z0-9]{3,20}", domain in "[a-z][a-z0-9]{1,18}[a-z]", ending in "[a-z]{2,8}",
    ) {
        let ends = |part: &str| format!("{}…{}", &part[..1], &part[part.len() - 1..]);
        let expected = format!("{}@{}.{ending}", ends(&local), ends(&domain));
        prop_assert_eq!(mask(&format!("{local}@{domain}.{ending}")), expected);
    }

    /// Lengths are counted in code points after NFC, from the practice's minimum, never below eight, to 256.
    #[test]
    fn p1_length_is_counted_in_code_points_of_nfc(length in 1..300_usize, least in 0..70_usize, seed in any::<u64>()) {
        // Letters with a mark of their own, as some keyboards send them: two code points each until NFC.
        let letters = ["a\u{301}", "e\u{300}", "o\u{308}", "u\u{302}", "n\u{303}", "c\u{327}", "z\u{30c}"];
        let mut state = seed | 1;
        let typed: String = (0..length)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                letters[usize::try_from(state >> 33).unwrap() % letters.len()]
            })
            .collect();
        let policy = PasswordPolicy { min_length: least, ..PasswordPolicy::default() };
        let fault = NewPassword::parse(&typed, &policy).err();
        let least = least.max(8);
        match length {
            _ if length < least => prop_assert_eq!(fault, Some(PasswordFault::TooShort { least })),
            _ if length > 256 => prop_assert_eq!(fault, Some(PasswordFault::TooLong)),
            _ => prop_assert!(matches!(fault, None | Some(PasswordFault::Common))),
        }
    }

    /// What is made of the person's, practice's or product's name or address is refused, in any spacing, alone or with digits.
    #[test]
    fn p1_a_password_made_of_names_is_refused(
        words in prop::collection::vec(prop::sample::select(&["ada", "Lovelace", "SMITH", "portal", "elm"][..]), 2..5),
        space in prop::sample::select(&["", " ", "-", ".", "_1_"][..]), digits in "[0-9]{9}",
    ) {
        let policy = PasswordPolicy {
            min_length: 8,
            personal: vec!["Ada Lovelace", "ada@smith.example", "Elm and Ash"],
            common: None,
        };
        let typed = format!("{}{digits}", words.join(space));
        prop_assert_eq!(NewPassword::parse(&typed, &policy).err(), Some(PasswordFault::Personal));
    }

    /// A session is valid until exactly its limits, and only while its login's epoch is the one it was born in.
    #[test]
    fn p3_a_session_is_valid_within_both_limits_and_its_epoch(
        now in 0..100_i64, idle in 0..100_i64, absolute in 0..100_i64,
        ended in any::<bool>(), epoch in 1..3_i64, present in 1..3_i64,
    ) {
        let session = PortalSession {
            id: portal_domain::id::Id::from_bytes([1; 16]),
            login: portal_domain::id::Id::from_bytes([2; 16]),
            hash: SessionHash([0; 32]),
            epoch,
            profile: None,
            factors: Vec::new(),
            told: false,
            origin: None,
            user_agent: None,
            created_at: Timestamp::from_micros(0),
            last_seen_at: Timestamp::from_micros(0),
            idle_until: Timestamp::from_micros(idle),
            expires_at: Timestamp::from_micros(absolute),
            ended_at: ended.then_some(Timestamp::from_micros(0)),
        };
        let expected = !ended && epoch == present && now < idle && now < absolute;
        prop_assert_eq!(session.valid(present, Timestamp::from_micros(now)), expected);
    }

    /// What is stored of a token is its digest: another for another token, and never the token.
    #[test]
    fn p3_a_session_token_is_stored_as_its_digest(one in any::<[u8; 32]>(), other in any::<[u8; 32]>()) {
        let (first, second) = (SessionToken::from_entropy(one), SessionToken::from_entropy(other));
        prop_assert_eq!(first.hash() == second.hash(), one == other);
        prop_assert_ne!(first.hash().0, one);
        prop_assert_eq!(SessionToken::parse(&first.reveal()).map(|token| token.hash()), Some(first.hash()));
        prop_assert_eq!(format!("{first:?}"), "SessionToken(…)");
    }

    /// The digest that an event holds changes with every personal value and with the salt.
    #[test]
    fn j1_the_digest_of_an_event_binds_every_personal_value(
        values in prop::collection::btree_map("[a-z_]{1,6}", "\\PC{0,6}", 0..4), salt in any::<[u8; 16]>(),
        name in "[a-z_]{1,6}", value in "\\PC{0,6}",
    ) {
        let digest = personal_digest(&salt, &values);
        let mut changed: BTreeMap<String, String> = values.clone();
        changed.insert(name, value);
        prop_assert_eq!(personal_digest(&salt, &changed) == digest, changed == values);
        let mut other = salt;
        other[0] ^= 1;
        prop_assert_ne!(personal_digest(&other, &values), digest);
    }
}

/// The two secrets are types of their own: neither is a text, and neither prints itself.
#[test]
fn p4_secrets_are_types_that_do_not_print() {
    let typed = TypedPassword::new("winding copper lanterns").unwrap();
    assert_eq!(format!("{typed:?}"), "TypedPassword(…)");
    assert_ne!(std::any::TypeId::of::<SessionToken>(), std::any::TypeId::of::<portal_domain::practice::ApiKeyHash>());
    assert_ne!(
        std::any::TypeId::of::<portal_domain::id::LoginId>(),
        std::any::TypeId::of::<portal_domain::id::UserId>()
    );
}

#[test]
fn p1_an_address_with_an_initial_is_as_personal_as_any() {
    let names = ["A. Meier", "j.smith@kanzlei.example", "K & Partner", "Jo O'Neil"];
    let policy = PasswordPolicy { min_length: 8, personal: names.to_vec(), common: None };
    for typed in ["j.smith@kanzlei.example", "jsmith-20241", "A.Meier 2024!", "K & Partner 77", "jo.oneil.1966"] {
        assert_eq!(NewPassword::parse(typed, &policy), Err(PasswordFault::Personal), "{typed}");
    }
    assert!(NewPassword::parse("four quiet paper boats", &policy).is_ok());
}

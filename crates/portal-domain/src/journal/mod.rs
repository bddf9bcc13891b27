//! The sealed journal: every event carries an HMAC over itself and the seal before it (J1).
//!
//! Who holds the database but not the server key can neither change, remove, add nor reorder sealed events without
//! [`Verifier`] finding it. Personal values are covered by their digest only, so that they can be erased.

mod verify;

use std::{collections::BTreeMap, fmt};

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

pub use self::verify::{Fault, Report, Verifier};
use crate::{
    event::RecordedEvent,
    id::{EventId, PracticeId},
    link::{KeyId, LinkTokens},
};

/// A place in a practice's journal with the seal of the event there. Kept outside the database, it shows later that
/// nothing up to there was replaced.
///
/// ```
/// use portal_domain::journal::Mark;
/// let text = format!("17:{}", "0a".repeat(32));
/// assert_eq!(Mark::parse(&text).unwrap().to_string(), text);
/// assert!(Mark::parse("17:0a").is_none());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The event's number.
    pub number: i64,
    /// Its seal.
    pub seal: [u8; 32],
}

impl Mark {
    /// Where every journal begins: before its first event, and nowhere else than in this practice.
    pub fn genesis(practice: PracticeId) -> Self {
        let seal = Sha256::new().chain_update(b"portal journal genesis v1\0").chain_update(practice.to_bytes());
        Self { number: 0, seal: seal.finalize().into() }
    }

    /// Reads `NUMBER:SEAL`, the seal as 64 hexadecimal digits; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let (number, digits) = text.split_once(':')?;
        let number = number.parse().ok().filter(|number| *number > 0)?;
        let mut seal = [0; 32];
        if digits.len() != 64 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        for (byte, pair) in seal.iter_mut().zip(digits.as_bytes().chunks(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(Self { number, seal })
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.number)?;
        self.seal.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The last sealed event of a practice, itself sealed, so that the end of the journal can't be cut off unnoticed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The last event's number and seal.
    pub last: Mark,
    /// The server key of `mac`.
    pub key: KeyId,
    /// An HMAC over practice, number and seal.
    pub mac: [u8; 32],
}

/// The number and the seal that an event is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seal {
    /// The event.
    pub event: EventId,
    /// Its number: one more than that of the event before.
    pub number: i64,
    /// Its seal.
    pub seal: [u8; 32],
}

/// Seals for a practice's next events, all made under the key of the new head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealing {
    /// One for each event, in order.
    pub seals: Vec<Seal>,
    /// The head after them.
    pub head: Head,
}

/// A sealed event as it lies in the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedEvent {
    /// The event. Its personal values are `None` where they were erased, or where there is a salt, can't be read.
    pub event: RecordedEvent,
    /// The salt beside the personal values; `None` where they were erased.
    pub salt: Option<[u8; 16]>,
    /// The seal.
    pub seal: [u8; 32],
    /// The server key it was made under.
    pub key: KeyId,
}

/// What lies at one number of a journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalRow {
    /// The number.
    pub number: i64,
    /// The event; `None` where the row can't be read as one.
    pub content: Option<SealedEvent>,
}

/// Why nothing may be sealed after a head.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeadFault {
    /// It does not bear the seal of its key.
    #[error("the journal's head is not as it was sealed")]
    Changed,
    /// Its key is not configured.
    #[error("the journal's head was sealed under the key `{}`, which is not configured", .0.as_str())]
    UnknownKey(KeyId),
}

/// Server keys of the journal, newest first: the first seals, all verify.
#[derive(Clone)]
pub struct JournalKeys {
    keys: Vec<(KeyId, [u8; 32])>,
}

impl fmt::Debug for JournalKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.keys.iter().map(|(id, _)| id)).finish()
    }
}

impl JournalKeys {
    /// The server keys of the link tokens. What an HMAC was made for is said in its first words, so that a seal never passes
    /// for a token.
    pub fn of(tokens: &LinkTokens) -> Self {
        Self { keys: tokens.keys().to_vec() }
    }

    /// Seals events, in their order, after a head that bears its own seal; nothing where there is none to seal.
    ///
    /// A head that was tampered with is never sealed over, for that would make it whole again.
    pub fn seal(
        &self,
        practice: PracticeId,
        head: Option<&Head>,
        events: &[RecordedEvent],
    ) -> Result<Option<Sealing>, HeadFault> {
        if let Some(head) = head {
            self.check_head(practice, head)?;
        }
        let (key, secret) = &self.keys[0];
        let mut last = head.map_or_else(|| Mark::genesis(practice), |head| head.last);
        let mut seals = Vec::with_capacity(events.len());
        for event in events {
            let number = last.number + 1;
            let seal = event_mac(secret, practice, &last.seal, number, event).finalize().into_bytes().into();
            last = Mark { number, seal };
            seals.push(Seal { event: event.id, number, seal });
        }
        let mac = head_mac(secret, practice, last).finalize().into_bytes().into();
        Ok((!seals.is_empty()).then(|| Sealing { seals, head: Head { last, key: key.clone(), mac } }))
    }

    /// Whether a head bears its own seal.
    pub fn check_head(&self, practice: PracticeId, head: &Head) -> Result<(), HeadFault> {
        let secret = self.secret(&head.key).ok_or_else(|| HeadFault::UnknownKey(head.key.clone()))?;
        let mac = head_mac(secret, practice, head.last).finalize().into_bytes();
        if bool::from(mac.as_slice().ct_eq(&head.mac)) { Ok(()) } else { Err(HeadFault::Changed) }
    }

    /// Whether the event bears its seal at this number after that seal; `None` where its key is not known.
    fn fits(&self, practice: PracticeId, before: &[u8; 32], number: i64, sealed: &SealedEvent) -> Option<bool> {
        let mac = event_mac(self.secret(&sealed.key)?, practice, before, number, &sealed.event);
        Some(mac.finalize().into_bytes().as_slice().ct_eq(&sealed.seal).into())
    }

    fn secret(&self, key: &KeyId) -> Option<&[u8; 32]> {
        self.keys.iter().find(|(id, _)| id == key).map(|(_, secret)| secret)
    }
}

fn keyed(secret: &[u8; 32], tag: &[u8], practice: PracticeId) -> Hmac<Sha256> {
    let mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes keys of any length");
    mac.chain_update(tag).chain_update(practice.to_bytes())
}

fn head_mac(secret: &[u8; 32], practice: PracticeId, last: Mark) -> Hmac<Sha256> {
    let mac = keyed(secret, b"portal journal head v1\0", practice);
    mac.chain_update(last.number.to_be_bytes()).chain_update(last.seal)
}

/// Covers the seal before, the number, and all of the event that is not personal; what varies in length says its length.
fn event_mac(
    secret: &[u8; 32],
    practice: PracticeId,
    before: &[u8; 32],
    number: i64,
    event: &RecordedEvent,
) -> Hmac<Sha256> {
    let RecordedEvent { number: _, id, at, kind, caller, origin, subject, facts, personal: _, digest } = event;
    let mut mac = keyed(secret, b"portal journal event v1\0", practice)
        .chain_update(before)
        .chain_update(number.to_be_bytes())
        .chain_update(id.to_bytes())
        .chain_update(at.as_micros().to_be_bytes());
    text(&mut mac, kind);
    text(&mut mac, caller);
    maybe(&mut mac, origin.as_deref().map(str::as_bytes));
    maybe(&mut mac, subject.contact.map(|id| id.to_bytes()).as_ref().map(<[u8; 16]>::as_slice));
    maybe(&mut mac, subject.user.map(|id| id.to_bytes()).as_ref().map(<[u8; 16]>::as_slice));
    maybe(&mut mac, subject.login.map(|id| id.to_bytes()).as_ref().map(<[u8; 16]>::as_slice));
    texts(&mut mac, facts);
    mac.chain_update(digest)
}

fn text(mac: &mut Hmac<Sha256>, text: &str) {
    bytes(mac, text.as_bytes());
}

fn texts(mac: &mut Hmac<Sha256>, texts: &BTreeMap<String, String>) {
    mac.update(&(texts.len() as u64).to_be_bytes());
    for (name, value) in texts {
        text(mac, name);
        text(mac, value);
    }
}

fn maybe(mac: &mut Hmac<Sha256>, value: Option<&[u8]>) {
    mac.update(&[u8::from(value.is_some())]);
    bytes(mac, value.unwrap_or_default());
}

fn bytes(mac: &mut Hmac<Sha256>, bytes: &[u8]) {
    mac.update(&(bytes.len() as u64).to_be_bytes());
    mac.update(bytes);
}

//! Endpoints of hosts that sealed events are pushed to (J2), in the Standard Webhooks format.

mod progress;
mod secret;

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};

pub use self::{
    progress::{Held, Progress, Step},
    secret::{SecretFault, WebhookSecret},
};
use crate::{
    event::RecordedEvent,
    id::{EventId, Ref, WebhookId},
    time::Timestamp,
};

/// Most endpoints of a practice.
pub const MOST_WEBHOOKS: usize = 10;

/// So many tries stand in the log of an endpoint.
pub const LOGGED: i64 = 5000;

/// The kind of the event that tests one endpoint.
pub const TEST_EVENT: &str = "webhook.test";

/// An endpoint, and how far it was served. Whatever writes one raises its version: commands, leases and settlements alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// Our id.
    pub id: WebhookId,
    /// The host's id.
    pub reference: Ref,
    /// Whether events are pushed to it.
    pub enabled: bool,
    /// What the host said of it, and its secrets.
    pub terms: Terms,
    /// How far it was served.
    pub progress: Progress,
    /// Until when a worker has it.
    pub leased_until: Option<Timestamp>,
    /// When a worker last took it, or it was made.
    pub served_at: Timestamp,
    /// Raised by one with every write.
    pub version: i64,
}

/// What the host said of an endpoint, and its secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// Where events are posted to.
    pub url: String,
    /// What it is for, in words.
    pub description: String,
    /// Kinds such as `contact.activated`, or families such as `contact.*`; all where there are none.
    pub kinds: Vec<String>,
    /// The secret that signs.
    pub secret: SealedSecret,
    /// The one before, which signs beside it for a while.
    pub former: Option<FormerSecret>,
    /// Why it was disabled, where we did it.
    pub ended: Option<Ended>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Terms {
    /// The host of the address, with its port. The rest of the address may hold a token.
    pub fn host(&self) -> &str {
        let rest = self.url.split_once("://").map_or(self.url.as_str(), |(_, rest)| rest);
        rest.split(['/', '?']).next().unwrap_or_default()
    }
}

/// A secret sealed under the program's keys, as it lies in the database.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedSecret(pub Vec<u8>);

impl fmt::Debug for SealedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealedSecret(…)")
    }
}

impl Serialize for SealedSecret {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for SealedSecret {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map(Self).map_err(|_| serde::de::Error::custom("not a sealed secret"))
    }
}

/// A secret that was replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormerSecret {
    /// The secret.
    pub secret: SealedSecret,
    /// Until when it signs.
    pub until: Timestamp,
}

/// That an endpoint was disabled by us, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub why: EndReason,
}

/// Why an endpoint was disabled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// It answered `410 Gone`.
    Gone,
    /// One event failed for three days.
    Failing,
}

impl EndReason {
    /// The reason's name in API and journal.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::Failing => "failing",
        }
    }
}

impl Webhook {
    /// Whether the event is for this endpoint: one of its kinds, or its own test.
    pub fn wants(&self, event: &RecordedEvent) -> bool {
        if event.kind == TEST_EVENT {
            return event.facts.get("webhook").map(String::as_str) == Some(self.reference.as_str());
        }
        let kinds = &self.terms.kinds;
        kinds.is_empty() || kinds.iter().any(|wanted| is_of(&event.kind, wanted))
    }

    /// The former secret, while it still signs.
    pub fn former_at(&self, now: Timestamp) -> Option<&FormerSecret> {
        self.terms.former.as_ref().filter(|former| now < former.until)
    }
}

fn is_of(kind: &str, wanted: &str) -> bool {
    match wanted.strip_suffix(".*") {
        Some(family) => kind.strip_prefix(family).is_some_and(|rest| rest.starts_with('.')),
        None => kind == wanted,
    }
}

/// Whether a text may name a kind of event, or with `.*` a family of them.
///
/// ```
/// use portal_domain::webhook::is_kind;
/// assert!(is_kind("contact.activated") && is_kind("practice.*"));
/// assert!(!is_kind("contact") && !is_kind("*") && !is_kind("Contact.activated"));
/// ```
pub fn is_kind(text: &str) -> bool {
    let word = |word: &str| !word.is_empty() && word.bytes().all(|it| it.is_ascii_lowercase() || it == b'_');
    let Some((family, rest)) = text.split_once('.') else { return false };
    text.len() <= 60 && word(family) && (rest == "*" || word(rest))
}

/// What became of one try to push an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// The receiver answered with this status.
    Answered(u16),
    /// There was no answer, and why, in words of our own.
    Unanswered(String),
}

impl Pushed {
    /// Whether the event was received.
    pub const fn is_received(&self) -> bool {
        matches!(self, Self::Answered(200..=299))
    }

    /// Whether the receiver wants no more.
    pub const fn is_gone(&self) -> bool {
        matches!(self, Self::Answered(410))
    }

    /// What happened, in words for the log of deliveries.
    pub fn words(&self) -> String {
        match self {
            Self::Answered(200..=299) => "received".to_owned(),
            Self::Answered(410) => "the receiver wants no more events".to_owned(),
            Self::Answered(300..=399) => "the receiver redirects, which is not followed".to_owned(),
            Self::Answered(_) => "the receiver did not take it".to_owned(),
            Self::Unanswered(why) => why.clone(),
        }
    }
}

/// One try to push an event, for the log of deliveries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookDelivery {
    /// The endpoint.
    pub webhook: WebhookId,
    /// The place in the endpoint's log: 1, 2, 3 …
    pub place: i64,
    /// The event.
    pub event: EventId,
    /// The event's number.
    pub number: i64,
    /// The event's kind.
    pub kind: String,
    /// When the try began.
    pub at: Timestamp,
    /// How long it took, in milliseconds.
    pub took_millis: u32,
    /// Which try it was of this event, from 1, since the endpoint last began anew with it.
    pub attempt: u32,
    /// Whether the event was received.
    pub received: bool,
    /// The status that was answered.
    pub status: Option<u16>,
    /// What happened, in words of our own.
    pub words: String,
    /// When it is tried again.
    pub next_attempt_at: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_is_all_kinds_behind_its_dot() {
        assert!(is_of("contact.activated", "contact.*") && is_of("contact.activated", "contact.activated"));
        for wanted in ["contact.activate", "cont.*", "contact", "contact.activated.*", "client.*"] {
            assert!(!is_of("contact.activated", wanted), "{wanted}");
        }
    }

    #[test]
    fn a_sealed_secret_comes_back_and_is_never_printed() {
        let secret = SealedSecret(vec![0, 1, 254, 255]);
        let text = serde_json::to_string(&secret).unwrap();
        assert_eq!(serde_json::from_str::<SealedSecret>(&text).unwrap(), secret);
        assert!(serde_json::from_str::<SealedSecret>("\"?\"").is_err());
        assert_eq!(format!("{secret:?}"), "SealedSecret(…)");
    }
}

//! Single-use invitations to set a password, and the tokens that stand for them in a mail.

use std::{fmt, time::Duration};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::{
    email::{EmailAddress, LoginKey},
    id::{ContactId, LinkId, LoginId, PracticeId},
    practice::Settings,
    time::Timestamp,
};

/// What a link is for (L3). A link never serves another purpose than its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkPurpose {
    /// The first password of a contact that was given access.
    Activation,
    /// A new password for whoever forgot the old one.
    Reset,
    /// A practice user's password; the portal's routes answer `404` to it.
    Workspace,
}

impl LinkPurpose {
    /// All purposes.
    pub const ALL: [Self; 3] = [Self::Activation, Self::Reset, Self::Workspace];

    /// The purpose's name in the API and in the database.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Activation => "activation",
            Self::Reset => "reset",
            Self::Workspace => "workspace",
        }
    }

    /// Reads what [`code`](Self::code) writes.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.code() == code)
    }

    /// How long a link of this purpose works in a practice with these settings.
    pub fn life(self, settings: &Settings) -> Duration {
        match self {
            Self::Activation => settings.activation_link_life(),
            Self::Reset => settings.reset_link_life(),
            Self::Workspace => Duration::from_secs(7 * 24 * 3600),
        }
    }
}

/// A link as it is stored: nothing in it could be used as the token (L1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Our id; half of the token.
    pub id: LinkId,
    /// The login whose password it sets.
    pub login: LoginId,
    /// The contact it was written to.
    pub contact: ContactId,
    /// What it is for.
    pub purpose: LinkPurpose,
    /// The stored address it was mailed to.
    pub address: EmailAddress,
    /// The server key its token is derived under.
    pub signed_with: KeyId,
    /// The login's epoch when the link was made.
    pub epoch: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it no longer works.
    pub expires_at: Timestamp,
    /// When it was redeemed.
    pub used_at: Option<Timestamp>,
    /// When it was killed.
    pub ended_at: Option<Timestamp>,
}

/// What a link is good for, judged at the moment it is asked (L3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkState {
    /// It sets a password.
    Usable,
    /// It did already.
    Used,
    /// It was killed before it expired.
    Dead,
    /// Its time is over.
    Expired,
}

impl LinkState {
    /// The state as API and pages name it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Usable => "usable",
            Self::Used => "used",
            Self::Dead => "dead",
            Self::Expired => "expired",
        }
    }

    /// The state at `now` of what was used and killed then, and expires then.
    pub(crate) fn of(used: Option<Timestamp>, ended: Option<Timestamp>, expires: Timestamp, now: Timestamp) -> Self {
        match (used, ended) {
            (Some(_), _) => Self::Used,
            (None, Some(ended)) if ended < expires => Self::Dead,
            (None, Some(_)) => Self::Expired,
            (None, None) if now >= expires => Self::Expired,
            (None, None) => Self::Usable,
        }
    }
}

impl Link {
    /// The state at `now`: `Used` if redeemed, else `Dead` if killed before it expired, else `Expired`, else `Usable`.
    ///
    /// One that was killed when it had expired already is `Expired` by every clock, a slower one too.
    pub fn state(&self, now: Timestamp) -> LinkState {
        LinkState::of(self.used_at, self.ended_at, self.expires_at, now)
    }

    /// The key it was mailed to; a password it sets is confirmed there.
    pub fn key(&self) -> &LoginKey {
        self.address.key()
    }
}

/// A link, and when its page was opened (D5). Who opened it nobody knows: mail scanners do too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TracedLink {
    /// The link.
    pub link: Link,
    /// When its page was opened, if it ever was.
    pub opened: Option<Opened>,
}

/// When something was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opened {
    /// The first time.
    pub first: Timestamp,
    /// The last time.
    pub last: Timestamp,
}

/// Name of a server key: 1–32 of `a–z A–Z 0–9 _ -`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(String);

impl KeyId {
    /// Reads a key's name; `None` where it breaks the rule above.
    pub fn parse(text: &str) -> Option<Self> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        ((1..=32).contains(&text.len()) && text.bytes().all(plain)).then(|| Self(text.to_owned()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Issues and opens link tokens (L1): base64url of the link's id and an HMAC-SHA-256 over practice,
/// link id and purpose.
///
/// A repeated delivery derives the same token again, and the database alone gives nobody a link.
///
/// ```
/// use portal_domain::{id::{LinkId, PracticeId}, link::{KeyId, LinkPurpose, LinkTokens}};
/// let key = KeyId::parse("k1").unwrap();
/// let tokens = LinkTokens::new(vec![(key.clone(), [3; 32])]).unwrap();
/// let (practice, link) = (PracticeId::from_bytes([1; 16]), LinkId::from_bytes([2; 16]));
/// let token = tokens.issue(&key, practice, link, LinkPurpose::Reset).unwrap();
/// assert_eq!(tokens.link_id(&token), Some(link));
/// assert!(tokens.opens(&token, practice, link, LinkPurpose::Reset));
/// assert!(!tokens.opens(&token, practice, link, LinkPurpose::Activation));
/// ```
#[derive(Clone)]
pub struct LinkTokens {
    keys: Vec<(KeyId, [u8; 32])>,
}

impl fmt::Debug for LinkTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.keys.iter().map(|(id, _)| id)).finish()
    }
}

impl LinkTokens {
    /// Tokens under these keys, newest first: the first makes, all verify. `None` without a key.
    pub fn new(keys: Vec<(KeyId, [u8; 32])>) -> Option<Self> {
        (!keys.is_empty()).then_some(Self { keys })
    }

    /// The keys themselves, newest first, for what else is derived under them. What is derived has a name of its own in it.
    pub(crate) fn keys(&self) -> &[(KeyId, [u8; 32])] {
        &self.keys
    }

    /// The secrets of all keys, newest first.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &[u8; 32]> {
        self.keys.iter().map(|(_, secret)| secret)
    }

    /// The key that new links are made under.
    pub fn newest(&self) -> &KeyId {
        &self.keys[0].0
    }

    /// The secret of [`newest`](Self::newest).
    pub(crate) fn newest_secret(&self) -> &[u8; 32] {
        &self.keys[0].1
    }

    /// The token of a link; `None` where its key is no longer known.
    pub fn issue(&self, key: &KeyId, practice: PracticeId, link: LinkId, purpose: LinkPurpose) -> Option<String> {
        let (_, secret) = self.keys.iter().find(|(id, _)| id == key)?;
        let mut bytes = link.to_bytes().to_vec();
        bytes.extend(mac(secret, practice, link, purpose).finalize().into_bytes());
        Some(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The link a token claims to stand for; `None` where it is not of a token's form. Proves nothing yet.
    pub fn link_id(&self, token: &str) -> Option<LinkId> {
        let bytes: [u8; 48] = URL_SAFE_NO_PAD.decode(token).ok()?.try_into().ok()?;
        bytes[..16].try_into().ok().map(LinkId::from_bytes)
    }

    /// Whether the token really is that of this link, in constant time for every key.
    pub fn opens(&self, token: &str, practice: PracticeId, link: LinkId, purpose: LinkPurpose) -> bool {
        let Ok(bytes) = URL_SAFE_NO_PAD.decode(token) else { return false };
        let Some((id, given)) = bytes.split_at_checked(16) else { return false };
        let mut found = subtle::Choice::from(0);
        for (_, secret) in &self.keys {
            found |= mac(secret, practice, link, purpose).finalize().into_bytes().ct_eq(given);
        }
        bool::from(found & id.ct_eq(&link.to_bytes()))
    }
}

fn mac(secret: &[u8; 32], practice: PracticeId, link: LinkId, purpose: LinkPurpose) -> Hmac<Sha256> {
    Hmac::<Sha256>::new_from_slice(secret)
        .expect("HMAC takes keys of any length")
        .chain_update(b"portal link v1\0")
        .chain_update(practice.to_bytes())
        .chain_update(link.to_bytes())
        .chain_update(purpose.code())
}

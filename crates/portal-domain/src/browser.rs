//! The cookie by which a browser is known to have signed in to a login before (G1).
//!
//! It proves nothing but that, and opens nothing: it decides which counter a wrong password goes to.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::{
    id::{CredentialId, LoginId, PracticeId, UserId},
    link::LinkTokens,
    throttle::BrowserId,
};

/// A browser may be known to so many logins of one practice, as in a family.
const LOGINS: usize = 5;

/// What a browser is known to: one login, until its password changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownTo {
    /// The practice.
    pub practice: PracticeId,
    /// The login.
    pub login: LoginId,
    /// Its password: with another one the browser is a stranger again.
    pub credential: CredentialId,
}

impl KnownTo {
    /// No login at all: asked in its place, so that a cookie costs the same (P2).
    pub(crate) const fn nobody(practice: PracticeId) -> Self {
        Self { practice, login: LoginId::from_bytes([0; 16]), credential: CredentialId::from_bytes([0; 16]) }
    }

    /// The browser behind a cookie, if the cookie says that it signed in here before.
    pub fn recognise(&self, tokens: &LinkTokens, cookie: &str) -> Option<BrowserId> {
        self.bond().recognise(tokens, cookie)
    }

    /// The cookie of a browser that has just signed in here. What `cookie` says of other logins stays, the latest first; what
    /// is no token, or this browser's of a password before, doesn't.
    pub fn remember(&self, tokens: &LinkTokens, cookie: Option<&str>, browser: BrowserId) -> String {
        self.bond().remember(tokens, cookie, browser)
    }

    const fn bond(&self) -> Bond {
        Bond {
            label: b"portal known browser v1\0",
            practice: self.practice,
            whom: self.login.to_bytes(),
            credential: self.credential,
        }
    }
}

/// What a browser is known to in the workspace: one practice user, until the password changes. Proofs of the two areas are made
/// under different labels, so that none counts in the other (P4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownToStaff {
    /// The practice.
    pub practice: PracticeId,
    /// The user.
    pub user: UserId,
    /// Its password.
    pub credential: CredentialId,
}

impl KnownToStaff {
    /// See [`KnownTo::nobody`].
    pub(crate) const fn nobody(practice: PracticeId) -> Self {
        Self { practice, user: UserId::from_bytes([0; 16]), credential: CredentialId::from_bytes([0; 16]) }
    }

    /// See [`KnownTo::recognise`].
    pub fn recognise(&self, tokens: &LinkTokens, cookie: &str) -> Option<BrowserId> {
        self.bond().recognise(tokens, cookie)
    }

    /// See [`KnownTo::remember`].
    pub fn remember(&self, tokens: &LinkTokens, cookie: Option<&str>, browser: BrowserId) -> String {
        self.bond().remember(tokens, cookie, browser)
    }

    const fn bond(&self) -> Bond {
        Bond {
            label: b"portal known staff browser v1\0",
            practice: self.practice,
            whom: self.user.to_bytes(),
            credential: self.credential,
        }
    }
}

/// What a proof is bound to.
struct Bond {
    label: &'static [u8],
    practice: PracticeId,
    whom: [u8; 16],
    credential: CredentialId,
}

impl Bond {
    fn recognise(&self, tokens: &LinkTokens, cookie: &str) -> Option<BrowserId> {
        cookie.split('.').take(LOGINS).find_map(|part| self.opens(tokens, part))
    }

    fn remember(&self, tokens: &LinkTokens, cookie: Option<&str>, browser: BrowserId) -> String {
        let own = self.token(tokens, browser);
        let before = cookie.unwrap_or_default().split('.').take(LOGINS);
        let of_another = |part: &&str| parse(part).is_some_and(|(other, _)| other != browser);
        let others = before.filter(of_another).filter(|part| self.opens(tokens, part).is_none());
        let mut parts = vec![own.as_str()];
        parts.extend(others.take(LOGINS - 1));
        parts.join(".")
    }

    fn token(&self, tokens: &LinkTokens, browser: BrowserId) -> String {
        let mut bytes = browser.0.to_vec();
        bytes.extend(self.mac(tokens.newest_secret(), browser).finalize().into_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn opens(&self, tokens: &LinkTokens, part: &str) -> Option<BrowserId> {
        let (browser, given) = parse(part)?;
        let mut found = subtle::Choice::from(0);
        for secret in tokens.secrets() {
            found |= self.mac(secret, browser).finalize().into_bytes().ct_eq(&given);
        }
        bool::from(found).then_some(browser)
    }

    fn mac(&self, secret: &[u8; 32], browser: BrowserId) -> Hmac<Sha256> {
        Hmac::<Sha256>::new_from_slice(secret)
            .expect("HMAC takes keys of any length")
            .chain_update(self.label)
            .chain_update(self.practice.to_bytes())
            .chain_update(self.whom)
            .chain_update(self.credential.to_bytes())
            .chain_update(browser.0)
    }
}

/// Browser and proof, as far as a part of a cookie has their form.
fn parse(part: &str) -> Option<(BrowserId, [u8; 32])> {
    if part.len() != 64 {
        return None;
    }
    let bytes: [u8; 48] = URL_SAFE_NO_PAD.decode(part).ok()?.try_into().ok()?;
    let (browser, proof) = bytes.split_first_chunk::<16>()?;
    Some((BrowserId(*browser), proof.try_into().ok()?))
}

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::time::Timestamp;

/// The secret that signs what is pushed to one endpoint. Told once, never printed by accident.
///
/// ```
/// use portal_domain::{time::Timestamp, webhook::WebhookSecret};
/// let secret = WebhookSecret::new([7; 32]);
/// assert!(secret.reveal().starts_with("whsec_"));
/// let at = Timestamp::from_micros(1_700_000_000_000_000);
/// assert!(secret.sign("id", at, b"{}").starts_with("v1,"));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookSecret(Zeroizing<[u8; 32]>);

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret(…)")
    }
}

/// That what was sealed is no secret of an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the secret of a webhook")]
pub struct SecretFault;

impl WebhookSecret {
    /// A secret of these random bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The secret as the host is told it, once: `whsec_` and its bytes in base64.
    pub fn reveal(&self) -> String {
        format!("whsec_{}", STANDARD.encode(*self.0))
    }

    /// The bytes, to be sealed.
    pub fn bytes(&self) -> &[u8] {
        &*self.0
    }

    /// Reads the bytes that were sealed.
    ///
    /// # Errors
    ///
    /// [`SecretFault`] where they are not 32.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SecretFault> {
        bytes.try_into().map(Self::new).map_err(|_| SecretFault)
    }

    /// The signature of Standard Webhooks, version 1: over id, time in whole seconds and body.
    pub fn sign(&self, id: &str, at: Timestamp, body: &[u8]) -> String {
        let mac = Hmac::<Sha256>::new_from_slice(&*self.0).expect("HMAC takes keys of any length");
        let head = format!("{id}.{}.", at.as_millis() / 1000);
        let mac = mac.chain_update(head).chain_update(body).finalize().into_bytes();
        format!("v1,{}", STANDARD.encode(mac))
    }
}

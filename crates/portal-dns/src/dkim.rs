//! Keys of DKIM (RFC 6376, 3.6.1; RFC 8301; RFC 8463), read and judged. Nothing is asked.

use base64::{Engine, engine::general_purpose::STANDARD};
use pkcs1::RsaPublicKey;
use spki::SubjectPublicKeyInfoRef;

use crate::{Finding, tags};

/// Bits that an RSA key must have for anybody to accept it (RFC 8301, 3.2).
const LEAST: usize = 1024;
/// Bits that it should have.
const GOOD: usize = 2048;

/// A key that a domain has published under a selector.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Key {
    /// What it verifies with.
    pub kind: Kind,
    /// `t=y`: receivers are asked to treat signed mail like unsigned.
    pub testing: bool,
    /// `t=s`: the signer's `d=` has to be this very domain.
    pub strict: bool,
}

/// What a key is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// RSA, with so many bits.
    Rsa(usize),
    /// Ed25519, which not every receiver verifies.
    Ed25519,
    /// None any more: an empty `p=`.
    Revoked,
}

/// Why a record is no key.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Fault {
    /// It is no list of tags.
    #[error(transparent)]
    Tags(#[from] tags::Fault),
    /// Another version.
    #[error("its version is `{0}`, not DKIM1 at its very beginning")]
    Version(String),
    /// There is no `p=`.
    #[error("it has no key: `p=` is missing")]
    NoKey,
    /// Another kind.
    #[error("it is for keys of kind `{0}`, which receivers don't know")]
    Kind(String),
    /// Not for SHA-256.
    #[error("it allows `{0}` only, and receivers want sha256")]
    Hash(String),
    /// Not for mail.
    #[error("it is for `{0}`, not for mail")]
    Service(String),
    /// No base64.
    #[error("its key is not base64: a part of it is missing, or something was put into it")]
    Base64,
    /// Base64 of something else.
    #[error("its key is cut off or none of kind {0}")]
    NoSuchKey(&'static str),
}

impl Key {
    /// Reads a record.
    ///
    /// ```
    /// use portal_dns::dkim::{Key, Kind};
    ///
    /// assert_eq!(Key::parse("v=DKIM1; k=rsa; p=")?.kind, Kind::Revoked);
    /// assert!(Key::parse("v=DKIM1; k=rsa").is_err());
    /// # Ok::<(), portal_dns::dkim::Fault>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The first [`Fault`].
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let tags = tags::read(text)?;
        let tag = |name: &str| tags.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let list = |name: &str| tag(name).map(|value| value.split(':').map(str::trim).collect::<Vec<_>>());
        match tags.iter().position(|(name, _)| name == "v") {
            None => {}
            Some(0) if tags[0].1 == "DKIM1" => {}
            Some(at) => return Err(Fault::Version(tags[at].1.clone())),
        }
        let key: String = tag("p").ok_or(Fault::NoKey)?.split_ascii_whitespace().collect();
        if let Some(hashes) = list("h").filter(|hashes| !hashes.contains(&"sha256")) {
            return Err(Fault::Hash(hashes.join(":")));
        }
        if let Some(services) = list("s").filter(|services| !services.iter().any(|it| matches!(*it, "*" | "email"))) {
            return Err(Fault::Service(services.join(":")));
        }
        let flags = list("t").unwrap_or_default();
        let kind = match tag("k").unwrap_or("rsa") {
            _ if key.is_empty() => Kind::Revoked,
            "rsa" => Kind::Rsa(rsa_bits(&decoded(&key)?).ok_or(Fault::NoSuchKey("RSA"))?),
            "ed25519" if decoded(&key)?.len() == 32 => Kind::Ed25519,
            "ed25519" => return Err(Fault::NoSuchKey("Ed25519")),
            other => return Err(Fault::Kind(other.to_owned())),
        };
        Ok(Self { kind, testing: flags.contains(&"y"), strict: flags.contains(&"s") })
    }
}

fn decoded(key: &str) -> Result<Vec<u8>, Fault> {
    STANDARD.decode(key).map_err(|_| Fault::Base64)
}

/// The bits of a key's modulus. It comes wrapped as everywhere, or bare as the RFC's own words have it.
fn rsa_bits(der: &[u8]) -> Option<usize> {
    let bare = match SubjectPublicKeyInfoRef::try_from(der) {
        Ok(wrapped) => wrapped.subject_public_key.as_bytes()?,
        Err(_) => der,
    };
    let key = RsaPublicKey::try_from(bare).ok()?;
    let modulus = key.modulus.as_bytes();
    let first = modulus.first()?;
    Some(modulus.len() * 8 - first.leading_zeros() as usize)
}

/// What is to be said of the texts under a selector.
#[must_use]
pub fn judge(domain: &str, selector: &str, texts: &[String]) -> Finding {
    let mut finding = Finding::new("dkim");
    let place = format!("{selector}._domainkey.{domain}");
    let [text] = texts else {
        finding.fault(
            format!("{place} has {} TXT records, and which of them counts is anybody's guess", texts.len()),
            format!("leave the one of your mail provider at {place} and remove the others"),
        );
        return finding;
    };
    match Key::parse(text) {
        Err(fault) => {
            let remedy = format!("publish the record at {place} again, as your mail provider shows it");
            finding.fault(format!("{place} can't be used: {fault}"), remedy);
        }
        Ok(key) => judge_key(&mut finding, &place, &key),
    }
    finding
}

fn judge_key(finding: &mut Finding, place: &str, key: &Key) {
    match key.kind {
        Kind::Revoked => {
            let remedy = format!("sign with a key that is published, or publish one at {place}");
            finding.fault(format!("the key at {place} is revoked: its `p=` is empty"), remedy);
        }
        Kind::Rsa(bits) if bits < LEAST => {
            let remedy = format!("have the mail provider make a key of {GOOD} bits, and publish it");
            finding.fault(
                format!("the key at {place} has {bits} bits, and no receiver accepts fewer than {LEAST}"),
                remedy,
            );
        }
        Kind::Rsa(bits) if bits < GOOD => {
            let remedy = format!("have the mail provider make a key of {GOOD} bits, and publish it");
            finding.warn(format!("the key at {place} has {bits} bits, fewer than the {GOOD} that are usual"), remedy);
        }
        Kind::Rsa(bits) => {
            finding.saw(format!("{place} has an RSA key of {bits} bits"));
        }
        Kind::Ed25519 => {
            finding.warn(
                format!("{place} has an Ed25519 key, which several large receivers don't verify"),
                "sign with an RSA key besides",
            );
        }
    }
    if key.testing {
        finding.warn(
            "it says `t=y`: receivers treat signed mail as if it were not signed",
            format!("remove `t=y` at {place} once signing works"),
        );
    }
    if key.strict {
        finding.saw("it says `t=s`: `i=` of a signature has to be this very domain");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::State;

    /// The outside of an RSA key in DER, with a modulus of so many bits.
    fn rsa(bits: usize, wrapped: bool) -> String {
        let mut modulus = vec![0xff; bits.div_ceil(8)];
        modulus[0] >>= (8 - bits % 8) % 8;
        let integer = |bytes: &[u8]| {
            let sign: &[u8] = if bytes[0] & 0x80 == 0 { &[] } else { &[0] };
            der(0x02, &[sign, bytes].concat())
        };
        let bare = der(0x30, &[integer(&modulus), integer(&[1, 0, 1])].concat());
        let rsa_encryption = [0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 0x05, 0];
        let whole = der(0x30, &[der(0x30, &rsa_encryption), der(0x03, &[&[0], bare.as_slice()].concat())].concat());
        STANDARD.encode(if wrapped { whole } else { bare })
    }

    fn der(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = u16::try_from(content.len()).unwrap().to_be_bytes();
        let head = if content.len() < 128 { vec![tag, length[1]] } else { vec![tag, 0x82, length[0], length[1]] };
        // The shortest form is the only one.
        let head = if (128..256).contains(&content.len()) { vec![tag, 0x81, length[1]] } else { head };
        [head, content.to_vec()].concat()
    }

    #[test]
    fn keys_are_measured() {
        for (bits, wrapped) in [(512, true), (1024, true), (2048, true), (2048, false), (4096, true), (1023, false)] {
            let key = Key::parse(&format!("v=DKIM1; p={}", rsa(bits, wrapped))).unwrap();
            assert_eq!(key, Key { kind: Kind::Rsa(bits), testing: false, strict: false });
        }
    }

    #[test]
    fn a_key_may_be_folded_and_carry_what_nobody_knows() {
        let key = rsa(2048, true);
        let text = format!(
            " v = DKIM1 ;k=rsa; n=by hand; x=y; t=y : s; h=sha1:sha256; s=email; p={} {} ;",
            &key[..40],
            &key[40..]
        );
        assert_eq!(Key::parse(&text).unwrap(), Key { kind: Kind::Rsa(2048), testing: true, strict: true });
    }

    #[test]
    fn what_is_seen_has_its_weight_and_its_remedy() {
        let ed = STANDARD.encode([7; 32]);
        let good = rsa(2048, true);
        for (text, state, said) in [
            (format!("v=DKIM1; p={good}"), State::Ok, "2048 bits"),
            (format!("p={good}"), State::Ok, "2048 bits"),
            (format!("v=DKIM1; t=s; p={good}"), State::Ok, "`t=s`"),
            (format!("v=DKIM1; t=y; p={good}"), State::Warning, "`t=y`"),
            (format!("v=DKIM1; p={}", rsa(1024, true)), State::Warning, "1024 bits"),
            (format!("v=DKIM1; k=ed25519; p={ed}"), State::Warning, "Ed25519"),
            (format!("v=DKIM1; p={}", rsa(768, true)), State::Fault, "768 bits"),
            ("v=DKIM1; p=".to_owned(), State::Fault, "revoked"),
            ("v=DKIM1; k=foo; p=".to_owned(), State::Fault, "revoked"),
            ("v=DKIM1; k=rsa".to_owned(), State::Fault, "`p=` is missing"),
            (format!("v=DKIM2; p={good}"), State::Fault, "`DKIM2`"),
            (format!("p={good}; v=DKIM1"), State::Fault, "very beginning"),
            (format!("v=DKIM1; k=rsa; k=rsa; p={good}"), State::Fault, "twice"),
            (format!("v=DKIM1; h=sha1; p={good}"), State::Fault, "sha256"),
            (format!("v=DKIM1; s=tlsrpt; p={good}"), State::Fault, "not for mail"),
            (format!("v=DKIM1; k=mldsa; p={ed}"), State::Fault, "`mldsa`"),
            ("v=DKIM1; p=!!!".to_owned(), State::Fault, "not base64"),
            (format!("v=DKIM1; p={}", &good[..200]), State::Fault, "cut off"),
            (format!("v=DKIM1; p={ed}"), State::Fault, "cut off"),
            ("v=DKIM1; k=ed25519; p=AAAA".to_owned(), State::Fault, "Ed25519"),
            ("hello".to_owned(), State::Fault, "no `=`"),
        ] {
            let finding = judge("smith.example", "s1", std::slice::from_ref(&text));
            assert_eq!(finding.state, state, "{text}: {finding:?}");
            assert!(finding.seen().contains(said), "{text}: {finding:?}");
            assert_eq!(finding.remedy().is_none(), state == State::Ok, "{finding:?}");
        }
        let twice = judge("smith.example", "s1", &["p=".to_owned(), "p=".to_owned()]);
        assert!(twice.state == State::Fault && twice.seen().contains("2 TXT records"), "{twice:?}");
    }
}

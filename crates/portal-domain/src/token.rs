//! What those secrets have in common that a browser or a host carries. Each stays a type of its own, and of the same bytes each
//! has another digest.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

/// 256 bits, drawn fresh.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Bits([u8; 32]);

impl Bits {
    /// These bytes.
    pub(crate) const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads what [`reveal`](Self::reveal) writes, and nothing else.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok().map(Self)
    }

    /// As text that may stand in a cookie or a path.
    pub(crate) fn reveal(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// SHA-256 of a label, which says what they are for, and of the bits.
    pub(crate) fn digest(&self, label: &[u8]) -> [u8; 32] {
        Sha256::new().chain_update(label).chain_update(self.0).finalize().into()
    }
}

impl fmt::Debug for Bits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        handoff::HandoffToken,
        session::{SessionToken, WorkspaceToken},
        sign_in_code::CodeToken,
    };

    #[test]
    fn there_is_one_text_for_each() {
        let bits = Bits::new([0xfb; 32]);
        assert_eq!(bits.reveal(), "-_v7".repeat(10) + "-_s");
        assert_eq!(Bits::parse(&bits.reveal()), Some(bits));
        for other in ["", "-_v7", &("-_v7".repeat(10) + "-_t"), &("-_v7".repeat(10) + "-_s="), &"-_v7".repeat(11)] {
            assert_eq!(Bits::parse(other), None, "{other}");
        }
    }

    /// Digests are at rest in databases: another one would end every session.
    #[test]
    fn digests_stay_as_they_are_and_no_two_are_alike() {
        let hex = |digest: [u8; 32]| digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let bytes = [7; 32];
        let digests = [
            hex(SessionToken::from_entropy(bytes).hash().0),
            hex(WorkspaceToken::from_entropy(bytes).hash().0),
            hex(HandoffToken::from_entropy(bytes).hash().0),
            hex(CodeToken::from_entropy(bytes).hash().0),
        ];
        assert_eq!(
            digests,
            [
                "4bb06f8e4e3a7715d201d573d0aa423762e55dabd61a2c02278fa56cc6d294e0",
                "b8cbecbc1070778bd3b6ef3f86fa1389128f19cc3b2e0561b852dd57f0c313ae",
                "f5ae39768c14aefb1d23553162f3ef2a5278bdc1843fa06688612ea6b96944fa",
                "102d8b024103b3206bd7f9c6b456122c45828e95ea68838a5de2d70e7021ca39",
            ]
        );
    }

    #[test]
    fn none_of_them_is_printed() {
        let bytes = [7; 32];
        assert_eq!(format!("{:?}", SessionToken::from_entropy(bytes)), "SessionToken(…)");
        assert_eq!(format!("{:?}", WorkspaceToken::from_entropy(bytes)), "WorkspaceToken(…)");
        assert_eq!(format!("{:?}", HandoffToken::from_entropy(bytes)), "HandoffToken(…)");
        assert_eq!(format!("{:#?}", CodeToken::from_entropy(bytes)), "CodeToken(\n    …,\n)");
    }
}

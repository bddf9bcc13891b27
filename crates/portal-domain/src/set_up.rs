//! The code that guards the first start: whoever can read what the program says may set up the first practice.

use std::fmt;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// The signs of a code: none of them looks like another.
const SIGNS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// So many signs stand together.
const GROUP: usize = 5;

/// A code of a hundred bits, shown once. It lives in the program's memory alone.
#[derive(Clone, PartialEq, Eq)]
pub struct SetUpCode(String);

impl SetUpCode {
    /// The code made of these fresh bytes.
    pub fn from_entropy(bytes: [u8; 20]) -> Self {
        Self(bytes.iter().map(|byte| char::from(SIGNS[usize::from(byte & 31)])).collect())
    }

    /// The code, in groups, as people copy it.
    pub fn reveal(&self) -> String {
        let signs = self.0.as_bytes().chunks(GROUP);
        let groups: Vec<_> = signs.map(|group| String::from_utf8_lossy(group).into_owned()).collect();
        groups.join("-")
    }

    /// Whether somebody typed this code, in whatever case and groups. It takes as long whatever was typed.
    ///
    /// ```
    /// use portal_domain::set_up::SetUpCode;
    ///
    /// let code = SetUpCode::from_entropy([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
    /// assert_eq!(code.reveal(), "01234-56789-ABCDE-FGHJK");
    /// assert!(code.is("o123456789 abcde fghjk "));
    /// assert!(!code.is("01234-56789-ABCDE-FGHJ") && !code.is(""));
    /// ```
    pub fn is(&self, typed: &str) -> bool {
        let sign = |c: char| match c.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            c => c,
        };
        let typed: String = typed.chars().filter(|c| *c != '-' && !c.is_whitespace()).map(sign).collect();
        Sha256::digest(&self.0).ct_eq(&Sha256::digest(typed)).into()
    }
}

impl fmt::Debug for SetUpCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SetUpCode(…)")
    }
}

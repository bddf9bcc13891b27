//! The people, addresses and passwords that generated histories are about.
//!
//! They are few, so that histories collide. What the rulebook makes of each address is written down here by hand.

use crate::model::Addr;

/// One way to type an address, and what E1, E3, E4 and M4 make of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spelling {
    /// As somebody types it.
    pub typed: &'static str,
    /// As it is stored and written to (E1, E4).
    pub stored: &'static str,
    /// Its login key (E3).
    pub key: &'static str,
    /// As the holder of another address is shown it (M4).
    pub masked: &'static str,
}

const fn plain(typed: &'static str, key: &'static str, masked: &'static str) -> Spelling {
    Spelling { typed, stored: typed, key, masked }
}

/// All spellings; those of one key stand together, and the first of them is the plain one.
pub const SPELLINGS: [Spelling; 12] = [
    plain("ada@smith.example", "ada@smith.example", "a…a@s…h.example"),
    Spelling {
        typed: "  Ada@Smith.Example\u{a0}",
        stored: "Ada@Smith.Example",
        key: "ada@smith.example",
        masked: "A…a@S…h.Example",
    },
    plain("ADA@smith.example", "ada@smith.example", "A…A@s…h.example"),
    plain("zoë@smith.example", "zoë@smith.example", "z…ë@s…h.example"),
    plain("zoe\u{308}@smith.example", "zoë@smith.example", "z…e@s…h.example"),
    Spelling {
        typed: "Zoë@smith.example\u{200b}",
        stored: "Zoë@smith.example",
        key: "zoë@smith.example",
        masked: "Z…ë@s…h.example",
    },
    plain("bob@bücher.example", "bob@xn--bcher-kva.example", "b…b@b…r.example"),
    plain("bob@xn--bcher-kva.example", "bob@xn--bcher-kva.example", "b…b@x…a.example"),
    plain("Bob@BÜCHER.example", "bob@xn--bcher-kva.example", "B…b@B…R.example"),
    plain("eve@jones.example", "eve@jones.example", "e…e@j…s.example"),
    plain("Eve@jones.example", "eve@jones.example", "E…e@j…s.example"),
    plain("dan+tag@jones.example", "dan+tag@jones.example", "d…g@j…s.example"),
];

/// Every key that occurs.
pub const KEYS: [&str; 5] = [
    "ada@smith.example",
    "zoë@smith.example",
    "bob@xn--bcher-kva.example",
    "eve@jones.example",
    "dan+tag@jones.example",
];

/// Lists of addresses that are refused whole, each with the fault of its second entry.
pub const BROKEN: [(&str, &str); 3] = [
    ("j.o’neil@smith.example", "bad_local_character"),
    ("Ada <ada@smith.example>", "display_name"),
    ("ada@smith", "domain_without_dot"),
];

/// References of contacts.
pub const CONTACTS: [&str; 4] = ["c-1", "c-2", "c-3", "c-4"];
/// References of clients.
pub const CLIENTS: [&str; 2] = ["acme", "zeta"];
/// References of practice users.
pub(super) const USERS: [&str; 3] = ["aid", "boss", "temp"];
/// Names of contacts.
pub const NAMES: [&str; 2] = ["Fir", "Oak"];

/// Passwords that may be set (P1). They differ in every way that matters, and none is made of a name above.
pub const PASSPHRASES: [&str; 3] =
    ["winding copper lanterns drift", "seven tractors hum by lakes", "bl\u{fc}ten \u{fc}ber alten m\u{fc}hlen"];

/// Which password somebody types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Password {
    /// One of [`PASSPHRASES`].
    Phrase(u8),
    /// Fewer than twelve characters.
    Short,
    /// More than 256 characters.
    Long,
}

impl Password {
    /// The password in NFC (P1).
    pub fn text(self) -> String {
        match self {
            Self::Phrase(at) => pick(&PASSPHRASES, at).to_owned(),
            Self::Short => "rain copper".to_owned(),
            Self::Long => "plum trees ".repeat(24),
        }
    }
}

/// The same password as some keyboards type it: decomposed. P1 takes it for the same.
pub(super) fn decomposed(text: &str) -> String {
    text.replace('\u{fc}', "u\u{308}")
}

/// The entry at this place, counted on from the beginning where the list ends.
pub(super) fn pick<T: Copy>(list: &[T], at: u8) -> T {
    list[usize::from(at) % list.len()]
}

impl Spelling {
    /// The spelling at this place.
    pub fn at(at: u8) -> Self {
        pick(&SPELLINGS, at)
    }

    /// The spelling whose stored form this is.
    pub fn stored_as(stored: &str) -> Option<Self> {
        SPELLINGS.into_iter().find(|spelling| spelling.stored == stored)
    }

    /// The plain spelling of a key.
    pub fn of_key(key: &str) -> Option<Self> {
        SPELLINGS.into_iter().find(|spelling| spelling.key == key)
    }

    /// The address as the model takes it.
    pub fn addr(self) -> Addr {
        Addr { stored: self.stored.to_owned(), key: self.key.to_owned() }
    }
}

/// A list as the model takes it: of spellings of one key only the first (F1).
pub(super) fn list(spellings: &[Spelling]) -> Vec<Addr> {
    let mut list: Vec<Addr> = Vec::new();
    for spelling in spellings {
        if list.iter().all(|known| known.key != spelling.key) {
            list.push(spelling.addr());
        }
    }
    list
}

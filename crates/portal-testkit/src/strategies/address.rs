use proptest::{
    collection::vec,
    prelude::*,
    sample::{Index, select},
};

/// A text that somebody enters as an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The text.
    pub raw: String,
    /// What has to be made of it.
    pub expected: Expected,
}

/// What has to be made of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// An address with this key; what is kept of the text is the part without its hidden ends.
    Key(String),
    /// Nothing: it is blank.
    Blank,
    /// A refusal with this code.
    Fault(&'static str),
    /// Either; nothing must break.
    Anything,
}

impl Entry {
    fn new(raw: impl Into<String>, expected: Expected) -> Self {
        Self { raw: raw.into(), expected }
    }
}

/// Domains as they are typed, with their A-labels. All are reserved for examples.
const DOMAINS: [(&str, &str); 8] = [
    ("smith.example", "smith.example"),
    ("Smith.Example", "smith.example"),
    ("mail.smith-sons.example", "mail.smith-sons.example"),
    ("bücher.example", "xn--bcher-kva.example"),
    ("BÜCHER.example", "xn--bcher-kva.example"),
    ("xn--bcher-kva.example", "xn--bcher-kva.example"),
    ("παράδειγμα.example", "xn--hxajbheg2az3al.example"),
    ("a1.b2.c3.example", "a1.b2.c3.example"),
];

/// Local parts as they are typed, with their canonical form.
const LOCAL_PARTS: [(&str, &str); 6] = [
    ("Zoë", "zoë"),
    ("Zoe\u{308}", "zoë"),
    ("ÜNAL", "ÜnAL"),
    ("用户", "用户"),
    ("o'neil", "o'neil"),
    ("Ada.Smith+Tax", "ada.smith+tax"),
];

/// What hides at the ends of an address that was copied from somewhere.
const HIDDEN: [&str; 10] =
    [" ", "  ", "\t", "\r\n", "\u{a0}", "\u{200b}", "\u{feff}", "\u{2028}", "\u{202f}\u{200e}", "\u{3000}"];

/// An address without anything odd.
pub fn clean_address() -> impl Strategy<Value = Entry> {
    let local = "[a-z]{1,8}([._+-][a-z0-9]{1,6})?";
    (local, select(&["smith.example", "jones.example", "mail.brown.example"][..])).prop_map(|(local, domain)| {
        let text = format!("{local}@{domain}");
        Entry::new(text.clone(), Expected::Key(text))
    })
}

/// An address as people really type it: in any case, in any script, with something hidden at its ends.
pub fn dirty_address() -> impl Strategy<Value = Entry> {
    let plain = ("[a-zA-Z][a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]{0,12}(\\.[a-zA-Z0-9]{1,8})?")
        .prop_map(|text: String| (text.clone(), text.to_ascii_lowercase()));
    let other =
        select(&LOCAL_PARTS[..]).prop_map(|(typed, canonical)| (typed.to_owned(), canonical.replace("ÜnAL", "Ünal")));
    let ends =
        || prop_oneof![2 => Just(String::new()), 1 => vec(select(&HIDDEN[..]), 1..4).prop_map(|all| all.concat())];
    (ends(), prop_oneof![plain, other], select(&DOMAINS[..]), ends()).prop_map(|(before, local, domain, after)| {
        let raw = format!("{before}{}@{}{after}", local.0, domain.0);
        Entry::new(raw, Expected::Key(format!("{}@{}", local.1, domain.1)))
    })
}

/// Texts that are no address, each with the fault that has to be named.
const FAULTY: [(&str, &str); 44] = [
    ("a@smith.example,b@smith.example", "list"),
    ("a@smith.example; b@smith.example", "list"),
    ("a@smith.example / b@jones.example", "list"),
    ("a@smith.example|b@smith.example", "list"),
    ("a@smith.example b@smith.example", "list"),
    ("a@smith.example\u{a0}b@smith.example", "list"),
    ("Ada <ada@smith.example>", "display_name"),
    ("<ada@smith.example>", "display_name"),
    ("@relay.example:ada@smith.example", "source_route"),
    ("ada(work)@smith.example", "comment"),
    ("ada@smith.example (work)", "comment"),
    ("\"ada smith\"@smith.example", "quoted_local_part"),
    ("a\u{200b}da@smith.example", "hidden_character"),
    ("ada@smi\u{ad}th.example", "hidden_character"),
    ("ada\u{a0}smith@smith.example", "hidden_character"),
    ("a\u{202e}da@smith.example", "hidden_character"),
    ("ada\u{0}@smith.example", "control_character"),
    ("a\u{1b}[31m@smith.example", "control_character"),
    ("ad\u{e000}a@smith.example", "unassigned_character"),
    ("ada＠smith.example", "compatibility_character"),
    ("ａda@smith.example", "compatibility_character"),
    ("ada@smith。example", "compatibility_character"),
    ("\u{212a}ate@smith.example", "compatibility_character"),
    ("ada", "missing_at"),
    ("ada at smith.example", "missing_at"),
    ("smith.example", "missing_at"),
    ("ada@@smith.example", "several_at"),
    ("a@b@smith.example", "several_at"),
    ("ada@[192.0.2.1]", "address_literal"),
    ("@smith.example", "empty_local_part"),
    (".ada@smith.example", "misplaced_dot"),
    ("ada.@smith.example", "misplaced_dot"),
    ("a..da@smith.example", "misplaced_dot"),
    ("a da@smith.example", "bad_local_character"),
    ("o’neil@smith.example", "bad_local_character"),
    ("ada:x@smith.example", "bad_local_character"),
    ("ada@", "invalid_domain"),
    ("ada@smith..example", "invalid_domain"),
    ("ada@-smith.example", "invalid_domain"),
    ("ada@smith_sons.example", "invalid_domain"),
    ("ada@smith–sons.example", "invalid_domain"),
    ("ada@smith.example.", "invalid_domain"),
    ("ada@localhost", "domain_without_dot"),
    ("ada@192.0.2.1", "numeric_domain"),
];

/// A text that means to do harm, or was never an address: what is known to be refused, and what nobody knows.
pub fn hostile_address() -> impl Strategy<Value = Entry> {
    let faulty = select(&FAULTY[..]).prop_map(|(raw, fault)| Entry::new(raw, Expected::Fault(fault)));
    let long_local = (65..200_usize).prop_map(|length| {
        Entry::new(format!("{}@smith.example", "a".repeat(length)), Expected::Fault("local_part_too_long"))
    });
    let anything = vec(any::<char>(), 0..80).prop_map(|all| Entry::new(String::from_iter(all), Expected::Anything));
    let dented = (dirty_address(), any::<Index>(), any::<char>()).prop_map(|(entry, at, c)| {
        let mut all: Vec<char> = entry.raw.chars().collect();
        all.insert(at.index(all.len() + 1), c);
        Entry::new(String::from_iter(all), Expected::Anything)
    });
    let naughty =
        select(&super::NAUGHTY[..]).prop_map(|name| Entry::new(format!("{name}@smith.example"), Expected::Anything));
    prop_oneof![6 => faulty, 1 => long_local, 2 => anything, 2 => dented, 1 => naughty]
}

/// Any entry, mostly good ones.
pub fn address() -> impl Strategy<Value = Entry> {
    prop_oneof![4 => clean_address(), 3 => dirty_address(), 2 => hostile_address()]
}

/// The entries of a form: mostly good addresses, some blanks, now and then more than a list holds.
pub fn address_list() -> impl Strategy<Value = Vec<Entry>> {
    let blank = vec(select(&HIDDEN[..]), 0..3).prop_map(|all| Entry::new(all.concat(), Expected::Blank));
    let good = || prop_oneof![5 => clean_address(), 3 => dirty_address(), 1 => blank.clone()];
    let mixed = prop_oneof![20 => good(), 1 => hostile_address()];
    prop_oneof![6 => vec(good(), 0..6), 2 => vec(mixed, 1..10), 1 => vec(good(), 18..30)]
}

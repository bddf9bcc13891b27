//! Addresses, near addresses, and texts that only look like one.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// Characters that some layer of some stack treats in a way of its own.
pub(crate) const NAUGHTY: &[char] = &[
    '\u{0}',
    '\t',
    '\n',
    '\r',
    '\u{1B}',
    '\u{7F}',
    '\u{85}',
    '\u{9F}',
    ' ',
    '\u{A0}',
    '\u{AD}',
    '\u{34F}',
    '\u{61C}',
    '\u{115F}',
    '\u{180E}',
    '\u{2009}',
    '\u{200B}',
    '\u{200C}',
    '\u{200D}',
    '\u{200E}',
    '\u{202E}',
    '\u{2028}',
    '\u{2060}',
    '\u{2066}',
    '\u{3000}',
    '\u{3164}',
    '\u{FE0F}',
    '\u{FEFF}',
    '\u{FFA0}',
    '\u{E0041}',
    '\u{E0100}',
    '\u{212A}',
    '\u{130}',
    '\u{131}',
    '\u{17F}',
    '\u{FF20}',
    '\u{FE6B}',
    '\u{2024}',
    '\u{3002}',
    '\u{FF0E}',
    '\u{FF61}',
    '\u{FF1C}',
    '\u{FF45}',
    '\u{37E}',
    '\u{1FEF}',
    '\u{2019}',
    '\u{2013}',
    '\u{2010}',
    '\u{B7}',
    '\u{375}',
    '\u{387}',
    '\u{5F3}',
    '\u{30FB}',
    '\u{FF65}',
    '\u{301}',
    '\u{308}',
    '\u{327}',
    '\u{331}',
    '\u{345}',
    '\u{903}',
    '\u{20DD}',
    '\u{958}',
    '\u{FB1D}',
    '\u{212B}',
    '\u{2126}',
    '\u{1E9E}',
    '\u{DF}',
    '\u{3C2}',
    '\u{5D0}',
    '\u{661}',
    '\u{627}',
    '\u{94D}',
    '\u{3260}',
    '\u{32D0}',
    '\u{1F600}',
    '\u{FFFD}',
    '\u{FFFE}',
    '\u{378}',
    '\u{E000}',
    '\u{10FFFF}',
    '\u{18E00}',
    '\u{600}',
    '"',
    '\\',
    '<',
    '>',
    '(',
    ')',
    '[',
    ']',
    '@',
    '.',
    ',',
    ';',
    ':',
    '/',
    '|',
    '-',
    '_',
    '\'',
    '%',
];

/// Any character, the troublesome ones often.
pub(crate) fn any_char() -> impl Strategy<Value = char> {
    prop_oneof![
        4 => select(NAUGHTY),
        2 => proptest::char::range('a', 'z'),
        1 => proptest::char::range('A', 'Z'),
        1 => proptest::char::range('0', '9'),
        1 => proptest::char::range('\u{80}', '\u{2FFF}'),
        1 => any::<char>(),
    ]
}

/// A character that a local part may begin with.
fn local_char() -> impl Strategy<Value = char> {
    prop_oneof![
        6 => proptest::char::range('a', 'z'),
        3 => proptest::char::range('A', 'Z'),
        2 => proptest::char::range('0', '9'),
        1 => select(&['+', '-', '_', '\'', '&', '/', '|', '%', '~'][..]),
        2 => select(&['é', 'Ü', 'ß', 'Ł', 'ş', 'İ', 'ı', 'Ω', 'ς', 'я', 'ﬠ', 'क', 'א', '山', '\u{958}', '\u{1E96}'][..]),
    ]
}

/// A local part that E2 accepts.
pub(crate) fn local() -> impl Strategy<Value = String> {
    let mark = select(&["", "", "", "", "", "\u{301}", "\u{308}", "\u{327}", "\u{331}", "\u{323}\u{307}"][..]);
    let atom = vec((local_char(), mark), 1..5)
        .prop_map(|chars| chars.iter().map(|(c, mark)| format!("{c}{mark}")).collect::<String>());
    vec(atom, 1..3)
        .prop_map(|atoms| atoms.join("."))
        .prop_filter("short enough in every form", |local| local.len() <= 40 && local.matches('\u{958}').count() < 4)
}

/// A domain that E2 accepts, in one of its spellings.
pub(crate) fn domain() -> impl Strategy<Value = String> {
    let label = prop_oneof![
        3 => "[a-zA-Z]([a-zA-Z0-9]{0,6}[a-zA-Z0-9])?",
        2 => select(&[
            "bücher", "BÜCHER", "bu\u{308}cher", "xn--bcher-kva", "XN--BCHER-KVA", "faß", "παράδειγμα", "ΠΑΡΆΔΕΙΓΜΑ",
            "smith-and-sons", "l\u{B7}l", "例え", "中\u{30FB}国", "пример", "उदाहरण",
        ][..])
        .prop_map(str::to_owned),
    ];
    (vec(label, 1..3), select(&["example", "EXAMPLE", "рф", "xn--p1ai", "de"][..]))
        .prop_map(|(labels, ending)| format!("{}.{ending}", labels.join(".")))
}

/// An address that E2 accepts and E1 leaves alone.
pub(crate) fn address() -> impl Strategy<Value = String> {
    (local(), domain()).prop_map(|(local, domain)| format!("{local}@{domain}"))
}

/// One of few addresses, in one of several spellings, so that keys often meet.
pub(crate) fn colliding_address() -> impl Strategy<Value = String> {
    let local = select(&["ada", "Ada", "bob", "zoë", "zoe\u{308}", "ZOë", "a.da", "ada+x"][..]);
    let domain = select(&["bücher.example", "xn--bcher-kva.example", "Smith.example", "smith.EXAMPLE"][..]);
    (local, domain).prop_map(|(local, domain)| format!("{local}@{domain}"))
}

/// An address with a few characters put in or taken out.
pub(crate) fn damaged() -> impl Strategy<Value = String> {
    let edit = (any::<prop::sample::Index>(), proptest::option::weighted(0.8, any_char()));
    (address(), vec(edit, 1..4)).prop_map(|(address, edits)| {
        let mut chars: Vec<char> = address.chars().collect();
        for (index, edit) in edits {
            let position = index.index(chars.len() + 1);
            match edit {
                Some(c) => chars.insert(position, c),
                None if position < chars.len() && chars.len() > 1 => drop(chars.remove(position)),
                None => {}
            }
        }
        chars.into_iter().collect()
    })
}

/// Words, marks and addresses strung together.
pub(crate) fn jumble() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        3 => address(),
        2 => any_char().prop_map(String::from),
        3 => select(&[
            "\"", "\\", "<", ">", "(", ")", "@", ".", ",", ";", "/", "|", " ", "\n", ":", "[", "]", "@relay.example:",
            "Ada", "\"Ada, Smith\"", "\"a@b\"", "@b.example", "a", "xn--", "1", "127.0.0.1",
        ][..])
        .prop_map(str::to_owned),
    ];
    vec(piece, 0..7).prop_map(|pieces| pieces.concat())
}

/// Hidden characters, often none.
pub(crate) fn hidden() -> impl Strategy<Value = String> {
    let hidden: Vec<char> = NAUGHTY.iter().copied().filter(|&c| super::reference::hidden(c)).collect();
    vec(select(hidden), 0..4).prop_map(|chars| chars.into_iter().collect())
}

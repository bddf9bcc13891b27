//! The hidden characters of E1, checked in: `White_Space` and `Default_Ignorable_Code_Point` of Unicode 18.0.

/// First and last of each range, ascending.
///
/// A test compares the list, code point by code point, with the property tables of the same Unicode version.
const HIDDEN: [(char, char); 23] = [
    ('\u{0009}', '\u{000D}'),
    ('\u{0020}', '\u{0020}'),
    ('\u{0085}', '\u{0085}'),
    ('\u{00A0}', '\u{00A0}'),
    ('\u{00AD}', '\u{00AD}'),
    ('\u{034F}', '\u{034F}'),
    ('\u{061C}', '\u{061C}'),
    ('\u{115F}', '\u{1160}'),
    ('\u{1680}', '\u{1680}'),
    ('\u{17B4}', '\u{17B5}'),
    ('\u{180B}', '\u{180F}'),
    ('\u{2000}', '\u{200F}'),
    ('\u{2028}', '\u{202F}'),
    ('\u{205F}', '\u{206F}'),
    ('\u{3000}', '\u{3000}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{FE00}', '\u{FE0F}'),
    ('\u{FEFF}', '\u{FEFF}'),
    ('\u{FFA0}', '\u{FFA0}'),
    ('\u{FFF0}', '\u{FFF8}'),
    ('\u{1BCA0}', '\u{1BCA3}'),
    ('\u{1D173}', '\u{1D17A}'),
    ('\u{E0000}', '\u{E0FFF}'),
];

/// The part of [`HIDDEN`] that is `White_Space`: it separates the parts of a list (E2).
const WHITE_SPACE: [(char, char); 10] = [
    ('\u{0009}', '\u{000D}'),
    ('\u{0020}', '\u{0020}'),
    ('\u{0085}', '\u{0085}'),
    ('\u{00A0}', '\u{00A0}'),
    ('\u{1680}', '\u{1680}'),
    ('\u{2000}', '\u{200A}'),
    ('\u{2028}', '\u{2029}'),
    ('\u{202F}', '\u{202F}'),
    ('\u{205F}', '\u{205F}'),
    ('\u{3000}', '\u{3000}'),
];

/// Whether E1 removes this character at the ends of an address.
pub(crate) fn is_hidden(c: char) -> bool {
    within(&HIDDEN, c)
}

/// Whether this character is white space, line ends included.
pub(super) fn is_white_space(c: char) -> bool {
    within(&WHITE_SPACE, c)
}

/// What to call a hidden character when speaking to staff.
///
/// Rare ones share a name, so that no sentence grows with the number of code points behind it. Every name takes a
/// plain `s` in the plural.
pub(super) fn name(c: char) -> &'static str {
    spacing_name(c).or_else(|| format_name(c)).unwrap_or("hidden character")
}

fn spacing_name(c: char) -> Option<&'static str> {
    Some(match c {
        '\t' => "tab",
        '\n' => "line break",
        '\u{0B}' => "vertical tab",
        '\u{0C}' => "form feed",
        '\r' => "carriage return",
        ' ' => "space",
        '\u{85}' => "next-line character",
        '\u{A0}' => "no-break space",
        '\u{1680}' => "ogham space mark",
        '\u{2000}' => "en quad",
        '\u{2001}' => "em quad",
        '\u{2002}' => "en space",
        '\u{2003}' => "em space",
        '\u{2004}' => "three-per-em space",
        '\u{2005}' => "four-per-em space",
        '\u{2006}' => "six-per-em space",
        '\u{2007}' => "figure space",
        '\u{2008}' => "punctuation space",
        '\u{2009}' => "thin space",
        '\u{200A}' => "hair space",
        '\u{2028}' => "line separator",
        '\u{2029}' => "paragraph separator",
        '\u{202F}' => "narrow no-break space",
        '\u{205F}' => "medium mathematical space",
        '\u{3000}' => "ideographic space",
        _ => return None,
    })
}

fn format_name(c: char) -> Option<&'static str> {
    Some(match c {
        '\u{AD}' => "soft hyphen",
        '\u{34F}' => "combining grapheme joiner",
        '\u{61C}' => "Arabic letter mark",
        '\u{115F}' | '\u{1160}' | '\u{3164}' | '\u{FFA0}' => "Hangul filler",
        '\u{180E}' => "Mongolian vowel separator",
        '\u{180B}'..='\u{180F}' | '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}' => "variation selector",
        '\u{200B}' => "zero-width space",
        '\u{200C}' => "zero-width non-joiner",
        '\u{200D}' => "zero-width joiner",
        '\u{200E}' => "left-to-right mark",
        '\u{200F}' => "right-to-left mark",
        '\u{202A}' => "left-to-right embedding",
        '\u{202B}' => "right-to-left embedding",
        '\u{202C}' => "pop directional formatting character",
        '\u{202D}' => "left-to-right override",
        '\u{202E}' => "right-to-left override",
        '\u{2060}' => "word joiner",
        '\u{2061}'..='\u{2064}' => "invisible operator",
        '\u{2066}' => "left-to-right isolate",
        '\u{2067}' => "right-to-left isolate",
        '\u{2068}' => "first strong isolate",
        '\u{2069}' => "pop directional isolate character",
        '\u{FEFF}' => "byte order mark",
        '\u{E0001}' | '\u{E0020}'..='\u{E007F}' => "tag character",
        _ => return None,
    })
}

fn within(ranges: &[(char, char)], c: char) -> bool {
    // The first range that doesn't end before the character is the only one that can hold it.
    let next = ranges.partition_point(|&(_, last)| last < c);
    ranges.get(next).is_some_and(|&(first, _)| first <= c)
}

//! Text as phrases are looked for in it, and the addresses that stand in it.

/// Most bytes of a text that are compared with phrases.
const LONGEST: usize = 16 * 1024;
/// What may stand between two pieces of a phrase: most bytes of the longer kind, and how both are written.
const GAP: usize = 80;
const GAPS: [char; 2] = ['…', '‥'];

/// What gateways say around every reply, whatever the reply is.
const NOISE: [&str; 3] = ["unknown address error", "unknown or undefined address status", "(delivery attempts: 0"];

/// A text made ready to be compared: lower case, without accents, codes and quoted lines, addresses as `@`, blanks as one.
#[derive(Debug, Default)]
pub(crate) struct Said(String);

impl Said {
    pub(crate) fn of(text: &str) -> Self {
        let text = &text[..text.floor_char_boundary(LONGEST)];
        let mut said = String::with_capacity(text.len());
        for line in text.lines() {
            let line = line.trim();
            if is_quoted(line) {
                continue;
            }
            for word in line.replace("...", " ").split_whitespace() {
                push(&mut said, word);
            }
        }
        Self(said).without(&NOISE)
    }

    /// The same without these phrases.
    pub(crate) fn without(self, phrases: &[&str]) -> Self {
        Self(phrases.iter().fold(self.0, |said, phrase| said.replace(phrase, "")))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.trim().is_empty()
    }

    /// Whether a phrase stands in it. `…` is anything of up to 80 bytes, `‥` is one word or none; a phrase is of whole words, but
    /// for an end with `*`.
    pub(crate) fn says(&self, phrase: &str) -> bool {
        let (first, rest) = phrase.split_at(phrase.find(GAPS).unwrap_or(phrase.len()));
        let mut from = 0;
        while let Some((begin, end)) = find(&self.0, first, from) {
            if follow(&self.0[end..], rest) {
                return true;
            }
            from = begin + self.0[begin..].chars().next().map_or(1, char::len_utf8);
        }
        false
    }

    /// Whether one of these stands in it.
    pub(crate) fn says_any(&self, phrases: &[&str]) -> bool {
        phrases.iter().any(|phrase| self.says(phrase))
    }

    /// Whether it begins with one of these.
    pub(crate) fn begins_with_any(&self, phrases: &[&str]) -> bool {
        phrases.iter().any(|phrase| self.beginning().starts_with(phrase))
    }

    /// Itself without the tags in brackets that servers put before a subject.
    pub(crate) fn beginning(&self) -> &str {
        let mut text = self.0.trim_start();
        while let Some((_, rest)) = text.strip_prefix('[').and_then(|tag| tag.split_once(']')) {
            text = rest.trim_start();
        }
        text
    }
}

/// Lines that somebody quotes. A transcript's `>>> 550 …` is what a server said, and `>>> ada@x.example` whom it was about.
pub(crate) fn is_quoted(line: &str) -> bool {
    let transcript = line.strip_prefix(">>>").map(str::trim_start).is_some_and(|rest| {
        rest.starts_with(['4', '5']) || addresses(rest).next().is_some_and(|address| rest.starts_with(address))
    });
    line.starts_with('>') && !transcript
}

/// Whether a text goes on with these pieces, each after its gap.
fn follow(text: &str, pieces: &str) -> bool {
    let mut chars = pieces.chars();
    let Some(gap) = chars.next() else { return true };
    let pieces = chars.as_str();
    let (piece, rest) = pieces.split_at(pieces.find(GAPS).unwrap_or(pieces.len()));
    // One byte more, so that the end of a word can be seen.
    let near = &text[..text.floor_char_boundary(GAP + piece.len() + 1)];
    let Some((begin, end)) = find(near, piece, 0) else { return false };
    (gap != '‥' || near[..begin].split_whitespace().count() <= 1) && follow(&text[end..], rest)
}

/// Where a piece stands. An empty one stands nowhere.
fn find(text: &str, piece: &str, from: usize) -> Option<(usize, usize)> {
    let (word, open) = piece.strip_suffix('*').map_or((piece, false), |word| (word, true));
    let last = word.len().checked_sub(1)?;
    let bytes = text.as_bytes();
    let mut at = from;
    while let Some(found) = text.get(at..)?.find(word) {
        let (begin, end) = (at + found, at + found + word.len());
        let apart = |inner: Option<&u8>, outer: Option<&u8>| {
            !(inner.is_some_and(u8::is_ascii_alphanumeric) && outer.is_some_and(u8::is_ascii_alphanumeric))
        };
        let before = begin.checked_sub(1).and_then(|index| bytes.get(index));
        if apart(bytes.get(begin), before) && (open || apart(bytes.get(begin + last), bytes.get(end))) {
            return Some((begin, end));
        }
        at = begin + text[begin..].chars().next().map_or(1, char::len_utf8);
    }
    None
}

fn push(said: &mut String, word: &str) {
    let inner = word.trim_matches(|c: char| !c.is_alphanumeric());
    let inner = match inner.split_once('-') {
        Some((code, rest)) if is_code(code) => rest,
        _ => inner,
    };
    if !inner.is_empty() && is_code(inner) {
        return;
    }
    if !said.is_empty() {
        said.push(' ');
    }
    if let Some(address) = addresses(word).next() {
        let at = word.find(address).unwrap_or_default();
        let around = [&word[..at], "@", &word[at + address.len()..]];
        around.iter().flat_map(|part| part.chars()).flat_map(char::to_lowercase).for_each(|c| fold(c, said));
        return;
    }
    // A code may lead the word; what stands around a bare word stays.
    let shown = if word.contains(inner) && word.starts_with(|c: char| c.is_ascii_digit()) { inner } else { word };
    shown.chars().flat_map(char::to_lowercase).for_each(|c| fold(c, said));
}

/// Three digits, or an enhanced code.
fn is_code(word: &str) -> bool {
    let reply = word.len() == 3 && word.starts_with(['2', '4', '5']);
    let enhanced = word.split('.').count() == 3 && word.starts_with(['2', '4', '5']);
    (reply || enhanced) && word.chars().all(|c| c.is_ascii_digit() || c == '.')
}

/// Writes a letter without its accent, as people do whose programs know none.
fn fold(c: char, out: &mut String) {
    let plain = match c {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ą' | 'ă' => 'a',
        'ç' | 'ć' | 'č' => 'c',
        'ď' | 'đ' => 'd',
        'è' | 'é' | 'ê' | 'ë' | 'ę' | 'ě' => 'e',
        'ğ' => 'g',
        'ì' | 'í' | 'î' | 'ï' | 'ı' => 'i',
        'ł' => 'l',
        'ñ' | 'ń' | 'ň' => 'n',
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' | 'ő' => 'o',
        'ř' => 'r',
        'ś' | 'š' | 'ş' | 'ș' => 's',
        'ť' | 'ț' | 'ţ' => 't',
        'ù' | 'ú' | 'û' | 'ü' | 'ů' | 'ű' => 'u',
        'ý' | 'ÿ' => 'y',
        'ź' | 'ż' | 'ž' => 'z',
        'ά' => 'α',
        'έ' => 'ε',
        'ή' => 'η',
        'ί' => 'ι',
        'ό' => 'ο',
        'ύ' => 'υ',
        'ώ' => 'ω',
        '‘' | '’' | '´' | '`' => '\'',
        '“' | '”' | '„' | '«' | '»' => '"',
        '–' | '—' | '‐' | '‑' => '-',
        '\u{307}' | '\u{ad}' => return,
        'ß' => return out.push_str("ss"),
        other => other,
    };
    out.push(plain);
}

/// The addresses in a text, in their order.
pub(crate) fn addresses(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices('@').filter_map(move |(at, _)| {
        let local = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_{|}~.".contains(c);
        let domain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '.');
        let taken: usize = text[..at].chars().rev().take(64).take_while(|&c| local(c)).map(char::len_utf8).sum();
        let begin = text[at - taken..at].trim_start_matches(|c: char| !c.is_alphanumeric() && c != '_');
        let length: usize = text[at + 1..].chars().take(253).take_while(|&c| domain(c)).map(char::len_utf8).sum();
        let end = text[at + 1..at + 1 + length].trim_end_matches(['.', '-']);
        let whole = &text[at - begin.len()..at + 1 + end.len()];
        (!begin.is_empty() && end.starts_with(char::is_alphanumeric)).then_some(whole)
    })
}

/// A text on one line, without control characters, cut after so many characters.
pub(crate) fn one_line(text: &str, longest: usize) -> String {
    let mut line = String::new();
    let mut count = 0;
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        for c in (count > 0).then_some(' ').into_iter().chain(word.chars()) {
            if count == longest {
                return line.trim_end().to_owned();
            }
            line.push(c);
            count += 1;
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_are_of_whole_words_with_gaps() {
        let said =
            Said::of("550-5.1.1 The Account\n550 5.1.1 <ada@x.example> does NOT exist, n’existe pas: gelöscht\n> spam");
        assert_eq!(said.0, "the account <@> does not exist, n'existe pas: geloscht");
        for (phrase, stands) in [
            ("account…not exist", true),
            ("account…exist…pas", true),
            ("n'existe pas", true),
            ("geloscht", true),
            ("gelo*", true),
            ("gelo", false),
            ("ccount", false),
            ("spam", false),
            ("exist…account", false),
            ("the‥<@>", true),
            ("account‥does not", true),
            ("the‥does not", false),
        ] {
            assert_eq!(said.says(phrase), stands, "{phrase}");
        }
        for phrase in ["", "*", "…", "‥", "the…", "…account", "the‥…account", "the…*"] {
            assert!(!said.says(phrase), "{phrase}");
        }
        assert!(!Said::default().says("*"));
        assert!(!Said::of("5.1.0 - Unknown address error 550-'Rejected'").says("unknown address"));
        assert!(Said::of("ユーザーが存在しません").says("存在しません"));
    }

    #[test]
    fn addresses_are_found_in_whatever_is_around_them() {
        let text = "<ada@x.example>: to=rfc822;bob.b+c@y.example. 'eve@z.example' @ @x a@ jo@müller.example...";
        let found: Vec<_> = addresses(text).collect();
        assert_eq!(found, ["ada@x.example", "bob.b+c@y.example", "eve@z.example", "jo@müller.example"]);
    }

    #[test]
    fn a_line_is_bounded_and_clean() {
        assert_eq!(one_line("a\u{1b}b\r\n\tc  d", 5), "a b c");
        assert_eq!(one_line("  ", 5), "");
    }
}

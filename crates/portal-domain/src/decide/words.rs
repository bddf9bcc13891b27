//! The words of other servers, fit to be kept and shown (L1, S10).

/// Most characters of another server's words that are kept.
pub const LONGEST_WORDS: usize = 500;
/// So many characters of base64 in a row may be a link's token, however the link was written.
const TOKEN: usize = 40;

/// Words on one line of at most [`LONGEST_WORDS`] characters, without what can't be seen, and without what may be a link or its token: servers
/// like to quote what they dislike, and whoever reads the words could use it.
///
/// Fit words stay as they are.
///
/// ```
/// use portal_domain::decide::fit_words;
///
/// let quoted = "550 5.7.1 refused:\r\n https://portal.example/portal/elm/link/c2VjcmV0";
/// assert_eq!(fit_words(quoted), "550 5.7.1 refused: […]");
/// assert_eq!(fit_words("550 5.1.1 no such user"), "550 5.1.1 no such user");
/// assert_eq!(fit_words(&fit_words(quoted)), fit_words(quoted));
/// ```
pub fn fit_words(words: &str) -> String {
    let visible: String = words.chars().map(|c| if is_unprintable(c) { ' ' } else { c }).collect();
    let shown = visible.split_whitespace().map(|word| if is_link(word) || has_token(word) { "[…]" } else { word });
    bounded(&shown.collect::<Vec<_>>().join(" "))
}

fn is_unprintable(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

fn is_link(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    ["://", "/link/", "%2f"].iter().any(|sign| word.contains(sign))
}

fn has_token(word: &str) -> bool {
    let of_base64 = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '=');
    word.split(|c| !of_base64(c)).any(|run| run.len() >= TOKEN)
}

fn bounded(words: &str) -> String {
    match words.char_indices().nth(LONGEST_WORDS) {
        Some(_) => words.chars().take(LONGEST_WORDS - 1).chain(['…']).collect(),
        None => words.to_owned(),
    }
}

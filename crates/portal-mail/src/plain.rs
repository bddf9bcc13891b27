//! Texts of other people, made harmless once, before any word is written around them (promise S11).

use std::fmt;

/// A text on one line, without control characters, and without characters that turn the direction of what follows.
///
/// It can't begin a line of its own, end a header, or hold a link of the form that sets a password.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Line(String);

impl Line {
    /// Line ends, tabs and other controls become single spaces; there are none at the ends.
    pub(crate) fn new(text: &str) -> Self {
        let spaced: String = text.chars().filter(|c| !is_direction(*c)).map(blank_control).collect();
        let words: Vec<&str> = spaced.split_whitespace().map(without_link).collect();
        Self(words.join(" "))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The lines of a longer text, each harmless; empty ones are kept between others, as they part paragraphs.
pub(crate) fn lines(text: &str) -> Vec<Line> {
    let text = text.replace("\r\n", "\n");
    let lines: Vec<Line> = text.split(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']).map(Line::new).collect();
    let first = lines.iter().position(|line| !line.is_empty()).unwrap_or(lines.len());
    let last = lines.iter().rposition(|line| !line.is_empty()).map_or(first, |last| last + 1);
    lines[first..last].to_vec()
}

/// The address of a page: one word, or nothing if it is not one of the web.
pub(crate) fn url(text: &str) -> String {
    let word: String = text.chars().filter(|c| !c.is_control() && !c.is_whitespace() && !is_direction(*c)).collect();
    if word.starts_with("https://") || word.starts_with("http://") { word } else { String::new() }
}

fn blank_control(c: char) -> char {
    if c.is_control() { ' ' } else { c }
}

/// Marks, embeddings, overrides and isolates of direction, and the two separators of lines that are no controls.
fn is_direction(c: char) -> bool {
    matches!(c, '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// A word, unless it looks like a link to set a password: there is one of those in a mail, and it is ours.
fn without_link(word: &str) -> &str {
    let link = word.find("/portal/").is_some_and(|start| word[start..].contains("/link/"));
    if link { "[…]" } else { word }
}

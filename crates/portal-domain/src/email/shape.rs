//! The first group of E2: texts that hold an address, or several, in a dress.

use super::EmailFault;
use super::hidden::is_white_space;

/// The fault of the first group that holds first, if any.
pub(super) fn fault(text: &str) -> Option<EmailFault> {
    let marked = Marked::new(text);
    if marked.is_list() {
        Some(EmailFault::List)
    } else if marked.has_display_name() {
        Some(EmailFault::DisplayName)
    } else if marked.has_source_route() {
        Some(EmailFault::SourceRoute)
    } else if marked.has_comment() {
        Some(EmailFault::Comment)
    } else if marked.has_quoted_local_part() {
        Some(EmailFault::QuotedLocalPart)
    } else {
        None
    }
}

/// A text with its quoted stretches known.
struct Marked<'a> {
    text: &'a str,
    /// Byte positions of opening and closing quotation marks, ascending.
    quotes: Vec<(usize, usize)>,
}

impl<'a> Marked<'a> {
    /// Finds the quoted stretches: from one `"` to the next that no `\` protects. A mark that is never closed quotes
    /// nothing.
    fn new(text: &'a str) -> Self {
        let mut quotes = Vec::new();
        let mut open = None;
        let mut protected = false;
        for (position, byte) in text.bytes().enumerate() {
            match (open, byte) {
                (Some(_), _) if protected => protected = false,
                (Some(_), b'\\') => protected = true,
                (Some(first), b'"') => {
                    quotes.push((first, position));
                    open = None;
                }
                (None, b'"') => open = Some(position),
                _ => {}
            }
        }
        Self { text, quotes }
    }

    fn is_list(&self) -> bool {
        let mut parts = 0;
        let mut has_at = false;
        let mut quotes = self.quotes.iter().peekable();
        for (position, c) in self.text.char_indices() {
            while quotes.next_if(|&&(_, last)| last < position).is_some() {}
            let quoted = quotes.peek().is_some_and(|&&(first, _)| first <= position);
            if c == '@' {
                has_at = true;
            } else if !quoted && is_separator(c) {
                parts += usize::from(has_at);
                has_at = false;
            }
        }
        parts + usize::from(has_at) >= 2
    }

    fn has_display_name(&self) -> bool {
        self.text.ends_with('>') && self.outside("<").next().is_some()
    }

    fn has_source_route(&self) -> bool {
        self.text.starts_with('@') && self.outside(":").next().is_some_and(|colon| self.text[colon..].contains('@'))
    }

    fn has_comment(&self) -> bool {
        let opened = self.outside("(").next();
        let closed = self.outside(")").last();
        opened.is_some_and(|opened| closed.is_some_and(|closed| opened < closed))
    }

    /// Whether one of the words before the `@`, between dots, is a quoted one.
    fn has_quoted_local_part(&self) -> bool {
        let Some(at) = self.outside("@").next() else {
            return false;
        };
        self.quotes.iter().any(|&(first, last)| {
            last < at
                && (first == 0 || self.text[..first].ends_with('.'))
                && self.text[last + 1..].starts_with(['.', '@'])
        })
    }

    /// Where an ASCII mark stands outside quotes.
    fn outside<'m>(&'m self, mark: &'static str) -> impl Iterator<Item = usize> + 'm {
        self.text.match_indices(mark).filter_map(|(position, _)| {
            let next = self.quotes.partition_point(|&(_, last)| last < position);
            let quoted = self.quotes.get(next).is_some_and(|&(first, _)| first <= position);
            (!quoted).then_some(position)
        })
    }
}

fn is_separator(c: char) -> bool {
    matches!(c, ',' | ';' | '/' | '|') || is_white_space(c)
}

//! Lines of a text, counted once from place to place.

/// Lines of places that come one after the other, each counted once.
#[derive(Default)]
pub(crate) struct Lines {
    at: usize,
    breaks: u64,
}

impl Lines {
    pub(crate) fn advance(&mut self, bytes: &[u8], to: usize) -> u64 {
        let ends = |at: &usize| match bytes[*at] {
            b'\n' => true,
            // Alone it ends a line too: old spreadsheets write nothing else.
            b'\r' => bytes.get(at + 1) != Some(&b'\n'),
            _ => false,
        };
        self.breaks += (self.at..to.min(bytes.len())).filter(ends).count() as u64;
        self.at = self.at.max(to);
        self.breaks + 1
    }

    /// The line that a row begins at. The reader's own place may lie before line ends and empty lines that it skips.
    pub(crate) fn of(&mut self, bytes: &[u8], place: Option<&csv::Position>) -> u64 {
        let start = place.and_then(|place| usize::try_from(place.byte()).ok()).unwrap_or_default();
        let rest = bytes.get(start..).unwrap_or_default();
        let skipped = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        self.advance(bytes, start + skipped)
    }
}

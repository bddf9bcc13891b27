//! What a handler's types can't tell: what an operation does, with which statuses it succeeds, and what it refuses.

/// Says of one operation what its handler's types can't. It stands next to the handler.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Says {
    /// Method and path, as the table of routes has them.
    pub(crate) route: &'static str,
    pub(crate) summary: &'static str,
    pub(crate) statuses: &'static [u16],
    pub(crate) refuses: &'static [&'static str],
    pub(crate) media: Option<&'static str>,
    pub(crate) path: Option<&'static str>,
    pub(crate) converges: bool,
}

/// What the operation at a route does. It succeeds with `200`, or with `204` where it answers nothing.
pub(crate) const fn says(route: &'static str, summary: &'static str) -> Says {
    Says { route, summary, statuses: &[], refuses: &[], media: None, path: None, converges: false }
}

impl Says {
    /// The statuses of its successes.
    pub(crate) const fn answers(mut self, statuses: &'static [u16]) -> Self {
        self.statuses = statuses;
        self
    }

    /// The codes it refuses with, besides those of every operation of its area.
    pub(crate) const fn refuses(mut self, codes: &'static [&'static str]) -> Self {
        self.refuses = codes;
        self
    }

    /// It answers something else than JSON.
    pub(crate) const fn media(mut self, media: &'static str) -> Self {
        self.media = Some(media);
        self
    }

    /// The same call again changes nothing by itself, whatever it is about: it takes no name.
    pub(crate) const fn converges(mut self) -> Self {
        self.converges = true;
        self
    }

    /// Its path in the document, where that of the table is wider.
    pub(crate) const fn shown_at(mut self, path: &'static str) -> Self {
        self.path = Some(path);
        self
    }
}

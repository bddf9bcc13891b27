//! What was found, how bad it is, and what to do about it.

/// How bad a finding is.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum State {
    /// Nothing to do.
    Ok,
    /// It works, and could be better; or it may not work, and can't be told from here.
    Warning,
    /// It does not work, or could not be looked at.
    Fault,
}

impl State {
    /// Its name for programs.
    ///
    /// ```
    /// assert_eq!(portal_dns::State::Warning.code(), "warning");
    /// ```
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Fault => "fault",
        }
    }
}

/// One thing that was looked at.
///
/// ```
/// use portal_dns::{Finding, State};
///
/// let mut finding = Finding::new("clock");
/// finding.saw("it is noon");
/// assert_eq!((finding.state, finding.remedy()), (State::Ok, None));
/// finding.warn("it was one o'clock before", "let the clock be set by NTP");
/// assert_eq!(finding.state, State::Warning);
/// assert_eq!(finding.seen(), "it is noon; it was one o'clock before");
/// assert_eq!(finding.remedy().as_deref(), Some("let the clock be set by NTP"));
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finding {
    /// What was looked at: a stable name.
    pub check: &'static str,
    /// The worst of what was seen.
    pub state: State,
    seen: Vec<String>,
    remedies: Vec<String>,
}

impl Finding {
    /// Nothing seen yet, so nothing wrong.
    #[must_use]
    pub const fn new(check: &'static str) -> Self {
        Self { check, state: State::Ok, seen: Vec::new(), remedies: Vec::new() }
    }

    /// Something that is as it should be, or only worth knowing.
    pub fn saw(&mut self, what: impl Into<String>) -> &mut Self {
        self.seen.push(what.into());
        self
    }

    /// Something that could be better.
    pub fn warn(&mut self, what: impl Into<String>, remedy: impl Into<String>) -> &mut Self {
        self.add(State::Warning, what.into(), remedy.into())
    }

    /// Something that does not work.
    pub fn fault(&mut self, what: impl Into<String>, remedy: impl Into<String>) -> &mut Self {
        self.add(State::Fault, what.into(), remedy.into())
    }

    /// All that was seen, in one line.
    #[must_use]
    pub fn seen(&self) -> String {
        self.seen.join("; ")
    }

    /// What to do, where there is anything to do.
    #[must_use]
    pub fn remedy(&self) -> Option<String> {
        (!self.remedies.is_empty()).then(|| self.remedies.join("; "))
    }

    fn add(&mut self, state: State, what: String, remedy: String) -> &mut Self {
        self.state = self.state.max(state);
        self.seen.push(what);
        if !self.remedies.contains(&remedy) {
            self.remedies.push(remedy);
        }
        self
    }
}

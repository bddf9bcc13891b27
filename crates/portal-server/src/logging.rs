//! The log: one line for each event on standard error, for people where a terminal is there, else JSON.

use tracing_subscriber::EnvFilter;

use crate::terminal;

/// Starts the log. `filter` was checked with the settings.
pub(crate) fn start(filter: &str) {
    let log = tracing_subscriber::fmt().with_env_filter(EnvFilter::new(filter)).with_writer(std::io::stderr);
    // Texts of other people are written out by the subscriber: it escapes control characters in both forms (S11).
    if terminal::is_watched() {
        log.init();
    } else {
        log.json().flatten_event(true).with_span_list(false).init();
    }
    std::panic::set_hook(Box::new(panicked));
}

/// A panic is an event like any other, with the request it belongs to. A text that was put together may hold anything, a
/// password too, so only one that stands in the code is written down (S10).
fn panicked(panic: &std::panic::PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    let why = panic.payload().downcast_ref::<&'static str>().copied().unwrap_or("-");
    tracing::error!(place, why, "panicked");
}

//! Times and browsers, as people say them.

use jiff::tz::TimeZone;
use portal_domain::time::Timestamp;

/// A time: `30 November 2026, 14:00 UTC`.
pub(super) fn when(at: Timestamp) -> String {
    let at = jiff::Timestamp::from_microsecond(at.as_micros()).unwrap_or(jiff::Timestamp::MAX);
    at.to_zoned(TimeZone::UTC).strftime("%-d %B %Y, %H:%M UTC").to_string()
}

/// Browsers by a mark that is in what they call themselves: who names others too comes first.
const BROWSERS: [(&str, &str); 6] = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];
/// Devices in the same way.
const DEVICES: [(&str, &str); 6] = [
    ("iPhone", "an iPhone"),
    ("iPad", "an iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "a Mac"),
    ("Linux", "Linux"),
];

/// A browser by what it calls itself; nothing of what it says is repeated.
pub(super) fn browser(agent: Option<&str>) -> String {
    let known = |marks: &[(&str, &'static str)]| {
        marks.iter().find(|(mark, _)| agent.is_some_and(|agent| agent.contains(mark))).map(|(_, name)| *name)
    };
    match (known(&BROWSERS), known(&DEVICES)) {
        (Some(browser), Some(device)) => format!("{browser} on {device}"),
        (Some(browser), None) => browser.to_owned(),
        (None, Some(device)) => format!("A browser on {device}"),
        (None, None) => "Another browser".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_told_apart_and_nothing_is_repeated() {
        let edge = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/120.0 Safari/537.36 Edg/120.0";
        assert_eq!(browser(Some(edge)), "Edge on Windows");
        let phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Version/17.0 Mobile/15E148 Safari/604.1";
        assert_eq!(browser(Some(phone)), "Safari on an iPhone");
        assert_eq!(browser(Some("Firefox/128.0")), "Firefox");
        assert_eq!(browser(Some("X11; Linux <b>")), "A browser on Linux");
        assert_eq!((browser(Some("<script>")), browser(None)), ("Another browser".into(), "Another browser".into()));
    }

    #[test]
    fn a_time_is_said_in_words() {
        assert_eq!(when(Timestamp::from_micros(1_796_047_200_000_000)), "30 November 2026, 14:00 UTC");
    }
}

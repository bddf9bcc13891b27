//! What a browser calls itself, in words that people know it by.

/// A browser, as far as it can be told from what it says of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Browser {
    /// Its name.
    pub(crate) name: Option<&'static str>,
    /// What it runs on.
    pub(crate) system: Option<&'static str>,
}

/// Marks of browsers, the more telling first: nearly all of them say that they are Safari, and many that they are Chrome.
const NAMES: [(&str, &str); 14] = [
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("OPR/", "Opera"),
    ("Vivaldi/", "Vivaldi"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("DuckDuckGo/", "DuckDuckGo"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chromium/", "Chromium"),
    ("Chrome/", "Chrome"),
    ("Version/", "Safari"),
    ("Trident/", "Internet Explorer"),
];

/// Marks of what they run on; phones come first, since they also name what theirs descends from.
const SYSTEMS: [(&str, &str); 8] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("Linux", "Linux"),
    ("X11", "Linux"),
];

impl Browser {
    /// Reads what a browser says of itself. Nothing of it is ever shown as it came.
    pub(crate) fn read(user_agent: Option<&str>) -> Self {
        let text = user_agent.unwrap_or_default();
        let known =
            |marks: &[(&str, &'static str)]| marks.iter().find(|(mark, _)| text.contains(mark)).map(|(_, name)| *name);
        let name = known(&NAMES).filter(|name| *name != "Safari" || text.contains("Safari/"));
        Self { name, system: known(&SYSTEMS) }
    }

    /// In words, for staff.
    pub(crate) fn in_english(self) -> String {
        match (self.name, self.system) {
            (Some(name), Some(system)) => format!("{name} on {system}"),
            (Some(name), None) => name.to_owned(),
            (None, Some(system)) => format!("A browser on {system}"),
            (None, None) => "Another browser".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_known_by_the_names_people_know() {
        for (text, name, system) in [
            ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox", "Windows"),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 \
                 Safari/537.36 Edg/126.0.0.0",
                "Edge",
                "Windows",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 \
                 Safari/605.1.15",
                "Safari",
                "Mac",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                 Version/17.5 Mobile/15E148 Safari/604.1",
                "Safari",
                "iPhone",
            ),
            (
                "Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/126.0 \
                 Mobile/15E148 Safari/604.1",
                "Chrome",
                "iPad",
            ),
            (
                "Mozilla/5.0 (Linux; Android 14; SM-S921B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/25.0 \
                 Chrome/121.0.0.0 Mobile Safari/537.36",
                "Samsung Internet",
                "Android",
            ),
            (
                "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 \
                 Safari/537.36",
                "Chrome",
                "ChromeOS",
            ),
            ("Mozilla/5.0 (Android 14; Mobile; rv:128.0) Gecko/128.0 Firefox/128.0", "Firefox", "Android"),
        ] {
            assert_eq!(Browser::read(Some(text)), Browser { name: Some(name), system: Some(system) }, "{text}");
        }
    }

    #[test]
    fn what_nobody_knows_is_a_browser() {
        for text in [None, Some(""), Some("curl/8.5.0"), Some("<script>alert(1)</script>"), Some("Version/9")] {
            assert_eq!(Browser::read(text), Browser::default(), "{text:?}");
        }
        let windows = Browser { name: None, system: Some("Windows") };
        assert_eq!(Browser::read(Some("Something on Windows")), windows);
    }

    #[test]
    fn staff_are_told_what_is_known() {
        for (text, words) in [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Firefox/128.0", "Firefox on Linux"),
            ("Firefox/128.0", "Firefox"),
            ("X11; <b>", "A browser on Linux"),
            ("<script>", "Another browser"),
        ] {
            assert_eq!(Browser::read(Some(text)).in_english(), words);
        }
    }
}

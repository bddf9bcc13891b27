//! The texts of the pages, in every language: files of Fluent messages, compiled in.

use std::{fmt, sync::LazyLock};

use axum::http::{HeaderMap, HeaderValue, header};
use fluent_bundle::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle};

/// A language that the pages speak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tongue {
    /// What is spoken where nothing else is asked for.
    #[default]
    English,
    /// German.
    German,
}

/// A message that is made part of a page as it is: what came from outside is escaped in it.
pub(crate) struct Markup(String);

/// What stands in a message for a variable.
pub(crate) enum Arg {
    /// Markup.
    Html(String),
    /// A number, which may choose the form of a word.
    Number(u64),
}

impl fmt::Display for Markup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Markup {
    /// A text of our own.
    pub(crate) fn of(text: &str) -> Self {
        Self(escaped(text))
    }
}

impl askama::filters::HtmlSafe for Markup {}

type Bundle = FluentBundle<FluentResource>;

static ENGLISH: LazyLock<Bundle> = LazyLock::new(|| bundle("en", include_str!("../texts/en.ftl")));
static GERMAN: LazyLock<Bundle> = LazyLock::new(|| bundle("de", include_str!("../texts/de.ftl")));

fn bundle(code: &str, texts: &str) -> Bundle {
    let mut bundle = Bundle::new_concurrent(vec![code.parse().expect("a language")]);
    // Names stand in elements that isolate them.
    bundle.set_use_isolating(false);
    let texts = FluentResource::try_new(texts.to_owned()).expect("texts that are checked by a test");
    bundle.add_resource(texts).expect("each key once");
    bundle
}

impl Tongue {
    /// All of them.
    pub(crate) const ALL: [Self; 2] = [Self::English, Self::German];

    /// Its code, for the page's `lang`.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }

    fn bundle(self) -> &'static Bundle {
        match self {
            Self::English => &ENGLISH,
            Self::German => &GERMAN,
        }
    }

    /// The language of a tag such as `de-AT`, if the pages speak it.
    pub(crate) fn of_tag(tag: &str) -> Option<Self> {
        let primary = tag.split('-').next().unwrap_or_default().trim();
        Self::ALL.into_iter().find(|tongue| tongue.code().eq_ignore_ascii_case(primary))
    }

    /// The language that a browser would rather have than the others that the pages speak. Of two it likes as much, the first.
    pub(crate) fn asked(headers: &HeaderMap) -> Option<Self> {
        let lines = headers.get_all(header::ACCEPT_LANGUAGE).iter().filter_map(|line: &HeaderValue| line.to_str().ok());
        let mut best = None;
        for part in lines.flat_map(|line| line.split(',')) {
            let (tag, weight) = part.split_once(';').unwrap_or((part, "q=1"));
            let weight: f32 = weight.trim().strip_prefix("q=").and_then(|it| it.trim().parse().ok()).unwrap_or(0.0);
            let better = weight > 0.0 && best.is_none_or(|(_, most)| weight > most);
            if let Some(tongue) = Self::of_tag(tag).filter(|_| better) {
                best = Some((tongue, weight));
            }
        }
        best.map(|(tongue, _)| tongue)
    }

    /// A message with what stands in it for its variables. One that is not there is its key: a test sees to it that all are.
    fn format(self, key: &str, args: &[(&str, &Arg)]) -> String {
        let bundle = self.bundle();
        let Some(pattern) = bundle.get_message(key).and_then(|message| message.value()) else { return key.to_owned() };
        let mut values = FluentArgs::new();
        for (name, arg) in args {
            let value = match arg {
                Arg::Html(html) => FluentValue::from(html.as_str()),
                Arg::Number(number) => FluentValue::from(*number),
            };
            values.set(*name, value);
        }
        bundle.format_pattern(pattern, Some(&values), &mut Vec::new()).into_owned()
    }

    /// A message without variables, as text.
    pub(crate) fn say(self, key: &str) -> String {
        self.format(key, &[])
    }

    /// A message without variables, as a part of others.
    pub(crate) fn label(self, key: &str) -> Markup {
        Markup(self.say(key))
    }

    /// A message with variables.
    pub(crate) fn with(self, key: &str, args: &[(&str, &Arg)]) -> Markup {
        Markup(self.format(key, args))
    }

    /// How long to wait.
    pub(crate) fn wait(self, seconds: u64) -> String {
        self.format("too-many", &[("seconds", &Arg::Number(seconds))])
    }
}

impl Arg {
    /// A name or an address of somebody, apart from the direction of what stands around it.
    pub(crate) fn name(text: &str) -> Self {
        Self::Html(format!("<bdi>{}</bdi>", escaped(text)))
    }

    /// The same, and to be seen.
    pub(crate) fn strong(text: &str) -> Self {
        Self::Html(format!("<strong><bdi>{}</bdi></strong>", escaped(text)))
    }

    /// A text of our own.
    pub(crate) fn text(text: &dyn fmt::Display) -> Self {
        Self::Html(escaped(&text.to_string()))
    }

    /// A link.
    pub(crate) fn link(place: &dyn fmt::Display, label: &Markup) -> Self {
        Self::Html(format!(r#"<a href="{}">{}</a>"#, escaped(&place.to_string()), label))
    }

    /// A moment: exactly for programs, and in words.
    pub(crate) fn time(exact: &str, words: &Markup) -> Self {
        Self::Html(format!(r#"<time datetime="{}">{}</time>"#, escaped(exact), words))
    }
}

/// A text in which nothing is taken for markup.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&#38;"),
            '<' => safe.push_str("&#60;"),
            '>' => safe.push_str("&#62;"),
            '"' => safe.push_str("&#34;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests;

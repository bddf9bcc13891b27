//! The languages of mails: files of Fluent messages, compiled in.

use std::sync::LazyLock;

use fluent_bundle::{FluentArgs, FluentResource, concurrent::FluentBundle};

use crate::render::RenderError;

/// A language that mails are written in.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Tongue {
    /// What is written where nothing else is asked for.
    #[default]
    English,
    /// German.
    German,
}

type Bundle = FluentBundle<FluentResource>;

static ENGLISH: LazyLock<Bundle> = LazyLock::new(|| bundle("en", include_str!("../texts/en.ftl")));
static GERMAN: LazyLock<Bundle> = LazyLock::new(|| bundle("de", include_str!("../texts/de.ftl")));

fn bundle(code: &str, texts: &str) -> Bundle {
    let mut bundle = Bundle::new_concurrent(vec![code.parse().expect("a language")]);
    // Marks of isolation would stand in subjects and be copied with addresses; names come without any that turn what follows.
    bundle.set_use_isolating(false);
    let texts = FluentResource::try_new(texts.to_owned()).expect("texts that are checked by a test");
    bundle.add_resource(texts).expect("each key once");
    bundle
}

impl Tongue {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::English, Self::German];

    /// Its code, for the `lang` of the HTML part.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }

    /// The language of a tag such as `de-AT`, if mails are written in it.
    #[must_use]
    pub fn of_tag(tag: &str) -> Option<Self> {
        let primary = tag.split('-').next().unwrap_or_default();
        Self::ALL.into_iter().find(|tongue| tongue.code().eq_ignore_ascii_case(primary))
    }

    /// The language of a mail: the reader's, or where none is known the practice's. Where no mail is written in it, English.
    ///
    /// ```
    /// use portal_mail::Tongue;
    ///
    /// assert_eq!(Tongue::for_reader(Some("de-AT"), "en"), Tongue::German);
    /// assert_eq!(Tongue::for_reader(None, "de"), Tongue::German);
    /// assert_eq!(Tongue::for_reader(Some("fr"), "de"), Tongue::English);
    /// ```
    #[must_use]
    pub fn for_reader(reader: Option<&str>, practice: &str) -> Self {
        Self::of_tag(reader.unwrap_or(practice)).unwrap_or_default()
    }

    /// A text with what stands in it for its variables. Rather none than one that lacks a word.
    pub(crate) fn say(self, key: &'static str, args: &FluentArgs<'_>) -> Result<String, RenderError> {
        let bundle = self.bundle();
        let pattern = bundle.get_message(key).and_then(|message| message.value()).ok_or(RenderError::Text(key))?;
        let mut faults = Vec::new();
        let said = bundle.format_pattern(pattern, Some(args), &mut faults).into_owned();
        if faults.is_empty() { Ok(said) } else { Err(RenderError::Text(key)) }
    }

    fn bundle(self) -> &'static Bundle {
        match self {
            Self::English => &ENGLISH,
            Self::German => &GERMAN,
        }
    }
}

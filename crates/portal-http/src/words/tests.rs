use std::collections::{BTreeMap, BTreeSet};

use super::*;

const TEXTS: [(Tongue, &str); 2] =
    [(Tongue::English, include_str!("../../texts/en.ftl")), (Tongue::German, include_str!("../../texts/de.ftl"))];

/// The templates of the portal's pages.
const TEMPLATES: [(&str, &str); 24] = [
    ("ask", include_str!("../../templates/ask.html")),
    ("change_password", include_str!("../../templates/change_password.html")),
    ("elsewhere", include_str!("../../templates/elsewhere.html")),
    ("fault", include_str!("../../templates/fault.html")),
    ("forgot", include_str!("../../templates/forgot.html")),
    ("front", include_str!("../../templates/front.html")),
    ("front_closed", include_str!("../../templates/front_closed.html")),
    ("handoff", include_str!("../../templates/handoff.html")),
    ("handoff_closed", include_str!("../../templates/handoff_closed.html")),
    ("home", include_str!("../../templates/home.html")),
    ("layout", include_str!("../../templates/layout.html")),
    ("link_closed", include_str!("../../templates/link_closed.html")),
    ("link_renewed", include_str!("../../templates/link_renewed.html")),
    ("new_password", include_str!("../../templates/new_password.html")),
    ("nothing_here", include_str!("../../templates/nothing_here.html")),
    ("password_changed", include_str!("../../templates/password_changed.html")),
    ("places", include_str!("../../templates/places.html")),
    ("problem", include_str!("../../templates/problem.html")),
    ("return", include_str!("../../templates/return.html")),
    ("return_lost", include_str!("../../templates/return_lost.html")),
    ("set_password", include_str!("../../templates/set_password.html")),
    ("sign_in", include_str!("../../templates/sign_in.html")),
    ("view", include_str!("../../templates/view.html")),
    ("view_over", include_str!("../../templates/view_over.html")),
];

/// Where keys stand in code.
const CODE: [&str; 5] = [
    include_str!("../pages/fault.rs"),
    include_str!("../pages/home.rs"),
    include_str!("../pages/password.rs"),
    include_str!("../pages/problem.rs"),
    include_str!("../words.rs"),
];

/// Keys of a file, each with its variables.
fn keys(texts: &str) -> BTreeMap<&str, BTreeSet<&str>> {
    let (mut keys, mut last) = (BTreeMap::new(), "");
    for line in texts.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        if let Some((key, _)) = line.split_once(" = ").filter(|_| line.starts_with(|c: char| c.is_ascii_lowercase())) {
            assert!(keys.insert(key, BTreeSet::new()).is_none(), "`{key}` is there twice");
            last = key;
        }
        let variables = line.split('$').skip(1).map(|rest| rest.split([' ', '}']).next().unwrap_or_default());
        keys.get_mut(last).expect("a key comes first").extend(variables);
    }
    keys
}

#[test]
fn every_language_has_the_same_keys_and_variables() {
    let english = keys(TEXTS[0].1);
    assert!(english.len() > 150);
    for (tongue, texts) in TEXTS {
        assert_eq!(keys(texts), english, "{tongue:?}");
        for key in english.keys() {
            assert!(tongue.bundle().get_message(key).and_then(|message| message.value()).is_some(), "{key}");
        }
        assert!(!texts.contains(['<', '&', '"']), "{tongue:?} has no markup");
    }
}

#[test]
fn every_key_of_a_page_is_there_and_every_key_is_of_a_page() {
    let known = keys(TEXTS[0].1);
    let mut used = BTreeSet::new();
    for (name, template) in TEMPLATES {
        for call in ["say(", "label(", "with(", "with_both("] {
            let call = format!("shell.{call}\"");
            let starts = template.split(&*call).skip(1);
            for key in starts.map(|rest| rest.split('"').next().unwrap_or_default()) {
                assert!(known.contains_key(key), "`{key}` of {name}.html");
                used.insert(key);
            }
        }
    }
    for key in known.keys().filter(|key| !used.contains(*key)) {
        assert!(CODE.iter().any(|code| code.contains(&format!("\"{key}\""))), "`{key}` is used nowhere");
    }
}

/// What is left of a template without expressions and tags.
fn bare(template: &str) -> String {
    let (mut left, mut rest) = (String::new(), template);
    while let Some(start) = rest.find(['{', '<']) {
        left.push_str(&rest[..start]);
        let end = match &rest[start..(start + 2).min(rest.len())] {
            "{{" => "}}",
            "{%" => "%}",
            _ => ">",
        };
        let inside = &rest[start..];
        // A tag may hold expressions, and those a `>`.
        let mut length = inside.find(end).expect("closed") + end.len();
        while end == ">" && inside[..length].matches("{%").count() > inside[..length].matches("%}").count() {
            length += inside[length..].find('>').expect("closed") + 1;
        }
        rest = &inside[length..];
    }
    left + rest
}

#[test]
fn no_template_has_a_word_of_its_own() {
    for (name, template) in TEMPLATES {
        let left = bare(template);
        assert!(!left.contains(|c: char| c.is_alphabetic()), "{name}.html: {}", left.trim());
        for attribute in ["alt=\"", "title=\"", "aria-label=\"", "placeholder=\"", "data-show=\"", "data-hide=\""] {
            let mut values = template.split(attribute).skip(1);
            assert!(values.all(|value| value.starts_with('"') || value.starts_with("{{")), "{name}.html: {attribute}");
        }
    }
    assert_eq!(bare("<p class=\"{% if a > b %}x{% endif %}\">{{ y }}Word</p>").trim(), "Word");
}

#[test]
fn what_comes_from_outside_is_text_in_every_language() {
    let hostile = "<script>alert('1')</script>\" & { $x }";
    for tongue in Tongue::ALL {
        let said = tongue.with("signed-in-as", &[("address", &Arg::strong(hostile))]).to_string();
        let safe = "<strong><bdi>&#60;script&#62;alert(&#39;1&#39;)&#60;/script&#62;&#34; &#38; { $x }</bdi></strong>";
        assert!(said.contains(safe), "{said}");
        assert!(!said.contains('\u{2068}'));
    }
}

#[test]
fn words_follow_numbers() {
    for (tongue, count, said) in [
        (Tongue::English, 1, "1 minute ago"),
        (Tongue::English, 2, "2 minutes ago"),
        (Tongue::German, 1, "vor 1 Minute"),
        (Tongue::German, 59, "vor 59 Minuten"),
    ] {
        assert_eq!(tongue.with("past-minutes", &[("count", &Arg::Number(count))]).to_string(), said);
    }
}

#[test]
fn a_browser_says_which_language_it_wants() {
    for (line, tongue) in [
        ("de", Some(Tongue::German)),
        ("de-AT,de;q=0.9,en;q=0.8", Some(Tongue::German)),
        ("en-GB,de;q=0.9", Some(Tongue::English)),
        ("fr,de;q=0.5,en;q=0.4", Some(Tongue::German)),
        ("en;q=0.3, DE;q=0.7", Some(Tongue::German)),
        ("de;q=0, en;q=0.1", Some(Tongue::English)),
        ("fr", None),
        ("*", None),
        ("de;q=x", None),
        ("deutsch", None),
        ("", None),
    ] {
        let headers = HeaderMap::from_iter([(header::ACCEPT_LANGUAGE, HeaderValue::from_static(line))]);
        assert_eq!(Tongue::asked(&headers), tongue, "{line}");
    }
    assert_eq!(Tongue::asked(&HeaderMap::new()), None);
    assert_eq!(Tongue::of_tag("de-CH-1996"), Some(Tongue::German));
}

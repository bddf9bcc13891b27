use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::samples::samples;

const TEXTS: [(Tongue, &str); 2] =
    [(Tongue::English, include_str!("../../texts/en.ftl")), (Tongue::German, include_str!("../../texts/de.ftl"))];

/// Where keys stand in code.
const CODE: [&str; 2] = [include_str!("../words.rs"), include_str!("plan.rs")];

/// What every mail is told, whether it uses it or not.
const ALWAYS: [&str; 4] = ["ask", "contact", "name", "practice"];

/// Keys of a file, each with its variables.
fn keys(texts: &str) -> BTreeMap<&str, BTreeSet<&str>> {
    let (mut keys, mut last) = (BTreeMap::new(), "");
    for line in texts.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        if let Some((key, _)) = line.split_once(" = ").filter(|_| line.starts_with(|c: char| c.is_ascii_lowercase())) {
            assert!(keys.insert(key, BTreeSet::new()).is_none(), "`{key}` is there twice");
            last = key;
        } else {
            assert!(line.starts_with(' ') || line == "}", "`{line}` begins no text and goes on with none");
        }
        let variables = line.split('$').skip(1).map(|rest| rest.split([' ', '}']).next().unwrap_or_default());
        keys.get_mut(last).expect("a key comes first").extend(variables);
    }
    keys
}

/// Keys of a mail of its kind, besides those around every mail.
fn keys_of(body: &MailBody) -> Vec<&'static str> {
    let Plan { subject, opening, way, closing } = Plan::of(body);
    let page: &[&str] = match way {
        Some(Way::Password) => &["choose-password", "choose-password-lead", "link-once"],
        Some(Way::SignIn) => &["sign-in", "sign-in-lead"],
        None => &[],
    };
    [&[subject], opening, page, closing].concat()
}

#[test]
fn every_language_has_the_same_keys_and_variables() {
    let english = keys(TEXTS[0].1);
    assert!(english.len() > 60);
    for ((tongue, texts), named) in TEXTS.into_iter().zip(Tongue::ALL) {
        assert_eq!(tongue, named);
        assert_eq!(keys(texts), english, "{tongue:?}");
    }
}

#[test]
fn every_key_of_a_mail_is_there_and_every_key_is_of_a_mail() {
    let known = keys(TEXTS[0].1);
    for key in samples(Tongue::English).iter().flat_map(|sample| keys_of(&sample.context.body)) {
        assert!(known.contains_key(key), "`{key}` is not there");
    }
    for key in known.keys() {
        assert!(CODE.iter().any(|code| code.contains(&format!("\"{key}\""))), "`{key}` is used nowhere");
    }
}

#[test]
fn every_mail_is_told_what_its_texts_want_and_nothing_else() {
    for (tongue, texts) in TEXTS {
        let known = keys(texts);
        for sample in samples(tongue) {
            let words = Words::of(&sample.context).expect("words");
            let told: BTreeSet<&str> = words.args.iter().map(|(name, _)| name).collect();
            let wanted: BTreeSet<&str> =
                keys_of(&sample.context.body).into_iter().flat_map(|key| known[key].iter().copied()).collect();
            let missing: Vec<_> = wanted.difference(&told).collect();
            assert!(missing.is_empty(), "{tongue:?}, {}: {missing:?}", sample.name);
            let idle: Vec<_> = told.difference(&wanted).filter(|name| !ALWAYS.contains(name)).collect();
            assert!(idle.is_empty(), "{tongue:?}, {}: {idle:?}", sample.name);
        }
    }
}

#[test]
fn a_text_that_is_not_there_or_lacks_a_word_is_never_sent() {
    let none = FluentArgs::new();
    for key in ["no-such-text", "hello"] {
        assert!(matches!(Tongue::English.say(key, &none), Err(RenderError::Text(fault)) if fault == key));
    }
    assert!(Tongue::English.say("hello-nobody", &none).is_ok());
}

#[test]
fn names_come_in_a_row() {
    for (tongue, names, said) in [
        (Tongue::English, &[][..], ""),
        (Tongue::English, &["A"], "A"),
        (Tongue::English, &["A", "B"], "A and B"),
        (Tongue::English, &["A", "B", "C"], "A, B and C"),
        (Tongue::German, &["A", "B", "C"], "A, B und C"),
    ] {
        let context = samples(tongue).remove(0).context;
        let names: Vec<Line> = names.iter().map(|name| Line::new(name)).collect();
        assert_eq!(Words::of(&context).expect("words").row(&names).expect("a row"), said);
    }
}

#[test]
fn words_follow_numbers() {
    let subject = |tongue: Tongue, names: &[&str]| {
        let mut context = samples(tongue).remove(0).context;
        let clients = names.iter().copied().map(str::to_owned).collect();
        context.body = MailBody::AccessAdded { address: "a@b.example".to_owned(), clients };
        letter(&context).expect("a letter").subject.to_string()
    };
    let portal = "in the client portal of Example & Partners";
    for (names, said) in [
        (&[][..], "You now have access to more"),
        // A name that is not to be seen is none.
        (&["\u{202e}"], "You now have access to more"),
        (&["A"], "You now also have access to A"),
        (&["A", "B"], "You now also have access to A and 1 more"),
        (&["A", "B", "C"], "You now also have access to A and 2 more"),
    ] {
        assert_eq!(subject(Tongue::English, names), format!("{said} {portal}"));
    }
    let portal = "im Mandantenportal von Example & Partners";
    for (names, said) in [
        (&[][..], "Sie haben jetzt Zugang zu weiteren Unterlagen"),
        (&["A"], "Sie haben jetzt auch Zugang zu A"),
        (&["A", "B"], "Sie haben jetzt auch Zugang zu A und einem weiteren Mandanten"),
        (&["A", "B", "C"], "Sie haben jetzt auch Zugang zu A und 2 weiteren Mandanten"),
    ] {
        assert_eq!(subject(Tongue::German, names), format!("{said} {portal}"));
    }
}

#[test]
fn times_are_said_with_their_zone() {
    let at = |text: &str| {
        let at: jiff::Timestamp = text.parse().expect("a time");
        Timestamp::from_micros(at.as_microsecond())
    };
    for (time, english, german) in [
        ("2026-11-30T14:00:59Z", "30 November 2026, 14:00 UTC", "30. November 2026 um 14:00 Uhr Weltzeit (UTC)"),
        ("2027-03-01T00:05:00Z", "1 March 2027, 00:05 UTC", "1. März 2027 um 00:05 Uhr Weltzeit (UTC)"),
        ("2026-12-31T23:59:00Z", "31 December 2026, 23:59 UTC", "31. Dezember 2026 um 23:59 Uhr Weltzeit (UTC)"),
    ] {
        assert_eq!(in_words(Tongue::English, at(time)).expect("words"), english);
        assert_eq!(in_words(Tongue::German, at(time)).expect("words"), german);
    }
    let names = |tongue: Tongue| -> BTreeSet<String> {
        let said = (1..=12).map(|month| in_words(tongue, at(&format!("2026-{month:02}-11T00:00:00Z"))).expect("words"));
        said.map(|said| said.split(' ').nth(1).expect("a month").to_owned()).collect()
    };
    let english = "January February March April May June July August September October November December";
    let german = "Januar Februar März April Mai Juni Juli August September Oktober November Dezember";
    assert_eq!(names(Tongue::English), english.split(' ').map(str::to_owned).collect());
    assert_eq!(names(Tongue::German), german.split(' ').map(str::to_owned).collect());
    // A damaged time is said all the same.
    assert!(in_words(Tongue::German, Timestamp::from_micros(i64::MAX)).is_ok());
}

#[test]
fn a_name_is_text_and_never_a_pattern() {
    let mut context = samples(Tongue::German).remove(0).context;
    context.practice.name = "{ $address } { 1 -> *[a] b } {\"x\"} -term".to_owned();
    let letter = letter(&context).expect("a letter");
    assert_eq!(letter.footer.practice.to_string(), context.practice.name);
    assert!(letter.subject.to_string().ends_with(&context.practice.name), "{}", letter.subject);
}

//! Every sample as people get it. Accept changes with `INSTA_UPDATE=always`, and read them.

use portal_domain::message::MessageKind;
use portal_mail::{Tongue, render, samples};

#[test]
fn every_sample_reads_as_it_was_judged() {
    for tongue in Tongue::ALL {
        let of = if tongue == Tongue::English { String::new() } else { format!(".{}", tongue.code()) };
        for sample in samples(tongue) {
            let mail = render(&sample.context).expect("a mail");
            let text = format!("Subject: {}\n\n{}", mail.subject, mail.text);
            insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
                insta::assert_snapshot!(format!("{}{of}.txt", sample.name), text);
                insta::assert_snapshot!(format!("{}{of}.html", sample.name), mail.html);
            });
        }
    }
}

#[test]
fn rendering_twice_gives_the_same_bytes() {
    for sample in Tongue::ALL.into_iter().flat_map(samples) {
        let once = render(&sample.context).expect("a mail");
        assert!(once == render(&sample.context).expect("a mail"), "{}", sample.name);
    }
}

#[test]
fn every_kind_has_a_sample_and_names_are_unique() {
    let samples = samples(Tongue::English);
    for kind in MessageKind::ALL {
        assert!(samples.iter().any(|sample| sample.context.body.kind() == kind), "{kind:?}");
    }
    let names: std::collections::BTreeSet<_> = samples.iter().map(|sample| sample.name).collect();
    assert_eq!(names.len(), samples.len());
}

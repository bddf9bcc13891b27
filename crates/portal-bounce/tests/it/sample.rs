//! The samples: mails in the form of what servers send, each with what has to be made of it.

use portal_bounce::Report;

/// A sample.
pub(crate) struct Sample {
    pub(crate) name: &'static str,
    /// Kind, status, reason, `hard` or `soft`, recipient, message id; `-` is nothing.
    pub(crate) expected: [&'static str; 6],
    pub(crate) mail: String,
}

const FILES: [&str; 4] = [
    include_str!("../samples/fields.txt"),
    include_str!("../samples/sentences.txt"),
    include_str!("../samples/tongues.txt"),
    include_str!("../samples/others.txt"),
];

/// All samples.
pub(crate) fn samples() -> Vec<Sample> {
    FILES.iter().flat_map(|file| file.split("\n=== ").skip(1)).map(sample).collect()
}

fn sample(text: &'static str) -> Sample {
    let (line, mail) = text.split_once('\n').expect("a mail after the line that names it");
    let cells: Vec<_> = line.split(" | ").collect();
    let [name, expected @ ..] = cells.as_slice() else { panic!("{line}") };
    Sample { name, expected: expected.try_into().expect(line), mail: mail.to_owned() }
}

/// What a report says, as a sample says it.
pub(crate) fn told(report: &Report) -> [String; 6] {
    let or = |text: Option<&str>| text.unwrap_or("-").to_owned();
    [
        report.kind.as_str().to_owned(),
        report.status.map_or("-".to_owned(), |status| status.to_string()),
        or(report.reason.map(|reason| reason.code())),
        if report.hard { "hard" } else { "soft" }.to_owned(),
        or(report.recipient.as_deref()),
        or(report.original_message_id.as_deref()),
    ]
}

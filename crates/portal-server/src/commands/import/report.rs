//! What people read about an import: what was refused and why, and what came of all.

use std::collections::BTreeMap;

use portal::{
    Sent,
    domain::{
        decide::ActivationOutcome,
        port::Waiting,
        usecase::{ImportInput, RowFault, RowVerdict},
    },
};

use super::{line, read::Rows};
use crate::terminal::{cell, count, number, plain, table};

/// So many of those who share a login are named.
const NAMED: usize = 10;

/// The table of what was refused: contacts with all their faults, and accesses; `None` where nothing was.
pub(crate) fn refused(rows: &Rows, verdicts: &[RowVerdict]) -> Option<String> {
    let mut table = table(["line", "ref", "field", "why", "value"]);
    for verdict in verdicts {
        let (Some(input), Some(at)) = (rows.inputs.get(verdict.index), rows.lines.get(verdict.index)) else { continue };
        let head = [at.to_string(), cell(&verdict.reference)];
        match &verdict.contact {
            Err(faults) => {
                for fault in faults {
                    let why = cell(&format!("{}: {}{}", code(fault), fault.detail, mend(fault)));
                    table.add_row(head.iter().cloned().chain([
                        cell(&fault.field),
                        why,
                        cell(value(input, &fault.field)),
                    ]));
                }
            }
            Ok(written) => {
                let Some(Err(refusal)) = &written.activation else { continue };
                let why = cell(&format!("no access, {}: {refusal}", refusal.code()));
                let email = written.login_email.as_deref().unwrap_or_default();
                table.add_row(head.iter().cloned().chain(["activate".to_owned(), why, cell(email)]));
            }
        }
    }
    (!table.is_empty()).then(|| table.to_string())
}

fn code(fault: &RowFault) -> &'static str {
    fault.fault.unwrap_or(fault.code)
}

/// What `--mend` would put in the place of what can't be used.
fn mend(fault: &RowFault) -> String {
    match fault.mend.as_deref() {
        None => String::new(),
        Some("") => " (--mend leaves it out)".to_owned(),
        Some(mend) => format!(" (--mend makes it `{mend}`)"),
    }
}

/// What the row says in a field such as `name` or `emails[1]`.
fn value<'a>(input: &'a ImportInput, field: &str) -> &'a str {
    let (column, place) = field.split_once('[').unwrap_or((field, "0]"));
    let place: usize = place.trim_end_matches(']').parse().unwrap_or_default();
    let listed = |list: &'a [String]| list.get(place).map_or("", String::as_str);
    match column {
        "ref" => &input.reference,
        "name" => &input.name,
        "emails" => listed(&input.emails),
        "clients" => listed(&input.clients),
        "activate" => &input.activate,
        _ => "",
    }
}

/// The sums: contacts, access, mails.
pub(crate) fn summary(verdicts: &[RowVerdict], dry_run: bool) -> Vec<String> {
    let (mut contacts, mut access, mut mails) = (Tally::default(), Tally::default(), Tally::default());
    let mut mended = 0;
    for verdict in verdicts {
        contacts.add(line::contact(verdict));
        mended += verdict.mended.len() as u64;
        let Ok(written) = &verdict.contact else { continue };
        if let Some(outcome) = &written.activation {
            access.add(line::activation(outcome));
        }
        for message in &written.effects.messages {
            mails.add(message.kind.code());
        }
    }
    let rows = count(verdicts.len() as u64, "row");
    let mut lines = vec![match dry_run {
        true => format!("{rows}, dry run, nothing was written: {}", contacts.words()),
        false => format!("{rows}: {}", contacts.words()),
    }];
    if mended > 0 {
        lines.push(format!("mended: {}", count(mended, "address entry").replace("entrys", "entries")));
    }
    if !access.0.is_empty() {
        lines.push(format!("access: {}", access.words()));
    }
    if !mails.0.is_empty() {
        lines.push(format!("mails: {}", mails.words()));
    }
    lines
}

/// Who would share a login with whom, and which logins would move (I4).
pub(crate) fn foreseen(rows: &Rows, verdicts: &[RowVerdict]) -> Option<String> {
    let mut table = table(["ref", "name", "what", "with"]);
    for verdict in verdicts {
        let (Ok(written), Some(input)) = (&verdict.contact, rows.inputs.get(verdict.index)) else { continue };
        let effects = &written.effects;
        let head = [cell(&verdict.reference), cell(&input.name)];
        if matches!(written.activation, Some(Ok(ActivationOutcome::Joined))) {
            let named = effects.shared_with.iter().take(NAMED);
            let mut names: Vec<_> = named.map(|other| format!("{} ({})", other.name, other.reference)).collect();
            let more = effects.shared_with.len() - names.len();
            if more > 0 {
                names.push(format!("{} more", number(more as u64)));
            }
            table.add_row(head.iter().cloned().chain(["joins the login of".to_owned(), cell(&names.join(", "))]));
        }
        if let (Some(before), Some(after)) = (&effects.login_before, &effects.login_after)
            && effects.moves_login()
        {
            table.add_row(
                head.iter().cloned().chain(["moves the login".to_owned(), cell(&format!("{before} → {after}"))]),
            );
        }
    }
    (!table.is_empty()).then(|| table.to_string())
}

/// What became of the mails that were handed over; whether none waits is said where there were none.
pub(crate) fn sent(sent: &Sent, none_waits: bool) -> String {
    let parts = [
        (sent.accepted, "accepted"),
        (sent.deferred, "to be tried again"),
        (sent.failed, "failed"),
        (sent.cancelled, "no longer wanted"),
    ];
    let parts: Vec<_> =
        parts.iter().filter(|(many, _)| *many > 0).map(|(many, what)| format!("{} {what}", number(*many))).collect();
    match (parts.is_empty(), none_waits) {
        (true, true) => "no mail was to be sent".to_owned(),
        (true, false) => "no mail was handed over".to_owned(),
        (false, _) => format!("{} handed over: {}", count(sent.total(), "mail"), parts.join(", ")),
    }
}

/// Which limits of an hour keep mail back (D7); `None` where there are none.
pub(crate) fn limit(of_all: Option<u32>, of_practice: Option<u32>) -> Option<String> {
    let named = [("`PORTAL_MAILS_PER_HOUR`", of_all), ("the practice's `mails_per_hour`", of_practice)];
    let named: Vec<_> =
        named.iter().filter_map(|(name, limit)| Some(format!("{name} is {}", number((*limit)?.into())))).collect();
    (!named.is_empty()).then(|| named.join(", "))
}

/// How many mails wait, for what, and which limit of an hour keeps them back, where one does.
pub(crate) fn waiting(waiting: &[Waiting], limit: Option<&str>) -> String {
    let mut mails = Tally::default();
    for kind in waiting {
        *mails.0.entry(kind.kind.code()).or_default() += kind.count;
    }
    let (waits, them) = match mails.total() {
        0 => return "no mail waits to be sent".to_owned(),
        1 => ("1 mail waits".to_owned(), "it"),
        total => (format!("{} mails wait", number(total)), "them"),
    };
    let words = mails.words();
    match limit {
        None => format!("{waits} to be sent ({words}): a running `portal serve` sends {them}"),
        Some(limit) => format!(
            "{waits} to be sent ({words}): this hour's limit is used up ({limit}); later a running `portal serve`, or \
             --send again, sends {them}"
        ),
    }
}

/// What a file that ends early leaves.
pub(crate) fn cut_short(done: usize, all: usize, dry_run: bool, why: &str) -> String {
    let (done, all) = (number(done as u64), count(all as u64, "row"));
    if dry_run {
        return format!("{done} of {all} were looked at, and nothing was written; then: {}", plain(why));
    }
    format!(
        "{done} of {all} were imported, then: {}; import the file again, and it goes on where it stopped",
        plain(why)
    )
}

#[derive(Default)]
struct Tally(BTreeMap<&'static str, u64>);

impl Tally {
    fn add(&mut self, what: &'static str) {
        *self.0.entry(what).or_default() += 1;
    }

    fn total(&self) -> u64 {
        self.0.values().sum()
    }

    /// `1,714 created, 286 refused`.
    fn words(&self) -> String {
        let words: Vec<_> = self.0.iter().map(|(what, many)| format!("{} {what}", number(*many))).collect();
        if words.is_empty() { "nothing".to_owned() } else { words.join(", ") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s11_refused_values_can_not_speak_to_the_terminal() {
        let input = ImportInput {
            reference: "c-1".into(),
            emails: vec!["ok@x.example".into(), "\u{1b}[2Ja\u{202e}b".into()],
            ..ImportInput::default()
        };
        let fault = RowFault {
            field: "emails[1]".into(),
            code: "invalid_email",
            fault: Some("control_character"),
            mend: Some(String::new()),
            detail: "address 2 is not usable".into(),
        };
        let verdict = RowVerdict { index: 0, reference: "c-1".into(), mended: Vec::new(), contact: Err(vec![fault]) };
        let rows = Rows { read_as: String::new(), inputs: vec![input], lines: vec![2] };
        let shown = refused(&rows, std::slice::from_ref(&verdict)).unwrap();
        assert!(shown.contains("control_character") && shown.contains("\\u{1b}[2Ja\\u{202e}b"), "{shown}");
        assert!(!shown.contains('\u{1b}') && !shown.contains('\u{202e}'));
        assert_eq!(summary(&[verdict], true), ["1 row, dry run, nothing was written: 1 refused"]);
    }
}

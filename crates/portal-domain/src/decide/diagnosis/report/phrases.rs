//! What of a fact is said in words of ours, and what was put into them.

/// A part of a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part<'a> {
    /// Words, codes and spans of time of ours.
    Ours(&'a str),
    /// A name or an address, or several of them.
    Named(&'a str),
    /// From where somebody came.
    Origin,
    /// What comes from outside, whatever it says.
    Foreign(&'a str),
}

/// The words in which findings tell what was seen: `{=}` is a code or a span of time, `{@}` a name or an address, `{~}` from where somebody
/// came, `{}` whatever
/// comes from outside. The first that fits counts.
const PHRASES: &[&str] = &[
    "taken by the other server: {}",
    "put off: {}",
    "refused: {}",
    "came back: {}",
    "called unwanted by its reader: {}",
    "not sent: {}",
    "written to {@}",
    "the newest link went to {@}",
    "the invitation to {@} was taken by the other server",
    "the reminder of the invitation to {@} was taken by the other server",
    "the mail to set a new password to {@} was taken by the other server",
    "the link was opened, {=} after the mail was taken",
    "the link was last opened, {=} after the mail was taken",
    "the link was opened",
    "the link was last opened",
    "a link was opened that no longer works",
    "a link was asked for",
    "stopped working",
    "access was last given",
    "the practice was suspended",
    "the pause ends",
    "signed in",
    "signed in from {~}, and never seen again",
    "signs in with {@}",
    "tried to sign in: wrong password",
    "tried to sign in: {@}",
    "tried to sign in from {~}: wrong password",
    "tried to sign in from {~}: {@}",
    "asked for a link: {@}",
    "asked for a link from {~}: {@}",
    "the right address was mailed, after a try at another",
    "refused as {=}, with no address",
    "refused as {=}, with {}",
    "refused as {=}",
    "the domain of {@} looks like another one",
    "the domain of {@} mixes alphabets",
    "the domain of {@} gets no mail from outside",
    "perhaps {@} is meant",
    "{@}: probably {@} is meant",
    "{@} is suspended",
    "{@} is the address of {@}",
    "{@} signs in with the same address",
    "{@} signs in with {@}",
    "{@} has {@}",
];

/// The parts of a fact, in their order. What is told in words that are not known here is foreign as a whole.
pub(super) fn parts(fact: &str) -> Vec<Part<'_>> {
    PHRASES.iter().find_map(|phrase| fitted(phrase, fact)).unwrap_or_else(|| vec![Part::Foreign(fact)])
}

fn fitted<'a>(phrase: &'static str, fact: &'a str) -> Option<Vec<Part<'a>>> {
    let mut slots = phrase.split('{');
    let begins = slots.next().unwrap_or_default();
    let mut rest = fact.strip_prefix(begins)?;
    let mut parts = vec![Part::Ours(begins)];
    let mut slots = slots.filter_map(|slot| slot.split_once('}')).peekable();
    while let Some((kind, then)) = slots.next() {
        let value = match slots.peek() {
            Some(_) => {
                let (value, after) = rest.split_once(then)?;
                rest = after;
                value
            }
            None => std::mem::take(&mut rest).strip_suffix(then)?,
        };
        parts.push(match kind {
            "=" => Part::Ours(value),
            "@" => Part::Named(value),
            "~" => Part::Origin,
            _ => Part::Foreign(value),
        });
        parts.push(Part::Ours(then));
    }
    rest.is_empty().then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::{
        Part::{Foreign, Named, Origin, Ours},
        parts,
    };

    #[test]
    fn a_fact_is_taken_apart_where_it_was_put_together() {
        let fact = "tried to sign in from ::1: wrong password";
        assert_eq!(parts(fact), [Ours("tried to sign in from "), Origin, Ours(": wrong password")]);
        let fact = "refused as invalid_email, with a@b.example, c";
        let told = [Ours("refused as "), Ours("invalid_email"), Ours(", with "), Foreign("a@b.example, c"), Ours("")];
        assert_eq!(parts(fact), told);
        let told = [Ours(""), Named("Jo has"), Ours(" signs in with "), Named("a@b.example"), Ours("")];
        assert_eq!(parts("Jo has signs in with a@b.example"), told);
        assert_eq!(parts("signed in"), [Ours("signed in")]);
        assert_eq!(parts("signed in, whoever it was"), [Foreign("signed in, whoever it was")]);
    }
}

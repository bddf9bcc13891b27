//! A reader of Rust source that tells code, comments and string literals apart, line by line.
//!
//! It knows as much of the language as the checks need: nested comments, raw strings, characters against lifetimes.

/// One line of a source file.
#[derive(Default, Debug, PartialEq, Eq, Clone)]
pub(crate) struct Line {
    /// What the compiler sees, without the insides of string literals.
    pub(crate) code: String,
    /// What stands in comments, doc comments included.
    pub(crate) comment: String,
    /// What stands in string literals.
    pub(crate) literal: String,
}

enum State {
    Code,
    LineComment,
    BlockComment(usize),
    Literal { hashes: Option<usize> },
}

/// Splits a file.
pub(crate) fn lines(text: &str) -> Vec<Line> {
    let letters: Vec<char> = text.chars().collect();
    let mut lines = vec![Line::default()];
    let mut state = State::Code;
    let mut at = 0;
    while at < letters.len() {
        let letter = letters[at];
        if letter == '\n' {
            if matches!(state, State::LineComment) {
                state = State::Code;
            }
            lines.push(Line::default());
            at += 1;
            continue;
        }
        let line = lines.last_mut().expect("there is always a line");
        let rest = &letters[at..];
        let (next, used) = step(state, rest, line);
        state = next;
        at += used;
    }
    lines
}

/// Takes at least one letter of `rest`, none of which is a line end but inside an escape.
fn step(state: State, rest: &[char], line: &mut Line) -> (State, usize) {
    match state {
        State::Code => code(rest, line),
        State::LineComment => {
            line.comment.push(rest[0]);
            (State::LineComment, 1)
        }
        State::BlockComment(depth) if starts(rest, "/*") => (State::BlockComment(depth + 1), 2),
        State::BlockComment(depth) if starts(rest, "*/") => {
            (if depth == 1 { State::Code } else { State::BlockComment(depth - 1) }, 2)
        }
        State::BlockComment(depth) => {
            line.comment.push(rest[0]);
            (State::BlockComment(depth), 1)
        }
        State::Literal { hashes } => literal(hashes, rest, line),
    }
}

fn code(rest: &[char], line: &mut Line) -> (State, usize) {
    if starts(rest, "//") {
        return (State::LineComment, 2);
    }
    if starts(rest, "/*") {
        return (State::BlockComment(1), 2);
    }
    let inside_word = line.code.chars().next_back().is_some_and(|it| it.is_alphanumeric() || it == '_');
    if !inside_word && let Some((hashes, used)) = raw_string(rest) {
        line.code.push('"');
        return (State::Literal { hashes: Some(hashes) }, used);
    }
    if rest[0] == '"' {
        line.code.push('"');
        return (State::Literal { hashes: None }, 1);
    }
    if let Some(used) = character(rest) {
        line.code.push_str("' '");
        return (State::Code, used);
    }
    line.code.push(rest[0]);
    (State::Code, 1)
}

fn literal(hashes: Option<usize>, rest: &[char], line: &mut Line) -> (State, usize) {
    match hashes {
        None if rest[0] == '\\' => {
            // An escaped line end is left to the caller, who counts lines.
            let used = if rest.get(1) == Some(&'\n') { 1 } else { 2 };
            line.literal.push(' ');
            (State::Literal { hashes }, used)
        }
        _ if rest[0] == '"' && rest.iter().skip(1).take_while(|it| **it == '#').count() >= hashes.unwrap_or(0) => {
            line.code.push('"');
            line.literal.push(' ');
            (State::Code, 1 + hashes.unwrap_or(0))
        }
        _ => {
            line.literal.push(rest[0]);
            (State::Literal { hashes }, 1)
        }
    }
}

/// The number of hashes and the length of a raw string's beginning.
fn raw_string(rest: &[char]) -> Option<(usize, usize)> {
    let prefix = if starts(rest, "br") || starts(rest, "cr") { 2 } else { usize::from(rest[0] == 'r') };
    if prefix == 0 {
        return None;
    }
    let hashes = rest[prefix..].iter().take_while(|it| **it == '#').count();
    (rest.get(prefix + hashes) == Some(&'"')).then_some((hashes, prefix + hashes + 1))
}

/// The length of a character literal; `None` for a lifetime.
fn character(rest: &[char]) -> Option<usize> {
    if rest[0] != '\'' {
        return None;
    }
    if rest.get(1) == Some(&'\\') {
        let end = rest.iter().skip(3).position(|it| *it == '\'')?;
        return Some(end + 4);
    }
    (rest.get(2) == Some(&'\'')).then_some(3)
}

fn starts(rest: &[char], with: &str) -> bool {
    with.chars().enumerate().all(|(at, letter)| rest.get(at) == Some(&letter))
}

/// Where the tests of a file begin: its first `#[cfg(test)]` before a module with a body, else its end.
pub(crate) fn tests_begin(lines: &[Line]) -> usize {
    let body = |line: &Line| line.code.trim_start().starts_with("mod ") && line.code.contains('{');
    let before_body = |at: usize| lines[at..].iter().take(4).any(body);
    (0..lines.len()).find(|at| lines[*at].code.contains("#[cfg(test)]") && before_body(*at)).unwrap_or(lines.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(text: &str) -> Line {
        let mut found = lines(text);
        assert_eq!(found.len(), 1);
        found.remove(0)
    }

    #[test]
    fn comments_strings_and_code_are_told_apart() {
        let line = only(r#"let a = "x // y \" z"; // E3 "no"#);
        assert_eq!(line.code, r#"let a = ""; "#);
        assert_eq!(line.comment, r#" E3 "no"#);
        assert_eq!(line.literal.trim(), "x // y   z");
    }

    #[test]
    fn raw_strings_end_at_their_own_hashes() {
        let line = only("f(r##\"a \"# b\"##, 'c', '\"', '\\'', br\"d\")");
        assert_eq!(line.literal, "a \"# b d ");
        assert_eq!(line.code, "f(\"\", ' ', ' ', ' ', \"\")");
    }

    #[test]
    fn lifetimes_and_nested_comments() {
        let line = only("fn f<'a>(x: &'a str) /* a /* b */ c */ {}");
        assert_eq!(line.code, "fn f<'a>(x: &'a str)  {}");
        assert_eq!(line.comment, " a  b  c ");
    }

    #[test]
    fn a_string_may_span_lines() {
        let found = lines("q(\"SELECT 1 \\\n FROM t\") // c\nnext");
        assert_eq!(found.len(), 3);
        assert_eq!(found[1].literal, " FROM t ");
        assert_eq!(found[2].code, "next");
    }
}

//! The example of a host program: what its page says of its size is so, and all that speaks to the portal is counted.

use crate::lint::Findings;
use crate::workspace;

const FOLDER: &str = "examples/http-host";
/// The file that speaks to the portal, and so many lines of code may be in it.
const SPEAKER: &str = "portal.py";
const MOST_LINES: usize = 150;
/// What nobody needs who doesn't speak to the portal.
const SPEECH: [&str; 4] = ["urllib.request", "http.client", "socket", "/api/"];

/// The page's count is the file's, and no other file speaks to the portal.
pub(crate) fn check() -> anyhow::Result<Findings> {
    let mut findings = Findings::default();
    let folder = workspace::root().join(FOLDER);
    let page = workspace::slurp(&folder.join("README.md"))?;
    findings.faults.extend(size_faults(&workspace::slurp(&folder.join(SPEAKER))?, &page));
    for file in workspace::files(&folder, "py")? {
        let name = workspace::relative(&file);
        // Its tests stand in for the portal.
        if !name.ends_with(SPEAKER) && !name.ends_with("test_host.py") {
            findings.faults.extend(speech(&workspace::slurp(&file)?).map(|word| {
                format!("{name} has `{word}`: what speaks to the portal stands in {SPEAKER}, where it is counted")
            }));
        }
    }
    Ok(findings)
}

fn size_faults(code: &str, page: &str) -> Vec<String> {
    let lines = code_lines(code);
    let mut faults = Vec::new();
    if lines > MOST_LINES {
        faults.push(format!("{FOLDER}/{SPEAKER} has {lines} lines of code, {MOST_LINES} are the limit"));
    }
    if !page.contains(&format!("**{lines} lines**")) {
        faults.push(format!("{FOLDER}/README.md: {SPEAKER} has {lines} lines of code: write `**{lines} lines**`"));
    }
    faults
}

fn speech(code: &str) -> impl Iterator<Item = &'static str> {
    SPEECH.into_iter().filter(move |word| code.contains(word))
}

/// Lines of Python that are neither blank nor comment nor part of a docstring.
fn code_lines(text: &str) -> usize {
    const QUOTES: &str = "\"\"\"";
    let mut in_docstring = false;
    let is_code = |line: &&str| {
        if in_docstring {
            in_docstring = !line.ends_with(QUOTES);
            return false;
        }
        if let Some(rest) = line.strip_prefix(QUOTES) {
            in_docstring = !rest.ends_with(QUOTES);
            return false;
        }
        !line.is_empty() && !line.starts_with('#')
    };
    text.lines().map(str::trim).filter(is_code).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: &str = "\"\"\"One.\n\nTwo.\n\"\"\"\nimport json\n\n# Three.\ndef f():  # four\n    \"\"\"Five.\"\"\"\n    return \"\"\n";

    #[test]
    fn a_line_counts_where_it_is_neither_blank_nor_words() {
        assert_eq!(code_lines(CODE), 3);
    }

    #[test]
    fn a_page_that_is_wrong_and_a_file_that_is_too_long_are_faults() {
        assert_eq!(size_faults(CODE, "in **3 lines** of code"), [""; 0]);
        assert_eq!(size_faults(CODE, "in **13 lines** of code").len(), 1);
        assert_eq!(size_faults(&"f()\n".repeat(151), "**151 lines**").len(), 1);
    }

    #[test]
    fn who_else_speaks_to_the_portal_is_found() {
        assert_eq!(speech("import urllib.request").count(), 1);
        assert_eq!(speech("from urllib.parse import urlsplit\nimport http.server").count(), 0);
    }
}

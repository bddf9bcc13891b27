//! What every page has to be, whoever sees it: the kit holds each answer of HTML to it, so that every state of every page that any
//! test brings about is judged.

use std::collections::BTreeSet;

const VOID: [&str; 8] = ["meta", "link", "input", "br", "hr", "img", "wbr", "col"];

/// A tag of a page, opening or closing.
struct Tag<'a> {
    name: &'a str,
    closes: bool,
    ends_itself: bool,
    attributes: Vec<(&'a str, &'a str)>,
}

impl<'a> Tag<'a> {
    fn read(text: &'a str) -> Self {
        let (closes, text) = text.strip_prefix('/').map_or((false, text), |rest| (true, rest));
        let (ends_itself, text) = text.strip_suffix('/').map_or((false, text), |rest| (true, rest));
        let (name, mut rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let mut attributes = Vec::new();
        loop {
            rest = rest.trim_start();
            let end = rest.find(|c: char| c == '=' || c.is_whitespace()).unwrap_or(rest.len());
            if end == 0 {
                break;
            }
            let (attribute, after) = rest.split_at(end);
            let (value, after) = after.strip_prefix("=\"").map_or(("", after), |value| {
                value.split_once('"').unwrap_or_else(|| panic!("an attribute without an end: <{text}>"))
            });
            attributes.push((attribute, value));
            rest = after;
        }
        Self { name, closes, ends_itself, attributes }
    }

    fn get(&self, name: &str) -> Option<&'a str> {
        self.attributes.iter().find(|(attribute, _)| *attribute == name).map(|(_, value)| *value)
    }

    /// What other places of the page it names.
    fn names(&self) -> impl Iterator<Item = &'a str> {
        let lists =
            ["for", "aria-describedby", "aria-labelledby", "list"].into_iter().filter_map(|name| self.get(name));
        let anchor = self.get("href").and_then(|href| href.strip_prefix('#'));
        lists.flat_map(str::split_whitespace).chain(anchor)
    }

    fn is_field(&self) -> bool {
        let typed = !matches!(self.get("type"), Some("hidden" | "submit")) && self.get("aria-hidden").is_none();
        !self.closes && (matches!(self.name, "select" | "textarea") || self.name == "input" && typed)
    }
}

/// A page as its tags, and what is wrong with it.
struct Page<'a> {
    tags: Vec<Tag<'a>>,
    faults: Vec<String>,
}

impl<'a> Page<'a> {
    fn read(html: &'a str) -> Self {
        let parts = html.split('<').skip(1).filter_map(|part| part.split_once('>'));
        let tags = parts.filter(|(tag, _)| !tag.starts_with('!')).map(|(tag, _)| Tag::read(tag)).collect();
        let mut page = Self { tags, faults: Vec::new() };
        page.expect(html.starts_with("<!DOCTYPE html>"), || "it does not begin as HTML does".to_owned());
        page.expect(!html.contains("<title></title>"), || "it has no title".to_owned());
        page
    }

    fn expect(&mut self, holds: bool, fault: impl FnOnce() -> String) {
        if !holds {
            self.faults.push(fault());
        }
    }

    fn opening(&self) -> impl Iterator<Item = &Tag<'a>> {
        self.tags.iter().filter(|tag| !tag.closes)
    }

    fn is_nested_rightly(&mut self) {
        let mut open: Vec<&str> = Vec::new();
        let mut faults = Vec::new();
        for tag in self.tags.iter().filter(|tag| !VOID.contains(&tag.name) && !tag.ends_itself) {
            if !tag.closes {
                open.push(tag.name);
            } else if open.pop() != Some(tag.name) {
                faults.push(format!("</{}> closes another", tag.name));
                break;
            }
        }
        self.faults.extend(faults);
    }

    fn has_one_of_each(&mut self) {
        for name in ["html", "title", "h1", "main"] {
            let count = self.opening().filter(|tag| tag.name == name).count();
            self.expect(count == 1, || format!("{count} of <{name}>"));
        }
        let speaks =
            self.opening().any(|tag| tag.name == "html" && tag.get("lang").is_some_and(|lang| lang.len() >= 2));
        self.expect(speaks, || "no language".to_owned());
        let levels: Vec<_> = self.opening().filter_map(|tag| tag.name.strip_prefix('h')?.parse::<u8>().ok()).collect();
        let skips = levels.windows(2).any(|pair| pair[1] > pair[0] + 1);
        self.expect(!skips, || format!("headings skip a level: {levels:?}"));
    }

    fn names_what_is_there(&mut self) {
        let ids: Vec<_> = self.opening().filter_map(|tag| tag.get("id")).collect();
        let known: BTreeSet<_> = ids.iter().copied().collect();
        self.expect(known.len() == ids.len(), || format!("an id is there twice: {ids:?}"));
        let lost: Vec<_> = self.opening().flat_map(Tag::names).filter(|name| !known.contains(name)).collect();
        self.expect(lost.is_empty(), || format!("nothing has these ids: {lost:?}"));
        let labelled: BTreeSet<_> =
            self.opening().filter(|tag| tag.name == "label").filter_map(|tag| tag.get("for")).collect();
        let mute = self.opening().filter(|tag| tag.is_field() && tag.get("aria-label").is_none());
        let mute: Vec<_> =
            mute.map(|tag| tag.get("id")).filter(|id| !id.is_some_and(|id| labelled.contains(id))).collect();
        self.expect(mute.is_empty(), || format!("fields without a label: {mute:?}"));
    }

    fn lets_nothing_run(&mut self) {
        let forbidden = |tag: &Tag<'_>| {
            let inline = tag.attributes.iter().any(|(name, _)| name.starts_with("on") || *name == "style");
            inline || tag.name == "style" || tag.name == "script" && tag.get("src").is_none()
        };
        let runs: Vec<_> = self.opening().filter(|tag| forbidden(tag)).map(|tag| tag.name).collect();
        self.expect(runs.is_empty(), || format!("the policy forbids: {runs:?}"));
        let place = |value: &str| {
            ["/", "#", "?", "https://", "http://", "mailto:"].iter().any(|start| value.starts_with(start))
        };
        let strange: Vec<_> = self
            .opening()
            .flat_map(|tag| ["href", "src", "action", "formaction"].into_iter().filter_map(|name| tag.get(name)))
            .filter(|value| !place(value))
            .collect();
        self.expect(strange.is_empty(), || format!("these lead to no known place: {strange:?}"));
    }
}

/// Fails where a page is not what every page has to be.
pub(crate) fn check(path: &str, html: &str) {
    let faults = faults(html);
    assert!(faults.is_empty(), "{path}:\n{}\n{html}", faults.join("\n"));
}

fn faults(html: &str) -> Vec<String> {
    let mut page = Page::read(html);
    page.is_nested_rightly();
    page.has_one_of_each();
    page.names_what_is_there();
    page.lets_nothing_run();
    page.faults
}

#[test]
fn a_fault_is_seen() {
    let page = |main: &str| {
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\"><head><title>T</title></head><body><main id=\"main\">{main}</main></body></html>"
        )
    };
    let good = "<h1>One</h1><a href=\"#main\">up</a><label for=\"a\">A</label><input id=\"a\" name=\"a\">";
    assert_eq!(faults(&page(good)), [""; 0]);
    for (fault, main) in [
        ("closes another", format!("{good}<p><b></p></b>")),
        ("0 of <h1>", "<p>none</p>".to_owned()),
        ("2 of <h1>", format!("{good}{}", "<h1>Two</h1>")),
        ("skip a level", format!("{good}<h3>Three</h3>")),
        ("there twice", format!("{good}<p id=\"a\"></p>")),
        ("these ids", format!("{good}<p aria-describedby=\"a b\"></p>")),
        ("without a label", format!("{good}<select id=\"b\"></select>")),
        ("the policy forbids", format!("{good}<p style=\"color:red\"></p>")),
        ("the policy forbids", format!("{good}<p onclick=\"x()\"></p>")),
        ("the policy forbids", format!("{good}<script>x()</script>")),
        ("no known place", format!("{good}<a href=\"javascript:x()\">x</a>")),
    ] {
        let found = faults(&page(&main));
        assert!(found.iter().any(|it| it.contains(fault)), "{fault}: {found:?}");
    }
    assert!(!faults("<html><title></title></html>").is_empty());
}

//! The document, the table of routes and docs/API.md say the same: routes, methods, scopes and codes.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::contract::DOCUMENT;

const PAGE: &str = include_str!("../../../../docs/API.md");

/// What any operation of an area may refuse with: the page names them once.
const USUAL: [&str; 13] = [
    "invalid_request",
    "unauthorized",
    "forbidden",
    "practice_suspended",
    "not_found",
    "request_timeout",
    "body_too_large",
    "precondition_failed",
    "idempotency_key_in_use",
    "idempotency_key_reused",
    "misdirected_request",
    "internal_error",
    "overloaded",
];

/// Who may call, and the codes that are worth a word.
#[derive(Debug, Default, PartialEq)]
struct Row {
    who: String,
    codes: BTreeSet<String>,
}

/// Rows by method and path.
type Rows = BTreeMap<String, Row>;

fn documented() -> Rows {
    let mut rows = Rows::new();
    for (path, item) in DOCUMENT["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let security = &operation["security"][0];
            let who = match security["api_key"][0].as_str() {
                Some(scope) => scope[..1].to_owned(),
                None if !security["portal_session"].is_null() => "s".to_owned(),
                None => String::new(),
            };
            let codes = codes(operation).into_iter().filter(|code| !USUAL.contains(&code.as_str())).collect();
            rows.insert(format!("{} {path}", method.to_uppercase()), Row { who, codes });
        }
    }
    rows
}

/// The codes of an operation's refusals.
fn codes(operation: &Value) -> Vec<String> {
    let responses = operation["responses"].as_object().expect("responses").values();
    let resolved = responses.map(|response| match response["$ref"].as_str() {
        Some(target) => DOCUMENT.pointer(target.trim_start_matches('#')).expect("a response"),
        None => response,
    });
    let enums = resolved.filter_map(|response| {
        response["content"]["application/problem+json"]["schema"]["allOf"][1]["properties"]["code"]["enum"].as_array()
    });
    enums.flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The rows of the page's tables of routes.
fn on_the_page() -> Rows {
    let table = portal_http::problem_table();
    let known: BTreeSet<_> = table.lines().filter_map(|line| line.split('`').nth(1)).collect();
    let (mut rows, mut prefix, mut columns, mut before) = (Rows::new(), None, None, String::new());
    for line in PAGE.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            prefix = match title.split('`').nth(1) {
                Some(path) => title.contains("API").then_some(path),
                None => (title == "Service").then_some(""),
            };
        }
        let (true, Some(prefix)) = (line.starts_with('|'), prefix) else {
            columns = None;
            continue;
        };
        // A bar inside a cell is written with a stroke before it.
        let line = line.replace("\\|", "/");
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        let head = cells[1] == "route";
        columns = if head { Some(cells.len() - 2) } else { columns };
        let Some(columns) = columns.filter(|_| !head) else { continue };
        let (who, refused) = if columns == 4 { (cells[2], cells[4]) } else { ("", "") };
        let named = refused.split('`').filter(|word| known.contains(word) && !USUAL.contains(word));
        let too_many = refused.contains("429").then_some("too_many_requests");
        let codes: BTreeSet<_> = named.chain(too_many).map(str::to_owned).collect();
        for route in routes(cells[1], &mut before) {
            let (method, path) = route.split_once(' ').expect("a method");
            rows.insert(format!("{method} {prefix}{path}"), Row { who: who.to_owned(), codes: codes.clone() });
        }
    }
    rows
}

/// The routes that a cell names: `` `GET /a/{ref}` ``, `` `POST …/b` ``, `` `POST /a/{ref}/b`, `/c` ``.
fn routes(cell: &str, before: &mut String) -> Vec<String> {
    const METHODS: [&str; 4] = ["GET", "PUT", "POST", "DELETE"];
    let (mut routes, mut methods) = (Vec::new(), Vec::new());
    for word in cell.split('`').skip(1).step_by(2) {
        let (named, path) = match word.split_once(' ') {
            Some((named, path)) if METHODS.contains(&named.split('/').next().unwrap_or_default()) => (named, path),
            _ if METHODS.contains(&word) => {
                methods.push(word.to_owned());
                continue;
            }
            _ if word.starts_with('/') || word.starts_with('…') => ("", word),
            _ => continue,
        };
        if !named.is_empty() {
            methods = named.split('/').map(str::to_owned).collect();
        }
        let path = path.split('?').next().unwrap_or_default();
        *before = match (path.strip_prefix('…'), named.is_empty()) {
            // Another end of the path before.
            (None, true) => format!("{}{path}", before.rsplit_once('/').map_or("", |(begin, _)| begin)),
            (None, false) => path.to_owned(),
            (Some(end), _) => {
                let first = format!("/{}", end.split('/').nth(1).unwrap_or_default());
                let begin = before.find(&format!("{first}/")).or_else(|| before.find(&first));
                format!("{}{end}", begin.map_or_else(|| thing(before), |begin| &before[..begin]))
            }
        };
        routes.extend(methods.iter().map(|method| format!("{method} {before}")));
    }
    routes
}

/// A path up to its first `{…}`.
fn thing(path: &str) -> &str {
    path.find('}').map_or(path, |end| &path[..=end])
}

#[test]
fn the_page_has_the_routes_scopes_and_codes_of_the_document() {
    let (documented, page) = (documented(), on_the_page());
    let only =
        |these: &Rows, those: &Rows| these.keys().filter(|row| !those.contains_key(*row)).cloned().collect::<Vec<_>>();
    assert_eq!(only(&documented, &page), [""; 0], "docs/API.md has no row for these");
    assert_eq!(only(&page, &documented), [""; 0], "the document doesn't have these");
    for (route, row) in &documented {
        assert_eq!(page[route], *row, "{route}: the page says the left, the code the right");
    }
}

#[test]
fn the_document_has_the_rows_of_the_table() {
    let documented = documented();
    let table = portal_http::route_table();
    let host = documented.keys().filter(|row| row.contains(" /api/v1/")).count();
    assert_eq!(host, table.len());
    for (method, path, scope) in table {
        // A contact may be called `search`.
        let path =
            if (method, &*path) == ("POST", "/api/v1/contacts/{ref}") { "/api/v1/contacts/search" } else { &path };
        let row = documented.get(&format!("{method} {path}"));
        assert_eq!(row.map(|row| &*row.who), Some(&scope[..1]), "{method} {path}");
    }
}

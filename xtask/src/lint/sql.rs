//! Migrations and the SQL of the store crates.
//!
//! Both folders of migrations have the same stems; no statement folds, trims, draws or tells the time; every key of a
//! table that belongs to a practice begins with the practice, so that the schema can be distributed by it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::lint::Findings;
use crate::{source, workspace};

const STORES: [&str; 2] = ["sqlite", "postgres"];

/// What no SQL of ours contains. A name with `(` is a call of exactly this function.
const FORBIDDEN: [&str; 19] = [
    "lower(",
    "upper(",
    "initcap(",
    "trim(",
    "ltrim(",
    "rtrim(",
    "btrim(",
    "ilike",
    "citext",
    "nocase",
    "now(",
    "clock_timestamp(",
    "random(",
    "randomblob(",
    "gen_random_uuid(",
    "current_timestamp",
    "current_date",
    "current_time",
    "localtimestamp",
];

/// Tables that find the practice itself. They are unique across practices by nature, and can't begin with what they are
/// asked for; where the schema is distributed, every node holds them whole.
const DIRECTORIES: [&str; 2] = ["practice_slug", "portal_practice_slug"];

/// Same stems in both folders, and each store crate links its own.
pub(crate) fn migrations() -> anyhow::Result<Findings> {
    let mut findings = Findings::default();
    let root = workspace::root();
    let mut homes: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for store in STORES {
        for file in workspace::files(&root.join("migrations").join(store), "sql")? {
            let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            homes.entry(stem).or_default().push(store);
        }
        let link = root.join("crates").join(format!("portal-{store}/migrations"));
        let expected = format!("../../migrations/{store}");
        match std::fs::read_link(&link) {
            Ok(target) if target == Path::new(&expected) => {}
            _ => findings.fault(format!("{} is no symbolic link to `{expected}`", workspace::relative(&link))),
        }
    }
    if homes.is_empty() {
        findings.fault("migrations/ holds no migration");
    }
    for (stem, stores) in homes.iter().filter(|(_, stores)| stores.len() != STORES.len()) {
        findings
            .fault(format!("migrations/{}/{stem}.sql has no partner of the same name in the other folder", stores[0]));
    }
    Ok(findings)
}

/// Forbidden words, and the shape of tables and unique indexes.
pub(crate) fn statements() -> anyhow::Result<Findings> {
    let mut findings = Findings::default();
    for store in STORES {
        let root = workspace::root();
        let mut scoped = BTreeSet::new();
        for file in workspace::files(&root.join("migrations").join(store), "sql")? {
            let name = workspace::relative(&file);
            let text = without_comments(&workspace::slurp(&file)?);
            forbidden_lines(&text, &name, &mut findings);
            for statement in text.split(';') {
                Judge { store, file: &name, scoped: &mut scoped, findings: &mut findings }.statement(statement);
            }
        }
        let own = root.join("crates").join(format!("portal-{store}"));
        for file in workspace::files(&own, "sql")? {
            let text = without_comments(&workspace::slurp(&file)?);
            forbidden_lines(&text, &workspace::relative(&file), &mut findings);
        }
        for file in workspace::files(&own.join("src"), "rs")? {
            let lines = source::lines(&workspace::slurp(&file)?);
            let literals: Vec<&str> = lines.iter().map(|it| it.literal.as_str()).collect();
            forbidden_lines(&literals.join("\n"), &workspace::relative(&file), &mut findings);
        }
    }
    Ok(findings)
}

fn forbidden_lines(text: &str, file: &str, findings: &mut Findings) {
    for (at, line) in text.lines().enumerate() {
        forbidden(line, &format!("{file}:{}", at + 1), findings);
    }
}

fn forbidden(text: &str, place: &str, findings: &mut Findings) {
    let text = text.to_lowercase().replace(" (", "(");
    for word in FORBIDDEN.iter().filter(|word| super::tidy::has_word(&text, word)) {
        findings.fault(format!("{place}: `{word}` in SQL; the domain folds, trims, draws and knows the time"));
    }
}

/// SQL without `--` and `/* */` comments; literals become `''`, so that nothing in them counts. Lines stay lines.
fn without_comments(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let end = if rest.starts_with("--") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |it| it + 2)
        } else if letter == '\'' {
            out.push_str("''");
            rest[1..].find('\'').map_or(rest.len(), |it| it + 2)
        } else {
            out.push(letter);
            rest = &rest[letter.len_utf8()..];
            continue;
        };
        out.extend(rest[..end].matches('\n'));
        rest = &rest[end..];
    }
    out
}

/// Judges the statements of the migrations of one store.
struct Judge<'a> {
    store: &'a str,
    file: &'a str,
    /// Tables that belong to a practice, of this file and those before it.
    scoped: &'a mut BTreeSet<String>,
    findings: &'a mut Findings,
}

impl Judge<'_> {
    fn statement(&mut self, statement: &str) {
        let words: Vec<String> = statement.split_whitespace().map(str::to_lowercase).collect();
        let text = words.join(" ");
        if let Some(rest) = text.strip_prefix("create table ") {
            self.table(rest);
        } else if let Some(rest) = text.strip_prefix("create unique index ") {
            self.unique_index(rest);
        } else if let Some(rest) = text.strip_prefix("create index ") {
            self.name(first_name(rest));
        }
    }

    fn table(&mut self, rest: &str) {
        let name = first_name(rest);
        self.name(name);
        let options = rest.rsplit(')').next().unwrap_or_default();
        if self.store == "sqlite" && !options.contains("strict") {
            self.fault(&format!("table `{name}` is not STRICT"));
        }
        let parts = columns(rest);
        if DIRECTORIES.contains(&name) || !parts.iter().any(|it| it.starts_with("practice_id ")) {
            return;
        }
        self.scoped.insert(name.to_owned());
        for part in parts.iter().filter(|it| is_key(it) && !leads_with_practice(it)) {
            self.fault(&format!("table `{name}`: `{part}` doesn't begin with practice_id"));
        }
        if !parts.iter().any(|it| it.contains("primary key")) {
            self.fault(&format!("table `{name}` has no primary key"));
        }
    }

    fn unique_index(&mut self, rest: &str) {
        let name = first_name(rest);
        self.name(name);
        let table = rest.split_once(" on ").map_or("", |(_, it)| first_name(it));
        let leads = columns(rest).first().is_some_and(|it| it == "practice_id");
        if self.scoped.contains(table) && !leads {
            self.fault(&format!("unique index `{name}` doesn't begin with practice_id"));
        }
    }

    fn name(&mut self, name: &str) {
        if self.store == "sqlite" && !name.starts_with("portal_") {
            self.fault(&format!("`{name}` doesn't begin with `portal_`"));
        }
    }

    fn fault(&mut self, text: &str) {
        self.findings.fault(format!("{}: {text}", self.file));
    }
}

/// Whether a column or constraint is a primary key or unique.
fn is_key(part: &str) -> bool {
    part.contains("primary key") || super::tidy::has_word(part, "unique")
}

fn leads_with_practice(part: &str) -> bool {
    if !["primary key", "unique", "constraint "].into_iter().any(|it| part.starts_with(it)) {
        return part.starts_with("practice_id ");
    }
    let listed = part.find("primary key").or_else(|| part.find("unique")).map_or("", |at| &part[at..]);
    columns(listed).first().is_some_and(|it| it == "practice_id")
}

/// The name that a statement begins with, without `IF NOT EXISTS`, schema and quotes.
fn first_name(rest: &str) -> &str {
    let rest = rest.strip_prefix("if not exists ").unwrap_or(rest);
    let name = rest.split([' ', '(']).next().unwrap_or_default();
    name.rsplit('.').next().unwrap_or_default().trim_matches('"')
}

/// What stands between the first bracket and its partner, split at the commas of that level.
fn columns(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut depth = 0_usize;
    for letter in text.chars().skip_while(|it| *it != '(') {
        match letter {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        match (letter, depth) {
            (')', 0) => break,
            ('(', 1) => {}
            (',', 1) => parts.push(String::new()),
            _ => parts.last_mut().expect("there is always a part").push(letter),
        }
    }
    parts.iter().map(|it| it.trim().trim_matches('"').to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape_faults(statements: &str, store: &str) -> usize {
        let (mut findings, mut scoped) = (Findings::default(), BTreeSet::new());
        for statement in without_comments(statements).split(';') {
            Judge { store, file: "x.sql", scoped: &mut scoped, findings: &mut findings }.statement(statement);
        }
        findings.faults.len()
    }

    #[test]
    fn keys_of_a_practice_begin_with_the_practice() {
        let good = "CREATE TABLE portal_t (practice_id BLOB NOT NULL, id BLOB NOT NULL, -- , id unique\n
                    CHECK (length(id) = 16), PRIMARY KEY (practice_id, id), UNIQUE (practice_id, x)) STRICT, WITHOUT ROWID";
        assert_eq!(shape_faults(good, "sqlite"), 0);
        assert_eq!(shape_faults(&good.replace("(practice_id, id)", "(id, practice_id)"), "sqlite"), 1);
        assert_eq!(shape_faults(&good.replace("(practice_id, x)", "(x)"), "sqlite"), 1);
        assert_eq!(shape_faults(&good.replace("id BLOB NOT NULL", "id BLOB NOT NULL UNIQUE"), "sqlite"), 1);
        assert_eq!(shape_faults(&good.replace("STRICT, ", ""), "sqlite"), 1);
        assert_eq!(shape_faults(&good.replace("portal_t", "t"), "sqlite"), 1);
        assert_eq!(shape_faults(&good.replace("portal_t", "portal.t"), "postgres"), 0);
        assert_eq!(shape_faults("CREATE TABLE portal.t (practice_id uuid NOT NULL, id uuid)", "postgres"), 1);
    }

    #[test]
    fn unique_indexes_too() {
        let index = |rest: &str| {
            let tables = "CREATE TABLE portal.t (practice_id uuid, a int, PRIMARY KEY (practice_id, a));
                          CREATE TABLE portal.p (slug text);";
            shape_faults(&format!("{tables} {rest}"), "postgres")
        };
        assert_eq!(index("CREATE UNIQUE INDEX t_a ON portal.t (practice_id, a)"), 0);
        assert_eq!(index("CREATE UNIQUE INDEX t_a ON portal.t USING btree (a)"), 1);
        assert_eq!(index("CREATE INDEX t_a ON portal.t (a)"), 0);
        assert_eq!(index("CREATE UNIQUE INDEX p_slug ON portal.p (slug)"), 0);
    }

    #[test]
    fn words_are_found_as_words() {
        let count = |text: &str| {
            let mut findings = Findings::default();
            forbidden(text, "x:1", &mut findings);
            findings.faults.len()
        };
        assert_eq!(count("WHERE Lower (a) = $1"), 1);
        assert_eq!(count("WHERE follower(a) = $1 AND known = 1"), 0);
        assert_eq!(count("DEFAULT CURRENT_TIMESTAMP"), 1);
        assert_eq!(count("ltrim(a)"), 1);
    }
}

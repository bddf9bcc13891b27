//! Arrows between the crates, and what the domain may depend on.

use serde_json::Value;

use crate::lint::Findings;
use crate::{source, workspace};

/// Which crates of the workspace a crate may use. Tests may use the testkit besides, and the program's anything.
const ARROWS: [(&str, &[&str]); 16] = [
    ("portal-domain", &[]),
    ("portal-mail", &["portal-domain"]),
    ("portal-postgres", &["portal-domain"]),
    ("portal-sqlite", &["portal-domain"]),
    ("portal-argon2", &["portal-domain"]),
    ("portal-smtp", &["portal-domain"]),
    ("portal-webhook", &["portal-domain"]),
    // Names in, findings out: it knows no rule.
    ("portal-dns", &[]),
    // Bytes in, value out, in the domain's words for why.
    ("portal-bounce", &["portal-domain"]),
    ("portal-import", &["portal-domain"]),
    // Files of contacts come in by HTTP and by the command line, and are read alike.
    // Staff see what mails say, as they are written.
    // Reports that come by HTTP are judged as those that come by mail.
    ("portal-http", &["portal-domain", "portal-import", "portal-mail", "portal-bounce"]),
    // What mail servers say is read by whoever sends mail.
    ("portal", &["portal-domain", "portal-mail", "portal-bounce"]),
    // What reads the bytes of strangers.
    ("portal-fuzz", &["portal-domain", "portal-bounce", "portal-import"]),
    ("portal-testkit", &["portal-domain"]),
    (
        "portal-server",
        &[
            "portal",
            "portal-bounce",
            "portal-dns",
            "portal-http",
            "portal-import",
            "portal-postgres",
            "portal-sqlite",
            "portal-smtp",
            "portal-argon2",
            "portal-webhook",
            "portal-domain",
            "portal-mail",
        ],
    ),
    ("xtask", &[]),
];

/// Everything that may stand under `[dependencies]` of the domain: pure, small, no clock, no randomness.
const DOMAIN_MAY_USE: [&str; 18] = [
    "async-trait",
    "base64",
    "chacha20poly1305",
    "hmac",
    "icu_properties",
    "idna",
    "secrecy",
    "serde",
    "serde_json",
    "sha2",
    "subtle",
    "thiserror",
    "unicode-general-category",
    "unicode-normalization",
    "unicode-properties",
    "uuid",
    "zeroize",
    "zxcvbn",
];

/// Features that would bring a clock or randomness into the domain.
const UUID_WITHOUT: [&str; 8] = ["v1", "v4", "v6", "v7", "fast-rng", "rng", "rng-getrandom", "rng-rand"];

/// Folders whose code must not mention something.
const SILENT: [(&str, &[&str], &str); 2] = [
    (
        "crates/portal-domain/src/decide",
        &["port", "usecase"],
        "a decision is pure: it knows neither ports nor use cases",
    ),
    ("crates/portal-testkit/src/model", &["portal_domain"], "the reference model depends on nothing of the domain"),
];

/// Checks the manifests and the two folders.
pub(crate) fn check() -> anyhow::Result<Findings> {
    let mut findings = Findings::default();
    let metadata = workspace::metadata(&["--no-deps", "--offline"])?;
    let packages = workspace::list(&metadata, "packages");
    let ours: Vec<&str> = packages.iter().map(|it| workspace::text(it, "name")).collect();
    for package in packages {
        package_arrows(package, &ours, &mut findings);
    }
    for (folder, modules, why) in SILENT {
        mentions(folder, modules, why, &mut findings)?;
    }
    Ok(findings)
}

fn package_arrows(package: &Value, ours: &[&str], findings: &mut Findings) {
    let name = workspace::text(package, "name");
    let Some((_, allowed)) = ARROWS.iter().find(|(it, _)| *it == name) else {
        findings.fault(format!("`{name}` has no arrows yet: say in xtask/src/lint/arrows.rs what it may use, and why"));
        return;
    };
    for dependency in workspace::list(package, "dependencies") {
        let (other, kind) = (workspace::text(dependency, "name"), workspace::text(dependency, "kind"));
        let for_tests = kind == "dev" && (other == "portal-testkit" || name == "portal-server");
        if ours.contains(&other) && !for_tests && !allowed.contains(&other) {
            let section = if kind.is_empty() { String::new() } else { format!("{kind}-") };
            findings
                .fault(format!("`{name}` → `{other}` ({section}dependency) is against the arrows of the architecture"));
        }
        if name == "portal-domain" && kind.is_empty() {
            domain_dependency(other, dependency, findings);
        }
    }
}

fn domain_dependency(other: &str, dependency: &Value, findings: &mut Findings) {
    if !DOMAIN_MAY_USE.contains(&other) {
        findings.fault(format!("`portal-domain` may not depend on `{other}`: it holds rules and does no I/O"));
    }
    for feature in workspace::list(dependency, "features").iter().filter_map(Value::as_str) {
        if other == "uuid" && UUID_WITHOUT.contains(&feature) {
            findings
                .fault(format!("`portal-domain` takes `uuid` with `{feature}`, which brings a clock or randomness"));
        }
    }
}

fn mentions(folder: &str, modules: &[&str], why: &str, findings: &mut Findings) -> anyhow::Result<()> {
    for file in workspace::files(&workspace::root().join(folder), "rs")? {
        let lines = source::lines(&workspace::slurp(&file)?);
        let code: Vec<&str> = lines.iter().map(|it| it.code.as_str()).collect();
        for module in modules.iter().filter(|it| uses(&code.join("\n"), it)) {
            let name = workspace::relative(&file);
            findings.fault(format!("{name} mentions `{module}`; {why}"));
        }
    }
    Ok(())
}

/// Whether code reaches for a module of its crate, by path or in a list, or for a crate by its name.
fn uses(code: &str, module: &str) -> bool {
    if module.contains('_') {
        return super::tidy::has_word(code, module);
    }
    let code: String = code.chars().filter(|it| !it.is_whitespace()).collect();
    ["crate::", "super::super::"].into_iter().any(|path| {
        code.match_indices(path).any(|(at, _)| {
            let rest = &code[at + path.len()..];
            first_segment(rest) == module || (rest.starts_with('{') && listed(rest, module))
        })
    })
}

/// Whether a list of imports, up to its semicolon, has an entry that begins with a module.
fn listed(imports: &str, module: &str) -> bool {
    let list = imports.split(';').next().unwrap_or_default();
    list.split([',', '{', '}']).any(|entry| first_segment(entry) == module)
}

fn first_segment(path: &str) -> &str {
    let end = path.find(|it: char| !it.is_alphanumeric() && it != '_').unwrap_or(path.len());
    &path[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_is_found_in_every_form_of_use() {
        assert!(uses("use crate::port::Clock;", "port"));
        assert!(uses("use crate::{id::Id, port::{Clock}};", "port"));
        assert!(uses("use crate::{\n    id::Id,\n    port::Clock,\n};", "port"));
        assert!(uses("fn f(c: &dyn crate :: port::Clock)", "port"));
        assert!(!uses("use crate::portal::X;", "port"));
        assert!(!uses("use crate::{id::Id, change::port};", "usecase"));
        assert!(uses("use portal_domain::Id;", "portal_domain"));
        assert!(!uses("let portal_domain_x = 1;", "portal_domain"));
    }
}

use std::ffi::OsString;

use super::*;

const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

fn settings(
    file: &str,
    environment: &[(&str, &str)],
    flags: &[(&'static str, bool, &str)],
) -> Result<Settings, String> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("portal.toml");
    std::fs::write(&path, file).unwrap();
    let environment = environment.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
    let flags = flags.iter().map(|(key, in_file, value)| (*key, *in_file, (*value).to_owned()));
    let raw = Raw::gather(Some(&path), environment, flags);
    raw.and_then(|raw| Settings::read(&raw)).map_err(|failure| {
        assert_eq!(failure.exit, crate::failure::Exit::Usage);
        assert!(!failure.text.contains('\n'), "{}", failure.text);
        failure.text
    })
}

#[test]
fn without_any_setting_the_program_is_embedded_and_local() {
    let settings = settings("", &[("PATH", "/bin"), ("PORTALX", "1")], &[]).unwrap();
    assert_eq!(settings.listen.to_string(), "127.0.0.1:8080");
    assert!(settings.database.key_place().unwrap().ends_with("data/portal.db.key"));
    assert_eq!(settings.base_url_at(settings.listen).unwrap().as_str(), "http://127.0.0.1:8080");
    assert!(settings.mail.is_none() && settings.metrics_listen.is_none());
}

#[test]
fn flags_go_before_the_environment_and_that_before_the_file() {
    let file =
        "listen = '127.0.0.1:1'\nlog = 'warn'\nsign_ins_per_minute = 30\ntrusted_proxies = ['10.0.0.0/8', '::1']";
    let environment = [("PORTAL_LISTEN", "127.0.0.1:2"), ("PORTAL_LOG", "debug")];
    let settings = settings(file, &environment, &[("listen", false, "127.0.0.1:3")]).unwrap();
    assert_eq!(settings.listen.port(), 3);
    assert_eq!(settings.log.as_deref(), Some("debug"));
    assert_eq!(settings.sign_ins_per_minute, Some(30));
    assert_eq!(settings.trusted_proxies.len(), 2);
}

#[test]
fn a_secret_may_stand_in_a_file_and_a_higher_origin_replaces_either_form() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("key");
    std::fs::write(&path, format!("new:{KEY}\n")).unwrap();
    let path = path.to_str().unwrap();
    let newest = |settings: Settings| settings.secret_keys.unwrap().newest().as_str().to_owned();
    assert_eq!(newest(settings("", &[("PORTAL_SECRET_KEY_FILE", path)], &[]).unwrap()), "new");
    let both = settings("", &[("PORTAL_SECRET_KEY", KEY)], &[("secret_key", true, path)]);
    assert_eq!(newest(both.unwrap()), "new");
    let file = format!("secret_key_file = '{path}'");
    let own = newest(settings(&file, &[("PORTAL_SECRET_KEY", KEY)], &[]).unwrap());
    assert!(own.starts_with('k') && own != "new", "{own}");
    let twice = [("PORTAL_SECRET_KEY", KEY), ("PORTAL_SECRET_KEY_FILE", path)];
    assert!(settings("", &twice, &[]).unwrap_err().contains("both given"));
    let missing = settings("", &[("PORTAL_SECRET_KEY_FILE", "/nowhere/key")], &[]).unwrap_err();
    assert!(missing.contains("PORTAL_SECRET_KEY_FILE") && !missing.contains("/nowhere/key"), "{missing}");
    assert!(settings("", &[("PORTAL_LISTEN_FILE", path)], &[]).unwrap_err().contains("PORTAL_LISTEN_FILE"));
}

#[test]
fn unknown_settings_are_named_and_what_platforms_inject_is_not() {
    let injected =
        [("PORTAL_PORT", "tcp://10.0.0.1:80"), ("PORTAL_PORT_80_TCP_ADDR", "x"), ("PORTAL_SERVICE_HOST", "x")];
    assert!(settings("", &injected, &[]).is_ok());
    for variable in ["PORTAL_LISTENN", "PORTAL_", "PORTAL_CONFIG", "PORTAL_SERVICE", "PORTAL_listen"] {
        assert!(settings("", &[(variable, "x")], &[]).unwrap_err().contains(&format!("`{variable}`")), "{variable}");
    }
    for (file, named) in
        [("lisen = 'x'", "`lisen in "), ("[listen]\na = 1", "`listen in "), ("listen_file = 'x'", "`listen_file in ")]
    {
        assert!(settings(file, &[], &[]).unwrap_err().contains(named), "{file}");
    }
}

#[test]
fn malformed_settings_are_named() {
    for (variable, value) in [
        ("PORTAL_DATABASE_URL", "mysql://x"),
        ("PORTAL_LISTEN", "8080"),
        ("PORTAL_METRICS_LISTEN", "x"),
        ("PORTAL_BASE_URL", "http://portal.example"),
        ("PORTAL_SMTP_URL", "localhost:25"),
        ("PORTAL_MAIL_FROM", "portal@localhost"),
        ("PORTAL_SECRET_KEY", "short"),
        ("PORTAL_TRUSTED_PROXIES", "10.0.0.0/33"),
        ("PORTAL_SIGN_INS_PER_MINUTE", "0"),
        ("PORTAL_MAILS_PER_HOUR", "many"),
        ("PORTAL_WEBHOOK_PRIVATE", "localhost"),
        ("PORTAL_DNS_RESOLVER", "dns.example"),
        ("PORTAL_LOG", "portal=loud"),
        ("PORTAL_LOG", ""),
    ] {
        let error = settings("", &[(variable, value)], &[]).unwrap_err();
        assert!(error.starts_with(&format!("`{variable}` ")), "{error}");
    }
}

#[test]
fn s10_no_line_repeats_a_secret() {
    for (key, value) in [
        ("database_url", "mysql://root:hunter2@db/x"),
        ("smtp_url", "smtp://ada:hunter2@mx.example"),
        ("smtp_url", "hunter2://x"),
        ("secret_key", "hunter2"),
    ] {
        let error = settings(&format!("{key} = '{value}'"), &[], &[]).unwrap_err();
        assert!(!error.contains("hunter2"), "{error}");
    }
    let error = settings("log = 'info'\nsecret_key = 'hunter2", &[], &[]).unwrap_err();
    assert!(error.contains("line 2") && !error.contains("hunter2"), "{error}");
    let given = [
        ("PORTAL_SECRET_KEY", KEY),
        ("PORTAL_DATABASE_URL", "postgres://u:hunter2@db/x"),
        ("PORTAL_SMTP_URL", "smtps://u:hunter2@mx.example"),
    ];
    let debug = format!("{:?}", settings("", &given, &[]).unwrap());
    assert!(!debug.contains("hunter2") && !debug.contains(&KEY[..12]), "{debug}");
}

#[test]
fn the_page_for_operators_names_every_setting_and_no_other() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/OPERATING.md");
    let page = std::fs::read_to_string(path).unwrap();
    let (_, part) = page.split_once("\n## Settings\n").expect("a section on settings");
    let rows = part.split("\n## ").next().unwrap().lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    let told: std::collections::BTreeSet<_> =
        rows.map(|(name, rest)| (name.to_owned(), rest.starts_with(" °"))).collect();
    assert_eq!(told, names::NAMES.iter().map(|name| (name.variable(), name.secret)).collect());
}

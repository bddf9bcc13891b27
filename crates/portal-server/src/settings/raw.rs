//! Settings as texts: gathered from file, environment and flags, the later over the earlier.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    path::{Path, PathBuf},
};

use secrecy::{ExposeSecret, SecretString};

use super::names::{self, FILE_SUFFIX, INJECTED, NAMES};
use crate::{failure::Failure, terminal::plain};

/// The text of a setting, and where it was given.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    /// The text; never printed where the setting is a secret.
    text: SecretString,
    /// The name under which it was given: `PORTAL_LISTEN`, `--listen`, or `listen` in a file.
    pub(crate) named: String,
    /// Whether the text is the path of a file that holds the value.
    in_file: bool,
    /// Where the value was read, where it stood in a file of its own.
    file: Option<PathBuf>,
    /// Who said it.
    layer: Origin,
}

/// Who said something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    Config,
    Environment,
    Flag,
}

impl Given {
    fn new(text: String, named: String, in_file: bool, layer: Origin) -> Self {
        Self { text: text.into(), named, in_file, file: None, layer }
    }

    /// The text.
    pub(crate) fn text(&self) -> &str {
        self.text.expose_secret()
    }

    /// The file in which the value stands alone, if it does.
    pub(crate) fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// Whether it was typed.
    pub(crate) fn is_flag(&self) -> bool {
        self.layer == Origin::Flag
    }

    /// Whether it comes from the file of `--config`.
    pub(crate) fn is_of_config(&self) -> bool {
        self.layer == Origin::Config
    }

    /// What to say when it can't be used. `why` must not repeat a secret.
    pub(crate) fn malformed(&self, why: impl std::fmt::Display) -> Failure {
        Failure::usage(format!("`{}` {why}", self.named))
    }
}

/// All settings that were given.
#[derive(Debug, Default)]
pub(crate) struct Raw(BTreeMap<&'static str, Given>);

/// Settings of one origin, by key.
type Layer = BTreeMap<&'static str, Given>;

impl Raw {
    /// What was given for a setting.
    pub(crate) fn get(&self, key: &'static str) -> Option<&Given> {
        self.0.get(key)
    }

    /// Gathers file, environment and flags, in rising order.
    pub(crate) fn gather(
        config: Option<&Path>,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
        flags: impl IntoIterator<Item = (&'static str, bool, String)>,
    ) -> Result<Self, Failure> {
        let mut all = match config {
            Some(path) => file_layer(path)?,
            None => Layer::new(),
        };
        all.extend(environment_layer(environment)?);
        all.extend(flag_layer(flags)?);
        for given in all.values_mut() {
            resolve(given)?;
        }
        Ok(Self(all))
    }
}

fn file_layer(path: &Path) -> Result<Layer, Failure> {
    let shown = plain(&path.display().to_string());
    let read = std::fs::read_to_string(path);
    let text = read.map_err(|error| Failure::usage(format!("`--config {shown}` can't be read: {error}")))?;
    let table: toml::Table = toml::from_str(&text).map_err(|error| {
        // Only the place and the kind of fault: the parser's own picture of the line may show a secret.
        let line = error.span().map_or(1, |span| text[..span.start].matches('\n').count() + 1);
        Failure::usage(format!("`{shown}` is not TOML in line {line}: write settings as `listen = \"127.0.0.1:8080\"`"))
    })?;
    let mut layer = Layer::new();
    for (key, value) in &table {
        let named = format!("{} in {shown}", plain(key));
        let Some((name, in_file)) = names::find_with_file(key) else { return Err(unknown(&named)) };
        let text = toml_text(value)
            .ok_or_else(|| Failure::usage(format!("`{named}` is not a text, a number or a list of texts")))?;
        put(&mut layer, name.key, Given::new(text, named, in_file, Origin::Config))?;
    }
    Ok(layer)
}

fn toml_text(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Array(items) => {
            let texts: Option<Vec<_>> = items.iter().map(toml::Value::as_str).collect();
            Some(texts?.join(","))
        }
        _ => None,
    }
}

fn environment_layer(environment: impl IntoIterator<Item = (OsString, OsString)>) -> Result<Layer, Failure> {
    let mut layer = Layer::new();
    for (variable, value) in environment {
        let Some(variable) = variable.to_str().filter(|variable| variable.starts_with("PORTAL_")) else { continue };
        if INJECTED.iter().any(|prefix| variable.starts_with(prefix)) {
            continue;
        }
        let known = NAMES.iter().find_map(|name| {
            let own = name.variable();
            let in_file = name.secret && variable.strip_suffix("_FILE") == Some(&own);
            (variable == own || in_file).then_some((name.key, in_file))
        });
        let named = plain(variable);
        let Some((key, in_file)) = known else { return Err(unknown(&named)) };
        let text = value.into_string().map_err(|_| Failure::usage(format!("`{named}` is not UTF-8")))?;
        put(&mut layer, key, Given::new(text, named, in_file, Origin::Environment))?;
    }
    Ok(layer)
}

fn flag_layer(flags: impl IntoIterator<Item = (&'static str, bool, String)>) -> Result<Layer, Failure> {
    let mut layer = Layer::new();
    for (key, in_file, text) in flags {
        let suffix = if in_file { FILE_SUFFIX } else { "" };
        let named = format!("--{}", names::hyphens(&format!("{key}{suffix}")));
        put(&mut layer, key, Given::new(text, named, in_file, Origin::Flag))?;
    }
    Ok(layer)
}

fn put(layer: &mut Layer, key: &'static str, given: Given) -> Result<(), Failure> {
    if given.text().is_empty() {
        return Err(given.malformed("is empty: give it a value or leave it out"));
    }
    let named = given.named.clone();
    match layer.insert(key, given) {
        Some(other) => Err(Failure::usage(format!("`{named}` and `{}` are both given: leave one out", other.named))),
        None => Ok(()),
    }
}

/// Puts the content of the file in the place of its path.
fn resolve(given: &mut Given) -> Result<(), Failure> {
    if !given.in_file {
        return Ok(());
    }
    // Whoever mistakes the setting gives the secret itself in place of the path, so the path is never repeated.
    let text = match std::fs::read_to_string(given.text()) {
        Ok(text) => SecretString::from(text),
        Err(error) => return Err(given.malformed(format!("names a file that can't be read: {error}"))),
    };
    // Editors end a file with a line end, which is no part of a secret.
    let text = text.expose_secret().trim_end_matches(['\r', '\n']);
    if text.is_empty() {
        return Err(given.malformed("names a file that is empty"));
    }
    given.file = Some(PathBuf::from(given.text()));
    given.text = SecretString::from(text);
    Ok(())
}

fn unknown(named: &str) -> Failure {
    Failure::usage(format!(
        "`{named}` is not a setting of this program: correct or remove it, `portal --help` lists all"
    ))
}

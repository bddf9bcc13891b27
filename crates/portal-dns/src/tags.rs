//! Lists of tags, `name=value; name=value`, as DKIM and DMARC write them (RFC 6376, 3.2).

/// The tags of a text in their order, names in lower case.
pub(crate) fn read(text: &str) -> Result<Vec<(String, String)>, Fault> {
    let mut tags: Vec<(String, String)> = Vec::new();
    for part in text.split(';') {
        let part = part.trim();
        if part.is_empty() {
            continue;
        }
        let Some((name, value)) = part.split_once('=') else { return Err(Fault::NoValue(part.to_owned())) };
        let (name, value) = (name.trim().to_ascii_lowercase(), value.trim().to_owned());
        if tags.iter().any(|(known, _)| *known == name) {
            return Err(Fault::Twice(name));
        }
        tags.push((name, value));
    }
    Ok(tags)
}

/// Why a text is no list of tags.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Fault {
    /// A part without `=`.
    #[error("`{0}` is no tag: it has no `=`")]
    NoValue(String),
    /// One tag twice.
    #[error("the tag `{0}` stands there twice")]
    Twice(String),
}

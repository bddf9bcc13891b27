//! The program's secret keys: read from a setting, or made once and kept beside the embedded database.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use portal::domain::{
    link::{KeyId, LinkTokens},
    port::Entropy,
};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use crate::{failure::Failure, terminal::plain};

/// Base64 as people copy it, with or without `=` at the end.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Reads one key, or several as `id:base64`, newest first. Errors never repeat any of it.
pub(crate) fn parse(text: &str) -> Result<LinkTokens, &'static str> {
    LinkTokens::new(read(text)?).ok_or("holds no key")
}

/// The same keys with their names, none at all among them.
pub(crate) fn read(text: &str) -> Result<Vec<(KeyId, [u8; 32])>, &'static str> {
    let mut keys: Vec<(KeyId, [u8; 32])> = Vec::new();
    let entries: Vec<_> = text.split([',', ' ', '\t', '\r', '\n']).filter(|entry| !entry.is_empty()).collect();
    for entry in &entries {
        let (id, secret) = match entry.split_once(':') {
            Some((id, secret)) => (Some(id), secret),
            None if entries.len() == 1 => (None, *entry),
            None => return Err("holds several keys, and one of them has no id: write each as id:base64"),
        };
        let secret = secret.replace('-', "+").replace('_', "/");
        let bytes = BASE64.decode(secret).map_err(|_| "holds a key that is not base64")?;
        let bytes: [u8; 32] = bytes.try_into().map_err(|_| "holds a key that is not 32 bytes long")?;
        let id = id.map_or_else(|| own_name(&bytes), str::to_owned);
        let id = KeyId::parse(&id).ok_or("holds an id that is not 1 to 32 of a-z A-Z 0-9 _ -")?;
        if keys.iter().any(|(known, _)| *known == id) {
            return Err("holds two keys with the same id");
        }
        keys.push((id, bytes));
    }
    Ok(keys)
}

/// The name of a key that was given none: made of the key, so that another key never passes for it.
fn own_name(key: &[u8; 32]) -> String {
    let digest = Sha256::new().chain_update(b"portal key name v1\0").chain_update(key).finalize();
    let name: String = digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    format!("k{name}")
}

/// The keys in the file at `path`, which is made with a fresh one where it isn't there, for its owner only.
///
/// Programs that start at once agree: the file appears whole, and whoever comes second reads what the first one wrote.
pub(crate) fn read_or_make(path: &Path, entropy: &dyn Entropy) -> Result<LinkTokens, Failure> {
    let shown = plain(&path.display().to_string());
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            make(path, entropy).and_then(|()| fs::read_to_string(path))
        }
        read => read,
    };
    let text = text.map(SecretString::from);
    let text =
        text.map_err(|error| Failure::usage(format!("the secret key in `{shown}` can't be read or made: {error}")))?;
    parse(text.expose_secret()).map_err(|why| Failure::usage(format!("the file `{shown}` {why}")))
}

fn make(path: &Path, entropy: &dyn Entropy) -> io::Result<()> {
    let (mut key, mut name) = ([0; 32], [0; 8]);
    entropy.fill(&mut key);
    entropy.fill(&mut name);
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(format!(".{:016x}", u64::from_be_bytes(name)));
    let made = write(Path::new(&temporary), &format!("{}:{}\n", own_name(&key), BASE64.encode(key)));
    // A link, unlike a renaming, never replaces the key that another program made meanwhile.
    let made = made.and_then(|()| match fs::hard_link(&temporary, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        linked => linked,
    });
    let _gone = fs::remove_file(&temporary);
    made?;
    // The name, too, must outlive a loss of power: links that were mailed depend on it.
    fs::File::open(path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new(".")))?.sync_all()
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::system::OsEntropy;

    const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    #[test]
    fn one_key_or_several() {
        let own = parse(KEY).unwrap().newest().clone();
        assert_eq!(parse(KEY.trim_end_matches('=')).unwrap().newest(), &own);
        let other = BASE64.encode([7; 32]);
        assert_ne!(parse(&other).unwrap().newest(), &own, "another key has another name");
        let several =
            parse(&format!("new:{KEY}, old:{}", "/".repeat(43).replace("//", "_w"))).map(|it| it.newest().clone());
        assert!(several.is_err(), "43 characters whose last bits are not nought");
        assert_eq!(parse(&format!("new:{KEY}, old:{KEY}")).unwrap().newest().as_str(), "new");
    }

    #[test]
    fn s10_faults_of_keys_are_named_and_nothing_is_repeated() {
        for text in [
            "",
            "hunter2",
            "hunter2=",
            "id:",
            &KEY[..40],
            &format!("a:{KEY},{KEY}"),
            &format!("a:{KEY} a:{KEY}"),
            &format!("ä:{KEY}"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(!error.contains("hunter2") && !error.contains(&KEY[..8]), "{error}");
        }
    }

    #[test]
    fn a_key_is_made_once_and_for_its_owner() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("portal.db.key");
        let first = read_or_make(&path, &OsEntropy).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(first.newest(), read_or_make(&path, &OsEntropy).unwrap().newest());
        make(&path, &OsEntropy).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}

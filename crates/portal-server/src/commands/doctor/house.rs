//! What the program was told, how it is reached, and its keys.

use std::{
    fs,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    os::unix::fs::PermissionsExt,
    path::Path,
    time::Duration,
};

use portal_dns::Finding;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

use crate::{
    settings::{DATA, Settings, keys, names::NAMES, raw::Raw},
    terminal::plain,
};

/// How long a service may take to answer a probe.
const PROBE: Duration = Duration::from_secs(3);
/// Most bytes of its answer that are read: the first line is enough.
const ANSWER: u64 = 256;
/// Rights of the group and of others.
const NOT_THE_OWNER: u32 = 0o077;
/// The right of others to read.
const ANYBODY_READS: u32 = 0o004;

/// Where each setting comes from, and who else may read the secrets among them.
pub(super) fn settings(raw: &Raw, config: Option<&Path>) -> Finding {
    let mut finding = Finding::new("settings");
    let given: Vec<_> = NAMES.iter().filter_map(|name| Some((name, raw.get(name.key)?))).collect();
    let origins: Vec<_> =
        given.iter().map(|(name, given)| format!("{} by `{}`", name.key, plain(&given.named))).collect();
    finding.saw(match origins.as_slice() {
        [] => "none is given, all are the usual ones".to_owned(),
        origins => format!("{}; the usual ones for all others", origins.join(", ")),
    });
    let secrets = || given.iter().filter(|(name, _)| name.secret);
    for (name, given) in secrets() {
        let in_file = given.file();
        if given.is_flag() && in_file.is_none() {
            finding.warn(
                format!("{} is a secret, and whoever may list processes reads it in the command line", name.key),
                format!("keep it in a file, and name that by `{}_FILE`", name.variable()),
            );
        }
        if in_file.is_some_and(|path| allows(path, ANYBODY_READS)) {
            finding.warn(
                format!("every user of this machine may read the file of `{}`", plain(&given.named)),
                "take the right to read it from others (chmod o-r), unless it lies in a container of its own",
            );
        }
    }
    let of_config = || secrets().any(|(_, given)| given.file().is_none() && given.is_of_config());
    if let Some(config) = config.filter(|config| of_config() && allows(config, ANYBODY_READS)) {
        let shown = plain(&config.display().to_string());
        finding.warn(
            format!("`{shown}` holds secrets, and every user of this machine may read it"),
            format!("take the right to read it from others: `chmod o-r {shown}`"),
        );
    }
    finding
}

fn allows(path: &Path, rights: u32) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & rights != 0)
}

/// A finding on a file that only its owner should be able to read.
pub(super) fn owners_only(finding: &mut Finding, path: &Path) {
    if allows(path, NOT_THE_OWNER) {
        let shown = plain(&path.display().to_string());
        finding.warn(format!("others than its owner may open `{shown}`"), format!("`chmod 600 {shown}`"));
    }
}

/// How browsers reach the portal.
pub(super) fn base_url(settings: &Settings) -> Finding {
    let mut finding = Finding::new("base_url");
    match settings.base_url_at(settings.listen) {
        Err(failure) => {
            finding.fault(failure.text, "`portal serve` would not start: set it first");
        }
        Ok(url) if url.is_https() => {
            finding.saw(format!("{}, answered on {}", url.as_str(), settings.listen));
            if settings.listen.ip().is_loopback() && settings.trusted_proxies.is_empty() {
                finding.warn(
                    "no proxy is trusted, so all clients of a practice seem to come from one address and share its tries",
                    "set PORTAL_TRUSTED_PROXIES to the address of the proxy in front, such as 127.0.0.1",
                );
            }
        }
        Ok(url) => {
            finding.saw(format!("{}, for browsers of this machine only", url.as_str()));
        }
    }
    finding
}

/// Whether a service runs where this one would.
pub(super) async fn service(settings: &Settings) -> Finding {
    let mut finding = Finding::new("service");
    let address = reachable(settings.listen);
    if address.port() == 0 {
        finding.saw("it takes any free port, so none is looked for");
        return finding;
    }
    let host = settings.base_url_at(settings.listen).map(|url| url.as_str().to_owned()).unwrap_or_default();
    let host = host.split_once("://").map_or("", |(_, host)| host).to_owned();
    match tokio::time::timeout(PROBE, probe(address, &host)).await {
        Ok(Err(Probe::Nobody)) => {
            finding.saw(format!("none runs at {address}; everything was looked at without one"));
        }
        Ok(Ok(line)) if line.starts_with("HTTP/1.1 200") => {
            finding.saw(format!("one runs at {address}"));
        }
        Ok(Ok(line)) => stranger(&mut finding, address, &format!("it says `{}`", plain(&line))),
        Ok(Err(Probe::Broken(why))) => stranger(&mut finding, address, &why),
        Err(_) => stranger(&mut finding, address, &format!("it says nothing within {} s", PROBE.as_secs())),
    }
    finding
}

fn stranger(finding: &mut Finding, address: SocketAddr, said: &str) {
    finding.fault(
        format!("what answers at {address} is not this service, or it can't work: {said}"),
        "end what listens there, or set PORTAL_LISTEN to a free address; where it is this service, look at its log",
    );
}

enum Probe {
    Nobody,
    Broken(String),
}

/// The first line that is answered to the probe of every service.
async fn probe(address: SocketAddr, host: &str) -> Result<String, Probe> {
    let mut stream = TcpStream::connect(address).await.map_err(|_| Probe::Nobody)?;
    let broken = |error: std::io::Error| Probe::Broken(error.to_string());
    let request = format!("GET /healthz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.map_err(broken)?;
    let mut line = Vec::new();
    BufReader::new(stream.take(ANSWER)).read_until(b'\n', &mut line).await.map_err(broken)?;
    Ok(String::from_utf8_lossy(&line).trim_end().to_owned())
}

/// An address by which what listens on all of them is reached from here.
const fn reachable(listen: SocketAddr) -> SocketAddr {
    match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), listen.port()),
        IpAddr::V6(ip) if ip.is_unspecified() => SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), listen.port()),
        _ => listen,
    }
}

/// Whether there is a key, and nobody else has it.
pub(super) fn secret_key(settings: &Settings, raw: &Raw, practices: Option<i64>) -> Finding {
    let mut finding = Finding::new("secret_key");
    if let Some(given) = raw.get("secret_key") {
        judge_keys(&mut finding, given.text(), &format!("by `{}`", plain(&given.named)));
        return finding;
    }
    let Some(path) = settings.database.key_place() else {
        finding.fault(
            "there is none, and with this database none is made",
            "set PORTAL_SECRET_KEY to 32 random bytes in base64, the same for every instance (`openssl rand -base64 32`)",
        );
        return finding;
    };
    let shown = plain(&path.display().to_string());
    match fs::read_to_string(&path) {
        Ok(text) => {
            judge_keys(&mut finding, &text, &format!("in `{shown}`"));
            owners_only(&mut finding, &path);
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && practices.is_some_and(|number| number > 0) => {
            finding.fault(
                format!("`{shown}` is missing, and links that were mailed depend on it"),
                "put it back from where it is kept apart from the backups, or set PORTAL_SECRET_KEY",
            );
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            finding.saw(format!("none yet: the first start makes one in `{shown}`"));
        }
        Err(error) => {
            finding.fault(
                format!("`{shown}` can't be read: {error}"),
                "give the user of the service the right to read it",
            );
        }
    }
    finding
}

fn judge_keys(finding: &mut Finding, text: &str, place: &str) {
    let given = match keys::read(text) {
        Ok(keys) => keys,
        Err(why) => {
            finding.fault(format!("the key {place} {why}"), "put the right file back, or set PORTAL_SECRET_KEY");
            return;
        }
    };
    finding.saw(match given.as_slice() {
        [_] => format!("one, {place}"),
        several => format!("{}, {place}; the first makes new ones, all verify", several.len()),
    });
    let demo = fs::read_to_string(Path::new(DATA).join("demo/portal.db.key")).ok();
    let demo = demo.and_then(|text| keys::read(&text).ok()).unwrap_or_default();
    let anew = "make a key of 32 random bytes (`openssl rand -base64 32`), and bring it in as docs/OPERATING.md says";
    for (id, key) in &given {
        if demo.iter().any(|(_, known)| known == key) {
            finding.fault(format!("`{}` is the key of the demo in this folder", id.as_str()), anew);
        }
        if is_guessable(key) {
            finding.fault(format!("`{}` is no random key: its bytes are all alike, or count up", id.as_str()), anew);
        }
    }
}

/// Whether each byte is as far from the one before as any other, as in keys of examples.
fn is_guessable(key: &[u8; 32]) -> bool {
    let step = key[1].wrapping_sub(key[0]);
    key.windows(2).all(|pair| pair[1].wrapping_sub(pair[0]) == step)
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use portal_dns::State;

    use super::*;

    const RANDOM: &str = "q83vEjRWeJDerb7vASNFZ4mrze/+3LqYdlQyEA8eLTw=";
    const COUNTING: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    fn read(environment: &[(&str, &str)], flags: &[(&'static str, &str)], file: Option<&Path>) -> (Settings, Raw) {
        let environment = environment.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
        let flags = flags.iter().map(|(key, value)| (*key, false, (*value).to_owned()));
        let raw = Raw::gather(file, environment, flags).unwrap();
        (Settings::read(&raw).unwrap(), raw)
    }

    #[track_caller]
    fn says(finding: &Finding, state: State, said: &str) {
        let seen = finding.seen();
        assert!(finding.state == state && seen.contains(said), "{state:?} `{said}` expected: {finding:?}");
    }

    #[test]
    fn s10_settings_are_told_by_their_origin() {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("portal.toml");
        fs::write(&config, "listen = '127.0.0.1:9'\nsmtp_url = 'smtps://ada:hunter2@mx.example'").unwrap();
        let mode = |mode| fs::set_permissions(&config, fs::Permissions::from_mode(mode)).unwrap();
        mode(0o600);
        let look = |environment, flags| settings(&read(environment, flags, Some(&config)).1, Some(&config));
        says(&look(&[("PORTAL_LOG", "warn")], &[]), State::Ok, "log by `PORTAL_LOG`");
        says(&look(&[], &[("secret_key", RANDOM)]), State::Warning, "secret_key is a secret, and whoever may list");
        mode(0o644);
        let told = look(&[], &[]);
        says(&told, State::Warning, "holds secrets, and every user");
        assert!(!told.seen().contains("hunter2"), "{told:?}");
        says(
            &look(&[("PORTAL_SMTP_URL", "smtps://ada:hunter2@mx.example")], &[]),
            State::Ok,
            "smtp_url by `PORTAL_SMTP_URL`",
        );
        says(&settings(&read(&[], &[], None).1, None), State::Ok, "none is given");

        let key = folder.path().join("key");
        fs::write(&key, RANDOM).unwrap();
        let key = key.to_str().unwrap();
        fs::set_permissions(key, fs::Permissions::from_mode(0o644)).unwrap();
        let told = settings(&read(&[("PORTAL_SECRET_KEY_FILE", key)], &[], None).1, None);
        says(&told, State::Warning, "may read the file of `PORTAL_SECRET_KEY_FILE`");
    }

    #[test]
    fn a_base_url_is_judged_as_at_the_start() {
        let look = |environment: &[(&str, &str)]| base_url(&read(environment, &[], None).0);
        says(&look(&[]), State::Ok, "http://127.0.0.1:8080, for browsers of this machine only");
        says(&look(&[("PORTAL_LISTEN", "0.0.0.0:80")]), State::Fault, "PORTAL_BASE_URL");
        let https = ("PORTAL_BASE_URL", "https://portal.smith.example");
        says(&look(&[https]), State::Warning, "no proxy is trusted");
        says(&look(&[https, ("PORTAL_TRUSTED_PROXIES", "127.0.0.1")]), State::Ok, "https://portal.smith.example");
    }

    #[test]
    fn keys_are_there_and_nobody_elses() {
        let look = |environment: &[(&str, &str)], practices| {
            let (settings, raw) = read(environment, &[], None);
            secret_key(&settings, &raw, practices)
        };
        let several = format!("new:{RANDOM},old:{COUNTING}");
        says(&look(&[("PORTAL_SECRET_KEY", RANDOM)], None), State::Ok, "one, by `PORTAL_SECRET_KEY`");
        let told = look(&[("PORTAL_SECRET_KEY", &several)], None);
        says(
            &told,
            State::Fault,
            "2, by `PORTAL_SECRET_KEY`; the first makes new ones, all verify; `old` is no random key",
        );
        assert!(!told.seen().contains(&RANDOM[..8]), "{told:?}");
        says(&look(&[("PORTAL_DATABASE_URL", "postgres://portal@db/portal")], None), State::Fault, "there is none");

        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/portal.db", folder.path().display());
        let beside = [("PORTAL_DATABASE_URL", url.as_str())];
        says(&look(&beside, Some(0)), State::Ok, "the first start makes one");
        says(&look(&beside, Some(1)), State::Fault, "is missing, and links");
        let key = folder.path().join("portal.db.key");
        fs::write(&key, RANDOM).unwrap();
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
        says(&look(&beside, Some(1)), State::Ok, "one, in `");
        fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).unwrap();
        says(&look(&beside, Some(1)), State::Warning, "others than its owner");
        fs::write(&key, "hunter2").unwrap();
        let told = look(&beside, Some(1));
        says(&told, State::Fault, "is not base64");
        assert!(!told.seen().contains("hunter2"), "{told:?}");
    }

    #[tokio::test]
    async fn what_answers_is_told_from_the_service() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (settings, _) = read(&[("PORTAL_LISTEN", &address)], &[], None);
        for (answer, state, said) in [
            ("HTTP/1.1 200 OK\r\n\r\n", State::Ok, "one runs at"),
            ("HTTP/1.1 404 Not Found\r\n\r\n", State::Fault, "it says `HTTP/1.1 404 Not Found`"),
            ("220 mx.example\u{1b}[2J\r\n", State::Fault, "it says `220 mx.example\\u{1b}[2J`"),
        ] {
            let serve = async {
                let (mut stream, _) = listener.accept().await.unwrap();
                let (reader, _) = stream.split();
                let mut asked = BufReader::new(reader).lines();
                while asked.next_line().await.unwrap().is_some_and(|line| !line.is_empty()) {}
                stream.write_all(answer.as_bytes()).await.unwrap();
            };
            let (finding, ()) = tokio::join!(service(&settings), serve);
            says(&finding, state, said);
        }
        drop(listener);
        says(&service(&settings).await, State::Ok, "none runs at");
        assert_eq!(reachable("0.0.0.0:1".parse().unwrap()), "127.0.0.1:1".parse().unwrap());
        assert_eq!(reachable("[::]:1".parse().unwrap()), "[::1]:1".parse().unwrap());
    }
}

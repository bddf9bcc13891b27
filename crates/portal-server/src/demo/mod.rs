//! `portal demo`: the service with everything set up, on a database of its own.

mod sample;

use std::{
    fs::{self, TryLockError},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    process::ExitCode,
};

use portal::domain::{
    practice::{Practice, Scope},
    usecase::KeyHolder,
};
use portal_http::{BaseUrl, HttpConfig};
use portal_smtp::MailTransport;

use crate::{
    failure::Failure,
    logging,
    program::Program,
    serve::{self, listen},
    settings::{DATA, Settings},
    stores::{Database, Patience},
    terminal,
};

/// Runs the demo.
///
/// Only `listen`, `base_url`, `log` and `webhook_private` are heeded: a demo never touches a real database or mail server. A host
/// that is tried out beside it on the same machine may be told of events, where whoever starts the demo says so.
pub(crate) async fn run(settings: Settings, fresh: bool) -> Result<ExitCode, Failure> {
    logging::start(settings.log.as_deref().unwrap_or("warn"));
    let place = Place(Path::new(DATA).join("demo"));
    let listener = listen::bind(settings.listen, "--listen").await?;
    let address = serve::local(&listener)?;
    if !address.ip().is_loopback() {
        return Err(Failure::usage(format!(
            "the demo shows everybody's mail, so it listens on loopback only, not on `{address}`"
        )));
    }
    let base_url = settings.base_url_at(address)?;
    let _held = place.hold()?;
    if fresh || !place.is_complete() {
        place.clear()?;
    }
    let program = Program::open_for(heeded(settings, &place), Patience::Request).await?;
    let practice = match place.is_complete() {
        true => program.practice(Some(sample::SLUG)).await?,
        false => {
            let practice = sample::create(&program).await?;
            place.complete()?;
            practice
        }
    };
    let key = api_key(&program, &practice, &place).await?;
    let invitation = sample::invitation(&program, &practice).await?;
    terminal::say(&guide(&base_url, &key, invitation.as_deref(), &place));
    let config = HttpConfig { demo_mail: Some(place.file("mail")), ..HttpConfig::new(base_url) };
    serve::serve(program, listener, config).await
}

/// The settings of a demo: what it doesn't heed is as if it were not given.
fn heeded(settings: Settings, place: &Place) -> Settings {
    Settings {
        listen: settings.listen,
        metrics_listen: None,
        base_url: settings.base_url,
        log: settings.log,
        database: Database::in_file(place.file("portal.db")),
        mail: Some(MailTransport::Capture { dir: place.file("mail") }),
        mail_from: None,
        secret_keys: None,
        trusted_proxies: Vec::new(),
        webhook_private: settings.webhook_private,
        sign_ins_per_minute: None,
        bounce_maildir: None,
        mails_per_hour: None,
        dns_resolver: None,
    }
}

/// The demo's folder.
struct Place(PathBuf);

impl Place {
    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Keeps all other demos out of the folder until the file is dropped or the program ends, however it ends.
    ///
    /// The file lies beside the folder, since a folder that starts over is removed whole.
    fn hold(&self) -> Result<fs::File, Failure> {
        let path = self.0.with_extension("lock");
        let folder = path.parent().unwrap_or(&path);
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
        let open = || fs::OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path);
        let file = made.and_then(|()| open()).map_err(|error| self.failure(&error))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => Err(Failure::unavailable(format!(
                "another demo is running in `{}`: stop it first, or start this one in another directory",
                self.0.display()
            ))),
            Err(TryLockError::Error(error)) => Err(self.failure(&error)),
        }
    }

    /// Whether the sample was made to its end.
    fn is_complete(&self) -> bool {
        self.file("complete").exists()
    }

    fn complete(&self) -> Result<(), Failure> {
        fs::write(self.file("complete"), "").map_err(|error| self.failure(&error))
    }

    fn clear(&self) -> Result<(), Failure> {
        match fs::remove_dir_all(&self.0) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(self.failure(&error)),
            _ => Ok(()),
        }
    }

    fn failure(&self, error: &io::Error) -> Failure {
        Failure::unavailable(format!("the demo's folder `{}` can't be used: {error}", self.0.display()))
    }
}

/// The key of the last time, so that a `curl` line that was copied goes on working; a new one where there is none.
///
/// It is kept in the clear, for its owner only: what it opens is a sample.
async fn api_key(program: &Program, practice: &Practice, place: &Place) -> Result<String, Failure> {
    let path = place.file("api-key");
    if let Ok(kept) = fs::read_to_string(&path)
        && program
            .portal
            .authenticate(kept.trim())
            .await?
            .is_some_and(|holder| matches!(holder, KeyHolder::Host(key) if key.practice == practice.id))
    {
        return Ok(kept.trim().to_owned());
    }
    let context = Program::context(practice);
    let made = program.portal.create_api_key(&context, "demo", vec![Scope::Read, Scope::Write]).await?;
    let secret = made.secret.reveal();
    let file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path);
    file.and_then(|mut file| writeln!(file, "{secret}")).map_err(|error| place.failure(&error))?;
    Ok(secret.to_owned())
}

fn guide(base_url: &BaseUrl, key: &str, invitation: Option<&str>, place: &Place) -> String {
    let (base, slug, password) = (base_url.as_str(), sample::SLUG, sample::PASSWORD);
    let link = match invitation {
        Some(token) => format!("{base}/portal/{slug}/link/{token}"),
        None => "was used already: `portal demo --fresh` starts over".to_owned(),
    };
    let listed = |sign_ins: &[(&str, &str)]| -> String {
        sign_ins.iter().map(|(address, what)| format!("\n                {address:<28} {what}")).collect()
    };
    let (sign_ins, staff) = (listed(&sample::SIGN_INS), listed(&sample::STAFF_SIGN_INS));
    format!(
        "The demo is running. All of it is in {}; Ctrl-C stops it, `portal demo --fresh` starts over.

Mail            {base}/demo/mail
Sign-in page    {base}/portal/{slug}/sign-in
Sign in as      (the password is always: {password}){sign_ins}
An invitation   {link}
Workspace       {base}/workspace/{slug}/sign-in
Staff           (the same password){staff}
API key         {key}

Try             curl -s -H 'Authorization: Bearer {key}' '{base}/api/v1/contacts?limit=3'",
        place.0.display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::raw::Raw;

    #[test]
    fn a_demo_heeds_no_setting_but_its_addresses_the_log_and_where_webhooks_may_go() {
        let place = Place(PathBuf::from("data/demo"));
        let read = |given: &[(&'static str, &str)]| {
            let flags = given.iter().map(|(key, value)| (*key, false, (*value).to_owned()));
            heeded(Settings::read(&Raw::gather(None, [], flags).unwrap()).unwrap(), &place)
        };
        let mails = tempfile::tempdir().unwrap();
        for inner in ["new", "cur"] {
            std::fs::create_dir(mails.path().join(inner)).unwrap();
        }
        let maildir = mails.path().to_str().unwrap();
        let heeded = [
            ("listen", "127.0.0.1:1"),
            ("base_url", "https://portal.example"),
            ("log", "debug"),
            ("webhook_private", "127.0.0.1"),
        ];
        let others = [
            ("database_url", "postgres://portal@localhost/portal"),
            ("metrics_listen", "127.0.0.1:2"),
            ("smtp_url", "smtp://127.0.0.1:3"),
            ("mail_from", "portal@portal.example"),
            ("secret_key", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="),
            ("trusted_proxies", "10.0.0.0/8"),
            ("sign_ins_per_minute", "1"),
            ("mails_per_hour", "1"),
            ("bounce_maildir", maildir),
            ("dns_resolver", "192.0.2.53"),
        ];
        assert_eq!(heeded.len() + others.len(), crate::settings::names::NAMES.len());
        let all = read(&[&heeded[..], &others[..]].concat());
        assert_eq!(format!("{all:?}"), format!("{:?}", read(&heeded)));
        assert_ne!(format!("{all:?}"), format!("{:?}", read(&[])));
    }
}

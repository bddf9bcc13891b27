//! Mail captured in files instead of sent (trap 11).

use std::{
    fs, io,
    io::Write,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use portal_domain::port::{Mailer, OutgoingMail, SendOutcome};

use crate::{connect::MailSetupError, message, route::Route};

/// Writes each message to a file `<message id>.eml` in a folder, instead of sending it.
///
/// The file is readable by its owner only, whole or not there, and on disk before the answer. A repeated delivery of the
/// same message replaces its file. The folder is made for its owner only; one that exists stays as it is. Characters of
/// the message id that could matter in a path are percent-encoded.
///
/// In front of the message stand `Return-Path` and `Delivered-To`, as a delivering server writes them, with the envelope;
/// addresses are as a server with SMTPUTF8 gets them.
#[derive(Clone, Debug)]
pub struct CaptureMailer {
    dir: PathBuf,
    count: Arc<AtomicU64>,
}

impl CaptureMailer {
    /// Captures in `dir`, which is made if need be.
    ///
    /// # Errors
    ///
    /// [`MailSetupError::Capture`] where it can't be made, or is something else than a folder.
    ///
    /// ```
    /// # let home = tempfile::tempdir()?;
    /// let dir = home.path().join("mail");
    /// assert!(portal_smtp::CaptureMailer::new(dir.clone()).is_ok());
    /// std::fs::write(dir.join("file"), "")?;
    /// assert!(portal_smtp::CaptureMailer::new(dir.join("file")).is_err());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn new(dir: PathBuf) -> Result<Self, MailSetupError> {
        match fs::DirBuilder::new().recursive(true).mode(0o700).create(&dir) {
            Ok(()) => Ok(Self { dir, count: Arc::default() }),
            Err(source) => Err(MailSetupError::Capture { dir, source }),
        }
    }

    fn temporary(&self) -> PathBuf {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        self.dir.join(format!(".{}-{number}.tmp", std::process::id()))
    }
}

#[async_trait]
impl Mailer for CaptureMailer {
    async fn send(&self, mail: &OutgoingMail) -> SendOutcome {
        let (name, route) = match (file_name(&mail.message_id), Route::choose(mail, true)) {
            (Some(name), Ok(route)) => (name, route),
            (None, _) => return SendOutcome::Permanent { reply: "the message id is too long for a file".to_owned() },
            (_, Err(outcome)) => return outcome,
        };
        let mut bytes =
            format!("Return-Path: <{}>\r\nDelivered-To: {}\r\n", route.return_path, route.recipient).into_bytes();
        match message::compose(mail, &route) {
            Ok(message) => bytes.extend(message),
            Err(outcome) => return outcome,
        }
        let (temporary, target) = (self.temporary(), self.dir.join(&name));
        let written = tokio::task::spawn_blocking(move || write(&temporary, &target, &bytes)).await;
        match written {
            Ok(Ok(())) => SendOutcome::Accepted { reply: format!("captured as {name}") },
            Ok(Err(error)) => SendOutcome::Transient { reply: format!("not captured: {}", error.kind()) },
            Err(_) => SendOutcome::Transient { reply: "not captured: the program is ending".to_owned() },
        }
    }
}

/// Writes beside the target and renames, so that nobody ever sees half a message.
fn write(temporary: &Path, target: &Path, bytes: &[u8]) -> io::Result<()> {
    let result = create(temporary).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(temporary, target)
    });
    if result.is_err() {
        // What could not be written whole must not stay; that it may not be there either is no second fault.
        let _gone = fs::remove_file(temporary);
    }
    result
}

fn create(temporary: &Path) -> io::Result<fs::File> {
    match fs::remove_file(temporary) {
        // Left over from a program of the same number that was killed.
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(temporary)
}

/// Different message ids have different names, none of them hidden and none with a path in it.
fn file_name(message_id: &str) -> Option<String> {
    let mut name = String::with_capacity(message_id.len() + 4);
    for (index, byte) in message_id.bytes().enumerate() {
        match byte {
            b'.' if index == 0 => name.push_str("%2E"),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'_' | b'-' | b'@' => name.push(char::from(byte)),
            byte => name.push_str(&format!("%{byte:02X}")),
        }
    }
    name.push_str(".eml");
    (name.len() <= 255).then_some(name)
}

//! A mail server with moods: slow, gone, full of excuses, talking nonsense, taking mail and vanishing.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

use super::people::Postbox;
use crate::support::{Mail, dice::Dice, smtp};

/// Takes mail, in its own way.
#[derive(Clone)]
pub(super) struct Moody(Arc<Inner>);

struct Inner {
    address: SocketAddr,
    taken: Mutex<Vec<Mail>>,
    dice: Mutex<Dice>,
    well: AtomicBool,
    ambiguous: AtomicUsize,
}

/// How it takes a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mood {
    Well,
    Slow,
    /// Closes the connection.
    Gone,
    /// Says 4xx.
    Later,
    /// Says 5xx.
    Never,
    /// Says what is no reply.
    Nonsense,
    /// Says half of a reply and closes the connection.
    Half,
}

impl Moody {
    /// One that is well until it is told otherwise.
    pub(super) async fn start(dice: Dice) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let inner =
            Inner { address, taken: Mutex::default(), dice: Mutex::new(dice), well: true.into(), ambiguous: 0.into() };
        let moody = Self(Arc::new(inner));
        let accepting = moody.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let inner = Arc::clone(&accepting.0);
                tokio::spawn(async move { inner.talk(stream).await });
            }
        });
        moody
    }

    pub(super) fn url(&self) -> String {
        format!("smtp://{}", self.0.address)
    }

    pub(super) fn is_well(&self, well: bool) {
        self.0.well.store(well, Ordering::SeqCst);
    }

    pub(super) fn mails(&self) -> Vec<Mail> {
        self.0.taken.lock().unwrap().clone()
    }

    /// So often it took a mail without saying so.
    pub(super) fn ambiguous(&self) -> usize {
        self.0.ambiguous.load(Ordering::SeqCst)
    }
}

impl Postbox for Moody {
    fn newest_link(&self, address: &str) -> Option<String> {
        let taken = self.0.taken.lock().unwrap();
        let mut to = taken.iter().rev().filter(|mail| mail.recipients == [address]);
        to.find(|mail| mail.has_link()).map(Mail::token)
    }
}

impl Inner {
    fn mood(&self) -> Mood {
        if self.well.load(Ordering::SeqCst) {
            return Mood::Well;
        }
        match self.dice.lock().unwrap().within(0..60) {
            0 => Mood::Gone,
            1 | 2 => Mood::Later,
            3 => Mood::Never,
            4 => Mood::Nonsense,
            5 => Mood::Half,
            6 | 7 => Mood::Slow,
            _ => Mood::Well,
        }
    }

    async fn talk(&self, stream: TcpStream) -> std::io::Result<()> {
        stream.set_nodelay(true)?;
        let (reader, mut writer) = stream.into_split();
        let mut reader = BufReader::new(reader);
        let mut mail =
            Mail { sender: String::new(), recipients: Vec::new(), parameters: String::new(), text: Vec::new() };
        let mut reply: &[u8] = b"220 moody.example ready\r\n";
        let mut ended_mail = false;
        loop {
            let mood = self.mood();
            let took = ended_mail && !matches!(mood, Mood::Later | Mood::Never);
            if took {
                self.taken.lock().unwrap().push(mail.clone());
                // Anything but a whole and plain word leaves the other end in doubt.
                self.ambiguous.fetch_add(usize::from(!matches!(mood, Mood::Well | Mood::Slow)), Ordering::SeqCst);
            }
            match mood {
                Mood::Gone => return Ok(()),
                Mood::Half => return writer.write_all(&reply[..2]).await,
                Mood::Nonsense => writer.write_all(b"\xff\x00 what?\r\n").await?,
                Mood::Later => writer.write_all(b"451 later\r\n").await?,
                Mood::Never => writer.write_all(b"554 never\r\n").await?,
                Mood::Slow => {
                    tokio::time::sleep(Duration::from_millis(150)).await;
                    writer.write_all(reply).await?;
                }
                Mood::Well => writer.write_all(reply).await?,
            }
            if reply.starts_with(b"354") && matches!(mood, Mood::Well | Mood::Slow) {
                mail.text = smtp::data(&mut reader).await?;
                (reply, ended_mail) = (b"250 taken\r\n", true);
                continue;
            }
            let mut line = Vec::new();
            if reader.read_until(b'\n', &mut line).await? == 0 {
                return Ok(());
            }
            (reply, ended_mail) = (heed(&line, &mut mail), false);
            if reply.starts_with(b"221") {
                return writer.write_all(reply).await;
            }
        }
    }
}

/// The reply to a line.
fn heed(line: &[u8], mail: &mut Mail) -> &'static [u8] {
    let line = String::from_utf8_lossy(line);
    match line.get(..4).unwrap_or_default().to_ascii_uppercase().as_str() {
        "EHLO" => b"250-moody.example\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n",
        "MAIL" => {
            mail.recipients.clear();
            b"250 go on\r\n"
        }
        "RCPT" => {
            let address = line.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
            mail.recipients.push(address.map_or("", |(address, _)| address).to_owned());
            b"250 go on\r\n"
        }
        "DATA" => b"354 go on\r\n",
        "QUIT" => b"221 bye\r\n",
        _ => b"250 well\r\n",
    }
}

//! A mail server's end of SMTP: takes every message and keeps it.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use mail_parser::MessageParser;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

/// Takes mail until it is dropped.
#[derive(Clone)]
pub(crate) struct Sink {
    address: SocketAddr,
    taken: Arc<Mutex<Vec<Mail>>>,
}

/// A message that was taken.
#[derive(Clone, Debug)]
pub(crate) struct Mail {
    /// What stood between `<` and `>` after `MAIL FROM:`: where reports go.
    pub(crate) sender: String,
    /// What stood between `<` and `>` after `RCPT TO:`, one for each recipient.
    pub(crate) recipients: Vec<String>,
    /// What stood after the sender's address, such as `SMTPUTF8`.
    pub(crate) parameters: String,
    /// Everything after `DATA`.
    pub(crate) text: Vec<u8>,
}

impl Sink {
    /// A server that offers SMTPUTF8.
    pub(crate) async fn with_utf8() -> Self {
        Self::start(true).await
    }

    /// One that doesn't.
    pub(crate) async fn without_utf8() -> Self {
        Self::start(false).await
    }

    async fn start(utf8: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let sink = Self { address: listener.local_addr().unwrap(), taken: Arc::default() };
        let taken = Arc::clone(&sink.taken);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(talk(stream, utf8, Arc::clone(&taken)));
            }
        });
        sink
    }

    pub(crate) fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// All mail so far.
    pub(crate) fn mails(&self) -> Vec<Mail> {
        self.taken.lock().unwrap().clone()
    }

    /// Waits for the mail of this number, counted from nought.
    pub(crate) async fn mail(&self, place: usize) -> Mail {
        for _ in 0..600 {
            if let Some(mail) = self.mails().get(place) {
                return mail.clone();
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("there were {} mails after 15 s, and number {place} was waited for", self.mails().len());
    }

    /// Waits until nothing more comes, and asserts how many have come in all.
    pub(crate) async fn settles_at(&self, count: usize) {
        if count > 0 {
            self.mail(count - 1).await;
        }
        tokio::time::sleep(Duration::from_millis(1200)).await;
        let got: Vec<_> = self.mails().iter().map(|mail| (mail.recipients.clone(), mail.subject())).collect();
        assert_eq!(got.len(), count, "{got:#?}");
    }
}

impl Mail {
    /// The text part.
    pub(crate) fn body(&self) -> String {
        let message = MessageParser::default().parse(&self.text).unwrap();
        message.body_text(0).unwrap().into_owned()
    }

    pub(crate) fn subject(&self) -> String {
        let message = MessageParser::default().parse(&self.text).unwrap();
        message.subject().unwrap_or_default().to_owned()
    }

    pub(crate) fn message_id(&self) -> String {
        MessageParser::default().parse(&self.text).unwrap().message_id().unwrap_or_default().to_owned()
    }

    /// The one recipient.
    #[track_caller]
    pub(crate) fn to(&self) -> &str {
        assert_eq!(self.recipients.len(), 1, "{:?}", self.recipients);
        &self.recipients[0]
    }

    /// The token of the one link to set a password, which stands on a line of its own.
    #[track_caller]
    pub(crate) fn token(&self) -> String {
        let body = self.body();
        let links: Vec<_> = body.lines().filter(|line| line.contains("/link/")).collect();
        assert_eq!(links.len(), 1, "{body}");
        assert!(links[0].trim().starts_with("http"), "{body}");
        links[0].trim().rsplit('/').next().unwrap().to_owned()
    }

    pub(crate) fn has_link(&self) -> bool {
        self.body().contains("/link/")
    }
}

async fn talk(stream: TcpStream, utf8: bool, taken: Arc<Mutex<Vec<Mail>>>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::new(reader);
    let mut mail = Mail { sender: String::new(), recipients: Vec::new(), parameters: String::new(), text: Vec::new() };
    writer.write_all(b"220 sink.example ready\r\n").await?;
    loop {
        let mut line = Vec::new();
        if reader.read_until(b'\n', &mut line).await? == 0 {
            return Ok(());
        }
        let line = String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned();
        let verb = line.get(..4).unwrap_or_default().to_ascii_uppercase();
        let reply: &[u8] = match verb.as_str() {
            "EHLO" if utf8 => b"250-sink.example\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n",
            "EHLO" => b"250-sink.example\r\n250 8BITMIME\r\n",
            "MAIL" => {
                mail.recipients.clear();
                let path = line.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
                mail.sender = path.map_or("", |(path, _)| path).to_owned();
                mail.parameters = line.split_once('>').map_or("", |(_, rest)| rest).trim().to_owned();
                b"250 go on\r\n"
            }
            "RCPT" => {
                let address = line.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
                mail.recipients.push(address.map_or("", |(address, _)| address).to_owned());
                b"250 go on\r\n"
            }
            "DATA" => {
                writer.write_all(b"354 go on\r\n").await?;
                mail.text = data(&mut reader).await?;
                taken.lock().unwrap().push(mail.clone());
                b"250 taken\r\n"
            }
            "QUIT" => {
                writer.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            "RSET" | "NOOP" => b"250 well\r\n",
            _ => b"502 unknown\r\n",
        };
        writer.write_all(reply).await?;
    }
}

pub(crate) async fn data(reader: &mut (impl AsyncBufReadExt + Unpin)) -> std::io::Result<Vec<u8>> {
    let mut text = Vec::new();
    loop {
        let mut line = Vec::new();
        reader.read_until(b'\n', &mut line).await?;
        match line.as_slice() {
            b".\r\n" => return Ok(text),
            // Who goes away in the middle has sent nothing.
            b"" => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            [b'.', rest @ ..] => text.extend_from_slice(rest),
            line => text.extend_from_slice(line),
        }
    }
}

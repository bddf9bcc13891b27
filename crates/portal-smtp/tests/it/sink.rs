//! A mail server that does what its script says and remembers every byte that it was told.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use portal_domain::{
    email::EmailAddress,
    port::{MailFrom, Mailer, OutgoingMail, SendOutcome},
    time::Timestamp,
};
use portal_smtp::{MailTransport, SmtpMailer, SmtpOptions};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::{Barrier, Notify},
};
use tokio_rustls::TlsAcceptor;

/// An answer that never comes.
pub(crate) const HANG: &str = "HANG";
/// The end of the connection.
pub(crate) const CLOSE: &str = "CLOSE";
/// Begins an answer with which the connection ends.
pub(crate) const LAST: &str = "LAST ";

/// What the server offers, and how it answers what.
#[derive(Clone, Default)]
pub(crate) struct Script {
    /// Lines of the answer to EHLO.
    pub(crate) offers: Vec<&'static str>,
    /// The first entry whose verb begins a command is its answer. `CONNECT` is the greeting, `.` the end of a message.
    pub(crate) answers: Vec<(&'static str, String)>,
    /// Answers to the so-manieth command of this verb, counted from one over all connections. They go before the others.
    pub(crate) turns: Vec<(&'static str, usize, String)>,
    /// With it, STARTTLS works.
    pub(crate) tls: Option<TlsAcceptor>,
    /// TLS from the first byte.
    pub(crate) tls_first: bool,
    /// Said in the clear, right behind the go-ahead for TLS.
    pub(crate) injected: &'static str,
    /// Answers to messages come when so many wait for theirs.
    pub(crate) together: Option<Arc<Barrier>>,
}

/// What was said, over all connections.
#[derive(Clone, Debug, Default)]
pub(crate) struct Told {
    pub(crate) commands: Vec<String>,
    /// Commands that came under TLS.
    pub(crate) secured: Vec<String>,
    /// Messages as they came, dots doubled, without the final dot.
    pub(crate) messages: Vec<Vec<u8>>,
    /// The verbs of each connection.
    pub(crate) connections: Vec<Vec<String>>,
    /// Connections that are over.
    pub(crate) ended: usize,
    turns: HashMap<&'static str, usize>,
}

pub(crate) struct Sink {
    pub(crate) port: u16,
    pub(crate) heard: Arc<Heard>,
}

#[derive(Default)]
pub(crate) struct Heard {
    told: Mutex<Told>,
    more: Notify,
}

impl Heard {
    fn note<T>(&self, note: impl FnOnce(&mut Told) -> T) -> T {
        let noted = note(&mut self.told.lock().expect("no panic"));
        self.more.notify_waiters();
        noted
    }
}

impl Sink {
    pub(crate) async fn start(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let heard = Arc::new(Heard::default());
        let ears = Arc::clone(&heard);
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                let (script, heard) = (script.clone(), Arc::clone(&ears));
                tokio::spawn(async move {
                    let line = heard.note(|told| {
                        told.connections.push(Vec::new());
                        told.connections.len() - 1
                    });
                    // A connection that breaks is a thing of the tests, too.
                    let _end = serve(tcp, &Ear { script, heard: Arc::clone(&heard), line }).await;
                    heard.note(|told| told.ended += 1);
                });
            }
        });
        Self { port, heard }
    }

    pub(crate) fn told(&self) -> Told {
        self.heard.note(|told| told.clone())
    }

    /// Waits until what was said is enough.
    pub(crate) async fn until(&self, enough: impl Fn(&Told) -> bool) -> Told {
        loop {
            let more = self.heard.more.notified();
            tokio::pin!(more);
            more.as_mut().enable();
            let told = self.heard.told.lock().expect("no panic").clone();
            if enough(&told) {
                return told;
            }
            more.await;
        }
    }

    /// Sends in the clear.
    pub(crate) async fn send(&self, mail: &OutgoingMail) -> SendOutcome {
        self.send_with(mail, SmtpOptions::default()).await
    }

    pub(crate) async fn send_with(&self, mail: &OutgoingMail, options: SmtpOptions) -> SendOutcome {
        self.mailer(&options).send(mail).await
    }

    /// In the clear.
    pub(crate) fn mailer(&self, options: &SmtpOptions) -> SmtpMailer {
        let url = format!("smtp://127.0.0.1:{}", self.port);
        let transport = MailTransport::parse(&url).expect("a transport");
        SmtpMailer::new(&transport, options).expect("a mailer")
    }

    /// All envelope recipients there were.
    pub(crate) fn recipients(&self) -> Vec<String> {
        self.told().commands.into_iter().filter(|command| command.starts_with("RCPT")).collect()
    }
}

impl Script {
    pub(crate) fn offering(offers: &[&'static str]) -> Self {
        Self { offers: offers.to_vec(), ..Self::default() }
    }

    pub(crate) fn answering(verb: &'static str, answer: &str) -> Self {
        Self { answers: vec![(verb, answer.to_owned())], ..Self::offering(&["8BITMIME"]) }
    }

    /// The same, offering what is offered in one case and not in the other.
    pub(crate) fn pipelining(self, offered: bool) -> Self {
        let mut offers = self.offers.clone();
        offers.retain(|offer| *offer != "PIPELINING");
        offers.extend(offered.then_some("PIPELINING"));
        Self { offers, ..self }
    }
}

/// One connection's part of the sink.
struct Ear {
    script: Script,
    heard: Arc<Heard>,
    line: usize,
}

impl Ear {
    fn answer(&self, command: &str, usual: &str) -> String {
        let turn = self.script.turns.iter().map(|(verb, ..)| *verb).find(|verb| command.starts_with(verb));
        let count = turn.map(|verb| {
            self.heard.note(|told| {
                let count = told.turns.entry(verb).or_default();
                *count += 1;
                *count
            })
        });
        let turn = self.script.turns.iter().find(|(verb, turn, _)| command.starts_with(verb) && count == Some(*turn));
        let always = self.script.answers.iter().find(|(verb, _)| command.starts_with(verb));
        let answer = turn.map(|(_, _, answer)| answer).or(always.map(|(_, answer)| answer));
        answer.map_or_else(|| usual.to_owned(), Clone::clone)
    }

    fn hears(&self, command: &str, secured: bool) {
        self.heard.note(|told| {
            told.commands.push(command.to_owned());
            told.connections[self.line].push(verb(command).to_owned());
            if secured {
                told.secured.push(command.to_owned());
            }
        });
    }
}

fn verb(command: &str) -> &str {
    command.split([' ', ':']).next().unwrap_or_default()
}

async fn serve(tcp: TcpStream, ear: &Ear) -> std::io::Result<()> {
    tcp.set_nodelay(true)?;
    let greeting = ear.answer("CONNECT", "220 sink.example ready");
    match &ear.script.tls {
        Some(acceptor) if ear.script.tls_first => {
            let mut stream = BufReader::new(acceptor.accept(tcp).await?);
            say(&mut stream, &greeting).await?;
            converse(&mut stream, ear, true).await?;
        }
        tls => {
            let mut stream = BufReader::new(tcp);
            say(&mut stream, &greeting).await?;
            if let (true, Some(acceptor)) = (converse(&mut stream, ear, false).await?, tls) {
                let mut stream = BufReader::new(acceptor.accept(stream.into_inner()).await?);
                converse(&mut stream, ear, true).await?;
            }
        }
    }
    Ok(())
}

/// Until the end, or (`true`) until TLS begins.
async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut BufReader<S>,
    ear: &Ear,
    secured: bool,
) -> std::io::Result<bool> {
    loop {
        let mut line = Vec::new();
        if stream.read_until(b'\n', &mut line).await? == 0 {
            return Ok(false);
        }
        let command = String::from_utf8(line).expect("commands are UTF-8");
        let command = command.strip_suffix("\r\n").expect("commands end with CRLF");
        ear.hears(command, secured);
        let usual = match verb(command) {
            "EHLO" => ehlo(&ear.script),
            "DATA" => "354 go ahead".to_owned(),
            "QUIT" => "221 bye".to_owned(),
            "STARTTLS" => format!("220 go ahead\r\n{}", ear.script.injected),
            "AUTH" => "235 welcome".to_owned(),
            _ => "250 fine".to_owned(),
        };
        let answer = ear.answer(command, usual.trim_end());
        say(stream, &answer).await?;
        match verb(command) {
            "DATA" if answer.starts_with("354") => {
                let message = read_message(stream).await?;
                ear.heard.note(|told| told.messages.push(message));
                if let Some(together) = &ear.script.together {
                    together.wait().await;
                }
                say(stream, &ear.answer(".", "250 2.0.0 queued as 1")).await?;
            }
            "STARTTLS" if answer.starts_with("220") => return Ok(true),
            "QUIT" => return Ok(false),
            _ => {}
        }
    }
}

fn ehlo(script: &Script) -> String {
    let mut lines = vec!["sink.example"];
    lines.extend(&script.offers);
    let last = lines.len() - 1;
    let line = |(index, line): (usize, &&str)| format!("250{}{line}", if index == last { ' ' } else { '-' });
    lines.iter().enumerate().map(line).collect::<Vec<_>>().join("\r\n")
}

async fn say<S: AsyncWrite + Unpin>(stream: &mut S, answer: &str) -> std::io::Result<()> {
    match answer {
        HANG => std::future::pending().await,
        CLOSE => Err(std::io::Error::other("as the script says")),
        answer => {
            let last = answer.strip_prefix(LAST);
            stream.write_all(format!("{}\r\n", last.unwrap_or(answer)).as_bytes()).await?;
            stream.flush().await?;
            if last.is_some() { Err(std::io::Error::other("as the script says")) } else { Ok(()) }
        }
    }
}

async fn read_message<S: AsyncRead + Unpin>(stream: &mut BufReader<S>) -> std::io::Result<Vec<u8>> {
    let mut message = Vec::new();
    loop {
        let start = message.len();
        if stream.read_until(b'\n', &mut message).await? == 0 {
            return Err(std::io::Error::other("the message has no end"));
        }
        if &message[start..] == b".\r\n" {
            message.truncate(start);
            return Ok(message);
        }
    }
}

/// The message as its reader gets it: doubled dots single again.
pub(crate) fn undotted(message: &[u8]) -> Vec<u8> {
    let text = String::from_utf8(message.to_vec()).expect("messages are UTF-8");
    let lines: Vec<&str> = text.split("\r\n").map(|line| line.strip_prefix('.').unwrap_or(line)).collect();
    lines.join("\r\n").into_bytes()
}

/// The secret part of the link in [`mail`].
pub(crate) const TOKEN: &str = "c2VjcmV0LXRva2VuLW9mLXRoZS1saW5r";

pub(crate) fn mail(to: &str) -> OutgoingMail {
    let link = format!("https://portal.example/portal/partners/link/{TOKEN}");
    OutgoingMail {
        message_id: "0198c0de@portal.example".to_owned(),
        from: MailFrom { name: "Example & Partners".to_owned(), address: address("portal@mail.example") },
        reply_to: Some(address("office@partners.example")),
        return_path: Some("bounce+0198c0de@mail.example".to_owned()),
        to: address(to),
        subject: "Your access to the client portal".to_owned(),
        text: format!("Hello Ada,\n\nchoose a password:\n\n{link}\n\n.\nFrom Ada with a dot\n"),
        html: format!("<p>Hello Ada</p>\n<p><a href=\"{link}\">Choose</a></p>\n"),
        // 30 November 2026, 14:00 UTC.
        date: Timestamp::from_micros(1_796_047_200_000_000),
    }
}

pub(crate) fn address(text: &str) -> EmailAddress {
    EmailAddress::parse(text).expect("an address")
}

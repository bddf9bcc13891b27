//! A mail server that does what its script says and remembers every byte that it was told.

use std::sync::{Arc, Mutex};

use portal_domain::{
    email::EmailAddress,
    port::{MailFrom, Mailer, OutgoingMail, SendOutcome},
    time::Timestamp,
};
use portal_smtp::{MailTransport, SmtpMailer, SmtpOptions};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;

/// An answer that never comes.
pub(crate) const HANG: &str = "HANG";
/// The end of the connection.
pub(crate) const CLOSE: &str = "CLOSE";

/// What the server offers, and how it answers what.
#[derive(Clone, Default)]
pub(crate) struct Script {
    /// Lines of the answer to EHLO.
    pub(crate) offers: Vec<&'static str>,
    /// The first entry whose verb begins a command is its answer. `CONNECT` is the greeting, `.` the end of a message.
    pub(crate) answers: Vec<(&'static str, String)>,
    /// With it, STARTTLS works.
    pub(crate) tls: Option<TlsAcceptor>,
    /// Said in the clear, right behind the go-ahead for TLS.
    pub(crate) injected: &'static str,
}

/// What was said, over all connections.
#[derive(Clone, Debug, Default)]
pub(crate) struct Told {
    pub(crate) commands: Vec<String>,
    /// Commands that came under TLS.
    pub(crate) secured: Vec<String>,
    /// Messages as they came, dots doubled, without the final dot.
    pub(crate) messages: Vec<Vec<u8>>,
}

pub(crate) struct Sink {
    pub(crate) port: u16,
    pub(crate) told: Arc<Mutex<Told>>,
}

impl Sink {
    pub(crate) async fn start(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let told = Arc::new(Mutex::new(Told::default()));
        let heard = Arc::clone(&told);
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                // A connection that breaks is a thing of the tests, too.
                tokio::spawn(serve(tcp, script.clone(), Arc::clone(&heard)));
            }
        });
        Self { port, told }
    }

    pub(crate) fn told(&self) -> Told {
        self.told.lock().expect("no panic").clone()
    }

    /// Sends in the clear.
    pub(crate) async fn send(&self, mail: &OutgoingMail) -> SendOutcome {
        self.send_with(mail, SmtpOptions::default()).await
    }

    pub(crate) async fn send_with(&self, mail: &OutgoingMail, options: SmtpOptions) -> SendOutcome {
        let url = format!("smtp://127.0.0.1:{}", self.port);
        let transport = MailTransport::parse(&url).expect("a transport");
        SmtpMailer::new(&transport, &options).expect("a mailer").send(mail).await
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

    fn answer(&self, command: &str, usual: &str) -> String {
        let found = self.answers.iter().find(|(verb, _)| command.starts_with(verb));
        found.map_or_else(|| usual.to_owned(), |(_, answer)| answer.clone())
    }
}

async fn serve(tcp: TcpStream, script: Script, told: Arc<Mutex<Told>>) -> std::io::Result<()> {
    let mut stream = BufReader::new(tcp);
    say(&mut stream, &script.answer("CONNECT", "220 sink.example ready")).await?;
    if !converse(&mut stream, &script, &told, false).await? {
        return Ok(());
    }
    if let Some(acceptor) = &script.tls {
        let mut stream = BufReader::new(acceptor.accept(stream.into_inner()).await?);
        converse(&mut stream, &script, &told, true).await?;
    }
    Ok(())
}

/// Until the end, or (`true`) until TLS begins.
async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut BufReader<S>,
    script: &Script,
    told: &Mutex<Told>,
    secured: bool,
) -> std::io::Result<bool> {
    loop {
        let mut line = Vec::new();
        if stream.read_until(b'\n', &mut line).await? == 0 {
            return Ok(false);
        }
        let command = String::from_utf8(line).expect("commands are UTF-8");
        let command = command.strip_suffix("\r\n").expect("commands end with CRLF").to_owned();
        {
            let mut told = told.lock().expect("no panic");
            told.commands.push(command.clone());
            if secured {
                told.secured.push(command.clone());
            }
        }
        let verb = command.split([' ', ':']).next().unwrap_or_default();
        let usual = match verb {
            "EHLO" => ehlo(script),
            "DATA" => "354 go ahead".to_owned(),
            "QUIT" => "221 bye".to_owned(),
            "STARTTLS" => format!("220 go ahead\r\n{}", script.injected),
            "AUTH" => "235 welcome".to_owned(),
            _ => "250 fine".to_owned(),
        };
        let answer = script.answer(&command, usual.trim_end());
        say(stream, &answer).await?;
        match verb {
            "DATA" if answer.starts_with("354") => {
                let message = read_message(stream).await?;
                told.lock().expect("no panic").messages.push(message);
                say(stream, &script.answer(".", "250 2.0.0 queued as 1")).await?;
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
            stream.write_all(format!("{answer}\r\n").as_bytes()).await?;
            stream.flush().await
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

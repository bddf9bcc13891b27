//! Mail handed over by the adapter, by a bare dialogue of the same bytes with the same server.

use std::{
    net::SocketAddr,
    sync::{Arc, OnceLock},
    time::Duration,
};

use portal::domain::{
    message::SendOutcome,
    port::{MailFrom, Mailer, OutgoingMail},
    time::Timestamp,
};
use portal_smtp::{MailTransport, SmtpOptions};
use portal_testkit::build;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    time::Instant,
};

use crate::{
    args::Args,
    figure::{Figure, Target, percent},
};

pub(crate) async fn figures(args: &Args) -> Vec<Figure> {
    let sink = Sink::start().await;
    let mut figures = Vec::new();
    for connections in [1, 4] {
        let transport = MailTransport::parse(&format!("smtp://{}", sink.address)).unwrap();
        let options = SmtpOptions { connections, ..SmtpOptions::default() };
        let mailer = portal_smtp::connect(&transport, &options).unwrap();
        assert!(matches!(mailer.send(&mail()).await, SendOutcome::Accepted { .. }));
        let mut rates = Vec::new();
        for _ in 0..args.rounds() {
            let ours = ours(&mailer, connections, args.slice() / 2).await;
            rates.push((ours, sink.bare(connections, args.slice() / 2).await));
        }
        let name = format!("mail {connections} connection{}", if connections > 1 { "s" } else { "" });
        let note = "Mailer::send ÷ MAIL, RCPT, DATA and the same bytes on a kept connection";
        figures.push(Figure::of(name, " %", Target::AtLeast(60.0), &percent(rates)).noted(note));
    }
    figures
}

fn mail() -> OutgoingMail {
    let line = "You can set the password for your access to the documents of your practice with this link.\n";
    OutgoingMail {
        message_id: "0123456789abcdef@practice.example".to_owned(),
        from: MailFrom { name: "Smith & Sons".to_owned(), address: build::email("portal@practice.example") },
        reply_to: None,
        return_path: None,
        to: build::email("ada@people.example"),
        subject: "Your access to Smith & Sons".to_owned(),
        text: line.repeat(12),
        html: format!("<!doctype html><html><body>{}</body></html>", format!("<p>{line}</p>").repeat(24)),
        date: Timestamp::from_micros(1_800_000_000_000_000),
    }
}

async fn ours(mailer: &Arc<dyn Mailer>, connections: usize, span: Duration) -> f64 {
    let senders = (0..connections).map(|_| {
        let mailer = Arc::clone(mailer);
        tokio::spawn(async move {
            let (mail, begun, mut count) = (mail(), Instant::now(), 0.0);
            while begun.elapsed() < span {
                assert!(matches!(mailer.send(&mail).await, SendOutcome::Accepted { .. }));
                count += 1.0;
            }
            count / begun.elapsed().as_secs_f64()
        })
    });
    sum(senders.collect()).await
}

async fn sum(senders: Vec<tokio::task::JoinHandle<f64>>) -> f64 {
    let mut rate = 0.0;
    for sender in senders {
        rate += sender.await.unwrap();
    }
    rate
}

/// A mail server that takes everything and keeps the first message.
struct Sink {
    address: SocketAddr,
    first: Arc<OnceLock<Vec<u8>>>,
}

impl Sink {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let sink = Self { address: listener.local_addr().unwrap(), first: Arc::default() };
        let first = Arc::clone(&sink.first);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let first = Arc::clone(&first);
                tokio::spawn(async move { talk(stream, &first).await });
            }
        });
        sink
    }

    /// Messages in a second, over so many bare connections.
    async fn bare(&self, connections: usize, span: Duration) -> f64 {
        let senders = (0..connections).map(|_| tokio::spawn(dialogue(self.address, Arc::clone(&self.first), span)));
        sum(senders.collect()).await
    }
}

async fn talk(stream: TcpStream, first: &OnceLock<Vec<u8>>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 sink.example ready\r\n").await?;
    let mut line = Vec::new();
    loop {
        line.clear();
        if stream.read_until(b'\n', &mut line).await? == 0 {
            return Ok(());
        }
        let reply: &[u8] = match line.get(..4).unwrap_or_default() {
            b"EHLO" => b"250-sink.example\r\n250 8BITMIME\r\n",
            b"DATA" => {
                stream.write_all(b"354 go on\r\n").await?;
                let mut text = Vec::with_capacity(8192);
                while !text.ends_with(b"\r\n.\r\n") {
                    if stream.read_until(b'\n', &mut text).await? == 0 {
                        return Ok(());
                    }
                }
                first.get_or_init(|| text);
                b"250 taken\r\n"
            }
            b"QUIT" => return stream.write_all(b"221 bye\r\n").await,
            _ => b"250 well\r\n",
        };
        stream.write_all(reply).await?;
    }
}

async fn dialogue(server: SocketAddr, message: Arc<OnceLock<Vec<u8>>>, span: Duration) -> f64 {
    let message = message.get().expect("the adapter has sent one");
    let stream = TcpStream::connect(server).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.read_line(&mut line).await.unwrap();
    say(&mut stream, b"EHLO bench.example\r\n", 2).await;
    let (begun, mut count) = (Instant::now(), 0.0);
    while begun.elapsed() < span {
        say(&mut stream, b"MAIL FROM:<portal@practice.example>\r\n", 1).await;
        say(&mut stream, b"RCPT TO:<ada@people.example>\r\n", 1).await;
        say(&mut stream, b"DATA\r\n", 1).await;
        say(&mut stream, message, 1).await;
        count += 1.0;
    }
    count / begun.elapsed().as_secs_f64()
}

async fn say(stream: &mut BufReader<TcpStream>, words: &[u8], lines: usize) {
    stream.write_all(words).await.unwrap();
    let mut reply = String::new();
    for _ in 0..lines {
        reply.clear();
        stream.read_line(&mut reply).await.unwrap();
        assert!(reply.starts_with('2') || reply.starts_with('3'), "{reply}");
    }
}

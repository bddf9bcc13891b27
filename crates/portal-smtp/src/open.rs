//! From a setting to a connection on which the server knows us.

use std::net::IpAddr;

use lettre::transport::smtp::{
    authentication::{Credentials, Mechanism},
    commands::{Auth, Ehlo, Starttls},
    extension::ClientId,
    response::Response,
};
use secrecy::ExposeSecret;
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use crate::{
    connection::{Connection, done},
    fault::{Cause, Fault, Stage},
    limits::Limits,
    tls::Tls,
    transport::{Login, Server},
    wire::{Stream, Wire},
};

/// Challenges that a server may put to who logs in. The ways that we know need two.
const CHALLENGES: u8 = 4;

/// Opens connections to one server.
pub(crate) struct Opener {
    pub(crate) server: Server,
    pub(crate) security: Security,
    pub(crate) login: Option<Login>,
    /// Our name in EHLO; if left out, the address that the connection comes from.
    pub(crate) hello: Option<ClientId>,
}

/// How a connection is secured.
pub(crate) enum Security {
    None,
    StartTls(Tls),
    Tls(Tls),
}

/// What the server's answer to EHLO says, as far as it matters here.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Offers {
    pub(crate) utf8: bool,
    pub(crate) pipelining: bool,
    start_tls: bool,
    auth: Option<Mechanism>,
}

impl Opener {
    /// A connection on which the server knows us.
    pub(crate) async fn open(&self, limits: &Limits) -> Result<Connection, Fault> {
        let tcp = limits.within(Stage::Connect, self.reach()).await?;
        let hello = self.hello.clone().unwrap_or_else(|| address_of(&tcp));
        let mut wire = match &self.security {
            Security::None => greeted(boxed(tcp), limits).await?,
            Security::Tls(tls) => {
                greeted(boxed(limits.within(Stage::Tls, tls.shake_hands(tcp)).await?), limits).await?
            }
            // Greeted before, and not again.
            Security::StartTls(tls) => Wire::new(boxed(start_tls(tcp, tls, limits, &hello).await?)),
        };
        let offers = say_hello(&mut wire, limits, &hello).await?;
        if let Some(login) = &self.login {
            limits.within(Stage::Login, log_in(&mut wire, login, offers)).await?;
        }
        Ok(Connection::new(wire, offers))
    }

    async fn reach(&self) -> Result<TcpStream, Cause> {
        let place = (self.server.host.as_str(), self.server.port);
        let failed = |error: std::io::Error| Cause::Broken(error.to_string());
        let tcp = TcpStream::connect(place).await.map_err(failed)?;
        // Small writes leave at once: with the usual delay each costs 40 ms.
        tcp.set_nodelay(true).map_err(failed)?;
        Ok(tcp)
    }
}

fn boxed(stream: impl Stream + 'static) -> Box<dyn Stream> {
    Box::new(stream)
}

async fn greeted<S: Stream>(stream: S, limits: &Limits) -> Result<Wire<S>, Fault> {
    let mut wire = Wire::new(stream);
    limits.within(Stage::Greeting, async { done(wire.reply().await?) }).await?;
    Ok(wire)
}

async fn say_hello<S: Stream>(wire: &mut Wire<S>, limits: &Limits, hello: &ClientId) -> Result<Offers, Fault> {
    let command = Ehlo::new(hello.clone()).to_string();
    let reply = limits.within(Stage::Hello, async { done(wire.ask(&command).await?) }).await?;
    Ok(Offers::read(&reply))
}

/// Greeting, EHLO and STARTTLS in the clear, and the hand-shake.
async fn start_tls(
    tcp: TcpStream,
    tls: &Tls,
    limits: &Limits,
    hello: &ClientId,
) -> Result<TlsStream<TcpStream>, Fault> {
    let mut wire = greeted(tcp, limits).await?;
    let offers = say_hello(&mut wire, limits, hello).await?;
    let go_ahead = async {
        if !offers.start_tls {
            return Err(Cause::Setting("the mail server does not offer STARTTLS".to_owned()));
        }
        done(wire.ask(&Starttls.to_string()).await?)?;
        // Somebody on the way may have put it there, to be believed as if it had come under TLS.
        if wire.has_more() {
            return Err(Cause::Setting("the mail server spoke in the clear behind its go-ahead for TLS".to_owned()));
        }
        Ok(())
    };
    limits.within(Stage::StartTls, go_ahead).await?;
    limits.within(Stage::Tls, tls.shake_hands(wire.into_stream())).await
}

async fn log_in<S: Stream>(wire: &mut Wire<S>, login: &Login, offers: Offers) -> Result<(), Cause> {
    let Some(mechanism) = offers.auth else {
        return Err(Cause::Setting("the mail server offers no authentication mechanism that we know".to_owned()));
    };
    let unusable = |_| Cause::Setting("the mail server's authentication mechanism is not as we know it".to_owned());
    let credentials = Credentials::new(login.user.clone(), login.password.expose_secret().to_owned());
    let mut command = Auth::new(mechanism, credentials.clone(), None).map_err(unusable)?;
    for _ in 0..CHALLENGES {
        let reply = wire.ask(&command.to_string()).await?;
        if !reply.has_code(334) {
            return done(reply).map(|_| ());
        }
        command = Auth::new_from_response(mechanism, credentials.clone(), &reply).map_err(unusable)?;
    }
    Err(Cause::Setting("the mail server's challenges have no end".to_owned()))
}

impl Offers {
    /// The first line is the server's name. Case does not count, and what is not known is passed over.
    fn read(reply: &Response) -> Self {
        let mut offers = Self::default();
        for line in reply.message().skip(1) {
            let line = line.to_ascii_uppercase();
            let mut words = line.split_whitespace();
            match words.next() {
                Some("SMTPUTF8") => offers.utf8 = true,
                Some("PIPELINING") => offers.pipelining = true,
                Some("STARTTLS") => offers.start_tls = true,
                Some("AUTH") => offers.auth = mechanism(&words.collect::<Vec<_>>()),
                _ => {}
            }
        }
        offers
    }
}

fn mechanism(offered: &[&str]) -> Option<Mechanism> {
    let known = [("PLAIN", Mechanism::Plain), ("LOGIN", Mechanism::Login)];
    known.into_iter().find(|(name, _)| offered.contains(name)).map(|(_, mechanism)| mechanism)
}

fn address_of(tcp: &TcpStream) -> ClientId {
    match tcp.local_addr().map(|address| address.ip().to_canonical()) {
        Ok(IpAddr::V4(address)) => ClientId::Ipv4(address),
        Ok(IpAddr::V6(address)) => ClientId::Ipv6(address),
        Err(_) => ClientId::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn small_writes_leave_at_once() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let server = Server { host: "127.0.0.1".to_owned(), port };
        let opener = Opener { server, security: Security::None, login: None, hello: None };
        let tcp = opener.reach().await.expect("reached");
        assert!(tcp.nodelay().expect("an option"));
    }
}

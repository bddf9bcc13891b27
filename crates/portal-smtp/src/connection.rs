//! A connection on which messages are handed over, one after the other.

use lettre::transport::smtp::response::Response;
use tokio::time::Instant;

use crate::{
    fault::{Cause, Fault, Stage},
    limits::Limits,
    open::Offers,
    route::Route,
    wire::{Stream, Wire},
};

/// A connection on which the server knows us. Dropped, it says goodbye where the server still listens.
pub(crate) struct Connection {
    wire: Wire<Box<dyn Stream>>,
    offers: Offers,
    standing: Standing,
    /// Messages that were begun on it.
    begun: u32,
    /// Since when nothing is said on it.
    rests_since: Instant,
}

/// Where the server stands between two messages.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Standing {
    /// It waits for a sender.
    Ready,
    /// It waits for a command, and remembers one that it refused.
    Halfway,
    /// Nobody knows, as in the middle of a message: nothing may be said any more.
    Lost,
}

impl Connection {
    pub(crate) fn new(wire: Wire<Box<dyn Stream>>, offers: Offers) -> Self {
        Self { wire, offers, standing: Standing::Ready, begun: 0, rests_since: Instant::now() }
    }

    /// Whether the server takes addresses beyond ASCII.
    pub(crate) const fn offers_utf8(&self) -> bool {
        self.offers.utf8
    }

    /// Messages that were begun on it.
    pub(crate) const fn begun(&self) -> u32 {
        self.begun
    }

    /// Since when nothing is said on it.
    pub(crate) const fn rests_since(&self) -> Instant {
        self.rests_since
    }

    /// Whether another message may be begun, as far as can be told without asking.
    pub(crate) fn is_usable(&mut self) -> bool {
        self.standing != Standing::Lost && self.wire.is_quiet()
    }

    /// Asks whether the server listens, and has nothing else done.
    pub(crate) async fn ping(&mut self, limits: &Limits) -> Result<(), Fault> {
        let wire = &mut self.wire;
        let answered = limits.within(Stage::Ping, async { done(wire.ask("NOOP\r\n").await?) }).await;
        if answered.as_ref().is_err_and(|fault| !fault.leaves_the_line_usable()) {
            self.standing = Standing::Lost;
        }
        answered.map(drop)
    }

    /// Hands one message over, and gives the server's last word on it.
    pub(crate) async fn deliver(&mut self, limits: &Limits, route: &Route, message: &[u8]) -> Result<Response, Fault> {
        let commands = self.commands(route);
        self.begun += 1;
        // Until it is known better: should this be cut off, nothing may be said any more.
        self.standing = Standing::Lost;
        if self.offers.pipelining {
            self.announce_at_once(limits, &commands).await?;
        } else {
            self.announce_one_by_one(limits, &commands).await?;
        }
        let said = limits.within(Stage::End, self.hand_over(message)).await;
        if said.as_ref().err().is_none_or(Fault::leaves_the_line_usable) {
            // Taken or refused, the server has done with it.
            self.rest(Standing::Ready);
        }
        said
    }

    /// The envelope. Written here and not by lettre's own commands: its `Address` would judge what the domain has already
    /// judged.
    fn commands(&self, route: &Route) -> Vec<(Stage, String)> {
        let parameters = if route.utf8 { " SMTPUTF8 BODY=8BITMIME" } else { "" };
        let reset = (self.standing == Standing::Halfway).then(|| (Stage::Reset, "RSET\r\n".to_owned()));
        let envelope = [
            (Stage::Sender, format!("MAIL FROM:<{}>{parameters}\r\n", route.return_path)),
            (Stage::Recipient, format!("RCPT TO:<{}>\r\n", route.recipient)),
            (Stage::Data, "DATA\r\n".to_owned()),
        ];
        reset.into_iter().chain(envelope).collect()
    }

    async fn announce_one_by_one(&mut self, limits: &Limits, commands: &[(Stage, String)]) -> Result<(), Fault> {
        for (stage, command) in commands {
            let wire = &mut self.wire;
            let answered = limits.within(*stage, async { judge(*stage, wire.ask(command).await?) }).await;
            if let Err(fault) = answered {
                if fault.leaves_the_line_usable() {
                    self.rest(Standing::Halfway);
                }
                return Err(fault);
            }
        }
        Ok(())
    }

    /// All commands in one write (RFC 2920), and their replies in order. What was refused first is what counts: the later
    /// refusals are its consequences.
    async fn announce_at_once(&mut self, limits: &Limits, commands: &[(Stage, String)]) -> Result<(), Fault> {
        let all: String = commands.iter().map(|(_, command)| command.as_str()).collect();
        limits.within(commands[0].0, self.wire.write(all.as_bytes())).await?;
        let (mut first, mut go_ahead, mut listens) = (None, false, true);
        for (stage, _) in commands {
            let wire = &mut self.wire;
            let answered = limits.within(*stage, async { judge(*stage, wire.reply().await?) }).await;
            go_ahead = answered.is_ok();
            if let Err(fault) = answered {
                listens = fault.leaves_the_line_usable();
                first.get_or_insert(fault);
            }
            if !listens {
                break;
            }
        }
        let Some(fault) = first else { return Ok(()) };
        // A server that waits for a message all the same gets none: the end of the connection is all it hears.
        if listens && !go_ahead {
            self.rest(Standing::Halfway);
        }
        Err(fault)
    }

    fn rest(&mut self, standing: Standing) {
        self.standing = standing;
        self.rests_since = Instant::now();
    }

    async fn hand_over(&mut self, message: &[u8]) -> Result<Response, Cause> {
        self.wire.write(&dotted(message)).await?;
        done(self.wire.reply().await?)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if self.standing != Standing::Lost {
            self.wire.say_goodbye();
        }
    }
}

/// A reply that says yes for good: lettre counts 3xx as positive too.
pub(crate) fn done(reply: Response) -> Result<Response, Cause> {
    if u16::from(reply.code()) / 100 == 2 { Ok(reply) } else { Err(Cause::of(reply)) }
}

fn judge(stage: Stage, reply: Response) -> Result<(), Cause> {
    match stage {
        Stage::Data if reply.has_code(354) => Ok(()),
        Stage::Data => Err(Cause::of(reply)),
        _ => done(reply).map(|_| ()),
    }
}

/// The message as it travels: each line that begins with a dot has one more, and a dot alone ends it.
fn dotted(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len() + message.len() / 64 + 5);
    for line in message.split_inclusive(|&byte| byte == b'\n') {
        if line.starts_with(b".") {
            out.push(b'.');
        }
        out.extend_from_slice(line);
    }
    if !out.ends_with(b"\r\n") {
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b".\r\n");
    out
}

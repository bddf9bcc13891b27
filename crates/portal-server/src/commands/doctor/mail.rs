//! The mail server: everything that comes before a message.

use std::time::Duration;

use portal_dns::Finding;
use portal_smtp::{
    Distrust, HandShake, HandShakeFault, HandShakeFaultKind, MailTransport, Server, SmtpMailer, SmtpOptions,
};

use crate::terminal::plain;

/// How long each stage may take: whoever types waits.
const STAGE: Duration = Duration::from_secs(10);
/// How long all of them may take.
const ALL: Duration = Duration::from_secs(30);

/// Shakes hands as a message would, and sends none.
pub(super) async fn examine(transport: Option<&MailTransport>) -> Finding {
    let mut finding = Finding::new("smtp");
    let Some(transport) = transport else {
        finding.warn(
            "no mail server is set: mail waits, and nobody is invited",
            "set PORTAL_SMTP_URL to your mail server",
        );
        return finding;
    };
    let server = match transport {
        MailTransport::Capture { dir } => {
            let shown = plain(&dir.display().to_string());
            finding.warn(
                format!("mail is captured in `{shown}`: none of it is real, and nobody gets any"),
                "set PORTAL_SMTP_URL to your mail server once clients are to get mail",
            );
            return finding;
        }
        MailTransport::Plain { server }
        | MailTransport::StartTls { server, .. }
        | MailTransport::Tls { server, .. } => server,
    };
    let options = SmtpOptions { stage_deadline: STAGE, deadline: ALL, ..SmtpOptions::default() };
    match SmtpMailer::new(transport, &options) {
        Err(error) => {
            finding.fault(error.to_string(), "correct PORTAL_SMTP_URL; `portal serve` would not start");
        }
        Ok(mailer) => judge(&mut finding, transport, server, mailer.shake_hands().await),
    }
    finding
}

fn judge(finding: &mut Finding, transport: &MailTransport, server: &Server, shaken: Result<HandShake, HandShakeFault>) {
    let place = format!("{}:{}", server.host, server.port);
    match shaken {
        Ok(shaken) => {
            let secured = if shaken.encrypted { "TLS, its certificate is valid" } else { "in the clear" };
            let known = if shaken.logged_in { "it lets us in" } else { "no login is set" };
            finding.saw(format!("{place} answers: {secured}; {known}"));
            if transport.in_the_clear_beyond_loopback() {
                finding.warn(
                    "mail, and the links in it, crosses the network in the clear",
                    "write smtp+starttls:// or smtps:// in PORTAL_SMTP_URL, where the server can",
                );
            }
        }
        Err(fault) => {
            let words = plain(&fault.words);
            finding.fault(format!("{place}: {words}"), remedy(fault.kind, server));
        }
    }
}

fn remedy(kind: HandShakeFaultKind, server: &Server) -> String {
    let Server { host, port } = server;
    let text = match kind {
        HandShakeFaultKind::Unreachable => {
            return format!(
                "check host and port in PORTAL_SMTP_URL, and whether a firewall lets this machine out to port {port}"
            );
        }
        HandShakeFaultKind::Silent if *port == 465 => "port 465 speaks TLS from the first byte: write smtps://",
        HandShakeFaultKind::Silent => {
            "check the port in PORTAL_SMTP_URL (587 for smtp+starttls://, 465 for smtps://), and firewalls on the way"
        }
        HandShakeFaultKind::NoStartTls => {
            "use the port for submission (587), or smtps:// with port 465; where the server is known to offer STARTTLS, \
             something on the way takes it out"
        }
        HandShakeFaultKind::Certificate(Distrust::WrongName) => {
            return format!(
                "write the name that the server's certificate is for in PORTAL_SMTP_URL, in place of `{host}`"
            );
        }
        HandShakeFaultKind::Certificate(Distrust::UnknownIssuer) => {
            "have the server use a certificate of a public authority, with the whole chain"
        }
        HandShakeFaultKind::Certificate(Distrust::Expired) => "have whoever runs the server renew its certificate",
        HandShakeFaultKind::Certificate(Distrust::NotYet) => {
            "check the clock of this machine, then the server's certificate"
        }
        HandShakeFaultKind::Certificate(Distrust::Other) => "have whoever runs the server look at its certificate",
        HandShakeFaultKind::Tls => {
            "check the port: smtps:// is for 465, smtp+starttls:// for 587; the server needs TLS 1.2 or 1.3"
        }
        HandShakeFaultKind::NoMechanism => {
            "have the server offer AUTH PLAIN or LOGIN, or leave the login out where it needs none"
        }
        HandShakeFaultKind::LoginRefused => {
            "check user and password in PORTAL_SMTP_URL, percent-encoded where they hold `%`, `@`, `:` or `/`; many providers \
             want a password made for programs"
        }
        HandShakeFaultKind::Refused => "ask whoever runs the server whether it takes mail from this machine",
        HandShakeFaultKind::Talk => {
            "check host and port in PORTAL_SMTP_URL: what answers does not speak as a mail server"
        }
    };
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use portal_dns::State;

    use super::*;

    fn judged(url: &str, shaken: Result<HandShake, HandShakeFault>) -> Finding {
        let transport = MailTransport::parse(url).unwrap();
        let (MailTransport::Plain { server }
        | MailTransport::StartTls { server, .. }
        | MailTransport::Tls { server, .. }) = &transport
        else {
            panic!("a server")
        };
        let mut finding = Finding::new("smtp");
        judge(&mut finding, &transport, server, shaken);
        finding
    }

    #[test]
    fn what_is_agreed_is_told() {
        let shaken = |encrypted, logged_in| Ok(HandShake { encrypted, logged_in, utf8: true });
        let good = judged("smtp+starttls://ada:hunter2@mx.example", shaken(true, true));
        assert_eq!(
            (good.state, good.seen().as_str()),
            (State::Ok, "mx.example:587 answers: TLS, its certificate is valid; it lets us in")
        );
        assert_eq!(judged("smtp://localhost", shaken(false, false)).state, State::Ok);
        let clear = judged("smtp://mx.example", shaken(false, false));
        assert!(clear.state == State::Warning && clear.seen().contains("in the clear"), "{clear:?}");
    }

    #[test]
    fn each_fault_has_a_remedy_of_its_own() {
        use HandShakeFaultKind as Kind;
        for (kind, url, said) in [
            (Kind::Unreachable, "smtp://mx.example:26", "firewall lets this machine out to port 26"),
            (Kind::Silent, "smtp+starttls://mx.example:465", "write smtps://"),
            (Kind::Silent, "smtp+starttls://mx.example", "check the port"),
            (Kind::NoStartTls, "smtp+starttls://mx.example:25", "the port for submission (587)"),
            (Kind::Certificate(Distrust::WrongName), "smtps://mx.example", "in place of `mx.example`"),
            (Kind::Certificate(Distrust::UnknownIssuer), "smtps://mx.example", "public authority"),
            (Kind::Certificate(Distrust::Expired), "smtps://mx.example", "renew"),
            (Kind::Certificate(Distrust::NotYet), "smtps://mx.example", "check the clock"),
            (Kind::Certificate(Distrust::Other), "smtps://mx.example", "look at its certificate"),
            (Kind::Tls, "smtps://mx.example:587", "smtp+starttls:// for 587"),
            (Kind::NoMechanism, "smtps://a:b@mx.example", "AUTH PLAIN or LOGIN"),
            (Kind::LoginRefused, "smtps://a:b@mx.example", "check user and password"),
            (Kind::Refused, "smtps://a:b@mx.example", "takes mail from this machine"),
            (Kind::Talk, "smtp://mx.example", "does not speak as a mail server"),
        ] {
            let finding = judged(url, Err(HandShakeFault { kind, words: "no\u{1b}[2J".to_owned() }));
            assert!(finding.state == State::Fault && finding.seen().ends_with("no\\u{1b}[2J"), "{finding:?}");
            assert!(finding.remedy().unwrap().contains(said), "{said}: {finding:?}");
        }
    }
}

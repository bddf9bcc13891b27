//! The domain that mail comes from, by the DNS.

use std::time::Duration;

use portal::domain::email::EmailAddress;
use portal_dns::{Finding, Resolver, Sender};
use portal_smtp::MailTransport;

use crate::{cli::DoctorArgs, settings::Settings};

/// How long each question may take.
const QUESTION: Duration = Duration::from_secs(5);

/// Looks at the sender's domain. Where mail stays on this machine, there is nothing to look at.
pub(super) async fn examine(settings: &Settings, arguments: &DoctorArgs, whole: Duration) -> Vec<Finding> {
    let mut finding = Finding::new("sender_domain");
    let from = match settings.base_url_at(settings.listen).and_then(|base_url| settings.sender(&base_url)) {
        Ok(from) => from,
        Err(failure) => {
            finding.fault(
                format!("it can't be told: {}", failure.text),
                "set PORTAL_MAIL_FROM to the address that mail comes from",
            );
            return vec![finding];
        }
    };
    let domain = domain_of(&from);
    if domain == "localhost" || domain.ends_with(".localhost") {
        if matches!(settings.mail, None | Some(MailTransport::Capture { .. })) {
            finding.saw(format!("{domain} is this machine; no mail leaves it, so nothing is looked up"));
        } else {
            finding.fault(
                format!("mail comes from {from}, which nobody else can answer or verify", from = from.as_str()),
                "set PORTAL_MAIL_FROM to an address of a domain of yours",
            );
        }
        return vec![finding];
    }
    let resolver = match Resolver::new(arguments.resolver.or(settings.dns_resolver), QUESTION) {
        Ok(resolver) => resolver,
        Err(error) => {
            finding.fault(error.to_string(), "name a resolver with --resolver or PORTAL_DNS_RESOLVER");
            return vec![finding];
        }
    };
    let sender = Sender { domain, relay: relay(settings.mail.as_ref()), selectors: arguments.dkim_selectors.clone() };
    match tokio::time::timeout(whole, portal_dns::examine(&resolver, &sender)).await {
        Ok(findings) => findings,
        Err(_) => vec![super::late("sender_domain")],
    }
}

fn domain_of(from: &EmailAddress) -> String {
    let address = from.domain_as_a_labels();
    address.rsplit_once('@').map_or_else(String::new, |(_, domain)| domain.to_owned())
}

fn relay(mail: Option<&MailTransport>) -> Option<String> {
    match mail? {
        MailTransport::Plain { server }
        | MailTransport::StartTls { server, .. }
        | MailTransport::Tls { server, .. } => Some(server.host.clone()),
        MailTransport::Capture { .. } => None,
    }
}

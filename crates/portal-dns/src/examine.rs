//! All that is asked about a sender's domain, and what is said of the answers.

use std::net::IpAddr;

use futures_util::future::join_all;

use crate::{
    dkim, dmarc,
    finding::Finding,
    resolver::{Resolver, Unanswered},
    spf::{self, Record, Sign},
    walk::{self, MOST_LOOKUPS, MOST_VOIDS, Trouble, Verdict, Walk},
};

/// Selectors that are looked for where none is named: those that large providers and the usual signing programs give
/// their keys. That none of them is there proves nothing.
pub const CUSTOMARY_SELECTORS: [&str; 12] =
    ["default", "dkim", "mail", "selector1", "selector2", "google", "k1", "k2", "s1", "s2", "smtp", "mx"];

/// Whose mail is looked at.
#[derive(Clone, Debug, Default)]
pub struct Sender {
    /// What stands behind the `@` of the sender, with A-labels. The envelope names it too.
    pub domain: String,
    /// Name or address of the server that mail is handed to, where there is one.
    pub relay: Option<String>,
    /// Selectors of the keys that mail is signed with, where they are known.
    pub selectors: Vec<String>,
}

/// Asks about the domain: who takes its mail, who may send in its name, by which keys, and what receivers are to do with
/// all the rest. `sender_domain`, `spf`, `spf_relay` where it can be told, `dkim` for each selector, `dmarc`.
pub async fn examine(resolver: &Resolver, sender: &Sender) -> Vec<Finding> {
    let (domain, spf, dkim, dmarc) = tokio::join!(
        examine_domain(resolver, &sender.domain),
        examine_spf(resolver, sender),
        examine_dkim(resolver, sender),
        examine_dmarc(resolver, &sender.domain),
    );
    [vec![domain], spf, dkim, vec![dmarc]].concat()
}

/// What to do where an answer could not be had.
fn ask_again(why: &Unanswered, name: &str) -> String {
    match why {
        Unanswered::ServerFailed => format!(
            "ask whoever runs the DNS of {name}: its name servers don't answer, or its DNSSEC signatures are not valid"
        ),
        _ => {
            "check the resolver (PORTAL_DNS_RESOLVER, /etc/resolv.conf) and whether this machine reaches it".to_owned()
        }
    }
}

fn unanswered(finding: &mut Finding, name: &str, why: &Unanswered) {
    finding.fault(format!("{name} could not be looked at: {why}"), ask_again(why, name));
}

async fn examine_domain(resolver: &Resolver, domain: &str) -> Finding {
    let mut finding = Finding::new("sender_domain");
    let put_one =
        || format!("publish an MX record at {domain}, or send from a domain that takes mail (PORTAL_MAIL_FROM)");
    let exchanges = match resolver.exchanges(domain).await {
        Ok(exchanges) => exchanges,
        Err(Unanswered::NoRecord) => {
            match resolver.addresses(domain).await {
                Ok(_) => finding.saw(format!("{domain} has no MX record; its own address takes its mail")),
                Err(why) if why.is_absence() => {
                    finding.fault(format!("{domain} has neither an MX record nor an address: receivers refuse such senders, and nothing comes back"), put_one())
                }
                Err(why) => finding.fault(format!("{domain} could not be looked at: {why}"), ask_again(&why, domain)),
            };
            return finding;
        }
        Err(why @ (Unanswered::NoName | Unanswered::Malformed)) => {
            let remedy = format!("correct PORTAL_MAIL_FROM, or register {domain}");
            finding.fault(format!("{domain}: {why}; receivers refuse such senders"), remedy);
            return finding;
        }
        Err(why) => {
            unanswered(&mut finding, domain, &why);
            return finding;
        }
    };
    if exchanges.iter().any(|exchange| exchange.host.is_empty()) {
        finding.fault(
            format!(
                "{domain} says that it takes no mail (a null MX): receivers refuse its mail too, and nothing comes back"
            ),
            put_one(),
        );
        return finding;
    }
    let found = join_all(exchanges.iter().map(|exchange| resolver.addresses(&exchange.host))).await;
    let hosts: Vec<_> = exchanges.iter().map(|exchange| exchange.host.as_str()).collect();
    let hosts = hosts.join(", ");
    if found.iter().any(Result::is_ok) {
        finding.saw(format!("mail for {domain} goes to {hosts}"));
    } else if let Some(why) = found.iter().find_map(|it| it.as_ref().err().filter(|why| !why.is_absence())) {
        unanswered(&mut finding, &hosts, why);
    } else {
        finding.fault(
            format!("mail for {domain} goes to {hosts}, and no such server has an address"),
            format!("correct the MX record of {domain}"),
        );
    }
    finding
}

/// Addresses of the relay, where they say anything about who sends.
enum Relay {
    Addresses(String, Vec<IpAddr>),
    Unknown(String),
}

async fn find_relay(resolver: &Resolver, relay: Option<&str>) -> Relay {
    let Some(host) = relay else { return Relay::Unknown("no mail server is configured".to_owned()) };
    let found = match host.parse::<IpAddr>() {
        Ok(address) => Ok(vec![address]),
        Err(_) if host.eq_ignore_ascii_case("localhost") => Ok(vec![IpAddr::from([127, 0, 0, 1])]),
        Err(_) => resolver.addresses(host).await,
    };
    match found {
        Ok(found) if found.iter().any(|address| is_public(*address)) => {
            Relay::Addresses(host.to_owned(), found.into_iter().filter(|address| is_public(*address)).collect())
        }
        Ok(_) => Relay::Unknown(format!("{host} is in a network of your own, and sends from another address")),
        Err(why) => Relay::Unknown(format!("the addresses of {host} are not in the DNS: {why}")),
    }
}

const fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(four) => !(four.is_loopback() || four.is_private() || four.is_link_local() || four.is_unspecified()),
        IpAddr::V6(six) => {
            !(six.is_loopback() || six.is_unique_local() || six.is_unicast_link_local() || six.is_unspecified())
        }
    }
}

async fn examine_spf(resolver: &Resolver, sender: &Sender) -> Vec<Finding> {
    let domain = sender.domain.as_str();
    let mut finding = Finding::new("spf");
    let texts = match resolver.texts(domain).await {
        Ok(texts) => texts,
        Err(why) if why.is_absence() => Vec::new(),
        Err(why) => {
            unanswered(&mut finding, domain, &why);
            return vec![finding];
        }
    };
    let record = match spf::records(&texts).as_slice() {
        [] => {
            no_spf(&mut finding, domain, &texts);
            return vec![finding];
        }
        [text] => match Record::parse(text) {
            Ok(record) => {
                finding.saw(format!("`{text}`"));
                record
            }
            Err(fault) => {
                finding
                    .fault(format!("`{text}` can't be used: {fault}"), format!("correct the SPF record of {domain}"));
                return vec![finding];
            }
        },
        several => {
            finding.fault(
                format!("{domain} has {} SPF records, so that receivers heed none", several.len()),
                format!("put what they say into one TXT record at {domain}, and remove the others"),
            );
            return vec![finding];
        }
    };
    let relay = find_relay(resolver, sender.relay.as_deref()).await;
    let addresses: &[IpAddr] = if let Relay::Addresses(_, addresses) = &relay { addresses } else { &[] };
    let walk = walk::walk(resolver, domain, &record, addresses).await;
    judge_walk(&mut finding, domain, &walk);
    match relay {
        Relay::Unknown(why) => {
            finding.saw(format!("whether the mail server may send can't be told: {why}"));
            vec![finding]
        }
        Relay::Addresses(host, addresses) => {
            let relay = judge_relay(domain, &host, &addresses, &walk.verdicts);
            vec![finding, relay]
        }
    }
}

fn no_spf(finding: &mut Finding, domain: &str, texts: &[String]) {
    let publish = format!(
        "publish one TXT record at {domain} that names who sends for it, as your mail provider shows it \
         (such as `v=spf1 include:… ~all`)"
    );
    match spf::near_miss(texts) {
        Some(text) => finding.fault(format!("`{text}` is no SPF record: it has to begin with `v=spf1 `"), publish),
        None => finding
            .fault(format!("{domain} has no SPF record: many receivers put its mail aside or refuse it"), publish),
    };
}

fn judge_walk(finding: &mut Finding, domain: &str, walk: &Walk) {
    for trouble in &walk.troubles {
        judge_trouble(finding, trouble);
    }
    let lookups = walk.lookups;
    if lookups > MOST_LOOKUPS {
        finding.fault(
            format!("it takes {lookups} look-ups, and receivers stop after {MOST_LOOKUPS}"),
            format!(
                "take what is not used any more out of the SPF record of {domain}, or name networks instead of names"
            ),
        );
    } else {
        finding.saw(format!("{lookups} of {MOST_LOOKUPS} look-ups"));
    }
    if walk.voids > MOST_VOIDS {
        finding.fault(
            format!("{} of them lead to nothing, and receivers stop after {MOST_VOIDS}", walk.voids),
            format!("take names that are gone out of the SPF record of {domain}"),
        );
    }
    match walk.ending {
        // Said already, with where it stands.
        Some(Sign::Pass) => {}
        Some(Sign::Fail) => {
            finding.saw("all others fail (`-all`)");
        }
        Some(Sign::SoftFail) => {
            finding.saw("all others are suspicious (`~all`)");
        }
        Some(Sign::Neutral) => {
            finding.warn(
                "it says nothing of all others (`?all`)",
                format!("end the SPF record of {domain} with `~all` or `-all`"),
            );
        }
        None => {
            finding
                .warn("it says nothing of all others", format!("end the SPF record of {domain} with `~all` or `-all`"));
        }
    }
}

fn judge_trouble(finding: &mut Finding, trouble: &Trouble) {
    match trouble {
        Trouble::NoRecord(name) => finding.fault(
            format!("it leads to {name}, where there is no SPF record: an error to receivers"),
            format!("take {name} out of the SPF record, or correct its name"),
        ),
        Trouble::Several(name, count) => finding.fault(
            format!("it leads to {name}, which has {count} SPF records: an error to receivers"),
            format!("take {name} out, or ask whoever runs it to leave one record"),
        ),
        Trouble::Unreadable(name, fault) => finding.fault(
            format!("it leads to {name}, whose record can't be used: {fault}"),
            format!("take {name} out, or ask whoever runs it to correct the record"),
        ),
        Trouble::Unanswered(name, why) => {
            finding.fault(format!("it leads to {name}, which could not be looked at: {why}"), ask_again(why, name))
        }
        Trouble::Everybody(name) => finding.fault(
            format!("the record at {name} lets everybody send (`+all` or a network of all addresses)"),
            format!("end the record at {name} with `~all` or `-all`, and name only networks that send for you"),
        ),
        Trouble::Ptr(name) => finding.warn(
            format!("the record at {name} uses `ptr`, which receivers may pass over"),
            "name networks or names instead of `ptr`",
        ),
        Trouble::Void(name) => finding.warn(
            format!("it leads to {name}, which has no address"),
            format!("take {name} out of the SPF record, or correct its name"),
        ),
        Trouble::Exchanges(name, count) => finding.fault(
            format!("`mx` of {name} leads to {count} servers, and receivers stop after 10"),
            format!("name the networks that send instead of `mx` of {name}"),
        ),
    };
}

fn judge_relay(domain: &str, host: &str, addresses: &[IpAddr], verdicts: &[Verdict]) -> Finding {
    let mut finding = Finding::new("spf_relay");
    let with = |wanted: Verdict| {
        let those = addresses.iter().zip(verdicts).filter(|(_, verdict)| **verdict == wanted);
        those.map(|(address, _)| address.to_string()).collect::<Vec<_>>().join(", ")
    };
    let (passed, not_passed, unknown) = (with(Verdict::Pass), with(Verdict::NotPassed), with(Verdict::Unknown));
    if !passed.is_empty() {
        finding.saw(format!("{host} may send: {passed}"));
    }
    if !not_passed.is_empty() {
        finding.warn(
            format!("{host} has addresses that may not: {not_passed}; it may send from others"),
            format!(
                "where {host} sends by itself, name it in the SPF record of {domain} (`a:{host}`); else look in a mail that \
                 arrived whether Authentication-Results says spf=pass"
            ),
        );
    }
    if !unknown.is_empty() {
        finding.saw(format!("of {host} it can't be told from here: {unknown}"));
    }
    finding
}

async fn examine_dkim(resolver: &Resolver, sender: &Sender) -> Vec<Finding> {
    let domain = sender.domain.as_str();
    let look = |selector: String| async move {
        let texts = resolver.texts(&format!("{selector}._domainkey.{domain}")).await;
        (selector, texts)
    };
    if !sender.selectors.is_empty() {
        let found = join_all(sender.selectors.iter().cloned().map(look)).await;
        return found.into_iter().map(|(selector, texts)| judge_selector(domain, &selector, texts)).collect();
    }
    let found = join_all(CUSTOMARY_SELECTORS.map(str::to_owned).map(look)).await;
    judge_customary(domain, found)
}

fn judge_selector(domain: &str, selector: &str, texts: Result<Vec<String>, Unanswered>) -> Finding {
    let place = format!("{selector}._domainkey.{domain}");
    let mut finding = Finding::new("dkim");
    match texts {
        Ok(texts) => return dkim::judge(domain, selector, &texts),
        Err(why) if why.is_absence() => {
            let remedy =
                format!("publish the key as your mail provider shows it, or correct the selector `{selector}`");
            finding.fault(format!("there is no key at {place}: {why}"), remedy);
        }
        Err(why) => unanswered(&mut finding, &place, &why),
    }
    finding
}

/// Keys under customary names; what else stands there, such as the one text of a whole zone, says nothing.
fn judge_customary(domain: &str, found: Vec<(String, Result<Vec<String>, Unanswered>)>) -> Vec<Finding> {
    let mut failed = None;
    let mut findings = Vec::new();
    let mut known: Vec<Vec<String>> = Vec::new();
    for (selector, texts) in found {
        match texts {
            Ok(texts) if texts.iter().any(|text| text.contains("p=")) && !known.contains(&texts) => {
                findings.push(dkim::judge(domain, &selector, &texts));
                known.push(texts);
            }
            Ok(_) => {}
            Err(why) if why.is_absence() => {}
            Err(why) => failed = Some((selector, why)),
        }
    }
    if findings.is_empty() {
        let mut finding = Finding::new("dkim");
        match failed {
            Some((selector, why)) => unanswered(&mut finding, &format!("{selector}._domainkey.{domain}"), &why),
            None => {
                finding.warn(
                    format!("no key under the customary selectors ({}), which proves nothing", CUSTOMARY_SELECTORS.join(", ")),
                    "name the selector of your mail provider with --dkim-selector; s= in the DKIM-Signature of a mail that \
                     arrived is it",
                );
            }
        }
        findings.push(finding);
    }
    findings
}

async fn examine_dmarc(resolver: &Resolver, domain: &str) -> Finding {
    for holder in dmarc::candidates(domain) {
        let name = format!("_dmarc.{holder}");
        match resolver.texts(&name).await {
            Ok(texts) => {
                let records = dmarc::records(&texts);
                if !records.is_empty() {
                    return dmarc::judge(domain, holder, &records);
                }
            }
            Err(why) if why.is_absence() => {}
            Err(why) => {
                let mut finding = Finding::new("dmarc");
                unanswered(&mut finding, &name, &why);
                return finding;
            }
        }
    }
    dmarc::judge_none(domain)
}

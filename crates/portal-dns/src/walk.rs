//! A way through all records of SPF that a domain's own leads to, counted as a receiver counts (RFC 7208, 4.6.4).

use std::{future::Future, net::IpAddr, pin::Pin};

use crate::{
    resolver::{Resolver, Unanswered},
    spf::{self, Directive, Mechanism, Network, Record, Sign, Spec},
};

/// Questions that one evaluation may take.
pub(crate) const MOST_LOOKUPS: u32 = 10;
/// Questions with nothing for an answer that it may take.
pub(crate) const MOST_VOIDS: u32 = 2;
/// Where counting ends: a record that leads this far is wrong whatever else is behind it.
const GIVE_UP: u32 = 30;
/// Servers of one `mx` that receivers look at.
const MOST_EXCHANGES: usize = 10;

/// What the records say of one address.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Verdict {
    /// It may send.
    Pass,
    /// It may not, or nothing is said of it.
    NotPassed,
    /// It depends on the mail, or on an answer that could not be had.
    Unknown,
}

/// Something wrong on the way.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Trouble {
    /// There is no record at a name that another record leads to.
    NoRecord(String),
    /// There are several.
    Several(String, usize),
    /// It can't be read.
    Unreadable(String, spf::Fault),
    /// It could not be had.
    Unanswered(String, Unanswered),
    /// It lets everybody send.
    Everybody(String),
    /// It asks for what receivers may pass over (`ptr`).
    Ptr(String),
    /// A name of `a` or `mx` has no address.
    Void(String),
    /// An `mx` has more servers than receivers look at.
    Exchanges(String, usize),
}

/// What was seen on the way.
#[derive(Debug, Default)]
pub(crate) struct Walk {
    /// Questions that count, at most, whatever address is asked about.
    pub(crate) lookups: u32,
    /// Those of them with nothing for an answer.
    pub(crate) voids: u32,
    /// What is wrong.
    pub(crate) troubles: Vec<Trouble>,
    /// What is said of addresses that nothing fits, by the record or the one it is redirected to.
    pub(crate) ending: Option<Sign>,
    /// What is said of each address that was asked about.
    pub(crate) verdicts: Vec<Verdict>,
}

/// Walks from the record of a domain.
pub(crate) async fn walk(resolver: &Resolver, domain: &str, record: &Record, addresses: &[IpAddr]) -> Walk {
    let mut walker = Walker { resolver, addresses, walk: Walk::default() };
    let (verdicts, ending) = walker.record(domain, record).await;
    Walk { verdicts, ending, ..walker.walk }
}

struct Walker<'a> {
    resolver: &'a Resolver,
    addresses: &'a [IpAddr],
    walk: Walk,
}

/// Whether something fits an address: for certain, or not for certain, or nobody knows from here.
type Fits = Option<bool>;

/// What a record says of each address, and of all others.
type Said = (Vec<Verdict>, Option<Sign>);

impl Walker<'_> {
    /// Boxed, since a record leads to records.
    fn record<'b>(
        &'b mut self,
        domain: &'b str,
        record: &'b Record,
    ) -> Pin<Box<dyn Future<Output = Said> + Send + 'b>> {
        Box::pin(async move {
            let mut decided: Vec<Option<Verdict>> = vec![None; self.addresses.len()];
            for directive in &record.directives {
                if self.walk.lookups > GIVE_UP {
                    break;
                }
                let fits = self.directive(domain, directive).await;
                for (verdict, fits) in decided.iter_mut().zip(fits) {
                    *verdict = verdict.or(match (fits, directive.sign) {
                        (Some(false), _) => None,
                        (Some(true), Sign::Pass) => Some(Verdict::Pass),
                        (Some(true), _) => Some(Verdict::NotPassed),
                        (None, _) => Some(Verdict::Unknown),
                    });
                }
                // Nothing behind it is looked at.
                if directive.mechanism == Mechanism::All {
                    break;
                }
            }
            let mut ending = record.ending();
            if let (None, Some(spec)) = (ending, &record.redirect) {
                let (elsewhere, end) = self.elsewhere(domain, spec).await;
                ending = end;
                for (verdict, elsewhere) in decided.iter_mut().zip(elsewhere) {
                    verdict.get_or_insert(elsewhere);
                }
            }
            if ending == Some(Sign::Pass) {
                self.trouble(Trouble::Everybody(domain.to_owned()));
            }
            let verdicts = decided.into_iter().map(|verdict| verdict.unwrap_or(Verdict::NotPassed)).collect();
            (verdicts, ending)
        })
    }

    async fn directive(&mut self, domain: &str, directive: &Directive) -> Vec<Fits> {
        match &directive.mechanism {
            Mechanism::All => self.each(Some(true)),
            Mechanism::Net(network) => {
                if network.is_everything() && directive.sign == Sign::Pass {
                    self.trouble(Trouble::Everybody(domain.to_owned()));
                }
                self.addresses.iter().map(|address| Some(network.contains(*address))).collect()
            }
            Mechanism::Include(spec) => {
                let (verdicts, _) = self.elsewhere(domain, spec).await;
                let fits = |verdict| match verdict {
                    Verdict::Pass => Some(true),
                    Verdict::NotPassed => Some(false),
                    Verdict::Unknown => None,
                };
                verdicts.into_iter().map(fits).collect()
            }
            Mechanism::A(spec, prefixes) => {
                self.walk.lookups += 1;
                let Some(name) = named(spec.as_ref(), domain) else { return self.each(None) };
                let Some(found) = self.addresses_of(&name).await else { return self.each(None) };
                self.fitting(&found.iter().map(|found| Network::around(*found, *prefixes)).collect::<Vec<_>>())
            }
            Mechanism::Mx(spec, prefixes) => {
                self.walk.lookups += 1;
                let Some(name) = named(spec.as_ref(), domain) else { return self.each(None) };
                let Some(found) = self.addresses_of_exchanges(&name).await else { return self.each(None) };
                self.fitting(&found.iter().map(|found| Network::around(*found, *prefixes)).collect::<Vec<_>>())
            }
            Mechanism::Ptr => {
                self.walk.lookups += 1;
                self.trouble(Trouble::Ptr(domain.to_owned()));
                self.each(None)
            }
            Mechanism::Exists => {
                self.walk.lookups += 1;
                self.each(None)
            }
        }
    }

    /// The record at another name.
    async fn elsewhere(&mut self, domain: &str, spec: &Spec) -> Said {
        self.walk.lookups += 1;
        let unknown = (vec![Verdict::Unknown; self.addresses.len()], None);
        let Some(name) = spec.name(domain) else { return unknown };
        if self.walk.lookups > GIVE_UP {
            return unknown;
        }
        let texts = match self.resolver.texts(&name).await {
            Ok(texts) => texts,
            Err(why) if why.is_absence() => {
                self.walk.voids += 1;
                Vec::new()
            }
            Err(why) => {
                self.trouble(Trouble::Unanswered(name, why));
                return unknown;
            }
        };
        match spf::records(&texts).as_slice() {
            [] => self.trouble(Trouble::NoRecord(name)),
            [text] => match Record::parse(text) {
                Ok(record) => return self.record(&name, &record).await,
                Err(fault) => self.trouble(Trouble::Unreadable(name, fault)),
            },
            several => self.trouble(Trouble::Several(name, several.len())),
        }
        unknown
    }

    async fn addresses_of(&mut self, name: &str) -> Option<Vec<IpAddr>> {
        match self.resolver.addresses(name).await {
            Ok(found) => Some(found),
            Err(why) => self.nothing(name, why),
        }
    }

    async fn addresses_of_exchanges(&mut self, name: &str) -> Option<Vec<IpAddr>> {
        let exchanges = match self.resolver.exchanges(name).await {
            Ok(exchanges) => exchanges,
            Err(why) => return self.nothing(name, why),
        };
        if exchanges.len() > MOST_EXCHANGES {
            self.trouble(Trouble::Exchanges(name.to_owned(), exchanges.len()));
        }
        let asked = exchanges.iter().take(MOST_EXCHANGES).map(|exchange| self.resolver.addresses(&exchange.host));
        let mut all = Vec::new();
        let mut failed = None;
        for (found, exchange) in futures_util::future::join_all(asked).await.into_iter().zip(&exchanges) {
            match found {
                Ok(found) => all.extend(found),
                Err(why) if why.is_absence() => {}
                Err(why) => failed = Some(Trouble::Unanswered(exchange.host.clone(), why)),
            }
        }
        match failed {
            Some(trouble) => {
                self.trouble(trouble);
                None
            }
            None => Some(all),
        }
    }

    /// No addresses, for certain or not.
    fn nothing(&mut self, name: &str, why: Unanswered) -> Option<Vec<IpAddr>> {
        if why.is_absence() {
            self.walk.voids += 1;
            self.trouble(Trouble::Void(name.to_owned()));
            return Some(Vec::new());
        }
        self.trouble(Trouble::Unanswered(name.to_owned(), why));
        None
    }

    fn trouble(&mut self, trouble: Trouble) {
        if !self.walk.troubles.contains(&trouble) {
            self.walk.troubles.push(trouble);
        }
    }

    fn each(&self, fits: Fits) -> Vec<Fits> {
        vec![fits; self.addresses.len()]
    }

    fn fitting(&self, networks: &[Network]) -> Vec<Fits> {
        let fits = |address: &IpAddr| Some(networks.iter().any(|network| network.contains(*address)));
        self.addresses.iter().map(fits).collect()
    }
}

fn named(spec: Option<&Spec>, domain: &str) -> Option<String> {
    spec.map_or_else(|| Some(domain.to_owned()), |spec| spec.name(domain))
}

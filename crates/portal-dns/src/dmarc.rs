//! DMARC records (RFC 9989, before it RFC 7489), read and judged. Nothing is asked.

use crate::{Finding, tags};

/// Most names that are asked for one domain (RFC 9989, 4.10).
const MOST_NAMES: usize = 8;

/// What receivers are asked to do with mail that is not authenticated.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Policy {
    /// Nothing.
    None,
    /// To put it aside.
    Quarantine,
    /// Not to take it.
    Reject,
}

/// A record.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Record {
    /// For the domain itself.
    pub policy: Policy,
    /// For domains below it that have no record of their own.
    pub below: Policy,
    /// Where reports go.
    pub reports: Vec<String>,
    /// `t=y`, or a `pct` below 100: the policy is not, or not always, carried out.
    pub testing: bool,
    /// `adkim=s`: the signature's `d=` has to be this very domain.
    pub strict_dkim: bool,
    /// `aspf=s`: the envelope's domain has to be this very domain.
    pub strict_spf: bool,
}

/// Why a record is none.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Fault {
    /// It is no list of tags.
    #[error(transparent)]
    Tags(#[from] tags::Fault),
    /// No policy.
    #[error("it has no policy: `p=` is missing")]
    NoPolicy,
    /// A policy that there isn't.
    #[error("`{0}` is no policy: it is none, quarantine or reject")]
    Policy(String),
    /// Reports to something else.
    #[error("`{0}` in rua is no mailto: address")]
    Reports(String),
}

/// Those of a name's texts that are DMARC records: exactly one is right.
#[must_use]
pub fn records(texts: &[String]) -> Vec<&str> {
    let is_one = |text: &&str| {
        let first = text.split(';').next().unwrap_or_default();
        first.split_once('=').is_some_and(|(name, value)| name.trim() == "v" && value.trim() == "DMARC1")
    };
    texts.iter().map(String::as_str).filter(is_one).collect()
}

/// The domains whose record holds for mail from `domain`, in the order in which they are asked: itself, and those above.
///
/// ```
/// use portal_dns::dmarc::candidates;
///
/// assert_eq!(candidates("mail.smith.example"), ["mail.smith.example", "smith.example", "example"]);
/// ```
#[must_use]
pub fn candidates(domain: &str) -> Vec<&str> {
    let mut all = vec![domain];
    let mut rest = domain;
    while let Some((_, above)) = rest.split_once('.') {
        all.push(above);
        rest = above;
    }
    // Of a long name the domain itself, and then those of seven labels and fewer.
    let over = all.len().saturating_sub(MOST_NAMES);
    all.drain(1..=over);
    all
}

impl Record {
    /// Reads a text that [`records`] has found.
    ///
    /// ```
    /// use portal_dns::dmarc::{Policy, Record};
    ///
    /// let record = Record::parse("v=DMARC1; p=quarantine; rua=mailto:dmarc@smith.example")?;
    /// assert_eq!((record.policy, record.below), (Policy::Quarantine, Policy::Quarantine));
    /// # Ok::<(), portal_dns::dmarc::Fault>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The first [`Fault`].
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let tags = tags::read(text)?;
        let tag = |name: &str| tags.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let policy = policy(tag("p").ok_or(Fault::NoPolicy)?)?;
        let below = tag("sp").map_or(Ok(policy), self::policy)?;
        let mut reports = Vec::new();
        for place in tag("rua").unwrap_or_default().split(',').map(str::trim).filter(|place| !place.is_empty()) {
            let is_mail = place.get(..7).is_some_and(|it| it.eq_ignore_ascii_case("mailto:")) && place.contains('@');
            if !is_mail {
                return Err(Fault::Reports(place.to_owned()));
            }
            reports.push(place[7..].to_owned());
        }
        let is = |name: &str, value: &str| tag(name).is_some_and(|it| it.eq_ignore_ascii_case(value));
        let part = tag("pct").and_then(|pct| pct.parse::<u8>().ok()).is_some_and(|pct| pct < 100);
        Ok(Self {
            policy,
            below,
            reports,
            testing: is("t", "y") || part,
            strict_dkim: is("adkim", "s"),
            strict_spf: is("aspf", "s"),
        })
    }
}

fn policy(text: &str) -> Result<Policy, Fault> {
    match text.to_ascii_lowercase().as_str() {
        "none" => Ok(Policy::None),
        "quarantine" => Ok(Policy::Quarantine),
        "reject" => Ok(Policy::Reject),
        _ => Err(Fault::Policy(text.to_owned())),
    }
}

/// What is to be said where nobody has a record for `domain`.
#[must_use]
pub fn judge_none(domain: &str) -> Finding {
    let mut finding = Finding::new("dmarc");
    finding.warn(
        format!("neither {domain} nor a domain above it has a DMARC record: large receivers put such mail aside sooner"),
        format!("publish the TXT record `v=DMARC1; p=none; rua=mailto:…` at _dmarc.{domain}, and `p=quarantine` once the reports are clean"),
    );
    finding
}

/// What is to be said of the records at `holder` for mail from `domain`, where there is one or more.
#[must_use]
pub fn judge(domain: &str, holder: &str, records: &[&str]) -> Finding {
    let mut finding = Finding::new("dmarc");
    let place = format!("_dmarc.{holder}");
    let [text] = records else {
        let remedy = format!("leave one record at {place} and remove the others");
        finding.fault(format!("{place} has {} records, so that receivers heed none", records.len()), remedy);
        return finding;
    };
    match Record::parse(text) {
        Err(fault) => {
            let remedy = format!("write the record at {place} anew, as `v=DMARC1; p=…; rua=mailto:…`");
            finding.fault(format!("{place} can't be used: {fault}"), remedy);
        }
        Ok(record) => judge_record(&mut finding, domain, holder, &record),
    }
    finding
}

fn judge_record(finding: &mut Finding, domain: &str, holder: &str, record: &Record) {
    let place = format!("_dmarc.{holder}");
    let own = domain == holder;
    let (tag, policy) = if own { ("p", record.policy) } else { ("p or sp", record.below) };
    match policy {
        Policy::None => {
            let reports = if record.reports.is_empty() { "let reports come (`rua=mailto:…`), and " } else { "" };
            finding.warn(
                format!("{place} says `none`: anybody may still write in the name of {domain}"),
                format!("{reports}raise {tag} at {place} to quarantine once the reports show only your own mail"),
            );
        }
        Policy::Quarantine => {
            finding.saw(format!("{place} says `quarantine`"));
        }
        Policy::Reject => {
            finding.saw(format!("{place} says `reject`"));
        }
    }
    if record.testing && policy != Policy::None {
        finding.warn(
            "it is only tried out (`t=y`, or `pct` below 100)",
            format!("remove `t` and `pct` at {place} once the reports are clean"),
        );
    }
    finding.saw(match record.reports.as_slice() {
        [] => "nobody gets reports (no `rua`)".to_owned(),
        reports => format!("reports go to {}", reports.join(", ")),
    });
    let signer = if record.strict_dkim { "exactly that" } else { "that or a domain of the same owner" };
    finding.saw(format!(
        "sender and envelope both name {domain}, so SPF that passes is aligned, and a signature is where its d= is {signer}"
    ));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::State;

    #[test]
    fn records_are_told_from_other_texts() {
        let texts = [
            "v=DMARC1; p=none",
            "v = DMARC1;p=none",
            "v=DMARC1",
            "v=dmarc1; p=none",
            "v=DMARC12; p=none",
            "p=none; v=DMARC1",
            "x",
        ];
        let texts = texts.map(str::to_owned);
        assert_eq!(records(&texts), ["v=DMARC1; p=none", "v = DMARC1;p=none", "v=DMARC1"]);
    }

    #[test]
    fn a_long_name_is_asked_for_eight_times() {
        let long = "a.b.c.d.e.f.g.h.i.smith.example";
        let asked = candidates(long);
        assert_eq!((asked.len(), asked[0], asked[1]), (8, long, "e.f.g.h.i.smith.example"));
        assert_eq!(asked[7], "example");
        assert_eq!(candidates("a.b.c.d.e.f.smith.example").len(), 8);
        assert_eq!(candidates("example"), ["example"]);
    }

    #[test]
    fn what_is_seen_has_its_weight_and_its_remedy() {
        const RUA: &str = "rua=mailto:d@smith.example";
        for (holder, text, state, said) in [
            ("smith.example", format!("v=DMARC1; p=reject; {RUA}"), State::Ok, "d@smith.example"),
            ("smith.example", "v=DMARC1; p=Reject".to_owned(), State::Ok, "no `rua`"),
            ("smith.example", format!("v=DMARC1;p=quarantine;adkim=s;{RUA}"), State::Ok, "d= is exactly that"),
            ("smith.example", format!("v=DMARC1; p=none; {RUA}"), State::Warning, "says `none`"),
            ("smith.example", "v=DMARC1; p=reject; pct=50".to_owned(), State::Warning, "only tried out"),
            ("smith.example", "v=DMARC1; p=reject; t=y".to_owned(), State::Warning, "only tried out"),
            ("example", "v=DMARC1; p=reject; sp=none".to_owned(), State::Warning, "says `none`"),
            ("example", "v=DMARC1; p=none; sp=reject".to_owned(), State::Ok, "_dmarc.example says `reject`"),
            ("smith.example", "v=DMARC1".to_owned(), State::Fault, "`p=` is missing"),
            ("smith.example", "v=DMARC1; p=block".to_owned(), State::Fault, "`block`"),
            ("smith.example", "v=DMARC1; p=none; sp=maybe".to_owned(), State::Fault, "`maybe`"),
            ("smith.example", "v=DMARC1; p=none; rua=d@smith.example".to_owned(), State::Fault, "no mailto:"),
            ("smith.example", "v=DMARC1; p=none; p=none".to_owned(), State::Fault, "twice"),
            ("smith.example", "v=DMARC1; p=none; https".to_owned(), State::Fault, "no `=`"),
        ] {
            let finding = judge("smith.example", holder, &[&text]);
            assert_eq!(finding.state, state, "{text}: {finding:?}");
            assert!(finding.seen().contains(said), "{text}: {finding:?}");
            assert_eq!(finding.remedy().is_none(), state == State::Ok, "{finding:?}");
        }
        let twice = judge("smith.example", "smith.example", &["v=DMARC1; p=none", "v=DMARC1; p=reject"]);
        assert!(twice.state == State::Fault && twice.seen().contains("2 records"), "{twice:?}");
        assert_eq!(judge_none("smith.example").state, State::Warning);
    }
}

//! SPF records (RFC 7208), read. Nothing is asked.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What the answer to "is this address yours?" is, where a mechanism fits (RFC 7208, 4.6.2).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Sign {
    /// `+`, and the usual one.
    Pass,
    /// `-`
    Fail,
    /// `~`
    SoftFail,
    /// `?`
    Neutral,
}

/// A record.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Record {
    /// Its mechanisms, in their order.
    pub directives: Vec<Directive>,
    /// The record that is looked at where no mechanism fits.
    pub redirect: Option<Spec>,
}

/// A mechanism with its sign.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Directive {
    /// What it says where the mechanism fits.
    pub sign: Sign,
    /// What has to fit.
    pub mechanism: Mechanism,
}

/// What an address may be compared with (RFC 7208, 5).
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Mechanism {
    /// Fits every address.
    All,
    /// Fits where that record passes.
    Include(Spec),
    /// Fits the addresses of a name, by default of the domain itself.
    A(Option<Spec>, Prefixes),
    /// Fits the addresses of the servers that take mail for a name.
    Mx(Option<Spec>, Prefixes),
    /// Fits by the name of the address; not to be used any more (5.5).
    Ptr,
    /// Fits addresses of a network.
    Net(Network),
    /// Fits where a name has an address.
    Exists,
}

/// How many bits of an address count.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Prefixes {
    /// Of 32.
    pub four: u8,
    /// Of 128.
    pub six: u8,
}

/// Addresses whose first bits are the same.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

/// A domain as it is written, which may hold macros (RFC 7208, 7).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Spec(String);

/// Why a record is none that receivers can read. For them it is as an error for good (`permerror`).
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Fault {
    /// A word that means nothing.
    #[error("`{0}` is no mechanism of SPF")]
    Unknown(String),
    /// A network that is none.
    #[error("`{0}` names no address or network")]
    Address(String),
    /// A number of bits that there isn't.
    #[error("`{0}` has a length of network that there isn't")]
    Bits(String),
    /// A domain that is missing or none.
    #[error("`{0}` names no domain")]
    Domain(String),
    /// A modifier twice.
    #[error("`{0}=` stands there twice")]
    Twice(&'static str),
    /// Something behind a word that takes nothing.
    #[error("`{0}` takes no value")]
    Value(String),
    /// Letters beyond ASCII, or controls.
    #[error("it holds characters that are not ASCII")]
    NotAscii,
}

/// Those of a name's texts that are SPF records: exactly one is right (RFC 7208, 4.5).
#[must_use]
pub fn records(texts: &[String]) -> Vec<&str> {
    let is_one = |text: &&str| {
        let version = text.split(' ').next().unwrap_or_default();
        version.eq_ignore_ascii_case("v=spf1")
    };
    texts.iter().map(String::as_str).filter(is_one).collect()
}

/// A text that looks like a record and is none, since its version is written otherwise.
#[must_use]
pub fn near_miss(texts: &[String]) -> Option<&str> {
    let near = |text: &&str| {
        let begin: String = text.chars().filter(char::is_ascii_alphanumeric).take(4).collect();
        begin.eq_ignore_ascii_case("vspf") || begin.eq_ignore_ascii_case("spf1")
    };
    texts.iter().map(String::as_str).find(near)
}

impl Record {
    /// Reads a text that [`records`] has found.
    ///
    /// ```
    /// use portal_dns::spf::{Mechanism, Record, Sign};
    ///
    /// let record = Record::parse("v=spf1 mx -all")?;
    /// assert_eq!(record.ending(), Some(Sign::Fail));
    /// assert!(Record::parse("v=spf1 ipv4:192.0.2.1 -all").is_err());
    /// # Ok::<(), portal_dns::spf::Fault>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The first [`Fault`].
    pub fn parse(text: &str) -> Result<Self, Fault> {
        if !text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) {
            return Err(Fault::NotAscii);
        }
        let (mut directives, mut redirect, mut explained) = (Vec::new(), None, false);
        for term in text.split(' ').skip(1).filter(|term| !term.is_empty()) {
            match modifier(term) {
                Some(("redirect", _)) if redirect.is_some() => return Err(Fault::Twice("redirect")),
                Some(("redirect", value)) => redirect = Some(Spec::parse(value, term)?),
                Some(("exp", _)) if explained => return Err(Fault::Twice("exp")),
                Some(("exp", value)) => {
                    Spec::parse(value, term)?;
                    explained = true;
                }
                // Modifiers that aren't known are passed over (6).
                Some(_) => {}
                None => directives.push(Directive::parse(term)?),
            }
        }
        Ok(Self { directives, redirect })
    }

    /// What is said of addresses that nothing else fits: the sign of `all`.
    #[must_use]
    pub fn ending(&self) -> Option<Sign> {
        self.directives.iter().find(|it| it.mechanism == Mechanism::All).map(|it| it.sign)
    }
}

/// Name, in lower case where it is known, and value of a modifier.
fn modifier(term: &str) -> Option<(&str, &str)> {
    let (name, value) = term.split_once('=')?;
    let mut letters = name.chars();
    let named = letters.next().is_some_and(|c| c.is_ascii_alphabetic())
        && letters.all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    let known = ["redirect", "exp"].into_iter().find(|known| known.eq_ignore_ascii_case(name));
    named.then_some((known.unwrap_or(name), value))
}

impl Directive {
    fn parse(term: &str) -> Result<Self, Fault> {
        let (sign, rest) = match term.as_bytes().first() {
            Some(b'+') => (Sign::Pass, &term[1..]),
            Some(b'-') => (Sign::Fail, &term[1..]),
            Some(b'~') => (Sign::SoftFail, &term[1..]),
            Some(b'?') => (Sign::Neutral, &term[1..]),
            _ => (Sign::Pass, term),
        };
        let end = rest.find([':', '/']).unwrap_or(rest.len());
        let (name, value) = rest.split_at(end);
        let named = |spec: &str| Spec::parse(spec.strip_prefix(':').unwrap_or_default(), term);
        let mechanism = match name.to_ascii_lowercase().as_str() {
            "all" if value.is_empty() => Mechanism::All,
            "all" => return Err(Fault::Value(term.to_owned())),
            "include" => Mechanism::Include(named(value)?),
            "exists" => {
                named(value)?;
                Mechanism::Exists
            }
            "ptr" => {
                if !value.is_empty() {
                    named(value)?;
                }
                Mechanism::Ptr
            }
            "a" => {
                let (spec, prefixes) = place(value, term)?;
                Mechanism::A(spec, prefixes)
            }
            "mx" => {
                let (spec, prefixes) = place(value, term)?;
                Mechanism::Mx(spec, prefixes)
            }
            kind @ ("ip4" | "ip6") => {
                Mechanism::Net(Network::parse(value.strip_prefix(':').unwrap_or_default(), kind == "ip4", term)?)
            }
            _ => return Err(Fault::Unknown(term.to_owned())),
        };
        Ok(Self { sign, mechanism })
    }
}

/// What may stand behind `a` and `mx`: `:domain`, `/24`, `//64`.
fn place(value: &str, term: &str) -> Result<(Option<Spec>, Prefixes), Fault> {
    let wrong = || Fault::Bits(term.to_owned());
    let (rest, six) = match value.rsplit_once("//") {
        Some((rest, bits)) => (rest, length(bits, 128).ok_or_else(wrong)?),
        None => (value, 128),
    };
    // A slash may stand within a macro, where no number follows it.
    let (rest, four) = match rest.rsplit_once('/') {
        Some((before, bits)) if !bits.ends_with('}') => (before, length(bits, 32).ok_or_else(wrong)?),
        _ => (rest, 32),
    };
    let spec = match rest.strip_prefix(':') {
        Some(spec) => Some(Spec::parse(spec, term)?),
        None if rest.is_empty() => None,
        None => return Err(Fault::Domain(term.to_owned())),
    };
    Ok((spec, Prefixes { four, six }))
}

/// A number without a nought before it, up to `most`.
fn length(text: &str, most: u8) -> Option<u8> {
    let plain = text == "0" || (!text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit()));
    text.parse().ok().filter(|bits| plain && *bits <= most)
}

impl Network {
    fn parse(text: &str, four: bool, term: &str) -> Result<Self, Fault> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let parsed = if four {
            address.parse::<Ipv4Addr>().map(IpAddr::V4).ok()
        } else {
            address.parse::<Ipv6Addr>().map(IpAddr::V6).ok()
        };
        let address = parsed.ok_or_else(|| Fault::Address(term.to_owned()))?;
        let most = if four { 32 } else { 128 };
        let bits = bits.map_or(Some(most), |bits| length(bits, most)).ok_or_else(|| Fault::Bits(term.to_owned()))?;
        Ok(Self { address, bits })
    }

    /// The addresses that have the first bits in common with this one.
    #[must_use]
    pub const fn around(address: IpAddr, prefixes: Prefixes) -> Self {
        let bits = match address {
            IpAddr::V4(_) => prefixes.four,
            IpAddr::V6(_) => prefixes.six,
        };
        Self { address, bits }
    }

    /// Whether an address is one of them.
    #[must_use]
    pub fn contains(&self, other: IpAddr) -> bool {
        match (self.address, other) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let differ = own.to_bits() ^ other.to_bits();
                differ.checked_shr(32 - u32::from(self.bits)).unwrap_or(0) == 0
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let differ = own.to_bits() ^ other.to_bits();
                differ.checked_shr(128 - u32::from(self.bits)).unwrap_or(0) == 0
            }
            _ => false,
        }
    }

    /// Whether it holds every address of its kind.
    #[must_use]
    pub const fn is_everything(&self) -> bool {
        self.bits == 0
    }
}

impl Spec {
    fn parse(text: &str, term: &str) -> Result<Self, Fault> {
        let fault = || Fault::Domain(term.to_owned());
        let plain = without_macros(text).ok_or_else(fault)?;
        // A name ends in a label that is not only digits, or in a macro (7.1).
        let end = plain.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
        let is_label = !end.is_empty()
            && end.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
            && !end.bytes().all(|byte| byte.is_ascii_digit());
        if is_label || text.ends_with('}') { Ok(Self(text.to_owned())) } else { Err(fault()) }
    }

    /// The name for mail from `domain`; nothing where it depends on the mail or on where it comes from.
    ///
    /// ```
    /// use portal_dns::spf::{Mechanism, Record};
    ///
    /// let record = Record::parse("v=spf1 include:_spf.%{d} include:%{i}.x.example -all")?;
    /// let name = |it: &portal_dns::spf::Directive| match &it.mechanism {
    ///     Mechanism::Include(spec) => spec.name("smith.example"),
    ///     _ => None,
    /// };
    /// let names: Vec<_> = record.directives.iter().map(name).collect();
    /// assert_eq!(names, [Some("_spf.smith.example".to_owned()), None, None]);
    /// # Ok::<(), portal_dns::spf::Fault>(())
    /// ```
    #[must_use]
    pub fn name(&self, domain: &str) -> Option<String> {
        let mut name = String::with_capacity(self.0.len());
        let mut rest = self.0.as_str();
        while let Some(at) = rest.find('%') {
            name.push_str(&rest[..at]);
            let behind = &rest[at + 1..];
            let taken = match behind.get(..1)? {
                "%" => {
                    name.push('%');
                    1
                }
                "{" if behind.get(..3).is_some_and(|it| it.eq_ignore_ascii_case("{d}")) => {
                    name.push_str(domain);
                    3
                }
                _ => return None,
            };
            rest = &behind[taken..];
        }
        name.push_str(rest);
        Some(name.trim_end_matches('.').to_owned())
    }
}

/// The text with an `x` for each macro; nothing where a macro is none.
fn without_macros(text: &str) -> Option<String> {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        plain.push_str(&rest[..at]);
        plain.push('x');
        let behind = &rest[at + 1..];
        rest = match behind.as_bytes().first()? {
            b'%' | b'_' | b'-' => &behind[1..],
            b'{' => {
                let end = behind.find('}')?;
                let mut inside = behind[1..end].chars();
                let letter = inside.next()?.to_ascii_lowercase();
                let tail: String = inside.skip_while(char::is_ascii_digit).collect();
                let tail = tail.strip_prefix(['r', 'R']).unwrap_or(&tail);
                let delimiters = tail.chars().all(|c| matches!(c, '.' | '-' | '+' | ',' | '/' | '_' | '='));
                if !"slodiphcrtv".contains(letter) || !delimiters {
                    return None;
                }
                &behind[end + 1..]
            }
            _ => return None,
        };
    }
    plain.push_str(rest);
    Some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_told_from_other_texts() {
        let texts = ["v=spf1 -all", "V=SPF1", "v=spf10 -all", "v=spf1-all", "spf2.0/pra -all", "google-site=v=spf1"];
        let texts = texts.map(str::to_owned);
        assert_eq!(records(&texts), ["v=spf1 -all", "V=SPF1"]);
        for text in ["v=spf-1 mx -all", "spf1 mx -all", "v =spf1 mx -all", "\"v=spf1 -all\"", " v=spf1 mx"] {
            assert!(near_miss(&[text.to_owned()]).is_some(), "{text}");
        }
        assert_eq!(near_miss(&["ms=1234".to_owned(), "docusign=x".to_owned()]), None);
    }

    #[test]
    fn what_the_standard_allows_is_read() {
        for text in [
            "v=spf1",
            "v=spf1  a  mx   -all ",
            "v=spf1 +a:mail.smith.example/24//64 mx/28 mx://64 ~all".replace("mx://64", "mx//64").as_str(),
            "v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 ip4:0.0.0.0/0 ?all",
            "V=SPF1 A MX IP4:192.0.2.1 INCLUDE:X.example -ALL",
            "v=spf1 exists:%{i}._spf.%{d2} include:%{d}.x.example ptr ptr:x.example -all",
            "v=spf1 exists:%{l1r-}.x.%{o} exp=why.%{d} redirect=_spf.x.example. unknown.thing=%{h}",
            "v=spf1 a:_spf.x.example a:x%%y.example a:8.x-y.example -all",
        ] {
            Record::parse(text).unwrap_or_else(|fault| panic!("{text}: {fault}"));
        }
    }

    #[test]
    fn what_it_does_not_allow_is_named() {
        for (text, named) in [
            ("v=spf1 ipv4:192.0.2.1 -all", "`ipv4:192.0.2.1` is no mechanism"),
            ("v=spf1 include: -all", "`include:` names no domain"),
            ("v=spf1 include -all", "`include` names no domain"),
            ("v=spf1 include:localhost:25", "names no domain"),
            ("v=spf1 ip4:192.0.2 -all", "names no address"),
            ("v=spf1 ip4:2001:db8::1 -all", "names no address"),
            ("v=spf1 ip6:192.0.2.1", "names no address"),
            ("v=spf1 ip4", "names no address"),
            ("v=spf1 ip4:192.0.2.0/33", "length of network"),
            ("v=spf1 a/024", "length of network"),
            ("v=spf1 mx//129", "length of network"),
            ("v=spf1 a:192.0.2.1 -all", "names no domain"),
            ("v=spf1 a:x.example:y -all", "names no domain"),
            ("v=spf1 -all:x", "takes no value"),
            ("v=spf1 redirect=x.example redirect=y.example", "`redirect=` stands there twice"),
            ("v=spf1 exp=x.example exp=y.example", "`exp=` stands there twice"),
            ("v=spf1 redirect= -all", "names no domain"),
            ("v=spf1 exists:%{q}.x.example", "names no domain"),
            ("v=spf1 exists:%{i.x.example", "names no domain"),
            ("v=spf1 exists:%x.example", "names no domain"),
            ("v=spf1 mx, -all", "no mechanism"),
            ("v=spf1 – all", "not ASCII"),
            ("v=spf1 mx v=spf1 mx all all- -all", "no mechanism"),
        ] {
            let fault = Record::parse(text).expect_err(text).to_string();
            assert!(fault.contains(named), "{text}: {fault}");
        }
    }

    #[test]
    fn an_ending_is_the_first_all() {
        for (text, ending) in [
            ("v=spf1 -all +all", Some(Sign::Fail)),
            ("v=spf1 ~all", Some(Sign::SoftFail)),
            ("v=spf1 ?all", Some(Sign::Neutral)),
            ("v=spf1 all", Some(Sign::Pass)),
            ("v=spf1 mx", None),
        ] {
            assert_eq!(Record::parse(text).unwrap().ending(), ending, "{text}");
        }
    }

    #[test]
    fn networks_hold_what_has_their_first_bits() {
        let net = |text: &str| match Record::parse(&format!("v=spf1 {text}")).unwrap().directives[0].mechanism {
            Mechanism::Net(net) => net,
            ref other => panic!("{other:?}"),
        };
        for (text, address, held) in [
            ("ip4:192.0.2.0/24", "192.0.2.255", true),
            ("ip4:192.0.2.0/24", "192.0.3.0", false),
            ("ip4:192.0.2.1", "192.0.2.1", true),
            ("ip4:192.0.2.1", "192.0.2.0", false),
            ("ip4:10.0.0.0/0", "203.0.113.9", true),
            ("ip6:2001:db8::/32", "2001:db8:ffff::1", true),
            ("ip6:2001:db8::/32", "2001:db9::1", false),
            ("ip6:::/0", "2001:db8::1", true),
            ("ip6:::/0", "192.0.2.1", false),
        ] {
            assert_eq!(net(text).contains(address.parse().unwrap()), held, "{text} {address}");
        }
        assert!(net("ip4:0.0.0.0/0").is_everything() && !net("ip4:0.0.0.0/1").is_everything());
    }

    #[test]
    fn names_that_depend_on_the_mail_are_not_guessed() {
        let spec = |text: &str| Spec(text.to_owned()).name("smith.example");
        assert_eq!(spec("_spf.%{D}").as_deref(), Some("_spf.smith.example"));
        assert_eq!(spec("a%%b.example.").as_deref(), Some("a%b.example"));
        for text in ["%{i}.x.example", "%{d2}", "%{s}", "%_x", "%", "x%ä"] {
            assert_eq!(spec(text), None, "{text}");
        }
    }
}

//! What is odd about an address that is one (E5). Staff are told, and nothing is refused for it.

use icu_properties::{CodePointMapData, props::Script};
use idna::uts46::{AsciiDenyList, Hyphens, Uts46};

use super::EmailAddress;

/// What is odd about an address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EmailWarning {
    /// A part of the domain mixes scripts that no language writes together.
    MixedScripts,
    /// A part of the domain reads like one in plain letters, and is another.
    ConfusableDomain,
    /// The domain is one slip away from one that many have.
    LikelyTypo {
        /// The address that was probably meant.
        instead: String,
    },
    /// It is the address of a desk, and not of a person.
    RoleAddress,
    /// The domain gets no mail from outside.
    NoMailFromOutside,
}

impl EmailWarning {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::MixedScripts => "mixed_scripts",
            Self::ConfusableDomain => "confusable_domain",
            Self::LikelyTypo { .. } => "likely_typo",
            Self::RoleAddress => "role_address",
            Self::NoMailFromOutside => "no_mail_from_outside",
        }
    }
}

/// Domains at which many have their mail.
const COMMON: [&str; 24] = [
    "btinternet.com",
    "comcast.net",
    "gmail.com",
    "googlemail.com",
    "hotmail.co.uk",
    "hotmail.com",
    "hotmail.de",
    "hotmail.fr",
    "icloud.com",
    "live.co.uk",
    "outlook.com",
    "outlook.de",
    "posteo.de",
    "protonmail.com",
    "sbcglobal.net",
    "t-online.de",
    "talktalk.net",
    "verizon.net",
    "virginmedia.com",
    "wanadoo.fr",
    "yahoo.co.uk",
    "yahoo.com",
    "yahoo.de",
    "yahoo.fr",
];

/// Domains that are one slip away from one of those, and are mail domains themselves.
const NO_SLIPS: [&str; 5] = ["email.com", "gmail.co.uk", "mail.com", "rocketmail.com", "ymail.com"];

/// Names that are no person's, before the `@`.
const ROLES: [&str; 34] = [
    "abuse",
    "accounting",
    "accounts",
    "admin",
    "administrator",
    "billing",
    "buchhaltung",
    "buero",
    "contact",
    "enquiries",
    "finance",
    "hello",
    "help",
    "hostmaster",
    "hr",
    "info",
    "invoices",
    "jobs",
    "kanzlei",
    "kontakt",
    "mail",
    "marketing",
    "no-reply",
    "noreply",
    "office",
    "post",
    "postmaster",
    "reception",
    "sales",
    "sekretariat",
    "service",
    "support",
    "team",
    "webmaster",
];

/// Last labels below which no mail comes from outside. `example` is left out: samples, and this product's own, are written with it.
const NOT_OUTSIDE: [&str; 14] = [
    "alt",
    "arpa",
    "corp",
    "home",
    "internal",
    "intranet",
    "invalid",
    "lan",
    "local",
    "localdomain",
    "localhost",
    "onion",
    "private",
    "test",
];

/// Letters of other scripts that read like plain ones.
const LOOK_ALIKES: &str = "асеһіјӏорԛѕухԝԁѵοανιρυχγօոսհցզıɑɡɩ";

impl EmailAddress {
    /// What is odd about it (E5); mostly nothing.
    ///
    /// ```
    /// use portal_domain::email::{EmailAddress, EmailWarning};
    ///
    /// let address = EmailAddress::parse("ada@gmial.com")?;
    /// assert_eq!(address.warnings(), [EmailWarning::LikelyTypo { instead: "ada@gmail.com".to_owned() }]);
    /// assert!(EmailAddress::parse("ada@smith.example")?.warnings().is_empty());
    /// # Ok::<(), portal_domain::email::EmailFault>(())
    /// ```
    pub fn warnings(&self) -> Vec<EmailWarning> {
        let plain = self.key().domain();
        let (domain, _) = Uts46::new().to_unicode(plain.as_bytes(), AsciiDenyList::STD3, Hyphens::Check);
        let mut warnings = Vec::new();
        if domain.split('.').any(mixes_scripts) {
            warnings.push(EmailWarning::MixedScripts);
        }
        if domain.split('.').any(is_confusable) {
            warnings.push(EmailWarning::ConfusableDomain);
        }
        if let Some(meant) = meant(plain) {
            warnings.push(EmailWarning::LikelyTypo { instead: format!("{}@{meant}", self.local_part()) });
        }
        let local = self.key().as_str().split('@').next().unwrap_or_default();
        if ROLES.contains(&local) {
            warnings.push(EmailWarning::RoleAddress);
        }
        if plain.rsplit('.').next().is_some_and(|last| NOT_OUTSIDE.contains(&last)) {
            warnings.push(EmailWarning::NoMailFromOutside);
        }
        warnings
    }
}

/// Whether scripts stand together that no language writes together ("highly restrictive" in UTS 39).
fn mixes_scripts(label: &str) -> bool {
    let scripts = CodePointMapData::<Script>::new();
    let shared = [Script::Common, Script::Inherited];
    let mut own: Vec<_> = label.chars().map(|c| scripts.get(c)).filter(|script| !shared.contains(script)).collect();
    own.sort_unstable();
    own.dedup();
    let together: [&[Script]; 3] = [
        &[Script::Latin, Script::Han, Script::Hiragana, Script::Katakana],
        &[Script::Latin, Script::Han, Script::Bopomofo],
        &[Script::Latin, Script::Han, Script::Hangul],
    ];
    own.len() > 1 && !together.iter().any(|set| own.iter().all(|script| set.contains(script)))
}

/// Whether a label has a letter of another script in it, and none that doesn't read like a plain one.
fn is_confusable(label: &str) -> bool {
    !label.is_ascii() && label.chars().all(|c| c.is_ascii() || LOOK_ALIKES.contains(c))
}

/// The common domain that was probably meant.
fn meant(domain: &str) -> Option<&'static str> {
    if COMMON.contains(&domain) || NO_SLIPS.contains(&domain) {
        return None;
    }
    let slip = |common: &&str| is_a_slip(domain.as_bytes(), common.as_bytes());
    COMMON.into_iter().find(|common| slip(common) && !of_two_countries(domain, common))
}

/// Whether two domains end in different countries: many large providers have one for each.
fn of_two_countries(one: &str, other: &str) -> bool {
    let country =
        |domain: &str| domain.rsplit_once('.').map(|(_, last)| last.to_owned()).filter(|last| last.len() == 2);
    country(one).zip(country(other)).is_some_and(|(one, other)| one != other)
}

/// Whether one letter too many, too few, another, or two that changed places make one of the other.
fn is_a_slip(typed: &[u8], meant: &[u8]) -> bool {
    let before = typed.iter().zip(meant).take_while(|(a, b)| a == b).count();
    let (typed, meant) = (&typed[before..], &meant[before..]);
    match (typed, meant) {
        ([a, b, typed @ ..], [c, d, meant @ ..]) if (a, b) == (d, c) && typed == meant => true,
        ([_, typed @ ..], [_, meant @ ..]) if typed == meant => true,
        ([_, rest @ ..], meant) if rest == meant => true,
        (typed, [_, rest @ ..]) if rest == typed => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(address: &str) -> Vec<&'static str> {
        let address = EmailAddress::parse(address).expect("an address");
        address.warnings().iter().map(EmailWarning::code).collect()
    }

    #[test]
    fn e5_what_is_odd_about_an_address_is_told() {
        for (address, told) in [
            ("ada@smith.example", &[][..]),
            ("ada@bücher.example", &[]),
            ("ada@例え.example", &[]),
            ("ada@ひらカタ漢字abc.example", &[]),
            ("ada@한국kr.example", &[]),
            ("ada@почта.example", &[]),
            ("ada@pаypal.example", &["mixed_scripts", "confusable_domain"]),
            ("ada@аррӏе.example", &["confusable_domain"]),
            ("ada@xn--80ak6aa92e.example", &["confusable_domain"]),
            ("ada@αбв.example", &["mixed_scripts"]),
            ("ada@gmial.com", &["likely_typo"]),
            ("ada@GMAIL.con", &["likely_typo"]),
            ("ada@gmail.com", &[]),
            ("ada@ymail.com", &[]),
            ("Info@smith.example", &["role_address"]),
            ("no-reply@hotmial.com", &["likely_typo", "role_address"]),
            ("ada@server.local", &["no_mail_from_outside"]),
            ("ada@x.onion", &["no_mail_from_outside"]),
            ("ada@local.example", &[]),
            ("information@smith.example", &[]),
        ] {
            assert_eq!(codes(address), told, "{address}");
        }
    }

    #[test]
    fn the_same_provider_in_another_country_is_no_slip() {
        for domain in ["hotmail.ie", "hotmail.be", "outlook.be", "outlook.ie", "yahoo.ie", "yahoo.gr", "hotmail.it"] {
            assert_eq!(codes(&format!("ada@{domain}")), [""; 0], "{domain}");
        }
        for domain in ["gmail.co", "hotmial.de", "outlok.de", "hotmail.con"] {
            assert_eq!(codes(&format!("ada@{domain}")), ["likely_typo"], "{domain}");
        }
    }

    #[test]
    fn no_common_domain_is_a_slip_of_another() {
        for domain in COMMON.into_iter().chain(NO_SLIPS) {
            assert_eq!(codes(&format!("ada@{domain}")), [""; 0], "{domain}");
        }
        assert!(COMMON.is_sorted() && NO_SLIPS.is_sorted() && ROLES.is_sorted() && NOT_OUTSIDE.is_sorted());
    }
}

//! The firm and what it is made of: practice, settings, staff, clients, keys of its host program.

mod look;
mod web;

use std::{borrow::Cow, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{
    email::{EmailAddress, is_hidden},
    id::{ApiKeyId, ClientId, OperatorKeyId, PracticeId, Ref, Slug, UserId},
    time::Timestamp,
};

pub(crate) use self::web::{BOUNDS as ADDRESS_BOUNDS, has_fragment, is_web_address};
pub use self::web::{Place, ReturnAddress};

/// The firm. Everything else belongs to exactly one practice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Practice {
    /// Our id.
    pub id: PracticeId,
    /// Its name in addresses.
    pub slug: Slug,
    /// Its name in words.
    pub name: String,
    /// What it may set.
    pub settings: Settings,
    /// Since when it is suspended: nobody comes in, no mail goes out, and its data stay.
    pub suspended_at: Option<Timestamp>,
    /// From when on its data are deleted for good, where somebody ordered that.
    pub delete_after: Option<Timestamp>,
    /// When it was created.
    pub created_at: Timestamp,
    /// Raised by one with every change.
    pub version: i64,
}

/// What happens when two contacts with access have the same first address (C3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SharedLogin {
    /// One login, one password, a chooser of profiles.
    Join,
    /// `login_email_taken`.
    Refuse,
}

/// What becomes of sessions when a login moves to a new address (M3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionsOnMove {
    /// They end.
    End,
    /// They go on, unless the password ends.
    Keep,
}

/// Whether clients need a second factor (P5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecondFactor {
    /// Who wants one has one.
    Optional,
}

/// The settings of a practice, each within its bounds.
///
/// A value outside its bounds can't be stored: [`Settings::check`] is asked before every change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// C3. Default `join`.
    pub shared_login: SharedLogin,
    /// M3. Default `end`.
    pub sessions_on_move: SessionsOnMove,
    /// How long an activation link works, in hours: 1–720, default 168.
    pub activation_link_hours: u32,
    /// How long a reset link works, in minutes: 10–1440, default 60.
    pub reset_link_minutes: u32,
    /// A session ends after so many minutes without a request: 5–1440, default 30.
    pub session_idle_minutes: u32,
    /// A session ends after so many hours in any case: 1–720, default 12.
    pub session_absolute_hours: u32,
    /// Shortest password, in code points: 8–64, default 12.
    pub password_min_length: u32,
    /// Whether who tries an old address gets a hint by mail (M8). Default true.
    pub hint_mail: bool,
    /// Days before an invitation expires on which it is repeated (D8). Default `[2]`, at most five of 1–30.
    pub reminder_days: Vec<u32>,
    /// Where answers to mails go. Default nowhere of its own.
    pub mail_reply_to: Option<String>,
    /// Whom to ask, in one line of at most 200 characters.
    pub contact_line: String,
    /// A note that goes into every invitation, at most 600 characters.
    pub invitation_note: String,
    /// At most so many mails an hour (D7), at least one where set.
    pub mails_per_hour: Option<u32>,
    /// Language of pages and mails, a BCP 47 tag. Default `en`.
    pub locale: String,
    /// The colour behind white text, `#rrggbb`, dark enough for it (WCAG 2.2: at least 4.5:1). Default the portal's own.
    pub accent: Option<String>,
    /// A small PNG, JPEG or WebP picture as a `data:` URI of at most 40,000 characters.
    pub logo: Option<String>,
    /// Other sites that clients are shown, at most eight.
    pub places: Vec<Place>,
    /// Where clients may be sent back to, at most ten addresses without fragment, each under a name of its own.
    #[serde(deserialize_with = "web::read_return_addresses")]
    pub return_addresses: Vec<ReturnAddress>,
    /// P5. Default `optional`.
    pub second_factor: SecondFactor,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            shared_login: SharedLogin::Join,
            sessions_on_move: SessionsOnMove::End,
            activation_link_hours: 168,
            reset_link_minutes: 60,
            session_idle_minutes: 30,
            session_absolute_hours: 12,
            password_min_length: 12,
            hint_mail: true,
            reminder_days: vec![2],
            mail_reply_to: None,
            contact_line: String::new(),
            invitation_note: String::new(),
            mails_per_hour: None,
            locale: "en".to_owned(),
            accent: None,
            logo: None,
            places: Vec::new(),
            return_addresses: Vec::new(),
            second_factor: SecondFactor::Optional,
        }
    }
}

impl Settings {
    /// Says which setting is out of its bounds, and what they are.
    ///
    /// ```
    /// use portal_domain::practice::Settings;
    /// let long = Settings { activation_link_hours: 721, ..Settings::default() };
    /// assert_eq!(long.check().unwrap_err().field, "activation_link_hours");
    /// assert!(Settings::default().check().is_ok());
    /// ```
    pub fn check(&self) -> Result<(), OutOfBounds> {
        let within = |field, value: u32, low: u32, high: u32| {
            let bounds = format!("{low} to {high}");
            if (low..=high).contains(&value) { Ok(()) } else { Err(OutOfBounds::new(field, &bounds)) }
        };
        let at_most = |field, text: &str, most: usize| {
            let bounds = format!("at most {most} characters, without control characters");
            let fits = text.chars().count() <= most && !text.chars().any(|c| c.is_control() && c != '\n');
            if fits { Ok(()) } else { Err(OutOfBounds::new(field, &bounds)) }
        };
        within("activation_link_hours", self.activation_link_hours, 1, 720)?;
        within("reset_link_minutes", self.reset_link_minutes, 10, 1440)?;
        within("session_idle_minutes", self.session_idle_minutes, 5, 1440)?;
        within("session_absolute_hours", self.session_absolute_hours, 1, 720)?;
        within("password_min_length", self.password_min_length, 8, 64)?;
        if self.reminder_days.len() > 5 || self.reminder_days.iter().any(|days| !(1..=30).contains(days)) {
            return Err(OutOfBounds::new("reminder_days", "at most five numbers from 1 to 30"));
        }
        within("mails_per_hour", self.mails_per_hour.unwrap_or(1), 1, 1_000_000)?;
        at_most("contact_line", &self.contact_line, 200)?;
        at_most("invitation_note", &self.invitation_note, 600)?;
        if self.contact_line.contains('\n') {
            return Err(OutOfBounds::new("contact_line", "one line"));
        }
        if let Some(address) = &self.mail_reply_to {
            EmailAddress::parse(address).map_err(|fault| OutOfBounds::new("mail_reply_to", &fault.to_string()))?;
        }
        check_locale(&self.locale)?;
        self.check_look()?;
        self.check_addresses()
    }

    fn check_look(&self) -> Result<(), OutOfBounds> {
        let accent = self.accent.as_deref().and_then(look::accent_fault).map(|bounds| ("accent", bounds));
        let logo = self.logo.as_deref().and_then(look::logo_fault).map(|bounds| ("logo", bounds));
        accent.or(logo).map_or(Ok(()), |(field, bounds)| Err(OutOfBounds::new(field, bounds)))
    }

    fn check_addresses(&self) -> Result<(), OutOfBounds> {
        if self.places.len() > 8 {
            return Err(OutOfBounds::new("places", "at most eight"));
        }
        for (index, place) in self.places.iter().enumerate() {
            if let Some((member, bounds)) = place.fault() {
                return Err(OutOfBounds::new(format!("places[{index}].{member}"), bounds));
            }
        }
        if self.return_addresses.len() > 10 {
            return Err(OutOfBounds::new("return_addresses", "at most ten"));
        }
        for (index, place) in self.return_addresses.iter().enumerate() {
            let fault = place.fault().or_else(|| {
                let taken = self.return_addresses[..index].iter().any(|other| other.name == place.name);
                taken.then_some(("name", "another name than those before"))
            });
            if let Some((member, bounds)) = fault {
                return Err(OutOfBounds::new(format!("return_addresses[{index}].{member}"), bounds));
            }
        }
        Ok(())
    }

    /// The practice's colour, lightened so that it can be read in the dark.
    pub fn accent_in_the_dark(&self) -> Option<String> {
        self.accent.as_deref().and_then(look::lightened)
    }

    /// Type and bytes of the logo.
    pub fn logo_picture(&self) -> Option<(&'static str, Vec<u8>)> {
        self.logo.as_deref().and_then(look::picture)
    }

    /// The address that clients may be sent back to under this name.
    pub fn return_address(&self, name: &str) -> Option<&ReturnAddress> {
        self.return_addresses.iter().find(|place| place.name == name)
    }

    /// How long an activation link works.
    pub fn activation_link_life(&self) -> Duration {
        Duration::from_secs(u64::from(self.activation_link_hours) * 3600)
    }

    /// How long a reset link works.
    pub fn reset_link_life(&self) -> Duration {
        Duration::from_secs(u64::from(self.reset_link_minutes) * 60)
    }

    /// How long a session lives without a request.
    pub fn session_idle(&self) -> Duration {
        Duration::from_secs(u64::from(self.session_idle_minutes) * 60)
    }

    /// How long a session lives at most.
    pub fn session_absolute(&self) -> Duration {
        Duration::from_secs(u64::from(self.session_absolute_hours) * 3600)
    }
}

/// A setting that is out of its bounds.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{field}` must be {bounds}")]
pub struct OutOfBounds {
    /// Name of the setting, such as `locale` or `places[1].name`.
    pub field: Cow<'static, str>,
    /// The bounds, in words.
    pub bounds: String,
}

impl OutOfBounds {
    /// A trial client is there to be tried with, and becomes nobody's.
    pub(crate) fn of_trial() -> Self {
        Self::new("clients", "none but its own: this contact is a trial client; add another contact")
    }

    /// A host's key has scopes, and never the operator's, which belongs to no practice.
    pub(crate) fn of_scopes() -> Self {
        Self::new("scopes", "one or more of `read`, `write`, `sign_in`, `credentials`")
    }

    fn new(field: impl Into<Cow<'static, str>>, bounds: &str) -> Self {
        Self { field: field.into(), bounds: bounds.to_owned() }
    }
}

/// Whether a text is a name: at most 500 characters, at least one of them to be seen, and no control character, which would
/// speak in mails, logs and terminals and U+0000 of which not every database can hold.
///
/// ```
/// use portal_domain::practice::check_name;
/// assert!(check_name("Zoë & Söhne").is_ok());
/// assert_eq!(check_name("Ada\r\nBcc: x").unwrap_err().field, "name");
/// assert!(check_name(" \u{200b}").is_err());
/// ```
pub fn check_name(name: &str) -> Result<(), OutOfBounds> {
    let seen = name.chars().any(|c| !is_hidden(c));
    if name.chars().count() <= 500 && seen && !name.chars().any(char::is_control) {
        return Ok(());
    }
    Err(OutOfBounds::new("name", "1 to 500 characters, not only hidden ones, without control characters"))
}

/// Whether a text has the form of a language tag (BCP 47): a language of 2–8 ASCII letters, then parts of 1–8 ASCII letters and
/// digits, with `-` between, 35 characters at most.
///
/// ```
/// use portal_domain::practice::check_locale;
/// assert!(check_locale("de").is_ok() && check_locale("zh-Hant-TW").is_ok());
/// assert!(check_locale("--").is_err() && check_locale("de_AT").is_err());
/// ```
pub fn check_locale(locale: &str) -> Result<(), OutOfBounds> {
    let mut parts = locale.split('-');
    let language = |part: &str| (2..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphabetic());
    let further = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if locale.len() <= 35 && parts.next().is_some_and(language) && parts.all(further) {
        return Ok(());
    }
    Err(OutOfBounds::new("locale", "a BCP 47 language tag"))
}

/// What a practice user may do (W3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything, settings and staff included.
    Admin,
    /// Contacts, clients, commands.
    Staff,
}

impl Role {
    /// `admin` or `staff`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Staff => "staff",
        }
    }

    /// Reads what [`code`](Self::code) writes.
    pub fn parse(code: &str) -> Option<Self> {
        [Self::Admin, Self::Staff].into_iter().find(|role| role.code() == code)
    }
}

/// Staff of a practice. The key of the address belongs to the user in the practice's key registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PracticeUser {
    /// Our id.
    pub id: UserId,
    /// The host's id.
    pub reference: Ref,
    /// Name in words.
    pub name: String,
    /// The address the user signs in with.
    pub email: EmailAddress,
    /// What the user may do.
    pub role: Role,
    /// When the user was created.
    pub created_at: Timestamp,
    /// Raised by one with every change.
    pub version: i64,
}

/// A business or individual that the practice serves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// Our id.
    pub id: ClientId,
    /// The host's id.
    pub reference: Ref,
    /// Name in words.
    pub name: String,
    /// A suspended client's profiles are not seen by anybody (A5).
    pub suspended: bool,
    /// When the client was created.
    pub created_at: Timestamp,
    /// Raised by one with every change.
    pub version: i64,
}

/// What a caller with an API key may do (W3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Every `GET`, search, diagnosis.
    Read,
    /// That, and every other route but those of the next two.
    Write,
    /// Hand-overs and sign-ins.
    SignIn,
    /// Import of credentials.
    Credentials,
    /// The operator API.
    Operator,
}

impl Scope {
    /// All scopes.
    pub const ALL: [Self; 5] = [Self::Read, Self::Write, Self::SignIn, Self::Credentials, Self::Operator];

    /// The scope's name in API and command line.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::SignIn => "sign_in",
            Self::Credentials => "credentials",
            Self::Operator => "operator",
        }
    }

    /// Whether a key with this scope may do what needs `needed`: who may write may read (W3).
    ///
    /// ```
    /// use portal_domain::practice::Scope;
    /// assert!(Scope::Write.allows(Scope::Read) && !Scope::Read.allows(Scope::Write));
    /// assert!(!Scope::Write.allows(Scope::Credentials));
    /// ```
    pub fn allows(self, needed: Self) -> bool {
        self == needed || (self == Self::Write && needed == Self::Read)
    }

    /// Reads what [`code`](Self::code) writes.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.code() == code)
    }
}

/// SHA-256 of an API key's secret; the secret itself is shown once and kept nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ApiKeyHash(pub [u8; 32]);

/// A host program's permission to call the API for one practice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    /// Our id.
    pub id: ApiKeyId,
    /// The practice it belongs to.
    pub practice: PracticeId,
    /// What its owner calls it.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// Digest of the secret.
    pub hash: ApiKeyHash,
    /// When it was made.
    pub created_at: Timestamp,
    /// Since when it no longer works.
    pub revoked_at: Option<Timestamp>,
}

/// The permission of whoever runs the service to create practices and their keys (W3). It belongs to no practice, and reads
/// nothing of any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperatorKey {
    /// Our id.
    pub id: OperatorKeyId,
    /// What its owner calls it.
    pub name: String,
    /// Digest of the secret.
    pub hash: ApiKeyHash,
    /// When it was made.
    pub created_at: Timestamp,
    /// Since when it no longer works.
    pub revoked_at: Option<Timestamp>,
}

//! Guessing and flooding, bounded: the counters of section G and their rules, written once.
//!
//! A [`Bucket`] names a counter and the rule it is under; its [`Tally`] is what a store keeps of it, as JSON that no SQL
//! looks into. A try is counted before anything costly is done, and given back where it turns out to be right.

mod marks;

use std::{net::IpAddr, time::Duration};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use self::marks::{TryMark, TryMarks};
use crate::{
    email::LoginKey,
    id::{LoginId, SessionId, TryId, UserId, WorkspaceSessionId},
    time::Timestamp,
};

/// So long a try to sign in is remembered for the diagnosis (M8, X1).
pub const NOTES_KEPT: Duration = Duration::from_secs(30 * 24 * 3600);
/// So many notes of tries at one mark are kept, the newest: whoever goes on typing the same takes no more room.
pub const NOTES_AT_A_MARK: u32 = 100;

/// Wrong passwords in [`WINDOW`] that start no pause (G1).
const FREE: usize = 10;
/// See [`FREE`].
const WINDOW: Duration = Duration::from_secs(15 * 60);
/// The first pause; each is twice as long as the one before.
const FIRST_PAUSE: Duration = Duration::from_secs(60);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);
/// So long without a wrong password forgets all.
const DAY: Duration = Duration::from_secs(24 * 3600);
/// Counted times that are kept: more than can be given back at once.
const KEPT: usize = 24;

/// Tries of an origin are counted in slots of so many microseconds, for a minute.
const SLOT: i64 = 5_000_000;
/// Slots that touch the last minute, besides the present one.
const SLOTS: i64 = 12;

/// So far the clocks of instances may be apart.
const CLOCKS_APART: Duration = Duration::from_secs(120);

/// Mail that anybody can trigger, at one login key: at most so many in an hour (G3).
const MAILS_AN_HOUR: usize = 3;
/// And so many in a day.
const MAILS_A_DAY: usize = 10;

/// Name of a counter: a digest, so that no address stands in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BucketName(pub [u8; 32]);

impl BucketName {
    /// The counter of wrong passwords for a key, from browsers that never signed in to it (G1). Known or not, every key has one.
    pub fn strangers(key: &LoginKey) -> Self {
        Self::of("strangers", &[key.as_str().as_bytes()])
    }

    /// The counter of wrong passwords for a key at the sign-in of staff, from browsers that never signed in there.
    pub fn staff_strangers(key: &LoginKey) -> Self {
        Self::of("staff strangers", &[key.as_str().as_bytes()])
    }

    fn of(kind: &str, parts: &[&[u8]]) -> Self {
        let mut hash = Sha256::new().chain_update(b"portal bucket v1\0").chain_update(kind).chain_update(b"\0");
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        Self(hash.finalize().into())
    }
}

/// A counter of one practice, and the rule it is under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    name: BucketName,
    rule: Rule,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    /// G1.
    WrongPasswords,
    /// G2.
    PerMinute(u32),
}

impl Bucket {
    /// Wrong passwords for a key, from browsers that never signed in to it (G1).
    pub fn strangers(key: &LoginKey) -> Self {
        Self { name: BucketName::strangers(key), rule: Rule::WrongPasswords }
    }

    /// Wrong passwords for a login, from a browser that has signed in to it before: a counter of its own, so that a
    /// stranger's guesses don't keep the owner out (G1).
    pub fn known_browser(login: LoginId, browser: BrowserId) -> Self {
        let name = BucketName::of("browser", &[&login.to_bytes(), &browser.0]);
        Self { name, rule: Rule::WrongPasswords }
    }

    /// Wrong current passwords, typed inside a session to change it.
    pub fn session(session: SessionId) -> Self {
        Self { name: BucketName::of("session", &[&session.to_bytes()]), rule: Rule::WrongPasswords }
    }

    /// Wrong passwords for a key at the sign-in of staff: a counter of its own, whether or not the key is also typed at the portal
    /// (W1).
    pub fn staff_strangers(key: &LoginKey) -> Self {
        Self { name: BucketName::staff_strangers(key), rule: Rule::WrongPasswords }
    }

    /// Wrong passwords for a practice user, from a browser that has signed in to the workspace as that user before.
    pub fn staff_browser(user: UserId, browser: BrowserId) -> Self {
        let name = BucketName::of("staff browser", &[&user.to_bytes(), &browser.0]);
        Self { name, rule: Rule::WrongPasswords }
    }

    /// Wrong current passwords, typed inside a session of the workspace to change it.
    pub fn workspace_session(session: WorkspaceSessionId) -> Self {
        Self { name: BucketName::of("workspace session", &[&session.to_bytes()]), rule: Rule::WrongPasswords }
    }

    /// Tries of one address of origin to sign in, reset and renew together, per minute (G2). Of an IPv6 address the first 64
    /// bits count: who has one has all of them.
    pub fn origin(origin: &str, per_minute: u32) -> Self {
        let network = match origin.parse::<IpAddr>().map(|address| address.to_canonical()) {
            Ok(IpAddr::V4(address)) => address.octets().to_vec(),
            Ok(IpAddr::V6(address)) => address.octets()[..8].to_vec(),
            Err(_) => origin.as_bytes().to_vec(),
        };
        Self { name: BucketName::of("origin", &[&network]), rule: Rule::PerMinute(per_minute) }
    }

    /// Whether a try is noted that it says no to. In a pause it is, for that tells the most; where an origin has to wait it is not, or
    /// a flood would be noted whole (M8).
    pub const fn notes_refused(&self) -> bool {
        matches!(self.rule, Rule::WrongPasswords)
    }

    /// The counter's name.
    pub const fn name(&self) -> BucketName {
        self.name
    }

    /// Counts a try at `now`: the tally from then on and the time under which the try was counted, or until when to wait.
    ///
    /// ```
    /// use portal_domain::{email::LoginKey, throttle::{Bucket, Tally}, time::Timestamp};
    /// let bucket = Bucket::strangers(&LoginKey::parse("ada@smith.example")?);
    /// let noon = Timestamp::from_micros(1_800_000_000_000_000);
    /// let mut tally = Tally::default();
    /// for _ in 0..11 {
    ///     tally = bucket.count(tally, noon).expect("ten are free, and the eleventh starts a pause").0;
    /// }
    /// let until = bucket.count(tally, noon).expect_err("a pause");
    /// assert_eq!(until.since(noon).as_secs(), 60);
    /// # Ok::<(), portal_domain::email::LoginKeyFault>(())
    /// ```
    pub fn count(&self, tally: Tally, now: Timestamp) -> Result<(Tally, Timestamp), Timestamp> {
        match self.rule {
            Rule::WrongPasswords => tally.count_password(now),
            Rule::PerMinute(limit) => tally.count_in_minute(limit, now).map(|tally| (tally, now)),
        }
    }
}

/// The bucket whose refusal can be told by a look at its counter alone, so that a flood that is refused holds nobody up: the first,
/// unless what it refuses has to be noted.
pub fn refusing_unnoted<'a>(buckets: &'a [Bucket], noted: Option<&Try>) -> Option<&'a Bucket> {
    buckets.first().filter(|first| noted.is_none() || !first.notes_refused())
}

/// What is kept of a counter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tally {
    /// When passwords were counted as wrong, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    wrong: Vec<Timestamp>,
    /// Pauses so far.
    #[serde(skip_serializing_if = "is_nought")]
    pauses: u32,
    /// The last pause.
    #[serde(skip_serializing_if = "Option::is_none")]
    pause: Option<Pause>,
    /// Tries by slot of time.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    slots: Vec<(i64, u32)>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
const fn is_nought(number: &u32) -> bool {
    *number == 0
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Pause {
    /// The time under which the try that started it was counted.
    began: Timestamp,
    until: Timestamp,
}

impl Tally {
    fn count_password(self, now: Timestamp) -> Result<(Self, Timestamp), Timestamp> {
        if let Some(until) = self.paused_until(now) {
            return Err(until);
        }
        let quiet = self.wrong.last().is_some_and(|last| now.since(*last) >= DAY);
        let mut tally = if quiet { Self::default() } else { self };
        // Every counted try has a time of its own, so that what is given back is exactly what was counted.
        let at = tally.wrong.last().map_or(now, |last| now.max(Timestamp::from_micros(last.as_micros() + 1)));
        let lately = tally.wrong.iter().filter(|wrong| now.since(**wrong) < WINDOW).count();
        if lately >= FREE || tally.pauses > 0 {
            let length = FIRST_PAUSE.saturating_mul(1 << tally.pauses.min(16)).min(LONGEST_PAUSE);
            tally.pauses += 1;
            tally.pause = Some(Pause { began: at, until: now.after(length) });
        }
        tally.wrong.push(at);
        let surplus = tally.wrong.len().saturating_sub(KEPT);
        tally.wrong.drain(..surplus);
        Ok((tally, at))
    }

    fn count_in_minute(mut self, limit: u32, now: Timestamp) -> Result<Self, Timestamp> {
        let present = now.as_micros().div_euclid(SLOT);
        // What a clock that ran ahead has counted counts as of now.
        self.slots.iter_mut().for_each(|(slot, _)| *slot = (*slot).min(present));
        self.slots.retain(|(slot, _)| *slot >= present - SLOTS);
        let counted: u32 = self.slots.iter().map(|(_, count)| count).sum();
        match self.slots.first() {
            Some((oldest, _)) if counted >= limit => Err(Timestamp::from_micros((oldest + SLOTS + 1) * SLOT)),
            None if limit == 0 => Err(Timestamp::from_micros((present + 1) * SLOT)),
            _ => {
                match self.slots.last_mut().filter(|(slot, _)| *slot == present) {
                    Some((_, count)) => *count += 1,
                    None => self.slots.push((present, 1)),
                }
                Ok(self)
            }
        }
    }

    /// The tally without the try that was counted under this time: the password was right, or was never looked at.
    #[must_use]
    pub fn without(mut self, counted_at: Timestamp) -> Self {
        self.wrong.retain(|wrong| *wrong != counted_at);
        if self.pause.is_some_and(|pause| pause.began == counted_at) {
            self.pause = None;
            self.pauses -= 1;
        }
        self
    }

    /// Until when passwords are not looked at; `None` outside a pause.
    pub fn paused_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.pause.map(|pause| pause.until).filter(|until| now < *until)
    }

    /// From when on the counter says no more than none would, and can be forgotten.
    pub fn over_at(&self) -> Timestamp {
        let quiet = self.wrong.last().map(|last| last.after(DAY));
        let slots = self.slots.last().map(|(slot, _)| Timestamp::from_micros((slot + SLOTS + 1) * SLOT));
        let ends = [quiet, slots, self.pause.map(|pause| pause.until)];
        ends.into_iter().flatten().max().unwrap_or(Timestamp::from_micros(0))
    }
}

/// A browser that has signed in to a login before, by a random number that its cookie holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BrowserId(pub [u8; 16]);

/// A try to sign in, or to be sent a link to set a password, noted for the diagnosis, whatever became of it. What was typed does not
/// stand in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Try {
    /// Our id.
    pub id: TryId,
    /// Where it was: the mark of the key that was typed.
    pub mark: TryMark,
    /// From where.
    pub origin: Option<String>,
    /// Whether from a browser that has signed in there before.
    pub known_browser: bool,
    /// Whether a link was asked for, and no password tried.
    pub for_reset: bool,
    /// When.
    pub at: Timestamp,
}

impl Try {
    /// From when on the note is of no use.
    pub fn over_at(&self) -> Timestamp {
        self.at.after(NOTES_KEPT)
    }
}

/// A try to sign in, as it is read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedTry {
    /// The try.
    pub noted: Try,
    /// Whether the password was right.
    pub right: bool,
}

/// A recorded try at a key that somebody asked about, and so knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacedTry {
    /// The key.
    pub key: LoginKey,
    /// The try.
    pub noted: Try,
    /// Whether the password was right.
    pub right: bool,
}

/// A try with a password that was counted as wrong before the password was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CountedTry {
    /// Where it was counted.
    pub bucket: Bucket,
    /// The time under which it was counted.
    pub at: Timestamp,
    /// Its note, if there is one.
    pub noted: Option<TryId>,
}

/// Whether a try may go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It may. For each bucket the time under which it was counted.
    Go(Vec<Timestamp>),
    /// The bucket at this place says no, until then.
    Wait {
        /// Place of the bucket among those asked.
        bucket: usize,
        /// Until when.
        until: Timestamp,
    },
}

/// Whether a mailbox got as much mail as anybody may send it (G3): `asked` are the times at which such mail was written in the
/// last day.
///
/// ```
/// use portal_domain::{throttle::mailbox_is_full, time::Timestamp};
/// let at = |minutes: i64| Timestamp::from_micros(minutes * 60_000_000);
/// assert!(!mailbox_is_full(&[at(0), at(1)], at(2)));
/// assert!(mailbox_is_full(&[at(0), at(1), at(2)], at(59)));
/// assert!(!mailbox_is_full(&[at(0), at(1), at(2)], at(60)));
/// ```
pub fn mailbox_is_full(asked: &[Timestamp], now: Timestamp) -> bool {
    lately(asked, now, Duration::from_secs(3600)) >= MAILS_AN_HOUR || lately(asked, now, DAY) >= MAILS_A_DAY
}

/// Whether somebody was told of a portal as often as anybody may have it told: once a day. `told` are the times of such mail alone.
/// It is counted apart, so that it shuts no way through a reset (G1).
///
/// ```
/// use portal_domain::{throttle::was_told_today, time::Timestamp};
/// let at = |hours: i64| Timestamp::from_micros(hours * 3_600_000_000);
/// assert!(was_told_today(&[at(0)], at(23)));
/// assert!(!was_told_today(&[at(0)], at(24)));
/// ```
pub fn was_told_today(told: &[Timestamp], now: Timestamp) -> bool {
    lately(told, now, DAY) > 0
}

fn lately(written: &[Timestamp], now: Timestamp, span: Duration) -> usize {
    // What a clock that ran ahead has written says nothing of this hour; it must not shut the way back in.
    let known = written.iter().filter(|at| **at <= now.after(CLOCKS_APART));
    known.filter(|at| now.since(**at) < span).count()
}

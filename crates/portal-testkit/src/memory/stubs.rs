use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use portal_domain::{
    password::{ForeignHash, PasswordHash, Scheme, TypedPassword},
    port::{Clock, Entropy, HashError, Mailer, OutgoingMail, PasswordHasher, SendOutcome, Verdict},
    time::Timestamp,
};
use sha2::{Digest, Sha256};

/// A clock that stands still until it is told otherwise.
#[derive(Debug)]
pub struct TestClock(AtomicI64);

impl TestClock {
    /// A clock that shows this time.
    pub const fn at(now: Timestamp) -> Self {
        Self(AtomicI64::new(now.as_micros()))
    }

    /// Puts the clock, backwards too.
    pub fn set(&self, now: Timestamp) {
        self.0.store(now.as_micros(), Ordering::SeqCst);
    }

    /// Puts the clock forward, and says what it shows then.
    pub fn advance(&self, span: Duration) -> Timestamp {
        let now = self.now().after(span);
        self.set(now);
        now
    }
}

impl Default for TestClock {
    fn default() -> Self {
        Self::at(crate::build::NOON)
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

/// Bytes that look random and are the same for the same seed.
#[derive(Debug, Default)]
pub struct SeededEntropy {
    seed: u64,
    drawn: AtomicU64,
}

impl SeededEntropy {
    /// The bytes of this seed, from the beginning.
    pub const fn new(seed: u64) -> Self {
        Self { seed, drawn: AtomicU64::new(0) }
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        for part in bytes.chunks_mut(32) {
            let drawn = self.drawn.fetch_add(1, Ordering::SeqCst);
            let block = Sha256::new().chain_update(self.seed.to_be_bytes()).chain_update(drawn.to_be_bytes());
            part.copy_from_slice(&block.finalize()[..part.len()]);
        }
    }
}

/// A hasher that costs nothing and hides nothing: `$plain$<generation>$<salt>$<password in hex>`.
///
/// Raising the [generation](Self::raise) is what raising the parameters is to a real one. Of hashes of another system it knows
/// those that it was [taught](Self::teach).
#[derive(Debug, Default)]
pub struct PlainHasher {
    generation: AtomicU32,
    salts: AtomicU64,
    verified: AtomicU64,
    foreign: Mutex<BTreeMap<String, String>>,
}

impl PlainHasher {
    /// A hasher of generation nought.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes every hash so far one that should be made anew.
    pub fn raise(&self) {
        self.generation.fetch_add(1, Ordering::SeqCst);
    }

    /// Makes it known of which password another system made a hash.
    pub fn teach(&self, hash: &str, password: &str) {
        lock(&self.foreign).insert(hash.to_owned(), password.to_owned());
    }

    /// How many passwords were hashed.
    pub fn hashed(&self) -> u64 {
        self.salts.load(Ordering::SeqCst)
    }

    /// How many passwords were compared, with a hash or without.
    pub fn verified(&self) -> u64 {
        self.verified.load(Ordering::SeqCst)
    }
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

#[async_trait]
impl PasswordHasher for PlainHasher {
    async fn hash(&self, password: &TypedPassword) -> Result<PasswordHash, HashError> {
        let salt = self.salts.fetch_add(1, Ordering::SeqCst);
        let generation = self.generation.load(Ordering::SeqCst);
        Ok(PasswordHash::new(format!("$plain${generation}${salt}${}", hex(password.as_str()))))
    }

    async fn verify(&self, password: &TypedPassword, hash: Option<&PasswordHash>) -> Result<Verdict, HashError> {
        self.verified.fetch_add(1, Ordering::SeqCst);
        let Some(hash) = hash else { return Ok(Verdict::NoMatch) };
        if let Ok(foreign) = ForeignHash::parse(hash.as_str()) {
            let right = lock(&self.foreign).get(foreign.kept().as_str()).is_some_and(|of| of == password.as_str());
            return Ok(match (right, foreign.scheme()) {
                (false, _) => Verdict::NoMatch,
                // A real one may find it as good as its own.
                (true, Scheme::Argon2) => Verdict::Match,
                (true, _) => Verdict::MatchButRehash,
            });
        }
        let mut parts = hash.as_str().strip_prefix("$plain$").ok_or(HashError::Failed)?.splitn(3, '$');
        let generation: u32 = parts.next().and_then(|text| text.parse().ok()).ok_or(HashError::Failed)?;
        let stored = parts.nth(1).ok_or(HashError::Failed)?;
        Ok(match stored == hex(password.as_str()) {
            false => Verdict::NoMatch,
            true if generation < self.generation.load(Ordering::SeqCst) => Verdict::MatchButRehash,
            true => Verdict::Match,
        })
    }

    async fn pretend(&self) -> Result<(), HashError> {
        Ok(())
    }
}

/// A mailer that keeps every mail, and answers what it was told to, else that the other server took it.
#[derive(Debug, Default)]
pub struct RecordingMailer {
    sent: Mutex<Vec<OutgoingMail>>,
    script: Mutex<VecDeque<SendOutcome>>,
}

impl RecordingMailer {
    /// A mailer whose every mail is taken.
    pub fn new() -> Self {
        Self::default()
    }

    /// Answers this once, after whatever was scripted before.
    pub fn then(&self, outcome: SendOutcome) {
        lock(&self.script).push_back(outcome);
    }

    /// Every mail that was handed over, whatever the answer.
    pub fn mails(&self) -> Vec<OutgoingMail> {
        lock(&self.sent).clone()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[async_trait]
impl Mailer for RecordingMailer {
    async fn send(&self, mail: &OutgoingMail) -> SendOutcome {
        lock(&self.sent).push(mail.clone());
        let scripted = lock(&self.script).pop_front();
        scripted.unwrap_or_else(|| SendOutcome::Accepted { reply: "250 ok".to_owned() })
    }
}

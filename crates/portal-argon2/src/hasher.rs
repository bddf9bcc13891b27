//! The port [`PasswordHasher`], kept with Argon2.

use std::{fmt, sync::Arc};

use argon2::{Algorithm, Argon2, Version};
use async_trait::async_trait;
use portal_domain::{
    password::{PasswordHash, Recipe as Foreign, TypedPassword},
    port::{Entropy, HashError, PasswordHasher, Verdict},
};
use subtle::ConstantTimeEq;
use tokio::time::Instant;
use zeroize::Zeroizing;

use crate::{
    foreign,
    gate::{Gate, Gauge, Turn},
    params::{CURRENT_VERSION, Params, ParamsError},
    phc::{self, MAX_OUTPUT_BYTES, OUTPUT_BYTES, SALT_BYTES, Stored},
};

const MAX_PLACES: usize = 65_536;

/// Hashes and verifies passwords with Argon2id, on threads where blocking is allowed (rulebook P1 and G4).
///
/// The password is taken byte for byte: its type has brought it into NFC and bounded its length. Copies of it that are
/// made here are overwritten when the work ends. Needs a tokio runtime.
///
/// ```
/// # use std::sync::Arc;
/// # use portal_argon2::{Argon2Hasher, Params};
/// # use portal_domain::{password::{PasswordHash, TypedPassword}, port::{Entropy, PasswordHasher, Verdict}};
/// # struct Fixed;
/// # impl Entropy for Fixed { fn fill(&self, bytes: &mut [u8]) { bytes.fill(7) } }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let entropy = Arc::new(Fixed); // the program's own source of randomness
/// let cores = 2;
/// let hasher = Argon2Hasher::new(Params::default(), cores, 8 * cores, entropy).expect("usable parameters");
/// let typed = TypedPassword::new("correct horse").expect("not too long");
/// // Of nobody: the answer is no, and it costs as much as a yes.
/// assert!(matches!(hasher.verify(&typed, None).await, Ok(Verdict::NoMatch)));
/// let damaged = PasswordHash::new("$argon2id$v=19$m=4294967295,t=9,p=1$AAAA$AAAA");
/// assert!(matches!(hasher.verify(&typed, Some(&damaged)).await, Ok(Verdict::NoMatch)));
/// # }
/// ```
#[derive(Clone)]
pub struct Argon2Hasher {
    params: Params,
    gate: Arc<Gate>,
    entropy: Arc<dyn Entropy>,
    dummy_salt: [u8; SALT_BYTES],
}

impl Argon2Hasher {
    /// A hasher that makes hashes with `params`, runs at most `permits` at once (the caller passes the number of cores)
    /// and lets at most `queue` callers wait. Salts come from `entropy`.
    ///
    /// # Errors
    ///
    /// [`ParamsError`] where parameters are out of bounds, there is no permit, or there are more than 65,536 places.
    pub fn new(params: Params, permits: usize, queue: usize, entropy: Arc<dyn Entropy>) -> Result<Self, ParamsError> {
        params.check()?;
        if permits == 0 {
            return Err(ParamsError::NoPermits);
        }
        if permits > MAX_PLACES || queue > MAX_PLACES {
            return Err(ParamsError::TooManyPlaces(permits.max(queue)));
        }
        let mut dummy_salt = [0; SALT_BYTES];
        entropy.fill(&mut dummy_salt);
        Ok(Self { params, gate: Gate::new(permits, queue), entropy, dummy_salt })
    }

    /// What was counted so far, for metrics and tests.
    #[must_use]
    pub fn gauge(&self) -> Gauge {
        self.gate.gauge()
    }

    /// Runs `work` in a turn of its own. The turn goes with the work: if this future is dropped while it waits, nothing
    /// is hashed; if it is dropped later, the hash runs to its end and holds its permit until then.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Turn) -> Result<T, HashError> + Send + 'static,
    ) -> Result<T, HashError> {
        self.run_measured(true, work).await
    }

    /// The same. Work that is not `usual` says nothing of how long a hash takes.
    async fn run_measured<T: Send + 'static>(
        &self,
        usual: bool,
        work: impl FnOnce(&mut Turn) -> Result<T, HashError> + Send + 'static,
    ) -> Result<T, HashError> {
        let mut turn = self.gate.enter().await.ok_or(HashError::Overloaded)?;
        let began = Instant::now();
        let job = tokio::task::spawn_blocking(move || work(&mut turn));
        let done = job.await.unwrap_or(Err(HashError::Failed));
        let span = began.elapsed();
        metrics::histogram!("portal_password_hash_seconds").record(span);
        if usual {
            self.gate.took(began, span);
        }
        done
    }
}

#[async_trait]
impl PasswordHasher for Argon2Hasher {
    async fn hash(&self, password: &TypedPassword) -> Result<PasswordHash, HashError> {
        let password = password.clone();
        let params = self.params;
        let mut salt = [0; SALT_BYTES];
        self.entropy.fill(&mut salt);
        self.run(move |turn| {
            let mut output = Zeroizing::new([0; OUTPUT_BYTES]);
            compute(turn, Recipe::current(params, &salt), password.as_str().as_bytes(), &mut output[..])?;
            let text = phc::format(&params, &salt, &output[..]).ok_or(HashError::Failed)?;
            Ok(PasswordHash::new(text))
        })
        .await
    }

    async fn verify(&self, password: &TypedPassword, hash: Option<&PasswordHash>) -> Result<Verdict, HashError> {
        let password = password.clone();
        let kept = hash.map_or(Kept::Nothing, |hash| Kept::parse(hash.as_str()));
        let (params, dummy_salt) = (self.params, self.dummy_salt);
        let usual = kept.costs(&params);
        let work = move |turn: &mut Turn| match kept {
            Kept::Argon2(stored) => verify_stored(turn, &params, &stored, password.as_str().as_bytes()),
            Kept::Foreign(recipe) => verify_foreign(turn, &recipe, password.as_str().as_bytes()),
            Kept::Nothing => verify_dummy(turn, &params, &dummy_salt, password.as_str().as_bytes()),
        };
        self.run_measured(usual, work).await
    }

    /// Waits in the same line, and holds a place for as long as a hash takes now: neither the queue nor its end tells a pause
    /// from a wrong password.
    async fn pretend(&self) -> Result<(), HashError> {
        let Some(span) = self.gate.usual(Instant::now()) else {
            // Nothing was measured of late: the work is done once, on no password of anybody's.
            let (params, salt) = (self.params, self.dummy_salt);
            return self.run(move |turn| verify_dummy(turn, &params, &salt, b"")).await.map(|_| ());
        };
        let _turn = self.gate.enter().await.ok_or(HashError::Overloaded)?;
        tokio::time::sleep(span).await;
        Ok(())
    }
}

impl fmt::Debug for Argon2Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Argon2Hasher")
            .field("params", &self.params)
            .field("gauge", &self.gauge())
            .finish_non_exhaustive()
    }
}

/// What a stored text is to us.
enum Kept {
    Argon2(Stored),
    Foreign(Foreign),
    /// Nothing that can be verified.
    Nothing,
}

impl Kept {
    fn parse(text: &str) -> Self {
        let argon2 = Stored::parse(text).map(Self::Argon2);
        argon2.or_else(|| foreign::parse(text).map(Self::Foreign)).unwrap_or(Self::Nothing)
    }

    /// Whether it costs what a hash with these parameters does.
    fn costs(&self, params: &Params) -> bool {
        match self {
            Self::Argon2(stored) => stored.params == *params,
            Self::Foreign(_) => false,
            Self::Nothing => true,
        }
    }
}

/// What is computed, but for the password.
#[derive(Clone, Copy)]
struct Recipe<'a> {
    algorithm: Algorithm,
    version: Version,
    params: Params,
    salt: &'a [u8],
}

impl<'a> Recipe<'a> {
    fn current(params: Params, salt: &'a [u8]) -> Self {
        Self { algorithm: Algorithm::Argon2id, version: CURRENT_VERSION, params, salt }
    }
}

fn verify_stored(turn: &mut Turn, current: &Params, stored: &Stored, password: &[u8]) -> Result<Verdict, HashError> {
    let Stored { algorithm, version, params, ref salt, ref output } = *stored;
    let mut buffer = Zeroizing::new([0; MAX_OUTPUT_BYTES]);
    let computed = &mut buffer[..output.len()];
    compute(turn, Recipe { algorithm, version, params, salt }, password, computed)?;
    turn.shrink(current.memory_kib as usize);
    let same = bool::from(computed.ct_eq(output.as_bytes()));
    Ok(match (same, stored.is_outdated(current)) {
        (false, _) => Verdict::NoMatch,
        (true, false) => Verdict::Match,
        (true, true) => Verdict::MatchButRehash,
    })
}

/// What another system hashed is always better kept anew.
#[expect(clippy::unnecessary_wraps, reason = "one shape with the other verifications")]
fn verify_foreign(turn: &mut Turn, recipe: &Foreign, password: &[u8]) -> Result<Verdict, HashError> {
    let _running = turn.begin();
    let same = foreign::matches(recipe, password);
    Ok(if same { Verdict::MatchButRehash } else { Verdict::NoMatch })
}

/// The same work as for a login that can match, and always no.
fn verify_dummy(turn: &mut Turn, current: &Params, salt: &[u8], password: &[u8]) -> Result<Verdict, HashError> {
    let mut output = Zeroizing::new([0; OUTPUT_BYTES]);
    compute(turn, Recipe::current(*current, salt), password, &mut output[..])?;
    // Compared like any other, so that no step of the work is missing; the answer does not depend on it.
    std::hint::black_box(output[..].ct_eq(&[0; OUTPUT_BYTES]));
    Ok(Verdict::NoMatch)
}

fn compute(turn: &mut Turn, recipe: Recipe<'_>, password: &[u8], output: &mut [u8]) -> Result<(), HashError> {
    let _running = turn.begin();
    let params = recipe.params.argon2(output.len()).ok_or(HashError::Failed)?;
    let memory = turn.memory(params.block_count());
    Argon2::new(recipe.algorithm, recipe.version, params)
        .hash_password_into_with_memory(password, recipe.salt, output, memory)
        .map_err(|_| HashError::Failed)
}

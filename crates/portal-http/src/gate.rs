//! The gate of the host API: who calls, whether the key's scope is enough, and whether the call came before.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    body::{Body, Bytes, HttpBody},
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use portal_domain::{
    id::PracticeId,
    port::RequestKey,
    practice::Scope,
    usecase::{self, KeyHolder},
};
use sha2::{Digest, Sha256};
use tokio::sync::OwnedMutexGuard;

use crate::{
    Inner,
    ask::{self, HOST_BODY, IMPORT_BODY, Unread},
    caller, observe,
    places::{Place, Places},
    problem::Problem,
};

/// For so long a call waits for another one with its key.
const PATIENCE: Duration = Duration::from_secs(5);

const HEADER: &str = "idempotency-key";

/// Calls that take long: files are the only bodies that are large, and of many contacts each is looked at.
const IMPORT: &str = "POST /imports";
const ACTIVATION: &str = "POST /activations";
/// How many of each go on at once, and how many of them of one practice.
const LONG: (usize, usize) = (2, 1);
/// A file of so many bytes at most is no long call, unless it is a workbook, which unpacks to many times its size.
const SMALL: u64 = 1024 * 1024;
/// How many of those.
const SHORT: (usize, usize) = (16, 4);

/// Where a call that takes long finds room.
#[derive(Clone)]
pub(crate) struct Room {
    long: Arc<Places>,
    short: Arc<Places>,
}

impl Default for Room {
    fn default() -> Self {
        let places = |(of_all, of_a_practice)| Arc::new(Places::new(of_all, of_a_practice));
        Self { long: places(LONG), short: places(SHORT) }
    }
}

impl Room {
    /// A place for a file of at most so many bytes, where it is known how many.
    pub(crate) async fn enter(&self, practice: PracticeId, most: Option<u64>) -> Result<Taken, Problem> {
        let small = most.is_some_and(|most| most <= SMALL);
        let place = if small { &self.short } else { &self.long }.enter(practice).await?;
        Ok(Taken { place, larger: small.then(|| (Arc::clone(&self.long), practice)) })
    }
}

/// The place of a call, and what a larger one needs.
#[derive(Clone)]
pub(crate) struct Taken {
    place: Place,
    larger: Option<(Arc<Places>, PracticeId)>,
}

impl Taken {
    /// The place for a file with this content.
    pub(crate) async fn for_file(self, bytes: &[u8]) -> Result<Place, Problem> {
        match self.larger {
            Some((places, practice)) if portal_import::is_workbook(bytes) => places.enter(practice).await,
            _ => Ok(self.place),
        }
    }
}

/// What the gate has to know of a route.
#[derive(Clone)]
pub(crate) struct Gate {
    app: Arc<Inner>,
    /// What the key has to allow (W3).
    scope: Scope,
    /// Method and path, as the table of routes names them.
    route: String,
    room: Option<Room>,
}

impl Gate {
    pub(crate) fn new(app: &Arc<Inner>, scope: Scope, route: String) -> Self {
        let room = match &*route {
            IMPORT => Some(app.imports.clone()),
            ACTIVATION => Some(Room::default()),
            _ => None,
        };
        Self { app: Arc::clone(app), scope, route, room }
    }

    fn most_bytes(&self) -> usize {
        if self.route == IMPORT { IMPORT_BODY } else { HOST_BODY }
    }

    async fn place(&self, key: &KeyHolder, most: Option<u64>) -> Result<Option<Taken>, Problem> {
        let (Some(room), KeyHolder::Host(key)) = (&self.room, key) else { return Ok(None) };
        // Of many contacts each is looked at, however few bytes name them.
        let most = most.filter(|_| self.route == IMPORT);
        room.enter(key.practice, most).await.map(Some)
    }
}

/// Lets a request pass whose key allows it. A write that names itself waits while the same call runs.
pub(crate) async fn pass(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    admit(&gate, request, next).await.unwrap_or_else(IntoResponse::into_response)
}

async fn admit(gate: &Gate, request: Request, next: Next) -> Result<Response, Problem> {
    if gate.scope == Scope::Read {
        observe::looks();
    }
    let (mut parts, mut body) = request.into_parts();
    let most = body.size_hint().upper();
    let key = caller::authenticate(&gate.app, &parts.headers, gate.scope).await?;
    let is_named = writes(gate, &parts) && parts.headers.contains_key(HEADER);
    let name = is_named.then(|| name(gate, &key, &parts));
    // A call that comes twice waits for the first one, and not for the place that this one has.
    let mut turn = match &name {
        Some(Ok(name)) if gate.room.is_some() => Some(gate.app.running.enter(name).await?),
        _ => None,
    };
    let place = gate.place(&key, most).await?;
    if let Some(place) = place.clone() {
        parts.extensions.insert(place);
    }
    if let Some(name) = name {
        match named(gate, name, &parts, body).await {
            Ok((request, read)) => {
                // Where there is room enough, a first call that gets stuck on its way keeps no second one waiting.
                if turn.is_none() {
                    turn = Some(gate.app.running.enter(&request.key).await?);
                }
                parts.extensions.insert(request);
                body = read.into();
            }
            Err(problem) => {
                parts.extensions.insert(Unread(problem));
                body = Body::empty();
            }
        }
    }
    match key {
        KeyHolder::Host(key) => parts.extensions.insert(key).map(drop),
        KeyHolder::Operator(key) => parts.extensions.insert(key).map(drop),
    };
    let response = next.run(Request::from_parts(parts, body)).await;
    drop((turn, place));
    Ok(response)
}

/// Whether it may write: a look doesn't, nor does a question what a command would do.
fn writes(gate: &Gate, parts: &Parts) -> bool {
    let looks = matches!(parts.method, Method::GET | Method::HEAD);
    let asks = parts.uri.query().is_some_and(ask::asks_for_preview);
    gate.scope != Scope::Read && !looks && !asks
}

/// The name of a call, whatever it says.
fn name(gate: &Gate, key: &KeyHolder, parts: &Parts) -> Result<RequestKey, Problem> {
    let given = idempotency_key(&parts.headers)?;
    let caller = match key {
        KeyHolder::Host(key) => key.id.to_string(),
        KeyHolder::Operator(key) => key.id.to_string(),
    };
    Ok(RequestKey { scope: format!("{caller} {}", gate.route), key: given })
}

/// Reads all that a call of this name says.
async fn named(
    gate: &Gate,
    name: Result<RequestKey, Problem>,
    parts: &Parts,
    body: Body,
) -> Result<(usecase::Request, Bytes), Problem> {
    let body = ask::host_bytes(&parts.headers, body, gate.most_bytes()).await?;
    let key = name?;
    let mut digest = Sha256::new();
    let query = parts.uri.query().unwrap_or_default();
    for part in [parts.uri.path().as_bytes(), query.as_bytes(), &body] {
        digest.update(part.len().to_be_bytes());
        digest.update(part);
    }
    Ok((usecase::Request { key, digest: digest.finalize().into() }, body))
}

fn idempotency_key(headers: &HeaderMap) -> Result<String, Problem> {
    let given = RequestKey::given(headers.get_all(HEADER).into_iter().map(HeaderValue::as_bytes));
    let wrong = || {
        Problem::invalid_field("Idempotency-Key", "`Idempotency-Key` is one text of 1–255 printable ASCII characters")
    };
    given.map(str::to_owned).ok_or_else(wrong)
}

/// The named calls that run in this program. Those of other instances meet at the receipt.
#[derive(Default)]
pub(crate) struct Running(Arc<Mutex<Turns>>);

type Turns = BTreeMap<RequestKey, Arc<tokio::sync::Mutex<()>>>;

fn lock(turns: &Mutex<Turns>) -> MutexGuard<'_, Turns> {
    turns.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Running {
    async fn enter(&self, key: &RequestKey) -> Result<Turn, Problem> {
        let own = Arc::clone(lock(&self.0).entry(key.clone()).or_default());
        // Made before the wait: whoever goes away meanwhile leaves the place in order.
        let mut turn = Turn { turns: Arc::clone(&self.0), key: key.clone(), held: None };
        let in_use = |_| {
            let detail = "the same call is still running: repeat it in a moment, with the same key";
            Problem::new("idempotency_key_in_use", detail)
        };
        turn.held = Some(tokio::time::timeout(PATIENCE, own.lock_owned()).await.map_err(in_use)?);
        Ok(turn)
    }
}

/// The turn of one call; those that wait for it come when it is dropped.
struct Turn {
    turns: Arc<Mutex<Turns>>,
    key: RequestKey,
    held: Option<OwnedMutexGuard<()>>,
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut turns = lock(&self.turns);
        self.held = None;
        if turns.get(&self.key).is_some_and(|own| Arc::strong_count(own) == 1) {
            turns.remove(&self.key);
        }
    }
}

//! What is counted of requests: by template of the route and never by path, so that no metric names anybody.
//!
//! Everything goes to the recorder that the program has installed, and nowhere where there is none.

use std::{cell::Cell, future::Future, sync::Arc, time::Duration};

use async_trait::async_trait;
use axum::{
    extract::{MatchedPath, Request},
    http::{Method, StatusCode, Uri},
    response::Response,
};
use metrics::{counter, gauge, histogram};
use portal_domain::{
    Refusal,
    password::{PasswordHash, TypedPassword},
    port::{HashError, PasswordHasher, StoreError, Verdict},
    usecase::Error,
};
use tokio::time::Instant;

use crate::{ask, problem::Problem};

tokio::task_local! {
    static SEEN: Seen;
}

/// What became of the request that is being answered, as far as those who present it have noted.
#[derive(Default)]
struct Seen {
    /// `changed` or `unchanged`.
    outcome: Cell<Option<&'static str>>,
    /// The code of a refusal that is told by a page of its own.
    refused: Cell<Option<&'static str>>,
    /// It is no command.
    looks: Cell<bool>,
    /// A password was not looked at, since its key or browser is paused (G1).
    paused: Cell<bool>,
}

/// Outside of a request nothing is noted: presenters are used elsewhere, too.
fn note(what: impl FnOnce(&Seen)) {
    let _ = SEEN.try_with(what);
}

/// Notes what a command answers.
pub(crate) fn outcome(outcome: &'static str) {
    note(|seen| seen.outcome.set(Some(outcome)));
}

/// Notes the code of a refusal that is told by a page of its own.
pub(crate) fn refused(code: &'static str) {
    note(|seen| seen.refused.set(Some(code)));
}

/// Notes that the request is no command, whatever its method.
pub(crate) fn looks() {
    note(|seen| seen.looks.set(true));
}

/// Counts what became of a sign-in to an area, by what it was tried with.
pub(crate) fn sign_in<T>(area: &'static str, factor: &'static str, done: &Result<T, Error>) {
    let paused = SEEN.try_with(|seen| seen.paused.get()).unwrap_or_default();
    let outcome = match done {
        Ok(_) => "success",
        Err(Error::Refused(Refusal::SignInFailed)) if paused => "locked",
        Err(Error::Refused(Refusal::SignInFailed)) => "failed",
        Err(Error::Refused(Refusal::TooManyRequests { .. })) => "throttled",
        Err(Error::Refused(_)) => "refused",
        Err(Error::Overloaded | Error::Store(StoreError::Unavailable(_))) => "overloaded",
        Err(Error::Store(StoreError::Damaged(_)) | Error::HashFailed) => "error",
    };
    counter!("portal_sign_ins_total", "area" => area, "factor" => factor, "outcome" => outcome).increment(1);
}

/// A request, as far as it counts.
pub(crate) struct Subject {
    method: &'static str,
    route: Option<MatchedPath>,
    preview: bool,
}

impl Subject {
    pub(crate) fn of(request: &Request) -> Self {
        Self {
            method: name(request.method()),
            route: request.extensions().get::<MatchedPath>().cloned(),
            preview: is_preview(request.uri()),
        }
    }

    /// Answers the request, and counts it. One that is given up by whoever asked is in flight no more, and counts nowhere else.
    pub(crate) async fn counted(self, answer: impl Future<Output = Response>) -> Response {
        let (_in_flight, begun) = (InFlight::enter(), Instant::now());
        let answered = async {
            let response = answer.await;
            SEEN.with(|seen| self.count(seen, &response, begun.elapsed()));
            response
        };
        SEEN.scope(Seen::default(), answered).await
    }

    fn count(&self, seen: &Seen, response: &Response, took: Duration) {
        let (method, status) = (self.method, response.status());
        let route = self.route.as_ref().map_or("other", MatchedPath::as_str).to_owned();
        histogram!("portal_http_request_seconds", "method" => method, "route" => route.clone()).record(took);
        let code = seen.refused.get().or_else(|| response.extensions().get().map(Problem::code));
        if code == Some("overloaded") && route != "/readyz" {
            counter!("portal_overload_rejections_total", "at" => "request").increment(1);
        }
        if status == StatusCode::INTERNAL_SERVER_ERROR {
            counter!("portal_http_faults_total").increment(1);
        }
        if self.is_command(seen, status) {
            let command = format!("{method} {route}");
            let (outcome, code) = (self.outcome(seen, status), code.unwrap_or_default());
            counter!("portal_commands_total", "command" => command, "outcome" => outcome, "code" => code).increment(1);
        }
        counter!("portal_http_requests_total", "method" => method, "route" => route, "status" => class(status))
            .increment(1);
    }

    fn is_command(&self, seen: &Seen, status: StatusCode) -> bool {
        let may = matches!(self.method, "POST" | "PUT" | "DELETE") && status != StatusCode::METHOD_NOT_ALLOWED;
        may && self.route.is_some() && !seen.looks.get()
    }

    /// A command that doesn't say whether it changed anything did.
    fn outcome(&self, seen: &Seen, status: StatusCode) -> &'static str {
        match status.as_u16() {
            ..400 if self.preview => "preview",
            ..400 => seen.outcome.get().unwrap_or("changed"),
            400..500 => "refused",
            _ => "error",
        }
    }
}

fn is_preview(uri: &Uri) -> bool {
    uri.query().is_some_and(ask::asks_for_preview)
}

/// Anybody may invent methods; those that no route has count together.
fn name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        _ => "other",
    }
}

const fn class(status: StatusCode) -> &'static str {
    match status.as_u16() {
        ..200 => "1xx",
        200..300 => "2xx",
        300..400 => "3xx",
        400..500 => "4xx",
        _ => "5xx",
    }
}

/// A request that is being answered, until it is dropped.
struct InFlight;

impl InFlight {
    fn enter() -> Self {
        gauge!("portal_http_requests_in_flight").increment(1);
        Self
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        gauge!("portal_http_requests_in_flight").decrement(1);
    }
}

/// A hasher that notes where it only seemed to look at a password: to the caller a pause is no different from a wrong one (P2).
struct Noted(Arc<dyn PasswordHasher>);

pub(crate) fn hasher(hasher: Arc<dyn PasswordHasher>) -> Arc<dyn PasswordHasher> {
    Arc::new(Noted(hasher))
}

#[async_trait]
impl PasswordHasher for Noted {
    async fn hash(&self, password: &TypedPassword) -> Result<PasswordHash, HashError> {
        self.0.hash(password).await
    }

    async fn verify(&self, password: &TypedPassword, hash: Option<&PasswordHash>) -> Result<Verdict, HashError> {
        self.0.verify(password, hash).await
    }

    async fn pretend(&self) -> Result<(), HashError> {
        note(|seen| seen.paused.set(true));
        self.0.pretend().await
    }
}

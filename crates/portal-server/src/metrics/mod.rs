//! What Prometheus reads, on a port of its own.
//!
//! What happens is counted where it happens, by the adapters and the workers, through the facade `metrics`. What waits in the
//! database is counted when somebody asks, at most once a second, and left out where the database doesn't answer in time: the
//! rest is told all the same. No metric names a practice or a person, so that the port needs no key; it needs a wall.

mod names;
mod waiting;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{Request, State},
    http::{Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use metrics::{counter, gauge};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use portal::domain::{
    port::{Backlog, Clock, StoreError},
    time::Timestamp,
};
use portal_argon2::Argon2Hasher;
use tokio::{
    net::TcpListener,
    sync::Mutex,
    task::JoinHandle,
    time::{Instant, timeout},
};

use crate::{
    failure::Failure,
    fault,
    program::Program,
    serve::{self, listen},
    stores::Stores,
};

/// Upper bounds of all histograms, in seconds: from a look at one row to the end of every deadline.
const BUCKETS: [f64; 14] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
/// So often what was measured is put in order, whether anybody reads it or not.
const TIDYING: Duration = Duration::from_secs(5);
/// What waits is counted no more often than this.
const FRESH: Duration = Duration::from_secs(1);
/// So long the database may take for it.
const PATIENCE: Duration = Duration::from_secs(2);
/// And no further than this.
const MOST: u32 = 100_000;

const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Begins to record. Before it, and without it, what is counted goes nowhere.
pub(crate) fn install() -> Result<PrometheusHandle, Failure> {
    let fault = |error: &dyn std::fmt::Display| Failure::fault(format!("metrics can't be recorded: {error}"));
    let builder = PrometheusBuilder::new().set_buckets(&BUCKETS).map_err(|error| fault(&error))?;
    let recorder = builder.build_recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).map_err(|error| fault(&error))?;
    names::describe();
    Ok(handle)
}

/// Answers at the listener until it is dropped.
pub(crate) struct Answering([JoinHandle<()>; 2]);

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.iter().for_each(JoinHandle::abort);
    }
}

/// Answers `GET /metrics` at the listener, and nothing else.
pub(crate) fn answer(
    listener: TcpListener,
    recorded: PrometheusHandle,
    program: &Program,
) -> Result<Answering, Failure> {
    let address = serve::local(&listener)?;
    tracing::info!(%address, "metrics are answered");
    let clock = fault::clock();
    gauge!("process_start_time_seconds").set(seconds(clock.now()));
    gauge!("portal_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    let tidied = recorded.clone();
    let tidying = tokio::spawn(async move {
        loop {
            tokio::time::sleep(TIDYING).await;
            tidied.run_upkeep();
        }
    });
    let (stores, hasher) = (program.stores.clone(), program.hasher.clone());
    let scrape = Arc::new(Scrape { recorded, stores, hasher, clock, last: Mutex::default() });
    let router = Router::new().fallback(asked).with_state(scrape);
    let never = std::future::pending();
    let answering = tokio::spawn(listen::answer(listener, router, listen::Limits::of_metrics(), never));
    Ok(Answering([tidying, answering]))
}

fn seconds(at: Timestamp) -> f64 {
    at.as_micros() as f64 / 1_000_000.0
}

async fn asked(State(scrape): State<Arc<Scrape>>, request: Request) -> Response {
    match (request.uri().path(), request.method()) {
        ("/metrics", &Method::GET) => ([(header::CONTENT_TYPE, TEXT)], scrape.text().await).into_response(),
        ("/metrics", _) => (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET")]).into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

/// All that is looked at when somebody asks.
struct Scrape {
    recorded: PrometheusHandle,
    stores: Stores,
    hasher: Argon2Hasher,
    clock: Arc<dyn Clock>,
    /// What waited when it was counted last, and when that was. Whoever asks meanwhile waits for it.
    last: Mutex<Option<(Instant, Option<Backlog>)>>,
}

impl Scrape {
    async fn text(&self) -> String {
        let backlog = self.backlog().await;
        self.look();
        let mut text = self.recorded.render();
        if let Some(backlog) = backlog {
            text += &waiting::text(&backlog, self.clock.now());
        }
        text
    }

    /// What waits; nothing where the database doesn't say it in time.
    async fn backlog(&self) -> Option<Backlog> {
        let mut last = self.last.lock().await;
        if let Some((at, known)) = &*last
            && at.elapsed() < FRESH
        {
            return known.clone();
        }
        let late = |_| Err(StoreError::Unavailable("what waits could not be counted in time".to_owned()));
        let counted =
            timeout(PATIENCE, self.stores.backlogs.backlog(self.clock.now(), MOST)).await.unwrap_or_else(late);
        if let Err(error) = &counted {
            counter!("portal_scrape_errors_total").increment(1);
            tracing::warn!(%error, "metrics are answered without what waits in the database");
        }
        let known = counted.ok();
        *last = Some((Instant::now(), known.clone()));
        known
    }

    /// What this process can say by itself.
    fn look(&self) {
        let connections = self.stores.connections();
        gauge!("portal_database_pool_max").set(f64::from(connections.most));
        gauge!("portal_database_pool_size").set(connections.open as f64);
        gauge!("portal_database_pool_idle").set(connections.idle as f64);
        gauge!("portal_database_commits_waiting").set(connections.queued as f64);
        let hashes = self.hasher.gauge();
        gauge!("portal_password_hashes", "state" => "running").set(hashes.running as f64);
        gauge!("portal_password_hashes", "state" => "waiting").set(hashes.waiting as f64);
        counter!("portal_password_hash_rejections_total").absolute(hashes.refused);
    }
}

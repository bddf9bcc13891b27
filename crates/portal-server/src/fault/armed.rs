//! What the environment asks to go wrong.

use std::{
    ffi::OsString,
    path::PathBuf,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use axum::{Router, extract::Request, middleware, middleware::Next, response::Response};
use portal::domain::{
    message::{SendOutcome, Settlement},
    port::{Clock, Lease, LeaseTerms, Leased, Mailer, Outbox, OutgoingMail, StoreError},
    time::Timestamp,
};

use crate::{failure::Failure, system::SystemClock};

/// Everywhere that something can be made to go wrong.
const PLACES: [&str; 8] = ["clock", "leased", "send", "sent", "settled", "answer", "import", "export"];

static PLAN: OnceLock<Plan> = OnceLock::new();
static CLOCK: OnceLock<PathBuf> = OnceLock::new();

type Variable = (OsString, OsString);

/// What goes wrong, where, and the how manieth time.
struct Plan {
    place: &'static str,
    aborts: bool,
    nth: u64,
    passed: AtomicU64,
}

impl Plan {
    fn parse(text: &str) -> Option<Self> {
        let (how, rest) = text.split_once('@')?;
        let (place, nth) =
            rest.split_once(':').map_or(Some((rest, 1)), |(place, nth)| Some((place, nth.parse().ok()?)))?;
        let aborts = match how {
            "abort" => true,
            "panic" => false,
            _ => return None,
        };
        let place = PLACES.into_iter().find(|known| *known == place)?;
        Some(Self { place, aborts, nth, passed: AtomicU64::new(0) })
    }
}

/// Takes its own variables out of the environment, and heeds them.
pub(crate) fn arm(environment: impl Iterator<Item = Variable>) -> Result<impl Iterator<Item = Variable>, Failure> {
    let (own, rest): (Vec<_>, Vec<_>) =
        environment.partition(|(name, _)| name == "PORTAL_FAULT" || name == "PORTAL_FAULT_CLOCK");
    for (name, value) in own {
        if name == "PORTAL_FAULT_CLOCK" {
            CLOCK.get_or_init(|| PathBuf::from(value));
            continue;
        }
        let plan = value.to_str().and_then(Plan::parse);
        let plan = plan.ok_or_else(|| Failure::usage("`PORTAL_FAULT` is not abort@PLACE:NTH or panic@PLACE:NTH"))?;
        PLAN.get_or_init(|| plan);
    }
    Ok(rest.into_iter())
}

/// A place where something may be planned to go wrong.
pub(crate) fn point(place: &'static str) {
    let Some(plan) = PLAN.get().filter(|plan| plan.place == place) else { return };
    if plan.passed.fetch_add(1, Ordering::SeqCst) + 1 != plan.nth {
        return;
    }
    tracing::warn!(place, "a fault on purpose");
    if plan.aborts {
        std::process::abort();
    }
    panic!("a fault on purpose");
}

/// The system's clock, set ahead or back.
struct Shifted;

pub(crate) fn clock() -> Arc<dyn Clock> {
    Arc::new(Shifted)
}

impl Clock for Shifted {
    fn now(&self) -> Timestamp {
        point("clock");
        let seconds = CLOCK.get().and_then(|file| std::fs::read_to_string(file).ok()?.trim().parse::<i64>().ok());
        Timestamp::from_micros(SystemClock.now().as_micros() + seconds.unwrap_or(0) * 1_000_000)
    }
}

/// An outbox with places before and after it.
struct Watched(Arc<dyn Outbox>);

pub(crate) fn outbox(outbox: Arc<dyn Outbox>) -> Arc<dyn Outbox> {
    Arc::new(Watched(outbox))
}

#[async_trait]
impl Outbox for Watched {
    async fn lease(&self, terms: &LeaseTerms) -> Result<Vec<Leased>, StoreError> {
        let leased = self.0.lease(terms).await?;
        if !leased.is_empty() {
            point("leased");
        }
        Ok(leased)
    }

    async fn recall(&self, now: Timestamp, latest: Timestamp) -> Result<u64, StoreError> {
        self.0.recall(now, latest).await
    }

    async fn settle(&self, lease: &Lease, settlement: &Settlement) -> Result<bool, StoreError> {
        let settled = self.0.settle(lease, settlement).await?;
        point("settled");
        Ok(settled)
    }
}

/// A mailer with places before and after it.
struct Followed(Arc<dyn Mailer>);

pub(crate) fn mailer(mailer: Arc<dyn Mailer>) -> Arc<dyn Mailer> {
    Arc::new(Followed(mailer))
}

#[async_trait]
impl Mailer for Followed {
    async fn send(&self, mail: &OutgoingMail) -> SendOutcome {
        point("send");
        let outcome = self.0.send(mail).await;
        point("sent");
        outcome
    }
}

/// A place between the deed and its answer.
pub(crate) fn router(router: Router) -> Router {
    router.layer(middleware::from_fn(async |request: Request, next: Next| -> Response {
        let looks = request.method().is_safe();
        let response = next.run(request).await;
        if !looks {
            point("answer");
        }
        response
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_names_how_where_and_when() {
        let plan = |text| Plan::parse(text).map(|plan| (plan.aborts, plan.place, plan.nth));
        assert_eq!(plan("abort@sent:3"), Some((true, "sent", 3)));
        assert_eq!(plan("panic@clock"), Some((false, "clock", 1)));
        for text in ["", "sent", "abort@", "abort@nowhere", "halt@sent", "abort@sent:x", "abort@sent:"] {
            assert!(plan(text).is_none(), "{text}");
        }
    }

    #[test]
    fn only_its_own_variables_are_taken() {
        let given = [("PORTAL_FAULT_CLOCK", "/nowhere"), ("PORTAL_LOG", "info"), ("PORTAL_FAULTY", "x")];
        let rest = arm(given.into_iter().map(|(name, value)| (name.into(), value.into()))).unwrap();
        let names: Vec<_> = rest.map(|(name, _)| name).collect();
        assert_eq!(names, ["PORTAL_LOG", "PORTAL_FAULTY"]);
        assert!(arm([("PORTAL_FAULT".into(), "x".into())].into_iter()).is_err());
    }
}

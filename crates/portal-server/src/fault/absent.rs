//! No faults but those that come by themselves.

use std::{ffi::OsString, sync::Arc};

use axum::Router;
use portal::domain::port::{Clock, Mailer, Outbox};

use crate::{failure::Failure, system::SystemClock};

type Variable = (OsString, OsString);

#[expect(clippy::unnecessary_wraps, reason = "the same as where there are faults on purpose")]
pub(crate) fn arm<E: Iterator<Item = Variable>>(environment: E) -> Result<E, Failure> {
    Ok(environment)
}

pub(crate) const fn point(_: &'static str) {}

pub(crate) fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock)
}

pub(crate) fn outbox(outbox: Arc<dyn Outbox>) -> Arc<dyn Outbox> {
    outbox
}

pub(crate) fn mailer(mailer: Arc<dyn Mailer>) -> Arc<dyn Mailer> {
    mailer
}

pub(crate) fn router(router: Router) -> Router {
    router
}

//! What the pool and its connections may do.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

/// Bounds of the pool and of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most connections at once. Default 16.
    pub connections: u32,
    /// How long a call waits for a connection before it is `Unavailable`. Default 0.8 s.
    pub acquire: Duration,
    /// How long a statement may run, waiting for locks included. Default 5 s.
    pub statement: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connections: 16, acquire: Duration::from_millis(800), statement: Duration::from_secs(5) }
    }
}

impl Limits {
    pub(crate) fn pool(&self) -> PgPoolOptions {
        PgPoolOptions::new().max_connections(self.connections).acquire_timeout(self.acquire)
    }

    /// Settings of every pooled connection. Whatever a server, database or role sets by default does not matter then.
    pub(crate) fn apply(&self, options: PgConnectOptions) -> PgConnectOptions {
        let statement = self.statement.as_millis().to_string();
        options.options([
            ("statement_timeout", statement.as_str()),
            // Nothing is ever left open on purpose. Should a program hang, its locks go.
            ("idle_in_transaction_session_timeout", "10000"),
            ("default_transaction_isolation", "read committed"),
            ("default_transaction_read_only", "off"),
            // Every statement finds rows by keys, so one plan serves all values and needs no planning of its own.
            ("plan_cache_mode", "force_generic_plan"),
            // Compiling a statement costs more than any of ours takes.
            ("jit", "off"),
        ])
    }
}

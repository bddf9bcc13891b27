//! A look at a database that leaves nothing behind, for whoever asks how it is.

use std::{str::FromStr, time::Duration};

use portal_domain::{port::StoreError, time::Timestamp};
use sqlx::{ConnectOptions, Connection, PgConnection, postgres::PgConnectOptions};

use crate::{
    PostgresStore,
    failure::store_error,
    schema::{self, Migration, SchemaError},
};

/// What a database says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// The server's version, as `150004` for 15.4.
    pub version: i32,
    /// Whether it only follows another, and can't be written.
    pub replica: bool,
    /// Whether statements of one connection went to several of the server: a pooler in transaction mode, in which prepared
    /// statements get lost.
    pub scattered: bool,
    /// What the server's clock said in the middle of the look, where the server notes when statements begin.
    pub clock: Option<Timestamp>,
    /// The steps that it lacks.
    pub pending: Vec<Migration>,
    /// How many practices there are, where the schema is up to date.
    pub practices: Option<i64>,
    /// When the newest event of any practice happened, by the clock of whoever wrote it.
    pub newest_event: Option<Timestamp>,
}

/// How often the server's process is asked for.
const ASKED: usize = 4;

/// Event ids begin with their time, so the newest of a practice is found without looking at any other.
const NEWEST: &str = "SELECT count(*), max(newest.at) FROM portal.practice p LEFT JOIN LATERAL (SELECT e.at FROM portal.event e \
                      WHERE e.practice_id = p.practice_id ORDER BY e.event_id DESC LIMIT 1) newest ON true";

impl PostgresStore {
    /// Looks at the database at `url` over one connection that can only read; `patience` bounds each step.
    ///
    /// # Errors
    ///
    /// [`SchemaError`] where this program must not touch the database, or it can't be reached.
    pub async fn look(url: &str, patience: Duration) -> Result<Look, SchemaError> {
        let options = PgConnectOptions::from_str(url).map_err(store_error)?.application_name("portal");
        let statement = patience.as_millis().to_string();
        let options =
            options.options([("default_transaction_read_only", "on"), ("statement_timeout", statement.as_str())]);
        let options = options.disable_statement_logging();
        let connected = tokio::time::timeout(patience, PgConnection::connect_with(&options)).await;
        let late = |_| StoreError::Unavailable(format!("the server did not answer within {} s", patience.as_secs()));
        let mut connection = connected.map_err(late)?.map_err(store_error)?;
        let look = read(&mut connection).await;
        schema::close(connection).await;
        look
    }
}

async fn read(connection: &mut PgConnection) -> Result<Look, SchemaError> {
    // Of the clock only what the server notes of this very statement: no statement of ours asks for the time.
    let server = "SELECT current_setting('server_version_num')::int, pg_is_in_recovery(), \
                  (SELECT (extract(epoch FROM query_start) * 1000000)::bigint FROM pg_stat_activity \
                   WHERE pid = pg_backend_pid())";
    let (version, replica, clock): (i32, bool, Option<i64>) =
        sqlx::query_as(server).fetch_one(&mut *connection).await.map_err(store_error)?;
    let mut processes = Vec::with_capacity(ASKED);
    for _ in 0..ASKED {
        let process: i32 =
            sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut *connection).await.map_err(store_error)?;
        processes.push(process);
    }
    let scattered = processes.iter().any(|process| *process != processes[0]);
    let pending = schema::pending_on(connection).await?;
    let (practices, newest): (Option<i64>, Option<i64>) = if pending.is_empty() {
        sqlx::query_as(NEWEST).fetch_one(connection).await.map_err(store_error)?
    } else {
        (None, None)
    };
    let (clock, newest_event) = (clock.map(Timestamp::from_micros), newest.map(Timestamp::from_micros));
    Ok(Look { version, replica, scattered, clock, pending, practices, newest_event })
}

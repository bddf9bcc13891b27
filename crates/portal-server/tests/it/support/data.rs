//! What stands in the database, read beside the program.

use std::path::PathBuf;

use portal::domain::{email::EmailAddress, throttle::BucketName};
use serde_json::Value;
use sqlx::{
    AssertSqlSafe, Connection, PgConnection, Row, SqliteConnection, postgres::PgRow, sqlite::SqliteConnectOptions,
};

use super::Bed;

/// The database of a bed.
#[derive(Clone, Debug)]
pub(crate) enum Data {
    File(PathBuf),
    Server(String),
}

/// The columns of a row, as text; ids are opaque.
pub(crate) type Line = Vec<Option<String>>;

impl Data {
    pub(crate) fn of(bed: &Bed) -> Self {
        match bed.server_url() {
            Some(url) => Self::Server(url.to_owned()),
            None => Self::File(bed.folder().join("data/portal.db")),
        }
    }

    /// All rows of a table of ours, these columns, in no order.
    pub(crate) async fn table(&self, name: &str, columns: &[&str]) -> Vec<Line> {
        match self {
            Self::File(path) => {
                let columns: Vec<_> = columns
                    .iter()
                    .map(|column| {
                        format!("CASE typeof({column}) WHEN 'blob' THEN hex({column}) ELSE CAST({column} AS TEXT) END")
                    })
                    .collect();
                let sql = format!("SELECT {} FROM portal_{name}", columns.join(", "));
                let options =
                    SqliteConnectOptions::new().filename(path).busy_timeout(std::time::Duration::from_secs(20));
                let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
                let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut connection).await.unwrap();
                connection.close().await.unwrap();
                rows.iter().map(|row| (0..row.len()).map(|at| row.get(at)).collect()).collect()
            }
            Self::Server(url) => {
                let columns: Vec<_> = columns.iter().map(|column| format!("{column}::text")).collect();
                let sql = format!("SELECT {} FROM portal.{name}", columns.join(", "));
                server_rows(url, &sql).await
            }
        }
    }

    /// The counter of wrong passwords at an address, from browsers that never signed in there, as it is kept (G1); `null` where
    /// there is none.
    pub(crate) async fn strangers(&self, address: &str) -> Value {
        let key = EmailAddress::parse(address).unwrap().key().clone();
        let name: String = BucketName::strangers(&key).0.iter().map(|byte| format!("{byte:02x}")).collect();
        let counters = self.table("throttle", &["name", "tally"]).await;
        let mut own = counters.iter().filter(|line| {
            let text = line[0].as_deref().unwrap();
            text.trim_start_matches("\\x").eq_ignore_ascii_case(&name)
        });
        own.next().map_or(Value::Null, |line| serde_json::from_str(line[1].as_deref().unwrap()).unwrap())
    }

    /// Connections of the server to this database whose transaction stands open with nobody at work in it.
    #[cfg(feature = "fault-points")]
    pub(crate) async fn idle_in_transaction(&self) -> usize {
        let Self::Server(url) = self else { return 0 };
        let sql = "SELECT pid::text FROM pg_stat_activity \
                   WHERE datname = current_database() AND state LIKE 'idle in transaction%'";
        server_rows(url, sql).await.len()
    }
}

async fn server_rows(url: &str, sql: &str) -> Vec<Line> {
    let mut connection = PgConnection::connect(url).await.unwrap();
    let rows: Vec<PgRow> = sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut connection).await.unwrap();
    drop(connection.close().await);
    rows.iter().map(|row| (0..row.len()).map(|at| row.get(at)).collect()).collect()
}

//! Applies migrations to an empty database. Only `prepare` uses it, in a build of its own.
//!
//! It runs the files themselves, in order, and not the migrator of the product: descriptions of queries need the
//! schema and nothing else, and the store crates may not compile yet when it runs.

use std::path::Path;

use anyhow::{Context, bail};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, SqliteConnection};

use crate::workspace;

/// Applies every file of `migrations/…` to the database at `url`, and first creates the schemas that the `sqlx.toml`
/// of the store crate in `folder` asks for.
pub(crate) fn run(url: &str, folder: &Path) -> anyhow::Result<bool> {
    let statements = statements(folder)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        if url.starts_with("sqlite:") {
            let mut connection = SqliteConnection::connect(url).await?;
            apply(&mut connection, &statements).await?;
            connection.close().await?;
        } else {
            let mut connection = PgConnection::connect(url).await?;
            apply(&mut connection, &statements).await?;
            connection.close().await?;
        }
        Ok(true)
    })
}

/// Name and text of everything to run, in order.
fn statements(folder: &Path) -> anyhow::Result<Vec<(String, String)>> {
    let settings: toml::Table =
        workspace::slurp(&folder.join("sqlx.toml"))?.parse().context("`sqlx.toml` is no TOML")?;
    let schemas = settings.get("migrate").and_then(|it| it.get("create-schemas")).and_then(toml::Value::as_array);
    let mut found = Vec::new();
    for schema in schemas.into_iter().flatten().filter_map(toml::Value::as_str) {
        found.push(("sqlx.toml".to_owned(), format!("CREATE SCHEMA IF NOT EXISTS \"{schema}\"")));
    }
    let migrations = workspace::files(&folder.join("migrations").canonicalize()?, "sql")?;
    if migrations.is_empty() {
        bail!("there is no migration in `{}`", folder.join("migrations").display());
    }
    for file in migrations.iter().filter(|it| !it.to_string_lossy().ends_with(".down.sql")) {
        found.push((workspace::relative(file), workspace::slurp(file)?));
    }
    Ok(found)
}

async fn apply<C>(connection: &mut C, statements: &[(String, String)]) -> anyhow::Result<()>
where
    for<'c> &'c mut C: Executor<'c>,
{
    for (name, text) in statements {
        let run = sqlx::raw_sql(AssertSqlSafe(text.clone())).execute(&mut *connection).await;
        run.with_context(|| format!("`{name}` does not apply"))?;
    }
    Ok(())
}

//! `portal migrate`

use std::process::ExitCode;

use crate::{
    failure::Failure,
    settings::Settings,
    stores::{Patience, Step},
    terminal,
};

/// Brings the schema up to date, or says what is missing.
pub(crate) async fn run(settings: &Settings, plan: bool) -> Result<ExitCode, Failure> {
    let stores = settings.database.open(Patience::Command).await?;
    let done = steps(&stores, plan).await;
    stores.close().await;
    let steps = done?;
    terminal::say_all(steps.iter().map(|step| format!("{:>4}  {}", step.version, step.name)));
    terminal::say(match (steps.is_empty(), plan) {
        (true, _) => "the schema is up to date",
        (false, true) => "these steps are missing: `portal migrate` applies them",
        (false, false) => "these steps were applied: the schema is up to date",
    });
    Ok(ExitCode::SUCCESS)
}

async fn steps(stores: &crate::stores::Stores, plan: bool) -> Result<Vec<Step>, Failure> {
    let steps = stores.pending().await?;
    if !plan {
        stores.migrate().await?;
    }
    Ok(steps)
}

//! The program `portal`: client-portal access for practice-management software.
//!
//! | module | holds |
//! |---|---|
//! | `cli`, `settings` | what the program is told |
//! | `stores`, `program`, `system` | the adapters, and the use cases over them |
//! | `commands` | what can be typed after `portal`, one file each |
//! | `serve`, `demo` | the service, and the service with everything set up |
//! | `metrics` | what Prometheus reads, on a port of its own |
//! | `fault` | what tests make go wrong; nothing without their feature |
//! | `terminal`, `logging`, `failure` | what people read |

mod cli;
mod commands;
mod demo;
mod failure;
mod fault;
mod logging;
mod metrics;
mod program;
mod serve;
mod settings;
mod stores;
mod system;
mod terminal;

use std::process::ExitCode;

use clap::error::ErrorKind;

use crate::{
    cli::{Command, Typed},
    failure::{Exit, Failure},
    settings::{Settings, raw::Raw},
};

fn main() -> ExitCode {
    let typed = match cli::read(std::env::args_os()) {
        Ok(typed) => typed,
        Err(error) => return end_of_words(&error),
    };
    match run(typed) {
        Ok(code) => code,
        Err(failure) => end(&failure),
    }
}

fn run(typed: Typed) -> Result<ExitCode, Failure> {
    let Typed { cli, flags } = typed;
    let raw = Raw::gather(cli.config.as_deref(), fault::arm(std::env::vars_os())?, flags)?;
    let settings = Settings::read(&raw)?;
    if !matches!(cli.command, Command::Serve | Command::Demo { .. }) {
        logging::start(settings.log.as_deref().unwrap_or("warn"));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::fault(format!("the program can't start its threads: {error}")))?;
    runtime.block_on(async {
        match cli.command {
            Command::Serve => serve::run(settings).await,
            Command::Demo { fresh } => demo::run(settings, fresh).await,
            Command::Migrate { plan } => commands::migrate::run(&settings, plan).await,
            Command::Practice(command) => commands::practice::run(settings, command).await,
            Command::User(command) => commands::user::run(settings, command).await,
            Command::ApiKey(command) => commands::api_key::run(settings, command).await,
            Command::Diagnose(arguments) => commands::diagnose::run(settings, arguments).await,
            Command::Doctor(arguments) => commands::doctor::run(settings, &raw, cli.config.as_deref(), arguments).await,
            Command::Journal(command) => commands::journal::run(settings, command).await,
            Command::Import(arguments) => commands::import::run(settings, arguments).await,
            Command::Bounce(command) => commands::bounce::run(&command),
        }
    })
}

/// Help and version are what was asked for, or, without any command, what helps; anything else is said in one line.
fn end_of_words(error: &clap::Error) -> ExitCode {
    let text = error.render().to_string();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            terminal::say(text.trim_end());
            ExitCode::SUCCESS
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            terminal::tell(text.trim_end());
            Exit::Usage.into()
        }
        _ => end(&Failure::usage(cli::one_line(error))),
    }
}

/// Says why, in one line.
fn end(failure: &Failure) -> ExitCode {
    terminal::tell(&format!("error: {}", terminal::plain(&failure.text)));
    failure.exit.into()
}

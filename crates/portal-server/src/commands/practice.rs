//! `portal practice`

use std::process::ExitCode;

use portal::{
    CallContext, Portal,
    domain::{event::Caller, id::Slug, port::Page},
    in_words,
};

use super::PAGE;
use crate::{
    cli::PracticeCommand,
    failure::Failure,
    program::{Program, bad_slug},
    settings::Settings,
    terminal::{self, cell, plain},
};

/// Runs a command on practices.
pub(crate) async fn run(settings: Settings, command: PracticeCommand) -> Result<ExitCode, Failure> {
    let slug = match &command {
        PracticeCommand::Create { slug, .. } => Some(Slug::parse(slug).ok_or_else(|| bad_slug(slug))?),
        PracticeCommand::List => None,
    };
    let program = Program::open(settings).await?;
    let done = match (command, slug) {
        (PracticeCommand::Create { name, .. }, Some(slug)) => create(&program, &slug, &name).await,
        _ => list(&program).await,
    };
    program.close().await;
    done.map(|()| ExitCode::SUCCESS)
}

async fn create(program: &Program, slug: &Slug, name: &str) -> Result<(), Failure> {
    let context = CallContext::new(Portal::nowhere(), Caller::Program);
    let practice = program.portal.create_practice(&context, slug, name).await?;
    terminal::say(&format!("created the practice `{}`, {}", practice.slug, plain(&practice.name)));
    Ok(())
}

async fn list(program: &Program) -> Result<(), Failure> {
    let mut table = terminal::table(["practice", "name", "created"]);
    let mut after = None;
    loop {
        let page = program.stores.views.practices(&Page { after, limit: PAGE }).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.slug.as_str().to_owned());
        for practice in &page {
            table.add_row([cell(practice.slug.as_str()), cell(&practice.name), in_words(practice.created_at)]);
        }
    }
    if table.is_empty() {
        terminal::tell("there is no practice yet: create one with `portal practice create SLUG --name NAME`");
    } else {
        terminal::say(&table.to_string());
    }
    Ok(())
}

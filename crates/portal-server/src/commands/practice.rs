//! `portal practice`

use std::process::ExitCode;

use portal::{
    CallContext, Portal,
    domain::{event::Caller, id::Slug, port::Page},
    in_words,
};

use super::{
    PAGE,
    export::{self, Target},
};
use crate::{
    cli::PracticeCommand,
    failure::Failure,
    program::{Program, bad_slug},
    settings::Settings,
    terminal::{self, cell, plain},
};

/// Runs a command on practices.
pub(crate) async fn run(settings: Settings, command: PracticeCommand) -> Result<ExitCode, Failure> {
    let named = |slug: &str| Slug::parse(slug).ok_or_else(|| bad_slug(slug));
    if let PracticeCommand::Create { slug, .. } = &command {
        named(slug)?;
    }
    // All that can be wrong with a file is found before anything is opened.
    let target = match &command {
        PracticeCommand::Export { slug, out } => named(slug).and_then(|_| Target::of(out.as_deref()))?,
        _ => Target::Out,
    };
    let program = Program::open(settings).await?;
    let done = dispatch(&program, command, target).await;
    program.close().await;
    done.map(|()| ExitCode::SUCCESS)
}

async fn dispatch(program: &Program, command: PracticeCommand, target: Target) -> Result<(), Failure> {
    match command {
        PracticeCommand::Create { slug, name } => {
            let slug = Slug::parse(&slug).ok_or_else(|| bad_slug(&slug))?;
            create(program, &slug, &name).await
        }
        PracticeCommand::List => list(program).await,
        PracticeCommand::Suspend { slug } => set_suspended(program, &slug, true).await,
        PracticeCommand::Resume { slug } => set_suspended(program, &slug, false).await,
        PracticeCommand::Delete { slug } => delete(program, &slug).await,
        PracticeCommand::Export { slug, .. } => export::run(program, &slug, target).await,
    }
}

async fn set_suspended(program: &Program, slug: &str, suspended: bool) -> Result<(), Failure> {
    let practice = program.practice(Some(slug)).await?;
    let (after, changed) = program.portal.suspend_practice(&Program::context(&practice), suspended).await?;
    terminal::say(&match (suspended, changed) {
        (true, true) => {
            format!("`{}` is suspended: portal and workspace are closed, mail waits, its data stay", after.slug)
        }
        (true, false) => format!("`{}` was suspended before", after.slug),
        (false, true) => format!("`{}` is open again", after.slug),
        (false, false) => format!("`{}` was not suspended", after.slug),
    });
    Ok(())
}

async fn delete(program: &Program, slug: &str) -> Result<(), Failure> {
    let practice = program.practice(Some(slug)).await?;
    let (after, _) = program.portal.order_deletion(&Program::context(&practice)).await?;
    let when = after.delete_after.map(in_words).unwrap_or_default();
    terminal::say(&format!(
        "`{0}` is deleted for good on {when} by a running service; until then `portal practice resume {0}` takes it back",
        after.slug
    ));
    Ok(())
}

async fn create(program: &Program, slug: &Slug, name: &str) -> Result<(), Failure> {
    let context = CallContext::new(Portal::nowhere(), Caller::Program);
    let practice = program.portal.create_practice(&context, slug, name).await?;
    terminal::say(&format!("created the practice `{}`, {}", practice.slug, plain(&practice.name)));
    Ok(())
}

async fn list(program: &Program) -> Result<(), Failure> {
    let mut table = terminal::table(["practice", "name", "created", "state"]);
    let mut after = None;
    loop {
        let page = program.stores.views.practices(&Page { after, limit: PAGE }).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.slug.as_str().to_owned());
        for practice in &page {
            let state = match (practice.delete_after, practice.suspended_at) {
                (Some(at), _) => format!("to be deleted on {}", in_words(at)),
                (None, Some(at)) => format!("suspended since {}", in_words(at)),
                (None, None) => "open".to_owned(),
            };
            let (slug, name) = (cell(practice.slug.as_str()), cell(&practice.name));
            table.add_row([slug, name, in_words(practice.created_at), state]);
        }
    }
    if table.is_empty() {
        terminal::tell("there is no practice yet: create one with `portal practice create SLUG --name NAME`");
    } else {
        terminal::say(&table.to_string());
    }
    for gone in program.portal.operators.deletions().await? {
        let fate = match gone.finished_at {
            Some(at) => format!("was deleted on {}", in_words(at)),
            None => format!("is being deleted since {}", in_words(gone.begun_at)),
        };
        terminal::tell(&format!(
            "`{}` ({}) {fate}: {} contacts, {} practice users, {} clients, {} messages, {} events",
            gone.slug, gone.practice, gone.contacts, gone.users, gone.clients, gone.messages, gone.events,
        ));
    }
    Ok(())
}

//! `portal user`

use std::process::ExitCode;

use portal::domain::{
    id::Ref,
    port::{Entropy, Page},
    practice::{Practice, Role},
    usecase::PutUserInput,
};

use portal_http::BaseUrl;

use super::PAGE;
use crate::{
    cli::UserCommand,
    failure::Failure,
    program::Program,
    settings::Settings,
    system::OsEntropy,
    terminal::{self, cell, plain},
};

/// Runs a command on practice users.
pub(crate) async fn run(settings: Settings, command: UserCommand) -> Result<ExitCode, Failure> {
    let program = Program::open(settings).await?;
    let done = dispatch(&program, command).await;
    program.close().await;
    done.map(|()| ExitCode::SUCCESS)
}

async fn dispatch(program: &Program, command: UserCommand) -> Result<(), Failure> {
    match command {
        UserCommand::Add { practice, email, name, role } => {
            let practice = program.practice(practice.slug.as_deref()).await?;
            add(program, &practice, email, name, role.into()).await
        }
        UserCommand::List { practice } => {
            let practice = program.practice(practice.slug.as_deref()).await?;
            list(program, &practice).await
        }
        UserCommand::Invite { practice, user, print } => {
            let practice = program.practice(practice.slug.as_deref()).await?;
            invite(program, &practice, &named(&user)?, print).await
        }
        UserCommand::Remove { practice, user } => {
            let practice = program.practice(practice.slug.as_deref()).await?;
            remove(program, &practice, &named(&user)?).await
        }
    }
}

fn named(user: &str) -> Result<Ref, Failure> {
    Ref::parse(user).ok_or_else(|| Failure::usage(format!("`{}` is no reference: see `portal user list`", plain(user))))
}

async fn add(program: &Program, practice: &Practice, email: String, name: String, role: Role) -> Result<(), Failure> {
    // Asked before there is anything, for without it nobody could print the link.
    let base_url = base_url(program)?;
    let input = PutUserInput { reference: own_ref()?, name, email, role };
    let (user, _, _) = program.portal.put_user(&Program::context(practice), &input).await?;
    terminal::tell(&format!(
        "created the practice user `{}` of `{}`: {} <{}>, {}",
        user.reference,
        practice.slug,
        plain(&user.name),
        plain(user.email.as_str()),
        user.role.code(),
    ));
    print_link(program, practice, &user.reference, &base_url).await
}

fn base_url(program: &Program) -> Result<BaseUrl, Failure> {
    program.settings.base_url_at(program.settings.listen)
}

/// The link stands alone on standard output, so that a script can hand it on; what is said about it goes beside.
async fn print_link(program: &Program, practice: &Practice, user: &Ref, base_url: &BaseUrl) -> Result<(), Failure> {
    let token = program.portal.invite_user_by_hand(&Program::context(practice), user).await?;
    terminal::tell("with this link the user sets a password, once, within 7 days; it is never shown again:");
    terminal::say(&format!("{}/workspace/{}/link/{token}", base_url.as_str(), practice.slug));
    Ok(())
}

async fn invite(program: &Program, practice: &Practice, user: &Ref, print: bool) -> Result<(), Failure> {
    if print {
        return print_link(program, practice, user, &base_url(program)?).await;
    }
    let to = program.portal.invite_user(&Program::context(practice), user).await?;
    terminal::say(&format!("queued an invitation to {}: a running `portal serve` sends it", plain(&to)));
    Ok(())
}

async fn remove(program: &Program, practice: &Practice, user: &Ref) -> Result<(), Failure> {
    program.portal.delete_user(&Program::context(practice), user).await?;
    terminal::say(&format!("removed the practice user `{user}` of `{}`", practice.slug));
    Ok(())
}

/// A reference for a user that no host program made: `u-` and 64 random bits.
fn own_ref() -> Result<Ref, Failure> {
    let mut bytes = [0; 8];
    OsEntropy.fill(&mut bytes);
    let reference = format!("u-{:016x}", u64::from_be_bytes(bytes));
    Ref::parse(&reference).ok_or_else(|| Failure::fault(format!("`{reference}` is no reference")))
}

async fn list(program: &Program, practice: &Practice) -> Result<(), Failure> {
    let mut table = terminal::table(["ref", "name", "email", "role"]);
    let mut after = None;
    loop {
        let page = program.stores.views.users(practice.id, &Page { after, limit: PAGE }).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.reference.clone());
        for user in &page {
            table.add_row([
                cell(user.reference.as_str()),
                cell(&user.name),
                cell(user.email.as_str()),
                user.role.code().to_owned(),
            ]);
        }
    }
    if table.is_empty() {
        terminal::tell("there is no practice user yet: add one with `portal user add`");
    } else {
        terminal::say(&table.to_string());
    }
    Ok(())
}

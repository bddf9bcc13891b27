//! `portal api-key`

use std::process::ExitCode;

use portal::{
    domain::{
        id::{ApiKeyId, OperatorKeyId},
        practice::{Practice, Scope},
    },
    in_words,
};

use crate::{
    cli::{ApiKeyCommand, OwnerArg},
    failure::Failure,
    program::Program,
    settings::Settings,
    terminal::{self, cell, plain},
};

/// Runs a command on API keys.
pub(crate) async fn run(settings: Settings, command: ApiKeyCommand) -> Result<ExitCode, Failure> {
    let program = Program::open(settings).await?;
    let done = dispatch(&program, command).await;
    program.close().await;
    done.map(|()| ExitCode::SUCCESS)
}

async fn dispatch(program: &Program, command: ApiKeyCommand) -> Result<(), Failure> {
    match command {
        ApiKeyCommand::Create { owner: OwnerArg { operator: true, .. }, name, .. } => {
            let (key, secret) = program.portal.create_operator_key(&name).await?;
            terminal::tell(&format!("created the operator's key `{}`: keep it now, it is never shown again", key.id));
            terminal::say(secret.reveal());
            Ok(())
        }
        ApiKeyCommand::List { owner: OwnerArg { operator: true, .. } } => list_operators(program).await,
        ApiKeyCommand::Revoke { owner: OwnerArg { operator: true, .. }, id } => revoke_operator(program, &id).await,
        ApiKeyCommand::Create { owner: OwnerArg { practice, .. }, name, scopes } => {
            let practice = program.practice(practice.slug.as_deref()).await?;
            let mut scopes: Vec<Scope> = scopes.into_iter().map(Scope::from).collect();
            scopes.sort();
            scopes.dedup();
            create(program, &practice, &name, scopes).await
        }
        ApiKeyCommand::List { owner: OwnerArg { practice, .. } } => {
            let practice = program.practice(practice.slug.as_deref()).await?;
            list(program, &practice).await
        }
        ApiKeyCommand::Revoke { owner: OwnerArg { practice, .. }, id } => {
            let practice = program.practice(practice.slug.as_deref()).await?;
            revoke(program, &practice, &id).await
        }
    }
}

/// The key stands alone on standard output, so that a script can keep it; what is said about it goes beside.
async fn create(program: &Program, practice: &Practice, name: &str, scopes: Vec<Scope>) -> Result<(), Failure> {
    let made = program.portal.create_api_key(&Program::context(practice), name, scopes).await?;
    terminal::tell(&format!(
        "created the key `{}` of `{}` ({}): keep it now, it is never shown again",
        made.key.id,
        practice.slug,
        codes(&made.key.scopes),
    ));
    terminal::say(made.secret.reveal());
    Ok(())
}

async fn list(program: &Program, practice: &Practice) -> Result<(), Failure> {
    let keys = program.stores.views.api_keys(practice.id).await?;
    if keys.is_empty() {
        terminal::tell("there is no key yet: make one with `portal api-key create`");
        return Ok(());
    }
    let mut table = terminal::table(["id", "name", "scopes", "created", "revoked"]);
    for key in &keys {
        table.add_row([
            key.id.to_string(),
            cell(&key.name),
            codes(&key.scopes),
            in_words(key.created_at),
            key.revoked_at.map(in_words).unwrap_or_default(),
        ]);
    }
    terminal::say(&table.to_string());
    Ok(())
}

async fn list_operators(program: &Program) -> Result<(), Failure> {
    let mut table = terminal::table(["id", "name", "created", "revoked"]);
    for key in program.portal.operators.operator_keys().await? {
        let revoked = key.revoked_at.map(in_words).unwrap_or_default();
        table.add_row([key.id.to_string(), cell(&key.name), in_words(key.created_at), revoked]);
    }
    if table.is_empty() {
        terminal::tell("there is no operator's key yet: make one with `portal api-key create --operator`");
    } else {
        terminal::say(&table.to_string());
    }
    Ok(())
}

async fn revoke_operator(program: &Program, id: &str) -> Result<(), Failure> {
    let keys = program.portal.operators.operator_keys().await?;
    let known = OperatorKeyId::parse(id).filter(|id| keys.iter().any(|key| key.id == *id));
    let unknown = || {
        let named = plain(id);
        Failure::usage(format!("there is no operator's key `{named}`: `portal api-key list --operator` names them"))
    };
    let id = known.ok_or_else(unknown)?;
    say_revoked(&id.to_string(), program.portal.revoke_operator_key(id).await?);
    Ok(())
}

fn say_revoked(id: &str, worked: bool) {
    terminal::say(&match worked {
        true => format!("the key `{id}` no longer works"),
        false => format!("the key `{id}` was revoked before"),
    });
}

async fn revoke(program: &Program, practice: &Practice, id: &str) -> Result<(), Failure> {
    let parsed = ApiKeyId::parse(id);
    let keys = program.stores.views.api_keys(practice.id).await?;
    let known = parsed.filter(|id| keys.iter().any(|key| key.id == *id));
    let id = known.ok_or_else(|| {
        Failure::usage(format!("there is no key `{}` in this practice: `portal api-key list` names them", plain(id)))
    })?;
    let worked = program.portal.revoke_api_key(&Program::context(practice), &*program.stores.views, id).await?;
    say_revoked(&id.to_string(), worked);
    Ok(())
}

fn codes(scopes: &[Scope]) -> String {
    let codes: Vec<_> = scopes.iter().map(|scope| scope.code()).collect();
    codes.join(", ")
}

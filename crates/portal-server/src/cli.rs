//! What can be typed after `portal`.

use std::{net::SocketAddr, path::PathBuf};

use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use portal::domain::practice::{Role, Scope};
use portal_import::{Columns, Field};

use crate::settings::{
    names::{FILE_SUFFIX, NAMES, hyphens},
    value,
};

/// Client-portal access for practice-management software.
#[derive(Debug, Parser)]
#[command(name = "portal", version, after_help = AFTER_HELP, disable_help_subcommand = true)]
pub(crate) struct Cli {
    /// File with settings, in TOML; environment and flags go before it
    #[arg(long, global = true, value_name = "FILE", help_heading = "Settings")]
    pub(crate) config: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

const AFTER_HELP: &str = "\
Every setting may also be given as a variable (PORTAL_DATABASE_URL …) or in the file of --config (database_url …); a flag \
goes before a variable, a variable before the file. Secrets are better kept in files: PORTAL_SECRET_KEY_FILE names one.

Every command but doctor brings the schema of the database up to date first, and refuses a schema that is newer than the program.

Exit codes: 0 done; 1 refused by the rules, or a row of an import was, a journal is not valid, something keeps a client out, doctor found a \
fault, or one of several mails can't be read; 2 a setting, argument or file can't be used; \
3 the database or an address is not available; 4 a fault of the program or damaged data.";

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the service until it is told to stop
    Serve,
    /// Run the service with a sample practice in data/demo, mail readable in the browser, nothing to set up
    Demo {
        /// Forget what an earlier demo left, and start over
        #[arg(long)]
        fresh: bool,
    },
    /// Bring the schema of the database up to date
    Migrate {
        /// Only say what is missing
        #[arg(long)]
        plan: bool,
    },
    /// Practices: create, list, export, suspend, resume, delete
    #[command(subcommand)]
    Practice(PracticeCommand),
    /// Practice users (staff): add, list, invite, remove
    #[command(subcommand)]
    User(UserCommand),
    /// Keys with which a host program calls the API: create, list, revoke
    #[command(subcommand)]
    ApiKey(ApiKeyCommand),
    /// Take contacts over from a file
    Import(ImportArgs),
    /// Say why a client can't get in, by the address that the client tells
    Diagnose(DiagnoseArgs),
    /// Say whether everything outside is as the program needs it, and what to do where it isn't; nothing is changed
    #[command(after_help = DOCTOR_HELP)]
    Doctor(DoctorArgs),
    /// The journal: verify
    #[command(subcommand)]
    Journal(JournalCommand),
    /// Mails that came back: classify
    #[command(subcommand)]
    Bounce(BounceCommand),
}

/// Whom to diagnose.
#[derive(Args, Debug)]
pub(crate) struct DiagnoseArgs {
    /// The address, as it is told
    pub(crate) address: String,
    #[command(flatten)]
    pub(crate) practice: PracticeArg,
    /// Print what whoever helps needs to see, with names and addresses masked
    #[arg(long)]
    pub(crate) report: bool,
    /// Print one JSON object, and nothing else, on standard output
    #[arg(long, conflicts_with = "report")]
    pub(crate) json: bool,
}

const DOCTOR_HELP: &str = "\
Looked at: the settings and where they come from, the base URL, whether a service runs, the secret keys, the database, its schema and its \
disk, the clock, the mail server up to the login, and of the sender's domain who takes its mail, SPF, DKIM and DMARC. No mail is sent, no \
migration applied, no file made; a service may run meanwhile, or none.

Each line is ok, warning (it works, and could be better) or fault (it doesn't work, or could not be looked at). It ends with 1 where \
there is a fault, with 0 otherwise.";

/// How to look.
#[derive(Args, Debug)]
pub(crate) struct DoctorArgs {
    /// Selector of a key that mail is signed with (s= in a DKIM-Signature); may be given several times. Without it the
    /// customary ones are looked for
    #[arg(long = "dkim-selector", value_name = "SELECTOR")]
    pub(crate) dkim_selectors: Vec<String>,
    /// DNS resolver to ask, in place of the one that is set
    #[arg(long, value_name = "ADDR[:PORT]", value_parser = value::resolver)]
    pub(crate) resolver: Option<SocketAddr>,
    /// Print one line of JSON for each check, and nothing else, on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// Commands on practices.
#[derive(Debug, Subcommand)]
pub(crate) enum PracticeCommand {
    /// Create a practice
    Create {
        /// Its name in addresses: 2 to 40 of a-z 0-9 -, never to be changed
        slug: String,
        /// Its name in words
        #[arg(long)]
        name: String,
    },
    /// List all practices, and what became of those that were deleted
    List,
    /// Write all that is held of a practice, but for secrets, as lines of JSON: see docs/EXPORT.md
    Export {
        /// Its name in addresses
        slug: String,
        /// The file; standard output without it. It has its name only once it is whole
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Close portal and workspace of a practice, and hold back its mail; its data stay
    Suspend {
        /// Its name in addresses
        slug: String,
    },
    /// Open a suspended practice again; if it was to be deleted, it no longer is
    Resume {
        /// Its name in addresses
        slug: String,
    },
    /// Delete a suspended practice for good, thirty days from now; `practice resume` takes it back
    Delete {
        /// Its name in addresses
        slug: String,
    },
}

/// The practice a command is about.
#[derive(Args, Debug)]
pub(crate) struct PracticeArg {
    /// The practice; may be left out where there is only one
    #[arg(long = "practice", value_name = "SLUG")]
    pub(crate) slug: Option<String>,
}

/// Commands on practice users.
#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Create a practice user and print a link to set a password, once
    Add {
        #[command(flatten)]
        practice: PracticeArg,
        /// The address the user signs in with
        #[arg(long)]
        email: String,
        /// Name in words
        #[arg(long)]
        name: String,
        /// What the user may do
        #[arg(long)]
        role: RoleArg,
    },
    /// List the practice users
    List {
        #[command(flatten)]
        practice: PracticeArg,
    },
    /// Mail a practice user a link to set a password, or print one
    Invite {
        #[command(flatten)]
        practice: PracticeArg,
        /// The user's reference, as the list shows it
        user: String,
        /// Print the link, once, and write no mail
        #[arg(long)]
        print: bool,
    },
    /// Remove a practice user, with its sessions, links and password
    Remove {
        #[command(flatten)]
        practice: PracticeArg,
        /// The user's reference, as the list shows it
        user: String,
    },
}

/// A role, as it is typed.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum RoleArg {
    /// Everything, settings and staff included
    Admin,
    /// Contacts, clients, portal commands
    Staff,
}

impl From<RoleArg> for Role {
    fn from(role: RoleArg) -> Self {
        match role {
            RoleArg::Admin => Self::Admin,
            RoleArg::Staff => Self::Staff,
        }
    }
}

/// Whose key a command is about.
#[derive(Args, Debug)]
pub(crate) struct OwnerArg {
    #[command(flatten)]
    pub(crate) practice: PracticeArg,
    /// A key of whoever runs the service, for the operator API: it belongs to no practice
    #[arg(long, conflicts_with = "slug")]
    pub(crate) operator: bool,
}

/// Commands on API keys.
#[derive(Debug, Subcommand)]
pub(crate) enum ApiKeyCommand {
    /// Make a key and print it, this once, alone on standard output
    Create {
        #[command(flatten)]
        owner: OwnerArg,
        /// What its owner calls it
        #[arg(long)]
        name: String,
        /// What it may do; may be given several times
        #[arg(long = "scope", required_unless_present = "operator", conflicts_with = "operator")]
        scopes: Vec<ScopeArg>,
    },
    /// List keys, without their secrets
    List {
        #[command(flatten)]
        owner: OwnerArg,
    },
    /// End a key
    Revoke {
        #[command(flatten)]
        owner: OwnerArg,
        /// Its id, as `api-key list` shows it
        id: String,
    },
}

/// A scope, as it is typed.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ScopeArg {
    /// Read everything
    Read,
    /// Read and write everything but sign-ins and credentials
    Write,
    /// Hand-overs and sign-ins
    #[value(name = "sign_in")]
    SignIn,
    /// Import of credentials
    Credentials,
}

impl From<ScopeArg> for Scope {
    fn from(scope: ScopeArg) -> Self {
        match scope {
            ScopeArg::Read => Self::Read,
            ScopeArg::Write => Self::Write,
            ScopeArg::SignIn => Self::SignIn,
            ScopeArg::Credentials => Self::Credentials,
        }
    }
}

/// How a file is imported.
#[derive(Args, Debug)]
pub(crate) struct ImportArgs {
    /// The file: CSV, XLSX or JSON lines with the columns ref, name, emails, clients, activate; `;` within emails and clients
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) practice: PracticeArg,
    /// Say what would be done, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Give access to the rows whose column activate says yes
    #[arg(long)]
    pub(crate) activate: bool,
    /// Move logins of contacts with access to their new first address, instead of refusing the row
    #[arg(long)]
    pub(crate) move_logins: bool,
    /// Mend addresses where that is safe: lists are split, names left out, what can't be used below the first is left out
    #[arg(long)]
    pub(crate) mend: bool,
    /// A column of the file for a field, such as `emails=E-Mail`; columns that are not named are left alone then
    #[arg(long, value_name = "FIELD=COLUMN", value_parser = mapping)]
    pub(crate) map: Vec<(Field, String)>,
    /// A column that tells contacts apart, where there is no column ref; may be given several times
    #[arg(long, value_name = "COLUMN")]
    pub(crate) identify: Vec<String>,
    /// The encoding of a CSV file, such as windows-1252, where it is not told rightly
    #[arg(long, value_name = "LABEL")]
    pub(crate) encoding: Option<String>,
    /// Send the mail before ending, instead of leaving it to a running service
    #[arg(long, conflicts_with = "dry_run")]
    pub(crate) send: bool,
    /// Print one line of JSON for each row, and nothing else, on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

fn mapping(text: &str) -> Result<(Field, String), String> {
    let wrong = || "name a field and a column, as in `emails=E-Mail`: ref, name, emails, clients, activate".to_owned();
    Columns::mapping(text, '=').ok_or_else(wrong)
}

/// Commands on the journal.
#[derive(Debug, Subcommand)]
pub(crate) enum JournalCommand {
    /// Seal what waits, then say whether the journal is as it was sealed
    Verify {
        #[command(flatten)]
        practice: PracticeArg,
        /// An event that an earlier run named as the head, and that must be there still
        #[arg(long, value_name = "NUMBER:SEAL")]
        expect: Option<String>,
        /// Print one JSON object, and nothing else, on standard output
        #[arg(long)]
        json: bool,
    },
}

/// Commands on mails that came back.
#[derive(Debug, Subcommand)]
pub(crate) enum BounceCommand {
    /// Say what mails are, one line of JSON for each, in their order: no database is opened, and nothing is changed
    Classify {
        /// Files of one mail each, as a Maildir holds them; `-` reads standard input
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
}

/// What was typed: the command, and the settings among the flags.
pub(crate) struct Typed {
    /// The command.
    pub(crate) cli: Cli,
    /// Settings by key, whether the value is a file's path, and the value.
    pub(crate) flags: Vec<(&'static str, bool, String)>,
}

/// Reads the command line.
pub(crate) fn read(words: impl IntoIterator<Item = std::ffi::OsString>) -> Result<Typed, clap::Error> {
    let mut command = Cli::command();
    for (id, _, is_file, name) in setting_flags() {
        let help = if is_file {
            format!("file that holds the value of --{}", hyphens(name.key))
        } else {
            name.help.to_owned()
        };
        let flag = clap::Arg::new(id.clone()).long(hyphens(&id)).global(true).help_heading("Settings");
        command = command.arg(flag.value_name(if is_file { "FILE" } else { name.value }).help(help).hide(is_file));
    }
    let matches = command.try_get_matches_from(words)?;
    let cli = Cli::from_arg_matches(&matches)?;
    Ok(Typed { cli, flags: flags(&matches) })
}

fn flags(matches: &ArgMatches) -> Vec<(&'static str, bool, String)> {
    let given = setting_flags().filter_map(|(id, key, is_file, _)| {
        let text = matches.get_one::<String>(&id)?;
        Some((key, is_file, text.clone()))
    });
    given.collect()
}

fn setting_flags() -> impl Iterator<Item = (String, &'static str, bool, &'static crate::settings::names::Name)> {
    let own = NAMES.iter().map(|name| (name.key.to_owned(), name.key, false, name));
    let files = NAMES.iter().filter(|name| name.secret);
    own.chain(files.map(|name| (format!("{}{FILE_SUFFIX}", name.key), name.key, true, name)))
}

/// The first thing that is wrong with a command line, in one line.
pub(crate) fn one_line(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let said = text.split("\nUsage:").next().unwrap_or(&text);
    let words: Vec<_> = said.split_whitespace().collect();
    let said = words.join(" ");
    let said = said.strip_prefix("error: ").unwrap_or(&said);
    let said = said.split(" For more information").next().unwrap_or(said).replace(" tip: ", "; ");
    format!("{said} (`portal --help` says more)")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(words: &[&str]) -> Result<Typed, String> {
        read(words.iter().map(std::ffi::OsString::from)).map_err(|error| one_line(&error))
    }

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn settings_may_stand_before_and_after_the_command() {
        for words in [["portal", "--listen", "[::1]:1", "serve"], ["portal", "serve", "--listen", "[::1]:1"]] {
            assert_eq!(typed(&words).unwrap().flags, [("listen", false, "[::1]:1".to_owned())]);
        }
        let flags = typed(&["portal", "migrate", "--secret-key-file", "k", "--config", "f"]).unwrap().flags;
        assert_eq!(flags, [("secret_key", true, "k".to_owned())]);
    }

    #[test]
    fn faults_are_one_line_that_names_them() {
        for (words, named) in [
            (&["portal", "serve", "--lisen", "x"][..], "--lisen"),
            (&["portal", "sevre"], "sevre"),
            (&["portal", "practice", "create", "x"], "--name"),
            (&["portal", "api-key", "create", "--name", "x", "--scope", "operator"], "operator"),
            (&["portal", "import", "f", "--dry-run", "--send"], "--send"),
            (&["portal", "bounce", "classify"], "FILE"),
        ] {
            let line = typed(words).err().unwrap();
            assert!(line.contains(named) && !line.contains('\n'), "{line}");
        }
    }
}

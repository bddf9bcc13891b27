//! What a bare machine lacks: PostgreSQL's programs, a C compiler, one of TypeScript, Python, Node, a browser and a mail server.
//!
//! As root on Debian they are installed; otherwise the task ends with the one line that would install them.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use crate::shell;

/// The oldest major version of PostgreSQL that the product supports.
const OLDEST_POSTGRES: u32 = 13;

/// The oldest Node that the browser's driver runs on.
const OLDEST_NODE: u32 = 18;

/// Debian creates and starts a cluster with the package unless this is said first.
const NO_MAIN_CLUSTER: &str = "create_main_cluster = false\n";

/// Debian sets the package up as the machine's own mail server, and starts it, unless this is said first.
const NO_MAIL_SERVER: &str = "postfix postfix/main_mailer_type select No configuration";

/// A user of the system.
pub(crate) struct Account {
    pub(crate) name: String,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

/// The folder that holds `initdb`, `postgres` and `pg_ctl`, installed first where that is possible.
pub(crate) fn postgres() -> anyhow::Result<PathBuf> {
    if let Some(folder) = installed_postgres() {
        return Ok(folder);
    }
    install(&["postgresql"], "PostgreSQL 13 or newer (`initdb`, `postgres`, `pg_ctl`)")?;
    installed_postgres().context("`apt-get install postgresql` brought no PostgreSQL 13 or newer")
}

/// The client of PostgreSQL for the terminal, which comes with the server; not always in the same folder.
pub(crate) fn psql() -> anyhow::Result<PathBuf> {
    let beside = postgres()?.join("psql");
    let resolved = || std::fs::canonicalize(beside.with_file_name("postgres")).ok().map(|it| it.with_file_name("psql"));
    let places = [Some(beside.clone()), resolved(), shell::find("psql")];
    places.into_iter().flatten().find(|it| it.is_file()).context("there is no `psql` beside PostgreSQL")
}

/// The bundled SQLite is C: makes sure that there is a compiler.
pub(crate) fn c_compiler() -> anyhow::Result<()> {
    if std::env::var_os("CC").is_some() || ["cc", "gcc", "clang"].into_iter().any(|it| shell::find(it).is_some()) {
        return Ok(());
    }
    install(&["gcc", "libc6-dev"], "a C compiler (`cc`)")
}

/// libFuzzer is C++: makes sure that there is a compiler.
pub(crate) fn cxx_compiler() -> anyhow::Result<()> {
    if std::env::var_os("CXX").is_some() || ["c++", "g++", "clang++"].into_iter().any(|it| shell::find(it).is_some()) {
        return Ok(());
    }
    install(&["g++"], "a C++ compiler (`c++`)")
}

/// The compiler of TypeScript, installed first where that is possible.
pub(crate) fn typescript() -> anyhow::Result<PathBuf> {
    if shell::find("tsc").is_none() {
        install(&["node-typescript"], "the TypeScript compiler (`tsc`)")?;
    }
    shell::find("tsc").context("`apt-get install node-typescript` brought no `tsc`")
}

/// Node, installed first where that is possible.
pub(crate) fn node() -> anyhow::Result<PathBuf> {
    let new_enough = || {
        let node = shell::find("node")?;
        let version = shell::read(Command::new(&node).arg("--version")).ok()?;
        (parse_version(version.trim_start_matches('v'))? >= OLDEST_NODE).then_some(node)
    };
    if let Some(node) = new_enough() {
        return Ok(node);
    }
    install(&["nodejs"], "Node 18 or newer (`node`)")?;
    new_enough().context("`apt-get install nodejs` brought no Node 18 or newer")
}

/// The package manager of Node, which comes with it or by itself.
pub(crate) fn npm() -> anyhow::Result<PathBuf> {
    node()?;
    if shell::find("npm").is_none() {
        install(&["npm"], "the package manager of Node (`npm`)")?;
    }
    shell::find("npm").context("`apt-get install npm` brought no `npm`")
}

/// A browser, installed first where that is possible.
pub(crate) fn chromium() -> anyhow::Result<PathBuf> {
    if shell::find("chromium").is_none() {
        install(&["chromium"], "Chromium (`chromium`)")?;
    }
    shell::find("chromium").context("`apt-get install chromium` brought no `chromium`")
}

/// A mail server, installed first where that is possible; none where we are not root, who alone can start one.
pub(crate) fn postfix() -> anyhow::Result<Option<PathBuf>> {
    if !is_root() {
        return Ok(None);
    }
    if shell::find("postfix").is_none() {
        install(&["postfix"], "Postfix (`postfix`)")?;
    }
    shell::find("postfix").map(Some).context("`apt-get install postfix` brought no `postfix`")
}

/// Python with its whole standard library, for the example of a host program, installed first where that is possible.
pub(crate) fn python() -> anyhow::Result<PathBuf> {
    // A minimal package has the interpreter alone.
    python_with("sqlite3, http.server, unittest", &["python3"])
}

/// A Python that can make environments, the same way.
pub(crate) fn python_of_environments() -> anyhow::Result<PathBuf> {
    python_with("ensurepip, venv", &["python3", "python3-venv"])
}

fn python_with(modules: &str, packages: &[&str]) -> anyhow::Result<PathBuf> {
    let ready = || {
        let python = shell::find("python3")?;
        shell::works(Command::new(&python).args(["-c", &format!("import {modules}")])).then_some(python)
    };
    if let Some(python) = ready() {
        return Ok(python);
    }
    install(packages, &format!("Python 3 with the modules {modules}"))?;
    ready().with_context(|| format!("`apt-get install {}` brought no Python with {modules}", packages.join(" ")))
}

/// Whether this process belongs to root.
pub(crate) fn is_root() -> bool {
    // The owner of /proc/self is the effective user, and asking needs no unsafe code.
    std::fs::metadata("/proc/self").is_ok_and(|it| it.uid() == 0)
}

/// Looks a user up in `/etc/passwd`.
pub(crate) fn account(name: &str) -> anyhow::Result<Account> {
    let users = std::fs::read_to_string("/etc/passwd").context("cannot read `/etc/passwd`")?;
    parse_account(&users, name).with_context(|| format!("there is no user `{name}` in `/etc/passwd`"))
}

fn parse_account(users: &str, name: &str) -> Option<Account> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        if fields.next()? != name {
            return None;
        }
        let uid = fields.nth(1)?.parse().ok()?;
        let gid = fields.next()?.parse().ok()?;
        Some(Account { name: name.to_owned(), uid, gid })
    })
}

fn installed_postgres() -> Option<PathBuf> {
    let in_path = shell::find("postgres").and_then(|it| it.parent().map(Path::to_path_buf));
    let mut folders: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .collect();
    folders.sort_by_key(|folder| std::cmp::Reverse(major_version(folder)));
    in_path.into_iter().chain(folders).find(|folder| {
        ["initdb", "postgres", "pg_ctl"].into_iter().all(|it| folder.join(it).is_file())
            && major_version(folder) >= Some(OLDEST_POSTGRES)
    })
}

fn major_version(folder: &Path) -> Option<u32> {
    let text = shell::read(Command::new(folder.join("postgres")).arg("--version")).ok()?;
    parse_version(&text)
}

fn parse_version(text: &str) -> Option<u32> {
    let number = text.split_whitespace().find(|word| word.starts_with(|first: char| first.is_ascii_digit()))?;
    let end = number.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(number.len());
    number[..end].parse().ok()
}

fn install(packages: &[&str], what: &str) -> anyhow::Result<()> {
    let names = packages.join(" ");
    let line = format!("apt-get update && apt-get install -y --no-install-recommends {names}");
    if !is_root() || shell::find("apt-get").is_none() {
        bail!("{what} is missing; as root on Debian: {line}");
    }
    eprintln!("installing {what} …");
    if packages.contains(&"postgresql") {
        refuse_main_cluster();
    }
    if packages.contains(&"postfix") {
        refuse_mail_server();
    }
    let mut apt = Command::new("apt-get");
    shell::quietly(apt.arg("update"))?;
    let mut apt = Command::new("apt-get");
    // One mail server would take the place of another.
    apt.args(["install", "-y", "--no-install-recommends", "--no-remove"])
        .args(packages)
        .env("DEBIAN_FRONTEND", "noninteractive");
    shell::quietly(&mut apt)
}

/// Says that no cluster is wanted, where nobody has said anything yet. Should it fail, the package merely creates a
/// cluster that we don't use.
fn refuse_main_cluster() {
    let folder = Path::new("/etc/postgresql-common/createcluster.d");
    let file = folder.join("portal.conf");
    if !file.exists() && std::fs::create_dir_all(folder).is_ok() {
        drop(std::fs::write(file, NO_MAIN_CLUSTER));
    }
}

/// Says that the machine wants no mail server of its own. Should it fail, the package merely sets one up that we don't use.
fn refuse_mail_server() {
    let line = format!("echo '{NO_MAIL_SERVER}' | debconf-set-selections");
    drop(shell::quietly(Command::new("sh").args(["-c", &line])));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_found_by_its_whole_name() {
        let users = "post:x:1:2::/:/bin/sh\npostgres:x:104:111:,,,:/var/lib/postgresql:/bin/bash\n";
        let found = parse_account(users, "postgres").map(|it| (it.uid, it.gid));
        assert_eq!(found, Some((104, 111)));
        assert!(parse_account(users, "gres").is_none());
    }

    #[test]
    fn a_version_is_read_from_releases_and_betas() {
        assert_eq!(parse_version("postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)"), Some(15));
        assert_eq!(parse_version("postgres (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(parse_version("postgres"), None);
    }
}

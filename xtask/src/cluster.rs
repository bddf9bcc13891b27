//! A throw-away PostgreSQL cluster on a Unix socket in a folder of its own.
//!
//! The server is the child of a small shell script that waits for the end of its standard input, which we hold: it
//! comes when the value is dropped, and as well when this process is interrupted or killed. Then the script stops the
//! server and removes the folder. So there is one way of cleaning up, for every way of ending.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use crate::provision::{self, Account};
use crate::{shell, temp};

/// `$1` is the folder, the rest the server's command. After a fast stop has had five seconds, it is killed.
const KEEPER: &str = r#"
folder=$1; shift
"$@" >"$folder/log" 2>&1 </dev/null &
server=$!
cat >/dev/null
kill -QUIT "$server" 2>/dev/null
( sleep 5; kill -KILL "$server" 2>/dev/null ) >/dev/null 2>&1 &
late=$!
wait "$server" 2>/dev/null
kill "$late" 2>/dev/null
cd / && rm -rf -- "$folder"
"#;

/// The same, with a server that is started again whenever it ends, until nobody needs it any more.
const RESTARTING_KEEPER: &str = r#"
folder=$1; shift
while [ ! -e "$folder/over" ]; do "$@" >>"$folder/log" 2>&1 </dev/null; done &
loop=$!
cat >/dev/null
: >"$folder/over"
kill -QUIT "$(head -n 1 "$folder/data/postmaster.pid")" 2>/dev/null
( sleep 5; kill -KILL "$(head -n 1 "$folder/data/postmaster.pid")" 2>/dev/null ) >/dev/null 2>&1 &
late=$!
wait "$loop" 2>/dev/null
kill "$late" 2>/dev/null
cd / && rm -rf -- "$folder"
"#;

/// What becomes of a server that ends by itself, and what it owes to those who were told that something is written.
#[derive(Clone, Copy)]
enum Care {
    /// It stays away. Nobody looks at what was written, so nothing waits for the disk.
    None,
    /// It is started again, with all that it acknowledged. The disk itself doesn't fail here, so nothing waits for that.
    Restart,
    /// It stays away, and what it acknowledges is on the disk: for measuring.
    Durable,
}

const READY_WITHIN: Duration = Duration::from_secs(30);

/// A running server with one superuser, `portal`, who needs no password.
pub(crate) struct Cluster {
    folder: PathBuf,
    keeper: Child,
}

impl Cluster {
    /// Creates the cluster and waits until it answers.
    pub(crate) fn start() -> anyhow::Result<Self> {
        Self::with(Care::None)
    }

    /// One that a test may stop at any moment: it comes again.
    pub(crate) fn start_stoppable() -> anyhow::Result<Self> {
        Self::with(Care::Restart)
    }

    /// One that waits for the disk, as in service.
    pub(crate) fn start_durable() -> anyhow::Result<Self> {
        Self::with(Care::Durable)
    }

    fn with(care: Care) -> anyhow::Result<Self> {
        let programs = provision::postgres()?;
        // The server refuses root. Whoever isn't root runs it as oneself.
        let user = if provision::is_root() { Some(provision::account("postgres")?) } else { None };
        let folder = temp::folder_for("pg", user.as_ref())?;
        if let Err(error) = init(&programs, &folder, user.as_ref()) {
            drop(std::fs::remove_dir_all(&folder));
            return Err(error);
        }
        let keeper = keep(&programs, &folder, user.as_ref(), care)?;
        let mut cluster = Self { folder, keeper };
        cluster.wait_until_ready()?;
        Ok(cluster)
    }

    /// The URL of the database `postgres`, in the form that sqlx reads.
    pub(crate) fn url(&self) -> String {
        // The folder's name is made of letters, digits and hyphens: nothing to encode.
        format!("postgres://portal@localhost:5432/postgres?host={}", self.folder.display())
    }

    fn wait_until_ready(&mut self) -> anyhow::Result<()> {
        let begun = Instant::now();
        while begun.elapsed() < READY_WITHIN {
            // The eighth line of this file is the server's own word on its state.
            let state = std::fs::read_to_string(self.folder.join("data/postmaster.pid")).unwrap_or_default();
            if state.lines().nth(7).is_some_and(|it| it.trim() == "ready") {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let log = std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        bail!("PostgreSQL was not ready after {}:\n{}", shell::span(READY_WITHIN), log.trim_end())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        if let Err(error) = self.keeper.wait() {
            eprintln!("warning: cannot wait for the end of PostgreSQL in `{}`: {error}", self.folder.display());
        }
    }
}

fn init(programs: &Path, folder: &Path, user: Option<&Account>) -> anyhow::Result<()> {
    let mut command = as_user(programs.join("initdb"), folder, user);
    command
        .args(["-U", "portal", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "-D"])
        .arg(folder.join("data"));
    shell::quietly(&mut command)
}

fn keep(programs: &Path, folder: &Path, user: Option<&Account>, care: Care) -> anyhow::Result<Child> {
    let (keeper, commits) = match care {
        Care::None => (KEEPER, "synchronous_commit=off"),
        Care::Restart => (RESTARTING_KEEPER, "synchronous_commit=on"),
        Care::Durable => (KEEPER, "synchronous_commit=on"),
    };
    let mut command = as_user("/bin/sh".into(), folder, user);
    command.args(["-c", keeper, "keeper"]).arg(folder).arg(programs.join("postgres"));
    command.arg("-D").arg(folder.join("data")).arg("-k").arg(folder).args(["-h", "", "-p", "5432"]);
    if !matches!(care, Care::Durable) {
        command.arg("-F");
    }
    command.args(["-c", commits, "-c", "max_connections=300"]);
    // A group of its own: Ctrl-C ends the tests first and the server after them.
    command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().context("cannot start PostgreSQL")
}

/// A command in the cluster's folder, without settings of this environment that could lead it elsewhere.
fn as_user(program: PathBuf, folder: &Path, user: Option<&Account>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder).env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("LC_ALL", "C.UTF-8");
    if let Some(user) = user {
        command.uid(user.uid).gid(user.gid);
    }
    command
}

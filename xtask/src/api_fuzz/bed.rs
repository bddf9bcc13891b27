//! The program over a fresh database, with two practices, their keys and their people.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde_json::{Map, Value, json};

use crate::{cluster::Cluster, provision, shell, temp, workspace};

/// Contacts with a password, four for each worker of the run.
const KNOWN: usize = 40;
/// Contacts with an open invitation: each link can be used once.
const INVITED: usize = 800;
/// Contacts of the practice whose host API is called.
const CONTACTS: usize = 40;

const READY_WITHIN: Duration = Duration::from_secs(60);

/// A service that runs until the value is dropped.
pub(super) struct Bed {
    folder: temp::Folder,
    database: Value,
    url: String,
    service: Option<Child>,
    log: PathBuf,
    address: String,
    /// Stops last.
    _cluster: Option<Cluster>,
}

impl Bed {
    /// Makes practices, people and keys, starts the service, and notes down what the scripts need.
    pub(super) fn start(database: &str, report: &Path) -> anyhow::Result<Self> {
        let folder = temp::Folder::new("fuzz")?;
        let cluster = (database == "postgres").then(Cluster::start).transpose()?;
        let (url, database) = match &cluster {
            Some(cluster) => {
                (cluster.url(), json!({ "kind": "postgres", "url": cluster.url(), "psql": provision::psql()? }))
            }
            None => {
                let file = folder.path().join("portal.db");
                (format!("sqlite://{}", file.display()), json!({ "kind": "sqlite", "file": file }))
            }
        };
        let log = report.join("service.log");
        let mut bed = Self { folder, database, url, service: None, log, address: String::new(), _cluster: cluster };
        let keys = bed.fill()?;
        bed.serve()?;
        let note = json!({
            "base_url": bed.address, "keys": keys, "mail": bed.mail(), "database": bed.database,
            "known": KNOWN, "links": KNOWN + INVITED,
        });
        std::fs::write(bed.note(), note.to_string()).context("cannot write the scripts' note")?;
        Ok(bed)
    }

    /// What the scripts read.
    pub(super) fn note(&self) -> PathBuf {
        self.folder.path().join("bed.json")
    }

    /// Where the service answers.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// Panics and faults of the program, by its own log, and whether it is still there.
    pub(super) fn complaints(mut self) -> anyhow::Result<Vec<String>> {
        let mut found = Vec::new();
        if let Some(service) = &mut self.service
            && let Some(status) = service.try_wait()?
        {
            found.push(format!("the service has ended: {status}"));
        }
        let log = workspace::slurp(&self.log)?;
        found.extend(log.lines().filter(|line| line.contains("\"level\":\"ERROR\"")).map(str::to_owned));
        Ok(found)
    }

    fn mail(&self) -> PathBuf {
        self.folder.path().join("mail")
    }

    fn fill(&self) -> anyhow::Result<Value> {
        let mut keys = Map::new();
        for practice in ["doors", "smith"] {
            self.done(&["practice", "create", practice, "--name", "Fuzz & Sons"])?;
            let admin = format!("admin@{practice}.example");
            self.done(&[
                "user",
                "add",
                "--practice",
                practice,
                "--email",
                &admin,
                "--name",
                "Admin",
                "--role",
                "admin",
            ])?;
            let mut of_scope = Map::new();
            for scope in ["read", "write", "sign_in", "credentials"] {
                let key =
                    self.done(&["api-key", "create", "--practice", practice, "--name", scope, "--scope", scope])?;
                of_scope.insert(scope.to_owned(), key.trim().into());
            }
            keys.insert(practice.to_owned(), of_scope.into());
        }
        let operator = self.done(&["api-key", "create", "--operator", "--name", "fuzz"])?;
        keys.insert("operators".to_owned(), json!({ "operator": operator.trim() }));
        for number in 0..6 {
            self.done(&["practice", "create", &format!("operated-{number}"), "--name", "Operated"])?;
        }
        self.import("doors", &people())?;
        self.import("smith", &contacts())?;
        Ok(keys.into())
    }

    fn import(&self, practice: &str, rows: &str) -> anyhow::Result<()> {
        let file = self.folder.path().join("rows.csv");
        std::fs::write(&file, rows).context("cannot write the rows to import")?;
        self.done(&["import", &file.to_string_lossy(), "--practice", practice, "--activate"]).map(drop)
    }

    /// Runs a command of the program to its end; answers its standard output.
    fn done(&self, words: &[&str]) -> anyhow::Result<String> {
        shell::read(self.command()?.args(words))
    }

    fn command(&self) -> anyhow::Result<Command> {
        let mut command = Command::new(workspace::target_dir()?.join("debug/portal"));
        command.current_dir(self.folder.path()).env_clear();
        command
            .env("PORTAL_DATABASE_URL", &self.url)
            .env("PORTAL_SMTP_URL", format!("capture:{}", self.mail().display()));
        command.env("PORTAL_MAIL_FROM", "portal@practice.example");
        // Of no use to anybody: what it protects is thrown away with the database.
        command.env("PORTAL_SECRET_KEY", format!("{}=", "A".repeat(43)));
        // All requests come from one address. Other limits have no setting, and answers of theirs are declared.
        command.env("PORTAL_SIGN_INS_PER_MINUTE", "1000000");
        Ok(command)
    }

    fn serve(&mut self) -> anyhow::Result<()> {
        let log = File::create(&self.log).with_context(|| format!("cannot write `{}`", self.log.display()))?;
        let mut command = self.command()?;
        command.args(["serve", "--listen", "127.0.0.1:0"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        self.service = Some(command.spawn().context("cannot start the service")?);
        let begun = Instant::now();
        while begun.elapsed() < READY_WITHIN {
            let log = workspace::slurp(&self.log)?;
            let listening = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            if let Some(line) = listening.into_iter().find(|line| line["message"] == "listening") {
                self.address = format!("http://{}", workspace::text(&line, "address"));
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        bail!("the service was not ready after {}:\n{}", shell::span(READY_WITHIN), workspace::slurp(&self.log)?)
    }
}

impl Drop for Bed {
    fn drop(&mut self) {
        if let Some(mut service) = self.service.take() {
            drop(service.kill());
            drop(service.wait());
        }
    }
}

const HEAD: &str = "ref,name,emails,clients,activate\n";

/// Whoever signs in, and whoever is invited to.
fn people() -> String {
    let rows = |kind, many| {
        (0..many).map(move |n| format!("{kind}-{n},Someone,{kind}-{n}@doors.example,acme,yes\n")).collect::<String>()
    };
    [HEAD, &rows("known", KNOWN), &rows("invited", INVITED)].concat()
}

/// Half of them with access.
fn contacts() -> String {
    let rows = (0..CONTACTS).map(|number| {
        let (host, client, activate) = (number % 3, number % 10, ["yes", "no"][number % 2]);
        format!("c-{number},Name {number},a{number}@x{host}.example,client-{client},{activate}\n")
    });
    std::iter::once(HEAD.to_owned()).chain(rows).collect()
}

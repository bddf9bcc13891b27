//! The real program, in a folder of its own.

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex, mpsc},
    time::Duration,
};

use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, SqliteConnection, sqlite::SqliteConnectOptions};
use tempfile::TempDir;

use super::{Answer, Client, Database};

/// A folder, a database, and the program over them.
pub(crate) struct Bed {
    folder: TempDir,
    database: Database,
    more: Vec<(&'static str, String)>,
}

/// How a command ended, and what it said.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// A service that runs.
pub(crate) struct Served {
    child: Child,
    address: SocketAddr,
    log: Arc<Mutex<Vec<String>>>,
}

impl Bed {
    pub(crate) fn new(database: Database) -> Self {
        Self { folder: tempfile::tempdir().unwrap(), database, more: Vec::new() }
    }

    /// The same, with mail to `url`.
    pub(crate) fn with_mail(mut self, url: &str) -> Self {
        self.set("PORTAL_SMTP_URL", url);
        self
    }

    pub(crate) fn unset(&mut self, variable: &'static str) {
        self.more.retain(|(known, _)| *known != variable);
    }

    pub(crate) fn set(&mut self, variable: &'static str, value: &str) {
        self.more.retain(|(known, _)| *known != variable);
        self.more.push((variable, value.to_owned()));
    }

    /// The URL of a database that has one.
    pub(crate) fn database_url(&self) -> &str {
        &self.database.settings[0].1
    }

    /// The server's folder, and the name of the database's own in it, once all of it is written.
    pub(crate) async fn server_files(&self) -> Option<(PathBuf, String)> {
        let url = self.server_url()?;
        let folder = url.split_once("host=")?.1;
        Some((Path::new(folder).join("data"), super::database::written(url).await))
    }

    /// The URL of the database, where it is on a server.
    pub(crate) fn server_url(&self) -> Option<&str> {
        self.database.settings.first().map(|(_, url)| url.as_str())
    }

    /// All rows of a database on a server, as text, with the names of their tables.
    pub(crate) async fn rows(&self) -> Vec<(String, Vec<u8>)> {
        if self.database.settings.is_empty() { Vec::new() } else { super::database::rows(self.database_url()).await }
    }

    /// Starts a command and lets it run.
    #[cfg(feature = "fault-points")]
    pub(crate) fn start(&self, words: &[&str]) -> Child {
        let mut command = self.command(words);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The program, with nothing of the test's own environment.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_portal"));
        command.args(words).current_dir(self.folder.path()).env_clear();
        command.envs(self.database.settings.iter().map(|(name, value)| (name, value)));
        command.envs(self.more.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs a command to its end.
    pub(crate) async fn run(&self, words: &[&str]) -> Ended {
        Self::output(&mut self.command(words)).await
    }

    /// Runs a command that was prepared to its end.
    pub(crate) async fn output(command: &mut Command) -> Ended {
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let output = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap()).await.unwrap();
        Ended {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Runs a command that must be done; answers its standard output.
    pub(crate) async fn done(&self, words: &[&str]) -> String {
        let ended = self.run(words).await;
        assert_eq!(ended.code, Some(0), "{words:?}: {}", ended.err);
        ended.out
    }

    /// Creates a practice and a key that may write; answers the key.
    pub(crate) async fn practice(&self, slug: &str) -> String {
        self.done(&["practice", "create", slug, "--name", "Smith & Sons"]).await;
        let key = self.done(&["api-key", "create", "--practice", slug, "--name", "tests", "--scope", "write"]).await;
        key.trim_end_matches('\n').to_owned()
    }

    /// Seals what waits in the journal of `smith`, so that what was done is seen, whatever a service is at; it must be whole.
    pub(crate) async fn seal(&self) {
        self.done(&["journal", "verify", "--practice", "smith"]).await;
    }

    /// Runs statements on the database, as who holds it may.
    pub(crate) async fn tamper(&self, sqlite: &str, postgres: &str) {
        if self.database.settings.is_empty() {
            let options = SqliteConnectOptions::new().filename(self.folder().join("data/portal.db")).foreign_keys(true);
            let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
            connection.execute(AssertSqlSafe(sqlite.to_owned())).await.unwrap();
            connection.close().await.unwrap();
        } else {
            let mut connection = PgConnection::connect(self.database_url()).await.unwrap();
            connection.execute(AssertSqlSafe(postgres.to_owned())).await.unwrap();
        }
    }

    /// Lets nobody into the database of a server any more, and sends all away who are in; or lets them in again.
    pub(crate) async fn let_in(&self, anybody: bool) {
        super::database::let_in(self.database_url(), anybody).await;
    }

    /// Makes a write that begins take longer than another waits for it, and yet no statement longer than it may; on an embedded
    /// database as long as what is answered lives.
    pub(crate) async fn slow_writes(&self) -> Option<SqliteConnection> {
        if self.database.settings.is_empty() {
            let options = SqliteConnectOptions::new().filename(self.folder().join("data/portal.db"));
            let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
            connection.execute("BEGIN IMMEDIATE").await.unwrap();
            return Some(connection);
        }
        let slow = ["client", "event", "receipt"].map(|table| {
            format!("CREATE TRIGGER slow BEFORE INSERT ON portal.{table} FOR EACH STATEMENT EXECUTE FUNCTION slow();")
        });
        let slowly = "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS \
                      'BEGIN PERFORM pg_sleep(3); RETURN NULL; END';";
        self.tamper("", &format!("{slowly}{}", slow.concat())).await;
        None
    }

    /// Starts the service on a free port and waits until it answers.
    pub(crate) async fn serve(&self) -> Served {
        self.serve_with(&[]).await
    }

    /// The same, with more words.
    pub(crate) async fn serve_with(&self, words: &[&str]) -> Served {
        let mut command = self.command(&[&["serve", "--listen", "127.0.0.1:0"], words].concat());
        tokio::task::spawn_blocking(move || Served::start(&mut command)).await.unwrap()
    }
}

impl Served {
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let log = Arc::new(Mutex::new(Vec::new()));
        let (found, address) = mpsc::channel();
        let (err, kept) = (child.stderr.take().unwrap(), Arc::clone(&log));
        std::thread::spawn(move || {
            for line in BufReader::new(err).lines().map_while(Result::ok) {
                let event: Value = serde_json::from_str(&line).unwrap_or_default();
                if event["message"] == "listening" {
                    let address: SocketAddr = event["address"].as_str().unwrap().parse().unwrap();
                    found.send(address).expect("the test waits for the address");
                }
                kept.lock().unwrap().push(line);
            }
        });
        match address.recv_timeout(Duration::from_secs(30)) {
            Ok(address) => Self { child, address, log },
            Err(_) => {
                let log = log.lock().unwrap().join("\n");
                drop(child.kill());
                drop(child.wait());
                panic!("the service did not start: {log}")
            }
        }
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) const fn client(&self) -> Client {
        Client::new(self.address)
    }

    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().join("\n")
    }

    /// Ends it as a power cut does: nothing is finished, nothing said.
    pub(crate) async fn kill(mut self) -> String {
        self.child.kill().unwrap();
        tokio::task::spawn_blocking(move || {
            self.child.wait().unwrap();
            self.log()
        })
        .await
        .unwrap()
    }

    /// Waits until it has ended by itself.
    #[cfg(feature = "fault-points")]
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Asks it to end, as a supervisor does, and waits for that.
    pub(crate) async fn stop(mut self) -> (ExitStatus, String) {
        let asked = Command::new("/bin/kill").arg("-TERM").arg(self.child.id().to_string()).status().unwrap();
        assert!(asked.success());
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        (status, self.log())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // Whatever a test found out, no service outlives it.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// What tests send again and again.
impl Client {
    pub(crate) async fn put_contact(&self, reference: &str, name: &str, emails: &[&str]) -> Answer {
        let body = json!({ "name": name, "emails": emails, "clients": [] });
        self.put(&format!("/api/v1/contacts/{reference}"), body).await
    }

    pub(crate) async fn order(&self, reference: &str, command: &str) -> Answer {
        self.send("POST", &format!("/api/v1/contacts/{reference}/portal/{command}"), None).await
    }

    pub(crate) async fn sign_in(&self, slug: &str, email: &str, password: &str) -> Answer {
        let body = json!({ "email": email, "password": password });
        self.front_end().post(&format!("/portal/{slug}/api/session"), body).await
    }

    pub(crate) async fn redeem(&self, slug: &str, token: &str, password: &str) -> Answer {
        let path = format!("/portal/{slug}/api/links/{token}");
        self.front_end().post(&path, json!({ "password": password })).await
    }

    pub(crate) async fn link_state(&self, slug: &str, token: &str) -> Value {
        self.get(&format!("/portal/{slug}/api/links/{token}")).await.expect(200)["state"].clone()
    }
}

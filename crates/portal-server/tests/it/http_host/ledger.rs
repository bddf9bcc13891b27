//! The host program of the example, as a process.

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, mpsc},
    time::{Duration, UNIX_EPOCH},
};

use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, Executor, Row, SqliteConnection, sqlite::SqliteConnectOptions};

use super::text;
use crate::support::{Bed, Client, Ended};

/// Where it lies.
pub(super) const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/http-host");

/// The program with its data, and where it answers, once it does.
pub(super) struct Ledger {
    data: PathBuf,
    portal: String,
    operator: String,
    running: Option<(Child, SocketAddr)>,
    said: Arc<Mutex<Vec<String>>>,
}

/// Somebody who posts to its webhook.
#[derive(Clone)]
pub(super) struct Post<'a> {
    pub(super) to: Client,
    pub(super) secret: &'a str,
    /// In seconds.
    pub(super) at: i64,
}

impl Ledger {
    pub(super) fn new(folder: &Path, portal: &str, operator: &str) -> Self {
        Self {
            data: folder.join("ledger.db"),
            portal: format!("http://{portal}"),
            operator: operator.to_owned(),
            running: None,
            said: Arc::default(),
        }
    }

    pub(super) fn operator(&self) -> &str {
        &self.operator
    }

    pub(super) fn provision(&self) -> [&str; 3] {
        ["provision", "--portal", &self.portal]
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new("python3");
        command.arg("-B").arg(Path::new(FOLDER).join("host.py")).arg("--data").arg(&self.data).args(words);
        // Whatever proxy the test's own environment names, loopback is not behind it.
        command.env("LEDGER_OPERATOR_KEY", &self.operator).env("no_proxy", "*");
        command
    }

    pub(super) async fn run(&self, words: &[&str]) -> Ended {
        Bed::output(&mut self.command(words)).await
    }

    /// Runs a command that must be done; answers its standard output.
    pub(super) async fn done(&self, words: &[&str]) -> String {
        let ended = self.run(words).await;
        assert_eq!(ended.code, Some(0), "{words:?}: {}", ended.err);
        ended.out
    }

    /// Shows its pages on a free port.
    pub(super) async fn serve(&mut self) {
        let mut command = self.command(&["serve", "--listen", "127.0.0.1:0"]);
        let said = Arc::clone(&self.said);
        self.running = Some(tokio::task::spawn_blocking(move || start(&mut command, &said)).await.unwrap());
    }

    pub(super) fn kill(&mut self) {
        if let Some((mut child, _)) = self.running.take() {
            drop(child.kill());
            drop(child.wait());
        }
    }

    fn address(&self) -> SocketAddr {
        self.running.as_ref().expect("it runs").1
    }

    pub(super) fn client(&self) -> Client {
        Client::new(self.address())
    }

    pub(super) fn browser(&self) -> Client {
        self.client().browser()
    }

    /// A browser in which somebody has signed in with a password of the host's.
    pub(super) async fn signed_in(&self, name: &str, password: &str) -> Client {
        let browser = self.browser();
        browser.form("/sign-in", &format!("name={name}&password=wrong")).await.expect(401);
        let answer = browser.form("/sign-in", &format!("name={name}&password={}", password.replace(' ', "+"))).await;
        assert_eq!(answer.status, 303);
        browser.with("cookie", answer.cookie())
    }

    /// What staff see of a contact.
    pub(super) async fn row(&self, staff: &Client, contact: &str) -> String {
        let page = text(&staff.get("/contacts").await);
        let row = page.split("<tr>").find(|row| row.starts_with(&format!("<td>{contact}</td>")));
        row.unwrap_or_else(|| panic!("{contact}: {page}")).to_owned()
    }

    /// The path of an address of this program.
    #[track_caller]
    pub(super) fn path(&self, address: &str) -> String {
        let base = format!("http://{}", self.address());
        address.strip_prefix(&base).unwrap_or_else(|| panic!("{address} is not at {base}")).to_owned()
    }

    /// What it has printed to its log.
    pub(super) fn said(&self) -> String {
        self.said.lock().unwrap().join("\n")
    }

    #[expect(clippy::disallowed_methods, reason = "a webhook is signed with the time")]
    pub(super) fn now(&self) -> i64 {
        let now = std::time::SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        i64::try_from(now.as_secs()).unwrap()
    }

    async fn open(&self) -> SqliteConnection {
        let options = SqliteConnectOptions::new().filename(&self.data).busy_timeout(Duration::from_secs(20));
        SqliteConnection::connect_with(&options).await.unwrap()
    }

    /// What it has kept under a name.
    pub(super) async fn kept(&self, name: &str) -> Value {
        let query = sqlx::query("SELECT value FROM kept WHERE name = ?").bind(name);
        let row = query.fetch_one(&mut self.open().await).await.unwrap();
        serde_json::from_str(&row.get::<String, _>(0)).unwrap()
    }

    /// The sessions of the portal that it knows to be over.
    pub(super) async fn ended(&self) -> Vec<String> {
        let query = sqlx::query("SELECT portal_session FROM ended ORDER BY portal_session");
        let rows = query.fetch_all(&mut self.open().await).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// Changes its data behind its back.
    pub(super) async fn tamper(&self, sql: &str) {
        self.open().await.execute(AssertSqlSafe(sql.to_owned())).await.unwrap();
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        self.kill();
    }
}

fn start(command: &mut Command, said: &Arc<Mutex<Vec<String>>>) -> (Child, SocketAddr) {
    let piped = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn().expect("`python3` is installed");
    let (out, err, kept) = (child.stdout.take().unwrap(), child.stderr.take().unwrap(), Arc::clone(said));
    std::thread::spawn(move || {
        for line in BufReader::new(err).lines().map_while(Result::ok) {
            kept.lock().unwrap().push(line);
        }
    });
    let (found, address) = mpsc::channel();
    std::thread::spawn(move || {
        let line = BufReader::new(out).lines().map_while(Result::ok).next().unwrap_or_default();
        drop(found.send(line));
    });
    let line = address.recv_timeout(Duration::from_secs(30)).unwrap_or_default();
    let address = line.strip_prefix("Ledger is at http://").and_then(|it| it.parse().ok());
    let Some(address) = address else {
        drop(child.kill());
        drop(child.wait());
        panic!("the host did not start: {line} {}", said.lock().unwrap().join("\n"));
    };
    (child, address)
}

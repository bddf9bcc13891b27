//! Commits of sixteen writers, by what the database does with the same rows.
//!
//! A commit puts a client and tells an event: three rows. The bare end on SQLite is one task with one connection that takes what
//! is waiting, up to 64, into one transaction, an `INSERT` for each row, and answers after one `COMMIT`. On PostgreSQL it is
//! sixteen connections, each with `BEGIN`, the three rows in one `INSERT`, `COMMIT`. Both wait for the disk.

use std::{
    str::FromStr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use portal::domain::{
    event::Event,
    id::Id,
    port::{Commit, PortalStore},
    practice::{Client, Practice},
};
use portal_testkit::build::{self, Plan};
use sqlx::{
    ConnectOptions, Connection, Executor, PgConnection, SqliteConnection,
    postgres::PgConnectOptions,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};
use tokio::{
    sync::{mpsc, oneshot},
    time::Instant,
};

use crate::{
    args::Args,
    figure::{Figure, Target, percent},
    place::{self, KINDS, Kind, Place},
};

const WRITERS: usize = 16;
const BATCH: usize = 64;

pub(crate) async fn figures(args: &Args) -> Vec<Figure> {
    let mut figures = Vec::new();
    for kind in KINDS {
        let place = Place::with_practice(kind).await;
        let store = place.store().await;
        let practice = place::practice(&store).await;
        let bare = Bare::new(&place, &practice).await;
        let mut rates = Vec::new();
        for _ in 0..args.rounds() {
            let ours = ours(&store, &practice, args.slice()).await;
            rates.push((ours, bare.rate(args.slice()).await));
        }
        let name = format!("commits {}", kind.name());
        let note =
            format!("{WRITERS} writers: PortalStore::commit ÷ the same rows bare (see benches/bench/commits.rs)");
        figures.push(Figure::of(name, " %", Target::AtLeast(60.0), &percent(rates)).noted(note));
    }
    figures
}

/// A client and an event that nobody else has.
fn fresh() -> (Client, Event) {
    static MADE: AtomicU64 = AtomicU64::new(0);
    let made = MADE.fetch_add(1, Ordering::Relaxed);
    let name = format!("n-{made}");
    // Ids grow, as those of the program do.
    let id = |kind: u8| {
        let mut bytes = [kind; 16];
        bytes[1..9].copy_from_slice(&made.to_be_bytes());
        bytes
    };
    let client = Client { id: Id::from_bytes(id(1)), reference: build::reference(&name), ..build::client("like-all") };
    (client, Event { id: Id::from_bytes(id(2)), ..build::event("like-all") })
}

async fn ours(store: &Arc<dyn PortalStore>, practice: &Practice, span: Duration) -> f64 {
    let id = practice.id;
    let writers = (0..WRITERS).map(|_| {
        let store = Arc::clone(store);
        tokio::spawn(async move {
            let (begun, mut count) = (Instant::now(), 0.0);
            while begun.elapsed() < span {
                let (client, event) = fresh();
                let decision = Plan::new().put_client(&client).tell(event).done();
                assert_eq!(store.commit(id, &[decision], None).await.unwrap(), Commit::Committed);
                count += 1.0;
            }
            count / begun.elapsed().as_secs_f64()
        })
    });
    sum(writers.collect()).await
}

async fn sum(writers: Vec<tokio::task::JoinHandle<f64>>) -> f64 {
    let mut rate = 0.0;
    for writer in writers {
        rate += writer.await.unwrap();
    }
    rate
}

enum Bare {
    Sqlite(mpsc::Sender<(Rows, oneshot::Sender<()>)>),
    Postgres { url: String, practice: [u8; 16] },
}

struct Rows {
    client: Client,
    event: Event,
}

impl Bare {
    async fn new(place: &Place, practice: &Practice) -> Self {
        let practice = practice.id.to_bytes();
        match place.kind {
            Kind::Sqlite => {
                let options = SqliteConnectOptions::new()
                    .filename(place.file())
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(SqliteSynchronous::Full)
                    .busy_timeout(Duration::from_secs(5))
                    .foreign_keys(true);
                let connection = options.disable_statement_logging().connect().await.unwrap();
                let (queue, waiting) = mpsc::channel(1024);
                tokio::spawn(group(connection, practice, waiting));
                Self::Sqlite(queue)
            }
            Kind::Postgres => Self::Postgres { url: place.url.clone(), practice },
        }
    }

    async fn rate(&self, span: Duration) -> f64 {
        let mut writers = Vec::new();
        for _ in 0..WRITERS {
            writers.push(match self {
                Self::Sqlite(queue) => tokio::spawn(queue_for(queue.clone(), span)),
                Self::Postgres { url, practice } => {
                    let options = PgConnectOptions::from_str(url).unwrap().disable_statement_logging();
                    let connection = options.options([("plan_cache_mode", "force_generic_plan")]).connect().await;
                    tokio::spawn(insert_for(connection.unwrap(), *practice, span))
                }
            });
        }
        sum(writers).await
    }
}

async fn queue_for(queue: mpsc::Sender<(Rows, oneshot::Sender<()>)>, span: Duration) -> f64 {
    let (begun, mut count) = (Instant::now(), 0.0);
    while begun.elapsed() < span {
        let (client, event) = fresh();
        let (done, written) = oneshot::channel();
        assert!(queue.send((Rows { client, event }, done)).await.is_ok());
        written.await.unwrap();
        count += 1.0;
    }
    count / begun.elapsed().as_secs_f64()
}

/// Takes what is waiting into one transaction.
async fn group(
    mut connection: SqliteConnection,
    practice: [u8; 16],
    mut waiting: mpsc::Receiver<(Rows, oneshot::Sender<()>)>,
) {
    let mut batch = Vec::with_capacity(BATCH);
    let mut ordinal = 1_000_000_000;
    while waiting.recv_many(&mut batch, BATCH).await > 0 {
        connection.execute("BEGIN IMMEDIATE").await.unwrap();
        for (rows, _) in &batch {
            ordinal += 1;
            insert_sqlite(&mut connection, &practice, rows, ordinal).await;
        }
        connection.execute("COMMIT").await.unwrap();
        for (_, done) in batch.drain(..) {
            assert!(done.send(()).is_ok(), "the writer waits");
        }
    }
    connection.close().await.unwrap();
}

async fn insert_sqlite(
    connection: &mut SqliteConnection,
    practice: &[u8],
    Rows { client, event }: &Rows,
    ordinal: i64,
) {
    let row = "INSERT INTO portal_client (practice_id, client_id, ref, name, suspended, created_at, version)
               VALUES (?1, ?2, ?3, ?4, 0, ?5, 1)";
    let row = sqlx::query(row).bind(practice).bind(client.id.to_bytes().to_vec()).bind(client.reference.as_str());
    row.bind(&client.name).bind(client.created_at.as_micros()).execute(&mut *connection).await.unwrap();
    let row = "INSERT INTO portal_event (practice_id, event_id, ordinal, at, kind, caller, facts, digest)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, '{}', ?7)";
    let row = sqlx::query(row).bind(practice).bind(event.id.to_bytes().to_vec()).bind(ordinal);
    let row = row.bind(event.at.as_micros()).bind(event.kind).bind(&event.caller).bind(event.digest().to_vec());
    row.execute(&mut *connection).await.unwrap();
    let row = "INSERT INTO portal_event_personal (practice_id, event_id, salt, personal) VALUES (?1, ?2, ?3, '{}')";
    let row = sqlx::query(row).bind(practice).bind(event.id.to_bytes().to_vec()).bind(event.salt.to_vec());
    row.execute(connection).await.unwrap();
}

async fn insert_for(mut connection: PgConnection, practice: [u8; 16], span: Duration) -> f64 {
    let insert = "
        WITH c AS (INSERT INTO portal.client (practice_id, client_id, ref, name, suspended, created_at, version)
                   VALUES (encode($1, 'hex')::uuid, encode($2, 'hex')::uuid, $3, $4, false, $5, 1)),
             e AS (INSERT INTO portal.event (practice_id, event_id, at, kind, caller, facts, digest)
                   VALUES (encode($1, 'hex')::uuid, encode($6, 'hex')::uuid, $5, $7, $8, '{}', $9))
        INSERT INTO portal.event_personal (practice_id, event_id, salt, personal)
        VALUES (encode($1, 'hex')::uuid, encode($6, 'hex')::uuid, $10, '{}')";
    let (begun, mut count) = (Instant::now(), 0.0);
    while begun.elapsed() < span {
        let (client, event) = fresh();
        connection.execute("BEGIN").await.unwrap();
        let row = sqlx::query(insert).bind(&practice[..]).bind(client.id.to_bytes().to_vec());
        let row = row.bind(client.reference.as_str()).bind(&client.name).bind(client.created_at.as_micros());
        let row = row.bind(event.id.to_bytes().to_vec()).bind(event.kind).bind(&event.caller);
        let row = row.bind(event.digest().to_vec()).bind(event.salt.to_vec());
        row.execute(&mut connection).await.unwrap();
        connection.execute("COMMIT").await.unwrap();
        count += 1.0;
    }
    connection.close().await.unwrap();
    count / begun.elapsed().as_secs_f64()
}

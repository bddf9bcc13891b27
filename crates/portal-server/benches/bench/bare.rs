//! The bare route: an axum route on the same runtime and driver that reads the cookie, takes a connection of a pool of the same
//! size, runs the same statement as the store (practice, session, login, granted contacts and their clients), and answers the
//! same JSON. No rule, no guard, no header, no span, no deadline. It is a process of its own, like the program.

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    routing,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use portal::domain::session::SessionToken;
use serde_json::{Value, json};
use sqlx::{
    PgPool, Row, SqlitePool,
    postgres::PgPoolOptions,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions},
};

/// The word that makes this program be the bare route.
pub(crate) const WORD: &str = "bare-route";

/// The bare route as a process.
pub(crate) struct Bare {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Bare {
    pub(crate) fn start(url: &str) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        let mut child = command.args([WORD, url]).stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, address: line.trim().parse().expect("the bare route says where it is") }
    }
}

impl Bare {
    /// Its number.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[derive(Clone)]
enum Pool {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// Serves the route until the process is killed.
pub(crate) async fn serve(url: &str) {
    let pool = match url.strip_prefix("sqlite://") {
        Some(file) => {
            let options = SqliteConnectOptions::new().filename(file).pragma("query_only", "ON");
            let pool = SqlitePoolOptions::new().max_connections(4).test_before_acquire(false);
            Pool::Sqlite(pool.connect_with(options).await.unwrap())
        }
        None => Pool::Postgres(PgPoolOptions::new().max_connections(16).connect(url).await.unwrap()),
    };
    let router = Router::new().route("/portal/{practice}/api/session", routing::get(session)).with_state(pool);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("{}", listener.local_addr().unwrap());
    let listener = axum::serve::ListenerExt::tap_io(listener, |stream| drop(stream.set_nodelay(true)));
    axum::serve(listener, router).await.unwrap();
}

const SQLITE: &str = "
    SELECT p.practice_id, g.slug, p.name, p.settings, p.created_at, p.version, s.session_id, s.login_id, s.epoch,
    s.profile_contact_id, s.profile_client_id, s.origin, s.user_agent, s.created_at AS began_at,
    s.last_seen_at, s.idle_until, s.expires_at, s.ended_at, l.key, l.epoch AS login_epoch,
    (SELECT json_group_array(json_array(hex(c.contact_id), c.ref, c.name, c.behind_since, e.address,
    CASE WHEN k.client_id IS NOT NULL THEN
    json_array(hex(k.client_id), k.ref, k.name, k.suspended, k.created_at, k.version) END))
    FROM portal_contact AS c INDEXED BY portal_contact_login
    LEFT JOIN portal_contact_email AS e
    ON e.practice_id = c.practice_id AND e.contact_id = c.contact_id AND e.position = 0
    LEFT JOIN portal_contact_client AS m ON m.practice_id = c.practice_id AND m.contact_id = c.contact_id
    LEFT JOIN portal_client AS k ON k.practice_id = m.practice_id AND k.client_id = m.client_id
    WHERE c.practice_id = l.practice_id AND c.login_id = l.login_id AND c.access = 'granted'
    ) AS behind
    FROM portal_practice AS p
    CROSS JOIN portal_practice_slug AS g ON g.practice_id = p.practice_id
    CROSS JOIN portal_session AS s ON s.practice_id = p.practice_id AND s.hash = ?2
    CROSS JOIN portal_login AS l ON l.practice_id = s.practice_id AND l.login_id = s.login_id
    WHERE p.practice_id = (SELECT practice_id FROM portal_practice_slug WHERE slug = ?1)";

const POSTGRES: &str = "
    SELECT p.practice_id, g.slug, p.name, p.settings, p.created_at, p.version, s.session_id, s.login_id, s.epoch,
    s.profile_contact_id, s.profile_client_id, s.origin, s.user_agent, s.created_at AS began_at,
    s.last_seen_at, s.idle_until, s.expires_at, s.ended_at, l.key, l.epoch AS login_epoch,
    (SELECT coalesce(json_agg(json_build_array(c.contact_id, c.ref, c.name, c.behind_since, e.address,
    CASE WHEN k.client_id IS NOT NULL THEN
    json_build_array(k.client_id, k.ref, k.name, k.suspended, k.created_at, k.version) END)), '[]')::text
    FROM portal.contact c
    LEFT JOIN portal.contact_email e
    ON e.practice_id = c.practice_id AND e.contact_id = c.contact_id AND e.position = 0
    LEFT JOIN portal.contact_client m ON m.practice_id = c.practice_id AND m.contact_id = c.contact_id
    LEFT JOIN portal.client k ON k.practice_id = m.practice_id AND k.client_id = m.client_id
    WHERE c.practice_id = l.practice_id AND c.login_id = l.login_id AND c.access = 'granted'
    ) AS behind
    FROM portal.practice p
    JOIN portal.practice_slug g ON g.practice_id = p.practice_id
    JOIN portal.session s ON s.practice_id = p.practice_id AND s.hash = $2
    JOIN portal.login l ON l.practice_id = s.practice_id AND l.login_id = s.login_id
    WHERE p.practice_id = (SELECT practice_id FROM portal.practice_slug WHERE slug = $1)";

/// Key, beginning and end, and who is behind it.
type Line = (String, i64, i64, String);

async fn session(
    State(pool): State<Pool>,
    Path(practice): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Value>, StatusCode> {
    let cookie = headers.get(header::COOKIE).and_then(|cookie| cookie.to_str().ok()?.split_once('='));
    let token = cookie.and_then(|(_, token)| SessionToken::parse(token)).ok_or(StatusCode::UNAUTHORIZED)?;
    let hash = token.hash().0.to_vec();
    let line: Option<Line> = match pool {
        Pool::Sqlite(pool) => {
            let row = sqlx::query(SQLITE).bind(practice).bind(hash).fetch_optional(&pool).await.unwrap();
            row.map(|row| read(&row))
        }
        Pool::Postgres(pool) => {
            let row = sqlx::query(POSTGRES).bind(practice).bind(hash).fetch_optional(&pool).await.unwrap();
            row.map(|row| read(&row))
        }
    };
    let (login, began, ends, behind) = line.ok_or(StatusCode::UNAUTHORIZED)?;
    let behind: Vec<Behind> = serde_json::from_str(&behind).unwrap();
    let profiles: Vec<_> = behind.iter().map(profile).collect();
    let whole = json!({ "login_email": login, "profiles": profiles, "profile": null, "signed_in_at": began, "expires_at": ends });
    Ok(Json(whole))
}

fn read<R: Row>(row: &R) -> Line
where
    for<'n> &'n str: sqlx::ColumnIndex<R>,
    for<'r> String: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
    for<'r> i64: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
{
    (row.get("key"), row.get("began_at"), row.get("expires_at"), row.get("behind"))
}

/// A contact's id, reference and name, what the answer does not need, and a client's.
type Behind = (String, String, String, Option<i64>, Option<String>, (String, String, String, Value, i64, i64));

fn profile((contact, contact_ref, contact_name, _, _, (client, client_ref, client_name, ..)): &Behind) -> Value {
    let ids = [contact, client].map(|id| u128::from_str_radix(&id.replace('-', ""), 16).unwrap().to_be_bytes());
    json!({
        "id": URL_SAFE_NO_PAD.encode(ids.concat()),
        "contact": { "ref": contact_ref, "name": contact_name },
        "client": { "ref": client_ref, "name": client_name },
    })
}

//! The codes that any operation of an area may refuse with.

use std::fmt::Write as _;

use futures_util::future::{join_all, select};
use serde_json::json;

use super::{
    contacts::HASH,
    front_end::EMAIL,
    imports::FILE,
    scene::{Asker, Operation, Scene},
};
use crate::support::{Database, on_both_databases};

on_both_databases!(
    body_too_large,
    forbidden,
    idempotency_key_in_use,
    idempotency_key_reused,
    internal_error,
    invalid_request,
    misdirected_request,
    not_found,
    overloaded,
    request_timeout,
    unauthorized,
);

impl Operation {
    /// Whether it may refuse with this code.
    fn may(&self, code: &str) -> bool {
        self.codes().any(|(_, own)| own == code)
    }

    /// Its path about things of this name; the practice is `smith`, unless it is what is named.
    fn about(&self, name: &str) -> String {
        let practice = self.path.replace("{practice}", "smith");
        ["{ref}", "{slug}", "{id}", "{token}"].iter().fold(practice, |path, part| path.replace(part, name))
    }

    fn empty_body(&self) -> Option<Vec<u8>> {
        self.takes_body().then(|| b"{}".to_vec())
    }
}

/// One of everything, named `x` where a host names it.
struct Things {
    browser: Asker,
    staff: Asker,
    link: String,
    session: String,
    import: String,
    activation: String,
    api_key: String,
    code: String,
}

impl Things {
    async fn of(scene: &Scene) -> Self {
        scene.host.put("/clients/x", json!({ "name": "X" })).await.expect(201);
        scene.user("x", "x@smith.example", "staff").await;
        scene.webhook("x").await;
        scene.settled("x", EMAIL).await;
        scene.host.put("/contacts/x", json!({ "clients": ["x"] })).await.expect(200);
        let link = scene.invited("y", "bob@smith.example").await;
        let browser = scene.signed_in(EMAIL).await;
        let sessions = browser.get("/sessions").await.expect(200);
        let import = scene.host.file("").await;
        let order = json!({ "action": "activate", "contacts": ["y"], "start_at": "2046-01-01T00:00:00Z" });
        let activation = scene.host.post("/activations", order).await.expect(202);
        let order = json!({ "name": "spare", "scopes": ["read"] });
        let key = scene.operator.post("/operator/practices/smith/api-keys", order).await.expect(201);
        let id = |of: &serde_json::Value| of["id"].as_str().expect("an id").to_owned();
        Self {
            browser,
            staff: scene.at_work().await,
            link,
            session: id(&sessions["items"][0]),
            import: import.trim_start_matches("/imports/").to_owned(),
            activation: id(&activation),
            api_key: id(&key),
            code: scene.code(EMAIL).await,
        }
    }

    /// The path of an operation about one of them.
    fn path(&self, operation: &Operation) -> String {
        let path = &operation.path;
        let id = match path {
            _ if path.contains("/imports/") => &self.import,
            _ if path.contains("/activations/") => &self.activation,
            _ if path.contains("/api-keys/") => &self.api_key,
            _ => &self.session,
        };
        let reference = if path.ends_with("/credential") { "y" } else { "x" };
        let path = path.replace("{practice}", "smith").replace("{slug}", "smith").replace("{ref}", reference);
        path.replace("{id}", id).replace("{token}", &self.link)
    }

    /// Who is signed in, where an operation asks for that.
    fn asker(&self, scene: &Scene, operation: &Operation) -> Asker {
        if operation.path.starts_with("/workspace") {
            self.staff.at("")
        } else if operation.path.starts_with("/portal") {
            self.browser.at("")
        } else {
            scene.asker(operation)
        }
    }

    /// What an operation takes.
    fn body(&self, operation: &Operation) -> Option<String> {
        let body = match operation.name() {
            "post_imports" => return Some(FILE.to_owned()),
            "post_activations" => json!({ "action": "resend", "contacts": ["y"] }),
            "post_handoffs" => json!({ "contact": "x" }),
            "post_sign_ins" => json!({ "code": self.code }),
            "post_operator_delivery_reports" => json!({ "event": "complained", "message_id": "x" }),
            "post_operator_practices_by_slug_api_keys" => json!({ "name": "other", "scopes": ["read"] }),
            "put_contacts_by_ref_credential" => json!({ "hash": HASH }),
            "put_contacts_by_ref_emails" => json!({ "emails": [EMAIL] }),
            "put_clients_by_ref" | "put_operator_practices_by_slug" => json!({ "name": "Other" }),
            "put_practice_users_by_ref" => json!({ "name": "X", "email": "x@smith.example", "role": "staff" }),
            "post_webhooks_by_ref_recover" => json!({ "since": "2026-01-01T00:00:00Z" }),
            _ => return operation.takes_body().then(|| "{}".to_owned()),
        };
        Some(body.to_string())
    }
}

impl Scene {
    /// Who may call an operation.
    fn asker(&self, operation: &Operation) -> Asker {
        let asker = match operation.scope.as_deref() {
            Some("write") => &self.host,
            Some("read") => &self.reads,
            Some("sign_in") => &self.signs,
            Some("credentials") => &self.moves,
            Some("operator") => &self.operator,
            _ => &self.front_end,
        };
        asker.at("")
    }
}

async fn unauthorized(database: Database) {
    let scene = Scene::new(database).await;
    for operation in Operation::all().filter(|it| it.may("unauthorized")) {
        let answer =
            scene.front_end.at("").send(&operation.method, &operation.about("x"), operation.empty_body()).await;
        answer.expect_problem(401, "unauthorized");
    }
    scene.refuse("unauthorized");
}

async fn forbidden(database: Database) {
    let scene = Scene::new(database).await;
    for operation in Operation::all().filter(|it| it.may("forbidden")) {
        let asker = match operation.scope.as_deref() {
            Some("read") => &scene.signs,
            Some(_) => &scene.reads,
            None => &scene.front_end.with("origin", "https://evil.example"),
        };
        let answer = asker.at("").send(&operation.method, &operation.about("x"), operation.empty_body()).await;
        answer.expect_problem(403, "forbidden");
    }
    scene.refuse("forbidden");
}

async fn not_found(database: Database) {
    let scene = Scene::new(database).await;
    for operation in Operation::all().filter(|it| it.may("not_found")) {
        let path = match operation.path.contains("{practice}") {
            true => operation.path.replace("{practice}", "nobody").replace("{token}", "x").replace("{id}", "x"),
            false => operation.about("nobody"),
        };
        let body = match operation.name() {
            "post_handoffs" => Some(br#"{"contact": "nobody"}"#.to_vec()),
            "post_sign_ins" => Some(br#"{"code": "nobody"}"#.to_vec()),
            _ => operation.empty_body(),
        };
        if operation.name() != "put_contacts_by_ref" {
            scene.asker(&operation).send(&operation.method, &path, body).await.expect_problem(404, "not_found");
        }
    }
    // Only a repeated call is about a contact that may not be made again: it was erased since.
    let once = scene.host.with("idempotency-key", "k");
    let body = json!({ "name": "Ada", "emails": [], "clients": [] });
    once.put("/contacts/c-1", body.clone()).await.expect(201);
    scene.host.call("/contacts/c-1/erase").await.expect(200);
    once.put("/contacts/c-1", body).await.expect_problem(404, "not_found");
    scene.refuse("not_found");
}

async fn misdirected_request(database: Database) {
    let scene = Scene::new(database).await;
    for operation in Operation::all().filter(|it| it.may("misdirected_request")) {
        let asker = scene.asker(&operation).with("host", "evil.example");
        let answer = asker.send(&operation.method, &operation.about("x"), operation.empty_body()).await;
        answer.expect_problem(421, "misdirected_request");
    }
    scene.refuse("misdirected_request");
}

async fn invalid_request(database: Database) {
    let scene = Scene::new(database).await;
    let things = Things::of(&scene).await;
    let mut never = Vec::new();
    for operation in Operation::all().filter(|it| it.may("invalid_request")) {
        let asker = things.asker(&scene, &operation);
        let path = things.path(&operation);
        let nonsense = asker.send(&operation.method, &path, Some(br#"{"nonsense": 1}"#.to_vec())).await;
        let asked = asker.send(&operation.method, &format!("{path}?nonsense=1"), operation.empty_body()).await;
        if nonsense.status != 400 && asked.status != 400 {
            never.push((operation.name(), nonsense.status, asked.status));
        }
    }
    assert!(never.is_empty(), "{never:?}");
    scene.refuse("invalid_request");
}

async fn body_too_large(database: Database) {
    let scene = Scene::new(database).await;
    let things = Things::of(&scene).await;
    // All at once: of each a little more is waited for, so that the answer is not overtaken.
    let large = Operation::all().filter(|it| it.may("body_too_large")).map(async |operation| {
        let asker = things.asker(&scene, &operation);
        let (status, told) = asker.announce(&operation, &things.path(&operation), (64 << 20) + 1).await;
        assert_eq!((status, &told["code"]), (413, &json!("body_too_large")), "{}", operation.name());
    });
    join_all(large).await;
    scene.refuse("body_too_large");
}

async fn request_timeout(database: Database) {
    let scene = Scene::new(database).await;
    let things = Things::of(&scene).await;
    // All at once: each waits for twenty seconds.
    let slow = Operation::all().filter(|it| it.may("request_timeout")).map(async |operation| {
        let asker = things.asker(&scene, &operation);
        let (status, told) = asker.announce(&operation, &things.path(&operation), 2).await;
        assert_eq!((status, &told["code"]), (408, &json!("request_timeout")), "{}", operation.name());
    });
    join_all(slow).await;
    scene.refuse("request_timeout");
}

async fn idempotency_key_reused(database: Database) {
    let scene = Scene::new(database).await;
    let things = Things::of(&scene).await;
    let mut operations: Vec<_> = Operation::all().filter(|it| it.may("idempotency_key_reused")).collect();
    // First what needs a session or access, last what takes things away.
    operations.sort_by_key(|operation| match operation.name() {
        "post_sign_ins" | "post_contacts_by_ref_portal_lift_suppression" => 0,
        "delete_contacts_by_ref" => 3,
        "post_contacts_by_ref_erase" => 4,
        _ if operation.method == "DELETE" => 2,
        _ => 1,
    });
    for operation in operations {
        let file = operation.name() == "post_imports";
        let media = if file { "text/csv" } else { "application/json" };
        let asker = scene.asker(&operation).with("idempotency-key", "k").with("content-type", media);
        let (path, body) = (things.path(&operation), things.body(&operation));
        let send = |body: Option<String>| asker.send(&operation.method, &path, body.map(String::into_bytes));
        let first = send(body.clone()).await;
        assert!(first.status.is_success(), "{}: {}", operation.name(), first.json());
        let again = send(body.clone()).await;
        assert_eq!((again.status, &again.body), (first.status, &first.body), "{}", operation.name());
        let other = body.map_or_else(|| "{}".to_owned(), |body| body + "\n");
        send(Some(other)).await.expect_problem(422, "idempotency_key_reused");
    }
    scene.refuse("idempotency_key_reused");
}

async fn idempotency_key_in_use(database: Database) {
    let scene = Scene::new(database).await;
    let slow = scene.bed.slow_writes().await;
    let asker = scene.host.with("idempotency-key", "k");
    let call = || Box::pin(asker.put("/clients/acme", json!({ "name": "Acme" })));
    // Either may begin. Whoever waits for the other gives up after five seconds; the one that began goes on.
    let (told, other) = select(call(), call()).await.factor_first();
    told.expect_problem(409, "idempotency_key_in_use");
    drop(slow);
    other.await.expect(201);
}

/// A row that can't be read is our fault, and says nothing of itself.
async fn internal_error(database: Database) {
    let scene = Scene::new(database).await;
    let things = Things::of(&scene).await;
    let (sqlite, postgres) =
        ("UPDATE portal_api_key SET scopes = 'nonsense'", "UPDATE portal.api_key SET scopes = 'nonsense'");
    scene.bed.tamper(sqlite, postgres).await;
    for operation in Operation::all().filter(|it| it.may("internal_error")) {
        // The operator's own keys are whole, and the portal's routes need none.
        if operation.scope.as_deref().is_some_and(|scope| scope != "operator") {
            let asker = things.asker(&scene, &operation);
            let body = things.body(&operation).map(String::into_bytes);
            let answer = asker.send(&operation.method, &things.path(&operation), body).await;
            let told = answer.expect_problem(500, "internal_error");
            assert!(!told.to_string().contains("nonsense"), "{told}");
        }
    }
}

/// A database without what it should have is as good as one that can't be reached.
async fn overloaded(database: Database) {
    let scene = Scene::new(database).await;
    let (mut sqlite, mut postgres) = (String::new(), String::new());
    for table in ["api_key", "operator_key", "practice_slug", "message"] {
        write!(sqlite, "ALTER TABLE portal_{table} RENAME TO portal_lost_{table};").expect("text");
        write!(postgres, "ALTER TABLE portal.{table} RENAME TO lost_{table};").expect("text");
    }
    scene.bed.tamper(&sqlite, &postgres).await;
    for operation in Operation::all().filter(|it| it.may("overloaded")) {
        let asker = scene.asker(&operation);
        let answer = asker.send(&operation.method, &operation.about("x"), operation.empty_body()).await;
        answer.expect_problem(503, "overloaded");
        assert!(answer.headers.contains_key("retry-after"), "{}", operation.name());
    }
    scene.refuse("overloaded");
}

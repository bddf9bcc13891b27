//! `/imports`: a file is stored, decided row by row, and told row by row.

use std::{future::poll_fn, task::Poll, time::Duration};

use axum::http::Method;
use portal_domain::practice::Scope;
use serde_json::{Value, json};

use crate::kit::{Answer, Ask, Kit};

impl Kit {
    /// Imports a file to its end; answers its id and what is told of it.
    async fn import(&self, query: &str, bytes: &[u8]) -> (String, Value) {
        let id = self.send(self.file(query, bytes)).await.is(202).json()["id"].as_str().expect("an id").to_owned();
        self.work().await;
        let told = self.get(&format!("/imports/{id}")).await.is(200).json();
        assert_eq!((&told["state"], &told["done"]), (&json!("done"), &told["total"]), "{told}");
        (id, told)
    }

    async fn rows(&self, id: &str, query: &str) -> Vec<Value> {
        let list = self.get(&format!("/imports/{id}/rows{query}")).await.is(200).json();
        list["items"].as_array().expect("rows").clone()
    }

    async fn download(&self, id: &str) -> Answer {
        self.get(&format!("/imports/{id}/refused.csv")).await.is(200)
    }
}

const FILE: &str = "ref,name,emails,clients,activate\n\
    c-1,Ada,ada@smith.example;a2@smith.example,acme;beta,yes\n\
    c-2,Bob,ADA@smith.example,acme,yes\n\
    c-3,Cy,cy@smith.example,,no\n\
    c-4,Di,no address,acme,yes\n\
    c 5,Ed,a@b@c.example;ed@smith.example,a client,maybe\n\
    c-6,Flo,,,yes\n";

#[tokio::test]
async fn post_imports_stores_every_row_and_a_worker_decides_it() {
    let kit = Kit::new().await;
    let id = kit.send(kit.file("?activate=true", FILE.as_bytes())).await.is(202).json()["id"].clone();
    let path = format!("/imports/{}", id.as_str().expect("an id"));
    let staged = kit.get(&path).await.is(200).json();
    let shown = ["state", "total", "done", "refused"].map(|name| staged[name].clone());
    assert_eq!(shown, [json!("running"), json!(6), json!(2), json!(2)], "what can't be read is refused at once");
    kit.get("/contacts/c-1").await.problem(404, "not_found");
    kit.work().await;
    let done = kit.get(&path).await.is(200).json();
    let shown = ["state", "total", "done", "created", "updated", "unchanged", "refused"].map(|name| done[name].clone());
    assert_eq!(shown, [json!("done"), json!(6), json!(6), json!(4), json!(0), json!(0), json!(2)]);
    assert_eq!(done["effects"]["activations"], json!({"invited": 1, "joined": 1, "no_email": 1}));
    assert_eq!(done["effects"]["messages"], json!({"activation": 2}));
    assert_eq!(done["effects"]["joined"][0]["shared_with"][0]["name"], "Ada");
    assert_eq!((&done["effects"]["joins"], &done["effects"]["moves"]), (&json!(1), &json!(0)));
    assert_eq!(done["read_as"], "CSV in utf-8 with `,`");
    let contact = kit.get("/contacts/c-1").await.is(200).json();
    assert_eq!(contact["portal"]["status"], "invited");
    assert_eq!(contact["clients"], json!(["acme", "beta"]));
    // Who asked stands in what the rows did.
    kit.seal().await;
    let events = kit.get("/contacts/c-1/portal/events").await.is(200).json();
    let callers: Vec<_> = events["items"].as_array().expect("events").iter().map(|it| &it["caller"]).collect();
    assert!(!callers.is_empty() && callers.iter().all(|it| it.as_str().is_some_and(|it| it.starts_with("host:"))));
}

#[tokio::test]
async fn i2_every_row_says_what_became_of_it() {
    let kit = Kit::new().await;
    let (id, _) = kit.import("?activate=true", FILE.as_bytes()).await;
    let rows = kit.rows(&id, "").await;
    let told = |row: &Value| json!([row["line"], row["ref"], row["contact"], row["activation"]]);
    assert_eq!(
        rows.iter().map(told).collect::<Vec<_>>(),
        [
            json!([2, "c-1", "created", "invited"]),
            json!([3, "c-2", "created", "joined"]),
            json!([4, "c-3", "created", null]),
            json!([5, "c-4", "refused", null]),
            json!([6, "c 5", "refused", null]),
            json!([7, "c-6", "created", "no_email"]),
        ]
    );
    assert_eq!((&rows[0]["login_email"], &rows[0]["emails"]), (&json!("ada@smith.example"), &json!(2)));
    let refused = kit.rows(&id, "?outcome=refused").await;
    assert_eq!(refused, rows[3..5]);
    assert_eq!((&refused[0]["code"], &refused[0]["fault"]), (&json!("invalid_email"), &json!("missing_at")));
    let fields: Vec<_> =
        refused[1]["faults"].as_array().expect("faults").iter().map(|it| it["field"].clone()).collect();
    assert_eq!(fields, ["ref", "emails[0]", "clients[0]", "activate"]);
    assert_eq!(kit.rows(&id, "?effect=join").await, rows[1..2]);
    // In pages.
    let first = kit.get(&format!("/imports/{id}/rows?limit=4")).await.is(200).json();
    let cursor = first["next_cursor"].as_str().expect("there is more").to_owned();
    let second = kit.get(&format!("/imports/{id}/rows?limit=4&cursor={cursor}")).await.is(200).json();
    assert_eq!((second["items"].as_array().expect("rows").len(), &second["next_cursor"]), (2, &Value::Null));
    for query in ["?outcome=none", "?effect=x", "?limit=0"] {
        kit.get(&format!("/imports/{id}/rows{query}")).await.problem(400, "invalid_request");
    }
}

#[tokio::test]
async fn i2_mends_are_told_and_applied_only_when_asked() {
    let kit = Kit::new().await;
    let file = "ref,name,emails\n\
        1,A,Ada <ada@smith.example>;nonsense\n\
        2,B,\"b@x.example, c@x.example\"\n\
        3,C,j.o\u{2019}neil@smith\u{2013}sons.example\n\
        4,D,nonsense;d@x.example\n";
    let (id, told) = kit.import("", file.as_bytes()).await;
    assert_eq!(told["refused"], 4);
    let mends = |row: &Value| {
        let faults = row["faults"].as_array().expect("faults");
        faults.iter().map(|fault| fault["mend"].clone()).collect::<Vec<_>>()
    };
    let rows = kit.rows(&id, "").await;
    assert_eq!(
        rows.iter().map(mends).collect::<Vec<_>>(),
        [
            vec![json!("ada@smith.example"), json!("")],
            vec![json!("b@x.example;c@x.example")],
            vec![json!("j.o'neil@smith-sons.example")],
            vec![Value::Null],
        ]
    );
    let (id, told) = kit.import("?mend=true", file.as_bytes()).await;
    assert_eq!((&told["created"], &told["refused"]), (&json!(3), &json!(1)));
    let rows = kit.rows(&id, "").await;
    assert_eq!(rows[0]["mended"][0]["fault"], "display_name");
    assert_eq!(rows[1]["emails"], 2);
    assert_eq!(rows[3]["faults"][0]["fault"], "missing_at", "the first address is never left out");
    assert_eq!(kit.get("/contacts/3").await.is(200).json()["login_email"], "j.o'neil@smith-sons.example");
}

#[tokio::test]
async fn i4_a_dry_run_tells_what_the_run_does_and_writes_nothing() {
    let kit = Kit::new().await;
    let (dry, foreseen) = kit.import("?activate=true&dry_run=true", FILE.as_bytes()).await;
    assert_eq!(foreseen["dry_run"], true);
    kit.get("/contacts/c-1").await.problem(404, "not_found");
    assert!(kit.tokens().await.is_empty());
    let (run, done) = kit.import("?activate=true", FILE.as_bytes()).await;
    for name in ["created", "updated", "unchanged", "refused", "effects"] {
        assert_eq!(foreseen[name], done[name], "{name}");
    }
    assert_eq!(kit.rows(&dry, "").await, kit.rows(&run, "").await);
    // I3: once more changes and sends nothing.
    kit.tokens().await;
    let (_, again) = kit.import("?activate=true", FILE.as_bytes()).await;
    assert_eq!((&again["unchanged"], &again["effects"]["messages"]), (&json!(4), &json!({})));
    assert!(kit.tokens().await.is_empty());
}

#[tokio::test]
async fn i3_a_live_login_moves_only_where_the_import_says_so() {
    let kit = Kit::new().await;
    kit.settle("c-1", "ada@smith.example").await;
    let file = b"ref,emails\nc-1,ada@new.example\n";
    let (id, told) = kit.import("", file).await;
    assert_eq!((&told["refused"], &kit.rows(&id, "").await[0]["code"]), (&json!(1), &json!("would_move_login")));
    let (_, told) = kit.import("?move_logins=true", file).await;
    let moved = json!([{"ref": "c-1", "name": "Person c-1", "login_before": "ada@smith.example", "login_after": "ada@new.example"}]);
    assert_eq!((&told["effects"]["moves"], &told["effects"]["moved"]), (&json!(1), &moved));
    kit.sign_in("ada@new.example").await;
}

#[tokio::test]
async fn s11_the_download_is_neutral_and_can_be_imported_again() {
    let kit = Kit::new().await;
    let file = "ref,name,emails,clients\nc-1,\"=cmd|' /C calc'!A0\",@SUM(1),acme\nc-2,\"-O\"\"Neil\nx\",+1,\n";
    let (id, told) = kit.import("", file.as_bytes()).await;
    assert_eq!(told["refused"], 2);
    let answer = kit.download(&id).await;
    assert_eq!(answer.header("content-type"), Some("text/csv; charset=utf-8"));
    assert!(answer.header("content-disposition").is_some_and(|it| it.starts_with("attachment")));
    let text = answer.text.strip_prefix('\u{feff}').expect("a byte-order mark");
    assert!(text.starts_with("\"ref\",\"name\",\"emails\",\"clients\",\"activate\",\"line\",\"why\"\r\n"), "{text}");
    assert!(text.contains("\"'=cmd|' /C calc'!A0\",\"'@SUM(1)\"") && text.contains("\"'-O\"\"Neil\nx\""), "{text}");
    // What was downloaded says the same when it is sent again.
    let (again, _) = kit.import("", answer.text.as_bytes()).await;
    let words = |rows: Vec<Value>| {
        rows.into_iter().map(|row| json!([row["ref"], row["name"], row["faults"]])).collect::<Vec<_>>()
    };
    assert_eq!(words(kit.rows(&again, "").await), words(kit.rows(&id, "").await));
    let none = kit.import("", b"ref,name\nc-9,A\n").await.0;
    assert_eq!(kit.download(&none).await.text.lines().count(), 1);
}

#[tokio::test]
async fn i1_columns_are_named_mapped_or_identify() {
    let kit = Kit::new().await;
    let windows = b"Kd-Nr;Vorname;Name;E-Mail;Tel\r\n7;Ren\xe9;M\xfcller;rene@x.example;1\r\n";
    kit.send(kit.file("", windows)).await.problem(400, "invalid_request");
    let query = "?map=ref:kd-nr&map=name:Vorname&map=name:Name";
    let (_, told) = kit.import(query, windows).await;
    assert_eq!(told["read_as"], "CSV in windows-1252 with `;`");
    assert_eq!(kit.get("/contacts/7").await.is(200).json()["name"], "René Müller");
    let (_, told) = kit.import("?identify=E-Mail", windows).await;
    assert_eq!(told["created"], 1);
    assert_eq!(kit.get("/contacts/rene@x.example").await.is(200).json()["name"], "Müller");
    let greek = kit.file("", b"ref,name\n1,\xcf\xe4\n").without("content-type");
    kit.send(greek.with("content-type", "text/csv; charset=\"iso-8859-7\"")).await.is(202);
    kit.work().await;
    assert_eq!(kit.get("/contacts/1").await.is(200).json()["name"], "Οδ");
}

#[tokio::test]
async fn i1_json_lines_are_rows_too() {
    let kit = Kit::new().await;
    let file = kit.file("", b"{\"Nr\":7,\"name\":\"Ada\",\"emails\":[\"ada@smith.example\",\"a2@smith.example\"]}\n");
    let file = file.without("content-type").with("content-type", "application/x-ndjson");
    kit.send(file).await.problem(400, "invalid_request");
    let (_, told) =
        kit.import("?map=ref:Nr", b"{\"Nr\":7,\"name\":\"Ada\",\"emails\":[\"ada@smith.example\"]}\n").await;
    assert_eq!((&told["read_as"], &told["created"]), (&json!("JSON lines"), &json!(1)));
    assert_eq!(kit.get("/contacts/7").await.is(200).json()["emails"][0]["address"], "ada@smith.example");
}

#[tokio::test]
async fn files_and_parameters_that_are_wrong_are_told_apart() {
    let kit = Kit::new().await;
    for (query, field) in [
        ("?dry=true", "dry"),
        ("?dry_run=yes", "dry_run"),
        ("?mend=true&mend=true", "mend"),
        ("?map=phone:Tel", "map"),
        ("?map=name", "map"),
    ] {
        let problem = kit.send(kit.file(query, b"ref\n1\n")).await.problem(400, "invalid_request");
        assert_eq!(problem["field"], field, "{query}");
    }
    for body in [&b""[..], b"ref,name\n1,A\n2\n", b"\xd0\xcf\x11\xe0", b"PK\x03\x04x", b"a\nb\n"] {
        let problem = kit.send(kit.file("", body)).await.problem(400, "invalid_request");
        assert!(problem["detail"].as_str().is_some_and(|it| it.ends_with("; nothing was imported")), "{problem}");
    }
    let lines = kit.file("", b"{\"ref\":\"9\"}\n{\"ref\":{}}").without("content-type");
    let problem = kit.send(lines.with("content-type", "application/x-ndjson")).await.problem(400, "invalid_request");
    let told = "the file can't be read in line 2: `ref` holds an object: write a text or a list of texts; nothing was imported";
    assert_eq!(problem["detail"], told);
    let json = kit.file("", b"{}").without("content-type").with("content-type", "application/json");
    kit.send(json).await.problem(400, "invalid_request");
    assert!(!kit.stored().contains("ImportInput"), "of a file that can't be read nothing is stored");
    kit.send(kit.file("", &vec![b'x'; 64 * 1024 * 1024 + 1])).await.problem(413, "body_too_large");
    for id in ["nobody", "00000000-0000-0000-0000-000000000000"] {
        kit.get(&format!("/imports/{id}")).await.problem(404, "not_found");
    }
    // An activation is no import.
    let body = json!({"action": "activate", "contacts": []});
    let other = kit.host(Method::POST, "/activations", body).await.is(202).json()["id"].clone();
    kit.get(&format!("/imports/{}", other.as_str().expect("an id"))).await.problem(404, "not_found");
}

#[tokio::test]
async fn a1_an_import_that_goes_wrong_is_ended_where_it_is() {
    let kit = Kit::new().await;
    let id = kit.send(kit.file("", FILE.as_bytes())).await.is(202).json()["id"].clone();
    let path = format!("/imports/{}", id.as_str().expect("an id"));
    let cancel = async || kit.host(Method::POST, &format!("{path}/cancel"), Value::Null).await.is(200).json();
    for outcome in ["changed", "unchanged"] {
        assert_eq!(cancel().await, json!({"id": id, "outcome": outcome, "state": "cancelled", "done": 2}));
    }
    kit.work().await;
    kit.get("/contacts/c-1").await.problem(404, "not_found");
    let told = kit.get(&path).await.is(200).json();
    assert_eq!((&told["state"], &told["done"], told["ended_at"].is_string()), (&json!("cancelled"), &json!(2), true));
    kit.seal().await;
    let events = kit.get("/events?limit=200").await.is(200).json();
    let kinds = events["items"].as_array().expect("events").iter().filter_map(|it| it["kind"].as_str());
    assert_eq!(
        kinds.filter(|kind| kind.starts_with("import.")).collect::<Vec<_>>(),
        ["import.started", "import.cancelled"]
    );
    kit.clock.advance(Duration::from_secs(14 * 24 * 3600 + 1));
    assert_eq!(kit.portal.forget_jobs().await, Ok(7));
    // An activation is no import, and what is over stays over.
    let (done, _) = kit.import("", FILE.as_bytes()).await;
    let over = kit.host(Method::POST, &format!("/imports/{done}/cancel"), Value::Null).await.is(200).json();
    assert_eq!((&over["outcome"], &over["state"]), (&json!("unchanged"), &json!("done")));
}

/// The one thread that reads files is taken, so that those which were sent wait for it.
#[test]
fn s16_a_file_keeps_its_place_until_it_is_read_even_if_nobody_waits() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(1).build();
    runtime.expect("a runtime").block_on(async {
        let kit = Kit::new().await;
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let busy = tokio::task::spawn_blocking(move || wait.recv());
        let jones = kit.foreign_key_for(Scope::Write).await;
        let of_jones = |bytes: &[u8]| {
            Ask::new(Method::POST, "/api/v1/imports").key(&jones).with("content-type", "text/csv").body(bytes)
        };
        let large = format!("{FILE}{}", ",\n".repeat(600 * 1024));
        let waits = async |ask: Ask, what: &str| {
            let mut asked = Box::pin(kit.send(ask));
            for _ in 0..1_000 {
                let waits = poll_fn(|context| Poll::Ready(asked.as_mut().poll(context).is_pending())).await;
                assert!(waits, "{what}: nobody reads it");
                tokio::task::yield_now().await;
            }
        };
        waits(kit.file("", large.as_bytes()), "a large file").await;
        kit.send(kit.file("", large.as_bytes())).await.problem(503, "overloaded");
        kit.send(kit.file("", b"PK\x03\x04 what it unpacks to may be large")).await.problem(503, "overloaded");
        waits(kit.file("", FILE.as_bytes()), "a small one beside it").await;
        waits(of_jones(large.as_bytes()), "a large one of another practice").await;
        drop(go);
        assert!(busy.await.expect("it ends").is_err());
        tokio::task::spawn_blocking(|| ()).await.expect("what waited is read");
        kit.send(kit.file("", FILE.as_bytes())).await.is(202);
    });
}

#[tokio::test]
async fn m1_another_spelling_of_the_address_is_no_move() {
    let kit = Kit::new().await;
    kit.settle("c-1", "ada@smith.example").await;
    let (id, told) = kit.import("", b"ref,emails\nc-1,Ada@Smith.example\n").await;
    assert_eq!((&told["updated"], &told["effects"]["moves"]), (&json!(1), &json!(0)));
    assert_eq!((&told["effects"]["moved"], kit.rows(&id, "?effect=move").await.len()), (&json!([]), 0));
}

#[tokio::test]
async fn one_key_stages_one_import_whatever_its_size() {
    let kit = Kit::new().await;
    let mut file = "ref,name\n".to_owned();
    for row in 0..3_000 {
        file += &format!("c-{row},{}\n", "x".repeat(60));
    }
    assert!(file.len() > 128 * 1024);
    let ask = || kit.file("", file.as_bytes()).with("idempotency-key", "k");
    let first = kit.send(ask()).await.is(202);
    assert_eq!(kit.send(ask()).await.is(202).text, first.text);
    kit.work().await;
    let id = first.json()["id"].as_str().expect("an id").to_owned();
    assert_eq!(kit.get(&format!("/imports/{id}")).await.is(200).json()["created"], 3_000);
    let other = kit.file("?mend=true", file.as_bytes()).with("idempotency-key", "k");
    kit.send(other).await.problem(422, "idempotency_key_reused");
    let reads = Ask::new(Method::POST, "/api/v1/imports").key(&kit.reads).with("content-type", "text/csv");
    kit.send(reads.body(b"ref\n1\n")).await.problem(403, "forbidden");
}

//! The command line: what it prints where, and how it ends.

use sqlx::Connection;

use crate::support::{Bed, Database, Ended, on_both_databases};

on_both_databases!(practices_users_and_keys, imports_of_files_that_are_none);

/// One line on standard error, and nothing on standard output.
#[track_caller]
fn fails(ended: &Ended, code: i32, said: &str) {
    assert_eq!(ended.code, Some(code), "{ended:?}");
    assert!(ended.out.is_empty(), "{}", ended.out);
    assert_eq!(ended.err.lines().count(), 1, "{}", ended.err);
    assert!(ended.err.starts_with("error: ") && ended.err.contains(said), "{}", ended.err);
}

async fn practices_users_and_keys(database: Database) {
    let bed = Bed::new(database);
    fails(&bed.run(&["user", "list"]).await, 2, "portal practice create");
    assert_eq!(bed.run(&["migrate", "--plan"]).await.out, "the schema is up to date\n");
    for name in ["", " \u{200b}", "Smith \u{1b}[31m& Sons", "Smith\r\nBcc: x@y.example"] {
        fails(&bed.run(&["practice", "create", "smith", "--name", name]).await, 1, "`name`");
    }
    bed.done(&["practice", "create", "smith", "--name", "Smith \u{202e}& Sons"]).await;
    let listed = bed.done(&["practice", "list"]).await;
    assert!(listed.contains("smith") && listed.contains("\\u{202e}") && !listed.contains('\u{202e}'), "{listed}");
    fails(&bed.run(&["practice", "create", "smith", "--name", "X"]).await, 1, "slug_taken");
    fails(&bed.run(&["practice", "create", "Smith", "--name", "X"]).await, 2, "`Smith`");

    // Users.
    let add = ["user", "add", "--email", " Zoë@Practice.example\u{200b}", "--name", "Zoë", "--role", "admin"];
    let added = bed.run(&add).await;
    assert!(added.err.contains("<Zoë@Practice.example>, admin"), "{added:?}");
    // The link stands alone on standard output, and works once.
    let first = added.out.trim().to_owned();
    assert!(first.starts_with("http://127.0.0.1:") && first.contains("/workspace/smith/link/"), "{added:?}");
    assert_eq!(added.out.lines().count(), 1);
    fails(&bed.run(&add).await, 1, "email_taken");
    let bad = ["user", "add", "--email", "zoe@practice", "--name", "Zoë", "--role", "admin"];
    fails(&bed.run(&bad).await, 1, "invalid_email");
    let listed = bed.done(&["user", "list"]).await;
    assert_eq!(listed.matches("Zoë@Practice.example").count(), 1);
    let zoe = listed.split_whitespace().find(|word| word.starts_with("u-")).unwrap().to_owned();
    let again = bed.done(&["user", "invite", &zoe, "--print"]).await;
    assert!(again.contains("/workspace/smith/link/") && again.trim() != first);
    assert!(bed.done(&["user", "invite", &zoe]).await.contains("Zoë@Practice.example"));
    fails(&bed.run(&["user", "invite", "nobody"]).await, 1, "not_found");
    fails(&bed.run(&["user", "remove", &zoe]).await, 1, "last_admin");
    let second = ["user", "add", "--email", "ann@practice.example", "--name", "Ann", "--role", "admin"];
    bed.done(&second).await;
    bed.done(&["user", "remove", &zoe]).await;
    assert!(!bed.done(&["user", "list"]).await.contains("Zoë"));

    fails(&bed.run(&["api-key", "create", "--name", "", "--scope", "read"]).await, 1, "`name`");

    // The key stands alone on standard output.
    let key = bed.done(&["api-key", "create", "--name", "host", "--scope", "write", "--scope", "read"]).await;
    assert!(key.starts_with("pk_") && key.ends_with('\n') && key.lines().count() == 1, "{key}");
    let listed = bed.done(&["api-key", "list"]).await;
    assert!(listed.contains("read, write") && !listed.contains(key.trim()), "{listed}");
    let id = listed.lines().last().unwrap().split_whitespace().next().unwrap().to_owned();
    let service = bed.serve().await;
    let link = first.split_once("/workspace/").unwrap().1;
    let page = service.client().get(&format!("/workspace/{link}")).await;
    assert!(String::from_utf8_lossy(&page.body).contains("no longer works"), "the user is gone: {page:?}");
    service.client().host(key.trim()).get("/api/v1/contacts").await.expect(200);
    assert!(bed.done(&["api-key", "revoke", &id]).await.contains("no longer works"));
    service.client().host(key.trim()).get("/api/v1/contacts").await.expect_problem(401, "unauthorized");
    assert!(bed.done(&["api-key", "revoke", &id]).await.contains("before"));
    fails(&bed.run(&["api-key", "revoke", "nothing"]).await, 2, "`nothing`");

    // With two practices one must be named.
    bed.done(&["practice", "create", "jones", "--name", "Jones"]).await;
    fails(&bed.run(&["user", "list"]).await, 2, "--practice");
    assert!(bed.done(&["user", "list", "--practice", "smith"]).await.contains("Ann"));
    assert_eq!(bed.done(&["user", "list", "--practice", "jones"]).await, "");
    fails(&bed.run(&["user", "list", "--practice", "none"]).await, 2, "`none`");
    fails(&bed.run(&["api-key", "revoke", &id, "--practice", "jones"]).await, 2, &id);
}

async fn imports_of_files_that_are_none(database: Database) {
    let bed = Bed::new(database);
    let key = bed.practice("smith").await;
    let file = bed.folder().join("contacts.csv");
    for (bytes, said) in [
        (&b"ref,phone\nc-1,A\n"[..], "`phone`"),
        (b"name\nA\n", "`ref`"),
        (b"ref,name\nc-1,A\nc-2\n", "line 3"),
        (b"ref,name\nc-1,A\nc-2,\0\n", "line 3"),
        (b"{\"ref\":\"c-1\"}\nc-2\n", "line 2"),
    ] {
        std::fs::write(&file, bytes).unwrap();
        fails(&bed.run(&["import", "contacts.csv"]).await, 2, said);
    }
    fails(&bed.run(&["import", "nowhere.csv"]).await, 2, "`nowhere.csv`");
    std::fs::write(&file, "ref,name\nc-1,A\n").unwrap();
    fails(&bed.run(&["import", "contacts.csv", "--send"]).await, 2, "PORTAL_SMTP_URL");
    let dry = bed.done(&["import", "contacts.csv", "--dry-run"]).await;
    assert_eq!(dry, "1 row, dry run, nothing was written: 1 created\n");
    std::fs::write(&file, "{\"ref\":\"c-1\",\"name\":\"A\"}\n").unwrap();
    let dry = bed.done(&["import", "contacts.csv", "--dry-run"]).await;
    assert!(dry.contains("the file was read as JSON lines") && dry.contains("1 row, dry run"), "{dry}");
    let service = bed.serve().await;
    let listed = service.client().host(&key).get("/api/v1/contacts").await.expect(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 0);

    // A table of what was refused, beside a service that runs.
    let rows = "\u{feff}Ref , NAME,Emails\r\nc-1,A,ok@x.example\r\n\r\nc-2,\u{1b}[2J,\"a@b@x.example;ok@x.example;\u{202e}\u{1b}[31m\"\r\n";
    std::fs::write(&file, rows).unwrap();
    let ended = bed.run(&["import", "contacts.csv"]).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    for said in ["several_at", "emails[0]", "emails[2]", "\\u{202e}\\u{1b}[31m", "2 rows: 1 created, 1 refused", " 4 "]
    {
        assert!(ended.out.contains(said), "{said}: {}", ended.out);
    }
    assert!(!ended.out.contains('\u{1b}') && !ended.out.contains('\u{202e}'));
    assert_eq!(ended.out.lines().last(), Some("no mail waits to be sent"));
    service.client().host(&key).get("/api/v1/contacts/c-1").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_can_not_be_used_stop_the_start() {
    let bed = Bed::new(Database::sqlite());
    for (variable, value) in [
        ("PORTAL_LISTENN", "x"),
        ("PORTAL_LISTEN", "x"),
        ("PORTAL_BASE_URL", "http://portal.example"),
        ("PORTAL_DATABASE_URL", "mysql://root:hunter2@db/x"),
        ("PORTAL_SECRET_KEY", "hunter2"),
        ("PORTAL_SMTP_URL", "smtp://ada:hunter2@mx.example"),
    ] {
        let ended = Bed::output(bed.command(&["serve"]).env(variable, value)).await;
        fails(&ended, 2, variable);
        assert!(!ended.err.contains("hunter2"), "{}", ended.err);
    }
    std::fs::write(bed.folder().join("portal.toml"), "lisen = '127.0.0.1:0'").unwrap();
    fails(&bed.run(&["serve", "--config", "portal.toml"]).await, 2, "lisen in portal.toml");
    fails(&bed.run(&["serve", "--lisen", "x"]).await, 2, "--lisen");
    fails(&bed.run(&["serve", "--listen", "0.0.0.0:0"]).await, 2, "PORTAL_BASE_URL");
    let server = "postgres://portal@localhost/portal?host=/nowhere";
    fails(&bed.run(&["practice", "list", "--database-url", server]).await, 2, "PORTAL_SECRET_KEY");
    let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    fails(&bed.run(&["practice", "list", "--database-url", server, "--secret-key", key]).await, 3, "database");
    assert!(!bed.folder().join("data").exists(), "nothing was made");
    let injected =
        Bed::output(bed.command(&["practice", "list"]).env("PORTAL_PORT_80_TCP", "x").env("PORTAL_SERVICE_HOST", "x"))
            .await;
    assert_eq!(injected.code, Some(0), "{injected:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_schema_is_refused() {
    let bed = Bed::new(Database::postgres().await);
    bed.done(&["migrate"]).await;
    let mut connection = sqlx::PgConnection::connect(bed.database_url()).await.unwrap();
    let newer = "INSERT INTO portal.migrations (version, description, success, checksum, execution_time) VALUES (999999, 'later', true, '', 0)";
    sqlx::query(newer).execute(&mut connection).await.unwrap();
    for words in
        [&["serve", "--listen", "127.0.0.1:0"][..], &["migrate"], &["migrate", "--plan"], &["practice", "list"]]
    {
        let ended = bed.run(words).await;
        assert_eq!(ended.code, Some(2), "{words:?}: {ended:?}");
        assert!(ended.err.contains("999999"), "{}", ended.err);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_that_start_at_once_agree_on_schema_and_key() {
    for database in [Database::sqlite(), Database::postgres().await] {
        let bed = Bed::new(database);
        let starts = (0..8).map(|_| bed.run(&["practice", "list"]));
        for ended in futures_util::future::join_all(starts).await {
            assert_eq!(ended.code, Some(0), "{ended:?}");
        }
    }
}

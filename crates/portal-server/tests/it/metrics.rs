//! What Prometheus reads: every metric moves when it should, names nobody, and is told in the documents; and it is read where the
//! database is away.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde_json::json;
use tokio::{net::TcpListener, time::Instant};

use crate::support::{Bed, Client, Database, Sink, bed::Served, on_both_databases};

on_both_databases!(
    a_life_moves_every_metric_and_names_nobody,
    metrics_are_answered_only_where_and_how_they_are_asked_for
);

const SLUG: &str = "quillfeather";
const PASSWORD: &str = "nine copper kettles";

/// What was read, line by line.
#[derive(Debug)]
struct Scraped {
    text: String,
    samples: Vec<(String, BTreeMap<String, String>, f64)>,
}

impl Scraped {
    fn read(text: &str) -> Self {
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        Self { text: text.to_owned(), samples: lines.map(sample).collect() }
    }

    /// The sum over all samples of a name whose labels are, among others, these.
    fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let wanted = |own: &BTreeMap<String, String>| {
            labels.iter().all(|(label, value)| own.get(*label).is_some_and(|it| it == value))
        };
        self.samples.iter().filter(|(own, its, _)| own == name && wanted(its)).map(|(.., value)| value).sum()
    }

    /// How often a command had this outcome and code.
    fn command(&self, command: &str, outcome: &str, code: &str) -> f64 {
        self.sum("portal_commands_total", &[("command", command), ("outcome", outcome), ("code", code)])
    }

    /// The kinds of all metrics by name.
    fn kinds(&self) -> BTreeMap<String, String> {
        let kinds = self.text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
        kinds.map(|(name, kind)| (name.to_owned(), kind.to_owned())).collect()
    }

    /// The labels of all metrics by name, without those that every histogram has.
    fn labels(&self) -> BTreeMap<String, BTreeSet<String>> {
        let kinds = self.kinds();
        let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (name, labels, _) in &self.samples {
            let whole = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
            let name = whole.filter(|whole| kinds.get(*whole).is_some_and(|kind| kind == "histogram")).unwrap_or(name);
            all.entry(name.to_owned()).or_default().extend(labels.keys().filter(|label| *label != "le").cloned());
        }
        all
    }
}

fn sample(line: &str) -> (String, BTreeMap<String, String>, f64) {
    let (what, value) = line.rsplit_once(' ').expect("a value");
    let (name, labels) = what.split_once('{').unwrap_or((what, "}"));
    let labels = labels.strip_suffix('}').expect("an end of labels");
    let pairs = labels.split("\",").filter(|pair| !pair.is_empty()).map(|pair| {
        let (label, value) = pair.split_once("=\"").expect("a label");
        (label.to_owned(), value.trim_end_matches('"').to_owned())
    });
    (name.to_owned(), pairs.collect(), value.parse().expect("a number"))
}

impl Served {
    /// Whoever reads its metrics.
    fn prometheus(&self) -> Client {
        let log = self.log();
        let line = log.lines().find(|line| line.contains("\"metrics are answered\"")).expect("it answers metrics");
        let event: serde_json::Value = serde_json::from_str(line).unwrap();
        Client::new(event["address"].as_str().unwrap().parse().unwrap())
    }

    async fn scrape(&self) -> Scraped {
        let answer = self.prometheus().get("/metrics").await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
        Scraped::read(std::str::from_utf8(&answer.body).unwrap())
    }

    /// Reads until it is so.
    async fn scrape_until(&self, what: &str, so: impl Fn(&Scraped) -> bool) -> Scraped {
        let begun = Instant::now();
        loop {
            let scraped = self.scrape().await;
            if so(&scraped) {
                return scraped;
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "{what}:\n{}", scraped.text);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

fn bed(database: Database) -> Bed {
    let mut bed = Bed::new(database);
    bed.set("PORTAL_METRICS_LISTEN", "127.0.0.1:0");
    bed.set("PORTAL_WEBHOOK_PRIVATE", "127.0.0.0/8");
    bed
}

async fn a_life_moves_every_metric_and_names_nobody(database: Database) {
    // One that takes no address outside of ASCII: such a mail fails for good.
    let sink = Sink::without_utf8().await;
    let bed = bed(database).with_mail(&sink.url());
    let key = bed.practice(SLUG).await;
    let served = bed.serve().await;
    let (client, host) = (served.client(), served.client().host(&key));
    let before = served.scrape().await;
    assert!(before.sum("process_start_time_seconds", &[]) > 1.7e9);
    assert_eq!(before.sum("portal_build_info", &[("version", env!("CARGO_PKG_VERSION"))]), 1.0);
    assert_eq!(before.sum("portal_sign_ins_total", &[]), 0.0);
    assert_eq!(before.sum("portal_scrape_errors_total", &[]), 0.0);

    let token = commands(&served, &host, &sink).await;
    let session = sign_ins(&served, &client, &token).await;
    strange_requests(&client).await;
    let whole = work(&served, &host).await;

    let route = [("method", "POST"), ("route", "/portal/{practice}/api/session")];
    assert_eq!(whole.sum("portal_http_requests_total", &[route[0], route[1], ("status", "4xx")]), 13.0);
    assert_eq!(whole.sum("portal_http_request_seconds_count", &route), 14.0);
    assert_eq!(whole.sum("portal_http_request_seconds_bucket", &[route[0], route[1], ("le", "+Inf")]), 14.0);
    assert_eq!(whole.sum("portal_http_requests_total", &[("route", "other"), ("method", "other")]), 1.0);
    assert_eq!(whole.sum("portal_http_requests_in_flight", &[]), 0.0);
    assert!(whole.sum("portal_password_hash_seconds_count", &[]) >= 13.0);
    assert!(whole.sum("portal_password_hash_wait_seconds_count", &[]) >= 13.0);
    assert_eq!(whole.sum("portal_password_hashes", &[]), 0.0);
    assert!(whole.sum("portal_database_acquire_seconds_count", &[]) > 0.0);
    assert!(whole.sum("portal_database_pool_size", &[]) >= 1.0);
    assert!(whole.sum("portal_database_pool_max", &[]) >= whole.sum("portal_database_pool_size", &[]));

    for secret in
        [SLUG, "canary", "Canary", "zoë", "ada@", "%40", "Smith", "127.0.0.1", PASSWORD, &token, &key, &session]
    {
        assert!(!whole.text.contains(secret), "`{secret}` stands in {}", whole.text);
    }
    the_table_is_what_is_answered(&whole);
}

/// An import, an activation, a refused command and an unchanged one, a preview, a mail that is taken and one that fails.
async fn commands(served: &Served, host: &Client, sink: &Sink) -> String {
    let file = "ref,name,emails,clients,activate\ncanary-1,Ada Canary,ada@canary-first.example,canary-client,yes\n";
    let sent =
        host.with("content-type", "text/csv").send("POST", "/api/v1/imports?activate=true", Some(file.into())).await;
    sent.expect(202);
    let token = sink.mail(0).await.token();
    host.put_contact("canary-2", "Zoë Canary", &["zoë@canary-second.example"]).await.expect(201);
    host.order("canary-2", "activate").await.expect(200);
    host.order("canary-2", "activate").await.expect(200);
    host.send("POST", "/api/v1/contacts/canary-2/portal/deactivate?preview=true", None).await.expect(200);
    host.put_contact("canary-3", "Nobody Canary", &[]).await.expect(201);
    host.order("canary-3", "activate").await.expect_problem(409, "no_email");
    host.post("/api/v1/contacts/search", json!({ "email": "ada@canary-first.example" })).await.expect(200);
    served.client().host("canary-key").order("canary-3", "activate").await.expect_problem(401, "unauthorized");

    let scraped = served.scrape().await;
    let activate = "POST /api/v1/contacts/{ref}/portal/activate";
    assert_eq!(scraped.command("POST /api/v1/imports", "changed", ""), 1.0);
    assert_eq!(scraped.command(activate, "changed", ""), 1.0);
    assert_eq!(scraped.command(activate, "unchanged", ""), 1.0);
    assert_eq!(scraped.command(activate, "refused", "no_email"), 1.0);
    assert_eq!(scraped.command(activate, "refused", "unauthorized"), 1.0);
    assert_eq!(scraped.command("POST /api/v1/contacts/{ref}/portal/deactivate", "preview", ""), 1.0);
    assert_eq!(scraped.sum("portal_commands_total", &[("command", "POST /api/v1/contacts/{ref}")]), 0.0, "it looks");

    let mails =
        |scraped: &Scraped, outcome| scraped.sum("portal_mails_total", &[("kind", "activation"), ("outcome", outcome)]);
    let sent =
        served.scrape_until("both mails are settled", |it| mails(it, "accepted") + mails(it, "failed") == 2.0).await;
    assert_eq!((mails(&sent, "accepted"), mails(&sent, "failed")), (1.0, 1.0));
    assert_eq!(sent.sum("portal_mail_attempts_total", &[("outcome", "accepted")]), 1.0);
    assert_eq!(sent.sum("portal_mail_attempts_total", &[("outcome", "permanent")]), 1.0);
    assert_eq!(sent.sum("portal_mail_attempt_seconds_count", &[]), 2.0);
    token
}

/// The right one, then wrong ones until there is a pause, and in it. Answers the session.
async fn sign_ins(served: &Served, client: &Client, token: &str) -> String {
    client.redeem(SLUG, token, PASSWORD).await.expect(204);
    client.redeem(SLUG, token, PASSWORD).await.expect_problem(410, "link_used");
    let email = "ada@canary-first.example";
    let session = client.sign_in(SLUG, email, PASSWORD).await.cookie().split_once('=').unwrap().1.to_owned();
    for _ in 0..13 {
        client.sign_in(SLUG, email, "a wrong canary").await.expect_problem(401, "sign_in_failed");
    }
    // The page of a link that is over tells the code, too.
    let page = format!("/portal/{SLUG}/link/{token}");
    let form = "password=another+copper+canary".to_owned().into_bytes();
    assert_eq!(client.browser().send("POST", &page, Some(form)).await.status, 410);
    let scraped = served.scrape().await;
    let outcome = |outcome| {
        scraped.sum("portal_sign_ins_total", &[("area", "portal"), ("factor", "password"), ("outcome", outcome)])
    };
    // G1: ten are looked at, and the eleventh begins the pause.
    assert_eq!((outcome("success"), outcome("failed"), outcome("locked")), (1.0, 11.0, 2.0));
    let redeem = "POST /portal/{practice}/api/links/{token}";
    assert_eq!((scraped.command(redeem, "changed", ""), scraped.command(redeem, "refused", "link_used")), (1.0, 1.0));
    assert_eq!(scraped.command("POST /portal/{practice}/link/{token}", "refused", "link_used"), 1.0);
    assert_eq!(scraped.command("POST /portal/{practice}/api/session", "refused", "sign_in_failed"), 13.0);
    session
}

/// Whatever anybody makes up counts under one name.
async fn strange_requests(client: &Client) {
    client.get("/canary-path/ada@canary-first.example").await.expect(404);
    client.send("CANARY", "/portal/canary/nowhere", None).await.expect(404);
    client.with("host", "canary.example").with("x-request-id", "canary-id").get("/healthz").await;
}

/// What workers do: jobs are done, events are sealed and pushed to nobody who answers, mail waits for nobody.
async fn work(served: &Served, host: &Client) -> Scraped {
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let url = format!("http://{gone}/canary-hook");
    host.put("/api/v1/webhooks/canary-hook", json!({ "url": url })).await.expect(201);
    host.put_contact("canary-4", "Pushed Canary", &[]).await.expect(201);
    let whole = served
        .scrape_until("an event is pushed to the endpoint, all are sealed, and the job is done", |it| {
            it.sum("portal_webhook_endpoints", &[]) == 1.0
                && it.sum("portal_webhook_attempts_total", &[("outcome", "unanswered")]) >= 1.0
                && it.sum("portal_journal_unsealed_events", &[]) == 0.0
                && it.sum("portal_jobs", &[("kind", "import"), ("state", "done")]) == 1.0
        })
        .await;
    assert!(whole.sum("portal_webhook_attempt_seconds_count", &[]) >= 1.0);
    assert_eq!(whole.sum("portal_outbox_mails", &[]), 0.0);
    assert_eq!(whole.sum("portal_outbox_oldest_due_seconds", &[]), 0.0);
    assert_eq!(whole.sum("portal_enquiries_waiting", &[]), 0.0);
    whole
}

fn document(name: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name);
    std::fs::read_to_string(path).unwrap()
}

/// Name, kind and labels of each row of the table in docs/OPERATING.md.
fn table() -> BTreeMap<String, (String, BTreeSet<String>)> {
    let text = document("OPERATING.md");
    let (_, part) = text.split_once("\n## Metrics\n").expect("a section on metrics");
    let part = part.split("\n## ").next().unwrap();
    let rows = part.lines().filter(|line| line.starts_with("| `"));
    let ticked = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<BTreeSet<_>>();
    let row = |line: &str| {
        let cells: Vec<_> = line.split(" | ").map(|cell| cell.trim_matches([' ', '|', '`'])).collect();
        let labels = line.split('|').nth(3).map(ticked).unwrap_or_default();
        (cells[0].to_owned(), (cells[1].to_owned(), labels))
    };
    rows.map(row).collect()
}

#[track_caller]
fn the_table_is_what_is_answered(scraped: &Scraped) {
    let (table, kinds, labels) = (table(), scraped.kinds(), scraped.labels());
    let told: BTreeSet<_> = table.keys().collect();
    assert_eq!(told, kinds.keys().collect(), "docs/OPERATING.md has the metrics that are answered, and no others");
    for (name, (kind, own)) in &table {
        assert_eq!((kind, own), (&kinds[name], labels.get(name).unwrap_or(&BTreeSet::new())), "{name}");
        assert!(scraped.text.contains(&format!("# HELP {name} ")), "{name} says what it is");
    }
}

#[test]
fn every_alert_is_about_what_there_is_and_says_what_to_do() {
    let (rules, table, pages) = (document("alerts.yml"), table(), document("OPERATING.md"));
    let word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let bare = |name: &str| {
        let whole = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
        whole.filter(|whole| table.get(*whole).is_some_and(|(kind, _)| kind == "histogram")).unwrap_or(name).to_owned()
    };
    let anchors: BTreeSet<_> = pages.lines().filter(|line| line.starts_with('#')).map(anchor).collect();
    let alerts: Vec<_> = rules.split("- alert: ").skip(1).collect();
    assert!(alerts.len() >= 15, "{}", alerts.len());
    for alert in alerts {
        let name = alert.lines().next().unwrap();
        let (expr, rest) = alert.split_once("labels:").expect("labels");
        let metrics: BTreeSet<_> = expr
            .split(|letter| !word(letter))
            .filter(|it| it.starts_with("portal_") || it.starts_with("process_"))
            .map(bare)
            .collect();
        assert!(!metrics.is_empty() || expr.contains("up{job=\"portal\"}"), "{name} asks about something");
        for metric in &metrics {
            assert!(table.contains_key(metric), "{name}: there is no metric `{metric}`");
        }
        for label in
            expr.split('{').skip(1).map(|it| it.split(['=', '!']).next().unwrap()).filter(|label| *label != "job")
        {
            assert!(
                metrics.iter().any(|metric| table[metric].1.contains(label)),
                "{name}: there is no label `{label}`"
            );
        }
        for part in ["severity: ", "summary: \"", "next: \""] {
            assert!(rest.contains(part), "{name} has no {part}");
        }
        let (_, runbook) = rest.split_once("runbook: OPERATING.md#").expect("a section to read");
        let runbook = runbook.lines().next().unwrap();
        assert!(anchors.contains(runbook), "{name}: docs/OPERATING.md has no section `{runbook}`");
    }
}

/// What a heading is linked by.
fn anchor(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = text.chars().filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
    kept.map(|letter| if letter == ' ' { '-' } else { letter }).collect()
}

/// A counter that first shows up with a one has not risen, as Prometheus sees it: an alert on a first time would never fire.
#[track_caller]
fn what_alerts_wait_for_begins_with_nought(fresh: &Scraped) {
    let rules = document("alerts.yml");
    let asked: Vec<_> = rules.split("increase(").skip(1).map(|rest| rest.split('[').next().unwrap()).collect();
    assert!(asked.len() > 8, "{asked:?}");
    for series in asked {
        let (name, labels, _) = sample(&format!("{series} 0"));
        let own = fresh.samples.iter().filter(|(its, ..)| *its == name);
        let found = own.filter(|(_, its, _)| labels.iter().all(|(label, value)| its.get(label) == Some(value)));
        assert!(found.count() > 0, "`{series}` is not there from the start");
    }
}

async fn metrics_are_answered_only_where_and_how_they_are_asked_for(database: Database) {
    let mut bed = bed(database);
    let key = bed.practice(SLUG).await;
    let served = bed.serve().await;
    what_alerts_wait_for_begins_with_nought(&served.scrape().await);
    let prometheus = served.prometheus();
    for (method, path, status) in [
        ("POST", "/metrics", 405),
        ("HEAD", "/metrics", 405),
        ("GET", "/", 404),
        ("GET", "/metrics/x", 404),
        ("GET", "/healthz", 404),
    ] {
        let answer = prometheus.send(method, path, None).await;
        assert_eq!((answer.status.as_u16(), answer.body.len()), (status, 0), "{method} {path}");
    }
    assert_eq!(served.client().get("/metrics").await.status, 404, "not among the routes of the service");
    let (status, log) = served.stop().await;
    assert!(status.success(), "{log}");

    // Taken, and no address: one line each, before anything is opened.
    let held = TcpListener::bind("127.0.0.1:0").await.unwrap();
    for (address, code, said) in [
        (
            held.local_addr().unwrap().to_string(),
            3,
            "is taken by another program: stop that one, or listen elsewhere with --metrics-listen",
        ),
        ("localhost:9090".to_owned(), 2, "`PORTAL_METRICS_LISTEN` is `localhost:9090`, not an address with a port"),
        ("192.0.2.1:9090".to_owned(), 3, "can't be listened on"),
    ] {
        bed.set("PORTAL_METRICS_LISTEN", &address);
        let ended = bed.run(&["serve", "--listen", "127.0.0.1:0"]).await;
        assert_eq!(ended.code, Some(code), "{ended:?}");
        assert!(
            ended.err.lines().count() == 1 && ended.err.contains(said) && ended.err.contains(&address),
            "{}",
            ended.err
        );
    }

    // By the file, too.
    bed.unset("PORTAL_METRICS_LISTEN");
    std::fs::write(bed.folder().join("portal.toml"), "metrics_listen = \"127.0.0.1:0\"\n").unwrap();
    let served = bed.serve_with(&["--config", "portal.toml"]).await;
    assert!(served.scrape().await.sum("portal_build_info", &[]) == 1.0);

    // A fault of the program counts, of a look as well.
    let host = served.client().host(&key);
    assert_eq!(host.put("/api/v1/clients/acme", json!({"name": "Acme"})).await.status, 201);
    let damage = "UPDATE portal_client SET ref = '..'";
    bed.tamper(damage, &damage.replace("portal_", "portal.")).await;
    assert_eq!(host.get("/api/v1/clients").await.status, 500);
    assert_eq!(served.scrape().await.sum("portal_http_faults_total", &[]), 1.0);
    drop(served);

    // And not at all where it isn't asked for.
    let served = bed.serve().await;
    assert!(!served.log().contains("metrics"), "{}", served.log());
}

/// What the database would say is missing, the rest is told; afterwards all of it is there again.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_away_takes_nothing_else_with_it() {
    let bed = bed(Database::postgres().await);
    bed.practice(SLUG).await;
    let served = bed.serve().await;
    let waiting = ["portal_outbox_mails", "portal_journal_unsealed_events", "portal_webhook_endpoints", "portal_jobs"];
    let kinds = served.scrape().await.kinds();
    assert!(waiting.iter().all(|name| kinds.contains_key(*name)), "{kinds:?}");

    bed.let_in(false).await;
    let away = served.scrape_until("an error is counted", |it| it.sum("portal_scrape_errors_total", &[]) >= 1.0).await;
    let kinds = away.kinds();
    assert!(waiting.iter().all(|name| !kinds.contains_key(*name)), "{}", away.text);
    assert_eq!(away.sum("portal_build_info", &[]), 1.0);
    assert_eq!(served.client().get("/readyz").await.status, 503);
    let away = served.scrape_until("the request is counted", |it| {
        it.sum("portal_http_requests_total", &[("route", "/readyz"), ("status", "5xx")]) == 1.0
    });
    assert_eq!(away.await.sum("portal_overload_rejections_total", &[]), 0.0, "a probe overloads nobody");

    bed.let_in(true).await;
    served.scrape_until("the database is there again", |it| it.kinds().contains_key("portal_outbox_mails")).await;
}

/// The id of a request stands in its answer and in every line about it; only a proxy that is trusted gives one.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_found_in_the_log_by_its_id() {
    for (proxies, given, taken) in [(Some("127.0.0.1"), "proxy-4711", true), (None, "anybody-4711", false)] {
        let mut bed = Bed::new(Database::sqlite());
        bed.set("PORTAL_LOG", "debug");
        if let Some(proxies) = proxies {
            bed.set("PORTAL_TRUSTED_PROXIES", proxies);
        }
        bed.practice(SLUG).await;
        let served = bed.serve().await;
        let answer =
            served.client().with("x-request-id", given).sign_in(SLUG, "nobody@x.example", "some wrong one").await;
        let id = answer.headers["x-request-id"].to_str().unwrap().to_owned();
        assert_eq!(id == given, taken);
        assert!(taken || id.len() == 16, "{id}");
        let (_, log) = served.stop().await;
        let lines: Vec<serde_json::Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let own: Vec<_> = lines.iter().filter(|line| line["span"]["id"] == id.as_str()).collect();
        assert!(own.iter().any(|line| line["message"] == "answered" && line["status"] == 401), "{log}");
        let of_requests = lines.iter().filter(|line| line["span"]["name"] == "request");
        assert!(of_requests.clone().count() >= 1 && of_requests.into_iter().all(|line| line["span"]["id"].is_string()));
        assert!(taken || !log.contains(given), "{log}");
    }
}

//! The first start over the real program: the code of its log opens the page, once, and one instance alone sets up.

use serde_json::Value;

use crate::support::{Answer, Bed, Database, bed::Served, on_both_databases};

on_both_databases!(the_program_says_a_code_and_one_of_two_instances_sets_up, with_a_practice_there_is_no_code);

const PASSWORD: &str = "four quiet paper boats";

/// The line that says where to go.
fn line(service: &Served) -> Option<Value> {
    let log = service.log();
    let mut lines = log.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    lines.find(|line| line["code"].is_string())
}

fn form(code: &str, slug: &str) -> Vec<u8> {
    let rest = "practice=Smith+%26+Sons&name=Elaine&email=elaine%40practice.example";
    format!("code={code}&slug={slug}&{rest}").into_bytes()
}

async fn send(service: &Served, slug: &str) -> Answer {
    let code = line(service).expect("a code")["code"].as_str().expect("text").to_owned();
    service.client().browser().send("POST", "/setup", Some(form(&code, slug))).await
}

async fn the_program_says_a_code_and_one_of_two_instances_sets_up(database: Database) {
    let bed = Bed::new(database);
    let (one, two) = (bed.serve().await, bed.serve().await);
    let said = line(&one).expect("a code");
    assert_eq!(said["page"], format!("http://{}/setup", one.address()));
    one.client().get("/setup").await.expect(200);
    let (first, second) = tokio::join!(send(&one, "smith"), send(&two, "jones"));
    let mut statuses = [first.status.as_u16(), second.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 404]);
    let (done, at) = if first.status == 303 { (first, &one) } else { (second, &two) };
    let link = done.headers["location"].to_str().expect("text").to_owned();
    at.client().get(&link).await.expect(200);
    let password = format!("password={}", PASSWORD.replace(' ', "+")).into_bytes();
    at.client().browser().send("POST", &link, Some(password)).await.expect(200);
    let practices = bed.done(&["practice", "list"]).await;
    assert_eq!(practices.matches("Smith & Sons").count(), 1, "{practices}");
    for service in [&one, &two] {
        service.client().get("/setup").await.expect(404);
        let code = line(service).expect("a code")["code"].as_str().expect("text").to_owned();
        assert_eq!(service.log().matches(&code).count(), 1, "the code stands in one line");
        let token = link.rsplit('/').next().expect("a token");
        assert!(!service.log().contains(token), "L1: the link stands in none");
    }
    let (_, log) = one.stop().await;
    assert!(!log.contains("ERROR"), "{log}");
}

async fn with_a_practice_there_is_no_code(database: Database) {
    let bed = Bed::new(database);
    bed.practice("smith").await;
    let service = bed.serve().await;
    assert_eq!(line(&service), None);
    service.client().get("/setup").await.expect(404);
}

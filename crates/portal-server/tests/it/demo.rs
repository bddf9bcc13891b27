//! The demo: one command, and everything it prints works.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Stdio},
};

use serde_json::json;

use crate::support::{Bed, Client, Database};

struct Demo {
    child: Child,
    said: Vec<String>,
}

impl Demo {
    async fn start(bed: &Bed, more: &[&str]) -> Self {
        let words = [&["demo", "--listen", "127.0.0.1:0"], more].concat();
        let mut command = bed.command(&words);
        tokio::task::spawn_blocking(move || {
            let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
            let mut said = Vec::new();
            for line in BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok) {
                let last = line.starts_with("Try ");
                said.push(line);
                if last {
                    break;
                }
            }
            Self { child, said }
        })
        .await
        .unwrap()
    }

    /// What stands behind a word of the guide.
    #[track_caller]
    fn says(&self, what: &str) -> &str {
        let line = self.said.iter().find_map(|line| line.strip_prefix(what));
        line.unwrap_or_else(|| panic!("{what}: {:#?}", self.said)).trim()
    }

    fn client(&self) -> Client {
        let address = self.says("Mail ").strip_prefix("http://").unwrap().split('/').next().unwrap();
        Client::new(address.parse().unwrap())
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_keeps_its_word() {
    let mut bed = Bed::new(Database::sqlite());
    // A demo never touches what is real.
    bed.set("PORTAL_DATABASE_URL", "postgres://portal@localhost/portal?host=/nowhere");
    bed.set("PORTAL_SIGN_INS_PER_MINUTE", "1");
    let first = Demo::start(&bed, &[]).await;
    let (client, key) = (first.client(), first.says("API key").to_owned());
    assert!(client.get("/demo/mail").await.body.starts_with(b"<!DOCTYPE html>"));
    client.get("/portal/harbour-lane/sign-in").await.expect(200);
    let host = client.host(&key);
    assert!(first.says("Try ").contains(&key));
    let contacts = host.get("/api/v1/contacts?limit=200").await.expect(200);
    let items = contacts["items"].as_array().unwrap();
    let states: std::collections::BTreeSet<_> =
        items.iter().map(|contact| contact["portal"]["status"].as_str().unwrap()).collect();
    assert_eq!(items.len(), 12);
    for state in ["active", "invited", "not_activated", "deactivated", "conflict", "no_profile"] {
        assert!(states.contains(state), "{state}: {states:?}");
    }
    for email in ["ada@bright-sails.example", "office@quayside.example", "lou@old-mill.example"] {
        client.sign_in("harbour-lane", email, "seven quiet lanterns").await.expect(204);
    }
    assert!(first.says("Workspace ").ends_with("/workspace/harbour-lane/sign-in"));
    for email in ["maren@harbour-lane.example", "theo@harbour-lane.example"] {
        let form = format!("email={}&password=seven+quiet+lanterns", email.replace('@', "%40"));
        let page = "/workspace/harbour-lane/sign-in";
        client.browser().send("POST", page, Some(form.into_bytes())).await.expect(303);
    }
    let token = first.says("An invitation").rsplit('/').next().unwrap().to_owned();
    client.redeem("harbour-lane", &token, "nine copper kettles").await.expect(204);
    host.put("/api/v1/contacts/emil", json!({ "name": "Emil Novotny" })).await.expect(200);
    drop(first);

    // Again: all of it is still there.
    let second = Demo::start(&bed, &[]).await;
    assert_eq!(second.says("API key"), key);
    assert!(second.says("An invitation").contains("--fresh"));
    let host = second.client().host(&key);
    assert_eq!(host.get("/api/v1/contacts/emil").await.expect(200)["name"], "Emil Novotny");

    // A taken port is one line, and nothing is forgotten before it.
    let address = second.says("Mail ").strip_prefix("http://").unwrap().split('/').next().unwrap().to_owned();
    let taken = bed.run(&["demo", "--fresh", "--listen", &address]).await;
    assert_eq!((taken.code, taken.err.lines().count()), (Some(3), 1), "{taken:?}");
    assert_eq!(host.get("/api/v1/contacts/emil").await.expect(200)["name"], "Emil Novotny");

    // Nor is a folder that a running demo is at work in, whatever the address.
    for more in [&["--fresh"][..], &[]] {
        assert_eq!(Demo::start(&bed, more).await.said, [""; 0]);
        let held = bed.run(&[&["demo", "--listen", "127.0.0.1:0"], more].concat()).await;
        assert_eq!((held.code, held.err.lines().count()), (Some(3), 1), "{held:?}");
        assert!(held.err.contains("another demo is running in `data/demo`") && held.out.is_empty(), "{held:?}");
    }
    assert!(bed.folder().join("data/demo/complete").exists());
    assert_eq!(host.get("/api/v1/contacts/emil").await.expect(200)["name"], "Emil Novotny");
    drop(second);

    // Fresh: the old key is gone with the rest.
    let third = Demo::start(&bed, &["--fresh"]).await;
    assert_ne!(third.says("API key"), key);
    third.client().host(&key).get("/api/v1/contacts").await.expect_problem(401, "unauthorized");
    let host = third.client().host(third.says("API key"));
    assert_eq!(host.get("/api/v1/contacts/emil").await.expect(200)["name"], "Emil Novak");
}

//! Imports.

use serde_json::json;

use super::scene::{Asker, Scene};
use crate::support::{Database, on_both_databases};

on_both_databases!(
    post_imports,
    get_imports_by_id,
    get_imports_by_id_rows,
    get_imports_by_id_refused_csv,
    post_imports_by_id_cancel,
);

pub(super) const FILE: &str = "ref,name,emails,clients\nc-1,Ada,ada@smith.example,acme\nc-2,Bob,bob@smith,acme\n";

impl Asker {
    pub(super) async fn file(&self, query: &str) -> String {
        let sent =
            self.with("content-type", "text/csv").send("POST", &format!("/imports{query}"), Some(FILE.into())).await;
        format!("/imports/{}", sent.expect(202)["id"].as_str().expect("an id"))
    }
}

async fn post_imports(database: Database) {
    let scene = Scene::new(database).await;
    let import = scene.host.file("").await;
    scene.reads.until(&import, |told| told["state"] == "done").await;
    assert_eq!(scene.reads.get("/contacts/c-1").await.expect(200)["clients"], json!(["acme"]));
    scene.answers("post_imports");
}

async fn get_imports_by_id(database: Database) {
    let scene = Scene::new(database).await;
    let import = scene.host.file("?dry_run=true").await;
    let told = scene.reads.until(&import, |told| told["state"] == "done").await;
    assert_eq!(
        (&told["dry_run"], &told["total"], &told["created"], &told["refused"]),
        (&json!(true), &json!(2), &json!(1), &json!(1))
    );
    scene.reads.get("/contacts/c-1").await.expect_problem(404, "not_found");
    scene.answers("get_imports_by_id");
}

async fn get_imports_by_id_rows(database: Database) {
    let scene = Scene::new(database).await;
    let import = scene.host.file("").await;
    scene.reads.until(&import, |told| told["state"] == "done").await;
    let told = scene.reads.get(&format!("{import}/rows?outcome=refused")).await.expect(200);
    let [row] = told["items"].as_array().expect("a list").as_slice() else { panic!("{told}") };
    assert_eq!((&row["ref"], &row["fault"]), (&json!("c-2"), &json!("domain_without_dot")));
    scene.answers("get_imports_by_id_rows");
}

async fn get_imports_by_id_refused_csv(database: Database) {
    let scene = Scene::new(database).await;
    let import = scene.host.file("").await;
    scene.reads.until(&import, |told| told["state"] == "done").await;
    let answer = scene.reads.get(&format!("{import}/refused.csv")).await;
    answer.expect(200);
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    assert!(text.contains("bob@smith") && !text.contains("ada@smith"), "{text}");
    scene.answers("get_imports_by_id_refused_csv");
}

async fn post_imports_by_id_cancel(database: Database) {
    let scene = Scene::new(database).await;
    let import = scene.host.file("").await;
    scene.reads.until(&import, |told| told["state"] == "done").await;
    let told = scene.host.call(&format!("{import}/cancel")).await.expect(200);
    assert_eq!((&told["outcome"], &told["state"]), (&json!("unchanged"), &json!("done")), "what has ended stays ended");
    scene.answers("post_imports_by_id_cancel");
}

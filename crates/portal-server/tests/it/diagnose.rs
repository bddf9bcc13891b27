//! `portal diagnose`: why a client can't get in, from the command line.

use serde_json::{Value, json};

use crate::support::{Bed, Database, on_both_databases};

on_both_databases!(x1_the_program_says_why_a_client_can_not_get_in);

async fn x1_the_program_says_why_a_client_can_not_get_in(database: Database) {
    let bed = Bed::new(database);
    bed.practice("smith").await;
    let file = bed.folder().join("two.csv");
    let file = file.to_str().unwrap();
    std::fs::write(
        file,
        "ref,name,emails,clients,activate\nc-1,Ada Smith,ada@smith.example;second@smith.example,acme,yes\n",
    )
    .unwrap();
    assert_eq!(bed.run(&["import", file, "--activate"]).await.code, Some(0));

    let ended = bed.run(&["diagnose", " ADA@smith.example", "--json"]).await;
    let told: Value = serde_json::from_str(&ended.out).unwrap();
    let codes: Vec<_> = told["findings"].as_array().unwrap().iter().map(|it| it["code"].as_str().unwrap()).collect();
    assert_eq!((ended.code, &told["contact"]["ref"]), (Some(1), &json!("c-1")));
    assert_eq!(codes, ["mail_queued", "password_not_set", "address_was_trimmed"]);

    let ended = bed.run(&["diagnose", "second@smith.example", "--practice", "smith"]).await;
    assert!(ended.out.starts_with("Ada Smith (c-1)\n1. Not the first address"), "{}", ended.out);
    assert!(ended.out.contains("> Move second@smith.example to the top"), "{}", ended.out);

    let ended = bed.run(&["diagnose", "adda@smith.example"]).await;
    assert!(ended.out.starts_with("perhaps Ada Smith (c-1)\n1. Nearly another address"), "{}", ended.out);

    let ended = bed.run(&["diagnose", "ada@smith.example", "--report"]).await;
    assert!(ended.out.contains("mail_queued (blocks)") && ended.out.contains("a…a@s…h.example"), "{}", ended.out);
    assert!(!ended.out.contains("ada@smith.example") && !ended.out.contains("Ada Smith"), "{}", ended.out);

    let ended = bed.run(&["diagnose", "ada@smith.example", "--report", "--json"]).await;
    assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""));
    let ended = bed.run(&["diagnose", "ada@smith.example", "--practice", "jones"]).await;
    assert!(ended.code != Some(0) && ended.err.contains("jones"), "{}", ended.err);
}

//! Other processes: migrating side by side, and dying under load. A child is this very binary, told by a variable.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use portal_domain::{
    change::{Change, Decision},
    id::Ref,
    port::{Commit, PortalStore},
};
use portal_sqlite::{SqliteOptions, SqliteStore};

use crate::kit::{House, client};

const ROLE: &str = "STORE_TEST_CHILD";

fn child(role: &str, path: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "process::as_a_child", "--nocapture"])
        .env(ROLE, format!("{role}:{}", path.display()))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Does nothing unless a test started it.
#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::disallowed_methods, clippy::print_stdout, reason = "this is how a test talks with its child")]
async fn as_a_child() {
    let Ok(told) = std::env::var(ROLE) else { return };
    let (role, path) = told.split_once(':').unwrap();
    let store = SqliteStore::open(path, &SqliteOptions::default()).await.unwrap();
    if role == "migrate" {
        store.migrate().await.unwrap();
        return;
    }
    let practice = portal_domain::id::PracticeId::parse(role).unwrap();
    let writers: Vec<_> = (0..4).map(|writer| tokio::spawn(write_for_ever(store.clone(), practice, writer))).collect();
    for writer in writers {
        writer.await.unwrap();
    }

    async fn write_for_ever(store: SqliteStore, practice: portal_domain::id::PracticeId, writer: u32) {
        for count in 0.. {
            let reference = format!("w{writer}-{count}");
            let decision = Decision { changes: vec![Change::PutClient(client(&reference))], ..Decision::default() };
            if store.commit(practice, &[decision], None).await.unwrap() == Commit::Committed {
                println!("acknowledged {reference}");
            }
        }
    }
}

#[test]
fn programs_that_start_in_pairs_on_an_empty_file_all_migrate() {
    for _ in 0..20 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("portal.db");
        let pair = [child("migrate", &path), child("migrate", &path)];
        for one in pair {
            assert!(one.wait_with_output().unwrap().status.success());
        }
    }
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_a_kill() {
    let house = House::new().await;
    for _ in 0..3 {
        let mut writer = child(&house.practice.to_string(), &house.path());
        let mut lines = BufReader::new(writer.stdout.take().unwrap()).lines();
        let mut acknowledged = Vec::new();
        while acknowledged.len() < 200 {
            let line = lines.next().unwrap().unwrap();
            acknowledged.extend(line.strip_prefix("acknowledged ").and_then(Ref::parse));
        }
        writer.kill().unwrap();
        writer.wait().unwrap();
        let rest = lines.map_while(Result::ok);
        acknowledged.extend(rest.filter_map(|line| line.strip_prefix("acknowledged ").and_then(Ref::parse)));
        let store = SqliteStore::open(house.path(), &SqliteOptions::default()).await.unwrap();
        let found = PortalStore::clients(&store, house.practice, &acknowledged).await.unwrap();
        assert_eq!(found.len(), acknowledged.len());
        let erase: Vec<_> = found.into_iter().map(|client| Change::DeleteClient(client.id)).collect();
        drop(store);
        house.must(erase).await;
        let left = portal_domain::port::Page { after: None, limit: 10_000 };
        let left = portal_domain::port::PortalViews::clients(&house.store, house.practice, &left).await.unwrap();
        house.must(left.into_iter().map(|client| Change::DeleteClient(client.id)).collect()).await;
    }
}

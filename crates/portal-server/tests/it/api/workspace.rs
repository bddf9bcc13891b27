//! Staff whose program signs them in itself: it embeds the portal, over the same database.

use std::{collections::BTreeSet, sync::Arc};

use portal::domain::{
    event::Caller,
    id::{Ref, Slug},
    port::PracticeSelector,
    time::Timestamp,
    usecase::{CallContext, Portal},
};
use portal_postgres::PostgresStore;
use portal_sqlite::{SqliteOptions, SqliteStore};
use portal_testkit::{
    build,
    memory::{PlainHasher, SeededEntropy, TestClock},
};
use serde_json::json;

use super::scene::{Asker, Scene};
use crate::support::{Database, data::Data, on_both_databases};

on_both_databases!(workspace_get_session, workspace_delete_session);

/// The use cases over one store.
macro_rules! over {
    ($store:expr, $clock:expr) => {{
        let store = Arc::new($store);
        Portal {
            store: store.clone(),
            enquiries: store.clone(),
            operators: store.clone(),
            jobs: store.clone(),
            journal: store.clone(),
            webhooks: store.clone(),
            viewings: store.clone(),
            evidence: store.clone(),
            returns: store,
            hasher: Arc::new(PlainHasher::new()),
            clock: Arc::new($clock),
            entropy: Arc::new(SeededEntropy::new(7)),
            tokens: build::link_tokens(),
            common_passwords: Arc::new(BTreeSet::new()),
            tries_per_minute: 60,
        }
    }};
}

impl Scene {
    /// The program of the practice, in which its staff sign in.
    async fn embedded(&self) -> Portal {
        let made = Data::of(&self.bed).table("practice", &["created_at"]).await;
        let made = made[0][0].as_deref().expect("a time").parse().expect("a number");
        let clock = TestClock::at(Timestamp::from_micros(made));
        match self.bed.server_url() {
            Some(url) => over!(PostgresStore::connect(url, portal_postgres::Limits::default()).await.unwrap(), clock),
            None => {
                let file = self.bed.folder().join("data/portal.db");
                over!(SqliteStore::open(file, &SqliteOptions::default()).await.unwrap(), clock)
            }
        }
    }

    /// The browser of a practice user.
    pub(super) async fn at_work(&self) -> Asker {
        self.user("u-1", "uma@smith.example", "admin").await;
        let portal = self.embedded().await;
        let slug = Slug::parse("smith").expect("a slug");
        let practice = portal.store.practice(&PracticeSelector::Slug(slug)).await.unwrap().expect("a practice");
        let context = CallContext::new(practice.id, Caller::Program);
        let user = Ref::parse("u-1").expect("a reference");
        let opened = portal.open_workspace_session(&context, &user, None, None).await.expect("she is there");
        self.browser_of_staff().with("cookie", format!("workspace-smith={}", opened.token.reveal()))
    }

    /// A browser in the workspace, without a cookie.
    pub(super) fn browser_of_staff(&self) -> Asker {
        self.front_end.at("/workspace/smith/api")
    }
}

async fn workspace_get_session(database: Database) {
    let scene = Scene::new(database).await;
    let told = scene.at_work().await.get("/session").await.expect(200);
    assert_eq!(told["user"], json!({ "ref": "u-1", "name": "Uma", "role": "admin" }));
    scene.answers("workspace_get_session");
}

async fn workspace_delete_session(database: Database) {
    let scene = Scene::new(database).await;
    let browser = scene.at_work().await;
    browser.delete("/session").await.expect(204);
    browser.get("/session").await.expect_problem(401, "unauthorized");
    scene.answers("workspace_delete_session");
}

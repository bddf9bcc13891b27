//! Staff end all sessions while contacts come and go.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use axum::http::Method;
use portal_domain::{
    email::LoginKey,
    event::{Caller, RecordedEvent},
    id::{ClientId, ContactId, LoginId, PracticeId, Ref},
    message::Delivery,
    port::{Listed, Page, PortalViews, StoreError, Waiting},
    practice::{ApiKey, Client, Practice, PracticeUser},
    time::Timestamp,
    usecase::{CallContext, Portal},
};
use serde_json::Value;

use crate::kit::{Ask, Kit};

/// Lists who is signed in, whereupon the first of them loses access.
struct Leaving {
    inner: Arc<dyn PortalViews>,
    portal: Portal,
    left: AtomicBool,
}

#[async_trait]
impl PortalViews for Leaving {
    async fn signed_in(
        &self,
        practice: PracticeId,
        now: Timestamp,
        page: &Page<LoginId>,
    ) -> Result<Vec<(LoginId, Ref)>, StoreError> {
        let listed = self.inner.signed_in(practice, now, page).await?;
        if let (Some((_, first)), false) = (listed.first(), self.left.swap(true, Ordering::SeqCst)) {
            let context = CallContext::new(practice, Caller::Program);
            self.portal.deactivate(&context, first).await.expect("it is deactivated");
        }
        Ok(listed)
    }

    async fn practices(&self, page: &Page<String>) -> Result<Vec<Practice>, StoreError> {
        self.inner.practices(page).await
    }

    async fn users(&self, practice: PracticeId, page: &Page<Ref>) -> Result<Vec<PracticeUser>, StoreError> {
        self.inner.users(practice, page).await
    }

    async fn clients(&self, practice: PracticeId, page: &Page<Ref>) -> Result<Vec<Client>, StoreError> {
        self.inner.clients(practice, page).await
    }

    async fn contacts(&self, practice: PracticeId, page: &Page<Ref>) -> Result<Vec<Ref>, StoreError> {
        self.inner.contacts(practice, page).await
    }

    async fn directory(
        &self,
        practice: PracticeId,
        client: Option<ClientId>,
        page: &Page<Ref>,
    ) -> Result<Vec<Listed>, StoreError> {
        self.inner.directory(practice, client, page).await
    }

    async fn contacts_with(
        &self,
        practice: PracticeId,
        key: &LoginKey,
        page: &Page<Ref>,
    ) -> Result<Vec<Ref>, StoreError> {
        self.inner.contacts_with(practice, key, page).await
    }

    async fn api_keys(&self, practice: PracticeId) -> Result<Vec<ApiKey>, StoreError> {
        self.inner.api_keys(practice).await
    }

    async fn messages(
        &self,
        practice: PracticeId,
        contact: ContactId,
        page: &Page<i64>,
    ) -> Result<Vec<(Delivery, i64)>, StoreError> {
        self.inner.messages(practice, contact, page).await
    }

    async fn events(
        &self,
        practice: PracticeId,
        contact: Option<ContactId>,
        page: &Page<i64>,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        self.inner.events(practice, contact, page).await
    }

    async fn contact_refs(
        &self,
        practice: PracticeId,
        contacts: &[ContactId],
    ) -> Result<BTreeMap<ContactId, Ref>, StoreError> {
        self.inner.contact_refs(practice, contacts).await
    }

    async fn waiting(&self, practice: PracticeId) -> Result<Vec<Waiting>, StoreError> {
        self.inner.waiting(practice).await
    }

    async fn oldest_due(&self, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        self.inner.oldest_due(now).await
    }

    async fn schema_fits(&self) -> Result<bool, StoreError> {
        self.inner.schema_fits().await
    }
}

#[tokio::test]
async fn sessions_end_though_whoever_was_listed_for_the_login_left_it() {
    let kit = Kit::with("https://portal.example", |app| {
        let (inner, portal) = (app.views.clone(), app.portal.clone());
        app.views = Arc::new(Leaving { inner, portal, left: AtomicBool::new(false) });
    })
    .await;
    kit.settle("ada", "ada@smith.example").await;
    kit.invite("bob", "ada@smith.example").await;
    let cookie = kit.sign_in("ada@smith.example").await;
    let ended = kit.host(Method::DELETE, "/sessions", Value::Null).await.is(200).json();
    assert_eq!(ended["sessions_ended"], 1, "by who stays behind the login");
    kit.send(Ask::get("/portal/smith/api/session").cookie(&cookie)).await.is(401);
}

//! The end of practices, and what is not to be in its way.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use portal::Portal;
use portal_domain::{
    decide,
    event::Caller,
    id::{Ids, OperatorKeyId, PracticeId, Slug},
    link::KeyId,
    port::{Commit, Deletion, Operators, StoreError},
    practice::{ApiKey, ApiKeyHash, OperatorKey, Scope},
    time::Timestamp,
    usecase::{CallContext, Error},
};
use portal_testkit::{build, conformance::FullStore, fixture::Fixture};

/// A store that can't delete one practice.
struct Stuck(Arc<dyn FullStore>, PracticeId);

#[async_trait]
impl Operators for Stuck {
    async fn operator(&self, hash: &ApiKeyHash) -> Result<Option<OperatorKey>, StoreError> {
        self.0.operator(hash).await
    }

    async fn operator_keys(&self) -> Result<Vec<OperatorKey>, StoreError> {
        self.0.operator_keys().await
    }

    async fn add_operator_key(&self, key: &OperatorKey) -> Result<(), StoreError> {
        self.0.add_operator_key(key).await
    }

    async fn revoke_operator_key(&self, key: OperatorKeyId, at: Timestamp) -> Result<bool, StoreError> {
        self.0.revoke_operator_key(key, at).await
    }

    async fn doomed(&self, now: Timestamp) -> Result<Vec<PracticeId>, StoreError> {
        let mut doomed = self.0.doomed(now).await?;
        doomed.sort_by_key(|practice| *practice != self.1);
        Ok(doomed)
    }

    async fn begin_deletion(&self, practice: PracticeId, now: Timestamp) -> Result<bool, StoreError> {
        self.0.begin_deletion(practice, now).await
    }

    async fn delete_some(&self, practice: PracticeId, most: u32, now: Timestamp) -> Result<bool, StoreError> {
        match practice == self.1 {
            true => Err(StoreError::Damaged("a row".to_owned())),
            false => self.0.delete_some(practice, most, now).await,
        }
    }

    async fn deletions(&self) -> Result<Vec<Deletion>, StoreError> {
        self.0.deletions().await
    }
}

#[tokio::test]
async fn a_practice_that_can_not_be_deleted_keeps_no_other_from_it() {
    let fixture = Fixture::in_memory("smith").await;
    let nowhere = CallContext::new(Portal::nowhere(), Caller::Program);
    let other = fixture.portal.create_practice(&nowhere, &Slug::parse("jones").unwrap(), "Jones").await.unwrap();
    for practice in [fixture.practice.id, other.id] {
        let call = CallContext::new(practice, Caller::Program);
        fixture.portal.suspend_practice(&call, true).await.unwrap();
        fixture.portal.order_deletion(&call).await.unwrap();
    }
    fixture.clock.advance(Duration::from_secs(30 * 24 * 3600));
    let stuck = Stuck(fixture.store.clone(), fixture.practice.id);
    let portal = Portal { operators: Arc::new(stuck), ..fixture.portal.clone() };
    let damaged = Error::Store(StoreError::Damaged("a row".to_owned()));
    let fates = portal.delete_doomed(&|| false).await.unwrap();
    assert_eq!(fates, [(fixture.practice.id, Err(damaged)), (other.id, Ok(true))]);
    assert_eq!(fixture.portal.delete_doomed(&|| false).await, Ok(vec![(fixture.practice.id, Ok(true))]));
}

/// A key is made for the practice as it was looked at: of one that is changed meanwhile, and so of one whose deletion begins, the
/// call decides again.
#[tokio::test]
async fn a_key_is_made_for_the_practice_that_was_looked_at() {
    let fixture = Fixture::in_memory("smith").await;
    let practice = fixture.practice.clone();
    let key = ApiKey { scopes: vec![Scope::Read], ..build::api_key("late", practice.id) };
    let mut moment = decide::Moment {
        now: fixture.portal.now(),
        ids: Ids::from_seed([7; 32]),
        signed_with: KeyId::parse("k1").unwrap(),
        caller: Caller::Program,
        origin: None,
    };
    let decided = decide::create_api_key(&practice, key, &mut moment).unwrap().decision;
    fixture.portal.suspend_practice(&fixture.call(), true).await.unwrap();
    assert_eq!(fixture.store.commit(practice.id, &[decided], None).await, Ok(Commit::Conflict));
    assert!(fixture.portal.create_api_key(&fixture.call(), "new", vec![Scope::Read]).await.is_ok());
}

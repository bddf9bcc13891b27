use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{ATTEMPTS, CallContext, Error, Portal};
use crate::{
    Refusal,
    decide::{self, Decided, PutClient, PutUser},
    email::EmailAddress,
    facts::{UserFacts, UserQuery},
    id::{ApiKeyId, Ids, PracticeId, Ref, Slug},
    port::{PortalViews, PracticeSelector},
    practice::{ApiKey, ApiKeyHash, Client, Practice, PracticeUser, Role, Scope, Settings},
};

/// A practice user as it was submitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PutUserInput {
    /// The host's id.
    pub reference: Ref,
    /// Name in words.
    pub name: String,
    /// The address, raw.
    pub email: String,
    /// What the user may do.
    pub role: Role,
}

impl PutUserInput {
    pub(super) fn command(&self) -> Result<PutUser, Refusal> {
        let parsed = EmailAddress::parse(&self.email);
        let email = parsed.map_err(|fault| Refusal::InvalidEmail { index: None, fault })?;
        Ok(PutUser { reference: self.reference.clone(), name: self.name.clone(), email, role: self.role })
    }
}

/// The secret of an API key. Shown once, never printed by accident.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub(super) const fn new(text: String) -> Self {
        Self(text)
    }

    /// The secret itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is stored in its place, for any text a caller presents.
    pub fn digest(presented: &str) -> ApiKeyHash {
        ApiKeyHash(Sha256::digest(presented).into())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// A key that was made, and its secret, which nobody can show again.
#[derive(Clone, Debug)]
pub struct NewApiKey {
    /// The key.
    pub key: ApiKey,
    /// Its secret.
    pub secret: Secret,
}

/// A new key as its receipt tells it again.
#[derive(Serialize, Deserialize)]
struct ToldKey {
    key: ApiKey,
    secret: String,
}

impl Portal {
    /// The practice of a slug.
    pub async fn practice_by_slug(&self, slug: &Slug) -> Result<Option<Practice>, Error> {
        Ok(self.store.practice(&PracticeSelector::Slug(slug.clone())).await?)
    }

    /// Creates a practice. See [`decide::create_practice`].
    pub async fn create_practice(&self, context: &CallContext, slug: &Slug, name: &str) -> Result<Practice, Error> {
        for _ in 0..ATTEMPTS {
            let taken = self.practice_by_slug(slug).await?;
            let decided = decide::create_practice(taken.as_ref(), slug, name, &mut self.moment(context))?;
            let own = CallContext { practice: decided.outcome.id, ..context.clone() };
            if let Some(practice) = self.settle(&own, decided).await? {
                return Ok(practice);
            }
        }
        Err(Error::Overloaded)
    }

    /// Replaces settings by what `edit` makes of them. Answers them, and whether anything changed.
    pub async fn put_settings(
        &self,
        context: &CallContext,
        edit: impl Fn(Settings) -> Settings + Send + Sync,
    ) -> Result<(Settings, bool), Error> {
        let edit = &edit;
        let decided = || async move {
            let practice = self.practice(context).await?;
            let settings = edit(practice.settings.clone());
            Ok(decide::put_settings(&practice, &settings, &mut self.moment(context))?)
        };
        self.carry_out(context, decided).await
    }

    /// A practice user; `NotFound` where there is none.
    pub async fn user(&self, context: &CallContext, user: &Ref) -> Result<PracticeUser, Error> {
        let facts = self.user_facts(context, user, None).await?;
        Ok(facts.user.ok_or(Refusal::NotFound { what: "practice user" })?)
    }

    /// Creates or changes a practice user. Answers whether it is new, and whether anything changed.
    pub async fn put_user(
        &self,
        context: &CallContext,
        input: &PutUserInput,
    ) -> Result<(PracticeUser, bool, bool), Error> {
        let command = &input.command()?;
        let decided = || async move {
            let facts = self.user_facts(context, &command.reference, Some(&command.email)).await?;
            let decided = decide::put_user(&facts, command, &mut self.moment(context))?;
            let (user, changed) = decided.outcome;
            Ok(Decided { decision: decided.decision, outcome: (user, facts.user.is_none(), changed) })
        };
        self.carry_out(context, decided).await
    }

    /// Removes a practice user. See [`decide::delete_user`].
    pub async fn delete_user(&self, context: &CallContext, user: &Ref) -> Result<(), Error> {
        let decided = || async move {
            let facts = self.user_facts(context, user, None).await?;
            Ok(decide::delete_user(&facts, &mut self.moment(context))?)
        };
        self.carry_out(context, decided).await
    }

    pub(super) async fn user_facts(
        &self,
        context: &CallContext,
        user: &Ref,
        email: Option<&EmailAddress>,
    ) -> Result<UserFacts, Error> {
        let query = UserQuery { user: user.clone(), key: email.map(|email| email.key().clone()) };
        Ok(self.store.user(context.practice, &query, self.clock.now()).await?)
    }

    /// A client; `NotFound` where there is none.
    pub async fn client(&self, context: &CallContext, client: &Ref) -> Result<Client, Error> {
        Ok(self.find_client(context, client).await?.ok_or(Refusal::NotFound { what: "client" })?)
    }

    /// The clients of these references, as far as they exist.
    pub async fn clients(&self, context: &CallContext, clients: &[Ref]) -> Result<Vec<Client>, Error> {
        Ok(self.store.clients(context.practice, clients).await?)
    }

    async fn find_client(&self, context: &CallContext, client: &Ref) -> Result<Option<Client>, Error> {
        Ok(self.store.clients(context.practice, std::slice::from_ref(client)).await?.into_iter().next())
    }

    /// Creates or renames a client. Answers whether it is new, and whether anything changed.
    pub async fn put_client(&self, context: &CallContext, command: &PutClient) -> Result<(Client, bool, bool), Error> {
        let decided = || async move {
            let before = self.find_client(context, &command.reference).await?;
            let decided = decide::put_client(before.as_ref(), command, &mut self.moment(context))?;
            let (client, changed) = decided.outcome;
            Ok(Decided { decision: decided.decision, outcome: (client, before.is_none(), changed) })
        };
        self.carry_out(context, decided).await
    }

    /// Creates a client. See [`decide::add_client`]: `PreconditionFailed` where there is one of this reference.
    pub async fn add_client(&self, context: &CallContext, command: &PutClient) -> Result<Client, Error> {
        let decided = || async move {
            let before = self.find_client(context, &command.reference).await?;
            let decided = decide::add_client(before.as_ref(), command, &mut self.moment(context))?;
            Ok(Decided { decision: decided.decision, outcome: decided.outcome.0 })
        };
        self.carry_out(context, decided).await
    }

    /// Suspends or resumes a client (A5). Answers whether anything changed.
    pub async fn suspend_client(
        &self,
        context: &CallContext,
        client: &Ref,
        suspended: bool,
    ) -> Result<(Client, bool), Error> {
        let decided = || async move {
            let before = self.find_client(context, client).await?;
            Ok(decide::suspend_client(before.as_ref(), suspended, &mut self.moment(context))?)
        };
        self.carry_out(context, decided).await
    }

    /// Deletes a client. See [`decide::delete_client`].
    pub async fn delete_client(&self, context: &CallContext, client: &Ref) -> Result<(), Error> {
        let decided = || async move {
            let before = self.find_client(context, client).await?;
            Ok(decide::delete_client(before.as_ref(), &mut self.moment(context))?)
        };
        self.carry_out(context, decided).await
    }

    /// Makes an API key of a practice. The answer is the only place where its secret ever stands.
    pub async fn create_api_key(
        &self,
        context: &CallContext,
        name: &str,
        scopes: Vec<Scope>,
    ) -> Result<NewApiKey, Error> {
        let secret = Secret(format!("pk_{}", URL_SAFE_NO_PAD.encode(self.draw::<32>())));
        let key = ApiKey {
            id: Ids::from_seed(self.draw()).next(self.clock.now()),
            practice: context.practice,
            name: name.to_owned(),
            scopes,
            hash: Secret::digest(secret.reveal()),
            created_at: self.clock.now(),
            revoked_at: None,
        };
        let (key, secret) = (&key, &secret.0);
        let decided = || async move {
            let practice = self.practice(context).await?;
            let decided = decide::create_api_key(&practice, key.clone(), &mut self.moment(context))?;
            let Decided { decision, outcome } = decided;
            Ok(Decided { decision, outcome: ToldKey { key: outcome, secret: secret.clone() } })
        };
        let ToldKey { key, secret } = self.carry_out_secret(context, decided).await?;
        Ok(NewApiKey { key, secret: Secret(secret) })
    }

    /// Ends an API key. Answers whether it worked until now.
    pub async fn revoke_api_key(
        &self,
        context: &CallContext,
        views: &dyn PortalViews,
        key: ApiKeyId,
    ) -> Result<bool, Error> {
        let decided = || async move {
            let keys = views.api_keys(context.practice).await?;
            let known = keys.iter().find(|known| known.id == key);
            Ok(decide::revoke_api_key(known, &mut self.moment(context))?)
        };
        self.carry_out(context, decided).await
    }

    /// The context in which a practice is created: it has no id yet.
    pub const fn nowhere() -> PracticeId {
        PracticeId::from_bytes([0; 16])
    }
}

//! The operator API: practices and the keys of their hosts. It reads nothing that is in a practice.

use std::borrow::Cow;

use axum::{Json, http::StatusCode};
use portal_domain::{
    Refusal,
    id::{ApiKeyId, Slug},
    port::Page,
    practice::{ApiKey, Practice, Scope},
    usecase::{CallContext, NewApiKey},
    view::PracticeView,
};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema},
};

use super::Answer;
use crate::{
    ask::{Bare, Listing, Plain, Sent},
    caller::{Operator, PathId, PracticeSlug},
    document::{self, Says, answered, says},
    json::{Fields, FromFields},
    present::{List, Put, outcome, time, with_members},
    problem::Problem,
};

pub(super) const SAYS: &[Says] = &[
    says("GET /operator/practices", "The practices"),
    says("GET /operator/practices/{slug}", "A practice, from outside"),
    says("PUT /operator/practices/{slug}", "Creates or renames a practice").answers(&[200, 201]),
    says("POST /operator/practices/{slug}/suspend", "Closes portal and workspace of a practice, and holds back mail"),
    says("POST /operator/practices/{slug}/resume", "Opens them again; it is no longer to be deleted"),
    says("GET /operator/practices/{slug}/api-keys", "The API keys of a practice, without their secrets"),
    says("POST /operator/practices/{slug}/api-keys", "Makes an API key; the only answer that shows it").answers(&[201]),
    says("DELETE /operator/practices/{slug}/api-keys/{id}", "Revokes an API key"),
];

/// A practice from outside.
#[derive(Serialize, ToSchema)]
pub(crate) struct PracticePart {
    slug: String,
    name: String,
    #[schema(format = DateTime)]
    suspended_at: Option<String>,
    #[schema(format = DateTime)]
    delete_after: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
}

impl From<PracticeView> for PracticePart {
    fn from(practice: PracticeView) -> Self {
        Self {
            slug: practice.slug,
            name: practice.name,
            suspended_at: practice.suspended_at.map(time),
            delete_after: practice.delete_after.map(time),
            created_at: time(practice.created_at),
        }
    }
}

impl From<Practice> for PracticePart {
    fn from(practice: Practice) -> Self {
        PracticeView::from(practice).into()
    }
}

/// A key without its secret.
#[derive(Serialize, ToSchema)]
#[schema(as = ApiKey)]
pub(crate) struct KeyPart {
    id: String,
    name: String,
    #[schema(schema_with = scopes)]
    scopes: Vec<&'static str>,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    revoked_at: Option<String>,
}

/// What a key of a host may allow.
fn scope() -> Value {
    let all = [Scope::Read, Scope::Write, Scope::SignIn, Scope::Credentials];
    json!({ "type": "string", "enum": all.map(Scope::code) })
}

fn scopes() -> RefOr<Schema> {
    answered(document::list(scope()))
}

impl From<&ApiKey> for KeyPart {
    fn from(key: &ApiKey) -> Self {
        Self {
            id: key.id.to_string(),
            name: key.name.clone(),
            scopes: key.scopes.iter().map(|scope| scope.code()).collect(),
            created_at: time(key.created_at),
            revoked_at: key.revoked_at.map(time),
        }
    }
}

/// A key that was just made: the only answer with its secret.
#[derive(Serialize)]
pub(crate) struct NewKeyPart {
    #[serde(flatten)]
    part: KeyPart,
    key: String,
}

impl ToSchema for NewKeyPart {
    fn name() -> Cow<'static, str> {
        "NewApiKey".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        KeyPart::schemas(schemas);
    }
}

impl PartialSchema for NewKeyPart {
    fn schema() -> RefOr<Schema> {
        let mut schema = document::value(&with_members::<KeyPart>(&[("key", document::text())]));
        schema["description"] = "A key that was just made, with its secret.".into();
        answered(schema)
    }
}

pub(crate) struct PracticeBody {
    name: String,
}

impl FromFields for PracticeBody {
    fn from_fields(fields: &mut Fields) -> Result<Self, Problem> {
        Ok(Self { name: fields.required("name", Fields::text)? })
    }
}

pub(crate) struct KeyBody {
    name: String,
    scopes: Vec<Scope>,
}

impl FromFields for KeyBody {
    fn from_fields(fields: &mut Fields) -> Result<Self, Problem> {
        let name = fields.required("name", Fields::text)?;
        let scopes = fields.required("scopes", |fields, name| fields.texts_of(name, scope))?;
        if scopes.is_empty() {
            return Err(Problem::invalid_field("scopes", SCOPES));
        }
        let read = scopes.iter().enumerate().map(|(index, scope)| {
            let own = Scope::parse(scope).filter(|scope| *scope != Scope::Operator);
            own.ok_or_else(|| Problem::invalid_field(format!("scopes[{index}]"), SCOPES))
        });
        let mut scopes = read.collect::<Result<Vec<_>, _>>()?;
        scopes.sort_unstable();
        scopes.dedup();
        Ok(Self { name, scopes })
    }
}

const SCOPES: &str = "`scopes` are one or more of `read`, `write`, `sign_in`, `credentials`";

impl Operator {
    /// The practice, and the context of a command about it.
    async fn practice(&self, slug: &PracticeSlug) -> Answer<(Practice, CallContext)> {
        let unknown = || Refusal::NotFound { what: "practice" };
        let slug = slug.0.as_ref().ok_or_else(unknown)?;
        let practice = self.app.portal.practice_by_slug(slug).await?.ok_or_else(unknown)?;
        let context = CallContext { practice: practice.id, ..self.context.clone() };
        Ok((practice, context))
    }
}

pub(super) async fn list(operator: Operator, sent: Sent<Listing>) -> Answer<Json<List<PracticePart>>> {
    let listing = sent.now()?;
    let slug = |text: &str| Slug::parse(text).map(|slug| slug.as_str().to_owned());
    let mut practices = operator.app.views.practices(&listing.page(slug)?).await?;
    let next = listing.cut(&mut practices, |practice| practice.slug.as_str().to_owned());
    Ok(super::list(practices, next, PracticePart::from))
}

pub(super) async fn one(operator: Operator, slug: PracticeSlug) -> Answer<Json<PracticePart>> {
    Ok(Json(operator.practice(&slug).await?.0.into()))
}

pub(super) async fn put(
    operator: Operator,
    PracticeSlug(slug): PracticeSlug,
    sent: Sent<Plain<PracticeBody>>,
) -> Answer<(StatusCode, Json<Put<PracticePart>>)> {
    let slug = slug.ok_or_else(|| Problem::invalid_field("slug", "a slug is 2 to 40 of the characters a–z 0–9 -"))?;
    let Plain(PracticeBody { name }) = sent.now()?;
    let (practice, created, changed) = operator.app.portal.put_practice(&operator.context, &slug, &name).await?;
    let status = if created { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(Put { thing: practice.into(), outcome: outcome(changed) })))
}

pub(super) async fn suspend(
    operator: Operator,
    slug: PracticeSlug,
    sent: Sent<Bare>,
) -> Answer<Json<Put<PracticePart>>> {
    set_suspended(operator, slug, sent, true).await
}

pub(super) async fn resume(
    operator: Operator,
    slug: PracticeSlug,
    sent: Sent<Bare>,
) -> Answer<Json<Put<PracticePart>>> {
    set_suspended(operator, slug, sent, false).await
}

async fn set_suspended(
    operator: Operator,
    slug: PracticeSlug,
    sent: Sent<Bare>,
    suspended: bool,
) -> Answer<Json<Put<PracticePart>>> {
    let (_, context) = operator.practice(&slug).await?;
    sent.now()?;
    let (practice, changed) = operator.app.portal.suspend_practice(&context, suspended).await?;
    Ok(Json(Put { thing: practice.into(), outcome: outcome(changed) }))
}

pub(super) async fn keys(operator: Operator, slug: PracticeSlug, sent: Sent<Listing>) -> Answer<Json<List<KeyPart>>> {
    let (practice, _) = operator.practice(&slug).await?;
    let listing = sent.now()?;
    let Page { after, .. } = listing.page(ApiKeyId::parse)?;
    let mut keys = operator.app.views.api_keys(practice.id).await?;
    // Ids grow with time.
    keys.retain(|key| after.is_none_or(|after| key.id > after));
    keys.sort_by_key(|key| key.id);
    let next = listing.cut(&mut keys, |key| key.id.to_string());
    Ok(super::list(keys, next, |key| KeyPart::from(&key)))
}

pub(super) async fn create_key(
    operator: Operator,
    slug: PracticeSlug,
    sent: Sent<Plain<KeyBody>>,
) -> Answer<(StatusCode, Json<NewKeyPart>)> {
    let (_, context) = operator.practice(&slug).await?;
    let Plain(KeyBody { name, scopes }) = sent.now()?;
    let NewApiKey { key, secret } = operator.app.portal.create_api_key(&context, &name, scopes).await?;
    Ok((StatusCode::CREATED, Json(NewKeyPart { part: (&key).into(), key: secret.reveal().to_owned() })))
}

pub(super) async fn revoke_key(
    operator: Operator,
    slug: PracticeSlug,
    PathId(id): PathId,
    sent: Sent<Bare>,
) -> Answer<StatusCode> {
    let (practice, context) = operator.practice(&slug).await?;
    let keys = operator.app.views.api_keys(practice.id).await?;
    let known = ApiKeyId::parse(&id).filter(|id| keys.iter().any(|key| key.id == *id));
    let id = known.ok_or(Refusal::NotFound { what: "API key" })?;
    sent.now()?;
    operator.app.portal.revoke_api_key(&context, &*operator.app.views, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

//! The operator API: practices and the keys of their hosts. It reads nothing that is in a practice.

use axum::{Json, http::StatusCode};
use portal_domain::{
    Refusal,
    id::ApiKeyId,
    practice::{ApiKey, Practice, Scope},
    usecase::{CallContext, NewApiKey},
    view::PracticeView,
};
use serde::Serialize;

use super::Answer;
use crate::{
    ask::{Bare, Listing, Plain, Sent},
    caller::{Operator, PathId, PracticeSlug},
    json::{Fields, FromFields},
    present::{List, Put, outcome, time},
    problem::Problem,
};

/// A practice from outside.
#[derive(Serialize)]
pub(crate) struct PracticePart {
    slug: String,
    name: String,
    suspended_at: Option<String>,
    delete_after: Option<String>,
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
#[derive(Serialize)]
pub(crate) struct KeyPart {
    id: String,
    name: String,
    scopes: Vec<&'static str>,
    created_at: String,
    revoked_at: Option<String>,
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
        let scopes = fields.required("scopes", Fields::texts)?;
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
    let mut practices = operator.app.views.practices(&listing.page(|text| Some(text.to_owned()))?).await?;
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

pub(super) async fn keys(operator: Operator, slug: PracticeSlug) -> Answer<Json<List<KeyPart>>> {
    let (practice, _) = operator.practice(&slug).await?;
    let keys = operator.app.views.api_keys(practice.id).await?;
    Ok(super::list(keys, None, |key| KeyPart::from(&key)))
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
    operator.app.portal.revoke_api_key(&context, &keys, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

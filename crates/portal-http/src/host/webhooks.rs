//! Endpoints that events are pushed to (J2).

use axum::{Json, http::StatusCode};
use portal_domain::{
    decide::PutWebhook,
    id::Ref,
    port::Page,
    time::Timestamp,
    usecase::{WebhookAnswer, WebhookView},
    webhook::{EndReason, WebhookDelivery},
};
use serde::Serialize;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema},
};

use super::Answer;
use crate::{
    ask::{Bare, Listing, Plain, Sent},
    caller::{Host, Reference},
    document::{self, Says, answered, answered_words, says},
    json::{Fields, FromFields},
    present::{List, Put, outcome, time},
    problem::Problem,
};

pub(super) const SAYS: &[Says] = &[
    says("GET /webhooks", "The webhooks, by reference"),
    says("GET /webhooks/{ref}", "A webhook"),
    says("PUT /webhooks/{ref}", "Makes or changes a webhook; a fresh secret stands in the answer")
        .answers(&[200, 201])
        .refuses(&["too_many_webhooks"]),
    says("DELETE /webhooks/{ref}", "Removes a webhook with its log"),
    says("POST /webhooks/{ref}/test", "Pushes an event `webhook.test` to it alone")
        .answers(&[202])
        .refuses(&["webhook_disabled"]),
    says("POST /webhooks/{ref}/recover", "Pushes all events since a time again").answers(&[202]),
    says("GET /webhooks/{ref}/deliveries", "The tries of the last 14 days, the last one first"),
];

/// What is to change; what is left out stays.
pub(crate) struct WebhookBody {
    url: Option<String>,
    description: Option<String>,
    events: Option<Vec<String>>,
    enabled: Option<bool>,
    rotate_secret: bool,
}

impl FromFields for WebhookBody {
    fn from_fields(fields: &mut Fields) -> Result<Self, Problem> {
        Ok(Self {
            url: fields.text("url")?,
            description: fields.text("description")?,
            events: fields.texts("events")?,
            enabled: fields.flag("enabled")?,
            rotate_secret: fields.flag("rotate_secret")?.unwrap_or_default(),
        })
    }
}

/// Since when all is to be pushed again.
pub(crate) struct RecoverBody {
    since: Timestamp,
}

impl FromFields for RecoverBody {
    fn from_fields(fields: &mut Fields) -> Result<Self, Problem> {
        Ok(Self { since: fields.required("since", Fields::time)? })
    }
}

/// An endpoint.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookPart {
    r#ref: String,
    url: String,
    description: String,
    events: Vec<String>,
    enabled: bool,
    disabled: Option<DisabledPart>,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    former_secret_until: Option<String>,
    cursor: i64,
    #[schema(format = DateTime)]
    failing_since: Option<String>,
    #[schema(format = DateTime)]
    next_attempt_at: Option<String>,
}

/// Since when, and why, nothing is pushed to it.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookDisabled)]
struct DisabledPart {
    #[schema(format = DateTime)]
    at: String,
    #[schema(schema_with = answered_words::<EndReason>)]
    reason: &'static str,
}

impl From<WebhookView> for WebhookPart {
    fn from(view: WebhookView) -> Self {
        Self {
            r#ref: view.reference.as_str().to_owned(),
            url: view.url,
            description: view.description,
            events: view.kinds,
            enabled: view.enabled,
            disabled: view.ended.map(|ended| DisabledPart { at: time(ended.at), reason: ended.why.code() }),
            created_at: time(view.created_at),
            former_secret_until: view.former_secret_until.map(time),
            cursor: view.cursor,
            failing_since: view.failing_since.map(time),
            next_attempt_at: view.next_attempt_at.map(time),
        }
    }
}

/// An endpoint that was put; with its secret, where that is a fresh one.
#[derive(Serialize)]
pub(crate) struct PutWebhookPart {
    #[serde(flatten)]
    put: Put<WebhookPart>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

impl ToSchema for PutWebhookPart {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        WebhookPart::schemas(schemas);
    }
}

impl PartialSchema for PutWebhookPart {
    fn schema() -> RefOr<Schema> {
        let mut schema = document::value(&Put::<WebhookPart>::schema());
        schema["properties"]["secret"] = document::text();
        answered(schema)
    }
}

/// One try to push an event.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeliveryPart {
    event: PushedPart,
    #[schema(format = DateTime)]
    at: String,
    took_ms: u32,
    attempt: u32,
    received: bool,
    status: Option<u16>,
    detail: String,
    #[schema(format = DateTime)]
    next_attempt_at: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = PushedEvent)]
struct PushedPart {
    id: String,
    number: i64,
    kind: String,
}

impl From<WebhookDelivery> for DeliveryPart {
    fn from(it: WebhookDelivery) -> Self {
        Self {
            event: PushedPart { id: it.event.to_string(), number: it.number, kind: it.kind },
            at: time(it.at),
            took_ms: it.took_millis,
            attempt: it.attempt,
            received: it.received,
            status: it.status,
            detail: it.words,
            next_attempt_at: it.next_attempt_at.map(time),
        }
    }
}

/// The event that tests an endpoint.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookTest)]
pub(crate) struct TestPart {
    event: String,
}

pub(super) async fn list(host: Host, sent: Sent<Listing>) -> Answer<Json<List<WebhookPart>>> {
    let listing = sent.now()?;
    let Page { after, limit } = listing.page(Ref::parse)?;
    let mut all = host.app.portal.webhook_list(&host.context).await?;
    all.retain(|webhook| after.as_ref().is_none_or(|after| webhook.reference > *after));
    all.truncate(limit.try_into().unwrap_or(usize::MAX));
    let next = listing.cut(&mut all, |webhook| webhook.reference.as_str().to_owned());
    Ok(super::list(all, next, WebhookPart::from))
}

pub(super) async fn one(host: Host, Reference(webhook): Reference) -> Answer<Json<WebhookPart>> {
    Ok(Json(host.app.portal.webhook(&host.context, &webhook).await?.into()))
}

pub(super) async fn put(
    host: Host,
    Reference(reference): Reference,
    sent: Sent<Plain<WebhookBody>>,
) -> Answer<(StatusCode, Json<PutWebhookPart>)> {
    let Plain(WebhookBody { url, description, events: kinds, enabled, rotate_secret }) = sent.now()?;
    let command = PutWebhook { reference, url, description, kinds, enabled, rotate_secret };
    let WebhookAnswer { webhook, created, changed, secret } =
        host.app.portal.put_webhook(&host.context, &command).await?;
    let status = if created { StatusCode::CREATED } else { StatusCode::OK };
    let put = Put { thing: webhook.into(), outcome: outcome(changed) };
    Ok((status, Json(PutWebhookPart { put, secret })))
}

pub(super) async fn delete(host: Host, Reference(webhook): Reference, sent: Sent<Bare>) -> Answer<StatusCode> {
    sent.after(host.app.portal.webhook(&host.context, &webhook)).await?;
    host.app.portal.delete_webhook(&host.context, &webhook).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn test(
    host: Host,
    Reference(webhook): Reference,
    sent: Sent<Bare>,
) -> Answer<(StatusCode, Json<TestPart>)> {
    sent.after(host.app.portal.webhook(&host.context, &webhook)).await?;
    let event = host.app.portal.test_webhook(&host.context, &webhook).await?;
    Ok((StatusCode::ACCEPTED, Json(TestPart { event: event.to_string() })))
}

pub(super) async fn recover(
    host: Host,
    Reference(webhook): Reference,
    sent: Sent<Plain<RecoverBody>>,
) -> Answer<(StatusCode, Json<WebhookPart>)> {
    let Plain(RecoverBody { since }) = sent.after(host.app.portal.webhook(&host.context, &webhook)).await?;
    let view = host.app.portal.recover_webhook(&host.context, &*host.app.views, &webhook, since).await?;
    Ok((StatusCode::ACCEPTED, Json(view.into())))
}

pub(super) async fn deliveries(
    host: Host,
    Reference(webhook): Reference,
    sent: Sent<Listing>,
) -> Answer<Json<List<DeliveryPart>>> {
    let listing = sent.after(host.app.portal.webhook(&host.context, &webhook)).await?;
    let page = listing.page(|place| place.parse().ok())?;
    let mut tries = host.app.portal.webhook_deliveries(&host.context, &webhook, &page).await?;
    let next = listing.cut(&mut tries, |it| it.place.to_string());
    Ok(super::list(tries, next, DeliveryPart::from))
}

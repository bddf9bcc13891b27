//! Activation, or a new invitation, of many contacts.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::RangeInclusive,
};

use axum::{Json, http::StatusCode};
use portal_domain::{
    id::{JobId, Ref},
    job::{BulkAction, Job, JobKind, JobSpec},
    status::PortalStatus,
    usecase::{ActivationOrder, Error, JobAnswer},
};
use serde::Serialize;
use serde_json::json;
use utoipa::{
    ToSchema,
    openapi::{RefOr, Schema},
};

use super::{
    Answer, contacts,
    jobs::{Created, Moved, meant, parse_id, states},
};
use crate::{
    ask::{Bare, Command, Sent},
    caller::{Host, PathId},
    document::{Says, answered, answered_words, list, says, words},
    json::{Fields, FromFields},
    present,
    problem::Problem,
};

pub(super) const SAYS: &[Says] = &[
    says("POST /activations", "Activates, or invites again, many contacts; or counts what would become of them")
        .answers(&[200, 202])
        .refuses(&["unknown_client"]),
    says("GET /activations/{id}", "An activation of many, as far as it is"),
    says("POST /activations/{id}/pause", "Pauses it"),
    says("POST /activations/{id}/resume", "Goes on with it"),
    says("POST /activations/{id}/cancel", "Ends it where it is"),
];

pub(crate) struct ActivationBody(ActivationOrder);

impl FromFields for ActivationBody {
    fn from_fields(fields: &mut Fields) -> Result<Self, Problem> {
        Ok(Self(ActivationOrder {
            action: fields.required("action", Fields::word)?,
            statuses: fields.texts_of("status", words::<PortalStatus>)?.map(statuses).transpose()?,
            clients: fields.texts("clients")?.map(contacts::references).transpose()?,
            contacts: fields.texts("contacts")?.map(named).transpose()?,
            start_at: fields.nullable("start_at", Fields::time)?.flatten(),
            per_hour: fields
                .nullable("per_hour", |fields, name| fields.number_within(name, &RATES))?
                .flatten()
                .map(rate)
                .transpose()?,
        }))
    }
}

fn statuses(texts: Vec<String>) -> Result<BTreeSet<PortalStatus>, Problem> {
    let parsed = texts.iter().enumerate().map(|(index, text)| {
        let known = PortalStatus::ALL.map(PortalStatus::code).join("`, `");
        let wrong = || Problem::invalid_field(format!("status[{index}]"), format!("a status is one of `{known}`"));
        PortalStatus::parse(text).ok_or_else(wrong)
    });
    parsed.collect()
}

fn named(texts: Vec<String>) -> Result<Vec<Ref>, Problem> {
    let parsed = texts.iter().enumerate().map(|(index, text)| {
        let detail = "a reference is 1–128 of the ASCII characters 0x21–0x7E";
        Ref::parse(text).ok_or_else(|| Problem::invalid_field(format!("contacts[{index}]"), detail))
    });
    parsed.collect()
}

/// So many invitations in an hour can be asked for.
const RATES: RangeInclusive<u32> = 1..=1_000_000;

fn rate(per_hour: u32) -> Result<u32, Problem> {
    let wrong = || Problem::invalid_field("per_hour", "`per_hour` must be a whole number from 1 to 1000000");
    RATES.contains(&per_hour).then_some(per_hour).ok_or_else(wrong)
}

pub(super) async fn create(host: Host, sent: Sent<Command<ActivationBody>>) -> Answer<(StatusCode, Json<Created>)> {
    let Command { preview, body: ActivationBody(order) } = sent.now()?;
    let started = host.app.portal.start_activation(&host.asking(preview), &*host.app.views, &order).await?;
    let status = if started.job.is_some() { StatusCode::ACCEPTED } else { StatusCode::OK };
    Ok((status, Json(started.into())))
}

/// An activation of many, as far as it is.
#[derive(Serialize, ToSchema)]
#[schema(as = Activation)]
pub(super) struct ActivationAnswer {
    id: String,
    #[schema(schema_with = answered_words::<BulkAction>)]
    action: &'static str,
    #[schema(schema_with = states)]
    state: &'static str,
    total: u64,
    done: u64,
    outcomes: BTreeMap<String, u64>,
    messages: BTreeMap<String, u64>,
    #[schema(schema_with = chosen)]
    status: Option<Vec<&'static str>>,
    #[schema(format = DateTime)]
    start_at: Option<String>,
    per_hour: Option<u32>,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    ended_at: Option<String>,
}

fn chosen() -> RefOr<Schema> {
    let mut schema = list(words::<PortalStatus>());
    schema["type"] = json!(["array", "null"]);
    answered(schema)
}

impl ActivationAnswer {
    fn of(job: Job) -> Answer<Self> {
        let JobSpec::Activation(spec) = job.spec else { return Err(Problem::not_found("job")) };
        Ok(Self {
            id: job.id.to_string(),
            action: spec.action.code(),
            state: job.state.code(),
            total: job.total,
            done: job.progress.done,
            outcomes: job.progress.outcomes,
            messages: job.progress.messages,
            status: spec.statuses.map(|statuses| statuses.into_iter().map(PortalStatus::code).collect()),
            start_at: spec.start_at.map(present::time),
            per_hour: spec.per_hour,
            created_at: present::time(job.created_at),
            ended_at: job.ended_at.map(present::time),
        })
    }
}

pub(super) async fn one(host: Host, PathId(id): PathId) -> Answer<Json<ActivationAnswer>> {
    let job = host.app.portal.job(&host.context, JobKind::Activation, parse_id(&id)?).await?;
    Ok(Json(ActivationAnswer::of(job)?))
}

fn moved(id: JobId, done: Result<JobAnswer, Error>) -> Answer<Json<Moved>> {
    Ok(Json(Moved::new(id, &done?)))
}

pub(super) async fn pause(host: Host, PathId(id): PathId, sent: Sent<Bare>) -> Answer<Json<Moved>> {
    let id = meant(&host, JobKind::Activation, &id, sent).await?;
    moved(id, host.app.portal.pause_job(&host.context, JobKind::Activation, id).await)
}

pub(super) async fn resume(host: Host, PathId(id): PathId, sent: Sent<Bare>) -> Answer<Json<Moved>> {
    let id = meant(&host, JobKind::Activation, &id, sent).await?;
    moved(id, host.app.portal.resume_job(&host.context, JobKind::Activation, id).await)
}

pub(super) async fn cancel(host: Host, PathId(id): PathId, sent: Sent<Bare>) -> Answer<Json<Moved>> {
    let id = meant(&host, JobKind::Activation, &id, sent).await?;
    moved(id, host.app.portal.cancel_job(&host.context, JobKind::Activation, id).await)
}

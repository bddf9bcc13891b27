//! Contacts in bulk: a file is stored row by row, and decided by a worker (I1–I4).

use std::sync::Arc;

use axum::{Json, body::Body, http::StatusCode, response::Response};
use futures_util::stream;
use portal_domain::{
    id::JobId,
    job::{ImportSpec, Job, JobKind, JobRow, JobSpec, RowContent, RowEffect, SettledRow},
    port::{Page, RowFilter},
    usecase::{CallContext, StartedJob},
};
use portal_import::record;
use serde::Serialize;
use serde_json::json;
use utoipa::{
    ToSchema,
    openapi::{RefOr, Schema},
};

use super::{
    Answer,
    jobs::{Created, Moved, meant, parse_id},
    upload::{Sheet, Upload},
};
use crate::{
    Inner,
    ask::{Bare, RowsWanted, Sent},
    caller::{Host, PathId},
    document::{Says, answered, says},
    download,
    present::{self, List, NamedPart},
    problem::Problem,
    reading::{Opened, Reading},
};

pub(super) const SAYS: &[Says] = &[
    says("POST /imports", "Stores the rows of a file of contacts; a worker decides them").answers(&[202]),
    says("GET /imports/{id}", "An import, as far as it is"),
    says("POST /imports/{id}/cancel", "Ends it where it is"),
    says("GET /imports/{id}/rows", "Its rows in their order"),
    says("GET /imports/{id}/refused.csv", "The refused rows as they came, with the reasons").media("text/csv"),
];

/// Most joins and most moves that are named with the whole; the rows name all.
const NAMED: u32 = 100;
/// Rows of the download that are fetched together.
const FETCHED: u32 = 500;

pub(super) async fn create(host: Host, upload: Upload) -> Answer<(StatusCode, Json<Created>)> {
    let sheet = upload.now()?;
    let Host { app, context } = &host;
    if let Some(before) = app.portal.started_before(context).await? {
        return Ok(accepted(before));
    }
    let Sheet { source, dry_run, activate, move_logins, mend } = sheet;
    let mut reading = Reading::start(source);
    let Opened { read_as, layout, whole, .. } = reading.opened().await?.map_err(|fault| unreadable(&fault))?;
    let layout = layout.and_then(|layout| whole.map(|()| layout)).map_err(|fault| unreadable(&fault))?;
    let spec = ImportSpec { dry_run, activate, move_logins, mend, read_as, heads: None };
    let mut staging = app.portal.begin_import(context, spec).await?;
    while let Some(rows) = reading.next().await {
        for (line, cells) in rows.map_err(|fault| unreadable(&fault))? {
            staging.add(line, layout.input(&cells)).await?;
        }
    }
    Ok(accepted(staging.start().await?))
}

fn accepted(started: StartedJob) -> (StatusCode, Json<Created>) {
    (StatusCode::ACCEPTED, Json(started.into()))
}

fn unreadable(fault: &portal_import::Fault) -> Problem {
    Problem::invalid(format!("the file {fault}; nothing was imported"))
}

/// An import, as far as it is.
#[derive(Serialize, ToSchema)]
#[schema(as = Import)]
pub(super) struct ImportAnswer {
    id: String,
    #[schema(schema_with = states)]
    state: &'static str,
    dry_run: bool,
    read_as: String,
    total: u64,
    done: u64,
    created: u64,
    updated: u64,
    unchanged: u64,
    refused: u64,
    effects: ImportEffects,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    ended_at: Option<String>,
}

fn states() -> RefOr<Schema> {
    answered(json!({ "type": "string", "enum": ["running", "done", "cancelled"] }))
}

/// What an import does in all (I4).
#[derive(Serialize, ToSchema)]
struct ImportEffects {
    activations: std::collections::BTreeMap<String, u64>,
    messages: std::collections::BTreeMap<String, u64>,
    joins: u64,
    moves: u64,
    joined: Vec<Join>,
    moved: Vec<Move>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ImportJoin)]
struct Join {
    r#ref: String,
    name: String,
    login_email: Option<String>,
    shared_with: Vec<NamedPart>,
    shared_count: usize,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ImportMove)]
struct Move {
    r#ref: String,
    name: String,
    login_before: Option<String>,
    login_after: Option<String>,
}

async fn import(host: &Host, id: &str) -> Answer<(Job, ImportSpec)> {
    let job = host.app.portal.job(&host.context, JobKind::Import, parse_id(id)?).await?;
    match job.spec.clone() {
        JobSpec::Import(spec) => Ok((job, spec)),
        JobSpec::Activation(_) => Err(Problem::not_found("job")),
    }
}

pub(super) async fn one(host: Host, PathId(id): PathId) -> Answer<Json<ImportAnswer>> {
    let (job, spec) = import(&host, &id).await?;
    let joined = told(&host, job.id, RowEffect::Join).await?.into_iter().map(|(reference, settled)| Join {
        r#ref: reference,
        name: settled.report.name,
        login_email: settled.report.login_email,
        shared_with: settled.report.shared_with.iter().map(NamedPart::from).collect(),
        shared_count: settled.report.shared_count,
    });
    let moved = told(&host, job.id, RowEffect::Move).await?.into_iter().map(|(reference, settled)| Move {
        r#ref: reference,
        name: settled.report.name,
        login_before: settled.report.login_before,
        login_after: settled.report.login_after,
    });
    let progress = job.progress;
    Ok(Json(ImportAnswer {
        id: job.id.to_string(),
        state: job.state.code(),
        dry_run: spec.dry_run,
        read_as: spec.read_as,
        total: job.total,
        done: progress.done,
        created: progress.of("created"),
        updated: progress.of("updated"),
        unchanged: progress.of("unchanged"),
        refused: progress.of("refused"),
        effects: ImportEffects {
            joined: joined.collect(),
            moved: moved.collect(),
            joins: progress.joins,
            moves: progress.moves,
            activations: progress.activations,
            messages: progress.messages,
        },
        created_at: present::time(job.created_at),
        ended_at: job.ended_at.map(present::time),
    }))
}

/// What is decided stays as it is.
pub(super) async fn cancel(host: Host, PathId(id): PathId, sent: Sent<Bare>) -> Answer<Json<Moved>> {
    let id = meant(&host, JobKind::Import, &id, sent).await?;
    let cancelled = host.app.portal.cancel_job(&host.context, JobKind::Import, id).await?;
    Ok(Json(Moved::new(id, &cancelled)))
}

/// The first rows of an effect.
async fn told(host: &Host, job: JobId, effect: RowEffect) -> Answer<Vec<(String, SettledRow)>> {
    let filter = RowFilter { outcome: None, effect: Some(effect) };
    let page = Page { after: None, limit: NAMED };
    let rows = host.app.portal.job_rows(&host.context, job, &filter, &page).await?;
    Ok(rows.into_iter().filter_map(|row| Some((row.reference, row.settled?))).collect())
}

/// A row: what stands in a line of the command line's `--json`, with the line in the file.
#[derive(Serialize, ToSchema)]
#[schema(as = ImportRow)]
pub(super) struct RowPart {
    line: u64,
    r#ref: String,
    name: String,
    #[schema(schema_with = settled)]
    contact: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    field: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    fault: Option<String>,
    faults: Vec<FaultPart>,
    mended: Vec<MendedPart>,
    login_email: Option<String>,
    emails: usize,
    activation: Option<String>,
    activation_refusal: Option<String>,
    shared_with: Vec<NamedPart>,
    shared_count: usize,
}

fn settled() -> RefOr<Schema> {
    let outcomes = ["created", "updated", "unchanged", "refused"];
    answered(json!({ "oneOf": [{ "type": "null" }, { "type": "string", "enum": outcomes }] }))
}

#[derive(Serialize, ToSchema)]
#[schema(as = RowFault)]
struct FaultPart {
    field: String,
    code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    fault: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    mend: Option<String>,
    detail: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = MendedAddress)]
struct MendedPart {
    field: String,
    fault: String,
    mend: String,
}

impl From<JobRow> for RowPart {
    fn from(row: JobRow) -> Self {
        let (line, name) = match row.content {
            RowContent::Row { line, input, .. } => (line, input.name),
            RowContent::Cells { .. } | RowContent::Contact { .. } => (0, String::new()),
        };
        let (contact, report) = match row.settled {
            Some(settled) => (Some(settled.outcome), settled.report),
            None => (None, portal_domain::job::RowReport::default()),
        };
        let faults = report.faults.into_iter().map(|fault| FaultPart {
            field: fault.field,
            code: fault.code,
            fault: fault.fault,
            mend: fault.mend,
            detail: fault.detail,
        });
        let faults: Vec<_> = faults.collect();
        let mended = report.mended.into_iter();
        let mended = mended.map(|it| MendedPart { field: it.field, fault: it.fault, mend: it.mend });
        Self {
            line,
            r#ref: row.reference,
            name,
            contact,
            code: faults.first().map(|fault| fault.code.clone()),
            field: faults.first().map(|fault| fault.field.clone()),
            fault: faults.first().and_then(|fault| fault.fault.clone()),
            faults,
            mended: mended.collect(),
            login_email: report.login_email,
            emails: report.emails,
            activation: report.activation,
            activation_refusal: report.refusal,
            shared_with: report.shared_with.iter().map(NamedPart::from).collect(),
            shared_count: report.shared_count,
        }
    }
}

pub(super) async fn rows(host: Host, PathId(id): PathId, sent: Sent<RowsWanted>) -> Answer<Json<List<RowPart>>> {
    let (job, _) = import(&host, &id).await?;
    let RowsWanted { listing, filter } = sent.now()?;
    let page = listing.page(|place| place.parse().ok())?;
    let mut rows = host.app.portal.job_rows(&host.context, job.id, &filter, &page).await?;
    let next = listing.cut(&mut rows, |row| row.place.to_string());
    Ok(super::list(rows, next, RowPart::from))
}

pub(super) async fn refused(host: Host, PathId(id): PathId) -> Answer<Response> {
    let (job, _) = import(&host, &id).await?;
    let Host { app, context } = host;
    Ok(refused_rows(app, context, job.id))
}

/// The refused rows as a file, which can be mended and imported again. No cell speaks to a spreadsheet (S11).
pub(crate) fn refused_rows(app: Arc<Inner>, context: CallContext, job: JobId) -> Response {
    let heads = format!("\u{feff}{}", record(["ref", "name", "emails", "clients", "activate", "line", "why"]));
    let lines = stream::try_unfold(Some((None, heads)), move |state| {
        let (app, context) = (Arc::clone(&app), context.clone());
        async move {
            let Some((after, heads)) = state else { return Ok(None) };
            let filter = RowFilter { outcome: Some("refused".to_owned()), effect: None };
            let page = Page { after, limit: FETCHED };
            let rows = app.portal.job_rows(&context, job, &filter, &page).await;
            // What was sent so far can't be taken back: the connection ends, so that nobody takes a part for the whole.
            let rows = rows.map_err(|error| std::io::Error::other(error.to_string()))?;
            let next = rows.last().filter(|_| rows.len() == FETCHED as usize).map(|row| row.place);
            let text = rows.iter().fold(heads, |text, row| text + &line(row));
            let next = next.map(|place| (Some(place), String::new()));
            Ok::<_, std::io::Error>(Some((text, next)))
        }
    });
    download::csv(Body::from_stream(lines), "attachment; filename=\"refused.csv\"")
}

fn line(row: &JobRow) -> String {
    let (RowContent::Row { line, input, .. }, Some(settled)) = (&row.content, &row.settled) else {
        return String::new();
    };
    let why = settled.report.faults.iter().map(|fault| {
        let code = fault.fault.as_ref().unwrap_or(&fault.code);
        format!("{}: {code}: {}", fault.field, fault.detail)
    });
    let why = why.collect::<Vec<_>>().join("; ");
    let (emails, clients, line) = (input.emails.join(";"), input.clients.join(";"), line.to_string());
    record([&*input.reference, &input.name, &emails, &clients, &input.activate, &line, &why])
}

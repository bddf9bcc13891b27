//! The jobs of a practice: what was brought in and sent to many, and how far it is.

use std::sync::Arc;

use askama::Template;
use axum::{extract::RawQuery, http::StatusCode, response::Response};
use portal_domain::{
    id::JobId,
    job::{Job, JobKind, JobSpec, JobState},
    port::Page,
    usecase::Error,
};

use super::{Member, Place, Shell, bulk, go_to, import_job, show, words};
use crate::{Inner, caller::PathId, problem::Problem};

/// So many stand on a page.
const SHOWN: usize = 50;
/// And so many are fetched, to learn whether there are more.
const FETCHED: u32 = 51;

/// A job of the list.
struct Row {
    title: &'static str,
    path: String,
    begun: String,
    /// How many it is about, and how many of them are done.
    total: u64,
    done: u64,
    thing: &'static str,
    label: &'static str,
    tone: &'static str,
}

#[derive(Template)]
#[template(path = "desk/jobs.html")]
struct ListPage {
    shell: Shell,
    beginning: bool,
    rows: Vec<Row>,
    next: Option<String>,
}

pub(super) async fn list(member: Member, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let before = form_urlencoded::parse(query.as_deref().unwrap_or_default().as_bytes())
        .find_map(|(name, value)| JobId::parse(&value).filter(|_| name == "before"));
    let page = Page { after: before, limit: FETCHED };
    let mut jobs = member.app.portal.job_list(&member.context, &page).await?;
    let more = jobs.len() > SHOWN;
    jobs.truncate(SHOWN);
    let next = jobs.last().filter(|_| more).map(|last| member.path(&format!("jobs?before={}", last.id)));
    let rows = jobs.iter().map(|job| row(&member, job)).collect();
    let shell = member.shell(Place::Import);
    Ok(show(StatusCode::OK, &ListPage { shell, beginning: before.is_none(), rows, next }))
}

fn row(member: &Member, job: &Job) -> Row {
    let (label, tone) = state(job.state);
    Row {
        title: title(&job.spec),
        path: member.path(&format!("jobs/{}", job.id)),
        begun: words::moment(job.created_at),
        total: job.total,
        done: job.progress.done,
        thing: match &job.spec {
            JobSpec::Import(_) => "rows",
            JobSpec::Activation(_) => "contacts",
        },
        label,
        tone,
    }
}

/// What a job does, in a few words.
pub(super) const fn title(spec: &JobSpec) -> &'static str {
    match spec {
        JobSpec::Import(spec) if spec.dry_run => "Check of a file",
        JobSpec::Import(_) => "Import",
        JobSpec::Activation(spec) => bulk::title(spec.action),
    }
}

/// Where a job is, in words and in colour.
pub(super) const fn state(state: JobState) -> (&'static str, &'static str) {
    match state {
        JobState::Staging | JobState::Running => ("Under way", "waiting"),
        JobState::Paused => ("Paused", "bad"),
        JobState::Done => ("Finished", "good"),
        JobState::Cancelled => ("Ended early", "off"),
    }
}

pub(super) fn parsed(id: &str) -> Result<JobId, Problem> {
    JobId::parse(id).ok_or_else(|| Problem::not_found("job"))
}

/// A job of either kind.
async fn found(member: &Member, id: JobId) -> Result<Job, Problem> {
    let app: &Arc<Inner> = &member.app;
    match app.portal.job(&member.context, JobKind::Activation, id).await {
        Err(Error::Refused(_)) => Ok(app.portal.job(&member.context, JobKind::Import, id).await?),
        job => Ok(job?),
    }
}

pub(super) async fn page(member: Member, PathId(id): PathId, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let job = found(&member, parsed(&id)?).await?;
    match job.spec.clone() {
        JobSpec::Activation(spec) => Ok(bulk::job(&member, job, &spec)),
        JobSpec::Import(spec) => import_job::page(&member, &job, &spec, query.as_deref().unwrap_or_default()).await,
    }
}

/// What is done stays done.
pub(super) async fn cancel(member: Member, PathId(id): PathId) -> Result<Response, Problem> {
    let job = found(&member, parsed(&id)?).await?;
    member.app.portal.cancel_job(&member.context, job.spec.kind(), job.id).await?;
    Ok(go_to(member.path(&format!("jobs/{}", job.id))))
}

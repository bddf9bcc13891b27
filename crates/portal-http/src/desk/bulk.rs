//! Access, or a new invitation, for many at once: counted first, then carried out by a worker.

use std::collections::BTreeMap;

use askama::Template;
use axum::{
    extract::FromRequestParts,
    http::{StatusCode, request::Parts},
    response::Response,
};
use portal_domain::{
    id::JobId,
    job::{ActivationSpec, BulkAction, Job, JobKind, JobState},
    practice::SharedLogin,
    status::PortalStatus,
    usecase::ActivationOrder,
};

use super::{Member, Place, Shell, go_to, jobs, show, words};
use crate::{
    ask::Form,
    assets,
    caller::{self, PathId},
    problem::Problem,
};

/// The command for many that a path names.
#[derive(Clone, Copy, Debug)]
pub(super) struct Many(BulkAction);

impl<S: Send + Sync> FromRequestParts<S> for Many {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match caller::param(parts, "command").await.as_deref() {
            Some("activate") => Ok(Self(BulkAction::Activate)),
            Some("resend") => Ok(Self(BulkAction::Resend)),
            _ => Err(Problem::not_found("page")),
        }
    }
}

impl Many {
    /// Whom it is for: those for whom it is the next thing to do.
    pub(super) fn statuses(self) -> [PortalStatus; 2] {
        match self.0 {
            BulkAction::Activate => [PortalStatus::NotActivated, PortalStatus::Conflict],
            BulkAction::Resend => [PortalStatus::InvitationUndelivered, PortalStatus::InvitationExpired],
        }
    }

    fn order(self) -> ActivationOrder {
        ActivationOrder {
            action: self.0,
            statuses: Some(self.statuses().into()),
            clients: None,
            contacts: None,
            start_at: None,
            per_hour: None,
        }
    }
}

/// So many, and what becomes of them.
struct Line {
    count: u64,
    what: &'static str,
}

/// What becomes of those for whom an activation has this outcome.
pub(super) fn what(code: &str) -> &'static str {
    match code {
        "changed" => "get a mail",
        "unchanged" => "stay as they are",
        "skipped" => "are left out: their status is another by now",
        "practice_user_email" => "can’t be activated: their first address is that of one of your own staff",
        "login_email_taken" => "can’t be activated: their first address is somebody else’s sign-in address",
        "no_email" => "can’t be activated: they have no email address",
        "not_foreseen" => "more, of whom it is not said beforehand",
        "not_found" => "are gone by now",
        _ => "are refused: each contact’s own page says why",
    }
}

fn lines(counts: &BTreeMap<String, u64>) -> Vec<Line> {
    counts.iter().map(|(code, count)| Line { count: *count, what: what(code) }).collect()
}

#[derive(Template)]
#[template(path = "desk/bulk.html")]
struct BulkPage {
    shell: Shell,
    title: &'static str,
    action: String,
    call: String,
    lines: Vec<Line>,
    /// Whether contacts of one address come to share a sign-in (C3).
    joins: bool,
    button: &'static str,
}

pub(super) const fn title(action: BulkAction) -> &'static str {
    match action {
        BulkAction::Activate => "Activate all who are not activated",
        BulkAction::Resend => "Send new invitations",
    }
}

pub(super) async fn foresee(member: Member, many: Many) -> Result<Response, Problem> {
    let counted = member.app.portal.start_activation(&member.asking(), &*member.app.views, &many.order()).await?;
    let page = BulkPage {
        shell: member.shell(Place::RollOut),
        title: title(many.0),
        action: member.path(&format!("bulk/{}", many.0.code())),
        call: member.fresh_name(),
        lines: lines(&counted.preview),
        joins: many.0 == BulkAction::Activate && member.practice.settings.shared_login == SharedLogin::Join,
        button: match many.0 {
            BulkAction::Activate => "Activate them",
            BulkAction::Resend => "Send them",
        },
    };
    Ok(show(StatusCode::OK, &page))
}

pub(super) async fn start(member: Member, many: Many, form: Form) -> Result<Response, Problem> {
    let context = member.once(form.field("call")?, &format!("bulk {}", many.0.code()));
    let started = member.app.portal.start_activation(&context, &*member.app.views, &many.order()).await?;
    let place = started.job.map_or_else(String::new, |job| format!("jobs/{job}"));
    Ok(go_to(member.path(&place)))
}

#[derive(Template)]
#[template(path = "desk/job.html")]
struct JobPage {
    shell: Shell,
    js: String,
    base: String,
    title: &'static str,
    state: JobState,
    label: &'static str,
    tone: &'static str,
    started: String,
    done: u64,
    total: u64,
    lines: Vec<Line>,
}

pub(super) fn job(member: &Member, job: Job, spec: &ActivationSpec) -> Response {
    let (label, tone) = jobs::state(job.state);
    let page = JobPage {
        shell: member.shell(Place::RollOut),
        js: assets::js_path(),
        base: member.path(&format!("jobs/{}", job.id)),
        title: title(spec.action),
        state: job.state,
        label,
        tone,
        started: words::moment(job.created_at),
        done: job.progress.done,
        total: job.total,
        lines: lines(&job.progress.outcomes),
    };
    show(StatusCode::OK, &page)
}

fn back_to(member: &Member, job: JobId) -> Response {
    go_to(member.path(&format!("jobs/{job}")))
}

pub(super) async fn pause(member: Member, PathId(id): PathId) -> Result<Response, Problem> {
    let id = jobs::parsed(&id)?;
    member.app.portal.pause_job(&member.context, JobKind::Activation, id).await?;
    Ok(back_to(&member, id))
}

pub(super) async fn resume(member: Member, PathId(id): PathId) -> Result<Response, Problem> {
    let id = jobs::parsed(&id)?;
    member.app.portal.resume_job(&member.context, JobKind::Activation, id).await?;
    Ok(back_to(&member, id))
}

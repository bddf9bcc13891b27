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

/// What becomes of those for whom an activation has this outcome: of one, or of many.
pub(super) fn what(code: &str, one: bool) -> &'static str {
    let (of_one, of_many) = match code {
        "changed" => ("gets a mail", "get a mail"),
        "unchanged" => ("stays as before", "stay as they are"),
        "skipped" => ("is left out: the status is another by now", "are left out: their status is another by now"),
        "practice_user_email" => (
            "can’t be activated: the first address is that of one of your own staff",
            "can’t be activated: their first address is that of one of your own staff",
        ),
        "login_email_taken" => (
            "can’t be activated: the first address is somebody else’s sign-in address",
            "can’t be activated: their first address is somebody else’s sign-in address",
        ),
        "no_email" => {
            ("can’t be activated: there is no email address", "can’t be activated: they have no email address")
        }
        "not_foreseen" => ("more, of whom it is not said beforehand", "more, of whom it is not said beforehand"),
        "not_found" => ("is gone by now", "are gone by now"),
        _ => ("is refused: the contact’s own page says why", "are refused: each contact’s own page says why"),
    };
    if one { of_one } else { of_many }
}

fn lines(counts: &BTreeMap<String, u64>) -> Vec<Line> {
    counts.iter().map(|(code, count)| Line { count: *count, what: what(code, *count == 1) }).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_told_of_as_one_and_many_as_many() {
        let told = |count: u64| {
            let codes = ["changed", "unchanged", "skipped", "not_found", "no_email", "portal_deactivated"];
            lines(&codes.map(|code| (code.to_owned(), count)).into()).into_iter().map(|line| line.what)
        };
        assert!(told(1).all(|what| ["gets ", "stays ", "is ", "can’t "].iter().any(|verb| what.starts_with(verb))));
        for many in [0, 2] {
            assert!(
                told(many).all(|what| ["get ", "stay ", "are ", "can’t "].iter().any(|verb| what.starts_with(verb)))
            );
        }
        assert!(told(1).all(|what| !what.contains("they") && !what.contains("their")));
    }
}

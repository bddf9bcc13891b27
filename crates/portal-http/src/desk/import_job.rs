//! One import: what it would do, or did, row by row where rows are refused, and the download of those.

use std::{collections::BTreeSet, sync::Arc};

use askama::Template;
use axum::{http::StatusCode, response::Response};
use portal_domain::{
    Named, Refusal,
    job::{FaultReport, ImportSpec, Job, JobKind, JobRow, JobSpec, JobState, Progress, RowContent, RowEffect},
    port::{Page, RowFilter},
    usecase::{Error, ImportAgain},
};

use super::{
    Member, Place, Shell, bulk, go_to, jobs,
    refused::quoted,
    show,
    words::{self, Sentence},
};
use crate::{ask::Form, assets, caller::PathId, host, pages::sentence, problem::Problem};

/// So many refused rows stand on a page.
const SHOWN: usize = 50;
/// And so many are fetched, to learn whether there are more.
const FETCHED: u32 = 51;
/// So many who come to share a sign-in, or whose sign-in moves, are named.
const NAMED: u32 = 20;

/// How many, and what of them.
struct Line {
    count: u64,
    what: String,
}

/// What is wrong with a row, and what would stand there instead.
struct Fault {
    field: String,
    detail: String,
    mend: Option<String>,
}

/// A row that is refused.
struct Refused {
    place: i64,
    line: u64,
    name: String,
    reference: String,
    faults: Vec<Fault>,
    /// Whether all its faults can be mended.
    mendable: bool,
}

#[derive(Template)]
#[template(path = "desk/import_job.html")]
struct ImportPage {
    shell: Shell,
    js: String,
    base: String,
    call: String,
    title: &'static str,
    dry: bool,
    activate: bool,
    move_logins: bool,
    mend: bool,
    read_as: String,
    begun: String,
    state: JobState,
    label: &'static str,
    tone: &'static str,
    done: u64,
    total: u64,
    /// Whether what the check says is taken to hold.
    fresh: bool,
    /// How many rows would be, or were, written.
    written: u64,
    refused_count: u64,
    lines: Vec<Line>,
    joins: Vec<Sentence>,
    more_joins: u64,
    moves: Vec<Sentence>,
    more_moves: u64,
    refused: Vec<Refused>,
    /// Whether any of the rows that are shown can be mended.
    any_mend: bool,
    next: Option<String>,
}

pub(super) async fn page(member: &Member, job: &Job, spec: &ImportSpec, query: &str) -> Result<Response, Problem> {
    let after =
        form_urlencoded::parse(query.as_bytes()).find_map(|(name, at)| at.parse().ok().filter(|_| name == "after"));
    let (refused, next) = refused(member, job, after).await?;
    let Progress { joins, moves, .. } = job.progress;
    let named = |effect| told(member, job, effect);
    let (joined, moved) = (named(RowEffect::Join).await?, named(RowEffect::Move).await?);
    let (label, tone) = jobs::state(job.state);
    let of = |outcome| job.progress.of(outcome);
    let page = ImportPage {
        shell: member.shell(Place::Import),
        js: assets::js_path(),
        base: member.path(&format!("jobs/{}", job.id)),
        call: member.fresh_name(),
        title: jobs::title(&job.spec),
        dry: spec.dry_run,
        activate: spec.activate,
        move_logins: spec.move_logins,
        mend: spec.mend,
        read_as: quoted(&spec.read_as),
        begun: words::moment(job.created_at),
        state: job.state,
        label,
        tone,
        done: job.progress.done,
        total: job.total,
        fresh: job.may_be_imported(member.app.portal.now()),
        written: of("created") + of("updated") + of("unchanged"),
        refused_count: of("refused"),
        lines: lines(&job.progress, spec.dry_run),
        more_joins: joins.saturating_sub(joined.len() as u64),
        joins: joined.iter().map(sharing).collect(),
        more_moves: moves.saturating_sub(moved.len() as u64),
        moves: moved.iter().filter_map(moving).collect(),
        any_mend: spec.dry_run && job.state == JobState::Done && refused.iter().any(|row| row.mendable),
        refused,
        next,
    };
    Ok(show(StatusCode::OK, &page))
}

/// What would become, or became, of the rows, and which mails go out.
fn lines(progress: &Progress, dry: bool) -> Vec<Line> {
    let order = ["created", "updated", "unchanged", "refused"];
    let rank = |code: &str| order.iter().position(|own| *own == code).unwrap_or(order.len());
    let mut outcomes: Vec<_> = progress.outcomes.iter().collect();
    outcomes.sort_by_key(|(code, _)| rank(code));
    let line = |(code, count): (&String, &u64), what: &dyn Fn(&str, bool, bool) -> String| Line {
        count: *count,
        what: what(code, dry, *count == 1),
    };
    let contacts = outcomes.into_iter().map(|it| line(it, &outcome));
    let accesses = progress.activations.iter().map(|it| line(it, &access));
    let mails = progress.messages.iter().map(|it| line(it, &mail));
    contacts.chain(accesses).chain(mails).collect()
}

fn outcome(code: &str, dry: bool, one: bool) -> String {
    let row = if one { "row" } else { "rows" };
    let what = match (code, dry) {
        ("created", true) => "would add a contact",
        ("created", false) => "added a contact",
        ("updated", true) => "would change a contact",
        ("updated", false) => "changed a contact",
        ("unchanged", true) => "would change nothing",
        ("unchanged", false) => "changed nothing",
        ("refused", true) => "would be refused",
        ("refused", false) if one => "was refused",
        ("refused", false) => "were refused",
        (_, true) => "would be passed over",
        (_, false) if one => "was passed over",
        (_, false) => "were passed over",
    };
    format!("{row} {what}")
}

fn access(code: &str, dry: bool, one: bool) -> String {
    let get = if dry { "would get" } else { "got" };
    match code {
        "invited" => format!("{get} access, and an invitation"),
        "joined" => format!("{get} access by a sign-in that somebody else has too"),
        "unchanged" => format!("{} access already", if one { "has" } else { "have" }),
        other => bulk::what(other, one).to_owned(),
    }
}

fn mail(kind: &str, _: bool, one: bool) -> String {
    let what = match kind {
        "activation" => ": the invitation",
        "access_added" => ": that there is access for this contact too",
        "login_moved_new" => ": to sign in with this address from now on",
        "login_moved_old" => ": that this is no longer the sign-in address",
        _ => " of another kind",
    };
    format!("{}{what}", if one { "mail" } else { "mails" })
}

/// The first rows of an effect.
async fn told(member: &Member, job: &Job, effect: RowEffect) -> Result<Vec<JobRow>, Problem> {
    let filter = RowFilter { outcome: None, effect: Some(effect) };
    let page = Page { after: None, limit: NAMED };
    Ok(member.app.portal.job_rows(&member.context, job.id, &filter, &page).await?)
}

fn sharing(row: &JobRow) -> Sentence {
    let Some(settled) = &row.settled else { return Sentence::default() };
    let report = &settled.report;
    let others = report.shared_with.iter().map(|Named { name, .. }| name.as_str());
    let names: Vec<_> = std::iter::once(report.name.as_str()).chain(others).collect();
    let more = report.shared_count.saturating_sub(report.shared_with.len());
    let shared = Sentence::default().names(names.into_iter());
    let shared = if more > 0 { shared.say(format!(" and {more} more")) } else { shared };
    let shared = shared.say(" share one sign-in, ");
    shared.name(report.login_email.clone().unwrap_or_default()).say(": each sees what is meant for all of them.")
}

fn moving(row: &JobRow) -> Option<Sentence> {
    let report = &row.settled.as_ref()?.report;
    let (before, after) = (report.login_before.as_deref()?, report.login_after.as_deref()?);
    let sentence = words::name(report.name.as_str()).say(" signs in with ").name(after);
    Some(sentence.say(" and no longer with ").name(before).say("."))
}

/// The refused rows after a place, and the address of those after them.
async fn refused(member: &Member, job: &Job, after: Option<i64>) -> Result<(Vec<Refused>, Option<String>), Problem> {
    let filter = RowFilter { outcome: Some("refused".to_owned()), effect: None };
    let page = Page { after, limit: FETCHED };
    let mut rows = member.app.portal.job_rows(&member.context, job.id, &filter, &page).await?;
    let more = rows.len() > SHOWN;
    rows.truncate(SHOWN);
    let next = rows.last().filter(|_| more).map(|last| {
        let place = format!("jobs/{}?after={}#refused", job.id, last.place);
        member.path(&place)
    });
    Ok((rows.into_iter().map(shown).collect(), next))
}

fn shown(row: JobRow) -> Refused {
    let (line, name) = match row.content {
        RowContent::Row { line, input, .. } => (line, input.name),
        RowContent::Cells { line, .. } => (line, String::new()),
        RowContent::Contact { .. } => (0, String::new()),
    };
    let reported = row.settled.map(|settled| settled.report.faults).unwrap_or_default();
    let mendable = !reported.is_empty() && reported.iter().all(|fault| fault.mend.is_some());
    let faults = reported.into_iter().map(fault).collect();
    Refused { place: row.place, line, name, reference: row.reference, faults, mendable }
}

fn fault(report: FaultReport) -> Fault {
    let FaultReport { field, code, mend, detail, .. } = report;
    let detail = match &*code {
        "would_move_login" => {
            "The contact has access, and would have to sign in with another address. Allow it below, if it is meant."
                .to_owned()
        }
        "row_contradicts" => "An earlier row of the same reference says something else.".to_owned(),
        "invalid_request" if field.starts_with("ref") || field.starts_with("clients[") => {
            "It may have up to 128 letters from A to Z, digits and signs, and no spaces.".to_owned()
        }
        // The field is named beside it.
        "invalid_email" => sentence(&quoted(detail.split_once(" is not usable: ").map_or(&*detail, |(_, why)| why))),
        _ => sentence(&quoted(&detail)),
    };
    Fault { field: field_name(&field), detail, mend: mend.map(|mend| mend.replace(';', "; ")) }
}

/// A field of a row in words: `emails[1]` is the second address.
fn field_name(field: &str) -> String {
    let (name, index) = field.split_once('[').unwrap_or((field, ""));
    let number = index.trim_end_matches(']').parse::<usize>().ok().map(|index| format!(" {}", index + 1));
    let name = match (name, number.is_some()) {
        ("emails", true) => "Address",
        ("emails", false) => "Addresses",
        ("clients", true) => "Client",
        ("clients", false) => "Clients",
        ("ref", _) => "Reference",
        ("name", _) => "Name",
        ("activate", _) => "Column “activate”",
        _ => "Row",
    };
    format!("{name}{}", number.unwrap_or_default())
}

/// The rows of a check are imported, or checked again with what was ticked.
pub(super) async fn again(member: Member, PathId(id): PathId, form: Form) -> Result<Response, Problem> {
    let id = jobs::parsed(&id)?;
    let job = member.app.portal.job(&member.context, JobKind::Import, id).await?;
    let JobSpec::Import(spec) = &job.spec else { return Err(Problem::not_found("job")) };
    let ticked = |name| Ok::<_, Problem>(form.optional(name)? == Some("yes"));
    let again = match form.optional("do")? {
        Some("import") => {
            let ImportSpec { activate, move_logins, .. } = *spec;
            ImportAgain { activate, move_logins, ..ImportAgain::default() }
        }
        wish => ImportAgain {
            dry_run: true,
            activate: ticked("activate")?,
            move_logins: ticked("move_logins")?,
            mend: wish == Some("mend_all"),
            mend_these: form.all("mend")?.into_iter().filter_map(|place| place.parse().ok()).collect::<BTreeSet<_>>(),
        },
    };
    let context = member.once(form.field("call")?, &format!("again {id} {again:?}"));
    let _place = member.app.imports.enter(member.context.practice, None).await?;
    let place = match member.app.portal.import_again(&context, id, &again).await {
        Ok(started) => started.job.map_or_else(|| "jobs".to_owned(), |job| format!("jobs/{job}")),
        // Its page says that the check is too old by now.
        Err(Error::Refused(Refusal::PreconditionFailed)) => format!("jobs/{id}"),
        Err(error) => return Err(error.into()),
    };
    Ok(go_to(member.path(&place)))
}

/// The refused rows as a file, which can be mended and brought in again.
pub(super) async fn refused_rows(member: Member, PathId(id): PathId) -> Result<Response, Problem> {
    let id = jobs::parsed(&id)?;
    member.app.portal.job(&member.context, JobKind::Import, id).await?;
    Ok(host::refused_rows(Arc::clone(&member.app), member.context, id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_have_names() {
        for (field, name) in [
            ("emails[1]", "Address 2"),
            ("emails", "Addresses"),
            ("clients[0]", "Client 1"),
            ("ref", "Reference"),
            ("name", "Name"),
            ("activate", "Column “activate”"),
            ("other", "Row"),
        ] {
            assert_eq!(field_name(field), name);
        }
    }

    #[test]
    fn what_is_told_of_rows_says_whether_it_happened() {
        let mut progress = Progress::of_staged(2);
        progress.outcomes.insert("created".to_owned(), 3);
        progress.activations.insert("invited".to_owned(), 1);
        progress.activations.insert("no_email".to_owned(), 1);
        progress.messages.insert("activation".to_owned(), 1);
        let told = |dry| lines(&progress, dry).into_iter().map(|line| (line.count, line.what)).collect::<Vec<_>>();
        let is = |told: &[(u64, String)], wanted: &[(u64, &str)]| {
            let told: Vec<_> = told.iter().map(|(count, what)| (*count, what.as_str())).collect();
            assert_eq!(told, wanted);
        };
        is(&told(true)[..2], &[(3, "rows would add a contact"), (2, "rows would be refused")]);
        is(&told(false)[..2], &[(3, "rows added a contact"), (2, "rows were refused")]);
        is(
            &told(false)[2..],
            &[(1, "got access, and an invitation"), (1, bulk::what("no_email", true)), (1, "mail: the invitation")],
        );
    }
}

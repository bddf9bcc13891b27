//! A file of contacts comes in: uploaded, its columns told apart where their names don't, and checked before anything is written.

use askama::Template;
use axum::{http::StatusCode, response::Response};
use portal_domain::{
    id::JobId,
    job::{ImportSpec, RowContent},
    port::{Page, RowFilter},
    usecase::{CallContext, StartedJob},
};
use portal_import::{Field, Layout, MOST_COLUMNS};
use sha2::{Digest, Sha256};

use super::{
    Member, Place, Shell,
    columns::{self, Said},
    go_to, jobs,
    refused::{Told, quoted},
    show,
    words::say,
};
use crate::{
    ask::Form,
    caller::PathId,
    form_data::{FileForm, Parcel},
    pages::sentence,
    problem::Problem,
    reading::{Opened, Reading, Source},
};

/// So many rows are shown where it is asked what the columns are.
const SHOWN: u32 = 3;
/// So many are taken over together.
const TOGETHER: u32 = 500;

#[derive(Template)]
#[template(path = "desk/import.html")]
struct UploadPage {
    shell: Shell,
    call: String,
    activate: bool,
    move_logins: bool,
    fault: Option<Told>,
}

pub(super) async fn form(member: Member) -> Response {
    upload_page(&member, &ImportSpec::default(), None)
}

fn upload_page(member: &Member, spec: &ImportSpec, fault: Option<Told>) -> Response {
    let status = if fault.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = UploadPage {
        shell: member.shell(Place::Import),
        call: member.fresh_name(),
        activate: spec.activate,
        move_logins: spec.move_logins,
        fault,
    };
    show(status, &page)
}

fn unreadable(fault: &portal_import::Fault) -> Told {
    let what = say(sentence(&quoted(&format!("the file {fault}"))));
    Told { what, next: "Nothing was brought in." }
}

/// Takes a file. Where its columns are known by their names it is checked at once, else somebody says first what they are.
pub(super) async fn upload(member: Member, form: FileForm) -> Result<Response, Problem> {
    let parcel = form.now()?;
    let ticked = |name| parcel.text(name) == Some("yes");
    let spec = ImportSpec {
        dry_run: true,
        activate: ticked("activate"),
        move_logins: ticked("move_logins"),
        ..ImportSpec::default()
    };
    let Some(bytes) = parcel.bytes("file").filter(|bytes| !bytes.is_empty()).cloned() else {
        let told = Told { what: say("There is no file, or an empty one."), next: "Choose one." };
        return Ok(upload_page(&member, &spec, Some(told)));
    };
    let context = meant_once(&member, &parcel).await?;
    if let Some(before) = member.app.portal.started_before(&context).await? {
        return Ok(to_job(&member, &before));
    }
    let mut reading = Reading::start(Source { bytes, place: Some(parcel.place), ..Source::default() });
    let opened = match reading.opened().await? {
        Ok(opened) if opened.heads.len() <= MOST_COLUMNS => opened,
        Ok(_) => {
            let what = say(format!("The file has more than {MOST_COLUMNS} columns."));
            return Ok(upload_page(&member, &spec, Some(Told { what, next: "Leave out those that are not needed." })));
        }
        Err(fault) => return Ok(upload_page(&member, &spec, Some(unreadable(&fault)))),
    };
    let Opened { heads, read_as, layout, whole } = opened;
    if let Err(fault) = whole {
        return Ok(upload_page(&member, &spec, Some(unreadable(&fault))));
    }
    let spec = ImportSpec { read_as, ..spec };
    match layout {
        Ok(layout) => check(&member, &context, spec, &layout, reading).await,
        Err(_) => keep(&member, ImportSpec { heads: Some(heads), ..spec }, reading).await,
    }
}

/// A form that is sent twice with the same file means one check.
async fn meant_once(member: &Member, parcel: &Parcel) -> Result<CallContext, Problem> {
    let digest = parcel.digest(&["file", "activate", "move_logins"]).await?;
    Ok(member.once(parcel.text("call").unwrap_or_default(), &format!("import {}", hex(&digest))))
}

fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn to_job(member: &Member, started: &StartedJob) -> Response {
    let place = started.job.map_or_else(|| "jobs".to_owned(), |job| format!("jobs/{job}"));
    go_to(member.path(&place))
}

async fn check(
    member: &Member,
    context: &CallContext,
    spec: ImportSpec,
    layout: &Layout,
    mut reading: Reading,
) -> Result<Response, Problem> {
    let mut staging = member.app.portal.begin_import(context, spec).await?;
    while let Some(rows) = reading.next().await {
        for (line, cells) in rows.map_err(|_| Problem::internal())? {
            staging.add(line, layout.input(&cells)).await?;
        }
    }
    Ok(to_job(member, &staging.start().await?))
}

/// Keeps the rows as they came, until it is said what their columns are.
async fn keep(member: &Member, spec: ImportSpec, mut reading: Reading) -> Result<Response, Problem> {
    let mut staging = member.app.portal.begin_sheet(&member.context, spec).await?;
    while let Some(rows) = reading.next().await {
        for (line, cells) in rows.map_err(|_| Problem::internal())? {
            staging.add_cells(line, cells).await?;
        }
    }
    let sheet = staging.leave().await?;
    Ok(go_to(member.path(&format!("import/{sheet}"))))
}

/// A column, and what was said of it.
struct Column {
    place: usize,
    head: String,
    cells: Vec<String>,
    chosen: Option<Field>,
    identifies: bool,
}

impl Column {
    fn is(&self, field: &Field) -> bool {
        self.chosen == Some(*field)
    }
}

/// What each column may be.
const CHOICES: [(Field, &str); 5] = [
    (Field::Ref, "Reference"),
    (Field::Name, "Name"),
    (Field::Emails, "Email addresses"),
    (Field::Clients, "Clients"),
    (Field::Activate, "Give access: yes or no"),
];

#[derive(Template)]
#[template(path = "desk/columns.html")]
struct ColumnsPage {
    shell: Shell,
    action: String,
    call: String,
    read_as: String,
    columns: Vec<Column>,
    activate: bool,
    move_logins: bool,
    /// Whether it is shown as it was said when these names came before.
    as_before: bool,
    fault: Option<Told>,
}

/// Why the page of columns is shown.
enum Ask {
    /// Nobody has said anything yet.
    First,
    /// It was said when these names came before.
    AsBefore,
    /// What was said can't be.
    Again(Told),
}

pub(super) async fn columns(member: Member, PathId(id): PathId) -> Result<Response, Problem> {
    let id = jobs::parsed(&id)?;
    let portal = &member.app.portal;
    let (spec, heads) = portal.sheet(&member.context, id).await?;
    let before = portal.kept_columns(&member.context, &heads).await?;
    let (said, ask) = match before.and_then(|before| columns::read(&before, heads.len())) {
        Some(before) => (before, Ask::AsBefore),
        None => (columns::guessed(&heads), Ask::First),
    };
    columns_page(&member, id, spec, &heads, &said, ask).await
}

async fn columns_page(
    member: &Member,
    id: JobId,
    spec: ImportSpec,
    heads: &[String],
    said: &[Said],
    ask: Ask,
) -> Result<Response, Problem> {
    let page = Page { after: None, limit: SHOWN };
    let rows = member.app.portal.job_rows(&member.context, id, &RowFilter::default(), &page).await?;
    let first: Vec<_> = rows.into_iter().filter_map(|row| cells(row.content)).map(|(_, cells)| cells).collect();
    let column = |(place, (head, said)): (usize, (&String, &Said))| Column {
        place,
        head: shortened(head).unwrap_or_default(),
        cells: first.iter().filter_map(|cells| cells.get(place)).filter_map(|cell| shortened(cell)).collect(),
        chosen: said.field,
        identifies: said.identifies,
    };
    let (as_before, fault) = match ask {
        Ask::First => (false, None),
        Ask::AsBefore => (true, None),
        Ask::Again(told) => (false, Some(told)),
    };
    let status = if fault.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = ColumnsPage {
        shell: member.shell(Place::Import),
        action: member.path(&format!("import/{id}")),
        call: member.fresh_name(),
        read_as: quoted(&spec.read_as),
        columns: heads.iter().zip(said).enumerate().map(column).collect(),
        activate: spec.activate,
        move_logins: spec.move_logins,
        as_before,
        fault,
    };
    Ok(show(status, &page))
}

fn cells(content: RowContent) -> Option<(u64, Vec<String>)> {
    match content {
        RowContent::Cells { line, cells } => Some((line, cells)),
        RowContent::Row { .. } | RowContent::Contact { .. } => None,
    }
}

/// The beginning of a cell; nothing of an empty one.
fn shortened(cell: &str) -> Option<String> {
    const MOST: usize = 40;
    let cell = cell.trim();
    let short: String = cell.chars().take(MOST).collect();
    let more = if short.len() < cell.len() { "…" } else { "" };
    (!short.is_empty()).then(|| short + more)
}

fn layout(said: &[Said]) -> Result<Layout, Told> {
    let fields: Vec<_> = said.iter().enumerate().filter_map(|(place, it)| Some((it.field?, place))).collect();
    let identify: Vec<_> = said.iter().enumerate().filter(|(_, it)| it.identifies).map(|(place, _)| place).collect();
    let count = |field| fields.iter().filter(|(own, _)| *own == field).count();
    let told = |what: &str, next| Err(Told { what: say(what), next });
    match (count(Field::Ref), identify.is_empty()) {
        (0, true) => {
            return told(
                "It is not said which contact a row is about.",
                "Choose a reference, or tick what tells contacts apart.",
            );
        }
        (1, false) => {
            return told(
                "There is a reference, and a tick besides at what tells contacts apart.",
                "Use one of the two, not both.",
            );
        }
        (2.., _) => return told("Two columns are the reference.", "Only one can be."),
        _ => {}
    }
    if count(Field::Activate) > 1 {
        return told("Two columns say whether to give access.", "Only one can.");
    }
    Layout::told(&fields, &identify).map_err(|fault| unreadable(&fault))
}

/// It is said what the columns are: the rows are checked.
pub(super) async fn tell_apart(member: Member, PathId(id): PathId, form: Form) -> Result<Response, Problem> {
    let id = jobs::parsed(&id)?;
    let (spec, heads) = member.app.portal.sheet(&member.context, id).await?;
    let ticked = |name| Ok::<_, Problem>(form.optional(name)? == Some("yes"));
    let spec = ImportSpec { activate: ticked("activate")?, move_logins: ticked("move_logins")?, ..spec };
    let said = columns::typed(&form, heads.len())?;
    let layout = match layout(&said) {
        Ok(layout) => layout,
        Err(told) => return columns_page(&member, id, spec, &heads, &said, Ask::Again(told)).await,
    };
    let digest = Sha256::digest(format!("{id} {said:?} {spec:?}"));
    let context = member.once(form.field("call")?, &format!("columns {}", hex(&digest)));
    if let Some(before) = member.app.portal.started_before(&context).await? {
        return Ok(to_job(&member, &before));
    }
    let _place = member.app.imports.enter(member.context.practice, None).await?;
    let mut staging = member.app.portal.begin_import(&context, spec).await?;
    let mut page = Page { after: None, limit: TOGETHER };
    loop {
        let rows = member.app.portal.job_rows(&member.context, id, &RowFilter::default(), &page).await?;
        page.after = rows.last().map(|row| row.place);
        let whole = rows.len() == TOGETHER as usize;
        for (line, cells) in rows.into_iter().filter_map(|row| cells(row.content)) {
            staging.add(line, layout.input(&cells)).await?;
        }
        if !whole {
            let started = staging.start().await?;
            member.app.portal.keep_columns(&member.context, &heads, columns::written(&said)).await?;
            return Ok(to_job(&member, &started));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_an_import_or_it_is_said_why_not() {
        let read = |said: &[(Option<Field>, bool)]| {
            let said: Vec<_> = said.iter().map(|&(field, identifies)| Said { field, identifies }).collect();
            layout(&said).map(drop).map_err(|told| told.what.plain())
        };
        let (own, name, none) = (Some(Field::Ref), Some(Field::Name), None);
        assert_eq!(read(&[(own, false), (name, false), (name, false), (none, false)]), Ok(()));
        assert_eq!(read(&[(name, true), (none, true)]), Ok(()));
        for (said, what) in [
            (&[(name, false)][..], "It is not said which contact"),
            (&[(own, false), (name, true)], "There is a reference, and a tick"),
            (&[(own, false), (own, false)], "Two columns are the reference"),
            (&[(own, false), (Some(Field::Activate), false), (Some(Field::Activate), false)], "Two columns say"),
        ] {
            assert!(read(said).is_err_and(|told| told.starts_with(what)), "{said:?}");
        }
    }

    #[test]
    fn long_cells_are_shortened() {
        assert_eq!(shortened(" "), None);
        assert_eq!(shortened(" ü ").as_deref(), Some("ü"));
        assert_eq!(shortened(&"ü".repeat(41)), Some("ü".repeat(40) + "…"));
    }
}

//! A file that is sent to be imported: its bytes, and how it is meant.

use std::{convert::Infallible, sync::Arc};

use axum::{
    extract::{FromRequest, Request},
    http::{HeaderMap, header},
};
use portal_import::Columns;

use crate::{
    Inner,
    ask::{self, IMPORT_BODY, Unread},
    document::{Asks, Signature},
    gate::Taken,
    problem::Problem,
    reading::Source,
};

const CSV: &str = "text/csv";
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const NDJSON: &str = "application/x-ndjson";

/// What was sent, or why it can't be understood.
pub(crate) struct Upload(Result<Sheet, Problem>);

/// A file, and how it is to be imported.
#[derive(Default)]
pub(crate) struct Sheet {
    pub(crate) source: Source,
    pub(crate) dry_run: bool,
    pub(crate) activate: bool,
    pub(crate) move_logins: bool,
    pub(crate) mend: bool,
}

impl Upload {
    pub(crate) fn now(self) -> Result<Sheet, Problem> {
        self.0
    }
}

impl FromRequest<Arc<Inner>> for Upload {
    type Rejection = Infallible;

    async fn from_request(request: Request, _: &Arc<Inner>) -> Result<Self, Infallible> {
        Ok(Self(read(request).await))
    }
}

impl Asks for Upload {
    fn ask(signature: &mut Signature) {
        signature.query.extend(["map", "identify", "dry_run", "activate", "move_logins", "mend"]);
        signature.file = &[CSV, XLSX, NDJSON];
    }
}

async fn read(mut request: Request) -> Result<Sheet, Problem> {
    if let Some(Unread(problem)) = request.extensions_mut().remove() {
        return Err(problem);
    }
    let (parts, body) = request.into_parts();
    let taken: Option<Taken> = parts.extensions.get().cloned();
    let bytes = ask::host_bytes(&parts.headers, body, IMPORT_BODY).await?;
    let charset = charset(&parts.headers)?;
    let sheet = query(parts.uri.query().unwrap_or_default())?;
    let place = match taken {
        Some(taken) => Some(taken.for_file(&bytes).await?),
        None => None,
    };
    let Sheet { source: Source { columns, .. }, .. } = sheet;
    let source = Source { bytes, charset, columns, place };
    Ok(Sheet { source, ..sheet })
}

/// The charset of the content type, which has to be that of a file of contacts.
fn charset(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut parts = given.split(';').map(str::trim);
    let kind = parts.next().unwrap_or_default();
    if ![CSV, XLSX, NDJSON].iter().any(|known| kind.eq_ignore_ascii_case(known)) {
        return Err(Problem::invalid(format!("send the file as `Content-Type: {CSV}`, `{XLSX}` or `{NDJSON}`")));
    }
    let named = parts.filter_map(|part| part.split_once('=')).find(|(name, _)| name.eq_ignore_ascii_case("charset"));
    Ok(named.map(|(_, value)| value.trim_matches('"').to_owned()))
}

fn query(text: &str) -> Result<Sheet, Problem> {
    let mut sheet = Sheet::default();
    let mut seen = Vec::new();
    for (name, value) in form_urlencoded::parse(text.as_bytes()).into_owned() {
        let flag = match name.as_str() {
            "map" => {
                let detail =
                    "`map` is `field:column`, where the field is `ref`, `name`, `emails`, `clients` or `activate`";
                let mapped = Columns::mapping(&value, ':').ok_or_else(|| Problem::invalid_field("map", detail))?;
                sheet.source.columns.map.push(mapped);
                continue;
            }
            "identify" => {
                sheet.source.columns.identify.push(value);
                continue;
            }
            "dry_run" => &mut sheet.dry_run,
            "activate" => &mut sheet.activate,
            "move_logins" => &mut sheet.move_logins,
            "mend" => &mut sheet.mend,
            _ => {
                let detail = format!("there is no parameter `{}`", name.escape_debug());
                return Err(Problem::invalid_field(&name, detail));
            }
        };
        *flag = match value.as_str() {
            "true" => true,
            "false" => false,
            _ => return Err(Problem::invalid_field(&name, format!("`{name}` must be `true` or `false`"))),
        };
        if seen.contains(&name) {
            return Err(Problem::invalid_field(&name, format!("`{name}` is there twice")));
        }
        seen.push(name);
    }
    Ok(sheet)
}

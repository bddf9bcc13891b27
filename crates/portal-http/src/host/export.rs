//! Everything that is held about one contact: the answer to a person who asks for it.

use axum::Json;
use portal_domain::{
    export::{
        Dossier, HandoffRecord, ImportedRow, LinkRecord, MessageRecord, SessionRecord, SignInCodeRecord, TryRecord,
    },
    job::{ImportInput, RowContent},
    link::{LinkPurpose, LinkState},
    message::{DeliveryState, MessageKind},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::Answer;
use crate::{
    caller::{Host, Reference},
    document::{Says, answered_words, says},
    present::{ContactPart, EventPart, time},
    problem::Problem,
};

pub(super) const SAYS: &[Says] = &[says(
    "GET /contacts/{ref}/export",
    "Everything that is held about the contact, without secrets and without others",
)];

pub(super) async fn one(host: Host, Reference(contact): Reference) -> Answer<Json<DossierAnswer>> {
    // It says which of practice and contact is not there.
    host.app.portal.contact(&host.context, &contact).await?;
    let now = host.app.portal.now();
    let marks = host.app.portal.try_marks(host.context.practice);
    let found = host.app.exports.dossier(host.context.practice, &contact, &marks, now).await?;
    let dossier = found.and_then(|found| Dossier::of(found, now)).ok_or_else(|| Problem::not_found("contact"))?;
    Ok(Json(dossier.into()))
}

/// Everything that is held about a contact.
#[derive(Serialize, ToSchema)]
pub(super) struct DossierAnswer {
    #[schema(format = DateTime)]
    taken_at: String,
    contact: ContactPart,
    #[schema(format = DateTime)]
    created_at: Option<String>,
    login: DossierLogin,
    former_addresses: Vec<String>,
    moved_from: Option<DossierMove>,
    messages: Vec<DossierMessage>,
    links: Vec<DossierLink>,
    sessions: Vec<DossierSession>,
    sessions_left_out: usize,
    handoffs: Vec<DossierHandoff>,
    sign_in_codes: Vec<DossierCode>,
    tries: Vec<DossierTry>,
    job_rows: Vec<DossierRow>,
    events: Vec<EventPart>,
}

/// The login that the contact is behind, or its own that nobody is behind.
#[derive(Serialize, ToSchema)]
struct DossierLogin {
    shared: bool,
    #[schema(format = DateTime)]
    behind_since: Option<String>,
    #[schema(format = DateTime)]
    password_set_at: Option<String>,
}

/// Where the contact's first address was before its last move.
#[derive(Serialize, ToSchema)]
struct DossierMove {
    address: String,
    #[schema(format = DateTime)]
    at: String,
}

/// A message about the contact.
#[derive(Serialize, ToSchema)]
struct DossierMessage {
    id: String,
    #[schema(schema_with = answered_words::<MessageKind>)]
    kind: &'static str,
    to: String,
    name: String,
    clients: Vec<String>,
    #[schema(schema_with = answered_words::<DeliveryState>)]
    state: &'static str,
    #[schema(format = DateTime)]
    queued_at: String,
    attempts: Vec<DossierAttempt>,
}

/// A try to hand a message over.
#[derive(Serialize, ToSchema)]
struct DossierAttempt {
    #[schema(format = DateTime)]
    at: String,
    #[schema(schema_with = answered_words::<DeliveryState>)]
    state: &'static str,
    reply: String,
}

/// A link that was written to the contact.
#[derive(Serialize, ToSchema)]
struct DossierLink {
    id: String,
    #[schema(schema_with = answered_words::<LinkPurpose>)]
    purpose: &'static str,
    address: String,
    #[schema(schema_with = answered_words::<LinkState>)]
    state: LinkState,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    expires_at: String,
    #[schema(format = DateTime)]
    used_at: Option<String>,
    #[schema(format = DateTime)]
    ended_at: Option<String>,
    #[schema(format = DateTime)]
    opened_at: Option<String>,
    #[schema(format = DateTime)]
    last_opened_at: Option<String>,
}

/// A session of the contact.
#[derive(Serialize, ToSchema)]
struct DossierSession {
    id: String,
    factors: Vec<&'static str>,
    origin: Option<String>,
    user_agent: Option<String>,
    #[schema(format = DateTime)]
    signed_in_at: String,
    #[schema(format = DateTime)]
    last_seen_at: String,
    #[schema(format = DateTime)]
    expires_at: String,
    #[schema(format = DateTime)]
    ended_at: Option<String>,
}

/// A hand-over of the contact.
#[derive(Serialize, ToSchema)]
struct DossierHandoff {
    id: String,
    route: &'static str,
    #[schema(schema_with = answered_words::<LinkState>)]
    state: LinkState,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    expires_at: String,
    #[schema(format = DateTime)]
    used_at: Option<String>,
    #[schema(format = DateTime)]
    ended_at: Option<String>,
}

/// That the contact was sent to the host's program.
#[derive(Serialize, ToSchema)]
struct DossierCode {
    id: String,
    session: String,
    r#return: String,
    address: String,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    expires_at: String,
    #[schema(format = DateTime)]
    used_at: Option<String>,
}

/// A try to sign in, or to be sent a link to set a password, with an address that is the contact's alone.
#[derive(Serialize, ToSchema)]
struct DossierTry {
    #[schema(format = DateTime)]
    at: String,
    address: String,
    origin: Option<String>,
    known_browser: bool,
    for_reset: bool,
    right_password: bool,
}

/// A row of an import, or of an activation of many, that names the contact.
#[derive(Serialize, ToSchema)]
struct DossierRow {
    job: String,
    #[schema(format = DateTime)]
    at: String,
    line: Option<u64>,
    cells: Option<DossierCells>,
    outcome: Option<String>,
}

/// The cells of a row, as they stood in the file.
#[derive(Serialize, ToSchema)]
struct DossierCells {
    r#ref: String,
    name: String,
    emails: Vec<String>,
    clients: Vec<String>,
    activate: String,
}

impl From<Dossier> for DossierAnswer {
    fn from(dossier: Dossier) -> Self {
        let Dossier { at: now, contact, shares_login, password_set_at, former_keys, sessions_left_out, found } =
            dossier;
        let stored = found.contact.contact.as_ref();
        let key = found.contact.login.as_ref().and_then(|it| it.login.key.as_ref());
        let key = key.map(|key| key.as_str().to_owned()).unwrap_or_default();
        Self {
            taken_at: time(now),
            created_at: stored.map(|it| time(it.created_at)),
            login: DossierLogin {
                shared: shares_login,
                behind_since: stored.and_then(|it| it.behind_since).map(time),
                password_set_at: password_set_at.map(time),
            },
            former_addresses: former_keys,
            moved_from: stored
                .and_then(|it| it.moved_from.clone())
                .map(|it| DossierMove { address: it.address, at: time(it.at) }),
            messages: found.messages.into_iter().map(DossierMessage::from).collect(),
            links: found.links.into_iter().map(|it| DossierLink::of(it, now)).collect(),
            sessions: found.sessions.into_iter().map(DossierSession::from).collect(),
            sessions_left_out,
            handoffs: found.handoffs.into_iter().map(|it| DossierHandoff::of(&it, now)).collect(),
            sign_in_codes: found.sign_in_codes.into_iter().map(DossierCode::from).collect(),
            tries: found.tries.into_iter().map(|it| DossierTry::of(it, key.clone())).collect(),
            job_rows: found.rows.into_iter().map(DossierRow::from).collect(),
            events: found.events.iter().map(|event| EventPart::of(event, Some(&contact.reference))).collect(),
            contact: (&contact).into(),
        }
    }
}

impl From<MessageRecord> for DossierMessage {
    fn from(it: MessageRecord) -> Self {
        let attempts = it.attempts.into_iter().map(|attempt| DossierAttempt {
            at: time(attempt.at.0),
            state: attempt.state.code(),
            reply: attempt.reply,
        });
        Self {
            id: it.id.to_string(),
            kind: it.kind.code(),
            to: it.to,
            name: it.name,
            clients: it.clients,
            state: it.state.code(),
            queued_at: time(it.queued_at.0),
            attempts: attempts.collect(),
        }
    }
}

impl DossierLink {
    fn of(it: LinkRecord, now: portal_domain::time::Timestamp) -> Self {
        Self {
            id: it.id.to_string(),
            purpose: it.purpose.code(),
            state: it.state(now),
            created_at: time(it.created_at.0),
            expires_at: time(it.expires_at.0),
            used_at: it.used_at.map(|at| time(at.0)),
            ended_at: it.ended_at.map(|at| time(at.0)),
            opened_at: it.opened_at.map(|at| time(at.0)),
            last_opened_at: it.last_opened_at.map(|at| time(at.0)),
            address: it.address,
        }
    }
}

impl From<SessionRecord> for DossierSession {
    fn from(it: SessionRecord) -> Self {
        Self {
            id: it.id.to_string(),
            factors: it.factors.iter().map(|factor| factor.code()).collect(),
            origin: it.origin,
            user_agent: it.user_agent,
            signed_in_at: time(it.signed_in_at.0),
            last_seen_at: time(it.last_seen_at.0),
            expires_at: time(it.expires_at.0),
            ended_at: it.ended_at.map(|at| time(at.0)),
        }
    }
}

impl DossierHandoff {
    fn of(it: &HandoffRecord, now: portal_domain::time::Timestamp) -> Self {
        Self {
            id: it.id.to_string(),
            route: it.landing.code(),
            state: it.state(now),
            created_at: time(it.created_at.0),
            expires_at: time(it.expires_at.0),
            used_at: it.used_at.map(|at| time(at.0)),
            ended_at: it.ended_at.map(|at| time(at.0)),
        }
    }
}

impl From<SignInCodeRecord> for DossierCode {
    fn from(it: SignInCodeRecord) -> Self {
        Self {
            id: it.id.to_string(),
            session: it.session.to_string(),
            r#return: it.name,
            address: it.address,
            created_at: time(it.created_at.0),
            expires_at: time(it.expires_at.0),
            used_at: it.used_at.map(|at| time(at.0)),
        }
    }
}

impl DossierTry {
    /// A try at the key of the contact's login: none at any other is found for it.
    fn of(it: TryRecord, key: String) -> Self {
        Self {
            at: time(it.at.0),
            address: key,
            origin: it.origin,
            known_browser: it.known_browser,
            for_reset: it.for_reset,
            right_password: it.right_password,
        }
    }
}

impl From<ImportedRow> for DossierRow {
    fn from(it: ImportedRow) -> Self {
        let (line, cells) = match it.content {
            RowContent::Row { line, input, .. } => {
                let ImportInput { reference, name, emails, clients, activate } = input;
                (Some(line), Some(DossierCells { r#ref: reference, name, emails, clients, activate }))
            }
            RowContent::Cells { .. } | RowContent::Contact { .. } => (None, None),
        };
        Self { job: it.job.to_string(), at: time(it.at.0), line, cells, outcome: it.outcome }
    }
}

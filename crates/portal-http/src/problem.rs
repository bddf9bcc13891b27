//! Everything that can go wrong, in one table, and how it is answered (RFC 9457).

use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use portal_domain::{Named, Refusal, port::StoreError, usecase::Error};
use serde::Serialize;
use utoipa::{PartialSchema, ToSchema};

use crate::{document, present::NamedPart};

/// A row of the table.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Kind {
    code: &'static str,
    status: u16,
    title: &'static str,
}

const fn row(code: &'static str, status: u16, title: &'static str) -> Kind {
    Kind { code, status, title }
}

/// The one table of codes. What isn't in it is not answered.
const TABLE: [Kind; 39] = [
    row("invalid_request", 400, "The request can't be understood"),
    row("unauthorized", 401, "Not signed in"),
    row("sign_in_failed", 401, "Sign-in failed"),
    row("forbidden", 403, "Not allowed"),
    row("practice_suspended", 403, "Closed for the time being"),
    row("not_found", 404, "There is no such thing"),
    row("method_not_allowed", 405, "This can't be done here"),
    row("request_timeout", 408, "The request took too long to arrive"),
    row("practice_user_email", 409, "The address belongs to a practice user"),
    row("login_email_taken", 409, "The address is the login of others"),
    row("login_email_required", 409, "A contact with access needs an address"),
    row("no_email", 409, "The contact has no address"),
    row("not_activated", 409, "The access was never activated"),
    row("portal_deactivated", 409, "The access is deactivated"),
    row("email_is_a_portal_login", 409, "The address is a portal login"),
    row("email_taken", 409, "The address belongs to another practice user"),
    row("last_admin", 409, "The last admin can't go"),
    row("practice_not_suspended", 409, "The practice is not suspended"),
    row("slug_taken", 409, "There is such a practice already"),
    row("password_already_set", 409, "The contact has a password already"),
    row("would_move_login", 409, "This would move a sign-in address"),
    row("idempotency_key_in_use", 409, "The same call is still running"),
    row("webhook_disabled", 409, "The webhook is disabled"),
    row("link_expired", 410, "The link has expired"),
    row("link_used", 410, "The link was used"),
    row("link_dead", 410, "The link no longer works"),
    row("precondition_failed", 412, "The contact is not as it was"),
    row("body_too_large", 413, "The request is too large"),
    row("misdirected_request", 421, "This host is not served here"),
    row("invalid_email", 422, "An address is not usable"),
    row("too_many_emails", 422, "Too many addresses"),
    row("unknown_client", 422, "There is no such client"),
    row("row_contradicts", 422, "A row contradicts an earlier one"),
    row("idempotency_key_reused", 422, "The key belongs to another request"),
    row("invalid_hash", 422, "The hash can't be imported"),
    row("password_refused", 422, "The password can't be set"),
    row("too_many_webhooks", 422, "Too many webhooks"),
    row("too_many_requests", 429, "Too many requests"),
    row("overloaded", 503, "Too much at once"),
];

/// What is answered where the fault is ours.
const INTERNAL: Kind = row("internal_error", 500, "Something went wrong on our side");

/// The table as Markdown, for the documents.
pub fn problem_table() -> String {
    let mut rows: Vec<_> = TABLE.iter().chain([&INTERNAL]).collect();
    rows.sort_by_key(|kind| kind.status);
    let lines = rows.iter().map(|kind| format!("| {} | `{}` | {} |\n", kind.status, kind.code, kind.title));
    format!("| status | code | title |\n|---|---|---|\n{}", lines.collect::<String>())
}

/// Status and title of a code; `None` where it isn't in the table.
#[cfg(test)]
pub(crate) fn known(code: &str) -> bool {
    TABLE.iter().any(|kind| kind.code == code)
}

/// An error as it is answered. What users see stands here; what the log says was logged where it arose.
#[derive(Clone, Debug)]
pub(crate) struct Problem(Box<Answer>);

#[derive(Clone, Debug)]
struct Answer {
    kind: &'static Kind,
    detail: String,
    field: Option<String>,
    fault: Option<&'static str>,
    contacts: Vec<NamedPart>,
    user: Option<NamedPart>,
    bearer: bool,
    /// Seconds to wait before the next try.
    retry_after: Option<u64>,
}

/// What the document says of it.
pub(crate) fn schema() -> (String, serde_json::Value) {
    ("Problem".to_owned(), document::value(&Body::schema()))
}

/// The status of a code.
pub(crate) fn status(code: &str) -> u16 {
    kind(code).status
}

/// The title of a code.
pub(crate) fn title(code: &str) -> &'static str {
    kind(code).title
}

fn kind(code: &str) -> &'static Kind {
    TABLE.iter().find(|kind| kind.code == code).unwrap_or(&INTERNAL)
}

/// The body of `application/problem+json`.
#[derive(Serialize, ToSchema)]
struct Body<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    field: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    fault: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schema(required = false)]
    contacts: &'a [NamedPart],
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = NamedPart, required = false)]
    user: Option<&'a NamedPart>,
}

impl Problem {
    /// The problem of a code. One that isn't in the table is our own fault.
    pub(crate) fn new(code: &str, detail: impl Into<String>) -> Self {
        let kind = kind(code);
        let detail = detail.into();
        let answer = Answer {
            kind,
            detail,
            field: None,
            fault: None,
            contacts: Vec::new(),
            user: None,
            bearer: false,
            retry_after: (kind.status == 503 || kind.code == "idempotency_key_in_use").then_some(1),
        };
        Self(Box::new(answer))
    }

    /// A request that can't be understood.
    pub(crate) fn invalid(detail: impl Into<String>) -> Self {
        Self::new("invalid_request", detail)
    }

    /// A field of a request that can't be understood.
    pub(crate) fn invalid_field(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::invalid(detail).at(field)
    }

    /// There is no such thing, here or anywhere that this caller may see.
    pub(crate) fn not_found(what: &'static str) -> Self {
        Refusal::NotFound { what }.into()
    }

    /// The route is there, and has no such method.
    pub(crate) fn other_methods() -> Self {
        Self::new("method_not_allowed", "the route has other methods")
    }

    /// The host's key is missing or wrong.
    pub(crate) fn no_key() -> Self {
        let mut problem = Self::new("unauthorized", "send the API key as `Authorization: Bearer …`");
        problem.0.bearer = true;
        problem
    }

    /// Too much at once.
    pub(crate) fn overloaded() -> Self {
        Self::new("overloaded", "too much at once: try again in a second")
    }

    /// Our own fault.
    pub(crate) fn internal() -> Self {
        Self::new(INTERNAL.code, "the request was not carried out; the log says why")
    }

    /// Names the field at fault, in place of what the refusal named.
    pub(crate) fn at(mut self, field: impl Into<String>) -> Self {
        self.0.field = Some(field.into());
        self
    }

    /// Says inside what the field at fault is.
    pub(crate) fn inside(mut self, place: &str) -> Self {
        let whole = self.0.field.take().map_or_else(|| place.to_owned(), |field| format!("{place}.{field}"));
        self.at(whole)
    }

    pub(crate) fn code(&self) -> &'static str {
        self.0.kind.code
    }

    /// Seconds to wait before the next try.
    pub(crate) fn retry_after(&self) -> Option<u64> {
        self.0.retry_after
    }

    /// The same, for programs.
    pub(crate) fn wait(&self) -> Option<(HeaderName, HeaderValue)> {
        Some((header::RETRY_AFTER, HeaderValue::from(self.0.retry_after?)))
    }

    pub(crate) fn title(&self) -> &'static str {
        self.0.kind.title
    }

    pub(crate) fn detail(&self) -> &str {
        &self.0.detail
    }

    #[cfg(test)]
    pub(crate) fn field(&self) -> Option<&str> {
        self.0.field.as_deref()
    }

    pub(crate) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.0.kind.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let mut problem = Self::new(refusal.code(), refusal.to_string());
        problem.0.field = refusal.field();
        problem.0.fault = refusal.fault();
        let part = |named: &Named| NamedPart::from(named);
        match &refusal {
            Refusal::LoginEmailTaken { contacts } | Refusal::EmailIsAPortalLogin { contacts } => {
                problem.0.contacts = contacts.iter().map(part).collect();
            }
            Refusal::TooManyRequests { retry_after } => problem.0.retry_after = Some(*retry_after),
            Refusal::PracticeUserEmail { user } | Refusal::EmailTaken { user } => problem.0.user = Some(part(user)),
            _ => {}
        }
        problem
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(refusal) => refusal.into(),
            Error::Overloaded => Self::overloaded(),
            Error::Store(error) => error.into(),
            Error::HashFailed => {
                tracing::error!("a password could not be hashed");
                Self::internal()
            }
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(why) => {
                tracing::warn!(why, "the database is not available");
                Self::overloaded()
            }
            StoreError::Damaged(why) => {
                tracing::error!(why, "a row is damaged");
                Self::internal()
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Answer { kind, detail, field, fault, contacts, user, bearer, retry_after } = &*self.0;
        let body = Body {
            r#type: format!("/problems/{}", kind.code),
            title: kind.title,
            status: kind.status,
            detail,
            code: kind.code,
            field: field.as_deref(),
            fault: *fault,
            contacts,
            user: user.as_ref(),
        };
        let text = serde_json::to_vec(&body).unwrap_or_default();
        let mut response = (self.status(), text).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(*seconds));
        }
        if *bearer {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_code_stands_twice() {
        let mut codes: Vec<_> = TABLE.iter().map(|kind| kind.code).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), TABLE.len());
    }

    #[test]
    fn a_code_that_is_not_in_the_table_is_our_own_fault() {
        assert_eq!(Problem::new("nonsense", "").status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert!(known("not_found") && !known("nonsense"));
    }
}

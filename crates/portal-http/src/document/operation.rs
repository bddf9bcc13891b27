//! One operation of the document.

use std::collections::BTreeMap;

use portal_domain::practice::Scope;
use serde_json::{Map, Value, json};

use super::{
    handled::{Cookie, Handled, Signature},
    parameters,
    says::Says,
    schema,
};
use crate::problem;

/// Who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Area {
    /// A practice's program, with a key of this scope.
    Host(Scope),
    /// A front end of the portal.
    Portal,
    /// Staff.
    Workspace,
    /// Probes, and whoever reads the document.
    Service,
}

impl Area {
    const fn prefix(self) -> &'static str {
        match self {
            Self::Host(_) => "/api/v1",
            Self::Portal => "/portal/{practice}/api",
            Self::Workspace => "/workspace/{practice}/api",
            Self::Service => "",
        }
    }
}

/// An operation, with all that is known of it.
pub(crate) struct Operation {
    area: Area,
    pub(crate) method: &'static str,
    /// Its whole path.
    pub(crate) path: String,
    signature: Signature,
    says: Says,
}

/// What stands in for words that are missing; no test lets it pass.
const UNSAID: &str = "nobody said what this does";

impl Operation {
    /// The operation of a row. What is said of it is found by method and path.
    pub(crate) fn new(area: Area, path: &str, handled: &Handled, said: &[Says]) -> Self {
        let route = format!("{} {path}", handled.method);
        let says = said.iter().find(|says| says.route == route).copied().unwrap_or_else(|| super::says("", UNSAID));
        let path = format!("{}{}", area.prefix(), says.path.unwrap_or(path));
        Self { area, method: handled.method, path, signature: handled.signature(), says }
    }

    fn looks(&self) -> bool {
        self.method == "GET"
    }

    fn writes(&self) -> bool {
        !self.looks() && matches!(self.area, Area::Host(scope) if scope != Scope::Read)
    }

    /// Whether a call may be named, so that a second one is told what the first was told.
    fn takes_name(&self) -> bool {
        self.writes() && !self.says.converges
    }

    /// Whether it makes what it is about, where that isn't there.
    fn makes(&self) -> bool {
        self.method == "PUT" && self.path.ends_with('}')
    }

    /// Whether it is a command on a contact, which may be meant for one state of it.
    fn conditional(&self) -> bool {
        self.writes() && self.path.starts_with("/api/v1/contacts/{ref}")
    }

    /// Every code that it can refuse with.
    pub(crate) fn codes(&self) -> Vec<&'static str> {
        let mut codes = self.says.refuses.to_vec();
        match self.area {
            Area::Service => {
                codes.extend(self.path.starts_with("/api/").then_some("misdirected_request"));
                return codes;
            }
            Area::Host(_) => codes.extend(["unauthorized", "forbidden"]),
            Area::Portal | Area::Workspace => {
                codes.extend((!self.looks()).then_some("forbidden"));
                codes.extend(self.signature.session.map(|_| "unauthorized"));
                codes.push("practice_suspended");
            }
        }
        codes.extend(["misdirected_request", "internal_error", "overloaded"]);
        codes.extend((!self.looks() || !self.signature.query.is_empty()).then_some("invalid_request"));
        codes.extend((self.path.contains('{') && !self.makes()).then_some("not_found"));
        if !self.looks() {
            codes.extend(["request_timeout", "body_too_large"]);
        }
        if self.takes_name() {
            codes.extend(["idempotency_key_in_use", "idempotency_key_reused"]);
        }
        codes.extend(self.conditional().then_some("precondition_failed"));
        codes
    }

    /// The schemas it refers to, by their names.
    pub(crate) fn schemas(&self) -> Vec<(String, Value)> {
        let mut all = self.signature.answer.clone().map_or_else(Vec::new, |answer| answer.parts);
        if let Some((name, body)) = self.body() {
            all.push((name, body.clone()));
        }
        all
    }

    fn body(&self) -> Option<(String, &Value)> {
        let body = self.signature.body.as_ref().filter(|body| body.schema["properties"] != json!({}))?;
        let name = body.name.rsplit("::").next().unwrap_or(body.name);
        Some((format!("{}Input", name.strip_suffix("Body").unwrap_or(name)), &body.schema))
    }

    /// The operation as the document has it.
    pub(crate) fn describe(&self) -> Value {
        let mut operation = json!({
            "operationId": self.id(),
            "summary": self.says.summary,
            "tags": [self.tag()],
            "parameters": self.parameters(),
            "responses": self.responses(),
            "security": self.security(),
        });
        if let Some((name, _)) = self.body() {
            let required = self.signature.body.as_ref().is_some_and(|body| !body.optional);
            let content = json!({ "application/json": { "schema": schema::reference(&name) } });
            operation["requestBody"] = json!({ "required": required, "content": content });
        }
        if !self.signature.file.is_empty() {
            let content: Map<_, _> =
                self.signature.file.iter().map(|media| ((*media).to_owned(), file(media))).collect();
            operation["requestBody"] = json!({ "required": true, "content": content });
        }
        operation
    }

    fn id(&self) -> String {
        let method = self.method.to_lowercase();
        let (area, rest) = match self.area {
            Area::Host(_) => ("", self.path.trim_start_matches("/api/v1")),
            Area::Portal => ("portal_", self.path.trim_start_matches(self.area.prefix())),
            Area::Workspace => ("workspace_", self.path.trim_start_matches(self.area.prefix())),
            Area::Service => ("", self.path.as_str()),
        };
        let words = rest.split(['/', '-', '.']).filter(|part| !part.is_empty()).map(|part| {
            let name = part.strip_prefix('{').and_then(|part| part.strip_suffix('}'));
            name.map_or_else(|| part.to_owned(), |name| format!("by_{name}"))
        });
        format!("{area}{method}_{}", words.collect::<Vec<_>>().join("_"))
    }

    fn tag(&self) -> &str {
        match self.area {
            Area::Host(_) => self.path.trim_start_matches("/api/v1/").split('/').next().unwrap_or_default(),
            Area::Portal => "portal",
            Area::Workspace => "workspace",
            Area::Service => "service",
        }
    }

    fn parameters(&self) -> Vec<Value> {
        let parts = self.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        let mut all: Vec<_> = parts.map(parameters::of_path).collect();
        all.extend(self.signature.query.iter().map(|name| parameters::of_query(name)));
        if self.takes_name() {
            all.push(parameters::idempotency_key());
        }
        if self.conditional() {
            all.push(parameters::if_match());
        }
        if self.signature.scripted && !self.looks() {
            all.push(parameters::x_portal(self.signature.session.is_some()));
        }
        all
    }

    fn security(&self) -> Value {
        match (self.area, self.signature.session) {
            (Area::Host(scope), _) => json!([{ "api_key": [scope.code()] }]),
            (_, Some(Cookie::Portal)) => json!([{ "portal_session": [] }]),
            (_, Some(Cookie::Workspace)) => json!([{ "workspace_session": [] }]),
            (_, None) => json!([]),
        }
    }

    fn responses(&self) -> Map<String, Value> {
        let answer = self.signature.answer.as_ref();
        let empty = answer.is_none() && self.says.media.is_none();
        let usual: &[u16] = if empty { &[204] } else { &[200] };
        let statuses = if self.says.statuses.is_empty() { usual } else { self.says.statuses };
        let mut success = json!({ "description": if empty { "Done" } else { "The answer" } });
        if let Some(answer) = answer {
            success["content"] = json!({ "application/json": { "schema": answer.schema } });
        } else if let Some(media) = self.says.media {
            let kind = if media == "application/json" { "object" } else { "string" };
            success["content"] = json!({ media: { "schema": { "type": kind } } });
        }
        if self.signature.tagged {
            let tag = json!({ "description": "Names the state that is shown", "required": true, "schema": { "type": "string" } });
            success["headers"] = json!({ "ETag": tag });
        }
        let mut responses: Map<_, _> = statuses.iter().map(|status| (status.to_string(), success.clone())).collect();
        let mut by_status: BTreeMap<u16, Vec<&str>> = BTreeMap::new();
        for code in self.codes() {
            by_status.entry(problem::status(code)).or_default().push(code);
        }
        for (status, mut codes) in by_status {
            codes.sort_unstable();
            codes.dedup();
            let response = match codes.as_slice() {
                [code] => json!({ "$ref": format!("#/components/responses/{code}") }),
                codes => refusal(codes),
            };
            responses.insert(status.to_string(), response);
        }
        responses
    }
}

/// What the webhooks of a practice are sent.
pub(super) fn pushed() -> Value {
    json!({
        "operationId": "event",
        "summary": "An event of the journal, in the format of Standard Webhooks",
        "parameters": parameters::of_webhook(),
        "requestBody": {
            "required": true,
            "content": { "application/json": { "schema": schema::reference("WebhookPayload") } },
        },
        "responses": {
            "2XX": { "description": "It is received" },
            "410": { "description": "Nothing more is to come: the webhook is disabled" },
            "default": { "description": "It is tried again" },
        },
    })
}

/// A file of this type. One that is no text has no schema, as OpenAPI 3.1 wants it.
fn file(media: &str) -> Value {
    if media.starts_with("text/") { json!({ "schema": schema::text() }) } else { json!({}) }
}

/// The answer where one of these codes is the reason. They have one status.
pub(super) fn refusal(codes: &[&str]) -> Value {
    let titles: Vec<_> = codes.iter().map(|code| problem::title(code)).collect();
    let code = json!({ "properties": { "code": { "enum": codes } } });
    let schema = json!({ "allOf": [schema::reference("Problem"), code] });
    let mut response = json!({
        "description": titles.join(" · "),
        "content": { "application/problem+json": { "schema": schema } },
    });
    let waits = |code: &&str| matches!(problem::status(code), 429 | 503) || *code == "idempotency_key_in_use";
    if codes.iter().any(waits) {
        let always = codes.iter().all(waits);
        let seconds = json!({ "description": "Seconds to wait", "required": always, "schema": { "type": "integer", "minimum": 1 } });
        response["headers"] = json!({ "Retry-After": seconds });
    }
    response
}

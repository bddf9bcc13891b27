//! The OpenAPI document, made from the routes, from the types of their handlers, and from what is said beside them.

mod handled;
mod operation;
mod parameters;
mod says;
mod schema;
mod serve;

use std::{collections::BTreeMap, sync::Arc};

use axum::Router;
use serde_json::{Map, Value, json};

use self::schema::Shape;
pub(crate) use self::{
    handled::{Asks, BodyShape, Cookie, Handled, Signature, delete, get, post, put},
    operation::{Area, Operation},
    says::{Says, says},
    schema::{Told, answered, answered_words, flag, list, number, reference, text, time, value, words},
    serve::routes,
};
use crate::{
    Inner, api, host,
    present::{NamedPart, WebhookPayload},
    problem, service, workspace,
};

/// The routes of a table that says no more of them than path and handler.
pub(crate) fn router(table: Vec<(&'static str, Handled)>) -> Router<Arc<Inner>> {
    table.into_iter().fold(Router::new(), |routes, (path, handled)| routes.route(path, handled.router))
}

/// Every operation that the document has.
fn operations() -> Vec<Operation> {
    let mut all = host::operations();
    let areas = [
        (Area::Portal, api::table(), api::SAYS),
        (Area::Workspace, workspace::table(), workspace::SAYS),
        (Area::Service, service::table(), service::SAYS),
        (Area::Service, serve::table(), serve::SAYS),
    ];
    for (area, table, said) in areas {
        all.extend(table.iter().map(|(path, handled)| Operation::new(area, path, handled, said)));
    }
    all
}

/// The OpenAPI 3.1 document of all routes.
///
/// Two runs of one build make the same one, and its text is the same too: members stand in alphabetical order.
pub fn openapi() -> Value {
    let (mut paths, mut schemas) = (Map::new(), BTreeMap::new());
    let mut codes = Vec::new();
    for operation in operations() {
        let path = paths.entry(operation.path.clone()).or_insert_with(|| json!({}));
        path[operation.method.to_lowercase()] = operation.describe();
        codes.extend(operation.codes());
        for (name, schema) in operation.schemas() {
            put_schema(&mut schemas, &name, schema);
        }
    }
    let more = [Shape::of::<NamedPart>(), Shape::of::<WebhookPayload<'_>>()].into_iter().flat_map(|shape| shape.parts);
    for (name, schema) in more.chain([problem::schema()]) {
        put_schema(&mut schemas, &name, schema);
    }
    codes.sort_unstable();
    codes.dedup();
    let responses: Map<_, _> = codes.iter().map(|code| ((*code).to_owned(), operation::refusal(&[code]))).collect();
    let document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Portal",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Client-portal access: the host API of a practice's program, the portal API of front ends, and \
                            the workspace API. Every error is `application/problem+json` with a stable `code`.",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "webhooks": { "event": { "post": operation::pushed() } },
        "components": { "schemas": schemas, "responses": responses, "securitySchemes": security_schemes() },
    });
    named(sorted(document))
}

/// One name stands for one schema: a second one is called otherwise, and no test lets that pass.
fn put_schema(schemas: &mut BTreeMap<String, Value>, name: &str, schema: Value) {
    let mut name = name.to_owned();
    while schemas.get(&name).is_some_and(|known| *known != schema) {
        name.push_str("_again");
    }
    schemas.insert(name, schema);
}

fn security_schemes() -> Value {
    let cookie = |name: &str, description: &str| json!({ "type": "apiKey", "in": "cookie", "name": name, "description": description });
    json!({
        "api_key": { "type": "http", "scheme": "bearer", "description": "An API key of one practice, or for the scope `operator` one of whoever runs the service; the operation names the scope that it needs" },
        "portal_session": cookie("__Host-portal-{practice}", "The session of a contact"),
        "workspace_session": cookie("__Host-workspace-{practice}", "The session of staff"),
    })
}

/// The same with its members in alphabetical order, whatever order the map keeps.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let members: BTreeMap<_, _> = members.into_iter().map(|(name, value)| (name, sorted(value))).collect();
            Value::Object(members.into_iter().collect())
        }
        Value::Array(items) => items.into_iter().map(sorted).collect(),
        other => other,
    }
}

/// Types that end in `Part` are called without it.
fn named(document: Value) -> Value {
    let short = |name: &str| match name.strip_suffix("List").map(|item| item.strip_suffix("Part")) {
        Some(Some(item)) => format!("{item}List"),
        _ => name.strip_suffix("Part").unwrap_or(name).to_owned(),
    };
    rename(document, &short, false)
}

const SCHEMA: &str = "#/components/schemas/";

fn rename(value: Value, short: &dyn Fn(&str) -> String, names: bool) -> Value {
    match value {
        Value::Object(members) => {
            let renamed = members.into_iter().map(|(name, value)| {
                let value = match (name.as_str(), &value) {
                    ("$ref", Value::String(target)) => match target.strip_prefix(SCHEMA) {
                        Some(target) => format!("{SCHEMA}{}", short(target)).into(),
                        None => value,
                    },
                    (name, _) => rename(value, short, name == "schemas"),
                };
                (if names { short(&name) } else { name }, value)
            });
            Value::Object(renamed.collect())
        }
        Value::Array(items) => items.into_iter().map(|item| rename(item, short, false)).collect(),
        other => other,
    }
}

//! Every answer of this suite fits the document: its status is declared, its type and headers too, no field is undeclared and none
//! is missing. So does every body that was accepted.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex},
};

use axum::http::Method;
use jsonschema::Validator;
use serde_json::{Value, json};

use crate::kit::Answer;

pub(crate) static DOCUMENT: LazyLock<Value> = LazyLock::new(portal_http::openapi);

/// The schemas that answers refer to, with nothing allowed that they don't name. What is published stays open, so that fields can
/// be added.
static CLOSED: LazyLock<Value> = LazyLock::new(|| {
    let mut components = DOCUMENT["components"].clone();
    close(&mut components);
    components
});

fn close(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.values_mut().for_each(close);
            if members.contains_key("properties") && members.get("type") == Some(&json!("object")) {
                members.entry("additionalProperties").or_insert(json!(false));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

/// The path of the document that a request goes to.
fn template(method: &str, path: &str) -> Option<&'static str> {
    let given: Vec<_> = path.split('?').next().unwrap_or_default().split('/').collect();
    let fits = |template: &str| {
        let own: Vec<_> = template.split('/').collect();
        let fit = |(own, given): (&&str, &&str)| own == given || (own.starts_with('{') && !given.is_empty());
        own.len() == given.len() && own.iter().zip(&given).all(fit)
    };
    let paths = DOCUMENT["paths"].as_object().expect("paths");
    // What is spelled out goes before what stands for anything, unless it has other methods.
    let order = |(template, path): &(&String, &Value)| (path[method].is_null(), template.matches('{').count());
    paths.iter().filter(|(template, _)| fits(template)).min_by_key(order).map(|(template, _)| template.as_str())
}

/// Whether an answer, and a body that was accepted, are as the document has them.
#[track_caller]
pub(crate) fn check(method: &Method, path: &str, media: Option<&str>, sent: &[u8], answer: &Answer) {
    let (looked, method) = (method == Method::HEAD, if method == Method::HEAD { &Method::GET } else { method });
    let lower = method.as_str().to_lowercase();
    let Some(template) = template(&lower, path) else { return };
    let operation = &DOCUMENT["paths"][template][&lower];
    let (name, status) = (format!("{method} {template}"), answer.status.as_u16());
    if operation.is_null() {
        assert!(status >= 400, "{name} is not in the document, and answers {status}");
        return;
    }
    let response = resolved(&operation["responses"][status.to_string()]);
    if status == 304 {
        return;
    }
    assert!(!response.is_null(), "{name} answers {status}, which it doesn't declare: {}", answer.text);
    let headers = response["headers"].as_object().into_iter().flatten();
    for (header, _) in headers.filter(|(_, said)| said["required"] == true) {
        assert!(answer.header(header).is_some(), "{name} answers {status} without `{header}`");
    }
    if !looked {
        check_body(&name, response, answer);
    }
    if status >= 300 {
        return;
    }
    if *method != Method::GET {
        check_query(&name, operation, path);
    }
    let bodies = &operation["requestBody"]["content"];
    let taken = &bodies["application/json"]["schema"];
    if taken.is_null() && !bodies.is_null() {
        let media = media.unwrap_or_default().split(';').next().unwrap_or_default().to_lowercase();
        assert!(bodies.get(&media).is_some(), "{name} takes `{media}`, which it doesn't declare");
    }
    if bodies.is_null() && status < 300 {
        assert!(sent.is_empty() || sent == b"{}", "{name} takes a body that it doesn't declare");
    }
    if !sent.is_empty() && !taken.is_null() {
        let sent = serde_json::from_slice(sent).expect("what is accepted is JSON");
        fits(&format!("what {name} takes"), taken, &sent);
    }
}

/// What a query says, and is not refused, is declared.
#[track_caller]
fn check_query(name: &str, operation: &Value, path: &str) {
    let query = path.split_once('?').map_or("", |(_, query)| query);
    let declared: Vec<_> = query_of(operation).collect();
    for (given, _) in form_urlencoded::parse(query.as_bytes()) {
        assert!(declared.iter().any(|it| it["name"] == *given), "{name} takes the parameter `{given}`, undeclared");
    }
}

/// The parameters of the query of an operation.
pub(crate) fn query_of(operation: &Value) -> impl Iterator<Item = &Value> {
    operation["parameters"].as_array().into_iter().flatten().filter(|it| it["in"] == "query")
}

#[track_caller]
fn check_body(name: &str, response: &Value, answer: &Answer) {
    let status = answer.status.as_u16();
    let Some(content) = response["content"].as_object() else {
        assert_eq!(answer.text, "", "{name} answers {status} with a body that it doesn't declare");
        return;
    };
    let media = answer.header("content-type").unwrap_or_default().split(';').next().unwrap_or_default();
    let declared = content.get(media).unwrap_or_else(|| panic!("{name} answers {status} as `{media}`, undeclared"));
    if media.ends_with("json") {
        fits(&format!("what {name} answers with {status}"), &declared["schema"], &answer.json());
    }
}

fn resolved(response: &'static Value) -> &'static Value {
    match response["$ref"].as_str().and_then(|target| target.strip_prefix('#')) {
        Some(target) => DOCUMENT.pointer(target).expect("the document has it"),
        None => response,
    }
}

/// Validators that this process has used before, by their schemas.
static USED: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);

#[track_caller]
pub(crate) fn fits(what: &str, schema: &Value, instance: &Value) {
    let key = schema.to_string();
    let known = USED.lock().expect("a map").get(&key).cloned();
    let validator = known.unwrap_or_else(|| {
        let mut whole = schema.clone();
        whole["components"] = CLOSED.clone();
        let options = jsonschema::options().with_draft(jsonschema::Draft::Draft202012).should_validate_formats(true);
        let made = Arc::new(options.build(&whole).expect("a schema"));
        USED.lock().expect("a map").insert(key, made.clone());
        made
    });
    let faults: Vec<_> =
        validator.iter_errors(instance).map(|fault| format!("{fault} at `{}`", fault.instance_path())).collect();
    assert!(faults.is_empty(), "{what} is not as the document has it: {faults:#?}\n{instance:#}");
}

/// An operation of the document, as one may call it.
pub(crate) struct Call {
    pub(crate) method: Method,
    /// With its parameters in braces.
    pub(crate) path: String,
    /// What a key has to allow.
    pub(crate) scope: Option<String>,
    /// Whether it makes what it names.
    pub(crate) makes: bool,
    /// A body with all that has to be there.
    pub(crate) body: Value,
}

/// Every operation.
pub(crate) fn calls() -> Vec<Call> {
    let paths = DOCUMENT["paths"].as_object().expect("paths");
    let operations =
        paths.iter().flat_map(|(path, item)| item.as_object().into_iter().flatten().map(move |it| (path, it)));
    let call = |(path, (method, operation)): (&String, (&String, &Value))| {
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        Call {
            method: method.to_uppercase().parse().expect("a method"),
            path: path.clone(),
            scope: operation["security"][0]["api_key"][0].as_str().map(str::to_owned),
            makes: !operation["responses"]["201"].is_null() || path.ends_with("/search"),
            body: if schema.is_null() { Value::Null } else { sample("", schema) },
        }
    };
    operations.map(call).collect()
}

/// A path with this in place of all that it names.
pub(crate) fn filled(path: &str, name: &str) -> String {
    let parts = path.split('/').map(|part| if part.starts_with('{') { name } else { part });
    parts.collect::<Vec<_>>().join("/")
}

/// The least that fits a schema.
fn sample(name: &str, schema: &Value) -> Value {
    if let Some(target) = schema["$ref"].as_str() {
        return sample(name, DOCUMENT.pointer(target.trim_start_matches('#')).expect("a schema"));
    }
    if !schema["enum"].is_null() {
        return schema["enum"][0].clone();
    }
    match schema["type"].as_str() {
        Some("object") => {
            let needed = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
            needed.map(|name| (name.to_owned(), sample(name, &schema["properties"][name]))).collect()
        }
        Some("array") => json!([sample(name, &schema["items"])]),
        Some("boolean") => json!(false),
        Some("integer") => json!(1),
        _ if name.starts_with("email") => json!("x@y.example"),
        _ if name == "hash" => json!("$2b$04$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui"),
        _ => json!("four quiet paper boats"),
    }
}

//! Types of TypeScript, from the document.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::{Map, Value};

const HEAD: &str = "\
// Written by `cargo xtask openapi` from docs/openapi.json; `cargo xtask lint` fails where it is stale.

/** An error, whose code is one of these. */
export type Refused<Code extends string> = Problem & { code: Code };

";

/// The declarations of a document.
pub(crate) fn declarations(document: &Value) -> String {
    let mut text = HEAD.to_owned();
    for (name, schema) in members(&document["components"]["schemas"]) {
        comment(&mut text, "", &schema["description"]);
        let _ = writeln!(text, "export type {name} = {};\n", shape(schema, ""));
    }
    text.push_str(
        "/** What is sent to each operation, and what it answers by status. */\nexport interface Operations {\n",
    );
    for (path, item) in members(&document["paths"]) {
        for (method, operation) in members(item) {
            one(&mut text, document, path, method, operation);
        }
    }
    text.push_str("}\n");
    text
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}

fn comment(text: &mut String, indent: &str, words: &Value) {
    if let Some(words) = words.as_str() {
        let words = words.replace("*/", "* /").replace('\n', " ");
        let _ = writeln!(text, "{indent}/** {words} */");
    }
}

fn one(text: &mut String, document: &Value, path: &str, method: &str, operation: &Value) {
    comment(text, "  ", &operation["summary"]);
    let id = operation["operationId"].as_str().unwrap_or_default();
    let _ = writeln!(text, "  {id}: {{\n    method: {:?};\n    at: {path:?};", method.to_uppercase());
    for place in ["path", "query", "header"] {
        let own = operation["parameters"].as_array().into_iter().flatten().filter(|own| own["in"] == place);
        let fields: Vec<_> = own
            .map(|own| field(own["name"].as_str().unwrap_or_default(), own["required"] == true, &own["schema"], "    "))
            .collect();
        let fields = if fields.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", fields.join(" ")) };
        let _ = writeln!(text, "    {place}: {fields};");
    }
    let body = &operation["requestBody"]["content"]["application/json"]["schema"];
    let body = match (body.is_null(), operation["requestBody"].is_null()) {
        (false, _) => shape(body, "    "),
        (true, true) => "undefined".to_owned(),
        // A file, as text or as bytes.
        (true, false) => "string | Uint8Array".to_owned(),
    };
    let _ = writeln!(text, "    body: {body};\n    answers: {{");
    for (status, response) in members(&operation["responses"]) {
        let _ = writeln!(text, "      {status}: {};", answer(document, response));
    }
    text.push_str("    };\n  };\n");
}

fn answer(document: &Value, response: &Value) -> String {
    let target = response["$ref"].as_str().and_then(|target| target.strip_prefix('#'));
    let response = target.and_then(|target| document.pointer(target)).unwrap_or(response);
    let Some((media, content)) = members(&response["content"]).next() else { return "undefined".to_owned() };
    if media == "application/problem+json" {
        let code = &content["schema"]["allOf"][1]["properties"]["code"];
        return format!("Refused<{}>", shape(code, ""));
    }
    shape(&content["schema"], "      ")
}

fn field(name: &str, required: bool, schema: &Value, indent: &str) -> String {
    let plain = name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    let name = if plain { name.to_owned() } else { format!("{name:?}") };
    format!("{name}{}: {};", if required { "" } else { "?" }, shape(schema, indent))
}

fn shape(schema: &Value, indent: &str) -> String {
    if let Some(target) = schema["$ref"].as_str() {
        return target.rsplit('/').next().unwrap_or_default().to_owned();
    }
    if let Some(words) = schema["enum"].as_array() {
        return words.iter().map(Value::to_string).collect::<Vec<_>>().join(" | ");
    }
    for (several, between) in [("oneOf", " | "), ("anyOf", " | "), ("allOf", " & ")] {
        if let Some(parts) = schema[several].as_array() {
            return parts.iter().map(|part| shape(part, indent)).collect::<Vec<_>>().join(between);
        }
    }
    let kinds: Vec<&str> = match &schema["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => return "unknown".to_owned(),
    };
    kinds.into_iter().map(|kind| plain(kind, schema, indent)).collect::<Vec<_>>().join(" | ")
}

fn plain(kind: &str, schema: &Value, indent: &str) -> String {
    match kind {
        "integer" | "number" => "number".to_owned(),
        "array" => format!("Array<{}>", shape(&schema["items"], indent)),
        "object" if schema["properties"].is_object() => object(schema, indent),
        "object" if schema["additionalProperties"].is_object() => {
            format!("Record<string, {}>", shape(&schema["additionalProperties"], indent))
        }
        "object" => "Record<string, unknown>".to_owned(),
        other => other.to_owned(),
    }
}

fn object(schema: &Value, indent: &str) -> String {
    let inner = format!("{indent}  ");
    let required: BTreeSet<_> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let fields = members(&schema["properties"])
        .map(|(name, own)| format!("{inner}{}\n", field(name, required.contains(name.as_str()), own, &inner)));
    format!("{{\n{}{indent}}}", fields.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_may_be_left_out_and_what_may_be_null_are_two_things() {
        let schema = json!({ "type": "object", "required": ["a", "b"], "properties": {
            "a": { "type": ["string", "null"] },
            "b": { "type": "array", "items": { "$ref": "#/components/schemas/B" } },
            "c-d": { "enum": ["x", "y"], "type": "string" },
            "e": { "type": "object", "additionalProperties": { "type": "integer" } },
        } });
        let text =
            "{\n  a: string | null;\n  b: Array<B>;\n  \"c-d\"?: \"x\" | \"y\";\n  e?: Record<string, number>;\n}";
        assert_eq!(shape(&schema, ""), text);
    }
}

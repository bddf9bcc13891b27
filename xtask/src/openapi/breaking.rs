//! What of a document would break a caller that was written for the one before. The tests of `portal-http` use this file too.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

/// Names every breaking change between two OpenAPI documents; empty where callers go on as before.
pub(crate) fn changes(before: &Value, after: &Value) -> Vec<String> {
    let mut found = Found { before, after, seen: BTreeSet::new(), faults: Vec::new() };
    for (path, item) in members(&before["paths"]) {
        for (method, operation) in members(item) {
            found.operation(&format!("{} {path}", method.to_uppercase()), operation, &after["paths"][path][method]);
        }
    }
    found.faults
}

/// Who reads what a schema describes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    /// The caller: nothing may go.
    Answer,
    /// The service: nothing may be asked for besides.
    Request,
}

struct Found<'a> {
    before: &'a Value,
    after: &'a Value,
    seen: BTreeSet<(Side, String)>,
    faults: Vec<String>,
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn has(list: &Value, item: &str) -> bool {
    items(list).any(|own| own == item)
}

/// What an operation refuses with, and the status of each.
fn codes<'a>(document: &'a Value, operation: &'a Value) -> BTreeMap<&'a str, &'a str> {
    let all = members(&operation["responses"]).flat_map(|(status, response)| {
        let schema = &resolved(document, response)["content"]["application/problem+json"]["schema"];
        items(&schema["allOf"][1]["properties"]["code"]["enum"]).map(move |code| (code, status.as_str()))
    });
    all.filter_map(|(code, status)| Some((code.as_str()?, status))).collect()
}

fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let target = value["$ref"].as_str().and_then(|target| target.strip_prefix('#'));
    target.and_then(|target| document.pointer(target)).unwrap_or(value)
}

impl<'a> Found<'a> {
    fn fault(&mut self, place: &str, what: &str) {
        self.faults.push(format!("{place}: {what}"));
    }

    fn operation(&mut self, name: &str, before: &'a Value, after: &'a Value) {
        if after.is_null() {
            return self.fault(name, "it is gone");
        }
        if before["security"] != after["security"] {
            self.fault(name, "it is opened by something else");
        }
        self.parameters(name, &before["parameters"], &after["parameters"]);
        self.body(name, &before["requestBody"], &after["requestBody"]);
        let (had, has) = (codes(self.before, before), codes(self.after, after));
        for (code, status) in &had {
            let now = has.get(code).filter(|now| *now != status);
            if let Some(now) = now {
                self.fault(name, &format!("`{code}` had the status {status}, and has {now}"));
            }
        }
        for (status, response) in members(&before["responses"]) {
            self.response(&format!("{name}, {status}"), response, &after["responses"][status]);
        }
    }

    fn parameters(&mut self, name: &str, before: &'a Value, after: &'a Value) {
        let same = |a: &Value, b: &Value| a["name"] == b["name"] && a["in"] == b["in"];
        for own in items(before) {
            let place = format!("{name}, parameter `{}`", own["name"].as_str().unwrap_or_default());
            match items(after).find(|other| same(own, other)) {
                None => self.fault(&place, "it is gone"),
                Some(other) => self.schema(Side::Request, &place, &own["schema"], &other["schema"]),
            }
        }
        for own in items(after).filter(|own| own["required"] == true) {
            let known = items(before).any(|other| same(own, other) && other["required"] == true);
            if !known {
                let place = format!("{name}, parameter `{}`", own["name"].as_str().unwrap_or_default());
                self.fault(&place, "it has to be there now");
            }
        }
    }

    fn body(&mut self, name: &str, before: &'a Value, after: &'a Value) {
        if after["required"] == true && before["required"] != true {
            self.fault(&format!("{name}, body"), "it has to be there now");
        }
        for (media, content) in members(&before["content"]) {
            let other = &after["content"][media];
            if other.is_null() {
                self.fault(&format!("{name}, body"), &format!("`{media}` is no longer taken"));
            } else {
                self.schema(Side::Request, &format!("{name}, body"), &content["schema"], &other["schema"]);
            }
        }
    }

    fn response(&mut self, place: &str, before: &'a Value, after: &'a Value) {
        let (before, after) = (resolved(self.before, before), resolved(self.after, after));
        if after.is_null() {
            // A refusal that is gone hurts nobody.
            let refusal = !before["content"]["application/problem+json"].is_null();
            return if refusal {
            } else {
                self.fault(place, "it is no longer answered")
            };
        }
        for (media, content) in members(&before["content"]) {
            let other = &after["content"][media];
            if other.is_null() {
                self.fault(place, &format!("`{media}` is no longer answered"));
            } else if media != "application/problem+json" {
                self.schema(Side::Answer, place, &content["schema"], &other["schema"]);
            }
        }
        for (header, _) in members(&before["headers"]).filter(|(header, _)| after["headers"][header.as_str()].is_null())
        {
            self.fault(place, &format!("header `{header}` is gone"));
        }
    }

    fn schema(&mut self, side: Side, place: &str, before: &'a Value, after: &'a Value) {
        if let Some(target) = before["$ref"].as_str()
            && !self.seen.insert((side, format!("{target} {}", after["$ref"])))
        {
            return;
        }
        let (before, after) = (resolved(self.before, before), resolved(self.after, after));
        if before["type"] != after["type"] || before["oneOf"].is_null() != after["oneOf"].is_null() {
            return self.fault(place, &format!("its type was {}, and is {}", kind(before), kind(after)));
        }
        for word in items(&before["enum"])
            .filter(|word| !after["enum"].is_null() && !items(&after["enum"]).any(|it| it == *word))
        {
            self.fault(place, &format!("the word {word} is gone"));
        }
        if side == Side::Request && before["enum"].is_null() && !after["enum"].is_null() {
            self.fault(place, "only certain words are taken now");
        }
        if side == Side::Answer && !before["enum"].is_null() && after["enum"].is_null() {
            self.fault(place, "any text is answered now");
        }
        for (bound, least) in [("minimum", true), ("maximum", false), ("minLength", true), ("maxLength", false)] {
            let (was, is) = (before[bound].as_f64(), after[bound].as_f64());
            let narrower = is.is_some_and(|is| was.is_none_or(|was| if least { is > was } else { is < was }));
            if side == Side::Request && narrower {
                self.fault(place, &format!("`{bound}` was {}, and is {}", before[bound], after[bound]));
            }
        }
        for (own, other) in items(&before["oneOf"]).zip(items(&after["oneOf"])) {
            self.schema(side, place, own, other);
        }
        if !before["items"].is_null() {
            self.schema(side, &format!("{place}[]"), &before["items"], &after["items"]);
        }
        for (field, own) in members(&before["properties"]) {
            let (place, other) = (format!("{place}, field `{field}`"), &after["properties"][field]);
            if other.is_null() {
                self.fault(&place, "it is gone");
                continue;
            }
            if side == Side::Answer && has(&before["required"], field) && !has(&after["required"], field) {
                self.fault(&place, "it may be left out now");
            }
            self.schema(side, &place, own, other);
        }
        for field in items(&after["required"]).filter_map(Value::as_str) {
            if side == Side::Request && !has(&before["required"], field) {
                self.fault(&format!("{place}, field `{field}`"), "it has to be there now");
            }
        }
    }
}

fn kind(schema: &Value) -> String {
    if schema["oneOf"].is_null() { schema["type"].to_string() } else { "one of several".to_owned() }
}

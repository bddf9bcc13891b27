//! Schemas: what a body is read as tells them itself, and so do words, by their own readers.

use std::{fmt, ops::RangeInclusive};

use serde::{
    Deserializer,
    de::{DeserializeOwned, Visitor, value::Error},
    forward_to_deserialize_any,
};
use serde_json::{Map, Value, json};
use utoipa::{
    ToSchema,
    openapi::{RefOr, Schema},
};

/// A text.
pub(crate) fn text() -> Value {
    json!({ "type": "string" })
}

/// A time.
pub(crate) fn time() -> Value {
    json!({ "type": "string", "format": "date-time" })
}

/// `true` or `false`.
pub(crate) fn flag() -> Value {
    json!({ "type": "boolean" })
}

/// A whole number, as they are read: 32 bits, none below zero.
pub(crate) fn number() -> Value {
    json!({ "type": "integer", "minimum": 0, "maximum": u32::MAX })
}

/// A list.
pub(crate) fn list(item: Value) -> Value {
    json!({ "type": "array", "items": item })
}

/// One of the words that an enum is read from.
pub(crate) fn words<T: DeserializeOwned>() -> Value {
    let mut words: &[&str] = &[];
    // It says which words it knows, and then refuses to be read.
    drop(T::deserialize(Asked(&mut words)));
    json!({ "type": "string", "enum": words })
}

/// The same, as it is answered.
pub(crate) fn answered_words<T: DeserializeOwned>() -> RefOr<Schema> {
    answered(words::<T>())
}

/// A schema that was told as JSON, where a derived one wants it.
pub(crate) fn answered(schema: Value) -> RefOr<Schema> {
    serde_json::from_value(schema).map_or_else(|_| Schema::default().into(), RefOr::T)
}

struct Asked<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for Asked<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(serde::de::Error::custom("only words are asked for"))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Error> {
        *self.0 = variants;
        Err(serde::de::Error::custom("they are known now"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct newtype_struct seq
        tuple tuple_struct map struct identifier ignored_any
    }
}

/// The fields that a reader has asked for.
#[derive(Debug, Default)]
pub(crate) struct Told {
    properties: Map<String, Value>,
    needed: Vec<Value>,
}

impl Told {
    /// It asks for a field. Where it can't go on without, it gets something to go on with.
    pub(crate) fn field(&mut self, name: &str, schema: Value) -> Option<Value> {
        let sample = self.needed.iter().any(|needed| needed == name).then(|| sample(&schema));
        self.properties.insert(name.to_owned(), schema);
        sample
    }

    /// The field it asks for next has to be there.
    pub(crate) fn needs(&mut self, name: &str) {
        self.needed.push(name.into());
    }

    /// The number it asked for is one of these.
    pub(crate) fn within(&mut self, name: &str, numbers: &RangeInclusive<u32>) {
        if let Some(schema) = self.properties.get_mut(name) {
            schema["minimum"] = (*numbers.start()).into();
            schema["maximum"] = (*numbers.end()).into();
        }
    }

    /// The field it asked for may be null.
    pub(crate) fn may_be_null(&mut self, name: &str) {
        if let Some(kind) = self.properties.get_mut(name).and_then(|schema| schema.get_mut("type")) {
            *kind = json!([kind.take(), "null"]);
        }
    }

    /// All of it. `fault` says why it did not read to its end.
    pub(crate) fn schema(self, fault: Option<String>) -> Value {
        let Self { properties, needed } = self;
        let mut schema = json!({ "type": "object", "properties": properties, "additionalProperties": false });
        if !needed.is_empty() {
            schema["required"] = Value::Array(needed);
        }
        if let Some(fault) = fault {
            // No test lets this pass.
            schema["x-unread"] = fault.into();
        }
        schema
    }
}

fn sample(schema: &Value) -> Value {
    if let Some(word) = schema["enum"].get(0) {
        return word.clone();
    }
    match schema["type"].as_str() {
        Some("string") if schema["format"] == "date-time" => "2026-03-02T12:00:00Z".into(),
        Some("string") => "x".into(),
        Some("boolean") => false.into(),
        Some("integer") => 1.into(),
        Some("array") if !schema["items"]["enum"].is_null() => json!([sample(&schema["items"])]),
        Some("array") => json!([]),
        _ => json!({}),
    }
}

/// What is answered, with all that it refers to.
#[derive(Clone, Default)]
pub(crate) struct Shape {
    pub(crate) schema: Value,
    pub(crate) parts: Vec<(String, Value)>,
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.schema.fmt(f)
    }
}

impl Shape {
    /// The shape of an answer, by its name. Of a list, the items have the name.
    pub(crate) fn of<T: ToSchema>() -> Self {
        let name = T::name().into_owned();
        let mut parts = vec![(name.clone(), T::schema())];
        T::schemas(&mut parts);
        let parts = parts.into_iter().map(|(name, schema)| (name, complete(value(&schema)))).collect();
        Self { schema: reference(&name), parts }
    }
}

/// What may be null is answered all the same: only what is left out need not be there, and that is never null.
fn complete(mut schema: Value) -> Value {
    let Some(members) = schema["properties"].as_object() else { return schema };
    let null = |schema: &Value| *schema == json!("null");
    let may_be_null = |member: &Value| {
        let kinds = [&member["type"], &member["oneOf"]].into_iter().filter_map(Value::as_array).flatten();
        kinds.into_iter().any(|kind| null(kind) || null(&kind["type"]))
    };
    let mut needed: Vec<_> = schema["required"].as_array().cloned().unwrap_or_default();
    needed.extend(members.iter().filter(|(_, member)| may_be_null(member)).map(|(name, _)| name.as_str().into()));
    needed.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
    needed.dedup();
    schema["required"] = needed.into();
    schema
}

/// The schema of a type, as JSON.
pub(crate) fn value(schema: &RefOr<Schema>) -> Value {
    serde_json::to_value(schema).unwrap_or_default()
}

/// Refers to a schema by its name.
pub(crate) fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

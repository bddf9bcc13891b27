//! JSON as it is taken in: one object, every field known, no field twice, no U+0000, every type right.

use std::{cell::RefCell, fmt, ops::RangeInclusive};

use portal_domain::time::Timestamp;
use serde::{
    Deserializer,
    de::{DeserializeOwned, DeserializeSeed, IntoDeserializer, MapAccess, SeqAccess, Visitor, value},
};
use serde_json::{Map, Number, Value};

use crate::{
    document::{self, Told},
    problem::Problem,
};

/// The fields of a body, which are taken out one by one; what is left at the end is unknown.
#[derive(Debug)]
pub(crate) struct Fields {
    members: Map<String, Value>,
    /// Where nothing is read, and the reader only tells what it would read.
    told: Option<Told>,
}

/// What a body is read as.
pub(crate) trait FromFields: Sized {
    /// Whether the body may be left out.
    const OPTIONAL: bool = false;

    /// Takes the fields that are known.
    fn from_fields(fields: &mut Fields) -> Result<Self, Problem>;
}

/// A body without fields, which may be left out.
pub(crate) struct Empty;

impl FromFields for Empty {
    const OPTIONAL: bool = true;

    fn from_fields(_: &mut Fields) -> Result<Self, Problem> {
        Ok(Self)
    }
}

/// The schema of what is read as this, told by the reader itself: it asks for its fields, and each is noted instead of taken.
pub(crate) fn schema<B: FromFields>() -> Value {
    let mut fields = Fields { members: Map::new(), told: Some(Told::default()) };
    let read = B::from_fields(&mut fields);
    fields.told.unwrap_or_default().schema(read.err().map(|problem| problem.detail().to_owned()))
}

/// Reads a body whole: nothing may be left over.
pub(crate) fn read<B: FromFields>(bytes: &[u8]) -> Result<B, Problem> {
    let blank = bytes.iter().all(u8::is_ascii_whitespace);
    let mut fields = if B::OPTIONAL && blank { Fields::of(Map::new()) } else { Fields::parse(bytes)? };
    let body = B::from_fields(&mut fields)?;
    fields.end()?;
    Ok(body)
}

impl Fields {
    const fn of(members: Map<String, Value>) -> Self {
        Self { members, told: None }
    }

    fn parse(bytes: &[u8]) -> Result<Self, Problem> {
        let fault = RefCell::new(None);
        let mut deserializer = serde_json::Deserializer::from_slice(bytes);
        let seed = Strict { path: String::new(), fault: &fault };
        let parsed = seed.deserialize(&mut deserializer).and_then(|value| deserializer.end().map(|()| value));
        match (parsed, fault.take()) {
            (_, Some((field, detail))) => Err(Problem::invalid_field(field, detail)),
            (Ok(Value::Object(fields)), None) => Ok(Self::of(fields)),
            (Ok(_), None) => Err(Problem::invalid("the body must be a JSON object")),
            (Err(error), None) => Err(Problem::invalid(format!("the body is not JSON: {error}"))),
        }
    }

    fn end(self) -> Result<(), Problem> {
        match self.members.into_iter().next() {
            Some((name, _)) => {
                Err(Problem::invalid_field(&name, format!("there is no field `{}`", name.escape_debug())))
            }
            None => Ok(()),
        }
    }

    fn take<T>(
        &mut self,
        name: &'static str,
        wanted: &str,
        schema: impl FnOnce() -> Value,
        read: impl FnOnce(Value) -> Option<T>,
    ) -> Result<Option<T>, Problem> {
        if let Some(told) = &mut self.told {
            return Ok(told.field(name, schema()).and_then(read));
        }
        let Some(value) = self.members.remove(name) else { return Ok(None) };
        read(value).map(Some).ok_or_else(|| wrong(name, wanted))
    }

    /// A field that has to be there.
    pub(crate) fn required<T>(
        &mut self,
        name: &'static str,
        take: impl FnOnce(&mut Self, &'static str) -> Result<Option<T>, Problem>,
    ) -> Result<T, Problem> {
        if let Some(told) = &mut self.told {
            told.needs(name);
        }
        take(self, name)?.ok_or_else(|| Problem::invalid_field(name, format!("`{name}` is missing")))
    }

    /// A field that may also be null, which is `Some(None)`.
    pub(crate) fn nullable<T>(
        &mut self,
        name: &'static str,
        take: impl FnOnce(&mut Self, &'static str) -> Result<Option<T>, Problem>,
    ) -> Result<Option<Option<T>>, Problem> {
        if self.members.get(name).is_some_and(Value::is_null) {
            self.members.remove(name);
            return Ok(Some(None));
        }
        let taken = take(self, name)?;
        if let Some(told) = &mut self.told {
            told.may_be_null(name);
        }
        Ok(taken.map(Some))
    }

    /// A text.
    pub(crate) fn text(&mut self, name: &'static str) -> Result<Option<String>, Problem> {
        self.take(name, "a text", document::text, |value| match value {
            Value::String(text) => Some(text),
            _ => None,
        })
    }

    /// A time.
    pub(crate) fn time(&mut self, name: &'static str) -> Result<Option<Timestamp>, Problem> {
        let text = self.take(name, "a text", document::time, |value| value.as_str().map(str::to_owned))?;
        let parse = |text: String| {
            let parsed: Result<jiff::Timestamp, _> = text.parse();
            parsed.map(|at| Timestamp::from_micros(at.as_microsecond()))
        };
        let wrong = |_| Problem::invalid_field(name, format!("`{name}` must be a time such as `2026-03-02T12:00:00Z`"));
        text.map(parse).transpose().map_err(wrong)
    }

    /// A list of texts.
    pub(crate) fn texts(&mut self, name: &'static str) -> Result<Option<Vec<String>>, Problem> {
        self.texts_of(name, document::text)
    }

    /// A list of texts of which the caller knows more: `item` tells it, for the document.
    pub(crate) fn texts_of(&mut self, name: &'static str, item: fn() -> Value) -> Result<Option<Vec<String>>, Problem> {
        let Some(items) = self.list(name, item)? else { return Ok(None) };
        let texts = items.into_iter().enumerate().map(|(index, value)| match value {
            Value::String(text) => Ok(text),
            _ => Err(wrong(&format!("{name}[{index}]"), "a text")),
        });
        texts.collect::<Result<_, _>>().map(Some)
    }

    /// A list of objects, each read whole like a body.
    pub(crate) fn objects<B: FromFields>(&mut self, name: &'static str) -> Result<Option<Vec<B>>, Problem> {
        let Some(items) = self.list(name, schema::<B>)? else { return Ok(None) };
        let objects = items.into_iter().enumerate().map(|(index, value)| {
            let place = format!("{name}[{index}]");
            let Value::Object(members) = value else { return Err(wrong(&place, "an object")) };
            let mut fields = Self::of(members);
            let object = B::from_fields(&mut fields).and_then(|object| fields.end().map(|()| object));
            object.map_err(|problem| problem.inside(&place))
        });
        objects.collect::<Result<_, _>>().map(Some)
    }

    fn list(&mut self, name: &'static str, item: fn() -> Value) -> Result<Option<Vec<Value>>, Problem> {
        self.take(
            name,
            "a list",
            || document::list(item()),
            |value| match value {
                Value::Array(items) => Some(items),
                _ => None,
            },
        )
    }

    /// `true` or `false`.
    pub(crate) fn flag(&mut self, name: &'static str) -> Result<Option<bool>, Problem> {
        self.take(name, "`true` or `false`", document::flag, |value| value.as_bool())
    }

    /// A whole number.
    pub(crate) fn number(&mut self, name: &'static str) -> Result<Option<u32>, Problem> {
        self.take(name, "a whole number", document::number, whole)
    }

    /// The same, where the rules take only these numbers: the document says so, and they refuse the others themselves.
    pub(crate) fn number_within(
        &mut self,
        name: &'static str,
        taken: &RangeInclusive<u32>,
    ) -> Result<Option<u32>, Problem> {
        let number = self.number(name)?;
        if let Some(told) = &mut self.told {
            told.within(name, taken);
        }
        Ok(number)
    }

    /// A list of whole numbers.
    pub(crate) fn numbers(&mut self, name: &'static str) -> Result<Option<Vec<u32>>, Problem> {
        let Some(items) = self.list(name, document::number)? else { return Ok(None) };
        let numbers = items
            .into_iter()
            .enumerate()
            .map(|(index, value)| whole(value).ok_or_else(|| wrong(&format!("{name}[{index}]"), "a whole number")));
        numbers.collect::<Result<_, _>>().map(Some)
    }

    fn one_of(&mut self, name: &'static str, words: fn() -> Value) -> Result<Option<String>, Problem> {
        match &mut self.told {
            Some(told) => Ok(told.field(name, words()).and_then(|word| word.as_str().map(str::to_owned))),
            None => self.text(name),
        }
    }

    /// One of a few words.
    pub(crate) fn word<T: DeserializeOwned>(&mut self, name: &'static str) -> Result<Option<T>, Problem> {
        let Some(text) = self.one_of(name, document::words::<T>)? else { return Ok(None) };
        let word = T::deserialize(IntoDeserializer::<value::Error>::into_deserializer(text));
        word.map(Some).map_err(|error| Problem::invalid_field(name, format!("`{name}`: {error}")))
    }
}

fn wrong(field: &str, wanted: &str) -> Problem {
    Problem::invalid_field(field, format!("`{field}` must be {wanted}"))
}

fn whole(value: Value) -> Option<u32> {
    value.as_u64().and_then(|number| u32::try_from(number).ok())
}

/// Reads any value, and notes where it is one that is refused. A derived reader would take arrays for
/// objects, and the usual one lets the last of two fields win.
struct Strict<'f> {
    path: String,
    fault: &'f RefCell<Option<(String, &'static str)>>,
}

impl Strict<'_> {
    fn refuse<E: serde::de::Error>(&self, path: String, detail: &'static str) -> E {
        *self.fault.borrow_mut() = Some((path, detail));
        E::custom(detail)
    }

    fn text<E: serde::de::Error>(&self, path: &str, text: String) -> Result<String, E> {
        if text.contains('\0') {
            return Err(self.refuse(path.to_owned(), "U+0000 is in no text"));
        }
        Ok(text)
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Bool(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Value, E> {
        Number::from_f64(number).map(Value::Number).ok_or_else(|| E::custom("not a number"))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Value, E> {
        self.text(&self.path, text.to_owned()).map(Value::String)
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        let next = |index: usize| Strict { path: format!("{}[{index}]", self.path), fault: self.fault };
        while let Some(item) = items.next_element_seed(next(list.len()))? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = entries.next_key::<String>()? {
            let path = if self.path.is_empty() { name.clone() } else { format!("{}.{name}", self.path) };
            let name = self.text(&path, name)?;
            if object.contains_key(&name) {
                return Err(self.refuse(path, "the field is there twice"));
            }
            let value = entries.next_value_seed(Strict { path, fault: self.fault })?;
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Sample;

    impl FromFields for Sample {
        fn from_fields(fields: &mut Fields) -> Result<Self, Problem> {
            fields.required("name", Fields::text)?;
            fields.texts("emails")?;
            fields.flag("join")?;
            fields.numbers("days")?;
            fields.nullable("limit", Fields::number)?;
            fields.word::<portal_domain::practice::Role>("role")?;
            Ok(Self)
        }
    }

    #[test]
    fn what_is_wrong_is_named_by_its_field() {
        for (body, field) in [
            (r#"{"name": 1}"#, Some("name")),
            (r#"{"name": null}"#, Some("name")),
            (r#"{}"#, Some("name")),
            (r#"{"name": "A", "name": "B"}"#, Some("name")),
            (r#"{"name": "A", "x": 1}"#, Some("x")),
            (r#"{"name": "A\u0000"}"#, Some("name")),
            (r#"{"name": "A", "emails": ["a", "b\u0000"]}"#, Some("emails[1]")),
            (r#"{"name": "A", "emails": ["a", 2]}"#, Some("emails[1]")),
            (r#"{"name": "A", "emails": "a"}"#, Some("emails")),
            (r#"{"name": "A", "emails": {"0": "a"}}"#, Some("emails")),
            (r#"{"name": "A", "x": {"y": 1, "y": 2}}"#, Some("x.y")),
            (r#"{"name": "A", "join": "true"}"#, Some("join")),
            (r#"{"name": "A", "days": [1, 2.5]}"#, Some("days[1]")),
            (r#"{"name": "A", "limit": -1}"#, Some("limit")),
            (r#"{"name": "A", "role": "boss"}"#, Some("role")),
            (r#"{"name": "A", "role": {"admin": null}}"#, Some("role")),
            (r#"["A"]"#, None),
            (r#""A""#, None),
            (r#"{"name": "A"} {}"#, None),
            (r#"{"name": "A""#, None),
            (r#"{"name": "\ud800"}"#, None),
            ("", None),
            ("null", None),
        ] {
            let response = read::<Sample>(body.as_bytes()).expect_err(body);
            assert_eq!(response.code(), "invalid_request", "{body}");
            assert_eq!(response.field(), field, "{body}");
        }
        assert!(read::<Sample>(br#"{"name": "A", "limit": null, "role": "admin", "emails": []}"#).is_ok());
    }

    #[test]
    fn only_a_body_without_fields_may_be_left_out() {
        assert!(read::<Empty>(b" ").is_ok());
        assert!(read::<Empty>(b"{}").is_ok());
        assert!(read::<Empty>(br#"{"x": 1}"#).is_err());
        assert!(read::<Empty>(b"[]").is_err());
    }
}

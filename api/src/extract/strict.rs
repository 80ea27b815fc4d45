//! JSON in which no object has a name twice. Of two values one would be lost, and readers differ in which (RFC 8259,
//! section 4): what one checked, another might not have read.

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::problem::{Code, Detail, Problem};

/// Reads a value. Nested more than 128 deep, it is refused.
pub(super) fn read(text: &str) -> Result<Value, Problem> {
    let twice = RefCell::new(None);
    let malformed = |error: serde_json::Error| {
        Problem::new(Code::ValidMalformedJson, format!("the body is not JSON: {error}"))
    };
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = Strict { path: "", twice: &twice }.deserialize(&mut reader).map_err(malformed)?;
    reader.end().map_err(malformed)?;
    match twice.into_inner() {
        None => Ok(value),
        Some(path) => {
            let detail = Detail::new(Code::ValidMalformedRequest, "is given more than once");
            Err(detail.on(path).by("UNIQUE").into())
        }
    }
}

/// A value at a path; where a name is first found twice is noted.
struct Strict<'a> {
    path: &'a str,
    twice: &'a RefCell<Option<String>>,
}

impl Strict<'_> {
    fn below(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }
}

/// Longest path that is told.
const PATH_CHARACTERS_MAX: usize = 128;

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        let place = |path| Strict { path, twice: self.twice };
        while let Some(value) = sequence.next_element_seed(place(self.path))? {
            values.push(value);
        }
        Ok(values.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = entries.next_key::<String>()? {
            let path = self.below(&name);
            let value = entries.next_value_seed(Strict { path: &path, twice: self.twice })?;
            if object.insert(name, value).is_some() {
                let shown = || path.chars().filter(|c| !c.is_control()).take(PATH_CHARACTERS_MAX);
                self.twice.borrow_mut().get_or_insert_with(|| shown().collect());
            }
        }
        Ok(object.into())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_read_is_what_is_written() {
        let value =
            json!({ "a": [1, -2, 0.5, 1e300, true, null, "é\n"], "b": { "a": {} }, "": u64::MAX });
        assert_eq!(read(&value.to_string()).unwrap(), value);
    }

    #[test]
    fn a_name_given_twice_is_told_with_its_path() {
        for (text, path) in [
            (r#"{"a":1,"a":1}"#, "a"),
            (r#"{"a":1,"\u0061":2}"#, "a"),
            (r#"{"a":{"b":[{"c":1,"c":2}]}}"#, "a.b.c"),
        ] {
            let problem = read(text).unwrap_err();
            let detail = problem.details().next().unwrap();
            assert_eq!((detail.field.as_deref(), detail.constraint), (Some(path), Some("UNIQUE")));
        }
    }

    #[test]
    fn what_is_nested_too_deep_is_refused() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(read(&nested(100)).is_ok());
        assert_eq!(read(&nested(129)).unwrap_err().code(), Code::ValidMalformedJson);
    }
}

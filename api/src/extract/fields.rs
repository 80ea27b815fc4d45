//! Takes values out of a request by name and collects what is wrong with any of them.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use super::field::Field;
use crate::problem::{Code, Detail, Problem};

/// Most names that are read: nobody means more.
const NAMES_MAX: usize = 64;

/// The named values of a request.
#[derive(Debug)]
pub struct Fields {
    values: Map<String, Value>,
    details: Vec<Detail>,
    /// The names that were asked for.
    known: Vec<&'static str>,
}

/// Something is wrong, and has been noted: it is told together with everything else that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Noted;

/// A request that is made of named values.
pub trait FromFields: Sized {
    /// Takes every value before it looks whether one is wrong, so that all that are wrong are told.
    fn from_fields(fields: &mut Fields) -> Result<Self, Noted>;
}

impl Fields {
    /// What `values` make, or everything that is wrong with them.
    pub fn read<T: FromFields>(values: Map<String, Value>) -> Result<T, Problem> {
        let mut fields = Self { values, details: Vec::new(), known: Vec::new() };
        let read = T::from_fields(&mut fields);
        fields.refuse_the_rest();
        match (Problem::all(fields.details), read) {
            (None, Ok(read)) => Ok(read),
            (Some(problem), _) => Err(problem),
            (None, Err(Noted)) => {
                Err(Problem::new(Code::ValidMalformedRequest, "the request cannot be read"))
            }
        }
    }

    /// A value that must be there.
    pub fn required<T: Field>(&mut self, name: &'static str) -> Result<T, Noted> {
        if !self.has(name) {
            self.values.remove(name);
            let missing = Detail::new(Code::ValidRequiredField, "is required");
            return self.refuse(missing.on(name).by("REQUIRED"));
        }
        self.optional(name)?.ok_or(Noted)
    }

    /// A value that may be left out, or null.
    pub fn optional<T: Field>(&mut self, name: &'static str) -> Result<Option<T>, Noted> {
        let Some(value) = self.take(name) else { return Ok(None) };
        match serde_path_to_error::deserialize(value) {
            Ok(value) => Ok(Some(value)),
            Err(error) => {
                let path = match error.path().to_string().as_str() {
                    "." => name.to_owned(),
                    inner => format!("{name}.{inner}"),
                };
                self.refuse(misfit::<T>(&error.into_inner()).on(path).by(T::CONSTRAINT))
            }
        }
    }

    /// A whole number that may be left out; in a query string it is written as text.
    pub fn number(
        &mut self,
        name: &'static str,
        range: RangeInclusive<u64>,
    ) -> Result<Option<u64>, Noted> {
        let Some(value) = self.take(name) else { return Ok(None) };
        let number = match &value {
            Value::String(digits) => digits.parse().ok(),
            other => other.as_u64(),
        };
        let number = number.filter(|number| range.contains(number));
        if number.is_some() {
            return Ok(number);
        }
        let (min, max) = range.into_inner();
        let message = format!("must be a whole number from {min} to {max}");
        self.refuse(Detail::new(Code::ValidOutOfRange, message).on(name).by("RANGE"))
    }

    /// A word out of a list, which may be left out.
    pub fn word(
        &mut self,
        name: &'static str,
        words: &[&'static str],
    ) -> Result<Option<&'static str>, Noted> {
        let Some(value) = self.take(name) else { return Ok(None) };
        let word = words.iter().copied().find(|word| value.as_str() == Some(word));
        if word.is_some() {
            return Ok(word);
        }
        let message = format!("must be one of {}", words.join(", "));
        self.refuse(Detail::new(Code::ValidInvalidFormat, message).on(name).by("ONE_OF"))
    }

    /// Whether there is a value under the name.
    pub fn has(&mut self, name: &'static str) -> bool {
        self.know(name);
        self.values.get(name).is_some_and(|value| !value.is_null())
    }

    /// Notes something that is wrong.
    pub fn refuse<T>(&mut self, detail: Detail) -> Result<T, Noted> {
        self.details.push(detail);
        Err(Noted)
    }

    fn take(&mut self, name: &'static str) -> Option<Value> {
        self.know(name);
        self.values.remove(name).filter(|value| !value.is_null())
    }

    fn know(&mut self, name: &'static str) {
        if !self.known.contains(&name) {
            self.known.push(name);
        }
    }

    /// What nobody took is what nobody knows.
    fn refuse_the_rest(&mut self) {
        let unknown = std::mem::take(&mut self.values);
        if unknown.is_empty() {
            return;
        }
        self.known.sort_unstable();
        let told = match &self.known[..] {
            [] => "is not a field of this request, which has none".to_owned(),
            known => format!("is not a field of this request, which has {}", known.join(", ")),
        };
        for name in unknown.into_iter().map(|(name, _)| name).take(NAMES_MAX) {
            let shown: String = name.chars().filter(|c| !c.is_control()).take(NAMES_MAX).collect();
            let detail = Detail::new(Code::ValidUnknownField, told.clone());
            self.details.push(detail.on(shown).by("UNKNOWN"));
        }
    }
}

/// A deserialisation error in our words: a wrong kind of value, or a value that is not well formed. The value
/// itself is not repeated.
fn misfit<T: Field>(error: &serde_json::Error) -> Detail {
    let message = error.to_string();
    let is_of_wrong_type = message.starts_with("invalid type");
    match (T::EXPECTED, message.rsplit_once(", expected ")) {
        (_, Some((_, expected))) if is_of_wrong_type => {
            Detail::new(Code::ValidInvalidType, format!("must be {expected}"))
        }
        (Some(expected), _) => Detail::new(Code::ValidInvalidFormat, expected),
        (None, Some((_, expected))) => {
            Detail::new(Code::ValidInvalidFormat, format!("must be {expected}"))
        }
        (None, None) => Detail::new(Code::ValidInvalidFormat, message),
    }
}

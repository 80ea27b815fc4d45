//! A query string.

use axum::extract::FromRequestParts;
use http::request::Parts;
use serde_json::{Map, Value};

use super::{Fields, FromFields, Noted};
use crate::problem::{Code, Detail, Problem};

/// Most names in a query string: no route has a third of them.
const NAMES_MAX: usize = 64;

/// The query string, read. An empty value counts as none.
#[derive(Debug, Clone, Copy)]
pub struct Query<T>(pub T);

impl<T: FromFields, S: Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Fields::read(pairs(parts.uri.query().unwrap_or_default())?).map(Self)
    }
}

/// A query string without names: the route takes none, and whoever gives it one is mistaken in something.
pub struct NoNames;

impl FromFields for NoNames {
    fn from_fields(_: &mut Fields) -> Result<Self, Noted> {
        Ok(Self)
    }
}

/// The names and values of a query string, or of a form.
pub(crate) fn pairs(query: &str) -> Result<Map<String, Value>, Problem> {
    let mut values = Map::new();
    if query.split('&').count() > NAMES_MAX {
        let message = format!("the query string has more than {NAMES_MAX} names");
        return Err(Problem::new(Code::ValidMalformedRequest, message));
    }
    for (name, value) in query.split('&').filter(|pair| !pair.is_empty()).map(split) {
        let (name, value) = (decode(name)?, decode(value)?);
        if values.contains_key(&name) {
            let twice = Detail::new(Code::ValidMalformedRequest, "is given more than once");
            return Err(twice.on(name).into());
        }
        let value = if value.is_empty() { Value::Null } else { Value::String(value) };
        values.insert(name, value);
    }
    Ok(values)
}

fn split(pair: &str) -> (&str, &str) {
    pair.split_once('=').unwrap_or((pair, ""))
}

/// Undoes percent-encoding; a plus sign is a space.
fn decode(text: &str) -> Result<String, Problem> {
    let spaced = text.replace('+', " ");
    let decoded = percent_encoding::percent_decode_str(&spaced).decode_utf8();
    decoded
        .map(Into::into)
        .map_err(|_| Problem::new(Code::ValidMalformedRequest, "the query string is not UTF-8"))
}

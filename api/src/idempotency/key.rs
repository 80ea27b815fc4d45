//! The header `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header, section 2.1).

use http::{HeaderMap, HeaderName};

use crate::problem::{Code, Detail, Problem};

/// The header.
pub const HEADER: HeaderName = HeaderName::from_static("idempotency-key");

const LENGTH_MAX: usize = 255;

/// What a client names its request by: 1 to 255 visible ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key(String);

impl Key {
    /// The one key that came with the request, bare or as the draft has it: a string in quotes (RFC 8941, section 3.3.3).
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let mut values = headers.get_all(HEADER).into_iter();
        let (value, another) = (values.next(), values.next());
        let text = value.filter(|_| another.is_none()).and_then(|value| value.to_str().ok());
        text.and_then(Self::parse).ok_or_else(malformed)
    }

    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let key = match text.strip_prefix('"') {
            Some(quoted) => unquoted(quoted)?,
            None => text.to_owned(),
        };
        let is_sound = (1..=LENGTH_MAX).contains(&key.len())
            && key.bytes().all(|byte| byte.is_ascii_graphic());
        is_sound.then_some(Self(key))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// What is between the quotes, the first of which is gone; nothing may come after.
fn unquoted(quoted: &str) -> Option<String> {
    let mut key = String::new();
    let mut characters = quoted.chars();
    loop {
        match characters.next()? {
            '"' => return characters.as_str().is_empty().then_some(key),
            '\\' => key.push(characters.next().filter(|c| matches!(c, '"' | '\\'))?),
            character => key.push(character),
        }
    }
}

fn malformed() -> Problem {
    let message = "must be one key of 1 to 255 visible ASCII characters, bare or in quotes";
    Detail::new(Code::ValidInvalidFormat, message)
        .on("Idempotency-Key")
        .by("IDEMPOTENCY_KEY")
        .into()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn key(text: &str) -> Option<String> {
        let value = HeaderValue::from_bytes(text.as_bytes()).unwrap();
        Key::of(&HeaderMap::from_iter([(HEADER, value)])).ok().map(|key| key.0)
    }

    #[test]
    fn a_key_is_the_same_bare_and_in_quotes() {
        assert_eq!(key("order-17").as_deref(), Some("order-17"));
        assert_eq!(key(" \"order-17\" ").as_deref(), Some("order-17"));
        assert_eq!(key(r#""a\"b\\c""#).as_deref(), Some(r#"a"b\c"#));
        assert_eq!(key(&"x".repeat(255)).map(|key| key.len()), Some(255));
    }

    #[test]
    fn anything_else_is_no_key() {
        let long = "x".repeat(256);
        for text in
            ["", "\"\"", "two words", "\"two words\"", "\"open", "\"a\";b", r#""a\b""#, "é", &long]
        {
            assert_eq!(key(text), None, "{text}");
        }
    }

    #[test]
    fn two_keys_are_none() {
        let value = HeaderValue::from_static("a");
        let headers = HeaderMap::from_iter([(HEADER, value.clone())]);
        let mut twice = headers.clone();
        twice.append(HEADER, value);
        assert!(Key::of(&headers).is_ok() && Key::of(&twice).is_err());
    }
}

//! What a request shows to be let in: an access token or an API key.

use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::no_token;
use crate::problem::{Code, Detail, Problem};
use crate::token::InvalidToken;

/// The other header an API key may come in.
pub const API_KEY_HEADER: HeaderName = HeaderName::from_static("x-api-key");

/// What a request shows to be let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown<'a> {
    /// What may be an access token (RFC 6750, section 2.1).
    Token(&'a str),
    /// What may be an API key.
    ApiKey(&'a str),
}

/// What a request shows to be let in.
pub fn shown(headers: &HeaderMap) -> Result<Shown<'_>, Problem> {
    let keys = headers.get_all(&API_KEY_HEADER).iter().collect::<Vec<_>>();
    match (headers.get(header::AUTHORIZATION), keys.as_slice()) {
        (Some(value), []) => {
            let token = bearer(value)?;
            let is_key = token.starts_with(commands::api_keys::text::BEGINNING);
            Ok(if is_key { Shown::ApiKey(token) } else { Shown::Token(token) })
        }
        // What is not text is no key either.
        (None, [key]) => Ok(Shown::ApiKey(key.to_str().unwrap_or_default().trim())),
        (None, []) => Err(no_token()),
        _ => {
            let message =
                "must be the only one: send one API key, or an access token in Authorization";
            Err(Detail::new(Code::ValidMalformedRequest, message).on("X-Api-Key").into())
        }
    }
}

fn bearer(value: &HeaderValue) -> Result<&str, Problem> {
    let value = value.to_str().map_err(|_| Problem::from(InvalidToken::Forged))?;
    let (scheme, token) = value.split_once(' ').ok_or_else(no_token)?;
    if scheme.eq_ignore_ascii_case("bearer") { Ok(token.trim()) } else { Err(no_token()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(fields: &[(HeaderName, &'static [u8])]) -> Result<String, Code> {
        let value = |bytes| HeaderValue::from_bytes(bytes).unwrap();
        let mut headers = HeaderMap::new();
        for (name, bytes) in fields {
            headers.append(name, value(bytes));
        }
        match shown(&headers) {
            Ok(Shown::Token(token)) => Ok(format!("token {token}")),
            Ok(Shown::ApiKey(key)) => Ok(format!("key {key}")),
            Err(problem) => Err(problem.code()),
        }
    }

    fn token(value: &'static [u8]) -> Result<String, Code> {
        read(&[(header::AUTHORIZATION, value)])
    }

    #[test]
    fn the_token_is_what_follows_the_scheme() {
        assert_eq!(token(b"Bearer a.b.c"), Ok("token a.b.c".to_owned()));
        assert_eq!(token(b"bearer  a.b.c "), Ok("token a.b.c".to_owned()));
    }

    #[test]
    fn another_scheme_is_no_token_and_noise_no_good_one() {
        for value in [&b""[..], b"Bearer", b"Basic YTpi", b"a.b.c"] {
            assert_eq!(token(value), Err(Code::AuthTokenMissing));
        }
        assert_eq!(token(b"Bearer \xff"), Err(Code::AuthTokenInvalid));
    }

    #[test]
    fn a_key_comes_in_one_header_or_the_other_and_never_beside_something_else() {
        assert_eq!(token(b"Bearer hgk_x"), Ok("key hgk_x".to_owned()));
        assert_eq!(read(&[(API_KEY_HEADER, b" hgk_x")]), Ok("key hgk_x".to_owned()));
        for other in [(header::AUTHORIZATION, &b"Bearer a.b.c"[..]), (API_KEY_HEADER, b"hgk_y")] {
            let both = read(&[(API_KEY_HEADER, b"hgk_x"), other]);
            assert_eq!(both, Err(Code::ValidMalformedRequest));
        }
    }
}

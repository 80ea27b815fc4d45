//! Where a user is sent back to: an `https` address, or one of the user's own machine.
//!
//! What is asked for must be what was registered, letter for letter (RFC 9700, section 4.1.3). Only the port of an
//! address of the machine itself may differ: programs listen where there is room (RFC 8252, section 7.3).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const BYTES_MAX: usize = 1_000;
const LOOPBACK: [&str; 3] = ["127.0.0.1", "[::1]", "localhost"];

/// A redirect URI.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct RedirectUri(String);

/// The text is no redirect URI.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be an https address, or an http one of 127.0.0.1, [::1] or localhost, without fragment and user"
)]
pub struct InvalidRedirectUri;

/// The parts that matter: scheme and host, port, and the rest.
struct Parts<'a> {
    scheme: &'a str,
    host: &'a str,
    port: &'a str,
    rest: &'a str,
}

fn parts(text: &str) -> Option<Parts<'_>> {
    let (scheme, after) = text.split_once("://")?;
    let end = after.find(['/', '?']).unwrap_or(after.len());
    let (authority, rest) = after.split_at(end);
    let port_at = authority.rfind(':').filter(|at| !authority[*at..].contains(']'));
    let (host, port) = authority.split_at(port_at.unwrap_or(authority.len()));
    Some(Parts { scheme, host, port, rest })
}

impl RedirectUri {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether users may be sent there.
    pub fn allows(&self, asked: &str) -> bool {
        if self.0 == asked {
            return true;
        }
        match (parts(&self.0), parts(asked)) {
            (Some(own), Some(asked)) => {
                let is_port = |port: &str| {
                    port.is_empty()
                        || port.strip_prefix(':').is_some_and(|n| n.parse::<u16>().is_ok())
                };
                own.scheme == "http"
                    && LOOPBACK.contains(&own.host)
                    && (own.scheme, own.host, own.rest) == (asked.scheme, asked.host, asked.rest)
                    && is_port(asked.port)
            }
            _ => false,
        }
    }
}

impl TryFrom<String> for RedirectUri {
    type Error = InvalidRedirectUri;

    fn try_from(text: String) -> Result<Self, InvalidRedirectUri> {
        let is_plain = text.len() <= BYTES_MAX
            && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"#@\\\"<>".contains(&byte));
        let is_allowed = parts(&text).is_some_and(|parts| match parts.scheme {
            "https" => !parts.host.is_empty(),
            "http" => LOOPBACK.contains(&parts.host),
            _ => false,
        });
        if is_plain && is_allowed { Ok(Self(text)) } else { Err(InvalidRedirectUri) }
    }
}

impl From<RedirectUri> for String {
    fn from(uri: RedirectUri) -> Self {
        uri.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &str) -> Result<RedirectUri, InvalidRedirectUri> {
        RedirectUri::try_from(text.to_owned())
    }

    #[test]
    fn what_leads_elsewhere_is_refused() {
        for text in [
            "",
            "https://",
            "https:///path",
            "http://shop.example/back",
            "http://127.0.0.1.evil.example/",
            "http://localhost@evil.example/",
            "https://shop.example/back#part",
            "https://shop.example\\@evil.example/",
            "javascript://localhost/%0aalert(1)",
            "com.example.app:/back",
            "//shop.example/",
            "https://shop.example/ back",
        ] {
            assert_eq!(uri(text), Err(InvalidRedirectUri), "{text}");
        }
    }

    #[test]
    fn an_address_is_matched_letter_for_letter() {
        let back = uri("https://shop.example/back?x=1").unwrap();
        assert!(back.allows("https://shop.example/back?x=1"));
        for other in [
            "https://shop.example/back",
            "https://shop.example/back?x=1&y=2",
            "https://shop.example/back/?x=1",
            "https://shop.example:443/back?x=1",
            "https://SHOP.example/back?x=1",
            "https://shop.example.evil.example/back?x=1",
            "http://shop.example/back?x=1",
        ] {
            assert!(!back.allows(other), "{other}");
        }
    }

    #[test]
    fn on_the_users_own_machine_the_port_may_be_any() {
        for host in LOOPBACK {
            let back = uri(&format!("http://{host}/back")).unwrap();
            assert!(back.allows(&format!("http://{host}:49152/back")));
            assert!(!back.allows(&format!("http://{host}:49152/other")));
            assert!(!back.allows(&format!("http://{host}:99999/back")));
            assert!(!back.allows(&format!("http://{host}:80@evil.example/back")));
            assert!(!back.allows("http://evil.example:80/back"));
        }
    }
}

//! What WAHA servers are called, and where they are.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The name of the server the settings name.
const DEFAULT: &str = "default";

/// Longest address, in bytes.
const URL_BYTES_MAX: usize = 300;

/// A server's name: 1 to 40 lower-case letters, digits or hyphens, the first a letter or digit.
#[derive(
    Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
pub struct ServerName(String);

/// The text is not a server's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 40 lower-case letters, digits or hyphens, beginning with a letter or digit")]
pub struct InvalidServerName;

impl ServerName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is the one the settings name.
    pub fn is_default(&self) -> bool {
        self.0 == DEFAULT
    }
}

/// The server the settings name.
impl Default for ServerName {
    fn default() -> Self {
        Self(DEFAULT.to_owned())
    }
}

impl TryFrom<String> for ServerName {
    type Error = InvalidServerName;

    fn try_from(text: String) -> Result<Self, InvalidServerName> {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let is_sound =
            (1..=40).contains(&text.len()) && !text.starts_with('-') && text.bytes().all(allowed);
        if is_sound { Ok(Self(text)) } else { Err(InvalidServerName) }
    }
}

impl FromStr for ServerName {
    type Err = InvalidServerName;

    fn from_str(text: &str) -> Result<Self, InvalidServerName> {
        text.to_owned().try_into()
    }
}

impl From<ServerName> for String {
    fn from(name: ServerName) -> Self {
        name.0
    }
}

impl fmt::Display for ServerName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Where a server is: an `http` or `https` address without a user, a query or a fragment; it may have a path.
///
/// It is kept in events and shown, so there must be no place for a password in it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct ServerUrl(String);

/// The text is not a server's address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be an http or https address without user, query or fragment, such as http://waha-2:3000"
)]
pub struct InvalidServerUrl;

impl ServerUrl {
    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ServerUrl {
    type Error = InvalidServerUrl;

    fn try_from(text: String) -> Result<Self, InvalidServerUrl> {
        let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
        let authority = rest.and_then(|rest| rest.split('/').next()).unwrap_or_default();
        let (host, port) = match authority.rsplit_once(':') {
            // The colons of an IPv6 address are within brackets.
            Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
            _ => (authority, None),
        };
        let is_sound = text.len() <= URL_BYTES_MAX
            && !host.is_empty()
            && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0))
            && text.bytes().all(|b| b.is_ascii_graphic() && !b"?#@\\\"<>`{|}^%".contains(&b));
        if is_sound { Ok(Self(text)) } else { Err(InvalidServerUrl) }
    }
}

impl FromStr for ServerUrl {
    type Err = InvalidServerUrl;

    fn from_str(text: &str) -> Result<Self, InvalidServerUrl> {
        text.to_owned().try_into()
    }
}

impl From<ServerUrl> for String {
    fn from(url: ServerUrl) -> Self {
        url.0
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_short_and_plain() {
        let longest = "x".repeat(40);
        for name in ["default", "eu-1", "7", &longest] {
            assert!(ServerName::try_from(name.to_owned()).is_ok(), "{name}");
        }
        let too_long = "x".repeat(41);
        for name in ["", "-a", "EU", "a b", "a_b", "a/b", "ü", &too_long] {
            assert_eq!(ServerName::try_from(name.to_owned()), Err(InvalidServerName), "{name}");
        }
        assert!(ServerName::default().is_default());
        assert_eq!(ServerName::try_from("default".to_owned()), Ok(ServerName::default()));
    }

    #[test]
    fn an_address_has_no_place_for_a_password() {
        for url in [
            "http://waha:3000",
            "https://waha.example/behind/",
            "http://10.0.0.2",
            "http://[::1]:3000",
        ] {
            assert!(ServerUrl::try_from(url.to_owned()).is_ok(), "{url}");
        }
        for url in [
            "",
            "waha:3000",
            "ftp://waha",
            "http://",
            "http:///api",
            "http://:3000",
            "http://waha:0",
            "http://waha:99999",
            "http://waha:port",
            "http://user:secret@waha",
            "http://waha/?key=secret",
            "http://waha/#a",
            "http://wa ha",
            "http://waha\n",
        ] {
            assert_eq!(ServerUrl::try_from(url.to_owned()), Err(InvalidServerUrl), "{url}");
        }
    }
}

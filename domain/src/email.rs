//! E-mail addresses, as far as a sign-in needs them.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An address in lower case. Whether mail arrives is proven by sending it, not by its form.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct EmailAddress(String);

/// The text is not an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be an e-mail address such as ada@example.com, of at most 254 characters")]
pub struct InvalidEmail;

/// RFC 5321, section 4.5.3.1.3, less the angle brackets.
const LENGTH_MAX: usize = 254;

impl EmailAddress {
    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for EmailAddress {
    type Err = InvalidEmail;

    fn from_str(text: &str) -> Result<Self, InvalidEmail> {
        let text = text.trim().to_lowercase();
        let (local, host) = text.rsplit_once('@').ok_or(InvalidEmail)?;
        let strange =
            |c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | ',' | '@');
        let malformed = local.is_empty()
            || host.is_empty()
            || host.starts_with('.')
            || host.ends_with('.')
            || text.len() > LENGTH_MAX
            || local.contains(strange)
            || host.contains(strange);
        if malformed { Err(InvalidEmail) } else { Ok(Self(text)) }
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl TryFrom<String> for EmailAddress {
    type Error = InvalidEmail;

    fn try_from(text: String) -> Result<Self, InvalidEmail> {
        text.parse()
    }
}

impl From<EmailAddress> for String {
    fn from(address: EmailAddress) -> Self {
        address.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_kept_in_lower_case() {
        assert_eq!(
            " Ada@Example.COM ".parse::<EmailAddress>().unwrap().as_str(),
            "ada@example.com"
        );
    }

    #[test]
    fn what_has_no_two_sides_is_refused() {
        for text in ["", "ada", "@example.com", "ada@", "a b@example.com", "a@b@c", "ada@.com"] {
            assert_eq!(text.parse::<EmailAddress>(), Err(InvalidEmail), "{text}");
        }
    }
}

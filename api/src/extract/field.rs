//! The values a field may hold, and the name of the rule each must keep.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use domain::access::Role;
use domain::access::permissions::Permissions;
use domain::body::MessageBody;
use domain::email::EmailAddress;
use domain::id::{MessageId, SessionId, TenantId, UserId};
use domain::label::Label;
use domain::message::content::{ClientReference, CustomerMetadata};
use domain::message::doubt::Verdict;
use domain::oauth_client::redirect_uri::RedirectUri;
use domain::oauth_client::{ClientKind, GrantType};
use domain::phone::{Country, PhoneNumber};
use domain::priority::Priority;
use domain::session::SessionName;
use domain::session::queue_mode::QueueMode;
use domain::subdomain::SubdomainName;
use domain::tenant::TenantName;
use domain::waha_server::name::{ServerName, ServerUrl};
use schemars::JsonSchema;
use secrecy::SecretString;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// A value a field may hold.
pub trait Field: DeserializeOwned {
    /// The rule it keeps, as errors name it.
    const CONSTRAINT: &'static str;
    /// The rule in words, where the value's own error is not for people.
    const EXPECTED: Option<&'static str>;
}

macro_rules! fields {
    ($($value:ty: $constraint:literal, $expected:expr;)+) => {$(
        impl Field for $value {
            const CONSTRAINT: &'static str = $constraint;
            const EXPECTED: Option<&'static str> = $expected;
        }
    )+};
}

fields! {
    IpAddr: "IP_ADDRESS", Some("must be an IP address such as 192.0.2.7 or 2001:db8::7");
    Role: "ROLE", Some("must be one of platform_admin, tenant_admin, operator, viewer, auditor");
    UserId: "UUID", Some("must be a UUID");
    TenantName: "TENANT_NAME_FORMAT", None;
    SubdomainName: "SUBDOMAIN_FORMAT", None;
    bool: "BOOLEAN", Some("must be true or false");
    ClientKind: "CLIENT_KIND", Some("must be one of confidential, public");
    ClientReference: "CLIENT_REFERENCE_FORMAT", None;
    CustomerMetadata: "METADATA_FORMAT", None;
    Country: "COUNTRY", Some("must be a country of two letters, such as ID");
    DateTime<Utc>: "RFC3339", Some("must be a time such as 2026-01-31T17:30:00Z");
    EmailAddress: "EMAIL_FORMAT", None;
    Vec<GrantType>: "GRANT_TYPES", None;
    Vec<RedirectUri>: "REDIRECT_URIS", None;
    Label: "LABEL", None;
    MessageBody: "MESSAGE_BODY", None;
    MessageId: "UUID", Some("must be a UUID");
    Permissions: "SCOPES", None;
    PhoneNumber: "E164", None;
    Priority: "PRIORITY", Some("must be one of high, normal, low");
    SecretString: "STRING", None;
    SessionId: "UUID", Some("must be a UUID");
    SessionName: "SESSION_NAME_FORMAT", None;
    ServerName: "SERVER_NAME_FORMAT", None;
    ServerUrl: "URL", None;
    TenantId: "UUID", Some("must be a UUID");
    Text: "TEXT", None;
    QueueMode: "QUEUE_MODE", Some("must be one of run, hold, drain");
    Verdict: "VERDICT", Some("must be one of sent, resend, failed");
}

/// Text of at most [`TEXT_CHARACTERS_MAX`] characters without control characters: what a person types into a
/// search box, a phone number, a word.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
pub struct Text(pub String);

/// Longest text of no particular kind.
pub const TEXT_CHARACTERS_MAX: usize = 256;

/// The text is too long, or holds control characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be at most {TEXT_CHARACTERS_MAX} characters without control characters")]
pub struct InvalidText;

impl TryFrom<String> for Text {
    type Error = InvalidText;

    fn try_from(text: String) -> Result<Self, InvalidText> {
        let is_sound =
            text.chars().count() <= TEXT_CHARACTERS_MAX && !text.contains(char::is_control);
        if is_sound { Ok(Self(text)) } else { Err(InvalidText) }
    }
}

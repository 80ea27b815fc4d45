//! Where events live: streams, versions, and the order of the whole log.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use uuid::fmt::Hyphenated;

use crate::id::TenantId;

/// The kind of a stream: one per aggregate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Category {
    /// `message-…`
    Message,
    /// `session-…`
    Session,
    /// `webhook-…`
    Webhook,
    /// `tenant-…`
    Tenant,
    /// `user-…`
    User,
    /// `login-…`
    LoginSession,
    /// `waha_server-…`
    WahaServer,
    /// `address-…`
    Address,
    /// `refusal-…`
    Refusal,
    /// `api_key-…`
    ApiKey,
    /// `client-…`
    OAuthClient,
    /// `subdomain-…`
    Subdomain,
}

impl Category {
    /// Every category, for filters.
    pub const ALL: [Self; 12] = [
        Self::Message,
        Self::Session,
        Self::Webhook,
        Self::Tenant,
        Self::User,
        Self::LoginSession,
        Self::WahaServer,
        Self::Address,
        Self::Refusal,
        Self::ApiKey,
        Self::OAuthClient,
        Self::Subdomain,
    ];

    /// The stored word. Part of every stream's name: never change one.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Session => "session",
            Self::Webhook => "webhook",
            Self::Tenant => "tenant",
            Self::User => "user",
            Self::LoginSession => "login",
            Self::WahaServer => "waha_server",
            Self::Address => "address",
            Self::Refusal => "refusal",
            Self::ApiKey => "api_key",
            Self::OAuthClient => "client",
            Self::Subdomain => "subdomain",
        }
    }

    /// Reads the stored word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|category| category.as_str() == word)
    }
}

/// The name of one aggregate's stream, written `{category}-{tenant}-{id}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamName {
    /// The kind of aggregate.
    pub category: Category,
    /// Whose it is; another tenant's id names another, empty stream.
    pub tenant: TenantId,
    /// The aggregate's id.
    pub id: Uuid,
}

impl StreamName {
    /// Reads a name as it is written; nothing else is one, so a stream that others named is told apart.
    pub fn parse(text: &str) -> Option<Self> {
        let (category, ids) = text.split_once('-')?;
        let (tenant, id) = ids.split_at_checked(Hyphenated::LENGTH)?;
        let name = Self {
            category: Category::parse(category)?,
            tenant: tenant.parse().ok()?,
            id: id.strip_prefix('-')?.parse().ok()?,
        };
        (name.to_string() == text).then_some(name)
    }
}

impl fmt::Display for StreamName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}-{}-{}", self.category.as_str(), self.tenant, self.id)
    }
}

/// How many events a stream holds; the first event has version 1.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(transparent)]
pub struct Version(pub u32);

/// What an append demands of its stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpectedVersion {
    /// Exactly this many events; `Version(0)` means the stream must not exist.
    Exact(Version),
    /// Whatever is there.
    Any,
}

/// A place in the order of the whole log, and a reader's checkpoint.
///
/// Two numbers, compared first then second: Postgres gives (transaction, number within the table),
/// EventStoreDB (commit, prepare). Written `first-second`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Position {
    /// Transaction or commit position.
    pub first: u64,
    /// Row or prepare position.
    pub second: u64,
}

impl Position {
    /// Before every event.
    pub const START: Self = Self { first: 0, second: 0 };
}

impl fmt::Display for Position {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}-{}", self.first, self.second)
    }
}

/// The text is not a position.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be a log position such as 1742-9315")]
pub struct InvalidPosition;

impl FromStr for Position {
    type Err = InvalidPosition;

    fn from_str(text: &str) -> Result<Self, InvalidPosition> {
        let (first, second) = text.split_once('-').ok_or(InvalidPosition)?;
        let number = |digits: &str| digits.parse().map_err(|_| InvalidPosition);
        Ok(Self { first: number(first)?, second: number(second)? })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_category_reads_back() {
        for category in Category::ALL {
            assert_eq!(Category::parse(category.as_str()), Some(category));
        }
    }

    #[test]
    fn what_others_name_their_streams_is_no_name_of_ours() {
        let ours =
            "message-00000000-0000-0000-0000-00000000000a-00000000-0000-0000-0000-00000000000b";
        assert!(StreamName::parse(ours).is_some());
        for theirs in [
            "",
            "message",
            "message-1",
            "order-00000000-0000-0000-0000-00000000000a-00000000-0000-0000-0000-00000000000b",
            &format!("$${ours}"),
            &format!("{ours}-copy"),
            &ours.replace("-0000-", "0000"),
            &ours.to_uppercase(),
            &ours.replace('a', "A"),
            "message-ééééééééééééééééééééééééééééééééééééééééé",
        ] {
            assert_eq!(StreamName::parse(theirs), None, "{theirs}");
        }
    }

    proptest! {
        #[test]
        fn a_stream_name_reads_back(category in 0..Category::ALL.len(), tenant: u128, id: u128) {
            let tenant = TenantId(Uuid::from_u128(tenant));
            let category = Category::ALL[category];
            let name = StreamName { category, tenant, id: Uuid::from_u128(id) };
            prop_assert_eq!(StreamName::parse(&name.to_string()), Some(name));
        }

        #[test]
        fn printing_and_parsing_a_position_agree(first: u64, second: u64) {
            let position = Position { first, second };
            prop_assert_eq!(position.to_string().parse(), Ok(position));
        }
    }
}

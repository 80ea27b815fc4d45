//! Typed ids. A `MessageId` cannot be passed where a `SessionId` is meant.
//!
//! Ids are made outside (version 7, so they sort by time) or derived here from what they identify
//! (version 5), which turns "have we seen this before?" into "does this stream exist?".

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::subdomain::SubdomainName;
use crate::waha_server::name::ServerName;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::from_str(text).map(Self)
            }
        }
    )+};
}

ids! {
    /// A customer of the installation; every stream and every row belongs to one.
    TenantId,
    /// A person who signs in.
    UserId,
    /// One sign-in of a user, from login to its revocation.
    LoginSessionId,
    /// A WhatsApp number connected through WAHA.
    SessionId,
    /// A message, sent or received.
    MessageId,
    /// One webhook as WAHA delivered it.
    WebhookId,
    /// One event in the log.
    EventId,
    /// One running process of the engine; owns leases.
    EngineId,
    /// A WAHA server.
    WahaServerId,
    /// An address requests come from.
    AddressId,
    /// A subdomain.
    SubdomainId,
    /// One time somebody was refused.
    RefusalId,
    /// A program's key to a tenant.
    ApiKeyId,
    /// A program that OAuth2 knows.
    ClientId,
}

impl TenantId {
    /// The installation itself: its WAHA servers, and webhooks of sessions nobody owns, are kept here.
    pub const PLATFORM: Self = Self(Uuid::nil());
}

impl AddressId {
    /// The id of this address.
    pub fn of(address: IpAddr) -> Self {
        Self(Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("address\n{address}").as_bytes()))
    }
}

impl SubdomainId {
    /// The id of the subdomain of this name.
    pub fn of(name: &SubdomainName) -> Self {
        let name = format!("subdomain\n{}", name.as_str());
        Self(Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes()))
    }
}

impl WahaServerId {
    /// The id of the server of this name: a name is registered once.
    pub fn of(name: &ServerName) -> Self {
        Self(Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("waha_server\n{name}").as_bytes()))
    }
}

impl MessageId {
    /// The id of a received message: the same WhatsApp message always has the same id, so a second
    /// delivery of it finds the stream taken.
    pub fn of_inbound(
        session: SessionId,
        waha_message_id: &str,
        participant: Option<&str>,
    ) -> Self {
        let name = format!("inbound\n{waha_message_id}\n{}", participant.unwrap_or_default());
        Self(Uuid::new_v5(&session.0, name.as_bytes()))
    }
}

impl WebhookId {
    /// The id of a webhook, from what makes it one fact: WAHA gives `message` and `message.any` of one
    /// message the same event id, so the name of the event is part of it.
    pub fn of(waha_session: &str, event: &str, event_id: &str) -> Self {
        let name = format!("{waha_session}\n{event}\n{event_id}");
        Self(Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_event_id_under_two_event_names_is_two_webhooks() {
        assert_ne!(
            WebhookId::of("s", "message", "evt_1"),
            WebhookId::of("s", "message.any", "evt_1")
        );
        assert_eq!(WebhookId::of("s", "message", "evt_1"), WebhookId::of("s", "message", "evt_1"));
    }
}

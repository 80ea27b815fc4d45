//! Any event of any aggregate: what the log holds.

use crate::{
    address, api_key, login_session, message, oauth_client, refusal, session, subdomain, tenant,
    user, waha_server, webhook,
};

/// One event of one aggregate.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Of a message.
    Message(message::event::Event),
    /// Of a WhatsApp session.
    Session(session::event::Event),
    /// Of a webhook.
    Webhook(webhook::Event),
    /// Of a tenant.
    Tenant(tenant::Event),
    /// Of a user.
    User(user::event::Event),
    /// Of a login session.
    LoginSession(login_session::Event),
    /// Of a WAHA server.
    WahaServer(waha_server::event::Event),
    /// Of an address.
    Address(address::Event),
    /// Of a refusal.
    Refusal(refusal::Event),
    /// Of an API key.
    ApiKey(api_key::event::Event),
    /// Of an OAuth2 client.
    OAuthClient(oauth_client::event::Event),
    /// Of a subdomain.
    Subdomain(subdomain::Event),
}

/// The event belongs to another aggregate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the event belongs to another kind of aggregate")]
pub struct ForeignEvent;

macro_rules! kinds {
    ($($kind:ident($event:ty)),+ $(,)?) => {$(
        impl From<$event> for Event {
            fn from(event: $event) -> Self {
                Self::$kind(event)
            }
        }

        impl TryFrom<Event> for $event {
            type Error = ForeignEvent;

            fn try_from(event: Event) -> Result<Self, ForeignEvent> {
                if let Event::$kind(event) = event { Ok(event) } else { Err(ForeignEvent) }
            }
        }
    )+};
}

kinds! {
    Message(message::event::Event),
    Session(session::event::Event),
    Webhook(webhook::Event),
    Tenant(tenant::Event),
    User(user::event::Event),
    LoginSession(login_session::Event),
    WahaServer(waha_server::event::Event),
    Address(address::Event),
    Refusal(refusal::Event),
    ApiKey(api_key::event::Event),
    OAuthClient(oauth_client::event::Event),
    Subdomain(subdomain::Event),
}

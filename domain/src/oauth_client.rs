//! An OAuth2 client: a program that OAuth2 knows, which acts on its own behalf or on a user's.
//!
//! Its secret, if it has one, is kept beside the log.

pub mod event;
pub mod redirect_uri;

#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::access::Permission;
use crate::access::permissions::Permissions;
use crate::aggregate::Aggregate;
use crate::label::Label;
use crate::stream::Category;
use event::{Event, Registered, Revoked, SecretRotated};
use redirect_uri::RedirectUri;

/// Most redirect URIs of a client.
pub const REDIRECT_URIS_MAX: usize = 10;

/// The state of a client.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum OAuthClient {
    /// No events.
    #[default]
    Absent,
    /// Is given tokens.
    Active(Registration),
    /// Is given none, and those it has are good for nothing.
    Revoked,
}

/// What is known of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// What people call it.
    pub name: Label,
    /// Whether it can keep a secret.
    pub kind: ClientKind,
    /// How it is given tokens.
    pub grant_types: Vec<GrantType>,
    /// Where users are sent back to.
    pub redirect_uris: Vec<RedirectUri>,
    /// What it may ask for.
    pub scopes: Permissions,
}

/// Whether a client can keep a secret (RFC 6749, section 2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClientKind {
    /// Runs on a server, and has a secret.
    Confidential,
    /// Runs on users' devices, and has none.
    Public,
}

/// How a client is given tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    /// On its own behalf (RFC 6749, section 4.4).
    ClientCredentials,
    /// On behalf of a user who consents (section 4.1), with PKCE (RFC 7636).
    AuthorizationCode,
}

/// What may be asked of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Make it known.
    Register {
        /// As this.
        registered: Registered,
        /// What whoever registers it may do: nobody gives what they do not have.
        holds: Permissions,
    },
    /// Give it another secret.
    RotateSecret {
        /// Until when the present one is good.
        old_good_until: DateTime<Utc>,
        /// Now.
        now: DateTime<Utc>,
    },
    /// Make it unknown, with all it was given.
    Revoke {
        /// Why, in somebody's words.
        reason: Option<Label>,
        /// Now.
        now: DateTime<Utc>,
    },
}

/// Why a client refuses a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// There is no such client.
    #[error("there is no such OAuth2 client")]
    Unknown,
    /// The id is taken.
    #[error("an OAuth2 client with this id exists already")]
    AlreadyExists,
    /// It is revoked.
    #[error("the OAuth2 client is revoked")]
    Revoked,
    /// It has no secret.
    #[error("a public client has no secret")]
    HasNoSecret,
    /// It would be given nothing.
    #[error("must name at least one scope")]
    NoScopes,
    /// Who registers it does not have this permission.
    #[error("must not name {}, which you do not have yourself", .0.as_str())]
    ScopeNotHeld(Permission),
    /// It would be given no tokens.
    #[error("must name client_credentials, authorization_code, or both")]
    NoGrantTypes,
    /// Who has no secret cannot show who it is.
    #[error("must not name client_credentials for a public client: it has no secret to show")]
    PublicOnItsOwn,
    /// Users would be sent nowhere, or to too many places.
    #[error("must be 1 to {REDIRECT_URIS_MAX} for authorization_code, and none otherwise")]
    RedirectUris,
}

fn check(registered: &Registered, holds: Permissions) -> Result<(), Rejection> {
    let has = |grant| registered.grant_types.contains(&grant);
    let redirect_uris = registered.redirect_uris.len();
    if registered.scopes.is_empty() {
        return Err(Rejection::NoScopes);
    }
    if let Some(permission) = holds.lacks(registered.scopes) {
        return Err(Rejection::ScopeNotHeld(permission));
    }
    if registered.grant_types.is_empty() {
        return Err(Rejection::NoGrantTypes);
    }
    if registered.kind == ClientKind::Public && has(GrantType::ClientCredentials) {
        return Err(Rejection::PublicOnItsOwn);
    }
    let needed = if has(GrantType::AuthorizationCode) { 1..=REDIRECT_URIS_MAX } else { 0..=0 };
    if !needed.contains(&redirect_uris) {
        return Err(Rejection::RedirectUris);
    }
    Ok(())
}

impl Aggregate for OAuthClient {
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;
    const CATEGORY: Category = Category::OAuthClient;

    fn decide(&self, command: Command) -> Result<Vec<Event>, Rejection> {
        match (self, command) {
            (Self::Absent, Command::Register { registered, holds }) => {
                check(&registered, holds)?;
                Ok(vec![Event::Registered(registered)])
            }
            (_, Command::Register { .. }) => Err(Rejection::AlreadyExists),
            (Self::Absent, _) => Err(Rejection::Unknown),
            (Self::Active(client), Command::RotateSecret { old_good_until, now }) => {
                match client.kind {
                    ClientKind::Confidential => {
                        Ok(vec![Event::SecretRotated(SecretRotated { old_good_until, at: now })])
                    }
                    ClientKind::Public => Err(Rejection::HasNoSecret),
                }
            }
            (Self::Revoked, Command::RotateSecret { .. }) => Err(Rejection::Revoked),
            (Self::Active(_), Command::Revoke { reason, now }) => {
                Ok(vec![Event::Revoked(Revoked { reason, at: now })])
            }
            (Self::Revoked, Command::Revoke { .. }) => Ok(vec![]),
        }
    }

    fn evolve(self, event: &Event) -> Self {
        match event {
            Event::Registered(registered) => Self::Active(Registration {
                name: registered.name.clone(),
                kind: registered.kind,
                grant_types: registered.grant_types.clone(),
                redirect_uris: registered.redirect_uris.clone(),
                scopes: registered.scopes,
            }),
            Event::SecretRotated(_) => self,
            Event::Revoked(_) => Self::Revoked,
        }
    }
}

impl Registration {
    /// Whether users may be sent back there.
    pub fn has_redirect_uri(&self, asked: &str) -> bool {
        self.redirect_uris.iter().any(|uri| uri.allows(asked))
    }
}

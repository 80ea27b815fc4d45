//! The queue: table `delivery_jobs`.
//!
//! Invariant: of a chat's messages only the first is a head, and only heads are claimed, so a chat's order is
//! kept through retries and priorities.

mod changes;
mod claims;

use domain::id::{MessageId, SessionId, TenantId};
use domain::ports::waha::SessionAddress;
use domain::waha_server::name::ServerName;
use domain::whatsapp::{ChatId, Engine};
use sqlx::PgPool;

pub(super) use changes::apply;

/// The messages that wait to be sent.
#[derive(Clone)]
pub(super) struct Queue {
    pool: PgPool,
}

/// A message this process may work on, for a while.
#[derive(Debug, Clone)]
pub(super) struct Lease {
    pub(super) message_id: MessageId,
    pub(super) tenant_id: TenantId,
    pub(super) chat_id: ChatId,
    pub(super) session_id: SessionId,
    pub(super) server: ServerName,
    pub(super) waha_session: String,
    pub(super) engine: Option<Engine>,
    pub(super) duty: Duty,
}

impl Lease {
    /// Where its session is.
    pub(super) fn session(&self) -> SessionAddress<'_> {
        SessionAddress { server: &self.server, waha_session: &self.waha_session }
    }
}

/// What is to be done about a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Duty {
    /// Send it, or find that an attempt was abandoned.
    Attempt,
    /// Note that its time is over.
    Expire,
    /// Give it up: its session is gone.
    GiveUp,
}

impl Queue {
    /// In this database.
    pub(super) fn new(pool: PgPool) -> Self {
        Self { pool }
    }
}

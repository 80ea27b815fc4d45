//! The delivery saga's pure half: how each event changes the queue of messages to be sent.
//!
//! The queue is nothing but a fold of events, so it can be thrown away and rebuilt. Which of its messages
//! may go next is decided by [`shares`].

pub mod breaker;
pub mod servers;
pub mod shares;
pub mod waiting;

use chrono::{DateTime, Utc};

use crate::event::Event;
use crate::id::{MessageId, SessionId, WahaServerId};
use crate::message::event::{Event as MessageEvent, Received};
use crate::phone::PhoneNumber;
use crate::ports::event_log::RecordedEvent;
use crate::priority::Priority;
use crate::session::event::Event as SessionEvent;
use crate::session::health::SuspicionCause;
use crate::session::queue_mode::QueueMode;
use crate::session::status::SessionStatus;
use crate::tenant::Event as TenantEvent;
use crate::waha_server::name::ServerName;
use crate::whatsapp::{ChatId, Engine};
use servers::ServerChange;

/// A change to the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A message waits to be sent.
    Enqueue(Box<Job>),
    /// Its next attempt is not before this time.
    Retry {
        /// Which.
        message_id: MessageId,
        /// When.
        due_at: DateTime<Utc>,
    },
    /// Its outcome is unknown: keep it, do not send it.
    Park {
        /// Which.
        message_id: MessageId,
        /// When it is looked for.
        look: Look,
    },
    /// It is off the queue.
    Finish {
        /// Which.
        message_id: MessageId,
        /// When it was sent, if it was.
        sent_at: Option<DateTime<Utc>>,
    },
    /// Something about a session.
    Session {
        /// Which.
        session_id: SessionId,
        /// What.
        change: SessionChange,
    },
    /// The tenant's messages wait, or no longer do.
    Suspend {
        /// Which of the two.
        is_suspended: bool,
    },
    /// The registry of WAHA servers is another.
    Server(ServerChange),
    /// Somebody wrote to a session.
    Meet {
        /// Which.
        session_id: SessionId,
        /// Who: the chat that messages to them go to.
        chat_id: ChatId,
    },
}

/// A change to what is known of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionChange {
    /// It exists.
    Open {
        /// WAHA's name for it.
        waha_session: String,
    },
    /// It is on a WAHA server, which is another than before.
    Place {
        /// The server.
        server: ServerName,
        /// If it was moved: when. It works there only when it is told to.
        moved_at: Option<DateTime<Utc>>,
    },
    /// Its status is known.
    Report {
        /// The status.
        status: SessionStatus,
        /// Its engine, once told.
        engine: Option<Engine>,
    },
    /// It writes only to those who wrote to it, until this time.
    LockReachOut(DateTime<Utc>),
    /// What it does with messages.
    SetQueueMode(QueueMode),
    /// Why it is suspect; none: it is not.
    Suspect(Option<SuspicionCause>),
    /// It is gone.
    Close,
}

/// When a message in doubt is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// For the first time, some while after this.
    First(DateTime<Utc>),
    /// Again, at this time.
    Again(DateTime<Utc>),
    /// No more.
    Never,
}

/// A message that waits to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Which.
    pub message_id: MessageId,
    /// Through which session.
    pub session_id: SessionId,
    /// To which chat; order is kept within it.
    pub chat_id: ChatId,
    /// Its lane.
    pub priority: Priority,
    /// Not before; also its place among the chat's messages.
    pub ready_at: DateTime<Utc>,
    /// Not after.
    pub expires_at: Option<DateTime<Utc>>,
}

/// The change that follows from an event, if any.
pub fn react(recorded: &RecordedEvent) -> Option<Change> {
    match &recorded.event {
        Event::Message(event) => react_to_message(MessageId(recorded.stream.id), event),
        Event::Session(event) => react_to_session(SessionId(recorded.stream.id), event),
        Event::WahaServer(event) => {
            Some(Change::Server(servers::react(WahaServerId(recorded.stream.id), event)))
        }
        Event::Tenant(TenantEvent::Suspended(_)) => Some(Change::Suspend { is_suspended: true }),
        Event::Tenant(TenantEvent::Reactivated(_)) => Some(Change::Suspend { is_suspended: false }),
        Event::Tenant(_)
        | Event::Webhook(_)
        | Event::User(_)
        | Event::LoginSession(_)
        | Event::Address(_)
        | Event::Refusal(_)
        | Event::ApiKey(_)
        | Event::OAuthClient(_)
        | Event::Subdomain(_) => None,
    }
}

fn react_to_message(message_id: MessageId, event: &MessageEvent) -> Option<Change> {
    let enqueue = |session_id, to: &PhoneNumber, priority, ready_at, expires_at| {
        let chat_id = ChatId::from(to);
        Change::Enqueue(Box::new(Job {
            message_id,
            session_id,
            chat_id,
            priority,
            ready_at,
            expires_at,
        }))
    };
    match event {
        MessageEvent::Queued(queued) => {
            let ready_at = queued.send_at.map_or(queued.at, |send_at| send_at.max(queued.at));
            Some(enqueue(
                queued.session_id,
                &queued.to,
                queued.priority,
                ready_at,
                queued.expires_at,
            ))
        }
        MessageEvent::Redriven(redriven) => {
            Some(enqueue(redriven.session_id, &redriven.to, redriven.priority, redriven.at, None))
        }
        MessageEvent::AttemptRefused(refused) => {
            refused.retry_at.map(|due_at| Change::Retry { message_id, due_at })
        }
        MessageEvent::OutcomeUnknown(unknown) => {
            Some(Change::Park { message_id, look: Look::First(unknown.at) })
        }
        MessageEvent::LookedUp(looked) => {
            let look = looked.next_look_at.map_or(Look::Never, Look::Again);
            Some(Change::Park { message_id, look })
        }
        MessageEvent::LeftUnknown(_) => Some(Change::Park { message_id, look: Look::Never }),
        MessageEvent::AbsenceProven(proven) => {
            Some(Change::Retry { message_id, due_at: proven.at })
        }
        MessageEvent::ResendOrdered(ordered) => {
            Some(Change::Retry { message_id, due_at: ordered.at })
        }
        MessageEvent::Sent(sent) => Some(Change::Finish { message_id, sent_at: Some(sent.at) }),
        MessageEvent::DeadLettered(_) | MessageEvent::Discarded(_) | MessageEvent::Expired(_) => {
            Some(Change::Finish { message_id, sent_at: None })
        }
        MessageEvent::AttemptStarted(_)
        | MessageEvent::AckOverdue(_)
        | MessageEvent::Delivered(_)
        | MessageEvent::Read(_)
        | MessageEvent::Played(_) => None,
        MessageEvent::Received(received) => Some(meet(received)),
    }
}

/// Who wrote. WhatsApp may hide their number in the chat's name and tell it beside.
fn meet(received: &Received) -> Change {
    let chat_id = match &received.from {
        Some(number) if !received.chat_id.0.ends_with("@g.us") => ChatId::from(number),
        _ => received.chat_id.clone(),
    };
    Change::Meet { session_id: received.session_id, chat_id }
}

fn react_to_session(session_id: SessionId, event: &SessionEvent) -> Option<Change> {
    let change = match event {
        SessionEvent::Created(created) => {
            SessionChange::Open { waha_session: created.waha_session.clone() }
        }
        SessionEvent::Placed(placed) => SessionChange::Place {
            server: placed.server.clone(),
            moved_at: placed.from.is_some().then_some(placed.at),
        },
        SessionEvent::StatusChanged(changed) => {
            SessionChange::Report { status: changed.status.clone(), engine: changed.engine }
        }
        SessionEvent::ReachOutLocked(locked) => SessionChange::LockReachOut(locked.until),
        SessionEvent::QueueModeSet(set) => SessionChange::SetQueueMode(set.mode),
        SessionEvent::Suspected(suspected) => SessionChange::Suspect(Some(suspected.cause)),
        SessionEvent::Trusted(_) => SessionChange::Suspect(None),
        SessionEvent::Deleted(_) => SessionChange::Close,
        SessionEvent::ActionRequested(_)
        | SessionEvent::ActionCompleted(_)
        | SessionEvent::ActionFailed(_)
        | SessionEvent::GapRepaired(_)
        | SessionEvent::GapLeft(_) => return None,
    };
    Some(Change::Session { session_id, change })
}

#[cfg(test)]
mod tests;

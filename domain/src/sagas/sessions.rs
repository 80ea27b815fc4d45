//! The session saga's pure half: which action each session waits for.

use crate::id::SessionId;
use crate::session::Action;
use crate::session::event::Event;

/// A change to the list of what is to be done in WAHA.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// This is to be done, instead of whatever was.
    Request {
        /// To which session.
        session_id: SessionId,
        /// What.
        action: Action,
    },
    /// Nothing is to be done any more.
    Settle {
        /// To which session.
        session_id: SessionId,
    },
}

/// The change that follows from an event, if any.
pub fn react(session_id: SessionId, event: &Event) -> Option<Change> {
    match event {
        Event::Created(_) => Some(Change::Request { session_id, action: Action::Start }),
        Event::ActionRequested(requested) => {
            Some(Change::Request { session_id, action: requested.action })
        }
        Event::ActionCompleted(_) | Event::ActionFailed(_) | Event::Deleted(_) => {
            Some(Change::Settle { session_id })
        }
        Event::StatusChanged(_) => None,
    }
}

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
        Event::Placed(placed) => {
            placed.from.is_some().then_some(Change::Request { session_id, action: Action::Start })
        }
        Event::ActionRequested(requested) => {
            Some(Change::Request { session_id, action: requested.action })
        }
        Event::ActionCompleted(_) | Event::ActionFailed(_) | Event::Deleted(_) => {
            Some(Change::Settle { session_id })
        }
        Event::StatusChanged(_)
        | Event::ReachOutLocked(_)
        | Event::QueueModeSet(_)
        | Event::Suspected(_)
        | Event::Trusted(_)
        | Event::GapRepaired(_)
        | Event::GapLeft(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use uuid::Uuid;

    use super::*;
    use crate::session::event::{
        ActionCompleted, ActionFailed, ActionRequested, Created, Deleted, StatusChanged,
    };
    use crate::session::status::SessionStatus;

    const SESSION_ID: SessionId = SessionId(Uuid::from_u128(8));

    #[test]
    fn a_new_session_is_to_be_started_and_every_request_is_to_be_done() {
        let at = DateTime::UNIX_EPOCH;
        let name = "main".to_owned().try_into().unwrap();
        let created = Event::Created(Created { name, waha_session: "main_1".to_owned(), at });
        let start = Change::Request { session_id: SESSION_ID, action: Action::Start };
        assert_eq!(react(SESSION_ID, &created), Some(start));

        let logout =
            Event::ActionRequested(ActionRequested { action: Action::Logout, cause: None, at });
        let wanted = Change::Request { session_id: SESSION_ID, action: Action::Logout };
        assert_eq!(react(SESSION_ID, &logout), Some(wanted));
    }

    #[test]
    fn what_is_done_refused_or_gone_is_settled() {
        let (action, at) = (Action::Stop, DateTime::UNIX_EPOCH);
        for end in [
            Event::ActionCompleted(ActionCompleted { action, at }),
            Event::ActionFailed(ActionFailed { action, reason: String::new(), at }),
            Event::Deleted(Deleted { at }),
        ] {
            assert_eq!(react(SESSION_ID, &end), Some(Change::Settle { session_id: SESSION_ID }));
        }
    }

    #[test]
    fn a_status_asks_for_nothing() {
        let (status, at) = (SessionStatus::Failed, DateTime::UNIX_EPOCH);
        let changed = StatusChanged { status, engine: None, phone: None, at };
        assert_eq!(react(SESSION_ID, &Event::StatusChanged(changed)), None);
    }
}

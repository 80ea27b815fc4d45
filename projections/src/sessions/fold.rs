//! What a batch of events makes of the sessions it touches. Pure.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::event::Event;
use domain::ports::event_log::RecordedEvent;
use domain::session::Action;
use domain::session::event::Event as SessionEvent;
use domain::session::queue_mode::QueueMode;
use domain::session::status::SessionStatus;
use domain::waha_server::name::ServerName;
use sqlx::FromRow;
use uuid::Uuid;

use super::SessionRow;
use crate::batch::{storable_text, storable_time};
use crate::touched::{Key, key};

/// The sessions a batch touches, those that exist.
pub(super) type Known = BTreeMap<Key, Session>;

/// A session and whose it is.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub(super) struct Session {
    pub(super) tenant_id: Uuid,
    #[sqlx(flatten)]
    pub(super) row: SessionRow,
}

/// The sessions after the events.
pub(super) fn fold(mut known: Known, events: &[Arc<RecordedEvent>]) -> Known {
    for recorded in events {
        let Event::Session(event) = &recorded.event else { continue };
        let key = key(recorded);
        match event {
            SessionEvent::Created(created) => {
                let row = SessionRow {
                    id: key.1,
                    name: created.name.as_str().to_owned(),
                    status: SessionStatus::Starting.to_string(),
                    waha_session: storable_text(&created.waha_session),
                    waha_server: ServerName::default().into(),
                    engine: None,
                    phone: None,
                    logged_out_at: None,
                    pending_action: Some(Action::Start.as_str().to_owned()),
                    last_error: None,
                    reach_out_locked_until: None,
                    queue_mode: QueueMode::default().as_str().to_owned(),
                    suspicion: None,
                    suspected_at: None,
                    restart_cause: None,
                    restarted_at: None,
                    created_at: storable_time(created.at),
                    updated_at: recorded.recorded_at,
                };
                known.insert(key, Session { tenant_id: key.0, row });
            }
            SessionEvent::Deleted(_) => {
                known.remove(&key);
            }
            event => {
                if let Some(session) = known.get_mut(&key) {
                    session.row.evolve(event);
                    session.row.updated_at = recorded.recorded_at;
                }
            }
        }
    }
    known
}

impl SessionRow {
    /// The session that these events of one stream make, if it is not deleted: for those who must show it before
    /// the view does.
    pub fn of(events: &[Arc<RecordedEvent>]) -> Option<Self> {
        fold(Known::new(), events).into_values().next().map(|session| session.row)
    }

    fn evolve(&mut self, event: &SessionEvent) {
        match event {
            SessionEvent::Created(_)
            | SessionEvent::Deleted(_)
            | SessionEvent::GapRepaired(_)
            | SessionEvent::GapLeft(_) => {}
            SessionEvent::Placed(placed) => {
                self.waha_server = placed.server.to_string();
                // A session that is moved is started anew.
                if placed.from.is_some() {
                    self.status = SessionStatus::Starting.to_string();
                    self.pending_action = Some(Action::Start.as_str().to_owned());
                    self.last_error = None;
                }
            }
            SessionEvent::ActionRequested(requested) => {
                self.pending_action = Some(requested.action.as_str().to_owned());
                self.last_error = None;
                if let Some(cause) = requested.cause {
                    self.restart_cause = Some(cause.as_str().to_owned());
                    self.restarted_at = Some(storable_time(requested.at));
                }
            }
            SessionEvent::ActionCompleted(_) => {
                self.pending_action = None;
                self.last_error = None;
            }
            SessionEvent::ActionFailed(failed) => {
                self.pending_action = None;
                self.last_error = Some(storable_text(&failed.reason));
            }
            SessionEvent::QueueModeSet(set) => set.mode.as_str().clone_into(&mut self.queue_mode),
            SessionEvent::Suspected(suspected) => {
                self.suspicion = Some(suspected.cause.as_str().to_owned());
                self.suspected_at = Some(storable_time(suspected.at));
            }
            SessionEvent::Trusted(_) => {
                self.suspicion = None;
                self.suspected_at = None;
            }
            SessionEvent::ReachOutLocked(locked) => {
                self.reach_out_locked_until = Some(storable_time(locked.until));
            }
            SessionEvent::StatusChanged(changed) => {
                match changed.status {
                    // A session that never was paired asks for its first scan.
                    SessionStatus::ScanQrCode if self.phone.is_some() => {
                        self.logged_out_at.get_or_insert(storable_time(changed.at));
                    }
                    SessionStatus::Working => self.logged_out_at = None,
                    _ => {}
                }
                self.status = storable_text(changed.status.as_str());
                self.engine = changed.engine.map(|engine| engine.as_str().to_owned());
                self.phone = changed.phone.as_ref().map(ToString::to_string);
            }
        }
    }
}

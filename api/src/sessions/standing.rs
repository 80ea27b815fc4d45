//! How a session stands according to the log itself, in the shape the view has.

use chrono::{DateTime, Utc};
use domain::aggregate::Aggregate;
use domain::event::Event as AnyEvent;
use domain::id::{SessionId, TenantId};
use domain::session::event::Event;
use domain::session::{Open, Session};
use domain::stream::StreamName;
use projections::sessions::SessionRow;

use crate::app::App;
use crate::problem::Problem;

/// What is told of a session beside its state.
#[derive(Default)]
struct Told {
    session: Session,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    last_error: Option<String>,
}

/// The session as it is now; none if there is none, or no more.
pub(super) async fn read(
    app: &App,
    tenant: TenantId,
    id: SessionId,
) -> Result<Option<SessionRow>, Problem> {
    let stream = StreamName { category: Session::CATEGORY, tenant, id: id.0 };
    let recorded = app.executor.log().read_stream(stream).await?;
    let told = recorded.iter().fold(Told::default(), |told, recorded| match &recorded.event {
        AnyEvent::Session(event) => told.and(event, recorded.recorded_at),
        _ => told,
    });
    Ok(told.into_row(id))
}

impl Told {
    fn and(mut self, event: &Event, at: DateTime<Utc>) -> Self {
        match event {
            Event::Created(created) => self.created_at = created.at,
            Event::ActionRequested(_) | Event::ActionCompleted(_) => self.last_error = None,
            Event::ActionFailed(failed) => self.last_error = Some(failed.reason.clone()),
            Event::StatusChanged(_) | Event::Deleted(_) => {}
        }
        self.updated_at = at;
        self.session = self.session.evolve(event);
        self
    }

    fn into_row(self, id: SessionId) -> Option<SessionRow> {
        let Self { session, created_at, updated_at, last_error } = self;
        let Session::Open(open) = session else { return None };
        let Open { name, waha_session, status, engine, phone, pending, .. } = open;
        Some(SessionRow {
            id: id.0,
            name: name.into(),
            status: status.into(),
            waha_session,
            engine: engine.map(|engine| engine.as_str().to_owned()),
            phone: phone.map(String::from),
            pending_action: pending.map(|action| action.as_str().to_owned()),
            last_error,
            created_at,
            updated_at,
        })
    }
}

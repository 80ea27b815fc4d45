//! What the session saga knows: what is to be done in WAHA.

use std::sync::Arc;

use domain::event::Event;
use domain::id::SessionId;
use domain::ports::event_log::RecordedEvent;
use domain::sagas::sessions::{Change, react};
use sqlx::PgConnection;

use super::super::feeder::Memory;
use super::actions;

pub(super) struct SessionMemory;

impl Memory for SessionMemory {
    const SAGA: &'static str = "sessions";

    fn concerns(&self, event: &RecordedEvent) -> bool {
        matches!(event.event, Event::Session(_))
    }

    async fn remember(
        &self,
        connection: &mut PgConnection,
        events: &[Arc<RecordedEvent>],
    ) -> Result<bool, sqlx::Error> {
        let mut is_news = false;
        for recorded in events {
            let Event::Session(event) = &recorded.event else { continue };
            match react(SessionId(recorded.stream.id), event) {
                Some(Change::Request { session_id, action }) => {
                    let tenant = recorded.stream.tenant;
                    actions::request(connection, tenant, session_id, action).await?;
                    is_news = true;
                }
                Some(Change::Settle { session_id }) => {
                    actions::settle(connection, session_id).await?;
                }
                None => {}
            }
        }
        Ok(is_news)
    }
}

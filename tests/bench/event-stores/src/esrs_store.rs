//! esrs: an event persisted for a new aggregate, through its PostgreSQL store.

use std::error::Error;
use std::time::Duration;

use esrs::store::EventStore;
use esrs::store::postgres::{PgStore, PgStoreBuilder};
use esrs::{Aggregate, AggregateState};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;

use crate::message::{Queued, Refused, new_id};

#[derive(Debug, Clone)]
struct Message;

#[derive(Debug, Clone, Serialize, Deserialize)]
enum Event {
    Queued(Queued),
}

impl Aggregate for Message {
    const NAME: &'static str = "message";
    type State = bool;
    type Command = Queued;
    type Event = Event;
    type Error = Refused;

    fn handle_command(_: &bool, queued: Queued) -> Result<Vec<Event>, Refused> {
        Ok(vec![Event::Queued(queued)])
    }

    fn apply_event(_: bool, _: Event) -> bool {
        true
    }
}

pub(crate) async fn press(
    pool: PgPool,
    clients: u32,
    time: Duration,
) -> Result<f64, Box<dyn Error>> {
    let store: PgStore<Message> = PgStoreBuilder::new(pool).try_build().await?;
    crate::press(clients, time, move || {
        let store = store.clone();
        async move {
            let mut state = AggregateState::with_id(new_id());
            let events = Message::handle_command(state.inner(), Queued::new())?;
            store.persist(&mut state, events).await?;
            Ok(())
        }
    })
    .await
}

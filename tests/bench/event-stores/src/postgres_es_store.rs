//! postgres-es: a command to a new aggregate, through its framework.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use cqrs_es::event_sink::EventSink;
use cqrs_es::{Aggregate, DomainEvent};
use serde::{Deserialize, Serialize};
use sqlx::{Executor, PgPool};

use crate::message::{Queued, Refused, new_id};

/// The table of its documentation; the others there serve snapshots and views, which are not used here.
const TABLE: &str = "
create table if not exists events (
    aggregate_type text not null,
    aggregate_id text not null,
    sequence bigint check (sequence >= 0) not null,
    event_type text not null,
    event_version text not null,
    payload json not null,
    metadata json not null,
    primary key (aggregate_type, aggregate_id, sequence)
)";

#[derive(Debug, Default, Serialize, Deserialize)]
struct Message {
    is_queued: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Event {
    Queued(Queued),
}

impl DomainEvent for Event {
    fn event_type(&self) -> String {
        "message_queued".to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}

impl Aggregate for Message {
    const TYPE: &'static str = "message";
    type Command = Queued;
    type Event = Event;
    type Error = Refused;
    type Services = ();

    async fn handle(
        &mut self,
        queued: Queued,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), Refused> {
        sink.write(Event::Queued(queued), self).await;
        Ok(())
    }

    fn apply(&mut self, _: Event) {
        self.is_queued = true;
    }
}

pub(crate) async fn press(
    pool: PgPool,
    clients: u32,
    time: Duration,
) -> Result<f64, Box<dyn Error>> {
    pool.execute(TABLE).await?;
    let framework = Arc::new(postgres_es::postgres_cqrs::<Message>(pool, vec![], ()));
    crate::press(clients, time, move || {
        let framework = Arc::clone(&framework);
        async move { Ok(framework.execute(&new_id().to_string(), Queued::new()).await?) }
    })
    .await
}

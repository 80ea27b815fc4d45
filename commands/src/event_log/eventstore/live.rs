//! The live subscription: tells readers that there is something to read.

use std::sync::Arc;
use std::time::Duration;

use domain::stream::Position;
use eventstore::{Error, StreamPosition, SubscribeToAllOptions, SubscriptionEvent};
use tokio_util::sync::CancellationToken;

use super::connection::{Connection, Options, answer};
use super::{reading, record};
use crate::event_log::head::Head;

const RECONNECT_WAIT: Duration = Duration::from_secs(1);

/// Hears of every append of ours, whoever makes it.
pub(super) async fn listen(
    connection: Arc<Connection>,
    head: Arc<Head>,
    shutdown: CancellationToken,
) {
    let listening = async {
        // Readers find by themselves what was there before.
        let mut heard_to = None;
        loop {
            let hearing = hear(&connection, &head, &mut heard_to);
            if let Err(error) = hearing.await {
                tracing::debug!(%error, "lost the live subscription; polling meanwhile");
            }
            tokio::time::sleep(RECONNECT_WAIT).await;
        }
    };
    tokio::select! {
        () = listening => {}
        () = shutdown.cancelled() => {}
    }
}

/// Subscribes where it was left, and hears until the line breaks.
async fn hear(
    connection: &Connection,
    head: &Head,
    heard_to: &mut Option<Position>,
) -> Result<(), Error> {
    let address = &connection.address;
    let options = SubscribeToAllOptions::default()
        .position(heard_to.map_or(StreamPosition::End, reading::start))
        .filter(address.streams.filter())
        .of(address);
    // That the server is there is seen to here: a subscription alone does not replace a useless client.
    let client =
        connection.perform(async |client| client.server_info().await.map(|_| client)).await?;
    let mut subscription = client.subscribe_to_all(&options).await;
    // The confirmation. From then on the line is silent until something happens; that it is not dead is the
    // transport's business.
    answer(subscription.next_subscription_event()).await?;
    loop {
        match subscription.next_subscription_event().await? {
            SubscriptionEvent::EventAppeared(resolved) => {
                let Some(event) = resolved.event else { continue };
                let position = record::position(event.position);
                *heard_to = Some(position);
                if address.streams.parse(&event.stream_id).is_some() {
                    head.hear_of(position);
                }
            }
            SubscriptionEvent::Checkpoint(position) => *heard_to = Some(record::position(position)),
            _ => {}
        }
    }
}

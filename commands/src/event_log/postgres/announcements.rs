//! Tells other processes of this one's appends, and hears of theirs.
//!
//! Appends of this process are known at once; those of others are announced by NOTIFY, sent outside the
//! append's transaction (inside, it would take a lock over the whole database until the commit) and at most
//! once in a while.

use std::sync::Arc;
use std::time::Duration;

use domain::stream::Position;
use sqlx::PgPool;
use sqlx::postgres::PgListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::event_log::head::Head;

const CHANNEL: &str = "heliograph_events";
/// Announcements are this far apart at least.
const ANNOUNCE_EVERY: Duration = Duration::from_millis(20);
const RECONNECT_WAIT: Duration = Duration::from_secs(1);

pub(super) struct Announcements {
    pub(super) head: Head,
    /// The part of the head that came from this process, to be announced to others.
    own: watch::Sender<Position>,
}

impl Announcements {
    pub(super) fn new() -> Self {
        Self { head: Head::new(), own: watch::Sender::new(Position::START) }
    }

    /// This process appended up to `position`.
    pub(super) fn advance(&self, position: Position) {
        self.own.send_modify(|own| *own = position.max(*own));
        self.head.hear_of(position);
    }
}

/// Tells other processes of this one's appends.
pub(super) async fn announce(
    announcements: Arc<Announcements>,
    pool: PgPool,
    shutdown: CancellationToken,
) {
    let mut own = announcements.own.subscribe();
    loop {
        tokio::select! {
            changed = own.changed() => if changed.is_err() { return },
            () = shutdown.cancelled() => return,
        }
        let position = own.borrow_and_update().to_string();
        let sent =
            sqlx::query("select pg_notify($1, $2)").bind(CHANNEL).bind(position).execute(&pool);
        if let Err(error) = sent.await {
            tracing::debug!(%error, "could not announce appends; other processes will poll");
        }
        tokio::time::sleep(ANNOUNCE_EVERY).await;
    }
}

/// Hears of other processes' appends.
pub(super) async fn listen(
    announcements: Arc<Announcements>,
    pool: PgPool,
    shutdown: CancellationToken,
) {
    while !shutdown.is_cancelled() {
        tokio::select! {
            ended = hear(&announcements.head, &pool) => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "lost the announcements of appends; polling meanwhile");
                }
                tokio::time::sleep(RECONNECT_WAIT).await;
            }
            () = shutdown.cancelled() => return,
        }
    }
}

async fn hear(head: &Head, pool: &PgPool) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen(CHANNEL).await?;
    loop {
        // A forged or garbled announcement can at worst cause reads that find nothing.
        if let Ok(position) = listener.recv().await?.payload().parse() {
            head.hear_of(position);
        }
    }
}

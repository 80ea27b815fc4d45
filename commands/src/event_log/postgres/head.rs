//! Where the log ends, as far as this process knows: what readers wait on.
//!
//! A hint, never a truth. Appends of this process move it at once; those of others are announced by
//! NOTIFY, sent outside the append's transaction (inside, it would take a lock over the whole database
//! until the commit) and at most once in a while. A poll covers what a lost announcement would hide.

use std::sync::Arc;
use std::time::Duration;

use domain::stream::Position;
use sqlx::PgPool;
use sqlx::postgres::PgListener;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

const CHANNEL: &str = "heliograph_events";
/// Announcements are this far apart at least.
const ANNOUNCE_EVERY: Duration = Duration::from_millis(20);
/// Readers look this often even if nothing is announced.
const POLL_EVERY: Duration = Duration::from_secs(1);
/// Events that are known of but not yet shown wait for older transactions to end: look again soon at first.
const PENDING_POLL_EVERY: Duration = Duration::from_millis(5);
const RECONNECT_WAIT: Duration = Duration::from_secs(1);

pub(super) struct Head {
    known: watch::Sender<Known>,
    /// The part of `known` that came from this process, to be announced to others.
    own: watch::Sender<Position>,
}

/// The furthest position heard of, and since when.
#[derive(Clone, Copy)]
struct Known {
    position: Position,
    since: Instant,
}

impl Head {
    pub(super) fn new() -> Self {
        let known = Known { position: Position::START, since: Instant::now() };
        Self { known: watch::Sender::new(known), own: watch::Sender::new(Position::START) }
    }

    /// This process appended up to `position`.
    pub(super) fn advance(&self, position: Position) {
        self.own.send_modify(|own| *own = position.max(*own));
        self.hear_of(position);
    }

    fn hear_of(&self, position: Position) {
        self.known.send_if_modified(|known| {
            let is_news = position > known.position;
            if is_news {
                *known = Known { position, since: Instant::now() };
            }
            is_news
        });
    }

    /// Waits until there may be something after `after`.
    pub(super) async fn wait(&self, after: Position) {
        let mut known = self.known.subscribe();
        let heard = *known.borrow_and_update();
        if heard.position > after {
            // The longer it has not been shown, the longer it will be: each wait doubles the time waited.
            tokio::time::sleep(heard.since.elapsed().clamp(PENDING_POLL_EVERY, POLL_EVERY)).await;
        } else {
            let news = known.wait_for(|known| known.position > after);
            let _ = tokio::time::timeout(POLL_EVERY, news).await;
        }
    }
}

/// Tells other processes of this one's appends.
pub(super) async fn announce(head: Arc<Head>, pool: PgPool, shutdown: CancellationToken) {
    let mut own = head.own.subscribe();
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
pub(super) async fn listen(head: Arc<Head>, pool: PgPool, shutdown: CancellationToken) {
    while !shutdown.is_cancelled() {
        tokio::select! {
            ended = hear(&head, &pool) => {
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

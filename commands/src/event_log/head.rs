//! Where the log ends, as far as this process knows: what readers wait on.
//!
//! A hint, never a truth: a poll covers what a lost announcement would hide.

use std::time::Duration;

use domain::stream::Position;
use tokio::sync::watch;
use tokio::time::Instant;

/// Readers look this often even if nothing is announced.
const POLL_EVERY: Duration = Duration::from_secs(1);
/// Events that are known of but not yet shown wait, for older transactions to end or for an index: look
/// again soon at first.
const PENDING_POLL_EVERY: Duration = Duration::from_millis(5);

/// Where the log ends, as far as this process knows.
pub(super) struct Head {
    known: watch::Sender<Known>,
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
        Self { known: watch::Sender::new(known) }
    }

    /// There is an event at `position`.
    pub(super) fn hear_of(&self, position: Position) {
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

//! The waits before a call is refused: for the session to run, then for the right status.
//!
//! WAHA looks every half second; this looks whenever something changed, and waits as long.

use std::time::Duration;

use tokio::time::timeout;

use crate::{
    nest::refusal::Refusal,
    session::{Session, SessionStatus},
    waha::Waha,
};

impl Waha {
    /// Waits until the session has the status, and refuses in WAHA's words if it never does.
    pub(crate) async fn await_status(
        &self,
        name: &str,
        wanted: SessionStatus,
    ) -> Result<(), Refusal> {
        let running = |session: &Session| session.is_running();
        self.await_session(name, running, self.options.not_running_wait)
            .await
            .map_err(|status| not_ready(name, status, wanted))?;
        let ready = |session: &Session| session.status == wanted;
        self.await_session(name, ready, self.options.wrong_status_wait)
            .await
            .map_err(|status| not_ready(name, status, wanted))
    }

    /// Waits until the session leaves STARTING, or patience ends.
    pub(crate) async fn await_started(&self, name: &str, patience: Duration) {
        let started = |session: &Session| session.status != SessionStatus::Starting;
        let _ = self.await_session(name, started, patience).await;
    }

    /// Fails with the status the session has at the end, or with none if there is no session.
    async fn await_session(
        &self,
        name: &str,
        is_so: impl Fn(&Session) -> bool,
        patience: Duration,
    ) -> Result<(), Option<SessionStatus>> {
        let mut changes = self.changes.subscribe();
        let so = changes.wait_for(|()| self.world().sessions.get(name).is_some_and(&is_so));
        if timeout(patience, so).await.is_ok_and(|so| so.is_ok()) {
            return Ok(());
        }
        Err(self.world().sessions.get(name).map(|session| session.status))
    }
}

fn not_ready(name: &str, status: Option<SessionStatus>, wanted: SessionStatus) -> Refusal {
    let session = name.to_owned();
    match status {
        Some(status) => Refusal::WrongStatus { session, status, wanted },
        None => Refusal::NoSession { session },
    }
}

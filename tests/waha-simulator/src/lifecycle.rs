//! The life of a session: STARTING, a code to scan, WORKING, and the ways back.

use std::sync::Arc;

use tokio::time::sleep;

use crate::{
    clock,
    nest::refusal::Refusal,
    session::{Session, SessionStatus},
    session_config::SessionConfig,
    waha::Waha,
    webhook::event::Event,
};

impl Waha {
    /// Adds a session, stopped.
    pub(crate) fn create(&self, name: &str, config: Option<SessionConfig>) -> Result<(), Refusal> {
        let mut world = self.world();
        if world.sessions.contains_key(name) {
            return Err(Refusal::Unprocessable(format!(
                "Session '{name}' already exists. Use PUT to update it."
            )));
        }
        world.phones += 1;
        let session = Session::new(name.to_owned(), config, world.phones);
        world.sessions.insert(name.to_owned(), session);
        Ok(())
    }

    /// Replaces the configuration, and starts the session anew if it runs.
    pub(crate) async fn reconfigure(
        self: &Arc<Self>,
        name: &str,
        config: Option<SessionConfig>,
    ) -> Result<(), Refusal> {
        self.with(name, |session| session.config = config)?;
        if self.with(name, |session| session.is_running())? {
            self.restart(name).await?;
        }
        Ok(())
    }

    /// Starts a stopped session.
    pub(crate) fn start(self: &Arc<Self>, name: &str) -> Result<(), Refusal> {
        let run = self.with(name, |session| (!session.is_running()).then(|| session.new_run()))?;
        let run = run.ok_or_else(|| {
            Refusal::Unprocessable(format!("Session '{name}' is already started."))
        })?;
        self.enter(name, run, SessionStatus::Starting);
        self.spawn(Arc::clone(self).walk(name.to_owned(), run));
        Ok(())
    }

    /// Stops a session; a stopped one stays so.
    pub(crate) async fn stop(self: &Arc<Self>, name: &str) -> Result<(), Refusal> {
        if self.with(name, |session| session.is_running())? {
            sleep(self.options.stopping_for).await;
            let run = self.with(name, Session::new_run)?;
            self.enter(name, run, SessionStatus::Stopped);
        }
        Ok(())
    }

    /// Stops and starts. A paired session needs no code.
    pub(crate) async fn restart(self: &Arc<Self>, name: &str) -> Result<(), Refusal> {
        self.stop(name).await?;
        self.start(name)
    }

    /// Forgets the pairing; a session that ran starts again and asks for a scan.
    pub(crate) async fn logout(self: &Arc<Self>, name: &str) -> Result<(), Refusal> {
        let ran = self.with(name, |session| session.is_running())?;
        self.stop(name).await?;
        self.with(name, Session::forget_pairing)?;
        if ran { self.start(name) } else { Ok(()) }
    }

    /// Stops and removes. Removing what is not there is no mistake.
    pub(crate) async fn delete(self: &Arc<Self>, name: &str) {
        if self.stop(name).await.is_ok() {
            self.world().sessions.remove(name);
            self.changes.send_replace(());
        }
    }

    /// The phone scans the code, if there is one to scan.
    pub(crate) fn scan(self: &Arc<Self>, name: &str) -> Result<(), Refusal> {
        let run = self.with(name, |session| {
            let scannable = session.status == SessionStatus::ScanQrCode;
            scannable.then(|| {
                session.pair();
                session.run
            })
        })?;
        let run = run.ok_or_else(|| {
            Refusal::Unprocessable(format!("Session '{name}' shows no code to scan."))
        })?;
        if self.options.engine.reconnects_after_scan() {
            self.enter(name, run, SessionStatus::Starting);
            self.spawn(Arc::clone(self).walk(name.to_owned(), run));
        } else {
            self.enter(name, run, SessionStatus::Working);
        }
        Ok(())
    }

    /// A new code replaces the shown one, and is announced though the status is the same.
    pub(crate) fn refresh_qr(self: &Arc<Self>, name: &str) -> Result<(), Refusal> {
        let shown = self.with(name, |session| {
            (session.status == SessionStatus::ScanQrCode).then_some(session.run)
        })?;
        if let Some(run) = shown {
            self.enter(name, run, SessionStatus::ScanQrCode);
        }
        Ok(())
    }

    /// The phone removes this device: FAILED, unpaired, with `me` still shown.
    pub(crate) fn unlink(self: &Arc<Self>, name: &str) -> Result<(), Refusal> {
        self.with(name, |session| session.paired = false)?;
        self.set_status(name, SessionStatus::Failed)
    }

    /// Puts the session in a status, whatever led there.
    pub(crate) fn set_status(
        self: &Arc<Self>,
        name: &str,
        status: SessionStatus,
    ) -> Result<(), Refusal> {
        let run = self.with(name, |session| {
            if status == SessionStatus::Working && !session.paired {
                session.pair();
            }
            session.new_run()
        })?;
        self.enter(name, run, status);
        Ok(())
    }

    /// The process dies and comes back: what was on disk remains, and running sessions start anew.
    pub(crate) fn restart_losing_memory(self: &Arc<Self>) {
        self.lose_memory();
        let mut ran = Vec::new();
        for session in self.world().sessions.values_mut() {
            if session.is_running() {
                session.status = SessionStatus::Stopped;
                ran.push(session.name.clone());
            }
        }
        for name in ran {
            if let Err(refusal) = self.start(&name) {
                tracing::debug!(?refusal, session = name, "session vanished during the restart");
            }
        }
    }

    /// What happens after STARTING, if nothing ends the run first.
    async fn walk(self: Arc<Self>, name: String, run: u64) {
        sleep(self.options.starting_for).await;
        if self.with(&name, |session| session.paired).unwrap_or(false) {
            self.enter(&name, run, SessionStatus::Working);
            return;
        }
        let shown = self.enter(&name, run, SessionStatus::ScanQrCode);
        let (true, Some(patience)) = (shown, self.options.auto_scan_after) else { return };
        sleep(patience).await;
        if self.with(&name, |session| session.run).is_ok_and(|now| now == run) {
            // Somebody else may have scanned it meanwhile, which is as good.
            let _ = self.scan(&name);
        }
    }

    /// Changes the status and announces it, unless the run is over. Says whether it did.
    fn enter(self: &Arc<Self>, name: &str, run: u64, status: SessionStatus) -> bool {
        let entered = self.with(name, |session| {
            if session.run != run {
                return None;
            }
            if status == SessionStatus::ScanQrCode {
                session.qr = crate::identifiers::qr_text();
            }
            session.enter(status, clock::now());
            let event = Event::of(session, "session.status", session.status_payload());
            Some(event.at(session.entered_at_ms))
        });
        let Ok(Some(event)) = entered else { return false };
        self.changes.send_replace(());
        self.publish(&event);
        true
    }

    /// Does something to a session, or refuses for want of it.
    pub(crate) fn with<T>(
        &self,
        name: &str,
        act: impl FnOnce(&mut Session) -> T,
    ) -> Result<T, Refusal> {
        self.world().sessions.get_mut(name).map(act).ok_or(Refusal::SessionNotFound)
    }
}

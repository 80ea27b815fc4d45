//! Asks servers and sessions whose breaker is open how they are: half open, one process at a time.
//!
//! A server is pinged; of a session WAHA is asked its status, which is recorded: a session that does not work has its
//! queue held by that from then on. Nothing is sent, so no message's attempt is spent to find out.

use std::sync::Arc;
use std::time::Duration;

use domain::id::SessionId;
use domain::ports::event_log::{Actor, Metadata};
use domain::ports::waha::{SessionAddress, SessionGateway};
use domain::session::{Command, Session};
use futures::future::join_all;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::super::{Process, SagaError};
use super::breakers::{Breakers, Probe};
use super::{servers, standing};

const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Whoever takes longer than this to say how it is, is not well.
const PROBE_TIME_MAX: Duration = Duration::from_secs(10);

pub(super) struct Prober {
    process: Process,
    breakers: Arc<Breakers>,
    gateway: Arc<dyn SessionGateway>,
}

impl Prober {
    pub(super) fn new(
        process: &Process,
        breakers: Arc<Breakers>,
        gateway: Arc<dyn SessionGateway>,
    ) -> Self {
        Self { process: process.clone(), breakers, gateway }
    }

    /// Asks until `shutdown`.
    pub(super) async fn run(&self, shutdown: &CancellationToken) {
        while let Some(worked) = shutdown.run_until_cancelled(self.work()).await {
            if let Err(error) = worked {
                tracing::warn!(%error, "circuit breakers cannot be seen to; will try again");
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = shutdown.cancelled() => {}
            }
        }
    }

    async fn work(&self) -> Result<(), SagaError> {
        if !self.breakers.refresh().await? {
            return Ok(());
        }
        let probes = self.breakers.claim(self.process.engine).await?;
        join_all(probes.iter().map(|probe| self.probe(probe))).await.into_iter().collect()
    }

    async fn probe(&self, probe: &Probe) -> Result<(), SagaError> {
        let asked = match probe.subject.session {
            None => self.ask_server(probe).await?,
            Some(session) => self.ask_session(probe, session).await?,
        };
        match asked {
            Some(is_well) => self.breakers.settle(self.process.engine, probe, is_well).await?,
            None => self.breakers.forget(&probe.subject).await?,
        }
        Ok(())
    }

    /// Whether the server answers; none if there is no such server any more.
    async fn ask_server(&self, probe: &Probe) -> Result<Option<bool>, SagaError> {
        let server = &probe.subject.server;
        if !servers::states(&self.process.pool).await?.iter().any(|(name, _)| name == server) {
            return Ok(None);
        }
        let answer = timeout(PROBE_TIME_MAX, self.gateway.ping(server)).await;
        Ok(Some(matches!(answer, Ok(Ok(_)))))
    }

    /// Whether WAHA knows how the session is; none if the session is not there any more.
    async fn ask_session(
        &self,
        probe: &Probe,
        session: SessionId,
    ) -> Result<Option<bool>, SagaError> {
        let server = &probe.subject.server;
        let known = standing::find(&self.process.pool, session).await?;
        let Some(known) = known.filter(|known| known.server == *server) else { return Ok(None) };
        let address = SessionAddress { server, waha_session: &known.waha_session };
        let Ok(Ok(report)) = timeout(PROBE_TIME_MAX, self.gateway.status(address)).await else {
            return Ok(Some(false));
        };
        if let Some(report) = report {
            let metadata = Metadata::new(Actor::DeliverySaga, session.0);
            let command = Command::Report(report);
            let told = self.process.executor.execute::<Session>(
                known.tenant_id,
                session.0,
                command,
                metadata,
            );
            told.await.map_err(|error| SagaError::Command(error.into()))?;
        }
        Ok(Some(true))
    }
}

//! Does in WAHA what was asked, on the server the session is on, once it is off those it was on before.

use std::sync::Arc;
use std::time::Duration;

use domain::id::EngineId;
use domain::ports::waha::{GatewayError, SessionAddress, SessionGateway, SessionSetup};
use domain::session::event::Origin;
use domain::session::{Action, Command, Open, Report, Session};
use domain::waha_server::ServerState;
use domain::waha_server::name::ServerName;
use failpoint::Failpoint;
use futures::future::join_all;
use secrecy::ExposeSecret;
use sqlx::PgPool;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::super::delivery::servers;
use super::super::{Process, SagaError};
use super::actions::{self, Task};
use super::tell;
use crate::executor::Executor;
use crate::session_keys::{SessionKey, SessionKeys};

const LOOK_EVERY: Duration = Duration::from_secs(1);

pub(super) struct Worker {
    pool: PgPool,
    executor: Executor,
    gateway: Arc<dyn SessionGateway>,
    keys: SessionKeys,
    engine: EngineId,
}

impl Worker {
    pub(super) fn new(
        process: &Process,
        gateway: Arc<dyn SessionGateway>,
        keys: SessionKeys,
    ) -> Self {
        let Process { pool, executor, engine, .. } = process.clone();
        Self { pool, executor, gateway, keys, engine }
    }

    pub(super) async fn run(&self, fed: &Notify, shutdown: &CancellationToken) {
        while !shutdown.is_cancelled() {
            if let Err(error) = self.work().await {
                tracing::error!(%error, "sessions cannot be worked on; will try again");
            }
            tokio::select! {
                () = fed.notified() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = shutdown.cancelled() => {}
            }
        }
    }

    /// Does what is due.
    pub(super) async fn work(&self) -> Result<(), SagaError> {
        let tasks = actions::claim(&self.pool, self.engine).await?;
        join_all(tasks.into_iter().map(|task| self.fulfil(task))).await.into_iter().collect()
    }

    async fn fulfil(&self, task: Task) -> Result<(), SagaError> {
        failpoint::reach(Failpoint::ActionClaimed);
        let now = self.executor.ambient().now();
        let (tenant, id, action) = (task.tenant_id, task.session_id, task.action);
        let Session::Open(session) = self.executor.load::<Session>(tenant, id.0).await? else {
            // It is deleted, which the list of what is to be done has not heard yet.
            return Ok(());
        };
        let server = session.server.clone();
        match self.call(&task, &session).await? {
            Ok(report) => {
                failpoint::reach(Failpoint::ActionDone);
                if let Some(report) = report {
                    tell(&self.executor, tenant, id, Command::Report(report)).await?;
                }
                let command = Command::CompleteAction { action, server, now };
                tell(&self.executor, tenant, id, command).await
            }
            Err(GatewayError::Unavailable(reason)) => {
                tracing::warn!(
                    session.id = %task.session_id, action = action.as_str(), tries = task.tries, reason,
                    "WAHA is away; the action will be tried again"
                );
                Ok(actions::postpone(&self.pool, self.engine, &task).await?)
            }
            Err(
                error @ (GatewayError::NotFound
                | GatewayError::WrongState(_)
                | GatewayError::Refused(_)),
            ) => {
                let reason = error.to_string();
                let command = Command::FailAction { action, server, reason, now };
                tell(&self.executor, tenant, id, command).await
            }
        }
    }

    async fn call(
        &self,
        task: &Task,
        session: &Open,
    ) -> Result<Result<Option<Report>, GatewayError>, SagaError> {
        let Some(key) = self.keys.get(task.session_id).await? else {
            // A deletion frees the name last, so where it is free WAHA has forgotten the session already.
            let is_deletion = task.action == Action::Delete;
            return Ok(if is_deletion { Ok(None) } else { Err(GatewayError::NotFound) });
        };
        let called = self.servers_called().await?;
        if !called.contains(&session.server) {
            let reason = format!("the server {} is marked as down", session.server);
            return Ok(Err(GatewayError::Unavailable(reason)));
        }
        for origin in session.left.iter().filter(|origin| called.contains(&origin.server)) {
            if let Err(error) = self.leave(origin, &session.waha_session).await {
                return Ok(Err(error));
            }
            failpoint::reach(Failpoint::SessionLeft);
        }
        let address =
            SessionAddress { server: &session.server, waha_session: &session.waha_session };
        let done = self.act(task.action, address, &key).await;
        if task.action == Action::Delete && done.is_ok() {
            self.keys.release(task.session_id).await?;
        }
        Ok(done)
    }

    async fn servers_called(&self) -> Result<Vec<ServerName>, sqlx::Error> {
        let servers = servers::states(&self.pool).await?.into_iter();
        let called = servers.filter(|(_, state)| *state != ServerState::Down);
        Ok(called.map(|(server, _)| server).collect())
    }

    /// Takes the session off a server it was on before. One that is down is not asked: the watcher stops the session there
    /// when it comes back. Nor is one that is not registered any more.
    async fn leave(&self, origin: &Origin, waha_session: &str) -> Result<(), GatewayError> {
        let address = SessionAddress { server: &origin.server, waha_session };
        if !origin.keep_pairing {
            return self.gateway.delete(address).await;
        }
        match self.gateway.stop(address).await {
            Ok(_) | Err(GatewayError::NotFound) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn act(
        &self,
        action: Action,
        session: SessionAddress<'_>,
        key: &SessionKey,
    ) -> Result<Option<Report>, GatewayError> {
        match action {
            Action::Start => {
                let webhook_secret = key.secret.expose_secret();
                self.gateway.start(&SessionSetup { session, webhook_secret }).await
            }
            Action::Stop => self.gateway.stop(session).await,
            Action::Restart => self.gateway.restart(session).await,
            Action::Logout => self.gateway.logout(session).await,
            Action::Delete => self.gateway.delete(session).await.map(|()| None),
        }
    }
}

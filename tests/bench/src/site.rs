//! A whole installation: the engine as a process of its own, and its WAHA in this one.

use std::time::Duration;

use acceptance::caller::Caller;
use acceptance::directory::Directory;
use acceptance::port::Port;
use acceptance::process::Process;
use acceptance::sessions::Session;
use acceptance::setup::Setup;
use domain::access::Role;
use domain::id::SessionId;
use sqlx::PgPool;
use tokio::process::Command;
use tokio::time::{Instant, sleep};
use waha_simulator::Simulator;

use crate::database::Database;
use crate::error::BenchError;
use crate::messages::Owner;

/// How long the parts that follow the log may take to catch up.
const SETTLED_WITHIN: Duration = Duration::from_mins(15);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Whether every reader of the log has read up to a position.
const ALL_HAVE_READ: &str = "
select not exists (
    select from (select first, second from projection_checkpoints
                 union all select first, second from saga_checkpoints) checkpoint
    where (first, second) < ($1, $2))";

/// A whole installation.
pub(crate) struct Site {
    pub(crate) waha: Simulator,
    pub(crate) port: Port,
    setup: Setup,
    process: Option<Process>,
    directory: Directory,
    database: PgPool,
}

/// Somebody signed in, and a session that works.
pub(crate) struct Sender {
    pub(crate) caller: Caller,
    pub(crate) session: Session,
    pub(crate) owner: Owner,
}

impl Site {
    /// In this database; messages leave a session at this pace, or as fast as it goes if that is 0.
    pub(crate) async fn start(
        database: &Database,
        rate_per_minute: u32,
    ) -> Result<Self, BenchError> {
        let setup = Setup::default().unlimited();
        Self::start_with(database, setup.set("DELIVERY_RATE_PER_MINUTE", rate_per_minute)).await
    }

    /// In this database, set up like this.
    pub(crate) async fn start_with(database: &Database, setup: Setup) -> Result<Self, BenchError> {
        let waha = Simulator::start(setup.waha.clone()).await?;
        let port = Port::reserve();
        let pool = database.pool.clone();
        let directory = Directory::open(&pool, &setup);
        let mut site = Self { waha, port, setup, process: None, directory, database: pool };
        site.start_again().await;
        Ok(site)
    }

    /// Another engine where the one that was killed was.
    pub(crate) async fn start_again(&mut self) {
        self.process = Some(self.serve(&self.port).await);
    }

    /// Another engine beside the first.
    pub(crate) async fn stand_by(&self) -> (Process, Port) {
        let port = Port::reserve();
        (self.serve(&port).await, port)
    }

    /// The engine that stood by is the one from now on.
    pub(crate) fn put_in_place(&mut self, (process, port): (Process, Port)) {
        (self.process, self.port) = (Some(process), port);
    }

    /// `kill -9`
    pub(crate) async fn kill(&mut self) {
        if let Some(process) = self.process.take() {
            process.kill().await;
        }
    }

    async fn serve(&self, port: &Port) -> Process {
        let database = self.database.connect_options();
        let environment = self.setup.environment(&database, &self.waha.base_url(), port.address());
        Process::serve(&environment).await
    }

    /// New tenants, each with so many sessions that work.
    pub(crate) async fn senders(
        &self,
        tenants: usize,
        sessions_each: usize,
    ) -> Result<Vec<Sender>, BenchError> {
        let mut senders = Vec::new();
        for _ in 0..tenants {
            let tenant = self.directory.tenant().await;
            let account = self.directory.user(tenant, Role::TenantAdmin).await;
            let caller = Caller::nobody(self.port.url()).sign_in(&account).await;
            for number in 0..sessions_each {
                let session = caller.new_session(&format!("number-{number}")).await;
                caller.session_becomes(&session, "WORKING").await;
                let id = session.id.parse::<SessionId>();
                let id = id.map_err(|error| BenchError::failed(error.to_string()))?;
                let owner = Owner { tenant, session: id };
                senders.push(Sender { caller: caller.clone(), session, owner });
            }
        }
        self.settled().await?;
        Ok(senders)
    }

    /// Waits until views and sagas know what is in the log now.
    pub(crate) async fn settled(&self) -> Result<(), BenchError> {
        let (first, second): (i64, i64) = sqlx::query_as(
            "select transaction_id::text::bigint, position from events
             order by transaction_id desc, position desc limit 1",
        )
        .fetch_one(&self.database)
        .await?;
        self.until("views and sagas have read the log", async || {
            let asked = sqlx::query_scalar(ALL_HAVE_READ).bind(first).bind(second);
            asked.fetch_one(&self.database).await
        })
        .await
    }

    /// How many messages wait to be sent.
    pub(crate) async fn queued(&self) -> Result<i64, sqlx::Error> {
        sqlx::query_scalar("select coalesce(sum(queued), 0)::bigint from delivery_sessions")
            .fetch_one(&self.database)
            .await
    }

    /// Waits for a fact.
    pub(crate) async fn until(
        &self,
        what: &str,
        is_so: impl AsyncFnMut() -> Result<bool, sqlx::Error>,
    ) -> Result<(), BenchError> {
        self.soon(what, LOOK_EVERY, is_so).await
    }

    /// The same, looking so often.
    pub(crate) async fn soon(
        &self,
        what: &str,
        every: Duration,
        mut is_so: impl AsyncFnMut() -> Result<bool, sqlx::Error>,
    ) -> Result<(), BenchError> {
        let deadline = Instant::now() + SETTLED_WITHIN;
        while !is_so().await? {
            if Instant::now() > deadline {
                return Err(BenchError::failed(format!("in {SETTLED_WITHIN:?} not so: {what}")));
            }
            sleep(every).await;
        }
        Ok(())
    }

    /// Memory the engine has in use, in megabytes.
    pub(crate) async fn memory_mb(&self) -> Result<f64, BenchError> {
        let id = self
            .process
            .as_ref()
            .and_then(Process::id)
            .ok_or_else(|| BenchError::failed("the engine has ended"))?;
        let ps = Command::new("ps").args(["-o", "rss=", "-p", &id.to_string()]).output().await;
        let ps = ps.map_err(|source| BenchError::Program { program: "ps".into(), source })?;
        let kilobytes = String::from_utf8_lossy(&ps.stdout).trim().parse::<f64>();
        let kilobytes = kilobytes.map_err(|_| BenchError::failed("ps told no memory"))?;
        Ok(kilobytes / 1024.0)
    }

    /// Ends everything at once: nobody needs what is under way.
    pub(crate) async fn end(mut self) {
        self.kill().await;
        self.waha.shutdown().await;
    }
}

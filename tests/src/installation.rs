//! A whole installation: the engine in this process, and its WAHA.

use std::net::SocketAddr;

use domain::access::Role;
use domain::id::TenantId;
use heliograph::roles::{EngineRole, Roles};
use heliograph::serve::Engine;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use waha_simulator::Simulator;

use crate::caller::Caller;
use crate::directory::Directory;
use crate::port::Port;
use crate::sessions::Session;
use crate::setup::{self, Setup};

/// Connections of an engine, as `heliograph serve` has them.
const CONNECTIONS_MAX: u32 = heliograph::serve::CONNECTIONS_MAX;

/// A whole installation.
pub struct Installation {
    /// Its WAHA.
    pub waha: Simulator,
    engine: Engine,
    /// Keeps the views, if the engine does not.
    projector: Option<Engine>,
    port: Port,
    setup: Setup,
    database: PgPool,
    directory: Directory,
    nobody: Caller,
}

impl Installation {
    /// In this database, as fast as it goes.
    pub async fn start(database: PgPool) -> Self {
        Self::start_with(database, Setup::default()).await
    }

    /// In this database, set up like this.
    pub async fn start_with(database: PgPool, setup: Setup) -> Self {
        let waha = Simulator::start(setup.waha.clone()).await.expect("WAHA does not start");
        Self::start_before(database, setup, waha)
    }

    /// The same with a WAHA that is there already.
    pub fn start_before(database: PgPool, setup: Setup, waha: Simulator) -> Self {
        Self::start_as(database, setup, waha, &Roles::all())
    }

    /// In this database, with the views kept by an engine of its own, as by another process.
    pub async fn start_apart(database: PgPool) -> Self {
        let setup = Setup::default();
        let waha = Simulator::start(setup.waha.clone()).await.expect("WAHA does not start");
        let others = [EngineRole::Api, EngineRole::Delivery, EngineRole::Webhooks];
        let mut apart = Self::start_as(database, setup, waha, &Roles::from_iter(others));
        apart.start_projecting();
        apart
    }

    fn start_as(database: PgPool, setup: Setup, waha: Simulator, roles: &Roles) -> Self {
        let port = Port::reserve();
        let engine = start_engine(&database, &setup, &waha, &port, roles);
        let directory = Directory::open(&database, &setup);
        let nobody = Caller::nobody(port.url());
        Self { waha, engine, projector: None, port, setup, database, directory, nobody }
    }

    /// Queues so many messages to as many people, without a request for each.
    pub async fn crowd(&self, tenant: TenantId, session: &Session, messages: usize) {
        let session = session.id.parse().expect("a session's id is one");
        self.directory.crowd(tenant, session, messages).await;
    }

    /// Another engine on the same database, set up like this.
    pub fn another(&self, setup: &Setup) -> Engine {
        start_engine(&self.database, setup, &self.waha, &Port::reserve(), &Roles::all())
    }

    /// The engine that keeps the views starts.
    pub fn start_projecting(&mut self) {
        let (port, roles) = (Port::reserve(), Roles::from_iter([EngineRole::Projector]));
        let engine = start_engine(&self.database, &self.setup, &self.waha, &port, &roles);
        self.projector = Some(engine);
    }

    /// It stops, in order.
    pub async fn stop_projecting(&mut self) {
        if let Some(projector) = self.projector.take() {
            projector.stop().await;
        }
    }

    /// Stops the engine in order, and starts another in its place.
    #[must_use]
    pub async fn restarted(self) -> Self {
        self.restarted_after(async |_| {}).await
    }

    /// The same, and this happens while there is none.
    #[must_use]
    pub async fn restarted_after(self, meanwhile: impl AsyncFnOnce(&Simulator)) -> Self {
        self.engine.stop().await;
        meanwhile(&self.waha).await;
        let engine =
            start_engine(&self.database, &self.setup, &self.waha, &self.port, &Roles::all());
        Self { engine, ..self }
    }

    /// Where the engine is.
    pub fn url(&self) -> String {
        self.port.url()
    }

    /// The same as an address.
    pub fn address(&self) -> SocketAddr {
        self.port.address()
    }

    /// Somebody not signed in.
    pub fn nobody(&self) -> &Caller {
        &self.nobody
    }

    /// Makes tenants and users.
    pub fn directory(&self) -> &Directory {
        &self.directory
    }

    /// The administrator of a new tenant, signed in.
    pub async fn tenant(&self) -> Caller {
        let tenant = self.directory.tenant().await;
        let account = self.directory.user(tenant, Role::TenantAdmin).await;
        self.nobody.sign_in(&account).await
    }

    /// A colleague with another role, signed in.
    pub async fn colleague(&self, of: &Caller, role: Role) -> Caller {
        let account = self.directory.user(of.tenant_id(), role).await;
        self.nobody.sign_in(&account).await
    }

    /// Stops everything, in order.
    pub async fn stop(mut self) {
        self.stop_projecting().await;
        self.engine.stop().await;
        self.waha.shutdown().await;
        self.directory.close().await;
    }
}

fn start_engine(
    database: &PgPool,
    setup: &Setup,
    waha: &Simulator,
    port: &Port,
    roles: &Roles,
) -> Engine {
    let direct = database.connect_options();
    let environment = setup.environment(&direct, &waha.base_url(), port.address());
    let pool = PgPoolOptions::new()
        .max_connections(CONNECTIONS_MAX)
        .acquire_timeout(heliograph::serve::ACQUIRE_TIMEOUT)
        .connect_lazy_with(setup.database(&direct));
    Engine::start(&setup::read(&environment), pool, port.listen(), roles)
        .expect("the engine does not start")
}

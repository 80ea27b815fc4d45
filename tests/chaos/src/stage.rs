//! The installation that is struck: a database, a WAHA, two engines, tenants with sessions that work.

use acceptance::caller::Caller;
use acceptance::directory::{Account, PASSWORD};
use acceptance::process;
use acceptance::setup::Setup;
use serde_json::Value;
use waha_simulator::Simulator;

use crate::engines::Engines;
use crate::senders::Sender;
use crate::server::Server;

const TENANTS: usize = 3;
const SESSIONS_EACH: usize = 2;
/// Sessions in all.
pub const SESSIONS: usize = TENANTS * SESSIONS_EACH;
/// Hung calls are given up as soon as WAHA's own waits allow.
const WAHA_TIMEOUT_SECONDS: u32 = 16;
/// The simulator sends at once or never, so what is not there soon was not sent. The last look at a message in doubt
/// comes after about five times as long.
const SETTLE_AFTER_SECONDS: u32 = 3;
/// What webhooks did not tell is looked for soon: there is no time to wait for more of them.
const GAP_WAIT_SECONDS: u32 = 2;

/// The installation that is struck.
#[derive(Debug)]
pub struct Stage {
    /// Its PostgreSQL.
    pub server: Server,
    /// Its WAHA.
    pub waha: Simulator,
    /// Its engines.
    pub engines: Engines,
    /// One for each session.
    pub senders: Vec<Sender>,
}

impl Stage {
    /// Everything works.
    pub async fn set(server: &'static str) -> Self {
        let server = Server::start(server).await;
        let setup = Setup::default()
            .set("WAHA_TIMEOUT_SECONDS", WAHA_TIMEOUT_SECONDS)
            .unlimited()
            .set("DELIVERY_SETTLE_AFTER_SECONDS", SETTLE_AFTER_SECONDS)
            .set("WEBHOOK_GAP_WINDOW_HOURS", 24)
            .set("WEBHOOK_GAP_WAIT_SECONDS", GAP_WAIT_SECONDS)
            .set("DELIVERY_BACKOFF_BASE_MS", 50)
            .set("DELIVERY_BACKOFF_MAX_MS", 1_000);
        let waha = Simulator::start(setup.waha.clone()).await.expect("WAHA does not start");
        let engines = Engines::new(&setup, server.url(), &waha.base_url());
        let mut stage = Self { server, waha, engines, senders: Vec::new() };
        stage.tell(&["migrate", "run"]).await;
        stage.engines.start().await;
        for _ in 0..TENANTS {
            let tenant = stage.tenant().await;
            for n in 0..SESSIONS_EACH {
                let session = tenant.new_session(&format!("session {n}")).await;
                tenant.session_becomes(&session, "WORKING").await;
                let number = stage.senders.len();
                stage.senders.push(Sender { tenant: tenant.clone(), session, number });
            }
        }
        stage
    }

    /// Each tenant once.
    pub fn tenants(&self) -> impl Iterator<Item = &Caller> {
        self.senders.iter().step_by(SESSIONS_EACH).map(|sender| &sender.tenant)
    }

    /// The administrator of a new tenant, made at the command line and signed in.
    async fn tenant(&self) -> Caller {
        let number = self.senders.len();
        let name = format!("Tenant {number}");
        let tenant = self.tell(&["tenant", "create", "--name", &name]).await;
        let tenant_id = tenant["id"].as_str().unwrap_or_default();
        let email = format!("admin{number}@chaos.test");
        let create = ["user", "create", "--role", "tenant_admin", "--password", PASSWORD];
        let whom = ["--tenant", tenant_id, "--email", &email];
        let user = self.tell(&[&create[..], &whom].concat()).await;
        let account = Account {
            tenant_id: tenant_id.parse().expect("a tenant has an id"),
            user_id: user["id"].as_str().and_then(|id| id.parse().ok()).expect("a user has an id"),
            email,
        };
        let [door, _] = self.engines.urls();
        Caller::nobody(door).sign_in(&account).await
    }

    /// Runs a verb; answers what it tells programs.
    async fn tell(&self, verb: &[&str]) -> Value {
        let arguments = [verb, &["--output", "json"]].concat();
        let output = process::run(self.engines.environment(), &arguments, "").await;
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap_or_default()
    }
}

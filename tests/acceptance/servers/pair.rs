//! An installation with a second WAHA server beside the one of the settings.

use acceptance::answer::Answer;
use acceptance::caller::Caller;
use acceptance::installation::Installation;
use acceptance::setup::Setup;
use domain::access::Role;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;
use waha_simulator::{Simulator, SimulatorOptions};

/// The second server's name.
pub(super) const SECOND: &str = "eu-1";
/// The second server's key, other than the first one's.
pub(super) const SECOND_KEY: &str = "the-key-of-the-second-server";

/// An installation with two servers: `default`, and the second, which takes as many sessions as is said.
pub(super) struct Pair {
    pub(super) stage: Installation,
    pub(super) second: Simulator,
    /// Runs the installation; a user of the same tenant.
    pub(super) operator: Caller,
    pub(super) tenant: Caller,
}

impl Pair {
    pub(super) async fn start(pool: PgPool, setup: Setup, capacity: u32) -> Self {
        let options = SimulatorOptions { api_key: SECOND_KEY.to_owned(), ..setup.waha.clone() };
        let second = Simulator::start(options).await.unwrap();
        let stage = Installation::start_with(pool, setup).await;
        let tenant = stage.tenant().await;
        let operator = stage.colleague(&tenant, Role::PlatformAdmin).await;
        let pair = Self { stage, second, operator, tenant };
        pair.register(&pair.second.base_url(), capacity).await.expect(201);
        pair
    }

    pub(super) async fn register(&self, url: &str, capacity: u32) -> Answer {
        let body =
            json!({ "name": SECOND, "url": url, "apiKey": SECOND_KEY, "capacity": capacity });
        self.operator.post("/admin/waha-servers", &body).await
    }

    /// Says that a server is drained, down, or active again.
    pub(super) async fn say(&self, server: &str, verb: &str) -> Answer {
        self.operator
            .post(&format!("/admin/waha-servers/{server}/{verb}"), &json!({}))
            .await
            .expect(200)
    }

    pub(super) async fn change(&self, server: &str, change: Value) -> Answer {
        let path = format!("/admin/waha-servers/{server}");
        self.operator.send(self.operator.request(Method::PATCH, &path).json(&change)).await
    }

    /// A server, as it is listed.
    pub(super) async fn server(&self, name: &str) -> Value {
        let listed = self.operator.get("/admin/waha-servers").await.expect(200);
        listed.rows().iter().find(|server| server["name"] == name).cloned().unwrap_or_default()
    }

    /// On which server a session is.
    pub(super) async fn place_of(&self, id: &str) -> String {
        self.tenant.get(&format!("/sessions/{id}")).await.expect(200).text("wahaServer")
    }

    pub(super) async fn stop(self) {
        self.stage.stop().await;
        self.second.shutdown().await;
    }
}

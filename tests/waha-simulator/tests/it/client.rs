//! A client of the simulator, and simulators in the states tests begin with.

use std::time::Duration;

use reqwest::{Method, Response};
use serde_json::{Value, json};
use waha_simulator::{SessionStatus, Simulator, SimulatorOptions};

use crate::eventually::eventually;

/// A simulator and someone who talks to it.
pub(crate) struct Client {
    pub(crate) simulator: Simulator,
    pub(crate) http: reqwest::Client,
}

/// Options with waits a test can afford.
pub(crate) fn quick() -> SimulatorOptions {
    SimulatorOptions {
        starting_for: Duration::from_millis(5),
        not_running_wait: Duration::from_millis(30),
        wrong_status_wait: Duration::from_millis(60),
        ack_delay: Duration::from_millis(5),
        ..SimulatorOptions::default()
    }
}

impl Client {
    pub(crate) async fn start(options: SimulatorOptions) -> Self {
        let simulator = Simulator::start(options).await.unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { simulator, http }
    }

    /// With the session `default`, configured so, and paired.
    pub(crate) async fn working(options: SimulatorOptions, config: Value) -> Self {
        let client = Self::start(options).await;
        client.create("default", config).await;
        client.pair("default").await;
        client
    }

    pub(crate) async fn create(&self, name: &str, config: Value) {
        let body = json!({ "name": name, "start": true, "config": config });
        assert_eq!(self.call(Method::POST, "/api/sessions", Some(body)).await.0, 201);
    }

    pub(crate) async fn pair(&self, name: &str) {
        self.reaches(name, SessionStatus::ScanQrCode).await;
        self.simulator.scan(name).unwrap();
        self.reaches(name, SessionStatus::Working).await;
    }

    pub(crate) async fn reaches(&self, name: &str, status: SessionStatus) {
        let fact = format!("{name} is {status:?}");
        eventually(&fact, || (self.simulator.session_status(name) == Some(status)).then_some(()))
            .await;
    }

    /// Sends a text to one chat of the session `default`.
    pub(crate) async fn send(&self, text: &str) -> Result<(u16, Value), reqwest::Error> {
        self.send_with(json!({ "text": text })).await
    }

    /// Sends with more fields than the usual ones.
    pub(crate) async fn send_with(&self, more: Value) -> Result<(u16, Value), reqwest::Error> {
        let mut body = json!({ "session": "default", "chatId": "11111111111@c.us" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        read(self.request(Method::POST, "/api/sendText", Some(body)).send().await?).await
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        self.call(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        self.call(Method::POST, path, Some(body)).await
    }

    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> (u16, Value) {
        read(self.request(method, path, body).send().await.unwrap()).await.unwrap()
    }

    pub(crate) fn request(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> reqwest::RequestBuilder {
        let url = format!("{}{path}", self.simulator.base_url());
        let request = self.http.request(method, url).header("X-Api-Key", self.simulator.api_key());
        match body {
            Some(body) => request.json(&body),
            None => request,
        }
    }
}

async fn read(response: Response) -> Result<(u16, Value), reqwest::Error> {
    let status = response.status().as_u16();
    let text = response.text().await?;
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    Ok((status, body))
}

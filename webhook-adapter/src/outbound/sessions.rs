//! Running sessions: `/api/sessions`.
//!
//! Every call may be repeated. A report is dated before its request was made: a webhook with a newer status may
//! overtake the answer, and must win.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::ports::waha::{GatewayError, QrCode, SessionAddress, SessionGateway, SessionSetup};
use domain::session::Report;
use domain::session::status::SessionStatus;
use domain::waha_server::name::ServerName;
use domain::whatsapp::Engine;
use http::Method;
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use super::exchange::exchange;
use super::{WahaClient, session_config, verdict};
use crate::{address, session_status};

/// Whether WAHA is there is asked by those who do not wait.
const PING_TIMEOUT: Duration = Duration::from_secs(5);

#[async_trait]
impl SessionGateway for WahaClient {
    /// Creates it; if it is there already, configures and starts it unless it runs. A running one is left
    /// alone, since configuring it would restart it.
    async fn start(&self, session: &SessionSetup<'_>) -> Result<Option<Report>, GatewayError> {
        let name = session.session.waha_session;
        let config = session_config::config(session, self.webhook_url.as_deref());
        // `start` is always said: WAHA's documentation and its code differ on the default.
        let creation = json!({ "name": name, "start": true, "config": config });
        let created = self.sessions(Method::POST, &[]).json(&creation);
        let refusal = match self.report(created).await {
            Err(GatewayError::WrongState(refusal)) => refusal,
            created => return created,
        };
        let found = match self.report(self.sessions(Method::GET, &[name])).await {
            // Refused, and not because it exists.
            Err(GatewayError::NotFound | GatewayError::WrongState(_)) => {
                return Err(GatewayError::Refused(refusal));
            }
            found => found?,
        };
        if !found.as_ref().is_some_and(is_at_rest) {
            return Ok(found);
        }
        let configured = self.sessions(Method::PUT, &[name]).json(&json!({ "config": config }));
        verdict::body(exchange(configured).await)?;
        match self.report(self.sessions(Method::POST, &[name, "start"])).await {
            // It runs already: configuring a failed session restarts it.
            Err(GatewayError::WrongState(_)) => {
                self.report(self.sessions(Method::GET, &[name])).await
            }
            started => started,
        }
    }

    async fn stop(&self, session: SessionAddress<'_>) -> Result<Option<Report>, GatewayError> {
        self.report(self.sessions(Method::POST, &[session.waha_session, "stop"])).await
    }

    async fn restart(&self, session: SessionAddress<'_>) -> Result<Option<Report>, GatewayError> {
        self.report(self.sessions(Method::POST, &[session.waha_session, "restart"])).await
    }

    async fn logout(&self, session: SessionAddress<'_>) -> Result<Option<Report>, GatewayError> {
        self.report(self.sessions(Method::POST, &[session.waha_session, "logout"])).await
    }

    async fn delete(&self, session: SessionAddress<'_>) -> Result<(), GatewayError> {
        match verdict::body(exchange(self.sessions(Method::DELETE, &[session.waha_session])).await)
        {
            Ok(_) | Err(GatewayError::NotFound) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn status(&self, session: SessionAddress<'_>) -> Result<Option<Report>, GatewayError> {
        self.report(self.sessions(Method::GET, &[session.waha_session])).await
    }

    /// Without `all` WAHA leaves out those that are stopped. Entries that cannot be read are left out.
    async fn list(&self, _: &ServerName) -> Result<Vec<(String, Report)>, GatewayError> {
        let asked_at = self.ambient.now();
        let mut url = self.url(&["api", "sessions"]);
        url.set_query(Some("all=true"));
        let body = verdict::body(exchange(self.request_to(Method::GET, url)).await)?;
        let Value::Array(sessions) = verdict::json(&body) else {
            return Err(GatewayError::Unavailable("its list of sessions is unreadable".to_owned()));
        };
        let entry = |info: &Value| Some((info["name"].as_str()?.to_owned(), told(info, asked_at)?));
        Ok(sessions.iter().filter_map(entry).collect())
    }

    async fn qr(&self, session: SessionAddress<'_>) -> Result<QrCode, GatewayError> {
        let mut url = self.url(&["api", session.waha_session, "auth", "qr"]);
        url.set_query(Some("format=raw"));
        let body = verdict::body(exchange(self.request_to(Method::GET, url)).await)?;
        let value = verdict::json(&body)["value"].as_str().map(ToOwned::to_owned);
        value.map(|value| QrCode { value }).ok_or_else(|| {
            GatewayError::Unavailable("its answer for a QR code is unreadable".to_owned())
        })
    }

    /// A WAHA that tells no version is asked for a mere sign of life.
    async fn ping(&self, _: &ServerName) -> Result<String, GatewayError> {
        let version = self.request(Method::GET, &["api", "server", "version"]);
        let body = match verdict::body(exchange(version.timeout(PING_TIMEOUT)).await) {
            Err(GatewayError::NotFound) => {
                let ping = self.request(Method::GET, &["ping"]).timeout(PING_TIMEOUT);
                verdict::body(exchange(ping).await)?
            }
            answered => answered?,
        };
        Ok(verdict::json(&body)["version"].as_str().unwrap_or("unknown").to_owned())
    }
}

impl WahaClient {
    fn sessions(&self, method: Method, rest: &[&str]) -> RequestBuilder {
        self.request(method, &[&["api", "sessions"], rest].concat())
    }

    /// Makes the request; what WAHA tells of the session, if it tells anything (creating it may answer an
    /// empty body).
    async fn report(&self, request: RequestBuilder) -> Result<Option<Report>, GatewayError> {
        let asked_at = self.ambient.now();
        let body = verdict::body(exchange(request).await)?;
        Ok(told(&verdict::json(&body), asked_at))
    }
}

/// WAHA's `SessionInfo`: `{"name":…,"status":"WORKING","me":{"id":"79990000001@c.us"},"engine":{"engine":"NOWEB"}}`.
fn told(info: &Value, as_of: DateTime<Utc>) -> Option<Report> {
    Some(Report {
        status: session_status::read(&info["status"])?,
        engine: info["engine"]["engine"].as_str().map(Engine::from_waha),
        phone: info["me"]["id"].as_str().and_then(address::phone),
        as_of,
    })
}

fn is_at_rest(report: &Report) -> bool {
    matches!(report.status, SessionStatus::Stopped | SessionStatus::Failed)
}

//! What an installation is set up with.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::net::SocketAddr;
use std::time::Duration;

use heliograph::settings::{EventStoreSettings, Settings};
use mail_catcher::MailCatcher;
use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;
use waha_simulator::{Engine, SimulatorOptions};

use crate::proxy::Proxy;

/// Signs access tokens.
pub const JWT_SECRET: &str = "acceptance-5f1c9a70e2d84b36-access";
/// Signs refresh tokens.
pub const JWT_REFRESH_SECRET: &str = "acceptance-5f1c9a70e2d84b36-refresh";
/// Signs webhooks of sessions without a secret of their own.
pub const WEBHOOK_SECRET: &str = "acceptance-global-secret";

/// Seals second factors.
pub const SECRETS_KEY: &str = "acceptance-5f1c9a70e2d84b36-secrets";

/// What an installation is set up with; the default is as fast as it goes.
#[derive(Debug, Clone)]
pub struct Setup {
    settings: BTreeMap<&'static str, String>,
    /// WAHA's side.
    pub waha: SimulatorOptions,
    waha_line: Option<SocketAddr>,
    database_line: Option<SocketAddr>,
}

impl Default for Setup {
    fn default() -> Self {
        let settings = [
            ("JWT_SECRET", JWT_SECRET),
            ("JWT_REFRESH_SECRET", JWT_REFRESH_SECRET),
            ("WAHA_WEBHOOK_SECRET", WEBHOOK_SECRET),
            ("SECRETS_KEY", SECRETS_KEY),
            ("DELIVERY_RATE_PER_MINUTE", "0"),
            ("DELIVERY_BACKOFF_BASE_MS", "20"),
            ("DELIVERY_BACKOFF_MAX_MS", "100"),
            // Who wants breakers and ramps says so.
            ("DELIVERY_BREAKER_OPEN_SECONDS", "1"),
            ("DELIVERY_BREAKER_OPEN_MAX_SECONDS", "2"),
            ("DELIVERY_RAMP_UP_SECONDS", "0"),
            // Who wants doubts settled says so: elsewhere they are to stay.
            ("DELIVERY_SETTLE_AFTER_SECONDS", "86400"),
            // The same of what was missed: the chats tell of sends, too.
            ("WEBHOOK_GAP_WINDOW_HOURS", "0"),
            ("HOST", "127.0.0.1"),
            ("LOG_LEVEL", "warn,heliograph=info"),
        ];
        let waha = SimulatorOptions {
            auto_scan_after: Some(Duration::ZERO),
            starting_for: Duration::ZERO,
            not_running_wait: Duration::from_millis(100),
            wrong_status_wait: Duration::from_millis(200),
            ..SimulatorOptions::default()
        };
        Self {
            settings: settings.map(|(name, value)| (name, value.to_owned())).into(),
            waha,
            waha_line: None,
            database_line: None,
        }
    }
}

impl Setup {
    /// For those who ask more often than anybody should.
    #[must_use]
    pub fn unlimited(self) -> Self {
        let limits = [
            "RATE_LIMIT_PER_MINUTE",
            "USER_RATE_LIMIT_PER_MINUTE",
            "READ_RATE_LIMIT_PER_MINUTE",
            "SEND_RATE_LIMIT_PER_MINUTE",
            "CHANGE_RATE_LIMIT_PER_MINUTE",
            "ADDRESS_RATE_LIMIT_PER_MINUTE",
            "LOGIN_RATE_LIMIT_PER_MINUTE",
            "LOGIN_ADDRESS_RATE_LIMIT_PER_MINUTE",
        ];
        limits.into_iter().fold(self, |setup, limit| setup.set(limit, 1_000_000))
    }

    /// With this setting.
    #[must_use]
    pub fn set(mut self, name: &'static str, value: impl Display) -> Self {
        self.settings.insert(name, value.to_string());
        self
    }

    /// With this engine in WAHA.
    #[must_use]
    pub fn engine(mut self, engine: Engine) -> Self {
        self.waha.engine = engine;
        self
    }

    /// Mail goes to this catcher.
    #[must_use]
    pub fn mail(self, catcher: &MailCatcher) -> Self {
        self.set("SMTP_URL", catcher.smtp_url())
            .set("MAIL_FROM", "Heliograph <no-reply@heliograph.test>")
    }

    /// Sessions wait until the test scans their code.
    #[must_use]
    pub fn unscanned(mut self) -> Self {
        self.waha.auto_scan_after = None;
        self
    }

    /// WAHA is reached through this line.
    #[must_use]
    pub fn waha_through(self, line: &Proxy) -> Self {
        Self { waha_line: Some(line.address()), ..self }
    }

    /// PostgreSQL is reached through this line.
    #[must_use]
    pub fn database_through(self, line: &Proxy) -> Self {
        Self { database_line: Some(line.address()), ..self }
    }

    /// The way to the database.
    pub fn database(&self, direct: &PgConnectOptions) -> PgConnectOptions {
        match self.database_line {
            Some(line) => direct.clone().host("127.0.0.1").port(line.port()),
            None => direct.clone(),
        }
    }

    /// Where the events are.
    pub fn event_store(&self) -> EventStoreSettings {
        EventStoreSettings::read(|name| self.settings.get(name).cloned())
            .unwrap_or_else(|errors| panic!("the test's event store is wrong: {errors:#?}"))
    }

    /// The environment of an engine.
    pub fn environment(
        &self,
        database: &PgConnectOptions,
        waha_url: &str,
        engine: SocketAddr,
    ) -> BTreeMap<&'static str, String> {
        let mut environment = self.settings.clone();
        let waha_url = self.waha_line.map_or(waha_url.to_owned(), |line| format!("http://{line}"));
        environment.insert("DATABASE_URL", self.database(database).to_url_lossy().to_string());
        environment.insert("WAHA_BASE_URL", waha_url);
        environment.insert("WAHA_API_KEY", self.waha.api_key.clone());
        environment.insert("PORT", engine.port().to_string());
        environment.entry("PUBLIC_URL").or_insert_with(|| format!("http://{engine}"));
        environment
    }
}

/// The settings in an environment.
pub(crate) fn read(environment: &BTreeMap<&'static str, String>) -> Settings {
    Settings::read(|name| environment.get(name).cloned())
        .unwrap_or_else(|errors| panic!("the test's settings are wrong: {errors:#?}"))
}

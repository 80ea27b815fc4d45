//! What the handlers are given: the parts of the engine they talk to, and nothing they could build on their own.

use std::num::NonZeroU32;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use commands::access::Access;
use commands::accounts::Accounts;
use commands::api_keys::ApiKeys;
use commands::executor::Executor;
use commands::idempotency_keys::{Events, IdempotencyKeys};
use commands::mail::recovery::Recovery;
use commands::moving::Mover;
use commands::oauth::clients::OAuthClients;
use commands::oauth::codes::AuthorizationCodes;
use commands::passwords::Passwords;
use commands::sagas::delivery::estimates::Estimates;
use commands::sagas::delivery::inspection::Inspection;
use commands::second_factors::SecondFactors;
use commands::session_keys::SessionKeys;
use commands::subdomains::Subdomains;
use commands::waha_servers::WahaServers;
use domain::ports::Ambient;
use domain::ports::waha::SessionGateway;
use metrics_exporter_prometheus::PrometheusHandle;
use projections::read_models::ReadModels;
use secrecy::SecretString;
use sqlx::PgPool;

use crate::metering;
use crate::peer::TrustedProxies;
use crate::rate_limit::limits::Limits;
use crate::serve::delivery_options;
use crate::settings::{AccessSettings, CorsOrigins, MailLimits, Settings};
use crate::token::{SigningFailed, Tokens};
use crate::webhooks::allow_list::AllowList;

/// What the handlers are given. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// The parts of the engine that handlers talk to.
pub struct Parts {
    /// Takes commands to the log.
    pub executor: Executor,
    /// Answers from the views.
    pub read_models: ReadModels,
    /// Makes tenants and users.
    pub accounts: Accounts,
    /// Lets people in, or not.
    pub access: Access,
    /// How many sign-ins may be tried.
    pub sign_in_limits: AccessSettings,
    /// How programs call.
    pub api_keys: ApiKeys,
    /// Takes what was forgotten, and what links in mails bring back.
    pub recovery: Recovery,
    /// How many mails may be asked for, and whether any are sent.
    pub mail_limits: MailLimits,
    /// Whether there is an SMTP server.
    pub sends_mail: bool,
    /// The programs OAuth2 knows.
    pub oauth_clients: OAuthClients,
    /// What users have consented to a moment ago.
    pub authorization_codes: AuthorizationCodes,
    /// Signs and verifies tokens.
    pub tokens: Tokens,
    /// The requests that came with a key, and their answers.
    pub idempotency_keys: IdempotencyKeys,
    /// The names and webhook secrets of sessions.
    pub session_keys: SessionKeys,
    /// Estimates when a message goes.
    pub estimates: Estimates,
    /// Shows why a message waits, and how the queues stand.
    pub inspection: Inspection,
    /// WAHA, for what is answered while the client waits: QR codes and health.
    pub gateway: Arc<dyn SessionGateway>,
    /// Where the WAHA of the settings is.
    pub waha_url: String,
    /// The registry of WAHA servers.
    pub waha_servers: WahaServers,
    /// Moves sessions between them.
    pub mover: Mover,
    /// Verifies webhooks of sessions without a secret of their own.
    pub webhook_secret: SecretString,
    /// From where webhooks are taken.
    pub webhook_allowed: AllowList,
    /// How many requests are taken.
    pub limits: Limits,
    /// Whose web pages may call.
    pub cors: CorsOrigins,
    /// Who is believed about where a request comes from.
    pub trusted_proxies: TrustedProxies,
    /// The domain whose subdomains name tenants, if there is one.
    pub tenant_domain: Option<String>,
    /// Which tenant a subdomain names.
    pub subdomains: Subdomains,
    /// To see whether the database is there; no handler queries it.
    pub pool: PgPool,
    /// What is measured.
    pub metrics: PrometheusHandle,
    started: Instant,
    draining: AtomicBool,
}

impl App {
    /// Put together from the settings and the parts that are not made of them.
    pub fn new(
        settings: &Settings,
        pool: PgPool,
        executor: Executor,
        session_keys: SessionKeys,
        passwords: Passwords,
        second_factors: SecondFactors,
        gateway: Arc<dyn SessionGateway>,
    ) -> Result<Self, SigningFailed> {
        let accounts = Accounts::new(pool.clone(), executor.clone(), passwords.clone());
        let access = Access::new(
            &pool,
            executor.clone(),
            passwords,
            second_factors,
            settings
                .access
                .options(settings.tokens.refresh.lifetime, settings.second_factor.codes_per_minute),
        );
        Ok(Self(Arc::new(Parts {
            recovery: Recovery::new(
                &pool,
                executor.clone(),
                accounts.clone(),
                access.clone(),
                settings.mail.lifetimes,
            ),
            mail_limits: settings.mail.limits,
            sends_mail: settings.mail.server.is_some(),
            waha_servers: WahaServers::new(pool.clone(), executor.clone()),
            mover: Mover::new(executor.clone(), session_keys.clone()),
            subdomains: Subdomains::new(executor.clone()),
            tenant_domain: settings.http.tenant_domain.clone(),
            accounts,
            access,
            sign_in_limits: settings.access,
            api_keys: ApiKeys::new(pool.clone(), executor.clone()),
            oauth_clients: OAuthClients::new(pool.clone(), executor.clone()),
            authorization_codes: AuthorizationCodes::new(pool.clone()),
            executor,
            read_models: ReadModels::new(pool.clone()),
            tokens: Tokens::new(&settings.tokens)?,
            idempotency_keys: IdempotencyKeys::new(
                pool.clone(),
                settings.tokens.access.secret.clone(),
                settings.http.idempotency_key_ttl,
                settings.event_store.address.as_ref().map_or(Events::Here, |_| Events::Elsewhere),
            ),
            session_keys,
            estimates: Estimates::new(
                pool.clone(),
                settings.delivery.rate_per_minute.map_or(0, NonZeroU32::get),
            ),
            inspection: Inspection::new(pool.clone(), &delivery_options(&settings.delivery)),
            gateway,
            waha_url: settings.waha.base_url.to_string(),
            webhook_secret: settings.waha.webhook_secret.clone(),
            webhook_allowed: AllowList::new(settings.http.webhook_allowed.clone()),
            limits: Limits::new(&settings.http.rate_limits),
            cors: settings.http.cors.clone(),
            trusted_proxies: TrustedProxies::new(settings.http.trusted_proxies.clone()),
            pool,
            metrics: metering::handle(),
            started: Instant::now(),
            draining: AtomicBool::new(false),
        })))
    }

    /// Time, ids and randomness.
    pub fn ambient(&self) -> &dyn Ambient {
        self.executor.ambient()
    }

    /// How long the process has been there.
    pub fn uptime(&self) -> Duration {
        self.started.elapsed()
    }

    /// From now on webhooks are refused, to be delivered again to the next process, and this one is not ready.
    pub fn begin_drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Whether the process is shutting down.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

//! The engine: every part put together, started and stopped.
//!
//! ```text
//! stop: refuse webhooks (503, WAHA tries again) -> finish the requests under way -> stop sagas and
//!       projectors, finishing calls to WAHA -> stop the log's appenders
//! ```
//!
//! Invariant: every task is owned by a tracker and awaited; a request that was accepted before the stop is
//! answered, and what was appended is durable.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use commands::event_log::shared_reads::SharedReads;
use commands::executor::Executor;
use commands::leases::PostgresLeases;
use commands::mail::post::{InvalidPost, Post};
use commands::passwords::Passwords;
use commands::sagas::Process;
use commands::sagas::delivery::{DeliveryOptions, DeliverySaga};
use commands::sagas::mails::{MailOptions, MailSaga};
use commands::sagas::sessions::{SessionOptions, SessionSaga};
use commands::sagas::webhooks::{GapOptions, WebhookOptions, WebhookSaga};
use commands::second_factors::SecondFactors;
use commands::session_keys::SessionKeys;
use commands::waha_servers::WahaServers;
use domain::id::EngineId;
use domain::ports::Ambient;
use domain::ports::event_log::{EventLog, LogError};
use projections::projector::Projector;
use sqlx::PgPool;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use webhook_adapter::inbound::reader::WahaWebhookReader;
use webhook_adapter::outbound::InvalidOptions;

use crate::ambient::{SystemAmbient, random_bytes};
use crate::app::App;
use crate::roles::{EngineRole, Roles};
use crate::settings::{DeliverySettings, GapSettings, Settings};
use crate::{event_store, fleet, metering, router};

/// Connections to the database, the log's own not counted.
pub const CONNECTIONS_MAX: u32 = 14;
/// How long a request waits for a connection before it is answered with 503.
pub const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);
/// Calls to WAHA at a time.
const DELIVERIES_MAX: u32 = 64;
/// How often WAHA is asked for every session's status.
const WATCH_EVERY: Duration = Duration::from_secs(15);
/// How often failed and suspect sessions are looked after.
const HEAL_EVERY: Duration = Duration::from_secs(15);
/// How long a stop waits for what is under way. What is cut off then is found and settled by the next
/// process: a call to WAHA shows as unknown.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(25);

/// A running engine.
pub struct Engine {
    address: SocketAddr,
    app: App,
    /// Requests under way.
    http: Stage,
    /// Sagas and projectors.
    work: Stage,
    /// The log's tasks.
    log: Stage,
}

/// Tasks that are stopped together.
#[derive(Default)]
struct Stage {
    tasks: TaskTracker,
    shutdown: CancellationToken,
}

/// Why an engine does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The settings make no WAHA client.
    #[error("the settings make no WAHA client")]
    Waha(#[from] InvalidOptions),
    /// The settings make no client of the event store.
    #[error("the event store cannot be opened")]
    EventStore(#[from] LogError),
    /// The machine cannot hash passwords.
    #[error("passwords cannot be hashed here")]
    Passwords(#[from] commands::passwords::PasswordError),
    /// The keys that sign tokens are of no use.
    #[error("the keys that sign tokens cannot be used")]
    Keys(#[from] crate::token::SigningFailed),
    /// The settings make no SMTP client.
    #[error("the settings make no SMTP client")]
    Post(#[from] InvalidPost),
    /// The machine cannot encrypt.
    #[error("second factors cannot be sealed here")]
    Sealing(#[from] commands::sealing::SealBroken),
    /// The listener is of no use.
    #[error("the listener has no address")]
    Listener(#[from] std::io::Error),
}

impl Engine {
    /// Starts the parts that the roles name, on a migrated database.
    pub fn start(
        settings: &Settings,
        pool: PgPool,
        listener: TcpListener,
        roles: &Roles,
    ) -> Result<Self, StartError> {
        let ambient: Arc<dyn Ambient> = Arc::new(SystemAmbient);
        let (http, work, log) = (Stage::default(), Stage::default(), Stage::default());
        let event_log =
            event_store::open(&settings.event_store, pool.clone(), &log.tasks, &log.shutdown)?;
        let event_log: Arc<dyn EventLog> = SharedReads::new(event_log);
        let executor = Executor::new(event_log.clone(), Arc::clone(&ambient));
        let servers = WahaServers::new(pool.clone(), executor.clone());
        let waha = fleet::fleet(&settings.waha, servers, Arc::clone(&ambient))?;
        let engine = EngineId(ambient.new_id());
        let leases = Arc::new(PostgresLeases::new(pool.clone(), engine));
        // They are given back when the work that rests on them has ended.
        log.tasks.spawn(Arc::clone(&leases).keep(log.shutdown.clone()));
        let process = Process { pool: pool.clone(), executor: executor.clone(), engine, leases };

        if roles.contains(EngineRole::Projector) {
            let projector =
                Projector::new(event_log, pool.clone(), process.leases.clone(), projections::all());
            let shutdown = work.shutdown.clone();
            work.tasks.spawn(async move { projector.run(shutdown).await });
        }
        if roles.contains(EngineRole::Delivery) {
            let options = delivery_options(&settings.delivery);
            let delivery = DeliverySaga::new(&process, waha.clone(), options);
            work.tasks.spawn(delivery.run(work.shutdown.clone()));
            let options = SessionOptions {
                watch_every: WATCH_EVERY,
                heal_every: settings.delivery.restarts_sessions.then_some(HEAL_EVERY),
            };
            let sessions = SessionSaga::new(&process, waha.clone(), options);
            work.tasks.spawn(sessions.run(work.shutdown.clone()));
        }
        if roles.contains(EngineRole::Api)
            && let Some(server) = &settings.mail.server
        {
            let options = MailOptions {
                post: Post::new(&server.url, &server.from)?,
                link_url: settings.mail.link_url.clone(),
                lifetimes: settings.mail.lifetimes,
                random: random_bytes,
            };
            let mails = MailSaga::new(&process, options);
            work.tasks.spawn(mails.run(work.shutdown.clone()));
        }
        if roles.contains(EngineRole::Webhooks) {
            let options = WebhookOptions {
                ack_deadline: settings.delivery.ack_deadline,
                suspect_after: settings.delivery.suspect_after.map(NonZeroU32::get),
                gaps: gap_options(settings.gaps),
            };
            let reader = Arc::new(WahaWebhookReader);
            let webhooks = WebhookSaga::new(&process, reader, waha.clone(), options);
            work.tasks.spawn(webhooks.run(work.shutdown.clone()));
        }
        work.tasks.spawn(metering::run(work.shutdown.clone()));

        let address = listener.local_addr()?;
        let second_factors = SecondFactors::new(pool.clone(), settings.second_factor.key.as_ref())?;
        let app = App::new(
            settings,
            pool.clone(),
            executor,
            SessionKeys::new(pool),
            Passwords::new()?,
            second_factors,
            waha,
        )?;
        let router = if roles.contains(EngineRole::Api) {
            work.tasks.spawn(app.idempotency_keys.clone().run(work.shutdown.clone()));
            work.tasks.spawn(app.access.counts().clone().run(work.shutdown.clone()));
            router::router(app.clone())
        } else {
            router::operations(app.clone())
        };
        http.tasks.spawn(serve(listener, router, http.shutdown.clone()));
        Ok(Self { address, app, http, work, log })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops every part, in order.
    pub async fn stop(self) {
        self.app.begin_drain();
        let stages = async {
            self.http.stop().await;
            self.work.stop().await;
        };
        if tokio::time::timeout(DRAIN_TIMEOUT, stages).await.is_err() {
            tracing::warn!(
                "stopped before everything under way was done; it will be settled later"
            );
        }
        if tokio::time::timeout(DRAIN_TIMEOUT, self.log.stop()).await.is_err() {
            tracing::error!("the event log did not stop in time");
        }
    }
}

impl Stage {
    async fn stop(&self) {
        self.shutdown.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

async fn serve(listener: TcpListener, router: Router, shutdown: CancellationToken) {
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let served = axum::serve(listener, service).with_graceful_shutdown(shutdown.cancelled_owned());
    if let Err(error) = served.await {
        tracing::error!(%error, "HTTP is served no more");
    }
}

pub(crate) fn delivery_options(settings: &DeliverySettings) -> DeliveryOptions {
    DeliveryOptions {
        rate_per_minute: settings.rate_per_minute.map_or(0, NonZeroU32::get),
        chat_spacing: settings.chat_spacing,
        first_contacts_a_day: settings.first_contacts_a_day.map(NonZeroU32::get),
        retry: settings.retry,
        reach_out_lock: settings.reach_out_lock,
        settling: settings.settling,
        breaker: settings.breaker,
        ramp_up: settings.ramp_up,
        concurrency_max: DELIVERIES_MAX,
    }
}

const fn gap_options(settings: GapSettings) -> GapOptions {
    let GapSettings { window, wait, silence } = settings;
    GapOptions { window, wait, silence }
}

/// Waits for SIGTERM or ctrl-C.
pub(crate) async fn until_told_to_stop() {
    let interrupt = tokio::signal::ctrl_c();
    match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
        }
        Err(error) => {
            tracing::warn!(%error, "SIGTERM cannot be heard; only ctrl-C stops the engine in order");
            let _ = interrupt.await;
        }
    }
}

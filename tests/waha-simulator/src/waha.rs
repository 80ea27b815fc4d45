//! The simulated WAHA: its state behind one lock, its tasks behind one tracker.

use std::{
    collections::{BTreeMap, HashMap},
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::watch, task::JoinHandle};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    clock,
    ledger::Ledger,
    misbehaviour::Rules,
    options::SimulatorOptions,
    session::Session,
    webhook::{Held, attempt::WebhookAttempt},
};

/// A receiver may take its time, but not for ever.
const WEBHOOK_TIMEOUT: Duration = Duration::from_mins(2);

/// Everything that changes.
#[derive(Debug, Default)]
pub(crate) struct World {
    /// When the process was started, or last came back.
    pub(crate) started_ms: i64,
    pub(crate) sessions: BTreeMap<String, Session>,
    pub(crate) phones: u64,
    pub(crate) ledger: Ledger,
    pub(crate) rules: Rules,
    pub(crate) answer_delay: Duration,
    pub(crate) held: HashMap<String, Held>,
    pub(crate) webhook_attempts: Vec<WebhookAttempt>,
    /// Cancelled when WAHA loses its memory: a child of `shutdown`.
    memory: CancellationToken,
}

/// The running simulator.
#[derive(Debug)]
pub(crate) struct Waha {
    pub(crate) options: SimulatorOptions,
    pub(crate) client: reqwest::Client,
    pub(crate) changes: watch::Sender<()>,
    pub(crate) tasks: TaskTracker,
    pub(crate) shutdown: CancellationToken,
    world: Mutex<World>,
}

impl Waha {
    pub(crate) fn new(options: SimulatorOptions) -> reqwest::Result<Arc<Self>> {
        // As WAHA's: it takes any certificate, and goes straight to the receiver.
        let client = reqwest::Client::builder()
            .timeout(WEBHOOK_TIMEOUT)
            .tls_danger_accept_invalid_certs(true)
            .http1_title_case_headers()
            .no_proxy()
            .build()?;
        let shutdown = CancellationToken::new();
        let started_ms = clock::now_ms();
        let world = World { started_ms, memory: shutdown.child_token(), ..World::default() };
        Ok(Arc::new(Self {
            options,
            client,
            changes: watch::Sender::new(()),
            tasks: TaskTracker::new(),
            shutdown,
            world: Mutex::new(world),
        }))
    }

    /// The state. Never held across an await: the guard cannot be sent to another thread.
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends when WAHA loses its memory, and at shutdown.
    pub(crate) fn memory(&self) -> CancellationToken {
        self.world().memory.clone()
    }

    /// Forgets what only the process knew: requests under way, retries, webhooks held back.
    pub(crate) fn lose_memory(&self) {
        let mut world = self.world();
        world.memory.cancel();
        world.memory = self.shutdown.child_token();
        world.started_ms = clock::now_ms();
        world.held.clear();
        world.ledger.cut_off();
    }

    /// Runs a task that ends at the latest with WAHA's memory.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
        let memory = self.memory();
        self.tasks.spawn(async move {
            memory.run_until_cancelled(task).await;
        })
    }
}

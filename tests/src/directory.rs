//! Tenants and users, made directly as the command line makes them.

use std::sync::Arc;

use commands::credentials::{Credential, Credentials};
use commands::executor::Executor;
use commands::passwords::Passwords;
use domain::access::Role;
use domain::email::EmailAddress;
use domain::id::{SessionId, TenantId, UserId};
use domain::message::content::CustomerMetadata;
use domain::message::doubt::OnUnknown;
use domain::message::event::Queued;
use domain::message::{self, Message};
use domain::ports::Ambient;
use domain::ports::event_log::{Actor, Metadata};
use domain::priority::Priority;
use domain::tenant::{self, Tenant};
use domain::user::{self, Authority, User};
use futures::{StreamExt, stream};
use heliograph::ambient::SystemAmbient;
use heliograph::event_store;
use sqlx::PgPool;
use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::messages::somebody;
use crate::setup::Setup;

/// Everybody's password.
pub const PASSWORD: &str = "correct horse battery staple";

/// Messages of a crowd that are queued at a time.
const AT_ONCE: usize = 128;

/// Hashing is slow by design, so it is done once.
static HASH: OnceCell<String> = OnceCell::const_new();

/// Makes tenants and users.
pub struct Directory {
    executor: Executor,
    credentials: Credentials,
    tasks: TaskTracker,
    shutdown: CancellationToken,
}

/// Somebody who can sign in with [`PASSWORD`].
#[derive(Debug, Clone)]
pub struct Account {
    /// Whose user.
    pub tenant_id: TenantId,
    /// Which user.
    pub user_id: UserId,
    /// The address.
    pub email: String,
}

impl Directory {
    /// In this database, and in the event store that the installation is set up with.
    pub fn open(pool: &PgPool, setup: &Setup) -> Self {
        let (tasks, shutdown) = (TaskTracker::new(), CancellationToken::new());
        let log = event_store::open(&setup.event_store(), pool.clone(), &tasks, &shutdown).unwrap();
        let executor = Executor::new(log, Arc::new(SystemAmbient));
        Self { executor, credentials: Credentials::new(pool.clone()), tasks, shutdown }
    }

    /// A new tenant, in Indonesia.
    pub async fn tenant(&self) -> TenantId {
        let id = TenantId(SystemAmbient.new_id());
        let command = tenant::Command::Create {
            name: format!("Tenant {id}").try_into().unwrap(),
            default_country: Some("ID".parse().unwrap()),
            now: SystemAmbient.now(),
        };
        self.executor.execute::<Tenant>(id, id.0, command, metadata()).await.unwrap();
        id
    }

    /// Says what becomes of a tenant's messages whose outcome cannot be told.
    pub async fn set_policy(&self, id: TenantId, on_unknown: OnUnknown) {
        let (on_unknown, now) = (Some(on_unknown), SystemAmbient.now());
        let command = tenant::Command::SetPolicy { on_unknown, now };
        self.executor.execute::<Tenant>(id, id.0, command, metadata()).await.unwrap();
    }

    /// Queues so many messages to as many people, without a request for each.
    pub async fn crowd(&self, tenant: TenantId, session: SessionId, messages: usize) {
        let queue = async |n: usize| {
            let queued = Queued {
                session_id: session,
                to: somebody(n).parse().unwrap(),
                body: "crowd".to_owned().try_into().unwrap(),
                priority: Priority::Normal,
                metadata: CustomerMetadata::default(),
                client_reference: None,
                send_at: None,
                expires_at: None,
                at: SystemAmbient.now(),
            };
            let (id, command) = (SystemAmbient.new_id(), message::Command::Queue(queued));
            self.executor.begin::<Message>(tenant, id, command, metadata()).await.unwrap();
        };
        stream::iter(0..messages).for_each_concurrent(AT_ONCE, queue).await;
    }

    /// A new user of a tenant.
    pub async fn user(&self, tenant_id: TenantId, role: Role) -> Account {
        let user_id = UserId(SystemAmbient.new_id());
        let email: EmailAddress = format!("{}@{user_id}.test", role.as_str()).parse().unwrap();
        let hash = HASH.get_or_init(hash).await.clone();
        let credential =
            Credential { tenant_id, user_id, email: email.clone(), password_hash: hash };
        self.credentials.reserve(&credential).await.unwrap();
        let now = SystemAmbient.now();
        let by = Authority::Operator;
        let command = user::Command::Create { email: email.clone(), role, by, now };
        self.executor.execute::<User>(tenant_id, user_id.0, command, metadata()).await.unwrap();
        Account { tenant_id, user_id, email: email.to_string() }
    }

    pub(crate) async fn close(self) {
        self.shutdown.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

async fn hash() -> String {
    Passwords::new().unwrap().hash(PASSWORD.into()).await.unwrap()
}

fn metadata() -> Metadata {
    let correlation_id = SystemAmbient.new_id();
    Metadata::new(Actor::Operator, correlation_id)
}

//! A tenant and a user for the demo, made up for one run.

use std::sync::Arc;

use commands::credentials::{Credential, Credentials};
use commands::event_log::postgres::PostgresLog;
use commands::executor::Executor;
use commands::passwords::Passwords;
use domain::access::Role;
use domain::id::{TenantId, UserId};
use domain::ports::Ambient;
use domain::ports::event_log::{Actor, Metadata};
use domain::tenant::{self, Tenant};
use domain::user::{self, User};
use rand::RngExt;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::ambient::SystemAmbient;

/// Whom to sign in as.
#[derive(Debug, Clone)]
pub(crate) struct Login {
    pub(crate) email: String,
    pub(crate) password: String,
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Makes a tenant and its administrator.
pub(crate) async fn make_up(pool: &PgPool) -> Result<Login, Failure> {
    let (tasks, shutdown) = (TaskTracker::new(), CancellationToken::new());
    let log = PostgresLog::open(pool.clone(), &tasks, &shutdown);
    let executor = Executor::new(log, Arc::new(SystemAmbient));
    let login = add(pool, &executor).await;
    shutdown.cancel();
    tasks.close();
    tasks.wait().await;
    login
}

async fn add(pool: &PgPool, executor: &Executor) -> Result<Login, Failure> {
    let (tenant, user) = (TenantId(SystemAmbient.new_id()), UserId(SystemAmbient.new_id()));
    let metadata = Metadata {
        actor: Actor::Operator,
        correlation_id: tenant.0,
        causation_id: None,
        request_id: None,
    };
    let email = format!("demo-{}@example.com", &random_hex()[..8]);
    let password = random_hex()[..20].to_owned();
    let command = tenant::Command::Create {
        name: "Demo".to_owned().try_into()?,
        default_country: Some("ID".parse()?),
        now: SystemAmbient.now(),
    };
    executor.execute::<Tenant>(tenant, tenant.0, command, metadata.clone()).await?;
    let credential = Credential {
        tenant_id: tenant,
        user_id: user,
        email: email.parse()?,
        password_hash: Passwords::new()?.hash(password.clone().into()).await?,
    };
    Credentials::new(pool.clone()).add(&credential).await?;
    let command = user::Command::Create {
        email: email.parse()?,
        role: Role::TenantAdmin,
        now: SystemAmbient.now(),
    };
    executor.execute::<User>(tenant, user.0, command, metadata).await?;
    Ok(Login { email, password })
}

/// 32 random bytes, as 64 hexadecimal digits.
#[expect(clippy::disallowed_methods, reason = "the demo makes up its secrets")]
pub(crate) fn random_hex() -> String {
    hex::encode(rand::rng().random::<[u8; 32]>())
}

//! A tenant and a user for the demo, made up for one run.

use domain::access::Role;
use domain::ports::event_log::Metadata;
use domain::user::Authority;

use crate::ambient::random_secret;
use commands::accounts::{Accounts, NewUser};

/// Whom to sign in as.
#[derive(Debug, Clone)]
pub(crate) struct Login {
    pub(crate) email: String,
    pub(crate) password: String,
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Makes a tenant and its administrator.
pub(crate) async fn make_up(accounts: &Accounts, metadata: Metadata) -> Result<Login, Failure> {
    let name = "Demo".to_owned().try_into()?;
    let tenant_id = accounts.create_tenant(name, Some("ID".parse()?), metadata.clone()).await?.id;
    let email = format!("demo-{}@example.com", &random_secret()[..8]);
    let password = random_secret()[..20].to_owned();
    let new = NewUser {
        tenant_id,
        email: email.parse()?,
        password: Some(password.clone().into()),
        role: Role::TenantAdmin,
    };
    accounts.create_user(new, Authority::Operator, metadata).await?;
    Ok(Login { email, password })
}

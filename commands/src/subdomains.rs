//! Which tenant a subdomain names.

use domain::id::{SubdomainId, TenantId};
use domain::ports::event_log::{LogError, Metadata};
use domain::subdomain::{self, Command, Subdomain, SubdomainName};
use domain::tenant::Tenant;

use crate::executor::{CommandError, Executed, Executor};

/// The installation's subdomains.
#[derive(Clone)]
pub struct Subdomains {
    executor: Executor,
}

/// Why a tenant does not get a subdomain.
#[derive(Debug, thiserror::Error)]
pub enum NotTaken {
    /// There is no such tenant.
    #[error("there is no such tenant")]
    NoTenant,
    /// The log could not be read.
    #[error("the event log could not be read")]
    Log(#[from] LogError),
    /// It is another's, or that it is taken could not be written.
    #[error(transparent)]
    Subdomain(#[from] CommandError<subdomain::Rejection>),
}

impl Subdomains {
    /// In this log.
    pub fn new(executor: Executor) -> Self {
        Self { executor }
    }

    /// Whose a subdomain is, if it is anybody's.
    pub async fn owner(&self, name: &SubdomainName) -> Result<Option<TenantId>, LogError> {
        let id = SubdomainId::of(name);
        Ok(self.executor.load::<Subdomain>(TenantId::PLATFORM, id.0).await?.owner())
    }

    /// Gives a tenant a subdomain.
    pub async fn take(
        &self,
        tenant_id: TenantId,
        name: SubdomainName,
        metadata: Metadata,
    ) -> Result<Executed<subdomain::Event>, NotTaken> {
        if self.executor.load::<Tenant>(tenant_id, tenant_id.0).await? == Tenant::Absent {
            return Err(NotTaken::NoTenant);
        }
        let (id, now) = (SubdomainId::of(&name), self.executor.ambient().now());
        Ok(self.execute(id, Command::Take { name, tenant_id, now }, metadata).await?)
    }

    /// Takes a subdomain away from whoever has it.
    pub async fn give_up(
        &self,
        name: SubdomainName,
        metadata: Metadata,
    ) -> Result<Executed<subdomain::Event>, CommandError<subdomain::Rejection>> {
        let (id, now) = (SubdomainId::of(&name), self.executor.ambient().now());
        self.execute(id, Command::GiveUp { name, now }, metadata).await
    }

    async fn execute(
        &self,
        id: SubdomainId,
        command: Command,
        metadata: Metadata,
    ) -> Result<Executed<subdomain::Event>, CommandError<subdomain::Rejection>> {
        self.executor.execute::<Subdomain>(TenantId::PLATFORM, id.0, command, metadata).await
    }
}

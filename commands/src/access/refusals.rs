//! Tells the log who was refused.

use chrono::{DateTime, Utc};
use domain::email::EmailAddress;
use domain::id::{RefusalId, TenantId, UserId};
use domain::ports::event_log::Metadata;
use domain::refusal::{Command, Means, Reason, Refusal, Refused, Rejection};
use uuid::Uuid;

use crate::executor::{CommandError, Executor};

/// Tells the log who was refused.
#[derive(Clone)]
pub struct Refusals {
    executor: Executor,
}

/// Who was refused, as far as it is known, and why.
#[derive(Debug, Clone)]
pub struct Told {
    /// Whose user, key or client; the installation itself where nobody's is known.
    pub tenant: TenantId,
    /// With what they tried.
    pub means: Means,
    /// Why.
    pub reason: Reason,
    /// The address they said is theirs.
    pub email: Option<EmailAddress>,
    /// The user they said they are.
    pub user: Option<UserId>,
    /// The API key, OAuth2 client or login session it was about.
    pub subject: Option<Uuid>,
}

impl Refusals {
    /// Into this log.
    pub fn new(executor: Executor) -> Self {
        Self { executor }
    }

    /// Tells it.
    pub async fn tell(
        &self,
        told: Told,
        metadata: Metadata,
    ) -> Result<(), CommandError<Rejection>> {
        let id = RefusalId(self.executor.ambient().new_id());
        let tenant = told.tenant;
        let command = Command::Tell(told.at(self.executor.ambient().now()));
        self.executor.begin::<Refusal>(tenant, id.0, command, metadata).await?;
        Ok(())
    }
}

impl Told {
    fn at(self, at: DateTime<Utc>) -> Refused {
        let Self { means, reason, email, user, subject, .. } = self;
        Refused { means, reason, email, user_id: user, subject_id: subject, at }
    }
}

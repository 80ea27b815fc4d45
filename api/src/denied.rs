//! A program was refused: told to the log, for those who look after security.

use commands::access::refusals::Told;
use domain::id::TenantId;
use domain::ports::event_log::Actor;
use domain::refusal::{Means, Reason};
use uuid::Uuid;

use crate::app::App;
use crate::problem::Problem;
use crate::provenance::Provenance;

/// A program was refused.
#[derive(Debug, Clone, Copy)]
pub struct Denied {
    /// By which tenant, where that is known.
    pub tenant: Option<TenantId>,
    /// With what it tried.
    pub means: Means,
    /// The key or client, where there is one.
    pub subject: Option<Uuid>,
    /// Why.
    pub reason: Reason,
}

/// Tells that a program was refused. Of those that come from one address no more are told than anybody would read:
/// strangers must not fill the log.
pub async fn denied(app: &App, provenance: &Provenance, denied: Denied) -> Result<(), Problem> {
    if app.limits.told_refusals.check(&provenance.address).is_err() {
        return Ok(());
    }
    told(app, provenance, denied).await
}

/// Tells that a program was refused, where those that come from one address are limited anyway.
pub async fn told(app: &App, provenance: &Provenance, denied: Denied) -> Result<(), Problem> {
    let Denied { tenant, means, subject, reason } = denied;
    tracing::warn!(?tenant, ?means, ?subject, ?reason, "a program was refused: {reason:?}");
    let tenant = tenant.unwrap_or(TenantId::PLATFORM);
    let told = Told { tenant, means, reason, email: None, user: None, subject };
    Ok(app.access.refusals().tell(told, provenance.metadata(Actor::Nobody)).await?)
}

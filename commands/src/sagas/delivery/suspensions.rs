//! Tenants whose messages wait because they are suspended: table `suspended_tenants`.

use domain::id::TenantId;
use sqlx::PgConnection;

/// What events do to them. Rare, so one statement each.
pub(super) async fn apply(
    connection: &mut PgConnection,
    changes: &[(TenantId, bool)],
) -> Result<(), sqlx::Error> {
    for (tenant, is_suspended) in changes {
        let change = if *is_suspended {
            "insert into suspended_tenants (tenant_id) values ($1) on conflict do nothing"
        } else {
            "delete from suspended_tenants where tenant_id = $1"
        };
        sqlx::query(change).bind(tenant.0).execute(&mut *connection).await?;
    }
    Ok(())
}

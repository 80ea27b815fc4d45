//! The database's migrations, compiled in.

use sqlx::PgPool;
use sqlx::migrate::{Migrate, MigrateError, Migrator};

/// Every migration of this version.
pub static MIGRATOR: Migrator = sqlx::migrate!("../migrations");

/// One migration and whether the database has it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MigrationState {
    /// Its number: when it was written.
    pub version: i64,
    /// What it does.
    pub description: String,
    /// Whether the database has it.
    pub is_applied: bool,
}

/// Applies what is missing; answers what was applied.
pub async fn run(pool: &PgPool) -> Result<Vec<MigrationState>, MigrateError> {
    let before = states(pool).await?;
    MIGRATOR.run(pool).await?;
    let missing = before.into_iter().filter(|state| !state.is_applied);
    Ok(missing.map(|state| MigrationState { is_applied: true, ..state }).collect())
}

/// Every migration and whether the database has it.
pub async fn states(pool: &PgPool) -> Result<Vec<MigrationState>, MigrateError> {
    let mut connection = pool.acquire().await?;
    let table = &MIGRATOR.table_name;
    // Two that make the table at once trip over each other.
    connection.lock().await?;
    connection.ensure_migrations_table(table).await?;
    connection.unlock().await?;
    let applied = connection.list_applied_migrations(table).await?;
    Ok(MIGRATOR
        .iter()
        .map(|migration| MigrationState {
            version: migration.version,
            description: migration.description.to_string(),
            is_applied: applied.iter().any(|applied| applied.version == migration.version),
        })
        .collect())
}

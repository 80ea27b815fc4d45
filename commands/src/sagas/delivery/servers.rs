//! The WAHA servers as the delivery saga knows them: table `waha_servers`.

use domain::id::WahaServerId;
use domain::sagas::delivery::servers::ServerChange;
use domain::waha_server::name::{ServerName, ServerUrl};
use domain::waha_server::{Capacity, ServerState};
use sqlx::{PgConnection, PgPool, Row};

/// What events do to the registry. Rare, so one statement each.
pub(super) async fn apply(
    connection: &mut PgConnection,
    changes: &[ServerChange],
) -> Result<(), sqlx::Error> {
    for change in changes {
        match change {
            ServerChange::Register { server_id, name, url, capacity } => {
                sqlx::query(
                    "insert into waha_servers (server_id, name, url, capacity, state)
                     values ($1, $2, $3, $4, $5)
                     on conflict (server_id) do update set
                         url = excluded.url, capacity = excluded.capacity, state = excluded.state",
                )
                .bind(server_id.0)
                .bind(name.as_str())
                .bind(url.as_ref().map(ServerUrl::as_str))
                .bind(stored(*capacity))
                .bind(ServerState::Active.as_str())
                .execute(&mut *connection)
                .await?;
            }
            ServerChange::Change { server_id, url, capacity } => {
                let change = sqlx::query(
                    "update waha_servers set url = $2, capacity = $3 where server_id = $1",
                );
                change
                    .bind(server_id.0)
                    .bind(url.as_ref().map(ServerUrl::as_str))
                    .bind(stored(*capacity))
                    .execute(&mut *connection)
                    .await?;
            }
            ServerChange::SetState { server_id, state } => {
                sqlx::query("update waha_servers set state = $2 where server_id = $1")
                    .bind(server_id.0)
                    .bind(state.as_str())
                    .execute(&mut *connection)
                    .await?;
            }
            ServerChange::Remove { server_id } => remove(connection, *server_id).await?,
        }
    }
    Ok(())
}

async fn remove(connection: &mut PgConnection, server: WahaServerId) -> Result<(), sqlx::Error> {
    sqlx::query("delete from waha_servers where server_id = $1")
        .bind(server.0)
        .execute(connection)
        .await?;
    Ok(())
}

/// A capacity that PostgreSQL's integers do not hold is as good as none.
fn stored(capacity: Capacity) -> Option<i32> {
    capacity.0.and_then(|sessions| i32::try_from(sessions).ok())
}

/// Every server there is, with its state.
pub(in super::super) async fn states(
    pool: &PgPool,
) -> Result<Vec<(ServerName, ServerState)>, sqlx::Error> {
    let rows = sqlx::query("select name, state from registered_servers order by name")
        .fetch_all(pool)
        .await?;
    rows.iter()
        .map(|row| Ok((server_name(row, "name")?, server_state(row.try_get("state")?)?)))
        .collect()
}

/// A server's name, as a column has it.
pub(crate) fn server_name(
    row: &sqlx::postgres::PgRow,
    column: &'static str,
) -> Result<ServerName, sqlx::Error> {
    ServerName::try_from(row.try_get::<String, _>(column)?)
        .map_err(|error| sqlx::Error::Decode(error.into()))
}

/// A server's state, as its column has it.
pub(crate) fn server_state(word: &str) -> Result<ServerState, sqlx::Error> {
    ServerState::parse(word).ok_or_else(|| sqlx::Error::Decode("no state of a WAHA server".into()))
}

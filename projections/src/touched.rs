//! The rows that a batch of events touches: which they are, and what is known of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::ports::event_log::RecordedEvent;
use domain::stream::Category;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgConnection, QueryBuilder};
use uuid::Uuid;

/// Whose a row is, and its id: the tenant and the id of its stream.
pub(crate) type Key = (Uuid, Uuid);

/// The row an event is of.
pub(crate) fn key(recorded: &RecordedEvent) -> Key {
    (recorded.stream.tenant.0, recorded.stream.id)
}

/// The rows that the events of a category are of.
pub(crate) fn keys(events: &[Arc<RecordedEvent>], category: Category) -> BTreeSet<Key> {
    let concerned = events.iter().filter(|event| event.stream.category == category);
    concerned.map(|event| key(event)).collect()
}

/// Those of the rows that are in a table, whose key is `tenant_id` and `id`.
pub(crate) async fn load<Row>(
    connection: &mut PgConnection,
    table: &'static str,
    keys: &BTreeSet<Key>,
) -> Result<Vec<Row>, sqlx::Error>
where
    Row: for<'row> FromRow<'row, PgRow> + Send + Unpin,
{
    let (tenants, ids): (Vec<_>, Vec<_>) = keys.iter().copied().unzip();
    let mut query = QueryBuilder::new("select known.* from unnest(");
    query.push_bind(tenants).push("::uuid[], ").push_bind(ids);
    query.push("::uuid[]) as touched (tenant_id, id) join ").push(table);
    query.push(" as known on known.tenant_id = touched.tenant_id and known.id = touched.id");
    query.build_query_as().fetch_all(connection).await
}

//! The table `message_counts`: how many messages there are of each sort, hour by hour.

use chrono::{DateTime, Utc};
use domain::id::TenantId;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::{StatsRange, hour_of, place_of};
use crate::batch::column;
use crate::messages::Message;
use crate::messages::status::{Direction, MessageStatus};

/// What a message is counted under.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cell {
    place: (Uuid, DateTime<Utc>),
    session_id: Uuid,
    direction: Direction,
    kind: String,
    country: String,
    status: MessageStatus,
}

/// How many messages there are under one word of one dimension.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub(super) struct Count {
    pub(super) dimension: String,
    pub(super) word: String,
    pub(super) messages: i64,
}

impl Cell {
    pub(super) fn of(message: &Message) -> Self {
        Self {
            place: place_of(message),
            session_id: message.traits.session_id,
            direction: message.traits.direction,
            kind: message.traits.kind.clone(),
            country: message.traits.country.clone().unwrap_or_else(|| "unknown".to_owned()),
            status: message.standing.status,
        }
    }
}

/// Adds the differences to the counts.
pub(super) async fn add(
    connection: &mut PgConnection,
    differences: &[(Cell, i64)],
) -> Result<(), sqlx::Error> {
    if differences.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "insert into message_counts as known
             (tenant_id, hour, session_id, direction, type, country, status, messages)
         select * from unnest($1::uuid[], $2::timestamptz[], $3::uuid[], $4::text[], $5::text[],
             $6::text[], $7::text[], $8::bigint[])
         on conflict (tenant_id, hour, session_id, direction, type, country, status)
         do update set messages = known.messages + excluded.messages",
    )
    .bind(column(differences, |(cell, _)| cell.place.0))
    .bind(column(differences, |(cell, _)| cell.place.1))
    .bind(column(differences, |(cell, _)| cell.session_id))
    .bind(column(differences, |(cell, _)| cell.direction.as_str()))
    .bind(column(differences, |(cell, _)| cell.kind.as_str()))
    .bind(column(differences, |(cell, _)| cell.country.as_str()))
    .bind(column(differences, |(cell, _)| cell.status.as_str()))
    .bind(column(differences, |(_, difference)| *difference))
    .execute(connection)
    .await?;
    Ok(())
}

/// The counts of a time along every dimension, in one pass: each row of the table counts once along each.
pub(super) async fn by_dimension(
    connection: &mut PgConnection,
    tenant: TenantId,
    range: StatsRange,
) -> Result<Vec<Count>, sqlx::Error> {
    sqlx::query_as(
        r#"select dimension, word, sum(messages)::bigint as messages
         from message_counts
         cross join lateral (values
             ('direction', direction),
             ('status', status),
             ('outbound', case when direction = 'outbound' then status end),
             ('type', type),
             ('session', session_id::text),
             ('country', country),
             ('day', to_char(hour at time zone 'utc', 'YYYY-MM-DD')),
             ('hour', case when $4 then to_char(hour at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') end)
         ) as counted (dimension, word)
         where tenant_id = $1 and hour >= $2 and hour < $3 and word is not null
         group by dimension, word
         having sum(messages) <> 0"#,
    )
    .bind(tenant.0)
    .bind(hour_of(range.from))
    .bind(range.to)
    .bind(range.is_hourly())
    .fetch_all(connection)
    .await
}

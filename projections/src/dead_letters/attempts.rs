//! Every attempt to send a message, and how it ended: the table `message_attempts`.
//!
//! Written by the projection of the messages, in its transaction: a dead letter is never listed before the end
//! of its last attempt is.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::event::Event;
use domain::id::{MessageId, TenantId};
use domain::message::event::{DeadLetterReason, DeadLettered, Event as MessageEvent};
use domain::message::refusal::RefusalKind;
use domain::ports::event_log::RecordedEvent;
use schemars::JsonSchema;
use serde::Serialize;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use crate::batch::{column, integer, storable_text, storable_time};

/// Most attempts told of one message: the latest.
pub const ATTEMPTS_MAX: i64 = 200;

/// Writes what the events tell of attempts.
pub(crate) async fn record(
    connection: &mut PgConnection,
    events: &[Arc<RecordedEvent>],
) -> Result<(), sqlx::Error> {
    let attempts: Vec<_> = fold(events).into_iter().collect();
    if attempts.is_empty() {
        return Ok(());
    }
    let ends: Vec<_> = column(&attempts, |(_, attempt)| attempt.end.as_ref());
    sqlx::query(
        "insert into message_attempts as known
             (tenant_id, message_id, attempt, started_at, outcome, kind, detail, ended_at)
         select * from unnest($1::uuid[], $2::uuid[], $3::integer[], $4::timestamptz[], $5::text[],
             $6::text[], $7::text[], $8::timestamptz[])
         on conflict (tenant_id, message_id, attempt) do update set
             started_at = coalesce(known.started_at, excluded.started_at),
             outcome = excluded.outcome, kind = excluded.kind, detail = excluded.detail,
             ended_at = excluded.ended_at
             where excluded.outcome is not null",
    )
    .bind(column(&attempts, |((tenant_id, _, _), _)| *tenant_id))
    .bind(column(&attempts, |((_, message_id, _), _)| *message_id))
    .bind(column(&attempts, |((_, _, number), _)| *number))
    .bind(column(&attempts, |(_, attempt)| attempt.started_at))
    .bind(column(&ends, |end| end.map(|end| end.outcome)))
    .bind(column(&ends, |end| end.and_then(|end| end.kind)))
    .bind(column(&ends, |end| end.and_then(|end| end.detail.as_deref())))
    .bind(column(&ends, |end| end.map(|end| end.at)))
    .execute(connection)
    .await?;
    Ok(())
}

/// A message's tenant and id, and the number of the attempt.
type Key = (Uuid, Uuid, i32);

#[derive(Debug, Default, PartialEq, Eq)]
struct Attempt {
    started_at: Option<DateTime<Utc>>,
    end: Option<End>,
}

#[derive(Debug, PartialEq, Eq)]
struct End {
    outcome: &'static str,
    kind: Option<&'static str>,
    detail: Option<String>,
    at: DateTime<Utc>,
}

/// What the events tell of attempts; what is told last of an attempt holds.
fn fold(events: &[Arc<RecordedEvent>]) -> BTreeMap<Key, Attempt> {
    let mut attempts = BTreeMap::<Key, Attempt>::new();
    for recorded in events {
        let Event::Message(event) = &recorded.event else { continue };
        let Some((number, started_at, end)) = told_by(event) else { continue };
        let key = (recorded.stream.tenant.0, recorded.stream.id, integer(number));
        let attempt = attempts.entry(key).or_default();
        attempt.started_at = attempt.started_at.or(started_at);
        attempt.end = end.or(attempt.end.take());
    }
    attempts
}

/// Of which attempt an event tells, and whether of its start or of its end.
fn told_by(event: &MessageEvent) -> Option<(u32, Option<DateTime<Utc>>, Option<End>)> {
    let end = |outcome, kind, detail: Option<&str>, at| {
        Some(End { outcome, kind, detail: detail.map(storable_text), at: storable_time(at) })
    };
    match event {
        MessageEvent::AttemptStarted(started) => {
            Some((started.attempt, Some(storable_time(started.at)), None))
        }
        MessageEvent::AttemptRefused(refused) => {
            let refusal = &refused.refusal;
            let end = end("refused", Some(word(refusal.kind)), Some(&refusal.detail), refused.at);
            Some((refused.attempt, None, end))
        }
        MessageEvent::OutcomeUnknown(unknown) => {
            Some((unknown.attempt, None, end("unknown", None, Some(&unknown.detail), unknown.at)))
        }
        MessageEvent::AbsenceProven(proven) => {
            Some((proven.attempt, None, end("absent", None, None, proven.at)))
        }
        MessageEvent::Sent(sent) => Some((sent.attempt, None, end("sent", None, None, sent.at))),
        MessageEvent::DeadLettered(DeadLettered {
            attempt: Some(attempt),
            reason: DeadLetterReason::RejectedByWhatsApp,
            detail,
            at,
        }) => Some((*attempt, None, end("rejected", None, detail.as_deref(), *at))),
        _ => None,
    }
}

/// The stored word, which clients read too.
const fn word(kind: RefusalKind) -> &'static str {
    match kind {
        RefusalKind::Unreachable => "unreachable",
        RefusalKind::SessionNotWorking => "session_not_working",
        RefusalKind::Unauthorized => "unauthorized",
        RefusalKind::NotFound => "not_found",
        RefusalKind::RateLimited => "rate_limited",
        RefusalKind::Invalid => "invalid",
        RefusalKind::NotSupported => "not_supported",
        RefusalKind::ReachOutLocked => "reach_out_locked",
    }
}

/// One attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AttemptRow {
    /// 1 for the first.
    pub attempt: i32,
    /// When it was started.
    pub started_at: Option<DateTime<Utc>>,
    /// How it ended: `refused`, `unknown`, `absent` (it sent nothing), `sent`, or `rejected` by WhatsApp afterwards; none while it is on
    /// its way.
    pub outcome: Option<String>,
    /// The kind of a refusal.
    pub kind: Option<String>,
    /// What was answered or seen.
    pub detail: Option<String>,
    /// When it ended.
    #[serde(rename = "at")]
    pub ended_at: Option<DateTime<Utc>>,
}

/// A message's attempts, the first one first; the latest [`ATTEMPTS_MAX`].
pub(super) async fn of_message(
    connection: &mut PgConnection,
    tenant: TenantId,
    id: MessageId,
) -> Result<Vec<AttemptRow>, sqlx::Error> {
    let mut latest: Vec<AttemptRow> = sqlx::query_as(
        "select attempt, started_at, outcome, kind, detail, ended_at
         from message_attempts
         where tenant_id = $1 and message_id = $2
         order by attempt desc limit $3",
    )
    .bind(tenant.0)
    .bind(id.0)
    .bind(ATTEMPTS_MAX)
    .fetch_all(connection)
    .await?;
    latest.reverse();
    Ok(latest)
}

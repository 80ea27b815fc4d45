use std::collections::BTreeMap;
use std::sync::Arc;

use domain::aggregate::Aggregate;
use domain::id::{MessageId, SessionId, TenantId};
use domain::message::content::ContentKind;
use domain::message::event::{DeadLetterReason, Queued, Received};
use domain::message::refusal::{Refusal, RefusalKind};
use domain::message::{Command, Message as Aggregated};
use domain::ports::event_log::EventLog;
use domain::stream::StreamName;
use domain::whatsapp::{Ack, ChatId, WahaMessageId};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::json;
use sqlx::{FromRow, PgPool};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::build::Builder;
use crate::messages::Messages;
use crate::read_models::ReadModels;
use crate::testing::{MemoryLog, RETRY, STRANGER, TENANT, at, message, queued, settle};

/// What is asked of one of the messages, when, and whether the views catch up afterwards.
type Step = (usize, usize, u32, bool);

const MESSAGES: usize = 24;

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (0..MESSAGES, 0..14_usize, 0..4_000_u32, prop::bool::weighted(0.1));
    prop::collection::vec(step, 300)
}

/// A tenant's message; a few have the same id under another tenant.
fn stream(number: usize) -> StreamName {
    let tenant = if number.is_multiple_of(2) { TENANT } else { STRANGER };
    message(tenant, u128::try_from(number / 2).unwrap())
}

fn command(number: usize, action: usize, now: DateTime<Utc>) -> Command {
    let waha_message_id = WahaMessageId("3EB0".into());
    let ack = |ack| Command::Acknowledge { ack, waha_message_id: waha_message_id.clone(), at: now };
    let session_id = SessionId(Uuid::from_u128(u128::try_from(number % 3).unwrap()));
    let refuse = |kind| Command::ReportRefusal {
        attempt: 1,
        refusal: Refusal { kind, detail: "no".into() },
        retry: RETRY,
        jitter: 0.5,
        now,
    };
    match action {
        0 if number.is_multiple_of(5) => Command::Receive(Box::new(Received {
            session_id,
            chat_id: ChatId("1@lid".into()),
            from: number.is_multiple_of(2).then(|| "+4915112345678".parse().unwrap()),
            from_lid: None,
            body: String::new(),
            kind: ContentKind::Audio,
            waha_message_id,
            at: now,
        })),
        0 | 1 => {
            let send_at = number.is_multiple_of(3).then(|| now + TimeDelta::minutes(90));
            let expires_at = number.is_multiple_of(4).then(|| now + TimeDelta::hours(9));
            Command::Queue(Queued { session_id, send_at, expires_at, at: now, ..queued(0) })
        }
        2 | 3 => Command::StartAttempt {
            message_id: MessageId(stream(number).id),
            engine_takes_ids: true,
            now,
        },
        4 => Command::ConfirmSent { attempt: 1, waha_message_id: None, now },
        5 => refuse(RefusalKind::Unreachable),
        6 => refuse(RefusalKind::Invalid),
        7 => ack(Ack::Device),
        8 => ack(Ack::Read),
        9 => ack(Ack::Error),
        10 => Command::Redrive { now },
        11 => Command::Discard { now },
        12 => Command::Expire { now },
        _ => Command::GiveUp { reason: DeadLetterReason::SessionDeleted, now },
    }
}

/// Plays the steps, as far as the aggregate allows them.
async fn play(pool: &PgPool, steps: &[Step]) -> Arc<MemoryLog> {
    let log = MemoryLog::new();
    let mut states = vec![Aggregated::default(); MESSAGES];
    let mut now = at(0);
    for (number, action, seconds, catches_up) in steps {
        now += TimeDelta::seconds(i64::from(*seconds));
        let events = states[*number].decide(command(*number, *action, now)).unwrap_or_default();
        for event in events {
            states[*number] = std::mem::take(&mut states[*number]).evolve(&event);
            log.record(stream(*number), event);
        }
        if *catches_up {
            settle(&log, pool).await;
        }
    }
    settle(&log, pool).await;
    log
}

#[derive(FromRow)]
struct Timed {
    tenant_id: Uuid,
    hour: DateTime<Utc>,
    milestone: String,
    milliseconds: i64,
}

async fn counted_differently(pool: &PgPool) -> Vec<String> {
    sqlx::query_scalar(
        "with direct as (
             select tenant_id, date_trunc('hour', created_at, 'utc') as hour, session_id, direction, type,
                 coalesce(country, 'unknown') as country, status, count(*) as messages
             from messages group by 1, 2, 3, 4, 5, 6, 7
         ),
         kept as (select * from message_counts where messages <> 0)
         (select 'not kept: ' || missing::text from (table direct except table kept) as missing)
         union all
         (select 'too many: ' || extra::text from (table kept except table direct) as extra)",
    )
    .fetch_all(pool)
    .await
    .unwrap()
}

type Histogram = BTreeMap<(Uuid, DateTime<Utc>, String, i32), i64>;

async fn timed_directly(pool: &PgPool) -> Histogram {
    let times: Vec<Timed> = sqlx::query_as(
        "select tenant_id, date_trunc('hour', created_at, 'utc') as hour, milestone,
             (extract(epoch from at - greatest(created_at, send_at)) * 1000)::bigint as milliseconds
         from messages
         cross join lateral (values ('sent', sent_at), ('delivered', delivered_at)) as m (milestone, at)
         where direction = 'outbound' and at is not null",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    let mut histogram = Histogram::new();
    for time in times {
        let bucket = latency::bucket_of(time.milliseconds);
        let cell = (time.tenant_id, time.hour, time.milestone, bucket);
        *histogram.entry(cell).or_default() += 1;
    }
    histogram
}

async fn times_kept(pool: &PgPool) -> Histogram {
    let rows: Vec<(Uuid, DateTime<Utc>, String, i32, i64)> = sqlx::query_as(
        "select tenant_id, hour, milestone, bucket, messages from message_latencies
         where messages <> 0",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    rows.into_iter()
        .map(|(tenant, hour, milestone, bucket, n)| ((tenant, hour, milestone, bucket), n))
        .collect()
}

#[sqlx::test(migrations = "../migrations")]
async fn whatever_happens_the_counts_equal_counting_the_messages_and_a_view_built_anew(
    pool: PgPool,
) {
    let mut runner = TestRunner::deterministic();
    let mut statuses = 0;
    for _ in 0..6 {
        let steps = steps().new_tree(&mut runner).unwrap().current();
        sqlx::raw_sql(
            "truncate messages, message_texts, message_counts, message_latencies, message_history, message_attempts,
                 projection_checkpoints",
        )
        .execute(&pool)
        .await
        .unwrap();
        let log = play(&pool, &steps).await;
        assert_eq!(counted_differently(&pool).await, Vec::<String>::new(), "{steps:?}");
        assert_eq!(times_kept(&pool).await, timed_directly(&pool).await, "{steps:?}");
        let log = log as Arc<dyn EventLog>;
        let builder = Builder::new(log, pool.clone(), CancellationToken::new());
        let verified = builder.verify(Arc::new(Messages)).await.unwrap();
        assert!(verified.is_equal(), "{verified:?} after {steps:?}");
        let seen: i64 = sqlx::query_scalar("select count(distinct status) from messages")
            .fetch_one(&pool)
            .await
            .unwrap();
        statuses = seen.max(statuses);
    }
    assert!(statuses >= 5, "the steps lead to too few statuses to prove anything: {statuses}");
}

fn report_of(tenant: TenantId, pool: &PgPool, hours: i64) -> impl Future<Output = StatsReport> {
    let models = ReadModels::new(pool.clone());
    let range = StatsRange::new(at(-60), at(-60) + TimeDelta::hours(hours)).unwrap();
    async move { models.message_stats(tenant, range).await.unwrap() }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_report_tells_counts_rates_and_percentiles_of_one_tenant(pool: PgPool) {
    let log = MemoryLog::new();
    let state = |stream: StreamName, commands: &[Command]| {
        let mut message = Aggregated::default();
        for command in commands {
            for event in message.decide(command.clone()).unwrap() {
                message = message.evolve(&event);
                log.record(stream, event);
            }
        }
    };
    let start = |number| command(number, 2, at(1));
    let sent = Command::ConfirmSent { attempt: 1, waha_message_id: None, now: at(2) };
    let queue = |seconds| Command::Queue(queued(seconds));
    state(message(TENANT, 1), &[queue(0), start(1), sent.clone(), command(1, 7, at(4))]);
    state(message(TENANT, 2), &[queue(0), start(2), sent]);
    state(message(TENANT, 3), &[queue(3_600), command(3, 13, at(3_700))]);
    state(message(TENANT, 4), &[queue(90_000)]);
    state(message(TENANT, 5), &[command(5, 0, at(0))]);
    state(message(STRANGER, 1), &[queue(0)]);
    settle(&log, &pool).await;

    let shown = serde_json::to_value(report_of(TENANT, &pool, 48).await).unwrap();
    let sessions = json!({
        "00000000-0000-0000-0000-000000000002": 1,
        "00000000-0000-0000-0000-000000000005": 4,
    });
    assert_eq!(
        shown,
        json!({
            "from": "2026-11-20T09:59:00Z", "to": "2026-11-22T09:59:00Z",
            "totals": { "messages": 5, "inbound": 1, "outbound": 4, "succeeded": 2, "failed": 1 },
            "byStatus": { "delivered": 2, "sent": 1, "failed": 1, "queued": 1 },
            "byDirection": { "inbound": 1, "outbound": 4 },
            "byType": { "audio": 1, "text": 4 },
            "bySession": sessions,
            "byCountry": { "ID": 4, "unknown": 1 },
            "byDay": { "2026-11-20": 4, "2026-11-21": 1 },
            "byHour": {
                "2026-11-20T10:00:00Z": 3, "2026-11-20T11:00:00Z": 1, "2026-11-21T11:00:00Z": 1,
            },
            "successRate": 2.0 / 3.0, "failureRate": 1.0 / 3.0,
            "timeToSentMs": { "p50": 2048, "p90": 2048, "p99": 2048 },
            "timeToDeliveredMs": { "p50": 4096, "p90": 4096, "p99": 4096 },
        })
    );

    let year = report_of(TENANT, &pool, 24 * 366).await;
    assert_eq!((year.totals.messages, year.by_hour), (5, None));
    let nothing = report_of(TenantId(Uuid::from_u128(99)), &pool, 1).await;
    assert_eq!((nothing.totals, nothing.success_rate), (Totals::default(), None));
}

#[test]
fn a_range_runs_forwards_for_at_most_a_leap_year() {
    assert!(StatsRange::new(at(0), at(0) + TimeDelta::days(DAYS_MAX)).is_ok());
    assert_eq!(StatsRange::new(at(0), at(0)), Err(InvalidRange::Backwards));
    let too_late = at(1) + TimeDelta::days(DAYS_MAX);
    assert_eq!(StatsRange::new(at(0), too_late), Err(InvalidRange::TooLong));
}

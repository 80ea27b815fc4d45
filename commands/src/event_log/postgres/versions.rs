//! Versions of streams, looked up together.
//!
//! Every request asks for its login session's. What is asked while one query is on its way goes into the next, as
//! with appends: the query's own duration is the window.
//!
//! Invariant: an answer is not older than its question.

use std::collections::HashMap;

use domain::id::TenantId;
use domain::ports::event_log::LogError;
use domain::stream::{Category, StreamName, Version};
use sqlx::PgPool;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Most questions in one query.
const BATCH_MAX: usize = 512;

/// A stream, and who wants to know its version.
pub(super) struct Question {
    stream: StreamName,
    reply: oneshot::Sender<Result<Version, LogError>>,
}

/// Asks for a stream's version.
pub(super) async fn ask(
    questions: &mpsc::Sender<Question>,
    stream: StreamName,
) -> Result<Version, LogError> {
    let closed = || LogError::Unavailable("the event log is shutting down".into());
    let (reply, answer) = oneshot::channel();
    questions.send(Question { stream, reply }).await.map_err(|_| closed())?;
    answer.await.map_err(|_| closed())?
}

/// Answers until `shutdown`, and then what was asked before.
pub(super) async fn answer(
    pool: PgPool,
    mut questions: mpsc::Receiver<Question>,
    shutdown: CancellationToken,
) {
    let mut batch = Vec::new();
    loop {
        tokio::select! {
            count = questions.recv_many(&mut batch, BATCH_MAX) => {
                if count == 0 {
                    return;
                }
            }
            () = shutdown.cancelled(), if !questions.is_closed() => questions.close(),
        }
        let streams: Vec<StreamName> = batch.iter().map(|question| question.stream).collect();
        let found = find(&pool, &streams).await;
        for Question { stream, reply } in batch.drain(..) {
            let version = match &found {
                Ok(versions) => Ok(versions.get(&stream).copied().unwrap_or_default()),
                Err(error) => Err(LogError::Unavailable(error.to_string().into())),
            };
            // Who has gone away does not want to know.
            let _ = reply.send(version);
        }
    }
}

async fn find(
    pool: &PgPool,
    streams: &[StreamName],
) -> Result<HashMap<StreamName, Version>, sqlx::Error> {
    let rows: Vec<(Uuid, String, Uuid, i32)> = sqlx::query_as(
        "select s.tenant_id, s.category, s.stream_id, s.version
         from unnest($1::uuid[], $2::text[], $3::uuid[]) as asked (tenant_id, category, stream_id)
         join streams s using (stream_id, category, tenant_id)",
    )
    .bind(streams.iter().map(|stream| stream.tenant.0).collect::<Vec<_>>())
    .bind(streams.iter().map(|stream| stream.category.as_str()).collect::<Vec<_>>())
    .bind(streams.iter().map(|stream| stream.id).collect::<Vec<_>>())
    .fetch_all(pool)
    .await?;
    let known = rows.into_iter().filter_map(|(tenant, category, id, version)| {
        let category = Category::parse(&category)?;
        let stream = StreamName { category, tenant: TenantId(tenant), id };
        Some((stream, Version(version.cast_unsigned())))
    });
    Ok(known.collect())
}

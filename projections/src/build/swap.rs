//! The moment in which a view that was built takes the live one's place.

use std::time::Duration;

use sqlx::error::DatabaseError;
use sqlx::{PgConnection, PgTransaction};
use tokio::time::{Instant, sleep};

use super::scratch::{Scratch, quoted, run};
use super::{BuildError, Builder, Rebuilt, register, shape, snapshots};
use crate::projector::checkpoint::{self, Live};

/// How long to go on trying.
const PATIENCE: Duration = Duration::from_mins(5);
/// How long the live view may be held for readers to end. Nothing new is projected meanwhile.
const HOLD_MAX: Duration = Duration::from_millis(250);
/// The pause between tries: the first, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));
/// PostgreSQL's codes for a lock that could not be had in `lock_timeout`, and for a statement that took longer than
/// `statement_timeout`.
const TIMEOUTS: [&str; 2] = ["55P03", "57014"];

/// The live view, held where it is for as long as the transaction lasts.
pub(super) struct LiveView {
    pub(super) transaction: PgTransaction<'static>,
    pub(super) held: Live,
}

impl Builder {
    /// Brings the build to where the live view is, and holds the live one there.
    pub(super) async fn level(&self, scratch: &mut Scratch) -> Result<LiveView, BuildError> {
        let name = scratch.projection.name();
        while !self.shutdown.is_cancelled() {
            // What takes long is done while the live view goes on.
            let live = checkpoint::live(&self.pool, name).await?;
            self.load(scratch, Some(live.position)).await?;
            if let Some(view) = self.hold(scratch).await? {
                return Ok(view);
            }
        }
        Err(BuildError::Interrupted)
    }

    /// Holds the live view and applies the little the build lacks; none if the live view is not to be had.
    async fn hold(&self, scratch: &mut Scratch) -> Result<Option<LiveView>, BuildError> {
        let mut transaction = self.pool.begin().await?;
        sqlx::raw_sql("set local lock_timeout = '1s'").execute(&mut *transaction).await?;
        let held = match checkpoint::hold(&mut transaction, scratch.projection.name()).await {
            Err(error) if is_timeout(&error) => return Ok(None),
            held => held?,
        };
        if scratch.position < held.position {
            self.load(scratch, Some(held.position)).await?;
        }
        // A view that would fall behind the live one never takes its place.
        Ok((scratch.position >= held.position).then_some(LiveView { transaction, held }))
    }

    /// Puts the view in the live one's place, as soon as it can be done without keeping anybody waiting.
    pub(super) async fn switch(&self, scratch: &mut Scratch) -> Result<Rebuilt, BuildError> {
        let deadline = Instant::now() + PATIENCE;
        let mut pause = PAUSES.0;
        while !self.shutdown.is_cancelled() {
            let left = deadline.saturating_duration_since(Instant::now());
            let wait = snapshots::end_within(&self.pool, left);
            let Some(have_ended) = self.shutdown.run_until_cancelled(wait).await else { break };
            if have_ended? && let Some(rebuilt) = self.try_to_switch(scratch).await? {
                return Ok(rebuilt);
            }
            if left.is_zero() {
                return Err(BuildError::InUse(PATIENCE.as_secs()));
            }
            sleep(pause).await;
            pause = (pause * 2).min(PAUSES.1);
            self.load(scratch, None).await?;
        }
        Err(BuildError::Interrupted)
    }

    /// None if somebody uses the live view for longer than others may be kept waiting.
    async fn try_to_switch(&self, scratch: &mut Scratch) -> Result<Option<Rebuilt>, BuildError> {
        let Some(LiveView { mut transaction, held }) = self.hold(scratch).await? else {
            return Ok(None);
        };
        // Whoever comes from now on sees all of the new view, if it is the new one that is found.
        if !snapshots::end_within(&self.pool, HOLD_MAX).await? {
            return Ok(None);
        }
        let (name, version) = (scratch.projection.name(), held.version + 1);
        shape::check(&mut transaction, name, &scratch.schema, &scratch.live_schema).await?;
        match exchange(&mut transaction, &scratch.schema, &scratch.live_schema).await {
            Err(error) if is_timeout(&error) => return Ok(None),
            exchanged => exchanged?,
        }
        let (position, events) = (scratch.position, scratch.events);
        checkpoint::replace(&mut transaction, name, version, position, events).await?;
        register::leave(&mut transaction, scratch.id).await?;
        transaction.commit().await?;
        Ok(Some(Rebuilt { name, version, position, events }))
    }
}

/// Drops the live tables and views, moves the new ones to their place, and drops the schema they leave empty.
///
/// Readers queue behind a lock that is waited for, so all are waited for briefly: a fraction of what PostgreSQL takes
/// to look for deadlocks, so that it is never a reader who has to give way.
async fn exchange(
    connection: &mut PgConnection,
    schema: &str,
    live_schema: &str,
) -> Result<(), sqlx::Error> {
    let relations: Vec<(String, bool)> = sqlx::query_as(
        "select relname::text, relkind = 'v' from pg_class
         where relnamespace = quote_ident($1)::regnamespace and relkind in ('r', 'v')
         order by relkind = 'v' desc, relname",
    )
    .bind(schema)
    .fetch_all(&mut *connection)
    .await?;
    let (new, live) = (quoted(schema), quoted(live_schema));
    // The new ones too: an autovacuum may be at work on them.
    let all: Vec<_> = relations
        .iter()
        .map(|(name, _)| quoted(name))
        .map(|name| format!("{live}.{name}, {new}.{name}"))
        .collect();
    sqlx::raw_sql("set local statement_timeout = '100ms'").execute(&mut *connection).await?;
    run(&mut *connection, format!("lock table {} in access exclusive mode", all.join(", ")))
        .await?;
    sqlx::raw_sql("set local statement_timeout = 0").execute(&mut *connection).await?;
    for (relation, is_view) in &relations {
        let (kind, name) = (if *is_view { "view" } else { "table" }, quoted(relation));
        run(&mut *connection, format!("drop {kind} {live}.{name}")).await?;
    }
    for (relation, is_view) in &relations {
        let (kind, name) = (if *is_view { "view" } else { "table" }, quoted(relation));
        run(&mut *connection, format!("alter {kind} {new}.{name} set schema {live}")).await?;
    }
    run(connection, format!("drop schema {new}")).await
}

fn is_timeout(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(DatabaseError::code);
    code.is_some_and(|code| TIMEOUTS.contains(&&*code))
}

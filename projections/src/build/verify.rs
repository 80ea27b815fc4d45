//! Whether a live view is what the log makes of it.

use domain::stream::Position;
use serde::Serialize;
use sqlx::Connection;

use super::compare::{self, DIFFERENCES_MAX, Difference};
use super::scratch::Scratch;
use super::swap::LiveView;
use super::{BuildError, Builder};
use crate::projector::checkpoint;

/// What comparing a live view with the log came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verified {
    /// Of which projection.
    pub name: &'static str,
    /// The version of its live view.
    pub version: i32,
    /// Where in the log the two were compared.
    #[serde(serialize_with = "checkpoint::as_text")]
    pub position: Position,
    /// Events applied.
    pub events: u64,
    /// Rows the view should have.
    pub rows: i64,
    /// What is not as it should be, a bounded number of it from each table.
    pub differences: Vec<Difference>,
    /// Whether there are more.
    pub is_truncated: bool,
}

impl Verified {
    /// Whether the live view is as it should be.
    pub fn is_equal(&self) -> bool {
        self.differences.is_empty()
    }
}

impl Builder {
    /// Compares the two as they are at one moment; the live view goes on as soon as that is fixed.
    pub(super) async fn compare(
        &self,
        scratch: &mut Scratch,
        live: LiveView,
    ) -> Result<Verified, BuildError> {
        let begin = "begin isolation level repeatable read, read only";
        let mut transaction = scratch.connection.begin_with(begin).await?;
        let tables = compare::tables(&mut transaction, &scratch.schema).await?;
        live.transaction.rollback().await?;

        let uncompared = scratch.projection.uncompared();
        let (mut differences, mut rows, mut is_truncated) = (Vec::new(), 0, false);
        for table in &tables {
            if self.shutdown.is_cancelled() {
                return Err(BuildError::Interrupted);
            }
            let pair = (&*scratch.live_schema, &*scratch.schema);
            let mut found = table.differences(&mut transaction, pair, uncompared).await?;
            is_truncated |= found.len() > DIFFERENCES_MAX;
            found.truncate(DIFFERENCES_MAX);
            differences.extend(found);
            rows += table.rows(&mut transaction, &scratch.schema).await?;
        }
        transaction.rollback().await?;
        Ok(Verified {
            name: scratch.projection.name(),
            version: live.held.version,
            position: scratch.position,
            events: scratch.events,
            rows,
            differences,
            is_truncated,
        })
    }
}

//! `heliograph log`
//!
//! An export is one JSON object a line, in the order of the log. It is written page by page, so it takes little memory
//! whatever the log's length, and it ends where the log ended when it was reached. No secret is in it: none is in an
//! event.

use std::io::{BufWriter, Write};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use clap::Subcommand;
use domain::id::EventId;
use domain::ports::event_log::{EventLog, Metadata, RecordedEvent};
use domain::stream::{Position, Version};
use serde::Serialize;
use serde_json::value::RawValue;

use super::CliError;
use super::database::OpenLog;

/// Events read at a time.
const PAGE_MAX: u16 = 1000;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Write every event to standard output, one JSON object a line, in the order of the log.
    Export {
        /// Only what comes after this position, such as the last one of an earlier export.
        #[arg(long)]
        after: Option<Position>,
    },
}

/// An event as it is exported, in the newest of its shapes.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    position: String,
    stream: String,
    version: Version,
    id: EventId,
    #[serde(rename = "type")]
    event_type: &'static str,
    schema_version: u16,
    data: Box<RawValue>,
    metadata: &'a Metadata,
    recorded_at: DateTime<Utc>,
}

impl<'a> Line<'a> {
    fn of(recorded: &'a RecordedEvent) -> Result<Self, serde_json::Error> {
        Ok(Self {
            position: recorded.position.to_string(),
            stream: recorded.stream.to_string(),
            version: recorded.version,
            id: recorded.id,
            event_type: recorded.stored.event_type,
            schema_version: recorded.stored.schema_version,
            data: RawValue::from_string(recorded.stored.data.clone())?,
            metadata: &recorded.metadata,
            recorded_at: recorded.recorded_at,
        })
    }
}

pub(super) async fn perform(verb: Verb) -> Result<(), CliError> {
    let Verb::Export { after } = verb;
    let log = OpenLog::open().await?;
    let exported = export(&*log.log, after.unwrap_or(Position::START)).await;
    log.close().await;
    exported
}

async fn export(log: &dyn EventLog, mut after: Position) -> Result<(), CliError> {
    loop {
        let events = log
            .read_all(after, PAGE_MAX)
            .await
            .map_err(CliError::failed("the event log cannot be read"))?;
        let Some(last) = events.last() else { return Ok(()) };
        after = last.position;
        write(&events).map_err(CliError::failed("standard output is closed"))?;
    }
}

fn write(events: &[Arc<RecordedEvent>]) -> std::io::Result<()> {
    let mut output = BufWriter::new(std::io::stdout().lock());
    for recorded in events {
        serde_json::to_writer(&mut output, &Line::of(recorded)?)?;
        writeln!(output)?;
    }
    output.flush()
}

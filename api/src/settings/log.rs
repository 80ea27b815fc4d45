//! How logs are written.

use tracing_subscriber::EnvFilter;

use super::reader::{Noted, Reader};
use super::table;

/// How logs are written.
#[derive(Debug, Clone)]
pub struct LogSettings {
    /// In which form.
    pub format: LogFormat,
    /// How much: directives, known to be sound.
    pub level: String,
}

/// The form of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
}

impl LogSettings {
    pub(super) fn take(reader: &mut Reader<'_>) -> Result<Self, Noted> {
        let format = reader.required(&table::LOG_FORMAT, |text| match text {
            "text" => Some(LogFormat::Text),
            "json" => Some(LogFormat::Json),
            _ => None,
        });
        let level = reader.required(&table::LOG_LEVEL, |text| {
            EnvFilter::builder().parse(text).ok().map(|_| text.to_owned())
        });
        Ok(Self { format: format?, level: level? })
    }
}

//! What verbs print.

use std::fmt::Display;
use std::io::Write;

use clap::ValueEnum;
use serde::Serialize;

use super::CliError;

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum OutputFormat {
    /// For people.
    Text,
    /// For programs: one JSON value.
    Json,
}

impl OutputFormat {
    /// Prints a result: itself as JSON, or the text made of it.
    pub(super) fn print<T: Serialize, D: Display>(
        self,
        result: &T,
        text: impl FnOnce(&T) -> D,
    ) -> Result<(), CliError> {
        let line = match self {
            Self::Text => text(result).to_string(),
            Self::Json => serde_json::to_string(result)
                .map_err(CliError::failed("the result could not be written as JSON"))?,
        };
        writeln!(std::io::stdout(), "{line}").map_err(CliError::failed("standard output is closed"))
    }
}

//! An error and everything that led to it.

use std::error::Error;
use std::fmt::Write;

/// For log lines, statuses and reports: the error, then each cause after a colon.
pub fn in_one_line(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        // Writing to a string cannot fail.
        let _ = write!(text, ": {cause}");
        source = cause.source();
    }
    // Neither PostgreSQL nor a terminal takes it.
    text.replace('\0', "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("outer\0")]
    struct Outer(#[source] std::fmt::Error);

    #[test]
    fn causes_follow_the_error() {
        let text = in_one_line(&Outer(std::fmt::Error));
        assert_eq!(text, format!("outer\u{fffd}: {}", std::fmt::Error));
    }
}

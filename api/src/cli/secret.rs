//! Secrets on standard input, which keeps them out of the process list.

use std::io::{IsTerminal, Read, Write};

use secrecy::SecretString;

use super::CliError;

/// The secret from standard input: one line, or all there is. `what` names it for a person who is to type it.
pub(super) fn read(what: &str) -> Result<SecretString, CliError> {
    let failed = || CliError::failed("the secret could not be read from standard input");
    let mut stdin = std::io::stdin();
    let mut text = String::new();
    if stdin.is_terminal() {
        write!(std::io::stderr(), "{what} (shown as typed): ").map_err(failed())?;
        stdin.read_line(&mut text).map_err(failed())?;
    } else {
        stdin.read_to_string(&mut text).map_err(failed())?;
    }
    Ok(text.trim_end_matches(['\r', '\n']).into())
}

//! A session's status, wherever WAHA tells it: in a webhook, in its answer about a session, in a refusal.

use domain::session::status::SessionStatus;
use serde_json::Value;

/// Longest status kept; WAHA's longest has 29 characters.
const CHARACTERS_MAX: usize = 64;

/// The status in a JSON text. Ones that are not known are kept as they are told.
pub(crate) fn read(value: &Value) -> Option<SessionStatus> {
    let word = value.as_str()?;
    let is_sound =
        (1..=CHARACTERS_MAX).contains(&word.chars().count()) && !word.contains(char::is_control);
    is_sound.then(|| SessionStatus::from(word.to_owned()))
}

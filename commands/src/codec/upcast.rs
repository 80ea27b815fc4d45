//! Old shapes to new ones, one version at a time.

use serde_json::Value;

use super::DecodeError;

/// The data of an event in its newest shape.
pub(super) fn to_newest(
    event_type: &str,
    stored: u16,
    newest: u16,
    data: String,
) -> Result<String, DecodeError> {
    if stored == newest {
        return Ok(data);
    }
    if stored > newest {
        return Err(DecodeError::TooNew { found: stored, newest });
    }
    let mut value = serde_json::from_str(&data)?;
    for version in stored..newest {
        value = step(event_type, version, value).ok_or(DecodeError::NoUpcast(version))?;
    }
    Ok(value.to_string())
}

/// The step from `version` to the next. Every shape is still its first: steps are added here, as
/// `("message_queued", 1) => …`, when one changes.
fn step(_event_type: &str, _version: u16, _data: Value) -> Option<Value> {
    None
}

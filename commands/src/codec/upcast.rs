//! Old shapes to new ones, one version at a time.

use serde_json::Value;

use super::DecodeError;

/// The data in the next version's shape.
type Upcast = fn(Value) -> Value;

/// For each shape that is not the newest: the event's stored name, the version, and the step to the next one. Every
/// shape is still its first.
pub(super) const STEPS: &[(&str, u16, Upcast)] = &[];

/// The data of an event in its newest shape.
pub(super) fn to_newest(
    steps: &[(&str, u16, Upcast)],
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
        let (_, _, upcast) = steps
            .iter()
            .find(|(name, from, _)| *name == event_type && *from == version)
            .ok_or(DecodeError::NoUpcast(version))?;
        value = upcast(value);
    }
    Ok(value.to_string())
}

#[cfg(test)]
mod tests;

use serde::Deserialize;
use serde_json::Value;

use super::*;

/// One event as it once was stored.
#[derive(Deserialize)]
pub(super) struct Sample {
    pub(super) event_type: String,
    pub(super) schema_version: u16,
    pub(super) data: Value,
}

pub(super) fn samples() -> Vec<Sample> {
    serde_json::from_str(include_str!("../../samples/events.json")).unwrap()
}

#[test]
fn every_shape_ever_stored_can_still_be_read() {
    for sample in samples() {
        let read = decode(&sample.event_type, sample.schema_version, sample.data.to_string());
        assert!(read.is_ok(), "{} {}: {:?}", sample.event_type, sample.schema_version, read.err());
    }
}

#[test]
fn the_newest_shapes_are_written_as_their_samples_show() {
    for sample in samples()
        .into_iter()
        .filter(|sample| STORED.contains(&(sample.event_type.as_str(), sample.schema_version)))
    {
        let (event, _) =
            decode(&sample.event_type, sample.schema_version, sample.data.to_string()).unwrap();
        let written: Value = serde_json::from_str(&encode(&event).unwrap().data).unwrap();
        assert_eq!(written, sample.data, "{}", sample.event_type);
    }
}

#[test]
fn every_stored_name_has_a_sample_of_its_newest_shape() {
    let samples = samples();
    for (name, version) in STORED {
        let has_sample =
            samples.iter().any(|s| s.event_type == *name && s.schema_version == *version);
        assert!(has_sample, "commands/samples/events.json lacks {name} {version}");
    }
}

/// Every key at any depth of a JSON value.
fn keys(value: &Value) -> Vec<&str> {
    match value {
        Value::Object(object) => object
            .iter()
            .flat_map(|(key, value)| std::iter::once(key.as_str()).chain(keys(value)))
            .collect(),
        Value::Array(values) => values.iter().flat_map(keys).collect(),
        _ => vec![],
    }
}

/// E6: what is in the log can never be taken out again.
#[test]
fn no_event_has_a_place_for_a_secret() {
    for sample in samples() {
        for key in keys(&sample.data) {
            let is_secret = ["password", "secret", "token", "hash", "otp", "seed", "api_key"]
                .into_iter()
                .any(|word| key.contains(word));
            assert!(!is_secret, "{} has {key}", sample.event_type);
        }
    }
}

#[test]
fn what_cannot_be_read_is_an_error_and_never_skipped() {
    let unknown = decode("message_teleported", 1, "{}".to_owned());
    assert!(matches!(unknown, Err(DecodeError::UnknownType)));
    let newer = decode("message_read", 9, "{}".to_owned());
    assert!(matches!(newer, Err(DecodeError::TooNew { found: 9, newest: 1 })));
    let misshapen = decode("message_read", 1, r#"{"at":7}"#.to_owned());
    assert!(matches!(misshapen, Err(DecodeError::Shape(_))));
}

//! Likeness of two JSON documents: equal, but for values that differ from one run to the next.

use serde_json::Value;

/// Fields whose values differ from run to run; they must only be of one type.
const VOLATILE: [&str; 9] = [
    "id",
    "timestamp",
    "messageTimestamp",
    "stack",
    "startTimestamp",
    "uptime",
    "value",
    "data",
    "activity",
];

/// What differs, one line each; empty if the documents are alike.
pub(crate) fn differences(recorded: &Value, given: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare("$", recorded, given, false, &mut found);
    found
}

fn compare(place: &str, recorded: &Value, given: &Value, volatile: bool, found: &mut Vec<String>) {
    match (recorded, given) {
        (Value::Object(recorded), Value::Object(given)) => {
            for (name, value) in recorded {
                let place = format!("{place}.{name}");
                match given.get(name) {
                    None => found.push(format!("{place} is missing")),
                    Some(other) => {
                        let volatile = VOLATILE.contains(&name.as_str());
                        compare(&place, value, other, volatile, found);
                    }
                }
            }
            let more = given.keys().filter(|name| !recorded.contains_key(*name));
            found.extend(more.map(|name| format!("{place}.{name} is not recorded")));
        }
        (Value::Array(recorded), Value::Array(given)) if recorded.len() == given.len() => {
            for (index, (value, other)) in recorded.iter().zip(given).enumerate() {
                compare(&format!("{place}[{index}]"), value, other, volatile, found);
            }
        }
        _ if volatile && type_of(recorded) == type_of(given) => {}
        _ if recorded == given => {}
        _ => found.push(format!("{place} is {given}, recorded {recorded}")),
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

//! The recorded webhooks, for tests.

use serde_json::Value;

/// A webhook as it came.
pub(super) struct Recorded {
    pub(super) path: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

/// Every recorded webhook, in the order in which they came.
pub(super) fn webhooks() -> Vec<Recorded> {
    include_str!("../../testdata/webhooks.jsonl").lines().map(webhook).collect()
}

fn webhook(line: &str) -> Recorded {
    let line: Value = serde_json::from_str(line).unwrap();
    Recorded {
        path: line["path"].as_str().unwrap().to_owned(),
        headers: serde_json::from_value(line["headers"].clone()).unwrap(),
        body: line["body_raw"].as_str().unwrap().to_owned(),
    }
}

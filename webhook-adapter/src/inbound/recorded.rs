//! The recorded webhooks, for tests.

use serde_json::Value;

/// A webhook as it came.
pub(crate) struct Recorded {
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

/// Every recorded webhook, in the order in which they came.
pub(crate) fn webhooks() -> Vec<Recorded> {
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

//! A session's configuration: what is stored, and what is refused.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::webhook::{
    destination::Webhook,
    event::{ALL_EVENTS, EVENTS},
};

/// A session's configuration. Unknown fields are dropped, absent ones stay absent.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct SessionConfig {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) metadata: Option<BTreeMap<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    debug: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    proxy: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ignore: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) webhooks: Option<Vec<Webhook>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    noweb: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gows: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    webjs: Option<Value>,
}

impl SessionConfig {
    /// Reads the `config` of a request; the complaints are WAHA's own words.
    pub(crate) fn parse(body: &Value) -> Result<Option<Self>, Vec<String>> {
        let Some(config) = body.get("config").filter(|config| !config.is_null()) else {
            return Ok(None);
        };
        let complaints = webhook_complaints(config);
        if !complaints.is_empty() {
            return Err(complaints);
        }
        serde_json::from_value(config.clone())
            .map(Some)
            .map_err(|error| vec![format!("config is not valid: {error}")])
    }

    /// Whether the NOWEB store was asked for.
    pub(crate) fn keeps_store(&self) -> bool {
        let enabled = self.noweb.as_ref().and_then(|noweb| noweb.pointer("/store/enabled"));
        enabled.and_then(Value::as_bool).unwrap_or(false)
    }
}

fn webhook_complaints(config: &Value) -> Vec<String> {
    let webhooks = config.get("webhooks").and_then(Value::as_array).into_iter().flatten();
    let mut complaints = Vec::new();
    for (position, webhook) in webhooks.enumerate() {
        let place = format!("config.webhooks.{position}");
        if !webhook.get("url").and_then(Value::as_str).is_some_and(is_web_address) {
            complaints.push(format!("{place}.url must be a URL address"));
        }
        let events = webhook.get("events").and_then(Value::as_array).into_iter().flatten();
        if !events.into_iter().all(|event| event.as_str().is_some_and(is_event)) {
            let known = EVENTS.join(", ");
            complaints.push(format!(
                "{place}.each value in events must be one of the following values: {known}, {ALL_EVENTS}"
            ));
        }
    }
    complaints
}

fn is_web_address(text: &str) -> bool {
    reqwest::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

fn is_event(name: &str) -> bool {
    name == ALL_EVENTS || EVENTS.contains(&name)
}

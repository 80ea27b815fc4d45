//! The 500 of WAHA: what the engine threw, with the whole request echoed back.

use std::collections::BTreeMap;

use axum::{
    extract::Query,
    http::{Method, Uri, request::Parts},
};
use chrono::SecondsFormat;
use serde::Serialize;
use serde_json::{Value, json};

use crate::{clock, nest::refusal::Refusal, options::SimulatorOptions};

/// The request as a failure echoes it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Echo {
    path: String,
    method: String,
    body: Value,
    query: BTreeMap<String, String>,
}

impl Echo {
    pub(crate) fn of(parts: &Parts, body: Value) -> Self {
        Self::new(&parts.method, &parts.uri, body)
    }

    fn new(method: &Method, uri: &Uri, body: Value) -> Self {
        let query = Query::try_from_uri(uri).map(|Query(query)| query).unwrap_or_default();
        Self { path: uri.path().to_owned(), method: method.to_string(), body, query }
    }

    pub(crate) fn body(&self) -> &Value {
        &self.body
    }
}

/// What the engine threw.
pub(crate) struct Exception<'a> {
    /// The class of the error.
    pub(crate) name: &'static str,
    /// Its message; gRPC errors, which GOWS throws, begin with their code.
    pub(crate) message: &'a str,
}

/// The refusal after the engine threw.
pub(crate) fn failure(options: &SimulatorOptions, request: &Echo, thrown: &Exception) -> Refusal {
    let Exception { name, message } = thrown;
    let mut exception = json!({
        "message": message,
        "name": name,
        "stack": format!("{name}: {message}\n    at sendText (/app/dist/core/session.core.js:1:1)"),
    });
    let code = message.split_once(' ').and_then(|(code, _)| code.parse::<u8>().ok());
    if let Some(code) = code {
        exception["code"] = code.into();
    }
    Refusal::Failure(json!({
        "statusCode": 500,
        "timestamp": clock::now().to_rfc3339_opts(SecondsFormat::Millis, true),
        "exception": exception,
        "request": request,
        "version": options.environment(),
    }))
}

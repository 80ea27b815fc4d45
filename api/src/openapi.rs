//! The API's description, OpenAPI 3.1: a fold of the table of routes.
//!
//! ```text
//! handler   #[utoipa::path]: method, path, what it takes (params) and answers (responses), codes of its own
//! table     access and view: security, x-permission, and the headers and codes that come with them
//! types     schemars: schemas, which answers and extractors carry into the description
//! ```
//!
//! Served at `/openapi.json`; as a page at `/docs`; as a collection for Postman at `/auth/docs/postman/complete.json`. A
//! copy is at docs/openapi.json, held to this by a test.

mod access;
pub mod answers;
mod example;
pub mod postman;
pub mod refusals;
pub mod schema;
pub mod served;

#[cfg(test)]
mod tests;

use serde_json::{Map, Value, json};

use crate::answer::PREFIX;
use crate::extract::described::BODY;
use crate::routes::Route;

/// What each group of routes is about.
const TAGS: [(&str, &str); 14] = [
    ("auth", "Signing in, and staying signed in."),
    ("users", "The users of a tenant, and what they may do."),
    ("API keys", "Keys for programs, with scopes and an end."),
    ("OAuth2", "Tokens for programs, and what verifies tokens."),
    ("tenants", "The installation's tenants, for those who run it."),
    ("addresses", "Addresses nothing is taken from."),
    ("audit", "Who signed in, who was refused, and who changed what anybody may do."),
    ("sessions", "WhatsApp sessions: made, paired, started and stopped; and their queues."),
    ("messages", "Messages: sent, shown, listed, counted, settled."),
    ("dead letters", "Messages given up, which a person sends again or puts away."),
    ("WAHA servers", "The servers sessions run on, for those who run the installation."),
    ("webhooks", "What WAHA tells."),
    ("health", "How the process is, and what it needs; what is measured."),
    ("description", "This description."),
];

/// What holds for all routes, in short.
const ABOUT: &str = "Self-hosted WhatsApp messaging. Answers of success are `{\"success\":true,\"data\":…}`, \
    refusals `{\"success\":false,\"errors\":[…],\"requestId\":…}` or RFC 9457 for who accepts \
    application/problem+json. Every route is reached at the root and under /api/v1. The conventions are in \
    docs/http-api.md.";

/// The document of these routes.
pub fn document(routes: &[Route]) -> Value {
    let mut components = refusals::definitions();
    let mut paths = Map::new();
    for route in routes {
        let mut operation = serde_json::to_value(route.operation()).unwrap_or_default();
        schema::unpack(&mut operation, &mut components);
        take_body(&mut operation);
        access::add(&mut operation, route);
        example::fill(&mut operation, &components);
        let path = paths.entry(route.path()).or_insert_with(|| json!({}));
        path[route.method().as_str().to_ascii_lowercase()] = operation;
    }
    let responses = access::share(&mut paths);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Heliograph",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/" }, { "url": PREFIX }],
        "tags": TAGS.map(|(name, description)| json!({ "name": name, "description": description })),
        "paths": paths,
        "components": {
            "schemas": components,
            "responses": responses,
            "examples": refusals::all_examples(),
            "headers": access::headers(),
            "securitySchemes": access::security_schemes(),
        },
    })
}

/// Makes the parameter that stands for the body one.
fn take_body(operation: &mut Value) {
    let Some(parameters) = operation.get_mut("parameters").and_then(Value::as_array_mut) else {
        return;
    };
    let Some(place) = parameters.iter().position(|parameter| parameter["name"] == BODY) else {
        return;
    };
    let body = parameters.remove(place);
    operation["requestBody"] = json!({
        "required": true,
        "content": { "application/json": { "schema": body["schema"] } },
    });
}

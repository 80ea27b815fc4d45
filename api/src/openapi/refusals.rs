//! What routes refuse with: each names the codes of its own, and its access and what it takes bring theirs.
//!
//! Codes are gathered per status, and written as one response in both forms of a problem.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use utoipa::openapi::ResponseBuilder;
use utoipa::openapi::extensions::Extensions;

use super::answers::Responses;
use crate::problem::Code;

/// The extension that carries a response's codes until the document is made.
pub(super) const CODES: &str = "x-codes";

/// Sets of codes, to be named in descriptions: `responses(Success<SessionRow>, SessionUnknown)`.
macro_rules! refusals {
    ($($(#[$doc:meta])* $name:ident: $($code:ident),+;)+) => {$(
        $(#[$doc])*
        pub enum $name {}

        impl utoipa::IntoResponses for $name {
            fn responses() -> $crate::openapi::answers::Responses {
                $crate::openapi::refusals::carried(&[$($crate::problem::Code::$code),+])
            }
        }
    )+};
}

pub(crate) use refusals;

/// Codes within utoipa's description of an operation.
pub(crate) fn carried(codes: &[Code]) -> Responses {
    let mut responses = Responses::new();
    for (status, codes) in by_status(codes) {
        let words: Value = codes.iter().map(|code| code.as_str()).collect();
        let extensions = Extensions::from_iter([(CODES, words)]);
        let response = ResponseBuilder::new().extensions(Some(extensions)).build();
        responses.insert(status, response.into());
    }
    responses
}

/// Codes by the status they are answered with.
fn by_status(codes: &[Code]) -> BTreeMap<String, Vec<Code>> {
    let mut statuses = BTreeMap::<_, Vec<_>>::new();
    for code in codes {
        statuses.entry(code.status().as_str().to_owned()).or_default().push(*code);
    }
    statuses
}

/// Adds responses for these codes to those an operation has of its own, which may carry codes, too.
pub(super) fn add(responses: &mut Map<String, Value>, codes: &[Code]) {
    let mut codes = codes.to_vec();
    for response in responses.values_mut() {
        let carried = response.as_object_mut().and_then(|response| response.remove(CODES));
        let words = carried.as_ref().and_then(Value::as_array).into_iter().flatten();
        codes.extend(words.filter_map(Value::as_str).filter_map(Code::parse));
    }
    codes.sort_by_key(|code| Code::ALL.iter().position(|known| known == code));
    codes.dedup();
    for (status, codes) in by_status(&codes) {
        let response = responses.entry(status).or_insert_with(|| json!({ "description": "" }));
        write(response, &codes);
    }
}

/// One response, in both forms. Where the status has an answer of its own, as health has, that is one more form.
fn write(response: &mut Value, codes: &[Code]) {
    let told = |code: &Code| format!("`{}`: {}", code.as_str(), code.meaning());
    let told = codes.iter().map(told).collect::<Vec<_>>().join("\n\n");
    let own = response["description"].as_str().unwrap_or_default().to_owned();
    response["description"] = [own, told]
        .into_iter()
        .filter(|text| !text.is_empty())
        .collect::<Vec<_>>()
        .join("\n\n")
        .into();
    let words: Vec<_> = codes.iter().map(|code| code.as_str()).collect();
    let narrowed = |form: &str| {
        let codes = json!({ "properties": { "errors": { "items": { "properties": {
            "code": { "enum": words },
        } } } } });
        json!({ "allOf": [{ "$ref": format!("#/components/schemas/{form}") }, codes] })
    };
    let usual = match response["content"]["application/json"]["schema"].take() {
        Value::Null => narrowed("Problem"),
        own => json!({ "anyOf": [own, narrowed("Problem")] }),
    };
    response["content"]["application/json"]["schema"] = usual;
    response["content"]["application/json"]["examples"] = examples(codes, "Problem");
    response["content"]["application/problem+json"]["schema"] = narrowed("ProblemDetails");
    response["content"]["application/problem+json"]["examples"] = examples(codes, "ProblemDetails");
}

/// References to the examples of these codes, in one form of a problem.
fn examples(codes: &[Code], form: &str) -> Value {
    let reference = |code: &Code| {
        let word = code.as_str();
        (word.to_owned(), json!({ "$ref": format!("#/components/examples/{form}.{word}") }))
    };
    codes.iter().map(reference).collect::<Map<_, _>>().into()
}

/// An example of each code in both forms.
pub(super) fn all_examples() -> Map<String, Value> {
    let examples = Code::ALL.iter().flat_map(|code| {
        let word = code.as_str();
        [
            (format!("Problem.{word}"), json!({ "value": problem(*code) })),
            (format!("ProblemDetails.{word}"), json!({ "value": details(*code) })),
        ]
    });
    examples.collect()
}

const REQUEST_ID: &str = "0190f3c4-7a3b-7c1d-9e2f-00000000000a";

fn problem(code: Code) -> Value {
    json!({
        "success": false,
        "errors": [{ "code": code.as_str(), "message": code.meaning() }],
        "requestId": REQUEST_ID,
    })
}

fn details(code: Code) -> Value {
    json!({
        "type": "about:blank",
        "title": code.status().canonical_reason().unwrap_or("Error"),
        "status": code.status().as_u16(),
        "detail": code.meaning(),
        "code": code.as_str(),
        "errors": [{ "code": code.as_str(), "message": code.meaning() }],
        "requestId": REQUEST_ID,
    })
}

/// The schemas of both forms, and the closed list of codes with what each means.
pub(super) fn definitions() -> Map<String, Value> {
    let words: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
    let meanings: Vec<_> = Code::ALL
        .iter()
        .map(|code| {
            format!("- `{}` ({}): {}", code.as_str(), code.status().as_u16(), code.meaning())
        })
        .collect();
    let about = "Every kind of problem. Codes are added, and never change.\n\n";
    let code = json!({
        "type": "string",
        "enum": words,
        "description": format!("{about}{}", meanings.join("\n")),
    });
    let detail = json!({
        "type": "object",
        "description": "One thing that is wrong.",
        "required": ["code", "message"],
        "properties": {
            "code": { "$ref": "#/components/schemas/ErrorCode" },
            "message": { "type": "string", "description": "In words." },
            "field": { "type": "string", "description": "Where in the request." },
            "constraint": { "type": "string", "description": "The rule that is broken." },
        },
        "additionalProperties": false,
    });
    let errors = json!({
        "type": "array",
        "minItems": 1,
        "description": "Everything that is wrong; the first decides the status.",
        "items": { "$ref": "#/components/schemas/ErrorDetail" },
    });
    let request_id = json!({ "type": "string", "description": "As in X-Request-Id; finds the request in the log." });
    let mfa_required =
        json!({ "type": "boolean", "const": true, "description": "With `AUTH_MFA_REQUIRED`." });
    let mfa_token = json!({
        "type": "string",
        "description": "With `AUTH_MFA_REQUIRED`: for `POST /auth/mfa/verify`, within five minutes.",
    });
    let message = json!({ "type": "string", "description": "With `AUTH_MFA_REQUIRED`: in words." });
    let problem = json!({
        "type": "object",
        "description": "A request that was refused, in the envelope all answers share.",
        "required": ["success", "errors", "requestId"],
        "properties": {
            "success": { "type": "boolean", "const": false },
            "errors": errors,
            "requestId": request_id,
            "mfaRequired": mfa_required,
            "mfaToken": mfa_token,
            "message": message,
        },
        "additionalProperties": false,
    });
    let details = json!({
        "type": "object",
        "description": "The same as RFC 9457 has it, for who accepts application/problem+json.",
        "required": ["type", "title", "status", "detail", "code", "errors", "requestId"],
        "properties": {
            "type": { "type": "string", "const": "about:blank" },
            "title": { "type": "string" },
            "status": { "type": "integer", "minimum": 400, "maximum": 599 },
            "detail": { "type": "string", "description": "The first of the errors in one sentence." },
            "code": { "$ref": "#/components/schemas/ErrorCode" },
            "errors": errors,
            "requestId": request_id,
            "mfaRequired": mfa_required,
            "mfaToken": mfa_token,
            "message": message,
        },
        "additionalProperties": false,
    });
    let all = [
        ("ErrorCode", code),
        ("ErrorDetail", detail),
        ("Problem", problem),
        ("ProblemDetails", details),
    ];
    all.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect()
}

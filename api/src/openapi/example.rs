//! Examples, made of schemas: each body gets one that its schema allows.

use serde_json::{Map, Number, Value, json};

/// What a text of this name looks like, where neither its format nor a list of words tells.
const TEXTS: [(&str, &str); 29] = [
    ("accessToken", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIuLi4ifQ.c2lnbmF0dXJl"),
    ("apiKey", "a-key-nobody-can-guess"),
    ("body", "Your code is 271 828."),
    ("chatId", "6281234567890@c.us"),
    ("clientReference", "order-1742"),
    ("code", "for_its_turn"),
    ("country", "ID"),
    ("cursor", "0190f3c47a3b7c1d000000000000000190f3c47a3b7c1d01"),
    ("detail", "answers"),
    ("email", "ada@example.com"),
    ("engine", "NOWEB"),
    ("event", "message.ack"),
    ("from", "+6281234567890"),
    ("kind", "unavailable"),
    ("lastError", "WAHA did not answer in time"),
    ("name", "sales"),
    ("nextCursor", "0190f3c47a3b7c1d000000000000000190f3c47a3b7c1d01"),
    ("password", "correct horse battery staple"),
    ("pendingAction", "start"),
    ("phone", "+6281234567890"),
    ("position", "1742-9315"),
    ("reason", "attempts_exhausted"),
    ("refreshToken", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIuLi4ifQ.c2lnbmF0dXJl"),
    ("server", "default"),
    ("session", "sales_0190f3c47a3b7c1d9e2f000000000001"),
    ("status", "WORKING"),
    ("to", "+6281234567890"),
    ("tokenType", "Bearer"),
    ("type", "text"),
];
const UUID: &str = "0190f3c4-7a3b-7c1d-9e2f-000000000001";
const TIME: &str = "2026-01-31T17:30:00Z";

/// Gives each body of an operation an example, unless it has some.
pub(super) fn fill(operation: &mut Value, components: &Map<String, Value>) {
    if let Some(body) = operation.get_mut("requestBody") {
        fill_content(body, components);
    }
    let responses = operation.get_mut("responses").and_then(Value::as_object_mut);
    for response in responses.into_iter().flat_map(Map::values_mut) {
        fill_content(response, components);
    }
}

fn fill_content(holder: &mut Value, components: &Map<String, Value>) {
    let content = holder.get_mut("content").and_then(Value::as_object_mut);
    for media in content.into_iter().flat_map(Map::values_mut) {
        let has_one = media.get("example").is_some() || media.get("examples").is_some();
        if !has_one && media["schema"].is_object() {
            media["example"] = of(&media["schema"], "", components);
        }
    }
}

/// A value the schema allows, for a field of this name.
pub(super) fn of(schema: &Value, name: &str, components: &Map<String, Value>) -> Value {
    let of = |schema: &Value| of(schema, name, components);
    if let Some(given) = schema["examples"].get(0).or_else(|| schema.get("const")) {
        return given.clone();
    }
    if let Some(reference) = schema["$ref"].as_str() {
        let target = reference.rsplit('/').next().unwrap_or_default();
        return components.get(target).map(of).unwrap_or_default();
    }
    if let Some(word) = schema["enum"].get(0) {
        return word.clone();
    }
    for choices in ["anyOf", "oneOf"] {
        if let (Some(choices), None) = (schema[choices].as_array(), schema.get("properties")) {
            let chosen = choices.iter().find(|choice| choice["type"] != "null");
            return chosen.map(of).unwrap_or_default();
        }
    }
    let kind = match &schema["type"] {
        Value::Array(kinds) => {
            kinds.iter().find(|kind| *kind != "null").cloned().unwrap_or_default()
        }
        kind => kind.clone(),
    };
    match kind.as_str() {
        Some("boolean") => true.into(),
        Some("integer") => schema["minimum"].as_u64().unwrap_or(1).max(1).into(),
        Some("number") => Number::from_f64(0.75).map_or(Value::Null, Value::Number),
        Some("array") => json!([of(&schema["items"])]),
        Some("object") => object(schema, components),
        Some("string") => text(schema, name).into(),
        _ => Value::Null,
    }
}

fn object(schema: &Value, components: &Map<String, Value>) -> Value {
    let named = schema["properties"].as_object().into_iter().flatten();
    let mut object: Map<_, _> =
        named.map(|(name, schema)| (name.clone(), of(schema, name, components))).collect();
    if object.is_empty() && schema["additionalProperties"].is_object() {
        object.insert("text".to_owned(), of(&schema["additionalProperties"], "", components));
    }
    object.into()
}

fn text(schema: &Value, name: &str) -> String {
    let known = TEXTS.iter().find(|(known, _)| *known == name).map(|(_, text)| *text);
    match schema["format"].as_str() {
        Some("uuid") => UUID.to_owned(),
        Some("date-time") => TIME.to_owned(),
        _ => known.unwrap_or("text").to_owned(),
    }
}

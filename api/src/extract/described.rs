//! How extractors are described: a handler names in `params(…)` what it takes, as in its arguments.

use schemars::JsonSchema;
use serde_json::{Value, json};
use utoipa::IntoParams;
use utoipa::openapi::Required;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};

use super::path::PathId;
use super::{FromFields, Id, Json, Query};
use crate::openapi::schema::{self, Described};

/// OpenAPI has no parameter for a body; one of this name is made one when the document is.
pub const BODY: &str = "=body";

impl<T: PathId + JsonSchema> IntoParams for Id<T> {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let mut schema = schema::read_inline::<T>();
        if schema.get("description").is_none() {
            schema["description"] = "Which one.".into();
        }
        vec![parameter(T::NAME, ParameterIn::Path, true, schema)]
    }
}

impl<T: FromFields + JsonSchema> IntoParams for Query<T> {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let mut schema = schema::read_inline::<T>();
        let Value::Object(properties) = schema["properties"].take() else { return Vec::new() };
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        let described = properties.into_iter().map(|(name, schema)| {
            let is_required = required.iter().any(|required| *required == name);
            parameter(&name, ParameterIn::Query, is_required, not_null(schema))
        });
        described.collect()
    }
}

impl<T: FromFields + JsonSchema> IntoParams for Json<T> {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![body(nullable(schema::read::<T>()))]
    }
}

/// In a body, null is as if the field were left out, so what may be left out may be null.
fn nullable(mut described: Described) -> Described {
    let name = described.schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next());
    let definition = name.and_then(|name| described.definitions.get_mut(name));
    let Some(Value::Object(object)) = definition else { return described };
    let required = object.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    let alternatives = object.contains_key("anyOf");
    let Some(Value::Object(fields)) = object.get_mut("properties") else { return described };
    for (_, field) in fields.iter_mut().filter(|(name, _)| !required.contains(&json!(name))) {
        let may_be_null =
            field["type"].as_array().is_some_and(|kinds| kinds.contains(&json!("null")))
                || field["anyOf"]
                    .as_array()
                    .is_some_and(|kinds| kinds.contains(&json!({ "type": "null" })));
        if may_be_null || alternatives {
            continue;
        }
        let mut null = json!({ "anyOf": [field.clone(), { "type": "null" }] });
        for told in ["description", "default", "examples"] {
            if let Some(value) = field.get(told) {
                null[told] = value.clone();
            }
        }
        *field = null;
    }
    described
}

/// A body.
pub fn body(described: Described) -> Parameter {
    let parameter = ParameterBuilder::new().name(BODY).parameter_in(ParameterIn::Header);
    parameter.required(Required::True).schema(Some(described.carried())).build()
}

/// A parameter with its description, which is its schema's.
pub fn parameter(
    name: &str,
    place: ParameterIn,
    is_required: bool,
    mut schema: Value,
) -> Parameter {
    let description = schema.as_object_mut().and_then(|schema| schema.remove("description"));
    let description = description.as_ref().and_then(Value::as_str).map(str::to_owned);
    ParameterBuilder::new()
        .name(name)
        .parameter_in(place)
        .required(if is_required { Required::True } else { Required::False })
        .description(description)
        .schema(Some(Described::from(schema).carried()))
        .build()
}

/// In a query there is no null: what is not there is left out.
fn not_null(schema: Value) -> Value {
    let Value::Object(mut schema) = schema else { return schema };
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = &types[..] {
            let only = only.clone();
            schema.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(words)) = schema.get_mut("enum") {
        words.retain(|word| !word.is_null());
    }
    let choices = schema.remove("anyOf");
    let is_there = |choice: &Value| choice["type"] != "null";
    match choices
        .and_then(|choices| choices.as_array()?.iter().find(|choice| is_there(choice)).cloned())
    {
        Some(Value::Object(mut chosen)) => {
            chosen.extend(schema);
            chosen.into()
        }
        _ => schema.into(),
    }
}

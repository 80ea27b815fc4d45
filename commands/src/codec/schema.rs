//! The shapes of stored events, as JSON Schemas.
//!
//! They are made of the types themselves and describe what is written, so they cannot differ from it.

use std::fmt::Write;

use domain::ports::event_log::Metadata;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

/// The shape of one event's data, or of the metadata all have.
#[derive(Debug, Clone, PartialEq)]
pub struct Schema {
    /// What it is called: the event's stored name with the version of its shape, `message_queued.v1`.
    pub name: String,
    /// JSON Schema, draft 2020-12.
    pub schema: Value,
}

/// Of the data that `wrap` makes an event of.
pub(super) fn of_data<Data: JsonSchema, Event>(
    event_type: &str,
    schema_version: u16,
    _wrap: fn(Data) -> Event,
) -> Schema {
    of::<Data>(format!("{event_type}.v{schema_version}"))
}

/// Of what is told beside every event's data.
pub(super) fn of_metadata() -> Schema {
    of::<Metadata>("metadata".to_owned())
}

/// The page that lists the schemas, in Markdown.
pub fn index(schemas: &[Schema]) -> String {
    let mut page = String::from(
        "# Events\n\nThe JSON Schema of every stored event's data, and of the metadata all have. Made from the types themselves by\n\
         `heliograph event-store schemas docs/events`; a test holds them to what is stored. How to change one:\n\
         [changing an event](../changing-an-event.md).\n\n| schema | meaning |\n|---|---|\n",
    );
    for Schema { name, schema } in schemas {
        let meaning = schema["description"].as_str().unwrap_or_default().replace('\n', " ");
        // Writing to a string cannot fail.
        let _ = writeln!(page, "| [{name}]({name}.json) | {meaning} |");
    }
    page
}

fn of<T: JsonSchema>(name: String) -> Schema {
    let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let mut schema = generator.into_root_schema_for::<T>().to_value();
    if let Value::Object(schema) = &mut schema {
        schema.insert("title".to_owned(), Value::String(name.clone()));
    }
    Schema { name, schema }
}

#[cfg(test)]
mod tests;

//! Schemas out of types, and how they get into the document.
//!
//! Types describe themselves by `schemars` (JSON Schema 2020-12, which is what OpenAPI 3.1 speaks), as events do. An
//! operation is described by utoipa, which knows schemas of its own only; so a schema is carried through it as the
//! extension `x-carried-schema`, and put in its place, its definitions among the components, when the document is made.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema};

/// The extension that carries a schema through utoipa.
const CARRIED: &str = "x-carried-schema";

/// A schema, and those it refers to.
#[derive(Debug, Clone)]
pub struct Described {
    /// The schema itself.
    pub schema: Value,
    /// Those it refers to, by name.
    pub definitions: Map<String, Value>,
}

/// What is written: a field is required unless it may be left out.
pub fn written<T: JsonSchema + ?Sized>() -> Described {
    generate::<T>(SchemaSettings::draft2020_12().for_serialize())
}

/// What is read: a field is required unless it is optional.
pub fn read<T: JsonSchema + ?Sized>() -> Described {
    generate::<T>(SchemaSettings::draft2020_12().for_deserialize())
}

/// The same in one piece, for the names of a query.
pub fn read_inline<T: JsonSchema + ?Sized>() -> Value {
    let settings = SchemaSettings::draft2020_12().for_deserialize();
    generate::<T>(settings.with(|settings| settings.inline_subschemas = true)).schema
}

fn generate<T: JsonSchema + ?Sized>(settings: SchemaSettings) -> Described {
    let settings = settings.with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut generator = settings.into_generator();
    let schema = generator.subschema_for::<T>().into();
    Described { schema, definitions: generator.take_definitions(true) }
}

impl Described {
    /// Within utoipa's description of an operation.
    pub fn carried(self) -> RefOr<Schema> {
        let Self { schema, definitions } = self;
        let carried = json!({ "schema": schema, "definitions": definitions });
        let extensions = Extensions::from_iter([(CARRIED, carried)]);
        ObjectBuilder::new().extensions(Some(extensions)).build().into()
    }
}

impl From<Value> for Described {
    fn from(schema: Value) -> Self {
        Self { schema, definitions: Map::new() }
    }
}

/// Puts every carried schema in its place, and its definitions into `components`.
///
/// # Panics
///
/// Where two types of one name are described: one of them needs `#[schemars(rename = …)]`.
pub(super) fn unpack(document: &mut Value, components: &mut Map<String, Value>) {
    match document {
        Value::Object(object) => {
            if let Some(mut carried) = object.remove(CARRIED) {
                if let Value::Object(definitions) = carried["definitions"].take() {
                    define(components, definitions);
                }
                *document = carried["schema"].take();
                return;
            }
            object.values_mut().for_each(|value| unpack(value, components));
        }
        Value::Array(values) => values.iter_mut().for_each(|value| unpack(value, components)),
        _ => {}
    }
}

/// Adds definitions to the components.
pub(super) fn define(components: &mut Map<String, Value>, definitions: Map<String, Value>) {
    for (name, definition) in definitions {
        let known = components.entry(&name).or_insert_with(|| definition.clone());
        assert!(*known == definition, "two types are called {name} in the API's description");
    }
}

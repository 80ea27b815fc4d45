use std::collections::HashSet;
use std::path::Path;

use serde_json::Value;

use super::*;
use crate::routes;

fn made() -> Value {
    document(&routes::all())
}

/// The operations of the document, each with its name.
fn operations(document: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let paths = document["paths"].as_object().unwrap().values();
    let operations = paths.flat_map(|path| path.as_object().unwrap().values());
    operations.map(|operation| (operation["operationId"].as_str().unwrap(), operation))
}

#[test]
fn the_committed_description_is_the_one_of_the_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi.json");
    let made = serde_json::to_string_pretty(&made()).unwrap() + "\n";
    if is_asked_to_write() {
        std::fs::write(path, made).unwrap();
        return;
    }
    assert!(
        std::fs::read_to_string(path).unwrap_or_default() == made,
        "docs/openapi.json is stale: run `UPDATE_DOCS=1 cargo test -p api --lib openapi`, and read the difference"
    );
}

#[expect(clippy::disallowed_methods, reason = "asked by whoever runs the test")]
fn is_asked_to_write() -> bool {
    std::env::var("UPDATE_DOCS").is_ok_and(|value| value == "1")
}

#[test]
fn every_body_has_an_example_that_its_schema_allows() {
    let document = made();
    // What several operations share is looked at once.
    let mut seen = HashSet::new();
    for (name, operation) in operations(&document) {
        let responses = operation["responses"].as_object().unwrap().values();
        let responses = responses.filter_map(|response| match response["$ref"].as_str() {
            Some(reference) if !seen.insert(reference) => None,
            Some(reference) => document.pointer(&reference[1..]),
            None => Some(response),
        });
        let bodies = responses.chain(operation.get("requestBody"));
        for (form, media) in bodies.filter_map(|body| body["content"].as_object()).flatten() {
            if !form.ends_with("json") {
                continue;
            }
            let mut schema = media["schema"].clone();
            schema["components"] = document["components"].clone();
            let schema = jsonschema::validator_for(&schema).unwrap();
            let many = media["examples"].as_object().into_iter().flatten();
            let many = many.map(|(_, example)| {
                let pointer = example["$ref"].as_str().unwrap().strip_prefix('#').unwrap();
                &document.pointer(pointer).unwrap()["value"]
            });
            let examples: Vec<_> = many.chain(media.get("example")).collect();
            assert!(!examples.is_empty(), "{name} has no example");
            for example in examples {
                let error = schema.validate(example).err();
                assert!(error.is_none(), "{name}: {} in {example}", error.unwrap());
            }
        }
    }
}

#[test]
fn everything_is_described_in_words() {
    let document = made();
    for (name, operation) in operations(&document) {
        assert!(operation["summary"].is_string(), "{name} has no summary");
        for parameter in operation["parameters"].as_array().unwrap() {
            assert!(parameter["description"].is_string(), "{name}: {parameter}");
            assert!(parameter["schema"].is_object(), "{name}: {parameter}");
        }
        let tag = operation["tags"][0].as_str().unwrap();
        assert!(TAGS.iter().any(|(known, _)| *known == tag), "{name}: no tag {tag}");
    }
}

#[test]
fn nothing_that_only_carries_is_left_in_the_document() {
    let text = made().to_string();
    for carrier in ["x-carried-schema", "\"x-codes\"", BODY, "$defs"] {
        assert!(!text.contains(carrier), "{carrier}");
    }
}

#[test]
fn a_reference_leads_somewhere() {
    let document = made();
    let mut queue = vec![&document];
    while let Some(value) = queue.pop() {
        if let Some(reference) = value["$ref"].as_str() {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
        match value {
            Value::Object(object) => queue.extend(object.values()),
            Value::Array(values) => queue.extend(values),
            _ => {}
        }
    }
}

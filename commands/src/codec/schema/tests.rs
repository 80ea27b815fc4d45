use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::*;
use crate::codec::tests::samples;
use crate::codec::{STORED, schemas};

const STALE: &str = "run `cargo run -p api -- event-store schemas docs/events`";

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/events")
}

/// The schemas in the documentation, by name.
fn committed() -> BTreeMap<String, Value> {
    let is_schema = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "json");
    let files = std::fs::read_dir(docs()).unwrap().map(|entry| entry.unwrap().path());
    let read = |path: PathBuf| {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        (name, serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap())
    };
    files.filter(is_schema).map(read).collect()
}

#[test]
fn the_schemas_in_the_documentation_are_those_of_this_version() {
    let committed = committed();
    let schemas = schemas();
    let page = std::fs::read_to_string(docs().join("README.md")).unwrap();
    assert!(page == index(&schemas), "docs/events/README.md is stale: {STALE}");
    for Schema { name, schema } in schemas {
        assert!(committed.get(&name) == Some(&schema), "docs/events/{name}.json is stale: {STALE}");
    }
}

#[test]
fn every_shape_ever_stored_has_a_schema_that_its_samples_fit() {
    let committed = committed();
    let mut seen = Vec::new();
    for sample in samples() {
        let name = format!("{}.v{}", sample.event_type, sample.schema_version);
        let schema =
            committed.get(&name).unwrap_or_else(|| panic!("{name} has no schema: {STALE}"));
        let errors: Vec<_> = jsonschema::validator_for(schema)
            .unwrap()
            .iter_errors(&sample.data)
            .map(|error| error.to_string())
            .collect();
        assert!(errors.is_empty(), "a sample of {name} does not fit: {errors:?}");
        seen.push(name);
    }
    for name in committed.keys().filter(|name| *name != "metadata") {
        assert!(seen.contains(name), "docs/events/{name}.json is of a shape without a sample");
    }
    assert!(seen.len() >= STORED.len());
}

#[test]
fn a_schema_refuses_what_is_not_of_its_shape() {
    let committed = committed();
    let sent = jsonschema::validator_for(&committed["message_sent.v1"]).unwrap();
    let mut data = samples().into_iter().find(|s| s.event_type == "message_sent").unwrap().data;
    assert!(sent.is_valid(&data));
    data["attempt"] = "first".into();
    assert!(!sent.is_valid(&data));
}

//! The description as a collection for Postman, version 2.1: a folder per tag, a request per operation with an
//! example of its body, and the access token as a variable.

use serde_json::{Map, Value, json};

/// The collection of a document.
pub fn collection(document: &Value) -> Value {
    let tags = document["tags"].as_array().into_iter().flatten();
    let folders = tags.map(|tag| {
        json!({
            "name": tag["name"],
            "description": tag["description"],
            "item": requests(document, &tag["name"]),
        })
    });
    json!({
        "info": {
            "name": document["info"]["title"],
            "description": document["info"]["description"],
            "version": document["info"]["version"],
            "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json",
        },
        "auth": { "type": "bearer", "bearer": [variable("token", "{{accessToken}}")] },
        "variable": [variable("baseUrl", "http://localhost:3000"), variable("accessToken", "")],
        "item": folders.collect::<Vec<_>>(),
    })
}

fn variable(key: &str, value: &str) -> Value {
    json!({ "key": key, "value": value, "type": "string" })
}

/// The requests of a tag, by path and method.
fn requests(document: &Value, tag: &Value) -> Vec<Value> {
    let paths = document["paths"].as_object().into_iter().flatten();
    let operations = paths.flat_map(|(path, operations)| {
        let operations = operations.as_object().into_iter().flatten();
        operations.map(move |(method, operation)| (path, method, operation))
    });
    operations
        .filter(|(_, _, operation)| operation["tags"][0] == *tag)
        .map(|(path, method, operation)| item(path, method, operation))
        .collect()
}

fn item(path: &str, method: &str, operation: &Value) -> Value {
    let mut headers = vec![json!({ "key": "Accept", "value": "application/json" })];
    let mut request = json!({
        "method": method.to_ascii_uppercase(),
        "url": url(path, operation),
        "description": operation["description"].as_str().or(operation["summary"].as_str()),
    });
    let body = &operation["requestBody"]["content"]["application/json"]["example"];
    if body.is_object() {
        headers.push(json!({ "key": "Content-Type", "value": "application/json" }));
        request["body"] = json!({
            "mode": "raw",
            "raw": serde_json::to_string_pretty(body).unwrap_or_default(),
            "options": { "raw": { "language": "json" } },
        });
    }
    request["header"] = headers.into();
    if operation["security"] == json!([]) {
        request["auth"] = json!({ "type": "noauth" });
    }
    let mut item = json!({ "name": operation["summary"], "request": request, "response": [] });
    if operation["operationId"] == "signIn" {
        item["event"] = json!([{ "listen": "test", "script": { "type": "text/javascript", "exec": [
            "pm.collectionVariables.set('accessToken', pm.response.json().data.accessToken);",
        ] } }]);
    }
    item
}

/// Names in braces become Postman's `:name`, with an example; what may be left out of the query is switched off.
fn url(path: &str, operation: &Value) -> Value {
    let segments: Vec<_> = path
        .split('/')
        .skip(1)
        .map(|segment| match segment.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            Some(name) => format!(":{name}"),
            None => segment.to_owned(),
        })
        .collect();
    let parameters = |place: &'static str| {
        let all = operation["parameters"].as_array().into_iter().flatten();
        all.filter(move |parameter| parameter["in"] == place)
    };
    let example = |parameter: &Value| {
        let name = parameter["name"].as_str().unwrap_or_default();
        super::example::of(&parameter["schema"], name, &Map::new())
    };
    let query = parameters("query").map(|parameter| {
        json!({
            "key": parameter["name"],
            "value": plain(&example(parameter)),
            "description": parameter["description"],
            "disabled": parameter["required"] != true,
        })
    });
    let variables = parameters("path")
        .map(|parameter| json!({ "key": parameter["name"], "value": plain(&example(parameter)) }));
    json!({
        "raw": format!("{{{{baseUrl}}}}/{}", segments.join("/")),
        "host": ["{{baseUrl}}"],
        "path": segments,
        "query": query.collect::<Vec<_>>(),
        "variable": variables.collect::<Vec<_>>(),
    })
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

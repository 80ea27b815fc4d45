//! What is described is what is read: every route has exactly the fields its description names, and each that is wrong is
//! named in the answer. The routes are those of the description, so that a new one is tried without being asked for.

use std::collections::BTreeSet;

use acceptance::answer::Answer;
use acceptance::caller::Caller;
use acceptance::installation::Installation;
use acceptance::setup::Setup;
use domain::access::Role;
use reqwest::Method;
use serde_json::{Map, Value, json};
use sqlx::PgPool;
use uuid::Uuid;

/// Refused for being no webhook before its fields are looked at one by one.
const WEBHOOK: &str = "receiveWebhook";
/// Answered with a page; names it does not know are passed over (RFC 6749, section 3.1).
const CONSENT: &str = "askUser";

/// One operation of the description.
struct Operation {
    name: String,
    method: Method,
    /// Of things nobody has.
    path: String,
    described: Value,
}

/// The description with every reference to a schema followed.
async fn operations(caller: &Caller) -> Vec<Operation> {
    let document = caller.get("/openapi.json").await.expect(200).body;
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, described) in methods.as_object().unwrap() {
            let mut described = described.clone();
            described["body"] = described["requestBody"]["content"]["application/json"].take();
            if let Some(reference) = described["body"]["schema"]["$ref"].as_str() {
                described["body"]["schema"] = document.pointer(&reference[1..]).unwrap().clone();
            }
            operations.push(Operation {
                name: described["operationId"].as_str().unwrap().to_owned(),
                method: method.to_uppercase().parse().unwrap(),
                path: path
                    .replace("{id}", &Uuid::nil().to_string())
                    .replace("{phone}", "1")
                    .replace("{name}", "nowhere")
                    .replace("{address}", "192.0.2.1"),
                described,
            });
        }
    }
    operations
}

impl Operation {
    /// The fields of its body, with an example of a whole body; none if it takes none.
    fn body(&self) -> Option<(&Map<String, Value>, &Value)> {
        let body = &self.described["body"];
        let fields = body["schema"]["properties"].as_object()?;
        (self.name != WEBHOOK).then_some((fields, &body["example"]))
    }

    /// The names of its query; empty if it takes none.
    fn query(&self) -> BTreeSet<&str> {
        let parameters = self.described["parameters"].as_array().unwrap().iter();
        let is_read = self.name != CONSENT;
        let query = parameters.filter(|parameter| is_read && parameter["in"] == "query");
        query.map(|parameter| parameter["name"].as_str().unwrap()).collect()
    }

    fn is_for_anybody(&self) -> bool {
        self.described["security"].as_array().is_none_or(Vec::is_empty)
    }

    async fn send(&self, caller: &Caller, query: &str, body: &Value) -> Answer {
        let request = caller.request(self.method.clone(), &format!("{}{query}", self.path));
        caller.send(request.json(body)).await
    }
}

async fn start(pool: PgPool) -> (Installation, Caller) {
    let setup = Setup::default().unlimited();
    let stage = Installation::start_with(pool, setup).await;
    let admin = stage.tenant().await;
    let caller = stage.colleague(&admin, Role::PlatformAdmin).await;
    (stage, caller)
}

/// The names a refusal of an unknown field tells.
fn told(answer: &Answer) -> BTreeSet<&str> {
    let errors = answer.body["errors"].as_array().unwrap();
    let unknown = errors.iter().find(|error| error["code"] == "VALID_UNKNOWN_FIELD");
    let message = unknown.unwrap()["message"].as_str().unwrap();
    message.split_once("which has ").unwrap().1.split(", ").collect()
}

#[sqlx::test(migrations = "../migrations")]
async fn the_fields_that_are_read_are_the_fields_that_are_described(pool: PgPool) {
    let (stage, caller) = start(pool).await;
    for operation in operations(&caller).await {
        let name = &operation.name;
        if let Some((fields, _)) = operation.body() {
            let answer = operation.send(&caller, "", &json!({ "colour": "red" })).await;
            assert_eq!(answer.status, 400, "{name}: {answer:?}");
            assert!(answer.fields().contains(&"colour"), "{name}: {answer:?}");
            assert_eq!(told(&answer), fields.keys().map(String::as_str).collect(), "{name}");

            let schema = &operation.described["body"]["schema"];
            let of = |schema: &Value| schema["required"].as_array().cloned().unwrap_or_default();
            let required = of(schema).into_iter().chain(of(&schema["anyOf"][0]));
            let required: BTreeSet<_> = required.map(|name| name.to_string()).collect();
            let missing = answer.body["errors"].as_array().unwrap().iter();
            let missing = missing.filter(|error| error["code"] == "VALID_REQUIRED_FIELD");
            let missing: BTreeSet<_> = missing.map(|error| error["field"].to_string()).collect();
            assert_eq!(missing, required, "{name}");
        }
        let query = operation.query();
        if !query.is_empty() {
            let answer = operation.send(&caller, "?colour=red", &json!({})).await;
            assert_eq!(answer.status, 400, "{name}: {answer:?}");
            assert_eq!(told(&answer), query, "{name}");
        } else if !operation.is_for_anybody() {
            let answer = operation.send(&caller, "?colour=red", &json!({})).await;
            assert_eq!((answer.status, answer.fields()), (400, vec!["colour"]), "{name}");
        }
    }
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_field_that_is_wrong_is_named_on_every_route(pool: PgPool) {
    let (stage, caller) = start(pool).await;
    for operation in operations(&caller).await {
        let name = &operation.name;
        for field in operation.body().into_iter().flat_map(|(fields, _)| fields.keys()) {
            for garbage in [json!([["deep"]]), json!(-0.5), json!("\u{0}".repeat(5_000))] {
                let mut body = operation.described["body"]["example"].clone();
                body[field] = garbage.clone();
                let is_secret =
                    field.ends_with("assword") || field.ends_with("oken") || field == "code";
                if (is_secret && garbage.is_string()) || (field == "email" && name != "signIn") {
                    continue; // a wrong one, and no more
                }
                let answer = operation.send(&caller, "", &body).await;
                assert_eq!(answer.status, 400, "{name}: {field}: {garbage}: {answer:?}");
                answer.assert_is_problem();
                let at_fault = answer.fields();
                assert!(
                    at_fault.iter().any(|named| named.split('.').next() == Some(field)),
                    "{name}: {field}: {garbage}: {answer:?}"
                );
            }
        }
        for field in operation.query() {
            let answer = operation.send(&caller, &format!("?{field}=%00"), &json!({})).await;
            assert_eq!((answer.status, answer.fields()), (400, vec![field]), "{name}: {answer:?}");
        }
    }
    stage.stop().await;
}

//! What routes answer when all goes well, as their descriptions name it: `responses(At<Created<SessionRow>>, …)`.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use http::{HeaderName, StatusCode, header};
use schemars::JsonSchema;
use serde_json::json;
use utoipa::IntoResponses;
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};

use super::schema::{self, Described};
use crate::paging::Meta;
use crate::read_your_write::{At, EVENT_POSITION};

/// The responses of a route, by status.
pub type Responses = BTreeMap<String, RefOr<Response>>;

/// 200: what was asked for.
pub struct Success<T>(PhantomData<T>);
/// 200: a list, and where in it the answer is.
pub struct Listed<T, M = Meta>(PhantomData<(T, M)>);
/// 200: what was done, and where it can be seen.
pub struct Located<T>(PhantomData<T>);
/// 201: what was made, and where it can be seen.
pub struct Created<T>(PhantomData<T>);
/// 202: what will be done, and where it can be seen.
pub struct Accepted<T>(PhantomData<T>);
/// 202: what will be done, of which nothing can be seen here.
pub struct Promised<T>(PhantomData<T>);
/// 204: done, and there is nothing to tell.
pub struct NoContent;
/// 200 or 503: a report that is not wrapped.
pub struct Report<T>(PhantomData<T>);

impl<T: JsonSchema> IntoResponses for Success<T> {
    fn responses() -> Responses {
        one(StatusCode::OK, "What was asked for.", enveloped::<T>())
    }
}

impl<T: JsonSchema, M: JsonSchema> IntoResponses for Listed<T, M> {
    fn responses() -> Responses {
        let rows = schema::written::<Vec<T>>();
        let meta = schema::written::<M>();
        let mut envelope = envelope(&rows.schema);
        envelope["properties"]["meta"] = meta.schema;
        envelope["required"] = json!(["success", "data", "meta"]);
        let definitions = rows.definitions.into_iter().chain(meta.definitions).collect();
        one(StatusCode::OK, "A list.", Described { schema: envelope, definitions })
    }
}

impl<T: JsonSchema> IntoResponses for Located<T> {
    fn responses() -> Responses {
        located(one(StatusCode::OK, "It is done.", enveloped::<T>()))
    }
}

impl<T: JsonSchema> IntoResponses for Created<T> {
    fn responses() -> Responses {
        located(one(StatusCode::CREATED, "It was made.", enveloped::<T>()))
    }
}

impl<T: JsonSchema> IntoResponses for Accepted<T> {
    fn responses() -> Responses {
        located(one(StatusCode::ACCEPTED, "It is on disk, and will be done.", enveloped::<T>()))
    }
}

impl<T: JsonSchema> IntoResponses for Promised<T> {
    fn responses() -> Responses {
        one(StatusCode::ACCEPTED, "It is on disk, and will be done.", enveloped::<T>())
    }
}

impl IntoResponses for NoContent {
    fn responses() -> Responses {
        let response = ResponseBuilder::new().description("It is done.").build();
        [(StatusCode::NO_CONTENT.as_str().to_owned(), response.into())].into()
    }
}

impl<T: JsonSchema> IntoResponses for Report<T> {
    fn responses() -> Responses {
        let mut responses = one(StatusCode::OK, "All is well enough.", schema::written::<T>());
        responses.extend(one(
            StatusCode::SERVICE_UNAVAILABLE,
            "Something that is needed is away.",
            schema::written::<T>(),
        ));
        responses
    }
}

/// A command's answer tells its place in the log.
impl<R: IntoResponses> IntoResponses for At<R> {
    fn responses() -> Responses {
        with_header(R::responses(), &EVENT_POSITION)
    }
}

fn located(responses: Responses) -> Responses {
    with_header(responses, &header::LOCATION)
}

/// With a header that [`super::access`] describes.
fn with_header(mut responses: Responses, name: &HeaderName) -> Responses {
    let name = canonical(name);
    for response in responses.values_mut() {
        if let RefOr::T(response) = response {
            let header = Ref::new(format!("#/components/headers/{name}"));
            response.headers.insert(name.clone(), RefOr::Ref(header));
        }
    }
    responses
}

/// A header's name as people write it.
pub(super) fn canonical(name: &HeaderName) -> String {
    let words = name.as_str().split('-').map(|word| {
        let (first, rest) = word.split_at(1);
        match word {
            "id" => "Id".to_owned(),
            _ => first.to_ascii_uppercase() + rest,
        }
    });
    words.collect::<Vec<_>>().join("-")
}

/// The envelope around a value.
fn enveloped<T: JsonSchema>() -> Described {
    let Described { schema, definitions } = schema::written::<T>();
    Described { schema: envelope(&schema), definitions }
}

fn envelope(data: &serde_json::Value) -> serde_json::Value {
    json!({
        "type": "object",
        "required": ["success", "data"],
        "properties": { "success": { "type": "boolean", "const": true }, "data": data },
        "additionalProperties": false,
    })
}

fn one(status: StatusCode, description: &str, body: Described) -> Responses {
    let content = ContentBuilder::new().schema(Some(body.carried())).build();
    let response = ResponseBuilder::new()
        .description(description)
        .content("application/json", content)
        .build();
    [(status.as_str().to_owned(), response.into())].into()
}

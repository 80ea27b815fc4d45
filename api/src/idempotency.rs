//! `Idempotency-Key`: a request that is made again leads to nothing more, and is answered as it was the first time.
//!
//! ```text
//! guard -> reserve the key -> handler, everything it makes named after the request's command id -> keep the answer
//!             |                                                                                  `-> answer
//!             `-> answered before: the same answer | in flight: 409 | another request: 422
//! ```
//!
//! Behind [`crate::guard`], so a route gets it with its permission, and no handler can forget it: the command id goes with
//! [`RequestId`] into the metadata of every command. Invariant: the key is reserved, durably, before anything is done;
//! whatever then happens to this process, whoever asks again does it under the same command id, and finds what was done
//! ([`commands::executor`]). A request without the header costs nothing.

mod kept;
mod key;

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use commands::idempotency_keys::{Keyed, KeysError, Reservation, Reserved};
use domain::id::{TenantId, UserId};
use failpoint::Failpoint;

use crate::app::App;
use crate::extract::json::unread;
use crate::problem::{Code, Problem};
use crate::request_id::RequestId;
use crate::{accept, answer};

use kept::Fate;
use key::Key;

pub use kept::REPLAYED;
pub use key::HEADER;

/// When a client should ask again for what is under way.
const IN_FLIGHT_RETRY_AFTER: Duration = Duration::from_secs(1);

/// The request, made once if its client wants it so.
///
/// A key is the tenant's, or the user's if one is named.
pub async fn once(
    app: &App,
    whose: (TenantId, Option<UserId>),
    request: Request,
    next: Next,
) -> Response {
    if request.method().is_safe() || !request.headers().contains_key(HEADER) {
        return next.run(request).await;
    }
    let answered = answer_once(app, whose, request, next).await;
    answered.unwrap_or_else(IntoResponse::into_response)
}

async fn answer_once(
    app: &App,
    (tenant, user): (TenantId, Option<UserId>),
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let key = Key::of(request.headers())?;
    let (request, body) = read_body(request).await?;
    let uri = request.uri();
    let keyed = Keyed {
        tenant,
        user,
        route: &format!("{} {}", request.method(), uri.path()),
        key: key.as_str(),
        content: [uri.query().unwrap_or_default().as_bytes(), &body],
    };
    match app.idempotency_keys.reserve(&keyed, app.ambient().new_id()).await? {
        Reserved::ToBeDone(reservation) => {
            let is_repeat = reservation.command_id().is_repeat();
            count(if is_repeat { "taken_up" } else { "first" });
            failpoint::reach(Failpoint::KeyReserved);
            carry_out(app, &reservation, request, next).await
        }
        other => otherwise(other),
    }
}

/// The whole body, and the request with it.
async fn read_body(request: Request) -> Result<(Request, Bytes), Problem> {
    let (parts, body) = request.into_parts();
    let whole = Request::from_parts(parts.clone(), body);
    let body = Bytes::from_request(whole, &()).await.map_err(|error| unread(&error))?;
    Ok((Request::from_parts(parts, Body::from(body.clone())), body))
}

async fn carry_out(
    app: &App,
    reservation: &Reservation,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let wants_rfc9457 = accept::names(request.headers(), "application/problem+json");
    let id = request.extensions_mut().get_or_insert_with(RequestId::unnamed);
    id.command_id = Some(reservation.command_id());
    let id = id.clone();
    request.extensions_mut().insert(reservation.clone());
    let response = tokio::select! {
        response = next.run(request) => response,
        never = app.idempotency_keys.renew(reservation) => match never {},
    };
    failpoint::reach(Failpoint::KeyedRequestDone);
    match Fate::of(response.status()) {
        Fate::Kept => keep(app, reservation, answer::written(response, &id, wants_rfc9457)).await,
        Fate::Forgotten => Ok(let_go(app.idempotency_keys.forget(reservation).await, response)),
        Fate::Open => Ok(let_go(app.idempotency_keys.release(reservation).await, response)),
    }
}

/// Keeps an answer and gives it; the one that was kept by somebody else, if the request was taken over.
async fn keep(
    app: &App,
    reservation: &Reservation,
    response: Response,
) -> Result<Response, Problem> {
    let (answer, response) = kept::write(response).await;
    let Some(answer) = answer else {
        return Ok(let_go(app.idempotency_keys.release(reservation).await, response));
    };
    match app.idempotency_keys.keep(reservation, &answer).await {
        Ok(true) => {
            failpoint::reach(Failpoint::AnswerKept);
            Ok(response)
        }
        Ok(false) => otherwise(app.idempotency_keys.standing(reservation).await?),
        // What was done is done, and whoever asks again finds it.
        Err(error) => {
            tracing::warn!(%error, "the answer to a request with a key could not be kept");
            Ok(response)
        }
    }
}

fn let_go(done: Result<(), sqlx::Error>, response: Response) -> Response {
    if let Err(error) = done {
        tracing::warn!(%error, "a key could not be let go; it is free when its lease runs out");
    }
    response
}

/// What is answered without anything being done.
fn otherwise(reserved: Reserved) -> Result<Response, Problem> {
    match reserved {
        Reserved::Answered(answer) => {
            count("replayed");
            kept::read(&answer)
        }
        Reserved::OtherRequest => {
            count("other_request");
            let message = "the Idempotency-Key was used for a request with another body";
            Err(Problem::new(Code::IdempotencyKeyReused, message))
        }
        Reserved::InFlight | Reserved::ToBeDone(_) => {
            count("in_flight");
            let message = "a request with this Idempotency-Key is under way; ask again in a moment";
            let problem = Problem::new(Code::IdempotencyKeyInFlight, message);
            Err(problem.retry_after(IN_FLIGHT_RETRY_AFTER))
        }
    }
}

fn count(outcome: &'static str) {
    metrics::counter!("heliograph_idempotency_keys_total", "outcome" => outcome).increment(1);
}

impl From<KeysError> for Problem {
    fn from(error: KeysError) -> Self {
        match error {
            KeysError::Database(error) => error.into(),
            KeysError::Sealing => Self::internal(error),
        }
    }
}

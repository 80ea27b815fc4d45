//! Reading one's own write.
//!
//! Every accepted command is answered with its place in the log, `X-Event-Position`. A client that sends it back as
//! `X-Read-After` with a `GET` is answered from a view that has come at least so far. The wait is bounded; a view that
//! takes longer is answered for with 503 and `Retry-After`, never with what the client knows to be old.

use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::MethodRouter;
use domain::stream::Position;
use http::{HeaderMap, HeaderName, HeaderValue};
use projections::projector::Projection;

use crate::app::App;
use crate::problem::{Code, Detail, Problem};

/// Where in the log a command's last event is. Opaque to clients.
pub const EVENT_POSITION: HeaderName = HeaderName::from_static("x-event-position");
/// The position an answer must not be older than.
pub const READ_AFTER: HeaderName = HeaderName::from_static("x-read-after");

/// How long an answer waits for its view.
const WAIT_MAX: Duration = Duration::from_secs(2);
/// When a client should ask again.
const BEHIND_RETRY_AFTER: Duration = Duration::from_secs(1);

/// The answer to a command, with the command's place in the log.
pub struct At<R>(pub Position, pub R);

impl<R: IntoResponse> IntoResponse for At<R> {
    fn into_response(self) -> Response {
        let Self(position, response) = self;
        let mut response = response.into_response();
        if let Ok(position) = HeaderValue::from_str(&position.to_string()) {
            response.headers_mut().insert(EVENT_POSITION, position);
        }
        response
    }
}

/// The route, answered from this view once it has come as far as the client asks.
pub fn reads(
    app: &App,
    view: &'static dyn Projection,
    route: MethodRouter<App>,
) -> MethodRouter<App> {
    route.route_layer(from_fn_with_state((app.clone(), view), wait))
}

async fn wait(
    State((app, view)): State<(App, &'static dyn Projection)>,
    request: Request,
    next: Next,
) -> Response {
    match catch_up(&app, view, request.headers()).await {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

async fn catch_up(
    app: &App,
    view: &'static dyn Projection,
    headers: &HeaderMap,
) -> Result<(), Problem> {
    let Some(value) = headers.get(READ_AFTER) else { return Ok(()) };
    let position = value.to_str().ok().and_then(|text| text.trim().parse().ok());
    let position: Position = position.ok_or_else(malformed)?;
    if app.read_models.reached(view.name(), position, WAIT_MAX).await? {
        return Ok(());
    }
    let message = "the view has not come so far yet; ask again in a moment";
    Err(Problem::new(Code::SysViewBehind, message).retry_after(BEHIND_RETRY_AFTER))
}

fn malformed() -> Problem {
    let message = "must be a position as X-Event-Position tells it, such as 1742-9315";
    Detail::new(Code::ValidInvalidFormat, message).on("X-Read-After").by("POSITION").into()
}

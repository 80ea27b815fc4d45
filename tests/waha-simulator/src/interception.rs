//! Between the network and the handlers: the ledger is kept, and rules bend the answers.
//!
//! A request, once read, is carried out to its end even if the client leaves: WAHA does not notice,
//! and a send that waits for its session will still send.

use std::sync::Arc;

use axum::{
    body::{self, Body},
    extract::{ConnectInfo, Request, State},
    http::{StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde_json::Value;
use tokio::{sync::oneshot, time::sleep};

use crate::{
    connection::Resetter,
    ledger::{Answered, Sequence},
    misbehaviour::{Ending, RequestPlan},
    nest::{
        self,
        body::text,
        failure::{Echo, Exception, failure},
        refusal::Refusal,
    },
    session::SessionStatus,
    waha::Waha,
};

/// WAHA's own limit for a JSON body.
const BODY_BYTES_MAX: usize = 50 * 1024 * 1024;

/// How a request ends for the client.
enum Conduct {
    Answer(Response),
    Hang,
    Reset,
}

/// What happens to every request to the API.
pub(crate) async fn intercept(
    State(waha): State<Arc<Waha>>,
    ConnectInfo(connection): ConnectInfo<Resetter>,
    request: Request,
    next: Next,
) -> Response {
    let memory = waha.memory();
    let (tell, told) = oneshot::channel();
    let work = carry_out(Arc::clone(&waha), request, next);
    waha.spawn(async move {
        // Nobody listens when the client has left, and that is no reason to stop.
        let _ = tell.send(work.await);
    });
    match told.await.unwrap_or(Conduct::Reset) {
        Conduct::Answer(answer) => return answer,
        Conduct::Hang => memory.cancelled().await,
        Conduct::Reset => {}
    }
    connection.reset();
    StatusCode::SERVICE_UNAVAILABLE.into_response()
}

async fn carry_out(waha: Arc<Waha>, request: Request, next: Next) -> Conduct {
    let (mut parts, body) = request.into_parts();
    let Ok(bytes) = body::to_bytes(body, BODY_BYTES_MAX).await else {
        return Conduct::Answer(StatusCode::PAYLOAD_TOO_LARGE.into_response());
    };
    let read = nest::body::parse(&parts.headers, &bytes).unwrap_or_default();
    let echo = Echo::of(&parts, read);
    let sequence = (parts.uri.path() == "/api/sendText").then(|| note(&waha, echo.body()));
    let plan = plan_for(&waha, parts.uri.path(), echo.body());

    let mut honest = None;
    if plan.ending.carries_out() {
        if let Some(sequence) = sequence.flatten() {
            parts.extensions.insert(sequence);
        }
        parts.extensions.insert(plan.acks);
        honest = Some(next.run(Request::from_parts(parts, Body::from(bytes))).await);
    }
    let delay = plan.delay + waha.world().answer_delay;
    sleep(delay).await;

    let (conduct, answered) = bend(&waha, plan.ending, honest, &echo);
    if let Some(sequence) = sequence.flatten() {
        waha.world().ledger.conclude(sequence, answered);
    }
    conduct
}

/// Opens a ledger entry, unless what was asked cannot be read at all.
fn note(waha: &Waha, body: &Value) -> Option<Sequence> {
    body.is_object().then(|| {
        let field = |name| text(body, name).unwrap_or_default();
        waha.world().ledger.open(field("session"), field("chatId"), field("text"), text(body, "id"))
    })
}

fn plan_for(waha: &Waha, path: &str, body: &Value) -> RequestPlan {
    let session = text(body, "session").unwrap_or_default();
    let words = text(body, "text").unwrap_or_default();
    waha.world().rules.on_request(path, &session, &words)
}

/// Turns the honest answer, if there is one, into the one the rules want.
fn bend(waha: &Waha, ending: Ending, honest: Option<Response>, echo: &Echo) -> (Conduct, Answered) {
    match ending {
        Ending::Hang { .. } => (Conduct::Hang, Answered::Never),
        Ending::Reset { .. } => (Conduct::Reset, Answered::ByReset),
        Ending::EmptyBody => {
            let answered = Answered::Falsely { status: StatusCode::CREATED.as_u16() };
            (Conduct::Answer(StatusCode::CREATED.into_response()), answered)
        }
        Ending::Answer { status, exception, .. } => {
            let answer = wrong_answer(waha, status, exception.as_deref(), echo);
            (Conduct::Answer(answer), Answered::Falsely { status })
        }
        Ending::Honest => {
            let answer = honest.unwrap_or_default();
            let answered = Answered::Honestly { status: answer.status().as_u16() };
            (Conduct::Answer(answer), answered)
        }
    }
}

/// A wrong answer in the shape WAHA, or a proxy before it, would give it.
fn wrong_answer(waha: &Waha, status: u16, exception: Option<&str>, echo: &Echo) -> Response {
    match status {
        401 => Refusal::Unauthorized.into_response(),
        422 => {
            let session = text(echo.body(), "session").unwrap_or_default();
            let (status, wanted) = (SessionStatus::Starting, SessionStatus::Working);
            Refusal::WrongStatus { session, status, wanted }.into_response()
        }
        500 => {
            let message = exception.unwrap_or("simulated engine failure");
            failure(&waha.options, echo, &Exception { name: "Error", message }).into_response()
        }
        502..=504 => proxy_page(status),
        _ => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::IM_A_TEAPOT);
            let reason = status.canonical_reason();
            let body = serde_json::json!({ "message": reason, "statusCode": status.as_u16() });
            nest::json(status, &body)
        }
    }
}

fn proxy_page(status: u16) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    let title = format!("{} {}", status.as_u16(), status.canonical_reason().unwrap_or_default());
    let page = format!(
        "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n\
         <center><h1>{title}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    );
    (status, [(header::CONTENT_TYPE, "text/html")], page).into_response()
}

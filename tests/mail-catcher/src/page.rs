//! What was caught, for people and for programs.

use std::fmt::Write;

use axum::extract::State;
use axum::response::Html;
use axum::routing::get;
use axum::{Json, Router};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{Caught, Mailbox};

pub(crate) async fn serve(listener: TcpListener, mails: Mailbox, shutdown: CancellationToken) {
    let router = Router::new().route("/", get(page)).route("/mails", get(list)).with_state(mails);
    // Whoever still reads is cut off: nobody waits for a page of a catcher.
    let _ = shutdown.run_until_cancelled(async { axum::serve(listener, router).await }).await;
}

async fn list(State(mails): State<Mailbox>) -> Json<Vec<Caught>> {
    Json(mails.all())
}

async fn page(State(mails): State<Mailbox>) -> Html<String> {
    let mut page = String::from(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta http-equiv=\"refresh\" content=\"3\">\
         <title>Caught mail</title><h1>Caught mail</h1>\n",
    );
    for mail in mails.all().iter().rev() {
        // Writing to a string cannot fail.
        let _ = writeln!(
            page,
            "<hr><p>To {}</p><h2>{}</h2><pre style=\"white-space: pre-wrap\">{}</pre>",
            escaped(&mail.to.join(", ")),
            escaped(&mail.subject),
            escaped(&mail.text)
        );
    }
    Html(page)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

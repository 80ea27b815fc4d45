//! What a send proves, seen from a real socket.

use std::io::{ErrorKind, Write};
use std::thread;

use domain::body::MessageBody;
use domain::message::refusal::RefusalKind;
use domain::ports::waha::{Fault, MessageGateway, SendOutcome, TextMessage};
use domain::session::status::SessionStatus;
use domain::whatsapp::{ChatId, WahaMessageId};
use serde_json::json;

use super::server::{Reply, Server};
use super::*;

async fn send(client: &WahaClient) -> SendOutcome {
    let message = TextMessage {
        session: named("tenant-a"),
        chat_id: &ChatId("11111111111@c.us".to_owned()),
        body: &MessageBody::try_from("a private text".to_owned()).unwrap(),
        waha_message_id: Some(&WahaMessageId("3EB0AA".to_owned())),
    };
    let outcome = client.send_text(message).await;
    let text = format!("{outcome:?}");
    assert!(!text.contains("a private text") && !text.contains("a-secret-key"), "{text}");
    outcome
}

/// The outcome of a send to a server that does this with it, once.
async fn sent_to(reply: Reply) -> SendOutcome {
    let server = Server::start(vec![reply]);
    let outcome = send(&client(&server.url)).await;
    assert_eq!(server.finish().len(), 1);
    outcome
}

fn assert_unreachable(outcome: &SendOutcome) {
    let SendOutcome::Refused { refusal, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!(refusal.kind, RefusalKind::Unreachable);
    assert!(refusal.detail.starts_with("no connection to WAHA: "), "{}", refusal.detail);
}

fn assert_unknown(outcome: &SendOutcome) {
    assert!(matches!(outcome, SendOutcome::Unknown { .. }), "{outcome:?}");
}

#[tokio::test]
async fn a_send_is_one_request_with_the_key_and_the_chosen_id() {
    let (status, body) = recorded("70-sendText");
    let server = Server::start(vec![Reply::Answer(status, body)]);
    let outcome = send(&client(&server.url)).await;
    let id = WahaMessageId("3EB04CBF63D58EFAA8847F".to_owned());
    assert_eq!(outcome, SendOutcome::Sent { waha_message_id: Some(id) });

    let request = &server.finish()[0];
    assert_eq!(request.line, "POST /api/sendText");
    assert!(request.headers.contains("x-api-key: a-secret-key\r\n"), "{}", request.headers);
    assert_eq!(
        request.body,
        json!({
            "session": "tenant-a", "chatId": "11111111111@c.us", "text": "a private text",
            "id": "3EB0AA",
        })
    );
}

#[tokio::test]
async fn without_a_connection_nothing_was_sent() {
    let (listener, address) = listener();
    drop(listener);
    assert_unreachable(&send(&client(&format!("http://{address}"))).await);
    assert_unreachable(&send(&client("http://waha.invalid:3000")).await);
}

#[tokio::test]
async fn a_failed_tls_handshake_sent_nothing() {
    let (listener, address) = listener();
    let thread = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
    });
    assert_unreachable(&send(&client(&format!("https://{address}"))).await);
    thread.join().unwrap();
}

#[tokio::test]
async fn connecting_too_slowly_sent_nothing() {
    // Accepted by the operating system, but nobody shakes hands.
    let (_listener, address) = listener();
    let options = WahaOptions {
        connect_timeout: Duration::from_millis(200),
        ..options(&format!("https://{address}"))
    };
    assert_unreachable(&send(&WahaClient::new(options, Arc::new(Stopped)).unwrap()).await);
}

#[tokio::test]
async fn a_connection_closed_without_an_answer_is_unknown_and_not_tried_again() {
    assert_unknown(&sent_to(Reply::Close).await);
}

#[tokio::test]
async fn half_an_answer_is_unknown() {
    assert_unknown(&sent_to(Reply::Raw("HTTP/1.1 20")).await);
    assert_unknown(&sent_to(Reply::Raw("nonsense\r\n\r\n")).await);
}

#[tokio::test]
async fn a_status_proves_what_it_proves_even_if_the_body_breaks_off() {
    let created = "HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{\"key\":";
    assert_eq!(sent_to(Reply::Raw(created)).await, SendOutcome::Sent { waha_message_id: None });
    let refused = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 100\r\n\r\n{";
    assert!(matches!(sent_to(Reply::Raw(refused)).await, SendOutcome::Refused { .. }));
}

#[tokio::test]
async fn an_answer_without_end_is_not_read_to_its_end() {
    let outcome = sent_to(Reply::Answer(201, vec![b'x'; 9 * 1024 * 1024])).await;
    assert_eq!(outcome, SendOutcome::Sent { waha_message_id: None });
}

// The connection is closed by a task of its own, while this one waits for the server.
#[tokio::test(flavor = "multi_thread")]
async fn no_answer_in_time_is_unknown() {
    let server = Server::start(vec![Reply::Silence]);
    let options =
        WahaOptions { request_timeout: Duration::from_millis(200), ..options(&server.url) };
    let client = WahaClient::new(options, Arc::new(Stopped)).unwrap();
    assert_eq!(
        send(&client).await,
        SendOutcome::Unknown {
            detail: "WAHA did not answer in time".to_owned(),
            fault: Fault::Either,
        }
    );
    assert_eq!(server.finish().len(), 1);
}

#[tokio::test]
async fn a_redirection_is_not_followed() {
    let elsewhere = "HTTP/1.1 307 X\r\nLocation: /api/elsewhere\r\nContent-Length: 0\r\n\r\n";
    assert_unknown(&sent_to(Reply::Raw(elsewhere)).await);
}

#[tokio::test]
async fn a_session_that_is_not_working_is_refused_with_its_status() {
    let (status, body) = recorded("66-send-in-scanqr");
    let SendOutcome::Refused { refusal, session_status } =
        sent_to(Reply::Answer(status, body)).await
    else {
        panic!()
    };
    assert_eq!(refusal.kind, RefusalKind::SessionNotWorking);
    assert_eq!(session_status, Some(SessionStatus::ScanQrCode));
}

#[tokio::test]
async fn a_send_on_a_used_connection_that_closes_is_unknown_and_not_tried_again() {
    let (listener, address) = listener();
    let thread = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        server::read(&mut stream);
        stream.write_all(b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}").unwrap();
        server::read(&mut stream);
        listener
    });
    let client = client(&format!("http://{address}"));
    assert_eq!(send(&client).await, SendOutcome::Sent { waha_message_id: None });
    assert_unknown(&send(&client).await);

    let listener = thread.join().unwrap();
    listener.set_nonblocking(true).unwrap();
    assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
}

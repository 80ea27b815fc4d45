//! A call goes to the server its session is on, with that server's key.

use std::sync::Mutex;

use async_trait::async_trait;
use domain::body::MessageBody;
use domain::ports::waha::{GatewayError, MessageGateway, SendOutcome, SessionGateway, TextMessage};
use domain::whatsapp::ChatId;
use serde_json::json;

use super::super::fleet::{DirectoryError, ServerAccess, ServerDirectory, WahaFleet};
use super::server::{Reply, Server};
use super::*;

/// Answers as it is told to, and counts how often it was asked.
#[derive(Default)]
struct Directory {
    access: Option<ServerAccess>,
    asked: Mutex<u32>,
}

#[async_trait]
impl ServerDirectory for Directory {
    async fn access(&self, _: &ServerName) -> Result<Option<ServerAccess>, DirectoryError> {
        *self.asked.lock().unwrap() += 1;
        Ok(self.access.clone())
    }
}

fn version() -> Reply {
    Reply::Answer(200, json!({ "version": "2026.7.1" }).to_string().into_bytes())
}

fn other() -> ServerName {
    "eu-1".to_owned().try_into().unwrap()
}

#[tokio::test]
async fn each_server_is_called_with_its_own_key_and_the_directory_is_asked_once() {
    let (own, second) = (Server::start(vec![version()]), Server::start(vec![version(), version()]));
    let access = ServerAccess { url: second.url.clone(), api_key: "another-key".into() };
    assert!(!format!("{access:?}").contains("another-key"));
    let directory = Arc::new(Directory { access: Some(access), ..Directory::default() });
    let fleet = WahaFleet::new(Arc::new(client(&own.url)), directory.clone());
    fleet.ping(&SERVER).await.unwrap();
    fleet.ping(&other()).await.unwrap();
    fleet.ping(&other()).await.unwrap();
    assert_eq!(*directory.asked.lock().unwrap(), 1);
    let headers =
        |server: Server| server.finish().into_iter().map(|r| r.headers).collect::<Vec<_>>();
    for (asked, key) in [(headers(own), "a-secret-key"), (headers(second), "another-key")] {
        for headers in asked {
            assert!(headers.contains(&format!("x-api-key: {key}")), "{headers}");
        }
    }
}

#[tokio::test]
async fn what_is_to_be_sent_through_a_server_nobody_knows_was_not_sent() {
    let fleet =
        WahaFleet::new(Arc::new(client("http://waha.invalid")), Arc::new(Directory::default()));
    let outcome = fleet
        .send_text(TextMessage {
            session: SessionAddress { server: &other(), waha_session: "s" },
            chat_id: &ChatId("11111111111@c.us".to_owned()),
            body: &MessageBody::try_from("hello".to_owned()).unwrap(),
            waha_message_id: None,
        })
        .await;
    assert!(matches!(outcome, SendOutcome::Refused { .. }));
    assert!(matches!(fleet.ping(&other()).await, Err(GatewayError::Unavailable(_))));
}

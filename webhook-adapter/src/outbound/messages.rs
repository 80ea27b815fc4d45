//! Sending: `POST /api/sendText`.

use async_trait::async_trait;
use domain::ports::waha::{MessageGateway, SendOutcome, TextMessage};
use http::Method;
use serde::Serialize;

use super::WahaClient;
use super::classify::classify;
use super::exchange::exchange;

/// WAHA ignores fields it does not know, so `id` (from 2026.4.3) may be sent to any version. Link previews
/// are left to its default.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SendText<'a> {
    session: &'a str,
    chat_id: &'a str,
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
}

#[async_trait]
impl MessageGateway for WahaClient {
    async fn send_text(&self, message: TextMessage<'_>) -> SendOutcome {
        let body = SendText {
            session: message.session.waha_session,
            chat_id: &message.chat_id.0,
            text: message.body.as_str(),
            id: message.waha_message_id.map(|id| id.0.as_str()),
        };
        let request = self.request(Method::POST, &["api", "sendText"]).json(&body);
        classify(&exchange(request).await)
    }
}

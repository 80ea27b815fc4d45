//! Two processes on one database share the work: each message goes once, each chat in order (D3, D9).

use acceptance::messages::somebody;
use acceptance::port::Port;
use acceptance::process::Process;
use acceptance::setup::Setup;
use futures::future::join_all;
use serde_json::json;
use sqlx::PgPool;

use super::site::{Site, settled};

const MESSAGES: usize = 90;
const CHATS: usize = 6;

#[sqlx::test(migrations = "../migrations")]
async fn two_processes_at_once_send_each_message_once_and_in_order(pool: PgPool) {
    let site = Site::new(pool, Setup::default()).await;
    let first = site.serve().await;
    let other_port = Port::reserve();
    let second = Process::serve(&site.environment(&other_port)).await;
    let tenant = site.tenant().await;
    let session = tenant.session().await;
    let doors = [tenant.clone(), tenant.at(other_port.url())];

    // A chat's messages enter one after the other, by both doors in turn; chats side by side.
    let chats = (0..CHATS).map(|chat| {
        let (doors, session) = (&doors, &session);
        async move {
            for n in 0..MESSAGES / CHATS {
                let (door, to) = (&doors[n % 2], somebody(chat));
                door.send_as(session, json!({ "to": to, "body": format!("{chat:02}/{n:02}") }))
                    .await;
            }
        }
    });
    join_all(chats).await;
    let texts: Vec<_> =
        (0..MESSAGES).map(|n| format!("{:02}/{:02}", n % CHATS, n / CHATS)).collect();
    let statuses = settled(&tenant, &session, &texts).await;
    assert!(statuses.values().all(|status| status != "unknown"), "{statuses:?}");

    assert_eq!(site.waha.ledger().len(), MESSAGES, "something was tried twice");
    for chat in 0..CHATS {
        let of_chat = format!("{chat:02}/");
        let ledger = site.waha.ledger();
        let sent: Vec<_> = ledger.iter().filter(|e| e.text.starts_with(&of_chat)).collect();
        assert!(
            sent.is_sorted_by_key(|entry| &entry.text),
            "chat {chat} is out of order: {sent:#?}"
        );
    }
    first.kill().await;
    second.kill().await;
}

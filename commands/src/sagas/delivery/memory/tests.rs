mod rebuilding;

use domain::id::SessionId;
use domain::priority::Priority;
use domain::whatsapp::ChatId;
use uuid::Uuid;

use super::*;

const MESSAGE: MessageId = MessageId(Uuid::from_u128(1));

fn enqueue() -> Change {
    Change::Enqueue(Box::new(Job {
        message_id: MESSAGE,
        session_id: SessionId(Uuid::from_u128(2)),
        chat_id: ChatId("1@c.us".into()),
        priority: Priority::Normal,
        ready_at: DateTime::UNIX_EPOCH,
        expires_at: None,
    }))
}

fn net(changes: impl IntoIterator<Item = Change>) -> MessageChange {
    let mut net = NetChange::default();
    changes.into_iter().for_each(|change| net.add(TenantId::PLATFORM, change));
    net.messages.remove(&MESSAGE).unwrap()
}

#[test]
fn a_message_queued_and_sent_in_one_batch_never_touches_the_queue() {
    let sent_at = Some(DateTime::UNIX_EPOCH);
    let change = net([enqueue(), Change::Finish { message_id: MESSAGE, sent_at }]);
    assert_eq!(change, MessageChange { finish: true, ..MessageChange::default() });
}

#[test]
fn a_message_given_up_and_redriven_in_one_batch_is_on_the_queue_anew() {
    let change = net([
        Change::Park { message_id: MESSAGE, look: Look::Never },
        Change::Finish { message_id: MESSAGE, sent_at: None },
        enqueue(),
    ]);
    assert!(change.finish && change.enqueue.is_some() && change.then.is_none());
}

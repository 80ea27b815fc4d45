//! Given a history, when a command is asked, then these events follow.

mod attempts;
mod doubts;
mod endings;
mod laws;
mod orders;
mod receipts;

use chrono::TimeDelta;
use uuid::Uuid;

use super::event::{AttemptRefused, AttemptStarted, DeadLettered, Evidence, Moment};
use super::event::{OutcomeUnknown, Redriven, Sent};
use super::refusal::RefusalKind;
use super::*;
use crate::id::SessionId;
use crate::priority::Priority;
use crate::whatsapp::ChatId;

const POLICY: RetryPolicy =
    RetryPolicy { attempts_max: 3, base: TimeDelta::seconds(100), max: TimeDelta::seconds(1_000) };
const SETTLING: SettlePolicy = SettlePolicy {
    grace: TimeDelta::seconds(60),
    looks_max: 3,
    attempts_max: 3,
    on_unknown: doubt::OnUnknown::Hold,
};
const DETAIL: &str = "as WAHA put it";
const WHATSAPP_ID: &str = "3EB04CBF63D58EFAA8847F";
const MESSAGE_ID: MessageId = MessageId(Uuid::from_u128(7));
const SESSION_ID: SessionId = SessionId(Uuid::from_u128(8));

fn given(history: &[Event]) -> Message {
    Message::replay(history)
}

fn seconds(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
}

fn now() -> DateTime<Utc> {
    seconds(60)
}

fn moment() -> Moment {
    Moment { at: now() }
}

fn whatsapp_id() -> WahaMessageId {
    WahaMessageId(WHATSAPP_ID.to_owned())
}

// Histories are made of these.

fn accepted() -> Queued {
    Queued {
        session_id: SESSION_ID,
        to: "+6281234567890".parse().unwrap(),
        body: "Hello".to_owned().try_into().unwrap(),
        priority: Priority::Low,
        metadata: content::CustomerMetadata::default(),
        client_reference: None,
        send_at: None,
        expires_at: None,
        at: now(),
    }
}

fn queued() -> Event {
    Event::Queued(accepted())
}

fn queued_until(expires_at: DateTime<Utc>) -> Event {
    Event::Queued(Queued { expires_at: Some(expires_at), ..accepted() })
}

fn started(attempt: u32) -> Event {
    let (session_id, waha_message_id) = (SESSION_ID, None);
    Event::AttemptStarted(AttemptStarted { attempt, session_id, waha_message_id, at: now() })
}

fn refused(attempt: u32, kind: RefusalKind, retry_at: Option<DateTime<Utc>>) -> Event {
    let refusal = Refusal { kind, detail: DETAIL.to_owned() };
    Event::AttemptRefused(AttemptRefused { attempt, refusal, retry_at, at: now() })
}

fn unknown(attempt: u32) -> Event {
    Event::OutcomeUnknown(OutcomeUnknown { attempt, detail: DETAIL.to_owned(), at: now() })
}

fn sent(attempt: u32, evidence: Evidence) -> Event {
    let (session_id, waha_message_id) = (SESSION_ID, Some(whatsapp_id()));
    Event::Sent(Sent { attempt, session_id, waha_message_id, evidence, at: now() })
}

fn answered(attempt: u32) -> Event {
    sent(attempt, Evidence::Answer)
}

fn proven(attempt: u32) -> Event {
    sent(attempt, Evidence::Acknowledgement)
}

fn delivered() -> Event {
    Event::Delivered(moment())
}

fn read() -> Event {
    Event::Read(moment())
}

fn played() -> Event {
    Event::Played(moment())
}

/// Given up while it waited.
fn dead_lettered(reason: DeadLetterReason) -> Event {
    Event::DeadLettered(DeadLettered { attempt: None, reason, detail: None, at: now() })
}

fn dead_lettered_after_refusal(attempt: u32, reason: DeadLetterReason) -> Event {
    let attempt = Some(attempt);
    Event::DeadLettered(DeadLettered {
        attempt,
        reason,
        detail: Some(DETAIL.to_owned()),
        at: now(),
    })
}

fn rejected(attempt: u32) -> Event {
    let reason = DeadLetterReason::RejectedByWhatsApp;
    Event::DeadLettered(DeadLettered { attempt: Some(attempt), reason, detail: None, at: now() })
}

fn redriven() -> Event {
    let Queued { session_id, to, priority, .. } = accepted();
    Event::Redriven(Redriven { session_id, to, priority, at: now() })
}

fn discarded() -> Event {
    Event::Discarded(moment())
}

fn expired() -> Event {
    Event::Expired(moment())
}

fn from_somebody() -> Event {
    Event::Received(Box::new(Received {
        session_id: SESSION_ID,
        chat_id: ChatId("6281234567890@c.us".to_owned()),
        from: None,
        from_lid: None,
        body: "Hi".to_owned(),
        kind: content::ContentKind::Text,
        waha_message_id: whatsapp_id(),
        at: now(),
    }))
}

// What is asked.

fn start() -> Command {
    Command::StartAttempt { message_id: MESSAGE_ID, engine_takes_ids: false, now: now() }
}

fn confirm(attempt: u32) -> Command {
    Command::ConfirmSent { attempt, waha_message_id: Some(whatsapp_id()), now: now() }
}

fn refuse(attempt: u32, kind: RefusalKind) -> Command {
    let refusal = Refusal { kind, detail: DETAIL.to_owned() };
    Command::ReportRefusal { attempt, refusal, retry: POLICY, jitter: 0.5, now: now() }
}

fn lose_sight_of(attempt: u32) -> Command {
    Command::ReportUnknown { attempt, detail: DETAIL.to_owned(), now: now() }
}

fn acknowledge(ack: Ack) -> Command {
    Command::Acknowledge { ack, waha_message_id: whatsapp_id(), at: now() }
}

fn expire() -> Command {
    Command::Expire { now: now() }
}

fn give_up(reason: DeadLetterReason) -> Command {
    Command::GiveUp { reason, now: now() }
}

fn redrive() -> Command {
    Command::Redrive { now: now() }
}

fn discard() -> Command {
    Command::Discard { now: now() }
}

fn receive() -> Command {
    let Event::Received(received) = from_somebody() else { unreachable!() };
    Command::Receive(received)
}

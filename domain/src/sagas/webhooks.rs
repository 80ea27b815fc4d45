//! The webhook saga's pure half: which command an observation asks for.

use crate::event::Event;
use crate::id::{MessageId, SessionId, TenantId};
use crate::message::{self, event::Event as MessageEvent, event::Received};
use crate::ports::event_log::RecordedEvent;
use crate::ports::waha::Observation;
use crate::session;
use crate::whatsapp::{Ack, ChatId, WahaMessageId};

use chrono::{DateTime, Utc};

/// What follows from an observation.
#[derive(Debug, Clone, PartialEq)]
pub enum Reaction {
    /// Find the message with this id, and tell it; keep the news if there is none yet.
    Acknowledge(Acknowledgement),
    /// The same; and if no message has this id, one in doubt in this chat may be it: it is looked for at once.
    Echo(Acknowledgement, Option<ChatId>),
    /// Somebody's message: receive it, unless it is known under the other identity.
    Receive {
        /// Its identity.
        id: MessageId,
        /// The one it has if its sender's number was not known then.
        hidden: Option<MessageId>,
        /// It.
        received: Box<Received>,
    },
    /// Tell the session.
    Session(session::Command),
    /// Nothing: a known event without a consequence.
    Nothing,
    /// Nothing: an event this version cannot read.
    Unrecognised,
}

/// News of a message known only by WhatsApp's id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acknowledgement {
    /// WhatsApp's id.
    pub waha_message_id: WahaMessageId,
    /// How far it has come.
    pub ack: Ack,
    /// When, by WAHA's clock.
    pub at: DateTime<Utc>,
}

impl Acknowledgement {
    /// The command it is to its message.
    pub fn into_command(self) -> message::Command {
        let Self { waha_message_id, ack, at } = self;
        message::Command::Acknowledge { ack, waha_message_id, at }
    }
}

/// A WhatsApp id of a message of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Whose message it is.
    pub tenant: TenantId,
    /// Within which session the id is unique.
    pub session: SessionId,
    /// WhatsApp's id.
    pub waha_id: WahaMessageId,
    /// The message.
    pub message: MessageId,
}

impl Identity {
    /// The id an event tells, if it tells one.
    pub fn learnt_from(recorded: &RecordedEvent) -> Option<Self> {
        let (session, waha_id) = match &recorded.event {
            Event::Message(MessageEvent::AttemptStarted(started)) => {
                (started.session_id, started.waha_message_id.clone()?)
            }
            Event::Message(MessageEvent::Sent(sent)) => {
                (sent.session_id, sent.waha_message_id.clone()?)
            }
            _ => return None,
        };
        let message = MessageId(recorded.stream.id);
        Some(Self { tenant: recorded.stream.tenant, session, waha_id, message })
    }
}

/// What follows from an observation made in a session.
pub fn react(session_id: SessionId, observation: Observation) -> Reaction {
    match observation {
        Observation::Acknowledged { waha_message_id, ack, at } => {
            Reaction::Acknowledge(Acknowledgement { waha_message_id, ack, at })
        }
        Observation::Echoed { waha_message_id, chat_id, at } => {
            // That it stands among the chat's messages proves it was handed over, not how far it has come.
            Reaction::Echo(Acknowledgement { waha_message_id, ack: Ack::Pending, at }, chat_id)
        }
        Observation::Arrived(arrival) => {
            let (id, hidden) = arrival.identities(session_id);
            let received = Box::new(Received {
                session_id,
                chat_id: arrival.chat_id,
                from: arrival.from,
                from_lid: arrival.from_lid,
                body: arrival.body,
                kind: arrival.kind,
                waha_message_id: arrival.waha_message_id,
                at: arrival.at,
            });
            Reaction::Receive { id, hidden, received }
        }
        Observation::SessionSeen(report) => Reaction::Session(session::Command::Report(report)),
        Observation::Nothing => Reaction::Nothing,
        Observation::Unrecognised => Reaction::Unrecognised,
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::message::content::ContentKind;
    use crate::ports::waha::Arrival;
    use crate::session::{Report, status::SessionStatus};

    const SESSION_ID: SessionId = SessionId(Uuid::from_u128(8));

    fn arrival(waha_message_id: &str, participant: Option<&str>) -> Observation {
        Observation::Arrived(Box::new(Arrival {
            waha_message_id: WahaMessageId(waha_message_id.to_owned()),
            participant: participant.map(str::to_owned),
            chat_id: ChatId("6281234567890@c.us".to_owned()),
            from: None,
            from_lid: None,
            body: "Hi".to_owned(),
            kind: ContentKind::Text,
            at: DateTime::UNIX_EPOCH,
        }))
    }

    fn told(session_id: SessionId, observation: Observation) -> MessageId {
        match react(session_id, observation) {
            Reaction::Receive { id, .. } => id,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_same_message_seen_twice_is_told_to_the_same_stream() {
        let first = told(SESSION_ID, arrival("AAAA", None));
        assert_eq!(told(SESSION_ID, arrival("AAAA", None)), first);
    }

    #[test]
    fn an_id_is_unique_within_its_session_and_participant_only() {
        let first = told(SESSION_ID, arrival("AAAA", None));
        assert_ne!(told(SessionId(Uuid::from_u128(9)), arrival("AAAA", None)), first);
        assert_ne!(told(SESSION_ID, arrival("AAAA", Some("628@c.us"))), first);
        assert_ne!(told(SESSION_ID, arrival("AAAB", None)), first);
    }

    #[test]
    fn an_acknowledgement_is_told_to_its_message_word_for_word() {
        let (ack, at) = (Ack::Read, DateTime::UNIX_EPOCH);
        let waha_message_id = WahaMessageId("3EB0".to_owned());
        let seen = Observation::Acknowledged { waha_message_id: waha_message_id.clone(), ack, at };
        let Reaction::Acknowledge(news) = react(SESSION_ID, seen) else { panic!("not told") };
        let command = message::Command::Acknowledge { ack, waha_message_id, at };
        assert_eq!(news.into_command(), command);
    }

    #[test]
    fn an_echo_is_an_acknowledgement_that_names_its_chat() {
        let (at, chat_id) = (DateTime::UNIX_EPOCH, Some(ChatId("1@c.us".to_owned())));
        let waha_message_id = WahaMessageId("3EB0".to_owned());
        let seen = Observation::Echoed {
            waha_message_id: waha_message_id.clone(),
            chat_id: chat_id.clone(),
            at,
        };
        let news = Acknowledgement { waha_message_id, ack: Ack::Pending, at };
        assert_eq!(react(SESSION_ID, seen), Reaction::Echo(news, chat_id));
    }

    #[test]
    fn a_status_is_told_to_the_session() {
        let (status, as_of) = (SessionStatus::Working, DateTime::UNIX_EPOCH);
        let report = Report { status, engine: None, phone: None, as_of };
        assert_eq!(
            react(SESSION_ID, Observation::SessionSeen(report.clone())),
            Reaction::Session(session::Command::Report(report))
        );
    }

    #[test]
    fn what_says_nothing_and_what_cannot_be_read_are_kept_apart() {
        assert_eq!(react(SESSION_ID, Observation::Nothing), Reaction::Nothing);
        assert_eq!(react(SESSION_ID, Observation::Unrecognised), Reaction::Unrecognised);
    }
}

//! Messages leaving and arriving, and the events that tell of them.

use std::sync::Arc;

use tokio::time::sleep;

use crate::{
    clock, identifiers,
    ledger::Sequence,
    message::{ACK_DEVICE, ACK_ERROR, ACK_PENDING, ACK_READ, ACK_SERVER, ChatMessage, chat_name},
    misbehaviour::Acks,
    nest::refusal::Refusal,
    session::{Me, Session},
    waha::Waha,
    webhook::event::Event,
};

/// A text to send, and what the rules say of its acknowledgements.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) session: String,
    pub(crate) chat_id: String,
    pub(crate) text: String,
    pub(crate) chosen_id: Option<String>,
    pub(crate) sequence: Option<Sequence>,
    pub(crate) acks: Acks,
}

impl Waha {
    /// Sends a text: writes it in the chat and the ledger, tells the webhooks, and lets the
    /// acknowledgements follow.
    pub(crate) async fn send(
        self: &Arc<Self>,
        outgoing: Outgoing,
    ) -> Result<(ChatMessage, Option<Me>), Refusal> {
        let message = self.compose(&outgoing);
        let (event, me) = self.with(&outgoing.session, |session| {
            session.touch(message.at);
            session.messages.push(message.clone());
            let payload = self.options.engine.message_payload(&message, session.me.as_ref());
            (Event::of(session, "message.any", payload), session.me.clone())
        })?;
        if let Some(sequence) = outgoing.sequence {
            self.world().ledger.sent(sequence, &message.message_id);
        }
        self.publish(&event);
        self.acknowledge(&outgoing, &message).await;
        Ok((message, me))
    }

    /// Somebody writes to the session. `message` and `message.any` carry one event id.
    pub(crate) fn receive(
        self: &Arc<Self>,
        name: &str,
        from: &str,
        body: &str,
    ) -> Result<String, Refusal> {
        let message = ChatMessage {
            message_id: identifiers::message_id(),
            chat_id: chat_name(from),
            from_me: false,
            body: body.to_owned(),
            at: clock::now(),
            ack: ACK_SERVER,
        };
        let event = self.with(name, |session| {
            session.messages.push(message.clone());
            let payload = self.options.engine.message_payload(&message, session.me.as_ref());
            Event::of(session, "message", payload)
        })?;
        self.publish(&event);
        self.publish(&event.renamed("message.any"));
        Ok(message.message_id)
    }

    /// The recipient's phone acknowledges a message, and the webhooks tell.
    pub(crate) fn acknowledge_now(
        self: &Arc<Self>,
        session: &str,
        id: &str,
        level: i8,
    ) -> Result<(), Refusal> {
        let told = self.raise_ack(session, id, level)?;
        let event = told.ok_or_else(|| Refusal::NotFound("Message not found".to_owned()))?;
        self.publish(&event);
        Ok(())
    }

    /// The messages of one chat, oldest first.
    pub(crate) fn chat_messages(&self, session: &str, chat_id: &str) -> Vec<ChatMessage> {
        let chat = chat_name(chat_id);
        let world = self.world();
        let messages = world.sessions.get(session).map(|session| session.messages.as_slice());
        let in_chat = |message: &&ChatMessage| message.chat_id == chat;
        messages.unwrap_or_default().iter().filter(in_chat).cloned().collect()
    }

    fn compose(&self, outgoing: &Outgoing) -> ChatMessage {
        let honoured = self.options.engine.takes_chosen_ids() && !self.options.ignore_chosen_ids;
        let chosen = outgoing.chosen_id.clone().filter(|_| honoured);
        ChatMessage {
            message_id: chosen.unwrap_or_else(identifiers::message_id),
            chat_id: chat_name(&outgoing.chat_id),
            from_me: true,
            body: outgoing.text.clone(),
            at: clock::now(),
            ack: ACK_PENDING,
        }
    }

    async fn acknowledge(self: &Arc<Self>, outgoing: &Outgoing, message: &ChatMessage) {
        let (waha, session, id) =
            (Arc::clone(self), outgoing.session.clone(), message.message_id.clone());
        let levels: &[i8] = match outgoing.acks {
            Acks::None => &[],
            Acks::Error => &[ACK_ERROR],
            Acks::Honest | Acks::BeforeAnswer => &[ACK_SERVER, ACK_DEVICE, ACK_READ],
        };
        let walk = async move {
            let mut posted = Vec::new();
            for level in levels {
                sleep(waha.options.ack_delay).await;
                if let Ok(Some(event)) = waha.raise_ack(&session, &id, *level) {
                    posted.extend(waha.publish(&event));
                }
            }
            posted
        };
        if outgoing.acks == Acks::BeforeAnswer {
            for delivery in walk.await {
                let _ = delivery.await; // a delivery that was cancelled is over, too
            }
        } else {
            self.spawn(async move {
                walk.await;
            });
        }
    }

    /// Raises the acknowledgement of a message, and says what is to be told.
    fn raise_ack(&self, name: &str, id: &str, level: i8) -> Result<Option<Event>, Refusal> {
        self.with(name, |session: &mut Session| {
            let message = session.messages.iter_mut().rev().find(|message| message.has_id(id))?;
            message.ack = level;
            let message = message.clone();
            let payload = self.options.engine.ack_payload(&message, session.me.as_ref());
            Some(Event::of(session, message.ack_event(), payload))
        })
    }
}

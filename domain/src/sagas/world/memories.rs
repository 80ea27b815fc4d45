//! What the sagas remember, as plain folds of the log.

use std::collections::{BTreeMap, BTreeSet};

use super::{Entry, SESSION_ID};
use crate::id::MessageId;
use crate::message::Command;
use crate::sagas::delivery::{self, Change, Look};
use crate::sagas::webhooks::{Acknowledgement, Identity, Reaction, react};
use crate::whatsapp::Ack;

/// The delivery saga's: which messages wait, and which are looked for.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Queue {
    pub(super) waiting: BTreeSet<MessageId>,
    pub(super) parked: BTreeMap<MessageId, Look>,
}

impl Queue {
    pub(super) fn read(&mut self, entry: &Entry) {
        let Entry::Event(recorded) = entry else { return };
        match delivery::react(recorded) {
            Some(Change::Enqueue(job)) => {
                self.waiting.insert(job.message_id);
            }
            Some(Change::Retry { message_id, .. }) => {
                self.parked.remove(&message_id);
                self.waiting.insert(message_id);
            }
            Some(Change::Park { message_id, look }) => {
                self.waiting.remove(&message_id);
                self.parked.insert(message_id, look);
            }
            Some(Change::Finish { message_id, .. }) => {
                self.waiting.remove(&message_id);
                self.parked.remove(&message_id);
            }
            _ => {}
        }
    }
}

/// The webhook saga's: whose an id is, and news of ids not known yet.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Identities {
    pub(super) known: BTreeMap<String, MessageId>,
    held: BTreeMap<String, BTreeMap<Ack, Acknowledgement>>,
}

impl Identities {
    /// Remembers, and yields what is to be told to which message.
    pub(super) fn read(&mut self, entry: &Entry) -> Vec<(MessageId, Command)> {
        match entry {
            Entry::Event(recorded) => {
                let Some(learnt) = Identity::learnt_from(recorded) else { return vec![] };
                self.known.entry(learnt.waha_id.0.clone()).or_insert(learnt.message);
                let held = self.held.remove(&learnt.waha_id.0).unwrap_or_default();
                held.into_values().map(|news| (learnt.message, news.into_command())).collect()
            }
            Entry::Webhook(observation) => {
                let (Reaction::Acknowledge(news) | Reaction::Echo(news, _)) =
                    react(SESSION_ID, observation.clone())
                else {
                    return vec![];
                };
                let id = news.waha_message_id.0.clone();
                if let Some(message) = self.known.get(&id) {
                    return vec![(*message, news.into_command())];
                }
                self.held.entry(id).or_default().entry(news.ack).or_insert(news);
                vec![]
            }
        }
    }
}

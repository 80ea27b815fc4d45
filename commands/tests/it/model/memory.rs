//! The model: what an executor and a log are, if nothing ever goes wrong.

use std::collections::HashMap;

use domain::aggregate::Aggregate;
use domain::event::{Event, ForeignEvent};
use domain::stream::{Position, StreamName};

use super::story::Asked;

/// What a command is answered with: what happened, or why nothing may.
pub(super) type Answer = Result<Vec<Event>, String>;

#[derive(Clone, Default)]
pub(super) struct Memory {
    order: Vec<(StreamName, Event)>,
    positions: HashMap<StreamName, Position>,
}

impl Memory {
    pub(super) fn execute(&mut self, stream: StreamName, asked: &Asked) -> Answer {
        let answer = match asked.clone() {
            Asked::Session(_, command) => {
                decide(&self.events(stream), command, replay::<domain::session::Session>)
            }
            Asked::Message(_, command) => {
                decide(&self.events(stream), command, replay::<domain::message::Message>)
            }
            Asked::Webhook(_, command) => {
                decide(&self.events(stream), command, replay::<domain::webhook::Webhook>)
            }
        };
        self.append(stream, answer.clone().unwrap_or_default());
        answer
    }

    pub(super) fn append(&mut self, stream: StreamName, events: Vec<Event>) {
        self.order.extend(events.into_iter().map(|event| (stream, event)));
    }

    pub(super) fn events(&self, stream: StreamName) -> Vec<Event> {
        let own = self.order.iter().filter(|(of, _)| *of == stream);
        own.map(|(_, event)| event.clone()).collect()
    }

    /// All that happened, in the order in which it did.
    pub(super) fn order(&self) -> &[(StreamName, Event)] {
        &self.order
    }

    /// Where the stream's last event is, as the log told.
    pub(super) fn position(&self, stream: StreamName) -> Position {
        self.positions.get(&stream).copied().unwrap_or_default()
    }

    pub(super) fn place(&mut self, stream: StreamName, position: Position) {
        self.positions.insert(stream, position);
    }
}

/// What a stream's events come to.
pub(super) fn replay<A>(events: &[Event]) -> A
where
    A: Aggregate<Event: TryFrom<Event, Error = ForeignEvent>>,
{
    events.iter().cloned().fold(A::default(), |state, event| match A::Event::try_from(event) {
        Ok(event) => state.evolve(&event),
        Err(foreign) => panic!("{foreign}"),
    })
}

fn decide<A>(events: &[Event], command: A::Command, replay: fn(&[Event]) -> A) -> Answer
where
    A: Aggregate<Event: Into<Event>, Rejection: std::error::Error>,
{
    let decided = replay(events).decide(command);
    decided
        .map(|events| events.into_iter().map(Into::into).collect())
        .map_err(|rejection| rejection.to_string())
}

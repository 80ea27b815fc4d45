//! A world in miniature: messages, both sagas' pure halves, engines that die, and a WAHA, in any interleaving.
//!
//! ```text
//! an engine claims from the queue's memory -> StartAttempt -> a call -> WAHA's fate -> a report, or none
//! WAHA tells webhooks, late, twice or never -> the webhook saga's memory -> Acknowledge
//! the sagas' memories lag behind the log; an engine that was taken for dead reports all the same
//! ```
//!
//! What it shows is that no order of all this sends a message twice, and that nothing in memory is more than the log.

mod memories;
mod waha;

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use uuid::Uuid;

use crate::aggregate::Aggregate;
use crate::event::Event;
use crate::id::{EventId, MessageId, SessionId, TenantId};
use crate::message::content::CustomerMetadata;
use crate::message::doubt::{OnUnknown, SettlePolicy};
use crate::message::event::{AttemptStarted, Event as MessageEvent, Queued};
use crate::message::refusal::{Refusal, RefusalKind};
use crate::message::retry::RetryPolicy;
use crate::message::{Command, Message, Rejection};
use crate::ports::event_log::{Actor, Metadata, RecordedEvent, StoredForm};
use crate::ports::waha::Observation;
use crate::priority::Priority;
use crate::sagas::delivery::Look;
use crate::sagas::recognition::{Wanted, recognise};
use crate::stream::{Position, StreamName, Version};
use crate::whatsapp::{Ack, WahaMessageId};
use memories::{Identities, Queue};
use waha::{Fate, Waha, body_of, fates};

const SESSION_ID: SessionId = SessionId(Uuid::from_u128(8));
const MESSAGES_MAX: usize = 3;
const SETTLING: SettlePolicy = SettlePolicy {
    grace: TimeDelta::seconds(60),
    looks_max: 6,
    attempts_max: 4,
    on_unknown: OnUnknown::Hold,
};
const RETRY: RetryPolicy =
    RetryPolicy { attempts_max: 4, base: TimeDelta::seconds(1), max: TimeDelta::seconds(9) };

/// What happens next. Numbers choose among what is there.
#[derive(Debug, Clone)]
enum Step {
    /// Somebody sends another message.
    Queue,
    /// An engine claims a message it believes to wait; the lease of whoever had it is over.
    Claim(usize),
    /// A call reaches WAHA.
    Reach(usize, Fate),
    /// An engine records what came of its call.
    Report(usize),
    /// An engine dies; whether its call had reached WAHA or not, it tells nobody.
    Die(usize),
    /// A webhook that was told once comes in.
    Tell(usize),
    /// WhatsApp acknowledges.
    Acknowledge(usize, Ack),
    /// The delivery saga reads one more event.
    Remember,
    /// The webhook saga reads one more event.
    Learn,
    /// The webhook saga dies before its checkpoint moves, so many events ago.
    LearnAgain(usize),
    /// A message in doubt is looked for.
    Look(usize),
    /// The grace passes: no request that has not reached WAHA by now ever will.
    Wait,
}

fn steps() -> impl Strategy<Value = Step> {
    let acks = proptest::sample::select(vec![Ack::Server, Ack::Device, Ack::Read, Ack::Played]);
    let any = 0_usize..8;
    prop_oneof![
        1 => Just(Step::Queue),
        6 => any.clone().prop_map(Step::Claim),
        5 => (any.clone(), fates()).prop_map(|(index, fate)| Step::Reach(index, fate)),
        5 => any.clone().prop_map(Step::Report),
        1 => any.clone().prop_map(Step::Die),
        4 => any.clone().prop_map(Step::Tell),
        2 => (any.clone(), acks).prop_map(|(index, ack)| Step::Acknowledge(index, ack)),
        8 => Just(Step::Remember),
        8 => Just(Step::Learn),
        1 => (0_usize..5).prop_map(Step::LearnAgain),
        4 => any.prop_map(Step::Look),
        2 => Just(Step::Wait),
    ]
}

/// What the log holds.
#[derive(Debug, Clone)]
enum Entry {
    Event(Box<RecordedEvent>),
    Webhook(Observation),
}

/// An attempt on its way.
#[derive(Debug)]
struct Call {
    message: MessageId,
    attempt: u32,
    chosen: Option<WahaMessageId>,
    /// What WAHA made of it, once it got there, and under which id.
    came_to: Option<(Fate, Option<WahaMessageId>)>,
}

struct World {
    engine_takes_ids: bool,
    now: DateTime<Utc>,
    log: Vec<Entry>,
    live: BTreeMap<MessageId, Message>,
    queue: Queue,
    remembered: usize,
    identities: Identities,
    learnt: usize,
    calls: Vec<Call>,
    waha: Waha,
}

impl World {
    fn new(engine_takes_ids: bool) -> Self {
        let mut world = Self {
            engine_takes_ids,
            now: DateTime::UNIX_EPOCH + TimeDelta::hours(1),
            log: vec![],
            live: BTreeMap::new(),
            queue: Queue::default(),
            remembered: 0,
            identities: Identities::default(),
            learnt: 0,
            calls: vec![],
            waha: Waha::default(),
        };
        world.step(&Step::Queue);
        world
    }

    /// The executor: decides on what is true now, and appends.
    fn execute(&mut self, id: MessageId, command: Command) -> Result<Vec<MessageEvent>, Rejection> {
        let message = self.live.entry(id).or_default();
        let events = message.decide(command)?;
        for event in &events {
            *message = std::mem::take(message).evolve(event);
            self.log.push(Entry::Event(Box::new(recorded(self.log.len(), id, event))));
        }
        Ok(events)
    }

    fn history(&self, id: MessageId) -> Vec<MessageEvent> {
        let own = |entry: &Entry| match entry {
            Entry::Event(recorded) if recorded.stream.id == id.0 => {
                recorded.event.clone().try_into().ok()
            }
            _ => None,
        };
        self.log.iter().filter_map(own).collect()
    }

    fn step(&mut self, step: &Step) {
        self.now += TimeDelta::seconds(1);
        match *step {
            Step::Queue => self.accept(),
            Step::Claim(index) => self.claim(index),
            Step::Reach(index, fate) => self.reach(index, fate),
            Step::Report(index) => self.report(index),
            Step::Die(index) => {
                self.take_call(index);
            }
            Step::Tell(index) => {
                if let Some(observation) = choose(&self.waha.webhooks, index) {
                    self.log.push(Entry::Webhook(observation.clone()));
                }
            }
            Step::Acknowledge(index, ack) => self.waha.acknowledge(index, ack, self.now),
            Step::Remember => {
                if let Some(entry) = self.log.get(self.remembered) {
                    self.queue.read(entry);
                    self.remembered += 1;
                }
            }
            Step::Learn => self.learn(),
            Step::LearnAgain(count) => self.learnt = self.learnt.saturating_sub(count),
            Step::Look(index) => self.look(index),
            Step::Wait => {
                self.now += SETTLING.grace;
                self.calls.iter_mut().filter(|call| call.came_to.is_none()).for_each(|call| {
                    call.came_to = Some((Fate::Vanished, None));
                });
            }
        }
    }

    fn accept(&mut self) {
        let count = self.live.len();
        if count == MESSAGES_MAX {
            return;
        }
        let id = MessageId(Uuid::from_u128(100 + count as u128));
        let queued = Queued {
            session_id: SESSION_ID,
            to: "+6281234567890".parse().unwrap(),
            body: body_of(id).try_into().unwrap(),
            priority: Priority::Normal,
            metadata: CustomerMetadata::default(),
            client_reference: None,
            send_at: None,
            expires_at: None,
            at: self.now,
        };
        self.execute(id, Command::Queue(queued)).unwrap();
    }

    fn claim(&mut self, index: usize) {
        let waiting: Vec<_> = self.queue.waiting.iter().copied().collect();
        let Some(&message) = choose(&waiting, index) else { return };
        let (engine_takes_ids, now) = (self.engine_takes_ids, self.now);
        let start = Command::StartAttempt { message_id: message, engine_takes_ids, now };
        // Whoever cannot append it does not call.
        for event in self.execute(message, start).unwrap_or_default() {
            if let MessageEvent::AttemptStarted(started) = event {
                let AttemptStarted { attempt, waha_message_id: chosen, .. } = started;
                self.calls.push(Call { message, attempt, chosen, came_to: None });
            }
        }
    }

    fn reach(&mut self, index: usize, fate: Fate) {
        let count = self.calls.len();
        let Some(call) = self.calls.get_mut(index % count.max(1)) else { return };
        if call.came_to.is_none() {
            let id = self.waha.take(call.message, call.chosen.clone(), fate, self.now);
            call.came_to = Some((fate, id));
        }
    }

    fn take_call(&mut self, index: usize) -> Option<Call> {
        let count = self.calls.len();
        (count > 0).then(|| self.calls.swap_remove(index % count))
    }

    fn report(&mut self, index: usize) {
        let count = self.calls.len().max(1);
        if self.calls.get(index % count).is_none_or(|call| call.came_to.is_none()) {
            return;
        }
        let Some(Call { message, attempt, came_to: Some((fate, id)), .. }) = self.take_call(index)
        else {
            return;
        };
        let (now, detail) = (self.now, String::new());
        let report = match fate {
            Fate::Sent => Command::ConfirmSent { attempt, waha_message_id: id, now },
            Fate::SentNamelessly => Command::ConfirmSent { attempt, waha_message_id: None, now },
            Fate::SentWithoutAnswer | Fate::Vanished => {
                Command::ReportUnknown { attempt, detail, now }
            }
            Fate::Refused => {
                let refusal = Refusal { kind: RefusalKind::Unreachable, detail };
                Command::ReportRefusal { attempt, refusal, retry: RETRY, jitter: 0.5, now }
            }
        };
        // A report that comes too late is refused.
        let _ = self.execute(message, report);
    }

    fn learn(&mut self) {
        let Some(entry) = self.log.get(self.learnt).cloned() else { return };
        self.learnt += 1;
        for (message, command) in self.identities.read(&entry) {
            self.execute(message, command).unwrap();
        }
    }

    fn look(&mut self, index: usize) {
        let parked: Vec<_> = self.queue.parked.iter().map(|(id, look)| (*id, *look)).collect();
        let Some(&(message, look)) = choose(&parked, index) else { return };
        if look == Look::Never {
            return;
        }
        let started = self.history(message).into_iter().rev().find_map(|event| match event {
            MessageEvent::AttemptStarted(started) => Some(started),
            _ => None,
        });
        let Some(AttemptStarted { attempt, waha_message_id, at: since, .. }) = started else {
            return;
        };
        let body = body_of(message);
        let wanted =
            Wanted { chosen: waha_message_id.as_ref(), body: &body, since, has_rival: false };
        let others = self.identities.known.iter().filter(|(_, owner)| **owner != message);
        let claimed: Vec<_> = others.map(|(id, _)| WahaMessageId(id.clone())).collect();
        let finding = recognise(&wanted, &self.waha.chat(), &claimed);
        let record = Command::RecordLook { attempt, finding, policy: SETTLING, now: self.now };
        let _ = self.execute(message, record);
    }

    /// The lies end: every call is answered, every webhook comes, the sagas read to the end.
    fn come_to_rest(&mut self) {
        for _ in 0..20 {
            let (calls, webhooks) = (self.calls.len(), self.waha.webhooks.len());
            (0..calls).for_each(|index| self.step(&Step::Reach(index, Fate::Sent)));
            (0..calls).for_each(|_| self.step(&Step::Report(0)));
            (0..webhooks).for_each(|index| self.step(&Step::Tell(index)));
            while self.learnt < self.log.len() {
                self.learn();
            }
            while self.remembered < self.log.len() {
                self.step(&Step::Remember);
            }
            self.step(&Step::Wait);
            (0..MESSAGES_MAX).for_each(|index| self.step(&Step::Look(index)));
            (0..MESSAGES_MAX).for_each(|index| self.step(&Step::Claim(index)));
        }
    }

    fn sends_of(&self, id: MessageId) -> usize {
        self.waha.sends.iter().filter(|send| send.message == id).count()
    }
}

fn choose<T>(from: &[T], index: usize) -> Option<&T> {
    from.get(index % from.len().max(1))
}

fn recorded(position: usize, id: MessageId, event: &MessageEvent) -> RecordedEvent {
    RecordedEvent {
        position: Position { first: position as u64 + 1, second: 0 },
        stream: StreamName { category: Message::CATEGORY, tenant: TenantId::PLATFORM, id: id.0 },
        version: Version(1),
        id: EventId(Uuid::from_u128(position as u128)),
        event: Event::Message(event.clone()),
        stored: StoredForm { event_type: "", schema_version: 1, data: String::new() },
        metadata: Metadata::new(Actor::Operator, Uuid::nil()),
        recorded_at: DateTime::UNIX_EPOCH,
    }
}

proptest! {
    #[test]
    fn no_order_of_events_sends_a_message_twice_and_memory_is_what_the_log_makes_of_it(
        engine_takes_ids: bool,
        steps in proptest::collection::vec(steps(), 0..150),
    ) {
        let mut world = World::new(engine_takes_ids);
        for step in &steps {
            world.step(step);
            for (id, message) in &world.live {
                prop_assert!(world.sends_of(*id) <= 1, "{message:?} after {step:?}");
            }
        }
        for (id, message) in &world.live {
            prop_assert_eq!(message, &Message::replay(&world.history(*id)));
        }
        let mut queue = Queue::default();
        world.log.iter().take(world.remembered).for_each(|entry| queue.read(entry));
        prop_assert_eq!(&world.queue, &queue);
    }

    #[test]
    fn what_was_sent_is_known_to_be_sent_in_the_end_and_nothing_else_is(
        engine_takes_ids: bool,
        steps in proptest::collection::vec(steps(), 0..150),
    ) {
        let mut world = World::new(engine_takes_ids);
        for step in &steps {
            world.step(step);
        }
        world.come_to_rest();
        prop_assert!(world.queue.waiting.is_empty(), "{:?}", world.queue);
        for (id, message) in &world.live {
            let is_known = world.history(*id).iter().any(|e| matches!(e, MessageEvent::Sent(_)));
            prop_assert_eq!(world.sends_of(*id), usize::from(is_known), "{:?}", message);
        }
        let mut identities = Identities::default();
        for entry in &world.log {
            identities.read(entry);
        }
        prop_assert_eq!(&world.identities, &identities);
    }
}

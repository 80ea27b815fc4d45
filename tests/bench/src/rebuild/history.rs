//! A history such as a busy installation writes: many tenants' messages, each on its way while thousands of
//! others are.
//!
//! ```text
//! wave      1         2                   3           4
//! block 1   queued    attempted, sent     delivered   read
//! block 2             queued              attempted…
//! ```
//!
//! Of ten messages one was received, of 25 one was refused at first, and a third of them is never read. Events
//! are what the aggregates decide, so every life is one that can happen.

use std::sync::Arc;

use commands::event_log::postgres::PostgresLog;
use domain::aggregate::Aggregate;
use domain::id::MessageId;
use domain::message::content::ContentKind;
use domain::message::event::Received;
use domain::message::refusal::{Refusal, RefusalKind};
use domain::message::retry::RetryPolicy;
use domain::message::{Command, Message};
use domain::ports::Ambient;
use domain::ports::event_log::EventLog;
use domain::stream::{ExpectedVersion, Version};
use domain::whatsapp::{ChatId, WahaMessageId};
use heliograph::ambient::SystemAmbient;
use tokio::task::JoinSet;

use crate::error::BenchError;
use crate::lives::Stride;
use crate::messages::{BODY, Owner, new_event, new_id};

/// Messages that are as far as each other.
const BLOCK: usize = 5000;
/// Waves until a message is at the end of its life.
const WAVES: usize = 5;
const TENANTS: usize = 8;
/// Appends under way at a time.
const WRITERS: usize = 256;

/// A message, as far as it has come.
struct Life {
    number: usize,
    owner: Owner,
    id: MessageId,
    state: Message,
    version: Version,
}

/// Writes whole lives until there are so many events, or a few more; answers how many.
pub(super) async fn write(log: &Arc<PostgresLog>, events: usize) -> Result<usize, BenchError> {
    let owners: Vec<Owner> = (0..TENANTS).map(|_| Owner::nobody()).collect();
    let mut blocks: Vec<(usize, Vec<Life>)> = Vec::new();
    let (mut written, mut born) = (0, 0);
    while written < events || !blocks.is_empty() {
        if written < events {
            let lives = (born..born + BLOCK).map(|n| Life::new(n, owners[n % TENANTS])).collect();
            blocks.push((0, lives));
            born += BLOCK;
        }
        for (wave, lives) in &mut blocks {
            written += advance(log, lives, *wave).await?;
            *wave += 1;
        }
        blocks.retain(|(wave, _)| *wave < WAVES);
    }
    Ok(written)
}

/// Leads every life of a block one wave on; answers how many events that were.
async fn advance(
    log: &Arc<PostgresLog>,
    lives: &mut Vec<Life>,
    wave: usize,
) -> Result<usize, BenchError> {
    let mut writers = JoinSet::new();
    let share = lives.len().div_ceil(WRITERS);
    while !lives.is_empty() {
        let (log, mut lives) =
            (Arc::clone(log), lives.split_off(lives.len().saturating_sub(share)));
        writers.spawn(async move {
            let mut written = 0;
            for life in &mut lives {
                written += life.advance(&log, wave).await?;
            }
            Ok::<_, BenchError>((lives, written))
        });
    }
    let mut written = 0;
    while let Some(share) = writers.join_next().await {
        let (advanced, events) = share??;
        lives.extend(advanced);
        written += events;
    }
    Ok(written)
}

impl Life {
    fn new(number: usize, owner: Owner) -> Self {
        let id = MessageId(new_id());
        Self { number, owner, id, state: Message::Absent, version: Version(0) }
    }

    /// Appends what a wave brings, if anything.
    async fn advance(&mut self, log: &PostgresLog, wave: usize) -> Result<usize, BenchError> {
        let mut new = Vec::new();
        for command in self.commands(wave)? {
            let decided = self.state.decide(command);
            for event in decided.map_err(|error| BenchError::failed(error.to_string()))? {
                self.state = std::mem::take(&mut self.state).evolve(&event);
                new.push(new_event(event));
            }
        }
        let count = new.len();
        if count > 0 {
            let stream = self.owner.stream(self.id);
            let expected = ExpectedVersion::Exact(self.version);
            self.version = log.append(stream, expected, new).await?.version;
        }
        Ok(count)
    }

    fn commands(&self, wave: usize) -> Result<Vec<Command>, BenchError> {
        let is_inbound = self.number.is_multiple_of(10);
        let is_refused_first = self.number % 25 == 1;
        let is_read = !self.number.is_multiple_of(3);
        let take = |stride: Stride| stride.command(self.id);
        Ok(match wave {
            0 if is_inbound => vec![Command::Receive(Box::new(self.received()))],
            _ if is_inbound => vec![],
            0 => vec![Command::Queue(self.owner.queued(self.number)?)],
            1 if is_refused_first => vec![take(Stride::Attempt), refusal()],
            1 => vec![take(Stride::Attempt), take(Stride::Sent)],
            2 if is_refused_first => vec![take(Stride::Attempt), confirmed(2, self.id)],
            2 => vec![take(Stride::Delivered)],
            3 if is_refused_first => vec![take(Stride::Delivered)],
            4 if is_read => vec![take(Stride::Read)],
            _ => vec![],
        })
    }

    fn received(&self) -> Received {
        Received {
            session_id: self.owner.session,
            chat_id: ChatId("6281234567890@c.us".to_owned()),
            from: None,
            from_lid: None,
            body: BODY.to_owned(),
            kind: ContentKind::Text,
            waha_message_id: WahaMessageId::chosen(self.id, 0),
            at: SystemAmbient.now(),
        }
    }
}

fn refusal() -> Command {
    let refusal =
        Refusal { kind: RefusalKind::Unreachable, detail: "connection refused".to_owned() };
    let second = chrono::TimeDelta::seconds(1);
    let retry = RetryPolicy { attempts_max: 10, base: second, max: second };
    Command::ReportRefusal { attempt: 1, refusal, retry, jitter: 0.5, now: SystemAmbient.now() }
}

fn confirmed(attempt: u32, id: MessageId) -> Command {
    let waha_message_id = Some(WahaMessageId::chosen(id, 0));
    Command::ConfirmSent { attempt, waha_message_id, now: SystemAmbient.now() }
}

//! What will go wrong, and when: drawn from the seed before anything begins.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use waha_simulator::{Match, Misbehaviour, Rule};

/// How long nothing is struck.
const BETWEEN_STRIKES_MS: std::ops::Range<u64> = 800..3_000;
const BETWEEN_LIES_MS: std::ops::Range<u64> = 100..450;
/// A lie is about one of the next so many messages.
const LIE_NTH: std::ops::Range<u64> = 1..5;

/// What will go wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Pauses, and what comes after each.
    pub strikes: Vec<(Duration, Strike)>,
    /// Pauses, and what WAHA is told to do wrong after each, about the session of this number.
    pub lies: Vec<(Duration, usize, Lie)>,
}

/// A blow to the installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strike {
    /// `kill -9` of an engine, which is started again after a while.
    KillEngine {
        /// Which.
        engine: usize,
        /// How long it is away.
        away: Duration,
    },
    /// The same with both at once.
    KillBoth {
        /// How long they are away.
        away: Duration,
    },
    /// An engine sleeps, perhaps past its leases, and wakes.
    PauseEngine {
        /// Which.
        engine: usize,
        /// How long it sleeps.
        asleep: Duration,
    },
    /// `kill -9` of PostgreSQL, which is started again after a while.
    KillDatabase {
        /// How long it is away.
        away: Duration,
    },
    /// WAHA forgets what it was about to do.
    RestartWaha,
}

/// Something WAHA does wrong once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lie {
    event: Option<&'static str>,
    nth: u64,
    misbehaviour: Misbehaviour,
}

impl Plan {
    /// The plan of a seed: strikes and lies for so long, the lies about so many sessions.
    pub fn draw(seed: u64, time: Duration, sessions: usize) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let mut strikes = Vec::new();
        let mut at = Duration::ZERO;
        while at < time {
            for strike in round(&mut random) {
                let pause = milliseconds(&mut random, BETWEEN_STRIKES_MS);
                at += pause + strike.takes();
                strikes.push((pause, strike));
            }
        }
        let (mut lies, mut at) = (Vec::new(), Duration::ZERO);
        while at < time {
            let pause = milliseconds(&mut random, BETWEEN_LIES_MS);
            at += pause;
            lies.push((pause, random.random_range(0..sessions), Lie::draw(&mut random)));
        }
        Self { strikes, lies }
    }
}

/// Every kind of strike, in some order.
fn round(random: &mut StdRng) -> [Strike; 6] {
    let away = |random: &mut StdRng| milliseconds(random, 50..1_500);
    let engine = random.random_range(0..2);
    let mut round = [
        Strike::KillEngine { engine, away: away(random) },
        Strike::KillEngine { engine: 1 - engine, away: away(random) },
        Strike::KillBoth { away: away(random) },
        Strike::PauseEngine {
            engine: random.random_range(0..2),
            asleep: milliseconds(random, 500..8_000),
        },
        Strike::KillDatabase { away: away(random) },
        Strike::RestartWaha,
    ];
    round.shuffle(random);
    round
}

impl Strike {
    /// At least.
    const fn takes(self) -> Duration {
        match self {
            Self::KillEngine { away, .. }
            | Self::KillBoth { away }
            | Self::KillDatabase { away } => away,
            Self::PauseEngine { asleep, .. } => asleep,
            Self::RestartWaha => Duration::ZERO,
        }
    }
}

impl Lie {
    /// Never one that makes what was sent look refused, against what WAHA's own answers are worth: nobody could do
    /// right then.
    fn draw(random: &mut StdRng) -> Self {
        let sent = random.random_bool(0.5);
        let status = [500, 502, 503, 504][random.random_range(0..4)];
        let (event, misbehaviour) = match random.random_range(0..16) {
            0 => (None, Misbehaviour::Hang { sent }),
            1 | 2 => (None, Misbehaviour::Reset { sent }),
            3 => (None, Misbehaviour::Answer { status, sent, exception: None }),
            4 | 5 => (None, Misbehaviour::Answer { status: 422, sent: false, exception: None }),
            6 => (None, Misbehaviour::EmptyBody),
            7 | 8 => (None, Misbehaviour::Delay { milliseconds: random.random_range(50..2_000) }),
            9 => (None, Misbehaviour::NoAcks),
            10 => (None, Misbehaviour::AckBeforeAnswer),
            11 => (Some("message.any"), Misbehaviour::DropWebhook),
            12 => (Some("message.ack"), Misbehaviour::DropWebhook),
            13 => (Some("message.ack"), Misbehaviour::DuplicateWebhook { same_event_id: sent }),
            14 => (Some("message.ack"), Misbehaviour::ReorderWebhook),
            _ => (Some("message.any"), Misbehaviour::ReorderWebhook),
        };
        Self { event, nth: random.random_range(LIE_NTH), misbehaviour }
    }

    /// The rule for the simulator.
    pub fn about(self, session: &str) -> Rule {
        let matches = Match { event: self.event.map(str::to_owned), ..Match::session(session) };
        Rule::once(matches.nth(self.nth), self.misbehaviour)
    }
}

fn milliseconds(random: &mut StdRng, range: std::ops::Range<u64>) -> Duration {
    Duration::from_millis(random.random_range(range))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    #[test]
    fn one_seed_gives_one_plan_and_another_gives_another() {
        assert_eq!(Plan::draw(7, MINUTE, 4), Plan::draw(7, MINUTE, 4));
        assert_ne!(Plan::draw(7, MINUTE, 4), Plan::draw(8, MINUTE, 4));
    }

    #[test]
    fn every_kind_of_strike_falls_in_every_round() {
        let kinds = |strikes: &[(Duration, Strike)]| {
            strikes
                .iter()
                .map(|(_, strike)| std::mem::discriminant(strike))
                .collect::<std::collections::HashSet<_>>()
        };
        for round in Plan::draw(7, MINUTE, 4).strikes.chunks(6) {
            assert_eq!(kinds(round).len(), 5);
        }
    }
}

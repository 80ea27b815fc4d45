//! An address requests come from: blocked after too many failed sign-ins, or by order, and unblocked in time.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::aggregate::Aggregate;
use crate::stream::Category;

/// The state of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Address {
    /// Nothing is held against it.
    #[default]
    Free,
    /// Blocked.
    Blocked {
        /// Until when; none: until somebody unblocks it.
        until: Option<DateTime<Utc>>,
    },
}

/// What may be asked of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Refuse what comes from it.
    Block {
        /// Which it is.
        address: IpAddr,
        /// Why.
        reason: BlockReason,
        /// Until when; none: until somebody unblocks it.
        until: Option<DateTime<Utc>>,
        /// Now.
        now: DateTime<Utc>,
    },
    /// Let it in again.
    Unblock {
        /// Which it is.
        address: IpAddr,
        /// Now.
        now: DateTime<Utc>,
    },
}

/// Why an address is blocked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BlockReason {
    /// Too many sign-ins from it failed.
    TooManyFailures,
    /// Somebody who may wants it so.
    ByOrder,
}

impl BlockReason {
    /// The stored word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TooManyFailures => "too_many_failures",
            Self::ByOrder => "by_order",
        }
    }
}

/// Something that happened to an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// What comes from it is refused.
    Blocked(Blocked),
    /// It is let in again, before its time was over.
    Unblocked(Unblocked),
}

/// What comes from it is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Blocked {
    /// Which it is.
    pub address: IpAddr,
    /// Why.
    pub reason: BlockReason,
    /// Until when; absent: until somebody unblocks it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
    /// When.
    pub at: DateTime<Utc>,
}

/// It is let in again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Unblocked {
    /// Which it is.
    pub address: IpAddr,
    /// When.
    pub at: DateTime<Utc>,
}

/// Why an address refuses a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// Nothing is held against it.
    #[error("the address is not blocked")]
    NotBlocked,
}

impl Address {
    /// Until when what comes from it is refused, if it is now.
    pub fn block(&self, now: DateTime<Utc>) -> Option<Option<DateTime<Utc>>> {
        match self {
            Self::Blocked { until } if until.is_none_or(|until| now < until) => Some(*until),
            Self::Blocked { .. } | Self::Free => None,
        }
    }
}

impl Aggregate for Address {
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;
    const CATEGORY: Category = Category::Address;

    fn decide(&self, command: Command) -> Result<Vec<Event>, Rejection> {
        match command {
            Command::Block { address, reason, until, now } => {
                let is_news = self.block(now) != Some(until);
                let blocked = Event::Blocked(Blocked { address, reason, until, at: now });
                Ok(if is_news { vec![blocked] } else { vec![] })
            }
            Command::Unblock { address, now } if self.block(now).is_some() => {
                Ok(vec![Event::Unblocked(Unblocked { address, at: now })])
            }
            Command::Unblock { .. } => Err(Rejection::NotBlocked),
        }
    }

    fn evolve(self, event: &Event) -> Self {
        match event {
            Event::Blocked(blocked) => Self::Blocked { until: blocked.until },
            Event::Unblocked(_) => Self::Free,
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

    fn block(until: Option<DateTime<Utc>>) -> Command {
        let address = IpAddr::from([192, 0, 2, 7]);
        Command::Block { address, reason: BlockReason::ByOrder, until, now: NOW }
    }

    fn after(commands: &[Command]) -> Address {
        commands.iter().fold(Address::default(), |address, command| {
            address.decide(*command).unwrap().iter().fold(address, Address::evolve)
        })
    }

    #[test]
    fn a_block_ends_in_time_or_by_order() {
        let hour = NOW + TimeDelta::hours(1);
        let blocked = after(&[block(Some(hour))]);
        assert_eq!(blocked.block(NOW), Some(Some(hour)));
        assert_eq!(blocked.block(hour), None);
        let unblock = Command::Unblock { address: IpAddr::from([192, 0, 2, 7]), now: NOW };
        assert_eq!(after(&[block(None), unblock]).block(NOW), None);
        assert_eq!(Address::Free.decide(unblock), Err(Rejection::NotBlocked));
    }

    #[test]
    fn blocking_as_it_is_blocked_already_is_no_event() {
        assert_eq!(after(&[block(None)]).decide(block(None)), Ok(vec![]));
        assert!(!after(&[block(None)]).decide(block(Some(NOW))).unwrap().is_empty());
    }
}

//! Time, ids and randomness as the machine gives them; the one place where they are asked for.

use chrono::{DateTime, SubsecRound, Utc};
use domain::ports::Ambient;
use rand::RngExt;
use uuid::Uuid;

/// Digits of a second that PostgreSQL keeps: a time is the same in an event, in a view and in an answer.
const STORED_DIGITS: u16 = 6;

/// The machine's clock and randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemAmbient;

impl Ambient for SystemAmbient {
    #[expect(clippy::disallowed_methods, reason = "this is the edge")]
    fn now(&self) -> DateTime<Utc> {
        Utc::now().trunc_subsecs(STORED_DIGITS)
    }

    #[expect(clippy::disallowed_methods, reason = "this is the edge")]
    fn new_id(&self) -> Uuid {
        Uuid::now_v7()
    }

    #[expect(clippy::disallowed_methods, reason = "this is the edge")]
    fn fraction(&self) -> f64 {
        rand::rng().random()
    }
}

/// Bytes nobody can guess.
#[expect(clippy::disallowed_methods, reason = "this is the edge")]
pub fn random_bytes<const N: usize>() -> [u8; N] {
    rand::rng().random()
}

/// A new secret: 32 bytes nobody can guess, in hexadecimal.
pub fn random_secret() -> String {
    hex::encode(random_bytes::<32>())
}

//! `Idempotency-Key`: a request made again leads to nothing more, and is answered as it was (M8).
//!
//! What becomes of it when processes die is in `crashes::keyed`.

mod conflicts;
mod keeping;
mod replays;
mod scope;

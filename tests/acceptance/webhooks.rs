//! What WAHA tells: verified, kept, understood once (W1 to W7).

mod arrivals;
mod draining;
mod duplicates;
mod gaps;
mod hidden_ids;
mod kept;
mod malformed;
mod signatures;

//! What WAHA tells: verified, kept, understood once (W1 to W6).

mod arrivals;
mod draining;
mod duplicates;
mod kept;
mod malformed;
mod signatures;

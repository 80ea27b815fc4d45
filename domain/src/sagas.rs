//! What follows from what happened: the pure halves of the sagas. Their runners are in `commands`.

pub mod contacts;
pub mod delivery;
pub mod recognition;
pub mod sessions;
pub mod webhooks;

#[cfg(test)]
mod world;

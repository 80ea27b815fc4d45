//! The main job: a message goes in over REST and comes back read (M1, M4, D1, D5, W1, W2).

mod contract;
mod engines;
mod history;

//! Processes are killed, paused, doubled and told to stop: nothing is lost, nothing is sent twice (D5, D9, X8).

mod draining;
mod event_store;
mod keyed;
mod killed;
mod mail;
mod matrix;
mod ownership;
mod roles;
mod site;
mod takeover;
mod together;

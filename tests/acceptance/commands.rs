//! The command line (X4).

mod database;
mod demo;
mod doctor;
mod emergency;
mod event_store;
mod keys;
mod log;
mod people;
mod projections;
mod queue;
mod recovery;
mod serve;
mod servers;
mod shell;

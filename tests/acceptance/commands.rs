//! The command line (X4).

mod database;
mod doctor;
mod people;
mod queue;
mod serve;
mod shell;

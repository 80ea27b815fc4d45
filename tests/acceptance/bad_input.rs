//! Bad input is refused and never breaks anything: no answer here is a 5xx.

mod bodies;
mod described;
mod fields;
mod paths;
mod queries;
mod sizes;
mod wire;

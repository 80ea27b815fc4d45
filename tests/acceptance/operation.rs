//! What those who run it look at (X1, X2, X7).

mod cross_origin;
mod description;
mod health;
mod metrics;
mod phones;
mod problems;
mod proxies;
mod traces;

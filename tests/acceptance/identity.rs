//! Who calls, and what they may do (A1, A2).

mod login;
mod rate_limits;
mod refresh;
mod roles;
mod tokens;

//! Who calls, and what they may do (A1 to A3, A7, A8).

mod blocks;
mod login;
mod login_sessions;
mod rate_limits;
mod refresh;
mod roles;
mod security_audit;
mod tenants;
mod tokens;
mod users;

//! Who calls, and what they may do (A1 to A3, A6 to A8).

mod api_keys;
mod blocks;
mod leaks;
mod login;
mod login_sessions;
mod mail;
mod mfa;
mod oauth;
mod rate_limits;
mod refresh;
mod roles;
mod scopes;
mod security_audit;
mod subdomains;
mod tenants;
mod tokens;
mod users;

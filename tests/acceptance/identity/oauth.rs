//! OAuth2: programs on their own behalf, and on behalf of users who consent (A6).

mod authorization_code;
mod browser;
mod client_credentials;
mod clients;
mod introspection;
mod limits;
mod program;
mod second_factor;
mod what_ends_codes;

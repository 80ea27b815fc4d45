//! OAuth2: clients and authorization codes.
//!
//! What a client is, is events; its secret is not in the log: table `oauth_client_secrets` keeps its hash. Codes are
//! secrets that live for a minute: table `authorization_codes`.

pub mod clients;
pub mod codes;

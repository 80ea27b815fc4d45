//! OAuth2: an authorization server for the tenants' programs (RFC 6749 as RFC 9700 would have it).
//!
//! ```text
//! clients          registered by those who may manage keys
//! authorize, page  a user signs in and consents; the client is sent a code     RFC 6749 4.1, RFC 7636, RFC 9207
//! token            a code, a refresh token or the client's own secret for an access token     RFC 9068
//! revoke           a token is given back                                       RFC 7009
//! introspect       a client asks what a token opens now                        RFC 7662
//! client_authentication, failures, form, error    what these have in common
//! ```
//!
//! Invariant: a token given to a client opens no more than the client was registered for, and its user may do; and it
//! opens nothing once the client is revoked.

pub mod authorize;
mod client_authentication;
pub mod clients;
mod error;
mod failures;
mod form;
pub mod introspect;
mod page;
pub mod revoke;
pub mod token;

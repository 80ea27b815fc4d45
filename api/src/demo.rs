//! The demo's parts: secrets made up for one run, somebody to sign in as, and the walkthrough.

pub(crate) mod credentials;
pub(crate) mod settings;
pub(crate) mod walkthrough;

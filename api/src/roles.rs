//! What one process does of all there is to do.
//!
//! Every role scales out: any number of processes may have it. What only one may do at a time is leased among
//! those that have the role.

use std::collections::BTreeSet;

use clap::ValueEnum;

/// A part of the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum EngineRole {
    /// Answers clients and takes WAHA's webhooks.
    Api,
    /// Keeps the read models up with the log.
    Projector,
    /// Takes messages to WAHA, and does there what is asked of sessions.
    Delivery,
    /// Makes something of what webhooks told.
    Webhooks,
}

/// The roles of one process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roles(BTreeSet<EngineRole>);

impl Roles {
    /// All there are.
    pub fn all() -> Self {
        EngineRole::value_variants().iter().copied().collect()
    }

    /// Whether this is one of them.
    pub fn contains(&self, role: EngineRole) -> bool {
        self.0.contains(&role)
    }
}

impl FromIterator<EngineRole> for Roles {
    fn from_iter<I: IntoIterator<Item = EngineRole>>(roles: I) -> Self {
        Self(roles.into_iter().collect())
    }
}

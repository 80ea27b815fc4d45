//! Dying: at once, as by `kill -9`.

use std::io::Write;
use std::sync::OnceLock;

use super::{Failpoint, VARIABLE};

/// The name of the place to die at; read once.
static ARMED: OnceLock<Option<String>> = OnceLock::new();

pub(super) fn reach(point: Failpoint) {
    if ARMED.get_or_init(told).as_deref() == Some(point.name()) {
        // Nobody is left to tell if standard error is gone.
        let _ = writeln!(std::io::stderr(), "died at failpoint {}", point.name());
        std::process::abort();
    }
}

#[expect(clippy::disallowed_methods, reason = "tests tell this to a process, and it is no setting")]
fn told() -> Option<String> {
    std::env::var(VARIABLE).ok()
}

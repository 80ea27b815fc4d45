//! Dying at once, as by `kill -9`, or falling asleep until somebody sends SIGCONT.

use std::io::Write;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::process::{Signal, getpid, kill_process};

use super::{ASLEEP, Failpoint, SLEEP, VARIABLE};

/// The place, and what is to be done there; read once.
static ARMED: OnceLock<Option<Armed>> = OnceLock::new();

struct Armed {
    place: String,
    sleeps: bool,
    /// It is done once: who woke goes on.
    is_done: AtomicBool,
}

pub(super) fn reach(point: Failpoint) {
    let Some(armed) = ARMED.get_or_init(told) else { return };
    if armed.place != point.name() || armed.is_done.swap(true, Ordering::SeqCst) {
        return;
    }
    // Nobody is left to tell if standard error is gone.
    if armed.sleeps {
        let _ = writeln!(std::io::stderr(), "{ASLEEP} {}", point.name());
        let _ = kill_process(getpid(), Signal::STOP);
    } else {
        let _ = writeln!(std::io::stderr(), "died at failpoint {}", point.name());
        std::process::abort();
    }
}

#[expect(clippy::disallowed_methods, reason = "tests tell this to a process, and it is no setting")]
fn told() -> Option<Armed> {
    let told = std::env::var(VARIABLE).ok()?;
    let (place, sleeps) = match told.strip_prefix(SLEEP) {
        Some(place) => (place, true),
        None => (told.as_str(), false),
    };
    Some(Armed { place: place.to_owned(), sleeps, is_done: AtomicBool::new(false) })
}

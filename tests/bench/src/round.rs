//! Rounds: what is compared is measured in turns, so that a slow moment of the machine is everybody's.

use std::time::Duration;

use crate::report::Report;
use crate::settings::Settings;

/// Rounds that count.
const ROUNDS: u32 = 3;
/// The longest warm-up.
const WARM_UP_MAX: Duration = Duration::from_secs(2);

/// A turn of measuring.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Round {
    /// How long each figure is measured.
    pub(crate) time: Duration,
    is_warm_up: bool,
}

impl Round {
    /// A short one to warm up, and those that count.
    pub(crate) fn all(settings: &Settings) -> impl Iterator<Item = Self> {
        let warm_up = Self { time: settings.time.min(WARM_UP_MAX), is_warm_up: true };
        let counting = Self { time: settings.time, is_warm_up: false };
        std::iter::once(warm_up).chain((0..ROUNDS).map(move |_| counting))
    }

    /// Notes a figure, unless this is to warm up; answers it.
    pub(crate) fn note(&self, report: &Report, key: &'static str, sample: f64) -> f64 {
        if !self.is_warm_up {
            report.note(key, sample);
        }
        sample
    }
}

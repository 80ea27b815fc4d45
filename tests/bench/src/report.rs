//! What was measured, gathered while parts run, and shown in the end.

mod table;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value};

use crate::figures::{self, Figure, Target};
use crate::part::Part;

/// What was measured so far.
#[derive(Debug, Default)]
pub(crate) struct Report(Mutex<Noted>);

#[derive(Debug, Default)]
struct Noted {
    samples: BTreeMap<&'static str, Vec<f64>>,
    missing: BTreeMap<&'static str, Missing>,
}

/// Why a figure is not there.
#[derive(Debug, Clone)]
pub(crate) enum Missing {
    /// What it needs is not on this machine.
    Skipped(String),
    /// It should be there.
    Failed(String),
}

/// A figure as it was measured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sampled {
    pub(crate) median: f64,
    pub(crate) least: f64,
    pub(crate) most: f64,
}

impl Report {
    /// One sample of a figure.
    pub(crate) fn note(&self, key: &'static str, sample: f64) {
        self.noted().samples.entry(key).or_default().push(sample);
    }

    /// Says why figures are missing. What was measured of them before does not count.
    pub(crate) fn miss(&self, keys: &[&'static str], missing: &Missing) {
        let mut noted = self.noted();
        for key in keys {
            noted.samples.remove(key);
            noted.missing.insert(key, missing.clone());
        }
    }

    /// Says why what a part did not come to measure is missing.
    pub(crate) fn broke_off(&self, part: Part, reason: &str) {
        let of_part = figures::ALL.iter().filter(|figure| figure.part == part);
        let unmeasured = of_part.filter(|figure| self.sampled(figure.key).is_none());
        let keys: Vec<_> = unmeasured.map(|figure| figure.key).collect();
        self.miss(&keys, &Missing::Failed(reason.to_owned()));
    }

    pub(crate) fn sampled(&self, key: &str) -> Option<Sampled> {
        let mut samples = self.noted().samples.get(key)?.clone();
        samples.sort_by(f64::total_cmp);
        let (least, most) = (*samples.first()?, *samples.last()?);
        let (lower, upper) = (samples[(samples.len() - 1) / 2], samples[samples.len() / 2]);
        Some(Sampled { median: f64::midpoint(lower, upper), least, most })
    }

    pub(crate) fn missing(&self, key: &str) -> Option<Missing> {
        self.noted().missing.get(key).cloned()
    }

    /// Whether everything that could be measured was.
    pub(crate) fn is_complete(&self) -> bool {
        !self.noted().missing.values().any(|missing| matches!(missing, Missing::Failed(_)))
    }

    /// Every figure's median, by key; null for one that is missing.
    pub(crate) fn summary(&self) -> Value {
        let median = |figure: &Figure| {
            let sampled = self.sampled(figure.key)?;
            Some(Value::from((sampled.median * 1000.0).round() / 1000.0))
        };
        let entry = |figure: &Figure| (figure.key.to_owned(), median(figure).unwrap_or_default());
        Value::Object(figures::ALL.iter().map(entry).collect::<Map<_, _>>())
    }

    /// The figures of these parts as a Markdown table.
    pub(crate) fn table(&self, parts: &[Part]) -> String {
        table::of(self, parts)
    }

    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Target {
    pub(crate) fn is_met_by(self, value: f64) -> bool {
        match self {
            Self::AtLeast(least) => value >= least,
            Self::AtMost(most) => value <= most,
        }
    }
}

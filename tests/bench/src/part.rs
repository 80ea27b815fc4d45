//! The parts of a run, each measured by itself: one that fails does not take the others along.

use std::sync::Arc;

use crate::error::BenchError;
use crate::report::Report;
use crate::settings::Settings;
use crate::{access, append, crowd, delivery, memory, queues, rebuild, recovery, send};

/// A part of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Appends and commands beside pgbench and other event stores.
    Append,
    /// `POST /messages/send` beside pgbench.
    Send,
    /// Who gets in.
    Access,
    /// Messages on their way to WAHA.
    Delivery,
    /// One tenant's queue and the others' messages.
    Crowd,
    /// A process that is killed, and the one after it.
    Recovery,
    /// A view built anew.
    Rebuild,
    /// Memory, idle and with a long queue.
    Memory,
    /// Other queues.
    Queues,
}

impl Part {
    pub(crate) const ALL: [Self; 9] = [
        Self::Append,
        Self::Send,
        Self::Access,
        Self::Delivery,
        Self::Crowd,
        Self::Recovery,
        Self::Rebuild,
        Self::Memory,
        Self::Queues,
    ];

    /// As `BENCH_ONLY` names it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Append => "append",
            Self::Send => "http",
            Self::Access => "access",
            Self::Delivery => "delivery",
            Self::Crowd => "crowd",
            Self::Recovery => "recovery",
            Self::Rebuild => "rebuild",
            Self::Memory => "memory",
            Self::Queues => "queues",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.as_str() == name)
    }

    pub(crate) async fn measure(
        self,
        settings: Settings,
        report: Arc<Report>,
    ) -> Result<(), BenchError> {
        match self {
            Self::Append => append::measure(&settings, &report).await,
            Self::Send => send::measure(&settings, &report).await,
            Self::Access => access::measure(&settings, &report).await,
            Self::Delivery => delivery::measure(&settings, &report).await,
            Self::Crowd => crowd::measure(&settings, &report).await,
            Self::Recovery => recovery::measure(&settings, &report).await,
            Self::Rebuild => rebuild::measure(&settings, &report).await,
            Self::Memory => memory::measure(&settings, &report).await,
            Self::Queues => queues::measure(&settings, &report).await,
        }
    }
}

//! What is shown of a projection that stands still: in its status, in readiness, in the metrics.

use domain::causes;
use metrics::gauge;

use super::ProjectorError;

/// Why a projection stands still.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Standstill {
    /// With all that is known.
    pub(super) error: String,
    /// Without anything that events say.
    pub(super) summary: String,
    /// The stream and the position of the event at fault, where they are known.
    place: Option<(String, String)>,
}

impl Standstill {
    pub(super) fn of(error: &ProjectorError) -> Self {
        let place = error.place().map(|(stream, position)| (stream, position.to_string()));
        Self { error: causes::in_one_line(error), summary: error.summary(), place }
    }

    pub(super) fn panic() -> Self {
        let error = "the projection panicked, which is a defect of this version".to_owned();
        Self { summary: error.clone(), error, place: None }
    }

    /// Shows in the metrics that this holds (1), or holds no more (0).
    pub(super) fn gauge(&self, projection: &'static str, value: f64) {
        gauge!("heliograph_projection_failing", "projection" => projection).set(value);
        let Some((stream, position)) = self.place.clone() else { return };
        gauge!(
            "heliograph_projection_halted_at",
            "projection" => projection,
            "stream" => stream,
            "position" => position,
            "cause" => self.summary.clone()
        )
        .set(value);
    }
}

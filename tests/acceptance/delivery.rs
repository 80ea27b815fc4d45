//! The delivery saga: the right order, the right time, never twice.

mod acknowledgements;
mod breaking;
mod fairness;
mod holding;
mod modes;
mod order;
mod outcome_unknown;
mod pacing;
mod priority;
mod reaching_out;
mod refusals;
mod settling;
mod strangers;
mod suspended;
mod timing;
mod waiting;

//! Webhooks: whether they are WAHA's, what identifies them, what they say.
//!
//! ```text
//! headers, body --signature::verify--> body --envelope::Envelope::parse--> what identifies it --> stored
//! stored webhook --reader::WahaWebhookReader--> Observation
//! ```
//!
//! The two lines run at different times: a webhook is stored before it is understood, so what this version
//! cannot read is not lost to the next.

pub mod envelope;
pub mod reader;
pub mod signature;

mod json;
#[cfg(test)]
pub(crate) mod recorded;

//! WAHA (WhatsApp HTTP API, devlikeapro/waha), and nothing else: its webhooks in, its HTTP interface out.
//!
//! ```text
//! WAHA --POST /webhooks/waha--> inbound::signature -> inbound::envelope -> (stored by others)
//!                               inbound::reader    -> domain Observation
//! WAHA <--/api/sendText-------- outbound           <- domain MessageGateway, SessionGateway, ChatReader
//! ```
//!
//! Invariant: this is the only crate that knows WAHA's JSON, headers and quirks, and it decides nothing.
//! Where a comment says "WAHA" without more, it was seen in WAHA's own source, its OpenAPI document
//! (2026.7.1) or the recordings under `testdata/`; issues are those of devlikeapro/waha.

pub mod inbound;
pub mod outbound;

mod address;
mod message_id;
mod session_status;

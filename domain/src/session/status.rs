//! WAHA's session statuses (OpenAPI 2026.7.1). Two were added in July 2026 alone, so ones we do not know
//! are kept as they are told.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The status of a session, in WAHA's words.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(from = "String", into = "String")]
pub enum SessionStatus {
    /// Not running.
    Stopped,
    /// Connecting.
    Starting,
    /// Waits for a person to scan the QR code.
    ScanQrCode,
    /// Waits for a passkey.
    PasskeyRequired,
    /// Waits for the passkey to be confirmed.
    PasskeyConfirmationRequired,
    /// Can send.
    Working,
    /// Broken, or logged out on the phone.
    Failed,
    /// One this version does not know.
    Other(String),
}

impl SessionStatus {
    /// WAHA's word.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Stopped => "STOPPED",
            Self::Starting => "STARTING",
            Self::ScanQrCode => "SCAN_QR_CODE",
            Self::PasskeyRequired => "PASSKEY_REQUIRED",
            Self::PasskeyConfirmationRequired => "PASSKEY_CONFIRMATION_REQUIRED",
            Self::Working => "WORKING",
            Self::Failed => "FAILED",
            Self::Other(word) => word,
        }
    }
}

impl From<String> for SessionStatus {
    fn from(word: String) -> Self {
        match word.as_str() {
            "STOPPED" => Self::Stopped,
            "STARTING" => Self::Starting,
            "SCAN_QR_CODE" => Self::ScanQrCode,
            "PASSKEY_REQUIRED" => Self::PasskeyRequired,
            "PASSKEY_CONFIRMATION_REQUIRED" => Self::PasskeyConfirmationRequired,
            "WORKING" => Self::Working,
            "FAILED" => Self::Failed,
            _ => Self::Other(word),
        }
    }
}

impl From<SessionStatus> for String {
    fn from(status: SessionStatus) -> Self {
        status.as_str().to_owned()
    }
}

impl fmt::Display for SessionStatus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

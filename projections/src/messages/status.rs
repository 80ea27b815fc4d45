//! The closed words of the messages' view.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A stored word that this version does not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("is none of the known words: {0}")]
pub struct UnknownWord(pub String);

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        pub enum $name {
            $($(#[$word_doc])* #[serde(rename = $word)] $variant),+
        }

        impl $name {
            /// Every word.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The word clients read and write.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),+
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = UnknownWord;

            fn try_from(word: String) -> Result<Self, UnknownWord> {
                let known = Self::ALL.iter().copied().find(|known| known.as_str() == word);
                known.ok_or(UnknownWord(word))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(self.as_str())
            }
        }
    };
}

words! {
    /// Whether a message was sent or received.
    Direction {
        /// Somebody else's.
        Inbound = "inbound",
        /// Ours.
        Outbound = "outbound",
    }
}

words! {
    /// How far a message has come. A received one is `delivered`: it came to us.
    MessageStatus {
        /// Not to be sent yet.
        Scheduled = "scheduled",
        /// Waits to be sent.
        Queued = "queued",
        /// Kept back.
        Held = "held",
        /// Handed to WAHA; the answer is awaited.
        Sending = "sending",
        /// Refused, and to be tried again.
        Retrying = "retrying",
        /// Maybe sent, maybe not.
        Unknown = "unknown",
        /// Sent.
        Sent = "sent",
        /// On the recipient's device.
        Delivered = "delivered",
        /// Read.
        Read = "read",
        /// Played.
        Played = "played",
        /// Given up.
        Failed = "failed",
        /// Its time was over before it could be sent.
        Expired = "expired",
        /// Withdrawn before it was sent.
        Canceled = "canceled",
        /// Not sent because its recipient wants none.
        Suppressed = "suppressed",
    }
}

impl MessageStatus {
    /// Whether it is proven to have been sent.
    pub const fn is_success(self) -> bool {
        matches!(self, Self::Sent | Self::Delivered | Self::Read | Self::Played)
    }

    /// Whether it is given up.
    pub const fn is_failure(self) -> bool {
        matches!(self, Self::Failed | Self::Expired)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_reads_back_from_the_table_and_from_json() {
        for status in MessageStatus::ALL {
            assert_eq!(MessageStatus::try_from(status.to_string()), Ok(*status));
            assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
        }
        assert!(MessageStatus::try_from("lost".to_owned()).is_err());
    }
}

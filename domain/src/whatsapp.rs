//! WhatsApp's and WAHA's own words: chats, message ids, engines, acknowledgements.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::phone::PhoneNumber;

/// Where a message goes, as WAHA addresses it: `6281234567890@c.us`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct ChatId(pub String);

impl ChatId {
    /// Whether it hides a person's number: `222222222222222@lid`.
    pub fn is_hidden(&self) -> bool {
        self.0.ends_with("@lid")
    }
}

impl From<&PhoneNumber> for ChatId {
    fn from(number: &PhoneNumber) -> Self {
        Self(format!("{}@c.us", number.digits()))
    }
}

impl fmt::Display for ChatId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The bare id of a WhatsApp message, such as `3EB04CBF63D58EFAA8847F`.
///
/// WAHA's serialised form (`true_<chat>_<id>`) is not stable: its chat part may be a phone number in one
/// event and a hidden id (`@lid`) in the next. The bare id is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct WahaMessageId(pub String);

/// Digits taken from our id: what follows NOWEB's own prefix `3EB0`.
const CHOSEN_DIGITS: usize = 18;

impl WahaMessageId {
    /// The id chosen before sending, so that a message whose answer was lost can be recognised later.
    ///
    /// The same for every attempt: a repeat carries the same id. A redriven message is a new one to
    /// WhatsApp, so `generation` counts redrives.
    pub fn chosen(message: crate::id::MessageId, generation: u32) -> Self {
        let seed = Uuid::new_v5(&message.0, &generation.to_be_bytes());
        let digits = seed.simple().to_string().to_uppercase();
        Self(format!("3EB0{}", &digits[..CHOSEN_DIGITS]))
    }
}

impl fmt::Display for WahaMessageId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The library WAHA drives WhatsApp with; decides what WAHA can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Engine {
    /// Chromium, whatsapp-web.js.
    Webjs,
    /// Chromium, WPPConnect.
    Wpp,
    /// Baileys.
    Noweb,
    /// whatsmeow.
    Gows,
    /// One this version does not know.
    #[serde(other)]
    Other,
}

impl Engine {
    /// Whether a send may carry the message's id (WAHA 2026.4.3: NOWEB and GOWS).
    pub const fn takes_chosen_ids(self) -> bool {
        matches!(self, Self::Noweb | Self::Gows)
    }

    /// WAHA's word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Webjs => "WEBJS",
            Self::Wpp => "WPP",
            Self::Noweb => "NOWEB",
            Self::Gows => "GOWS",
            Self::Other => "OTHER",
        }
    }

    /// Reads WAHA's word; unknown engines are tolerated.
    pub fn from_waha(word: &str) -> Self {
        match word {
            "WEBJS" => Self::Webjs,
            "WPP" => Self::Wpp,
            "NOWEB" => Self::Noweb,
            "GOWS" => Self::Gows,
            _ => Self::Other,
        }
    }
}

/// How far WhatsApp says a message has come; WAHA's `ack` numbers.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Ack {
    /// -1: WhatsApp refused it.
    Error,
    /// 0: not yet at WhatsApp's server.
    Pending,
    /// 1: at WhatsApp's server.
    Server,
    /// 2: on the recipient's device.
    Device,
    /// 3: read.
    Read,
    /// 4: played.
    Played,
}

impl Ack {
    const ALL: [Self; 6] =
        [Self::Error, Self::Pending, Self::Server, Self::Device, Self::Read, Self::Played];

    /// The stored word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Pending => "pending",
            Self::Server => "server",
            Self::Device => "device",
            Self::Read => "read",
            Self::Played => "played",
        }
    }

    /// Reads the stored word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ack| ack.as_str() == word)
    }

    /// Reads WAHA's number; others are not acknowledgements we know.
    pub const fn from_waha(number: i64) -> Option<Self> {
        match number {
            -1 => Some(Self::Error),
            0 => Some(Self::Pending),
            1 => Some(Self::Server),
            2 => Some(Self::Device),
            3 => Some(Self::Read),
            4 => Some(Self::Played),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::MessageId;

    #[test]
    fn a_chosen_id_is_the_same_for_every_attempt_and_new_after_a_redrive() {
        let message = MessageId(Uuid::from_u128(7));
        assert_eq!(WahaMessageId::chosen(message, 0), WahaMessageId::chosen(message, 0));
        assert_ne!(WahaMessageId::chosen(message, 0), WahaMessageId::chosen(message, 1));
        assert_eq!(WahaMessageId::chosen(message, 0).0.len(), "3EB04CBF63D58EFAA8847F".len());
    }
}

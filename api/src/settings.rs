//! What the environment tells the process, read once and never again.
//!
//! Reading is pure, but for keys in files: it takes a lookup, so a test needs no environment. Everything that is wrong is told at
//! once, each with its fix. No secret has a default. Sections can be read alone, for verbs of the command
//! line that need no more. What each setting means is in [`table`] and nowhere else.

mod access;
mod database;
mod delivery;
pub(crate) mod duration;
mod event_store;
mod gaps;
mod http;
mod log;
mod mail;
mod private_key;
mod reader;
mod second_factor;
mod secret;
pub mod table;
mod tokens;
mod waha;

#[cfg(test)]
mod tests;

pub use access::AccessSettings;
pub use database::DatabaseSettings;
pub use delivery::DeliverySettings;
pub use event_store::EventStoreSettings;
pub use gaps::GapSettings;
pub use http::{CorsOrigins, HttpSettings, RateLimits};
pub use log::{LogFormat, LogSettings};
pub use mail::{MailLimits, MailServer, MailSettings};
pub use private_key::PrivateKey;
pub use reader::SettingError;
pub use second_factor::SecondFactorSettings;
pub use tokens::{SigningKey, TokenSettings};
pub use waha::WahaSettings;

use reader::Reader;

/// Every setting of `serve`.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where the read models are, and the events unless they are elsewhere.
    pub database: DatabaseSettings,
    /// Where the events are.
    pub event_store: EventStoreSettings,
    /// How HTTP is served.
    pub http: HttpSettings,
    /// How strictly people are let in.
    pub access: AccessSettings,
    /// How second factors are kept.
    pub second_factor: SecondFactorSettings,
    /// How tokens are signed.
    pub tokens: TokenSettings,
    /// How WAHA is reached, and how it reaches us.
    pub waha: WahaSettings,
    /// How mail is sent.
    pub mail: MailSettings,
    /// How messages are paced and retried.
    pub delivery: DeliverySettings,
    /// How webhooks that were missed are looked for.
    pub gaps: GapSettings,
    /// How logs are written.
    pub log: LogSettings,
}

impl Settings {
    /// Reads every section, or tells everything that is wrong.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Vec<SettingError>> {
        Reader::read(&lookup, |reader| {
            let database = DatabaseSettings::take(reader);
            let event_store = EventStoreSettings::take(reader);
            let http = HttpSettings::take(reader);
            let access = AccessSettings::take(reader);
            let second_factor = SecondFactorSettings::take(reader);
            let tokens = TokenSettings::take(reader);
            let waha = WahaSettings::take(reader);
            let mail = MailSettings::take(reader);
            let delivery = DeliverySettings::take(reader);
            let gaps = GapSettings::take(reader);
            let log = LogSettings::take(reader);
            Ok(Self {
                database: database?,
                event_store: event_store?,
                http: http?,
                access: access?,
                second_factor: second_factor?,
                tokens: tokens?,
                waha: waha?,
                mail: mail?,
                delivery: delivery?,
                gaps: gaps?,
                log: log?,
            })
        })
    }
}

macro_rules! sections {
    ($($section:ident),+ $(,)?) => {$(
        impl $section {
            /// Reads this section alone, or tells everything that is wrong with it.
            pub fn read(
                lookup: impl Fn(&str) -> Option<String>,
            ) -> Result<Self, Vec<SettingError>> {
                Reader::read(&lookup, Self::take)
            }
        }
    )+};
}

sections!(
    DatabaseSettings,
    EventStoreSettings,
    HttpSettings,
    TokenSettings,
    WahaSettings,
    MailSettings,
    DeliverySettings,
    GapSettings,
    LogSettings
);

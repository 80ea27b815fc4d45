//! Where the events are, if not in PostgreSQL.

use commands::event_log::eventstore::Address;

use super::reader::{Noted, Reader};
use super::table;

/// Where the events are.
#[derive(Debug, Clone, Default)]
pub struct EventStoreSettings {
    /// An EventStoreDB; without one, the PostgreSQL that the read models are in.
    pub address: Option<Address>,
}

impl EventStoreSettings {
    pub(super) fn take(reader: &mut Reader<'_>) -> Result<Self, Noted> {
        let setting = &table::EVENT_STORE_URL;
        let address = match reader.text(setting).map(|text| text.parse()) {
            None => None,
            Some(Ok(address)) => Some(address),
            Some(Err(error)) => {
                let error: commands::event_log::eventstore::InvalidAddress = error;
                return reader.refuse(setting, error.to_string());
            }
        };
        Ok(Self { address })
    }
}

//! Somebody else on the same server, who appends what we would not: for the contract.

use domain::stream::StreamName;
use eventstore::{AppendToStreamOptions, Client, Error, EventData};
use serde_json::json;

use super::address::Address;
use super::connection::{Options, answer};

/// Somebody else on the same server.
pub(in crate::event_log) struct Stranger {
    client: Client,
    address: Address,
}

impl Stranger {
    pub(in crate::event_log) fn new(address: Address) -> Result<Self, Error> {
        Ok(Self { client: Client::new(address.settings.clone())?, address })
    }

    /// Appends an event of a type we do not know to a stream of ours.
    pub(in crate::event_log) async fn append_to_ours(
        &self,
        stream: StreamName,
        event_type: &str,
    ) -> Result<(), Error> {
        self.append(self.address.streams.name(stream), event_type, 1).await
    }

    /// Appends events to a stream whose name merely begins as ours do.
    pub(in crate::event_log) async fn append_to_theirs(
        &self,
        stream: StreamName,
        count: usize,
    ) -> Result<(), Error> {
        self.append(format!("{}-copy", self.address.streams.name(stream)), "copied", count).await
    }

    async fn append(&self, stream: String, event_type: &str, count: usize) -> Result<(), Error> {
        let event = EventData::json(event_type, &json!({ "by": "a stranger" }))
            .map_err(|error| Error::InternalParsingError(error.to_string()))?;
        let options = AppendToStreamOptions::default().of(&self.address);
        answer(self.client.append_to_stream(stream, &options, vec![event; count])).await?;
        Ok(())
    }
}

//! How each event of a WAHA server changes what the delivery saga knows of the servers.

use crate::id::WahaServerId;
use crate::waha_server::event::Event;
use crate::waha_server::name::{ServerName, ServerUrl};
use crate::waha_server::{Capacity, ServerState};

/// A change to the registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerChange {
    /// A server is there; it takes sessions.
    Register {
        /// Which.
        server_id: WahaServerId,
        /// Its name.
        name: ServerName,
        /// Where it is; none: where the settings say.
        url: Option<ServerUrl>,
        /// How many sessions it takes.
        capacity: Capacity,
    },
    /// It is elsewhere, or takes another number of sessions.
    Change {
        /// Which.
        server_id: WahaServerId,
        /// Where it is; none: where the settings say.
        url: Option<ServerUrl>,
        /// How many sessions it takes.
        capacity: Capacity,
    },
    /// It takes new sessions or does not, is called or is not.
    SetState {
        /// Which.
        server_id: WahaServerId,
        /// As it is now.
        state: ServerState,
    },
    /// It is gone.
    Remove {
        /// Which.
        server_id: WahaServerId,
    },
}

/// The change that follows from an event.
pub fn react(server_id: WahaServerId, event: &Event) -> ServerChange {
    match event {
        Event::Registered(registered) => ServerChange::Register {
            server_id,
            name: registered.name.clone(),
            url: registered.url.clone(),
            capacity: registered.capacity,
        },
        Event::Changed(changed) => {
            ServerChange::Change { server_id, url: changed.url.clone(), capacity: changed.capacity }
        }
        Event::Activated(_) => ServerChange::SetState { server_id, state: ServerState::Active },
        Event::Drained(_) => ServerChange::SetState { server_id, state: ServerState::Draining },
        Event::MarkedDown(_) => ServerChange::SetState { server_id, state: ServerState::Down },
        Event::Removed(_) => ServerChange::Remove { server_id },
    }
}

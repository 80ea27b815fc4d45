//! Events to and from their stored form.
//!
//! Names and versions are written here by hand, never derived from Rust's names, so that a renamed type
//! cannot change history. A shape that changes gets a new version here and a step in `codec/upcast.rs`; a meaning
//! that changes gets a new name: docs/changing-an-event.md tells how. One sample of every shape ever written is in
//! `commands/samples`, the JSON Schema of each in `docs/events`.

mod schema;
mod upcast;

use domain::event::Event;
use domain::ports::event_log::StoredForm;
use domain::{
    address, api_key, login_session, message, oauth_client, refusal, session, subdomain, tenant,
    user, waha_server, webhook,
};

pub use schema::{Schema, index};

/// Why a stored event cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// No event of this name was ever written by this version or one before it.
    #[error("the event type is unknown")]
    UnknownType,
    /// Written by a newer version of this software.
    #[error("schema version {found} is newer than {newest}, the newest this version knows")]
    TooNew {
        /// What was found.
        found: u16,
        /// What is known.
        newest: u16,
    },
    /// An older shape that no step leads on from.
    #[error("no upcast leads on from schema version {0}")]
    NoUpcast(u16),
    /// The data does not have the shape its version promises.
    #[error("the data does not fit its schema version")]
    Shape(#[from] serde_json::Error),
}

/// One table for both directions: stored name, newest version, aggregate, variant.
macro_rules! stored_events {
    ($($name:literal $version:literal => $aggregate:ident($($path:ident)::+)::$variant:ident,)+) => {
        /// The stored names, each with its newest schema version.
        pub const STORED: &[(&str, u16)] = &[$(($name, $version)),+];

        /// The stored form of an event, in its newest shape.
        pub fn encode(event: &Event) -> Result<StoredForm, serde_json::Error> {
            let (event_type, schema_version, data) = match event {
                $(Event::$aggregate($($path)::+::$variant(data)) => {
                    ($name, $version, serde_json::to_string(data)?)
                })+
            };
            Ok(StoredForm { event_type, schema_version, data })
        }

        /// The event a stored form stands for, and the form upcast to its newest shape.
        pub fn decode(
            event_type: &str,
            schema_version: u16,
            data: String,
        ) -> Result<(Event, StoredForm), DecodeError> {
            match event_type {
                $($name => {
                    let data =
                        upcast::to_newest(upcast::STEPS, $name, schema_version, $version, data)?;
                    let event = $($path)::+::$variant(serde_json::from_str(&data)?);
                    let form = StoredForm { event_type: $name, schema_version: $version, data };
                    Ok((Event::$aggregate(event), form))
                })+
                _ => Err(DecodeError::UnknownType),
            }
        }

        /// The newest shape of every event's data, and of the metadata all have.
        pub fn schemas() -> Vec<Schema> {
            vec![
                $(schema::of_data($name, $version, $($path)::+::$variant),)+
                schema::of_metadata(),
            ]
        }
    };
}

stored_events! {
    "message_queued" 1 => Message(message::event::Event)::Queued,
    "message_attempt_started" 1 => Message(message::event::Event)::AttemptStarted,
    "message_attempt_refused" 1 => Message(message::event::Event)::AttemptRefused,
    "message_outcome_unknown" 1 => Message(message::event::Event)::OutcomeUnknown,
    "message_looked_up" 1 => Message(message::event::Event)::LookedUp,
    "message_absence_proven" 1 => Message(message::event::Event)::AbsenceProven,
    "message_left_unknown" 1 => Message(message::event::Event)::LeftUnknown,
    "message_resend_ordered" 1 => Message(message::event::Event)::ResendOrdered,
    "message_sent" 1 => Message(message::event::Event)::Sent,
    "message_ack_overdue" 1 => Message(message::event::Event)::AckOverdue,
    "message_delivered" 1 => Message(message::event::Event)::Delivered,
    "message_read" 1 => Message(message::event::Event)::Read,
    "message_played" 1 => Message(message::event::Event)::Played,
    "message_dead_lettered" 1 => Message(message::event::Event)::DeadLettered,
    "message_redriven" 1 => Message(message::event::Event)::Redriven,
    "message_discarded" 1 => Message(message::event::Event)::Discarded,
    "message_expired" 1 => Message(message::event::Event)::Expired,
    "message_received" 1 => Message(message::event::Event)::Received,
    "session_created" 1 => Session(session::event::Event)::Created,
    "session_placed" 1 => Session(session::event::Event)::Placed,
    "session_action_requested" 1 => Session(session::event::Event)::ActionRequested,
    "session_action_completed" 1 => Session(session::event::Event)::ActionCompleted,
    "session_action_failed" 1 => Session(session::event::Event)::ActionFailed,
    "session_status_changed" 1 => Session(session::event::Event)::StatusChanged,
    "session_reach_out_locked" 1 => Session(session::event::Event)::ReachOutLocked,
    "session_queue_mode_set" 1 => Session(session::event::Event)::QueueModeSet,
    "session_suspected" 1 => Session(session::event::Event)::Suspected,
    "session_trusted" 1 => Session(session::event::Event)::Trusted,
    "session_gap_repaired" 1 => Session(session::event::Event)::GapRepaired,
    "session_gap_left" 1 => Session(session::event::Event)::GapLeft,
    "session_deleted" 1 => Session(session::event::Event)::Deleted,
    "webhook_received" 1 => Webhook(webhook::Event)::Received,
    "webhook_repeated" 1 => Webhook(webhook::Event)::Repeated,
    "webhook_processed" 1 => Webhook(webhook::Event)::Processed,
    "tenant_created" 1 => Tenant(tenant::Event)::Created,
    "tenant_policy_set" 1 => Tenant(tenant::Event)::PolicySet,
    "tenant_suspended" 1 => Tenant(tenant::Event)::Suspended,
    "tenant_reactivated" 1 => Tenant(tenant::Event)::Reactivated,
    "tenant_signed_out" 1 => Tenant(tenant::Event)::SignedOutEverywhere,
    "subdomain_taken" 1 => Subdomain(subdomain::Event)::Taken,
    "subdomain_given_up" 1 => Subdomain(subdomain::Event)::GivenUp,
    "user_created" 1 => User(user::event::Event)::Created,
    "user_email_verified" 1 => User(user::event::Event)::EmailVerified,
    "user_role_changed" 1 => User(user::event::Event)::RoleChanged,
    "user_deactivated" 1 => User(user::event::Event)::Deactivated,
    "user_reactivated" 1 => User(user::event::Event)::Reactivated,
    "user_locked" 1 => User(user::event::Event)::Locked,
    "user_unlocked" 1 => User(user::event::Event)::Unlocked,
    "user_password_changed" 1 => User(user::event::Event)::PasswordChanged,
    "user_signed_out" 1 => User(user::event::Event)::SignedOutEverywhere,
    "user_second_factor_enabled" 1 => User(user::event::Event)::SecondFactorEnabled,
    "user_second_factor_disabled" 1 => User(user::event::Event)::SecondFactorDisabled,
    "user_backup_code_used" 1 => User(user::event::Event)::BackupCodeUsed,
    "user_backup_codes_replaced" 1 => User(user::event::Event)::BackupCodesReplaced,
    "login_session_started" 1 => LoginSession(login_session::Event)::Started,
    "login_session_refreshed" 1 => LoginSession(login_session::Event)::Refreshed,
    "login_session_revoked" 1 => LoginSession(login_session::Event)::Revoked,
    "address_blocked" 1 => Address(address::Event)::Blocked,
    "address_unblocked" 1 => Address(address::Event)::Unblocked,
    "access_refused" 1 => Refusal(refusal::Event)::Refused,
    "waha_server_registered" 1 => WahaServer(waha_server::event::Event)::Registered,
    "waha_server_changed" 1 => WahaServer(waha_server::event::Event)::Changed,
    "waha_server_activated" 1 => WahaServer(waha_server::event::Event)::Activated,
    "waha_server_drained" 1 => WahaServer(waha_server::event::Event)::Drained,
    "waha_server_marked_down" 1 => WahaServer(waha_server::event::Event)::MarkedDown,
    "waha_server_removed" 1 => WahaServer(waha_server::event::Event)::Removed,
    "api_key_created" 1 => ApiKey(api_key::event::Event)::Created,
    "api_key_rotated" 1 => ApiKey(api_key::event::Event)::Rotated,
    "api_key_revoked" 1 => ApiKey(api_key::event::Event)::Revoked,
    "client_registered" 1 => OAuthClient(oauth_client::event::Event)::Registered,
    "client_secret_rotated" 1 => OAuthClient(oauth_client::event::Event)::SecretRotated,
    "client_revoked" 1 => OAuthClient(oauth_client::event::Event)::Revoked,
}

#[cfg(test)]
mod tests;

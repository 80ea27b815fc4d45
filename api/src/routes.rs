//! Every route there is, one line each: who may call it, the view it is answered from, and the handler.
//!
//! A handler says itself, in `#[utoipa::path(…)]`, under which method and path it is reached and what it takes and
//! answers. The router ([`crate::router`]) and the API's description are both folds of this table, so
//! there is no route without an access and none without a description.

mod route;

pub use route::{Access, Route};

use domain::access::Permission::{
    ManageAddresses, ManageKeys, ManageServers, ManageSessions, ManageTenants, ManageUsers,
    ReadHistory, ReadMessages, ReadSecurity, ReadSessions, SendMessages,
};
use projections::api_keys::ApiKeys;
use projections::blocked_addresses::BlockedAddresses;
use projections::login_sessions::LoginSessions;
use projections::message_history::MessageHistory;
use projections::messages::Messages;
use projections::oauth_clients::OAuthClients;
use projections::security_events::SecurityEvents;
use projections::sessions::Sessions;
use projections::tenants::Tenants;
use projections::users::Users;
use projections::webhook_log::WebhookLog;
use utoipa_axum::routes;

use crate::{
    addresses, api_keys, audit, auth, dead_letters, health, messages, metering, oauth, openapi,
    queue, sessions, tenants, users, waha_servers, webhooks, well_known,
};
use route::{needs, open, operational, signed, signed_in};

/// The table.
pub fn all() -> Vec<Route> {
    [of_the_process(), of_people_and_programs(), of_messages(), of_the_installation()].concat()
}

/// How the process is, and what the API is.
fn of_the_process() -> Vec<Route> {
    vec![
        operational(routes!(health::overview)),
        operational(routes!(health::database)),
        operational(routes!(health::live)),
        operational(routes!(health::ready)),
        operational(routes!(health::waha)),
        operational(routes!(metering::render)),
        //
        open(routes!(openapi::served::openapi)),
        open(routes!(openapi::served::collection)),
        open(routes!(openapi::served::page)),
        open(routes!(openapi::served::style)),
        open(routes!(openapi::served::script)),
    ]
}

/// Who gets in.
fn of_people_and_programs() -> Vec<Route> {
    vec![
        open(routes!(auth::login::login)),
        open(routes!(auth::refresh::refresh)),
        open(routes!(well_known::jwks)),
        open(routes!(well_known::authorization_server)),
        //
        open(routes!(oauth::authorize::ask)),
        open(routes!(oauth::authorize::decide)),
        open(routes!(oauth::token::token)),
        open(routes!(oauth::revoke::revoke)),
        open(routes!(oauth::introspect::introspect)),
        needs(ManageKeys, routes!(oauth::clients::list)).reads(&OAuthClients),
        needs(ManageKeys, routes!(oauth::clients::register)),
        needs(ManageKeys, routes!(oauth::clients::show)),
        needs(ManageKeys, routes!(oauth::clients::revoke)),
        needs(ManageKeys, routes!(oauth::clients::rotate_secret)),
        signed_in(routes!(auth::login_sessions::sign_out)),
        signed_in(routes!(auth::login_sessions::list)).reads(&LoginSessions),
        signed_in(routes!(auth::login_sessions::revoke)),
        signed_in(routes!(auth::login_sessions::revoke_all)),
        signed_in(routes!(auth::password::change)),
        open(routes!(auth::recovery::forgot_password)),
        open(routes!(auth::recovery::reset_password)),
        open(routes!(auth::recovery::accept_invitation)),
        open(routes!(auth::recovery::verify_email)),
        open(routes!(auth::recovery::resend_verification)),
        open(routes!(auth::mfa::verify::verify)),
        signed_in(routes!(auth::mfa::enroll)),
        signed_in(routes!(auth::mfa::confirm)),
        signed_in(routes!(auth::mfa::disable)),
        signed_in(routes!(auth::mfa::replace_backup_codes)),
        //
        needs(ManageUsers, routes!(users::list::list)).reads(&Users),
        needs(ManageUsers, routes!(users::create)),
        needs(ManageUsers, routes!(users::list::show)).reads(&Users),
        needs(ManageUsers, routes!(users::set_role)),
        needs(ManageUsers, routes!(users::set_password)),
        needs(ManageUsers, routes!(users::second_factor::reset)),
        needs(ManageUsers, routes!(users::deactivate)),
        needs(ManageUsers, routes!(users::reactivate)),
        needs(ManageUsers, routes!(users::lock)),
        needs(ManageUsers, routes!(users::unlock)),
        needs(ManageUsers, routes!(users::list::login_sessions)).reads(&LoginSessions),
        needs(ManageUsers, routes!(users::revoke_login_sessions)),
        //
        needs(ReadSecurity, routes!(audit::list)).reads(&SecurityEvents),
        //
        needs(ManageKeys, routes!(api_keys::list)).reads(&ApiKeys),
        needs(ManageKeys, routes!(api_keys::create)),
        needs(ManageKeys, routes!(api_keys::show)),
        needs(ManageKeys, routes!(api_keys::revoke)),
        needs(ManageKeys, routes!(api_keys::rotate)),
    ]
}

/// WhatsApp sessions, messages, and what WAHA tells of them.
fn of_messages() -> Vec<Route> {
    vec![
        signed(routes!(webhooks::receive::receive)).takes(webhooks::receive::BODY_BYTES_MAX),
        open(routes!(webhooks::stats)).reads(&WebhookLog),
        open(routes!(health::webhooks)),
        //
        needs(ReadSessions, routes!(sessions::list)).reads(&Sessions),
        needs(ManageSessions, routes!(sessions::create::create)),
        needs(ReadSessions, routes!(sessions::show)).reads(&Sessions),
        needs(ManageSessions, routes!(sessions::actions::delete)),
        needs(ManageSessions, routes!(sessions::actions::start)),
        needs(ManageSessions, routes!(sessions::actions::stop)),
        needs(ManageSessions, routes!(sessions::actions::restart)),
        needs(ManageSessions, routes!(sessions::actions::logout)),
        needs(ManageSessions, routes!(sessions::qr::show)),
        needs(ManageServers, routes!(sessions::moving::move_session)),
        needs(ReadSessions, routes!(queue::show)),
        needs(ManageSessions, routes!(sessions::queue::set)),
        needs(ReadSessions, routes!(queue::list)),
        //
        needs(ReadMessages, routes!(messages::list::list)).reads(&Messages),
        needs(SendMessages, routes!(messages::send::send)),
        needs(ReadMessages, routes!(messages::stats::stats)).reads(&Messages),
        needs(ReadMessages, routes!(messages::phone::format)),
        needs(ReadMessages, routes!(messages::show::show)).reads(&Messages),
        needs(ReadMessages, routes!(messages::why::why)).reads(&Messages),
        needs(ReadHistory, routes!(messages::history::history)).reads(&MessageHistory),
        needs(SendMessages, routes!(messages::settle::settle)),
        //
        needs(ReadMessages, routes!(dead_letters::list)).reads(&Messages),
        needs(ReadMessages, routes!(dead_letters::show)).reads(&Messages),
        needs(SendMessages, routes!(dead_letters::discard)),
        needs(SendMessages, routes!(dead_letters::redrive)),
    ]
}

/// For those who run the installation.
fn of_the_installation() -> Vec<Route> {
    vec![
        needs(ManageTenants, routes!(tenants::list::list)).reads(&Tenants),
        needs(ManageTenants, routes!(tenants::create)),
        needs(ManageTenants, routes!(tenants::list::show)).reads(&Tenants),
        needs(ManageTenants, routes!(tenants::suspend)),
        needs(ManageTenants, routes!(tenants::reactivate)),
        needs(ManageTenants, routes!(tenants::create_user)),
        needs(ManageTenants, routes!(tenants::revoke_login_sessions)),
        needs(ManageTenants, routes!(tenants::subdomains::take)),
        needs(ManageTenants, routes!(tenants::subdomains::give_up)),
        //
        needs(ManageAddresses, routes!(addresses::list)).reads(&BlockedAddresses),
        needs(ManageAddresses, routes!(addresses::block)),
        needs(ManageAddresses, routes!(addresses::unblock)),
        needs(ManageTenants, routes!(audit::list_of_installation)).reads(&SecurityEvents),
        //
        needs(ManageServers, routes!(waha_servers::list::list)),
        needs(ManageServers, routes!(waha_servers::register)),
        needs(ManageServers, routes!(waha_servers::list::show_one)),
        needs(ManageServers, routes!(waha_servers::change)),
        needs(ManageServers, routes!(waha_servers::remove)),
        needs(ManageServers, routes!(waha_servers::activate)),
        needs(ManageServers, routes!(waha_servers::drain)),
        needs(ManageServers, routes!(waha_servers::down)),
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_routes_are_the_same_or_are_called_the_same() {
        let routes = all();
        let reached: HashSet<_> =
            routes.iter().map(|route| (route.method().clone(), route.path())).collect();
        let called: HashSet<_> =
            routes.iter().map(|route| &route.operation().operation_id).collect();
        assert_eq!((reached.len(), called.len()), (routes.len(), routes.len()));
    }
}

//! How strictly people are let in.

use std::time::Duration;

use chrono::TimeDelta;
use commands::access::AccessOptions;
use domain::login_session::Terms;

use super::reader::{Noted, Reader};
use super::table::{self, Setting};
use super::{duration, http};

/// How strictly people are let in.
#[derive(Debug, Clone, Copy)]
pub struct AccessSettings {
    /// Sign-ins that may be tried per minute for one account.
    pub account_sign_ins_per_minute: u32,
    /// Sign-ins that may be tried per minute from one address.
    pub address_sign_ins_per_minute: u32,
    account_failures_max: u32,
    lock_time: Duration,
    address_failures_max: u32,
    block_time: Duration,
    login_sessions_max: u32,
    requires_verified_email: bool,
    lifetime_max: Duration,
}

impl AccessSettings {
    pub(super) fn take(reader: &mut Reader<'_>) -> Result<Self, Noted> {
        let per_account = reader.number(&table::LOGIN_RATE_LIMIT_PER_MINUTE, 1..=http::RATE_MAX);
        let per_address =
            reader.number(&table::LOGIN_ADDRESS_RATE_LIMIT_PER_MINUTE, 1..=http::RATE_MAX);
        let account_failures_max = reader.number(&table::LOGIN_FAILURES_MAX, 1..=http::RATE_MAX);
        let address_failures_max = reader.number(&table::ADDRESS_FAILURES_MAX, 1..=http::RATE_MAX);
        let login_sessions_max = reader.number(&table::LOGIN_SESSIONS_MAX, 1..=1_000);
        let verified = reader.required(&table::REQUIRE_VERIFIED_EMAIL, |text| text.parse().ok());
        let mut time = |setting: &Setting| reader.required(setting, duration::parse);
        let lock_time = time(&table::LOGIN_LOCK_TIME);
        let block_time = time(&table::ADDRESS_BLOCK_TIME);
        let lifetime_max = time(&table::LOGIN_SESSION_LIFETIME);
        Ok(Self {
            account_sign_ins_per_minute: per_account?,
            address_sign_ins_per_minute: per_address?,
            account_failures_max: account_failures_max?,
            lock_time: lock_time?,
            address_failures_max: address_failures_max?,
            block_time: block_time?,
            login_sessions_max: login_sessions_max?,
            requires_verified_email: verified?,
            lifetime_max: lifetime_max?,
        })
    }

    /// As whoever lets people in takes them. A session that is not refreshed ends with its refresh token.
    pub fn options(
        &self,
        refresh_lifetime: Duration,
        second_factors_per_minute: u32,
    ) -> AccessOptions {
        let as_delta = |time| TimeDelta::from_std(time).unwrap_or(TimeDelta::days(366));
        AccessOptions {
            account_failures_max: self.account_failures_max,
            lock_time: self.lock_time,
            address_failures_max: self.address_failures_max,
            block_time: self.block_time,
            login_sessions_max: self.login_sessions_max,
            requires_verified_email: self.requires_verified_email,
            second_factors_per_minute,
            terms: Terms {
                lifetime_max: as_delta(self.lifetime_max),
                idle_max: as_delta(refresh_lifetime),
            },
        }
    }
}

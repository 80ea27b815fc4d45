//! How WAHA is reached, and how it reaches us.

use std::time::Duration;

use reqwest::Url;
use secrecy::SecretString;

use super::reader::{Noted, Reader};
use super::table;

/// Fewest bytes of the secret that verifies webhooks.
const WEBHOOK_SECRET_BYTES_MIN: usize = 8;

/// How WAHA is reached, and how it reaches us.
#[derive(Debug, Clone)]
pub struct WahaSettings {
    /// Where WAHA is.
    pub base_url: Url,
    /// The key it asks for.
    pub api_key: SecretString,
    /// Verifies webhooks of sessions without a secret of their own.
    pub webhook_secret: SecretString,
    /// How long it may take to answer.
    pub timeout: Duration,
    /// Where it reaches us.
    pub public_url: Url,
}

/// Where webhooks are taken, below the public address.
const WEBHOOK_PATH: &str = "/webhooks/waha";

impl WahaSettings {
    /// The address WAHA is told to send webhooks to.
    pub fn webhook_url(&self) -> String {
        format!("{}{WEBHOOK_PATH}", self.public_url.as_str().trim_end_matches('/'))
    }

    pub(super) fn take(reader: &mut Reader<'_>) -> Result<Self, Noted> {
        let base_url = reader.required(&table::WAHA_BASE_URL, parse_url);
        let api_key = reader.secret(&table::WAHA_API_KEY, 1);
        let webhook_secret = webhook_secret(reader);
        let timeout = reader.number(&table::WAHA_TIMEOUT_SECONDS, 16..=600_u64);
        let public_url = public_url(reader);
        Ok(Self {
            base_url: base_url?,
            api_key: api_key?,
            webhook_secret: webhook_secret?,
            timeout: Duration::from_secs(timeout?),
            public_url: public_url?,
        })
    }
}

fn webhook_secret(reader: &mut Reader<'_>) -> Result<SecretString, Noted> {
    let is_under_other_name = reader.text(&table::WAHA_WEBHOOK_SECRET).is_none()
        && reader.text(&table::WEBHOOK_SECRET).is_some();
    let setting =
        if is_under_other_name { table::WEBHOOK_SECRET } else { table::WAHA_WEBHOOK_SECRET };
    reader.secret(&setting, WEBHOOK_SECRET_BYTES_MIN)
}

pub(super) fn public_url(reader: &mut Reader<'_>) -> Result<Url, Noted> {
    let own_port = reader.text(&table::PORT).unwrap_or_default();
    match reader.optional(&table::PUBLIC_URL, parse_url)? {
        Some(url) => Ok(url),
        // A port that is no port is an error of its own, told by the section that listens on it.
        None => Url::parse(&format!("http://localhost:{own_port}")).or(Err(Noted)),
    }
}

pub(super) fn parse_url(text: &str) -> Option<Url> {
    Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}
